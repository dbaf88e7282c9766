/* Who is to be served, and feeding the router from the log. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/config_events.h"
#include "domain/dispatch/actors.h"
#include "domain/dispatch/alone.h"
#include "domain/dispatch/own.h"
#include "domain/question.h"
#include "store/subscribers.h"

#define THREADS      4
#define PAGE         ((size_t)256) /* events that are looked at together */
#define LOOK_ARENA   ((size_t)512 << 20)
#define STALE        1000 /* events that nobody wanted before the place is moved past them */
#define ATTEMPTS     3
#define BACKOFF_MS   1000
#define TIDY_MS      3600000
#define MAILBOX_NAME "events" /* no run is called so */
#define AGAIN_MS     2000     /* after a failure of the database */
#define TOLD_MS      500      /* after the end of who dispatched his lock is looked at ... */
#define TOLD_LOOK_MS 20       /* ... so often, until it can be had */

void dispatch_ring(struct dispatch *d)
{
	const uint64_t one = 1;

	if (write(d->bell, &one, sizeof one) != (ssize_t)sizeof one)
		return; /* it rings already */
}

/* A dead letter that is to be tried again goes before what is new. */
static enum status feed_again(struct target *t, struct db *db, struct arena *a, struct err *err)
{
	struct journal_want want = { .limit = 1 };
	struct journal_page page = { 0 };
	int64_t seq = 0;
	enum status st = db_begin(db, err);

	if (st != OK)
		return st;
	if ((st = dead_take(db, t->name, &seq, err)) != OK || seq == 0) {
		db_rollback(db);
		return st;
	}
	want.after = seq - 1;
	if ((st = journal_find(db, &want, a, &page, err)) == OK && page.n == 1 &&
	    page.rows->seq == seq)
		st = target_give_again(t, page.rows, err);
	if (st == OK)
		return db_commit(db, err);
	db_rollback(db); /* its queue is full: the mark stays */
	return st == E_BUSY ? OK : st;
}

/* Feed one that lags behind the others from where it is. */
static enum status catch_up(struct target *t, struct db *db, struct arena *a, struct err *err)
{
	const struct journal_want want = { .after = t->fed,
		                           .upto = t->dispatch->head,
		                           .limit = PAGE,
		                           .keep = target_wants,
		                           .arg = t };
	struct journal_page page = { 0 };
	enum status st = OK;

	while (st == OK && t->fed < t->dispatch->head) {
		struct journal_want next = want;

		next.after = t->fed;
		if ((st = journal_find(db, &next, a, &page, err)) != OK)
			return st;
		for (size_t i = 0; st == OK && i < page.n; i++)
			if ((st = target_give(t, &page.rows[i], err)) == OK)
				t->fed = page.rows[i].seq;
		if (st == OK)
			t->fed = page.seen;
	}
	return st == E_BUSY ? OK : st; /* its queue is full: it goes on when there is room */
}

/* One page of the log, for one who has had what was before it. */
static enum status feed_page(struct target *t, const struct journal_page *page, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < page->n; i++) {
		const struct journal_row *row = &page->rows[i];

		if (row->seq <= t->fed)
			continue;
		if (target_wants(t, row))
			st = target_give(t, row, err);
		if (st == OK)
			t->fed = row->seq;
	}
	if (st == OK && t->fed < page->seen)
		t->fed = page->seen;
	return st == E_BUSY ? OK : st;
}

/* What is new, for all who have had what was before. */
static enum status feed_new(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	const struct journal_want want = { .after = d->head, .limit = PAGE };
	struct journal_page page = { 0 };
	enum status st = journal_find(db, &want, a, &page, err);

	for (struct target *t = d->targets; st == OK && t != NULL; t = t->next)
		if (t->fed >= d->head)
			st = feed_page(t, &page, err);
	if (st == OK)
		d->head = page.seen;
	d->more = st == OK && page.n == PAGE;
	return st;
}

/* Nobody wanted what came lately: note that, so that the next start does not look again. */
static enum status pass_over(struct dispatch *d, struct db *db, struct err *err)
{
	bool begun = false;
	enum status st = OK;

	for (struct target *t = d->targets; st == OK && t != NULL; t = t->next) {
		if (t->fed < d->head || d->head - target_place(t) < STALE || !target_is_idle(t))
			continue;
		if (!begun && (st = db_begin(db, err)) != OK)
			return st;
		begun = true;
		st = target_pass(t, db, d->head, err);
	}
	if (begun && st == OK)
		return db_commit(db, err);
	db_rollback(db);
	return st;
}

