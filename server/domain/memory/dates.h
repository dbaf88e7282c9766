/* dates.h - the dates a question names: 8 May 2023, May 8th, in June 2022, 2023-05-08. */
#ifndef DOMAIN_MEMORY_DATES_H
#define DOMAIN_MEMORY_DATES_H

#include <stddef.h>
#include <stdint.h>

#define DATES_MAX 4

struct dates_date {
	int year, month, day; /* 0: not said */
};

/* How many were found, at most DATES_MAX. */
size_t dates_read(const char *text, struct dates_date out[DATES_MAX]);

/* How well a time fits: 1 exactly, less nearby, 0 not. */
double dates_fit(const struct dates_date *date, int64_t at_ms);

#endif
