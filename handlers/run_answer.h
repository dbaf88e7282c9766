/* run_answer.h - what orchestrate and runs share: waiting for a run, and the answer about it. */
#ifndef HANDLERS_RUN_ANSWER_H
#define HANDLERS_RUN_ANSWER_H

#include <stdint.h>

#include "base/call.h"
#include "base/json.h"

struct run_wait; /* in the call's arena; kept in call->memo */

/* Wait for the run up to wait_s seconds from now. NULL without memory. */
struct run_wait *run_wait_new(struct call *call, const char *run, long wait_s);

/*
 * A call that comes again with what a person answered (call.state) has done already what it is
 * about, and only goes on waiting: what it waits for, in *out; NULL there when it is a first call.
 */
enum status run_wait_again(struct call *call, long wait_s, struct run_wait **out);

/*
 * Has it ended, or is the time up? Then OK and the answer; else E_WAIT, the call parked and
 * progress told. What the run's agents ask meanwhile is put to the person at the other end.
 */
enum status run_wait_look(struct call *call, struct run_wait *wait, cJSON **result);

/* The answer about a run: all of it, tasks from the one at `from` as far as there is room. */
enum status run_answer(struct call *call, const char *run, size_t from, size_t limit,
                       cJSON **result);

#endif
