/* look.c - what is not committed in a work tree, and what must stay as it was. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo/own.h"

#define STATUS_MAX  ((size_t)64 << 20) /* bytes of what git status says */
#define FILES_MAX   ((size_t)10000)    /* dirty files remembered */
#define DIFFERS_MAX 8                  /* differences put into words */

/* --- dirty --------------------------------------------------------------------------------- */

enum status repo_status(struct repo *r, git_status_list **out, struct err *err)
{
	git_status_options options;
	int rc = r->lib->status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);

	options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
	options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
	                GIT_STATUS_OPT_INCLUDE_IGNORED;
	if (rc == 0)
		rc = r->lib->status_list_new(out, r->git, &options);
	return rc == 0 ? OK
	               : git_fail(r->lib, rc, err, "cannot see the state of '%s'", r->place.top);
}

static const char *path_of(const git_status_entry *e)
{
	const git_diff_delta *d =
	    e->index_to_workdir != NULL ? e->index_to_workdir : e->head_to_index;

	return d->new_file.path != NULL ? d->new_file.path : d->old_file.path;
}

static const char *state_words(int state)
{
	switch (state) {
	case GIT_REPOSITORY_STATE_NONE:
		return NULL;
	case GIT_REPOSITORY_STATE_MERGE:
		return ".git/MERGE_HEAD";
	case GIT_REPOSITORY_STATE_REVERT:
	case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
		return ".git/REVERT_HEAD";
	case GIT_REPOSITORY_STATE_CHERRYPICK:
	case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
		return ".git/CHERRY_PICK_HEAD";
	case GIT_REPOSITORY_STATE_BISECT:
		return ".git/BISECT_LOG";
	default:
		return ".git/rebase";
	}
}

static void add_path(struct repo_dirt *d, struct arena *a, const char *path)
{
	if (d->n < d->most)
		d->paths[d->n] = text_dup(a, path);
	d->n++;
}

/* libgit2 takes what a sparse tree leaves out for deleted; git knows better. */
static enum status dirty_by_git(struct repo *r, struct repo_dirt *d, struct arena *a,
                                struct err *err)
{
	const char *args[] = { "status",   "--porcelain=v1",           "-z",
		               "-unormal", "--ignore-submodules=none", NULL };
	struct repo_cli cli = { .cwd = r->place.top, .args = args, .max = STATUS_MAX };
	struct proc_output out;
	enum status st = repo_git(&cli, a, &out, err);
	const char *at = out.out;

	while (st == OK && at < out.out + out.out_size) {
		bool renamed = at[0] == 'R' || at[0] == 'C';

		if (strlen(at) < 4)
			break;
		add_path(d, a, at + 3);
		at += strlen(at) + 1;
		if (renamed)
			at += strlen(at) + 1;
	}
	return st;
}

/*
 * libgit2 calls a repository inside the work tree ignored, though no rule says so; its work would
 * be lost with the tree.
 */
bool repo_is_nested(struct repo *r, const char *path, struct arena *a)
{
	const char *full = fs_join(a, r->place.top, path);
	const char *git = full == NULL ? NULL : fs_join(a, full, ".git");
	int ignored = 1;

	return git != NULL && fs_kind(git) != FS_NOTHING &&
	       r->lib->ignore_path_is_ignored(&ignored, r->git, path) == 0 && ignored == 0;
}

static enum status dirty_by_lib(struct repo *r, struct repo_dirt *d, struct arena *a,
                                struct err *err)
{
	git_status_list *list = NULL;
	enum status st = repo_status(r, &list, err);

	if (st != OK)
		return st;
	for (size_t i = 0; i < r->lib->status_list_entrycount(list); i++) {
		const git_status_entry *e = r->lib->status_byindex(list, i);

		if ((e->status & GIT_STATUS_IGNORED) == 0 || repo_is_nested(r, path_of(e), a))
			add_path(d, a, path_of(e));
		else
			d->ignored = true;
	}
	r->lib->status_list_free(list);
	return OK;
}

enum status repo_look_for_dirt(struct repo *r, struct arena *a, struct repo_dirt *out,
                               struct err *err)
{
	const char *state;
	enum status st;

	if (r->place.top == NULL)
		return err_set(err, E_INPUT, "'%s' is bare: it has no work tree", r->place.git_dir);
	out->n = 0;
	out->ignored = r->sparse; /* then it is not looked for */
	if ((out->paths = arena_take(a, (out->most + 1) * sizeof *out->paths)) == NULL)
		return err_nomem(err, "a list of files");
	if ((state = state_words(r->lib->repository_state(r->git))) != NULL)
		add_path(out, a, state);
	st = r->sparse ? dirty_by_git(r, out, a, err) : dirty_by_lib(r, out, a, err);
	if (st == OK && arena_failed(a))
		st = err_nomem(err, "a list of files");
	return st;
}

