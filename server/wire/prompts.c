/* prompts.c - prompts, and completion of what they and templates take. */
#include "wire/methods.h"

#include <string.h>

#include "base/mem.h"

static void member(struct text *t, const char *key, const char *value)
{
	text_addf(t, ",\"%s\":", key);
	rpc_quote(t, value, strlen(value));
}

static void arguments(struct text *t, const struct prompt_arg *args)
{
	text_add(t, ",\"arguments\":[");
	for (const struct prompt_arg *arg = args; arg->name != NULL; arg++) {
		text_add(t, arg == args ? "{\"name\":" : ",{\"name\":");
		rpc_quote(t, arg->name, strlen(arg->name));
		member(t, "description", arg->about);
		text_addf(t, ",\"required\":%s}", arg->required ? "true" : "false");
	}
	text_add_char(t, ']');
}

enum status prompts_list(struct ask *a, struct text *members)
{
	const char *comma = "";

	if (list_cursor_check(a) != OK)
		return E_INPUT;
	text_add(members, "\"prompts\":[");
	for (const struct prompt *const *one = a->mcp->offer->prompts; *one != NULL; one++) {
		text_addf(members, "%s{\"name\":", comma);
		rpc_quote(members, (*one)->name, strlen((*one)->name));
		if ((a->rev->has & HAS_STRUCTURE) != 0)
			member(members, "title", (*one)->title);
		member(members, "description", (*one)->about);
		if ((*one)->args != NULL)
			arguments(members, (*one)->args);
		text_add_char(members, '}');
		comma = ",";
	}
	text_add_char(members, ']');
	return OK;
}

static const struct prompt *find(const struct mcp_offer *offer, const char *name)
{
	for (const struct prompt *const *one = offer->prompts; *one != NULL; one++)
		if (strcmp((*one)->name, name) == 0)
			return *one;
	return NULL;
}

static const struct prompt_arg *find_arg(const struct prompt *prompt, const char *name, size_t *at)
{
	for (*at = 0; prompt->args != NULL && prompt->args[*at].name != NULL; (*at)++)
		if (strcmp(prompt->args[*at].name, name) == 0)
			return &prompt->args[*at];
	return NULL;
}

static enum status check_args(struct ask *a, const struct prompt *prompt, const cJSON *given)
{
	const cJSON *one;
	size_t at;

	if (given != NULL && !cJSON_IsObject(given))
		return err_set(&a->err, E_INPUT, "params.arguments must be an object of strings");
	cJSON_ArrayForEach(one, given) {
		if (find_arg(prompt, one->string, &at) == NULL)
			return err_set(&a->err, E_INPUT, "the prompt '%s' has no argument '%.60s'",
			               prompt->name, one->string);
		if (!cJSON_IsString(one))
			return err_set(&a->err, E_INPUT, "the argument '%.60s' must be a string",
			               one->string);
	}
	for (at = 0; prompt->args != NULL && prompt->args[at].name != NULL; at++)
		if (prompt->args[at].required && json_get(given, prompt->args[at].name) == NULL)
			return err_set(&a->err, E_INPUT, "the argument '%s' is missing: %s",
			               prompt->args[at].name, prompt->args[at].about);
	return OK;
}

enum status prompts_begin(struct ask *a, struct request *r)
{
	const char *name = json_text(a->rpc->params, "name");

	if (name == NULL)
		return err_set(&a->err, E_INPUT, "prompts/get needs params.name, a string");
	if ((r->prompt = find(a->mcp->offer, name)) == NULL)
		return err_set(&a->err, E_INPUT, "unknown prompt '%.60s'; prompts/list names them",
		               name);
	return check_args(a, r->prompt, json_get(a->rpc->params, "arguments"));
}

enum status prompts_get(struct request *r, struct text *members)
{
	const cJSON *given = json_get(r->params, "arguments");
	const char *values[PROMPT_ARGS_MAX] = { NULL };
	const struct prompt_arg *args = r->prompt->args;
	cJSON *messages = NULL;
	enum status st;
	char *printed;

