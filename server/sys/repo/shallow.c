/*
 * shallow.c - questions about the history of a shallow clone. libgit2 before 1.7 does not know that
 * such a history ends, and fails at the first commit that is not there; the git program is asked.
 */
#include <string.h>

#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo/own.h"

#define ROOM_MAX ((size_t)32 << 20)
#define SAID_MAX ((size_t)16 << 20)

bool repo_is_shallow(struct repo *r)
{
	const char *path = fs_join(r->arena, r->place.common, "shallow");

	return path != NULL && fs_kind(path) == FS_FILE;
}

static enum status ask(struct repo *r, const char *const *args, struct arena *a,
                       struct proc_output *out, struct err *err)
{
	struct repo_cli cli = { .cwd = r->place.top != NULL ? r->place.top : r->place.git_dir,
		                .args = args,
		                .max = SAID_MAX,
		                .allowed = 1 };

	return a == NULL ? err_nomem(err, "the history") : repo_git(&cli, a, out, err);
}

enum status repo_shallow_bases(struct repo *r, const struct oid *one, const struct oid *other,
                               struct repo_bases *out, struct err *err)
{
	const char *args[] = { "merge-base", "--all", one->hex, other->hex, NULL };
	struct arena *a = arena_new(ROOM_MAX);
	struct proc_output said;
	enum status st = ask(r, args, a, &said, err);

	out->n = 0;
	for (const char *at = said.out; st == OK && *at != '\0' && out->n < REPO_BASES_MOST;) {
		struct oid oid = { "" };
		size_t n = strcspn(at, "\n");

		memcpy(oid.hex, at, n < sizeof oid.hex - 1 ? n : sizeof oid.hex - 1);
		st = oid_in(r, &out->ids[out->n++], &oid, err);
		at += n + (at[n] == '\n');
	}
	arena_free(a);
	return st;
}

enum status repo_shallow_descends(struct repo *r, const struct oid *new, const struct oid *old,
                                  bool *out, struct err *err)
{
	const char *args[] = { "merge-base", "--is-ancestor", old->hex, new->hex, NULL };
	struct arena *a = arena_new(ROOM_MAX);
	struct proc_output said;
	enum status st = ask(r, args, a, &said, err);

	if (st == OK)
		*out = said.result.exit_code == 0;
	arena_free(a);
	return st;
}

static bool is_in(const char *const *list, const char *name, size_t n)
{
	for (; list != NULL && *list != NULL; list++)
		if (strlen(*list) == n && memcmp(*list, name, n) == 0)
			return true;
	return false;
}

enum status repo_shallow_reachable(struct repo *r, const struct oid *commit,
                                   const char *const *skip, bool *out, struct err *err)
{
	const char *args[] = { "for-each-ref", "--format=%(refname)", "--contains", commit->hex,
		               NULL };
	struct arena *a = arena_new(ROOM_MAX);
	struct proc_output said;
	enum status st = ask(r, args, a, &said, err);

	*out = false;
	for (const char *at = said.out; st == OK && *at != '\0' && !*out;) {
		size_t n = strcspn(at, "\n");

		*out = n > 0 && !is_in(skip, at, n);
		at += n + (at[n] == '\n');
	}
	arena_free(a);
	return st;
}
