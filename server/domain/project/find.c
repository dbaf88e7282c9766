#include "domain/project/find.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static bool is_folder(const char *path)
{
	struct stat st;

	return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
	struct stat st;

	return path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The first line of a small file without its end, or NULL. */
static char *first_line(const char *path, struct arena *a)
{
	char bytes[PATH_MAX + 16];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return NULL;
	n = read(fd, bytes, sizeof bytes - 1);
	(void)close(fd);
	if (n <= 0)
		return NULL;
	bytes[n] = '\0';
	bytes[strcspn(bytes, "\r\n")] = '\0';
	return text_dup(a, bytes);
}

/* path, taken from folder when it is relative, resolved; NULL when it leads nowhere. */
static char *resolve(const char *folder, const char *path, struct arena *a)
{
	char real[PATH_MAX]; /* realpath refuses what is longer */
	char *whole = path[0] == '/' ? text_dup(a, path) : text_printf(a, "%s/%s", folder, path);

	if (whole == NULL || realpath(whole, real) == NULL)
		return NULL;
	return text_dup(a, real);
}

static char *parent(const char *path, struct arena *a)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? text_dup(a, "/") : arena_copy(a, path, (size_t)(slash - path));
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* The git folder that folder/.git is or names, or NULL. */
static char *git_folder(const char *folder, struct arena *a)
{
	char *dot = text_printf(a, "%s/.git", strcmp(folder, "/") == 0 ? "" : folder);
	char *head, *line;

	if (is_folder(dot)) {
		head = text_printf(a, "%s/HEAD", dot);
		return is_file(head) ? resolve("/", dot, a) : NULL;
	}
	if (!is_file(dot) || (line = first_line(dot, a)) == NULL ||
	    strncmp(line, "gitdir: ", 8) != 0)
		return NULL;
	return resolve(folder, line + 8, a);
}

/*
 * The folder that all worktrees of a repository share, told from one worktree's git folder.
 * A bare repository has no main worktree: then it is the folder beside `.git` or `.bare`,
 * or the repository itself.
 */
static void shared_place(const char *top, const char *git_dir, struct arena *a,
                         struct project_place *out)
{
	char *name = text_printf(a, "%s/commondir", git_dir);
	char *line = name == NULL ? NULL : first_line(name, a);
	char *common = line == NULL ? NULL : resolve(git_dir, line, a);

	*out = (struct project_place){ top, git_dir };
	if (common == NULL || !is_folder(common))
		return;
	out->git_dir = common;
	out->root = common;
	if (strcmp(base_name(common), ".git") == 0 || strcmp(base_name(common), ".bare") == 0)
		out->root = parent(common, a);
}

enum status project_find(const char *start, bool exact, struct arena *a, struct project_place *out,
                         struct err *err)
{
	struct project_place place = { 0 };
	char *folder = resolve(".", start, a), *git_dir = NULL, *top;

	if (folder == NULL || !is_folder(folder)) {
		if (arena_failed(a))
			return err_nomem(err, "a path");
		return err_set(err, E_INPUT, "there is no folder '%s' to be the project's root",
		               start);
	}
	for (top = folder; top != NULL; top = parent(top, a))
		if ((git_dir = git_folder(top, a)) != NULL || strcmp(top, "/") == 0)
			break;
	if (git_dir != NULL)
		shared_place(top, git_dir, a, &place);
	if (git_dir == NULL || (exact && top != folder))
		place.root = folder;
	if (arena_failed(a))
		return err_nomem(err, "a path");
	*out = place;
	return OK;
}
