#include "bench/locomo_tune.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/memory/own.h"

#define ASKED        100
#define RANDOM_TRIES 100
#define PASSES_MAX   6
#define LEAST_GAIN   0.0003 /* of the aim; less is chance */
#define SEED         20220131u

/* A weight, where the search begins and where it must stay. chat: a rule for conversations. */
struct knob {
	const char *name;
	size_t at;
	float begin, least, most;
	bool chat;
};

#define KNOB(name) #name, offsetof(struct rank_weights, name)

static const struct knob knobs[] = {
	{ KNOB(k1), 1.2F, 0.1F, 3, false },    { KNOB(b), 0.75F, 0, 1, false },
	{ KNOB(next), 0.25F, 0, 1.5F, false }, { KNOB(previous), 0.25F, 0, 1.5F, false },
	{ KNOB(second), 0.1F, 0, 1, false },   { KNOB(answers), 0.25F, 0, 2, true },
	{ KNOB(session), 0.25F, 0, 2, false }, { KNOB(session_b), 0.75F, 0, 1, false },
	{ KNOB(author), 0.5F, 0, 3, true },    { KNOB(date), 1, 0, 5, false },
	{ KNOB(when), 0.5F, 0, 3, true },
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
		struct memory_query q = { .text = k->questions[i].text, .hops = 1 };
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

/* Put the questions of one conversation. */
static void ask(const struct talk *t, const struct rank_weights *weights,
                struct locomo_sums by[LOCOMO_CATEGORIES])
{
	struct rank_hit hits[ASKED];
	int64_t rows[ASKED];

	for (size_t i = 0; i < t->n; i++) {
		struct asked *a = &t->asked[i];
		struct rank_answer answer = { .hits = hits };
		struct locomo_sums sums = { 0 };

		a->question.rank.weights = weights;
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
			ask(&t->talks[i], weights, by);
	return by[0].n == 0 ? 0 : (by[0].r10 + by[0].mrr) / (2 * by[0].n);
}

static float *weight_of(struct rank_weights *w, const struct knob *k)
{
	return (float *)(void *)((char *)w + k->at);
}

/* Numbers from a fixed beginning on: xorshift. */
static double chance(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (double)*state / 4294967296.0;
}

static bool is_open(const struct tuner *t, const struct knob *k)
{
	return !k->chat || !t->generic;
}

static struct rank_weights begin(const struct tuner *t)
{
	struct rank_weights w = rank_usual;

	for (size_t i = 0; i < KNOBS; i++)
		*weight_of(&w, &knobs[i]) = is_open(t, &knobs[i]) ? knobs[i].begin : 0;
	return w;
}

/* The best of some vectors around the beginning: each weight times 1/4 to 4. */
static double wander(struct tuner *t, struct rank_weights *w, size_t out)
{
	const struct rank_weights from = *w;
	double best = worth(t, w, out), got;
	uint32_t state = SEED;

	for (int i = 0; i < RANDOM_TRIES; i++) {
		struct rank_weights next = from;

		for (size_t k = 0; k < KNOBS; k++) {
			float *at = weight_of(&next, &knobs[k]);
			double by = chance(&state);

			*at *= (float)(by < 0.5 ? 0.25 + 1.5 * by : 1 + 6 * (by - 0.5));
			*at = *at > knobs[k].most ? knobs[k].most : *at;
		}
		if ((got = worth(t, &next, out)) > best) {
			best = got;
			*w = next;
		}
	}
	return best;
}

/* Try other values for one weight; what is better stays. */
static double turn(struct tuner *t, struct rank_weights *w, const struct knob *k, size_t out,
                   double best)
{
	static const float steps[] = { 0, 0.5F, 0.7F, 0.85F, 1.18F, 1.4F, 2 };
	float from = *weight_of(w, k), base = from > 0 ? from : 0.5F * k->begin;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct rank_weights next = *w;
		float value = base * steps[i];
		double got;

		value = value < k->least ? k->least : value > k->most ? k->most : value;
		*weight_of(&next, k) = value;
		if ((got = worth(t, &next, out)) > best + LEAST_GAIN) {
			best = got;
			*w = next;
		}
	}
	return best;
}

static struct rank_weights search(struct tuner *t, size_t out)
{
	struct rank_weights w = begin(t);
	double best = wander(t, &w, out), before;
	int passes = 0;

	do {
		before = best;
		for (size_t i = 0; i < KNOBS; i++)
			if (is_open(t, &knobs[i]))
				best = turn(t, &w, &knobs[i], out, best);
	} while (best > before && ++passes < PASSES_MAX);
	(void)printf("%s %.4f:", out < t->l->n_talks ? t->l->talks[out].name : "all", best);
	for (size_t i = 0; i < KNOBS; i++)
		(void)printf(" %s %.3g", knobs[i].name, (double)*weight_of(&w, &knobs[i]));
	(void)putchar('\n');
	return w;
}

void locomo_tune(const struct locomo *l, bool generic, bool held_out,
                 struct locomo_sums by[LOCOMO_CATEGORIES])
{
	struct tuner t = { .l = l, .generic = generic };

	for (size_t i = 0; i < l->n_talks; i++)
		prepare(&t.talks[i], &l->talks[i]);
	if (held_out) {
		for (size_t i = 0; i < l->n_talks; i++) {
			struct rank_weights w = search(&t, i);

			ask(&t.talks[i], &w, by);
		}
	} else {
		struct rank_weights w = search(&t, l->n_talks);

		for (size_t i = 0; i < l->n_talks; i++)
			ask(&t.talks[i], &w, by);
	}
	(void)printf("%zu vectors of weights tried\n", t.n_tried);
	for (size_t i = 0; i < l->n_talks; i++)
		release(&t.talks[i], &l->talks[i]);
}
