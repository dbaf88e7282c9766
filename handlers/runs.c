#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan.h"
#include "domain/project.h"
#include "domain/run/left.h"
#include "handlers/ask.h"
#include "handlers/budget.h"
#include "handlers/link.h"
#include "handlers/run_answer.h"
#include "handlers/tools.h"

#define LIST_LIMIT 20
#define LOG_BYTES  8000 /* of a log in an answer of the usual size */

struct runs_in {
	const char *action, *run, *task, *cursor, *name, *gate;
	const cJSON *attempt, *batch, *budget;
	long wait_s, limit;
	bool confirm;
};

static const struct arg runs_args[] = {
	{ "action", ARG_CHOICE, 1, offsetof(struct runs_in, action), 0, 0, NULL,
	  "list|show|wait|log|cancel|pause|resume|retry|approve|skip|discard|rollback" },
	{ "runId", ARG_TEXT, 0, offsetof(struct runs_in, run), 1, 100, NULL, NULL },
	{ "taskId", ARG_TEXT, 0, offsetof(struct runs_in, task), 1, 500, NULL, NULL },
	{ "waitSeconds", ARG_COUNT, 0, offsetof(struct runs_in, wait_s), 0, 3600, NULL, NULL },
	{ "attempt", ARG_WHOLE, 0, offsetof(struct runs_in, attempt), 1, 1000, NULL, NULL },
	{ "limit", ARG_COUNT, 0, offsetof(struct runs_in, limit), 1, 1000, NULL, NULL },
	{ "cursor", ARG_TEXT, 0, offsetof(struct runs_in, cursor), 1, 100, NULL, NULL },
	{ "name", ARG_TEXT, ARG_UNLISTED, offsetof(struct runs_in, name), 1, 300,
	  "discard: a worktree, in place of runId and taskId.", NULL },
	{ "gate", ARG_TEXT, ARG_UNLISTED, offsetof(struct runs_in, gate), 1, 200,
	  "log: what this gate said when it was run last.", NULL },
	{ "batch", ARG_WHOLE, ARG_UNLISTED, offsetof(struct runs_in, batch), 1, 100000,
	  "rollback: back to its checkpoint.", NULL },
	{ "budget", ARG_OBJECT, ARG_UNLISTED, offsetof(struct runs_in, budget), 0, 0,
	  "resume: {minutes, usd, tokens} of the run from now on.", NULL },
	{ "confirm", ARG_FLAG, 0, offsetof(struct runs_in, confirm), 0, 0, "discard: really.",
	  NULL },
	{ 0 },
};

static enum status need_run(struct call *call, const struct runs_in *in)
{
	return in->run != NULL ? OK
	                       : err_set(&call->err, E_INPUT,
	                                 "'%s' needs 'runId'; action 'list' shows the runs there "
	                                 "are",
	                                 in->action);
}

static enum status need_task(struct call *call, const struct runs_in *in)
{
	enum status st = need_run(call, in);

	if (st != OK || in->task != NULL)
		return st;
	return err_set(&call->err, E_INPUT, "'%s' needs 'taskId'; action 'show' lists the tasks",
	               in->action);
}

/* Worktrees that lie about: not those of runs that go on. */
static enum status put_left(struct call *call, struct json_build *b, cJSON *answer)
{
	struct run_lefts all;
	cJSON *trees = NULL, *tree;
	enum status st = run_left(call->project, &call->stop, call->arena, &all, &call->err);

	for (size_t i = 0; st == OK && i < all.n; i++) {
		if (all.at[i].live)
			continue;
		if (trees == NULL)
			trees = json_put_array(b, answer, "worktrees");
		tree = json_add_object(b, trees);
		json_put_text(b, tree, "name", all.at[i].name);
		json_put_text(b, tree, "class", all.at[i].class);
		json_put_text(b, tree, "path", all.at[i].path);
		json_put_text(b, tree, "runId", all.at[i].run);
		json_put_text(b, tree, "taskId", all.at[i].task);
	}
	return st;
}

