#include "domain/dispatch/worker.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/dispatch/actors.h"
#include "domain/dispatch/launch.h"
#include "domain/dispatch/said.h"
#include "domain/event.h"
#include "domain/question.h"
#include "store/subscribers.h"
#include "sys/warden.h"

#define START_ARENA ((size_t)64 << 20)
#define AGAIN_MS    2000 /* after a failure of the database */
#define CAUSE_MAX   800
#define LAST_SHOWN  300
#define READ_SIZE   ((size_t)16 << 10)
#define READS_MAX   16 /* of one turn: others have theirs */

struct worker_own {
	struct proc *proc; /* NULL: it does not run */
	struct said *said;
	char asked[ID_SIZE];       /* the approval it waits for; "": none */
	bool begun;                /* it counts as running */
	bool ended;                /* told to end */
	bool denied;               /* its start was not approved */
	bool silent, late;         /* why it was told to */
	bool to_tell;              /* how it ended is not written down yet */
	enum agent_restart policy; /* as of its start */
	int64_t timeout_ms, heartbeat_ms;
	int64_t started_ms, heard_ms; /* monotonic */
	int64_t next_ms;              /* not before that */
	int64_t quick;                /* ends in a row that came soon */
	struct proc_result result;
	char cause[CAUSE_MAX]; /* why it failed; "": it did not */
};

struct worker *worker_new(struct actor *actor)
{
	struct worker *w = mem_zero(1, sizeof *w);

	if (w == NULL || (w->own = mem_zero(1, sizeof *w->own)) == NULL) {
		mem_free(w);
		return NULL;
	}
	w->actor = actor;
	atomic_store(&w->want, true);
	return w;
}

void worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	proc_free(w->own->proc);
	said_free(w->own->said);
	mem_free(w->own);
	mem_free(w);
}

nfds_t worker_poll(const struct worker *w, struct pollfd *fds)
{
	const struct proc *p = w->own->proc;
	nfds_t n = 0;

	if (p != NULL && p->wait_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = p->wait_fd, .events = POLLIN };
	if (p != NULL && p->out_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = p->out_fd, .events = POLLIN };
	return n;
}

static int64_t wall(const struct dispatch *d)
{
	return clock_wall_ms(&d->project->clock);
}

/* --- how it ended ---------------------------------------------------------------------------- */

/* Its work is done: stopped, until somebody starts it again. */
static enum status put_done(struct dispatch *d, const struct worker *w, struct db *db,
                            struct err *err)
{
	struct life_step step = { .name = w->actor->name, .to = LIFE_STOPPING };
	struct life life;
	struct arena *a = arena_new((size_t)1 << 20);
	enum status st = a == NULL ? err_nomem(err, "an agent's state")
	                           : life_look(db, step.name, a, &life, err);

	if (st == OK && life.state != LIFE_STOPPING)
		st = life_become(db, wall(d), &step, err);
	step.to = LIFE_STOPPED;
	if (st == OK)
		st = life_become(db, wall(d), &step, err);
	arena_free(a);
	return st == OK ? subscriber_touch(db, err) : st;
}

static enum status put_event(struct dispatch *d, const struct worker *w, struct db *db,
                             const char *state, bool again, struct err *err)
{
	const struct proc_result *r = &w->own->result;
	const struct event_agent e = {
		.agent = w->actor->name,
		.state = state,
		.cause = *w->own->cause == '\0' ? NULL : w->own->cause,
		.runtime_ms = r->wall_us / 1000,
		.exited = r->outcome != PROC_NOT_STARTED && r->exit_code >= 0,
		.exit_code = r->exit_code,
		.will_restart = again,
	};

	return event_put_agent(db, wall(d), &e, err);
}

static bool was_steady(const struct dispatch *d, const struct worker *w)
{
	int64_t least = d->options.steady_ms == 0 ? LIFE_STEADY_MS : d->options.steady_ms;

	return w->own->result.wall_us / 1000 >= least;
}

/* In one transaction. done: it is not to be started again. */
static enum status put_end(struct dispatch *d, struct worker *w, struct db *db, bool *done,
                           struct err *err)
{
	const bool well = *w->own->cause == '\0';
	const struct actor_change change = { .well = well,
		                             .steady = was_steady(d, w),
		                             .failed = well ? NULL : w->own->cause };
	enum status st;
	bool again;

	*done = well && w->own->policy != AGENT_ALWAYS;
	if (*done) {
		st = put_event(d, w, db, "done", false, err);
		return st == OK ? put_done(d, w, db, err) : st;
	}
	if ((st = actor_note(d, w->actor, db, &change, err)) != OK)
		return st;
	again = well || actor_comes_back(d, w->actor);
	return put_event(d, w, db, well ? "done" : again ? "retrying" : "gaveup", again, err);
}

