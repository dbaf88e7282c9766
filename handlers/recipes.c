#include <string.h>

#include "base/text.h"
#include "domain/project.h"
#include "domain/recipe/verdict.h"
#include "domain/run.h"
#include "handlers/tools.h"

#define STUBS_SHOWN 20
#define LIST_LIMIT  40 /* recipes of an answer when nothing else was asked for */

struct recipes_in {
	const char *action, *name, *cursor, *results;
	long limit;
};

static const struct arg recipes_args[] = {
	{ "action", ARG_CHOICE, 1, offsetof(struct recipes_in, action), 0, 0, NULL,
	  "list|show|validate|graph|plan|implement|verify" },
	{ "name", ARG_TEXT, 0, offsetof(struct recipes_in, name), 1, 1000, NULL, NULL },
	{ "limit", ARG_COUNT, 0, offsetof(struct recipes_in, limit), 1, RECIPES_MAX, NULL, NULL },
	{ "cursor", ARG_TEXT, 0, offsetof(struct recipes_in, cursor), 1, 1000, NULL, NULL },
	{ "results", ARG_TEXT, 0, offsetof(struct recipes_in, results), 1, 4096,
	  "Test output, for verify.", NULL },
	{ 0 },
};

/* What an action works on. */
struct work {
	struct call *call;
	const struct recipes_in *want;
	const struct recipe_set *set;
	size_t chosen; /* the named recipe, RECIPE_NONE for all */
	struct json_build b;
	cJSON *answer;
};

static bool is_wanted(const struct work *w, const char *recipe)
{
	return w->chosen == RECIPE_NONE || strcmp(w->set->recipes[w->chosen].name, recipe) == 0;
}

static void put_findings(struct work *w)
{
	cJSON *list = json_put_array(&w->b, w->answer, "findings");

	for (size_t i = 0; i < w->set->n_findings; i++)
		if (is_wanted(w, w->set->findings[i].recipe))
			json_add(&w->b, list, recipe_finding_json(&w->b, &w->set->findings[i]));
}

static enum status list(struct work *w)
{
	cJSON *to = json_put_array(&w->b, w->answer, "recipes");
	long limit = w->want->limit == 0 ? LIST_LIMIT : w->want->limit, shown = 0;

	for (size_t i = 0; i < w->set->n_recipes; i++) {
		const char *name = w->set->recipes[i].name;

		if (!is_wanted(w, name) ||
		    (w->want->cursor != NULL && strcmp(name, w->want->cursor) <= 0))
			continue;
		if (shown++ == limit) {
			json_put_text(&w->b, w->answer, "nextCursor", w->set->recipes[i - 1].name);
			break;
		}
		json_add(&w->b, to, recipe_summary_json(&w->b, w->set, i));
	}
	return OK;
}

static enum status show(struct work *w)
{
	if (w->chosen == RECIPE_NONE)
		return err_set(&w->call->err, E_INPUT,
		               "'show' needs the 'name' of a recipe; 'list' has them all");
	json_put(&w->b, w->answer, "recipe", recipe_json(&w->b, w->set, w->chosen));
	put_findings(w);
	return OK;
}

static enum status need_recipes(const struct work *w)
{
	if (w->set->n_recipes > 0)
		return OK;
	return err_set(&w->call->err, E_ABSENT,
	               "there are no recipes in '%s/recipes'; a recipe is a folder there with "
	               "requirements.md, design.md and dependencies.json",
	               w->call->project->root);
}

static enum status validate(struct work *w)
{
	enum status st = need_recipes(w);
	int64_t recipes = 0, requirements = 0;
	bool sound = true;

	if (st != OK)
		return st;
	for (size_t i = 0; i < w->set->n_recipes; i++)
		if (is_wanted(w, w->set->recipes[i].name)) {
			recipes++;
			requirements += (int64_t)w->set->recipes[i].n_requirements;
		}
	for (size_t i = 0; i < w->set->n_findings; i++)
		if (is_wanted(w, w->set->findings[i].recipe))
			sound = sound && w->set->findings[i].severity != RECIPE_ERROR;
	json_put_flag(&w->b, w->answer, "sound", sound);
	json_put_int(&w->b, w->answer, "checked", recipes);
	json_put_int(&w->b, w->answer, "requirements", requirements);
	put_findings(w);
	return OK;
}

