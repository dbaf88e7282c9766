/* all.c - the lists of tools, resources and prompts. Their order is that of MCP's lists and of
 * help, and stays. */
#include "handlers/resources.h"
#include "handlers/tools.h"

#include <string.h>

/* clang-format off: one line each */
const struct tool *const tool_all[] = {
	&tool_memory, /* for the command line alone: see tool_offered */
	&tool_decompose, &tool_orchestrate, &tool_runs,  &tool_remember,
	&tool_recall,    &tool_forget,      &tool_coach, &tool_recipes,
	&tool_agents,    &tool_events,      NULL,
};

const struct tool *const *const tool_offered = tool_all + 1;

const struct resource *const resource_all[] = {
	&resource_health, &resource_plan,   &resource_run,   &resource_log,
	&resource_memory, &resource_recipe, &resource_agent, NULL,
};

const struct prompt *const prompt_all[] = {
	&prompt_plan,
	&prompt_implement_recipe,
	&prompt_retrospective,
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
