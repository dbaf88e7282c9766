/* loop.c - the runner: one thread, one turn after the other (runner.h has the rule). */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/mailbox.h"
#include "domain/run/account.h"
#include "domain/run/agent.h"
#include "domain/run/ahead.h"
#include "domain/run/attempt.h"
#include "domain/run/cooldown.h"
#include "domain/run/finish.h"
#include "domain/run/gates.h"
#include "domain/run/halt.h"
#include "domain/run/lane.h"
#include "domain/run/lessons.h"
#include "domain/run/load.h"
#include "domain/run/obey.h"
#include "domain/run/record.h"
#include "sys/fs.h"
#include "sys/gone.h"
#include "sys/lock.h"
#include "sys/sandbox.h"

#define RUN_ARENA_MAX   ((size_t)1 << 30)
#define GATHER_MS       2     /* what can wait is committed with what comes within this time */
#define GATHER_MOST_MS  40    /* or within this, when something is about to come */
#define GATHER_AHEAD_MS 150   /* or within this, where enough is durable for all workers */
#define TROUBLE_NAP_MS  500   /* between tries to commit when the disk refuses */
#define TROUBLE_MOST_MS 60000 /* then the runner gives up; the run is `interrupted` */
#define FIXED_FDS       4
#define SHORT_LEAST     6 /* tasks that have ended, before their length is judged */
#define SHORT_US        20000
#define AHEAD           128 /* short tasks whose intents are recorded before a worker is free */

enum { FD_STEPS, FD_WAKE, FD_SIGNALS, FD_GONE };

/* --- one turn ------------------------------------------------------------------------------- */

/*
 * Where tasks take no time to speak of, the intents of the next ones are made durable while
 * the present ones run; otherwise the most urgent is chosen when a worker is free.
 */
static void look_ahead(struct runner *r)
{
	bool short_ones =
	    !r->in_git && r->n_over >= SHORT_LEAST && r->over_us / r->n_over < SHORT_US;

	if (short_ones != r->ahead) {
		r->ahead = short_ones;
		schedule_workers(r->schedule, r->n_slots + (short_ones ? AHEAD : 0));
	}
}

static void begin_what_may(struct runner *r)
{
	int64_t now = clock_mono_ms();
	size_t i;

	cooldown_turn(r);
	for (i = 0; r->n_waiting > 0 && i < r->n_jobs; i++) {
		struct job *job = &r->jobs[i];

		if (job->retry_ms != 0 && now >= job->retry_ms) {
			record_retry(r, job, 0);
			schedule_again(r->schedule, i);
		}
	}
	lane_turn(r);
	look_ahead(r);
	account_turn(r);
	while (!r->given_up && !r->held && r->trouble_since_ms == 0 &&
	       schedule_next(r->schedule, &i)) {
		if (r->halted != NULL)
			halt_task(r, &r->jobs[i]); /* somebody asked for it all the same */
		else if (!cooldown_hold(r, &r->jobs[i]))
			attempt_begin(r, &r->jobs[i]);
	}
	ahead_turn(r);
}

/* Does something wait for a commit before it can be done? */
static bool urgent(const struct runner *r)
{
	size_t stock = 0; /* that may start as soon as a worker is free */
	bool waits = false, running = false;

	if (r->lane.moving)
		return true;
	for (size_t i = 0; i < r->n_alive; i++) {
		const struct attempt *t = r->alive[i];

		running |= t->phase == PHASE_RUNNING;
		if (t->phase != PHASE_PREPARED && t->phase != PHASE_INTENT)
			continue;
		waits |= !t->committed;
		stock += t->committed;
	}
	return (waits && stock < r->n_slots) || (r->ahead && !running);
}

/* Until when what is marked may wait for more: longer while a merge is on its way. */
static int64_t gather_until(const struct runner *r)
{
	bool more = r->lane.queued > 0 || r->lane.step != NULL;

	for (size_t i = 0; !more && i < r->n_alive; i++)
		more = r->alive[i]->phase == PHASE_COLLECTING;
	if (r->ahead)
		return r->dirty_since_ms + GATHER_AHEAD_MS;
	return r->dirty_since_ms + (more ? GATHER_MOST_MS : GATHER_MS);
}

