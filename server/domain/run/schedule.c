#include "domain/run/schedule.h"

#include <assert.h>

#include "domain/run/schedule_own.h"

/* --- heap: keys are places in the order of urgency, so tasks never compare equal ---------- */

void schedule_push(const struct schedule *s, struct heap *h, size_t task)
{
	size_t i = h->n++;
	size_t key = s->tasks[task].order;

	assert(h->n <= h->room);
	for (; i > 0 && h->at[(i - 1) / 2] > key; i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[i] = key;
}

static void heap_sift(struct heap *h, size_t i, size_t key)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n && h->at[child + 1] < h->at[child])
			child++;
		if (h->at[child] >= key)
			break;
		h->at[i] = h->at[child];
		i = child;
	}
	h->at[i] = key;
}

static size_t heap_pop(const struct schedule *s, struct heap *h)
{
	size_t top = h->at[0];

	assert(h->n > 0);
	if (--h->n > 0)
		heap_sift(h, 0, h->at[h->n]);
	return s->by_order[top];
}

static void heap_remove(const struct schedule *s, struct heap *h, size_t task)
{
	size_t key = s->tasks[task].order;
	size_t i = 0;

	while (i < h->n && h->at[i] != key)
		i++;
	if (i == h->n)
		return;
	/* Let it rise to the top, then take it from there. */
	for (; i > 0; i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[0] = key;
	(void)heap_pop(s, h);
}

/* --- running ------------------------------------------------------------------------------ */

/* The first resource of the task that is all in use, or NONE. */
static size_t lacking(const struct schedule *s, const struct task *t)
{
	for (size_t k = 0; k < t->n_uses; k++)
		if (s->resources[s->uses[t->uses_from + k]].free == 0)
			return s->uses[t->uses_from + k];
	return NONE;
}

/* The most urgent of those that wait for a resource may try again, if it has room. */
static void let_in(struct schedule *s, size_t resource)
{
	struct resource *r = &s->resources[resource];

	if (r->free > 0 && r->waiting.n > 0) {
		size_t next = heap_pop(s, &r->waiting);

		s->tasks[next].waits_for = NONE;
		schedule_push(s, &s->ready, next);
	}
}

static void hold(struct schedule *s, struct task *t)
{
	t->holds = true;
	for (size_t k = 0; k < t->n_uses; k++)
		s->resources[s->uses[t->uses_from + k]].free--;
	/* What was let in beside it may still find room. */
	for (size_t k = 0; k < t->n_uses; k++)
		let_in(s, s->uses[t->uses_from + k]);
}

static void let_go(struct schedule *s, struct task *t)
{
	if (!t->holds)
		return;
	t->holds = false;
	for (size_t k = 0; k < t->n_uses; k++)
		s->resources[s->uses[t->uses_from + k]].free++;
	for (size_t k = 0; k < t->n_uses; k++)
		let_in(s, s->uses[t->uses_from + k]);
}

/* It cannot start: it joins those who wait for that resource, and the next of each other one that
 * it blocked may look. */
static void park(struct schedule *s, size_t task, size_t resource)
{
	struct task *t = &s->tasks[task];

	t->waits_for = resource;
	schedule_push(s, &s->resources[resource].waiting, task);
	for (size_t k = 0; k < t->n_uses; k++)
		if (s->uses[t->uses_from + k] != resource)
			let_in(s, s->uses[t->uses_from + k]);
}

void schedule_expect(struct schedule *s, size_t task, bool expected)
{
	struct task *t = &s->tasks[task];
	size_t i = 0;

	if (t->expected == expected)
		return;
	t->expected = expected;
	if (expected) {
		s->soon[s->n_soon++] = task;
		return;
	}
	while (s->soon[i] != task)
		i++;
	s->soon[i] = s->soon[--s->n_soon];
}

/* How many tasks more urgent than the one with that key become ready in a moment? */
static size_t more_urgent_soon(const struct schedule *s, size_t key)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_soon; i++) {
		const struct task *t = &s->tasks[s->soon[i]];

		for (size_t k = 0; k < t->n_followers; k++) {
			const struct task *f = &s->tasks[s->followers[t->followers_from + k]];

			n += f->state == SCHEDULE_WAITING && f->missing == 1 && f->order < key;
		}
	}
	return n;
}