enum status repo_dirty(struct repo *r, struct arena *a, size_t most, const char *const **paths,
                       size_t *n, struct err *err)
{
	struct repo_dirt dirt = { .most = most };
	enum status st = repo_look_for_dirt(r, a, &dirt, err);

	if (st == OK) {
		*paths = dirt.paths;
		*n = dirt.n;
	}
	return st;
}

enum status repo_tracks(struct repo *r, const char *path, bool *out, struct err *err)
{
	git_index *index = NULL;
	int rc = r->lib->repository_index(&index, r->git);

	if (rc == 0)
		rc = r->lib->index_read(index, 1);
	if (rc != 0) {
		r->lib->index_free(index);
		return git_fail(r->lib, rc, err, "cannot read the index of '%s'", r->place.git_dir);
	}
	*out = r->lib->index_get_bypath(index, path, 0) != NULL;
	r->lib->index_free(index);
	return OK;
}

/* --- what must stay ------------------------------------------------------------------------ */

struct mark { /* a ref and where it points, or a file and what it looks like */
	const char *name;
	char value[41];
};

struct marks {
	struct mark *list;
	size_t n, size;
};

struct repo_state {
	const char *head;
	uint64_t index;
	struct marks refs, files;
};

static enum status add_mark(struct marks *m, struct arena *a, const char *name, const char *value,
                            struct err *err)
{
	if (m->n == m->size) {
		size_t size = m->size == 0 ? 32 : 2 * m->size;
		struct mark *more = arena_take(a, size * sizeof *more);

		if (more == NULL)
			return err_nomem(err, "the state of a repository");
		if (m->n > 0)
			memcpy(more, m->list, m->n * sizeof *more);
		m->list = more;
		m->size = size;
	}
	if ((m->list[m->n].name = text_dup(a, name)) == NULL)
		return err_nomem(err, "the state of a repository");
	(void)snprintf(m->list[m->n].value, sizeof m->list[m->n].value, "%s", value);
	m->n++;
	return OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct mark *)a)->name, ((const struct mark *)b)->name);
}

static bool is_ours(const char *ref)
{
	return strncmp(ref, "refs/gadugi/", 12) == 0 ||
	       strncmp(ref, "refs/heads/gadugi/", 18) == 0 ||
	       strncmp(ref, "refs/tags/gadugi/", 17) == 0;
}

static enum status take_refs(struct repo *r, struct arena *a, struct marks *m, struct err *err)
{
	git_reference_iterator *it = NULL;
	git_reference *ref = NULL;
	enum status st = OK;
	int rc = r->lib->reference_iterator_new(&it, r->git);

	while (rc == 0 && st == OK && (rc = r->lib->reference_next(&ref, it)) == 0) {
		const char *name = r->lib->reference_name(ref);
		const git_oid *id = r->lib->reference_target(ref);
		struct oid oid = { "" };

		if (id != NULL)
			oid_out(r, &oid, id);
		else /* a symbolic one: its target's name says where it points */
			(void)snprintf(oid.hex, sizeof oid.hex, "%s",
			               r->lib->reference_symbolic_target(ref));
		if (!is_ours(name))
			st = add_mark(m, a, name, oid.hex, err);
		r->lib->reference_free(ref);
	}
	r->lib->reference_iterator_free(it);
	if (st == OK && rc != GIT_ITEROVER)
		return git_fail(r->lib, rc, err, "cannot list the refs");
	if (m->n > 0)
		qsort(m->list, m->n, sizeof *m->list, by_name);
	return st;
}

/* Of what is staged, not of when files were last looked at. */
static enum status take_index(struct repo *r, uint64_t *out, struct err *err)
{
	git_index *index = NULL;
	uint64_t hash = 0;
	int rc = r->lib->repository_index(&index, r->git);

	if (rc == 0)
		rc = r->lib->index_read(index, 0);
	for (size_t i = 0; rc == 0 && i < r->lib->index_entrycount(index); i++) {
		const git_index_entry *e = r->lib->index_get_byindex(index, i);
		uint64_t part = text_hash((const char *)e->id.id, GIT_OID_RAWSZ);

		part ^= e->mode + ((uint64_t)(e->flags & GIT_INDEX_ENTRY_STAGEMASK) << 32);
		hash = (hash ^ part) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= text_hash(e->path, strlen(e->path));
	}
	r->lib->index_free(index);
	*out = hash;
	return rc == 0 ? OK : git_fail(r->lib, rc, err, "cannot read the index");
}

/* Size, time and kind of each file that differs from HEAD: a change to one shows. */
static enum status take_files(struct repo *r, struct arena *a, struct marks *m, struct err *err)
{
	const char *const *paths = NULL;
	size_t n = 0;
	enum status st = repo_dirty(r, a, FILES_MAX, &paths, &n, err);

