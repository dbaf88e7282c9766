/* Which tools an agent may name. One that nobody has would only seem to work. */
#include <string.h>

#include "base/text.h"
#include "domain/agent/make.h"

#define MCP "mcp__"

/* Of Claude Code, whose files these are. Ones that begin with mcp__ belong to MCP servers. */
static const char *const known[] = {
	"Agent",
	"Artifact",
	"AskUserQuestion",
	"Bash",
	"BashOutput",
	"CronCreate",
	"CronDelete",
	"CronList",
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
	"Monitor",
	"MultiEdit",
	"NotebookEdit",
	"NotebookRead",
	"PowerShell",
	"PushNotification",
	"Read",
	"ReadMcpResourceTool",
	"RemoteTrigger",
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
	"TeamCreate",
	"TeamDelete",
	"TodoRead",
	"TodoWrite",
	"ToolSearch",
	"WaitForMcpServers",
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

/* Note a tool that nobody has, with the one that may have been meant. */
static void unknown(struct making *m, const char *name, const char *const *names, size_t n,
                    long line)
{
	const char *nearest = text_nearest(name, names, n);

	agent_note(m, "unknown-tool", line, "there is no tool '%s'%s%s%s", name,
	           nearest == NULL ? "; tools of MCP servers are called mcp__SERVER__TOOL"
	                           : "; did you mean '",
	           nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

/* mcp__SERVER__TOOL, or mcp__SERVER for all that a server has. */
static void check_mcp(struct making *m, const char *tool, long line)
{
	const char *server = tool + strlen(MCP), *end = strstr(server, "__");
	size_t n = end == NULL ? strlen(server) : (size_t)(end - server), n_own = 0;
	const char *const *own = m->places->more_tools;
	const char *name = arena_copy(m->arena, server, n);

	while (own != NULL && own[n_own] != NULL)
		n_own++;
	if (name == NULL)
		return;
	if (n == 0 || (end != NULL && end[2] == '\0'))
		agent_note(m, "unknown-tool", line,
		           "'%s' names no tool; write mcp__SERVER__TOOL, or mcp__SERVER for all",
		           tool);
	else if (strcmp(name, "gadugi") == 0 && end != NULL && n_own > 0 &&
	         !is_known(own, n_own, end + 2, strlen(end + 2)) && strcmp(end + 2, "*") != 0)
		unknown(m, end + 2, own, n_own, line);
	else
		agent_check_server(m, server, name, line);
}

void agent_check_tool(struct making *m, const char *tool, long line)
{
	const char *names[ALL_MAX], *name;
	size_t n_names = KNOWN_N, n = own_name(tool);

	memcpy(names, known, sizeof known);
	for (const char *const *t = m->places->more_tools; t != NULL && *t != NULL; t++)
		if (n_names < ALL_MAX)
			names[n_names++] = *t;
	if ((name = arena_copy(m->arena, tool, n)) == NULL)
		return;
	if (strncmp(name, MCP, strlen(MCP)) == 0)
		check_mcp(m, name, line);
	else if (strcmp(name, "*") != 0 && !is_known(names, n_names, name, n))
		unknown(m, name, names, n_names, line);
}