bool schedule_next(struct schedule *s, size_t *task)
{
	while (!s->paused && s->running < s->workers && s->ready.n > 0) {
		size_t i;
		struct task *t;
		size_t lack;

		if (s->n_soon > 0 && more_urgent_soon(s, s->ready.at[0]) >= s->workers - s->running)
			return false;
		i = heap_pop(s, &s->ready);
		t = &s->tasks[i];
		lack = lacking(s, t);

		assert(t->state == SCHEDULE_READY);
		if (lack != NONE) {
			park(s, i, lack);
			continue;
		}
		hold(s, t);
		t->state = SCHEDULE_RUNNING;
		s->running++;
		*task = i;
		return true;
	}
	return false;
}

size_t schedule_ahead(const struct schedule *s, size_t most, size_t *tasks)
{
	size_t n = 0;

	/* The heap is small or its top is what matters: pick the least keys by repeated scans. */
	for (size_t last = 0; n < most; n++) {
		size_t best = NONE;

		for (size_t i = 0; i < s->ready.n && i < 4 * most + 64; i++)
			if ((n == 0 || s->ready.at[i] > last) && s->ready.at[i] < best)
				best = s->ready.at[i];
		if (best == NONE)
			break;
		last = best;
		tasks[n] = s->by_order[best];
	}
	return n;
}

static void leave_worker(struct schedule *s, struct task *t)
{
	if (t->state == SCHEDULE_RUNNING)
		s->running--;
}

void schedule_idle(struct schedule *s, size_t task)
{
	struct task *t = &s->tasks[task];

	assert(t->state == SCHEDULE_RUNNING);
	leave_worker(s, t);
	t->state = SCHEDULE_IDLE;
}

static void make_ready(struct schedule *s, size_t task)
{
	s->tasks[task].state = SCHEDULE_READY;
	schedule_push(s, &s->ready, task);
}

/* Out of whatever heap it waits in. */
static void take_out(struct schedule *s, size_t task)
{
	struct task *t = &s->tasks[task];

	assert(t->state == SCHEDULE_WAITING || t->state == SCHEDULE_READY);
	if (t->waits_for != NONE)
		heap_remove(s, &s->resources[t->waits_for].waiting, task);
	else if (t->state == SCHEDULE_READY)
		heap_remove(s, &s->ready, task);
	t->waits_for = NONE;
}

void schedule_hold(struct schedule *s, size_t task)
{
	take_out(s, task);
	s->tasks[task].state = SCHEDULE_IDLE;
}

void schedule_again(struct schedule *s, size_t task)
{
	struct task *t = &s->tasks[task];

	assert(t->state == SCHEDULE_RUNNING || t->state == SCHEDULE_IDLE);
	schedule_expect(s, task, false);
	leave_worker(s, t);
	let_go(s, t);
	if (t->missing == 0)
		make_ready(s, task);
	else
		t->state = SCHEDULE_WAITING;
}

static size_t tell_done(struct schedule *s, size_t task, const size_t **readied)
{
	struct task *t = &s->tasks[task];
	size_t n = 0;

	t->state = SCHEDULE_DONE;
	schedule_expect(s, task, false);
	s->unsettled--;
	for (size_t k = 0; k < t->n_followers; k++) {
		size_t f = s->followers[t->followers_from + k];

		assert(s->tasks[f].missing > 0);
		if (--s->tasks[f].missing > 0 || s->tasks[f].state != SCHEDULE_WAITING)
			continue;
		make_ready(s, f);
		s->told[n++] = f;
	}
	*readied = s->told;
	return n;
}