static enum status list(struct call *call, const struct runs_in *in, cJSON **result)
{
	const struct run_page page = { in->cursor,
		                       1 + (in->limit == 0 ? LIST_LIMIT : (size_t)in->limit) };
	struct json_build b = { false };
	struct run_views views;
	cJSON *answer, *runs;
	enum status st =
	    run_list(call->project, &page, &call->stop, call->arena, &views, &call->err);

	if (st != OK)
		return st;
	answer = json_object(&b);
	runs = json_put_array(&b, answer, "runs");
	for (size_t i = 0; i < views.n && i + 1 < page.limit; i++)
		json_add(&b, runs, run_brief_json(&b, &views.at[i]));
	if (views.n == page.limit)
		json_put_text(&b, answer, "nextCursor", views.at[page.limit - 2].row.id);
	if (in->cursor == NULL && (st = put_left(call, &b, answer)) != OK) {
		cJSON_Delete(answer);
		return st;
	}
	return json_built(&b, answer, result, &call->err);
}

static enum status show_task(struct call *call, const struct runs_in *in, cJSON **result)
{
	struct json_build b = { false };
	struct run_view v;
	size_t at;
	enum status st = run_look(call->project, in->run, &call->stop, call->arena, &v, &call->err);

	if (st != OK)
		return st;
	if ((at = run_find_task(&v, in->task)) == PLAN_NONE)
		return err_set(
		    &call->err, E_ABSENT,
		    "run '%s' has no task '%s'; action 'show' without 'taskId' lists them", in->run,
		    in->task);
	return json_built(&b, run_task_json(&b, &v, at), result, &call->err);
}

static enum status show(struct call *call, const struct runs_in *in, cJSON **result)
{
	char *end = NULL;
	unsigned long from = 0;
	enum status st = need_run(call, in);

	if (st != OK)
		return st;
	if (in->task != NULL)
		return show_task(call, in, result);
	if (in->cursor != NULL) {
		from = strtoul(in->cursor, &end, 10);
		if (*end != '\0' || in->cursor[0] == '-')
			return err_set(&call->err, E_INPUT,
			               "'%.30s' is no cursor; give the nextCursor of the answer "
			               "before",
			               in->cursor);
	}
	return run_answer(call, in->run, from, in->limit == 0 ? SIZE_MAX : (size_t)in->limit,
	                  result);
}

/* What a call that comes again with a person's answer waits for; no memo in a first one. */
static enum status go_on(struct call *call, const struct runs_in *in)
{
	struct run_wait *again = call->memo;
	enum status st = OK;

	if (again == NULL)
		st = run_wait_again(call, in->wait_s, &again);
	call->memo = again;
	return st;
}

static enum status wait(struct call *call, const struct runs_in *in, cJSON **result)
{
	enum status st = need_run(call, in);

	if (st == OK && (st = go_on(call, in)) == OK && call->memo == NULL &&
	    (call->memo = run_wait_new(call, in->run, in->wait_s)) == NULL)
		st = err_nomem(&call->err, "an answer");
	return st != OK ? st : run_wait_look(call, call->memo, result);
}

static const char *log_address(struct call *call, const struct runs_in *in)
{
	const char *address;
	struct text t;

	text_init(&t, (size_t)4 << 10);
	text_add(&t, "gadugi://runs/");
	text_add_percent(&t, in->run);
	text_add(&t, "/tasks/");
	text_add_percent(&t, in->task);
	text_add(&t, "/log");
	address = text_copy(&t, call->arena);
	text_done(&t);
	return address;
}

/* All that is kept of what a gate said, of the task or of the run. */
static enum status log_of_gate(struct call *call, const struct runs_in *in, cJSON **result)
{
	const struct gate_row *last = NULL;
	struct json_build b = { false };
	struct run_view v;
	cJSON *answer;
	enum status st = need_run(call, in);

