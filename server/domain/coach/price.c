#include "domain/coach/price.h"

#include <string.h>

#include "base/text.h"

#define MILLION 1e6

uint32_t price_of(const struct config_price *prices, size_t n, const char *model)
{
	for (size_t i = 0; i < n; i++)
		if (config_matches(prices[i].model, model))
			return (uint32_t)i + 1;
	return 0;
}

double price_usd(const struct config_price *prices, const struct usage *u)
{
	const struct config_price *p = u->price == 0 ? NULL : &prices[u->price - 1];

	if (usage_context(u) + u->tokens[TOKENS_OUTPUT] == 0)
		return 0;
	if (p == NULL)
		return -1;
	return ((double)u->tokens[TOKENS_INPUT] * p->input +
	        (double)u->tokens[TOKENS_CACHE_READ] *
	            (p->cache_read < 0 ? p->input : p->cache_read) +
	        (double)u->tokens[TOKENS_CACHE_WRITE] *
	            (p->cache_write < 0 ? p->input : p->cache_write) +
	        (double)u->tokens[TOKENS_OUTPUT] * p->output) /
	       MILLION;
}

const char *price_source(const struct coach_metrics *m)
{
	if (m->cost_priced == 0)
		return "the host's result lines";
	return m->cost_stated == 0 ? "the configured prices"
	                           : "the host's result lines and the configured prices";
}

uint64_t price_hash(const struct config_price *prices, size_t n)
{
	uint64_t hash = n;

	for (size_t i = 0; i < n; i++) {
		const double usd[] = { prices[i].input, prices[i].cache_read, prices[i].cache_write,
			               prices[i].output };
		char bytes[sizeof usd];

		memcpy(bytes, usd, sizeof bytes);
		hash = hash * 31 + text_hash(prices[i].model, strlen(prices[i].model));
		hash = hash * 31 + text_hash(bytes, sizeof bytes);
	}
	return hash;
}
