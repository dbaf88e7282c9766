/* tools.c - tools/list and tools/call. */
#include "wire/methods.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

static void flag(struct text *t, const char *name, bool is, const char *after)
{
	text_addf(t, "\"%s\":%s%s", name, is ? "true" : "false", after);
}

/* All hints in words: what the protocol assumes of a tool that says nothing is the worst. */
static void hints(struct text *t, unsigned flags)
{
	text_add(t, ",\"annotations\":{");
	flag(t, "readOnlyHint", (flags & TOOL_READS) != 0, ",");
	flag(t, "destructiveHint", (flags & TOOL_DESTROYS) != 0, ",");
	flag(t, "idempotentHint", (flags & (TOOL_IDEMPOTENT | TOOL_READS)) != 0, ",");
	flag(t, "openWorldHint", (flags & TOOL_OPEN_WORLD) != 0, "}");
}

static void one(struct text *t, const struct tool *tool, unsigned has)
{
	cJSON *schema = tool->schema == NULL ? arg_schema(tool->args) : NULL;
	char *printed = schema == NULL ? NULL : json_print(schema);
	const char *takes = tool->schema != NULL ? tool->schema : printed;

	text_addf(t, "{\"name\":\"%s\"", tool->name);
	if ((has & HAS_STRUCTURE) != 0) {
		text_add(t, ",\"title\":");
		rpc_quote(t, tool->title, strlen(tool->title));
	}
	text_add(t, ",\"description\":");
	rpc_quote(t, tool->about, strlen(tool->about));
	text_add(t, ",\"inputSchema\":");
	text_add(t, takes == NULL ? "" : takes);
	if ((has & HAS_STRUCTURE) != 0 && tool->result != NULL)
		text_addf(t, ",\"outputSchema\":%s", tool->result);
	if ((has & HAS_HINTS) != 0)
		hints(t, tool->flags);
	text_add_char(t, '}');
	t->failed = t->failed || takes == NULL;
	mem_free(printed);
	cJSON_Delete(schema);
}

enum status list_cursor_check(struct ask *a)
{
	const cJSON *cursor = json_get(a->rpc->params, "cursor");

	if (cursor == NULL || cJSON_IsNull(cursor) ||
	    (cJSON_IsString(cursor) && cursor->valuestring[0] == '\0'))
		return OK;
	return err_set(&a->err, E_INPUT,
	               "this cursor was not given by this server: "
	               "the list has one page, ask for it without a cursor");
}

enum status tools_list(struct ask *a, struct text *members)
{
	struct text *list = &a->mcp->lists[a->rev->number];

	if (list_cursor_check(a) != OK)
		return E_INPUT;
	if (list->bytes == NULL) {
		const char *comma = "";

		text_init(list, TEXT_LIMIT);
		text_add(list, "\"tools\":[");
		for (const struct tool *const *t = a->mcp->offer->tools; *t != NULL; t++) {
			text_add(list, comma);
			one(list, *t, a->rev->has);
			comma = ",";
		}
		text_add_char(list, ']');
		if (list->failed) {
			text_done(list);
			return err_nomem(&a->err, "the list of tools");
		}
	}
	text_add_n(members, list->bytes, list->len);
	return OK;
}

static const struct tool *find(const struct mcp_offer *offer, const char *name, size_t *at)
{
	for (size_t i = 0; offer->tools[i] != NULL; i++)
		if (strcmp(offer->tools[i]->name, name) == 0) {
			*at = i;
			return offer->tools[i];
		}
	return NULL;
}

static enum status unknown(struct ask *a, const char *name)
{
	const char *names[64], *near;
	size_t n = 0;

	for (const struct tool *const *t = a->mcp->offer->tools; *t != NULL && n < 64; t++)
		names[n++] = (*t)->name;
	near = text_nearest(name, names, n);
	return err_set(&a->err, E_INPUT, "unknown tool '%.60s'%s%s%s", name,
	               near == NULL ? "; tools/list names them all" : ": did you mean '",
	               near == NULL ? "" : near, near == NULL ? "" : "'?");
}

