/* Who is to be served, and feeding the router from the log. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "bus/topic.h"
#include "domain/dispatch/own.h"
#include "domain/event/view.h"
#include "domain/question.h"
#include "store/subscribers.h"
#include "sys/proc.h"

#define THREADS    4
#define FEED       16 /* events of a target that wait in the router */
#define LOOK_ARENA ((size_t)256 << 20)
#define STALE      1000 /* events that nobody wanted before the place is moved past them */
#define BACKOFF_MS 1000
#define TIDY_MS    3600000
#define AGAIN_MS   2000 /* after a failure of the database */

void dispatch_ring(struct dispatch *d)
{
	const uint64_t one = 1;

	if (write(d->bell, &one, sizeof one) != (ssize_t)sizeof one)
		return; /* it rings already */
}

static const char *keep(char **to, const char *s)
{
	size_t n = strlen(s) + 1;
	char *at = memcpy(*to, s, n);

	*to += n;
	return at;
}

/* End what a dispatcher that died may have left at work for this subscriber. */
static enum status sweep(const struct dispatch *d, const char *name, struct err *err)
{
	struct text subscriber, root;
	const char *mark[3] = { NULL };
	enum status st;

	text_init(&subscriber, TEXT_LIMIT);
	text_init(&root, TEXT_LIMIT);
	text_addf(&subscriber, "GADUGI_SUBSCRIBER=%s", name);
	text_addf(&root, "CLAUDE_PROJECT_DIR=%s", d->project->root);
	mark[0] = text_string(&subscriber);
	mark[1] = text_string(&root);
	st = subscriber.failed || root.failed ? err_nomem(err, "a subscriber")
	                                      : proc_sweep(mark, 0, NULL, err);
	text_done(&subscriber);
	text_done(&root);
	return st;
}

static enum status add_target(struct dispatch *d, const struct subscription *s, struct err *err)
{
	size_t texts = strlen(s->name) + strlen(s->topic) + strlen(s->agent) + 3;
	struct target *t = mem_zero(1, sizeof *t + texts);
	struct router_subscriber own = { .name = s->name,
		                         .pattern = s->topic,
		                         .queue_max = FEED,
		                         .attempts = d->options.attempts,
		                         .backoff_ms = d->options.backoff_ms,
		                         .deliver = dispatch_deliver,
		                         .dead = dispatch_bury,
		                         .arg = t };
	char *to;
	enum status st;

	if (t == NULL)
		return err_nomem(err, "a subscriber");
	if ((st = sweep(d, s->name, err)) != OK) {
		mem_free(t);
		return st;
	}
	/* threads are there only for those who need them */
	if (d->router == NULL && (st = router_new(&d->router, THREADS, err)) != OK) {
		mem_free(t);
		return st;
	}
	to = t->texts;
	t->dispatch = d;
	t->name = keep(&to, s->name);
	t->topic = keep(&to, s->topic);
	t->agent = keep(&to, s->agent);
	t->fed = t->given = s->after;
	atomic_init(&t->place, s->after);
	atomic_init(&t->stop, false);
	atomic_init(&t->waiting, false);
	t->wanted = true;
	if ((st = router_subscribe(d->router, &own, &t->handle, err)) != OK) {
		mem_free(t);
		return st;
	}
	t->next = d->targets;
	d->targets = t;
	return OK;
}

/* End the agent that runs for it, and forget it. */
static void drop_target(struct dispatch *d, struct target **at)
{
	struct target *t = *at;

	atomic_store(&t->stop, true);
	router_unsubscribe(d->router, t->handle);
	*at = t->next;
	mem_free(t);
}

static struct target *find_target(struct dispatch *d, const char *name)
{
	struct target *t = d->targets;

	while (t != NULL && strcmp(t->name, name) != 0)
		t = t->next;
	return t;
}

static const struct subscription *row_of(const struct subscription *rows, size_t n,
                                         const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].agent != NULL && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/*
 * Is the row still what t serves? Its place lies between where t was before the row was read
 * and what was given since, unless somebody else moved it.
 */
