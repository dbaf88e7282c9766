/*
 * merge.c - merges in memory. Most merges of parallel tasks touch different files, so trees are
 * first merged by their entries, going down only into folders that both sides changed: the
 * cost follows what changed, not the size of the repository. Whatever is not plain that way
 * (a file changed, moved or removed on both sides, several merge bases) is done by libgit2, whole.
 */
#include <string.h>

#include "base/text.h"
#include "sys/repo/own.h"
#include "sys/repo_merge.h"

#define CONFLICTS_MAX ((size_t)10000)

enum plain { PLAIN_YES, PLAIN_NO, PLAIN_FAILED };

struct entry {
	git_oid id;
	git_filemode_t mode; /* GIT_FILEMODE_UNREADABLE: there is none */
};

static struct entry entry_of(struct repo *r, const git_tree *tree, const char *name)
{
	const git_tree_entry *e = tree == NULL ? NULL : r->lib->tree_entry_byname(tree, name);
	struct entry out = { .mode = GIT_FILEMODE_UNREADABLE };

	if (e != NULL) {
		(void)r->lib->oid_cpy(&out.id, r->lib->tree_entry_id(e));
		out.mode = r->lib->tree_entry_filemode(e);
	}
	return out;
}

static bool same(struct repo *r, const struct entry *a, const struct entry *b)
{
	if (a->mode == GIT_FILEMODE_UNREADABLE || b->mode == GIT_FILEMODE_UNREADABLE)
		return a->mode == b->mode;
	return a->mode == b->mode && r->lib->oid_cmp(&a->id, &b->id) == 0;
}

static bool is_tree_or_none(const struct entry *e)
{
	return e->mode == GIT_FILEMODE_TREE || e->mode == GIT_FILEMODE_UNREADABLE;
}

static int lookup(struct repo *r, const struct entry *e, git_tree **out)
{
	return e->mode == GIT_FILEMODE_TREE ? r->lib->tree_lookup(out, r->git, &e->id) : 0;
}

static enum plain merge_trees(struct repo *r, const struct entry *base, const struct entry *ours,
                              const struct entry *theirs, int depth, struct entry *out);

/* One name that theirs changed against base: into the builder, which began as ours. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than REPO_DEPTH_MAX */
static enum plain merge_name(struct repo *r, git_treebuilder *builder, git_tree *const trees[3],
                             const char *name, int depth)
{
	struct entry b = entry_of(r, trees[0], name), o = entry_of(r, trees[1], name),
		     t = entry_of(r, trees[2], name), made = t;
	enum plain plain = PLAIN_YES;
	int rc;

	if (same(r, &b, &t))
		return PLAIN_YES;
	if (same(r, &o, &t)) /* gone on both sides: one may have moved it, and the other not */
		return o.mode == GIT_FILEMODE_UNREADABLE ? PLAIN_NO : PLAIN_YES;
	if (!same(r, &o, &b)) {
		if (!is_tree_or_none(&b) || !is_tree_or_none(&o) || !is_tree_or_none(&t))
			return PLAIN_NO;
		plain = merge_trees(r, &b, &o, &t, depth + 1, &made);
	}
	if (plain != PLAIN_YES)
		return plain;
	if (made.mode != GIT_FILEMODE_UNREADABLE)
		rc = r->lib->treebuilder_insert(NULL, builder, name, &made.id, made.mode);
	else
		rc = o.mode == GIT_FILEMODE_UNREADABLE ? 0
		                                       : r->lib->treebuilder_remove(builder, name);
	return rc == 0 ? PLAIN_YES : PLAIN_FAILED;
}

