/* Who is to be served, what each was given, and how far each has got. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "bus/envelope.h"
#include "bus/topic.h"
#include "domain/config_events.h"
#include "domain/dispatch/own.h"
#include "domain/event/view.h"
#include "store/subscribers.h"

#define SETTLE_ARENA ((size_t)4 << 20)

static const char *keep(char **to, const char *s)
{
	size_t n;
	char *at;

	if (s == NULL)
		return NULL;
	n = strlen(s) + 1;
	at = memcpy(*to, s, n);
	*to += n;
	return at;
}

static size_t size_of(const char *s)
{
	return s == NULL ? 0 : strlen(s) + 1;
}

/* --- what was given ------------------------------------------------------------------------- */

/* Note that seq was given; the guard is held. Events are given in order. */
static bool add_pending(struct target *t, int64_t seq, bool over)
{
	if (t->n_pending == t->room_pending) {
		size_t room = t->room_pending == 0 ? DISPATCH_FEED : t->room_pending * 2;
		struct pending *grown = mem_grow(t->pending, room * sizeof *grown);

		if (grown == NULL)
			return false;
		t->pending = grown;
		t->room_pending = room;
	}
	t->pending[t->n_pending++] = (struct pending){ seq, over };
	return true;
}

static struct pending *find_pending(struct target *t, int64_t seq)
{
	for (size_t i = 0; i < t->n_pending; i++)
		if (t->pending[i].seq == seq)
			return &t->pending[i];
	return NULL;
}

static bool is_among(const int64_t *seqs, size_t n, int64_t seq)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (seqs[middle] < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && seqs[low] == seq;
}

/* What is over beyond a place, as the database has it. */
struct settled {
	int64_t place;
	int64_t *seqs;
	size_t n;
};

/*
 * How far the place can move when seq is over: up to the first event that was given and is not;
 * 0: seq was not given.
 */
static int64_t reach(struct target *t, int64_t seq, const struct settled *over)
{
	int64_t to = 0;
	bool given;

	(void)pthread_mutex_lock(&t->dispatch->guard);
	given = find_pending(t, seq) != NULL;
	for (size_t i = 0; given && i < t->n_pending; i++) {
		int64_t one = t->pending[i].seq;

		if (one != seq && one > over->place && !is_among(over->seqs, over->n, one))
			break;
		to = one > to ? one : to;
	}
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	return to;
}

static enum status settle_in(struct target *t, struct db *db, int64_t seq, struct arena *a,
                             struct err *err)
{
	struct subscription now;
	struct settled over = { 0 };
	bool moved = false;
	int64_t to;
	enum status st;

	/* somebody moved or ended it: its new place is another target's */
	if ((st = subscription_find(db, t->name, a, &now, err)) == E_ABSENT ||
	    (st == OK && (now.edition != t->edition || seq <= now.after)))
		return OK;
	if (st != OK || (st = settled_list(db, t->name, a, &over.seqs, &over.n, err)) != OK)
		return st;
	over.place = now.after;
	if ((to = reach(t, seq, &over)) < seq)
		return settled_put(db, t->name, seq, err);
	st = subscriber_advance(db, t->name, now.after, to, &moved, err);
	return st == OK ? settled_forget(db, t->name, to, err) : st;
}

enum status target_settle(struct target *t, struct db *db, int64_t seq, struct err *err)
{
	struct arena *a = arena_new(SETTLE_ARENA);
	enum status st = a == NULL ? err_nomem(err, "a delivery") : settle_in(t, db, seq, a, err);

	arena_free(a);
	return st;
}

void target_settled(struct target *t, int64_t seq)
{
	struct pending *p;
	size_t n = 0;

	(void)pthread_mutex_lock(&t->dispatch->guard);
	if ((p = find_pending(t, seq)) != NULL)
		p->over = true;
	for (; n < t->n_pending && t->pending[n].over; n++)
		if (t->pending[n].seq > t->place)
			t->place = t->pending[n].seq;
	t->n_pending -= n;
	if (n > 0)
		memmove(t->pending, t->pending + n, t->n_pending * sizeof *t->pending);
	(void)pthread_mutex_unlock(&t->dispatch->guard);
}

