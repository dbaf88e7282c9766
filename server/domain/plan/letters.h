/*
 * letters.h - lists that count by letters: `a. Buy paint`, `(b) Paint`, `- **C**: Sweep`.
 *
 * Markdown knows none of them. Before it is parsed, `a.` at the start of a line becomes `1.`, a
 * letter behind a bullet goes away, and what it was is told by line. Only letters in a row count,
 * `a` and right after it `b`, at the same depth and written alike: one alone is a word.
 */
#ifndef DOMAIN_PLAN_LETTERS_H
#define DOMAIN_PLAN_LETTERS_H

#include <stdbool.h>

#include "base/arena.h"

struct letters {
	const char *text;  /* the document as the parser gets it, line for line */
	const char *at;    /* the letter of each line from 1 on, 0: none; NULL when there is none */
	const char *names; /* beside it: is the letter a name of its own, not only a place? */
};

/* Read a document; false when the arena is full. What comes out lives in the arena. */
bool letters_read(const char *bytes, struct arena *a, struct letters *out);

#endif