	if (st != OK ||
	    (st = run_look(call->project, in->run, &call->stop, call->arena, &v, &call->err)) != OK)
		return st;
	for (size_t i = 0; i < v.n_gates; i++)
		if (strcmp(v.gates[i].name, in->gate) == 0 &&
		    (in->task == NULL ||
		     (v.gates[i].task != NULL && strcmp(v.gates[i].task, in->task) == 0)))
			last = &v.gates[i];
	if (last == NULL)
		return err_set(&call->err, E_ABSENT, "gate '%s' has not been run%s%s in run '%s'",
		               in->gate, in->task == NULL ? "" : " for task ",
		               in->task == NULL ? "" : in->task, in->run);
	answer = json_object(&b);
	json_put_text(&b, answer, "runId", in->run);
	json_put_text(&b, answer, "taskId", last->task);
	json_put_text(&b, answer, "gate", last->name);
	json_put_flag(&b, answer, "passed", last->passed != 0);
	json_put_text(&b, answer, "log", last->output);
	return json_built(&b, answer, result, &call->err);
}

static enum status log_of(struct call *call, const struct runs_in *in, cJSON **result)
{
	struct json_build b = { false };
	const struct run_log_want want = {
		.run = in->run,
		.task = in->task,
		.attempt = in->attempt == NULL ? 0 : (int64_t)in->attempt->valuedouble,
		.max = call->answer_max > (size_t)4 << 20 ? (size_t)8 << 20 : LOG_BYTES
	};
	struct run_log log;
	cJSON *answer;
	enum status st;

	if (in->gate != NULL)
		return log_of_gate(call, in, result);
	st = need_task(call, in);
	if (st != OK || (st = run_log(call->project, &want, call->arena, &log, &call->err)) != OK)
		return st;
	answer = json_object(&b);
	json_put_text(&b, answer, "runId", in->run);
	json_put_text(&b, answer, "taskId", in->task);
	json_put_text(&b, answer, "log", log.text);
	json_put_flag(&b, answer, "beginningLeftOut", log.cut);
	if (log.cut && in->attempt == NULL)
		link_put(&b, answer, log_address(call, in), "more of the log", "text/plain");
	return json_built(&b, answer, result, &call->err);
}

static const struct {
	const char *word;
	enum run_verb verb;
} verbs[] = {
	{ "cancel", RUN_DO_CANCEL }, { "pause", RUN_DO_PAUSE },     { "resume", RUN_DO_RESUME },
	{ "retry", RUN_DO_RETRY },   { "approve", RUN_DO_APPROVE }, { "skip", RUN_DO_SKIP },
};

/* A run that its budget ended goes on with another. */
static enum status set_budget(struct call *call, const struct runs_in *in)
{
	struct config_budget budget;
	enum status st;

	if (in->budget == NULL)
		return OK;
	if (strcmp(in->action, "resume") != 0)
		return err_set(&call->err, E_INPUT, "'budget' goes with 'resume', not with '%s'",
		               in->action);
	if ((st = budget_read(in->budget, &budget, &call->err)) != OK)
		return st;
	return run_set_budget(call->project, in->run, &budget, &call->stop, &call->err);
}

/* Ask once, then, if wanted, wait for the end. */
static enum status control(struct call *call, const struct runs_in *in, cJSON **result)
{
	size_t i = 0;
	enum status st = need_run(call, in);

	if (st != OK)
		return st;
	while (strcmp(verbs[i].word, in->action) != 0)
		i++;
	if ((st = go_on(call, in)) == OK && call->memo == NULL) {
		if ((st = set_budget(call, in)) == OK)
			st = run_control(call->project, in->run, in->task, verbs[i].verb,
			                 &call->stop, &call->err);
		if (st == OK && (call->memo = run_wait_new(call, in->run, in->wait_s)) == NULL)
			st = err_nomem(&call->err, "an answer");
	}
	return st != OK ? st : run_wait_look(call, call->memo, result);
}

