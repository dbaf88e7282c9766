#include "bench/locomo_tune.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/memory/own.h"

#define ASKED        100
#define ASKED_SEARCH 20 /* what is found later hardly counts */
#define GENERATIONS  30
#define CHILDREN     20
#define PARENTS      5
#define STEP_FIRST   0.6 /* of the logarithm of a weight */
#define STEP_LAST    0.08
#define SEED         20220131u

/* A weight: where the search begins, its most, and the value with which its rule does nothing. */
struct knob {
	const char *name;
	size_t at;
	float begin, most, nothing;
	bool chat; /* a rule for conversations */
};

#define KNOB(name) #name, offsetof(struct rank_weights, name)

static const struct knob knobs[] = {
	{ KNOB(next), 0.25F, 1.5F, 0, false }, { KNOB(previous), 0.25F, 1.5F, 0, false },
	{ KNOB(second), 0.1F, 1, 0, false },   { KNOB(answers), 0.25F, 2, 0, true },
	{ KNOB(session), 0.25F, 2, 0, false }, { KNOB(length), 0.5F, 3, 0, false },
	{ KNOB(author), 0.5F, 3, 0, true },    { KNOB(date), 1, 5, 0, false },
	{ KNOB(when), 0.5F, 3, 0, true },
};

#define KNOBS (sizeof knobs / sizeof *knobs)

struct asked { /* one question, ready to be ranked */
	const struct locomo_question *from;
	struct memory_question question;
};

struct talk {
	const struct index_data *d;
	struct index_scratch *s;
	struct asked *asked;
	size_t n;
};

struct tuner {
	const struct locomo *l;
	struct talk talks[LOCOMO_TALKS_MAX];
	bool generic;
	size_t n_tried;
};

static void prepare(struct talk *t, const struct locomo_talk *k)
{
	struct memory *m = k->p->memory;
	struct memory_found found;
	struct err err = { 0 };

	/* The first question has the index read what is stored. */
	if (memory_recall(k->p, NULL, &(struct memory_query){ .text = k->name }, k->a, &found,
	                  &err) != OK)
		locomo_die("recall", &err);
	if ((t->asked = mem_zero(k->n_questions + 1, sizeof *t->asked)) == NULL)
		locomo_die("no memory for questions", NULL);
	t->d = index_look(m->index);
	for (size_t i = 0; i < k->n_questions; i++) {
		struct memory_query q = { .text = k->questions[i].text, .hops = 0 };
		struct asked *a = &t->asked[t->n++];
		bool nothing;

		a->from = &k->questions[i];
		if (memory_question_read(m, &q, &a->question, &err) != OK ||
		    memory_question_filter(t->d, &q, k->a, &a->question, &nothing, &err) != OK)
			locomo_die(k->questions[i].text, &err);
		a->question.rank.at_ms = a->question.rank.now_ms = clock_wall_ms(&k->p->clock);
		a->question.rank.limit = ASKED;
	}
	if ((t->s = index_scratch_take(m->index, t->d)) == NULL)
		locomo_die("no memory for ranking", NULL);
}

static void release(struct talk *t, const struct locomo_talk *k)
{
	index_scratch_give(k->p->memory->index, t->s);
	index_done(k->p->memory->index);
	mem_free(t->asked);
}

/* Put the questions of one conversation; all: also those with no answer in it. */
static void ask(const struct talk *t, const struct rank_weights *weights, bool all,
                struct locomo_sums by[LOCOMO_CATEGORIES])
{
	struct rank_hit hits[ASKED];
	int64_t rows[ASKED];

	for (size_t i = 0; i < t->n; i++) {
		struct asked *a = &t->asked[i];
		struct rank_answer answer = { .hits = hits };
		struct locomo_sums sums = { 0 };

		if (!all && a->from->category == 5)
			continue;
		a->question.rank.weights = weights;
		a->question.rank.limit = all ? ASKED : ASKED_SEARCH;
		if (!rank(t->d, t->s, &a->question.rank, &answer))
			locomo_die("no memory for ranking", NULL);
		for (size_t n = 0; n < answer.n_hits; n++)
			rows[n] = hits[n].id;
		locomo_score(&sums, a->from, rows, answer.n_hits);
		locomo_add(&by[a->from->category], &sums);
		if (a->from->category != 5)
			locomo_add(&by[0], &sums);
	}
}

/* What the search is after, on all conversations but one (out: their number for none). */
static double worth(struct tuner *t, const struct rank_weights *weights, size_t out)
{
	struct locomo_sums by[LOCOMO_CATEGORIES] = { { 0 } };

	t->n_tried++;
	for (size_t i = 0; i < t->l->n_talks; i++)
		if (i != out)
			ask(&t->talks[i], weights, false, by);
	return by[0].n == 0 ? 0 : (by[0].r10 + by[0].mrr) / (2 * by[0].n);
}

static float *weight_of(struct rank_weights *w, const struct knob *k)
{
	return (float *)(void *)((char *)w + k->at);
}

