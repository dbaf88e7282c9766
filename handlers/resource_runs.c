/* resource_runs.c - plans, runs and what their tasks said, by address. */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/plan.h"
#include "domain/run.h"
#include "handlers/resources.h"

#define LOG_BYTES   ((size_t)64 << 10) /* of a log's end */
#define PLANS_SHOWN 50                 /* newest plans in the list */

enum status resource_json(struct call *call, const struct json_build *b, cJSON *root,
                          struct resource_body *body)
{
	cJSON *whole = NULL;
	enum status st = json_built(b, root, &whole, &call->err);
	char *printed;

	if (st != OK)
		return st;
	printed = json_print(whole);
	body->text = text_dup(call->arena, printed);
	mem_free(printed);
	cJSON_Delete(whole);
	return body->text == NULL ? err_nomem(&call->err, "a resource") : OK;
}

void completion_add(struct completion *out, const char *value, const char *prefix)
{
	if (strncmp(value, prefix, strlen(prefix)) != 0)
		return;
	if (out->n < COMPLETION_MAX)
		out->values[out->n++] = value;
	else
		out->more = true;
	out->total++;
}

static enum status plan_body(struct call *call, const char *const *values,
                             struct resource_body *body)
{
	const struct plan_options options = { 0 };
	struct json_build b = { 0 };
	struct plan *plan = NULL;
	enum status st = plan_load(call->project, values[0], &options, &call->stop, call->arena,
	                           &plan, &call->err);

	return st == OK ? resource_json(call, &b, plan_json(&b, plan), body) : st;
}

static enum status plan_items(struct call *call, const char *after, struct resource_page *page)
{
	struct plan_briefs plans = { 0 };
	enum status st =
	    plan_list(call->project, PLANS_SHOWN, &call->stop, call->arena, &plans, &call->err);

	(void)after;
	for (size_t i = 0; st == OK && i < plans.n; i++)
		page->items[page->n++] = (struct resource_item){ .values = { plans.at[i].id },
			                                         .title = plans.at[i].title };
	return st;
}

static enum status plan_complete(struct call *call, size_t which, const char *prefix,
                                 struct completion *out)
{
	struct plan_briefs plans = { 0 };
	enum status st =
	    plan_list(call->project, COMPLETION_MAX, &call->stop, call->arena, &plans, &call->err);

	(void)which;
	for (size_t i = 0; st == OK && i < plans.n; i++)
		completion_add(out, plans.at[i].id, prefix);
	return st;
}

const struct resource resource_plan = {
	.uri = "gadugi://plans/{id}",
	.name = "plan",
	.title = "Plan",
	.about = "A plan that decompose kept: tasks, edges, schedule, findings.",
	.mime = "application/json",
	.read = plan_body,
	.list = plan_items,
	.complete = plan_complete,
};

static enum status run_body(struct call *call, const char *const *values,
                            struct resource_body *body)
{
	struct json_build b = { 0 };
	struct run_view view = { 0 };
	enum status st =
	    run_look(call->project, values[0], &call->stop, call->arena, &view, &call->err);

	return st == OK ? resource_json(call, &b, run_json(&b, &view, 0, SIZE_MAX), body) : st;
}

static enum status run_items(struct call *call, const char *after, struct resource_page *page)
{
	const struct run_page want = { .before = after, .limit = RESOURCE_PAGE };
	struct run_views runs = { 0 };
	enum status st =
	    run_list(call->project, &want, &call->stop, call->arena, &runs, &call->err);

	for (size_t i = 0; st == OK && i < runs.n && i < RESOURCE_PAGE; i++)
		page->items[page->n++] = (struct resource_item){
			.values = { runs.at[i].row.id },
			.title = runs.at[i].row.title,
		};
	if (st == OK && runs.n == RESOURCE_PAGE)
		page->next = runs.at[runs.n - 1].row.id;
	return st;
}

enum status complete_run(struct call *call, const char *prefix, struct completion *out)
{
	const struct run_page want = { .limit = COMPLETION_MAX };
	struct run_views runs = { 0 };
	enum status st =
	    run_list(call->project, &want, &call->stop, call->arena, &runs, &call->err);

	for (size_t i = 0; st == OK && i < runs.n; i++)
		completion_add(out, runs.at[i].row.id, prefix);
	return st;
}

static enum status run_complete(struct call *call, size_t which, const char *prefix,
                                struct completion *out)
{
	return which == 0 ? complete_run(call, prefix, out) : OK;
}

const struct resource resource_run = {
	.uri = "gadugi://runs/{id}",
	.name = "run",
	.title = "Run",
	.about = "A run as it stands: state, tasks, attempts; changes as it goes.",
	.mime = "application/json",
	.read = run_body,
	.list = run_items,
	.complete = run_complete,
};

static enum status log_body(struct call *call, const char *const *values,
                            struct resource_body *body)
{
	const struct run_log_want want = { .run = values[0], .task = values[1], .max = LOG_BYTES };
	struct run_log log = { 0 };
	enum status st = run_log(call->project, &want, call->arena, &log, &call->err);

	body->text = log.text;
	return st;
}

const struct resource resource_log = {
	.uri = "gadugi://runs/{id}/tasks/{task}/log",
	.name = "log",
	.title = "Task log",
	.about = "The end of what a task's last attempt said.",
	.mime = "text/plain",
	.read = log_body,
	.complete = run_complete,
};
