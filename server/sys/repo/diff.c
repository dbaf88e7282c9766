/* diff.c - what changed between two commits, and files of a commit. */
#include <string.h>

#include "base/text.h"
#include "sys/repo/own.h"
#include "sys/repo_merge.h"

#define CHANGES_MAX ((size_t)1000000)

static enum status make_diff(struct repo *r, const struct oid *from, const struct oid *to,
                             git_diff **out, struct err *err)
{
	git_tree *a = NULL, *b = NULL;
	git_diff_options options;
	enum status st = OK;
	int rc;

	if (from->hex[0] != '\0')
		st = repo_get_tree(r, &a, from, err);
	if (st == OK)
		st = repo_get_tree(r, &b, to, err);
	if (st == OK) {
		rc = r->lib->diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
		options.flags |= GIT_DIFF_INCLUDE_TYPECHANGE;
		if (rc == 0)
			rc = r->lib->diff_tree_to_tree(out, r->git, a, b, &options);
		if (rc == 0)
			rc = r->lib->diff_find_similar(*out, NULL);
		if (rc != 0)
			st = git_fail(r->lib, rc, err, "cannot compare '%s' with '%s'", from->hex,
			              to->hex);
	}
	r->lib->tree_free(a);
	r->lib->tree_free(b);
	return st;
}

struct counting {
	struct repo *r;
	struct arena *a;
	struct repo_change *list;
	size_t n, size;
};

static int on_file(const git_diff_delta *d, float progress, void *arg)
{
	struct counting *c = arg;
	struct repo_change *at;

	(void)progress;
	if (c->n == c->size)
		return -1;
	at = &c->list[c->n++];
	at->path = text_dup(c->a, d->new_file.path != NULL ? d->new_file.path : d->old_file.path);
	at->how = c->r->lib->diff_status_char(d->status);
	if (d->status == GIT_DELTA_RENAMED)
		at->old_path = text_dup(c->a, d->old_file.path);
	at->binary = (d->flags & GIT_DIFF_FLAG_BINARY) != 0;
	return at->path == NULL ? -1 : 0;
}

static int on_binary(const git_diff_delta *d, const git_diff_binary *b, void *arg)
{
	struct counting *c = arg;

	(void)d;
	(void)b;
	c->list[c->n - 1].binary = true;
	return 0;
}

static int on_line(const git_diff_delta *d, const git_diff_hunk *h, const git_diff_line *line,
                   void *arg)
{
	struct counting *c = arg;

	(void)d;
	(void)h;
	c->list[c->n - 1].added += line->origin == GIT_DIFF_LINE_ADDITION;
	c->list[c->n - 1].removed += line->origin == GIT_DIFF_LINE_DELETION;
	return 0;
}

enum status repo_diff(struct repo *r, const struct oid *from, const struct oid *to, struct arena *a,
                      struct repo_changes *out, struct err *err)
{
	struct counting c = { .r = r, .a = a };
	git_diff *diff = NULL;
	enum status st = make_diff(r, from, to, &diff, err);
	int rc;

	if (st != OK)
		goto out;
	c.size = r->lib->diff_num_deltas(diff);
	if (c.size > CHANGES_MAX ||
	    (c.list = arena_take(a, (c.size + 1) * sizeof *c.list)) == NULL) {
		st = err_nomem(err, "a list of changes");
		goto out;
	}
	rc = r->lib->diff_foreach(diff, on_file, on_binary, NULL, on_line, &c);
	if (arena_failed(a))
		st = err_nomem(err, "a list of changes");
	else if (rc != 0)
		st = git_fail(r->lib, rc, err, "cannot compare '%s' with '%s'", from->hex, to->hex);
	*out = (struct repo_changes){ c.list, c.n };
out:
	r->lib->diff_free(diff);
	return st;
}

struct patching {
	struct text text;
	size_t max;
	bool cut;
};

static int on_patch_line(const git_diff_delta *d, const git_diff_hunk *h, const git_diff_line *line,
                         void *arg)
{
	struct patching *p = arg;
	bool marked = line->origin == GIT_DIFF_LINE_CONTEXT ||
	              line->origin == GIT_DIFF_LINE_ADDITION ||
	              line->origin == GIT_DIFF_LINE_DELETION;

	(void)d;
	(void)h;
	if (p->text.len + line->content_len + marked > p->max) {
		p->cut = true;
		return GIT_EUSER;
	}
	if (marked)
		text_add_char(&p->text, line->origin);
	text_add_n(&p->text, line->content, line->content_len);
	return 0;
}

enum status repo_patch(struct repo *r, const struct oid *from, const struct oid *to,
                       struct arena *a, struct repo_patch *out, struct err *err)
{
	struct patching p = { .max = out->max };
	git_diff *diff = NULL;
	enum status st = make_diff(r, from, to, &diff, err);
	int rc;

	text_init(&p.text, out->max + 1);
	if (st == OK) {
		rc = r->lib->diff_print(diff, GIT_DIFF_FORMAT_PATCH, on_patch_line, &p);
		if (rc != 0 && !p.cut)
			st = git_fail(r->lib, rc, err, "cannot compare '%s' with '%s'", from->hex,
			              to->hex);
	}
	if (st == OK) {
		out->cut = p.cut;
		out->text = p.text.failed ? NULL : text_copy(&p.text, a);
		if (out->text == NULL)
			st = err_nomem(err, "a patch");
	}
	text_done(&p.text);
	r->lib->diff_free(diff);
	return st;
}

enum status repo_blob(struct repo *r, const struct oid *commit, struct repo_file *file,
                      struct arena *a, struct err *err)
{
	git_tree *tree = NULL;
	git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	enum status st = repo_get_tree(r, &tree, commit, err);
	int rc;

	if (st != OK)
		return st;
	rc = r->lib->tree_entry_bypath(&entry, tree, file->path);
	if (rc == 0 && r->lib->tree_entry_type(entry) != GIT_OBJECT_BLOB)
		rc = GIT_ENOTFOUND;
	if (rc == 0)
		rc = r->lib->blob_lookup(&blob, r->git, r->lib->tree_entry_id(entry));
	if (rc != 0) {
		st = git_fail(r->lib, rc, err, "there is no file '%s' in %s", file->path,
		              commit->hex);
	} else if ((uint64_t)r->lib->blob_rawsize(blob) > file->max) {
		st = err_set(err, E_INPUT, "'%s' is larger than %zu bytes", file->path, file->max);
	} else {
		file->size = (size_t)r->lib->blob_rawsize(blob);
		file->bytes = arena_copy(a, r->lib->blob_rawcontent(blob), file->size);
		st = file->bytes == NULL ? err_nomem(err, "a file's content") : OK;
	}
	r->lib->blob_free(blob);
	r->lib->tree_entry_free(entry);
	r->lib->tree_free(tree);
	return st;
}
