#include "domain/run/finish.h"

#include <poll.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/run/gates.h"
#include "domain/run/lessons.h"
#include "domain/run/obey.h"
#include "domain/run/pull.h"
#include "domain/run/record.h"
#include "domain/run/tidy.h"

/* Wait for a step that nothing else can go on without; wishes wait too. */
static struct step *wait_for(struct runner *r)
{
	struct pollfd fd = { .fd = steps_fd(r->steps), .events = POLLIN };
	struct step *step;

	while ((step = steps_take(r->steps)) == NULL) {
		(void)poll(&fd, 1, -1);
		steps_clear(r->steps);
	}
	return step;
}

/* The gates of the run, on all that was merged. False, with a note, when one does not pass. */
static bool gates_pass(struct runner *r)
{
	struct step *step = gates_of_run(r);
	struct err err = { OK, "" };
	bool passed;

	if (step == NULL)
		return true;
	if (steps_give(r->steps, step, &err) != OK) {
		record_note(r, "gate-failed", "the gates of the run could not be run: %s",
		            err.text);
		step_free(step);
		return false;
	}
	step = wait_for(r);
	passed = gates_of_run_done(r, step);
	step_free(step);
	return passed;
}

/* Only the branch that was the user's when the run began: he may be at something else by now. */
static enum status fast_forward(struct runner *r, struct err *err)
{
	const char *onto = r->options.onto;
	const char *branch = onto == NULL ? NULL : text_printf(r->arena, "refs/heads/%s", onto);

	if (onto == NULL)
		return err_set(err, E_DENIED, "no branch was checked out when the run began");
	if (branch == NULL)
		return err_nomem(err, "a branch");
	return repo_fast_forward(r->repo, branch, &r->head, err);
}

static void forward(struct runner *r)
{
	struct err err = { OK, "" };

	if (r->options.pull && r->in_git)
		pull_request(r);
	if (!r->options.into || !r->in_git)
		return;
	if (fast_forward(r, &err) != OK)
		record_note(r, "not-merged",
		            "the checkout was left alone: %s; merge branch '%s' yourself", err.text,
		            r->row.branch);
}

static bool all_succeeded(const struct runner *r, size_t *n_not)
{
	*n_not = 0;
	for (size_t i = 0; i < r->n_jobs; i++)
		*n_not += r->jobs[i].state != TASK_SUCCEEDED;
	return *n_not == 0;
}

void finish_run(struct runner *r)
{
	size_t n_not;
	bool succeeded = all_succeeded(r, &n_not);
	const char *cause = NULL;
	enum run_state state = RUN_SUCCEEDED;
	int64_t ended_ms;

	if (r->cancelled) {
		state = RUN_CANCELLED;
		cause = "cancelled because somebody asked for it";
	} else if (r->halted != NULL) {
		state = RUN_FAILED;
		cause = r->halted;
	} else if (!succeeded) {
		state = RUN_FAILED;
		cause = text_printf(r->arena, "%zu of %zu tasks did not succeed", n_not, r->n_jobs);
	} else if (!gates_pass(r)) {
		state = RUN_FAILED;
		cause = "a gate of the run did not pass";
	}
	ended_ms = clock_wall_ms(&r->project->clock);
	if (state == RUN_SUCCEEDED)
		forward(r);
	else if (r->options.into || r->options.pull)
		record_note(r, "not-merged", "nothing was merged; what succeeded is on branch '%s'",
		            r->row.branch == NULL ? "" : r->row.branch);
	tidy_at_end(r);
	r->row.active_ms += ended_ms - r->row.session_ms;
	r->row.session_ms = RUNS_NONE;
	lessons_of_run(r, state, r->row.active_ms);
	record_run(r, state, cause);
	if (r->cancelled)
		obey_cancelled(r);
	r->row.ended_ms = ended_ms;
}
