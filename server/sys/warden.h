/*
 * warden.h - one process above a program and all it starts, so that none of them outlives its time.
 *
 * The warden adopts every orphan below it (PR_SET_CHILD_SUBREAPER), so a descendant cannot get away
 * by a session of its own, a second fork or another environment. It ends them all (TERM, KILL after
 * the grace) when it is told to by TERM, INT or HUP, when the process that started it is gone,
 * however that went, and when the program itself has ended and left some behind. It ends last, with
 * the program's exit code or by its signal. Between events it sleeps.
 */
#ifndef SYS_WARDEN_H
#define SYS_WARDEN_H

#include <stdint.h>

#include "base/err.h"

#define WARDEN_WORD     "warden" /* PROGRAM warden GRACE_MS ARGV... */
#define WARDEN_EXTRA_MS 2000     /* who ends a warden itself waits so much longer than its grace */

/*
 * Be the warden of argv (NULL-terminated, looked up on PATH), with our stdin, stdout, stderr,
 * folder and environment. For a process of one thread. Returns only when the program could not be
 * started.
 */
enum status warden_run(const char *const *argv, int64_t grace_ms, struct err *err);

#endif
