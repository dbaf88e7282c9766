/* tasks.c - the extension io.modelcontextprotocol/tasks: calls that go on after their answer. */
#include "wire/methods.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define POLL_MS 1000 /* how often a client that is not told should ask */

/* The members of a task, flat, as creation, tasks/get and notifications have them. */
void tasks_members(struct text *t, const char *id, const struct task_view *v)
{
	char made[CLOCK_TEXT_SIZE], changed[CLOCK_TEXT_SIZE];

	clock_text(v->made_ms, made);
	clock_text(v->changed_ms, changed);
	text_add(t, "\"taskId\":");
	rpc_quote(t, id, strlen(id));
	text_addf(t, ",\"status\":\"%s\"", v->status);
	if (v->words != NULL) {
		text_add(t, ",\"statusMessage\":");
		rpc_quote(t, v->words, strlen(v->words));
	}
	text_addf(t,
	          ",\"createdAt\":\"%s\",\"lastUpdatedAt\":\"%s\",\"ttlMs\":null,"
	          "\"pollIntervalMs\":%d",
	          made, changed, POLL_MS);
	if (v->asks != NULL) {
		char *printed = json_print(v->asks);

		text_addf(t, ",\"inputRequests\":%s", printed == NULL ? "" : printed);
		t->failed = t->failed || printed == NULL;
		mem_free(printed);
	}
	if (v->error != NULL && strcmp(v->status, "completed") == 0) {
		text_add(t, ",\"result\":{");
		(void)tools_failure(t, v->error);
		text_add_char(t, '}');
	} else if (v->error != NULL) {
		text_addf(t, ",\"error\":{\"code\":%d,\"message\":", RPC_INTERNAL);
		rpc_quote(t, v->error, strlen(v->error));
		text_add_char(t, '}');
	}
	if (v->result != NULL) {
		text_add(t, ",\"result\":{");
		tools_success(t, v->result, HAS_STRUCTURE);
		text_add_char(t, '}');
	}
}

static void view_done(struct task_view *v)
{
	cJSON_Delete(v->result);
	cJSON_Delete(v->asks);
	v->result = v->asks = NULL;
}

enum status tasks_created(struct request *r, struct text *members)
{
	struct task_view view = { 0 };
	const char *id = r->flight.call.task_id;
	enum status st = r->mcp->offer->tasks->look(&r->flight.call, id, &view);

	if (st != OK)
		return st;
	/* It may have ended meanwhile: a task is created as one that works, and asked for later. */
	view_done(&view);
	view.error = NULL;
	view.status = "working";
	tasks_members(members, id, &view);
	r->type = "task";
	return OK;
}

enum status tasks_unable(struct ask *a)
{
	a->code = RPC_NO_CAPABLE;
	text_add(&a->data, "{\"requiredCapabilities\":{\"extensions\":{\"" TASKS_NAME "\":{}}}}");
	return err_set(&a->err, E_DENIED,
	               "this needs the client extension '" TASKS_NAME "', which was not declared");
}

enum status tasks_begin(struct ask *a, struct request *r)
{
	(void)r;
	if (a->mcp->offer->tasks == NULL) {
		a->code = RPC_NO_METHOD;
		return err_set(&a->err, E_ABSENT, "this server has no tasks");
	}
	if (!a->has_tasks)
		return tasks_unable(a);
	if (json_text(a->rpc->params, "taskId") == NULL)
		return err_set(&a->err, E_INPUT, "%s needs params.taskId, a string",
		               a->rpc->method);
	if (strcmp(a->rpc->method, "tasks/update") == 0 &&
	    !cJSON_IsObject(json_get(a->rpc->params, "inputResponses")))
		return err_set(&a->err, E_INPUT,
		               "tasks/update needs params.inputResponses, an object");
	return OK;
}

static enum status look(struct request *r, struct task_view *view)
{
	const char *id = json_text(r->params, "taskId");
	enum status st = request_ground(r);

	if (st == OK)
		st = r->mcp->offer->tasks->look(&r->flight.call, id, view);
	return st;
}

enum status tasks_get(struct request *r, struct text *members)
{
	struct task_view view = { 0 };
	enum status st = look(r, &view);

	if (st == OK)
		tasks_members(members, json_text(r->params, "taskId"), &view);
	view_done(&view);
	return st;
}

/* Answers to what the task asked; what it does not ask, or not any more, is passed over. */
enum status tasks_update(struct request *r, struct text *members)
{
	const char *id = json_text(r->params, "taskId");
	enum status st = request_ground(r);

	(void)members;
	return st == OK ? r->mcp->offer->tasks->update(&r->flight.call, id,
	                                               json_get(r->params, "inputResponses"))
	                : st;
}

enum status tasks_cancel(struct request *r, struct text *members)
{
	const char *id = json_text(r->params, "taskId");
	enum status st = request_ground(r);

	(void)members;
	return st == OK ? r->mcp->offer->tasks->cancel(&r->flight.call, id) : st;
}
