#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/plan.h"
#include "domain/project.h"
#include "domain/run.h"
#include "handlers/budget.h"
#include "handlers/run_answer.h"
#include "handlers/tools.h"

struct orchestrate_in {
	const char *plan_id, *path, *agent, *base, *merge, *mode, *conflicts, *workflow;
	const cJSON *tasks, *gates, *jobs, *retries, *timeout_s, *budget;
	long wait_s;
	bool dry_run, red_base, tags;
};

static const struct arg orchestrate_args[] = {
	{ "planId", ARG_TEXT, 0, offsetof(struct orchestrate_in, plan_id), 1, 100, NULL, NULL },
	{ "path", ARG_TEXT, 0, offsetof(struct orchestrate_in, path), 1, 4096, NULL, NULL },
	{ "tasks", ARG_LIST, 0, offsetof(struct orchestrate_in, tasks), 1, PLAN_TASKS_MAX,
	  "{id, title, dependsOn[], ...}", NULL },
	{ "agent", ARG_TEXT, 0, offsetof(struct orchestrate_in, agent), 1, 100, NULL, NULL },
	{ "jobs", ARG_WHOLE, 0, offsetof(struct orchestrate_in, jobs), 1, RUN_JOBS_MAX, NULL,
	  NULL },
	{ "base", ARG_TEXT, 0, offsetof(struct orchestrate_in, base), 1, 250, NULL, NULL },
	{ "gates", ARG_TEXTS, 0, offsetof(struct orchestrate_in, gates), 0, 64, NULL, NULL },
	{ "retries", ARG_WHOLE, 0, offsetof(struct orchestrate_in, retries), 0, RUN_RETRIES_MAX,
	  NULL, NULL },
	{ "timeoutSeconds", ARG_WHOLE, 0, offsetof(struct orchestrate_in, timeout_s), 1, 604800,
	  NULL, NULL },
	{ "merge", ARG_CHOICE, 0, offsetof(struct orchestrate_in, merge), 0, 0, NULL,
	  "none|into|pr" },
	{ "workflow", ARG_TEXT, ARG_UNLISTED, offsetof(struct orchestrate_in, workflow), 1, 100,
	  "Stages that tasks go through which name none.", NULL },
	{ "conflicts", ARG_CHOICE, ARG_UNLISTED, offsetof(struct orchestrate_in, conflicts), 0, 0,
	  "What becomes of a result that cannot be merged.", "agent|person|stop" },
	{ "mode", ARG_CHOICE, 0, offsetof(struct orchestrate_in, mode), 0, 0, NULL,
	  "worktree|shared|sequential" },
	{ "waitSeconds", ARG_COUNT, 0, offsetof(struct orchestrate_in, wait_s), 0, 3600, NULL,
	  NULL },
	{ "budget", ARG_OBJECT, ARG_UNLISTED, offsetof(struct orchestrate_in, budget), 0, 0,
	  "{minutes, usd, tokens} of this run.", NULL },
	{ "tags", ARG_FLAG, ARG_UNLISTED, offsetof(struct orchestrate_in, tags), 0, 0,
	  "An annotated tag for each batch.", NULL },
	{ "redBase", ARG_FLAG, ARG_UNLISTED, offsetof(struct orchestrate_in, red_base), 0, 0,
	  "Begin even where gates fail on the base.", NULL },
	{ "dryRun", ARG_FLAG, 0, offsetof(struct orchestrate_in, dry_run), 0, 0, NULL, NULL },
	{ 0 },
};

static enum status from_tasks(struct call *call, const cJSON *tasks,
                              const struct plan_options *options, struct plan **plan)
{
	struct json_build b = { false };
	cJSON *root = json_object(&b), *json = NULL;
	enum status st;

	json_put_text(&b, root, "title", "tasks");
	json_put(&b, root, "tasks", cJSON_Duplicate(tasks, true));
	if ((st = json_built(&b, root, &json, &call->err)) != OK)
		return st;
	st = plan_from_json(json, options, call->arena, plan, &call->err);
	cJSON_Delete(json);
	return st;
}

static enum status read_plan(struct call *call, const struct orchestrate_in *in, struct plan **plan)
{
	int n = (in->plan_id != NULL) + (in->path != NULL) + (in->tasks != NULL);
	const struct plan_options options = { .origin = in->path };

	if (n != 1)
		return err_set(&call->err, E_INPUT,
		               "give one of 'planId', 'path' and 'tasks'; %s was given",
		               n == 0 ? "none" : "more than one");
	if (in->plan_id != NULL)
		return plan_load(call->project, in->plan_id, &options, &call->stop, call->arena,
		                 plan, &call->err);
	if (in->path != NULL)
		return plan_read_file(call->project, in->path, &options, call->arena, plan,
		                      &call->err);
	return from_tasks(call, in->tasks, &options, plan);
}

