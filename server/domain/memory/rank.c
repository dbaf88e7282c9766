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
#define LENGTH_FULL      31    /* so many words count in full */

const struct rank_weights rank_usual = {
	.k1 = 0.9F,
	.b = 0.4F,
	.next = 0.16F,
	.previous = 0.18F,
	.second = 0.26F,
	.answers = 0.75F,
	.session = 0.62F,
	.session_b = 0.75F,
	.length = 0.23F,
	.entity = 0.8F,
	.hop = 0.15F,
	.author = 0.61F,
	.date = 2.8F,
	.when = 0.43F,
	.recent = 0.1F,
	.used = 0.1F,
	.important = 0.4F,
};

const struct rank_weights rank_generic = {
	.k1 = 0.9F,
	.b = 0.4F,
	.next = 0.5F,
	.previous = 0.43F,
	.second = 0.22F,
	.answers = 0,
	.session = 0.61F,
	.session_b = 0.75F,
	.length = 1.93F,
	.entity = 0.8F,
	.hop = 0.15F,
	.author = 0,
	.date = 1.88F,
	.when = 0,
	.recent = 0.1F,
	.used = 0.1F,
	.important = 0.4F,
};

/* Where the question names somebody; n_terms when it does not. */
static size_t named_at(const struct rank_query *q, const struct index_name *name)
{
	for (size_t t = 0; t < q->n_terms; t++)
		for (size_t k = 0; k < name->n_terms; k++)
			if (q->terms[t].term == name->terms[k])
				return t;
	return q->n_terms;
}

/* Is the one named at `a` rather meant than the one at `b`, who is named later? */
static bool acts(const struct rank_query *q, size_t a, size_t b)
{
	bool owns = (q->terms[a].flags & RANK_TERM_OWNS) != 0;

	return !owns || (q->terms[b].flags & RANK_TERM_OWNS) != 0;
}

/* The author whose words are asked for; 0 when none is named, or several alike. */
static uint32_t author_named(const struct rank_state *r)
{
	uint32_t names[2] = { 0 };
	size_t at[2] = { 0 }, n = 0, first;

	if (r->w->author <= 0)
		return 0;
	for (size_t i = 1; i < r->d->n_names; i++) {
		size_t term;

		if (r->d->name[i].uses < AUTHOR_USES)
			continue;
		if ((term = named_at(r->q, &r->d->name[i])) == r->q->n_terms)
			continue;
		if (n == 2)
			return 0;
		names[n] = (uint32_t)i;
		at[n++] = term;
	}
	if (n < 2)
		return names[0];
	first = at[0] < at[1] ? 0 : 1;
	if (at[0] == at[1] || (r->q->terms[at[1 - first]].flags & RANK_TERM_JOINED) != 0)
		return 0;
	return acts(r->q, at[first], at[1 - first]) ? names[first] : names[1 - first];
}

static float date_fit(const struct rank_query *q, int64_t at_ms)
{
	double best = 0, fit;

	for (size_t i = 0; i < q->n_dates; i++)
		if ((fit = dates_fit(&q->dates[i], at_ms)) > best)
			best = fit;
	return (float)best;
}

/* What is the same for all candidates of a question. */
struct likely {
	uint32_t author;
	float length[LENGTH_FULL + 1]; /* factor for so many words */
};

static void make_likely(const struct rank_state *r, struct likely *l)
{
	l->author = author_named(r);
	for (int words = 0; words <= LENGTH_FULL; words++)
		l->length[words] =
		    1 + r->w->length * log2f((float)words + 1) / log2f(LENGTH_FULL + 1);
}

/* What makes a memory more likely whatever it says. */
static void weigh(const struct rank_state *r, struct rank_candidate *c, const struct likely *l)
{
	const struct index_doc *doc = &r->d->docs[c->doc];
	uint32_t session = r->d->doc_session[c->doc], words = r->d->doc_words[c->doc];
	float age = (float)(r->q->now_ms - doc->begin_ms) / DAY_MS, fit;

	if (session != 0 && r->session_top > 0 && r->s->session[session] > 0) {
		c->score += r->w->session * r->top * r->s->session[session] / r->session_top;
		c->why |= RANK_SESSION;
	}
	c->score *= l->length[words < LENGTH_FULL ? words : LENGTH_FULL];
	if (l->author != 0 && doc->author == l->author) {
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
	if (doc->hits > 0)
		c->score *=
		    1 + r->w->used * fminf(1, log2f(1 + (float)doc->hits) / log2f(USES_FULL));
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
	struct likely likely;

	make_likely(r, &likely);
	answer->n_hits = 0;
	for (size_t i = 0; i < r->n_slots && r->q->limit > 0; i++) {
		struct rank_candidate *c = &r->slots[i];

		if (c->doc == INDEX_NONE)
			continue;
		weigh(r, c, &likely);
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
