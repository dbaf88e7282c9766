/* ref.c - refs, moved only by compare-and-swap under git's own lock. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo/own.h"

#define NAMES_MAX      ((size_t)100000)
#define LOCKED_MOST_MS 2000 /* git itself waits 1 s for others at the most */
#define TRIES_MOST     5    /* when it fails otherwise */
#define NAP_FIRST_NS   500000
#define NAP_LAST_NS    20000000

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
	struct arena *a;
	const char **list;
	size_t n, size;
};

static enum status add_name(struct names *names, const char *name, struct err *err)
{
	if (names->n == names->size) {
		size_t size = names->size == 0 ? 32 : 2 * names->size;
		const char **more = arena_take(names->a, size * sizeof *more);

		if (more == NULL || size > NAMES_MAX)
			return err_nomem(err, "a list of names");
		if (names->n > 0)
			memcpy(more, names->list, names->n * sizeof *more);
		names->list = more;
		names->size = size;
	}
	if ((names->list[names->n] = text_dup(names->a, name)) == NULL)
		return err_nomem(err, "a list of names");
	names->n++;
	return OK;
}

enum status repo_admin_names(const struct repo *r, struct arena *a, const char ***out, size_t *n,
                             struct err *err)
{
	struct names names = { .a = a };
	const char *path = fs_join(a, r->place.common, "worktrees");
	DIR *dir = path == NULL ? NULL : opendir(path);
	const struct dirent *e;
	enum status st = OK;

	*n = 0;
	if (path == NULL)
		return err_nomem(err, "a path");
	if (dir == NULL)
		return errno == ENOENT ? OK : err_sys(err, errno, "cannot list '%s'", path);
	while (st == OK && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			st = add_name(&names, e->d_name, err);
	(void)closedir(dir);
	if (names.n > 0)
		qsort(names.list, names.n, sizeof *names.list, by_text);
	*out = names.list;
	*n = names.n;
	return st;
}

enum status repo_ref_read(struct repo *r, const char *ref, struct oid *out, struct err *err)
{
	git_reference *found = NULL;
	git_object *commit = NULL;
	int rc = r->lib->reference_lookup(&found, r->git, ref);

	if (rc == 0)
		rc = r->lib->reference_peel(&commit, found, GIT_OBJECT_COMMIT);
	if (rc == 0)
		oid_out(r, out, r->lib->object_id(commit));
	r->lib->object_free(commit);
	r->lib->reference_free(found);
	return rc == 0 ? OK : git_fail(r->lib, rc, err, "cannot read the ref '%s'", ref);
}

/* Is the worktree of that name ours? Then it is detached, whatever an agent did to it. */
static bool is_ours(const struct repo *r, const char *name, struct arena *a)
{
	const char *folder =
	    strncmp(name, "gadugi-", 7) == 0 ? repo_admin_folder(r, name, a) : NULL;

	return folder != NULL && strstr(folder, "/" REPO_OURS "/") != NULL;
}

/* Is the branch that of a checkout of the user's, in the main work tree or another? */
static enum status refuse_checked_out(struct repo *r, const char *ref, struct err *err)
{
	struct arena *a = arena_new((size_t)16 << 20);
	const char *at = NULL, **names = NULL, *folder = r->place.common;
	size_t n = 0;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "a list of worktrees");
	if ((st = repo_admin_names(r, a, &names, &n, err)) != OK)
		goto out;
	if (r->place.main != NULL)
		at = repo_branch_at(folder, a);
	for (size_t i = 0; i < n && (at == NULL || strcmp(at, ref) != 0); i++) {
		folder = text_printf(a, "%s/worktrees/%s", r->place.common, names[i]);
		at = folder == NULL ? NULL : repo_branch_at(folder, a);
		if (at != NULL && strcmp(at, ref) == 0 && is_ours(r, names[i], a))
			at = NULL;
	}
	if (arena_failed(a))
		st = err_nomem(err, "a list of worktrees");
	else if (at != NULL && strcmp(at, ref) == 0)
		st = err_set(err, E_DENIED,
		             "'%s' is checked out (%s): it is not moved under its user", ref,
		             folder);
out:
	arena_free(a);
	return st;
}

