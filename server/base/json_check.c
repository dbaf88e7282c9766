/* The strict reader of json.h: one pass, no recursion, no memory but the keys of large objects. */
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define FEW_KEYS 16 /* up to here keys are compared one by one */

struct key {
	const char *at; /* the raw bytes between the quotes */
	size_t len;
	uint64_t hash;
	bool escaped;
};

struct scan {
	const char *start, *p, *end;
	struct err *err;
	struct key *keys; /* of all open objects, the innermost last */
	size_t n_keys, size_keys;
};

struct level {
	char close;   /* '}' or ']' */
	size_t first; /* index in keys of this object's first key */
};

static enum status wrong(const struct scan *s, const char *what)
{
	return err_set(s->err, E_INPUT, "not valid JSON: %s at byte %zu", what,
	               (size_t)(s->p - s->start));
}

static void blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

/* Four hexadecimal digits at p as a number, or -1. */
static long hex4(const char *p, const char *end)
{
	long value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
		        : c >= 'a' && c <= 'f' ? c - 'a' + 10
		        : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                               : -1;

		if (d < 0)
			return -1;
		value = value * 16 + d;
	}
	return value;
}

/* After a backslash. */
static enum status escape(struct scan *s)
{
	long code;

	if (s->p == s->end)
		return wrong(s, "an unfinished string");
	if (*s->p != 'u') {
		if (strchr("\"\\/bfnrt", *s->p) == NULL || *s->p == '\0')
			return wrong(s, "an unknown escape");
		s->p++;
		return OK;
	}
	if ((code = hex4(s->p + 1, s->end)) < 0)
		return wrong(s, "a \\u without four hexadecimal digits");
	if (code == 0)
		return wrong(s, "\\u0000, which no text here may hold,");
	if (code >= 0xDC00 && code <= 0xDFFF)
		return wrong(s, "a lone surrogate");
	s->p += 5;
	if (code < 0xD800 || code > 0xDBFF)
		return OK;
	if (s->end - s->p < 6 || s->p[0] != '\\' || s->p[1] != 'u')
		return wrong(s, "a lone surrogate");
	code = hex4(s->p + 2, s->end);
	if (code < 0xDC00 || code > 0xDFFF)
		return wrong(s, "a lone surrogate");
	s->p += 6;
	return OK;
}

/* At the opening quote; leaves p behind the closing one. */
static enum status string(struct scan *s, struct key *key)
{
	const char *first = ++s->p, *bad;
	enum status st;

	key->escaped = false;
	while (s->p < s->end && *s->p != '"') {
		unsigned char c = (unsigned char)*s->p;

		if (c < 0x20)
			return wrong(s, "a control character in a string");
		if (c == '\\') {
			key->escaped = true;
			s->p++;
			if ((st = escape(s)) != OK)
				return st;
		} else if (c < 0x80) {
			s->p++;
		} else {
			size_t left = (size_t)(s->end - s->p), run = 1;

			while (run < left && (unsigned char)s->p[run] >= 0x80)
				run++;
			bad = s->p + text_utf8_valid(s->p, run);
			if (bad != s->p + run) {
				s->p = bad;
				return wrong(s, "invalid UTF-8");
			}
			s->p += run;
		}
	}
	if (s->p == s->end)
		return wrong(s, "an unfinished string");
	key->at = first;
	key->len = (size_t)(s->p - first);
	s->p++;
	return OK;
}

static size_t digits(struct scan *s)
{
	const char *first = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - first);
}

static enum status number(struct scan *s)
{
	bool zero;

	if (*s->p == '-')
		s->p++;
	zero = s->p < s->end && *s->p == '0';
	if (zero)
		s->p++;
	else if (digits(s) == 0)
		return wrong(s, "a value that is none");
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (digits(s) == 0)
			return wrong(s, "a number without digits after its point");
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (digits(s) == 0)
			return wrong(s, "a number without digits in its exponent");
	}
	return OK;
}

static enum status word(struct scan *s, const char *name)
{
	size_t n = strlen(name);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, name, n) != 0)
		return wrong(s, "a value that is none");
	s->p += n;
	return OK;
}

/* A key as the bytes it stands for; only escapes that stand for ASCII are undone, the rest compared
 * raw. */
