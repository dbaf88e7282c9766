/*
 * furnish.c - what a worktree needs beside the files git checks out: submodules, taken from
 * those of the main checkout (nothing is fetched), and files that git ignores and the main
 * checkout's .worktreeinclude names, such as .env or node_modules.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo/work.h"

#define LIST_MAX ((size_t)64 << 20)

/* --- files that are not kept --------------------------------------------------------------- */

/* Have folder/PATH's parents as real folders. False: something else is in the way. */
static bool make_parents(const char *folder, const char *path, struct arena *a)
{
	for (const char *c = strchr(path, '/'); c != NULL && c[1] != '\0'; c = strchr(c + 1, '/')) {
		const char *part = arena_copy(a, path, (size_t)(c - path));
		const char *full = part == NULL ? NULL : fs_join(a, folder, part);

		if (full == NULL)
			return false;
		if (fs_kind(full) != FS_FOLDER && mkdir(full, 0777) != 0)
			return false;
	}
	return true;
}

/* Does path, in main, hold the folder of our worktrees, or lie in it? */
static bool is_ours(const struct work *w, const char *path)
{
	size_t n = strlen(path);

	return strncmp(w->root, path, n) == 0 && (w->root[n] == '/' || w->root[n] == '\0');
}

static enum status copy_one(struct repo *main, const struct work *w, char *path, struct arena *a,
                            struct err *err)
{
	size_t n = strlen(path);
	const char *from, *to;
	int ignored = 0;
	enum status st;

	if (main->lib->ignore_path_is_ignored(&ignored, main->git, path) != 0 || ignored == 0)
		return OK; /* new work of the user's, not part of the surroundings */
	if (n > 0 && path[n - 1] == '/')
		path[n - 1] = '\0';
	from = fs_join(a, main->place.top, path);
	to = fs_join(a, w->path, path);
	if (from == NULL || to == NULL)
		return err_nomem(err, "a path");
	if (is_ours(w, from) || fs_kind(to) != FS_NOTHING || !make_parents(w->path, path, a))
		return OK;
	st = fs_copy_tree(from, to, err);
	return st == E_ABSENT ? OK : st; /* gone since it was listed: the user works there */
}

static enum status copy_included(struct repo *main, const struct work *w,
                                 const struct repo_worktree_spec *spec, struct arena *a,
                                 struct err *err)
{
	const char *args[] = { "ls-files",  "-z",          "--others",
		               "--ignored", "--directory", "--exclude-from=.worktreeinclude",
		               NULL };
	struct repo_cli cli = { .cwd = main->place.top,
		                .args = args,
		                .max = LIST_MAX,
		                .stop = spec->stop,
		                .bell = spec->bell };
	struct proc_output out;
	enum status st = repo_git(&cli, a, &out, err);
	char *at = out.out, *end = out.out + out.out_size;

	while (st == OK && at < end) {
		size_t n = strlen(at);

		st = copy_one(main, w, at, a, err);
		at += n + 1;
	}
	return st;
}

static enum status include(struct repo *r, const struct work *w,
                           const struct repo_worktree_spec *spec, struct arena *a, struct err *err)
{
	const char *list =
	    r->place.main == NULL ? NULL : fs_join(a, r->place.main, ".worktreeinclude");
	struct repo *main = NULL;
	enum status st;

	if (list == NULL || fs_kind(list) != FS_FILE)
		return OK;
	if ((st = repo_open(&main, r->place.main, err)) == OK)
		st = copy_included(main, w, spec, a, err);
	repo_free(main);
	return st;
}

/* --- submodules ---------------------------------------------------------------------------- */

/* One submodule from the main checkout's. That it cannot be had leaves its folder empty, as git
 * does. */
static void take_submodule(struct repo *r, const struct work *w, const char *name, const char *path,
                           const struct repo_worktree_spec *spec, struct arena *a)
{
	const char *from = fs_join(a, r->place.main, path);
	const char *git = from == NULL ? NULL : fs_join(a, from, ".git");
	const char *url = text_printf(a, "submodule.%s.url=%s", name, from == NULL ? "" : from);
	const char *args[] = { "-c",        "protocol.file.allow=always",
		               "-c",        url,
		               "submodule", "--quiet",
		               "update",    "--init",
		               "--",        path,
		               NULL };
	struct repo_cli cli = {
		.cwd = w->path, .args = args, .stop = spec->stop, .bell = spec->bell
	};
	struct proc_output out;
	struct err err = { 0 };

	if (git == NULL || url == NULL || fs_kind(git) == FS_NOTHING)
		return; /* not set up there either */
	if (repo_git(&cli, a, &out, &err) != OK)
		log_line(LOG_WARN, "the submodule '%s' stays empty in '%s': %s", path, w->name,
		         err.text);
}

static enum status submodules(struct repo *r, const struct work *w,
                              const struct repo_worktree_spec *spec, struct arena *a,
                              struct err *err)
{
	static const char *const args[] = {
		"config", "-z", "-f", ".gitmodules", "--get-regexp", "^submodule\\..*\\.path$", NULL
	};
	const char *list = fs_join(a, w->path, ".gitmodules");
	struct repo_cli cli = { .cwd = w->path,
		                .args = args,
		                .max = LIST_MAX,
		                .allowed = 1,
		                .stop = spec->stop,
		                .bell = spec->bell };
	struct proc_output out;
	enum status st;

	if (list == NULL || r->place.main == NULL || fs_kind(list) != FS_FILE)
		return OK;
	if ((st = repo_git(&cli, a, &out, err)) != OK)
		return st;
	for (char *at = out.out; at < out.out + out.out_size; at += strlen(at) + 1) {
		char *path = strchr(at, '\n'), *dot;

		if (path == NULL)
			continue;
		*path++ = '\0'; /* the key is before it: submodule.NAME.path */
		dot = strrchr(at, '.');
		if (dot != NULL && dot > at + strlen("submodule.")) {
			*dot = '\0';
			take_submodule(r, w, at + strlen("submodule."), path, spec, a);
		}
		at = path;
	}
	return OK;
}

enum status repo_work_furnish(struct repo *r, const struct work *w,
                              const struct repo_worktree_spec *spec, struct arena *a,
                              struct err *err)
{
	enum status st = submodules(r, w, spec, a, err);

	return st != OK || spec->no_include ? st : include(r, w, spec, a, err);
}