/* Where a ref is, under its lock; "" when it does not exist. */
static enum status read_locked(struct repo *r, const char *ref, struct oid *out, struct err *err)
{
	git_oid id;
	int rc = r->lib->reference_name_to_id(&id, r->git, ref);

	out->hex[0] = '\0';
	if (rc == 0)
		oid_out(r, out, &id);
	else if (rc != GIT_ENOTFOUND)
		return git_fail(r->lib, rc, err, "cannot read the ref '%s'", ref);
	return OK;
}

/*
 * git takes the locks of refs for a moment now and then, also where nobody moves them: `git gc`,
 * which any command of the user's may begin, packs them, and removes folders that have become
 * empty, perhaps just when a lock is being made in one.
 */
struct patience {
	int64_t since_ms;
	int tries;
};

/* Is it worth another try? Then a little later. */
static bool try_again(const struct repo *r, struct patience *p, int rc)
{
	const git_error *e = r->lib->error_last();
	struct timespec t = { 0, NAP_FIRST_NS };

	p->tries++;
	if (rc == GIT_ELOCKED) {
		if (clock_mono_ms() - p->since_ms > LOCKED_MOST_MS)
			return false;
	} else if (e == NULL || e->klass != GIT_ERROR_OS || p->tries > TRIES_MOST) {
		return false;
	}
	for (int i = 1; i < p->tries && t.tv_nsec < NAP_LAST_NS; i++)
		t.tv_nsec *= 2;
	(void)nanosleep(&t, NULL);
	return true;
}

static int lock_ref(struct repo *r, git_transaction **tx, const char *ref)
{
	struct patience p = { clock_mono_ms(), 0 };
	int rc;

	do {
		r->lib->transaction_free(*tx);
		*tx = NULL;
		if ((rc = r->lib->transaction_new(tx, r->git)) == 0)
			rc = r->lib->transaction_lock_ref(*tx, ref);
	} while (rc != 0 && try_again(r, &p, rc));
	return rc;
}

int repo_detach_head(struct repo *r, const git_oid *id)
{
	struct patience p = { clock_mono_ms(), 0 };
	int rc;

	do
		rc = r->lib->repository_set_head_detached(r->git, id);
	while (rc != 0 && try_again(r, &p, rc));
	return rc;
}

/* The swap itself; old NULL: wherever it is. */
static enum status swap(struct repo *r, const char *ref, const struct oid *old,
                        const struct oid *new, const char *why, struct err *err)
{
	git_transaction *tx = NULL;
	git_signature *who = NULL;
	git_oid id;
	struct oid now;
	enum status st = repo_author(r, &who, err);
	int rc;

	if (st != OK)
		return st;
	if (new->hex[0] != '\0' && (st = oid_in(r, &id, new, err)) != OK)
		goto out;
	if ((rc = lock_ref(r, &tx, ref)) != 0) {
		st = git_fail(r->lib, rc, err, "cannot lock the ref '%s'", ref);
		goto out;
	}
	if ((st = read_locked(r, ref, &now, err)) != OK)
		goto out;
	if (old != NULL && strcmp(now.hex, old->hex) != 0) {
		st = err_set(err, E_BUSY, "'%s' is at %s, not at %s as expected", ref,
		             now.hex[0] != '\0' ? now.hex : "nothing",
		             old->hex[0] != '\0' ? old->hex : "nothing");
		goto out;
	}
	if (new->hex[0] == '\0' && now.hex[0] == '\0')
		goto out;
	rc = new->hex[0] != '\0' ? r->lib->transaction_set_target(tx, ref, &id, who, why)
	                         : r->lib->transaction_remove(tx, ref);
	if (rc == 0)
		rc = r->lib->transaction_commit(tx);
	if (rc != 0)
		st = git_fail(r->lib, rc, err, "cannot move the ref '%s'", ref);
out:
	r->lib->transaction_free(tx);
	r->lib->signature_free(who);
	return st;
}