static void put_batches(struct work *w)
{
	cJSON *batches = json_put_array(&w->b, w->answer, "batches"), *batch = NULL;

	for (size_t i = 0; i < w->set->n_order; i++) {
		const struct recipe *r = &w->set->recipes[w->set->order[i]];

		if (i == 0 || w->set->recipes[w->set->order[i - 1]].level != r->level)
			batch = json_add_array(&w->b, batches);
		json_add_text(&w->b, batch, r->name);
	}
}

static enum status graph(struct work *w)
{
	enum status st = need_recipes(w);
	cJSON *edges;

	if (st != OK)
		return st;
	put_batches(w);
	edges = json_put_array(&w->b, w->answer, "edges");
	for (size_t i = 0; i < w->set->n_recipes; i++)
		for (size_t k = 0; k < w->set->recipes[i].n_needs; k++) {
			cJSON *edge = json_add_object(&w->b, edges);

			json_put_text(&w->b, edge, "from", w->set->recipes[i].needs[k].name);
			json_put_text(&w->b, edge, "to", w->set->recipes[i].name);
		}
	json_put_text(&w->b, w->answer, "mermaid", recipe_mermaid(w->set, w->call->arena));
	json_put_text(&w->b, w->answer, "table", recipe_table(w->set, w->call->arena));
	return OK;
}

/* The plan under an id, without the tasks' texts: they are in the plan that is kept. */
static enum status keep_plan(struct work *w, struct plan **plan, const char **id)
{
	struct call *call = w->call;
	enum status st = need_recipes(w);

	if (st == OK)
		st = recipe_plan(w->set, w->chosen, call->arena, plan, &call->err);
	if (st != OK)
		return st;
	if ((*id = plan_new_id(call->project, call->arena)) == NULL)
		return err_nomem(&call->err, "a plan");
	if ((st = plan_save(call->project, &call->stop, *plan, *id, &call->err)) != OK)
		return st;
	json_put_text(&w->b, w->answer, "planId", *id);
	json_put_int(&w->b, w->answer, "tasks", (int64_t)(*plan)->n_tasks);
	json_put_int(&w->b, w->answer, "workMinutes", (*plan)->work_min);
	json_put_int(&w->b, w->answer, "criticalPathMinutes", (*plan)->path_min);
	json_put_number(&w->b, w->answer, "speedupCeiling", (*plan)->ceiling);
	return OK;
}

static enum status plan(struct work *w)
{
	struct plan *made = NULL;
	const char *id = NULL;
	enum status st = keep_plan(w, &made, &id);

	if (st != OK)
		return st;
	json_put_text(&w->b, w->answer, "table", plan_table(made, false, 0, w->call->arena));
	json_put_text(&w->b, w->answer, "next",
	              text_printf(w->call->arena, "run it: orchestrate with planId %s", id));
	return OK;
}

static enum status implement(struct work *w)
{
	struct run_request want = { .jobs = RUN_NOT_GIVEN,
		                    .retries = RUN_NOT_GIVEN,
		                    .timeout_s = RUN_NOT_GIVEN };
	struct plan *made = NULL;
	const char *run = NULL;
	enum status st = keep_plan(w, &made, &want.plan_id);

	want.plan = made;
	if (st == OK)
		st = run_start(w->call->project, &want, &w->call->stop, w->call->arena, &run,
		               &w->call->err);
	if (st != OK)
		return st;
	json_put_text(&w->b, w->answer, "runId", run);
	json_put_text(&w->b, w->answer, "next",
	              text_printf(w->call->arena,
	                          "'runs' with runId %s shows how it goes; 'verify' when it ended",
	                          run));
	return OK;
}

static void put_verdict(struct work *w, cJSON *list, const struct recipe_verdict *v)
{
	const struct recipe *r = &w->set->recipes[v->recipe];
	const struct recipe_requirement *q = &r->requirements[v->requirement];
	cJSON *to = json_add_object(&w->b, list), *tests;

	json_put_text(&w->b, to, "recipe", r->name);
	json_put_text(&w->b, to, "id", q->id);
	json_put_text(&w->b, to, "level", recipe_level_word(q->level));
	json_put_flag(&w->b, to, "met", v->met);
	if (v->met)
		return;
	tests = json_put_array(&w->b, to, "tests");
	for (size_t i = 0; i < q->n_tests; i++)
		json_add_text(&w->b, tests,
		              text_printf(w->call->arena, "%s%s%s: %s", q->tests[i].path,
		                          q->tests[i].name == NULL ? "" : ": ",
		                          q->tests[i].name == NULL ? "" : q->tests[i].name,
		                          recipe_shown_word(v->tests[i])));
}

