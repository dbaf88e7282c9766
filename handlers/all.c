/* all.c - the lists of tools, resources and prompts. Their order is that of MCP's lists and of
 * help, and stays. */
#include "handlers/prompt.h"
#include "handlers/resource.h"
#include "handlers/tools.h"

#include <string.h>

/* clang-format off: one line each */
const struct tool *const tool_all[] = {
	&tool_decompose, &tool_orchestrate, &tool_runs,  &tool_remember,
	&tool_recall,    &tool_forget,      &tool_coach, &tool_recipes,
	&tool_agents,    &tool_events,      NULL,
};

const struct resource *const resource_all[] = {
	NULL,
};

const struct prompt *const prompt_all[] = {
	NULL,
};
/* clang-format on */

const struct tool *tool_find(const char *name)
{
	for (const struct tool *const *t = tool_all; *t != NULL; t++)
		if (strcmp((*t)->name, name) == 0)
			return *t;
	return NULL;
}
