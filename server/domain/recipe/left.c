#include "domain/recipe/left.h"

#include <string.h>

#include "base/text.h"
#include "sys/fs.h"

#define FILE_MAX ((size_t)16 << 20)

/* A file of a commit; NULL when it has none, or one too large to compare. */
static enum status at_commit(struct repo *r, const char *commit, const char *path, struct arena *a,
                             struct fs_bytes *out, struct err *err)
{
	struct repo_file file = { .path = path, .max = FILE_MAX };
	struct oid oid = { "" };
	struct err why = { 0 };
	enum status st;

	*out = (struct fs_bytes){ NULL, 0 };
	if (commit == NULL || strlen(commit) >= sizeof oid.hex)
		return OK;
	memcpy(oid.hex, commit, strlen(commit) + 1);
	st = repo_blob(r, &oid, &file, a, &why);
	if (st == OK)
		*out = (struct fs_bytes){ file.bytes, file.size };
	return st == E_NOMEM ? err_nomem(err, "a file") : OK;
}

static enum status on_disk(const char *root, const char *path, struct arena *a,
                           struct fs_bytes *out, struct err *err)
{
	const char *whole = text_printf(a, "%s/%s", root, path);
	struct err why = { 0 };
	enum status st;

	*out = (struct fs_bytes){ NULL, 0 };
	if (whole == NULL)
		return err_nomem(err, "a path");
	st = fs_read_under(root, whole, FILE_MAX, a, out, &why);
	if (st != OK)
		*out = (struct fs_bytes){ NULL, 0 };
	return st == E_NOMEM ? err_nomem(err, "a file") : OK;
}

static bool same(const struct fs_bytes *x, const struct fs_bytes *y)
{
	if (x->bytes == NULL || y->bytes == NULL)
		return x->bytes == y->bytes;
	return x->size == y->size && memcmp(x->bytes, y->bytes, x->size) == 0;
}

static enum status compare(struct repo *r, const char *root, const struct recipe_row *build,
                           struct arena *a, struct left_file *f, struct err *err)
{
	struct fs_bytes before, result, head, now;
	enum status st = at_commit(r, build->base, f->path, a, &before, err);

	if (st == OK)
		st = at_commit(r, build->result, f->path, a, &result, err);
	if (st == OK) /* other tasks of the run may have gone on with it */
		st = at_commit(r, build->head, f->path, a, &head, err);
	if (st == OK)
		st = on_disk(root, f->path, a, &now, err);
	if (st != OK)
		return st;
	f->there = same(&now, &result) || (build->head != NULL && same(&now, &head));
	f->back = same(&now, &before);
	f->before = before.bytes;
	f->before_size = before.size;
	return OK;
}

enum status left_look(struct repo *r, const char *root, const struct recipe_row *build,
                      struct arena *a, struct left_files *out, struct err *err)
{
	struct oid from = { "" }, to = { "" };
	struct repo_changes changes = { 0 };
	struct err why = { 0 };
	enum status st;

	*out = (struct left_files){ .known = r != NULL && build->branch != NULL };
	if (r == NULL || build->base == NULL || build->result == NULL ||
	    strlen(build->base) >= sizeof from.hex || strlen(build->result) >= sizeof to.hex)
		return OK;
	memcpy(from.hex, build->base, strlen(build->base) + 1);
	memcpy(to.hex, build->result, strlen(build->result) + 1);
	st = repo_diff(r, &from, &to, a, &changes, &why);
	if (st == E_NOMEM)
		return err_nomem(err, "a list of changes");
	out->known = st == OK;
	if (st != OK)
		return OK; /* the commits are gone, and with them what could be said */
	if ((out->at = arena_take(a, (2 * changes.n + 1) * sizeof *out->at)) == NULL)
		return err_nomem(err, "a list of changes");
	for (size_t i = 0; i < changes.n && st == OK; i++) {
		out->at[out->n].path = changes.list[i].path;
		st = compare(r, root, build, a, &out->at[out->n++], err);
		if (st != OK || changes.list[i].old_path == NULL)
			continue;
		out->at[out->n].path = changes.list[i].old_path;
		st = compare(r, root, build, a, &out->at[out->n++], err);
	}
	return st;
}

enum status left_merged(struct repo *r, const char *root, const struct recipe_row *build,
                        struct arena *a, bool *merged, struct err *err)
{
	struct oid commit = { "" };
	struct left_files files;
	struct repo_head head;
	struct err why = { 0 };
	enum status st;

	*merged = true;
	if (r == NULL || build->commit == NULL || strlen(build->commit) >= sizeof commit.hex)
		return OK;
	memcpy(commit.hex, build->commit, strlen(build->commit) + 1);
	if ((st = repo_head(r, a, &head, err)) != OK)
		return st;
	if (repo_descends(r, &head.oid, &commit, merged, &why) == OK && *merged)
		return OK;
	*merged = true;
	st = left_look(r, root, build, a, &files, err);
	for (size_t i = 0; i < files.n; i++)
		*merged = *merged && files.at[i].there;
	*merged = *merged && files.n > 0;
	return st;
}
