/*
 * submodule.c - what is committed in the submodules of a worktree. Their repositories lie in the
 * worktree's own data, COMMON/worktrees/NAME/modules, and go with it; so what is new in them is
 * brought into those of the main checkout, COMMON/modules, to refs of ours.
 */
#include <string.h>

#include "base/text.h"
#include "sys/folder.h"
#include "sys/fs.h"
#include "sys/repo/own.h"

#define DEPTH_MOST 16 /* of folders: names may have slashes, submodules their own */

struct modules {
	struct arena *a;
	bool keep; /* bring it over; else only look */
	bool lost; /* something is nowhere else */
};

struct module {
	struct repo *from, *to; /* to NULL: the main checkout has none */
	const char *from_dir, *to_dir;
};

static bool is_repository(const char *path, struct arena *a)
{
	const char *head = fs_join(a, path, "HEAD"), *objects = fs_join(a, path, "objects");

	return head != NULL && objects != NULL && fs_kind(head) == FS_FILE &&
	       fs_kind(objects) == FS_FOLDER;
}

/* Is the commit in what was fetched from elsewhere? */
static enum status is_fetched(struct modules *m, struct repo *r, const struct oid *tip, bool *out,
                              struct err *err)
{
	const char *const *refs = NULL;
	struct oid at;
	size_t n = 0;
	enum status st = repo_refs(r, "refs/remotes/", m->a, &refs, &n, err);

	*out = false;
	for (size_t i = 0; st == OK && i < n && !*out; i++)
		if (repo_ref_read(r, refs[i], &at, NULL) == OK)
			st = repo_descends(r, &at, tip, out, err);
	return st;
}

static enum status bring(struct modules *m, const struct module *module, const char *ref,
                         const struct oid *tip, struct err *err)
{
	const char *args[] = { "fetch",
		               "--quiet",
		               "--no-tags",
		               "--no-write-fetch-head",
		               "--recurse-submodules=no",
		               module->from_dir,
		               text_printf(m->a, "%s:refs/gadugi/submodule/%s", ref, tip->hex),
		               NULL };
	struct repo_cli cli = { .cwd = module->to_dir,
		                .args = args,
		                .setting = "protocol.file.allow=always" };
	struct proc_output out;

	return args[6] == NULL ? err_nomem(err, "a command") : repo_git(&cli, m->a, &out, err);
}

/* One commit that a branch or HEAD of a submodule stands for. */
static enum status look_at_tip(struct modules *m, const struct module *module, const char *ref,
                               const struct oid *tip, struct err *err)
{
	bool there = false;
	enum status st = is_fetched(m, module->from, tip, &there, err);

	if (st != OK || there)
		return st;
	if (module->to != NULL && repo_reachable(module->to, tip, NULL, &there, NULL) == OK &&
	    there)
		return OK;
	if (m->keep && module->to != NULL)
		return bring(m, module, ref, tip, err);
	m->lost = true;
	return OK;
}

static enum status look_at_tips(struct modules *m, const struct module *module, struct err *err)
{
	const char *const *refs = NULL;
	struct repo_head head;
	struct oid at;
	size_t n = 0;
	enum status st = repo_head(module->from, m->a, &head, err);

	if (st == OK && head.oid.hex[0] != '\0')
		st = look_at_tip(m, module, "HEAD", &head.oid, err);
	if (st == OK)
		st = repo_refs(module->from, "refs/heads/", m->a, &refs, &n, err);
	for (size_t i = 0; st == OK && i < n; i++)
		if ((st = repo_ref_read(module->from, refs[i], &at, err)) == OK)
			st = look_at_tip(m, module, refs[i], &at, err);
	return st;
}

static enum status look_at_module(struct modules *m, const char *from, const char *to,
                                  struct err *err)
{
	struct module module = { .from_dir = from, .to_dir = to };
	enum status st = repo_open(&module.from, from, err);

	if (st == OK && is_repository(to, m->a))
		st = repo_open(&module.to, to, err);
	if (st == OK)
		st = look_at_tips(m, &module, err);
	repo_free(module.from);
	repo_free(module.to);
	return st;
}

/* All repositories in from and below; what belongs to them has the same path in to. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MOST */
static enum status look_in(struct modules *m, const char *from, const char *to, int depth,
                           struct err *err)
{
	struct folder_entry *list = NULL;
	size_t n = 0;
	enum status st = folder_list(from, m->a, &list, &n, err);

	if (st == E_ABSENT)
		return OK;
	for (size_t i = 0; st == OK && i < n; i++) {
		const char *inner = fs_join(m->a, from, list[i].name);
		const char *other = fs_join(m->a, to, list[i].name);

		if (inner == NULL || other == NULL)
			return err_nomem(err, "a path");
		if (!list[i].is_folder || depth == DEPTH_MOST)
			continue;
		if (is_repository(inner, m->a)) {
			st = look_at_module(m, inner, other, err);
			inner = fs_join(m->a, inner, "modules");
			other = fs_join(m->a, other, "modules");
		}
		if (st == OK && inner != NULL && other != NULL)
			st = look_in(m, inner, other, depth + 1, err);
	}
	return st == OK && arena_failed(m->a) ? err_nomem(err, "a path") : st;
}

enum status repo_modules(struct repo *own, bool keep, struct arena *a, bool *lost, struct err *err)
{
	struct modules m = { .a = a, .keep = keep };
	const char *from = fs_join(a, own->place.git_dir, "modules");
	const char *to = fs_join(a, own->place.common, "modules");
	enum status st = OK;

	if (from == NULL || to == NULL)
		return err_nomem(err, "a path");
	if (fs_kind(from) == FS_FOLDER)
		st = look_in(&m, from, to, 0, err);
	*lost = m.lost;
	return st;
}
