/*
 * call.h - one request in flight, whoever sent it: a host, an editor, a person.
 *
 * A call is made by a face (wire, cli), run by one thread at a time, and freed
 * by the face that made it. A tool that has to wait for something that happens
 * elsewhere does not hold its thread: it leaves what it needs for going on in
 * `memo`, says in `wait` what would be worth another look, and returns E_WAIT.
 * The face parks the call and runs the tool again, with the same call and the
 * same arguments, when the project's wake file changed or `wait_until_ms` came.
 */
#ifndef BASE_CALL_H
#define BASE_CALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bell.h"
#include "base/err.h"

struct project; /* what the domain works on (domain/project.h); opaque here */

/* What the other end can be asked for (can_ask). */
#define CALL_ASK_FORM   0x1u /* a person fills in a form: elicitation/create */
#define CALL_ASK_URL    0x2u /* a person is sent to a page: elicitation/create with a URL */
#define CALL_ASK_SAMPLE 0x4u /* the host's model answers: sampling/createMessage */
#define CALL_ASK_ROOTS  0x8u /* the host's folders: roots/list */

struct cJSON;

#define CALL_ARENA_MAX ((size_t)256 << 20) /* what one call may take from its arena */

struct call {
	struct arena *arena; /* owned; dies with the call */
	struct err err;
	atomic_bool stop;        /* set by the reader thread, read by the worker */
	struct bell bell;        /* rung then; for who waits for a child process meanwhile */
	struct project *project; /* not owned; outlives the call */
	/* W3C trace context of the request; NULL where there is none. As it came: not checked. */
	const char *traceparent, *tracestate;
	size_t answer_max;     /* most bytes a default answer should have; SIZE_MAX: no limit */
	void *memo;            /* the tool's own, in the arena; NULL on the first run */
	int64_t wait_until_ms; /* with E_WAIT: monotonic time to run again at the latest */

	/*
	 * Set with E_WAIT by a tool that has something going on elsewhere: whoever asked is gone or
	 * has given up, and the call will not be run again. Quick, on any thread; NULL: nothing.
	 */
	void (*dropped)(struct call *call);

	/*
	 * Asking the other end. A tool that needs to know something puts its questions in
	 * asks (an object, key -> {method, params}; the face's from then on) and returns
	 * E_WAIT. It is run again with answers, key -> result, of which some may be missing;
	 * perhaps as a new call without memo, so what must survive is text in state. All NULL
	 * on the first run. handlers/ask.h makes the usual yes-or-no question.
	 */
	unsigned can_ask;
	struct cJSON *asks;
	const struct cJSON *answers;
	const char *state;
	bool
	    asks_aside; /* with asks, where a call can wait for its answers: go on looking at the
	                 * world meanwhile; questions still open when the call ends are withdrawn */

	/* handlers/task.h: may the call go on as a task, and as which, set with E_WAIT. */
	bool may_be_task;
	const char *task_id;

	/* Words for whoever watches, at `debug info notice warning error`; NULL when nobody does.
	 */
	void (*log)(struct call *call, const char *level, const char *words);

	/* Tell the caller how far it is; total <= 0 when unknown. NULL when nobody asked. */
	void (*progress)(struct call *call, double done, double total, const char *words);
	void *progress_arg; /* the face's own */
};

#endif
