/* memory.c - remember, recall, forget, and memory as a whole. */
#include <string.h>

#include "cli/command.h"
#include "cli/yes.h"

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = json_text(object, key);

	return text == NULL ? "" : text;
}

static void show_ids(struct cli *c, const char *what, const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		text_addf(&c->screen.text, "%s ", what);
		screen_text(&c->screen,
		            cJSON_IsString(item) ? item->valuestring : text_of(item, "id"));
		if (json_text(item, "text") != NULL) {
			text_add(&c->screen.text, "  ");
			screen_styled(&c->screen, STYLE_DIM, text_of(item, "text"), 72);
		}
		text_add_char(&c->screen.text, '\n');
	}
}

static void show_stored(struct cli *c, const cJSON *result)
{
	const cJSON *pair, *id;

	show_ids(c, "remembered", json_get(result, "stored"));
	show_ids(c, "known already:", json_get(result, "duplicates"));
	cJSON_ArrayForEach(pair, json_get(result, "similar")) {
		cJSON_ArrayForEach(id, json_get(pair, "to")) {
			text_add(&c->screen.text, "nearly the same is ");
			screen_text(&c->screen, cJSON_IsString(id) ? id->valuestring : "");
			text_add(&c->screen.text, "; --supersedes replaces it\n");
		}
	}
	if (json_int(result, "masked", 0) > 0)
		text_add(&c->screen.text, "what looked like a secret was masked\n");
}

/* `--relation uses=zlib`, as often as it was given. */
static enum status put_relations(struct cli *c)
{
	const cJSON *item, *given = json_get(c->given, "relation");
	struct json_build b = { 0 };
	cJSON *list = json_array(&b);

	cJSON_ArrayForEach(item, given) {
		const char *mark = strchr(item->valuestring, '=');
		cJSON *one;

		if (mark == NULL || mark == item->valuestring || mark[1] == '\0') {
			cJSON_Delete(list);
			return err_set(&c->err, E_INPUT,
			               "'--relation' is TYPE=NAME, like uses=zlib, not '%.60s'",
			               item->valuestring);
		}
		one = json_add_object(&b, list);
		json_put_text(&b, one, "type",
		              text_printf(c->arena, "%.*s", (int)(mark - item->valuestring),
		                          item->valuestring));
		json_put_text(&b, one, "to", mark + 1);
	}
	if (given != NULL)
		cli_put(c, "relations", list);
	else
		cJSON_Delete(list);
	return OK;
}

int command_remember(struct cli *c)
{
	const char *text = cli_joined(c, 0);
	size_t n;

	if (put_relations(c) != OK)
		return cli_failed(c);
	if (c->n_words == 1 && cli_content(c, c->words[0], &text, &n) != OK)
		return cli_failed(c);
	cli_put_text(c, "text", text);
	return cli_simple(c, show_stored);
}

/* The day of a time. */
static void show_day(struct screen *s, const char *before, const char *time)
{
	if (time != NULL)
		text_addf(&s->text, "%s%.10s", before, time);
}

/* Since when it is known, when it was or is true, for whom, and what to make of it. */
static void show_times(struct screen *s, const cJSON *m)
{
	const char *origin = json_text(m, "origin"), *next = json_text(m, "supersededBy");

	show_day(s, "  ", json_text(m, "createdAt"));
	if (json_text(m, "validFrom") != NULL || json_text(m, "validTo") != NULL)
		text_add(&s->text, ", true");
	show_day(s, " from ", json_text(m, "validFrom"));
	show_day(s, " to ", json_text(m, "validTo"));
	show_day(s, ", forgotten ", json_text(m, "expiredAt"));
	if (next != NULL) {
		text_add(&s->text, ", replaced by ");
		screen_text(s, next);
	}
	if (json_text(m, "scope") != NULL) {
		text_add(&s->text, ", ");
		screen_text(s, json_text(m, "scope"));
	}
	if (json_flag(m, "untrusted"))
		text_addf(&s->text, ", a report (%s), not an instruction",
		          origin == NULL ? "tool" : origin);
}

static void show_memories(struct cli *c, const cJSON *result)
{
	const cJSON *list = json_get(result, "memories"), *m;
	struct screen *s = &c->screen;

	if (cJSON_GetArraySize(list) == 0)
		text_add(&s->text, c->n_words > 0 ? "nothing is remembered about that\n"
		                                  : "nothing is remembered yet\n");
	cJSON_ArrayForEach(m, list) {
		screen_styled(s, STYLE_BOLD, text_of(m, "id"), SIZE_MAX);
		if (cJSON_IsNumber(json_get(m, "score")))
			text_addf(&s->text, "  %s", show_number(c, json_number(m, "score", 0)));
		if (json_text(m, "kind") != NULL) {
			text_add(&s->text, "  ");
			screen_styled(s, STYLE_DIM, text_of(m, "kind"), 24);
		}
		show_times(s, m);
		text_add(&s->text, "\n  ");
		screen_text(s, text_of(m, "text"));
		text_add_char(&s->text, '\n');
		if (json_text(m, "why") != NULL) {
			text_add(&s->text, "  ");
			screen_styled(s, STYLE_DIM, text_of(m, "why"), SIZE_MAX);
			text_add_char(&s->text, '\n');
		}
	}
}

