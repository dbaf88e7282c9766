#include "base/hash.h"

#include <stdint.h>
#include <string.h>

#define BLOCK  64
#define ROUNDS 64

static const uint32_t round_words[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t turn(uint32_t x, int by)
{
	return x >> by | x << (32 - by);
}

static uint32_t small(uint32_t x, int a, int b, int shift)
{
	return turn(x, a) ^ turn(x, b) ^ x >> shift;
}

static uint32_t big(uint32_t x, int a, int b, int c)
{
	return turn(x, a) ^ turn(x, b) ^ turn(x, c);
}

static void take_block(uint32_t state[8], const unsigned char *p)
{
	uint32_t w[ROUNDS], s[8];

	for (size_t i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (size_t i = 16; i < ROUNDS; i++)
		w[i] =
		    w[i - 16] + small(w[i - 15], 7, 18, 3) + w[i - 7] + small(w[i - 2], 17, 19, 10);
	memcpy(s, state, sizeof s);
	for (size_t i = 0; i < ROUNDS; i++) {
		uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
		uint32_t most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
		uint32_t one = s[7] + big(s[4], 6, 11, 25) + choice + round_words[i] + w[i];
		uint32_t two = big(s[0], 2, 13, 22) + most;

		memmove(s + 1, s, 7 * sizeof *s);
		s[4] += one;
		s[0] = one + two;
	}
	for (size_t i = 0; i < 8; i++)
		state[i] += s[i];
}

void hash_text(const void *bytes, size_t n, char out[HASH_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	unsigned char last[2 * BLOCK] = { 0 };
	const unsigned char *p = bytes;
	size_t rest = n % BLOCK, end = rest + 9 <= BLOCK ? BLOCK : sizeof last;
	uint64_t bits = (uint64_t)n * 8;

	for (size_t i = 0; i + BLOCK <= n; i += BLOCK)
		take_block(state, p + i);
	if (rest > 0)
		memcpy(last, p + n - rest, rest);
	last[rest] = 0x80;
	for (size_t i = 0; i < 8; i++)
		last[end - 1 - i] = (unsigned char)(bits >> 8 * i);
	for (size_t i = 0; i < end; i += BLOCK)
		take_block(state, last + i);
	for (size_t i = 0; i < 64; i++)
		out[i] = digits[state[i / 8] >> (28 - 4 * (i % 8)) & 15];
	out[64] = '\0';
}