	for (size_t i = 0; args != NULL && args[i].name != NULL && i < PROMPT_ARGS_MAX; i++)
		values[i] = json_text(given, args[i].name);
	if ((st = request_ground(r)) != OK ||
	    (st = r->prompt->run(&r->flight.call, values, &messages)) != OK)
		return st;
	printed = json_print(messages);
	text_add(members, "\"description\":");
	rpc_quote(members, r->prompt->about, strlen(r->prompt->about));
	text_add(members, ",\"messages\":");
	text_add(members, printed == NULL ? "" : printed);
	members->failed = members->failed || printed == NULL;
	mem_free(printed);
	cJSON_Delete(messages);
	return OK;
}

enum status complete_begin(struct ask *a, struct request *r)
{
	const cJSON *params = a->rpc->params, *arg = json_get(params, "argument");
	const char *type = json_text(json_get(params, "ref"), "type");

	(void)r;
	if (type == NULL || (strcmp(type, "ref/prompt") != 0 && strcmp(type, "ref/resource") != 0))
		return err_set(&a->err, E_INPUT,
		               "completion/complete needs params.ref with type "
		               "'ref/prompt' or 'ref/resource'");
	if (json_text(arg, "name") == NULL || json_text(arg, "value") == NULL)
		return err_set(&a->err, E_INPUT,
		               "completion/complete needs params.argument with name "
		               "and value, both strings");
	return OK;
}

/* Which variable of a template is called name? */
static bool variable(const char *form, const char *name, size_t *which)
{
	size_t n = strlen(name);

	for (*which = 0; (form = strchr(form, '{')) != NULL; (*which)++) {
		form++;
		if (strncmp(form, name, n) == 0 && form[n] == '}')
			return true;
	}
	return false;
}

static enum status of_prompt(struct request *r, const char *name, const char *value,
                             struct completion *out)
{
	const char *prompt_name = json_text(json_get(r->params, "ref"), "name");
	const struct prompt *prompt = prompt_name == NULL ? NULL : find(r->mcp->offer, prompt_name);
	const struct prompt_arg *arg;
	size_t at;

	if (prompt == NULL)
		return err_set(&r->flight.call.err, E_INPUT, "unknown prompt '%.60s'",
		               prompt_name == NULL ? "" : prompt_name);
	if ((arg = find_arg(prompt, name, &at)) == NULL)
		return err_set(&r->flight.call.err, E_INPUT,
		               "the prompt '%s' has no argument '%.60s'", prompt->name, name);
	return arg->complete == NULL ? OK : arg->complete(&r->flight.call, value, out);
}

static enum status of_resource(struct request *r, const char *name, const char *value,
                               struct completion *out)
{
	const char *uri = json_text(json_get(r->params, "ref"), "uri");
	size_t which;

	for (const struct resource *const *one = r->mcp->offer->resources;
	     uri != NULL && *one != NULL; one++) {
		if (strcmp((*one)->uri, uri) != 0)
			continue;
		if (!variable(uri, name, &which))
			return err_set(&r->flight.call.err, E_INPUT,
			               "the template '%s' has no variable '%.60s'", uri, name);
		return (*one)->complete == NULL
		           ? OK
		           : (*one)->complete(&r->flight.call, which, value, out);
	}
	return request_no_resource(r, uri == NULL ? "" : uri);
}

enum status complete_work(struct request *r, struct text *members)
{
	const cJSON *arg = json_get(r->params, "argument");
	const char *type = json_text(json_get(r->params, "ref"), "type");
	struct completion *out = arena_take(r->flight.call.arena, sizeof *out);
	enum status st;

	if (out == NULL)
		return err_nomem(&r->flight.call.err, "a completion");
	if ((st = request_ground(r)) != OK)
		return st;
	st = (strcmp(type, "ref/prompt") == 0 ? of_prompt : of_resource)(
	    r, json_text(arg, "name"), json_text(arg, "value"), out);
	if (st != OK)
		return st;
	text_add(members, "\"completion\":{\"values\":[");
	for (size_t i = 0; i < out->n && i < COMPLETION_MAX; i++) {
		text_add(members, i == 0 ? "" : ",");
		rpc_quote(members, out->values[i], strlen(out->values[i]));
	}
	text_add_char(members, ']');
	if (out->total > 0)
		text_addf(members, ",\"total\":%ld", out->total);
	text_addf(members, ",\"hasMore\":%s}", out->more ? "true" : "false");
	return OK;
}
