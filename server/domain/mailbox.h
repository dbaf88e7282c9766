/*
 * mailbox.h - how an agent that may not write the project's database still asks and tells.
 *
 * Agents are confined: of the project they may write their worktree. Whoever starts agents (the
 * runner of a run, the dispatcher) keeps a mailbox for them, STATE/mail/NAME, with a folder for
 * each agent, which it alone may write. What `gadugi` would write when it is run inside an agent
 * it posts there as a file; the keeper reads it, does it in the project, and leaves what came of
 * it as an answer beside it.
 *
 * Six things can be posted: a question, an answer to another agent's (approvals are a person's to
 * give), an event, a whiteboard, what to remember and what to recall. Who remembers and recalls
 * is told by the folder: that agent's rights hold, and its name is written beside what it
 * remembers, with run and task. What a post says of itself is not trusted further: the run is the
 * mailbox's, sizes are bounded, and a file that is no post is removed.
 */
#ifndef DOMAIN_MAILBOX_H
#define DOMAIN_MAILBOX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/project.h"

#define MAILBOX_VARIABLE "GADUGI_MAILBOX" /* in an agent's environment: the folder */
#define MAILBOX_POST_MAX ((size_t)2 << 20)

struct mailbox;

/*
 * Keep a mailbox of that name, on a thread of its own. run: whose agents post, NULL: those that
 * events start. What was posted before and not read is read first. On OK *out is the caller's.
 */
enum status mailbox_new(struct mailbox **out, struct project *p, const char *name, const char *run,
                        struct err *err);

/* Read what is there, and end. NULL is fine. */
void mailbox_free(struct mailbox *m);

/* The folder of the agent of that name, made if need be, in the arena. Any thread. NULL, of NULL
 * too: it cannot post. */
const char *mailbox_folder(const struct mailbox *m, const char *agent, struct arena *a);

/* --- inside an agent ------------------------------------------------------------------------ */

/* The mailbox to post to, when the project itself may not be written here; else NULL. */
const char *mailbox_needed(const struct project *p, struct arena *a);

/*
 * Post: kind is "question", "answer", "event", "board", "remember" or "recall"; what is the post,
 * an object, which is not kept.
 * *id, in the arena, names it.
 */
enum status mailbox_post(const char *folder, const char *kind, cJSON *what, struct arena *a,
                         const char **id, struct err *err);

/*
 * What came of it: OK with *answer, the caller's; E_WAIT: nothing yet; else the reason, as it was
 * said to the keeper. The keeper wakes those who wait (bus/wake.h).
 */
enum status mailbox_answer(const char *folder, const char *id, struct arena *a, cJSON **answer,
                           struct err *err);

#endif
