/* stub_walk.c - all source files in a folder, looked through for what is not written. */
#include <string.h>

#include "base/text.h"
#include "domain/recipe/stub.h"
#include "sys/folder.h"
#include "sys/fs.h"

#define DEPTH_MAX 32

/* Folders with what others wrote or a build made. */
static bool is_passed_over(const char *name)
{
	static const char *const names[] = { "node_modules", "vendor",      "third_party",
		                             "build",        "dist",        "target",
		                             "venv",         "__pycache__", "site-packages" };

	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

struct walk {
	const char *root;
	struct arena *a;
	struct stubs *out;
};

static enum status one_file(const struct walk *w, const char *path, struct err *err)
{
	const char *whole = text_printf(w->a, "%s/%s", w->root, path);
	struct fs_bytes file;
	struct err why;

	if (whole == NULL)
		return err_nomem(err, "a path");
	if (stub_language_of(path) == STUB_NONE ||
	    fs_read_under(w->root, whole, STUB_BYTES_MAX, w->a, &file, &why) != OK)
		return arena_failed(w->a) ? err_nomem(err, "a file") : OK;
	return stub_scan(path, file.bytes, file.size, w->a, w->out) ? OK : err_nomem(err, "a file");
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX */
static enum status folder(const struct walk *w, const char *path, size_t depth, struct err *err)
{
	const char *whole = text_printf(w->a, "%s/%s", w->root, path);
	struct folder_entry *entries = NULL;
	size_t n = 0;
	enum status st;

	if (whole == NULL)
		return err_nomem(err, "a path");
	if ((st = folder_list(whole, w->a, &entries, &n, err)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < n; i++) {
		const char *below = text_printf(w->a, "%s/%s", path, entries[i].name);

		if (below == NULL)
			return err_nomem(err, "a path");
		if (!entries[i].is_folder)
			st = one_file(w, below, err);
		else if (depth < DEPTH_MAX && !is_passed_over(entries[i].name))
			st = folder(w, below, depth + 1, err);
	}
	return st;
}

enum status stub_walk(const char *root, const char *path, struct arena *a, struct stubs *out,
                      struct err *err)
{
	const struct walk w = { root, a, out };
	struct err inner = { 0 };
	char *whole = NULL;
	enum status st = fs_inside(root, path, a, &whole, &inner);

	if (st == E_NOMEM)
		return err_nomem(err, "a path");
	if (st != OK)
		return OK; /* not there, or not ours to look at */
	if (fs_kind(whole) == FS_FILE)
		return one_file(&w, path, err);
	return fs_kind(whole) == FS_FOLDER ? folder(&w, path, 0, err) : OK;
}
