/* run.c - orchestrate, runs, and the verbs that steer them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/judge.h"
#include "cli/yes.h"

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = json_text(object, key);

	return text == NULL ? "" : text;
}

/* Is it the id of a saved plan rather than a file's name? */
static bool is_plan_id(const char *word)
{
	return word[0] == 'p' && strlen(word) == 17 &&
	       strspn(word, "0123456789abcdefghjkmnpqrstvwxyz") == 17;
}

static void show_notes(struct cli *c, const cJSON *result)
{
	const cJSON *note;

	cJSON_ArrayForEach(note, json_get(result, "findings")) {
		screen_styled(&c->screen, STYLE_YELLOW, "note: ", SIZE_MAX);
		screen_text(&c->screen, text_of(note, "message"));
		text_add_char(&c->screen.text, '\n');
	}
}

static void show_start(struct cli *c, const cJSON *result)
{
	show_notes(c, result);
	text_addf(&c->screen.text, "run %s", text_of(result, "runId"));
	if (json_text(result, "branch") != NULL) {
		text_add(&c->screen.text, " on branch ");
		screen_text(&c->screen, text_of(result, "branch"));
	}
	text_add_char(&c->screen.text, '\n');
	screen_flush(&c->screen);
}

/* With --json: wait in silence, then print the run as the tool answers it. */
static int wait_quietly(struct cli *c, const char *run)
{
	cJSON *result = NULL;
	int rc = CLI_DONE;
	const char *state = NULL;

	do {
		cJSON *args = cJSON_CreateObject();

		cJSON_Delete(result);
		result = NULL;
		if (args == NULL || cJSON_AddStringToObject(args, "action", "wait") == NULL ||
		    cJSON_AddStringToObject(args, "runId", run) == NULL ||
		    cJSON_AddNumberToObject(args, "waitSeconds", 3600) == NULL) {
			cJSON_Delete(args);
			(void)err_nomem(&c->err, "waiting for the run");
			return cli_failed(c);
		}
		if (cli_call_with(c, "runs", args, &result) != OK)
			return cli_failed(c);
		state = json_text(result, "state");
	} while (state != NULL && !judge_ended(state) && strcmp(state, "paused") != 0);
	rc = cli_print_json(c, result);
	if (rc == CLI_DONE)
		rc = judge("orchestrate", result);
	cJSON_Delete(result);
	return rc;
}

/* Show a run that was just started or resumed, until its end unless --detach. */
static int follow(struct cli *c, const cJSON *result)
{
	const char *run = text_dup(c->arena, text_of(result, "runId"));

	if (run == NULL || run[0] == '\0')
		return cli_print_json(c, result);
	if (cli_has(c, "detach") && c->options.json)
		return cli_print_json(c, result);
	if (cli_has(c, "detach")) {
		text_addf(&c->screen.text, "%s\n", run);
		screen_flush(&c->screen);
		return CLI_DONE;
	}
	if (c->options.json)
		return wait_quietly(c, run);
	show_start(c, result);
	return watch_run(c, run);
}

/* A document that is no file of the project is saved as a plan first, and that one is run. */
static enum status save_plan(struct cli *c)
{
	cJSON *args = cJSON_CreateObject(), *result = NULL;
	cJSON *document = cJSON_DetachItemFromObjectCaseSensitive(c->args, "document");
	enum status st;

	if (args == NULL || !cJSON_AddItemToObject(args, "document", document)) {
		cJSON_Delete(args);
		cJSON_Delete(document);
		return err_nomem(&c->err, "the plan");
	}
	if ((st = cli_call_with(c, "decompose", args, &result)) == OK)
		cli_put_text(c, "planId", json_text(result, "planId"));
	cJSON_Delete(result);
	return st;
}

/* `usd=20`, `tokens=5e6,minutes=60` as members of the argument `budget`. */
static enum status put_limits(struct cli *c, cJSON *budget, const char *words)
{
	do {
		size_t n = strcspn(words, "="), len;
		char *end = NULL;
		double value = words[n] == '=' ? strtod(words + n + 1, &end) : 0;
		const char *key = n == 0 ? NULL : arena_copy(c->arena, words, n);

		if (key == NULL || end == NULL || end == words + n + 1 ||
		    (*end != '\0' && *end != ',') || !isfinite(value))
			return err_set(&c->err, E_INPUT,
			               "'--budget' is minutes=N, usd=N or tokens=N, not '%.60s'",
			               words);
		cJSON_DeleteItemFromObjectCaseSensitive(budget, key);
		if (cJSON_AddNumberToObject(budget, key, value) == NULL)
			return err_nomem(&c->err, "the budget");
		len = (size_t)(end - words);
		words += len + (words[len] == ',');
	} while (words[0] != '\0');
	return OK;
}