	for (size_t i = 0; i < n && i < FILES_MAX && st == OK; i++) {
		const char *path = fs_join(a, r->place.top, paths[i]);
		char value[41] = "gone";
		struct stat info;

		if (path == NULL)
			return err_nomem(err, "the state of a repository");
		if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
			(void)snprintf(value, sizeof value, "folder");
		else if (lstat(path, &info) == 0)
			(void)snprintf(value, sizeof value, "%llx %llx %x",
			               (unsigned long long)info.st_size,
			               (unsigned long long)info.st_mtim.tv_sec * 1000000000U +
			                   (unsigned long long)info.st_mtim.tv_nsec,
			               info.st_mode);
		st = add_mark(m, a, paths[i], value, err);
	}
	if (st == OK && m->n > 0)
		qsort(m->list, m->n, sizeof *m->list, by_name);
	return st;
}

enum status repo_state_take(struct repo *r, bool files, struct arena *a, struct repo_state **out,
                            struct err *err)
{
	struct repo_state *s = arena_take(a, sizeof *s);
	const char *path = fs_join(a, r->place.git_dir, "HEAD");
	char *head = NULL;
	size_t n = 0;
	enum status st;

	if (s == NULL || path == NULL)
		return err_nomem(err, "the state of a repository");
	if ((st = fs_read(path, FS_PATH_MAX, a, &head, &n, err)) != OK)
		return st;
	head[strcspn(head, "\r\n")] = '\0';
	s->head = head;
	if ((st = take_refs(r, a, &s->refs, err)) != OK)
		return st;
	if (r->place.top != NULL && (st = take_index(r, &s->index, err)) != OK)
		return st;
	if (files && r->place.top != NULL && (st = take_files(r, a, &s->files, err)) != OK)
		return st;
	*out = s;
	return OK;
}

/* --- the difference in words --------------------------------------------------------------- */

struct words {
	struct text text;
	size_t n;
};

/* Room for one more difference? Puts the separator. */
static bool next(struct words *w)
{
	if (w->n++ >= DIFFERS_MAX)
		return false;
	text_add(&w->text, w->n > 1 ? "; " : "");
	return true;
}

static const char *what(const char *ref)
{
	if (strncmp(ref, "refs/heads/", 11) == 0)
		return "branch";
	if (strcmp(ref, "refs/stash") == 0)
		return "the stash";
	return strncmp(ref, "refs/tags/", 10) == 0 ? "tag" : "ref";
}

static void ref_differs(struct words *w, const struct mark *b, const struct mark *a)
{
	if (!next(w))
		return;
	if (b != NULL && a != NULL)
		text_addf(&w->text, "%s '%s' moved from %.12s to %.12s", what(b->name), b->name,
		          b->value, a->value);
	else if (b != NULL)
		text_addf(&w->text, "%s '%s' was deleted, it was at %.12s", what(b->name), b->name,
		          b->value);
	else if (a != NULL)
		text_addf(&w->text, "%s '%s' was made at %.12s", what(a->name), a->name, a->value);
}

static void file_differs(struct words *w, const struct mark *b, const struct mark *a)
{
	if (!next(w))
		return;
	if (b != NULL)
		text_addf(&w->text, "'%s' was %s", b->name,
		          a == NULL ? "set back or committed" : "changed again");
	else if (a != NULL)
		text_addf(&w->text, "'%s' was touched", a->name);
}

/* Go through both lists, sorted by name, side by side. */
static void compare(struct words *w, const struct marks *before, const struct marks *after,
                    void (*differs)(struct words *w, const struct mark *b, const struct mark *a))
{
	size_t i = 0, j = 0;

	while (i < before->n || j < after->n) {
		const struct mark *b = i < before->n ? &before->list[i] : NULL;
		const struct mark *a = j < after->n ? &after->list[j] : NULL;
		int order = b == NULL ? 1 : a == NULL ? -1 : strcmp(b->name, a->name);

		if (order < 0)
			differs(w, b, NULL);
		else if (order > 0)
			differs(w, NULL, a);
		else if (strcmp(b->value, a->value) != 0)
			differs(w, b, a);
		i += order <= 0;
		j += order >= 0;
	}
}

const char *repo_state_differs(const struct repo_state *before, const struct repo_state *after,
                               struct arena *a)
{
	struct words w = { .n = 0 };
	const char *out = NULL;

	text_init(&w.text, (size_t)64 << 10);
	if (strcmp(before->head, after->head) != 0 && next(&w))
		text_addf(&w.text, "HEAD changed from '%s' to '%s'", before->head, after->head);
	if (before->index != after->index && next(&w))
		text_add(&w.text, "the index changed");
	compare(&w, &before->refs, &after->refs, ref_differs);
	compare(&w, &before->files, &after->files, file_differs);
	if (w.n > DIFFERS_MAX)
		text_addf(&w.text, "; and %zu more", w.n - DIFFERS_MAX);
	if (w.n > 0)
		out = text_copy(&w.text, a);
	text_done(&w.text);
	return out;
}
