#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_SIZE    ((size_t)256)
#define PRINTED_USUAL 256
#define DISTANCE_MAX  64 /* bytes of a word that text_distance looks at */

void text_init(struct text *t, size_t limit)
{
	*t = (struct text){ .limit = limit };
}

void text_done(struct text *t)
{
	if (t == NULL)
		return;
	mem_free(t->bytes);
	*t = (struct text){ .limit = t->limit };
}

/* Room for n more bytes and a NUL; false, and failed for ever, when there is none. */
static bool room(struct text *t, size_t n)
{
	size_t size = t->size == 0 ? FIRST_SIZE : t->size;
	char *grown;

	if (t->failed)
		return false;
	if (n > t->limit - t->len || t->len + n == SIZE_MAX) {
		t->failed = true;
		return false;
	}
	if (t->bytes != NULL && t->size - t->len > n)
		return true;
	while (size <= t->len + n)
		size = size > SIZE_MAX / 2 ? t->len + n + 1 : size * 2;
	if ((grown = mem_grow(t->bytes, size)) == NULL) {
		t->failed = true;
		return false;
	}
	t->bytes = grown;
	t->size = size;
	return true;
}

void text_add_n(struct text *t, const char *s, size_t n)
{
	if (!room(t, n))
		return;
	if (n > 0)
		memcpy(t->bytes + t->len, s, n);
	t->len += n;
	t->bytes[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_add_n(t, s, strlen(s));
}

void text_add_char(struct text *t, char c)
{
	text_add_n(t, &c, 1);
}

void text_add_percent(struct text *t, const char *s)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *s != '\0'; s++)
		if (strchr(plain, *s) != NULL)
			text_add_char(t, *s);
		else
			text_addf(t, "%%%02X", (unsigned)(unsigned char)*s);
}

/* Written at once where it fits, else once it is known how long it is. */
void text_addv(struct text *t, const char *fmt, va_list ap)
{
	size_t left = t->bytes == NULL || t->failed ? 0 : t->size - t->len;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(left > 0 ? t->bytes + t->len : NULL, left, fmt, ap);
	if (n < 0) {
		t->failed = true;
	} else if (room(t, (size_t)n)) {
		if ((size_t)n >= left)
			(void)vsnprintf(t->bytes + t->len, (size_t)n + 1, fmt, again);
		t->len += (size_t)n;
	}
	if (t->bytes != NULL && t->failed && left > 0)
		t->bytes[t->len] = '\0';
	va_end(again);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_addv(t, fmt, ap);
	va_end(ap);
}

const char *text_string(const struct text *t)
{
	return t->failed || t->bytes == NULL ? "" : t->bytes;
}

char *text_copy(const struct text *t, struct arena *a)
{
	return t->failed ? NULL : arena_copy(a, text_string(t), t->len);
}

char *text_printf(struct arena *a, const char *fmt, ...)
{
	char first[PRINTED_USUAL];
	va_list ap, again;
	char *out = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(first, sizeof first, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof first)
		out = arena_copy(a, first, (size_t)n);
	else if (n >= 0 && (out = arena_take(a, (size_t)n + 1)) != NULL)
		(void)vsnprintf(out, (size_t)n + 1, fmt, again);
	va_end(again);
	return out;
}

char *text_dup(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_copy(a, s, strlen(s));
}

/* Bytes of the one character at s, or 0 if it is not valid. */
static size_t one_character(const unsigned char *s, size_t n)
{
	unsigned lead = s[0], low = 0x80, high = 0xBF;
	size_t len;

	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4)
		return 0;
	len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	if (n < len)
		return 0;
	if (lead == 0xE0)
		low = 0xA0; /* no longer form of a shorter one */
	else if (lead == 0xED)
		high = 0x9F; /* no surrogate */
	else if (lead == 0xF0)
		low = 0x90;
	else if (lead == 0xF4)
		high = 0x8F; /* nothing past U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xBF)
			return 0;
	return len;
}

size_t text_utf8_valid(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t at = 0, one;

	while (at < n) {
		if (u[at] < 0x80) {
			at++;
			continue;
		}
		if ((one = one_character(u + at, n - at)) == 0)
			break;
		at += one;
	}
	return at;
}

size_t text_utf8_cut(const char *s, size_t n, size_t most)
{
	size_t at = n < most ? n : most;

	if (at == n)
		return n;
	while (at > 0 && ((unsigned char)s[at] & 0xC0) == 0x80)
		at--;
	return at;
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool text_same(const char *a, const char *b)
{
	for (; *a != '\0' && lower(*a) == lower(*b); a++, b++)
		;
	return *a == *b;
}

/* Optimal string alignment: Damerau 1964 with the restriction of one edit a place. */
size_t text_distance(const char *a, const char *b, size_t most)
{
	size_t row[3][DISTANCE_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > DISTANCE_MAX || m > DISTANCE_MAX || (n > m ? n - m : m - n) > most)
		return text_same(a, b) ? 0 : most + 1;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t cost = lower(a[i - 1]) != lower(b[j - 1]);
			size_t best = up[j - 1] + cost;

			best = up[j] + 1 < best ? up[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]) && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m] > most ? most + 1 : row[n % 3][m];
}

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	size_t best = strlen(word) / 3 + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = text_distance(word, names[i], best);

		if (d < best || (d == best && found == NULL)) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

uint64_t text_hash(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
	return h;
}
