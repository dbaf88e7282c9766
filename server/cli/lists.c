/* lists.c - agents: answers shown as they are built, key by key. */
#include <string.h>

#include "cli/command.h"

#define DEPTH_MAX   12
#define COLUMNS_MAX 6    /* of a table; --json has all */
#define ALL_AGENTS  1000 /* what the tool gives at most, and there can be */

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

void show_members(struct cli *c, const cJSON *result)
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
	return cli_simple(c, show_members);
}

/* The last lines that an agent said, as they are; where the others are goes to stderr. */
static void show_said(struct cli *c, const cJSON *result)
{
	const cJSON *agent = json_get(result, "agent");
	const char *said = json_text(agent, "said"), *log = json_text(agent, "log");

	if (said == NULL) {
		text_addf(&c->screen.text, "it has said nothing yet\n");
		return;
	}
	text_addf(&c->screen.text, "%s", said);
	text_addf(&c->errors.text, "all of it: %s\n", log);
	screen_flush(&c->errors);
}

/* What starts an agent, for the list. */
static const char *started_by(struct cli *c, const cJSON *agent)
{
	if (json_get(agent, "subscribes") != NULL)
		return cell_of(c, json_get(agent, "subscribes"));
	return json_flag(agent, "alone") ? "runs by itself" : "";
}

/* A command as one would type it. */
static const char *words_of(struct cli *c, const cJSON *argv)
{
	struct text words;
	const cJSON *word;
	const char *copy;

	text_init(&words, TEXT_LIMIT);
	cJSON_ArrayForEach(word, argv)
		text_addf(&words, "%s%s", words.len == 0 ? "" : " ", word->valuestring);
	copy = text_copy(&words, c->arena);
	text_done(&words);
	return copy == NULL ? "" : copy;
}

/* Those of the configuration. */
static void show_configured(struct cli *c, const cJSON *list)
{
	struct table *t = table_new(c, "name|command|taken where a plan names none");
	const cJSON *one;

	cJSON_ArrayForEach(one, list) {
		const char *preset = json_text(one, "preset");

		table_cell(t, STYLE_BOLD, json_text(one, "name"));
		table_cell(t, STYLE_NONE,
		           preset != NULL ? preset : words_of(c, json_get(one, "command")));
		table_cell(t, STYLE_NONE, json_flag(one, "default") ? "yes" : "");
	}
	table_show(t);
}

/* All agents, and how those fare that were started. */
static void show_agents(struct cli *c, const cJSON *result)
{
	const cJSON *list = json_get(result, "agents"), *one;
	const cJSON *configured = json_get(result, "configured");
	struct table *t;

	if (configured != NULL)
		show_configured(c, configured);
	if (list == NULL || list->child == NULL) {
		if (configured == NULL)
			show_members(c, result);
		return;
	}
	if (configured != NULL)
		text_add(&c->screen.text, "\n");
	t = table_new(c, "name|state|started by|source|description");
	cJSON_ArrayForEach(one, list) {
		const char *state = json_text(one, "state");

		table_cell(t, STYLE_BOLD, json_text(one, "name"));
		table_cell(t, STYLE_NONE, state == NULL ? "" : state);
		table_cell(t, STYLE_NONE, started_by(c, one));
		table_cell(t, STYLE_NONE, json_text(one, "source"));
		table_cell(t, STYLE_NONE, json_text(one, "description"));
	}
	table_show(t);
}

int command_agents(struct cli *c)
{
	if (c->n_words == 3 && strcmp(c->words[0], "answer") == 0) {
		cli_put_text(c, "action", "answer");
		cli_put_text(c, "question", c->words[1]);
		cli_put_text(c, "text", c->words[2]);
		return cli_simple(c, show_members);
	}
	if (c->n_words > 0 && strcmp(c->words[0], "log") == 0) {
		if (c->n_words != 2)
			return cli_usage(c, "'agents log' needs the NAME of an agent");
		cli_put_text(c, "action", "show");
		cli_put_text(c, "name", c->words[1]);
		return cli_simple(c, show_said);
	}
	if (c->n_words == 0 || (c->n_words == 1 && strcmp(c->words[0], "list") == 0)) {
		cli_put_text(c, "action", "list");
		cli_put_number(c, "limit", ALL_AGENTS);
		return cli_simple(c, show_agents);
	}
	return action(c);
}