/*
 * Take the lock, or watch it: its file is closed when its holder ends, however that happens.
 * The watch comes first, so that no end is missed.
 */
static enum status take_turn(struct dispatch *d, const char *path, struct err *err)
{
	char heard[1024];
	enum status st;

	while (read(d->vigil, heard, sizeof heard) > 0)
		;
	(void)inotify_add_watch(d->vigil, path, IN_CLOSE_WRITE | IN_DELETE_SELF);
	if (lock_held(path, NULL))
		return OK;
	st = lock_take(&d->lock, path, 0, NULL, err);
	return st == E_BUSY ? OK : st;
}

/* Is there anybody to serve? */
static enum status needed(struct dispatch *d, struct db *db, struct arena *a, bool *yes,
                          struct err *err)
{
	const struct config *config = NULL;
	struct subscription *rows = NULL;
	struct life *lives = NULL;
	size_t n = 0;
	enum status st = subscription_all(db, a, &rows, &n, err);

	*yes = project_config(d->project, &config, NULL) == OK && config->events->n_subscribers > 0;
	for (size_t i = 0; st == OK && i < n; i++)
		*yes = *yes || subscription_is_served(&rows[i]);
	if (st != OK || *yes || (st = life_all(db, a, &lives, &n, err)) != OK)
		return st;
	for (size_t i = 0; i < n; i++)
		*yes = *yes || life_runs_alone(&lives[i]);
	return st;
}

/* How many deliveries at once. */
static size_t jobs(const struct dispatch *d)
{
	const struct config *config = NULL;

	if (d->options.threads > 0)
		return d->options.threads;
	return project_config(d->project, &config, NULL) == OK ? (size_t)config->events->jobs
	                                                       : THREADS;
}

/* Hear of it when the project's or the user's configuration, or the trust in it, changes. */
static enum status watch_settings(struct dispatch *d, struct arena *a, struct err *err)
{
	static const char *const endings[] = { "config", "trusted", NULL };
	const char *folders[2] = { d->project->state, NULL };
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	size_t n = 1;

	if (base != NULL && *base == '/')
		folders[n++] = text_printf(a, "%s/gadugi", base);
	else if (home != NULL && *home == '/')
		folders[n++] = text_printf(a, "%s/.config/gadugi", home);
	if (folders[n - 1] == NULL)
		return err_nomem(err, "a path");
	return changes_new(&d->settings, folders, n, endings, err);
}

/* Threads, and what else is there only for who has somebody to serve. */
static enum status set_up(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	enum status st;

	if ((st = actors_sweep(d, a, err)) != OK || (st = journal_last(db, &d->head, err)) != OK)
		return st;
	if (d->settings == NULL && (st = watch_settings(d, a, err)) != OK)
		return st;
	if (d->router == NULL && (st = router_new(&d->router, jobs(d), err)) != OK)
		return st;
	if (d->mailbox == NULL &&
	    (st = mailbox_new(&d->mailbox, d->project, MAILBOX_NAME, NULL, err)) != OK)
		return st;
	return d->roster == NULL ? roster_new(&d->roster, d->project->root, err) : OK;
}

/* Is there anything to dispatch, and is it ours to do? */
static enum status may_dispatch(struct dispatch *d, struct db *db, struct arena *a, bool *may,
                                struct err *err)
{
	const char *path;
	bool yes = false;
	enum status st = OK;

	*may = d->lock != NULL;
	if (*may)
		return OK;
	if ((st = needed(d, db, a, &yes, err)) != OK || !yes)
		return st;
	if ((path = text_printf(a, "%s/dispatch.lock", d->project->state)) == NULL)
		return err_nomem(err, "a path");
	if ((st = take_turn(d, path, err)) != OK || d->lock == NULL)
		return st;
	if ((st = set_up(d, db, a, err)) != OK) {
		lock_free(d->lock);
		d->lock = NULL;
		return st;
	}
	*may = true;
	return OK;
}

/* Has an approval come that a delivery waits for? Then it goes on. */
static enum status look_at_approvals(struct target *t, struct db *db, struct arena *a,
                                     struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < t->n_lanes; i++) {
		struct lane *lane = t->lanes[i];
		struct question q;

		if (!atomic_load(&lane->waiting))
			continue;
		st = question_look(db, clock_wall_ms(&t->dispatch->project->clock), lane->asked, a,
		                   &q, err);
		if (st == E_ABSENT || (st == OK && strcmp(q.state, "open") != 0)) {
			atomic_store(&lane->waiting, false);
			router_nudge(t->dispatch->router, lane->handle);
			st = OK;
		}
	}
	return st;
}

