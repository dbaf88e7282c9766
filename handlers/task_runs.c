/* task_runs.c - runs as MCP's tasks: the id of a run is the id of its task. */
#include "base/text.h"
#include "domain/run.h"
#include "handlers/ask_person.h"
#include "handlers/run_answer.h"
#include "handlers/task.h"

/* A run goes on while its agents ask; its task says that it needs the answers. */
static enum status working(struct call *call, const char *run, struct task_view *out)
{
	struct json_build b = { 0 };
	struct question *open = NULL;
	cJSON *asks;
	size_t n = 0;
	enum status st = OK;

	out->status = "working";
	if ((call->can_ask & CALL_ASK_FORM) != 0)
		st = person_questions(call, run, call->arena, &open, &n);
	if (st != OK || n == 0)
		return st;
	out->status = "input_required";
	asks = json_object(&b);
	for (size_t i = 0; i < n; i++)
		json_put(&b, asks, open[i].id, person_form(&b, &open[i]));
	return json_built(&b, asks, &out->asks, &call->err);
}

static enum status update(struct call *call, const char *id, const cJSON *answers)
{
	struct question *open = NULL;
	struct run_view v = { 0 };
	size_t n = 0;
	enum status st = run_glance(call->project, id, &call->stop, call->arena, &v, &call->err);

	if (st == OK)
		st = person_questions(call, id, call->arena, &open, &n);
	for (size_t i = 0; st == OK && i < n; i++)
		if (json_get(answers, open[i].id) != NULL)
			st = person_said(call, open[i].id, json_get(answers, open[i].id));
	return st;
}

static enum status look(struct call *call, const char *id, struct task_view *out)
{
	struct run_view v = { 0 };
	enum status st = run_glance(call->project, id, &call->stop, call->arena, &v, &call->err);

	if (st != OK)
		return st;
	out->made_ms = v.row.made_ms;
	out->changed_ms = v.row.ended_ms > 0 ? v.row.ended_ms : v.row.made_ms;
	out->words = text_printf(call->arena, "%s, %zu of %zu tasks succeeded",
	                         run_state_word(v.state), v.counts[TASK_SUCCEEDED], v.n_tasks);
	switch (v.state) {
	case RUN_QUEUED:
	case RUN_RUNNING:
	case RUN_PAUSED:
		return working(call, id, out);
	case RUN_CANCELLED:
		out->status = "cancelled";
		return OK;
	case RUN_SUCCEEDED:
	case RUN_FAILED:
	case RUN_INTERRUPTED:
	case RUN_STATES:
		break;
	}
	out->status = "completed";
	return run_answer(call, id, 0, SIZE_MAX, &out->result);
}

static enum status cancel(struct call *call, const char *id)
{
	struct run_view v = { 0 };
	enum status st = run_glance(call->project, id, &call->stop, call->arena, &v, &call->err);

	if (st != OK || run_state_ended(v.state))
		return st;
	return run_control(call->project, id, NULL, RUN_DO_CANCEL, &call->stop, &call->err);
}

const struct task_kind task_runs = { look, update, cancel };
