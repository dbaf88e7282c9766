/* recipes_build.c - recipes as plans and runs: only what changed, what was built, the way back. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/config.h"
#include "domain/plan.h"
#include "domain/project.h"
#include "domain/recipe/build.h"
#include "domain/recipe/gates.h"
#include "handlers/recipes.h"

#define HISTORY_LIMIT 20

/* A plan's facts, without the tasks' texts. */
static void put_plan(struct recipes_work *w, const struct plan *plan)
{
	json_put_int(&w->b, w->answer, "tasks", (int64_t)plan->n_tasks);
	json_put_int(&w->b, w->answer, "workMinutes", plan->work_min);
	json_put_int(&w->b, w->answer, "criticalPathMinutes", plan->path_min);
	json_put_number(&w->b, w->answer, "speedupCeiling", plan->ceiling);
}

static enum status keep_plan(struct recipes_work *w, const struct plan *plan, const char **id)
{
	struct call *call = w->call;
	enum status st;

	if ((*id = plan_new_id(call->project, call->arena)) == NULL)
		return err_nomem(&call->err, "a plan");
	if ((st = plan_save(call->project, &call->stop, plan, *id, &call->err)) != OK)
		return st;
	json_put_text(&w->b, w->answer, "planId", *id);
	return OK;
}

static const char *title_of(const struct recipes_work *w)
{
	return w->chosen == RECIPE_NONE ? NULL : w->set->recipes[w->chosen].title;
}

/* Gates that nothing runs: whoever implements is told of them, and nobody checks. */
static void put_gates_not_run(struct recipes_work *w, const bool *marks,
                              const struct config *config, const char *shell)
{
	cJSON *list = NULL;

	for (size_t i = 0; shell == NULL && i < w->set->n_recipes; i++)
		for (size_t k = 0; marks[i] && k < w->set->recipes[i].n_gates; k++) {
			const struct recipe_gate *gate = &w->set->recipes[i].gates[k];
			cJSON *to;

			if (recipe_gate_configured(config, gate))
				continue;
			if (list == NULL)
				list = json_put_array(&w->b, w->answer, "gatesNotRun");
			to = json_add_object(&w->b, list);
			json_put_text(&w->b, to, "recipe", w->set->recipes[i].name);
			json_put_text(&w->b, to, "gate", gate->line);
		}
	if (list != NULL)
		json_put_text(&w->b, w->answer, "gatesNote", RECIPE_GATES_NOTE);
}

enum status recipes_plan(struct recipes_work *w)
{
	struct call *call = w->call;
	bool *marks = arena_take(call->arena, w->set->n_recipes + 1);
	const struct config *config = NULL;
	struct recipe_plan_want want = { .title = title_of(w),
		                         .marks = marks,
		                         .root = call->project->root };
	struct plan *made = NULL;
	const char *id = NULL;
	enum status st = recipes_need_some(w);

	if (st == OK && marks == NULL)
		st = err_nomem(&call->err, "a plan");
	if (st == OK)
		st = recipe_mark(w->set, w->chosen, marks, &call->err);
	if (st == OK)
		st = project_config(call->project, &config, &call->err);
	if (st != OK)
		return st;
	want.shell = recipe_gate_agent(config);
	if ((st = recipe_plan(w->set, &want, call->arena, &made, &call->err)) != OK ||
	    (st = keep_plan(w, made, &id)) != OK)
		return st;
	put_plan(w, made);
	put_gates_not_run(w, marks, config, want.shell);
	json_put_text(&w->b, w->answer, "table", plan_table(made, false, 0, call->arena));
	json_put_text(&w->b, w->answer, "next",
	              text_printf(call->arena, "run it: orchestrate with planId %s", id));
	return OK;
}

/* --- implement ------------------------------------------------------------------------------ */

struct building {
	bool *wanted, *build;
	size_t n; /* to build */
	struct recipe_status *statuses;
	const struct config *config;
	struct recipe_plan_want plan;
};

static enum status choose_what(struct recipes_work *w, struct building *x)
{
	struct call *call = w->call;
	struct recipe_texts *by_hand;
	size_t n = w->set->n_recipes;
	enum status st;

