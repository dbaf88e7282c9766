/*
 * task.h - calls that go on after their answer: MCP's tasks, for clients that ask for them.
 *
 * A tool whose call has come to wait for something durable, and may (call.may_be_task), sets
 * call.task_id and returns E_WAIT; the client then gets that id instead of an answer, and asks
 * here how it goes. What the id names lives in the store, not in this process.
 */
#ifndef HANDLERS_TASK_H
#define HANDLERS_TASK_H

#include <stdint.h>

#include "base/call.h"
#include "base/json.h"

struct task_view {
	const char *status; /* working, input_required, completed, failed or cancelled */
	const char *words;  /* about the status, or NULL; both live as long as the call */
	int64_t made_ms, changed_ms;
	cJSON *result;     /* of a completed one, as its tool would have answered; the caller's */
	const char *error; /* of a completed one, the words of its tool, which failed; of a failed
	                    * one, why it could not be carried out; or NULL */
	cJSON *asks; /* of one that needs input, all that is open: key -> {method, params}; the
	              * caller's. Only what call.can_ask allows is asked */
};

struct task_kind {
	/* How it goes. E_ABSENT when there is none of that id. */
	enum status (*look)(struct call *call, const char *id, struct task_view *out);
	/* Answers, key -> result. Unknown keys and those answered before are passed over. */
	enum status (*update)(struct call *call, const char *id, const cJSON *answers);
	/* End it, as soon as may be; nothing to do is no failure. */
	enum status (*cancel)(struct call *call, const char *id);
};

extern const struct task_kind task_runs; /* handlers/task_runs.c */

#endif
