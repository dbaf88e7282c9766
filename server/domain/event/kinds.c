#include "domain/event/kinds.h"

#include <assert.h>
#include <string.h>

#include "agent_events.pb-c.h"
#include "common.pb-c.h"
#include "memory_events.pb-c.h"
#include "recipe_events.pb-c.h"
#include "task_events.pb-c.h"

#define LOW      ENVELOPE_LOW
#define NORMAL   ENVELOPE_NORMAL
#define HIGH     ENVELOPE_HIGH
#define CRITICAL ENVELOPE_CRITICAL

const struct kind kinds[] = {
	{ "run", "failed", &gadugi__run_state_changed__descriptor, HIGH, 1 },
	{ "run", "interrupted", &gadugi__run_state_changed__descriptor, HIGH, 1 },
	{ "run", NULL, &gadugi__run_state_changed__descriptor, NORMAL, 1 },

	{ "task", "pending", &gadugi__task_scheduled__descriptor, LOW, 1 },
	{ "task", "ready", &gadugi__task_ready__descriptor, NORMAL, 1 },
	{ "task", "running", &gadugi__task_started__descriptor, NORMAL, 1 },
	{ "task", "progress", &gadugi__task_progress__descriptor, LOW, 1 },
	{ "task", "gating", &gadugi__task_progress__descriptor, NORMAL, 1 },
	{ "task", "merging", &gadugi__task_progress__descriptor, NORMAL, 1 },
	{ "task", "succeeded", &gadugi__task_completed__descriptor, NORMAL, 1 },
	{ "task", "failed", &gadugi__task_failed__descriptor, HIGH, 1 },
	{ "task", "retrying", &gadugi__task_retrying__descriptor, NORMAL, 1 },
	{ "task", "timed_out", &gadugi__task_timeout__descriptor, HIGH, 1 },
	{ "task", "cancelled", &gadugi__task_cancelled__descriptor, NORMAL, 1 },
	{ "task", "skipped", &gadugi__task_skipped__descriptor, NORMAL, 1 },
	{ "task", "conflicted", &gadugi__task_conflicted__descriptor, HIGH, 1 },
	{ "task", "paused", &gadugi__task_paused__descriptor, NORMAL, 1 },
	{ "task", "resumed", &gadugi__task_resumed__descriptor, NORMAL, 1 },
	{ "task", NULL, &gadugi__task_state_changed__descriptor, NORMAL, 1 },

	{ "agent", "starting", &gadugi__agent_started__descriptor, NORMAL, 1 },
	{ "agent", "done", &gadugi__agent_stopped__descriptor, NORMAL, 1 },
	{ "agent", "retrying", &gadugi__agent_stopped__descriptor, NORMAL, 1 },
	{ "agent", "gaveup", &gadugi__agent_stopped__descriptor, HIGH, 1 },
	{ "agent", "failed", &gadugi__agent_state_changed__descriptor, HIGH, 1 },
	{ "agent", "heartbeat", &gadugi__agent_heartbeat__descriptor, LOW, 1 },
	{ "agent", "question", &gadugi__agent_has_question__descriptor, HIGH, 1 },
	{ "agent", "approval", &gadugi__agent_needs_approval__descriptor, HIGH, 1 },
	{ "agent", "response", &gadugi__agent_response__descriptor, HIGH, 1 },
	{ "agent", "message", &gadugi__agent_message__descriptor, NORMAL, 1 },
	{ "agent", NULL, &gadugi__agent_state_changed__descriptor, NORMAL, 1 },

	{ "memory", "stored", &gadugi__memory_stored__descriptor, NORMAL, 1 },
	{ "memory", "superseded", &gadugi__memory_superseded__descriptor, NORMAL, 1 },
	{ "memory", "expired", &gadugi__memory_expired__descriptor, NORMAL, 1 },
	{ "memory", "purged", &gadugi__memory_purged__descriptor, NORMAL, 1 },
	{ "memory", NULL, &gadugi__memory_changed__descriptor, NORMAL, 1 },

	{ "whiteboard", NULL, &gadugi__whiteboard_changed__descriptor, NORMAL, 1 },
	{ "plan", NULL, &gadugi__plan_decomposed__descriptor, NORMAL, 1 },
	{ "recipe", NULL, &gadugi__recipe_changed__descriptor, NORMAL, 1 },
	{ "", NULL, &gadugi__custom__descriptor, NORMAL, 1 },
	{ NULL, NULL, NULL, LOW, 0 },
};

const struct kind *kind_for(const char *subject, const char *state)
{
	const struct kind *k = kinds;

	for (; k->message != NULL; k++)
		if (strcmp(k->subject, subject) == 0 &&
		    (k->state == NULL || strcmp(k->state, state) == 0))
			return k;
	assert(0 && "a subject without a row for any state");
	return NULL;
}

const struct kind *kind_named(const char *type)
{
	for (const struct kind *k = kinds; k->message != NULL; k++)
		if (strcmp(k->message->short_name, type) == 0)
			return k;
	return NULL;
}
