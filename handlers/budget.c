#include "handlers/budget.h"

#include "base/text.h"
#include "handlers/arg.h"

struct budget_in {
	double minutes, usd, tokens;
};

static const struct arg budget_args[] = {
	{ "minutes", ARG_NUMBER, 0, offsetof(struct budget_in, minutes), 0, 1000000000, NULL,
	  NULL },
	{ "usd", ARG_NUMBER, 0, offsetof(struct budget_in, usd), 0, 1000000000, NULL, NULL },
	{ "tokens", ARG_NUMBER, 0, offsetof(struct budget_in, tokens), 0, 1000000000000000, NULL,
	  NULL },
	{ 0 },
};

enum status budget_read(const cJSON *json, struct config_budget *out, struct err *err)
{
	struct budget_in in = { 0 };
	enum status st = arg_read(budget_args, json, &in, err);

	if (st != OK)
		return st;
	*out = (struct config_budget){ in.minutes, in.usd, (int64_t)in.tokens };
	return OK;
}
