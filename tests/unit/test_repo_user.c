#include "tests/unit/unit.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sys/fs.h"
#include "sys/repo.h"
#include "sys/repo_merge.h"
#include "sys/repo_worktree.h"
#include "tests/lib/scratch.h"

/* What the user of a repository has there and does there while we are at work in it. */

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

#define GOOD(call) assert_string_equal((call) == OK ? "" : err.text, "")

/* A commit on top of main that holds a file, with main as it was. */
static struct oid commit_with(const char *file)
{
	(void)scratch_sh(
	    &s, NULL,
	    scratch_text(&s,
	                 "git checkout -q -b w && echo theirs > '%s' && git add -f '%s' "
	                 "&& git commit -q -m w && git checkout -q main",
	                 file, file));
	return scratch_oid(&s, "w");
}

static void another_branch_than_the_one_meant_is_not_moved(void **state)
{
	struct oid tip = commit_with("x");

	(void)state;
	(void)scratch_sh(&s, NULL, "git checkout -q -b feature");
	assert_int_equal(repo_fast_forward(s.repo, "refs/heads/main", &tip, &err), E_DENIED);
	assert_non_null(strstr(err.text, "'refs/heads/feature' is checked out"));
	assert_string_equal(scratch_sh(&s, NULL, "git diff main feature; ls"), "base\n");
}

static void a_file_that_git_ignores_is_not_written_over(void **state)
{
	struct oid base = scratch_oid(&s, "main"), tip = commit_with("secret");

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "echo secret > .git/info/exclude; echo mine > secret; git status --short");
	assert_int_equal(repo_fast_forward(s.repo, "refs/heads/main", &tip, &err), E_IO);
	assert_non_null(strstr(err.text, "secret"));
	assert_string_equal(scratch_sh(&s, NULL, "cat secret"), "mine\n");
	assert_string_equal(scratch_oid(&s, "main").hex, base.hex);
}

static void a_checkout_of_the_users_named_like_ours_is_the_users(void **state)
{
	struct oid a = scratch_oid(&s, "main"), b = commit_with("x");

	(void)state;
	(void)scratch_sh(&s, NULL, "git worktree add -q -b gadugi/run ../gadugi-look main");
	assert_int_equal(repo_ref_move(s.repo, "refs/heads/gadugi/run", &a, &b, "x", &err),
	                 E_DENIED);
	assert_non_null(strstr(err.text, "checked out"));
	assert_string_equal(
	    scratch_sh(&s, scratch_text(&s, "%s/gadugi-look", s.top), "git status --porcelain"),
	    "");
}

static void what_an_agent_checked_out_in_its_own_does_not_hold_a_branch(void **state)
{
	struct oid a = scratch_oid(&s, "main"), b = commit_with("x");
	const struct repo_worktree_spec spec = { .root = s.root, .name = "gadugi-1", .base = a };
	const char *path;

	(void)state;
	GOOD(repo_worktree_add(s.repo, &spec, s.room, &path, &err));
	(void)scratch_sh(&s, path, "git checkout -q -b gadugi/run");
	GOOD(repo_ref_move(s.repo, "refs/heads/gadugi/run", &a, &b, "x", &err));
}

static void *unlock(void *path)
{
	const struct timespec moment = { 0, 5000000 };

	(void)nanosleep(&moment, NULL);
	(void)unlink(path);
	return NULL;
}

/* Lock a ref as `git pack-refs` does, and let it go a moment later. */
static pthread_t lock_for_a_moment(char *path)
{
	pthread_t thread;

	GOOD(fs_write_quick(path, "", 0, 0600, &err));
	assert_int_equal(pthread_create(&thread, NULL, unlock, path), 0);
	return thread;
}

static void a_ref_that_git_has_locked_is_waited_for(void **state)
{
	struct oid a = scratch_oid(&s, "main"), b = commit_with("x");
	pthread_t thread;

	(void)state;
	GOOD(repo_ref_move(s.repo, "refs/heads/gadugi/run", &none, &a, "x", &err));
	thread = lock_for_a_moment(scratch_text(&s, "%s/.git/refs/heads/gadugi/run.lock", s.main));
	GOOD(repo_ref_move(s.repo, "refs/heads/gadugi/run", &a, &b, "x", &err));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(scratch_oid(&s, "gadugi/run").hex, b.hex);
}

static void a_head_that_git_has_locked_is_waited_for(void **state)
{
	struct oid a = scratch_oid(&s, "main");
	const struct repo_worktree_spec spec = { .root = s.root, .name = "gadugi-1", .base = a };
	struct repo_commit made;
	const char *path;
	pthread_t thread;

	(void)state;
	GOOD(repo_worktree_add(s.repo, &spec, s.room, &path, &err));
	(void)scratch_sh(&s, path, "echo new > new");
	/* somebody works in it, so that the lock is not taken for one that was left behind */
	assert_int_equal(chdir(path), 0);
	thread =
	    lock_for_a_moment(scratch_text(&s, "%s/.git/worktrees/gadugi-1/HEAD.lock", s.main));
	GOOD(repo_commit_all(path, "x", &made, &err));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(made.files, 1);
}

