/*
 * prompt.h - texts for the host's model that a person picks by name.
 *
 * One constant row each; the list is prompt_all in handlers/all.c.
 */
#ifndef HANDLERS_PROMPT_H
#define HANDLERS_PROMPT_H

#include "base/call.h"
#include "base/json.h"
#include "handlers/resource.h"

#define PROMPT_ARGS_MAX 8

struct prompt_arg {
	const char *name; /* NULL ends the table */
	const char *about;
	int required;
	/* Values that begin with prefix; NULL: no help. */
	enum status (*complete)(struct call *call, const char *prefix, struct completion *out);
};

struct prompt {
	const char *name, *title, *about;
	const struct prompt_arg *args;

	/*
	 * values[i] is that of args[i], NULL when not given. On OK *messages is a new array
	 * of {role, content} the caller owns (prompt_say helps); else the reason is in call->err.
	 */
	enum status (*run)(struct call *call, const char *const *values, cJSON **messages);
};

extern const struct prompt *const prompt_all[]; /* NULL at the end */

/* Append a message of text; role is "user" or "assistant". */
void prompt_say(struct json_build *b, cJSON *messages, const char *role, const char *text);

#endif
