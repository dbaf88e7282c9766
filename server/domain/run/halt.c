#include "domain/run/halt.h"

#include "base/text.h"
#include "domain/run/record.h"

/* One that waited for a second try has failed; the others were never begun. */
static void end_as_it_is(struct runner *r, struct job *job)
{
	bool tried = job->retry_ms != 0 && job->tries > 0;
	const char *why = tried ? job->row.cause : r->halted;

	record_retry(r, job, 0);
	if (job->state < TASK_SUCCEEDED)
		record_task(r, job, tried ? TASK_FAILED : TASK_SKIPPED, why);
}

static void leave_out(struct runner *r, struct job *job)
{
	const size_t *told = NULL;

	switch (schedule_state(r->schedule, job->index)) {
	case SCHEDULE_WAITING:
	case SCHEDULE_READY:
		(void)schedule_drop(r->schedule, job->index, false, &told);
		break;
	case SCHEDULE_IDLE:
	case SCHEDULE_RUNNING:
		(void)schedule_fail(r->schedule, job->index, &told);
		break;
	case SCHEDULE_DONE:
	case SCHEDULE_FAILED:
	case SCHEDULE_SKIPPED:
		break;
	}
	end_as_it_is(r, job);
}

void halt_task(struct runner *r, struct job *job)
{
	leave_out(r, job);
	for (size_t i = 0; i < r->n_jobs; i++)
		if (r->jobs[i].now == NULL && schedule_state(r->schedule, i) == SCHEDULE_SKIPPED)
			end_as_it_is(r, &r->jobs[i]);
}

void halt_run(struct runner *r, const char *cause)
{
	if (r->halted != NULL)
		return;
	r->halted = text_dup(r->arena, cause);
	if (r->halted == NULL)
		r->halted = "the run was stopped";
	for (size_t i = 0; i < r->n_jobs; i++)
		if (r->jobs[i].now == NULL)
			leave_out(r, &r->jobs[i]);
}
