/*
 * roster.h - the agents there are, kept in memory and read anew when a file of theirs changed.
 *
 * For who asks often, such as the dispatcher: agent_load (domain/agent.h) reads all files at each
 * asking. One thread refreshes; any thread may use the set as it is, and keeps it until it gives
 * it back, whatever is refreshed meanwhile.
 */
#ifndef DOMAIN_ROSTER_H
#define DOMAIN_ROSTER_H

#include <stdbool.h>

#include "base/err.h"
#include "domain/agent.h"

struct roster;

/* Reads them all. The root is copied. On OK *out is the caller's. */
enum status roster_new(struct roster **out, const char *root, struct err *err);

/* Nobody uses a set of it any more. NULL is fine. */
void roster_free(struct roster *r);

/* Readable when roster_refresh may find something. */
int roster_fd(const struct roster *r);

/* Read them anew if a file changed: *changed. A failure leaves the set as it was. */
enum status roster_refresh(struct roster *r, bool *changed, struct err *err);

/* The newest set: the user's until roster_leave. Its agents are not changed. */
const struct agent_set *roster_use(struct roster *r);
void roster_leave(struct roster *r, const struct agent_set *set);

/* The agent of that name in a set, or NULL. */
const struct agent *roster_find(const struct agent_set *set, const char *name);

#endif
