/* ask.c - a question to whoever is there, and waiting for the answer; from inside a task, too. */
#include <string.h>

#include "cli/command.h"

#define LOOK_SECONDS 3600 /* most of one wait; then it is waited for again */

static enum status look(struct cli *c, cJSON *args, cJSON **result)
{
	double wait = json_number(c->given, "wait", LOOK_SECONDS);

	if (args == NULL || cJSON_AddStringToObject(args, "action", "ask") == NULL ||
	    cJSON_AddNumberToObject(args, "waitSeconds", wait) == NULL) {
		cJSON_Delete(args);
		return err_nomem(&c->err, "the question");
	}
	return cli_call_with(c, "agents", args, result);
}

/* The same question again: it is still open. */
static enum status look_again(struct cli *c, const char *id, cJSON **result)
{
	cJSON *args = cJSON_CreateObject();

	if (args != NULL && cJSON_AddStringToObject(args, "question", id) == NULL) {
		cJSON_Delete(args);
		args = NULL;
	}
	return look(c, args, result);
}

/* The answer alone on stdout; that there is none is said on stderr, and is no success. */
static int say(struct cli *c, const cJSON *result)
{
	const char *state = json_text(result, "state"), *answer = json_text(result, "answer");
	char *printed;

	if (c->options.json) {
		if ((printed = json_print(result)) != NULL)
			text_addf(&c->screen.text, "%s\n", printed);
		cJSON_free(printed);
	} else if (answer != NULL) {
		text_addf(&c->screen.text, "%s\n", answer);
	}
	screen_flush(&c->screen);
	if (strcmp(state, "answered") == 0 || strcmp(state, "approved") == 0)
		return CLI_DONE;
	(void)err_set(&c->err, E_DENIED, "%s",
	              strcmp(state, "denied") == 0      ? "denied"
	              : strcmp(state, "timed_out") == 0 ? "nobody answered in time"
	              : strcmp(state, "open") == 0      ? "nobody has answered yet"
	                                                : "the question was withdrawn");
	return cli_failed(c);
}

int command_ask(struct cli *c)
{
	cJSON *result = NULL, *args;
	char *id = NULL;
	enum status st;
	int rc;

	cli_put_text(c, "text", cli_joined(c, 0));
	args = c->args;
	c->args = NULL;
	cli_catch_signals(c);
	st = look(c, args, &result);
	while (st == OK && !cli_has(c, "wait") && strcmp(json_text(result, "state"), "open") == 0) {
		if ((id = arena_copy(c->arena, json_text(result, "questionId"),
		                     strlen(json_text(result, "questionId")))) == NULL)
			st = err_nomem(&c->err, "the question");
		cJSON_Delete(result);
		result = NULL;
		if (st == OK)
			st = look_again(c, id, &result);
	}
	rc = st == OK ? say(c, result) : cli_failed(c);
	cJSON_Delete(result);
	return rc;
}