static bool is_as_served(const struct target *t, const struct subscription *row, int64_t before)
{
	int64_t place = atomic_load(&t->place);

	return row != NULL && strcmp(t->topic, row->topic) == 0 &&
	       strcmp(t->agent, row->agent) == 0 && row->after >= before &&
	       row->after <= (place > t->given ? place : t->given);
}

/* Make the targets those that the database has; what was changed or set back is made anew. */
static enum status refresh(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	struct subscription *rows = NULL;
	size_t n = 0, i = 0;
	int64_t before[ROUTER_SUBSCRIBERS_MAX] = { 0 };
	enum status st;

	for (struct target *t = d->targets; t != NULL; t = t->next)
		before[i++] = atomic_load(&t->place);
	if ((st = subscription_all(db, a, &rows, &n, err)) != OK)
		return st;
	i = 0;
	for (struct target *t = d->targets; t != NULL; t = t->next)
		t->wanted = is_as_served(t, row_of(rows, n, t->name), before[i++]);
	for (struct target **at = &d->targets; *at != NULL;)
		if ((*at)->wanted)
			at = &(*at)->next;
		else
			drop_target(d, at);
	for (i = 0; st == OK && i < n; i++)
		if (rows[i].agent != NULL && find_target(d, rows[i].name) == NULL)
			st = add_target(d, &rows[i], err);
	return st;
}

static bool keep_topic(const void *target, const struct journal_row *row)
{
	const struct target *t = target;
	const char *topic = row->topic;
	size_t n = strlen(t->agent);

	/* an agent is not started by what it did itself */
	if (strncmp(topic, "agent.", 6) == 0 && strncmp(topic + 6, t->agent, n) == 0 &&
	    topic[6 + n] == '.')
		return false;
	return topic_matches(t->topic, topic);
}

static enum status give(struct target *t, const struct journal_row *row, struct err *err)
{
	const struct router_event e = { .seq = row->seq,
		                        .id = row->id,
		                        .topic = row->topic,
		                        .type = row->type,
		                        .source = "",
		                        .at_ms = row->at_ms,
		                        .envelope = row->envelope,
		                        .envelope_size = row->envelope_size };

	return router_give_to(t->dispatch->router, t->handle, &e, err);
}

/* A dead letter that is to be tried again goes before what is new. */
static enum status feed_again(struct target *t, struct db *db, struct arena *a, struct err *err)
{
	struct journal_want want = { .limit = 1 };
	struct journal_page page = { 0 };
	int64_t seq = 0;
	bool marked = false;
	enum status st = dead_marked(db, &marked, err);

	if (st != OK || !marked || (st = db_begin(db, err)) != OK)
		return st;
	if ((st = dead_take(db, t->name, &seq, err)) != OK || seq == 0) {
		db_rollback(db);
		return st;
	}
	want.after = seq - 1;
	if ((st = journal_find(db, &want, a, &page, err)) == OK && page.n == 1 &&
	    page.rows->seq == seq)
		st = give(t, page.rows, err);
	if (st == OK)
		return db_commit(db, err);
	db_rollback(db); /* its queue is full: the mark stays */
	return st == E_BUSY ? OK : st;
}

/* Nobody wanted what came lately: note that, so that the next start does not look again. */
static enum status pass_over(struct target *t, struct db *db, int64_t seen, struct err *err)
{
	int64_t from = atomic_load(&t->place);
	bool moved = false;
	enum status st;

	if (seen - from < STALE || t->given > from)
		return OK;
	if ((st = db_begin(db, err)) != OK)
		return st;
	if ((st = subscriber_advance(db, t->name, from, seen, &moved, err)) != OK) {
		db_rollback(db);
		return st;
	}
	if ((st = db_commit(db, err)) == OK && moved)
		atomic_store(&t->place, seen);
	return st;
}

static enum status feed(struct target *t, struct db *db, struct arena *a, struct err *err)
{
	const struct journal_want want = {
		.after = t->fed, .limit = FEED, .keep = keep_topic, .arg = t
	};
	struct journal_page page = { 0 };
	size_t i;
	enum status st;

