#include "domain/memory/dates.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "domain/memory/words.h"

#define WORDS_MAX   64 /* of a question are looked at */
#define WORD_SIZE   12
#define DIGITS_MAX  4  /* of a number that is part of a date */
#define DAYS_NEAR   7  /* a day that many days off does not fit any more */
#define EARLY_DAYS  10 /* of the next month: what happened in a month is told then */
#define SECONDS_DAY 86400.0

struct word {
	char text[WORD_SIZE]; /* lower case; longer words are cut and mean nothing here */
	int number;           /* -1: not a number */
	size_t digits;
	bool capital;
};

static size_t cut(const char *text, struct word *words)
{
	size_t n = 0;

	while (*text != '\0' && n < WORDS_MAX) {
		struct word *w = &words[n];
		size_t len = 0;

		while (*text != '\0' && !isalnum((unsigned char)*text))
			text++;
		*w = (struct word){ .capital = isupper((unsigned char)*text) != 0 };
		for (; isalnum((unsigned char)*text); text++)
			if (len + 1 < WORD_SIZE)
				w->text[len++] = (char)tolower((unsigned char)*text);
		for (; w->digits < len && isdigit((unsigned char)w->text[w->digits]); w->digits++)
			if (w->digits < DIGITS_MAX)
				w->number = w->number * 10 + (w->text[w->digits] - '0');
		if (w->digits == 0 || w->digits > DIGITS_MAX)
			w->number = -1;
		n += len > 0;
	}
	return n;
}

/* 8, 8th, 21st. */
static int day_of(const struct word *w)
{
	const char *end = w->text + w->digits;

	if (w->number < 1 || w->number > 31 || w->digits > 2)
		return 0;
	if (*end == '\0' || strcmp(end, "st") == 0 || strcmp(end, "nd") == 0 ||
	    strcmp(end, "rd") == 0 || strcmp(end, "th") == 0)
		return w->number;
	return 0;
}

static int year_of(const struct word *w)
{
	return w->digits == 4 && w->text[4] == '\0' && w->number >= 1900 && w->number < 2100
	           ? w->number
	           : 0;
}

/* The month named by words[i]; `may` only where it cannot be the verb. */
static int month_of(const struct word *words, size_t n, size_t i)
{
	int month = words_month(words[i].text, strlen(words[i].text));

	if (month != 5 || (words[i].capital && i > 0))
		return month;
	if ((i + 1 < n && words[i + 1].number > 0) || (i > 0 && words[i - 1].number > 0))
		return month;
	return 0;
}

/* A date around the month at words[i]; *used is how many words after it belong to it. */
static struct dates_date around(const struct word *words, size_t n, size_t i, int month,
                                size_t *used)
{
	struct dates_date date = { .month = month };
	size_t before = i;

	if (before > 0 && strcmp(words[before - 1].text, "of") == 0)
		before--;
	if (before > 0)
		date.day = day_of(&words[before - 1]);
	*used = 0;
	if (date.day == 0 && i + 1 < n && (date.day = day_of(&words[i + 1])) != 0)
		*used = 1;
	if (i + *used + 1 < n && (date.year = year_of(&words[i + *used + 1])) != 0)
		++*used;
	return date;
}

/* 05 08 after a year, w being the first of the two. */
static bool is_month_day(const struct word *w)
{
	return w[0].digits == 2 && w[0].number >= 1 && w[0].number <= 12 && w[1].digits == 2 &&
	       w[1].number <= 31;
}

size_t dates_read(const char *text, struct dates_date out[DATES_MAX])
{
	struct word words[WORDS_MAX];
	size_t n = cut(text, words), found = 0, used;

	for (size_t i = 0; i < n && found < DATES_MAX; i++) {
		int month = month_of(words, n, i), year = year_of(&words[i]);

		if (month != 0) {
			out[found++] = around(words, n, i, month, &used);
			i += used;
		} else if (year != 0 && i + 2 < n && is_month_day(&words[i + 1])) {
			out[found++] =
			    (struct dates_date){ year, words[i + 1].number, words[i + 2].number };
			i += 2;
		} else if (year != 0) {
			out[found++] = (struct dates_date){ .year = year };
		}
	}
	return found;
}

static double fit_day(const struct dates_date *date, int64_t at_ms, int year)
{
	struct tm wanted = { .tm_year = year - 1900,
		             .tm_mon = date->month - 1,
		             .tm_mday = date->day };
	double days = ((double)at_ms / 1000 - (double)timegm(&wanted)) / SECONDS_DAY;
	double off = days < 0 ? -days : days - 1; /* anywhere within the day fits */

	if (off < 0)
		off = 0;
	return off < DAYS_NEAR ? 1 - off / DAYS_NEAR : 0;
}

double dates_fit(const struct dates_date *date, int64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm at;
	int year;

	if (gmtime_r(&seconds, &at) == NULL)
		return 0;
	year = at.tm_year + 1900;
	if (date->year != 0 && date->month == 0)
		return date->year == year ? 1 : 0;
	if (date->day != 0)
		return fit_day(date, at_ms, date->year != 0 ? date->year : year);
	if (date->year != 0 && date->year != year)
		return 0;
	if (at.tm_mon + 1 == date->month)
		return 1;
	return at.tm_mon == date->month % 12 && at.tm_mday <= EARLY_DAYS ? 0.5 : 0;
}