/* Branches ours and theirs, each with what a line of shell makes of main. */
static void part(const char *ours, const char *theirs, struct oid *o, struct oid *t)
{
	(void)scratch_sh(
	    &s, NULL,
	    scratch_text(&s,
	                 "git checkout -q -B ours main && %s && git add -A && git "
	                 "commit -q -m ours && git checkout -q -B theirs main && %s && "
	                 "git add -A && git commit -q -m theirs && git checkout -q main",
	                 ours, theirs));
	*o = scratch_oid(&s, "ours");
	*t = scratch_oid(&s, "theirs");
}

static char *marked(const struct oid *o, const struct oid *t)
{
	struct repo_merge m;

	GOOD(repo_merge_marked(
	    s.repo,
	    &(struct repo_merge_spec){ .onto = *o, .from = *t, .onto_name = "o", .from_name = "t" },
	    s.room, &m, &err));
	assert_int_equal(m.kind, REPO_CONFLICTS);
	return scratch_sh(
	    &s, NULL,
	    scratch_text(&s, "git ls-tree -r --format='%%(objectmode) %%(path)' %s", m.tree.hex));
}

static void a_file_in_the_way_of_a_folder_is_put_beside_it(void **state)
{
	struct oid o, t;

	(void)state;
	part("echo file > x", "mkdir x && echo in > x/y", &o, &t);
	assert_string_equal(marked(&o, &t), "100644 base\n100644 x/y\n100644 x~ours\n");
	assert_string_equal(marked(&t, &o), "100644 base\n100644 x/y\n100644 x~theirs\n");
}

static void a_program_stays_one_where_both_sides_stand_marked(void **state)
{
	struct oid o, t;

	(void)state;
	part("echo o > base", "echo t > base && chmod +x base", &o, &t);
	assert_string_equal(marked(&o, &t), "100755 base\n");
	assert_string_equal(marked(&t, &o), "100755 base\n");
}

static void work_on_a_branch_without_commits_is_committed(void **state)
{
	struct oid a = scratch_oid(&s, "main");
	const struct repo_worktree_spec spec = { .root = s.root, .name = "gadugi-1", .base = a };
	struct repo_commit made;
	const char *path;

	(void)state;
	GOOD(repo_worktree_add(s.repo, &spec, s.room, &path, &err));
	(void)scratch_sh(&s, path, "git checkout -q --orphan fresh && echo new > new");
	GOOD(repo_commit_all(path, "x", &made, &err));
	assert_int_equal(made.files, 2);
	assert_string_equal(scratch_sh(&s, path, "git ls-tree --name-only HEAD; git status -s"),
	                    "base\nnew\n");
	assert_string_equal(scratch_sh(&s, path, "git symbolic-ref -q HEAD || git rev-parse HEAD"),
	                    scratch_text(&s, "%s\n", made.oid.hex));
}

static void a_commit_that_could_not_be_written_is_no_commit(void **state)
{
	struct oid base = scratch_oid(&s, "main"), tree, made;
	const struct oid parents[2] = { base, none };
	int refused = 0;

	(void)state;
	GOOD(repo_tree_of(s.repo, &base, &tree, &err));
	/* most folders that an object may go into cannot be made */
	(void)scratch_sh(&s, NULL,
	                 "cd .git/objects && for a in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do "
	                 "for b in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do "
	                 "[ -e $a$b ] || : > $a$b; done; done");
	for (int i = 0; i < 20; i++) {
		const char *message = scratch_text(&s, "m %d", i);

		if (repo_commit_tree(s.repo, &tree, parents, message, &made, &err) != OK)
			refused++;
		else
			(void)scratch_sh(&s, NULL,
			                 scratch_text(&s, "git cat-file -e %s", made.hex));
	}
	assert_true(refused > 0);
	assert_non_null(strstr(err.text, "cannot write a commit: "));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_branch_than_the_one_meant_is_not_moved),
		TEST(a_file_that_git_ignores_is_not_written_over),
		TEST(a_checkout_of_the_users_named_like_ours_is_the_users),
		TEST(what_an_agent_checked_out_in_its_own_does_not_hold_a_branch),
		TEST(a_ref_that_git_has_locked_is_waited_for),
		TEST(a_head_that_git_has_locked_is_waited_for),
		TEST(a_file_in_the_way_of_a_folder_is_put_beside_it),
		TEST(a_program_stays_one_where_both_sides_stand_marked),
		TEST(work_on_a_branch_without_commits_is_committed),
		TEST(a_commit_that_could_not_be_written_is_no_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