int64_t target_place(struct target *t)
{
	int64_t place;

	(void)pthread_mutex_lock(&t->dispatch->guard);
	place = t->place;
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	return place;
}

bool target_is_idle(struct target *t)
{
	bool idle = true;

	(void)pthread_mutex_lock(&t->dispatch->guard);
	for (size_t i = 0; i < t->n_pending; i++)
		idle = idle && t->pending[i].over;
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	return idle;
}

enum status target_pass(struct target *t, struct db *db, int64_t seen, struct err *err)
{
	bool moved = false;
	int64_t from;
	enum status st;

	(void)pthread_mutex_lock(&t->dispatch->guard);
	from = t->place;
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	st = subscriber_advance(db, t->name, from, seen, &moved, err);
	if (st != OK || !moved)
		return st;
	(void)pthread_mutex_lock(&t->dispatch->guard);
	t->place = seen;
	t->n_pending = 0;
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	return settled_forget(db, t->name, seen, err);
}

/* --- giving --------------------------------------------------------------------------------- */

/* Ends the pattern in a word that is said, not in `*` or `#`? */
static bool names_its_end(const char *pattern)
{
	const char *dot = strrchr(pattern, '.'), *last = dot == NULL ? pattern : dot + 1;

	return strcmp(last, "*") != 0 && strcmp(last, "#") != 0;
}

bool target_wants(const void *target, const struct journal_row *row)
{
	const struct target *t = target;
	size_t n = strlen(t->action);

	if (strncmp(row->topic, "agent.", 6) == 0) {
		/* an agent is not started by what it did itself */
		if (t->actor != NULL && strncmp(row->topic + 6, t->action, n) == 0 &&
		    row->topic[6 + n] == '.')
			return false;
		/* nor by each step of the others, unless it asks for just these */
		if (t->filter.type == NULL && !names_its_end(t->filter.pattern) &&
		    (strcmp(row->type, "AgentStateChanged") == 0 ||
		     strcmp(row->type, "AgentStarted") == 0 ||
		     strcmp(row->type, "AgentHeartbeat") == 0))
			return false;
	}
	return event_wanted(&t->filter, row);
}

enum status target_give(struct target *t, const struct journal_row *row, struct err *err)
{
	struct router_event e = { .seq = row->seq,
		                  .id = row->id,
		                  .topic = row->topic,
		                  .type = row->type,
		                  .source = "",
		                  .at_ms = row->at_ms,
		                  .envelope = row->envelope,
		                  .envelope_size = row->envelope_size };
	size_t lane = (size_t)text_hash(row->topic, strlen(row->topic)) % t->n_lanes;
	struct envelope_glance glance;
	bool over = false, added = false, enough = true;
	struct pending *known;
	enum status st;

	envelope_glance(row->envelope, row->envelope_size, &glance);
	e.priority = glance.priority;
	(void)pthread_mutex_lock(&t->dispatch->guard);
	if ((known = find_pending(t, row->seq)) != NULL)
		over = known->over;
	else if (row->seq > t->place)
		enough = added = add_pending(t, row->seq, false);
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	if (!enough)
		return err_nomem(err, "an event");
	if (over)
		return OK; /* delivered before a restart */
	st = router_give_to(t->dispatch->router, t->lanes[lane].handle, &e, err);
	if (st != OK && added) {
		(void)pthread_mutex_lock(&t->dispatch->guard);
		t->n_pending--; /* the newest: only the feeder gives */
		(void)pthread_mutex_unlock(&t->dispatch->guard);
	}
	return st;
}

/* --- who there is --------------------------------------------------------------------------- */

/* What was over before a restart, beyond the place. */
static enum status put_settled(struct target *t, struct db *db, struct arena *a, struct err *err)
{
	int64_t *seqs = NULL;
	size_t n = 0;
	enum status st = settled_list(db, t->name, a, &seqs, &n, err);