enum status repo_ref_move(struct repo *r, const char *ref, const struct oid *old,
                          const struct oid *new, const char *why, struct err *err)
{
	enum status st;

	if (!repo_ref_name_ok(ref))
		return err_set(err, E_INPUT, "'%s' is no name for a ref", ref);
	if (strncmp(ref, "refs/heads/", 11) == 0 && (st = refuse_checked_out(r, ref, err)) != OK)
		return st;
	return swap(r, ref, old, new, why, err);
}

enum status repo_save(struct repo *r, const struct repo_keep *keep, struct arena *a,
                      const char **ref, struct err *err)
{
	const char *run = repo_name_part(a, keep->run, 60);
	const char *task = repo_name_part(a, keep->task, 100);
	const char *name = run == NULL || task == NULL
	                       ? NULL
	                       : text_printf(a, "refs/gadugi/%s/%s/%d", run, task, keep->attempt);
	enum status st;

	if (name == NULL)
		return err_nomem(err, "the name of a ref");
	if ((st = swap(r, name, NULL, &keep->commit, "gadugi: kept", err)) == OK)
		*ref = name;
	return st;
}

enum status repo_tag(struct repo *r, const char *name, const struct oid *commit,
                     const char *message, struct err *err)
{
	git_commit *c = NULL;
	git_signature *who = NULL;
	git_oid id;
	enum status st = repo_get_commit(r, &c, commit, err);
	int rc;

	if (st != OK)
		return st;
	if ((st = repo_author(r, &who, err)) == OK) {
		rc = r->lib->tag_create(&id, r->git, name, (git_object *)c, who, message, 0);
		if (rc == GIT_EEXISTS)
			st = err_set(err, E_BUSY, "there is a tag '%s' already", name);
		else if (rc != 0)
			st = git_fail(r->lib, rc, err, "cannot make the tag '%s'", name);
	}
	r->lib->signature_free(who);
	r->lib->commit_free(c);
	return st;
}

enum status repo_tag_drop(struct repo *r, const char *name, const struct oid *commit,
                          struct err *err)
{
	const struct oid none = { "" };
	struct arena *a = arena_new((size_t)64 << 10);
	const char *ref = a == NULL ? NULL : text_printf(a, "refs/tags/%s", name);
	struct oid at;
	enum status st = ref == NULL ? err_nomem(err, "a tag") : repo_ref_read(r, ref, &at, err);

	if (st == OK && strcmp(at.hex, commit->hex) != 0)
		st = err_set(err, E_BUSY, "the tag '%s' stands for %.12s", name, at.hex);
	if (st == OK)
		st = swap(r, ref, NULL, &none, "gadugi: tag removed", err);
	arena_free(a);
	return st;
}

enum status repo_refs(struct repo *r, const char *prefix, struct arena *a, const char *const **out,
                      size_t *n, struct err *err)
{
	struct names names = { .a = a };
	git_reference_iterator *it = NULL;
	const char *name;
	size_t skip = strlen(prefix);
	enum status st = OK;
	int rc = r->lib->reference_iterator_new(&it, r->git);

	while (rc == 0 && st == OK && (rc = r->lib->reference_next_name(&name, it)) == 0)
		if (strncmp(name, prefix, skip) == 0)
			st = add_name(&names, name, err);
	r->lib->reference_iterator_free(it);
	if (st == OK && rc != GIT_ITEROVER)
		st = git_fail(r->lib, rc, err, "cannot list the refs");
	if (st != OK)
		return st;
	if (names.n > 0)
		qsort(names.list, names.n, sizeof *names.list, by_text);
	*out = names.list;
	*n = names.n;
	return OK;
}