	if ((st = journal_find(db, &want, a, &page, err)) != OK)
		return st;
	if (page.n == 0) {
		if ((st = pass_over(t, db, page.seen, err)) == OK)
			t->fed = page.seen;
		return st;
	}
	for (i = 0; i < page.n && (st = give(t, &page.rows[i], err)) == OK; i++)
		t->fed = t->given = page.rows[i].seq;
	return st == E_BUSY ? OK : st;
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

/* Is there anything to dispatch, and is it ours to do? */
static enum status may_dispatch(struct dispatch *d, struct db *db, struct arena *a, bool *may,
                                struct err *err)
{
	struct subscription *rows = NULL;
	const char *path;
	size_t n = 0, agents = 0;
	enum status st = subscription_all(db, a, &rows, &n, err);

	for (size_t i = 0; st == OK && i < n; i++)
		agents += rows[i].agent != NULL;
	if (st == OK && agents > 0 && d->lock == NULL) {
		if ((path = text_printf(a, "%s/dispatch.lock", d->project->state)) == NULL)
			return err_nomem(err, "a path");
		st = take_turn(d, path, err);
	}
	*may = d->lock != NULL;
	return st;
}

/* Has the approval come that a delivery waits for? Then it goes on. */
static enum status look_at_approval(struct target *t, struct db *db, struct arena *a,
                                    struct err *err)
{
	struct question q;
	enum status st;

	if (!atomic_load(&t->waiting))
		return OK;
	st = question_look(db, clock_wall_ms(&t->dispatch->project->clock), t->asked, a, &q, err);
	if (st != OK && st != E_ABSENT)
		return st;
	if (st == E_ABSENT || strcmp(q.state, "open") != 0) {
		atomic_store(&t->waiting, false);
		router_nudge(t->dispatch->router, t->handle);
	}
	return OK;
}

static enum status look(struct dispatch *d, struct arena *a, struct err *err)
{
	struct db *db = NULL;
	bool may = false;
	enum status st = project_read(d->project, &d->stop, &db, err);

	if (st == OK && (st = may_dispatch(d, db, a, &may, err)) == OK && may)
		st = refresh(d, db, a, err);
	for (struct target *t = d->targets; may && st == OK && t != NULL; t = t->next)
		if ((st = look_at_approval(t, db, a, err)) == OK &&
		    (st = feed_again(t, db, a, err)) == OK)
			st = feed(t, db, a, err);
	project_done(d->project, db);
	return st;
}

/* Now and then: forget what is too old. */
static enum status tidy(struct dispatch *d, struct arena *a, struct err *err)
{
	const struct event_keep keep = { 0 };
	int64_t now = clock_wall_ms(&d->project->clock), n = 0;
	struct db *db = NULL;
	bool untidy = false;
	enum status st;

	if (d->tidied_ms != 0 && clock_mono_ms() - d->tidied_ms < TIDY_MS)
		return OK;
	d->tidied_ms = clock_mono_ms();
	if ((st = project_read(d->project, &d->stop, &db, err)) == OK)
		st = subscription_untidy(db, now, &keep, a, &untidy, err);
	project_done(d->project, db);
	if (st != OK || !untidy || (st = project_write(d->project, &d->stop, &db, err)) != OK)
		return st;
	st = subscription_tidy(db, now, &keep, a, &n, err);
	project_done(d->project, db);
	return st;
}

static void *feeder(void *arg)
{
	struct dispatch *d = arg;
	struct pollfd fds[] = { { .fd = wake_fd(d->wake), .events = POLLIN },
		                { .fd = d->bell, .events = POLLIN },
		                { .fd = d->vigil, .events = POLLIN } };
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
		(void)poll(fds, d->lock == NULL ? 3 : 2, st == OK ? -1 : AGAIN_MS);
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
	for (struct target *t = d->targets; t != NULL; t = t->next)
		atomic_store(&t->stop, true);
	while (d->targets != NULL)
		drop_target(d, &d->targets);
	router_free(d->router);
	wake_free(d->wake);
	lock_free(d->lock);
	if (d->bell != -1)
		(void)close(d->bell);
	if (d->vigil != -1)
		(void)close(d->vigil);
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