static size_t plain(const struct key *k, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < k->len; i++) {
		char c = k->at[i];
		const char *which;
		long code;

		if (c != '\\') {
			out[n++] = c;
			continue;
		}
		c = k->at[++i];
		which = strchr("\"\\/bfnrt", c);
		if (which != NULL) {
			out[n++] = "\"\\/\b\f\n\r\t"[which - "\"\\/bfnrt"];
			continue;
		}
		code = hex4(k->at + i + 1, k->at + k->len);
		i += 4;
		if (code < 0x80) {
			out[n++] = (char)code;
		} else if (code < 0x800) {
			out[n++] = (char)(0xC0 | code >> 6);
			out[n++] = (char)(0x80 | (code & 0x3F));
		} else if (code >= 0xD800 && code <= 0xDBFF) {
			code = 0x10000 + ((code - 0xD800) << 10) +
			       (hex4(k->at + i + 3, k->at + k->len) - 0xDC00);
			i += 6;
			out[n++] = (char)(0xF0 | code >> 18);
			out[n++] = (char)(0x80 | (code >> 12 & 0x3F));
			out[n++] = (char)(0x80 | (code >> 6 & 0x3F));
			out[n++] = (char)(0x80 | (code & 0x3F));
		} else {
			out[n++] = (char)(0xE0 | code >> 12);
			out[n++] = (char)(0x80 | (code >> 6 & 0x3F));
			out[n++] = (char)(0x80 | (code & 0x3F));
		}
	}
	return n;
}

static bool same_key(const struct key *a, const struct key *b)
{
	char *x, *y;
	size_t n, m;
	bool same;

	if (!a->escaped && !b->escaped)
		return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
	x = mem_take(a->len + b->len + 1);
	if (x == NULL)
		return true; /* refused, as if doubled: nothing wrong gets through */
	y = x + a->len;
	n = plain(a, x);
	m = plain(b, y);
	same = n == m && memcmp(x, y, n) == 0;
	mem_free(x);
	return same;
}

static enum status key_hash(struct scan *s, struct key *k)
{
	char *out;

	if (!k->escaped) {
		k->hash = text_hash(k->at, k->len);
		return OK;
	}
	if ((out = mem_take(k->len + 1)) == NULL)
		return err_nomem(s->err, "a JSON key");
	k->hash = text_hash(out, plain(k, out));
	mem_free(out);
	return OK;
}

static enum status key_push(struct scan *s, size_t first, struct key *k)
{
	enum status st = key_hash(s, k);
	struct key *grown;

	if (st != OK)
		return st;
	/* Few keys: now. Many: all at once, sorted, when the object ends. */
	for (size_t i = first; i < s->n_keys && i < first + FEW_KEYS; i++)
		if (s->keys[i].hash == k->hash && same_key(&s->keys[i], k))
			return wrong(s, "a duplicate key");
	if (s->n_keys == s->size_keys) {
		size_t size = s->size_keys == 0 ? 64 : s->size_keys * 2;

		if ((grown = mem_grow(s->keys, size * sizeof *grown)) == NULL)
			return err_nomem(s->err, "JSON keys");
		s->keys = grown;
		s->size_keys = size;
	}
	s->keys[s->n_keys++] = *k;
	return OK;
}

static void sift(struct key *k, size_t at, size_t n)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		struct key t;

		if (child + 1 < n && k[child + 1].hash > k[child].hash)
			child++;
		if (k[at].hash >= k[child].hash)
			return;
		t = k[at];
		k[at] = k[child];
		k[child] = t;
	}
}

/* Heap sort by hash: no recursion, no memory, no bad case that an adversary could choose. */
static void sort(struct key *k, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(k, i, n);
	for (size_t i = n; i-- > 1;) {
		struct key t = k[0];

		k[0] = k[i];
		k[i] = t;
		sift(k, 0, i);
	}
}

static enum status keys_done(struct scan *s, size_t first)
{
	struct key *k = s->keys == NULL ? NULL : s->keys + first;
	size_t n = s->n_keys - first;

	if (k != NULL && n > FEW_KEYS) {
		sort(k, n);
		for (size_t i = 1; i < n; i++)
			for (size_t j = i; j-- > 0 && k[j].hash == k[i].hash;)
				if (same_key(&k[i], &k[j]))
					return wrong(s, "a duplicate key");
	}
	s->n_keys = first;
	return OK;
}

/* `"key" :` at p. */
static enum status member(struct scan *s, const struct level *in)
{
	struct key k = { 0 };
	enum status st;

	blanks(s);
	if (s->p == s->end || *s->p != '"')
		return wrong(s, "no key");
	if ((st = string(s, &k)) != OK || (st = key_push(s, in->first, &k)) != OK)
		return st;
	blanks(s);
	if (s->p == s->end || *s->p != ':')
		return wrong(s, "no colon after a key");
	s->p++;
	blanks(s);
	return OK;
}

/* A value without inner ones, or the opening of one with (then *open is its closing mark). */
static enum status value(struct scan *s, char *open)
{
	struct key ignored;

