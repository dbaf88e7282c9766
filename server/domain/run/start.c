/* start.c - from a request to a stored run with a runner. */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/run/draft.h"
#include "domain/run/lessons.h"
#include "domain/run/notes.h"
#include "domain/run/prompt.h"
#include "domain/run/spawn.h"

static enum status to_draft(struct project *p, const struct draft *d, struct run_draft *out,
                            struct err *err)
{
	char id[ID_SIZE];

	id_new(id, 'r', clock_wall_ms(&p->clock));
	*out = (struct run_draft){
		.id = text_dup(d->arena, id),
		.branch = d->in_git ? text_printf(d->arena, "gadugi/%s", id) : NULL,
		.base_oid = d->base,
		.mode = config_mode_word(d->mode),
		.jobs = d->options.jobs,
		.notes = d->notes,
		.n_notes = d->n_notes,
		.n_tasks = d->n_tasks,
	};
	return run_options_write(&d->options, d->arena, &out->options, err);
}

/* The task that would start first: the one with the longest path behind it. */
static size_t most_urgent(const struct plan *p)
{
	size_t best = 0;

	for (size_t i = 0; i < p->n_tasks; i++)
		if (!p->tasks[i].done &&
		    (p->tasks[best].done || p->tasks[i].rank_min > p->tasks[best].rank_min))
			best = i;
	return best;
}

static const char *first_prompt(struct project *p, const struct draft *d)
{
	const struct plan *plan = d->want->plan;
	size_t first = most_urgent(plan);
	struct json_build b = { false };
	cJSON *task = plan_task_json(&b, plan, first);
	struct prompt prompt = { .task = task,
		                 .plan = plan->title,
		                 .role = d->agents[first]->role,
		                 .worktree = d->in_git };
	const char *about, *words = NULL;

	if (!b.failed && task != NULL && d->config->flags[CONFIG_MEMORY] &&
	    !d->agents[first]->shell && (about = lessons_about(task, d->arena)) != NULL)
		prompt.remembered = lessons_for(p, about, NULL, d->arena);
	if (!b.failed && task != NULL)
		words = prompt_write(&prompt, d->arena);
	cJSON_Delete(task);
	return words;
}

enum status run_check(struct project *p, const struct run_request *want, struct arena *a,
                      struct run_draft *out, struct err *err)
{
	struct draft d;
	enum status st = draft_make(p, want, a, &d, err);

	if (st != OK || (st = to_draft(p, &d, out, err)) != OK)
		return st;
	out->first_prompt = first_prompt(p, &d);
	return out->first_prompt == NULL ? err_nomem(err, "a prompt") : OK;
}

/* --- storing -------------------------------------------------------------------------------- */

static enum status add_task(struct db *db, const char *run, const struct draft *d, size_t i,
                            struct err *err)
{
	const struct plan_task *t = &d->want->plan->tasks[i];
	struct json_build b = { false };
	cJSON *json = plan_task_json(&b, d->want->plan, i);
	char *spec = b.failed || json == NULL ? NULL : json_print(json);
	enum status st;

	cJSON_Delete(json);
	if (spec == NULL)
		return err_nomem(err, "a task");
	st = runs_add_task(db, run,
	                   &(struct task_row){ .id = t->id,
	                                       .position = (int64_t)i,
	                                       .title = t->title,
	                                       .spec = spec,
	                                       .agent = d->agents[i]->name,
	                                       .estimate_min = t->estimate_min,
	                                       .kind = t->kind,
	                                       .state = task_state_word(TASK_PENDING) },
	                   err);
	mem_free(spec);
	return st;
}

static enum status add_all(struct project *p, struct db *db, const struct draft *d,
                           const struct run_draft *draft, struct err *err)
{
	const struct plan *plan = d->want->plan;
	int64_t now = clock_wall_ms(&p->clock);
	struct run_row row = {
		.id = draft->id,
		.plan_id = d->want->plan_id,
		.title = plan->title,
		.state = run_state_word(RUN_QUEUED),
		.options = draft->options,
		.mode = draft->mode,
		.jobs = draft->jobs,
		.base_oid = draft->base_oid,
		.branch = draft->branch,
		.head_oid = draft->base_oid,
		.notes = notes_write(d->notes, d->n_notes, d->arena),
		.made_ms = now,
	};
	enum status st = runs_add(db, &row, err);

	for (size_t i = 0; st == OK && i < plan->n_tasks; i++)
		if (!plan->tasks[i].done)
			st = add_task(db, draft->id, d, i, err);
	for (size_t i = 0; st == OK && i < plan->n_edges; i++) {
		const struct plan_task *from = &plan->tasks[plan->edges[i].from];
		const struct plan_task *to = &plan->tasks[plan->edges[i].to];

		if (!from->done && !to->done)
			st = runs_add_edge(db, draft->id, &(struct edge_row){ from->id, to->id },
			                   err);
	}
	if (st != OK)
		return st;
	return event_put_run(db, now,
	                     &(struct event_run){ .run = draft->id,
	                                          .state = row.state,
	                                          .title = plan->title,
	                                          .total = (int64_t)d->n_tasks },
	                     err);
}

static enum status store(struct project *p, const struct draft *d, const struct run_draft *draft,
                         const atomic_bool *stop, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_write(p, stop, &db, err);

	if (st != OK)
		return st;
	if ((st = db_begin(db, err)) == OK && (st = add_all(p, db, d, draft, err)) == OK)
		st = project_commit(p, db, err);
	project_done(p, db); /* rolls back what was not committed */
	return st;
}

/* It is stored, but nobody carries it out: say so in its row. */
static void give_up(struct project *p, const char *run, struct arena *a, const char *cause)
{
	struct db *db = NULL;
	struct run_row row;

	if (project_write(p, NULL, &db, NULL) != OK)
		return;
	if (db_begin(db, NULL) == OK && runs_get(db, run, a, &row, NULL) == OK) {
		row.state = run_state_word(RUN_FAILED);
		row.cause = cause;
		row.ended_ms = clock_wall_ms(&p->clock);
		if (runs_put(db, &row, NULL) == OK)
			(void)project_commit(p, db, NULL);
	}
	project_done(p, db);
}

enum status run_start(struct project *p, const struct run_request *want, const atomic_bool *stop,
                      struct arena *a, const char **id, struct err *err)
{
	struct draft d;
	struct run_draft draft;
	enum status st = draft_make(p, want, a, &d, err);

	if (st != OK || (st = to_draft(p, &d, &draft, err)) != OK ||
	    (st = store(p, &d, &draft, stop, err)) != OK)
		return st;
	if ((st = spawn_runner(p, draft.id, a, err)) != OK) {
		give_up(p, draft.id, a, err == NULL ? "no runner" : err->text);
		return st;
	}
	*id = draft.id;
	return OK;
}
