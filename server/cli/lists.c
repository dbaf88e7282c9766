/* lists.c - agents, recipes: answers shown as they are built, key by key. */
#include <string.h>

#include "cli/command.h"

#define DEPTH_MAX   12
#define COLUMNS_MAX 6 /* of a table; --json has all */

static bool is_flat(const cJSON *value)
{
	return !cJSON_IsObject(value) && !cJSON_IsArray(value);
}

static void show_flat(struct cli *c, const cJSON *value)
{
	if (cJSON_IsString(value))
		screen_text(&c->screen, value->valuestring);
	else if (cJSON_IsNumber(value))
		text_add(&c->screen.text, show_number(c, value->valuedouble));
	else
		text_add(&c->screen.text, cJSON_IsTrue(value)    ? "yes"
		                          : cJSON_IsFalse(value) ? "no"
		                                                 : "-");
}

static void indent(struct cli *c, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		text_add(&c->screen.text, "  ");
}

static void show_tree(struct cli *c, const cJSON *value, size_t depth);

/* NOLINTNEXTLINE(misc-no-recursion): with show_tree, no deeper than DEPTH_MAX */
static void show_entry(struct cli *c, const cJSON *entry, size_t depth)
{
	indent(c, depth);
	if (entry->string != NULL) {
		screen_styled(&c->screen, STYLE_BOLD, entry->string, SIZE_MAX);
		text_add(&c->screen.text, is_flat(entry) ? ": " : ":\n");
	} else {
		text_add(&c->screen.text, is_flat(entry) ? "- " : "-\n");
	}
	if (is_flat(entry)) {
		show_flat(c, entry);
		text_add_char(&c->screen.text, '\n');
	} else {
		show_tree(c, entry, depth + 1);
	}
}

/* Members and items a line each; what is empty is left out. Deeper than a person reads: cut. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX */
static void show_tree(struct cli *c, const cJSON *value, size_t depth)
{
	const cJSON *entry;

	if (depth > DEPTH_MAX)
		return;
	cJSON_ArrayForEach(entry, value) {
		if (is_flat(entry) || entry->child != NULL)
			show_entry(c, entry, depth);
	}
}

/* A table's cell; an array of texts is its words in a row. */
static const char *cell_of(struct cli *c, const cJSON *value)
{
	struct text words;
	const cJSON *item;
	const char *copy;

	if (cJSON_IsString(value))
		return value->valuestring;
	if (cJSON_IsNumber(value))
		return show_number(c, value->valuedouble);
	text_init(&words, TEXT_LIMIT);
	cJSON_ArrayForEach(item, value) {
		if (cJSON_IsString(item))
			text_addf(&words, "%s%s", words.len == 0 ? "" : ", ", item->valuestring);
	}
	copy = text_copy(&words, c->arena);
	text_done(&words);
	return copy == NULL ? "" : copy;
}

/* The row's values of the members that the first row has. */
static void put_row(struct cli *c, struct table *t, const cJSON *first, const cJSON *row)
{
	const cJSON *column;
	size_t n = 0;

	cJSON_ArrayForEach(column, first) {
		if (n++ < COLUMNS_MAX)
			table_cell(t, n == 1 ? STYLE_BOLD : STYLE_NONE,
			           cell_of(c, json_get(row, column->string)));
	}
}

/* Things of a kind a row each, with the members that the first of them has. */
static void show_rows(struct cli *c, const cJSON *list)
{
	struct text heads;
	const cJSON *row, *column;
	struct table *t;
	size_t n = 0;

	text_init(&heads, TEXT_LIMIT);
	cJSON_ArrayForEach(column, list->child) {
		if (n++ < COLUMNS_MAX)
			text_addf(&heads, "%s%s", n == 1 ? "" : "|", column->string);
	}
	t = table_new(c, text_string(&heads));
	text_done(&heads);
	cJSON_ArrayForEach(row, list)
		put_row(c, t, list->child, row);
	table_show(t);
}

static void show_answer(struct cli *c, const cJSON *result)
{
	const cJSON *list = result->child;
	bool only = list != NULL && list->next == NULL && cJSON_IsArray(list);

	if (only && list->child == NULL)
		text_addf(&c->screen.text, "there are no %s here\n", list->string);
	else if (only && cJSON_IsObject(list->child))
		show_rows(c, list);
	else
		show_tree(c, result, 0);
}

/* `[ACTION [NAME]]`; the tool knows which actions there are. */
static int action(struct cli *c)
{
	cli_put_text(c, "action", c->n_words == 0 ? "list" : c->words[0]);
	if (c->n_words > 1)
		cli_put_text(c, "name", c->words[1]);
	return cli_simple(c, show_answer);
}

int command_agents(struct cli *c)
{
	return action(c);
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
	text_addf(&s->text, "%lld of %lld requirements met, by %lld results of tests\n",
	          (long long)json_int(result, "met", 0), (long long)json_int(result, "of", 0),
	          (long long)json_int(result, "testResults", 0));
}

static void show_recipes(struct cli *c, const cJSON *result)
{
	const char *table = json_text(result, "table");
	const cJSON *sound = json_get(result, "sound");

	if (table != NULL) {
		screen_text(&c->screen, table);
		if (json_text(result, "next") != NULL)
			text_addf(&c->screen.text, "\n%s\n", json_text(result, "next"));
		return;
	}
	if (json_get(result, "met") != NULL) {
		show_verdicts(c, result);
		return;
	}
	if (sound == NULL) {
		show_answer(c, result);
		return;
	}
	show_mistakes(c, json_get(result, "findings"));
	text_addf(&c->screen.text, "%lld recipe%s with %lld requirements: %s\n",
	          (long long)json_int(result, "checked", 0),
	          json_int(result, "checked", 0) == 1 ? "" : "s",
	          (long long)json_int(result, "requirements", 0),
	          cJSON_IsTrue(sound) ? "sound" : "not sound");
}

int command_recipes(struct cli *c)
{
	cli_put_text(c, "action", c->n_words == 0 ? "list" : c->words[0]);
	if (c->n_words > 1)
		cli_put_text(c, "name", c->words[1]);
	return cli_simple(c, show_recipes);
}