static enum status look_at_agents(struct dispatch *d, struct db *db, struct arena *a,
                                  struct err *err)
{
	struct err why = { 0 };
	bool changed = false, settings = changes_heard(d->settings);
	enum status st;

	if (settings && router_resize(d->router, jobs(d), &why) != OK)
		log_line(LOG_WARN, "%s", why.text);
	if (roster_refresh(d->roster, &changed, &why) != OK) {
		log_line(LOG_WARN, "the agents' files are not read anew: %s", why.text);
		changed = false;
	}
	if (!changed && !settings)
		return OK;
	st = actors_reread(d, db, a, settings, err);
	return st == OK ? targets_refresh(d, db, a, err) : st;
}

/* Those that run by themselves: who is over becomes stopped. */
static enum status look_at_alone(struct dispatch *d, struct db *db, struct arena *a,
                                 struct err *err)
{
	bool freed = false;
	enum status st = alone_refresh(d, &freed, err);

	return st == OK && freed ? actors_refresh(d, db, a, err) : st;
}

static enum status beat(struct dispatch *d, struct db *db, struct err *err)
{
	int64_t every = d->options.beat_ms;

	if (atomic_load(&d->running) == 0 || clock_mono_ms() - d->beaten_ms < every) {
		if (atomic_load(&d->running) == 0)
			d->beaten_ms = clock_mono_ms();
		return OK;
	}
	d->beaten_ms = clock_mono_ms();
	return actors_beat(d, db, err);
}

/* All there is to do for those who are served. */
static enum status serve(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	bool marked = false;
	enum status st = OK;

	if ((st = targets_configure(d, db, a, err)) != OK ||
	    (st = targets_refresh(d, db, a, err)) != OK ||
	    (st = look_at_agents(d, db, a, err)) != OK ||
	    (st = look_at_alone(d, db, a, err)) != OK ||
	    (st = actors_restart(d, db, a, &d->next_us, err)) != OK ||
	    (st = dead_marked(db, &marked, err)) != OK)
		return st;
	actors_unblock(d);
	for (struct target *t = d->targets; st == OK && t != NULL; t = t->next) {
		if ((st = look_at_approvals(t, db, a, err)) == OK && marked)
			st = feed_again(t, db, a, err);
		if (st == OK)
			st = catch_up(t, db, a, err);
	}
	if (st == OK && (st = feed_new(d, db, a, err)) == OK && (st = beat(d, db, err)) == OK)
		st = pass_over(d, db, err);
	return st;
}

static enum status look(struct dispatch *d, struct arena *a, struct err *err)
{
	struct db *db = NULL;
	bool may = false;
	enum status st = project_read(d->project, &d->stop, &db, err);

	if (st == OK && (st = may_dispatch(d, db, a, &may, err)) == OK && may)
		st = serve(d, db, a, err);
	project_done(d->project, db);
	return st;
}

/* Now and then: forget what is too old. */
static enum status tidy(struct dispatch *d, struct arena *a, struct err *err)
{
	struct event_keep keep = { 0 };
	int64_t now = clock_wall_ms(&d->project->clock), n = 0;
	const struct config *config = NULL;
	struct db *db = NULL;
	bool untidy = false;
	enum status st;

	if (d->tidied_ms != 0 && clock_mono_ms() - d->tidied_ms < TIDY_MS)
		return OK;
	d->tidied_ms = clock_mono_ms();
	if (project_config(d->project, &config, NULL) == OK)
		keep = (struct event_keep){ config->events->age_ms, config->events->most,
			                    config->events->bytes, config->events->dead_ms };
	if ((st = project_read(d->project, &d->stop, &db, err)) == OK)
		st = subscription_untidy(db, now, &keep, a, &untidy, err);
	project_done(d->project, db);
	if (st != OK || !untidy || (st = project_write(d->project, &d->stop, &db, err)) != OK)
		return st;
	st = subscription_tidy(db, now, &keep, a, &n, err);
	project_done(d->project, db);
	return st;
}

