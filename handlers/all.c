/* all.c - the lists of tools, resources and prompts. Their order is that of MCP's lists and of
 * help, and stays. */
#include "handlers/resources.h"
#include "handlers/tools.h"

#include <string.h>

/* clang-format off: one line each */
const struct tool *const tool_all[] = {
	&tool_memory, /* for the command line alone: see tool_offered */
	&tool_estimates, &tool_decompose, &tool_orchestrate, &tool_runs,
	&tool_remember,  &tool_recall,    &tool_forget,      &tool_coach,
	&tool_recipes,   &tool_agents,    &tool_events,      NULL,
};

const struct tool *const *const tool_offered = tool_all + 2;

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

const char tool_instructions[] =
    "gadugi turns a plan into a checked task graph, runs it in parallel with agents in git "
    "worktrees, remembers, and learns from finished runs.\n"
    "- decompose: you have a plan document or a goal and want tasks, order, critical path and "
    "what is wrong with the plan. Do this before orchestrate.\n"
    "- orchestrate: run a saved plan, a plan file or a list of tasks. Answers at once with a run "
    "id; the run goes on by itself.\n"
    "- runs: look at a run, wait for it, read a task's log, cancel, resume, retry, approve.\n"
    "- remember: keep a decision, a fact or a lesson that later sessions need. Not for what the "
    "code already says.\n"
    "- recall: before you start on something, ask what is known about it.\n"
    "- forget: take back what is wrong or outdated, by id.\n"
    "- coach: after a run or a session, ask what cost time and what to change.\n"
    "- recipes: requirements and designs of components; list, validate, plan, verify.\n"
    "- agents: which agents can run tasks here, and how they are doing.\n"
    "- events: what happened, in order; publish and follow topics.\n"
    "Errors say what was wrong and what to do next. Long answers are shortened: pass limit and "
    "the nextCursor you were given to read on.";
