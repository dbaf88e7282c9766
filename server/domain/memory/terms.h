/*
 * terms.h - a text as the words it is found by.
 *
 * Text is folded (case and marks away, compatibility forms made plain), cut into words,
 * and each word is reduced to its stem (irregular forms to that of their base: `bought` is
 * `buy`, which suffix stripping cannot see; Krovetz 1993). Words joined by hyphens are found by
 * their parts and as one word, since usage varies (`de-stress`, `destress`). A word of code stands
 * for itself as a whole and for its parts: `getUserName`, `user_name`, `server/store/db.c`. Scripts
 * that write no spaces give pairs of neighbouring characters. Words that say nothing (`the`, `of`)
 * are left out. A word becomes a 32-bit number; two different words share one so rarely that
 * ranking does not notice, and nothing but ranking relies on it.
 *
 * Any bytes may be given; what is not UTF-8 separates words. A struct terms belongs to one
 * thread at a time and is used again and again.
 */
#ifndef DOMAIN_MEMORY_TERMS_H
#define DOMAIN_MEMORY_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TERMS_TEXT_MAX ((size_t)256 << 10) /* bytes of a text that are read for words */

enum terms_flag {
	TERMS_ASKS = 1,  /* the text asks something */
	TERMS_DATED = 2, /* it says when something was: yesterday, in 2022, two weeks ago */
};

/* One occurrence of a word, in order. */
struct terms_word {
	uint32_t term;
	uint32_t at, len; /* where it stands in the text, bytes */
	bool part;        /* part of the compound before it: does not count as a neighbour */
};

struct terms;

enum status terms_new(struct terms **out, struct err *err);
void terms_free(struct terms *t);

/*
 * Cut a text into words, without those that say nothing; the answer is good until the next
 * call. E_NOMEM only.
 */
enum status terms_read(struct terms *t, const char *text, size_t n, const struct terms_word **words,
                       size_t *n_words, struct err *err);

/*
 * The same as bytes to be stored: a version, the flags, how many words there are, then
 * each different word with how often it occurs. Good until the next call.
 */
enum status terms_pack(struct terms *t, const char *text, size_t n, const void **bytes,
                       size_t *size, struct err *err);

/* Reading what terms_pack wrote. */
struct terms_packed {
	unsigned flags;
	uint32_t words; /* with repetitions */
	uint32_t n;     /* different ones */
	const unsigned char *at;
};
/* False when the bytes are not of a version that this program knows. */
bool terms_open(struct terms_packed *p, const void *bytes, size_t size);
/* The i-th word, i < n, and how often it occurs (255 at most). */
uint32_t terms_at(const struct terms_packed *p, uint32_t i, unsigned *times);

/*
 * The text without case, marks and needless space, for comparing; mem_free'd by the
 * caller. NULL when out of memory.
 */
char *terms_fold(const char *text, size_t n);

#endif
