/* all.c - the list of tools. Its order is the order of tools/list and of help, and stays. */
#include "handlers/tools.h"

#include <string.h>

/* clang-format off: one line a tool */
const struct tool *const tool_all[] = {
	&tool_decompose,
	&tool_remember,
	&tool_recall,
	&tool_forget,
	&tool_coach,
	&tool_recipes,
	&tool_agents,
	&tool_events,
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