static size_t tell_failed(struct schedule *s, size_t task, const size_t **skipped)
{
	size_t n = 0, at = 0;

	s->tasks[task].state = SCHEDULE_FAILED;
	schedule_expect(s, task, false);
	s->unsettled--;
	for (size_t from = task;; from = s->told[at++]) {
		const struct task *t = &s->tasks[from];

		for (size_t k = 0; k < t->n_followers; k++) {
			struct task *f = &s->tasks[s->followers[t->followers_from + k]];

			if (f->state != SCHEDULE_WAITING)
				continue;
			f->state = SCHEDULE_SKIPPED;
			s->unsettled--;
			s->told[n++] = s->followers[t->followers_from + k];
		}
		if (at == n)
			break;
	}
	*skipped = s->told;
	return n;
}

size_t schedule_done(struct schedule *s, size_t task, const size_t **readied)
{
	struct task *t = &s->tasks[task];

	assert(t->state == SCHEDULE_RUNNING || t->state == SCHEDULE_IDLE);
	leave_worker(s, t);
	let_go(s, t);
	return tell_done(s, task, readied);
}

size_t schedule_fail(struct schedule *s, size_t task, const size_t **skipped)
{
	struct task *t = &s->tasks[task];

	assert(t->state == SCHEDULE_RUNNING || t->state == SCHEDULE_IDLE);
	leave_worker(s, t);
	let_go(s, t);
	return tell_failed(s, task, skipped);
}

size_t schedule_drop(struct schedule *s, size_t task, bool as_done, const size_t **changed)
{
	take_out(s, task);
	return as_done ? tell_done(s, task, changed) : tell_failed(s, task, changed);
}

static bool can_revive(const struct schedule *s, const struct task *t)
{
	for (size_t k = 0; k < t->n_needs; k++) {
		enum schedule_state state = s->tasks[s->needs[t->needs_from + k]].state;

		if (state == SCHEDULE_FAILED || state == SCHEDULE_SKIPPED)
			return false;
	}
	return true;
}

static void revive(struct schedule *s, size_t task)
{
	struct task *t = &s->tasks[task];

	s->unsettled++;
	if (t->missing == 0)
		make_ready(s, task);
	else
		t->state = SCHEDULE_WAITING;
}

size_t schedule_retry(struct schedule *s, size_t task, const size_t **revived)
{
	size_t n = 0, at = 0;

	assert(s->tasks[task].state == SCHEDULE_FAILED || s->tasks[task].state == SCHEDULE_SKIPPED);
	*revived = s->told;
	if (!can_revive(s, &s->tasks[task]))
		return 0;
	revive(s, task);
	for (s->told[n++] = task; at < n; at++) {
		const struct task *t = &s->tasks[s->told[at]];

		for (size_t k = 0; k < t->n_followers; k++) {
			size_t f = s->followers[t->followers_from + k];

			if (s->tasks[f].state != SCHEDULE_SKIPPED || !can_revive(s, &s->tasks[f]))
				continue;
			revive(s, f);
			s->told[n++] = f;
		}
	}
	return n;
}

void schedule_pause(struct schedule *s, bool paused)
{
	s->paused = paused;
}

void schedule_workers(struct schedule *s, size_t workers)
{
	s->workers = workers;
}

enum schedule_state schedule_state(const struct schedule *s, size_t task)
{
	return s->tasks[task].state;
}

size_t schedule_running(const struct schedule *s)
{
	return s->running;
}

size_t schedule_unsettled(const struct schedule *s)
{
	return s->unsettled;
}

int64_t schedule_rank(const struct schedule *s, size_t task)
{
	return s->tasks[task].rank;
}

int64_t schedule_path(const struct schedule *s)
{
	int64_t longest = 0;

	for (size_t i = 0; i < s->n; i++)
		longest = s->tasks[i].rank > longest ? s->tasks[i].rank : longest;
	return longest;
}