	(void)pthread_mutex_lock(&t->dispatch->guard);
	for (size_t i = 0; st == OK && i < n; i++)
		if (!add_pending(t, seqs[i], true))
			st = err_nomem(err, "a subscriber");
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	return st;
}

static enum status open_lanes(struct target *t, struct err *err)
{
	const struct dispatch *d = t->dispatch;
	struct router_subscriber own = { .name = t->name,
		                         .pattern = t->filter.pattern,
		                         .queue_max = DISPATCH_FEED,
		                         .attempts = t->attempts,
		                         .backoff_ms = d->options.backoff_ms,
		                         .breaker_ms = d->options.breaker_ms,
		                         .deliver = dispatch_deliver,
		                         .dead = dispatch_bury };
	enum status st = OK;
	size_t n = 1;

	if (t->actor != NULL && t->actor->concurrency > 1)
		n = (size_t)t->actor->concurrency < LANES_MAX ? (size_t)t->actor->concurrency
		                                              : LANES_MAX;
	for (; st == OK && t->n_lanes < n; t->n_lanes += st == OK) {
		struct lane *lane = &t->lanes[t->n_lanes];

		lane->target = t;
		own.arg = lane;
		st = router_subscribe(d->router, &own, &lane->handle, err);
	}
	return st;
}

/* End what runs for it, and forget it. */
static void target_free(struct target *t)
{
	atomic_store(&t->stop, true);
	for (size_t i = 0; i < t->n_lanes; i++)
		router_unsubscribe(t->dispatch->router, t->lanes[i].handle);
	mem_free(t->pending);
	mem_free(t);
}

/* How often one event is tried. */
static int attempts_of(const struct dispatch *d, const struct subscription *s)
{
	const struct config_subscriber *c = s->command == NULL || d->config == NULL
	                                        ? NULL
	                                        : config_subscriber_find(d->config, s->command);

	return c == NULL ? d->options.attempts : (int)c->attempts;
}

static enum status add_target(struct dispatch *d, const struct subscription *s, struct db *db,
                              struct arena *a, struct err *err)
{
	const char *action = s->agent != NULL ? s->agent : s->command;
	struct target *t = mem_zero(1, sizeof *t + size_of(s->name) + size_of(s->topic) +
	                                   size_of(action) + size_of(s->type) + size_of(s->source));
	enum status st = OK;
	char *to;

	if (t == NULL)
		return err_nomem(err, "a subscriber");
	to = t->texts;
	t->dispatch = d;
	t->name = keep(&to, s->name);
	t->action = keep(&to, action);
	t->filter = (struct event_filter){ keep(&to, s->topic), keep(&to, s->type),
		                           keep(&to, s->source), s->least };
	t->fed = t->place = s->after;
	t->edition = s->edition;
	t->wanted = true;
	t->attempts = attempts_of(d, s);
	if (s->agent != NULL && (t->actor = actor_get(d, s->agent)) == NULL)
		st = err_nomem(err, "an agent");
	if (st == OK && (st = put_settled(t, db, a, err)) == OK)
		st = open_lanes(t, err);
	if (st != OK) {
		target_free(t);
		return st;
	}
	t->next = d->targets;
	d->targets = t;
	return OK;
}

static struct target *find_target(const struct dispatch *d, const char *name)
{
	struct target *t = d->targets;

	while (t != NULL && strcmp(t->name, name) != 0)
		t = t->next;
	return t;
}

/* Drop those that nobody wants any more; what runs for them is asked to end first, all at once. */
static void drop_unwanted(struct dispatch *d)
{
	for (struct target *t = d->targets; t != NULL; t = t->next)
		if (!t->wanted)
			atomic_store(&t->stop, true);
	for (struct target **at = &d->targets, *t; (t = *at) != NULL;)
		if (t->wanted) {
			at = &t->next;
		} else {
			*at = t->next;
			target_free(t);
		}
}

