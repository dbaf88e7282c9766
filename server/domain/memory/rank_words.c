#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/memory/rank_parts.h"

#define SEEDS_MAX        ((size_t)1024) /* documents whose surroundings are looked at */
#define SLOTS_A_SEED     8              /* room for what lies around a seed, and free slots */
#define LENGTHS          256            /* words from which a document is no longer any longer */
#define SESSION_WORD_MAX 20000          /* a word in more documents says nothing about a session */
#define SCORE_BITS       12             /* of a score, to sort it roughly */
#define SLOTS_LEAST      ((size_t)512)
#define COMMON_SHARE     0.5F  /* a word in more documents than this says little */
#define COMMON_WEIGHT    0.05F /* and is skipped when it weighs less than this of the best word */

static float idf(size_t all, size_t with)
{
	float n = (float)all, k = (float)with;

	return logf(1 + (n - k + 0.5F) / (k + 0.5F));
}

struct run { /* documents of one session that follow each other in a list */
	uint32_t session;
	float times;
};

struct runs {
	struct run *at; /* owned */
	size_t n, size;
};

static bool runs_add(struct runs *runs, uint32_t session, unsigned times)
{
	struct run *grown;
	size_t size;

	if (session == 0)
		return true;
	if (runs->n > 0 && runs->at[runs->n - 1].session == session) {
		runs->at[runs->n - 1].times += (float)times;
		return true;
	}
	if (runs->n == runs->size) {
		size = runs->size == 0 ? 256 : 2 * runs->size;
		if ((grown = mem_grow(runs->at, size * sizeof *grown)) == NULL)
			return false;
		runs->at = grown;
		runs->size = size;
	}
	runs->at[runs->n++] = (struct run){ session, (float)times };
	return true;
}

/* What a word says about whole sessions. */
static void score_sessions(struct rank_state *r, const struct runs *runs, float weight)
{
	const struct index_data *d = r->d;
	float average = (float)d->session_words / (float)d->used_sessions;
	float value = weight * idf(d->used_sessions, runs->n) * (r->w->k1 + 1);

	for (size_t i = 0; i < runs->n; i++) {
		const struct run *run = &runs->at[i];
		float length = (float)d->sessions[run->session].words / average;
		float norm = r->w->k1 * (1 - r->w->session_b + r->w->session_b * length);
		float *score = &r->s->session[run->session];

		*score += value * run->times / (run->times + norm);
		if (*score > r->session_top)
			r->session_top = *score;
	}
}

/* What one occurrence count in a document of some length is worth, for all of both. */
struct worth {
	float of[POSTINGS_TIMES_MAX + 1][LENGTHS];
};

static void make_worth(const struct rank_state *r, float value, struct worth *worth)
{
	float base = r->w->k1 * (1 - r->w->b);
	float a_word = r->w->k1 * r->w->b * (float)r->d->n_docs / (float)(r->d->total_words + 1);

	for (int times = 1; times <= POSTINGS_TIMES_MAX; times++)
		for (int words = 0; words < LENGTHS; words++)
			worth->of[times][words] =
			    value * (float)times / ((float)times + base + a_word * (float)words);
}

/* How much a word says, counting both stores that are asked. */
static float rarity(const struct rank_state *r, size_t term, const struct postings_list *list)
{
	return idf(r->d->n_docs + r->q->elsewhere, list->documents + r->q->terms[term].elsewhere);
}

static bool score_word(struct rank_state *r, const struct postings_list *list, size_t term,
                       struct runs *runs)
{
	float weight = r->q->terms[term].weight;
	const struct index_data *d = r->d;
	struct index_scratch *s = r->s;
	struct postings_at p = postings_first(list);
	bool sessions =
	    r->w->session > 0 && d->used_sessions > 1 && list->documents <= SESSION_WORD_MAX;
	struct worth worth;

