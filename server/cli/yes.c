#include "cli/yes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/judge.h"

#define ANSWER_MAX 64 /* bytes of a line that are looked at */

bool cli_may_ask(const struct cli *c)
{
	return !c->options.json && isatty(STDIN_FILENO) == 1 && c->errors.terminal;
}

/* A line of the terminal, its end cut off; what does not fit is passed over. False at the end. */
static bool line_read(char line[ANSWER_MAX])
{
	size_t n = 0;
	char c = '\0';

	while (c != '\n') {
		ssize_t got = read(STDIN_FILENO, &c, 1);

		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		if (c != '\n' && n + 1 < ANSWER_MAX)
			line[n++] = c;
	}
	line[n] = '\0';
	return true;
}

bool cli_yes(struct cli *c, const char *words)
{
	struct screen *s = &c->errors;
	char line[ANSWER_MAX];
	bool said;

	screen_flush(&c->screen);
	screen_text(s, words);
	text_add(&s->text, " [y/N] ");
	screen_flush(s);
	if (!(said = line_read(line))) {
		text_add_char(&s->text, '\n');
		screen_flush(s);
	}
	return said && (text_same(line, "y") || text_same(line, "yes"));
}

/* The answer to one form: all of them have one box to tick. */
static void put_answer(struct cli *c, struct json_build *b, cJSON *answers, const cJSON *ask)
{
	const cJSON *params = json_get(ask, "params");
	const char *message = json_text(params, "message");
	bool yes = message != NULL && cli_yes(c, message);
	cJSON *answer = json_put_object(b, answers, ask->string);

	json_put_text(b, answer, "action", yes ? "accept" : "decline");
	json_put_flag(b, json_put_object(b, answer, "content"), ask->string, yes);
}

enum status cli_answer(struct cli *c, const cJSON *asks, cJSON **answers)
{
	struct json_build b = { false };
	cJSON *root = json_object(&b);
	const cJSON *ask;

	cJSON_ArrayForEach(ask, asks)
		put_answer(c, &b, root, ask);
	return json_built(&b, root, answers, &c->err);
}

int cli_asking(struct cli *c, void render(struct cli *c, const cJSON *result),
               bool would(const cJSON *result), const char *words)
{
	cJSON *again = NULL, *result = NULL;
	int rc;

	c->asks = cli_may_ask(c) && !json_flag(c->args, "confirm");
	if (!c->asks)
		return cli_simple(c, render);
	if ((again = cJSON_Duplicate(c->args, true)) == NULL)
		c->no_memory = true;
	if (cli_call(c, c->command->tool, &result) != OK) {
		cJSON_Delete(again);
		return cli_failed(c);
	}
	render(c, result);
	screen_flush(&c->screen);
	rc = judge(c->command->tool, result);
	if (!would(result)) {
		cJSON_Delete(again);
	} else if (!cli_yes(c, words)) {
		cJSON_Delete(again);
		(void)err_set(&c->err, E_DENIED, "nothing was changed");
		rc = cli_failed(c);
	} else {
		c->args = again;
		cli_put_flag(c, "confirm", true);
		rc = cli_simple(c, render);
	}
	cJSON_Delete(result);
	return rc;
}
