/*
 * question.h - an agent asks, somebody answers.
 *
 * A question is open until a person, a host or another agent answers it, or its time is
 * over. That nobody answered is an outcome of its own (`timed_out`), never an answer. An
 * approval is a question that is answered with `approve` or `deny`. Both ends are events:
 * `agent.NAME.question`, `agent.NAME.approval` and `agent.NAME.response`.
 */
#ifndef DOMAIN_QUESTION_H
#define DOMAIN_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "store/db.h"

#define QUESTION_TEXT_MAX    8192 /* bytes of a question or an answer */
#define QUESTION_OPTIONS_MAX 20

struct question {
	const char *id; /* NULL when it is asked: a new one */
	bool approval;
	const char *agent;      /* who asks */
	const char *run, *task; /* may be NULL */
	const char *text;
	const char *const *options; /* NULL ends; may be NULL. Not for approvals */
	int64_t timeout_ms;         /* 0: none */

	/* as it stands */
	const char *state;              /* open answered approved denied timed_out withdrawn */
	const char *answer, *responder; /* or NULL */
	int64_t made_ms, until_ms, ended_ms;
};

/* Ask, inside a write transaction; what was asked is in *out, in the arena. */
enum status question_ask(struct db *db, int64_t now_ms, const struct question *q, struct arena *a,
                         struct question *out, struct err *err);

/*
 * Answer, inside a write transaction. E_INPUT when the answer is none of the options (or
 * neither `approve` nor `deny`), E_DENIED when the question is not open any more.
 */
struct question_reply {
	const char *id, *answer, *responder;
};
enum status question_answer(struct db *db, int64_t now_ms, const struct question_reply *reply,
                            struct arena *a, struct question *out, struct err *err);

/* How it stands. One whose time is over is said to be timed out, whatever the row says yet. */
enum status question_look(struct db *db, int64_t now_ms, const char *id, struct arena *a,
                          struct question *out, struct err *err);

/* Inside a write transaction: an open one whose time is over ends as timed out. */
enum status question_time_out(struct db *db, int64_t now_ms, const char *id, struct arena *a,
                              struct question *out, struct err *err);

/* The newest open ones. */
enum status question_open(struct db *db, int64_t now_ms, struct arena *a, struct question **out,
                          size_t *n, struct err *err);

cJSON *question_json(struct json_build *b, const struct question *q);

#endif
