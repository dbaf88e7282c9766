/* similar.c - which memories say nearly the same as one that is about to be stored. */
#include <string.h>

#include "domain/memory/own.h"

#define RARE_TERMS  6    /* rarest words of a text that are looked up */
#define RARE_MAX    100  /* documents with a word that is still rare */
#define LEAST_TERMS 4    /* shorter texts are too easily alike */
#define CLOSE       0.65 /* share of common words from which texts are nearly the same */
#define SIMILAR_MAX ((size_t)3)
#define CANDIDATES  1024 /* more than RARE_TERMS * RARE_MAX: a slot is always free */

struct rare {
	uint32_t term;
	const struct postings_list *list;
};

struct candidate {
	uint32_t doc, shared; /* shared 0: a free slot */
};

/* Documents with rare words of a text, and how many of them. */
struct candidates {
	struct candidate slots[CANDIDATES];
	uint16_t used[CANDIDATES]; /* slots, in the order they were taken */
	size_t n;
};

static void count(struct candidates *c, uint32_t doc)
{
	size_t i = (doc * 2654435761u) % CANDIDATES;

	while (c->slots[i].shared != 0 && c->slots[i].doc != doc)
		i = (i + 1) % CANDIDATES;
	if (c->slots[i].shared == 0)
		c->used[c->n++] = (uint16_t)i;
	c->slots[i].doc = doc;
	c->slots[i].shared++;
}

/* The rarest words of a text that are in others; how many. */
static size_t rarest(const struct index_data *d, const struct terms_packed *p, struct rare *rare)
{
	size_t n = 0, at;
	unsigned times;

	for (uint32_t i = 0; i < p->n; i++) {
		uint32_t term = terms_at(p, i, &times);
		const struct postings_list *list = postings_find(&d->words, term);

		if (list == NULL || list->documents > RARE_MAX)
			continue;
		if (n == RARE_TERMS && list->documents >= rare[n - 1].list->documents)
			continue;
		at = n == RARE_TERMS ? n - 1 : n++;
		for (; at > 0 && list->documents < rare[at - 1].list->documents; at--)
			rare[at] = rare[at - 1];
		rare[at] = (struct rare){ term, list };
	}
	return n;
}

/* Documents that share at least half of the rarest words, the ids of the first few. */
static size_t look(const struct index_data *d, const struct terms_packed *p, uint32_t scope,
                   int64_t *ids)
{
	struct candidates c;
	struct rare rare[RARE_TERMS];
	size_t n = rarest(d, p, rare), found = 0;

	if (n < 2)
		return 0;
	memset(c.slots, 0, sizeof c.slots);
	c.n = 0;
	for (size_t i = 0; i < n; i++)
		for (struct postings_at at = postings_first(rare[i].list);
		     postings_next(&at) && at.document < d->n_docs;)
			count(&c, at.document);
	for (size_t i = 0; i < c.n && found < 2 * SIMILAR_MAX; i++) {
		const struct candidate *one = &c.slots[c.used[i]];
		const struct index_doc *doc = &d->docs[one->doc];

		if ((size_t)one->shared * 2 >= n && one->shared > 1 && doc->scope == scope &&
		    (doc->flags & (INDEX_EXPIRED | INDEX_SUPERSEDED)) == 0)
			ids[found++] = doc->id;
	}
	return found;
}

/* How much two texts share of all their words. Both are sorted by number. */
static double alike(const struct terms_packed *a, const struct terms_packed *b)
{
	uint32_t i = 0, k = 0, both = 0;
	unsigned times;

	while (i < a->n && k < b->n) {
		uint32_t x = terms_at(a, i, &times), y = terms_at(b, k, &times);

		both += x == y;
		i += x <= y;
		k += y <= x;
	}
	return (double)both / (double)(a->n + b->n - both);
}

/* Documents that may be close to one. */
struct near_ones {
	int64_t ids[2 * SIMILAR_MAX];
	size_t n;
};

static enum status check(struct db *db, struct memory_ready *r, const struct terms_packed *p,
                         const struct near_ones *near, struct arena *a, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; i < near->n && r->out->n_similar < SIMILAR_MAX; i++) {
		struct memories_row row;
		struct terms_packed other;

		if ((st = memories_get(db, near->ids[i], a, &row, err)) == E_ABSENT)
			continue;
		if (st != OK)
			return st;
		if (row.hash == r->hash || !terms_open(&other, row.terms, row.terms_size) ||
		    alike(p, &other) < CLOSE)
			continue;
		if (r->out->similar == NULL)
			r->out->similar = arena_take(a, SIMILAR_MAX * sizeof *r->out->similar);
		if (r->out->similar == NULL)
			return err_nomem(err, "similar memories");
		r->out->similar[r->out->n_similar++] = row.uid;
	}
	return OK;
}

static uint32_t scope_of(const struct index_data *d, const struct memory_scope *scope)
{
	for (size_t i = 0; i < d->n_scopes; i++)
		if (d->scopes[i].kind != NULL && strcmp(d->scopes[i].kind, scope->kind) == 0 &&
		    strcmp(d->scopes[i].key, scope->key) == 0)
			return (uint32_t)i;
	return 0;
}

static enum status one(struct memory *m, struct db *db, struct memory_ready *r, struct arena *a,
                       struct err *err)
{
	struct near_ones near = { 0 };
	const struct index_data *d;
	struct terms_packed p;
	uint32_t scope;

	if (!terms_open(&p, r->terms, r->terms_size) || p.n < LEAST_TERMS)
		return OK;
	d = index_look(m->index);
	if ((scope = scope_of(d, &r->scope)) != 0)
		near.n = look(d, &p, scope, near.ids);
	index_done(m->index);
	return check(db, r, &p, &near, a, err);
}

enum status memory_similar(struct project *p, struct db *db, struct memory_ready *ready, size_t n,
                           struct arena *a, struct err *err)
{
	struct memories_state state;
	const struct index_data *d;
	int64_t change;
	enum status st = memories_state(db, &state, err);

	if (st != OK)
		return st;
	d = index_look(p->memory->index);
	change = d->change;
	index_done(p->memory->index);
	/* Reading all of a big memory to store one text would be out of proportion. */
	if (change == 0 && state.rows > MEMORY_INDEX_AT_ONCE)
		return OK;
	if ((st = index_follow(p->memory->index, db, err)) != OK)
		return st;
	for (size_t i = 0; i < n && st == OK; i++)
		st = one(p->memory, db, &ready[i], a, err);
	return st;
}
