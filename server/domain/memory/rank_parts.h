/*
 * rank_parts.h - one ranking in progress, shared by the files that do its steps: words
 * (rank_words.c), what lies around the best (rank_around.c), the whole (rank.c).
 */
#ifndef DOMAIN_MEMORY_RANK_PARTS_H
#define DOMAIN_MEMORY_RANK_PARTS_H

#include "domain/memory/rank.h"

struct rank_candidate {
	uint32_t doc; /* INDEX_NONE: the slot is free */
	float words;  /* from its own words */
	float score;
	unsigned why;
};

struct rank_state {
	const struct index_data *d;
	struct index_scratch *s;
	const struct rank_query *q;
	const struct rank_weights *w;
	struct rank_candidate *slots; /* owned: a hash table of documents */
	size_t n_slots, n_candidates;
	uint32_t *seeds; /* owned: best by their own words, best first */
	size_t n_seeds;
	float top;         /* the best score by words */
	float session_top; /* the best session's */
	float entity_top;  /* the best entity's, as named */
};

/* Score every document that holds a word, and every session. */
bool rank_words(struct rank_state *r);

/* Choose the seeds among those that pass the filters, and make them candidates. */
bool rank_seeds(struct rank_state *r);

/* Add to a document's score; documents that do not pass the filters are left alone. */
void rank_reach(struct rank_state *r, uint32_t doc, float score, unsigned why);

/* Neighbours in the session; entities named; entities related. Each needs those before. */
void rank_neighbours(struct rank_state *r);
void rank_named(struct rank_state *r);
void rank_related(struct rank_state *r);

/* Entities with a score, best first. */
size_t rank_best_entities(const struct rank_state *r, struct rank_entity_hit *hits, size_t most);

#endif
