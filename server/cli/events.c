/* events.c - the log of events, a JSON object a line, and publishing into it. */
#include <string.h>

#include "cli/command.h"

#define PAGE         1000
#define NEWEST       50 /* shown when nothing else was asked for */
#define WAIT_SECONDS 3600

static void print_lines(struct cli *c, const cJSON *result)
{
	const cJSON *event;
	char *printed;

	cJSON_ArrayForEach(event, json_get(result, "events")) {
		if ((printed = json_print(event)) == NULL) {
			c->screen.broken = true;
			break;
		}
		text_add(&c->screen.text, printed);
		text_add_char(&c->screen.text, '\n');
		cJSON_free(printed);
	}
	screen_flush(&c->screen);
}

/* Ask for events after a number: at most limit, waiting so long for the first. */
static enum status list(struct cli *c, double after, double limit, double wait, cJSON **result)
{
	cJSON *args = cJSON_CreateObject();
	const char *topic = json_text(c->args, "topic");
	bool put = args != NULL && cJSON_AddStringToObject(args, "action", "list") != NULL &&
	           cJSON_AddNumberToObject(args, "after", after) != NULL &&
	           cJSON_AddNumberToObject(args, "limit", limit) != NULL &&
	           (wait <= 0 || cJSON_AddNumberToObject(args, "waitSeconds", wait) != NULL) &&
	           (topic == NULL || cJSON_AddStringToObject(args, "topic", topic) != NULL);

	if (!put) {
		cJSON_Delete(args);
		return err_nomem(&c->err, "the events");
	}
	return cli_call_with(c, "events", args, result);
}

/* The number of the newest event there is, 0 when there is none. */
static enum status newest(struct cli *c, double *out)
{
	cJSON *args = cJSON_CreateObject(), *result = NULL;
	enum status st;

	if (args == NULL || cJSON_AddStringToObject(args, "action", "list") == NULL ||
	    cJSON_AddNumberToObject(args, "after", -1) == NULL) {
		cJSON_Delete(args);
		return err_nomem(&c->err, "the events");
	}
	if ((st = cli_call_with(c, "events", args, &result)) == OK)
		*out = json_number(result, "lastSeq", 0);
	cJSON_Delete(result);
	return st;
}

/* Everything after a number, page by page; with follow without an end. */
static int go_on(struct cli *c, double after, double most, bool follow)
{
	double left = most;
	enum status st = OK;
	bool more = true;

	if (follow)
		cli_catch_signals(c);
	while (st == OK && more && !c->screen.broken && left > 0) {
		cJSON *result = NULL;
		double page = left < PAGE ? left : PAGE;

		if ((st = list(c, after, page, follow ? WAIT_SECONDS : 0, &result)) != OK)
			break;
		left -= cJSON_GetArraySize(json_get(result, "events"));
		after = json_number(result, "lastSeq", after);
		more = follow || json_get(result, "nextCursor") != NULL;
		print_lines(c, result);
		cJSON_Delete(result);
	}
	if (st == E_STOP)
		return CLI_DONE; /* Ctrl-C is how following ends */
	return st == OK ? CLI_DONE : cli_failed(c);
}

static void show_published(struct cli *c, const cJSON *result)
{
	text_addf(&c->screen.text, "%lld\n", (long long)json_int(result, "seq", 0));
}

static int publish(struct cli *c)
{
	const char *payload = "{}";
	size_t n = 2;
	cJSON *parsed = NULL;

	if (c->n_words < 2)
		return cli_usage(c, "'events publish' needs a TOPIC, as in build.done");
	if (c->n_words == 3 && cli_content(c, c->words[2], &payload, &n) != OK)
		return cli_failed(c);
	if (json_read(payload, n, &parsed, &c->err) != OK)
		return cli_usage(c, "the payload is not JSON: %s", c->err.text);
	cli_put_text(c, "action", "publish");
	cli_put_text(c, "topic", c->words[1]);
	cli_put(c, "payload", parsed);
	return cli_simple(c, show_published);
}

/* Whom events go to, what was given up, and trying it again. */
static bool is_action(const char *word)
{
	return strcmp(word, "subscribers") == 0 || strcmp(word, "deadletters") == 0 ||
	       strcmp(word, "replay") == 0;
}

int command_events(struct cli *c)
{
	bool follow = cli_has(c, "follow"), after_given = cli_has(c, "after");
	double after = json_number(c->given, "after", 0);
	double limit = json_number(c->args, "limit", follow || after_given ? 1e15 : NEWEST);

	if (c->n_words > 0 && strcmp(c->words[0], "publish") == 0)
		return publish(c);
	if (c->n_words == 1 && is_action(c->words[0])) {
		cli_put_text(c, "action", c->words[0]);
		if (after_given)
			cli_put_number(c, "after", after);
		return cli_simple(c, show_members);
	}
	if (c->n_words > 0)
		return cli_usage(c, "'events' knows 'publish', 'subscribers', 'deadletters' and "
		                    "'replay'; 'gadugi call events' has the rest");
	if (c->options.json && !follow) {
		cli_put_text(c, "action", "list");
		cli_put_number(c, "after", after_given ? after : -limit);
		return cli_simple(c, NULL);
	}
	if (follow && !after_given && newest(c, &after) != OK)
		return cli_failed(c);
	if (!follow && !after_given)
		after = -limit;
	return go_on(c, after, limit, follow);
}
