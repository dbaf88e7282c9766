/* What each target was given: which of its lanes has it, and how far all has got. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "bus/envelope.h"
#include "domain/dispatch/own.h"
#include "store/subscribers.h"

#define SETTLE_ARENA ((size_t)4 << 20)
#define LANE_MOST                                                                                  \
	((size_t)LANES_MAX * (DISPATCH_FEED + 1)) /* all that could ever be moved to one */

/* --- how far all has got -------------------------------------------------------------------- */

/* Note what was given; the guard is held. Events are given in order. */
static bool add_pending(struct target *t, struct pending one)
{
	if (t->n_pending == t->room_pending) {
		size_t room = t->room_pending == 0 ? DISPATCH_FEED : t->room_pending * 2;
		struct pending *grown = mem_grow(t->pending, room * sizeof *grown);

		if (grown == NULL)
			return false;
		t->pending = grown;
		t->room_pending = room;
	}
	t->pending[t->n_pending++] = one;
	return true;
}

static struct pending *find_pending(struct target *t, int64_t seq)
{
	for (size_t i = 0; i < t->n_pending; i++)
		if (t->pending[i].seq == seq)
			return &t->pending[i];
	return NULL;
}

enum status target_was_over(struct target *t, int64_t seq, struct err *err)
{
	bool added;

	(void)pthread_mutex_lock(&t->dispatch->guard);
	added = add_pending(t, (struct pending){ .seq = seq, .over = true });
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	return added ? OK : err_nomem(err, "a subscriber");
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
	for (size_t i = 0; i < t->n_again; i++)
		if (t->again[i] == seq)
			t->again[i] = t->again[--t->n_again];
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

/* --- lanes ----------------------------------------------------------------------------------- */

/* How many lanes it needs now; the guard is held, or it is the feeder that asks. */
static size_t width(const struct target *t)
{
	int n = t->actor == NULL ? 1 : t->actor->concurrency;

	return n > LANES_MAX ? LANES_MAX : (size_t)n;
}

enum status target_open_lanes(struct target *t, struct err *err)
{
	const struct dispatch *d = t->dispatch;
	struct router_subscriber own = { .name = t->name,
		                         .pattern = t->filter.pattern,
		                         .queue_max = LANE_MOST,
		                         .attempts = t->attempts,
		                         .backoff_ms = d->options.backoff_ms,
		                         .breaker_ms = d->options.breaker_ms,
		                         .deliver = dispatch_deliver,
		                         .dead = dispatch_bury };
	enum status st = OK;

	while (st == OK && t->n_lanes < width(t)) {
		struct lane *lane = mem_zero(1, sizeof *lane);

		if (lane == NULL)
			return err_nomem(err, "a subscriber");
		lane->target = t;
		own.arg = lane;
		if ((st = router_subscribe(d->router, &own, &lane->handle, err)) == OK)
			t->lanes[t->n_lanes++] = lane;
		else
			mem_free(lane);
	}
	return st;
}

void target_close_lanes(struct target *t)
{
	for (size_t i = 0; i < t->n_lanes; i++) {
		router_unsubscribe(t->dispatch->router, t->lanes[i]->handle);
		mem_free(t->lanes[i]);
	}
	t->n_lanes = 0;
}

/* Take seq out of what was moved from the lane; the guard is held. */
static bool take_moved(struct lane *lane, int64_t seq)
{
	for (size_t i = 0; i < lane->n_moved; i++)
		if (lane->moved[i] == seq) {
			lane->moved[i] = lane->moved[--lane->n_moved];
			return true;
		}
	return false;
}

bool lane_claim(struct lane *lane, int64_t seq)
{
	struct dispatch *d = lane->target->dispatch;
	struct pending *p;
	bool lost;

	(void)pthread_mutex_lock(&d->guard);
	lost = take_moved(lane, seq);
	if (!lost && (p = find_pending(lane->target, seq)) != NULL)
		p->begun = true;
	(void)pthread_mutex_unlock(&d->guard);
	return !lost;
}

/* The lane for an event of that topic: that of those before it, so that they stay in order. The
 * first n pending ones are those before it; the guard is held. */
static size_t lane_of(const struct target *t, uint64_t topic, size_t n)
{
	for (size_t i = n; i > 0; i--)
		if (!t->pending[i - 1].over && t->pending[i - 1].topic == topic)
			return t->pending[i - 1].lane;
	return (size_t)(topic % width(t));
}

/* Has the lane as much as it shall have? The guard is held. */
static bool is_full(const struct target *t, size_t lane)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_pending; i++)
		n += !t->pending[i].over && t->pending[i].lane == lane;
	return n >= DISPATCH_FEED;
}

/* --- giving ---------------------------------------------------------------------------------- */

