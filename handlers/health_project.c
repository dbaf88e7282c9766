/* health_project.c - the database and the bus of a project. */
#include "domain/pulse.h"
#include "handlers/health.h"

static enum status look(struct call *call, cJSON **out, bool *well)
{
	return pulse_look(call->project, call->arena, out, well, &call->err);
}

static enum status figures(struct call *call, struct text *out)
{
	return pulse_figures(call->project, call->arena, out, &call->err);
}

const struct health_kind health_project = { look, figures };
