#include "domain/plan/learned.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/plan/name.h"

#define WORDS_MAX   24
#define ALIKE       24.0 /* what the square of two titles' likeness adds to a weight of 1 */
#define SAME_KIND   2.0
#define LATELY      10.0 /* so many tasks ago a task weighs a third of the newest ... */
#define AGED        0.1  /* ... and never less than this of it */
#define REPLAY_FROM 5    /* the first so many are only learned from */

struct item {
	const struct learned_task *task;
	double log; /* of the minutes */
	uint32_t words[WORDS_MAX];
	size_t n_words;
};

struct learned {
	struct item *at; /* newest first */
	size_t *order;   /* of them, by minutes */
	double *lately;  /* the weight of the i-th newest */
	size_t n;
};

static size_t words_of(const char *title, uint32_t words[WORDS_MAX])
{
	size_t n = 0, at = 0, start, len;

	while (n < WORDS_MAX && name_word(title, strlen(title), &at, &start, &len))
		if ((words[n] = name_hash(title + start, len)) != 0)
			n++;
	return n;
}

struct place {
	double log;
	size_t at;
};

static int by_minutes(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->log < y->log || x->log > y->log)
		return x->log < y->log ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

struct learned *learned_new(struct arena *a, const struct learned_task *tasks, size_t n)
{
	struct learned *l = arena_take(a, sizeof *l);
	struct learned_task *own;
	struct place *places;

	n = n > LEARNED_MAX ? LEARNED_MAX : n;
	own = arena_take(a, (n + 1) * sizeof *own);
	places = arena_take(a, (n + 1) * sizeof *places);
	if (l == NULL || own == NULL || places == NULL ||
	    (l->at = arena_take(a, (n + 1) * sizeof *l->at)) == NULL ||
	    (l->order = arena_take(a, (n + 1) * sizeof *l->order)) == NULL ||
	    (l->lately = arena_take(a, (n + 1) * sizeof *l->lately)) == NULL)
		return NULL;
	l->n = n;
	for (size_t i = 0; i < n; i++) {
		own[i] = tasks[i];
		l->at[i].task = &own[i];
		l->at[i].log = log(own[i].minutes);
		l->at[i].n_words = words_of(own[i].title, l->at[i].words);
		l->lately[i] = AGED + exp(-(double)i / LATELY);
		places[i] = (struct place){ l->at[i].log, i };
	}
	if (n > 0)
		qsort(places, n, sizeof *places, by_minutes);
	for (size_t i = 0; i < n; i++)
		l->order[i] = places[i].at;
	return l;
}

size_t learned_n(const struct learned *l)
{
	return l->n;
}

/* How much two titles share, 0 to 1: F1 over their words. */
static double likeness(const struct item *x, const uint32_t *words, size_t n)
{
	size_t both = 0;

	for (size_t i = 0; i < x->n_words; i++)
		for (size_t k = 0; k < n; k++)
			if (x->words[i] == words[k]) {
				both++;
				break;
			}
	return x->n_words + n == 0 ? 0 : 2 * (double)both / (double)(x->n_words + n);
}

/* Weights of those from `from` on; older ones have the larger numbers. */
static double weigh(const struct learned *l, size_t from, const struct item *asked,
                    double weights[LEARNED_MAX])
{
	double all = 0;

	for (size_t i = from; i < l->n; i++) {
		double alike = likeness(&l->at[i], asked->words, asked->n_words);
		const char *kind = l->at[i].task->kind;

		weights[i] = (1 + ALIKE * alike * alike) * l->lately[i - from];
		if (kind != NULL && asked->task->kind != NULL &&
		    strcmp(kind, asked->task->kind) == 0)
			weights[i] *= SAME_KIND;
		all += weights[i];
	}
	return all;
}

/* The logarithm below which so much of the weight lies. */
static double quantile(const struct learned *l, size_t from, const double *weights, double part)
{
	double sum = 0, value = 0;

	for (size_t i = 0; i < l->n; i++) {
		size_t at = l->order[i];

		if (at < from)
			continue;
		value = l->at[at].log;
		if ((sum += weights[at]) >= part)
			break;
	}
	return value;
}

bool learned_guess(const struct learned *l, const char *title, const char *kind,
                   struct learned_guess *out)
{
	const struct learned_task task = { .title = title, .kind = kind };
	struct item asked = { .task = &task };
	double weights[LEARNED_MAX], all;

	if (l->n < LEARNED_LEAST)
		return false;
	asked.n_words = words_of(title, asked.words);
	all = weigh(l, 0, &asked, weights);
	out->minutes = exp(quantile(l, 0, weights, all / 2));
	out->low = exp(quantile(l, 0, weights, all / 4));
	out->high = exp(quantile(l, 0, weights, all * 3 / 4));
	return true;
}

struct learned_replay learned_replay(const struct learned *l)
{
	struct learned_replay out = { 0 };
	double weights[LEARNED_MAX], equal[LEARNED_MAX], before = 0, after = 0;

	if (l->n <= REPLAY_FROM)
		return out;
	for (size_t i = 0; i < l->n; i++)
		equal[i] = 1;
	for (size_t i = 0; i + REPLAY_FROM < l->n; i++) {
		double all = weigh(l, i + 1, &l->at[i], weights);
		double rest = (double)(l->n - i - 1);

		after += fabs(quantile(l, i + 1, weights, all / 2) - l->at[i].log);
		before += fabs(quantile(l, i + 1, equal, rest / 2) - l->at[i].log);
		out.n++;
	}
	out.before = exp(before / (double)out.n);
	out.after = exp(after / (double)out.n);
	return out;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of a kind (NULL: of any); false when they are too few. */
static bool factor_of(const struct learned *l, const char *kind, struct plan_factor *out)
{
	double room[LEARNED_MAX];
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct learned_task *t = l->at[i].task;

		if (t->estimate_min > 0 &&
		    (kind == NULL || (t->kind != NULL && strcmp(t->kind, kind) == 0)))
			room[n++] = t->minutes / (double)t->estimate_min;
	}
	if (n < LEARNED_LEAST)
		return false;
	qsort(room, n, sizeof *room, ascending);
	*out = (struct plan_factor){ kind == NULL ? "*" : kind, room[n / 4],
		                     n % 2 ? room[n / 2] : (room[n / 2 - 1] + room[n / 2]) / 2,
		                     room[n - 1 - n / 4], n };
	return true;
}

bool learned_factors(const struct learned *l, struct arena *a, struct plan_factor **out, size_t *n)
{
	struct plan_factor *list = arena_take(a, (l->n + 1) * sizeof *list);

	*n = 0;
	if (list == NULL)
		return false;
	*n += factor_of(l, NULL, &list[*n]);
	for (size_t i = 0; i < l->n; i++) {
		const char *kind = l->at[i].task->kind;
		bool told = kind == NULL;

		for (size_t k = 0; !told && k < *n; k++)
			told = strcmp(list[k].kind, kind) == 0;
		if (!told)
			*n += factor_of(l, kind, &list[*n]);
	}
	*out = list;
	return true;
}