static enum status hand_over(struct target *t, size_t lane, const struct journal_row *row,
                             struct err *err)
{
	struct router_event e = { .seq = row->seq,
		                  .id = row->id,
		                  .topic = row->topic,
		                  .type = row->type,
		                  .source = "",
		                  .at_ms = row->at_ms,
		                  .envelope = row->envelope,
		                  .envelope_size = row->envelope_size };
	struct envelope_glance glance;

	envelope_glance(row->envelope, row->envelope_size, &glance);
	e.priority = glance.priority;
	return router_give_to(t->dispatch->router, t->lanes[lane]->handle, &e, err);
}

/* Note that it is given now: to which lane. E_BUSY: that is full. The guard is held. */
static enum status note_given(struct target *t, const struct journal_row *row, size_t *lane,
                              struct err *err)
{
	struct pending one = { .seq = row->seq,
		               .topic = text_hash(row->topic, strlen(row->topic)) };

	*lane = one.lane = lane_of(t, one.topic, t->n_pending);
	if (is_full(t, one.lane))
		return E_BUSY;
	return add_pending(t, one) ? OK : err_nomem(err, "an event");
}

enum status target_give(struct target *t, const struct journal_row *row, struct err *err)
{
	const struct pending *known;
	bool given;
	size_t lane = 0;
	enum status st = target_open_lanes(t, err);

	if (st != OK)
		return st;
	(void)pthread_mutex_lock(&t->dispatch->guard);
	known = find_pending(t, row->seq);
	given = known != NULL || row->seq <= t->place; /* or delivered before a restart */
	if (!given)
		st = note_given(t, row, &lane, err);
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	if (given || st != OK)
		return st;
	if ((st = hand_over(t, lane, row, err)) != OK) {
		(void)pthread_mutex_lock(&t->dispatch->guard);
		t->n_pending--; /* the newest: only the feeder gives */
		(void)pthread_mutex_unlock(&t->dispatch->guard);
	}
	return st;
}

enum status target_give_again(struct target *t, const struct journal_row *row, struct err *err)
{
	size_t lane = 0;
	enum status st = target_open_lanes(t, err);

	if (st != OK)
		return st;
	(void)pthread_mutex_lock(&t->dispatch->guard);
	if (t->n_again == DISPATCH_FEED) {
		st = E_BUSY;
	} else {
		lane = lane_of(t, text_hash(row->topic, strlen(row->topic)), t->n_pending);
		t->again[t->n_again++] = row->seq;
	}
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	if (st != OK)
		return st;
	if ((st = hand_over(t, lane, row, err)) != OK)
		target_settled(t, row->seq);
	return st;
}

/* The next one after seq that waits in a lane where it would not be put now: its seq, and from
 * where to where; 0: there is none. It is moved then, but not yet given. */
static int64_t move_next(struct target *t, int64_t seq, size_t *from, size_t *to)
{
	int64_t found = 0;

	(void)pthread_mutex_lock(&t->dispatch->guard);
	for (size_t i = 0; i < t->n_pending && found == 0; i++) {
		struct pending *p = &t->pending[i];
		struct lane *lane = t->lanes[p->lane];

		if (p->seq <= seq || p->over || p->begun)
			continue;
		*from = p->lane;
		*to = lane_of(t, p->topic, i);
		if (*to == *from || lane->n_moved == sizeof lane->moved / sizeof *lane->moved)
			continue;
		lane->moved[lane->n_moved++] = p->seq;
		p->lane = *to;
		found = p->seq;
	}
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	return found;
}

/* It could not be given to its new lane: does it still wait in the one it was in? */
static bool move_back(struct target *t, size_t from, int64_t seq)
{
	struct pending *p;
	bool waits;

	(void)pthread_mutex_lock(&t->dispatch->guard);
	waits = take_moved(t->lanes[from], seq);
	if ((p = find_pending(t, seq)) != NULL)
		p->lane = from;
	(void)pthread_mutex_unlock(&t->dispatch->guard);
	return waits;
}

enum status target_spread(struct target *t, struct db *db, struct arena *a, struct err *err)
{
	struct journal_page page = { 0 };
	size_t from = 0, to = 0;
	int64_t seq = 0;
	enum status st = target_open_lanes(t, err);

	while (st == OK && (seq = move_next(t, seq, &from, &to)) != 0) {
		const struct journal_want want = { .after = seq - 1, .limit = 1 };

		if ((st = journal_find(db, &want, a, &page, err)) != OK)
			return st;
		if (page.n == 0 || page.rows->seq != seq) { /* retention took it from the log */
			if (!move_back(t, from, seq))
				target_settled(t, seq);
		} else if ((st = hand_over(t, to, page.rows, err)) != OK &&
		           !move_back(t, from, seq)) {
			st = hand_over(t, from, page.rows, err);
		}
	}
	return st;
}
