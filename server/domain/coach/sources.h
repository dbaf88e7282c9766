/*
 * sources.h - which files make which sessions.
 *
 * A session file brings the files of its subagents (SESSION/subagents/agent-*.jsonl, and
 * agent-*.jsonl beside it that carry its id). A folder is walked; what is no session file
 * is left out. A database of opencode holds many sessions; so does the folder `storage` of its
 * older versions, which is left alone where the database stands beside it.
 */
#ifndef DOMAIN_COACH_SOURCES_H
#define DOMAIN_COACH_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define SOURCES_DEPTH 8 /* folders inside each other that are walked */

enum source_kind {
	SOURCE_LINES,    /* a value a line */
	SOURCE_WHOLE,    /* a file is one value */
	SOURCE_DATABASE, /* of opencode */
	SOURCE_STORAGE,  /* of opencode: a file for each message and part */
};

struct source {
	const char *name; /* the session's: its file's name without the ending, or its id */
	const char *host; /* claude, codex, gemini, opencode */
	enum source_kind kind;
	const char *
	    *paths; /* the main file first, then the subagents'; one of a database or storage */
	size_t n_paths, room;
	const char **ids; /* of opencode: the session's own, then its subagents' */
	size_t n_ids, room_ids;
	int64_t changed_ms; /* of opencode: when any of them last changed */
};

struct sources {
	struct source *items; /* sorted by path */
	size_t n;
	const char **folders; /* that were looked into: what changes, changes there */
	size_t n_folders;
};

struct sources_wish {
	const char *path;
	int64_t since_ms;   /* sessions whose files all changed before are left out; 0: none is */
	const char *folder; /* only sessions that say that they worked in it; NULL: all */
};

/* The sessions that path leads to. E_ABSENT when path is not there. */
enum status sources_find(const struct sources_wish *wish, struct arena *a, struct sources *out,
                         struct err *err);

/*
 * The sessions of a project, wherever each host keeps them: Claude Code by the folder's name, its
 * worktrees of runs included, the others by what the sessions say. None at all is no error; a
 * host's files that cannot be read are left out with a line in the log.
 */
enum status sources_of_project(const char *root, int64_t since_ms, struct arena *a,
                               struct sources *out, struct err *err);

#endif
