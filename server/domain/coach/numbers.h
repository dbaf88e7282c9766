/*
 * numbers.h - what is counted of sessions: of all together, and of each.
 *
 * Every number is a sum over lines that were read; what was not told is 0, or below 0 where 0
 * would say something.
 */
#ifndef DOMAIN_COACH_NUMBERS_H
#define DOMAIN_COACH_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "domain/coach/usage.h"

struct coach_tool {
	const char *name;
	int64_t calls, errors, ms;
};

/* What went wrong with a call; the first that fits. */
enum error_kind {
	ERROR_DENIED,
	ERROR_INTERRUPTED,
	ERROR_TOO_LARGE,
	ERROR_STALE_EDIT,
	ERROR_MISSING_PROGRAM,
	ERROR_GATE,
	ERROR_SHELL,
	ERROR_OTHER,
	ERROR_KINDS
};

struct coach_metrics {
	int64_t sessions, files, lines, unknown_lines, bad_lines;
	int64_t wall_ms, active_ms, waiting_ms, tool_ms;
	int64_t turns, messages, tool_calls, tool_errors, denials, interrupts;
	int64_t compactions, compaction_tokens; /* tokens: of those that say how many */
	int64_t edits, files_edited, commits, lines_added, lines_removed;
	int64_t own_sessions; /* begun by an issue of the coach: left out */
	int64_t rate_limits;  /* answers put off or refused for too much use */
	int64_t errors[ERROR_KINDS];
	int64_t gates, gates_passed;          /* runs of gates */
	int64_t gate_kinds, gate_kinds_first; /* gates by session; passed at their first run */
	int64_t tokens[TOKENS_N], subagent_tokens[TOKENS_N], usages;
	int64_t subagents;
	double cost_usd;          /* of the sessions where it is known; below 0: of none */
	int64_t cost_stated;      /* sessions whose host states what they cost */
	int64_t cost_priced;      /* whose tokens all have a price in the user's table */
	int64_t cost_unknown;     /* whose cost nobody knows */
	struct coach_tool *tools; /* by calls, most first */
	size_t n_tools, tools_room;
};

/* One session that was looked at, for comparing it with others. */
struct coach_session {
	const char *name, *host, *path; /* path: its main file */
	const char *model;              /* NULL: not said */
	int64_t first_ms, last_ms;      /* 0: no line has a time */
	int64_t turns, calls, errors, denials, interrupts, compactions;
	int64_t gate_kinds, gate_kinds_first, edits;
	int64_t wall_ms, waiting_ms;
	int64_t tokens[TOKENS_N]; /* its own; what a fork repeats is in both */
	double cost_usd;          /* as stated, else by the table of prices; below 0: not known */
};

#endif
