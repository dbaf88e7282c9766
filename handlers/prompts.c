/* prompts.c - texts that a person picks: how to write a plan, build a recipe, look back on a run.
 */
#include "base/mem.h"
#include "base/text.h"
#include "domain/plan/planner.h"
#include "domain/project.h"
#include "domain/recipe.h"
#include "domain/run.h"
#include "handlers/resources.h"

/* Texts of one message from the user. */
static enum status one_message(struct call *call, const char *words, cJSON **messages)
{
	struct json_build b = { 0 };
	cJSON *root;

	if (words == NULL)
		return err_nomem(&call->err, "a prompt");
	root = json_array(&b);
	prompt_say(&b, root, "user", words);
	return json_built(&b, root, messages, &call->err);
}

static const char plan_words[] =
    "Write a plan for this goal and hand it to the tool decompose as `document`:\n\n%s\n\n%s\n"
    "Then read the findings of decompose, mend the plan until no error is left, and show me the "
    "tasks, the critical path and the speedup ceiling. Run nothing before I agree.";

static enum status plan_run(struct call *call, const char *const *values, cJSON **messages)
{
	const char *rules = planner_rules(call->arena);
	struct text t;
	enum status st;

	if (rules == NULL)
		return err_nomem(&call->err, "a prompt");
	text_init(&t, TEXT_LIMIT);
	text_addf(&t, plan_words, values[0], rules);
	st = one_message(call, t.failed ? NULL : text_string(&t), messages);
	text_done(&t);
	return st;
}

static const struct prompt_arg plan_args[] = {
	{ "goal", "What is to be reached, in your words.", 1, NULL },
	{ 0 },
};

const struct prompt prompt_plan = {
	.name = "plan",
	.title = "Write a plan",
	.about = "Turn a goal into a plan that decompose accepts and agents can run in parallel.",
	.args = plan_args,
	.run = plan_run,
};

static enum status implement_run(struct call *call, const char *const *values, cJSON **messages)
{
	struct recipe_set *set = NULL;
	struct json_build b = { 0 };
	const char *nearest = NULL, *words;
	enum status st = recipe_load(call->project->root, call->arena, &set, &call->err);
	cJSON *recipe;
	char *printed;
	size_t at;

	if (st != OK)
		return st;
	if ((at = recipe_find(set, values[0], &nearest)) == RECIPE_NONE)
		return err_set(&call->err, E_INPUT, "there is no recipe '%.60s'%s%s", values[0],
		               nearest == NULL ? "" : "; did you mean ",
		               nearest == NULL ? "" : nearest);
	recipe = recipe_json(&b, set, at);
	printed = b.failed ? NULL : json_print(recipe);
	words = text_printf(
	    call->arena,
	    "Implement the recipe '%s'. Its requirements, needs and files:\n\n%s\n\n"
	    "First recall what is known about it (tool recall) and read requirements.md and "
	    "design.md "
	    "in '%s'. Build what is missing, smallest piece first. Each requirement is proved by "
	    "the "
	    "test that it names: write that test before the code. At the end run the tests, say "
	    "which "
	    "requirements are proved and which are not, and remember what the next one must know.",
	    values[0], printed == NULL ? "" : printed, set->recipes[at].folder);
	st = one_message(call, printed == NULL ? NULL : words, messages);
	mem_free(printed);
	cJSON_Delete(recipe);
	return st;
}

static const struct prompt_arg implement_args[] = {
	{ "name", "Name of the recipe.", 1, complete_recipe },
	{ 0 },
};

const struct prompt prompt_implement_recipe = {
	.name = "implement_recipe",
	.title = "Implement a recipe",
	.about = "Build a component from its recipe and prove each requirement by its test.",
	.args = implement_args,
	.run = implement_run,
};

static enum status retrospective_run(struct call *call, const char *const *values, cJSON **messages)
{
	struct run_view view = { 0 };
	struct json_build b = { 0 };
	const char *words;
	enum status st =
	    run_look(call->project, values[0], &call->stop, call->arena, &view, &call->err);
	cJSON *run;
	char *printed;

	if (st != OK)
		return st;
	run = run_brief_json(&b, &view);
	printed = b.failed ? NULL : json_print(run);
	words = text_printf(
	    call->arena,
	    "Look back on the run %s:\n\n%s\n\n"
	    "Call coach with this runId, and runs with action show, and log for each task that "
	    "failed "
	    "or was tried again. Say in this order: what was reached; what cost the most time, "
	    "with "
	    "the numbers; which estimates were off and by how much; which tasks waited for which; "
	    "one "
	    "change to the plan and one to the way of working that would have saved most. Claim "
	    "nothing that the numbers do not show. Then remember the lessons (tool remember, kind "
	    "lesson), one sentence each.",
	    values[0], printed == NULL ? "" : printed);
	st = one_message(call, printed == NULL ? NULL : words, messages);
	mem_free(printed);
	cJSON_Delete(run);
	return st;
}

static const struct prompt_arg retrospective_args[] = {
	{ "runId", "The run to look back on.", 1, complete_run },
	{ 0 },
};

const struct prompt prompt_retrospective = {
	.name = "retrospective",
	.title = "Look back on a run",
	.about = "What a finished run teaches: time, estimates, failures, what to change.",
	.args = retrospective_args,
	.run = retrospective_run,
};
