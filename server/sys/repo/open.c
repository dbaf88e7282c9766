/* open.c - opening a repository, and what can be asked of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo/own.h"

#define PLACE_ROOM ((size_t)2 << 20)
#define CONFIG_MAX ((size_t)1 << 20)

void oid_out(const struct repo *r, struct oid *to, const git_oid *from)
{
	(void)r->lib->oid_tostr(to->hex, sizeof to->hex, from);
}

enum status oid_in(const struct repo *r, git_oid *to, const struct oid *from, struct err *err)
{
	if (r->lib->oid_fromstr(to, from->hex) != 0 || strlen(from->hex) != sizeof from->hex - 1)
		return err_set(err, E_INPUT, "'%s' is no commit id", from->hex);
	return OK;
}

static bool is_sparse(struct repo *r)
{
	git_config *config = NULL;
	int on = 0;
	const char *path = fs_join(r->arena, r->place.git_dir, "info/sparse-checkout");

	if (path != NULL && fs_kind(path) == FS_FILE)
		return true;
	if (r->lib->repository_config(&config, r->git) == 0)
		(void)r->lib->config_get_bool(&on, config, "core.sparsecheckout");
	r->lib->config_free(config);
	return on != 0;
}

/* libgit2 opens such a repository and then fails in odd places. */
static bool is_sha256(struct repo *r)
{
	const char *path = fs_join(r->arena, r->place.common, "config");
	char *text = NULL, *at;
	size_t n = 0;

	if (path == NULL || fs_read(path, CONFIG_MAX, r->arena, &text, &n, NULL) != OK)
		return false;
	if ((at = strcasestr(text, "objectformat")) == NULL)
		return false;
	at += strlen("objectformat");
	at += strspn(at, " \t=");
	return strncasecmp(at, "sha256", 6) == 0;
}

enum status repo_open(struct repo **out, const char *folder, struct err *err)
{
	struct repo *r = mem_zero(1, sizeof *r);
	enum status st = E_NOMEM;
	int rc;

	if (r == NULL || (r->arena = arena_new(PLACE_ROOM)) == NULL) {
		mem_free(r);
		return err_nomem(err, "a repository");
	}
	if ((st = repo_find(folder, r->arena, &r->place, err)) != OK)
		goto out;
	if ((r->lib = git_lib(err)) == NULL) {
		st = err == NULL ? E_ABSENT : err->code;
		goto out;
	}
	if (is_sha256(r)) {
		st = err_set(err, E_INPUT,
		             "'%s' names its objects by SHA-256, which libgit2 cannot read: "
		             "use mode: shared",
		             r->place.git_dir);
		goto out;
	}
	rc = r->lib->repository_open_ext(&r->git,
	                                 r->place.top != NULL ? r->place.top : r->place.git_dir,
	                                 GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (rc != 0) {
		st = git_fail(r->lib, rc, err, "cannot open the repository '%s'", r->place.git_dir);
		goto out;
	}
	r->sparse = r->place.top != NULL && is_sparse(r);
	r->shallow = repo_is_shallow(r);
	*out = r;
	return OK;
out:
	repo_free(r);
	return st;
}

void repo_free(struct repo *r)
{
	if (r == NULL)
		return;
	if (r->git != NULL && r->lib != NULL)
		r->lib->repository_free(r->git);
	arena_free(r->arena);
	mem_free(r);
}

const struct repo_place *repo_place(const struct repo *r)
{
	return &r->place;
}

enum status repo_get_commit(struct repo *r, git_commit **out, const struct oid *oid,
                            struct err *err)
{
	git_oid id;
	enum status st = oid_in(r, &id, oid, err);
	int rc;

	if (st != OK)
		return st;
	if ((rc = r->lib->commit_lookup(out, r->git, &id)) != 0)
		return git_fail(r->lib, rc, err, "there is no commit %s", oid->hex);
	return OK;
}

enum status repo_get_tree(struct repo *r, git_tree **out, const struct oid *oid, struct err *err)
{
	git_object *any = NULL, *tree = NULL;
	git_oid id;
	enum status st = oid_in(r, &id, oid, err);
	int rc;

	if (st != OK)
		return st;
	rc = r->lib->object_lookup(&any, r->git, &id, GIT_OBJECT_ANY);
	if (rc == 0)
		rc = r->lib->object_peel(&tree, any, GIT_OBJECT_TREE);
	r->lib->object_free(any);
	if (rc != 0)
		return git_fail(r->lib, rc, err, "there is no tree of %s", oid->hex);
	*out = (git_tree *)tree;
	return OK;
}

const char *repo_branch_at(const char *git_dir, struct arena *a)
{
	const char *path = fs_join(a, git_dir, "HEAD");
	char *text = NULL;
	size_t n = 0;

	if (path == NULL || fs_read(path, FS_PATH_MAX, a, &text, &n, NULL) != OK ||
	    strncmp(text, "ref: ", 5) != 0)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return text + 5;
}

enum status repo_head(struct repo *r, struct arena *a, struct repo_head *out, struct err *err)
{
	git_oid id;
	int rc = r->lib->reference_name_to_id(&id, r->git, "HEAD");

	*out = (struct repo_head){ .branch = repo_branch_at(r->place.git_dir, a) };
	if (arena_failed(a))
		return err_nomem(err, "the state of a repository");
	if (rc == 0)
		oid_out(r, &out->oid, &id);
	else if (rc != GIT_ENOTFOUND)
		return git_fail(r->lib, rc, err, "cannot read HEAD of '%s'", r->place.git_dir);
	return OK;
}

enum status repo_commit_of(struct repo *r, const char *name, struct oid *out, struct err *err)
{
	git_object *any = NULL, *commit = NULL;
	int rc = r->lib->revparse_single(&any, r->git, name);

