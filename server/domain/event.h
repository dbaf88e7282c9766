/*
 * event.h - what can happen, as messages.
 *
 * Each function encodes one happening (protos/) and appends it to the journal inside
 * the caller's write transaction: state and event are kept or lost together. The
 * caller ends with project_commit, which wakes those who wait.
 *
 * Topics are dotted words: `run.RUN.STATE`, `task.RUN.TASK.STATE`, `memory.ACTION.KIND`,
 * `agent.NAME.STATE`, `recipe.NAME.ACTION`, `plan.PLAN.decomposed`, `whiteboard.RUN.NAME`. A word
 * made from a name has every byte that is not a letter, digit, '-' or '_' replaced by '_'. In a
 * pattern `*` stands for one word and `#` for any number of words.
 */
#ifndef DOMAIN_EVENT_H
#define DOMAIN_EVENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "store/db.h"

struct project; /* domain/project.h */

#define EVENT_PAYLOAD_MAX ((size_t)1 << 20) /* bytes, as ENVELOPE_PAYLOAD_MAX; more is E_INPUT */
#define EVENT_TOPIC_MAX   200
#define EVENT_DEPTH_MAX   16 /* events that led to each other */

enum event_priority { EVENT_LOW = 1, EVENT_NORMAL, EVENT_HIGH, EVENT_CRITICAL };

struct event_run {
	const char *run, *state, *cause, *title; /* cause, title: may be NULL */
	int64_t total, succeeded, failed;
	int64_t wall_ms, work_ms; /* 0 until the end */
};

struct event_task {
	const char *run, *task, *state, *cause, *agent, *commit; /* the last three may be NULL */
	int64_t attempt;
	int64_t duration_ms; /* of the attempt; 0 until its end */
	int exit_code;       /* -1: none */
};

struct event_memory {
	const char *id, *action, *kind, *scope,
	    *entity;        /* action: stored, superseded, expired, purged */
	struct id_run *ids; /* base/id.h: the event's is the next of them; NULL: one by chance */
};

struct event_agent {
	const char *agent, *state, *cause, *run, *task; /* the last three may be NULL */
	const char *from;                               /* the state before, or NULL */
	int64_t pid;
	const char *causation; /* id of the event that started it, or NULL */
	/* of one process that ended: `done`, `retrying`, `gaveup` */
	int64_t runtime_ms;
	bool exited; /* exit_code is one */
	int exit_code;
	bool will_restart;
	int64_t memory_kb, cpu_ms, active; /* of a heartbeat */
};

struct event_plan {
	const char *plan, *title;
	int64_t tasks, edges, errors, warnings;
};

struct event_recipe {
	const char *recipe, *action, *cause, *run; /* the last two may be NULL */
	int64_t requirements, proved, errors, warnings;
};

struct event_question {
	const char *agent, *id, *text, *run, *task; /* the last two may be NULL */
	const char *const *options;                 /* NULL ends; may be NULL */
	int64_t timeout_ms;
	bool approval;
};

struct event_response {
	const char *agent, *id, *outcome, *answer, *responder,
	    *run; /* the last three may be NULL */
};

struct event_board {
	const char *board, *run, *author; /* run: NULL for the project's own */
	int64_t version;
};

enum status event_put_run(struct db *db, int64_t now_ms, const struct event_run *e,
                          struct err *err);
enum status event_put_task(struct db *db, int64_t now_ms, const struct event_task *e,
                           struct err *err);
enum status event_put_memory(struct db *db, int64_t now_ms, const struct event_memory *e,
                             struct err *err);
enum status event_put_agent(struct db *db, int64_t now_ms, const struct event_agent *e,
                            struct err *err);
enum status event_put_plan(struct db *db, int64_t now_ms, const struct event_plan *e,
                           struct err *err);
enum status event_put_recipe(struct db *db, int64_t now_ms, const struct event_recipe *e,
                             struct err *err);

enum status event_put_question(struct db *db, int64_t now_ms, const struct event_question *e,
                               struct err *err);
enum status event_put_response(struct db *db, int64_t now_ms, const struct event_response *e,
                               struct err *err);
enum status event_put_board(struct db *db, int64_t now_ms, const struct event_board *e,
                            struct err *err);

/* What a user or an agent publishes: payload is a JSON object as text, or NULL for {}. */
struct event_custom {
	const char *topic, *source, *payload_json;
	enum event_priority priority;        /* 0: normal */
	const char *correlation, *causation; /* may be NULL */
	const char *id;                      /* NULL: a new one */
	/* W3C trace context; NULL, or not well formed: that of the cause, if it has one. */
	const char *traceparent, *tracestate;
};

/*
 * An id that is in the log already adds nothing: *seq is where the first stands, and
 * *duplicate (which may be NULL) is true. The chain of causes may be EVENT_DEPTH_MAX long;
 * more is E_DENIED, so that events that cause each other come to an end.
 */
enum status event_put_custom(struct db *db, int64_t now_ms, const struct event_custom *e,
                             int64_t *seq, bool *duplicate, struct err *err);

/*
 * The same in a transaction of its own: durable when it returns OK. Threads that publish at the
 * same time share a commit (project_change). stop may be NULL.
 */
enum status event_publish(struct project *p, const atomic_bool *stop, const struct event_custom *e,
                          int64_t *seq, bool *duplicate, struct err *err);

/* An event of the log made readable; in an arena. No text is NULL. */
struct event_view {
	int64_t seq, at_ms;
	const char *id, *topic, *type, *source, *correlation, *causation, *traceparent, *tracestate;
	const char *payload_json; /* one object on one line */
	enum event_priority priority;
};

/* Which events somebody wants; all zero: all of them. */
struct event_filter {
	const char *pattern;       /* of topics */
	const char *type, *source; /* exactly these */
	enum event_priority least; /* this one and more urgent ones */
};

/* Which events are wanted. */
struct event_want {
	int64_t after;       /* only those with a larger seq */
	const char *pattern; /* these four as in struct event_filter */
	const char *type, *source;
	enum event_priority least;
	size_t limit; /* most */
	bool newest;  /* of those that fit, the newest instead of the oldest */
};

struct event_page {
	struct event_view *events;
	size_t n;
	int64_t last_seen;
};

/*
 * The events that are wanted, oldest first, in the arena. last_seen is how far the log was
 * looked through: a follower goes on after it, and so sees every event once, in order.
 */
enum status event_find(struct db *db, const struct event_want *want, struct arena *a,
                       struct event_page *out, struct err *err);

struct event_file {
	const char *root; /* the file must lie under it */
	const char
	    *path; /* ends in .jsonl (JSON lines) or .pb (envelopes, each after its length) */
};

/* Write the events that are wanted (limit and newest aside) into a new file. *n: how many. */
enum status event_export(struct db *db, const struct event_want *want,
                         const struct event_file *file, int64_t *n, struct err *err);

const char *event_priority_word(enum event_priority priority);

/* The priority of that name; false when there is none. */
bool event_priority_read(const char *word, enum event_priority *out);

/* One event as the contract's object: {seq, topic, type, time, source, payload, ...}. */
cJSON *event_json(struct json_build *b, const struct event_view *v);

/* Is topic well formed (words of letters, digits, '-', '_', between single dots)? */
enum status event_topic_check(const char *topic, bool pattern, struct err *err);

/* Does topic match a pattern with `*` and `#`? Both well formed. */
bool event_topic_matches(const char *pattern, const char *topic);

#endif
