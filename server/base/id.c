#include "base/id.h"

#include <sys/random.h>

#define CHANCE_AT 10
#define RUN_BITS                                                                                   \
	34 /* of chance a run begins with: one less than there are, so that it may count on */

static void put(char *to, int n, uint64_t value)
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

	for (int i = n - 1; i >= 0; i--, value >>= 5)
		to[i] = letters[value & 31];
}

static uint64_t draw(void)
{
	uint64_t chance = 0;
	ssize_t n;

	do
		n = getrandom(&chance, sizeof chance, 0);
	while (n != (ssize_t)sizeof chance);
	return chance;
}

static void make(char out[ID_SIZE], char kind, int64_t wall_ms, uint64_t chance)
{
	out[0] = kind;
	put(out + 1, CHANCE_AT - 1, (uint64_t)wall_ms);
	put(out + CHANCE_AT, ID_SIZE - 1 - CHANCE_AT, chance);
	out[ID_SIZE - 1] = '\0';
}

void id_new(char out[ID_SIZE], char kind, int64_t wall_ms)
{
	make(out, kind, wall_ms, draw());
}

void id_next(struct id_run *run, char out[ID_SIZE], char kind, int64_t wall_ms)
{
	if (!run->begun || run->wall_ms != wall_ms)
		*run = (struct id_run){ wall_ms, draw() >> (64 - RUN_BITS), 1 };
	make(out, kind, wall_ms, run->chance++);
}