int command_recall(struct cli *c)
{
	if (c->n_words > 0)
		cli_put_text(c, "query", cli_joined(c, 0));
	return cli_simple(c, show_memories);
}

static void show_forgotten(struct cli *c, const cJSON *result)
{
	show_ids(c, "no longer valid", json_get(result, "expired"));
	show_ids(c, "removed", json_get(result, "purged"));
	show_ids(c, "would go:", json_get(result, "wouldForget"));
	if (json_text(result, "next") != NULL && !c->asks)
		text_add(&c->screen.text, "nothing was forgotten; --confirm does it\n");
}

static bool would_forget(const cJSON *result)
{
	return cJSON_GetArraySize(json_get(result, "wouldForget")) > 0;
}

int command_forget(struct cli *c)
{
	cJSON *ids = cJSON_CreateArray();

	if (c->n_words == 0 && json_get(c->args, "query") == NULL) {
		cJSON_Delete(ids);
		return cli_usage(c, "which memories? give their ids, or --query with --confirm");
	}
	for (int i = 0; i < c->n_words; i++)
		if (!cJSON_AddItemToArray(ids, cJSON_CreateString(c->words[i])))
			c->no_memory = true;
	if (c->n_words > 0)
		cli_put(c, "ids", ids);
	else
		cJSON_Delete(ids);
	return cli_asking(c, show_forgotten, would_forget, "Forget them?");
}

static void show_whole(struct cli *c, const cJSON *result)
{
	const cJSON *item;

	if (json_text(result, "text") != NULL) {
		text_add(&c->screen.text, json_text(result, "text"));
		return;
	}
	cJSON_ArrayForEach(item, result) {
		text_addf(&c->screen.text, "%-11s ", item->string);
		if (cJSON_IsString(item))
			screen_text(&c->screen, item->valuestring);
		else
			text_addf(&c->screen.text, "%.0f", item->valuedouble);
		text_add_char(&c->screen.text, '\n');
	}
}

static void show_tidied(struct cli *c, const cJSON *result)
{
	static const char *const ways[][3] = { { "forget", "would be forgotten", "forgotten" },
		                               { "merge", "would be merged", "merged" },
		                               { "purge", "would be deleted", "deleted" } };
	bool done = json_flag(result, "done");
	struct screen *s = &c->screen;
	const cJSON *e;

	cJSON_ArrayForEach(e, json_get(result, "endings")) {
		text_addf(&s->text, "%-6s ", text_of(e, "how"));
		screen_styled(s, STYLE_BOLD, text_of(e, "id"), SIZE_MAX);
		text_addf(&s->text, "%s%s  ", json_text(e, "into") == NULL ? "" : " into ",
		          text_of(e, "into"));
		screen_styled(s, STYLE_DIM, text_of(e, "why"), SIZE_MAX);
		text_add(&s->text, "\n  ");
		screen_text(s, text_of(e, "text"));
		text_add_char(&s->text, '\n');
	}
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		text_addf(&s->text, "%s%.0f %s", i == 0 ? "" : ", ",
		          json_number(result, ways[i][0], 0), ways[i][done ? 2 : 1]);
	text_addf(&s->text, ", %.0f kept\n", json_number(result, "keep", 0));
	if (!done && !c->asks)
		text_add(&s->text, "nothing was changed; --confirm does it\n");
}

static bool would_tidy(const cJSON *result)
{
	return !json_flag(result, "done") && json_number(result, "forget", 0) +
	                                             json_number(result, "merge", 0) +
	                                             json_number(result, "purge", 0) >
	                                         0;
}

int command_memory(struct cli *c)
{
	const char *action = c->n_words == 0 ? "stats" : c->words[0], *text;
	size_t n;

	cli_put_text(c, "action", action);
	if (c->n_words > 1 && strcmp(action, "import") != 0)
		return cli_usage(c, "only import takes a file; export writes to --output FILE");
	if (strcmp(action, "import") == 0 && c->n_words < 2)
		return cli_usage(c, "import what? give a file, or - for standard input");
	if (c->n_words > 1 && strcmp(c->words[1], "-") == 0) {
		if (cli_read(c, "-", &text, &n) != OK)
			return cli_failed(c);
		cli_put_text(c, "text", text);
	} else if (c->n_words > 1) {
		cli_put_text(c, "path", c->words[1]);
	}
	if (strcmp(action, "tidy") == 0 && !json_flag(c->args, "dryRun"))
		return cli_asking(c, show_tidied, would_tidy, "Do that?");
	return cli_simple(c, strcmp(action, "tidy") == 0 ? show_tidied : show_whole);
}