	x->wanted = arena_take(call->arena, n + 1);
	x->build = arena_take(call->arena, n + 1);
	by_hand = arena_take(call->arena, (n + 1) * sizeof *by_hand);
	if (x->wanted == NULL || x->build == NULL || by_hand == NULL)
		return err_nomem(&call->err, "the recipes");
	if ((st = recipe_mark(w->set, w->chosen, x->wanted, &call->err)) != OK ||
	    (st = recipe_check_sound(w->set, x->wanted, &call->err)) != OK ||
	    (st = project_config(call->project, &x->config, &call->err)) != OK ||
	    (st = recipe_look(call->project, w->set, &call->stop, call->arena, &x->statuses,
	                      &call->err)) != OK ||
	    (st = recipe_choose(w->set, x->statuses, x->wanted, w->want->force, x->build,
	                        &call->err)) != OK ||
	    (st = recipe_look_by_hand(call->project, w->set, x->build, &call->stop, x->statuses,
	                              &call->err)) != OK)
		return st;
	for (size_t i = 0; i < n; i++) {
		x->n += x->build[i];
		by_hand[i] = x->statuses[i].by_hand;
	}
	x->plan = (struct recipe_plan_want){ .title = title_of(w),
		                             .marks = x->build,
		                             .shell = recipe_gate_agent(x->config),
		                             .root = call->project->root,
		                             .by_hand = by_hand };
	return OK;
}

/* What is built and why, what is not and why not, and what a person changed. */
static void put_choice(struct recipes_work *w, const struct building *x)
{
	cJSON *build = json_put_array(&w->b, w->answer, "build");
	cJSON *current = json_put_array(&w->b, w->answer, "upToDate"), *unmerged = NULL;
	cJSON *by_hand = NULL;

	for (size_t i = 0; i < w->set->n_recipes; i++) {
		const struct recipe_status *s = &x->statuses[i];
		const char *name = w->set->recipes[i].name;
		cJSON *to;

		if (x->build[i]) {
			to = json_add_object(&w->b, build);
			json_put_text(&w->b, to, "recipe", name);
			json_put_text(&w->b, to, "state", recipe_state_word(s->state));
		} else if (x->wanted[i] && s->state == RECIPE_UNMERGED) {
			if (unmerged == NULL)
				unmerged = json_put_array(&w->b, w->answer, "unmerged");
			to = json_add_object(&w->b, unmerged);
			json_put_text(&w->b, to, "recipe", name);
			json_put_text(&w->b, to, "branch", s->build.branch);
		} else if (x->wanted[i]) {
			json_add_text(&w->b, current, name);
		}
		for (size_t k = 0; k < s->by_hand.n; k++) {
			if (by_hand == NULL)
				by_hand = json_put_array(&w->b, w->answer, "changedByHand");
			to = json_add_object(&w->b, by_hand);
			json_put_text(&w->b, to, "recipe", name);
			json_put_text(&w->b, to, "path", s->by_hand.at[k]);
		}
	}
}

static enum status start(struct recipes_work *w, const struct building *x, struct plan *made)
{
	struct call *call = w->call;
	struct run_request want = { .plan = made,
		                    .agent = w->want->agent,
		                    .merge = w->want->merge,
		                    .jobs = w->want->jobs == NULL
		                                ? RUN_NOT_GIVEN
		                                : (long)w->want->jobs->valuedouble,
		                    .retries = RUN_NOT_GIVEN,
		                    .timeout_s = RUN_NOT_GIVEN };
	const char *run = NULL;
	enum status st = keep_plan(w, made, &want.plan_id);

	if (st == OK)
		st = run_start(call->project, &want, &call->stop, call->arena, &run, &call->err);
	if (st != OK)
		return st;
	st = recipe_keep(call->project, w->set, x->build, run, &call->stop, &call->err);
	if (st != OK) { /* a run that nobody would know again */
		(void)run_control(call->project, run, NULL, RUN_DO_CANCEL, NULL, NULL);
		return st;
	}
	if (w->want->wait_s != NULL && w->want->wait_s->valuedouble > 0) {
		w->run = run_wait_new(call, run, (long)w->want->wait_s->valuedouble);
		return w->run == NULL ? err_nomem(&call->err, "an answer") : OK;
	}
	json_put_text(&w->b, w->answer, "runId", run);
	json_put_text(&w->b, w->answer, "branch", text_printf(call->arena, "gadugi/%s", run));
	json_put_text(
	    &w->b, w->answer, "next",
	    text_printf(call->arena,
	                "'runs' with action wait and runId %s waits for it; then merge its "
	                "branch, and 'verify'",
	                run));
	return OK;
}

static enum status implement(struct recipes_work *w)
{
	struct building x = { 0 };
	struct plan *made = NULL;
	enum status st = choose_what(w, &x);

