/* find.c - what needs no libgit2: where a repository is, and names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fs.h"
#include "sys/lock.h"
#include "sys/repo.h"

#define LINK_MAX_SIZE    ((size_t)FS_PATH_MAX)
#define EXCLUDE_MAX_SIZE ((size_t)4 << 20)
#define PART_MIN         24
#define HASH_DIGITS      8

/* The one line of a small file, without its prefix; NULL when it is not so. */
static char *read_line(const char *folder, const char *name, const char *prefix, struct arena *a)
{
	char *path = fs_join(a, folder, name), *text = NULL;
	size_t n = 0, skip = strlen(prefix);

	if (path == NULL || fs_read(path, LINK_MAX_SIZE, a, &text, &n, NULL) != OK)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return strncmp(text, prefix, skip) == 0 ? text + skip : NULL;
}

/* path as seen from folder, resolved; NULL when it is not there. */
static char *from_folder(const char *folder, const char *path, struct arena *a)
{
	char *out = NULL, *full = text_dup(a, path);

	if (path[0] != '/')
		full = fs_join(a, folder, path);
	return full != NULL && fs_resolve(full, a, &out, NULL) == OK ? out : NULL;
}

static bool has(const char *folder, const char *name, enum fs_kind kind, struct arena *a)
{
	const char *path = fs_join(a, folder, name);

	return path != NULL && fs_kind(path) == kind;
}

static bool is_git_dir(const char *path, struct arena *a)
{
	return (has(path, "HEAD", FS_FILE, a) || has(path, "HEAD", FS_LINK, a)) &&
	       (has(path, "commondir", FS_FILE, a) ||
	        (has(path, "objects", FS_FOLDER, a) && has(path, "refs", FS_FOLDER, a)));
}

/* The git folder of the work tree at top; NULL when it is none. */
static char *git_dir_of(const char *top, struct arena *a)
{
	char *path = fs_join(a, top, ".git"), *line;

	if (path == NULL)
		return NULL;
	if (fs_kind(path) == FS_FILE) {
		line = read_line(top, ".git", "gitdir: ", a);
		path = line == NULL ? NULL : from_folder(top, line, a);
	} else {
		path = from_folder(top, ".git", a);
	}
	return path != NULL && is_git_dir(path, a) ? path : NULL;
}

static void parent(char *path)
{
	char *slash = strrchr(path, '/');

	slash[slash == path] = '\0';
}

static enum status complete(struct repo_place *place, struct arena *a, struct err *err)
{
	const char *line = read_line(place->git_dir, "commondir", "", a), *base;
	char *main;

	place->common = line == NULL ? place->git_dir : from_folder(place->git_dir, line, a);
	if (place->common == NULL)
		return err_set(err, E_IO, "'%s' names a repository that is not there",
		               place->git_dir);
	place->main = line == NULL ? place->top : NULL;
	base = strrchr(place->common, '/');
	if (line != NULL && base != NULL && strcmp(base, "/.git") == 0) {
		if ((main = text_dup(a, place->common)) == NULL)
			return err_nomem(err, "a path");
		parent(main);
		place->main = main;
	}
	return OK;
}

enum status repo_find(const char *folder, struct arena *a, struct repo_place *out, struct err *err)
{
	struct repo_place place = { 0 };
	char *top = NULL;
	enum status st = fs_resolve(folder, a, &top, err);

	if (st != OK)
		return st;
	for (;;) {
		place.top = text_dup(a, top);
		if (place.top == NULL)
			return err_nomem(err, "a path");
		if ((place.git_dir = git_dir_of(top, a)) != NULL)
			break;
		if (is_git_dir(top, a)) {
			place.git_dir = place.top;
			place.top = NULL;
			break;
		}
		if (top[1] == '\0')
			return err_set(err, E_ABSENT, "'%s' is in no git repository", folder);
		parent(top);
	}
	if ((st = complete(&place, a, err)) == OK)
		*out = place;
	return st;
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	while (*text != '\0') {
		size_t m = strcspn(text, "\n");

		if (m == n && memcmp(text, line, n) == 0)
			return true;
		text += m + (text[m] == '\n');
	}
	return false;
}

enum status repo_exclude(const char *common, const char *pattern, struct err *err)
{
	struct arena *a = arena_new(EXCLUDE_MAX_SIZE * 2 + 8 * LINK_MAX_SIZE);
	const char *info = a == NULL ? NULL : fs_join(a, common, "info");
	const char *path = info == NULL ? NULL : fs_join(a, info, "exclude");
	struct lock *lock = NULL;
	char *text = NULL, *more;
	size_t n = 0;
	enum status st;

	if (path == NULL) {
		arena_free(a);
		return err_nomem(err, "a path");
	}
	if ((st = fs_make_folders(info, 0777, err)) != OK)
		goto out;
	st = lock_take(&lock, fs_join(a, common, "gadugi.lock"), LOCK_FOREVER, NULL, err);
	if (st != OK)
		goto out;
	st = fs_read(path, EXCLUDE_MAX_SIZE, a, &text, &n, err);
	if (st == E_ABSENT)
		text = arena_copy(a, "", 0);
	else if (st != OK)
		goto out;
	if (text == NULL || has_line(text, pattern)) {
		st = text == NULL ? err_nomem(err, "a file's content") : OK;
		goto out;
	}
	more = text_printf(a, "%s%s%s\n", text, n > 0 && text[n - 1] != '\n' ? "\n" : "", pattern);
	st = more == NULL ? err_nomem(err, "a file's content")
	                  : fs_write(path, more, strlen(more), 0666, err);
out:
	lock_free(lock);
	arena_free(a);
	return st;
}

bool repo_ref_name_ok(const char *ref)
{
	static const char *const not_in[] = { "..", "@{", "//", "/.", ".lock/" };
	size_t n = strlen(ref);

	if (n < 6 || n > 1000 || strncmp(ref, "refs/", 5) != 0 || ref[n - 1] == '/' ||
	    ref[n - 1] == '.' || text_utf8_valid(ref, n) != n)
		return false;
	if (n >= 5 && strcmp(ref + n - 5, ".lock") == 0)
		return false;
	for (size_t i = 0; i < sizeof not_in / sizeof *not_in; i++)
		if (strstr(ref, not_in[i]) != NULL)
			return false;
	for (const char *c = ref; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 127 || strchr("~^:?*[\\", *c) != NULL)
			return false;
	return true;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

char *repo_name_part(struct arena *a, const char *id, size_t most)
{
	size_t n = strlen(id), keep = n;
	char *out = arena_take(a, n + HASH_DIGITS + 2);
	bool changed = n == 0 || id[0] == '-'; /* a first `-` looks like an option */

	if (out == NULL)
		return NULL;
	if (most < PART_MIN)
		most = PART_MIN;
	for (size_t i = 0; i < n; i++) {
		out[i] = '-';
		if (is_plain(id[i]))
			out[i] = id[i];
		changed = changed || out[i] != id[i];
	}
	if (!changed && n <= most)
		return out;
	if (keep > most - HASH_DIGITS - 1)
		keep = most - HASH_DIGITS - 1;
	if (keep > 0 && out[0] == '-')
		out[0] = '_';
	(void)snprintf(out + keep, HASH_DIGITS + 2, "-%08x",
	               (unsigned)(text_hash(id, n) ^ text_hash(id, n) >> 32));
	if (keep == 0)
		out[0] = '_';
	return out;
}