	if (rc == 0)
		rc = r->lib->object_peel(&commit, any, GIT_OBJECT_COMMIT);
	if (rc == 0)
		oid_out(r, out, r->lib->object_id(commit));
	r->lib->object_free(any);
	r->lib->object_free(commit);
	if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC || rc == GIT_EPEEL)
		return err_set(err, E_ABSENT, "there is no commit '%s' in this repository", name);
	return rc == 0 ? OK : git_fail(r->lib, rc, err, "cannot look up '%s'", name);
}

enum status repo_tree_of(struct repo *r, const struct oid *commit, struct oid *out, struct err *err)
{
	git_commit *c = NULL;
	enum status st = repo_get_commit(r, &c, commit, err);

	if (st != OK)
		return st;
	oid_out(r, out, r->lib->commit_tree_id(c));
	r->lib->commit_free(c);
	return OK;
}

/* Is root (without parents) the oldest so far? */
static void older(struct repo *r, git_commit *c, git_oid *best, git_time_t *best_time, bool *found)
{
	const git_oid *id = r->lib->object_id((git_object *)c);
	git_time_t time = r->lib->commit_time(c);

	if (*found && (time > *best_time || (time == *best_time && r->lib->oid_cmp(id, best) >= 0)))
		return;
	(void)r->lib->oid_cpy(best, id);
	*best_time = time;
	*found = true;
}

enum status repo_root(struct repo *r, struct oid *out, struct err *err)
{
	git_revwalk *walk = NULL;
	git_commit *c = NULL;
	git_oid id, best;
	git_time_t time = 0;
	bool found = false;
	int rc = r->lib->reference_name_to_id(&id, r->git, "HEAD");

	if (rc == GIT_ENOTFOUND)
		return err_set(err, E_ABSENT, "the repository has no commit yet");
	if (rc == 0 && (rc = r->lib->revwalk_new(&walk, r->git)) == 0)
		rc = r->lib->revwalk_push(walk, &id);
	while (rc == 0 && (rc = r->lib->revwalk_next(&id, walk)) == 0) {
		if ((rc = r->lib->commit_lookup(&c, r->git, &id)) != 0)
			break;
		if (r->lib->commit_parentcount(c) == 0)
			older(r, c, &best, &time, &found);
		r->lib->commit_free(c);
	}
	r->lib->revwalk_free(walk);
	if (rc != GIT_ITEROVER || !found)
		return git_fail(r->lib, rc, err, "cannot walk the history");
	oid_out(r, out, &best);
	return OK;
}

enum status repo_descends(struct repo *r, const struct oid *new, const struct oid *old, bool *out,
                          struct err *err)
{
	git_oid a, b;
	enum status st = oid_in(r, &a, new, err);
	int rc;

	if (st == OK)
		st = oid_in(r, &b, old, err);
	if (st != OK)
		return st;
	if (r->lib->oid_cmp(&a, &b) == 0) {
		*out = true;
		return OK;
	}
	if (r->shallow)
		return repo_shallow_descends(r, new, old, out, err);
	if ((rc = r->lib->graph_descendant_of(r->git, &a, &b)) < 0)
		return git_fail(r->lib, rc, err, "cannot compare %s and %s", new->hex, old->hex);
	*out = rc == 1;
	return OK;
}

static bool is_listed(const char *const *list, const char *name)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* Commits that refs stand for, but those in skip; a found target says so at once. */
static int gather_tips(struct repo *r, const git_oid *want, const char *const *skip, git_oid **tips,
                       size_t *n, bool *found)
{
	git_reference_iterator *it = NULL;
	git_reference *ref = NULL;
	git_object *commit = NULL;
	size_t size = 0;
	int rc = r->lib->reference_iterator_new(&it, r->git);

	while (rc == 0 && !*found && (rc = r->lib->reference_next(&ref, it)) == 0) {
		if (*n == size) {
			git_oid *more = mem_grow(*tips, (size = 2 * size + 64) * sizeof *more);

			rc = more == NULL ? GIT_ERROR : 0;
			*tips = more != NULL ? more : *tips;
		}
		/* a ref to something that is no commit holds none */
		if (rc == 0 && !is_listed(skip, r->lib->reference_name(ref)) &&
		    r->lib->reference_peel(&commit, ref, GIT_OBJECT_COMMIT) == 0) {
			(void)r->lib->oid_cpy(&(*tips)[(*n)++], r->lib->object_id(commit));
			*found = r->lib->oid_cmp(&(*tips)[*n - 1], want) == 0;
			r->lib->object_free(commit);
		}
		r->lib->reference_free(ref);
	}
	r->lib->reference_iterator_free(it);
	return rc == GIT_ITEROVER ? 0 : rc;
}

enum status repo_reachable(struct repo *r, const struct oid *commit, const char *const *skip,
                           bool *out, struct err *err)
{
	git_oid want, *tips = NULL;
	size_t n = 0;
	bool found = false;
	enum status st = oid_in(r, &want, commit, err);
	int rc;

	if (st != OK)
		return st;
	if (r->shallow)
		return repo_shallow_reachable(r, commit, skip, out, err);
	rc = gather_tips(r, &want, skip, &tips, &n, &found);
	if (rc == 0 && !found && n > 0) {
		rc = r->lib->graph_reachable_from_any(r->git, &want, tips, n);
		found = rc == 1;
	}
	mem_free(tips);
	if (rc < 0)
		return git_fail(r->lib, rc, err, "cannot see what refs %s is in", commit->hex);
	*out = found;
	return OK;
}