	if (st != OK)
		return st;
	put_choice(w, &x);
	if (x.n == 0) {
		json_put_int(&w->b, w->answer, "tasks", 0);
		json_put_text(&w->b, w->answer, "next",
		              json_get(w->answer, "unmerged") != NULL
		                  ? "nothing was built: all is built, and some of it waits on a "
		                    "branch to be merged; force builds it again"
		                  : "nothing was built: nothing has changed since it was; force "
		                    "builds it again");
		return OK;
	}
	st = recipe_plan(w->set, &x.plan, w->call->arena, &made, &w->call->err);
	if (st != OK)
		return st;
	put_plan(w, made);
	put_gates_not_run(w, x.build, x.config, x.plan.shell);
	if (!w->want->dry_run)
		return start(w, &x, made);
	json_put_flag(&w->b, w->answer, "dryRun", true);
	json_put_text(&w->b, w->answer, "table", plan_table(made, false, 0, w->call->arena));
	return OK;
}

enum status recipes_implement(struct recipes_work *w)
{
	struct call *call = w->call;
	struct lock *lock = NULL;
	enum status st = recipes_need_some(w);

	if (st == OK && !w->want->dry_run)
		st = recipe_hold(call->project, &call->stop, call->arena, &lock, &call->err);
	if (st == OK)
		st = implement(w);
	recipe_let_go(lock);
	return st;
}

/* --- history and the way back --------------------------------------------------------------- */

static void put_build(struct recipes_work *w, cJSON *list, const struct recipe_row *row)
{
	cJSON *to = json_add_object(&w->b, list);
	char time[CLOCK_TEXT_SIZE];

	json_put_int(&w->b, to, "build", row->id);
	json_put_text(&w->b, to, "recipe", row->recipe);
	json_put_text(&w->b, to, "state",
	              row->undone_ms != RUNS_NONE ? "rolled back"
	              : recipe_went_well(row)     ? "built"
	              : row->task_state == NULL   ? row->run_state
	                                          : row->task_state);
	clock_text(row->made_ms, time);
	json_put_text(&w->b, to, "at", time);
	json_put_text(&w->b, to, "runId", row->run);
	json_put_text(&w->b, to, "commit", row->commit);
	json_put_text(&w->b, to, "cause", row->cause);
	json_put_text(&w->b, to, "hash", row->hash);
}

enum status recipes_history(struct recipes_work *w)
{
	size_t limit = w->want->limit == 0 ? HISTORY_LIMIT : (size_t)w->want->limit;
	struct recipes_want want = { .recipe = w->chosen == RECIPE_NONE
		                                   ? NULL
		                                   : w->set->recipes[w->chosen].name,
		                     .limit = limit + 1 };
	struct recipes_page page;
	char *end = NULL;
	enum status st;
	cJSON *list;

	if (w->want->cursor != NULL) {
		want.before = strtoll(w->want->cursor, &end, 10);
		if (*end != '\0' || want.before < 1)
			return err_set(
			    &w->call->err, E_INPUT,
			    "'%.30s' is no cursor; give the nextCursor of the answer before",
			    w->want->cursor);
	}
	st = recipe_history(w->call->project, &want, &w->call->stop, w->call->arena, &page,
	                    &w->call->err);
	if (st != OK)
		return st;
	list = json_put_array(&w->b, w->answer, "builds");
	for (size_t i = 0; i < page.n && i < limit; i++)
		put_build(w, list, &page.at[i]);
	if (page.n > limit)
		json_put_text(
		    &w->b, w->answer, "nextCursor",
		    text_printf(w->call->arena, "%lld", (long long)page.at[limit - 1].id));
	return OK;
}

static void put_paths(struct recipes_work *w, const char *key, const struct recipe_texts *texts)
{
	cJSON *list = json_put_array(&w->b, w->answer, key);

	for (size_t i = 0; i < texts->n; i++)
		json_add_text(&w->b, list, texts->at[i]);
}

enum status recipes_rollback(struct recipes_work *w)
{
	const struct recipe_rollback_want want = { w->chosen, w->want->force, w->want->dry_run };
	struct recipe_rollback done;
	enum status st = recipes_need_name(w);

	if (st == OK)
		st = recipe_roll_back(w->call->project, w->set, &want, &w->call->stop, &done,
		                      &w->call->err);
	if (st != OK)
		return st;
	json_put_int(&w->b, w->answer, "build", done.build.id);
	json_put_text(&w->b, w->answer, "recipe", done.build.recipe);
	json_put_text(&w->b, w->answer, "runId", done.build.run);
	json_put_flag(&w->b, w->answer, "dryRun", want.dry);
	put_paths(w, "restored", &done.restored);
	put_paths(w, "removed", &done.removed);
	put_paths(w, "changedByHand", &done.by_hand);
	if (done.state_only)
		json_put_text(
		    &w->b, w->answer, "note",
		    "nothing tells which files the build changed, because it was not done "
		    "in git: they stay as they are, and the recipe counts as not built");
	return OK;
}
