#include "domain/run/schedule.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

#define NONE ((size_t)-1)

struct task {
	int64_t cost, rank;
	int priority;
	enum schedule_state state;
	size_t needs_from, n_needs;         /* in needs[] */
	size_t followers_from, n_followers; /* in followers[] */
	size_t uses_from, n_uses;           /* in uses[] */
	size_t missing;                     /* needs that are not done */
	size_t order;                       /* place in the order of urgency, 0 the most urgent */
	size_t waits_for;                   /* resource in whose heap it is, or NONE */
	bool holds;                         /* its resources */
};

/* A heap of tasks, the most urgent on top. */
struct heap {
	size_t *at;
	size_t n, room;
};

struct resource {
	size_t free;
	struct heap waiting;
};

struct schedule {
	struct task *tasks;
	size_t n;
	size_t *needs, *followers, *uses;
	struct resource *resources;
	size_t n_resources;
	struct heap ready;
	size_t *by_order; /* task of each place in the order of urgency */
	size_t *topo;     /* tasks, each after all it needs */
	size_t *told;     /* what the last change touched */
	size_t workers, running, unsettled;
	bool paused;
};

/* --- heap: keys are places in the order of urgency, so tasks never compare equal ---------- */

static enum status heap_reserve(struct heap *h, size_t room)
{
	h->at = mem_zero(room == 0 ? 1 : room, sizeof *h->at);
	h->room = room;
	return h->at == NULL ? E_NOMEM : OK;
}

static void heap_push(const struct schedule *s, struct heap *h, size_t task)
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

/* --- building ----------------------------------------------------------------------------- */

static enum status take_lists(struct schedule *s, const struct schedule_plan *plan)
{
	size_t needs = 0, uses = 0;

	for (size_t i = 0; i < plan->n; i++) {
		needs += plan->tasks[i].n_needs;
		uses += plan->tasks[i].n_uses;
	}
	s->tasks = mem_zero(plan->n + 1, sizeof *s->tasks);
	s->needs = mem_zero(needs + 1, sizeof *s->needs);
	s->followers = mem_zero(needs + 1, sizeof *s->followers);
	s->uses = mem_zero(uses + 1, sizeof *s->uses);
	s->resources = mem_zero(plan->n_resources + 1, sizeof *s->resources);
	s->by_order = mem_zero(plan->n + 1, sizeof *s->by_order);
	s->topo = mem_zero(plan->n + 1, sizeof *s->topo);
	s->told = mem_zero(plan->n + 1, sizeof *s->told);
	if (s->tasks == NULL || s->needs == NULL || s->followers == NULL || s->uses == NULL ||
	    s->resources == NULL || s->by_order == NULL || s->topo == NULL || s->told == NULL)
		return E_NOMEM;
	return heap_reserve(&s->ready, plan->n);
}

static enum status take_tasks(struct schedule *s, const struct schedule_plan *plan, struct err *err)
{
	size_t needs = 0, uses = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct schedule_task *from = &plan->tasks[i];
		struct task *t = &s->tasks[i];

		*t = (struct task){ .cost = from->cost < 1 ? 1 : from->cost,
			            .priority = from->priority,
			            .state = from->state,
			            .needs_from = needs,
			            .n_needs = from->n_needs,
			            .uses_from = uses,
			            .n_uses = from->n_uses,
			            .waits_for = NONE };
		for (size_t k = 0; k < from->n_needs; k++) {
			if (from->needs[k] >= plan->n)
				return err_set(err, E_INPUT,
				               "task %zu needs a task that is not there", i + 1);
			s->needs[needs++] = from->needs[k];
		}
		for (size_t k = 0; k < from->n_uses; k++) {
			if (from->uses[k] >= plan->n_resources)
				return err_set(err, E_INPUT,
				               "task %zu uses a resource that is not there", i + 1);
			s->uses[uses++] = from->uses[k];
		}
	}
	return OK;
}

static void link_followers(struct schedule *s)
{
	size_t from = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->tasks[i].n_needs; k++)
			s->tasks[s->needs[s->tasks[i].needs_from + k]].n_followers++;
	for (size_t i = 0; i < s->n; i++) {
		s->tasks[i].followers_from = from;
		from += s->tasks[i].n_followers;
		s->tasks[i].n_followers = 0;
	}
	for (size_t i = 0; i < s->n; i++) {
		for (size_t k = 0; k < s->tasks[i].n_needs; k++) {
			struct task *need = &s->tasks[s->needs[s->tasks[i].needs_from + k]];

			s->followers[need->followers_from + need->n_followers++] = i;
		}
	}
}

/* Kahn's order; E_INPUT when some tasks never come up. */
static enum status sort(struct schedule *s, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		s->tasks[i].missing = s->tasks[i].n_needs;
		if (s->tasks[i].missing == 0)
			s->topo[n++] = i;
	}
	for (size_t at = 0; at < n; at++) {
		const struct task *t = &s->tasks[s->topo[at]];

		for (size_t k = 0; k < t->n_followers; k++) {
			size_t f = s->followers[t->followers_from + k];

			if (--s->tasks[f].missing == 0)
				s->topo[n++] = f;
		}
	}
	if (n < s->n)
		return err_set(err, E_INPUT, "the dependencies of %zu tasks go round in a circle",
		               s->n - n);
	return OK;
}

static void rank(struct schedule *s)
{
	for (size_t at = s->n; at-- > 0;) {
		struct task *t = &s->tasks[s->topo[at]];
		int64_t longest = 0;

		for (size_t k = 0; k < t->n_followers; k++) {
			int64_t r = s->tasks[s->followers[t->followers_from + k]].rank;

			longest = r > longest ? r : longest;
		}
		t->rank = t->cost + longest;
	}
}

