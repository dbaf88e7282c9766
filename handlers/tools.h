/*
 * tools.h - the constant row of every tool, each defined in the file of its name.
 * handlers/all.c puts them in order; nobody else needs this header.
 */
#ifndef HANDLERS_TOOLS_H
#define HANDLERS_TOOLS_H

#include "handlers/tool.h"

extern const struct tool tool_memory;
extern const struct tool tool_estimates;
extern const struct tool tool_decompose;
extern const struct tool tool_orchestrate;
extern const struct tool tool_runs;
extern const struct tool tool_remember;
extern const struct tool tool_recall;
extern const struct tool tool_forget;
extern const struct tool tool_coach;
extern const struct tool tool_recipes;
extern const struct tool tool_agents;
extern const struct tool tool_events;

#endif
