/*
 * schedule_polish.c - a better order of urgency for small plans.
 *
 * The longest path first is within some per cent of the best order, and for most plans it is
 * the best. Where it does not meet the lower bound, orders near it are tried in a model of the
 * machine (list scheduling, estimates taken as true) for a bounded number of steps; the best one
 * is kept. Always the same result for the same plan.
 */
#include <string.h>

#include "base/mem.h"
#include "domain/run/schedule_own.h"

#define TASKS_MAX 400
#define STEPS_MAX 300000 /* tasks placed by all trials together: some milliseconds */
#define SEED      UINT64_C(88172645463325252)

struct model {
	const struct schedule *s;
	size_t *order, *best, *place; /* tasks by urgency; its inverse */
	size_t *missing;
	int64_t *ready_at, *free_at; /* of tasks; of workers */
	size_t n, workers;
	uint64_t seed;
};

static uint64_t chance(struct model *m)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return m->seed;
}

static bool to_do(const struct task *t)
{
	return t->state == SCHEDULE_WAITING || t->state == SCHEDULE_READY;
}

/* The first worker that is free. */
static size_t next_worker(const struct model *m)
{
	size_t w = 0;

	for (size_t i = 1; i < m->workers; i++)
		if (m->free_at[i] < m->free_at[w])
			w = i;
	return w;
}

/* The most urgent task that can start at that time; else the one that can start first. */
static size_t next_task(const struct model *m, int64_t now)
{
	size_t first = NONE;

	for (size_t at = 0; at < m->n; at++) {
		size_t i = m->order[at];

		if (m->missing[i] != 0)
			continue;
		if (m->ready_at[i] <= now)
			return i;
		if (first == NONE || m->ready_at[i] < m->ready_at[first])
			first = i;
	}
	return first;
}

static int64_t makespan(struct model *m)
{
	const struct schedule *s = m->s;
	int64_t end = 0;

	memset(m->free_at, 0, m->workers * sizeof *m->free_at);
	for (size_t i = 0; i < s->n; i++) {
		m->missing[i] = to_do(&s->tasks[i]) ? s->tasks[i].missing : NONE;
		m->ready_at[i] = 0;
	}
	for (size_t placed = 0; placed < m->n; placed++) {
		size_t w = next_worker(m), i = next_task(m, m->free_at[w]);
		const struct task *t;
		int64_t over;

		if (i == NONE)
			break;
		t = &s->tasks[i];
		over = (m->ready_at[i] > m->free_at[w] ? m->ready_at[i] : m->free_at[w]) + t->cost;
		m->free_at[w] = over;
		m->missing[i] = NONE;
		end = over > end ? over : end;
		for (size_t k = 0; k < t->n_followers; k++) {
			size_t f = s->followers[t->followers_from + k];

			if (m->missing[f] != NONE)
				m->missing[f]--;
			if (m->ready_at[f] < over)
				m->ready_at[f] = over;
		}
	}
	return end;
}

/* Move one task to another place among those of its own priority. */
static bool disturb(struct model *m)
{
	size_t from = chance(m) % m->n, to = chance(m) % m->n, task = m->order[from];

	if (from == to || m->s->tasks[task].priority != m->s->tasks[m->order[to]].priority)
		return false;
	if (from < to)
		memmove(m->order + from, m->order + from + 1, (to - from) * sizeof *m->order);
	else
		memmove(m->order + to + 1, m->order + to, (from - to) * sizeof *m->order);
	m->order[to] = task;
	return true;
}

static int64_t bound(const struct model *m)
{
	int64_t work = 0, longest = 0, each;

	for (size_t at = 0; at < m->n; at++) {
		const struct task *t = &m->s->tasks[m->order[at]];

		work += t->cost;
		longest = t->rank > longest ? t->rank : longest;
	}
	each = (work + (int64_t)m->workers - 1) / (int64_t)m->workers;
	return each > longest ? each : longest;
}

static bool search(struct model *m)
{
	int64_t least = bound(m), now = makespan(m), best = now, first = now;

	memcpy(m->best, m->order, m->n * sizeof *m->best);
	for (size_t steps = 0; best > least && steps < STEPS_MAX; steps += m->n) {
		int64_t then;

		memcpy(m->place, m->order, m->n * sizeof *m->place);
		if (!disturb(m))
			continue;
		then = makespan(m);
		if (then > now) {
			memcpy(m->order, m->place, m->n * sizeof *m->order);
			continue;
		}
		now = then;
		if (now < best) {
			best = now;
			memcpy(m->best, m->order, m->n * sizeof *m->best);
		}
	}
	return best < first;
}

void schedule_polish(struct schedule *s)
{
	struct model m = { .s = s, .workers = s->workers, .seed = SEED };
	size_t at = 0;

	if (s->n > TASKS_MAX || s->n < 3 || s->workers < 2)
		return;
	m.order = mem_zero(s->n, sizeof *m.order);
	m.best = mem_zero(s->n, sizeof *m.best);
	m.place = mem_zero(s->n, sizeof *m.place);
	m.missing = mem_zero(s->n, sizeof *m.missing);
	m.ready_at = mem_zero(s->n, sizeof *m.ready_at);
	m.free_at = mem_zero(s->workers, sizeof *m.free_at);
	if (m.order == NULL || m.best == NULL || m.place == NULL || m.missing == NULL ||
	    m.ready_at == NULL || m.free_at == NULL)
		goto out; /* the order there is will do */
	for (size_t i = 0; i < s->n; i++)
		if (to_do(&s->tasks[s->by_order[i]]))
			m.order[m.n++] = s->by_order[i];
	if (m.n < 3 || !search(&m))
		goto out;
	/* The places of tasks to do are dealt out anew; settled ones keep theirs. */
	for (size_t i = 0; i < s->n; i++)
		if (to_do(&s->tasks[s->by_order[i]]))
			s->by_order[i] = m.best[at++];
	for (size_t i = 0; i < s->n; i++)
		s->tasks[s->by_order[i]].order = i;
out:
	mem_free(m.order);
	mem_free(m.best);
	mem_free(m.place);
	mem_free(m.missing);
	mem_free(m.ready_at);
	mem_free(m.free_at);
}
