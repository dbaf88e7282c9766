/* log.c - the commits before one, and the files of a tree. */
#include "sys/repo_log.h"

#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "sys/repo/own.h"

#define FILES_ROOM ((size_t)1000) /* files_max beyond this is this */
#define PATHS_ROOM ((size_t)16 << 20)

struct walk {
	struct repo *r;
	const struct repo_log *log;
	struct arena *a; /* for the paths of one commit */
	const char **files;
	size_t n_files, files_max;
	bool over; /* there are more */
};

/*
 * libgit2's own comparison looks into folders that are the same on both sides; where a history
 * has large ones that is a hundred times the work. This one goes only where ids differ.
 */
static int compare(struct walk *w, const char *folder, const git_tree *before,
                   const git_tree *after, size_t depth);

/* Git's order of names in a tree: a folder's as if it ended in a slash. */
static int entry_order(const struct git *lib, const git_tree_entry *a, const git_tree_entry *b)
{
	const char *x = lib->tree_entry_name(a), *y = lib->tree_entry_name(b);
	size_t n = strlen(x) < strlen(y) ? strlen(x) : strlen(y);
	int order = memcmp(x, y, n);
	unsigned char p = (unsigned char)x[n], q = (unsigned char)y[n];

	if (order != 0)
		return order;
	if (p == '\0' && lib->tree_entry_type(a) == GIT_OBJECT_TREE)
		p = '/';
	if (q == '\0' && lib->tree_entry_type(b) == GIT_OBJECT_TREE)
		q = '/';
	return p < q ? -1 : p > q;
}

static void file_add(struct walk *w, const char *folder, const char *name)
{
	if (w->n_files == w->files_max)
		w->over = true;
	else
		w->files[w->n_files++] = text_printf(w->a, "%s%s", folder, name);
}

/* What became of an entry: before NULL: it is new. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than REPO_DEPTH_MAX */
static int changed(struct walk *w, const char *folder, const git_tree_entry *before,
                   const git_tree_entry *after, size_t depth)
{
	const struct git *lib = w->r->lib;
	git_tree *old = NULL, *new = NULL;
	const char *below;
	int rc;

	if (lib->tree_entry_type(after) == GIT_OBJECT_BLOB)
		file_add(w, folder, lib->tree_entry_name(after));
	if (lib->tree_entry_type(after) != GIT_OBJECT_TREE || depth == REPO_DEPTH_MAX)
		return 0;
	rc = lib->tree_lookup(&new, w->r->git, lib->tree_entry_id(after));
	if (rc == 0 && before != NULL && lib->tree_entry_type(before) == GIT_OBJECT_TREE)
		rc = lib->tree_lookup(&old, w->r->git, lib->tree_entry_id(before));
	below = text_printf(w->a, "%s%s/", folder, lib->tree_entry_name(after));
	if (rc == 0 && below != NULL)
		rc = compare(w, below, old, new, depth + 1);
	lib->tree_free(old);
	lib->tree_free(new);
	return rc;
}

static bool same(const struct git *lib, const git_tree_entry *a, const git_tree_entry *b)
{
	return lib->oid_cmp(lib->tree_entry_id(a), lib->tree_entry_id(b)) == 0 &&
	       lib->tree_entry_filemode(a) == lib->tree_entry_filemode(b);
}

/* Files that are in `after` and are not the same in `before` (NULL: is empty). */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than REPO_DEPTH_MAX */
static int compare(struct walk *w, const char *folder, const git_tree *before,
                   const git_tree *after, size_t depth)
{
	const struct git *lib = w->r->lib;
	size_t n = before == NULL ? 0 : lib->tree_entrycount(before), at = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && !w->over && i < lib->tree_entrycount(after); i++) {
		const git_tree_entry *new = lib->tree_entry_byindex(after, i), *old = NULL;
		int order = 1;

		while (at < n &&
		       (order = entry_order(lib, lib->tree_entry_byindex(before, at), new)) < 0)
			at++;
		if (at < n && order == 0)
			old = lib->tree_entry_byindex(before, at++);
		if (old == NULL || !same(lib, old, new))
			rc = changed(w, folder, old, new, depth);
	}
	return rc;
}

/* The files of a commit against its first parent, or against nothing. */
static int files_of(struct walk *w, git_commit *c)
{
	const struct git *lib = w->r->lib;
	git_commit *parent = NULL;
	git_tree *before = NULL, *after = NULL;
	int rc = lib->commit_tree(&after, c);

	w->n_files = 0;
	w->over = false;
	if (rc == 0 && lib->commit_parentcount(c) > 0) {
		rc = lib->commit_lookup(&parent, w->r->git, lib->commit_parent_id(c, 0));
		if (rc == 0)
			rc = lib->commit_tree(&before, parent);
	}
	if (rc == 0)
		rc = compare(w, "", before, after, 0);
	lib->tree_free(before);
	lib->tree_free(after);
	lib->commit_free(parent);
	return rc;
}