static enum status to_request(struct call *call, const struct orchestrate_in *in,
                              const struct plan *plan, struct run_request *out)
{
	const cJSON *gate;
	const char **gates;

	*out = (struct run_request){
		.plan = plan,
		.plan_id = in->plan_id,
		.agent = in->agent,
		.base = in->base,
		.merge = in->merge,
		.mode = in->mode,
		.conflicts = in->conflicts,
		.workflow = in->workflow,
		.jobs = in->jobs == NULL ? RUN_NOT_GIVEN : (long)in->jobs->valuedouble,
		.retries = in->retries == NULL ? RUN_NOT_GIVEN : (long)in->retries->valuedouble,
		.timeout_s =
		    in->timeout_s == NULL ? RUN_NOT_GIVEN : (long)in->timeout_s->valuedouble,
		.gates_given = in->gates != NULL,
		.red_base = in->red_base,
		.tags = in->tags,
	};
	gates =
	    arena_take(call->arena, ((size_t)cJSON_GetArraySize(in->gates) + 1) * sizeof *gates);
	if (gates == NULL)
		return err_nomem(&call->err, "the run");
	cJSON_ArrayForEach(gate, in->gates)
		gates[out->n_gates++] = gate->valuestring;
	out->gates = gates;
	return budget_read(in->budget, &out->budget, &call->err);
}

static enum status dry(struct call *call, const struct run_request *want, cJSON **result)
{
	struct json_build b = { false };
	struct run_draft d;
	enum status st = run_check(call->project, want, call->arena, &d, &call->err);
	cJSON *answer, *findings;

	if (st != OK)
		return st;
	assert(want->plan != NULL);
	answer = json_object(&b);
	json_put_flag(&b, answer, "dryRun", true);
	json_put_text(&b, answer, "title", want->plan->title);
	json_put_int(&b, answer, "tasks", (int64_t)d.n_tasks);
	json_put_int(&b, answer, "jobs", d.jobs);
	json_put_text(&b, answer, "mode", d.mode);
	json_put_text(&b, answer, "base", d.base_oid);
	json_put_int(&b, answer, "workMinutes", want->plan->work_min);
	json_put_int(&b, answer, "criticalPathMinutes", want->plan->path_min);
	json_put_number(&b, answer, "speedupCeiling", want->plan->ceiling);
	findings = json_put_array(&b, answer, "findings");
	for (size_t i = 0; i < d.n_notes; i++) {
		cJSON *note = json_add_object(&b, findings);

		json_put_text(&b, note, "code", d.notes[i].code);
		json_put_text(&b, note, "message", d.notes[i].message);
	}
	json_put_text(&b, answer, "firstPrompt", d.first_prompt);
	return json_built(&b, answer, result, &call->err);
}

static enum status begin(struct call *call, const struct orchestrate_in *in, cJSON **result,
                         struct run_wait **wait)
{
	struct run_request want;
	struct plan *plan = NULL;
	const char *id;
	enum status st;

	if ((st = read_plan(call, in, &plan)) != OK ||
	    (st = to_request(call, in, plan, &want)) != OK)
		return st;
	if (in->dry_run)
		return dry(call, &want, result);
	if ((st = run_start(call->project, &want, &call->stop, call->arena, &id, &call->err)) != OK)
		return st;
	*wait = run_wait_new(call, id, in->wait_s);
	return *wait == NULL ? err_nomem(&call->err, "an answer") : OK;
}

static enum status orchestrate_run(struct call *call, const void *in, cJSON **result)
{
	struct run_wait *wait = call->memo;
	enum status st = OK;

	if (wait == NULL)
		st = run_wait_again(call, ((const struct orchestrate_in *)in)->wait_s, &wait);
	if (st == OK && wait == NULL)
		st = begin(call, in, result, &wait);
	if (st != OK || wait == NULL)
		return st;
	call->memo = wait;
	return run_wait_look(call, wait, result);
}

const struct tool tool_orchestrate = {
	.name = "orchestrate",
	.title = "Run a plan",
	.about = "Run a plan with agents in parallel git worktrees, each task as soon as what it "
		 "needs is merged. Answers at once with a run id.",
	.args = orchestrate_args,
	.in_size = sizeof(struct orchestrate_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES | TOOL_SPAWNS | TOOL_OPEN_WORLD,
	.run = orchestrate_run,
};
