/*
 * Every allocation of ours fails in turn (libgit2's are asked for again): nothing crashes, refs
 * move or do not, no worktree is left half-made, and the next try succeeds.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo_merge.h"
#include "sys/repo_worktree.h"
#include "tests/lib/scratch.h"

static struct scratch s;
static struct err err;
static const struct oid none = { "" };

static int set_up(void **state)
{
	(void)state;
	return scratch_open(&s);
}

static int tear_down(void **state)
{
	(void)state;
	return scratch_close(&s);
}

/* One thing to do; it gets an arena of its own. */
typedef enum status (*action)(struct arena *a);

/*
 * Have each allocation of it fail until none was left to fail. Returns how many there were. The
 * last try must have gone well.
 */
static long fail_each(action act, long step)
{
	long n = -step, seen;
	enum status st;

	do {
		struct arena *a = arena_new((size_t)64 << 20);

		n += step;
		mem_fail_after(n, 0);
		st = act(a);
		seen = mem_requests();
		mem_fail_after(-1, 0);
		arena_free(a);
	} while (seen > n);
	assert_int_equal(st, OK);
	return n;
}

static enum status look(struct arena *a)
{
	struct repo *r = NULL;
	struct repo_head head;
	struct repo_state *state = NULL;
	const char *const *paths;
	size_t n;
	bool yes;
	enum status st = repo_open(&r, s.main, &err);

	if (st == OK)
		st = repo_head(r, a, &head, &err);
	if (st == OK)
		st = repo_dirty(r, a, 3, &paths, &n, &err);
	if (st == OK)
		st = repo_state_take(r, true, a, &state, &err);
	if (st == OK)
		st = repo_reachable(r, &head.oid, NULL, &yes, &err);
	repo_free(r);
	return st;
}

static void looking_survives(void **state)
{
	(void)state;
	(void)scratch_sh(&s, NULL, "echo x > new; echo y >> base");
	assert_true(fail_each(look, 1) > 50);
}

static enum status move(struct arena *a)
{
	struct repo *r = NULL;
	struct repo_head head;
	struct oid now;
	enum status st = repo_open(&r, s.main, &err), read;

	if (st == OK)
		st = repo_head(r, a, &head, &err);
	if (st == OK)
		st = repo_ref_move(r, "refs/heads/gadugi/r", &none, &head.oid, "made", &err);
	if (st != OK && r != NULL) {
		read = repo_ref_read(r, "refs/heads/gadugi/r", &now, NULL);
		assert_true(read == E_ABSENT || read == OK);
		if (read ==
		    OK) /* it moved, and the failure came after: the next try would say busy */
			(void)repo_ref_move(r, "refs/heads/gadugi/r", &now, &none, "again", NULL);
	}
	repo_free(r);
	return st;
}

static void refs_are_moved_or_not(void **state)
{
	(void)state;
	assert_true(fail_each(move, 1) > 50);
	(void)scratch_sh(
	    &s, NULL,
	    "git update-ref -d refs/heads/gadugi/r; test ! -e .git/refs/heads/gadugi/r.lock");
	(void)scratch_sh(&s, NULL, "git fsck --strict 2>&1");
}

static enum status merge(struct arena *a)
{
	struct repo *r = NULL;
	struct repo_merge m;
	struct oid o, t;
	enum status st = repo_open(&r, s.main, &err);

	if (st == OK)
		st = repo_commit_of(r, "ours", &o, &err);
	if (st == OK)
		st = repo_commit_of(r, "theirs", &t, &err);
	if (st == OK)
		st = repo_merge(r,
		                &(struct repo_merge_spec){
				    .onto = o, .from = t, .message = "m", .always_commit = false },
		                a, &m, &err);
	if (st == OK)
		assert_int_equal(m.kind, REPO_MERGED);
	repo_free(r);
	return st;
}

static void merges_are_made_or_not(void **state)
{
	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "for i in 1 2 3 4 5 6 7 8 9; do echo $i >> f; done; git add f; git commit "
	                 "-q -m f; git checkout -q -b ours; "
	                 "sed -i s/1/one/ f; git commit -qam o; git checkout -q -b theirs main; "
	                 "sed -i s/9/nine/ f; git commit -qam t; git checkout -q main");
	assert_true(fail_each(merge, 1) > 50);
	(void)scratch_sh(&s, NULL, "git fsck --strict 2>&1");
}

static enum status make(struct arena *a)
{
	struct repo *r = NULL;
	struct repo_worktree_spec spec = { .root = s.root, .name = "w" };
	struct repo_commit c = { .files = 0 };
	const char *path = NULL, *ref = NULL;
	enum status st = repo_open(&r, s.main, &err);

	if (st == OK)
		st = repo_commit_of(r, "main", &spec.base, &err);
	if (st == OK)
		st = repo_worktree_add(r, &spec, a, &path, &err);
	if (st == OK)
		st = fs_write_quick(fs_join(s.room, s.root, "w/new"), "new", 3, 0644, &err);
	if (st == OK)
		st = repo_commit_all(path, "left", &c, &err);
	if (st == OK)
		st = repo_save(r, &(struct repo_keep){ "r", "t", 1, c.oid }, a, &ref, &err);
	if (st == OK)
		st = repo_worktree_remove(r, s.root, path, &err);
	if (st != OK && r != NULL) { /* what is there is whole, and kept when something was done */
		if (path == NULL)
			assert_int_equal(fs_kind(fs_join(s.room, s.root, "w")), FS_NOTHING);
		(void)repo_worktree_discard(r, s.root, fs_join(s.room, s.root, "w"), NULL);
	}
	repo_free(r);
	return st;
}

static void worktrees_are_whole_or_not_there(void **state)
{
	(void)state;
	assert_true(fail_each(make, 17) > 50);
	assert_string_equal(
	    scratch_sh(&s, NULL,
	               "git worktree list | wc -l; git show refs/gadugi/r/t/1:new; ls -A "
	               ".gadugi/worktrees .git/worktrees; git status --porcelain"),
	    "1\nnew.gadugi/worktrees:\n\n.git/worktrees:\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(looking_survives),
		TEST(refs_are_moved_or_not),
		TEST(merges_are_made_or_not),
		TEST(worktrees_are_whole_or_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
