#include "domain/plan/measure.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct unit {
	const char *word;
	long minutes;
};

static const struct unit units[] = {
	{ "m", 1 },
	{ "min", 1 },
	{ "mins", 1 },
	{ "minute", 1 },
	{ "minutes", 1 },
	{ "h", MEASURE_HOUR },
	{ "hr", MEASURE_HOUR },
	{ "hrs", MEASURE_HOUR },
	{ "hour", MEASURE_HOUR },
	{ "hours", MEASURE_HOUR },
	{ "d", MEASURE_DAY },
	{ "day", MEASURE_DAY },
	{ "days", MEASURE_DAY },
	{ "pd", MEASURE_DAY },
	{ "w", MEASURE_WEEK },
	{ "wk", MEASURE_WEEK },
	{ "wks", MEASURE_WEEK },
	{ "week", MEASURE_WEEK },
	{ "weeks", MEASURE_WEEK },
	{ "mo", MEASURE_MONTH },
	{ "month", MEASURE_MONTH },
	{ "months", MEASURE_MONTH },
};

static const struct {
	const char *word;
	double value;
} numbers[] = {
	{ "\xc2\xbd", 0.5 }, { "half a", 0.5 }, { "half an", 0.5 }, { "an", 1 },   { "a", 1 },
	{ "one", 1 },        { "two", 2 },      { "three", 3 },     { "four", 4 }, { "five", 5 },
	{ "six", 6 },        { "seven", 7 },    { "eight", 8 },     { "nine", 9 }, { "ten", 10 },
};

static const struct {
	const char *word;
	int total; /* out of 30 */
} levels[] = {
	{ "very high", 25 }, { "extreme", 25 },  { "critical", 25 },  { "very complex", 25 },
	{ "very hard", 25 }, { "very low", 3 },  { "trivial", 3 },    { "high", 19 },
	{ "complex", 19 },   { "hard", 19 },     { "difficult", 19 }, { "large", 19 },
	{ "medium", 13 },    { "moderate", 13 }, { "average", 13 },   { "med", 13 },
	{ "low", 7 },        { "easy", 7 },      { "simple", 7 },     { "small", 7 },
};

static const struct {
	const char *word;
	enum plan_risk risk;
} risks[] = {
	{ "critical", PLAN_CRITICAL }, { "very high", PLAN_CRITICAL },
	{ "severe", PLAN_CRITICAL },   { "high", PLAN_HIGH },
	{ "medium", PLAN_MEDIUM },     { "moderate", PLAN_MEDIUM },
	{ "med", PLAN_MEDIUM },        { "low", PLAN_LOW },
	{ "none", PLAN_LOW },          { "minimal", PLAN_LOW },
};

static const struct unit sizes[] = {
	{ "xs", 30 }, { "s", 120 }, { "m", 240 }, { "l", 480 }, { "xl", 960 }, { "xxl", 2400 },
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Does word stand at s[at], and end there? */
static bool word_at(const char *s, size_t n, size_t at, const char *word)
{
	size_t len = strlen(word);

	if (n - at < len || at > n)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(s[at + i]) != word[i])
			return false;
	return at + len == n || (!is_letter(s[at + len]) && !is_digit(s[at + len]));
}

static bool word_in(const char *s, size_t n, const char *word)
{
	for (size_t at = 0; at < n; at++)
		if ((at == 0 || (!is_letter(s[at - 1]) && !is_digit(s[at - 1]))) &&
		    word_at(s, n, at, word))
			return true;
	return false;
}

static size_t blanks(const char *s, size_t n, size_t at)
{
	while (at < n && (s[at] == ' ' || s[at] == '\t'))
		at++;
	return at;
}

/* A number at s[at]: digits with a point, or a word. Returns where it ends, or at. */
static size_t number_at(const char *s, size_t n, size_t at, double *value)
{
	char digits[24];
	size_t len = 0;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (word_at(s, n, at, numbers[i].word)) {
			*value = numbers[i].value;
			return at + strlen(numbers[i].word);
		}
	while (at + len < n && len < sizeof digits - 1 &&
	       (is_digit(s[at + len]) ||
	        (len > 0 && s[at + len] == '.' && at + len + 1 < n && is_digit(s[at + len + 1])))) {
		digits[len] = s[at + len];
		len++;
	}
	digits[len] = '\0';
	if (len > 0)
		*value = strtod(digits, NULL);
	return at + len;
}

/* What stands between the ends of a range: `-`, an en dash, `to`. Returns where it ends, or at. */
static size_t range_at(const char *s, size_t n, size_t at)
{
	size_t i = blanks(s, n, at);

	if (i < n && (s[i] == '-' || s[i] == '~'))
		return blanks(s, n, i + 1);
	if (n - i >= 3 &&
	    (memcmp(s + i, "\xe2\x80\x93", 3) == 0 || memcmp(s + i, "\xe2\x80\x94", 3) == 0))
		return blanks(s, n, i + 3);
	if (i > at && word_at(s, n, i, "to"))
		return blanks(s, n, i + 2);
	return at;
}

/* A unit at s[at], blanks or a hyphen before it allowed. Returns where it ends, or at. */
static size_t unit_at(const char *s, size_t n, size_t at, long *minutes)
{
	size_t i = blanks(s, n, at);

	if (i < n && s[i] == '-' && i + 1 < n && is_letter(s[i + 1]))
		i++;
	for (size_t k = 0; k < sizeof units / sizeof *units; k++)
		if (word_at(s, n, i, units[k].word)) {
			*minutes = units[k].minutes;
			return i + strlen(units[k].word);
		}
	/* `1h30m`: a unit of one letter right before a digit */
	for (size_t k = 0; k < sizeof units / sizeof *units; k++)
		if (i + 1 < n && units[k].word[1] == '\0' && lower(s[i]) == units[k].word[0] &&
		    is_digit(s[i + 1])) {
			*minutes = units[k].minutes;
			return i + 1;
		}
	return at;
}