/* Write down how it ended; it is tried again when that fails. */
static void tell_end(struct dispatch *d, struct worker *w)
{
	struct worker_own *own = w->own;
	struct err err = { 0 };
	struct db *db = NULL;
	bool done = false;
	enum status st = project_write(d->project, NULL, &db, &err);

	if (st == OK && (st = db_begin(db, &err)) == OK &&
	    (st = put_end(d, w, db, &done, &err)) == OK)
		st = project_commit(d->project, db, &err);
	project_done(d->project, db);
	if (st != OK) {
		log_line(LOG_WARN, "how agent '%s' ended is not kept yet: %s", w->actor->name,
		         err.text);
		own->next_ms = clock_mono_ms() + AGAIN_MS;
		return;
	}
	own->to_tell = false;
	own->quick = was_steady(d, w) ? 0 : own->quick + 1;
	if (*own->cause == '\0' && !done)
		own->next_ms = clock_mono_ms() + life_pause_ms(own->quick < 1 ? 1 : own->quick,
		                                               d->options.restart_ms == 0
		                                                   ? LIFE_PAUSE_MS
		                                                   : d->options.restart_ms,
		                                               LIFE_PAUSE_MAX_MS);
	if (done) {
		(void)pthread_mutex_lock(&d->guard);
		w->actor->failures = 0;
		(void)pthread_mutex_unlock(&d->guard);
		atomic_store(&w->actor->able, false); /* until somebody starts it */
	}
	dispatch_ring(d);
}

/* Why it failed, in words; "" when it ended well. */
static void find_cause(struct worker *w)
{
	struct worker_own *own = w->own;
	const char *last = said_last(own->said);
	struct text words;

	*own->cause = '\0';
	if (own->result.outcome == PROC_CLEAN)
		return;
	text_init(&words, CAUSE_MAX - 1);
	text_addf(&words, "agent '%s' ", w->actor->name);
	if (own->silent)
		text_addf(&words, "gave no sign of life for %lld s",
		          (long long)own->heartbeat_ms / 1000);
	else if (own->late)
		text_addf(&words, "took longer than %lld s", (long long)own->timeout_ms / 1000);
	else if (own->result.signal != 0)
		text_addf(&words, "was ended by signal %d", own->result.signal);
	else
		text_addf(&words, "ended with exit code %d", own->result.exit_code);
	if (*last != '\0')
		text_addf(&words, ": %.*s", (int)text_utf8_valid(last, strnlen(last, LAST_SHOWN)),
		          last);
	memcpy(own->cause, text_string(&words), words.len + 1);
	text_done(&words);
}

static void leave(struct dispatch *d, struct worker *w)
{
	if (w->own->begun) {
		actor_leave(d, w->actor);
		(void)atomic_fetch_sub(&d->running, 1);
	}
	w->own->begun = false;
	atomic_store(&w->pid, 0);
}

/* Its process and all below it are gone. */
static void conclude(struct dispatch *d, struct worker *w, bool wanted)
{
	struct worker_own *own = w->own;

	own->result = own->proc->result;
	proc_free(own->proc);
	own->proc = NULL;
	leave(d, w);
	find_cause(w);
	said_note(own->said, wall(d), "%s",
	          !wanted               ? "stopped"
	          : *own->cause == '\0' ? "ended well"
	                                : own->cause);
	said_free(own->said);
	own->said = NULL;
	own->to_tell = wanted;
	if (!wanted)
		dispatch_ring(d);
}

/* --- its start ------------------------------------------------------------------------------- */

/* A question of the same words that is open since before a restart. */
static enum status find_asked(struct db *db, const struct question *want, int64_t now,
                              struct arena *a, const char **id, struct err *err)
{
	struct question *all = NULL;
	size_t n = 0;
	enum status st = question_open(db, now, a, &all, &n, err);

	for (size_t i = 0; st == OK && i < n && *id == NULL; i++)
		if (all[i].approval && strcmp(all[i].agent, want->agent) == 0 &&
		    strcmp(all[i].text, want->text) == 0)
			*id = all[i].id;
	return st;
}

static enum status ask(struct dispatch *d, struct worker *w, struct arena *a, struct err *err)
{
	const struct question want = {
		.approval = true,
		.agent = w->actor->name,
		.text = text_printf(a, "May agent '%s' start, and run by itself?", w->actor->name)
	};
	struct question q = { 0 };
	struct db *db = NULL;
	const char *id = NULL;
	enum status st = want.text == NULL ? err_nomem(err, "a question")
	                                   : project_write(d->project, NULL, &db, err);

