#include "domain/run/ahead.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/run/ending.h"

#define AFTER_US 300000 /* agents that are over sooner leave a worktree soon enough */

/* A worktree that any task may take? */
static bool has_free(const struct runner *r)
{
	for (size_t i = 0; i < r->n_warm; i++)
		if (r->warm[i].kept_for == NULL)
			return true;
	return false;
}

static bool wanted(const struct runner *r)
{
	size_t next;

	if (!r->config->flags[CONFIG_AHEAD] || !r->in_git || !r->tree_made || r->held ||
	    r->halted != NULL || r->cancelled || r->given_up || r->state == RUN_PAUSED ||
	    r->ahead_step != NULL || r->n_aheads >= r->n_slots || has_free(r))
		return false;
	for (size_t i = 0; i < r->n_slots; i++)
		if (r->slots[i] == NULL)
			return false;
	return schedule_ahead(r->schedule, 1, &next) == 1;
}

/* When all workers will have been busy for long enough. */
static int64_t ripe_us(const struct runner *r)
{
	int64_t last = 0;

	for (size_t i = 0; i < r->n_slots; i++)
		if (r->slots[i]->started_us > last)
			last = r->slots[i]->started_us;
	return last + AFTER_US;
}

int64_t ahead_due(const struct runner *r)
{
	return wanted(r) ? ripe_us(r) / 1000 + 1 : INT64_MAX;
}

void ahead_turn(struct runner *r)
{
	struct step *step;

	if (!wanted(r) || clock_mono_us() < ripe_us(r))
		return;
	r->n_aheads++; /* also when it fails: it is not tried for ever */
	if ((step = step_new(STEP_PREPARE, r)) == NULL)
		return;
	step->base = r->head;
	step->name = text_printf(step->arena, "%sahead-%zu-%lld", r->prefix, r->n_aheads,
	                         (long long)(r->row.session_ms % 1000000));
	step->message =
	    text_printf(step->arena, "gadugi run %s, pid %ld", r->row.id, (long)getpid());
	step->setup = r->config->setup;
	step->env = r->env;
	if (arena_failed(step->arena) || steps_give(r->steps, step, NULL) != OK)
		step_free(step);
	else
		r->ahead_step = step;
}

void ahead_done(struct runner *r, struct step *step)
{
	r->ahead_step = NULL;
	if (step->st == OK)
		ending_add_warm(r, step->made, false);
	else
		log_line(LOG_WARN, "%s", step->err.text);
	step_free(step);
}
