/*
 * text.h - growing text, and the few questions about text that everyone asks.
 *
 * A struct text is a builder with a limit. After the first refusal it stays
 * failed and adds nothing more, so a row of additions is checked once, at its
 * end. All functions on bytes take UTF-8 and never read past their length.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct text {
	char *bytes; /* owned; NUL after len once something was added; NULL before */
	size_t len;
	size_t size;
	size_t limit; /* most bytes it may hold */
	bool failed;
};

#define TEXT_LIMIT ((size_t)64 << 20)

/* An empty text of at most limit bytes; text_done frees it (NULL and empty are fine). */
void text_init(struct text *t, size_t limit);
void text_done(struct text *t);

void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t n);
void text_add_char(struct text *t, char c);
void text_add_percent(struct text *t, const char *s); /* as one part of an address (RFC 3986) */
__attribute__((format(printf, 2, 3))) void text_addf(struct text *t, const char *fmt, ...);
__attribute__((format(printf, 2, 0))) void text_addv(struct text *t, const char *fmt, va_list ap);

/* The bytes so far, "" when there are none or the text failed. */
const char *text_string(const struct text *t);

/* Copy of the whole into an arena, or NULL if the text or the arena failed. */
char *text_copy(const struct text *t, struct arena *a);

/* printf into an arena; NULL when it is full. */
__attribute__((format(printf, 2, 3))) char *text_printf(struct arena *a, const char *fmt, ...);

/* Copy of a string into an arena; NULL stays NULL, and NULL when it is full. */
char *text_dup(struct arena *a, const char *s);

/* Length of the valid UTF-8 at the start of s: n if all is valid (RFC 3629). */
size_t text_utf8_valid(const char *s, size_t n);

/* Largest length <= most at which s can be cut without splitting a character. */
size_t text_utf8_cut(const char *s, size_t n, size_t most);

/* Are a and b the same but for the case of ASCII letters? */
bool text_same(const char *a, const char *b);

/* Edits (insert, delete, replace, swap neighbours) from a to b, case aside; most at `most` + 1. */
size_t text_distance(const char *a, const char *b, size_t most);

/* The one of n names nearest to word, or NULL when none is near (a third of its length). */
const char *text_nearest(const char *word, const char *const *names, size_t n);

/* 64-bit FNV-1a, for tables; not against an adversary. */
uint64_t text_hash(const char *s, size_t n);

#endif
