/*
 * grams.h - which texts may hold a piece of text: an index of all runs of three bytes, for a
 * search that asks for any piece of a word, case aside.
 *
 * It says where to look, not what is found: each text it names is to be looked at. Like the
 * index that ranking reads (index.h) it follows the rows by their numbers, and is made at the
 * first search, so who never searches so pays nothing. Shared by all threads of a process.
 */
#ifndef DOMAIN_MEMORY_GRAMS_H
#define DOMAIN_MEMORY_GRAMS_H

#include "base/text.h"
#include "store/db.h"

struct grams;

enum status grams_new(struct grams **out, struct err *err);
void grams_free(struct grams *g);

/* Follow the rows as db, which is in a read transaction, sees them. */
enum status grams_follow(struct grams *g, struct db *db, struct err *err);

enum grams_of {
	GRAMS_TEXTS, /* of memories, by the numbers of their rows */
	GRAMS_NAMES  /* of entities, and their types */
};

struct grams_found {
	uint32_t *ids; /* ascending, in the arena */
	size_t n;
	bool all; /* the piece is too short or too common: look at all there are */
};

/* Where the lowered piece may be. Rows that came since grams_follow may be missing or gone. */
enum status grams_find(struct grams *g, enum grams_of which, const char *piece, struct arena *a,
                       struct grams_found *out, struct err *err);

#define GRAMS_NO_TYPE "thing" /* of an entity that nobody gave a type */

/*
 * s without capitals, as JavaScript's toLowerCase has it but for its special cases; good until
 * `out` is used again. NULL when s is not UTF-8 or out is full.
 */
const char *grams_lower(struct text *out, const char *s);

#endif