/* A commit whose trees are not here (a shallow or partial clone) comes without files. */
static enum status take(struct walk *w, git_commit *c, const git_oid *id, bool *enough,
                        struct err *err)
{
	const struct git *lib = w->r->lib;
	struct repo_logged logged = { .message = lib->commit_message(c) };
	enum status st;

	if ((w->a = arena_new(PATHS_ROOM)) == NULL ||
	    (w->files = arena_take(w->a, (w->files_max + 1) * sizeof *w->files)) == NULL) {
		arena_free(w->a);
		return err_nomem(err, "the history");
	}
	oid_out(w->r, &logged.oid, id);
	logged.at_ms = (int64_t)lib->commit_time(c) * 1000;
	if (logged.message == NULL)
		logged.message = "";
	if (files_of(w, c) == 0 && !w->over && !arena_failed(w->a)) {
		logged.files = w->files;
		logged.n_files = w->n_files;
	}
	st = w->log->take(w->log->arg, &logged, enough, err);
	arena_free(w->a);
	return st;
}

static enum status each(struct walk *w, git_revwalk *walk, struct err *err)
{
	const struct git *lib = w->r->lib;
	bool enough = false;
	struct oid oid;
	git_oid id;
	int rc = 0;
	enum status st = OK;

	while (st == OK && !enough && (rc = lib->revwalk_next(&id, walk)) == 0) {
		git_commit *c = NULL;

		if (w->log->stop != NULL && *w->log->stop)
			return err_set(err, E_STOP, "reading the history was stopped");
		oid_out(w->r, &oid, &id);
		if (w->log->known != NULL && w->log->known(w->log->arg, &oid))
			continue;
		if ((rc = lib->commit_lookup(&c, w->r->git, &id)) != 0)
			break;
		if (lib->commit_parentcount(c) < 2)
			st = take(w, c, &id, &enough, err);
		lib->commit_free(c);
	}
	/* where a shallow clone ends, the walk ends */
	if (rc != 0 && rc != GIT_ITEROVER && rc != GIT_ENOTFOUND)
		return git_fail(lib, rc, err, "cannot walk the history");
	return st;
}

enum status repo_log(struct repo *r, const struct repo_log *log, struct err *err)
{
	struct walk w = { .r = r,
		          .log = log,
		          .files_max = log->files_max > FILES_ROOM ? FILES_ROOM : log->files_max };
	git_revwalk *walk = NULL;
	git_oid id;
	enum status st;
	int rc;

	if ((st = oid_in(r, &id, &log->from, err)) != OK)
		goto out;
	if ((rc = r->lib->revwalk_new(&walk, r->git)) == 0)
		rc = r->lib->revwalk_sorting(walk, GIT_SORT_TIME);
	if (rc == 0)
		rc = r->lib->revwalk_push(walk, &id);
	if (rc == 0 && log->hide.hex[0] != '\0') {
		if ((st = oid_in(r, &id, &log->hide, err)) != OK)
			goto out;
		rc = r->lib->revwalk_hide(walk, &id);
	}
	st = rc == 0 ? each(&w, walk, err)
	             : git_fail(r->lib, rc, err, "cannot walk the history of %s", log->from.hex);
out:
	r->lib->revwalk_free(walk);
	return st;
}

/* --- files of a tree ----------------------------------------------------------------------- */

struct listing {
	struct repo *r;
	struct arena *a;
	const char **at;
	size_t n, room, most;
};

static int list_file(const char *folder, const git_tree_entry *e, void *arg)
{
	struct listing *l = arg;
	const char **at;

	if (l->r->lib->tree_entry_type(e) != GIT_OBJECT_BLOB)
		return 0;
	if (l->n == l->most)
		return GIT_EUSER;
	if ((at = list_room(l->a, l->at, l->n, &l->room, sizeof *at)) == NULL)
		return GIT_EUSER;
	l->at = at;
	at[l->n++] = text_printf(l->a, "%s%s", folder, l->r->lib->tree_entry_name(e));
	return arena_failed(l->a) ? GIT_EUSER : 0;
}

enum status repo_files(struct repo *r, const struct oid *commit, struct repo_paths *paths,
                       struct arena *a, struct err *err)
{
	struct listing l = { .r = r, .a = a, .most = paths->most };
	git_tree *tree = NULL;
	enum status st = repo_get_tree(r, &tree, commit, err);
	int rc;

	if (st != OK)
		return st;
	rc = r->lib->tree_walk(tree, GIT_TREEWALK_PRE, list_file, &l);
	r->lib->tree_free(tree);
	if (arena_failed(a))
		return err_nomem(err, "the names of files");
	if (rc != 0 && l.n < paths->most)
		return git_fail(r->lib, rc, err, "cannot read the tree of %s", commit->hex);
	paths->at = l.at;
	paths->n = l.n;
	return OK;
}