/* Commit what is marked, if it is time to. False: it could not be. */
static bool commit(struct runner *r)
{
	int64_t now = clock_mono_ms();
	struct err err = { OK, "" };

	if (!record_pending(r) || (!urgent(r) && now < gather_until(r)))
		return true;
	if (record_commit(r, &err) == OK) {
		r->trouble_since_ms = 0;
		attempt_sweep(r);
		return true;
	}
	if (r->trouble_since_ms == 0) {
		log_line(LOG_ERROR, "%s", err.text);
		r->trouble_since_ms = now;
	}
	if (now - r->trouble_since_ms > TROUBLE_MOST_MS) {
		r->given_up = true;
		r->row.cause = text_dup(r->arena, err.text);
	}
	return false;
}

/* What was durable before this turn needs no commit now. */
static void start_committed(struct runner *r)
{
	for (size_t i = 0; !r->given_up && !r->lane.moving && i < r->n_alive; i++)
		if (attempt_may_start(r, r->alive[i]))
			attempt_start(r, r->alive[i]);
}

/* All intents are durable now. */
static void act(struct runner *r)
{
	lane_move(r);
	for (size_t i = 0; !r->given_up && !r->lane.moving && i < r->n_alive; i++)
		if (r->alive[i]->phase == PHASE_INTENT && r->alive[i]->committed &&
		    r->alive[i]->verdict == TASK_STATES)
			attempt_prepare(r, r->alive[i]);
	start_committed(r);
}

static int64_t next_due(const struct runner *r)
{
	int64_t due = cooldown_due(r), now = clock_mono_ms(), at = ahead_due(r);

	due = at < due ? at : due;

	if (record_pending(r)) {
		at = r->trouble_since_ms != 0 ? now + TROUBLE_NAP_MS : gather_until(r);
		due = at < due ? at : due;
	}
	for (size_t i = 0; i < r->n_alive; i++) {
		at = attempt_due(r, r->alive[i]);
		due = at < due ? at : due;
	}
	for (size_t i = 0; r->n_waiting > 0 && i < r->n_jobs; i++)
		if (r->jobs[i].retry_ms != 0 && r->jobs[i].retry_ms < due)
			due = r->jobs[i].retry_ms;
	return due;
}

/* The agents' descriptors after the fixed ones; who[i] tells whose the i-th is. */
static size_t gather(const struct runner *r, struct pollfd *fds, struct attempt **who)
{
	size_t n = FIXED_FDS;

	fds[FD_STEPS] = (struct pollfd){ .fd = steps_fd(r->steps), .events = POLLIN };
	fds[FD_WAKE] = (struct pollfd){ .fd = wake_fd(r->wake), .events = POLLIN };
	fds[FD_SIGNALS] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	fds[FD_GONE] = (struct pollfd){ .fd = gone_fd(r->gone), .events = POLLIN };
	for (size_t i = 0; i < r->n_alive; i++) {
		struct attempt *t = r->alive[i];

		if (t->phase != PHASE_RUNNING || t->proc == NULL)
			continue;
		who[n] = t;
		fds[n++] = (struct pollfd){ .fd = t->proc->wait_fd, .events = POLLIN };
		if (t->proc->out_fd == -1)
			continue;
		who[n] = t;
		fds[n++] = (struct pollfd){ .fd = t->proc->out_fd, .events = POLLIN };
	}
	return n;
}

static void hear_agents(struct runner *r, const struct pollfd *fds, struct attempt **who, size_t n)
{
	int64_t now;

	for (size_t i = FIXED_FDS; i < n; i++)
		if (fds[i].revents != 0 && who[i]->proc != NULL &&
		    fds[i].fd == who[i]->proc->out_fd)
			attempt_hear(r, who[i]);
	now = clock_mono_ms();
	for (size_t i = FIXED_FDS; i < n; i++)
		if (who[i]->proc != NULL && who[i]->phase == PHASE_RUNNING &&
		    fds[i].fd == who[i]->proc->wait_fd &&
		    (fds[i].revents != 0 || now >= attempt_due(r, who[i])))
			attempt_watch(r, who[i]);
}

static void take_steps(struct runner *r)
{
	struct step *step;

	steps_clear(r->steps);
	while ((step = steps_take(r->steps)) != NULL) {
		if (step->owner == NULL)
			lane_step_done(r, step);
		else if (step->owner == r)
			ahead_done(r, step);
		else
			attempt_step_done(r, step->owner, step);
	}
}