	make_worth(r, weight * rarity(r, term, list) * (r->w->k1 + 1), &worth);
	runs->n = 0;
	while (postings_next(&p) && p.document < d->n_docs) {
		uint32_t words = d->doc_words[p.document];
		float *score = &s->score[p.document];

		if (*score <= 0)
			s->touched[s->n_touched++] = p.document;
		*score += worth.of[p.times][words < LENGTHS ? words : LENGTHS - 1];
		if (sessions && !runs_add(runs, d->doc_session[p.document], p.times))
			return false;
	}
	if (sessions && runs->n > 0)
		score_sessions(r, runs, weight);
	return true;
}

bool rank_words(struct rank_state *r)
{
	const struct postings_list *lists[RANK_TERMS_MAX] = { NULL };
	struct runs runs = { 0 };
	float best = 0;
	bool good = true;

	for (size_t i = 0; i < r->q->n_terms; i++) {
		float weight;

		lists[i] = postings_find(&r->d->words, r->q->terms[i].term);
		if (lists[i] == NULL)
			continue;
		weight = r->q->terms[i].weight * rarity(r, i, lists[i]);
		best = weight > best ? weight : best;
	}
	for (size_t i = 0; good && i < r->q->n_terms; i++) {
		float weight = r->q->terms[i].weight;

		if (lists[i] == NULL)
			continue;
		if ((float)lists[i]->documents > COMMON_SHARE * (float)r->d->n_docs &&
		    weight * rarity(r, i, lists[i]) < COMMON_WEIGHT * best)
			continue;
		good = score_word(r, lists[i], i, &runs);
	}
	mem_free(runs.at);
	return good;
}

bool rank_passes(const struct index_data *d, const struct rank_query *q,
                 const struct index_doc *doc)
{
	(void)d;
	if (q->as_of) {
		if (doc->begin_ms > q->at_ms || doc->end_ms <= q->at_ms)
			return false;
	} else if ((doc->flags & (INDEX_SUPERSEDED | INDEX_EXPIRED)) != 0 ||
	           doc->end_ms <= q->at_ms) {
		return false;
	}
	if (q->scopes != NULL && (doc->scope >= q->n_scopes || !q->scopes[doc->scope]))
		return false;
	if (q->entity != 0 && doc->entity != q->entity)
		return false;
	for (size_t i = 0; i < q->n_kinds; i++)
		if (doc->kind == q->kinds[i])
			return true;
	return q->n_kinds == 0;
}

/* rank_passes, from the small table where that is enough. */
static bool passes(const struct rank_state *r, uint32_t doc)
{
	const struct rank_query *q = r->q;
	uint32_t filter = r->d->doc_filter[doc], scope = filter >> INDEX_FILTER_SHIFT;

	if (q->as_of || q->n_kinds > 0 || q->entity != 0 || (filter & INDEX_FILTER_LOOK) != 0)
		return rank_passes(r->d, q, &r->d->docs[doc]);
	return (filter & INDEX_FILTER_GONE) == 0 &&
	       (q->scopes == NULL || (scope < q->n_scopes && q->scopes[scope]));
}

static struct rank_candidate *slot_of(const struct rank_state *r, uint32_t doc)
{
	size_t i = (size_t)(doc * 2654435761u) & (r->n_slots - 1);

	while (r->slots[i].doc != INDEX_NONE && r->slots[i].doc != doc)
		i = (i + 1) & (r->n_slots - 1);
	return &r->slots[i];
}

void rank_reach(struct rank_state *r, uint32_t doc, float score, unsigned why)
{
	struct rank_candidate *c = slot_of(r, doc);

	if (c->doc == INDEX_NONE) {
		if (2 * r->n_candidates >= r->n_slots || !passes(r, doc))
			return;
		c->doc = doc;
		r->n_candidates++;
	}
	c->score += score;
	c->why |= why;
}

