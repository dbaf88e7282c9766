#include "domain/run/state.h"

#include <string.h>

static const char *const run_words[RUN_STATES] = {
	[RUN_QUEUED] = "queued",           [RUN_RUNNING] = "running", [RUN_PAUSED] = "paused",
	[RUN_SUCCEEDED] = "succeeded",     [RUN_FAILED] = "failed",   [RUN_CANCELLED] = "cancelled",
	[RUN_INTERRUPTED] = "interrupted",
};

static const char *const task_words[TASK_STATES] = {
	[TASK_PENDING] = "pending",     [TASK_READY] = "ready",
	[TASK_RUNNING] = "running",     [TASK_GATING] = "gating",
	[TASK_MERGING] = "merging",     [TASK_SUCCEEDED] = "succeeded",
	[TASK_FAILED] = "failed",       [TASK_SKIPPED] = "skipped",
	[TASK_CANCELLED] = "cancelled", [TASK_CONFLICTED] = "conflicted",
	[TASK_TIMED_OUT] = "timed_out",
};

const char *run_state_word(enum run_state state)
{
	return run_words[state];
}

const char *task_state_word(enum task_state state)
{
	return task_words[state];
}

enum run_state run_state_read(const char *word)
{
	int i = 0;

	while (i < RUN_STATES && strcmp(run_words[i], word) != 0)
		i++;
	return (enum run_state)i;
}

enum task_state task_state_read(const char *word)
{
	int i = 0;

	while (i < TASK_STATES && strcmp(task_words[i], word) != 0)
		i++;
	return (enum task_state)i;
}

bool run_state_ended(enum run_state state)
{
	return state == RUN_SUCCEEDED || state == RUN_FAILED || state == RUN_CANCELLED;
}
