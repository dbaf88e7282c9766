#include "domain/plan/near.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX  64   /* of a title or a reference that are looked at */
#define NEAR_LEAST 0.72 /* F1 from which other words may differ */
#define NEAR_LEAD  0.08 /* by which the best must be ahead */

struct word {
	uint32_t hash;
	uint32_t task;
};

struct near {
	const struct draft *d;
	struct word *words; /* sorted by hash, task */
	size_t n_words;
	double *weight; /* of each task's title: the sum of its words' */
	double *shared; /* between searches all zero */
	size_t *touched;
};

/* The hashes of the words, each once, in order; at most WORDS_MAX. */
static size_t hashes(const char *s, size_t n, uint32_t out[WORDS_MAX])
{
	size_t at = 0, start, len, count = 0;

	while (count < WORDS_MAX && name_word(s, n, &at, &start, &len)) {
		uint32_t h = name_hash(s + start, len);
		bool there = h == 0;

		for (size_t i = 0; i < count && !there; i++)
			there = out[i] == h;
		if (!there)
			out[count++] = h;
	}
	return count;
}

double near_alike(const char *a, const char *b)
{
	uint32_t x[WORDS_MAX], y[WORDS_MAX];
	size_t n = hashes(a, strlen(a), x), m = hashes(b, strlen(b), y), both = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++)
			both += x[i] == y[k];
	return n + m == 0 ? 0 : 2.0 * (double)both / (double)(n + m);
}

static int word_order(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->task < y->task ? -1 : x->task > y->task;
}

/* Where hash begins among the words. */
static size_t word_first(const struct near *x, uint32_t hash)
{
	size_t low = 0, high = x->n_words;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (x->words[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A word that few titles have tells more. */
static double weight_of(const struct near *x, size_t first, uint32_t hash)
{
	size_t n = 0;

	while (first + n < x->n_words && x->words[first + n].hash == hash)
		n++;
	return log(1.0 + (double)(x->d->n_tasks + 1) / (double)(n + 1));
}

static size_t head_of(const struct draft_task *t)
{
	return t->head > 0 ? t->head : strlen(t->t.title);
}

struct near *near_build(const struct draft *d)
{
	size_t n_tasks = d->n_tasks, room = 1;
	struct near *x = arena_take(d->a, sizeof *x);
	uint32_t hash[WORDS_MAX];

	for (size_t i = 0; i < n_tasks; i++)
		room += hashes(d->tasks[i]->t.title, head_of(d->tasks[i]), hash);
	if (x == NULL)
		return NULL;
	*x = (struct near){
		.d = d,
		.weight = arena_take(d->a, (n_tasks + 1) * sizeof *x->weight),
		.shared = arena_take(d->a, (n_tasks + 1) * sizeof *x->shared),
		.touched = arena_take(d->a, (n_tasks + 1) * sizeof *x->touched),
		.words = arena_take(d->a, room * sizeof *x->words),
	};
	if (arena_failed(d->a))
		return NULL;
	for (size_t i = 0; i < n_tasks; i++) {
		size_t n = hashes(d->tasks[i]->t.title, head_of(d->tasks[i]), hash);

		for (size_t k = 0; k < n; k++)
			x->words[x->n_words++] = (struct word){ hash[k], (uint32_t)i };
	}
	qsort(x->words, x->n_words, sizeof *x->words, word_order);
	for (size_t i = 0; i < x->n_words;) {
		uint32_t h = x->words[i].hash;
		double w = weight_of(x, i, h);

		for (; i < x->n_words && x->words[i].hash == h; i++)
			x->weight[x->words[i].task] += w;
	}
	return x;
}

struct score {
	double best, second;
	size_t task;
	double covered; /* share of the reference's weight that the best has */
};

/* Weigh each title that shares a word; few lists are long, and those weigh little. */
static struct score scores(struct near *x, const uint32_t *hash, size_t n)
{
	struct score s = { 0, 0, PLAN_NONE, 0 };
	size_t n_touched = 0;
	double total = 0;

	for (size_t k = 0; k < n; k++) {
		size_t first = word_first(x, hash[k]);
		double w = weight_of(x, first, hash[k]);

		total += w;
		for (size_t i = first; i < x->n_words && x->words[i].hash == hash[k]; i++) {
			if (x->shared[x->words[i].task] <= 0)
				x->touched[n_touched++] = x->words[i].task;
			x->shared[x->words[i].task] += w;
		}
	}
	for (size_t k = 0; k < n_touched; k++) {
		size_t i = x->touched[k];
		double f1 = 2 * x->shared[i] / (total + x->weight[i]);

		if (f1 > s.best || (f1 >= s.best && i < s.task)) {
			s.second = s.best;
			s.best = f1;
			s.task = i;
			s.covered = x->shared[i] / total;
		} else if (f1 > s.second) {
			s.second = f1;
		}
		x->shared[i] = 0;
	}
	return s;
}

struct name_hit near_find(struct near *x, const char *s, size_t n)
{
	struct name_hit hit = { NAME_UNKNOWN, PLAN_NONE, 0 };
	uint32_t hash[WORDS_MAX];
	size_t count = hashes(s, n, hash);
	struct score found;

	if (count == 0)
		return hit;
	found = scores(x, hash, count);
	if (found.task == PLAN_NONE)
		return hit;
	/* all its words are in one title, or nearly all words are in both */
	if (found.covered < 0.999 && found.best < NEAR_LEAST)
		return hit;
	hit.task = found.task;
	hit.score = found.best;
	hit.how = found.best - found.second < NEAR_LEAD ? NAME_AMBIGUOUS : NAME_NEAR;
	return hit;
}