/* Another signal than a wish ends the runner at once, as a crash would; resume goes on. */
static void hear_signals(struct runner *r)
{
	struct signalfd_siginfo info;

	while (read(r->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGCHLD) {
			(void)proc_keeper_reap(r->keeper, false);
			continue;
		}
		if (obey_signal(r, (int)info.ssi_signo))
			continue;
		r->given_up = true;
		r->row.cause = text_printf(r->arena, "its runner was ended by signal %u",
		                           (unsigned)info.ssi_signo);
	}
}

/* Has the project been deleted or moved away? Then nobody is left to work for. */
static void look_for_project(struct runner *r)
{
	if (!gone_look(r->gone))
		return;
	r->given_up = true;
	r->row.cause = text_printf(r->arena, "'%s' is gone", r->project->state);
}

static enum status wait_and_hear(struct runner *r, struct err *err)
{
	struct pollfd fds[FIXED_FDS + 2 * RUN_JOBS_MAX];
	struct attempt *who[FIXED_FDS + 2 * RUN_JOBS_MAX];
	size_t n = gather(r, fds, who);
	int64_t due = next_due(r), now = clock_mono_ms();
	int64_t wait_ms = due <= now ? 0 : due - now;
	enum status st;

	if (wait_ms > INT32_MAX)
		wait_ms = due == INT64_MAX ? -1 : INT32_MAX;
	if (poll(fds, (nfds_t)n, (int)wait_ms) == -1 && errno != EINTR)
		return err_sys(err, errno, "cannot wait");
	if (fds[FD_GONE].revents != 0)
		look_for_project(r);
	if (fds[FD_SIGNALS].revents != 0)
		hear_signals(r);
	if (fds[FD_STEPS].revents != 0)
		take_steps(r);
	hear_agents(r, fds, who, n);
	if (fds[FD_WAKE].revents == 0)
		return OK;
	wake_clear(r->wake);
	if ((st = cooldown_load(r, err)) != OK)
		return st;
	return obey_wishes(r, err);
}

static bool all_over(const struct runner *r)
{
	return schedule_unsettled(r->schedule) == 0 && r->n_alive == 0 && lane_empty(r) &&
	       steps_away(r->steps) == 0;
}

static enum status loop(struct runner *r, struct err *err)
{
	enum status st = OK;

	while (st == OK && !r->given_up) {
		start_committed(r);
		begin_what_may(r);
		if (commit(r))
			act(r);
		if (r->given_up)
			break;
		if (all_over(r) && !record_pending(r))
			return OK;
		st = wait_and_hear(r, err);
	}
	if (st == OK)
		st = err_set(err, E_IO, "%s", r->row.cause == NULL ? "gave up" : r->row.cause);
	return st;
}

/* --- beginning and end ---------------------------------------------------------------------- */

static enum status open_signals(struct runner *r, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCONT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		return err_sys(err, errno, "cannot wait for signals");
	return OK;
}

/* Was there a runner before that did not come to an end? What it left running is ended. */
static enum status sweep(struct runner *r, const char *run, struct err *err)
{
	const char *const *mark = agent_run_mark(r->arena, r->project->state, run);
	struct run_row row;
	enum status st = runs_get(r->db, run, r->arena, &row, err);

	if (st != OK || row.session_ms == RUNS_NONE)
		return st;
	if (mark == NULL)
		return err_nomem(err, "the run");
	return proc_sweep(mark, PROC_GRACE_MS, NULL, err);
}

