/* recipes.c - recipes for people: mistakes, graphs, what is built and what holds. */
#include <string.h>

#include "cli/command.h"

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = json_text(object, key);

	return text == NULL ? "" : text;
}

/* FILE:LINE:COLUMN: SEVERITY: MESSAGE, as compilers write it and editors understand it. */
static void show_mistakes(struct cli *c, const cJSON *list)
{
	struct screen *s = &c->screen;
	const cJSON *finding;

	cJSON_ArrayForEach(finding, list) {
		const char *severity = json_text(finding, "severity");
		const char *message = json_text(finding, "message");
		int64_t line = json_int(finding, "line", 0);
		bool high = severity != NULL && strcmp(severity, "error") == 0;

		screen_text(s,
		            json_text(finding, "file") == NULL ? "" : json_text(finding, "file"));
		if (line > 0)
			text_addf(&s->text, ":%lld:%lld", (long long)line,
			          (long long)json_int(finding, "column", 1));
		text_add(&s->text, ": ");
		screen_styled(s, high ? STYLE_RED : STYLE_YELLOW, severity == NULL ? "" : severity,
		              SIZE_MAX);
		text_add(&s->text, ": ");
		screen_text(s, message == NULL ? "" : message);
		text_add_char(&s->text, '\n');
	}
}

/* Gates that did not succeed. */
static void show_gates(struct cli *c, const cJSON *gates)
{
	const cJSON *gate;

	cJSON_ArrayForEach(gate, gates) {
		if (strcmp(text_of(gate, "outcome"), "clean") == 0)
			continue;
		screen_styled(&c->screen, STYLE_RED, "gate ", SIZE_MAX);
		screen_text(&c->screen, text_of(gate, "name"));
		text_addf(&c->screen.text, ": %s\n", text_of(gate, "outcome"));
	}
}

/* requirement, level, test, result: as a Markdown table. */
static void show_matrix(struct cli *c, const cJSON *result)
{
	struct screen *s = &c->screen;
	const cJSON *requirement, *test;

	text_add(&s->text, "| recipe | requirement | level | met | test: result |\n"
	                   "|---|---|---|---|---|\n");
	cJSON_ArrayForEach(requirement, json_get(result, "requirements")) {
		text_addf(&s->text, "| %s | %s %s | %s | %s | ", text_of(requirement, "recipe"),
		          text_of(requirement, "id"), text_of(requirement, "title"),
		          text_of(requirement, "level"),
		          json_flag(requirement, "met") ? "yes" : "NO");
		cJSON_ArrayForEach(test, json_get(requirement, "tests")) {
			text_add(&s->text, test->prev->next == NULL ? "" : "<br>");
			screen_text(s, test->valuestring);
		}
		text_add(&s->text, " |\n");
	}
	text_add_char(&s->text, '\n');
}

/* Each requirement that does not hold, and why; then how many do. */
static void show_verdicts(struct cli *c, const cJSON *result)
{
	struct screen *s = &c->screen;
	const cJSON *requirement, *test;

	cJSON_ArrayForEach(requirement, json_get(result, "requirements")) {
		if (json_flag(requirement, "met"))
			continue;
		screen_styled(s, STYLE_YELLOW, "not met ", SIZE_MAX);
		screen_styled(s, STYLE_BOLD, json_text(requirement, "id"), SIZE_MAX);
		text_addf(&s->text, " (%s)", json_text(requirement, "level"));
		if (cJSON_GetArraySize(json_get(requirement, "tests")) == 0)
			text_add(&s->text, ": names no test");
		text_add_char(&s->text, '\n');
		cJSON_ArrayForEach(test, json_get(requirement, "tests")) {
			text_add(&s->text, "    ");
			screen_text(s, test->valuestring);
			text_add_char(&s->text, '\n');
		}
	}
	cJSON_ArrayForEach(test, json_get(result, "stubs")) {
		screen_text(s, json_text(test, "file"));
		text_addf(&s->text, ":%lld:%lld: ", (long long)json_int(test, "line", 0),
		          (long long)json_int(test, "column", 0));
		screen_styled(s, STYLE_YELLOW, json_text(test, "kind"), SIZE_MAX);
		text_add(&s->text, ": ");
		screen_text(s, json_text(test, "text"));
		text_add_char(&s->text, '\n');
	}
	if (json_int(result, "stubsFound", 0) > 0)
		text_addf(&s->text, "%lld places are not written yet\n",
		          (long long)json_int(result, "stubsFound", 0));
	show_gates(c, json_get(result, "gates"));
	text_addf(&s->text, "%lld of %lld requirements met, by %lld results of tests\n",
	          (long long)json_int(result, "met", 0), (long long)json_int(result, "of", 0),
	          (long long)json_int(result, "testResults", 0));
}

static void show_names(struct cli *c, const char *before, const cJSON *list, const char *key)
{
	struct screen *s = &c->screen;
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		text_add(&s->text, item == list->child ? before : ", ");
		screen_text(s, key == NULL ? item->valuestring : text_of(item, key));
	}
	if (list != NULL && list->child != NULL)
		text_add_char(&s->text, '\n');
}

