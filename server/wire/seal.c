#include "wire/seal.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#define TIME_DIGITS 16
#define MAC_DIGITS  32

static uint64_t rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static uint64_t load(const unsigned char *p)
{
	uint64_t x = 0;

	for (int i = 7; i >= 0; i--)
		x = x << 8 | p[i];
	return x;
}

static void store(unsigned char *p, uint64_t x)
{
	for (int i = 0; i < 8; i++, x >>= 8)
		p[i] = (unsigned char)x;
}

static void rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

void seal_hash(const unsigned char key[SEAL_KEY], const void *in, size_t n, unsigned char out[16])
{
	uint64_t k0 = load(key), k1 = load(key + 8);
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du ^ 0xee,
		          k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u };
	const unsigned char *p = in;
	unsigned char last[8] = { 0 };
	size_t left = n;

	for (; left >= 8; left -= 8, p += 8) {
		uint64_t m = load(p);

		v[3] ^= m;
		rounds(v, 2);
		v[0] ^= m;
	}
	memcpy(last, p, left);
	last[7] = (unsigned char)n;
	v[3] ^= load(last);
	rounds(v, 2);
	v[0] ^= load(last);
	v[2] ^= 0xee;
	rounds(v, 4);
	store(out, v[0] ^ v[1] ^ v[2] ^ v[3]);
	v[1] ^= 0xdd;
	rounds(v, 4);
	store(out + 8, v[0] ^ v[1] ^ v[2] ^ v[3]);
}

enum status seal_init(struct seal *s, struct err *err)
{
	ssize_t n = getrandom(s->key, sizeof s->key, 0);

	return n == (ssize_t)sizeof s->key ? OK : err_sys(err, errno, "no random bytes");
}

static void hex(struct text *t, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		text_add_char(t, digits[p[i] >> 4]);
		text_add_char(t, digits[p[i] & 15]);
	}
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n bytes from 2n digits; 0 when they are digits. */
static int unhex(const char *s, size_t n, unsigned char *out)
{
	for (size_t i = 0; i < n; i++) {
		int high = digit(s[2 * i]), low = digit(s[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

/* The checksum of the digits of time and content, and of what they are bound to. */
static enum status sum(const struct seal *s, const char *digits, size_t n, const char *bound,
                       unsigned char out[16])
{
	struct text t;
	enum status st;

	text_init(&t, TEXT_LIMIT);
	text_add_n(&t, digits, n);
	text_add_char(&t, '|'); /* no digit: the two cannot be moved into each other */
	text_add(&t, bound);
	st = t.failed ? E_NOMEM : OK;
	if (st == OK)
		seal_hash(s->key, text_string(&t), t.len, out);
	text_done(&t);
	return st;
}

void seal_write(const struct seal *s, const char *content, const char *bound, int64_t for_ms,
                struct text *out)
{
	unsigned char mac[16], when[8];
	size_t from = out->len;

	store(when, (uint64_t)(clock_wall_ms(&s->clock) + for_ms));
	hex(out, when, sizeof when);
	hex(out, content, strlen(content));
	if (out->failed || sum(s, out->bytes + from, out->len - from, bound, mac) != OK) {
		out->failed = true;
		return;
	}
	hex(out, mac, sizeof mac);
}

/* Is the checksum right? Compared without stopping at the first difference. */
static bool holds(const struct seal *s, const char *sealed, size_t n, const char *bound)
{
	unsigned char mac[16], given[16], wrong = 0;

	if (unhex(sealed + n - MAC_DIGITS, sizeof given, given) != 0 ||
	    sum(s, sealed, n - MAC_DIGITS, bound, mac) != OK)
		return false;
	for (size_t i = 0; i < sizeof mac; i++)
		wrong |= (unsigned char)(mac[i] ^ given[i]);
	return wrong == 0;
}

enum status seal_read(const struct seal *s, const char *sealed, const char *bound, struct arena *a,
                      const char **content, struct err *err)
{
	size_t n = strlen(sealed), size;
	unsigned char when[8];
	char *text;

	if (n < TIME_DIGITS + MAC_DIGITS || n % 2 != 0 || !holds(s, sealed, n, bound) ||
	    unhex(sealed, sizeof when, when) != 0)
		return err_set(err, E_INPUT,
		               "requestState was changed, or belongs to another request");
	if ((int64_t)load(when) < clock_wall_ms(&s->clock))
		return err_set(err, E_INPUT, "requestState is too old: call again without it");
	size = (n - TIME_DIGITS - MAC_DIGITS) / 2;
	if ((text = arena_take(a, size + 1)) == NULL)
		return err_nomem(err, "a requestState");
	if (unhex(sealed + TIME_DIGITS, size, (unsigned char *)text) != 0)
		return err_set(err, E_BUG, "requestState is sealed and no text");
	*content = text;
	return OK;
}
