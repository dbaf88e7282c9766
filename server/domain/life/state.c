/* The states of an agent and the steps between them: pure. */
#include <string.h>

#include "domain/life.h"

static const char *const words[LIFE_STATES] = {
	[LIFE_REGISTERED] = "registered", [LIFE_STARTING] = "starting",
	[LIFE_READY] = "ready",           [LIFE_BUSY] = "busy",
	[LIFE_WAITING] = "waiting",       [LIFE_STOPPING] = "stopping",
	[LIFE_STOPPED] = "stopped",       [LIFE_FAILED] = "failed",
};

#define TO(state) (1u << LIFE_##state)

/* Where each state may lead; a row a state, and the only place of it. */
static const unsigned legal[LIFE_STATES] = {
	[LIFE_REGISTERED] = TO(STARTING),
	[LIFE_STARTING] = TO(READY) | TO(STOPPING) | TO(FAILED),
	/* starting again: another dispatcher took over */
	[LIFE_READY] = TO(STARTING) | TO(BUSY) | TO(WAITING) | TO(STOPPING) | TO(FAILED),
	[LIFE_BUSY] = TO(READY) | TO(WAITING) | TO(STOPPING) | TO(FAILED),
	[LIFE_WAITING] = TO(READY) | TO(BUSY) | TO(STOPPING) | TO(FAILED),
	[LIFE_STOPPING] = TO(STOPPED),
	[LIFE_STOPPED] = TO(STARTING),
	[LIFE_FAILED] = TO(STARTING) | TO(STOPPED),
};

const char *life_word(enum life_state state)
{
	return words[state];
}

bool life_read(const char *word, enum life_state *out)
{
	for (int i = 0; i < LIFE_STATES; i++)
		if (strcmp(words[i], word) == 0) {
			*out = (enum life_state)i;
			return true;
		}
	return false;
}

bool life_may(enum life_state from, enum life_state to)
{
	return (legal[from] & 1u << to) != 0;
}

int64_t life_pause_ms(int64_t failures, int64_t first_ms, int64_t most_ms)
{
	int64_t ms = first_ms;

	for (int64_t i = 1; i < failures && ms < most_ms; i++)
		ms *= 2;
	return ms < most_ms ? ms : most_ms;
}