/* What is built and why, what is not, and what a person should know of it. */
static void show_choice(struct cli *c, const cJSON *result)
{
	struct screen *s = &c->screen;
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(result, "build")) {
		text_add(&s->text, "build ");
		screen_styled(s, STYLE_BOLD, text_of(item, "recipe"), SIZE_MAX);
		text_addf(&s->text, " (%s)\n", text_of(item, "state"));
	}
	show_names(c, "up to date: ", json_get(result, "upToDate"), NULL);
	cJSON_ArrayForEach(item, json_get(result, "unmerged")) {
		screen_styled(s, STYLE_YELLOW, "not merged: ", SIZE_MAX);
		text_addf(&s->text, "%s is built on branch %s\n", text_of(item, "recipe"),
		          text_of(item, "branch"));
	}
	cJSON_ArrayForEach(item, json_get(result, "changedByHand")) {
		screen_styled(s, STYLE_YELLOW, "changed by hand: ", SIZE_MAX);
		screen_text(s, text_of(item, "path"));
		text_addf(&s->text, " (of %s); whoever builds is told to keep it\n",
		          text_of(item, "recipe"));
	}
}

static void show_gates_not_run(struct cli *c, const cJSON *result)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(result, "gatesNotRun")) {
		screen_styled(&c->screen, STYLE_YELLOW, "gate not run: ", SIZE_MAX);
		screen_text(&c->screen, text_of(item, "gate"));
		text_addf(&c->screen.text, " (%s)\n", text_of(item, "recipe"));
	}
	if (json_text(result, "gatesNote") != NULL) {
		screen_text(&c->screen, text_of(result, "gatesNote"));
		text_add_char(&c->screen.text, '\n');
	}
}

static void show_rollback(struct cli *c, const cJSON *result)
{
	bool dry = json_flag(result, "dryRun");

	show_names(c, dry ? "would be restored: " : "restored: ", json_get(result, "restored"),
	           NULL);
	show_names(c, dry ? "would be removed: " : "removed: ", json_get(result, "removed"), NULL);
	show_names(c, "changed by hand: ", json_get(result, "changedByHand"), NULL);
	text_addf(&c->screen.text, "build %lld of %s %s taken back\n",
	          (long long)json_int(result, "build", 0), text_of(result, "recipe"),
	          dry ? "would be" : "is");
	if (json_text(result, "note") != NULL)
		text_addf(&c->screen.text, "%s\n", text_of(result, "note"));
}

static void show_checked(struct cli *c, const cJSON *result)
{
	show_mistakes(c, json_get(result, "findings"));
	text_addf(&c->screen.text, "%lld recipe%s with %lld requirements: %s\n",
	          (long long)json_int(result, "checked", 0),
	          json_int(result, "checked", 0) == 1 ? "" : "s",
	          (long long)json_int(result, "requirements", 0),
	          json_flag(result, "sound") ? "sound" : "not sound");
}

static void show_recipes(struct cli *c, const cJSON *result)
{
	const char *table = json_text(result, "table"), *next = json_text(result, "next");

	if (json_get(result, "build") != NULL && cJSON_IsArray(json_get(result, "build")))
		show_choice(c, result);
	show_gates_not_run(c, result);
	if (json_get(result, "met") != NULL && cli_has(c, "matrix"))
		show_matrix(c, result);
	if (json_get(result, "met") != NULL)
		show_verdicts(c, result);
	else if (json_get(result, "restored") != NULL)
		show_rollback(c, result);
	else if (json_get(result, "checked") != NULL)
		show_checked(c, result);
	else if (table != NULL)
		screen_text(&c->screen, table);
	else if (next == NULL)
		show_members(c, result);
	show_names(c, "written: ", json_get(result, "written"), NULL);
	if (next != NULL)
		text_addf(&c->screen.text, "%s%s\n", table == NULL ? "" : "\n", next);
}

/* implement: say what is built, then follow the run to its end. */
static int follow(struct cli *c)
{
	cJSON *result = NULL;
	const char *run;
	int rc = CLI_DONE;

	if (cli_call(c, c->command->tool, &result) != OK)
		return cli_failed(c);
	run = text_dup(c->arena, json_text(result, "runId"));
	if (c->options.json) {
		rc = cli_print_json(c, result);
		run = NULL;
	} else if (run == NULL || cli_has(c, "detach")) {
		show_recipes(c, result);
		run = NULL;
	} else {
		show_choice(c, result);
		show_gates_not_run(c, result);
		text_addf(&c->screen.text, "run %s\n", run);
	}
	screen_flush(&c->screen);
	cJSON_Delete(result);
	return run == NULL ? rc : watch_run(c, run);
}

int command_recipes(struct cli *c)
{
	const char *action = c->n_words == 0 ? "list" : c->words[0];

	cli_put_text(c, "action", action);
	if (c->n_words > 1)
		cli_put_text(c, "name", c->words[1]);
	if (strcmp(action, "implement") == 0)
		return follow(c);
	if (strcmp(action, "verify") == 0)
		cli_catch_signals(c); /* whenever it comes, Ctrl-C also ends what was started */
	return cli_simple(c, show_recipes);
}
