/* task_runs.c - runs as MCP's tasks: the id of a run is the id of its task. */
#include "base/text.h"
#include "domain/run.h"
#include "handlers/run_answer.h"
#include "handlers/task.h"

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
		out->status = "working";
		return OK;
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

const struct task_kind task_runs = { look, cancel };