	if (st == OK && (st = db_begin(db, err)) == OK &&
	    (st = find_asked(db, &want, wall(d), a, &id, err)) == OK && id == NULL &&
	    (st = question_ask(db, wall(d), &want, a, &q, err)) == OK) {
		id = q.id;
		st = project_commit(d->project, db, err);
	}
	project_done(d->project, db);
	if (st == OK && strlen(id) < sizeof w->own->asked)
		memcpy(w->own->asked, id, strlen(id) + 1);
	return st;
}

static void count_waiting(struct dispatch *d, struct worker *w, bool waits)
{
	if (atomic_load(&w->asks) == waits)
		return;
	atomic_store(&w->asks, waits);
	actor_wait(d, w->actor, waits);
	actor_tell(d, w->actor, &(struct actor_change){ 0 });
}

/* OK: it may start; E_WAIT: nobody has said so yet; E_DENIED. */
static enum status approval(struct dispatch *d, struct worker *w, struct arena *a, struct err *err)
{
	struct question q = { .state = "open" };
	struct db *db = NULL;
	enum status st = OK;

	if (*w->own->asked == '\0' && (st = ask(d, w, a, err)) != OK)
		return st;
	if ((st = project_read(d->project, NULL, &db, err)) != OK)
		return st;
	st = question_look(db, wall(d), w->own->asked, a, &q, err);
	project_done(d->project, db);
	if (st != OK)
		return st;
	if (strcmp(q.state, "open") == 0) {
		count_waiting(d, w, true);
		return E_WAIT;
	}
	count_waiting(d, w, false);
	*w->own->asked = '\0';
	w->own->denied = strcmp(q.state, "approved") != 0;
	return w->own->denied ? err_set(err, E_DENIED, "its start was not approved: %s", q.state)
	                      : OK;
}

static const char *const *marks(struct dispatch *d, const struct worker *w, struct arena *a)
{
	const char **mark = arena_take(a, 4 * sizeof *mark);

	if (mark == NULL)
		return NULL;
	mark[0] = DISPATCH_MARK;
	mark[1] = text_printf(a, "GADUGI_AGENT=%s", w->actor->name);
	mark[2] = text_printf(a, "CLAUDE_PROJECT_DIR=%s", d->project->root);
	return mark[1] == NULL || mark[2] == NULL ? NULL : mark;
}

static enum status start_proc(struct dispatch *d, struct worker *w, struct launch *l)
{
	const char *const *mark = marks(d, w, l->arena);
	const char *log = said_path(d->project, w->actor->name, l->arena);
	struct sandbox *sandbox = NULL;
	struct proc_spec spec;
	enum status st;

	l->how.run = l->how.task_id = w->actor->name;
	if (mark == NULL || log == NULL)
		return err_nomem(l->err, "an agent");
	if ((st = launch_prepare(l, mark, &spec, &sandbox)) == OK)
		st = proc_start(&w->own->proc, NULL, &spec, l->err);
	sandbox_free(sandbox);
	if (st == OK)
		w->own->said = said_new(log);
	return st;
}

static enum status start(struct dispatch *d, struct worker *w, const struct agent *agent,
                         struct arena *a, struct err *err)
{
	struct launch l = {
		.dispatch = d, .name = w->actor->name, .agent = agent, .arena = a, .err = err
	};
	struct worker_own *own = w->own;
	enum status st = launch_resolve(&l);

	own->policy = agent == NULL ? AGENT_ON_FAILURE : agent->restart;
	own->timeout_ms = l.timeout_ms;
	own->heartbeat_ms = agent == NULL ? 0 : agent->heartbeat_ms;
	own->ended = own->silent = own->late = own->denied = false;
	own->result = (struct proc_result){ .outcome = PROC_NOT_STARTED };
	if (st == OK && l.ask)
		st = approval(d, w, a, err);
	if (st != OK)
		return st;
	if (!actor_enter(d, w->actor))
		return E_WAIT;
	if ((st = start_proc(d, w, &l)) != OK) {
		actor_leave(d, w->actor);
		return st;
	}
	own->begun = true;
	own->started_ms = own->heard_ms = clock_mono_ms();
	atomic_store(&w->pid, own->proc->pid);
	(void)atomic_fetch_add(&d->running, 1);
	said_note(own->said, wall(d), "started, process %d", own->proc->pid);
	actor_tell(d, w->actor, &(struct actor_change){ 0 });
	dispatch_ring(d); /* signs of life are due from now on */
	return OK;
}

