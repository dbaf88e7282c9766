/*
 * words.h - what a few words of English mean to a search: nothing, a time, or what another word
 * means of which they are an irregular form.
 */
#ifndef DOMAIN_MEMORY_WORDS_H
#define DOMAIN_MEMORY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum words_time {
	WORDS_NO_TIME,
	WORDS_TIME,   /* a time by itself: yesterday, monday, ago */
	WORDS_UNIT,   /* a time after a number or a word like last: week */
	WORDS_BEFORE, /* last, next, this */
};

/* Folded words. */
bool words_say_nothing(const char *word, size_t n); /* never worth finding: the, of */
bool words_say_little(const char *word, size_t n);  /* not worth asking for: kind, many */
enum words_time words_time(const char *word, size_t n);
/* `buy` for `bought`, `child` for `children`; NULL: the word is no irregular form. */
const char *words_base(const char *word, size_t n);
int words_month(const char *word, size_t n); /* 1 to 12; 0: none. `may` is one. */

#endif