/* Evenly between 0 and 1, from a fixed beginning on: xorshift. */
static double chance(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (double)*state / 4294967296.0;
}

/* Around 0, about as the normal distribution. */
static double bell(uint32_t *state)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += chance(state);
	return sum;
}

/* The weights at a point: logarithms, one for each knob. */
static struct rank_weights weights_at(const struct tuner *t, const double *point)
{
	struct rank_weights w = rank_usual;

	for (size_t i = 0; i < KNOBS; i++) {
		float value = (float)exp(point[i]);

		if (knobs[i].chat && t->generic)
			value = 0;
		*weight_of(&w, &knobs[i]) = value > knobs[i].most ? knobs[i].most : value;
	}
	return w;
}

struct child {
	double point[KNOBS], worth;
};

/* Put a child among the best of its generation, which are sorted. */
static void keep(struct child *best, size_t *n, const struct child *child)
{
	size_t at = *n;

	if (*n == PARENTS && best[PARENTS - 1].worth >= child->worth)
		return;
	if (*n == PARENTS)
		at = PARENTS - 1;
	else
		++*n;
	for (; at > 0 && best[at - 1].worth < child->worth; at--)
		best[at] = best[at - 1];
	best[at] = *child;
}

static void tell(const struct tuner *t, struct rank_weights *w, size_t out, double value)
{
	(void)printf("%s %.4f:", out < t->l->n_talks ? t->l->talks[out].name : "all", value);
	for (size_t i = 0; i < KNOBS; i++)
		(void)printf(" %s %.3g", knobs[i].name, (double)*weight_of(w, &knobs[i]));
	(void)putchar('\n');
}

/*
 * An evolution strategy: children around a point, the middle of the best of them is the next
 * point, in ever smaller steps. The middle of several is more than the best of them worth on
 * what was not seen: what it owes to chance is averaged away.
 */
static struct rank_weights search(struct tuner *t, size_t out)
{
	double point[KNOBS], step = STEP_FIRST;
	uint32_t state = SEED;
	struct rank_weights w;

	for (size_t i = 0; i < KNOBS; i++)
		point[i] = log((double)knobs[i].begin);
	for (int g = 0; g < GENERATIONS; g++) {
		struct child best[PARENTS], child;
		size_t n = 0;

		for (int c = 0; c < CHILDREN; c++) {
			for (size_t i = 0; i < KNOBS; i++)
				child.point[i] = fmin(point[i] + step * bell(&state),
				                      log((double)knobs[i].most));
			w = weights_at(t, child.point);
			child.worth = worth(t, &w, out);
			keep(best, &n, &child);
		}
		for (size_t i = 0; i < KNOBS; i++) {
			point[i] = 0;
			for (size_t k = 0; k < PARENTS; k++)
				point[i] += best[k].point[i] / PARENTS;
		}
		step *= pow(STEP_LAST / STEP_FIRST, 1.0 / GENERATIONS);
	}
	w = weights_at(t, point);
	tell(t, &w, out, worth(t, &w, out));
	return w;
}

/* What each rule is worth: the same weights, but one rule does nothing. */
static void leave_out(const struct tuner *t, size_t talk, const struct rank_weights *w,
                      struct locomo_sums without[KNOBS][LOCOMO_CATEGORIES])
{
	for (size_t i = 0; i < KNOBS; i++) {
		struct rank_weights less = *w;

		*weight_of(&less, &knobs[i]) = knobs[i].nothing;
		ask(&t->talks[talk], &less, true, without[i]);
	}
}

static void tell_worth(struct locomo_sums without[KNOBS][LOCOMO_CATEGORIES],
                       const struct locomo_sums *all)
{
	for (size_t i = 0; i < KNOBS; i++)
		(void)printf("without %-10s R@10 %+5.2f MRR %+5.2f\n", knobs[i].name,
		             100 * (without[i][0].r10 - all->r10) / all->n,
		             100 * (without[i][0].mrr - all->mrr) / all->n);
}

void locomo_tune(const struct locomo *l, bool generic, bool held_out,
                 struct locomo_sums by[LOCOMO_CATEGORIES])
{
	struct locomo_sums without[KNOBS][LOCOMO_CATEGORIES] = { { { 0 } } };
	struct tuner t = { .l = l, .generic = generic };
	struct rank_weights w;

	for (size_t i = 0; i < l->n_talks; i++)
		prepare(&t.talks[i], &l->talks[i]);
	if (!held_out)
		w = search(&t, l->n_talks);
	for (size_t i = 0; i < l->n_talks; i++) {
		if (held_out)
			w = search(&t, i);
		ask(&t.talks[i], &w, true, by);
		leave_out(&t, i, &w, without);
	}
	(void)printf("%zu vectors of weights tried\n", t.n_tried);
	tell_worth(without, &by[0]);
	for (size_t i = 0; i < l->n_talks; i++)
		release(&t.talks[i], &l->talks[i]);
}
