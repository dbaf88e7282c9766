/* names.h - texts with a number each, sorted, to find the number again. */
#ifndef DOMAIN_RUN_NAMES_H
#define DOMAIN_RUN_NAMES_H

#include <stddef.h>

#define NAMES_NONE ((size_t)-1)

struct name {
	const char *text;
	size_t index;
};

/* By text, then by index; in place. */
void names_sort(struct name *names, size_t n);

/* The index of the first with that text, or NAMES_NONE. Sorted ones only. */
size_t names_find(const struct name *names, size_t n, const char *text);

#endif
