#include <string.h>

#include "base/text.h"
#include "domain/project.h"
#include "domain/recipe/build.h"
#include "handlers/recipes.h"
#include "handlers/tools.h"

#define LIST_LIMIT 40 /* recipes of an answer when nothing else was asked for */

static const struct arg recipes_args[] = {
	{ "action", ARG_CHOICE, 1, offsetof(struct recipes_in, action), 0, 0, NULL,
	  "list|show|validate|graph|plan|implement|verify|new|history|rollback" },
	{ "name", ARG_TEXT, 0, offsetof(struct recipes_in, name), 1, 1000, NULL, NULL },
	{ "limit", ARG_COUNT, 0, offsetof(struct recipes_in, limit), 1, RECIPES_MAX, NULL, NULL },
	{ "cursor", ARG_TEXT, 0, offsetof(struct recipes_in, cursor), 1, 1000, NULL, NULL },
	{ "results", ARG_TEXT, 0, offsetof(struct recipes_in, results), 1, 4096, NULL, NULL },
	{ "force", ARG_FLAG, 0, offsetof(struct recipes_in, force), 0, 0, NULL, NULL },
	{ "dryRun", ARG_FLAG, 0, offsetof(struct recipes_in, dry_run), 0, 0, NULL, NULL },
	{ "needs", ARG_TEXTS, ARG_UNLISTED, offsetof(struct recipes_in, needs), 0, 100,
	  "new: recipes that must be there first.", NULL },
	{ "agent", ARG_TEXT, ARG_UNLISTED, offsetof(struct recipes_in, agent), 1, 100,
	  "implement: who does it.", NULL },
	{ "jobs", ARG_WHOLE, ARG_UNLISTED, offsetof(struct recipes_in, jobs), 1, RUN_JOBS_MAX,
	  "implement: how many at once.", NULL },
	{ "merge", ARG_CHOICE, ARG_UNLISTED, offsetof(struct recipes_in, merge), 0, 0,
	  "implement: as orchestrate's.", "none|into|pr" },
	{ "waitSeconds", ARG_WHOLE, ARG_UNLISTED, offsetof(struct recipes_in, wait_s), 0, 3600,
	  "How long to wait for gates (verify, 50 when nothing is said) or for the run (implement, "
	  "then the answer is the run's).",
	  NULL },
	{ 0 },
};

bool recipes_is_wanted(const struct recipes_work *w, const char *recipe)
{
	return w->chosen == RECIPE_NONE || strcmp(w->set->recipes[w->chosen].name, recipe) == 0;
}

static void put_findings(struct recipes_work *w)
{
	cJSON *list = json_put_array(&w->b, w->answer, "findings");

	for (size_t i = 0; i < w->set->n_findings; i++)
		if (recipes_is_wanted(w, w->set->findings[i].recipe))
			json_add(&w->b, list, recipe_finding_json(&w->b, &w->set->findings[i]));
}

static enum status list(struct recipes_work *w)
{
	cJSON *to = json_put_array(&w->b, w->answer, "recipes");
	long limit = w->want->limit == 0 ? LIST_LIMIT : w->want->limit, shown = 0;
	struct recipe_status *statuses = NULL;
	enum status st = recipe_look(w->call->project, w->set, &w->call->stop, w->call->arena,
	                             &statuses, &w->call->err);

	if (st != OK)
		return st;

	for (size_t i = 0; i < w->set->n_recipes; i++) {
		const char *name = w->set->recipes[i].name;

		if (!recipes_is_wanted(w, name) ||
		    (w->want->cursor != NULL && strcmp(name, w->want->cursor) <= 0))
			continue;
		if (shown++ == limit) {
			json_put_text(&w->b, w->answer, "nextCursor", w->set->recipes[i - 1].name);
			break;
		}
		json_add(
		    &w->b, to,
		    recipe_summary_json(&w->b, w->set, i, recipe_state_word(statuses[i].state)));
	}
	return OK;
}

enum status recipes_need_name(const struct recipes_work *w)
{
	if (w->chosen != RECIPE_NONE)
		return OK;
	return err_set(&w->call->err, E_INPUT,
	               "'%s' needs the 'name' of a recipe; 'list' has them all", w->want->action);
}

static enum status show(struct recipes_work *w)
{
	enum status st = recipes_need_name(w);

	if (st != OK)
		return st;
	json_put(&w->b, w->answer, "recipe", recipe_json(&w->b, w->set, w->chosen));
	put_findings(w);
	return OK;
}

enum status recipes_need_some(const struct recipes_work *w)
{
	if (w->set->n_recipes > 0)
		return OK;
	return err_set(&w->call->err, E_ABSENT,
	               "there are no recipes in '%s/recipes'; a recipe is a folder there with "
	               "requirements.md, design.md and dependencies.json",
	               w->call->project->root);
}

static enum status validate(struct recipes_work *w)
{
	enum status st = recipes_need_some(w);
	int64_t recipes = 0, requirements = 0;
	bool sound = true;

