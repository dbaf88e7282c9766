#include "domain/memory/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/memory/rank_parts.h"

#define DAY_MS           86400000.0F
#define RECENT_HALF_DAYS 30.0F
#define USES_FULL        32.0F /* so many uses count in full */
#define AUTHOR_USES      2     /* a name under fewer memories is not taken for a person's */

const struct rank_weights rank_usual = {
	.k1 = 0.6F,
	.b = 0.3F,
	.next = 0.03F,
	.previous = 0.23F,
	.second = 0.33F,
	.answers = 0.85F,
	.session = 0.5F,
	.session_b = 0.4F,
	.entity = 0.8F,
	.hop = 0.15F,
	.author = 0.9F,
	.date = 2.5F,
	.when = 0.8F,
	.recent = 0.1F,
	.used = 0.1F,
	.important = 0.4F,
};

const struct rank_weights rank_generic = {
	.k1 = 0.4F,
	.b = 0.1F,
	.next = 0.45F,
	.previous = 0.3F,
	.second = 0.33F,
	.answers = 0,
	.session = 0.5F,
	.session_b = 0.6F,
	.entity = 0.8F,
	.hop = 0.15F,
	.author = 0,
	.date = 2.5F,
	.when = 0,
	.recent = 0.1F,
	.used = 0.1F,
	.important = 0.4F,
};

/* The author that the question names; 0 when it names none or several. */
static uint32_t author_named(const struct rank_state *r)
{
	uint32_t found = 0;

	if (r->w->author <= 0)
		return 0;
	for (size_t i = 1; i < r->d->n_names; i++) {
		const struct index_name *name = &r->d->name[i];
		bool named = false;

		if (name->uses < AUTHOR_USES)
			continue;
		for (size_t k = 0; k < name->n_terms && !named; k++)
			for (size_t t = 0; t < r->q->n_terms && !named; t++)
				named = r->q->terms[t].term == name->terms[k];
		if (named && found != 0)
			return 0;
		if (named)
			found = (uint32_t)i;
	}
	return found;
}

static float date_fit(const struct rank_query *q, int64_t at_ms)
{
	double best = 0, fit;

	for (size_t i = 0; i < q->n_dates; i++)
		if ((fit = dates_fit(&q->dates[i], at_ms)) > best)
			best = fit;
	return (float)best;
}

/* What makes a memory more likely whatever it says. */
static void weigh(const struct rank_state *r, struct rank_candidate *c, uint32_t author)
{
	const struct index_doc *doc = &r->d->docs[c->doc];
	uint32_t session = r->d->doc_session[c->doc];
	float age = (float)(r->q->now_ms - doc->begin_ms) / DAY_MS, fit;

	if (session != 0 && r->session_top > 0 && r->s->session[session] > 0) {
		c->score += r->w->session * r->top * r->s->session[session] / r->session_top;
		c->why |= RANK_SESSION;
	}
	if (author != 0 && doc->author == author) {
		c->score *= 1 + r->w->author;
		c->why |= RANK_AUTHOR;
	}
	if (r->q->n_dates > 0 && (fit = date_fit(r->q, doc->begin_ms)) > 0) {
		c->score *= 1 + r->w->date * fit;
		c->why |= RANK_DATE;
	}
	if (r->q->asks_when && (doc->flags & INDEX_DATED) != 0)
		c->score *= 1 + r->w->when;
	c->score *= 1 + r->w->recent * exp2f(-(age > 0 ? age : 0) / RECENT_HALF_DAYS);
	c->score *= 1 + r->w->used * fminf(1, log2f(1 + (float)doc->hits) / log2f(USES_FULL));
	c->score *= 1 + r->w->important * (doc->importance - 0.5F);
}

static int by_score(const void *a, const void *b)
{
	const struct rank_hit *x = a, *y = b;

	if (x->score < y->score || x->score > y->score)
		return x->score < y->score ? 1 : -1;
	return (x->id < y->id) - (x->id > y->id);
}

/* Keep a hit among the best, which are kept sorted. */
static void keep(struct rank_answer *answer, size_t most, struct rank_hit hit)
{
	size_t n = answer->n_hits, at;

	if (n == most && by_score(&answer->hits[n - 1], &hit) <= 0)
		return;
	at = n == most ? n - 1 : answer->n_hits++;
	for (; at > 0 && by_score(&hit, &answer->hits[at - 1]) < 0; at--)
		answer->hits[at] = answer->hits[at - 1];
	answer->hits[at] = hit;
}

static void best(struct rank_state *r, struct rank_answer *answer)
{
	uint32_t author = author_named(r);

	answer->n_hits = 0;
	for (size_t i = 0; i < r->n_slots && r->q->limit > 0; i++) {
		struct rank_candidate *c = &r->slots[i];

		if (c->doc == INDEX_NONE)
			continue;
		weigh(r, c, author);
		keep(answer, r->q->limit,
		     (struct rank_hit){ r->d->docs[c->doc].id, c->score, c->why });
	}
}

/* Leave the working memory as it was found. */
static void clear(const struct index_data *d, struct index_scratch *s)
{
	if (s->n_touched > d->n_docs / 4)
		memset(s->score, 0, d->n_docs * sizeof *s->score);
	else
		for (size_t i = 0; i < s->n_touched; i++)
			s->score[s->touched[i]] = 0;
	if (d->n_sessions > 0)
		memset(s->session, 0, d->n_sessions * sizeof *s->session);
	for (size_t i = 0; i < s->n_touched_entities; i++) {
		s->entity[s->touched_entities[i]] = 0;
		s->active[s->touched_entities[i]] = 0;
	}
	s->n_touched = s->n_touched_entities = 0;
}

bool rank(const struct index_data *d, struct index_scratch *s, const struct rank_query *q,
          struct rank_answer *answer)
{
	struct rank_state r = { .d = d, .s = s, .q = q, .w = q->weights };
	bool good = rank_words(&r) && rank_seeds(&r);

	answer->n_found = s->n_touched;
	answer->n_entities = 0;
	if (good) {
		rank_neighbours(&r);
		rank_named(&r);
		if (q->hops > 0)
			rank_related(&r);
		best(&r, answer);
		answer->n_entities =
		    rank_best_entities(&r, answer->entities, answer->most_entities);
	}
	mem_free(r.slots);
	mem_free(r.seeds);
	clear(d, s);
	return good;
}
