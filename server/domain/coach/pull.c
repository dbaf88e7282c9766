#include "domain/coach/pull.h"

#include <string.h>

#include "base/text.h"

struct pull pull_of(struct json_span value)
{
	if (value.len == 0) /* nothing was found where it comes from */
		return (struct pull){ .failed = true };
	return (struct pull){ .p = value.at, .end = value.at + value.len };
}

static void blanks(struct pull *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool enter(struct pull *s, char open)
{
	blanks(s);
	if (s->failed || s->p >= s->end || *s->p != open)
		return false;
	s->p++;
	s->first = true;
	return true;
}

bool pull_object(struct pull *s)
{
	return enter(s, '{');
}

bool pull_array(struct pull *s)
{
	return enter(s, '[');
}

/* Behind the text that begins at p, or end + 1 when it does not end. */
static const char *text_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		const char *back;

		p = memchr(p, '"', (size_t)(end - p));
		if (p == NULL)
			return end + 1;
		for (back = p; back[-1] == '\\'; back--)
			;
		if (((p - back) & 1) == 0)
			return p + 1;
	}
	return end + 1;
}

/* Past the comma to the next item; false at the closing mark or when there is neither. */
static bool next(struct pull *s, char close)
{
	blanks(s);
	if (s->failed || s->p >= s->end) {
		s->failed = true;
		return false;
	}
	if (*s->p == close) {
		s->p++;
		s->first = false;
		return false;
	}
	if (!s->first) {
		if (*s->p != ',') {
			s->failed = true;
			return false;
		}
		s->p++;
		blanks(s);
	}
	s->first = false;
	return true;
}

bool pull_key(struct pull *s, struct json_span *key)
{
	const char *stop;

	if (!next(s, '}'))
		return false;
	if (s->p >= s->end || *s->p != '"' || (stop = text_end(s->p, s->end)) > s->end) {
		s->failed = true;
		return false;
	}
	*key = (struct json_span){ s->p + 1, (size_t)(stop - s->p) - 2 };
	s->p = stop;
	blanks(s);
	if (s->p >= s->end || *s->p != ':') {
		s->failed = true;
		return false;
	}
	s->p++;
	return true;
}

bool pull_more(struct pull *s)
{
	return next(s, ']');
}

/* Behind the object or array that begins at p, or end + 1. */
static const char *nest_end(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		switch (*p) {
		case '"':
			p = text_end(p, end);
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return p + 1;
			break;
		}
		p++;
	}
	return end + 1;
}

struct json_span pull_value(struct pull *s)
{
	struct json_span value = { 0 };
	const char *stop;

	blanks(s);
	if (s->failed || s->p >= s->end) {
		s->failed = true;
		return value;
	}
	if (*s->p == '"')
		stop = text_end(s->p, s->end);
	else if (*s->p == '{' || *s->p == '[')
		stop = nest_end(s->p, s->end);
	else
		for (stop = s->p; stop < s->end && strchr(",}] \t\r\n", *stop) == NULL; stop++)
			;
	if (stop > s->end || stop == s->p) {
		s->failed = true;
		return value;
	}
	value = (struct json_span){ s->p, (size_t)(stop - s->p) };
	s->p = stop;
	return value;
}

struct json_span pull_member(struct json_span object, const char *key)
{
	struct pull s = pull_of(object);
	struct json_span name, value;

	if (object.len == 0 || !pull_object(&s))
		return (struct json_span){ 0 };
	while (pull_key(&s, &name)) {
		value = pull_value(&s);
		if (pull_is(name, key))
			return value;
	}
	return (struct json_span){ 0 };
}

bool pull_is(struct json_span span, const char *word)
{
	size_t n = strlen(word);

	if (pull_is_text(span))
		span = pull_inside(span);
	return span.len == n && span.at != NULL && memcmp(span.at, word, n) == 0;
}

bool pull_is_text(struct json_span span)
{
	return span.len >= 2 && *span.at == '"';
}

bool pull_is_true(struct json_span span)
{
	return span.len == 4 && memcmp(span.at, "true", 4) == 0;
}

int64_t pull_int(struct json_span span, int64_t fallback)
{
	int64_t value = 0;
	size_t i = span.len > 0 && *span.at == '-';

	if (span.len <= i || span.len > 18)
		return fallback;
	for (; i < span.len; i++) {
		if (span.at[i] < '0' || span.at[i] > '9')
			return fallback;
		value = value * 10 + (span.at[i] - '0');
	}
	return *span.at == '-' ? -value : value;
}

struct json_span pull_inside(struct json_span span)
{
	if (!pull_is_text(span))
		return (struct json_span){ 0 };
	return (struct json_span){ span.at + 1, span.len - 2 };
}

static long hex4(const char *p, const char *end)
{
	long value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		int c = p[i] >= 'A' && p[i] <= 'F' ? p[i] + 32 : p[i];
		const char *at = c == '\0' ? NULL : strchr(digits, c);

		if (at == NULL)
			return -1;
		value = value * 16 + (at - digits);
	}
	return value;
}

static size_t put_utf8(char *out, long code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

/* The escape behind the backslash at *p, moved past; what it stands for goes to out. */
static size_t escape(const char **p, const char *end, char *out)
{
	static const char marks[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *s = *p + 1, *which;
	long code, low;

	if (s >= end) {
		*p = end;
		return 0;
	}
	*p = s + 1;
	if (*s != '\0' && (which = strchr(marks, *s)) != NULL) {
		*out = means[which - marks];
		return 1;
	}
	if (*s != 'u' || (code = hex4(s + 1, end)) < 0)
		return put_utf8(out, 0xFFFD);
	*p = s + 5;
	if (code >= 0xD800 && code <= 0xDBFF) {
		low = end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' ? hex4(*p + 2, end) : -1;
		if (low < 0xDC00 || low > 0xDFFF)
			return put_utf8(out, 0xFFFD);
		*p += 6;
		return put_utf8(out, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
	}
	if (code == 0 || (code >= 0xDC00 && code <= 0xDFFF))
		code = 0xFFFD;
	return put_utf8(out, code);
}

size_t pull_text(struct json_span span, char *out, size_t size)
{
	struct json_span in = pull_inside(span);
	const char *p = in.at, *end;
	size_t n = 0;

	out[0] = '\0';
	if (in.len == 0)
		return 0;
	end = in.at + in.len;
	while (p < end && n + 4 < size) {
		const char *stop = memchr(p, '\\', (size_t)(end - p));
		size_t plain = (size_t)((stop == NULL ? end : stop) - p);

		if (plain > size - 5 - n)
			plain = size - 5 - n;
		memcpy(out + n, p, plain);
		n += plain;
		p += plain;
		if (p == stop && n + 4 < size)
			n += escape(&p, end, out + n);
		else if (plain == 0)
			break;
	}
	n = text_utf8_valid(out, n);
	out[n] = '\0';
	return n;
}