	if (st != OK)
		return st;
	for (size_t i = 0; i < w->set->n_recipes; i++)
		if (recipes_is_wanted(w, w->set->recipes[i].name)) {
			recipes++;
			requirements += (int64_t)w->set->recipes[i].n_requirements;
		}
	for (size_t i = 0; i < w->set->n_findings; i++)
		if (recipes_is_wanted(w, w->set->findings[i].recipe))
			sound = sound && w->set->findings[i].severity != RECIPE_ERROR;
	json_put_flag(&w->b, w->answer, "sound", sound);
	json_put_int(&w->b, w->answer, "checked", recipes);
	json_put_int(&w->b, w->answer, "requirements", requirements);
	put_findings(w);
	return OK;
}

static void put_batches(struct recipes_work *w)
{
	cJSON *batches = json_put_array(&w->b, w->answer, "batches"), *batch = NULL;

	for (size_t i = 0; i < w->set->n_order; i++) {
		const struct recipe *r = &w->set->recipes[w->set->order[i]];

		if (i == 0 || w->set->recipes[w->set->order[i - 1]].level != r->level)
			batch = json_add_array(&w->b, batches);
		json_add_text(&w->b, batch, r->name);
	}
}

static enum status graph(struct recipes_work *w)
{
	enum status st = recipes_need_some(w);
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

static enum status scaffold(struct recipes_work *w)
{
	static const char *const files[] = { "requirements.md", "design.md", "dependencies.json" };
	const char **needs, *name = w->want->name;
	struct call *call = w->call;
	const cJSON *need;
	cJSON *list;
	size_t n = 0;
	enum status st;

	if (name == NULL)
		return err_set(&call->err, E_INPUT, "'new' needs the 'name' of the new recipe");
	needs = arena_take(call->arena,
	                   ((size_t)cJSON_GetArraySize(w->want->needs) + 1) * sizeof *needs);
	if (needs == NULL)
		return err_nomem(&call->err, "a new recipe");
	cJSON_ArrayForEach(need, w->want->needs)
		needs[n++] = need->valuestring;
	if ((st = recipe_new(w->set, call->project->root, name, needs, &call->err)) != OK)
		return st;
	list = json_put_array(&w->b, w->answer, "written");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		json_add_text(&w->b, list,
		              text_printf(call->arena, "recipes/%s/%s", name, files[i]));
	json_put_text(&w->b, w->answer, "next",
	              text_printf(call->arena,
	                          "fill them in; 'validate' says what is missing, 'implement' with "
	                          "name %s builds it",
	                          name));
	return OK;
}

static const struct {
	const char *word;
	enum status (*run)(struct recipes_work *w);
} actions[] = {
	{ "list", list },
	{ "show", show },
	{ "validate", validate },
	{ "graph", graph },
	{ "plan", recipes_plan },
	{ "implement", recipes_implement },
	{ "verify", recipes_verify },
	{ "new", scaffold },
	{ "history", recipes_history },
	{ "rollback", recipes_rollback },
};

static enum status choose(struct recipes_work *w)
{
	const char *nearest = NULL;

	w->chosen = RECIPE_NONE;
	if (w->want->name == NULL || strcmp(w->want->action, "new") == 0)
		return OK;
	w->chosen = recipe_find(w->set, w->want->name, &nearest);
	if (w->chosen != RECIPE_NONE)
		return OK;
	return err_set(&w->call->err, E_ABSENT, "no recipe is called '%s'%s%s%s", w->want->name,
	               nearest == NULL ? "; 'list' has them all" : "; did you mean '",
	               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

static enum status act(struct recipes_work *w)
{
	struct recipe_set *set = NULL;
	struct call *call = w->call;
	enum status st = recipe_load(call->project->root, call->arena, &set, &call->err);

	w->set = set;
	if (st == OK)
		st = choose(w);
	for (size_t i = 0; st == OK && i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i].word, w->want->action) == 0)
			return actions[i].run(w);
	return st;
}

/* implement with waitSeconds: on with the run that it started, in an earlier call perhaps. */
static enum status go_on(struct recipes_work *w)
{
	const cJSON *wait_s = w->want->wait_s;

	w->run = w->call->memo;
	if (w->run != NULL)
		return OK;
	return run_wait_again(w->call, wait_s == NULL ? 0 : (long)wait_s->valuedouble, &w->run);
}

static enum status recipes_run(struct call *call, const void *in, cJSON **result)
{
	struct recipes_work w = { .call = call, .want = in };
	bool answered = false;
	enum status st = OK;

	w.answer = json_object(&w.b);
	if (strcmp(w.want->action, "implement") == 0)
		st = go_on(&w);
	else if (call->memo != NULL)
		st = recipes_verify_wait(&w, &answered);
	if (st == OK && !answered && w.run == NULL)
		st = act(&w);
	if (st != OK || w.run != NULL)
		cJSON_Delete(w.answer);
	if (st != OK)
		return st;
	if (w.run == NULL)
		return json_built(&w.b, w.answer, result, &call->err);
	call->memo = w.run;
	return run_wait_look(call, w.run, result);
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
