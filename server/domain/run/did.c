#include "domain/run/did.h"

#include "base/text.h"
#include "sys/repo_merge.h"

#define FILES_TOLD 12 /* in the summary for later tasks */
#define ARENA_MAX  ((size_t)64 << 20)

static const char *words(const struct repo_change *c, size_t n, struct arena *a)
{
	struct text t;
	const char *copy;

	text_init(&t, 8192);
	text_addf(&t, "changed %zu file%s: ", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n && i < FILES_TOLD; i++)
		text_addf(&t, "%s%s (+%zu -%zu)", i == 0 ? "" : ", ", c[i].path, c[i].added,
		          c[i].removed);
	if (n > FILES_TOLD)
		text_add(&t, ", ...");
	copy = text_copy(&t, a);
	text_done(&t);
	return copy;
}

static const char **paths(const struct repo_change *c, size_t n, struct arena *a)
{
	const char **list = arena_take(a, (n + 1) * sizeof(const char *));

	for (size_t i = 0; list != NULL && i < n; i++)
		list[i] = text_dup(a, c[i].path);
	return list;
}

void did_note(struct runner *r, struct attempt *t, const struct repo_change *changes, size_t n)
{
	if (n == 0)
		return;
	t->did = words(changes, n, r->arena);
	t->files = paths(changes, n, r->arena);
	t->n_files = t->files == NULL ? 0 : n;
}

void did_fetch(struct runner *r, struct job *job)
{
	struct repo_changes found;
	struct arena *a;

	if (job->did != NULL || job->to.hex[0] == '\0' || !r->in_git ||
	    (a = arena_new(ARENA_MAX)) == NULL)
		return;
	if (repo_diff(r->repo, &job->from, &job->to, a, &found, NULL) == OK && found.n > 0) {
		job->did = words(found.list, found.n, r->arena);
		job->files = paths(found.list, found.n, r->arena);
		job->n_files = job->files == NULL ? 0 : found.n;
	}
	arena_free(a);
	job->to = (struct oid){ "" }; /* asked once */
}