static void begin_session(struct runner *r)
{
	struct proc_id me;
	int64_t now = clock_wall_ms(&r->project->clock), last_ms = 0;

	/* A runner that died worked until the last thing it wrote down. */
	if (r->row.session_ms != RUNS_NONE &&
	    attempts_last_ms(r->db, r->row.id, &last_ms, NULL) == OK &&
	    last_ms > r->row.session_ms) {
		r->row.active_ms += last_ms - r->row.session_ms;
		r->last_sign_ms = last_ms;
	}
	r->row.session_ms = now;
	if (r->row.started_ms == RUNS_NONE)
		r->row.started_ms = now;
	r->row.ended_ms = RUNS_NONE;
	if (proc_identify(getpid(), &me, NULL) == OK) {
		r->row.runner_pid = me.pid;
		r->row.runner_start = me.start;
		r->row.boot_id = text_dup(r->arena, me.boot);
	}
	r->changed = true;
	record_mark(r);
	if (r->state != RUN_PAUSED)
		record_run(r, RUN_RUNNING, NULL);
	schedule_pause(r->schedule, r->state == RUN_PAUSED);
	r->confined = r->config->flags[CONFIG_CONFINE] && sandbox_abi() > 0;
	if (!r->confined)
		record_note(r, "not-confined", "%s",
		            sandbox_abi() == 0 ? sandbox_words()
		                               : "the configuration lets agents write everywhere");
	if (r->in_git && !r->confined)
		(void)repo_state_take(r->repo, true, r->arena, &r->user, NULL);
}

static enum status begin(struct runner *r, const char *run, struct err *err)
{
	struct steps_spec spec = { .project = r->project, .root = r->project->root };
	enum status st;

	if ((st = open_signals(r, err)) != OK || (st = proc_keeper_new(&r->keeper, err)) != OK ||
	    (st = sweep(r, run, err)) != OK || (st = load_run(r, run, err)) != OK)
		return st;
	spec.worktrees = r->worktrees;
	spec.threads = r->n_slots + 2;
	if ((st = steps_new(&r->steps, &spec, err)) != OK ||
	    (st = wake_open(&r->wake, r->project->state, err)) != OK ||
	    (st = gone_watch(&r->gone, r->project->state, err)) != OK)
		return st;
	begin_session(r);
	if ((st = cooldown_load(r, err)) != OK || (st = load_attempts(r, err)) != OK ||
	    (st = obey_wishes(r, err)) != OK)
		return st;
	r->held = gates_want_baseline(r) && !r->cancelled;
	return record_commit(r, err);
}

static void done(struct runner *r)
{
	for (size_t i = 0; i < r->n_alive; i++) {
		struct attempt *t = r->alive[i];

		if (t->step != NULL)
			step_stop(t->step);
		proc_free(t->proc); /* kills */
		t->proc = NULL;
	}
	if (r->lane.step != NULL)
		step_stop(r->lane.step);
	if (r->ahead_step != NULL)
		step_stop(r->ahead_step);
	steps_free(r->steps);
	for (size_t i = 0; i < r->n_alive; i++)
		r->alive[i]->step = NULL;
	load_done(r);
	mailbox_free(r->mailbox);
	wake_free(r->wake);
	gone_free(r->gone);
	if (r->keeper != NULL)
		(void)proc_keeper_reap(r->keeper, true);
	proc_keeper_free(r->keeper);
	if (r->signals != -1)
		(void)close(r->signals);
	project_done(r->project, r->db);
	arena_free(r->arena);
}

static enum status carry_out(struct runner *r, const char *run, void (*ready)(void *arg), void *arg,
                             struct err *err)
{
	enum status st = begin(r, run, err);

	if (st != OK)
		return st;
	if (ready != NULL)
		ready(arg);
	if ((st = loop(r, err)) != OK)
		return st;
	finish_run(r);
	if ((st = record_commit(r, err)) == OK)
		lessons_of_coach(r);
	return st;
}

enum status run_runner(struct project *p, const char *run, void (*ready)(void *arg), void *arg,
                       struct err *err)
{
	struct runner r = { .project = p, .signals = -1 };
	struct lock *lock = NULL;
	const char *folder, *path;
	enum status st;

	if ((r.arena = arena_new(RUN_ARENA_MAX)) == NULL)
		return err_nomem(err, "the run");
	folder = text_printf(r.arena, "%s/runs/%s", p->state, run);
	path = text_printf(r.arena, "%s/runs/%s/lock", p->state, run);
	if (folder == NULL || path == NULL)
		st = err_nomem(err, "the run");
	else if ((st = fs_make_folders(folder, 0700, err)) == OK &&
	         (st = lock_take(&lock, path, 0, NULL, err)) == OK &&
	         (st = project_write(p, NULL, &r.db, err)) == OK &&
	         (st = mailbox_new(&r.mailbox, p, run, run, err)) == OK)
		st = carry_out(&r, run, ready, arg, err);
	done(&r);
	lock_free(lock);
	return st;
}
