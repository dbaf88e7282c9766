/* schedule_make.c - a schedule out of a plan: links, ranks, the order of urgency. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "domain/run/schedule_own.h"

static enum status heap_reserve(struct heap *h, size_t room)
{
	h->at = mem_zero(room == 0 ? 1 : room, sizeof *h->at);
	h->room = room;
	return h->at == NULL ? E_NOMEM : OK;
}

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
	s->soon = mem_zero(plan->n + 1, sizeof *s->soon);
	if (s->tasks == NULL || s->needs == NULL || s->followers == NULL || s->uses == NULL ||
	    s->resources == NULL || s->by_order == NULL || s->topo == NULL || s->told == NULL ||
	    s->soon == NULL)
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
		struct task *t = &s->tasks[s->topo[at]];
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
	}
	schedule_polish(s);
	for (size_t i = 0; i < s->n; i++)
		if (s->tasks[i].state == SCHEDULE_READY)
			schedule_push(s, &s->ready, i);
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
	mem_free(s->soon);
	mem_free(s);
}