static bool more_urgent(const struct schedule *s, size_t a, size_t b)
{
	const struct task *x = &s->tasks[a], *y = &s->tasks[b];

	if (x->priority != y->priority)
		return x->priority > y->priority;
	if (x->rank != y->rank)
		return x->rank > y->rank;
	if (x->n_followers != y->n_followers)
		return x->n_followers > y->n_followers;
	return a < b;
}

/* Merge sort of by_order, with told as the second half; both hold n. */
static void order(struct schedule *s)
{
	size_t *from = s->by_order, *to = s->told;

	for (size_t i = 0; i < s->n; i++)
		from[i] = i;
	for (size_t width = 1; width < s->n; width *= 2) {
		for (size_t low = 0; low < s->n; low += 2 * width) {
			size_t mid = low + width < s->n ? low + width : s->n;
			size_t high = low + 2 * width < s->n ? low + 2 * width : s->n;
			size_t i = low, j = mid;

			for (size_t k = low; k < high; k++)
				to[k] = i < mid && (j >= high || !more_urgent(s, from[j], from[i]))
				            ? from[i++]
				            : from[j++];
		}
		size_t *other = from;

		from = to;
		to = other;
	}
	s->by_order = from;
	s->told = to;
	for (size_t i = 0; i < s->n; i++)
		s->tasks[s->by_order[i]].order = i;
}

static enum status take_resources(struct schedule *s, const struct schedule_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		for (size_t k = 0; k < plan->tasks[i].n_uses; k++)
			s->resources[plan->tasks[i].uses[k]].waiting.room++;
	for (size_t r = 0; r < plan->n_resources; r++) {
		assert(plan->capacity[r] > 0);
		s->resources[r].free = plan->capacity[r];
		if (heap_reserve(&s->resources[r].waiting, s->resources[r].waiting.room) != OK)
			return E_NOMEM;
	}
	return OK;
}

static bool settled(enum schedule_state state)
{
	return state == SCHEDULE_DONE || state == SCHEDULE_FAILED || state == SCHEDULE_SKIPPED;
}

/* Needed tasks come first, so that being skipped is handed on. */
static void begin(struct schedule *s)
{
	for (size_t at = 0; at < s->n; at++) {
		size_t i = s->topo[at];
		struct task *t = &s->tasks[i];
		bool hopeless = false;

		t->missing = 0;
		for (size_t k = 0; k < t->n_needs; k++) {
			enum schedule_state need = s->tasks[s->needs[t->needs_from + k]].state;

			t->missing += need != SCHEDULE_DONE;
			hopeless |= need == SCHEDULE_FAILED || need == SCHEDULE_SKIPPED;
		}
		if (hopeless && !settled(t->state))
			t->state = SCHEDULE_SKIPPED;
		if (settled(t->state))
			continue;
		s->unsettled++;
		t->state = t->missing == 0 ? SCHEDULE_READY : SCHEDULE_WAITING;
		if (t->missing == 0)
			heap_push(s, &s->ready, i);
	}
}

enum status schedule_new(struct schedule **out, const struct schedule_plan *plan, struct err *err)
{
	struct schedule *s = mem_zero(1, sizeof *s);
	enum status st;

	if (s == NULL)
		return err_nomem(err, "the schedule");
	s->n = plan->n;
	s->n_resources = plan->n_resources;
	s->workers = plan->workers;
	if (take_lists(s, plan) != OK || take_resources(s, plan) != OK) {
		st = err_nomem(err, "the schedule");
		goto out;
	}
	if ((st = take_tasks(s, plan, err)) != OK)
		goto out;
	link_followers(s);
	if ((st = sort(s, err)) != OK)
		goto out;
	rank(s);
	order(s);
	begin(s);
	*out = s;
	return OK;
out:
	schedule_free(s);
	return st;
}

void schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	for (size_t r = 0; s->resources != NULL && r < s->n_resources; r++)
		mem_free(s->resources[r].waiting.at);
	mem_free(s->ready.at);
	mem_free(s->resources);
	mem_free(s->tasks);
	mem_free(s->needs);
	mem_free(s->followers);
	mem_free(s->uses);
	mem_free(s->by_order);
	mem_free(s->topo);
	mem_free(s->told);
	mem_free(s);
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
		heap_push(s, &s->ready, next);
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
	heap_push(s, &s->resources[resource].waiting, task);
	for (size_t k = 0; k < t->n_uses; k++)
		if (s->uses[t->uses_from + k] != resource)
			let_in(s, s->uses[t->uses_from + k]);
}

bool schedule_next(struct schedule *s, size_t *task)
{
	while (!s->paused && s->running < s->workers && s->ready.n > 0) {
		size_t i = heap_pop(s, &s->ready);
		struct task *t = &s->tasks[i];
		size_t lack = lacking(s, t);

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
	heap_push(s, &s->ready, task);
}

void schedule_again(struct schedule *s, size_t task)
{
	struct task *t = &s->tasks[task];

	assert(t->state == SCHEDULE_RUNNING || t->state == SCHEDULE_IDLE);
	leave_worker(s, t);
	let_go(s, t);
	make_ready(s, task);
}

static size_t tell_done(struct schedule *s, size_t task, const size_t **readied)
{
	struct task *t = &s->tasks[task];
	size_t n = 0;

	t->state = SCHEDULE_DONE;
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
	struct task *t = &s->tasks[task];

	assert(t->state == SCHEDULE_WAITING || t->state == SCHEDULE_READY);
	if (t->waits_for != NONE)
		heap_remove(s, &s->resources[t->waits_for].waiting, task);
	else if (t->state == SCHEDULE_READY)
		heap_remove(s, &s->ready, task);
	t->waits_for = NONE;
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
