/*
 * compat.h - what another server offers, for hosts that were set up for it.
 *
 * The nine tools of @modelcontextprotocol/server-memory and its resource, by name and with its
 * answers, over the project's memory. Chosen at start by `gadugi serve --compat server-memory`.
 */
#ifndef HANDLERS_COMPAT_H
#define HANDLERS_COMPAT_H

#include "handlers/prompt.h"
#include "handlers/resource.h"
#include "handlers/tool.h"

struct compat {
	const char *name; /* NULL ends the table */
	const char *instructions;
	const struct tool *const *tools;
	const struct resource *const *resources;
	const struct prompt *const *prompts;

	/* Before the first call, on a worker: take over what the other server left. */
	enum status (*begin)(struct project *p, struct err *err);
};

/* The row of that name; NULL when there is none, and then *known are the names there are. */
const struct compat *compat_find(const char *name, const char **known);

#endif
