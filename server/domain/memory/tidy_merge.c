/* tidy_merge.c - which memory says all that another says? */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/tidy_own.h"

#define LEAST_WORDS 4    /* what is shorter says too little to be found again in something else */
#define RARE_MAX    2000 /* documents with the rarest word that are looked at */
#define TRIED_MAX   32   /* texts that are compared */

struct word {
	const char *at;
	size_t n;
};

static const char *next_word(const char *s, struct word *w)
{
	while (*s != '\0' && (unsigned char)*s < 128 &&
	       strchr(" .,;:!?()[]{}\"'`*_<>|", *s) != NULL)
		s++;
	w->at = s;
	while (*s != '\0' &&
	       ((unsigned char)*s >= 128 || strchr(" .,;:!?()[]{}\"'`*_<>|", *s) == NULL))
		s++;
	w->n = (size_t)(s - w->at);
	return s;
}

static bool same(const struct word *a, const struct word *b)
{
	return a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

/* `t` is what is left of `isn't`. */
static bool turns_round(const struct word *w)
{
	static const char *const turns[] = { "not",     "no",      "never", "without", "nor",
		                             "neither", "cannot",  "t",     "none",    "nothing",
		                             "nobody",  "instead", "was",   "were",    "formerly" };

	for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
		if (strlen(turns[i]) == w->n && memcmp(turns[i], w->at, w->n) == 0)
			return true;
	return false;
}

static size_t count_turns(const char *s)
{
	struct word w;
	size_t n = 0;

	for (s = next_word(s, &w); w.n > 0; s = next_word(s, &w))
		n += turns_round(&w);
	return n;
}

static const char *fold(const char *s, struct arena *a)
{
	char *folded = terms_fold(s, strlen(s));
	const char *copy = text_dup(a, folded);

	mem_free(folded);
	return copy;
}

bool tidy_says_all(const char *less, const char *more, struct arena *a)
{
	const char *x = fold(less, a), *y = fold(more, a);
	struct word want, have;
	size_t n = 0;

	if (x == NULL || y == NULL || count_turns(x) != count_turns(y))
		return false;
	for (x = next_word(x, &want); want.n > 0; x = next_word(x, &want), n++) {
		do {
			y = next_word(y, &have);
		} while (have.n > 0 && !same(&want, &have));
		if (have.n == 0)
			return false;
	}
	return n >= LEAST_WORDS;
}

/* The list of the row's rarest word; NULL when a word is in no document: nothing is near. */
static const struct postings_list *rarest(const struct index_data *d, const struct terms_packed *p)
{
	const struct postings_list *best = NULL;
	unsigned times;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct postings_list *list = postings_find(&d->words, terms_at(p, i, &times));

		if (list == NULL)
			return NULL;
		if (best == NULL || list->documents < best->documents)
			best = list;
	}
	return best;
}

/* Might it say all of a row's text, by what the index knows? */
static bool may(const struct index_data *d, uint32_t number, const struct index_doc *own,
                unsigned own_words)
{
	const struct index_doc *doc = &d->docs[number];

	return doc != own && doc->scope == own->scope && doc->entity == own->entity &&
	       doc->kind == own->kind && doc->end_ms == own->end_ms &&
	       (doc->flags & (INDEX_EXPIRED | INDEX_SUPERSEDED)) == 0 &&
	       (doc->flags & INDEX_UNTRUSTED) <= (own->flags & INDEX_UNTRUSTED) &&
	       (d->doc_words[number] > own_words ||
	        (d->doc_words[number] == own_words && doc->id > own->id));
}

/* Ids of those that might, newest first. */
static size_t look(const struct index_data *d, const struct memories_row *row, int64_t *ids)
{
	uint32_t own = index_doc_of(d, row->id);
	const struct postings_list *list;
	struct terms_packed p;
	struct postings_at at;
	size_t n = 0;

	if (own == INDEX_NONE || !terms_open(&p, row->terms, row->terms_size) || p.n == 0 ||
	    (list = rarest(d, &p)) == NULL || list->documents > RARE_MAX)
		return 0;
	for (at = postings_first(list); postings_next(&at) && at.document < d->n_docs;) {
		if (!may(d, at.document, &d->docs[own], d->doc_words[own]))
			continue;
		if (n == TRIED_MAX)
			memmove(ids, ids + 1, --n * sizeof *ids);
		ids[n++] = d->docs[at.document].id;
	}
	return n;
}

enum status tidy_other_find(const struct memory_view *view, const struct memories_row *row,
                            struct tidy_other *by, struct err *err)
{
	const struct index_data *d = index_look(view->m->index);
	struct memories_row own = { 0 }, other;
	int64_t ids[TRIED_MAX];
	size_t n = look(d, row, ids);
	enum status st = OK;

	index_done(view->m->index);
	*by = (struct tidy_other){ 0 };
	if (n > 0)
		st = memories_get(view->db, row->id, view->a, &own, err);
	while (st == OK && n-- > 0 && by->id == 0) {
		if ((st = memories_get(view->db, ids[n], view->a, &other, err)) != OK)
			break;
		if (tidy_says_all(own.body, other.body, view->a))
			*by = (struct tidy_other){ other.id, other.uid };
	}
	if (st == OK && arena_failed(view->a))
		return err_nomem(err, "tidying");
	return st == E_ABSENT ? OK : st; /* purged meanwhile */
}
