#include "domain/coach/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/coach/price.h"
#include "domain/coach/pull.h"

#define TIME_SIZE 40
#define ONCE_SIZE 512

int64_t host_time(struct json_span text)
{
	char iso[TIME_SIZE];
	int64_t ms;

	if (text.len == 0 || pull_text(text, iso, sizeof iso) == 0 || clock_parse(iso, &ms) != 0)
		return SESSION_NO_TIME;
	return ms;
}

void host_at(struct session *s, struct session_at *at, struct json_span time)
{
	int64_t ms = host_time(time);

	if (ms == SESSION_NO_TIME)
		return;
	at->ms = ms;
	session_time(s, ms);
}

void host_once(struct session *s, const char **to, struct json_span text)
{
	char copy[ONCE_SIZE];

	if (*to == NULL && text.len > 0 && pull_text(text, copy, sizeof copy) > 0)
		*to = text_dup(s->a, copy);
}

void host_model(struct session *s, struct json_span name)
{
	char copy[ONCE_SIZE];

	host_once(s, &s->model, name);
	if (name.len > 0 && pull_text(name, copy, sizeof copy) > 0)
		s->price = price_of(s->prices, s->n_prices, copy);
}

struct json_span host_inner(struct session *s, struct json_span text)
{
	size_t size = pull_inside(text).len + 8;
	char *out = text.len == 0 ? NULL : arena_take(s->a, size);

	if (out == NULL)
		return (struct json_span){ 0 };
	return (struct json_span){ out, pull_text(text, out, size) };
}

double host_number(struct json_span span)
{
	char copy[TIME_SIZE];
	double value = 0, unit = 1;
	size_t n = span.len < sizeof copy - 1 ? span.len : sizeof copy - 1;
	const char *p = copy;
	long power = 0;

	if (n > 0)
		memcpy(copy, span.at, n);
	copy[n] = '\0';
	for (; *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++)
			value += (*p - '0') * (unit /= 10);
	if (*p == 'e' || *p == 'E')
		power = strtol(p + 1, NULL, 10);
	for (; power < 0 && power > -TIME_SIZE; power++)
		value /= 10;
	for (; power > 0 && power < TIME_SIZE; power--)
		value *= 10;
	return value;
}
