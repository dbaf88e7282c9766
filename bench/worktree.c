/*
 * worktree.c - how long until a worktree of a repository is ready for an agent: a new one, and one
 * used again after 500 of its files were changed and committed; and what a merge costs.
 * For `git worktree add` beside it see ask_worktree.py.
 *
 * Nothing is removed meanwhile: ext4 avoids inodes freed in the last minutes and searches past all
 *of them for each file made after thousands were deleted, which would measure that alone.
 *
 *	worktree REPOSITORY ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo_merge.h"
#include "sys/repo_refresh.h"
#include "sys/repo_worktree.h"

struct best {
	int64_t add, reuse, commit, merge, refresh;
};

static void least(int64_t *best, int64_t begin)
{
	int64_t us = clock_mono_us() - begin;

	if (us < *best)
		*best = us;
}

static enum status change_files(struct arena *a, const char *path, int round, struct err *err)
{
	enum status st = OK;

	for (int i = 0; i < 500 && st == OK; i++) {
		const char *file = text_printf(a, "%s/d%d/f%d", path, i % 50, i / 50);
		const char *text = text_printf(a, "changed in round %d, file %d\n", round, i);

		st = fs_write_quick(file, text, strlen(text), 0644, err);
	}
	return st;
}

struct again {
	const struct repo_worktree_spec *spec;
	const char *path;
	int round;
};

/* As the runner has it for the next task: within this process when little differs, else by git. */
static enum status as_the_runner(struct repo *r, const struct again *again, struct best *best,
                                 struct arena *a, struct err *err)
{
	const struct repo_worktree_spec spec = *again->spec;
	const char *path = again->path;
	int round = again->round;
	struct repo_commit c;
	struct oid base;
	const char *ref;
	int64_t begin;
	enum status st = repo_commit_of(r, "main", &base, err);

	if (st != OK || (st = change_files(a, path, round + 1000, err)) != OK ||
	    (st = repo_commit_all(path, "more work", &c, err)) != OK ||
	    (st = repo_save(r, &(struct repo_keep){ "bench", "u", round, c.oid }, a, &ref, err)) !=
	        OK)
		return st;
	begin = clock_mono_us();
	if ((st = repo_refresh(path, &base, false, err)) == E_ABSENT)
		st = repo_worktree_reuse(r, path, &spec, a, &path, err);
	if (st == OK)
		least(&best->refresh, begin);
	return st;
}

/* One agent's life: a worktree, work, a commit, a merge, and the tree used again. */
static enum status one_round(struct repo *r, const char *root, int round, struct best *best,
                             struct arena *a, struct err *err)
{
	struct repo_worktree_spec spec = { .root = root,
		                           .name = text_printf(a, "gadugi-a-%d", round) };
	struct repo_commit c;
	struct repo_merge m;
	const char *path = NULL, *ref = NULL;
	int64_t begin;
	enum status st = repo_commit_of(r, "main", &spec.base, err);

	begin = clock_mono_us();
	if (st != OK || (st = repo_worktree_add(r, &spec, a, &path, err)) != OK)
		return st;
	least(&best->add, begin);
	if ((st = change_files(a, path, round, err)) != OK)
		return st;
	begin = clock_mono_us();
	if ((st = repo_commit_all(path, "work", &c, err)) != OK)
		return st;
	least(&best->commit, begin);
	begin = clock_mono_us();
	if ((st = repo_merge(
		 r,
		 &(struct repo_merge_spec){
		     .onto = spec.base, .from = c.oid, .message = "merge", .always_commit = true },
		 a, &m, err)) != OK)
		return st;
	least(&best->merge, begin);
	if ((st = repo_save(r, &(struct repo_keep){ "bench", "t", round, c.oid }, a, &ref, err)) !=
	    OK)
		return st;
	spec.name = text_printf(a, "gadugi-b-%d", round);
	begin = clock_mono_us();
	if ((st = repo_worktree_reuse(r, path, &spec, a, &path, err)) != OK)
		return st;
	least(&best->reuse, begin);
	spec.name = text_printf(a, "gadugi-c-%d", round);
	return as_the_runner(r, &(struct again){ &spec, path, round }, best, a, err);
}

int main(int argc, char **argv)
{
	struct best best = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX };
	struct repo *r = NULL;
	struct err err = { 0 };
	enum status st;

	if (argc != 3)
		return 2;
	st = repo_open(&r, argv[1], &err);
	for (int i = 0; st == OK && i < atoi(argv[2]); i++) { /* NOLINT(cert-err34-c): a bench */
		struct arena *a = arena_new((size_t)64 << 20);

		st = one_round(r, text_printf(a, "%s/.gadugi/worktrees", argv[1]), i, &best, a,
		               &err);
		arena_free(a);
	}
	repo_free(r);
	if (st != OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("add %.1f ms, reuse %.1f ms, commit %.1f ms, merge %.2f ms, refresh %.1f ms\n",
	       (double)best.add / 1000, (double)best.reuse / 1000, (double)best.commit / 1000,
	       (double)best.merge / 1000, (double)best.refresh / 1000);
	return 0;
}