/* A heap of the best documents so far, the worst on top. */
static void sift(uint32_t *heap, size_t n, size_t i, const float *score)
{
	for (;;) {
		size_t child = 2 * i + 1;
		uint32_t doc;

		if (child >= n)
			return;
		if (child + 1 < n && score[heap[child + 1]] < score[heap[child]])
			child++;
		if (score[heap[i]] <= score[heap[child]])
			return;
		doc = heap[i];
		heap[i] = heap[child];
		heap[child] = doc;
		i = child;
	}
}

/*
 * A score that no fewer than SEEDS_MAX documents reach, so that most need not pass the heap. The
 * upper bits of a positive float order as the float does.
 */
static float lower_bound(const struct rank_state *r)
{
	uint32_t count[1u << SCORE_BITS] = { 0 }, bits;
	const float *score = r->s->score;
	size_t n = 0, at = 1u << SCORE_BITS;
	float bound;

	for (size_t i = 0; i < r->s->n_touched; i++) {
		memcpy(&bits, &score[r->s->touched[i]], sizeof bits);
		count[(bits >> (31 - SCORE_BITS)) & ((1u << SCORE_BITS) - 1)]++;
	}
	while (at > 0 && n < SEEDS_MAX)
		n += count[--at];
	bits = (uint32_t)at << (31 - SCORE_BITS);
	memcpy(&bound, &bits, sizeof bound);
	return bound;
}

/* The best of those that reach the bound and may be shown. */
static void choose_from(struct rank_state *r, float bound)
{
	const float *score = r->s->score;
	size_t n = 0;

	/* From the newest on, so that of equal ones the newer stay. */
	for (size_t i = r->s->n_touched; i-- > 0;) {
		uint32_t doc = r->s->touched[i];

		if (score[doc] < bound || (n == SEEDS_MAX && score[doc] <= score[r->seeds[0]]))
			continue;
		if (!passes(r, doc))
			continue;
		if (n < SEEDS_MAX) {
			r->seeds[n++] = doc;
			if (n == SEEDS_MAX)
				for (size_t k = n / 2; k-- > 0;)
					sift(r->seeds, n, k, score);
			continue;
		}
		r->seeds[0] = doc;
		sift(r->seeds, n, 0, score);
	}
	r->n_seeds = n;
}

static void choose(struct rank_state *r)
{
	bool many = r->s->n_touched > 4 * SEEDS_MAX;

	choose_from(r, many ? lower_bound(r) : 0);
	/* When filters left too few, the others have their turn. */
	if (many && r->n_seeds < SEEDS_MAX)
		choose_from(r, 0);
}

bool rank_seeds(struct rank_state *r)
{
	size_t room = r->s->n_touched < SEEDS_MAX ? r->s->n_touched : SEEDS_MAX;

	/* Entities may bring as many documents as words did, and more when none did. */
	for (r->n_slots = SLOTS_LEAST; r->n_slots < SLOTS_A_SEED * room;)
		r->n_slots *= 2;
	if (r->d->n_entities > 0 && r->n_slots < SLOTS_A_SEED * SLOTS_LEAST)
		r->n_slots = SLOTS_A_SEED * SLOTS_LEAST;
	/* No more than there are documents. */
	while (r->n_slots > SLOTS_LEAST && r->n_slots / 4 > r->d->n_docs)
		r->n_slots /= 2;
	r->slots = mem_take(r->n_slots * sizeof *r->slots);
	r->seeds = mem_take((room + 1) * sizeof *r->seeds);
	if (r->slots == NULL || r->seeds == NULL)
		return false;
	for (size_t i = 0; i < r->n_slots; i++)
		r->slots[i] = (struct rank_candidate){ .doc = INDEX_NONE };
	choose(r);
	for (size_t i = 0; i < r->n_seeds; i++) {
		float score = r->s->score[r->seeds[i]];

		r->top = score > r->top ? score : r->top;
		rank_reach(r, r->seeds[i], score, RANK_WORDS);
		slot_of(r, r->seeds[i])->words = score;
	}
	return true;
}