	*open = '\0';
	if (s->p == s->end)
		return wrong(s, "the end where a value should be");
	switch (*s->p) {
	case '{':
	case '[':
		*open = *s->p++ == '{' ? '}' : ']';
		return OK;
	case '"':
		return string(s, &ignored);
	case 't':
		return word(s, "true");
	case 'f':
		return word(s, "false");
	case 'n':
		return word(s, "null");
	default:
		return number(s);
	}
}

struct stack {
	struct level at[JSON_DEPTH_MAX];
	size_t depth;
};

/* Behind an opening mark. *more: a value follows; else the thing is empty, p at its closing mark.
 */
static enum status opened(struct scan *s, struct stack *k, char close, bool *more)
{
	if (k->depth == JSON_DEPTH_MAX)
		return wrong(s, "nesting that is too deep");
	k->at[k->depth++] = (struct level){ close, s->n_keys };
	blanks(s);
	*more = s->p == s->end || *s->p != close;
	return *more && close == '}' ? member(s, &k->at[k->depth - 1]) : OK;
}

/* Behind a value: what it ends, and the comma before the next. *more: there is a next. */
static enum status closed(struct scan *s, struct stack *k, bool *more)
{
	enum status st;

	for (blanks(s); k->depth > 0; blanks(s)) {
		const struct level *in = &k->at[k->depth - 1];

		if (s->p == s->end)
			return wrong(s, "an unfinished array or object");
		if (*s->p == ',') {
			s->p++;
			blanks(s);
			*more = true;
			return in->close == '}' ? member(s, in) : OK;
		}
		if (*s->p != in->close)
			return wrong(s, "no comma between values");
		if ((st = keys_done(s, in->first)) != OK)
			return st;
		k->depth--;
		s->p++;
	}
	*more = false;
	return s->p == s->end ? OK : wrong(s, "more after the value");
}

static enum status document(struct scan *s)
{
	struct stack k = { .depth = 0 };
	enum status st = OK;
	bool more = true;

	blanks(s);
	while (st == OK && more) {
		char open;

		if ((st = value(s, &open)) != OK)
			break;
		more = false;
		if (open != '\0')
			st = opened(s, &k, open, &more);
		if (st == OK && !more)
			st = closed(s, &k, &more);
	}
	return st;
}

enum status json_check_at(const char *text, size_t n, size_t *at, struct err *err)
{
	struct scan s = { .start = text, .p = text, .end = text + n, .err = err };
	enum status st = document(&s);

	mem_free(s.keys);
	*at = (size_t)(s.p - s.start);
	return st;
}

enum status json_check(const char *text, size_t n, struct err *err)
{
	size_t at;

	return json_check_at(text, n, &at, err);
}

/* Move p over one checked value. */
static const char *skip(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end; p++) {
		if (*p == '"') {
			for (p++; p < end && *p != '"'; p++)
				p += *p == '\\';
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				return p;
			depth--;
		} else if (*p == ',' && depth == 0) {
			return p;
		}
		if (depth == 0 && (*p == '"' || *p == '}' || *p == ']'))
			return p + 1;
	}
	return p;
}

struct json_span json_raw_member(const char *text, size_t n, const char *key)
{
	struct scan s = { .start = text, .p = text, .end = text + n };
	size_t want = strlen(key);

	blanks(&s);
	if (s.p == s.end || *s.p++ != '{')
		return (struct json_span){ 0 };
	for (;;) {
		struct key k = { 0 };
		const char *first;

		blanks(&s);
		if (s.p == s.end || *s.p != '"' || string(&s, &k) != OK)
			return (struct json_span){ 0 };
		blanks(&s);
		s.p++; /* the colon */
		blanks(&s);
		first = s.p;
		s.p = skip(first, s.end);
		if (k.at != NULL && k.len == want && memcmp(k.at, key, want) == 0) {
			while (s.p > first && strchr(" \t\r\n", s.p[-1]) != NULL)
				s.p--;
			return (struct json_span){ first, (size_t)(s.p - first) };
		}
		blanks(&s);
		if (s.p == s.end || *s.p++ != ',')
			return (struct json_span){ 0 };
	}
}

struct json_span json_raw_item(const char *text, size_t n, size_t *at)
{
	struct scan s = { .start = text, .p = text + *at, .end = text + n };
	const char *first;

	blanks(&s);
	if (s.p == s.end || *s.p != (*at == 0 ? '[' : ','))
		return (struct json_span){ 0 };
	s.p++;
	blanks(&s);
	first = s.p;
	if (s.p == s.end || *s.p == ']')
		return (struct json_span){ 0 };
	s.p = skip(first, s.end);
	*at = (size_t)(s.p - text);
	while (s.p > first && strchr(" \t\r\n", s.p[-1]) != NULL)
		s.p--;
	return (struct json_span){ first, (size_t)(s.p - first) };
}
