#include "base/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_ms(const struct clock *clock)
{
	return clock != NULL && clock->fixed_ms != 0 ? clock->fixed_ms
	                                             : read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

void clock_text(int64_t wall_ms, char out[CLOCK_TEXT_SIZE])
{
	time_t s = (time_t)(wall_ms / 1000);
	int ms = (int)(wall_ms % 1000);
	struct tm tm;
	size_t n;

	if (ms < 0) {
		ms += 1000;
		s--;
	}
	(void)gmtime_r(&s, &tm);
	n = strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (n == 0 || n + 6 > CLOCK_TEXT_SIZE)
		(void)snprintf(out, CLOCK_TEXT_SIZE, "out of range");
	else
		(void)snprintf(out + n, CLOCK_TEXT_SIZE - n, ".%03dZ", ms);
}

/* Exactly n digits at *s, moved past. -1 if there are none. */
static int digits(const char **s, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return -1;
		value = value * 10 + (**s - '0');
	}
	return value;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar (Hinnant, days_from_civil). */
static int64_t days(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* `Z`, `+02:00`, `-0530` or nothing, as minutes east of Greenwich. */
static int zone(const char **s, int *minutes)
{
	int sign, h, m;

	*minutes = 0;
	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		return 0;
	}
	if (**s != '+' && **s != '-')
		return 0;
	sign = **s == '-' ? -1 : 1;
	(*s)++;
	if ((h = digits(s, 2)) < 0)
		return -1;
	*s += **s == ':';
	if ((m = digits(s, 2)) < 0)
		return -1;
	*minutes = sign * (h * 60 + m);
	return h > 23 || m > 59 ? -1 : 0;
}

static int time_of_day(const char **s, int64_t *ms)
{
	int h, m, sec = 0, frac = 0, scale = 100;

	if ((h = digits(s, 2)) < 0 || *(*s)++ != ':' || (m = digits(s, 2)) < 0)
		return -1;
	if (**s == ':') {
		(*s)++;
		if ((sec = digits(s, 2)) < 0)
			return -1;
	}
	if (**s == '.') {
		if (!isdigit((unsigned char)*++*s))
			return -1;
		for (; isdigit((unsigned char)**s); (*s)++, scale /= 10)
			frac += (**s - '0') * scale;
	}
	if (h > 23 || m > 59 || sec > 60)
		return -1;
	*ms = ((int64_t)(h * 60 + m) * 60 + sec) * 1000 + frac;
	return 0;
}

int clock_parse(const char *text, int64_t *wall_ms)
{
	static const int month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const char *s = text;
	int64_t ms = 0;
	int y, m, d, east = 0;

	if ((y = digits(&s, 4)) < 0 || *s++ != '-' || (m = digits(&s, 2)) < 0 || *s++ != '-' ||
	    (d = digits(&s, 2)) < 0)
		return -1;
	if (m < 1 || m > 12 || d < 1 || d > month_days[m - 1])
		return -1;
	if (*s == 'T' || *s == 't' || *s == ' ') {
		s++;
		if (time_of_day(&s, &ms) != 0 || zone(&s, &east) != 0)
			return -1;
	}
	if (*s != '\0')
		return -1;
	*wall_ms = days(y, m, d) * 86400000 + ms - (int64_t)east * 60000;
	return 0;
}
