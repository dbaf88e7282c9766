#include <math.h>
#include <stdlib.h>

#include "domain/memory/rank_parts.h"

#define NAMED_MAX     64  /* entities named by a question that are followed */
#define NAMED_DOCS    200 /* newest documents of each */
#define ACTIVE_DOCS   32  /* best documents whose entities are followed */
#define RELATIONS_MAX 256 /* newest relations of an entity that are followed */
#define RELATED_DOCS  8   /* newest documents of an entity that was reached */
#define LEAST_ACTIVE  0.02F
#define YEAR_MS       (365.0F * 86400000.0F)
#define FADE_A_YEAR   0.7F
#define NAMED_SHARE   0.3F /* of being named by the question beside being reached from hits */

static void reach_if_there(struct rank_state *r, uint32_t doc, float score)
{
	if (doc != INDEX_NONE && score > 0)
		rank_reach(r, doc, score, RANK_NEIGHBOUR);
}

void rank_neighbours(struct rank_state *r)
{
	const struct rank_weights *w = r->w;

	for (size_t i = 0; i < r->n_seeds; i++) {
		const struct index_doc *doc = &r->d->docs[r->seeds[i]];
		float score = r->s->score[r->seeds[i]];
		float next = w->next + ((doc->flags & INDEX_ASKS) != 0 ? w->answers : 0);

		if (doc->after != INDEX_NONE) {
			reach_if_there(r, doc->after, next * score);
			reach_if_there(r, r->d->docs[doc->after].after, w->second * score);
		}
		if (doc->before != INDEX_NONE) {
			reach_if_there(r, doc->before, w->previous * score);
			reach_if_there(r, r->d->docs[doc->before].before, w->second * score);
		}
	}
}

static void touch(struct rank_state *r, uint32_t entity)
{
	if (r->s->entity[entity] <= 0 && r->s->active[entity] <= 0)
		r->s->touched_entities[r->s->n_touched_entities++] = entity;
}

/* Entities by the words of their names; `active` counts the words meanwhile. */
static void score_names(struct rank_state *r)
{
	const struct index_data *d = r->d;

	for (size_t i = 0; i < r->q->n_terms; i++) {
		const struct postings_list *list = postings_find(&d->names, r->q->terms[i].term);
		struct postings_at p;
		float value, n = (float)d->n_entities;

		if (list == NULL)
			continue;
		value = r->q->terms[i].weight * logf(1 + (n - (float)list->documents + 0.5F) /
		                                             ((float)list->documents + 0.5F));
		for (p = postings_first(list); postings_next(&p) && p.document < d->n_entities;) {
			touch(r, p.document);
			r->s->entity[p.document] += value;
			r->s->active[p.document] += 1;
		}
	}
	for (size_t i = 0; i < r->s->n_touched_entities; i++) {
		uint32_t e = r->s->touched_entities[i];
		float share = r->s->active[e] / (float)(d->entities[e].words + 1);

		r->s->entity[e] *= 0.3F + 0.7F * share;
		r->s->active[e] = 0;
		if (r->s->entity[e] > r->entity_top)
			r->entity_top = r->s->entity[e];
	}
}

static int by_score(const void *a, const void *b)
{
	const struct rank_entity_hit *x = a, *y = b;

	if (x->score < y->score || x->score > y->score)
		return x->score < y->score ? 1 : -1;
	return (x->entity > y->entity) - (x->entity < y->entity);
}

/* Keep a hit among the best `most`, which are kept sorted. */
static size_t keep(struct rank_entity_hit *hits, size_t n, size_t most, struct rank_entity_hit hit)
{
	size_t at = n;

	if (n == most && by_score(&hits[n - 1], &hit) <= 0)
		return n;
	if (n == most)
		at = --n;
	for (; at > 0 && by_score(&hit, &hits[at - 1]) < 0; at--)
		hits[at] = hits[at - 1];
	hits[at] = hit;
	return n + 1;
}

void rank_named(struct rank_state *r)
{
	struct rank_entity_hit best[NAMED_MAX];
	size_t n = 0;

	score_names(r);
	for (size_t i = 0; i < r->s->n_touched_entities; i++) {
		uint32_t e = r->s->touched_entities[i];

		n = keep(best, n, NAMED_MAX, (struct rank_entity_hit){ e, r->s->entity[e], true });
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t doc = r->d->entities[best[i].entity].docs;

		for (size_t k = 0; k < NAMED_DOCS && doc != INDEX_NONE; k++) {
			rank_reach(r, doc, r->w->entity * best[i].score, RANK_ENTITY);
			doc = r->d->docs[doc].entity_next;
		}
	}
}

static bool relation_holds(const struct rank_state *r, const struct index_relation *rel)
{
	if (rel->begin_ms > r->q->at_ms || rel->end_ms <= r->q->at_ms)
		return false;
	return r->q->scopes == NULL || (rel->scope < r->q->n_scopes && r->q->scopes[rel->scope]);
}