/* Does the actor's number of lanes still fit its targets'? */
static bool fits(const struct target *t)
{
	size_t want = t->actor == NULL ? 1 : (size_t)t->actor->concurrency;

	return t->n_lanes == (want < LANES_MAX ? want : LANES_MAX);
}

enum status targets_refresh(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	struct subscription *rows = NULL;
	struct target *t;
	int64_t edition = 0;
	size_t n = 0;
	enum status st;

	if ((st = subscriber_edition(db, &edition, err)) != OK || edition == d->edition)
		return st;
	if ((st = subscription_all(db, a, &rows, &n, err)) != OK)
		return st;
	for (t = d->targets; t != NULL; t = t->next)
		t->wanted = false;
	for (size_t i = 0; i < n; i++)
		if (subscription_is_served(&rows[i]) && (t = find_target(d, rows[i].name)) != NULL)
			t->wanted = t->edition == rows[i].edition && fits(t);
	drop_unwanted(d);
	for (size_t i = 0; st == OK && i < n; i++)
		if (subscription_is_served(&rows[i]) && find_target(d, rows[i].name) == NULL)
			st = add_target(d, &rows[i], db, a, err);
	if (st == OK)
		st = actors_refresh(d, db, a, err);
	if (st == OK)
		d->edition = edition;
	return st;
}

/* Is the row as the configuration has it? */
static bool is_configured(const struct subscription *s, const struct config_subscriber *c)
{
	const char *type = c->type == NULL ? "" : c->type,
		   *source = c->source == NULL ? "" : c->source;

	return s->command != NULL && strcmp(s->topic, c->topic) == 0 &&
	       strcmp(s->type == NULL ? "" : s->type, type) == 0 &&
	       strcmp(s->source == NULL ? "" : s->source, source) == 0 && (int)s->least == c->least;
}

static const struct subscription *row_of(const struct subscription *rows, size_t n,
                                         const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* Subscribe the commands that are configured, and end those that are no more; a transaction. */
static enum status configure(struct dispatch *d, const struct config *c, struct db *db,
                             struct arena *a, struct err *err)
{
	int64_t now = clock_wall_ms(&d->project->clock);
	struct subscription *rows = NULL, made;
	size_t n = 0;
	enum status st = subscription_all(db, a, &rows, &n, err);

	for (size_t i = 0; st == OK && i < c->events->n_subscribers; i++) {
		const struct config_subscriber *want = &c->events->subscribers[i];
		const struct subscription *row = row_of(rows, n, want->name);
		const struct subscription s = { .name = want->name,
			                        .topic = want->topic,
			                        .type = want->type,
			                        .source = want->source,
			                        .least = (enum event_priority)want->least,
			                        .command = want->name,
			                        .after = row == NULL ? d->head : row->after };

		if (row == NULL || !is_configured(row, want))
			st = subscription_add(db, now, &s, a, &made, err);
	}
	for (size_t i = 0; st == OK && i < n; i++)
		if (rows[i].command != NULL && config_subscriber_find(c, rows[i].command) == NULL)
			st = subscription_end(db, rows[i].name, a, err);
	return st;
}

enum status targets_configure(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	const struct config *config = NULL;
	struct err why = { 0 };
	enum status st;

	/* one with mistakes is told to who asks for it; here what was subscribed stays */
	if (project_config(d->project, &config, &why) != OK || config == d->config)
		return OK;
	if ((st = db_begin(db, err)) != OK)
		return st;
	if ((st = configure(d, config, db, a, err)) == OK &&
	    (st = project_commit(d->project, db, err)) == OK) {
		d->config = config;
		return OK;
	}
	db_rollback(db);
	return st;
}

void targets_free(struct dispatch *d)
{
	for (struct target *t = d->targets; t != NULL; t = t->next)
		t->wanted = false;
	drop_unwanted(d);
	for (struct actor *actor = d->actors, *next; actor != NULL; actor = next) {
		next = actor->next;
		mem_free(actor);
	}
	d->actors = NULL;
}
