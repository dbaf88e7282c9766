#include "handlers/ask.h"

#include <string.h>

#include "base/json.h"

#define KEY "confirm"

/* The question as MCP's elicitation has it: a form with one box to tick. */
static enum status question(struct call *call, const char *words)
{
	struct json_build b = { 0 };
	cJSON *root = json_object(&b), *ask, *params, *schema, *box, *asks = NULL;
	enum status st;

	ask = json_put_object(&b, root, KEY);
	json_put_text(&b, ask, "method", "elicitation/create");
	params = json_put_object(&b, ask, "params");
	json_put_text(&b, params, "message", words);
	schema = json_put_object(&b, params, "requestedSchema");
	json_put_text(&b, schema, "type", "object");
	box = json_put_object(&b, json_put_object(&b, schema, "properties"), KEY);
	json_put_text(&b, box, "type", "boolean");
	json_put_text(&b, box, "title", "Yes, do it");
	json_put_flag(&b, box, "default", false);
	json_add_text(&b, json_put_array(&b, schema, "required"), KEY);
	if ((st = json_built(&b, root, &asks, &call->err)) != OK)
		return st;
	call->asks = asks;
	return E_WAIT;
}

enum status ask_yes(struct call *call, const char *words)
{
	const cJSON *answer = json_get(call->answers, KEY);
	const char *action = json_text(answer, "action");

	if (action == NULL && (call->can_ask & CALL_ASK_FORM) == 0)
		return err_set(&call->err, E_INPUT, "%s If so, call again with confirm: true.",
		               words);
	if (action == NULL)
		return question(call, words);
	if (strcmp(action, "accept") == 0 && json_flag(json_get(answer, "content"), KEY))
		return OK;
	return err_set(&call->err, E_DENIED, "not done: the person asked did not agree");
}