static void activate(struct rank_state *r, uint32_t entity, float by)
{
	touch(r, entity);
	r->s->active[entity] += by;
}

/* Give what an entity has to those it is related to. */
static void spread(struct rank_state *r, uint32_t from, float by)
{
	const struct index_data *d = r->d;
	const struct index_entity *e = &d->entities[from];
	float share = by / sqrtf((float)e->degree + 1);
	uint32_t i = e->out;

	for (size_t k = 0; k < RELATIONS_MAX && i != INDEX_NONE; k++) {
		if (relation_holds(r, &d->relations[i]))
			activate(r, d->relations[i].to, share);
		i = d->relations[i].out_next;
	}
	i = e->in;
	for (size_t k = 0; k < RELATIONS_MAX && i != INDEX_NONE; k++) {
		if (relation_holds(r, &d->relations[i]))
			activate(r, d->relations[i].from, share);
		i = d->relations[i].in_next;
	}
}

static int by_candidate(const void *a, const void *b)
{
	const struct rank_candidate *const *x = a, *const *y = b;

	return ((*x)->score < (*y)->score) - ((*x)->score > (*y)->score);
}

/* The best candidates so far that are about something. */
static size_t best_about(const struct rank_state *r, const struct rank_candidate **best)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_slots; i++) {
		const struct rank_candidate *c = &r->slots[i];
		size_t at;

		if (c->doc == INDEX_NONE || r->d->docs[c->doc].entity == 0)
			continue;
		if (n == ACTIVE_DOCS && by_candidate(&c, &best[n - 1]) >= 0)
			continue;
		at = n == ACTIVE_DOCS ? n - 1 : n++;
		for (; at > 0 && by_candidate(&c, &best[at - 1]) < 0; at--)
			best[at] = best[at - 1];
		best[at] = c;
	}
	return n;
}

static float faded(const struct rank_state *r, const struct index_doc *doc)
{
	float age = (float)(r->q->now_ms - doc->begin_ms) / YEAR_MS;

	return age <= 0 ? 1 : 1 / (1 + FADE_A_YEAR * age);
}

/* One more step from the best of those reached. */
static void second_hop(struct rank_state *r)
{
	struct rank_entity_hit best[NAMED_MAX];
	size_t n = 0;

	for (size_t i = 0; i < r->s->n_touched_entities; i++) {
		uint32_t e = r->s->touched_entities[i];

		if (r->s->active[e] > LEAST_ACTIVE)
			n = keep(best, n, NAMED_MAX,
			         (struct rank_entity_hit){ e, r->s->active[e], false });
	}
	for (size_t i = 0; i < n; i++)
		spread(r, best[i].entity, 0.5F * best[i].score);
}

void rank_related(struct rank_state *r)
{
	const struct rank_candidate *best[ACTIVE_DOCS];
	struct rank_entity_hit reached[NAMED_MAX] = { 0 };
	size_t n = best_about(r, best), n_reached = 0;
	float top = n > 0 ? best[0]->score : 0;

	for (size_t i = 0; i < n; i++) {
		const struct index_doc *doc = &r->d->docs[best[i]->doc];

		spread(r, doc->entity, best[i]->score / top * faded(r, doc));
	}
	if (r->q->hops > 1)
		second_hop(r);
	for (size_t i = 0; i < r->s->n_touched_entities; i++) {
		uint32_t e = r->s->touched_entities[i];

		if (r->s->active[e] > LEAST_ACTIVE)
			n_reached = keep(reached, n_reached, NAMED_MAX,
			                 (struct rank_entity_hit){ e, r->s->active[e], false });
	}
	for (size_t i = 0; i < n_reached; i++) {
		uint32_t doc = r->d->entities[reached[i].entity].docs;
		float score = r->w->hop * top * reached[i].score / reached[0].score;

		for (size_t k = 0; k < RELATED_DOCS && doc != INDEX_NONE; k++) {
			rank_reach(r, doc, score, RANK_RELATED);
			doc = r->d->docs[doc].entity_next;
		}
	}
}

size_t rank_best_entities(const struct rank_state *r, struct rank_entity_hit *hits, size_t most)
{
	float active_top = 0;
	size_t n = 0;

	for (size_t i = 0; i < r->s->n_touched_entities; i++)
		active_top = fmaxf(active_top, r->s->active[r->s->touched_entities[i]]);
	for (size_t i = 0; most > 0 && i < r->s->n_touched_entities; i++) {
		uint32_t e = r->s->touched_entities[i];
		float named = r->entity_top > 0 ? r->s->entity[e] / r->entity_top : 0;
		float active = active_top > 0 ? r->s->active[e] / active_top : 0;

		n = keep(hits, n, most,
		         (struct rank_entity_hit){ e, NAMED_SHARE * named + active, named > 0 });
	}
	return n;
}
