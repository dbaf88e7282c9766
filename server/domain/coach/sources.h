/*
 * sources.h - which files make which sessions.
 *
 * A session file brings the files of its subagents (SESSION/subagents/agent-*.jsonl, and
 * agent-*.jsonl beside it that carry its id). A folder is walked; what is no session file
 * is left out.
 */
#ifndef DOMAIN_COACH_SOURCES_H
#define DOMAIN_COACH_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define SOURCES_DEPTH 8 /* folders inside each other that are walked */

struct source {
	const char *name;   /* the session's: its file's name without the ending */
	const char *host;   /* claude, codex, gemini, opencode */
	const char **paths; /* the main file first, then the subagents' */
	size_t n_paths, room;
};

/*
 * The sessions that path leads to, sorted by path; those whose files all changed before
 * since_ms are left out (0: none is). E_ABSENT when path is not there.
 */
enum status sources_find(const char *path, int64_t since_ms, struct arena *a, struct source **out,
                         size_t *n, struct err *err);

#endif
