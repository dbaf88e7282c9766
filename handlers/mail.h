/*
 * mail.h - tools inside an agent that may not write the project: they post (domain/mailbox.h)
 * and wait for what came of it.
 */
#ifndef HANDLERS_MAIL_H
#define HANDLERS_MAIL_H

#include "base/call.h"
#include "base/json.h"

/* Who posts, into a post: the name given, or the agent or task that we are in. */
void mail_put_author(struct json_build *b, cJSON *what, const char *name);

/*
 * OK: *answer is the caller's. E_WAIT: nothing yet; return it at once and ask again when run
 * again. E_BUSY: nobody answered in time; else the reason.
 */
enum status mail_answer(struct call *call, const char *folder, const char *post, cJSON **answer);

/*
 * Post at the first run of the call, then look for the answer as mail_answer does; the call's memo
 * is used for it. what, which b built, is freed.
 */
enum status mail_send(struct call *call, const char *folder, const char *kind,
                      const struct json_build *b, cJSON *what, cJSON **answer);

#endif