/* How long until there is something to do that nobody tells; -1: for ever. */
static int patience(const struct dispatch *d, enum status st)
{
	int64_t left = INT64_MAX, us;

	if (st != OK)
		return AGAIN_MS;
	if (d->more)
		return 0;
	/* the kernel tells that a file is closed a moment before it drops the lock on it */
	if (d->lock == NULL && clock_mono_ms() - d->told_ms < TOLD_MS)
		return TOLD_LOOK_MS;
	if (d->next_us != INT64_MAX && (us = d->next_us - clock_mono_us()) < left)
		left = us <= 0 ? 0 : (us + 999) / 1000;
	if (atomic_load(&d->running) > 0 &&
	    d->beaten_ms + d->options.beat_ms - clock_mono_ms() < left)
		left = d->beaten_ms + d->options.beat_ms - clock_mono_ms();
	if (left == INT64_MAX)
		return -1;
	return left < 0 ? 0 : left > INT64_C(1000) * AGAIN_MS ? AGAIN_MS * 1000 : (int)left;
}

static void await(struct dispatch *d, enum status st)
{
	struct pollfd fds[5] = { { .fd = wake_fd(d->wake), .events = POLLIN },
		                 { .fd = d->bell, .events = POLLIN } };
	nfds_t n = 2;

	if (d->lock == NULL)
		fds[n++] = (struct pollfd){ .fd = d->vigil, .events = POLLIN };
	if (d->roster != NULL)
		fds[n++] = (struct pollfd){ .fd = roster_fd(d->roster), .events = POLLIN };
	if (d->settings != NULL)
		fds[n++] = (struct pollfd){ .fd = changes_fd(d->settings), .events = POLLIN };
	(void)poll(fds, n, patience(d, st));
	if (d->lock == NULL && fds[2].revents != 0)
		d->told_ms = clock_mono_ms();
}

static void *feeder(void *arg)
{
	struct dispatch *d = arg;
	uint64_t rung;

	while (!atomic_load(&d->stop)) {
		struct arena *a = arena_new(LOOK_ARENA);
		struct err err = { 0 };
		enum status st;

		wake_clear(d->wake);
		st = a == NULL ? err_nomem(&err, "the dispatcher") : look(d, a, &err);
		if (st == OK)
			st = tidy(d, a, &err);
		arena_free(a);
		if (st != OK && st != E_STOP)
			log_line(LOG_WARN, "cannot serve subscribers: %s", err.text);
		await(d, st);
		if (read(d->bell, &rung, sizeof rung) < 0 && errno != EAGAIN)
			break;
	}
	return NULL;
}

static enum status start_feeder(struct dispatch *d, struct err *err)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&d->feeder, NULL, feeder, d);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? OK : err_sys(err, rc, "cannot start the dispatcher's thread");
}

static void dispose(struct dispatch *d)
{
	alone_free(d);
	targets_free(d);
	router_free(d->router);
	mailbox_free(d->mailbox);
	roster_free(d->roster);
	changes_free(d->settings);
	wake_free(d->wake);
	lock_free(d->lock);
	if (d->bell != -1)
		(void)close(d->bell);
	if (d->vigil != -1)
		(void)close(d->vigil);
	(void)pthread_mutex_destroy(&d->guard);
	mem_free(d);
}

enum status dispatch_new(struct dispatch **out, struct project *p,
                         const struct dispatch_options *options, struct err *err)
{
	struct dispatch *d = mem_zero(1, sizeof *d);
	enum status st;

	if (d == NULL)
		return err_nomem(err, "the dispatcher");
	d->project = p;
	d->options = *options;
	if (d->options.backoff_ms == 0)
		d->options.backoff_ms = BACKOFF_MS;
	if (d->options.attempts == 0)
		d->options.attempts = ATTEMPTS;
	if (d->options.beat_ms == 0)
		d->options.beat_ms = LIFE_BEAT_MS;
	d->next_us = INT64_MAX;
	d->told_ms = INT64_MIN / 2;
	(void)pthread_mutex_init(&d->guard, NULL);
	atomic_init(&d->stop, false);
	d->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->vigil = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (d->bell == -1 || d->vigil == -1)
		st = err_sys(err, errno, "cannot start the dispatcher");
	else if ((st = wake_open(&d->wake, p->state, err)) == OK)
		st = start_feeder(d, err);
	if (st != OK) {
		dispose(d);
		return st;
	}
	*out = d;
	return OK;
}

void dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	atomic_store(&d->stop, true);
	dispatch_ring(d);
	(void)pthread_join(d->feeder, NULL);
	dispose(d);
}

bool dispatch_idle(struct dispatch *d)
{
	return d == NULL || atomic_load(&d->running) == 0;
}
