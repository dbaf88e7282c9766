/* Which tools an agent may name. One that nobody has would only seem to work. */
#include <string.h>

#include "base/text.h"
#include "domain/agent/make.h"

/* Of Claude Code, whose files these are. Ones that begin with mcp__ belong to MCP servers. */
static const char *const known[] = {
	"Agent",
	"AskUserQuestion",
	"Bash",
	"BashOutput",
	"Edit",
	"EnterPlanMode",
	"EnterWorktree",
	"ExitPlanMode",
	"ExitWorktree",
	"Glob",
	"Grep",
	"KillBash",
	"KillShell",
	"LS",
	"LSP",
	"ListMcpResourcesTool",
	"MultiEdit",
	"NotebookEdit",
	"NotebookRead",
	"Read",
	"ReadMcpResourceTool",
	"SendMessage",
	"Skill",
	"SlashCommand",
	"StructuredOutput",
	"Task",
	"TaskCreate",
	"TaskGet",
	"TaskList",
	"TaskOutput",
	"TaskStop",
	"TaskUpdate",
	"TodoRead",
	"TodoWrite",
	"ToolSearch",
	"WebFetch",
	"WebSearch",
	"Write",
	"exit_plan_mode",
};

#define KNOWN_N (sizeof known / sizeof *known)
#define ALL_MAX (KNOWN_N + 64)

/* Length of the tool's own name: `Bash(git log:*)` is Bash. */
static size_t own_name(const char *tool)
{
	size_t n = strcspn(tool, "(");

	while (n > 0 && tool[n - 1] == ' ')
		n--;
	return n;
}

static bool is_known(const char *const *names, size_t n_names, const char *tool, size_t n)
{
	for (size_t i = 0; i < n_names; i++)
		if (strlen(names[i]) == n && memcmp(names[i], tool, n) == 0)
			return true;
	return false;
}

void agent_check_tools(struct making *m, const struct agent *agent, long line)
{
	const char *names[ALL_MAX], *nearest, *name;
	size_t n_names = KNOWN_N;

	memcpy(names, known, sizeof known);
	for (const char *const *t = m->places->more_tools; t != NULL && *t != NULL; t++)
		if (n_names < ALL_MAX)
			names[n_names++] = *t;
	for (size_t i = 0; i < agent->tools.n; i++) {
		const char *tool = agent->tools.at[i];
		size_t n = own_name(tool);

		if (strncmp(tool, "mcp__", 5) == 0 || strcmp(tool, "*") == 0 ||
		    is_known(names, n_names, tool, n))
			continue;
		if ((name = arena_copy(m->arena, tool, n)) == NULL)
			return;
		nearest = text_nearest(name, names, n_names);
		agent_note(m, "unknown-tool", line, "there is no tool '%s'%s%s%s", name,
		           nearest == NULL ? "; tools of MCP servers are called mcp__SERVER__TOOL"
		                           : "; did you mean '",
		           nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
	}
}
