/* state.h - what runs and tasks can be, in the words of the contract. */
#ifndef DOMAIN_RUN_STATE_H
#define DOMAIN_RUN_STATE_H

#include <stdbool.h>

enum run_state {
	RUN_QUEUED,
	RUN_RUNNING,
	RUN_PAUSED,
	RUN_SUCCEEDED,
	RUN_FAILED,
	RUN_CANCELLED,
	RUN_INTERRUPTED,
	RUN_STATES,
};

enum task_state {
	TASK_PENDING,
	TASK_READY,
	TASK_RUNNING,
	TASK_GATING,
	TASK_MERGING,
	TASK_SUCCEEDED,
	TASK_FAILED,
	TASK_SKIPPED,
	TASK_CANCELLED,
	TASK_CONFLICTED,
	TASK_TIMED_OUT,
	TASK_STATES,
};

/* The contract's words, and back (an unknown word is RUN_STATES or TASK_STATES). */
const char *run_state_word(enum run_state state);
const char *task_state_word(enum task_state state);
enum run_state run_state_read(const char *word);
enum task_state task_state_read(const char *word);

/* Will it stay as it is unless somebody asks for more? */
bool run_state_ended(enum run_state state);

#endif
