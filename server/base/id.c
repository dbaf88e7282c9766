#include "base/id.h"

#include <sys/random.h>

#define CHANCE_AT 10

static void put(char *to, int n, uint64_t value)
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

	for (int i = n - 1; i >= 0; i--, value >>= 5)
		to[i] = letters[value & 31];
}

void id_new(char out[ID_SIZE], char kind, int64_t wall_ms)
{
	uint64_t chance = 0;
	ssize_t n;

	do
		n = getrandom(&chance, sizeof chance, 0);
	while (n != (ssize_t)sizeof chance);
	out[0] = kind;
	put(out + 1, CHANCE_AT - 1, (uint64_t)wall_ms);
	put(out + CHANCE_AT, ID_SIZE - 1 - CHANCE_AT, chance);
	out[ID_SIZE - 1] = '\0';
}
