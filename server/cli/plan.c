/* plan.c - call, decompose, estimates: from words to a tool and its answer. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/judge.h"

/* Any tool by name, with its arguments as JSON. */
int command_call(struct cli *c)
{
	const char *text = "{}";
	size_t n = 2;
	cJSON *args = NULL, *result = NULL;
	int rc;

	if (c->n_words == 2 && cli_content(c, c->words[1], &text, &n) != OK)
		return cli_failed(c);
	if (json_read(text, n, &args, &c->err) != OK)
		return cli_usage(c, "the arguments are not JSON: %s", c->err.text);
	if (!cJSON_IsObject(args)) {
		cJSON_Delete(args);
		return cli_usage(c, "the arguments must be a JSON object, as in '{\"limit\": 5}'");
	}
	if (cli_call_with(c, c->words[0], args, &result) != OK)
		return cli_failed(c);
	rc = cli_print_json(c, result);
	if (rc == CLI_DONE)
		rc = judge(c->words[0], result);
	cJSON_Delete(result);
	return rc;
}

/* Is path root or below it? Both resolved. */
static bool below(const char *root, const char *path)
{
	size_t n = strlen(root);

	return strncmp(root, path, n) == 0 &&
	       (path[n] == '/' || path[n] == '\0' || strcmp(root, "/") == 0);
}

enum status plan_argument(struct cli *c, const char *word)
{
	char real[PATH_MAX];
	const char *bytes;
	size_t n;
	enum status st = cli_open(c);

	if (st != OK)
		return st;
	if (strcmp(word, "-") != 0 && realpath(word, real) != NULL && below(c->root, real)) {
		cli_put_text(c, "path", real);
		return OK;
	}
	if ((st = cli_read(c, word, &bytes, &n)) != OK)
		return st;
	if (strlen(bytes) != n || text_utf8_valid(bytes, n) != n)
		return err_set(&c->err, E_INPUT, "'%s' is not text in UTF-8", word);
	cli_put_text(c, "document", bytes);
	return OK;
}

int command_decompose(struct cli *c)
{
	const char *format = cli_value(c, "format"), *text;
	cJSON *result = NULL;
	int rc;

	if (format == NULL)
		format = c->options.json ? "json" : "table";
	cli_put_text(c, "format", c->options.json ? "json" : format);
	if (cli_value(c, "agent") != NULL)
		cli_put_text(c, "agent", cli_value(c, "agent"));
	if (cli_has(c, "goal") || cli_value(c, "agent") != NULL)
		cli_put_text(c, "goal", cli_joined(c, 0));
	else if (c->n_words > 1)
		return cli_usage(c, "decompose takes one file; --goal takes the words as a goal");
	else if (plan_argument(c, c->words[0]) != OK)
		return cli_failed(c);
	if (cli_open(c) != OK || cli_call(c, "decompose", &result) != OK)
		return cli_failed(c);
	rc = judge("decompose", result);
	text = json_text(result, "text");
	if (c->options.json || strcmp(format, "json") == 0 || text == NULL) {
		(void)cli_print_json(c, result);
	} else {
		screen_text(&c->screen, text);
		text_add(&c->screen.text,
		         text[0] != '\0' && text[strlen(text) - 1] == '\n' ? "" : "\n");
		screen_flush(&c->screen);
	}
	cJSON_Delete(result);
	return rc;
}

/* A factor as people say it: `2.1 times as long`. */
static void show_factor(struct cli *c, const cJSON *factor)
{
	struct text *t = &c->screen.text;
	const char *kind = json_text(factor, "kind");
	double middle = json_number(factor, "factor", 1);

	text_add(t, "  ");
	screen_text(&c->screen, strcmp(kind, "*") == 0 ? "of any kind" : kind);
	text_addf(t, ": an estimated hour took %s; half of them %s to ",
	          show_minutes(c, 60 * middle),
	          show_minutes(c, 60 * json_number(factor, "low", 1)));
	text_addf(t, "%s (%s tasks)\n", show_minutes(c, 60 * json_number(factor, "high", 1)),
	          show_number(c, json_number(factor, "tasks", 0)));
}

static void show_estimates(struct cli *c, const cJSON *result)
{
	struct text *t = &c->screen.text;
	const cJSON *factor;
	long tasks = (long)json_int(result, "tasks", 0);

	text_addf(t, "%ld finished task%s to learn from", tasks, tasks == 1 ? "" : "s");
	if (json_text(result, "since") != NULL)
		text_addf(t, ", since the reset of %s", json_text(result, "since"));
	text_add_char(t, '\n');
	if (json_get(result, "errorAfter") != NULL)
		text_addf(t,
		          "guessing each from those before it is off by a factor of %.2f; saying "
		          "always the middle, of %.2f\n",
		          json_number(result, "errorAfter", 0),
		          json_number(result, "errorBefore", 0));
	if (cJSON_GetArraySize(json_get(result, "factors")) > 0)
		text_add(t, "against what was stated for them:\n");
	cJSON_ArrayForEach(factor, json_get(result, "factors")) {
		show_factor(c, factor);
	}
}

int command_estimates(struct cli *c)
{
	if (c->n_words == 1 && strcmp(c->words[0], "reset") != 0)
		return cli_usage(c, "estimates takes nothing or 'reset', not '%s'", c->words[0]);
	cli_put_text(c, "action", c->n_words == 1 ? "reset" : "show");
	return cli_simple(c, show_estimates);
}
