/* estimates.c - the tool, for the command line alone, that shows what was learned for estimates. */
#include <string.h>

#include "domain/plan/learn.h"
#include "domain/project.h"
#include "handlers/tools.h"

struct estimates_in {
	const char *action;
};

static const struct arg estimates_args[] = {
	{ "action", ARG_CHOICE, 0, offsetof(struct estimates_in, action), 0, 0, NULL,
	  "show|reset" },
	{ 0 },
};

static enum status estimates_run(struct call *call, const void *args, cJSON **result)
{
	const struct estimates_in *in = args;
	enum status st = OK;

	if (in->action != NULL && strcmp(in->action, "reset") == 0)
		st = learn_reset(call->project, &call->stop, &call->err);
	return st != OK ? st
	                : learn_json(call->project, &call->stop, call->arena, result, &call->err);
}

const struct tool tool_estimates = {
	.name = "estimates",
	.title = "What was learned for estimates",
	.about =
	    "How long tasks of finished runs took, how good guesses from them are; begin anew.",
	.args = estimates_args,
	.in_size = sizeof(struct estimates_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES,
	.run = estimates_run,
};
