/*
 * rank.h - which memories answer a question best.
 *
 * A score is a weighted sum of what speaks for a memory - the words it holds (BM25), the
 * words of its neighbours and of its session, the entity it is about and those related to
 * it - times what makes it more likely: that the one named said it, that its time fits,
 * that it is recent, used, important, long. What may not be seen or is not true at the time in
 * question is left out before anything is counted.
 *
 * Who said it: of two that a question names, the one that acts is meant, not the one acted upon
 * or the owner of something; in English the subject stands first ("What did Ann say to Bob", "of
 * Bob's plan"). Two that are joined by `and` are both meant, and so neither is preferred. What is
 * long is the likelier answer: the length of a text is evidence by itself (Kraaij, Westerveld and
 * Hiemstra 2002), and a reply of two words tells nothing. Words of neighbours count because a
 * turn is understood with those around it, most of all after a question (adjacency pairs:
 * Schegloff and Sacks 1973); two turns away the same person speaks.
 *
 * The weights are set by search on conversations (bench/locomo_tune.h), with BM25's own at the
 * values in common use. A rule that was worth nothing on conversations held out is not here.
 */
#ifndef DOMAIN_MEMORY_RANK_H
#define DOMAIN_MEMORY_RANK_H

#include "domain/memory/dates.h"
#include "domain/memory/index.h"

#define RANK_TERMS_MAX 64
#define RANK_HITS_MAX  1000

struct rank_weights {
	float k1, b;                  /* BM25 */
	float next, previous, second; /* of a neighbour's score: one on, one back, two away */
	float answers;                /* more for the one after a question */
	float session, session_b;     /* of the best score, for the best session */
	float length;                 /* times 1 + this, at most: what is long tells more */
	float entity;                 /* words of the entity's name */
	float hop;                    /* an entity one relation away */
	float author, date, when;     /* times 1 + this */
	float recent, used;           /* times 1 + this, at most */
	float important;              /* times 1 +- half of this */
};

/* What recall uses, and the same without what only helps with conversations. */
extern const struct rank_weights rank_usual, rank_generic;

/* How a word stands in the question. */
enum rank_term_flag {
	RANK_TERM_OWNS = 1,   /* it has what follows: Ann's */
	RANK_TERM_JOINED = 2, /* and goes before it */
};

struct rank_term {
	uint32_t term;
	float weight;
	uint32_t elsewhere; /* documents with it in the other store that is asked */
	unsigned flags;
};

struct rank_query {
	const struct rank_weights *weights;
	struct rank_term terms[RANK_TERMS_MAX];
	size_t n_terms;
	size_t elsewhere; /* documents in the other store: how rare a word is counts both */
	struct dates_date dates[DATES_MAX];
	size_t n_dates;
	bool asks_when;
	int hops;

	/* Filters. */
	const bool *scopes; /* by scope id, n_scopes of them; NULL: all */
	size_t n_scopes;
	uint32_t kinds[16]; /* names */
	size_t n_kinds;     /* 0: all */
	uint32_t entity;    /* 0: any */
	bool as_of;         /* true strictly at at_ms; else what was not yet ended by at_ms */
	int64_t at_ms;      /* the time in question */
	int64_t now_ms;     /* for what is recent */
	size_t limit;
};

enum rank_why {
	RANK_WORDS = 1,
	RANK_NEIGHBOUR = 2,
	RANK_SESSION = 4,
	RANK_ENTITY = 8,
	RANK_RELATED = 16,
	RANK_AUTHOR = 32,
	RANK_DATE = 64,
};

struct rank_hit {
	int64_t id;
	float score;
	unsigned why;
};

struct rank_entity_hit {
	uint32_t entity;
	float score;
	bool named; /* by the question itself */
};

struct rank_answer {
	struct rank_hit *hits; /* best first, at most q->limit; equal scores: the newer first */
	size_t n_hits;
	struct rank_entity_hit *entities; /* what the question or the hits lead to, best first */
	size_t n_entities, most_entities;
	size_t n_found; /* memories that held a word */
};

/* The arrays of the answer are the caller's. False when out of memory; s is zeroed again. */
bool rank(const struct index_data *d, struct index_scratch *s, const struct rank_query *q,
          struct rank_answer *answer);

/* May this document be seen, and is it true at the time in question? */
bool rank_passes(const struct index_data *d, const struct rank_query *q,
                 const struct index_doc *doc);

#endif
