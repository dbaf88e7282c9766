#include "domain/run/limit.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAY_MS      (INT64_C(24) * 3600 * 1000)
#define EPOCH_LEAST INT64_C(1000000000) /* seconds: a smaller number is no time */

static const char *const phrases[] = {
	"rate limit",  "rate limits",       "rate limited",        "rate-limited",
	"rate_limit",  "rate_limit_error",  "rate_limit_exceeded", "ratelimit",
	"usage limit", "too many requests", "hit your limit",      "limit reached",
	"overloaded",  "overloaded_error",  "resource_exhausted",  "resource exhausted",
	"quota",
};

static bool in_word(char c)
{
	return isalnum((unsigned char)c) != 0 || c == '_';
}

/* The place of the phrase, its ends being ends of words; NULL: it is not there. */
static const char *find_words(const char *text, const char *phrase)
{
	size_t n = strlen(phrase);

	for (const char *at = text; (at = strcasestr(at, phrase)) != NULL; at++)
		if ((at == text || !in_word(at[-1])) && !in_word(at[n]))
			return at;
	return NULL;
}

bool limit_met(const char *text)
{
	for (size_t i = 0; text != NULL && i < sizeof phrases / sizeof *phrases; i++)
		if (find_words(text, phrases[i]) != NULL)
			return true;
	return false;
}

bool limit_status(int64_t status)
{
	return status == 429 || status == 503 || status == 529;
}

/* Milliseconds of the unit that begins at *at, which moves behind it; 0: it is none. */
static int64_t unit_ms(const char **at)
{
	static const struct {
		const char *word;
		int64_t ms;
	} units[] = {
		{ "milliseconds", 1 }, { "ms", 1 },          { "seconds", 1000 },
		{ "second", 1000 },    { "secs", 1000 },     { "sec", 1000 },
		{ "s", 1000 },         { "minutes", 60000 }, { "minute", 60000 },
		{ "mins", 60000 },     { "min", 60000 },     { "m", 60000 },
		{ "hours", 3600000 },  { "hour", 3600000 },  { "h", 3600000 },
		{ "days", DAY_MS },    { "day", DAY_MS },
	};

	while (**at == ' ')
		(*at)++;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i].word);

		if (strncasecmp(*at, units[i].word, n) == 0 &&
		    isalpha((unsigned char)(*at)[n]) == 0) {
			*at += n;
			return units[i].ms;
		}
	}
	return 0;
}

/* A duration of one or more parts, as in 1h2m3.5s; 0: there is none. */
static int64_t duration_ms(const char *at)
{
	double sum = 0;

	for (int parts = 0; parts < 4; parts++) {
		char *end = NULL;
		double number;
		int64_t ms;

		while (*at == ' ')
			at++;
		if (isdigit((unsigned char)*at) == 0)
			break;
		number = strtod(at, &end);
		at = end;
		if ((ms = unit_ms(&at)) == 0)
			break;
		sum += number * (double)ms;
	}
	return sum > 0 && sum <= (double)LIMIT_WAIT_MOST_MS ? (int64_t)sum : 0;
}

static int64_t stated_duration(const char *text)
{
	static const char *const before[] = { "in", "after" };

	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		size_t n = strlen(before[i]);

		for (const char *at = text; (at = find_words(at, before[i])) != NULL; at += n) {
			int64_t ms = duration_ms(at + n);

			if (ms > 0)
				return ms;
		}
	}
	return 0;
}

/* A time of day: 5pm, 5:30 pm, 17:30. False: it is none. */
static bool time_of_day(const char *at, int *hour, int *minute)
{
	char *end = NULL;

	while (*at == ' ')
		at++;
	if (isdigit((unsigned char)*at) == 0)
		return false;
	*hour = (int)strtol(at, &end, 10);
	*minute = 0;
	at = end;
	if (*at == ':' && isdigit((unsigned char)at[1]) != 0) {
		*minute = (int)strtol(at + 1, &end, 10);
		at = end;
	} else if (strncasecmp(at, "am", 2) != 0 && strncasecmp(at, "pm", 2) != 0 &&
	           strncasecmp(at, " am", 3) != 0 && strncasecmp(at, " pm", 3) != 0) {
		return false;
	}
	while (*at == ' ')
		at++;
	if (strncasecmp(at, "pm", 2) == 0 && *hour < 12)
		*hour += 12;
	else if (strncasecmp(at, "am", 2) == 0 && *hour == 12)
		*hour = 0;
	return *hour >= 0 && *hour < 24 && *minute >= 0 && *minute < 60;
}

/* `resets 5pm`: how long until that time of day comes next. */
static int64_t stated_time(const char *text, int64_t now_ms)
{
	const char *at = find_words(text, "resets");
	time_t now = (time_t)(now_ms / 1000), then;
	struct tm day;
	int hour, minute;

	if (at == NULL)
		return 0;
	at += strlen("resets");
	if (strncasecmp(at, " at", 3) == 0)
		at += 3;
	if (!time_of_day(at, &hour, &minute) || localtime_r(&now, &day) == NULL)
		return 0;
	day.tm_hour = hour;
	day.tm_min = minute;
	day.tm_sec = 0;
	if ((then = mktime(&day)) == (time_t)-1)
		return 0;
	return then > now ? (int64_t)(then - now) * 1000 : (int64_t)(then - now) * 1000 + DAY_MS;
}

/* `limit reached|1763830000`: seconds since 1970. */
static int64_t stated_epoch(const char *text, int64_t now_ms)
{
	const char *bar = strrchr(text, '|');
	int64_t at_s = bar == NULL ? 0 : strtoll(bar + 1, NULL, 10);

	if (at_s < EPOCH_LEAST || at_s > INT64_MAX / 1000)
		return 0;
	return at_s * 1000 > now_ms ? at_s * 1000 - now_ms : 1;
}

int64_t limit_wait_ms(const char *text, int64_t now_ms)
{
	int64_t ms;

	if (text == NULL)
		return 0;
	if ((ms = stated_epoch(text, now_ms)) == 0 && (ms = stated_duration(text)) == 0)
		ms = stated_time(text, now_ms);
	return ms > LIMIT_WAIT_MOST_MS ? 0 : ms;
}