static long rounded(double minutes)
{
	return minutes > (double)MEASURE_MAX ? MEASURE_MAX + 1 : (long)(minutes + 0.5);
}

/* One quantity `2h`, `2-3 days`, `2h-3h` at s[at]. Returns where it ends, or at. */
static size_t quantity_at(const char *s, size_t n, size_t at, long unit_min,
                          struct measure_span *out)
{
	double low = 0, high = 0;
	long unit = 0, unit_low = 0;
	size_t end = number_at(s, n, at, &low), i, k;

	if (end == at)
		return at;
	i = unit_at(s, n, end, &unit_low);
	k = range_at(s, n, i);
	if (k > i && number_at(s, n, k, &high) > k && high >= low) {
		size_t after = number_at(s, n, k, &high), last = unit_at(s, n, after, &unit);

		if (last == after)
			unit = unit_min;
		if (unit > 0) {
			out->low = rounded(low * (double)(unit_low > 0 ? unit_low : unit));
			out->high = rounded(high * (double)unit);
			out->minutes = (out->low + out->high + 1) / 2;
			return last;
		}
	}
	unit = i > end ? unit_low : unit_min;
	/* a plain number stands alone: not `4 handlers`, `v1.2`, `12%` */
	if (unit == 0 ||
	    (i == end && blanks(s, n, end) < n && strchr(",;)|", s[blanks(s, n, end)]) == NULL))
		return at;
	out->minutes = rounded(low * (double)unit);
	return i;
}

bool measure_duration(const char *s, size_t n, long unit_min, struct measure_span *out)
{
	for (size_t at = 0; at < n; at++) {
		struct measure_span one = { 0 }, more = { 0 };
		size_t end, next;

		if (at > 0 &&
		    (is_letter(s[at - 1]) || is_digit(s[at - 1]) || s[at - 1] == '.' ||
		     s[at - 1] == '#' || s[at - 1] == '_' || s[at - 1] == '<' || s[at - 1] == '>'))
			continue;
		if (!is_digit(s[at]) && !is_letter(s[at]))
			continue;
		if ((end = quantity_at(s, n, at, unit_min, &one)) == at)
			continue;
		next = blanks(s, n, end);
		/* `1h 30m`: a second, smaller part */
		if (one.high == 0 && next < n && is_digit(s[next]) &&
		    (next = quantity_at(s, n, next, 0, &more)) > blanks(s, n, end) &&
		    more.high == 0 && more.minutes < one.minutes) {
			one.minutes += more.minutes;
			end = next;
		}
		if (one.minutes > MEASURE_MAX || one.high > MEASURE_MAX)
			continue;
		*out = one;
		out->at = at;
		out->end = end;
		return true;
	}
	return false;
}

long measure_unit(const char *heading)
{
	size_t n = strlen(heading);

	for (size_t i = sizeof units / sizeof *units; i-- > 0;)
		if (word_in(heading, n, units[i].word))
			return units[i].minutes;
	return 0;
}

/* Where the sign of a ratio behind byte i ends, or 0: a cross, an x, `times faster`. */
static size_t ratio_sign(const char *s, size_t n, size_t i)
{
	if (n - i >= 2 && memcmp(s + i, "\xc3\x97", 2) == 0)
		return i + 2;
	return word_at(s, n, i, "x") || word_at(s, n, i, "times faster") ? i + 1 : 0;
}

bool measure_ratio(const char *s, size_t n, double *low, double *high, size_t *end)
{
	for (size_t at = 0; at < n; at++) {
		size_t i, k, sign;

		if (!is_digit(s[at]) || (at > 0 && (is_letter(s[at - 1]) || is_digit(s[at - 1]) ||
		                                    s[at - 1] == '.' || s[at - 1] == '<')))
			continue;
		i = number_at(s, n, at, low);
		*high = *low;
		if (i < n && (s[i] == 'x' || s[i] == 'X') && range_at(s, n, i + 1) > i + 1)
			k = range_at(s, n, i + 1); /* `3x-5x` */
		else
			k = range_at(s, n, i);
		if (k > i && number_at(s, n, k, high) > k)
			i = number_at(s, n, k, high);
		else
			*high = *low;
		if ((sign = ratio_sign(s, n, blanks(s, n, i))) > 0) {
			*end = sign;
			return true;
		}
	}
	return false;
}

int measure_level(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (word_in(s, n, levels[i].word))
			return levels[i].total;
	return 0;
}

bool measure_risk(const char *s, size_t n, enum plan_risk *risk)
{
	for (size_t i = 0; i < sizeof risks / sizeof *risks; i++)
		if (word_in(s, n, risks[i].word)) {
			*risk = risks[i].risk;
			return true;
		}
	return false;
}

enum plan_risk measure_risk_of(int complexity)
{
	if (complexity >= 23)
		return PLAN_CRITICAL;
	if (complexity >= 16)
		return PLAN_HIGH;
	return complexity >= 10 ? PLAN_MEDIUM : PLAN_LOW;
}

long measure_size(const char *s, size_t n)
{
	size_t at = blanks(s, n, 0);

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (word_at(s, n, at, sizes[i].word) &&
		    blanks(s, n, at + strlen(sizes[i].word)) == n)
			return sizes[i].minutes;
	return 0;
}