static enum status put_budget(struct cli *c)
{
	const cJSON *item, *list = json_get(c->given, "budget");
	cJSON *budget;
	enum status st = OK;

	if (list == NULL)
		return OK;
	if ((budget = cJSON_AddObjectToObject(c->args, "budget")) == NULL)
		return err_nomem(&c->err, "the budget");
	cJSON_ArrayForEach(item, list) {
		if (st == OK)
			st = put_limits(c, budget, item->valuestring);
	}
	return st;
}

int command_orchestrate(struct cli *c)
{
	bool dry = json_flag(c->args, "dryRun");
	cJSON *result = NULL;
	enum status st = put_budget(c);
	int rc;

	if (st != OK)
		return cli_usage(c, "%s", c->err.text);
	if (cli_has(c, "no-merge"))
		cli_put_text(c, "merge", "none");
	if (is_plan_id(c->words[0]))
		cli_put_text(c, "planId", c->words[0]);
	else
		st = plan_argument(c, c->words[0]);
	if (st == OK && json_get(c->args, "document") != NULL)
		st = save_plan(c);
	if (st != OK || cli_call(c, "orchestrate", &result) != OK)
		return cli_failed(c);
	if (dry && !c->options.json) {
		show_notes(c, result);
		text_addf(&c->screen.text, "%lld tasks would run, %lld at once",
		          (long long)json_int(result, "tasks", 0),
		          (long long)json_int(result, "jobs", 0));
		text_add(&c->screen.text, "; nothing was started\n");
		screen_flush(&c->screen);
		rc = CLI_DONE;
	} else {
		rc = dry ? cli_print_json(c, result) : follow(c, result);
	}
	cJSON_Delete(result);
	return rc;
}

/* Worktrees that lie about. */
static void show_left(struct cli *c, const cJSON *list)
{
	const cJSON *left;
	struct table *t;

	if (cJSON_GetArraySize(list) == 0)
		return;
	t = table_new(c, "worktree left|holds|run|task");
	cJSON_ArrayForEach(left, list) {
		const char *class = text_of(left, "class");

		table_cell(t, STYLE_NONE, text_of(left, "name"));
		table_cell(t, strcmp(class, "clean") == 0 ? STYLE_NONE : STYLE_YELLOW, class);
		table_cell(t, STYLE_DIM, text_of(left, "runId"));
		table_cell(t, STYLE_DIM, text_of(left, "taskId"));
	}
	text_add_char(&c->screen.text, '\n');
	table_show(t);
	text_add(&c->screen.text, "throw one away: gadugi discard WORKTREE\n");
}

static void show_list(struct cli *c, const cJSON *result)
{
	const cJSON *runs = json_get(result, "runs"), *run;
	struct table *t;

	if (cJSON_GetArraySize(runs) == 0) {
		text_add(&c->screen.text, "no runs yet; 'gadugi orchestrate FILE' starts one\n");
		return;
	}
	t = table_new(c, "run|state|tasks|began|title");
	cJSON_ArrayForEach(run, runs) {
		const char *state = text_of(run, "state");
		const cJSON *counts = json_get(run, "counts"), *count;
		int64_t all = 0;

		cJSON_ArrayForEach(count, counts)
			all += (int64_t)count->valuedouble;
		table_cell(t, STYLE_NONE, text_of(run, "runId"));
		table_cell(t, show_state_style(state), state);
		table_cell(t, STYLE_NONE,
		           text_printf(c->arena, "%lld/%lld",
		                       (long long)json_int(counts, "succeeded", 0),
		                       (long long)all));
		table_cell(t, STYLE_DIM, text_of(run, "madeAt"));
		table_cell(t, STYLE_NONE, text_of(run, "title"));
	}
	table_show(t);
	show_left(c, json_get(result, "worktrees"));
	if (json_text(result, "nextCursor") != NULL)
		text_addf(&c->screen.text, "more: gadugi runs --cursor %s\n",
		          text_of(result, "nextCursor"));
}

static const char *took(struct cli *c, const cJSON *task)
{
	int64_t from, to;

	if (clock_parse(text_of(task, "startedAt"), &from) != 0 ||
	    clock_parse(text_of(task, "endedAt"), &to) != 0)
		return "";
	return show_ms(c, (double)(to - from));
}