static enum status throw_away(struct call *call, const struct run_discard_want *want,
                              const char **words)
{
	return want->name != NULL
	           ? run_discard_named(call->project, want, call->arena, words, &call->err)
	           : run_discard(call->project, want, call->arena, words, &call->err);
}

/* Throw away after a yes: the argument `confirm`, or the person's. */
static enum status discard(struct call *call, const struct runs_in *in, cJSON **result)
{
	struct run_discard_want want = { in->run, in->task, in->confirm, in->name };
	struct json_build b = { false };
	const char *words = "";
	cJSON *answer;
	enum status st = in->name != NULL ? OK : need_task(call, in);

	if (st == OK && !in->confirm) {
		st = throw_away(call, &want, &words);
		if (st == OK && (call->can_ask & CALL_ASK_FORM) != 0) {
			words =
			    in->name != NULL
				? text_printf(call->arena, "%s. Throw it away?", words)
				: text_printf(call->arena, "Task %s of run %s: %s. Throw it away?",
			                      in->task, in->run, words);
			st = words == NULL ? err_nomem(&call->err, "a question")
			                   : ask_yes(call, words);
			want.confirm = st == OK;
		}
	}
	if (st == OK && want.confirm)
		st = throw_away(call, &want, &words);
	if (st != OK)
		return st;
	answer = json_object(&b);
	json_put_text(&b, answer, "runId", in->run);
	json_put_text(&b, answer, "taskId", in->task);
	json_put_text(&b, answer, "name", in->name);
	json_put_flag(&b, answer, "discarded", want.confirm);
	json_put_text(&b, answer, "message",
	              want.confirm
	                  ? words
	                  : text_printf(call->arena, "%s; say so with \"confirm\": true", words));
	return json_built(&b, answer, result, &call->err);
}

static enum status rollback(struct call *call, const struct runs_in *in, cJSON **result)
{
	struct run_rollback_want want = { in->run, 0 };
	struct json_build b = { false };
	const char *words = "";
	cJSON *answer;
	enum status st = need_run(call, in);

	if (st == OK && in->batch == NULL)
		st = err_set(&call->err, E_INPUT,
		             "'rollback' needs 'batch'; action 'show' lists the checkpoints");
	if (st != OK)
		return st;
	want.batch = (int64_t)in->batch->valuedouble;
	if ((st = run_rollback(call->project, &want, call->arena, &words, &call->err)) != OK)
		return st;
	answer = json_object(&b);
	json_put_text(&b, answer, "runId", in->run);
	json_put_int(&b, answer, "batch", want.batch);
	json_put_text(&b, answer, "message", words);
	return json_built(&b, answer, result, &call->err);
}

static const struct {
	const char *word;
	enum status (*run)(struct call *call, const struct runs_in *in, cJSON **result);
} actions[] = {
	{ "list", list },      { "show", show },       { "wait", wait },
	{ "log", log_of },     { "cancel", control },  { "pause", control },
	{ "resume", control }, { "retry", control },   { "approve", control },
	{ "skip", control },   { "discard", discard }, { "rollback", rollback },
};

static enum status runs_run(struct call *call, const void *in, cJSON **result)
{
	const struct runs_in *want = in;

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i].word, want->action) == 0)
			return actions[i].run(call, want, result);
	return err_set(&call->err, E_BUG, "action '%s' has no function", want->action);
}

const struct tool tool_runs = {
	.name = "runs",
	.title = "Runs",
	.about = "Look at runs, wait for their end, read a task's log, steer them; discard throws "
		 "away what a task left.",
	.args = runs_args,
	.in_size = sizeof(struct runs_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES | TOOL_SPAWNS | TOOL_DESTROYS,
	.run = runs_run,
};