enum status tools_begin(struct ask *a, struct request *r)
{
	const char *name = json_text(a->rpc->params, "name");
	const cJSON *args = json_get(a->rpc->params, "arguments");

	if (name == NULL)
		return err_set(&a->err, E_INPUT, "tools/call needs params.name, a string");
	if (args != NULL && !cJSON_IsObject(args))
		return err_set(&a->err, E_INPUT,
		               "params.arguments of tools/call must be an object");
	if ((r->tool = find(a->mcp->offer, name, &r->tool_at)) == NULL)
		return unknown(a, name);
	r->begun_us = clock_mono_us();
	if ((r->tool->flags & TOOL_IS_TASK) != 0 && !a->has_tasks)
		return tasks_unable(a);
	return OK;
}

/* A failed tool is a result with words only: some hosts show structured content instead of them. */
enum status tools_failure(struct text *members, const char *words)
{
	text_add(members, "\"content\":[{\"type\":\"text\",\"text\":");
	rpc_quote(members, words, strlen(words));
	text_add(members, "}],\"isError\":true");
	return OK;
}

/* The members of an object as they are. */
static void raw(struct text *members, const cJSON *result)
{
	char *printed = json_print(result);
	size_t n = printed == NULL ? 0 : strlen(printed);

	if (n < 2)
		members->failed = true;
	else
		text_add_n(members, printed + 1, n - 2);
	mem_free(printed);
}

/* Where all of it is (handlers/link.h), for hosts that can fetch it themselves. */
static void link_to(struct text *members, const cJSON *resource)
{
	char *printed = json_text(resource, "uri") == NULL ? NULL : json_print(resource);

	if (printed != NULL)
		text_addf(members, ",{\"type\":\"resource_link\",%s", printed + 1);
	mem_free(printed);
}

/* The same JSON twice: as text for hosts that show that, and as structured content. */
void tools_success(struct text *members, const cJSON *result, unsigned has)
{
	char *printed = json_print(result);

	if (printed == NULL) {
		members->failed = true;
		return;
	}
	text_add(members, "\"content\":[{\"type\":\"text\",\"text\":");
	rpc_quote(members, printed, strlen(printed));
	text_add_char(members, '}');
	if ((has & HAS_STRUCTURE) != 0)
		link_to(members, json_get(result, "resource"));
	text_add_char(members, ']');
	if ((has & HAS_STRUCTURE) != 0) {
		text_add(members, ",\"structuredContent\":");
		text_add(members, printed);
	}
	mem_free(printed);
}

static enum status unpack(struct request *r)
{
	struct call *call = &r->flight.call;
	void *in = arena_take(call->arena, r->tool->in_size > 0 ? r->tool->in_size : 1);
	enum status st;

	if (in == NULL)
		return err_nomem(&call->err, "the arguments");
	st = arg_read(r->tool->args, json_get(r->params, "arguments"), in, &call->err);
	if (st == OK)
		r->in = in;
	return st;
}

enum status tools_work(struct request *r, struct text *members)
{
	struct call *call = &r->flight.call;
	cJSON *result = NULL;
	enum status st = OK;

	call->err.text[0] = '\0';
	if (r->in == NULL)
		st = unpack(r);
	if (st == OK)
		st = request_ground(r);
	if (st == OK)
		st = r->tool->run(call, r->in, &result);
	if (st == E_WAIT)
		return E_WAIT;
	if (st == OK && (r->tool->flags & TOOL_RAW) != 0)
		raw(members, result);
	else if (st == OK)
		tools_success(members, result, r->rev->has);
	else
		(void)tools_failure(members,
		                    call->err.text[0] != '\0' ? call->err.text : err_name(st));
	r->tool_failed = st != OK;
	cJSON_Delete(result);
	return OK;
}