/* The first of them; all are counted. */
static void put_stubs(struct work *w, const struct stubs *stubs)
{
	cJSON *list = json_put_array(&w->b, w->answer, "stubs");

	for (size_t i = 0; i < stubs->n && (i < STUBS_SHOWN || w->call->answer_max == SIZE_MAX);
	     i++) {
		cJSON *to = json_add_object(&w->b, list);

		json_put_text(&w->b, to, "file", stubs->items[i].file);
		json_put_int(&w->b, to, "line", stubs->items[i].line);
		json_put_int(&w->b, to, "column", stubs->items[i].column);
		json_put_text(&w->b, to, "kind", stub_words(stubs->items[i].kind));
		json_put_text(&w->b, to, "text", stubs->items[i].words);
	}
	json_put_int(&w->b, w->answer, "stubsFound", (int64_t)stubs->total);
	json_put_int(&w->b, w->answer, "filesScanned", (int64_t)stubs->files);
}

static enum status verify(struct work *w)
{
	struct call *call = w->call;
	struct recipe_verdicts verdicts;
	struct recipe_output output = { 0 };
	struct stubs stubs = { 0 };
	int64_t met = 0, n = 0, must = 0;
	enum status st = need_recipes(w);
	cJSON *list;

	if (st == OK)
		st = recipe_results(call->project, w->want->results, &call->stop, call->arena,
		                    &output, &call->err);
	if (st == OK)
		st = recipe_verify(w->set, call->project->root, &output, &verdicts, &call->err);
	if (st == OK)
		st = recipe_stubs(w->set, w->chosen, call->project->root, call->arena, &stubs,
		                  &call->err);
	if (st != OK)
		return st;
	list = json_put_array(&w->b, w->answer, "requirements");
	for (size_t i = 0; i < verdicts.n; i++) {
		const struct recipe_verdict *v = &verdicts.items[i];
		const struct recipe *r = &w->set->recipes[v->recipe];

		if (!is_wanted(w, r->name))
			continue;
		n++;
		met += v->met;
		must += !v->met && r->requirements[v->requirement].level == RECIPE_MUST;
		put_verdict(w, list, v);
	}
	json_put_int(&w->b, w->answer, "met", met);
	json_put_int(&w->b, w->answer, "of", n);
	json_put_int(&w->b, w->answer, "testResults", (int64_t)verdicts.outcomes);
	put_stubs(w, &stubs);
	json_put_flag(&w->b, w->answer, "sound", must == 0 && stubs.total == 0);
	return OK;
}

static const struct {
	const char *word;
	enum status (*run)(struct work *w);
} actions[] = {
	{ "list", list }, { "show", show },           { "validate", validate }, { "graph", graph },
	{ "plan", plan }, { "implement", implement }, { "verify", verify },
};

static enum status choose(struct work *w)
{
	const char *nearest = NULL;

	w->chosen = RECIPE_NONE;
	if (w->want->name == NULL)
		return OK;
	w->chosen = recipe_find(w->set, w->want->name, &nearest);
	if (w->chosen != RECIPE_NONE)
		return OK;
	return err_set(&w->call->err, E_ABSENT, "no recipe is called '%s'%s%s%s", w->want->name,
	               nearest == NULL ? "; 'list' has them all" : "; did you mean '",
	               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

static enum status recipes_run(struct call *call, const void *in, cJSON **result)
{
	struct work w = { .call = call, .want = in };
	struct recipe_set *set = NULL;
	enum status st = recipe_load(call->project->root, call->arena, &set, &call->err);

	if (st != OK)
		return st;
	w.set = set;
	if ((st = choose(&w)) != OK)
		return st;
	w.answer = json_object(&w.b);
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i].word, w.want->action) == 0)
			st = actions[i].run(&w);
	if (st != OK) {
		cJSON_Delete(w.answer);
		return st;
	}
	return json_built(&w.b, w.answer, result, &call->err);
}

const struct tool tool_recipes = {
	.name = "recipes",
	.title = "Recipes",
	.about = "This project's recipes: what components must do.",
	.args = recipes_args,
	.in_size = sizeof(struct recipes_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES | TOOL_SPAWNS,
	.run = recipes_run,
};