/* All names of `tree`; those that are in `but` as well are skipped. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than REPO_DEPTH_MAX */
static enum plain merge_names(struct repo *r, git_treebuilder *builder, git_tree *const trees[3],
                              const git_tree *tree, const git_tree *but, int depth)
{
	enum plain plain = PLAIN_YES;

	for (size_t i = 0; tree != NULL && plain == PLAIN_YES && i < r->lib->tree_entrycount(tree);
	     i++) {
		const char *name = r->lib->tree_entry_name(r->lib->tree_entry_byindex(tree, i));

		if (but == NULL || r->lib->tree_entry_byname(but, name) == NULL)
			plain = merge_name(r, builder, trees, name, depth);
	}
	return plain;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than REPO_DEPTH_MAX */
static enum plain merge_trees(struct repo *r, const struct entry *base, const struct entry *ours,
                              const struct entry *theirs, int depth, struct entry *out)
{
	git_tree *trees[3] = { NULL, NULL, NULL };
	git_treebuilder *builder = NULL;
	enum plain plain = PLAIN_FAILED;

	*out = (struct entry){ .mode = GIT_FILEMODE_UNREADABLE };
	if (depth > REPO_DEPTH_MAX)
		return PLAIN_NO;
	if (lookup(r, base, &trees[0]) != 0 || lookup(r, ours, &trees[1]) != 0 ||
	    lookup(r, theirs, &trees[2]) != 0 ||
	    r->lib->treebuilder_new(&builder, r->git, trees[1]) != 0)
		goto out;
	plain = merge_names(r, builder, trees, trees[2], NULL, depth);
	if (plain == PLAIN_YES)
		plain = merge_names(r, builder, trees, trees[0], trees[2], depth);
	if (plain != PLAIN_YES)
		goto out;
	if (r->lib->treebuilder_entrycount(builder) == 0 && depth > 0)
		goto out; /* an empty folder is none */
	out->mode = GIT_FILEMODE_TREE;
	if (r->lib->treebuilder_write(&out->id, builder) != 0)
		plain = PLAIN_FAILED;
out:
	r->lib->treebuilder_free(builder);
	for (int i = 0; i < 3; i++)
		r->lib->tree_free(trees[i]);
	return plain;
}

/* --- with libgit2 -------------------------------------------------------------------------- */

static const char *conflict_words(const git_index_entry *base, const git_index_entry *ours,
                                  const git_index_entry *theirs)
{
	if (ours == NULL && theirs == NULL)
		return "moved on both sides";
	if (ours == NULL)
		return base == NULL ? "added by them" : "deleted by us, changed by them";
	if (theirs == NULL)
		return base == NULL ? "added by us" : "changed by us, deleted by them";
	return base == NULL ? "both added" : "both changed";
}

static enum status list_conflicts(struct repo *r, git_index *index, struct arena *a,
                                  struct repo_merge *out, struct err *err)
{
	git_index_conflict_iterator *it = NULL;
	const git_index_entry *base, *ours, *theirs;
	struct repo_conflict *list = NULL;
	size_t n = 0, size = 0;
	int rc = r->lib->index_conflict_iterator_new(&it, index);

	while (rc == 0 && n < CONFLICTS_MAX &&
	       (rc = r->lib->index_conflict_next(&base, &ours, &theirs, it)) == 0) {
		const git_index_entry *any = ours != NULL ? ours : theirs != NULL ? theirs : base;

		if (n == size) {
			struct repo_conflict *more;

			size = 2 * size + 16;
			if ((more = arena_take(a, size * sizeof *more)) == NULL)
				break;
			if (n > 0)
				memcpy(more, list, n * sizeof *more);
			list = more;
		}
		list[n].path = text_dup(a, any->path);
		list[n++].words = conflict_words(base, ours, theirs);
	}
	r->lib->index_conflict_iterator_free(it);
	if (arena_failed(a))
		return err_nomem(err, "a list of conflicts");
	if (rc != 0 && rc != GIT_ITEROVER)
		return git_fail(r->lib, rc, err, "cannot list the conflicts");
	out->conflicts = list;
	out->n = n;
	return OK;
}

/* Where the two part; none when they have nothing in common. */
static enum status find_bases(struct repo *r, git_commit *const pair[2], struct repo_bases *out,
                              struct err *err)
{
	const git_oid *one = r->lib->object_id((git_object *)pair[0]);
	const git_oid *other = r->lib->object_id((git_object *)pair[1]);
	git_oidarray found = { NULL, 0 };
	struct oid names[2];
	int rc;

	oid_out(r, &names[0], one);
	oid_out(r, &names[1], other);
	if (r->shallow)
		return repo_shallow_bases(r, &names[0], &names[1], out, err);
	rc = r->lib->merge_bases(&found, r->git, one, other);
	if (rc != 0 && rc != GIT_ENOTFOUND)
		return git_fail(r->lib, rc, err, "cannot find where %s and %s part", names[0].hex,
		                names[1].hex);
	for (out->n = 0; out->n < found.count && out->n < REPO_BASES_MOST; out->n++)
		(void)r->lib->oid_cpy(&out->ids[out->n], &found.ids[out->n]);
	r->lib->oidarray_dispose(&found);
	return OK;
}

/* As merge_commits, which would look for the base itself. */
static int merge_shallow(struct repo *r, git_commit *const pair[2], const struct repo_bases *bases,
                         const git_merge_options *options, git_index **index)
{
	git_tree *trees[3] = { NULL, NULL, NULL };
	git_commit *base = NULL;
	int rc = bases->n == 0 ? 0 : r->lib->commit_lookup(&base, r->git, &bases->ids[0]);

	if (rc == 0 && base != NULL)
		rc = r->lib->commit_tree(&trees[0], base);
	if (rc == 0)
		rc = r->lib->commit_tree(&trees[1], pair[0]);
	if (rc == 0)
		rc = r->lib->commit_tree(&trees[2], pair[1]);
	if (rc == 0)
		rc = r->lib->merge_trees(index, r->git, trees[0], trees[1], trees[2], options);
	for (int i = 0; i < 3; i++)
		r->lib->tree_free(trees[i]);
	r->lib->commit_free(base);
	return rc;
}

static enum status merge_by_lib(struct repo *r, git_commit *const pair[2], git_index **index,
                                struct err *err)
{
	struct repo_bases bases = { .n = 0 };
	git_merge_options options;
	int rc = r->lib->merge_options_init(&options, GIT_MERGE_OPTIONS_VERSION);
	enum status st = r->shallow ? find_bases(r, pair, &bases, err) : OK;

	if (st != OK)
		return st;
	if (rc == 0)
		rc = r->shallow ? merge_shallow(r, pair, &bases, &options, index)
		                : r->lib->merge_commits(index, r->git, pair[0], pair[1], &options);
	return rc == 0 ? OK : git_fail(r->lib, rc, err, "cannot merge");
}

/* The merged tree into out->tree, or the conflicts. */
static enum status merge_whole(struct repo *r, git_commit *const pair[2], struct arena *a,
                               struct repo_merge *out, struct err *err)
{
	git_index *index = NULL;
	git_oid id;
	enum status st = merge_by_lib(r, pair, &index, err);
	int rc;

	if (st != OK)
		return st;
	out->kind = REPO_MERGED;
	if (r->lib->index_has_conflicts(index)) {
		out->kind = REPO_CONFLICTS;
		st = list_conflicts(r, index, a, out, err);
	} else if ((rc = r->lib->index_write_tree_to(&id, index, r->git)) != 0) {
		st = git_fail(r->lib, rc, err, "cannot write the merged tree");
	} else {
		oid_out(r, &out->tree, &id);
	}
	r->lib->index_free(index);
	return st;
}

static struct entry tree_entry(struct repo *r, git_commit *c)
{
	struct entry e = { .mode = GIT_FILEMODE_TREE };

	(void)r->lib->oid_cpy(&e.id, r->lib->commit_tree_id(c));
	return e;
}

static enum status merge_trees_of(struct repo *r, const struct repo_bases *bases,
                                  git_commit *const pair[2], struct arena *a,
                                  struct repo_merge *out, struct err *err)
{
	git_commit *base = NULL;
	struct entry made, b, o = tree_entry(r, pair[0]), t = tree_entry(r, pair[1]);
	enum plain plain;

	if (bases->n != 1 || r->lib->commit_lookup(&base, r->git, &bases->ids[0]) != 0)
		return merge_whole(r, pair, a, out, err);
	b = tree_entry(r, base);
	plain = merge_trees(r, &b, &o, &t, 0, &made);
	r->lib->commit_free(base);
	if (plain != PLAIN_YES)
		return merge_whole(r, pair, a, out, err);
	out->kind = REPO_MERGED;
	oid_out(r, &out->tree, &made.id);
	return OK;
}

/* --- public -------------------------------------------------------------------------------- */

static enum status lookup_pair(struct repo *r, const struct repo_merge_spec *spec,
                               git_commit *pair[2], struct err *err)
{
	enum status st = repo_get_commit(r, &pair[0], &spec->onto, err);

	return st != OK ? st : repo_get_commit(r, &pair[1], &spec->from, err);
}

static void free_pair(struct repo *r, git_commit *pair[2])
{
	r->lib->commit_free(pair[0]);
	r->lib->commit_free(pair[1]);
}

/* Is it nothing, or a fast-forward? Fills out as far as that goes. */
static void merge_simple(struct repo *r, git_commit *const pair[2], const struct repo_bases *bases,
                         struct repo_merge *out)
{
	const git_oid *onto = r->lib->object_id((git_object *)pair[0]);
	const git_oid *from = r->lib->object_id((git_object *)pair[1]);

	out->kind = REPO_MERGED;
	if (bases->n == 1 && r->lib->oid_cmp(&bases->ids[0], from) == 0) {
		out->kind = REPO_NOTHING;
		oid_out(r, &out->oid, onto);
		oid_out(r, &out->tree, r->lib->commit_tree_id(pair[0]));
	} else if (bases->n == 1 && r->lib->oid_cmp(&bases->ids[0], onto) == 0) {
		out->kind = REPO_FORWARD;
		oid_out(r, &out->oid, from);
		oid_out(r, &out->tree, r->lib->commit_tree_id(pair[1]));
	}
}

enum status repo_merge(struct repo *r, const struct repo_merge_spec *spec, struct arena *a,
                       struct repo_merge *out, struct err *err)
{
	const struct oid parents[2] = { spec->onto, spec->from };
	git_commit *pair[2] = { NULL, NULL };
	struct repo_bases bases = { .n = 0 };
	enum status st = lookup_pair(r, spec, pair, err);

	*out = (struct repo_merge){ .kind = REPO_NOTHING };
	if (st != OK || (st = find_bases(r, pair, &bases, err)) != OK)
		goto out;
	merge_simple(r, pair, &bases, out);
	if (out->kind == REPO_MERGED)
		st = merge_trees_of(r, &bases, pair, a, out, err);
	else if (out->kind == REPO_FORWARD && spec->always_commit)
		out->kind = REPO_MERGED;
	if (st == OK && out->kind == REPO_MERGED)
		st = repo_commit_tree(r, &out->tree, parents, spec->message, &out->oid, err);
out:
	free_pair(r, pair);
	return st;
}

/* Where the file goes that cannot be merged: beside a folder that has its name now. */
static const char *place_for(struct repo *r, git_index *index, const char *path, bool is_ours,
                             struct arena *a)
{
	const char *in_it = text_printf(a, "%s/", path);
	size_t at;

	if (in_it == NULL || r->lib->index_find_prefix(&at, index, in_it) != 0)
		return path;
	return text_printf(a, "%s~%s", path, is_ours ? "ours" : "theirs");
}

/* Replace a conflict in the index by one entry that holds both sides. */
static int mark_conflict(struct repo *r, git_index *index, const char *path,
                         const struct repo_merge_spec *spec, struct arena *a)
{
	const git_index_entry *base = NULL, *ours = NULL, *theirs = NULL, *either;
	git_merge_file_options options;
	git_merge_file_result merged;
	git_index_entry made = { 0 };
	int rc = r->lib->index_conflict_get(&base, &ours, &theirs, index, path);

	if (rc != 0)
		return rc == GIT_ENOTFOUND ? 0 : rc;
	if ((either = ours != NULL ? ours : theirs) == NULL)
		return r->lib->index_conflict_remove(index, path);
	made.mode = either->mode;
	made.id = either->id;
	if (ours != NULL && theirs != NULL &&
	    r->lib->merge_file_options_init(&options, GIT_MERGE_FILE_OPTIONS_VERSION) == 0) {
		options.our_label = spec->onto_name;
		options.their_label = spec->from_name;
		rc = r->lib->merge_file_from_index(&merged, r->git, base, ours, theirs, &options);
		if (rc == 0 && merged.mode != 0)
			made.mode = merged.mode; /* one side may have made it a program */
		if (rc == 0 && merged.ptr != NULL)
			rc = r->lib->blob_create_from_buffer(&made.id, r->git, merged.ptr,
			                                     merged.len);
		if (rc == 0)
			r->lib->merge_file_result_free(&merged);
		/* one that cannot be merged by lines keeps our side */
	}
	if ((made.path = place_for(r, index, path, ours != NULL, a)) == NULL)
		return GIT_ERROR;
	rc = r->lib->index_conflict_remove(index, path);
	return rc != 0 ? rc : r->lib->index_add(index, &made);
}

enum status repo_merge_marked(struct repo *r, const struct repo_merge_spec *spec, struct arena *a,
                              struct repo_merge *out, struct err *err)
{
	git_commit *pair[2] = { NULL, NULL };
	git_index *index = NULL;
	git_oid id;
	enum status st = lookup_pair(r, spec, pair, err);
	int rc = 0;

	*out = (struct repo_merge){ .kind = REPO_MERGED };
	if (st != OK || (st = merge_by_lib(r, pair, &index, err)) != OK ||
	    (st = list_conflicts(r, index, a, out, err)) != OK)
		goto out;
	if (out->n > 0)
		out->kind = REPO_CONFLICTS;
	for (size_t i = 0; i < out->n && rc == 0; i++)
		rc = mark_conflict(r, index, out->conflicts[i].path, spec, a);
	if (rc == 0)
		rc = r->lib->index_write_tree_to(&id, index, r->git);
	if (rc != 0)
		st = git_fail(r->lib, rc, err, "cannot write the tree with its conflicts");
	else
		oid_out(r, &out->tree, &id);
out:
	r->lib->index_free(index);
	free_pair(r, pair);
	return st;
}
