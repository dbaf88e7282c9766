/*
 * find.h - where a project is, told from the files of git alone.
 *
 * Finding a project must not cost the start of a git library: sys/repo reads `.git`, `gitdir:`
 * files and `commondir`, and here it is decided which folder is the root.
 */
#ifndef DOMAIN_PROJECT_FIND_H
#define DOMAIN_PROJECT_FIND_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct project_place {
	const char *root;    /* absolute, resolved */
	const char *git_dir; /* the common git folder, or NULL outside a repository */
};

/*
 * The project around start (a folder). With `exact` start itself is the root, unless it is a
 * linked worktree. Strings live in the arena. E_INPUT when start is not a folder.
 */
enum status project_find(const char *start, bool exact, struct arena *a, struct project_place *out,
                         struct err *err);

#endif
