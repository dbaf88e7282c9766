/*
 * name.h - which task is meant by a few words.
 *
 * Built once over all tasks of a draft. A task is known by its id, its names in diagrams
 * and issue trackers, its number and its title; failing those, by words of its title that
 * no other title has together. Words are compared as words, case and a plural s aside.
 */
#ifndef DOMAIN_PLAN_NAME_H
#define DOMAIN_PLAN_NAME_H

#include <stdint.h>

#include "domain/plan/draft.h"

enum name_how {
	NAME_UNKNOWN,
	NAME_AMBIGUOUS, /* several tasks fit as well */
	NAME_NEAR,      /* by some words of the title */
	NAME_PADDED,    /* an id but for leading zeros: T30 for T030 */
	NAME_NUMBER,    /* `task 3`, `3` */
	NAME_TITLE,
	NAME_ISSUE,
	NAME_ID,
};

struct name_hit {
	enum name_how how;
	size_t task;
	double score; /* of NAME_NEAR, 0 to 1 */
};

struct names;

/* All tasks must have their ids. NULL when the arena is full. */
struct names *names_build(const struct draft *d);

struct name_hit name_find(struct names *x, const char *s, size_t n);

/* The same without guessing by words: never NAME_NEAR. */
struct name_hit name_find_exact(const struct names *x, const char *s, size_t n);

/*
 * A place in a list, `2`, `step 2`, `(b)`, said by a task that has one too: the nearest before it,
 * or behind it, in its own list or another; else the one in its list.
 */
struct name_hit name_find_place(const struct names *x, size_t task, bool behind, const char *s,
                                size_t n);

/* Words in a fixed form, for comparing: lower case, joined by one blank. "" when there are none. */
const char *name_normal(const char *s, size_t n, struct arena *a);

/* An id from a title: lower case words joined by hyphens, cut at a word near 48 bytes. */
const char *name_slug(const char *title, struct arena *a);

/* The next word in s[*at..n) of letters and digits; false at the end. */
bool name_word(const char *s, size_t n, size_t *at, size_t *start, size_t *len);

/* Does s contain this word (or these words in a row), as words, case aside? */
bool name_has(const char *s, const char *words);

/* 32-bit hash of a word, lower case, plural s off. 0 for words that carry nothing (the, of, ...).
 */
uint32_t name_hash(const char *word, size_t len);

#endif