static void show_run(struct cli *c, const cJSON *run)
{
	struct table *t = table_new(c, "task|state|took|attempts|title");
	const cJSON *task;

	cJSON_ArrayForEach(task, json_get(run, "tasks")) {
		const char *state = text_of(task, "state");

		table_cell(t, STYLE_NONE, text_of(task, "id"));
		table_cell(t, show_state_style(state), state);
		table_cell(t, STYLE_NONE, took(c, task));
		table_cell(
		    t, STYLE_NONE,
		    text_printf(c->arena, "%d", cJSON_GetArraySize(json_get(task, "attempts"))));
		table_cell(t, STYLE_NONE, text_of(task, "title"));
	}
	table_show(t);
	text_add_char(&c->screen.text, '\n');
	show_outcome(c, run);
}

/* Every member of a task, a line each; attempts as they are. */
static void show_task(struct cli *c, const cJSON *answer)
{
	const cJSON *task = json_get(answer, "task"), *member;
	char *printed;

	if (!cJSON_IsObject(task))
		task = answer;
	cJSON_ArrayForEach(member, task) {
		screen_cell(&c->screen, STYLE_BOLD, member->string, 16);
		if (cJSON_IsString(member)) {
			screen_text(&c->screen, member->valuestring);
		} else if ((printed = json_print(member)) != NULL) {
			screen_text(&c->screen, printed);
			cJSON_free(printed);
		}
		text_add_char(&c->screen.text, '\n');
	}
}

static void show_log(struct cli *c, const cJSON *result)
{
	const char *log = text_of(result, "log");

	screen_text(&c->screen, log);
	if (log[0] != '\0' && log[strlen(log) - 1] != '\n')
		text_add_char(&c->screen.text, '\n');
}

/* Are there as many words as the options need? */
static bool enough_words(const struct cli *c, bool log)
{
	if (log)
		return c->n_words >= (json_text(c->args, "gate") == NULL ? 2 : 1);
	return !cli_has(c, "watch") || c->n_words == 1;
}

int command_runs(struct cli *c)
{
	bool log = cli_has(c, "log");

	if (!enough_words(c, log))
		return cli_usage(c, log ? "'--log' needs RUN_ID and TASK_ID"
		                        : "'--watch' needs one RUN_ID");
	if (cli_has(c, "watch"))
		return c->options.json ? wait_quietly(c, c->words[0]) : watch_run(c, c->words[0]);
	cli_put_text(c, "action", log ? "log" : c->n_words == 0 ? "list" : "show");
	if (c->n_words > 0)
		cli_put_text(c, "runId", c->words[0]);
	if (c->n_words > 1)
		cli_put_text(c, "taskId", c->words[1]);
	return cli_simple(c, log               ? show_log
	                     : c->n_words == 0 ? show_list
	                     : c->n_words == 1 ? show_run
	                                       : show_task);
}

static void show_done(struct cli *c, const cJSON *result)
{
	text_addf(&c->screen.text, "run %s ", text_of(result, "runId"));
	screen_styled(&c->screen, show_state_style(text_of(result, "state")),
	              text_of(result, "state"), SIZE_MAX);
	if (json_text(result, "next") != NULL) {
		text_add(&c->screen.text, "; ");
		screen_text(&c->screen, text_of(result, "next"));
	}
	text_add_char(&c->screen.text, '\n');
}

static void put_control(struct cli *c)
{
	cli_put_text(c, "action", c->command->name);
	cli_put_text(c, "runId", c->words[0]);
	if (c->n_words > 1)
		cli_put_text(c, "taskId", c->words[1]);
}

int command_control(struct cli *c)
{
	put_control(c);
	return cli_simple(c, show_done);
}

int command_resume(struct cli *c)
{
	cJSON *result = NULL;
	int rc;

	if (put_budget(c) != OK)
		return cli_usage(c, "%s", c->err.text);
	put_control(c);
	if (cli_call(c, "runs", &result) != OK)
		return cli_failed(c);
	rc = follow(c, result);
	cJSON_Delete(result);
	return rc;
}

static void show_message(struct cli *c, const cJSON *result)
{
	screen_text(&c->screen, text_of(result, "message"));
	text_add_char(&c->screen.text, '\n');
}

int command_rollback(struct cli *c)
{
	char *end = NULL;
	long batch = strtol(c->words[1], &end, 10);

	if (end == c->words[1] || *end != '\0' || batch < 1)
		return cli_usage(c, "'%s' is no batch; batches are numbered from 1", c->words[1]);
	cli_put_text(c, "action", "rollback");
	cli_put_text(c, "runId", c->words[0]);
	cli_put_number(c, "batch", (double)batch);
	return cli_simple(c, show_message);
}

int command_discard(struct cli *c)
{
	cli_put_text(c, "action", "discard");
	cli_put_text(c, c->n_words == 1 ? "name" : "runId", c->words[0]);
	if (c->n_words > 1)
		cli_put_text(c, "taskId", c->words[1]);
	c->asks = cli_may_ask(c);
	return cli_simple(c, show_message);
}
