/*
 * ask.h - a yes-or-no question to the person at the other end, before something that
 * cannot be taken back.
 */
#ifndef HANDLERS_ASK_H
#define HANDLERS_ASK_H

#include "base/call.h"

/*
 * OK: the person agreed. E_WAIT: the question is on its way; return it at once and ask
 * again with the same words when run again. E_DENIED: declined. E_INPUT: nobody can be
 * asked; the words tell to pass `confirm`. Ask before anything is done.
 */
enum status ask_yes(struct call *call, const char *words);

#endif
