#include "domain/plan/schedule.h"

#include <assert.h>

/* A binary heap of numbers; before(arg, a, b) says that a comes out first. */
struct heap {
	size_t *at;
	size_t n;
	bool (*before)(const void *arg, size_t a, size_t b);
	const void *arg;
};

static void swap(size_t *a, size_t *b)
{
	size_t was = *a;

	*a = *b;
	*b = was;
}

static void heap_put(struct heap *h, size_t value)
{
	size_t i = h->n++;

	h->at[i] = value;
	while (i > 0 && h->before(h->arg, h->at[i], h->at[(i - 1) / 2])) {
		swap(&h->at[i], &h->at[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static size_t heap_take(struct heap *h)
{
	size_t top = h->at[0], i = 0;

	assert(h->n > 0);
	h->at[0] = h->at[--h->n];
	for (;;) {
		size_t best = i, left = 2 * i + 1;

		if (left < h->n && h->before(h->arg, h->at[left], h->at[best]))
			best = left;
		if (left + 1 < h->n && h->before(h->arg, h->at[left + 1], h->at[best]))
			best = left + 1;
		if (best == i)
			return top;
		swap(&h->at[i], &h->at[best]);
		i = best;
	}
}

struct state {
	const struct graph *g;
	const long *rank;
	long *end; /* of each node that was started */
	size_t *waits;
};

static bool more_urgent(const void *arg, size_t a, size_t b)
{
	const struct state *s = arg;
	size_t a_next = s->g->out_at[a + 1] - s->g->out_at[a];
	size_t b_next = s->g->out_at[b + 1] - s->g->out_at[b];

	if (s->rank[a] != s->rank[b])
		return s->rank[a] > s->rank[b];
	return a_next != b_next ? a_next > b_next : a < b;
}

static bool ends_before(const void *arg, size_t a, size_t b)
{
	const struct state *s = arg;

	return s->end[a] != s->end[b] ? s->end[a] < s->end[b] : a < b;
}

static bool smaller(const void *arg, size_t a, size_t b)
{
	(void)arg;
	return a < b;
}

/* Everything that ends at the next moment ends; what waited for it becomes ready. */
static long finish_next(struct state *s, struct heap *running, struct heap *ready,
                        struct heap *idle, const struct schedule *out)
{
	long now = s->end[running->at[0]];

	while (running->n > 0 && s->end[running->at[0]] == now) {
		size_t i = heap_take(running);

		heap_put(idle, out->worker[i]);
		for (size_t k = s->g->out_at[i]; k < s->g->out_at[i + 1]; k++)
			if (--s->waits[s->g->out[k]] == 0)
				heap_put(ready, s->g->out[k]);
	}
	return now;
}

bool schedule_make(const struct graph *g, const long *weights, const long *rank, size_t workers,
                   struct arena *a, struct schedule *out)
{
	size_t n = g->n + 1;
	struct state s = { .g = g, .rank = rank };
	struct heap ready = { .before = more_urgent, .arg = &s };
	struct heap running = { .before = ends_before, .arg = &s };
	struct heap idle = { .before = smaller };
	long now = 0;

	workers = workers > g->n ? (g->n == 0 ? 1 : g->n) : workers;
	s.end = arena_take(a, n * sizeof *s.end);
	s.waits = arena_take(a, n * sizeof *s.waits);
	ready.at = arena_take(a, n * sizeof *ready.at);
	running.at = arena_take(a, n * sizeof *running.at);
	idle.at = arena_take(a, (workers + 1) * sizeof *idle.at);
	*out = (struct schedule){ .start = arena_take(a, n * sizeof *out->start),
		                  .worker = arena_take(a, n * sizeof *out->worker) };
	if (arena_failed(a))
		return false;
	for (size_t w = 0; w < workers; w++)
		heap_put(&idle, w);
	for (size_t i = 0; i < g->n; i++)
		if ((s.waits[i] = g->in_at[i + 1] - g->in_at[i]) == 0)
			heap_put(&ready, i);
	while (ready.n > 0 || running.n > 0) {
		while (ready.n > 0 && idle.n > 0) {
			size_t i = heap_take(&ready);

			out->start[i] = now;
			out->worker[i] = heap_take(&idle);
			out->used = out->worker[i] + 1 > out->used ? out->worker[i] + 1 : out->used;
			s.end[i] = now + weights[i];
			heap_put(&running, i);
		}
		now = finish_next(&s, &running, &ready, &idle, out);
	}
	out->makespan = now;
	return true;
}