/* Denied is an end, not a failure: it is not asked again by itself. */
static void deny(struct dispatch *d, struct worker *w, const struct err *why)
{
	struct err err = { 0 };
	struct db *db = NULL;
	enum status st = project_write(d->project, NULL, &db, &err);

	log_line(LOG_INFO, "agent '%s' is not started: %s", w->actor->name, why->text);
	if (st == OK && (st = db_begin(db, &err)) == OK &&
	    (st = put_event(d, w, db, "denied", false, &err)) == OK &&
	    (st = put_done(d, w, db, &err)) == OK)
		st = project_commit(d->project, db, &err);
	project_done(d->project, db);
	if (st != OK)
		log_line(LOG_WARN, "that agent '%s' was denied is not kept: %s", w->actor->name,
		         err.text);
	atomic_store(&w->actor->able, false);
	dispatch_ring(d);
}

static void try_start(struct dispatch *d, struct worker *w)
{
	struct arena *a = arena_new(START_ARENA);
	const struct agent_set *set = roster_use(d->roster);
	struct err err = { 0 };
	enum status st = a == NULL ? err_nomem(&err, "an agent")
	                           : start(d, w, roster_find(set, w->actor->name), a, &err);

	*w->own->cause = '\0';
	if (w->own->denied) {
		deny(d, w, &err);
	} else if (st == E_WAIT && !atomic_load(&w->asks)) {
		w->own->next_ms = clock_mono_ms() + AGAIN_MS; /* what events started of it works */
	} else if (st != OK && st != E_WAIT) {
		struct text words;

		text_init(&words, CAUSE_MAX - 1);
		text_addf(&words, "agent '%s' could not be started: %.300s", w->actor->name,
		          err.text);
		memcpy(w->own->cause, text_string(&words), words.len + 1);
		text_done(&words);
		w->own->to_tell = true;
	}
	roster_leave(d->roster, set);
	arena_free(a);
}

/* --- a turn ---------------------------------------------------------------------------------- */

static void hear(struct dispatch *d, struct worker *w)
{
	struct proc *p = w->own->proc;
	char bytes[READ_SIZE];

	for (int i = 0; i < READS_MAX && p->out_fd != -1; i++) {
		ssize_t n = read(p->out_fd, bytes, sizeof bytes);

		if (n < 0)
			return;
		if (n == 0) {
			proc_close_out(p);
			return;
		}
		w->own->heard_ms = clock_mono_ms();
		said_add(w->own->said, bytes, (size_t)n, wall(d));
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When it is out of time, or has been silent for too long. */
static int64_t due(const struct worker_own *own)
{
	int64_t at = INT64_MAX;

	if (own->timeout_ms > 0)
		at = own->started_ms + own->timeout_ms;
	if (own->heartbeat_ms > 0)
		at = earlier(at, own->heard_ms + own->heartbeat_ms);
	return at;
}

static int64_t run_on(struct dispatch *d, struct worker *w, bool wanted)
{
	struct worker_own *own = w->own;
	int64_t grace = d->options.warden == NULL ? PROC_GRACE_MS : PROC_GRACE_MS + WARDEN_EXTRA_MS;
	int64_t now = clock_mono_ms(), again = INT64_MAX;

	hear(d, w);
	if (!own->ended && (!wanted || due(own) <= now)) {
		own->late =
		    wanted && own->timeout_ms > 0 && own->started_ms + own->timeout_ms <= now;
		own->silent = wanted && !own->late;
		own->ended = true;
		proc_end(own->proc, wanted ? PROC_HUNG : PROC_KILLED, grace);
	}
	if (proc_ended(own->proc, &again)) {
		hear(d, w);
		conclude(d, w, wanted);
		return 0;
	}
	return own->ended ? again : earlier(again, due(own));
}

int64_t worker_turn(struct dispatch *d, struct worker *w, bool ending)
{
	struct worker_own *own = w->own;
	bool wanted = atomic_load(&w->want) && !ending;

	if (own->proc != NULL)
		return run_on(d, w, wanted);
	if (!wanted) {
		if (!ending)
			count_waiting(d, w, false);
		atomic_store(&w->over, true); /* from here on it is the feeder's */
		dispatch_ring(d);
		return WORKER_OVER;
	}
	if (own->next_ms > clock_mono_ms())
		return own->next_ms;
	if (own->to_tell) {
		tell_end(d, w);
		return own->to_tell ? own->next_ms : 0;
	}
	if (!atomic_load(&w->actor->able))
		return INT64_MAX; /* it failed: alone_ring tells when it may start again */
	try_start(d, w);
	if (own->proc != NULL || own->to_tell)
		return 0;
	return own->next_ms > clock_mono_ms() ? own->next_ms : INT64_MAX;
}
