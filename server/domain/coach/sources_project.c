/* sources_project.c - where the hosts keep the sessions of a project. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/coach/sources_own.h"
#include "sys/fs.h"

#define ROOT_FILE_MAX ((size_t)8192)

/* `$NAME/below`, or `$HOME/otherwise`; NULL when neither is set. */
static const char *place(struct arena *a, const char *name, const char *below,
                         const char *otherwise)
{
	const char *base = getenv(name), *home = getenv("HOME");

	if (base != NULL && base[0] != '\0')
		return text_printf(a, "%s/%s", base, below);
	return home == NULL || home[0] == '\0' ? NULL : text_printf(a, "%s/%s", home, otherwise);
}

/* What is there is walked; what cannot be read costs only itself. */
static enum status try_path(struct walk *w, const char *path)
{
	struct err why = { 0 };
	struct err *outer = w->err;
	enum status st;

	if (path == NULL || fs_kind(path) == FS_NOTHING)
		return arena_failed(w->a) ? err_nomem(outer, "a path") : OK;
	w->err = &why;
	st = walk_path(w, path);
	w->err = outer;
	if (st == OK || st == E_ABSENT)
		return OK;
	if (st == E_NOMEM || st == E_STOP)
		return err_set(outer, st, "%s", why.text);
	log_line(LOG_WARN, "sessions in '%s' are left out: %s", path, why.text);
	return OK;
}

/* Every byte that is no letter or digit becomes '-'. */
static char *dashed(struct arena *a, const char *path)
{
	char *name = text_dup(a, path);

	for (char *c = name; c != NULL && *c != '\0'; c++)
		if (!isalnum((unsigned char)*c))
			*c = '-';
	return name;
}

/* Claude Code: a folder named as the project, and one for each worktree of a run. */
static enum status of_claude(struct walk *w, const char *root)
{
	const char *base = place(w->a, "CLAUDE_CONFIG_DIR", "projects", ".claude/projects");
	const char *own = dashed(w->a, root), *trees;
	struct folder_entry *e = NULL;
	size_t n = 0, len;
	enum status st = OK;

	if (base == NULL || own == NULL ||
	    (trees = text_printf(w->a, "%s--gadugi-worktrees-", own)) == NULL)
		return arena_failed(w->a) ? err_nomem(w->err, "a path") : OK;
	len = strlen(trees);
	if (folder_list(base, w->a, &e, &n, NULL) != OK)
		return arena_failed(w->a) ? err_nomem(w->err, "the session files") : OK;
	for (size_t i = 0; st == OK && i < n; i++)
		if (e[i].is_folder &&
		    (strcmp(e[i].name, own) == 0 || strncmp(e[i].name, trees, len) == 0))
			st = try_path(w, text_printf(w->a, "%s/%s", base, e[i].name));
	return st;
}

/* Is the folder of Gemini CLI that of the project? Its name is a hash of it, or a file says so. */
static bool is_of(struct walk *w, const char *folder, const char *name, const char *root)
{
	char hash[HASH_TEXT_SIZE], *said = NULL;
	const char *path = text_printf(w->a, "%s/.project_root", folder);
	size_t n = 0;

	hash_text(root, strlen(root), hash);
	if (strcmp(name, hash) == 0)
		return true;
	if (path == NULL || fs_read(path, ROOT_FILE_MAX, w->a, &said, &n, NULL) != OK)
		return false;
	while (n > 0 && isspace((unsigned char)said[n - 1]))
		said[--n] = '\0';
	return strcmp(said, root) == 0;
}

static enum status of_gemini(struct walk *w, const char *root)
{
	const char *base = place(w->a, "GEMINI_CLI_HOME", ".gemini/tmp", ".gemini/tmp");
	struct folder_entry *e = NULL;
	size_t n = 0;
	enum status st = OK;

	if (base == NULL || folder_list(base, w->a, &e, &n, NULL) != OK)
		return arena_failed(w->a) ? err_nomem(w->err, "the session files") : OK;
	for (size_t i = 0; st == OK && i < n; i++) {
		const char *folder = text_printf(w->a, "%s/%s", base, e[i].name);

		if (folder == NULL)
			return err_nomem(w->err, "a path");
		if (e[i].is_folder && is_of(w, folder, e[i].name, root))
			st = try_path(w, text_printf(w->a, "%s/chats", folder));
	}
	return st;
}

enum status sources_of_project(const char *root, int64_t since_ms, struct arena *a,
                               struct sources *out, struct err *err)
{
	struct walk w = { .a = a, .since_ms = since_ms, .err = err };
	enum status st = of_claude(&w, root);

	w.folder = root;
	if (st == OK)
		st = try_path(&w, place(a, "CODEX_HOME", "sessions", ".codex/sessions"));
	if (st == OK)
		st = of_gemini(&w, root);
	if (st == OK)
		st = try_path(&w, place(a, "XDG_DATA_HOME", "opencode", ".local/share/opencode"));
	*out = walk_result(&w);
	return st;
}
