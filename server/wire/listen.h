/*
 * listen.h - inside wire only: who listens (listen.c), and what they are told (listen_say.c).
 * All of it under the lock of struct watch.
 */
#ifndef WIRE_LISTEN_H
#define WIRE_LISTEN_H

#include <pthread.h>

#include "wire/methods.h"

struct watched {
	struct watched *next;
	uint64_t stamp;   /* of the content when it was last looked at */
	bool known;       /* it has been looked at */
	bool task;        /* uri is the id of a task */
	unsigned can_ask; /* of a task's listener: a task asks for what it can answer */
	const char *uri;  /* behind the struct */
};

struct listen {
	struct listen *next;
	uint64_t owner;      /* the number of its peer */
	struct sink *sink;   /* held */
	struct json_span id; /* behind the struct; length 0: the session of an older revision */
	bool tools, prompts, resources;
	bool begun; /* acknowledged; nothing else is said to it before */
	struct watched *uris;
	size_t n_uris;
};

struct watch {
	atomic_bool queued; /* a job is on its way and has not begun to look */

	pthread_mutex_t lock; /* guards all below; out's lock may be taken under it */
	struct listen *all;
	size_t n;
	long tools_seen, prompts_seen;
	uint64_t names_seen;
	bool names_known;
};

/* Something changed: a resource, when uri is given, or what the method says. */
void listen_notify(const struct listen *l, const char *method, const char *uri);
/* All of a task, as tasks/get would have it now. */
void listen_notify_task(const struct listen *l, const char *members);
/* The part of what was asked for that can happen here; from now on changes are told. */
void listen_acknowledge(struct listen *l);
/* It is over. Nothing is said to the session of an older revision. */
void listen_end(const struct listen *l);

#endif
