#include "domain/project/find.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo.h"

/*
 * The folder that all worktrees share. A bare repository has no main worktree: then it is the
 * folder around `.git` or `.bare`, or the repository itself.
 */
static const char *shared_root(const struct repo_place *place, struct arena *a)
{
	const char *name = strrchr(place->common, '/');

	if (place->main != NULL)
		return place->main;
	if (strcmp(name, "/.bare") == 0 || strcmp(name, "/.git") == 0)
		return arena_copy(a, place->common, (size_t)(name - place->common));
	return place->common;
}

static bool is_top(const struct repo_place *place, const char *folder)
{
	return place->top != NULL && strcmp(place->top, folder) == 0;
}

enum status project_find(const char *start, bool exact, struct arena *a, struct project_place *out,
                         struct err *err)
{
	struct repo_place place;
	char *folder = NULL;
	enum status st = fs_resolve(start, a, &folder, err);

	if (st == E_NOMEM)
		return st;
	if (st != OK || fs_kind(folder) != FS_FOLDER)
		return err_set(err, E_INPUT, "there is no folder '%s' to be the project's root",
		               start);
	/* Whatever is wrong with a repository around it, the folder is one to work in. */
	if ((st = repo_find(folder, a, &place, err)) == E_NOMEM)
		return st;
	*out = (struct project_place){ folder, NULL };
	if (st != OK)
		return OK;
	out->git_dir = place.common;
	if (!exact || is_top(&place, folder))
		out->root = shared_root(&place, a);
	return out->root == NULL ? err_nomem(err, "a path") : OK;
}
