#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/proc.h"
#include "sys/repo_merge.h"
#include "sys/repo_refresh.h"
#include "sys/repo_worktree.h"
#include "tests/lib/scratch.h"

static struct scratch s;
static struct err err;

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

static struct repo_worktree_spec spec_of(const char *name)
{
	return (struct repo_worktree_spec){ .root = s.root,
		                            .name = name,
		                            .base = scratch_oid(&s, "main"),
		                            .reason = "gadugi test" };
}

static const char *add(const char *name)
{
	struct repo_worktree_spec spec = spec_of(name);
	const char *path = NULL;

	GOOD(repo_worktree_add(s.repo, &spec, s.room, &path, &err));
	return path;
}

/* What git itself thinks of all worktrees and refs; what it says of faults. */
static const char *health(void)
{
	return scratch_sh(
	    &s, NULL,
	    "git worktree list --porcelain; git fsck --strict 2>&1; git worktree prune -n -v 2>&1");
}

static void a_worktree_is_detached_at_its_base_and_whole(void **state)
{
	struct repo_state *before = NULL, *after = NULL;
	const char *path, *out;

	(void)state;
	(void)scratch_sh(
	    &s, NULL,
	    "mkdir -p d/e && echo x > d/e/f && ln -s f d/e/l && echo '#!' > d/run && chmod +x "
	    "d/run && "
	    "git add -A && git commit -q -m two && echo dirty >> base && echo u > untracked");
	GOOD(repo_state_take(s.repo, true, s.room, &before, &err));
	path = add("gadugi-r1234567-t1-1");
	assert_string_equal(path, scratch_text(&s, "%s/gadugi-r1234567-t1-1", s.root));
	out = scratch_sh(&s, path,
	                 "git status --porcelain=v2 --branch --ignored; cat base d/e/l; test -x "
	                 "d/run; readlink d/e/l; ls -A; git rev-parse --git-common-dir");
	assert_string_equal(
	    out,
	    scratch_text(
		&s,
		"# branch.oid %s\n# branch.head (detached)\nbase\nx\nf\n.git\nbase\nd\n%s/.git\n",
		scratch_oid(&s, "main").hex, s.main));
	GOOD(repo_state_take(s.repo, true, s.room, &after, &err));
	assert_null(repo_state_differs(before, after, s.room));
	out = health();
	assert_non_null(strstr(out, "detached\nlocked gadugi test\n"));
	assert_string_equal(scratch_sh(&s, NULL,
	                               "git branch --list | wc -l; cat .git/config | grep -c "
	                               "branch || true; ls -A .gadugi/worktrees"),
	                    "1\n0\ngadugi-r1234567-t1-1\n");
}

static void a_name_is_used_once_and_must_be_one(void **state)
{
	static const char *const bad[] = { "",       "../x", "a/b", ".x", "-x",
		                           "x.lock", "a..b", "a b", "x." };
	struct repo_worktree_spec spec = spec_of("one");
	const char *path = NULL;

	(void)state;
	(void)add("one");
	assert_int_equal(repo_worktree_add(s.repo, &spec, s.room, &path, &err), E_INPUT);
	assert_non_null(strstr(err.text, "'one'"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		spec.name = bad[i];
		assert_int_equal(repo_worktree_add(s.repo, &spec, s.room, &path, NULL), E_INPUT);
	}
	spec.name = "two";
	spec.base = (struct oid){ "0123456789012345678901234567890123456789" };
	assert_int_equal(repo_worktree_add(s.repo, &spec, s.room, &path, NULL), E_ABSENT);
	assert_null(path);
	assert_string_equal(scratch_sh(&s, NULL, "ls .git/worktrees .gadugi/worktrees"),
	                    ".gadugi/worktrees:\none\n\n.git/worktrees:\none\n");
}

static void a_failed_one_leaves_nothing_and_can_be_tried_again(void **state)
{
	struct repo_worktree_spec spec = spec_of("w");
	const char *path = NULL;

	(void)state;
	/* a blob that is missing makes the checkout fail half-way */
	(void)scratch_sh(&s, NULL,
	                 "echo lost > lost && git add lost && git commit -q -m lost && "
	                 "f=.git/objects/$(git rev-parse HEAD:lost | sed 's,^..,&/,') && cp $f "
	                 "../blob && rm -f $f && rm lost");
	spec.base = scratch_oid(&s, "main");
	assert_int_equal(repo_worktree_add(s.repo, &spec, s.room, &path, &err), E_IO);
	assert_null(path);
	assert_string_equal(scratch_sh(&s, NULL, "ls -A .git/worktrees .gadugi/worktrees"),
	                    ".gadugi/worktrees:\n\n.git/worktrees:\n");
	(void)scratch_sh(&s, NULL,
	                 "git hash-object -w -t blob --stdin < /dev/null >/dev/null; echo lost | "
	                 "git hash-object -w --stdin");
	GOOD(repo_worktree_add(s.repo, &spec, s.room, &path, &err));
	assert_string_equal(scratch_sh(&s, path, "cat lost; git status --porcelain"), "lost\n");
}

static void what_a_maker_that_died_left_is_cleared(void **state)
{
	const char *path;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "mkdir -p .gadugi/worktrees/w/half .git/worktrees/w && echo w > "
	                 ".gadugi/worktrees/.making-w && "
	                 "echo x > .git/worktrees/w/HEAD && echo x > .gadugi/worktrees/w/half/f");
	path = add("w");
	assert_string_equal(scratch_sh(&s, path, "ls -A; git status --porcelain"), ".git\nbase\n");
	assert_string_equal(scratch_sh(&s, NULL, "ls -A .gadugi/worktrees"), "w\n");
}

struct maker {
	pthread_t thread;
	int n, made;
};

static void *make_some(void *arg)
{
	struct maker *m = arg;
	struct arena *a = arena_new((size_t)64 << 20);
	struct repo *r = NULL;

	if (repo_open(&r, s.main, NULL) == OK) {
		for (int i = 0; i < 5; i++) {
			struct repo_worktree_spec spec = { .root = s.root };
			const char *path = NULL;

			(void)repo_commit_of(r, "main", &spec.base, NULL);
			spec.name = text_printf(a, "w-%d-%d", m->n, i);
			m->made += repo_worktree_add(r, &spec, a, &path, NULL) == OK;
		}
	}
	repo_free(r);
	arena_free(a);
	return NULL;
}

static void many_makers_at_once_do_not_disturb_each_other(void **state)
{
	struct maker makers[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		makers[i] = (struct maker){ .n = i };
		assert_int_equal(pthread_create(&makers[i].thread, NULL, make_some, &makers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(makers[i].thread, NULL), 0);
		assert_int_equal(makers[i].made, 5);
	}
	assert_string_equal(scratch_sh(&s, NULL,
	                               "git worktree list | wc -l; for w in .gadugi/worktrees/*; "
	                               "do git -C $w status --porcelain; done"),
	                    "21\n");
}

static void all_that_is_left_is_committed_on_a_detached_head(void **state)
{
	struct repo_commit c;
	const char *path, *out;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "mkdir d && echo a > d/a && echo b > d/b && echo c > c && echo '*.o' > "
	                 ".gitignore && git add -A && git commit -q -m two");
	path = add("w");
	(void)scratch_sh(&s, path,
	                 "echo more >> base && rm d/a && echo n > new && mkdir -p x/y && echo z > "
	                 "'x/y/z z' && chmod +x c && "
	                 "echo i > ignored.o && echo s > staged && git add staged && rm d/b && ln "
	                 "-s ../c d/b && mkdir empty");
	GOOD(repo_commit_all(path, "what was left\n", &c, &err));
	assert_int_equal(c.files, 7);
	assert_int_equal(c.nested, 0);
	out = scratch_sh(&s, path,
	                 "git status --porcelain --branch; git rev-parse HEAD HEAD~1; git log -1 "
	                 "--format=%s%n%an%n%ae; git show --name-status --format= HEAD; cat .git "
	                 ">/dev/null; ls ignored.o");
	assert_string_equal(
	    out, scratch_text(
		     &s,
		     "## HEAD (no branch)\n%s\n%s\nwhat was left\ngadugi\ngadugi@localhost\n"
		     "M\tbase\nM\tc\nD\td/a\nT\td/b\nA\tnew\nA\tstaged\nA\tx/y/z z\nignored.o\n",
		     c.oid.hex, scratch_oid(&s, "main").hex));
	GOOD(repo_commit_all(path, "again", &c, &err));
	assert_int_equal(c.files, 0);
	assert_int_equal(strncmp(scratch_sh(&s, path, "git rev-parse HEAD"), c.oid.hex, 40), 0);
	assert_string_equal(
	    scratch_sh(&s, NULL, "git status --porcelain; git rev-parse --abbrev-ref HEAD"),
	    "main\n");
}

static void commits_go_past_what_an_agent_did_to_its_checkout(void **state)
{
	struct repo_commit c;
	const char *path = add("w"), *before;

	(void)state;
	/* on a branch, in the middle of a merge, with a lock of a git that was killed */
	(void)scratch_sh(&s, path,
	                 "git checkout -q -b agents && echo a > base && git commit -qam a && git "
	                 "checkout -q -b other HEAD~1 && echo b > base && git commit -qam b && "
	                 "! git merge -q agents >/dev/null 2>&1 && touch \"$(git rev-parse "
	                 "--git-dir)/index.lock\"");
	before = scratch_sh(&s, NULL, "git rev-parse agents other main");
	GOOD(repo_commit_all(path, "left", &c, &err));
	assert_int_equal(c.files, 1);
	assert_string_equal(scratch_sh(&s, NULL, "git rev-parse agents other main"), before);
	assert_string_equal(
	    scratch_sh(&s, path, "git status --porcelain --branch; grep -c '<<<<' base"),
	    "## HEAD (no branch)\n1\n");
	assert_int_equal(repo_commit_all(s.main, "never", &c, &err), E_DENIED);
}

static void a_repository_inside_is_not_swallowed_and_keeps_the_tree(void **state)
{
	struct repo_commit c;
	struct repo_worktree *list = NULL;
	const char *path = add("w"), *ref;
	size_t n = 0;

	(void)state;
	(void)scratch_sh(&s, path,
	                 "git init -q inner && echo x > inner/f && git -C inner add f && git -C "
	                 "inner commit -q -m i && echo o > outer");
	GOOD(repo_commit_all(path, "left", &c, &err));
	assert_int_equal(c.files, 1);
	assert_int_equal(c.nested, 1);
	GOOD(repo_save(s.repo, &(struct repo_keep){ "r", "t", 1, c.oid }, s.room, &ref, &err));
	GOOD(repo_worktree_list(s.repo, s.root, s.room, &list, &n, &err));
	assert_true(n == 1 && list[0].class == REPO_DIRTY);
	assert_int_equal(repo_worktree_remove(s.repo, s.root, path, &err), E_DENIED);
	assert_non_null(strstr(err.text, "inner"));
	assert_string_equal(scratch_sh(&s, path, "cat inner/f"), "x\n");
}

static void only_what_would_not_be_lost_is_removed(void **state)
{
	struct repo_commit c;
	const char *path = add("w"), *ref = NULL;

	(void)state;
	(void)scratch_sh(&s, path, "echo x > untracked");
	assert_int_equal(repo_worktree_remove(s.repo, s.root, path, &err), E_DENIED);
	assert_non_null(strstr(err.text, "'untracked' is not committed"));
	GOOD(repo_commit_all(path, "left", &c, &err));
	assert_int_equal(repo_worktree_remove(s.repo, s.root, path, &err), E_DENIED);
	assert_non_null(strstr(err.text, "in no ref"));
	GOOD(repo_save(s.repo, &(struct repo_keep){ "r", "t", 1, c.oid }, s.room, &ref, &err));
	(void)scratch_sh(
	    &s, path,
	    "echo '*.o' >> $(git rev-parse --git-common-dir)/info/exclude; echo x > ignored.o");
	GOOD(repo_worktree_remove(s.repo, s.root, path, &err));
	assert_int_equal(fs_kind(path), FS_NOTHING);
	assert_string_equal(scratch_sh(&s, NULL,
	                               "git worktree list | wc -l; ls -A .git/worktrees "
	                               ".gadugi/worktrees; git show refs/gadugi/r/t/1:untracked"),
	                    "1\n.gadugi/worktrees:\n\n.git/worktrees:\nx\n");
	GOOD(repo_worktree_remove(s.repo, s.root, path, &err)); /* not there: nothing to do */
}

static void one_where_someone_works_is_kept(void **state)
{
	const char *path = add("w"), *argv[] = { "sleep", "1000", NULL };
	struct proc_spec spec = { .argv = argv, .cwd = path };
	struct proc *p = NULL;

	(void)state;
	GOOD(proc_start(&p, NULL, &spec, &err));
	assert_int_equal(repo_worktree_remove(s.repo, s.root, path, &err), E_DENIED);
	assert_non_null(strstr(err.text, "works in it"));
	proc_free(p);
	GOOD(repo_worktree_remove(s.repo, s.root, path, &err));
}

static void nothing_but_ours_is_removed(void **state)
{
	const char *theirs = scratch_text(&s, "%s/theirs", s.top);

	(void)state;
	(void)add("w");
	(void)scratch_sh(&s, NULL,
	                 "git worktree add -q ../theirs; mkdir .gadugi/worktrees/plain; echo x > "
	                 ".gadugi/worktrees/plain/f; "
	                 "ln -s ../../../theirs .gadugi/worktrees/link");
	assert_int_equal(repo_worktree_remove(s.repo, s.root, theirs, &err), E_DENIED);
	assert_int_equal(repo_worktree_discard(s.repo, s.root, theirs, &err), E_DENIED);
	assert_int_equal(repo_worktree_discard(s.repo, s.root, s.main, &err), E_DENIED);
	assert_int_equal(repo_worktree_discard(s.repo, s.root, s.root, &err), E_DENIED);
	assert_int_equal(
	    repo_worktree_remove(s.repo, s.root, scratch_text(&s, "%s/plain", s.root), &err),
	    E_DENIED);
	assert_int_equal(
	    repo_worktree_remove(s.repo, s.root, scratch_text(&s, "%s/link", s.root), &err),
	    E_DENIED);
	assert_int_equal(
	    repo_worktree_remove(s.repo, s.root, scratch_text(&s, "%s/../../x", s.root), &err),
	    E_DENIED);
	assert_string_equal(
	    scratch_sh(&s, theirs,
	               "git status --porcelain; cat base ../main/.gadugi/worktrees/plain/f"),
	    "base\nx\n");
}

static void a_folder_that_vanished_is_forgotten_unless_its_commit_would_be(void **state)
{
	struct repo_commit c;
	const char *one = add("one"), *two = add("two"), *ref;

	(void)state;
	(void)scratch_sh(&s, two, "echo x > x");
	GOOD(repo_commit_all(two, "left", &c, &err));
	(void)scratch_sh(&s, NULL, "rm -r .gadugi/worktrees/one .gadugi/worktrees/two");
	GOOD(repo_worktree_remove(s.repo, s.root, one, &err));
	assert_int_equal(repo_worktree_remove(s.repo, s.root, two, &err), E_DENIED);
	assert_non_null(strstr(err.text, c.oid.hex));
	GOOD(repo_save(s.repo, &(struct repo_keep){ "r", "t", 1, c.oid }, s.room, &ref, &err));
	GOOD(repo_worktree_remove(s.repo, s.root, two, &err));
	assert_string_equal(scratch_sh(&s, NULL, "ls -A .git/worktrees"), "");
}

static void a_person_may_discard_what_is_dirty(void **state)
{
	const char *path = add("w");

	(void)state;
	(void)scratch_sh(&s, path, "echo x > x; mkdir -p d && chmod 500 d");
	GOOD(repo_worktree_discard(s.repo, s.root, path, &err));
	assert_string_equal(
	    scratch_sh(&s, NULL, "git worktree list | wc -l; ls -A .gadugi/worktrees"), "1\n");
}

static void the_list_says_what_each_holds(void **state)
{
	struct repo_worktree *list = NULL;
	struct repo_commit c;
	size_t n = 9;

	(void)state;
	GOOD(repo_worktree_list(s.repo, s.root, s.room, &list, &n, &err));
	assert_int_equal(n, 0);
	(void)add("a-clean");
	(void)scratch_sh(&s, add("b-dirty"), "echo x > x");
	(void)scratch_sh(&s, add("c-unmerged"), "echo x > x");
	GOOD(repo_commit_all(scratch_text(&s, "%s/c-unmerged", s.root), "m", &c, &err));
	(void)scratch_sh(&s, add("d-broken"), "rm .git");
	(void)scratch_sh(&s, NULL, "git worktree add -q ../theirs");
	GOOD(repo_worktree_list(s.repo, s.root, s.room, &list, &n, &err));
	assert_int_equal(n, 4);
	assert_true(list[0].class == REPO_CLEAN && list[1].class == REPO_DIRTY);
	assert_true(list[2].class == REPO_UNMERGED && list[3].class == REPO_BROKEN);
	assert_string_equal(list[0].name, "a-clean");
	assert_string_equal(list[2].head.hex, c.oid.hex);
	assert_true(list[0].locked);
	assert_int_equal(repo_worktree_remove(s.repo, s.root, list[3].path, &err), E_DENIED);
}

static void a_finished_one_is_used_again(void **state)
{
	struct repo_worktree_spec spec = spec_of("second");
	const char *one = add("first"), *two = NULL, *was;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "echo '*.o' > .gitignore && echo 2 > base && mkdir d && echo n > d/n && "
	                 "git add -A && git commit -q -m two");
	spec.base = scratch_oid(&s, "main");
	spec.reason = "anew";
	spec.keep_ignored = true;
	(void)scratch_sh(&s, NULL, "echo '*.o' >> .git/info/exclude");
	(void)scratch_sh(&s, one, "echo o > old.o");
	was = scratch_sh(&s, one, "stat -c %i base");
	GOOD(repo_worktree_reuse(s.repo, one, &spec, s.room, &two, &err));
	assert_string_equal(two, scratch_text(&s, "%s/second", s.root));
	assert_int_equal(fs_kind(one), FS_NOTHING);
	assert_string_equal(
	    scratch_sh(&s, two,
	               "git status --porcelain --branch; git rev-parse HEAD; cat base d/n; ls *.o"),
	    scratch_text(&s, "## HEAD (no branch)\n%s\n2\nn\nold.o\n", spec.base.hex));
	assert_non_null(strstr(health(), "locked anew"));
	assert_string_equal(scratch_sh(&s, NULL, "ls -A .gadugi/worktrees .git/worktrees"),
	                    ".gadugi/worktrees:\nsecond\n\n.git/worktrees:\nsecond\n");
	spec.name = "third";
	spec.keep_ignored = false;
	GOOD(repo_worktree_reuse(s.repo, two, &spec, s.room, &two, &err));
	assert_string_equal(scratch_sh(&s, two, "ls *.o 2>/dev/null || echo none"), "none\n");
	(void)was;
	(void)scratch_sh(&s, two, "echo x > x");
	spec.name = "fourth";
	assert_int_equal(repo_worktree_reuse(s.repo, two, &spec, s.room, &one, &err), E_DENIED);
	assert_string_equal(scratch_sh(&s, two, "cat x"), "x\n");
}

static void a_few_files_are_moved_on_in_place_and_many_by_git(void **state)
{
	const char *one = add("first");
	struct oid few, many;

	(void)state;
	(void)scratch_sh(&s, NULL, "echo 2 > base && git commit -qam two");
	few = scratch_oid(&s, "main");
	(void)scratch_sh(&s, NULL,
	                 "for i in $(seq 100); do echo $i > f$i; done && git add -A && "
	                 "git commit -q -m many");
	many = scratch_oid(&s, "main");
	(void)scratch_sh(&s, one, "echo mine > mine");
	assert_int_equal(repo_refresh(one, &few, false, &err), E_DENIED);
	assert_string_equal(scratch_sh(&s, one, "cat mine && rm mine"), "mine\n");
	GOOD(repo_refresh(one, &few, false, &err));
	assert_string_equal(
	    scratch_sh(&s, one, "git status --porcelain; git rev-parse HEAD; cat base"),
	    scratch_text(&s, "%s\n2\n", few.hex));
	assert_int_equal(repo_refresh(one, &many, false, &err), E_ABSENT);
	assert_string_equal(scratch_sh(&s, one, "git rev-parse HEAD"),
	                    scratch_text(&s, "%s\n", few.hex));
}

/* Stand before git on PATH and note what it is asked. */
static void note_git_calls(const char *path_was)
{
	const char *fake = scratch_text(&s, "%s/bin/git", s.top);
	const char *script = scratch_text(&s,
	                                  "#!/bin/sh\nprintf '%%s\\n' \"$*\" >>'%s/asked'\n"
	                                  "PATH='%s' exec git \"$@\"\n",
	                                  s.top, path_was);

	GOOD(fs_make_folders(scratch_text(&s, "%s/bin", s.top), 0755, &err));
	GOOD(fs_write(fake, script, strlen(script), 0755, &err));
	assert_int_equal(setenv("PATH", scratch_text(&s, "%s/bin:%s", s.top, path_was), 1), 0);
}

static void many_files_are_written_side_by_side_unless_the_user_set_it(void **state)
{
	const char *path_was = text_dup(s.room, getenv("PATH")), *path, *asked;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "printf '*.crlf eol=crlf\n' >.gitattributes && mkdir d && "
	                 "for i in $(seq 600); do echo $i >d/f$i; done && echo x >d/x.crlf && "
	                 "echo r >d/run && chmod +x d/run && ln -s f1 d/l && git add -A && "
	                 "git commit -q -m many");
	note_git_calls(path_was);
	path = add("many");
	assert_int_equal(setenv("PATH", path_was, 1), 0);
	assert_string_equal(
	    scratch_sh(&s, path,
	               "git status --porcelain; ls d | wc -l; cat d/f600 d/l; test -x d/run && "
	               "! test -x d/f1 && od -c d/x.crlf | head -n 1"),
	    "603\n600\n1\n0000000   x  \\r  \\n\n");
	asked = scratch_sh(&s, NULL, "cat ../asked");
	assert_true((strstr(asked, "-c checkout.workers=") != NULL) ==
	            (sysconf(_SC_NPROCESSORS_ONLN) > 1));
	(void)scratch_sh(&s, NULL, "rm ../asked; git config checkout.workers 1");
	note_git_calls(path_was);
	(void)add("again");
	assert_int_equal(setenv("PATH", path_was, 1), 0);
	assert_null(strstr(scratch_sh(&s, NULL, "cat ../asked"), "checkout.workers"));
}

static void without_the_git_program_libgit2_checks_out(void **state)
{
	struct repo_worktree_spec spec = spec_of("w");
	struct repo_commit c;
	char *path_was = text_dup(s.room, getenv("PATH"));
	const char *path = NULL;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "mkdir d && echo a > d/a && ln -s a d/l && echo '#' > r && chmod +x r && "
	                 "git add -A && git commit -q -m two");
	spec.base = scratch_oid(&s, "main");
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	GOOD(repo_worktree_add(s.repo, &spec, s.room, &path, &err));
	GOOD(fs_write(fs_join(s.room, path, "new"), "n", 1, 0644, &err));
	GOOD(repo_commit_all(path, "left", &c, &err));
	assert_int_equal(setenv("PATH", path_was, 1), 0);
	assert_int_equal(c.files, 1);
	assert_string_equal(
	    scratch_sh(&s, path, "git status --porcelain; cat d/l; test -x r; cat new"), "a\nn");
	(void)scratch_sh(
	    &s, NULL,
	    "echo '*.bin filter=lfs' > .gitattributes && git add -A && git commit -q -m lfs");
	spec.base = scratch_oid(&s, "main");
	spec.name = "filtered";
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	assert_int_equal(repo_worktree_add(s.repo, &spec, s.room, &path, &err), E_ABSENT);
	assert_int_equal(setenv("PATH", path_was, 1), 0);
	assert_string_equal(scratch_sh(&s, NULL, "ls -A .git/worktrees"), "w\n");
}

static void a_bare_repository_has_worktrees_too(void **state)
{
	struct repo_worktree_spec spec = spec_of("w");
	struct repo *bare = NULL;
	struct repo_commit c;
	struct repo_worktree *list = NULL;
	const char *path = NULL, *ref;
	size_t n;

	(void)state;
	(void)scratch_sh(&s, NULL, "git clone -q --bare . ../bare.git");
	GOOD(repo_open(&bare, scratch_text(&s, "%s/bare.git", s.top), &err));
	spec.root = scratch_text(&s, "%s/trees", s.top);
	GOOD(repo_worktree_add(bare, &spec, s.room, &path, &err));
	(void)scratch_sh(&s, path, "echo x > x");
	GOOD(repo_commit_all(path, "left", &c, &err));
	assert_int_equal(c.files, 1);
	GOOD(repo_save(bare, &(struct repo_keep){ "r", "t", 1, c.oid }, s.room, &ref, &err));
	GOOD(repo_worktree_list(bare, spec.root, s.room, &list, &n, &err));
	assert_true(n == 1 && list[0].class == REPO_CLEAN);
	GOOD(repo_ref_move(bare, "refs/heads/main", &spec.base, &c.oid, "m",
	                   &err)); /* nobody has it checked out */
	GOOD(repo_worktree_remove(bare, spec.root, path, &err));
	repo_free(bare);
}

static void sparse_checkouts_stay_sparse_and_lose_nothing(void **state)
{
	struct repo_worktree_spec spec;
	struct repo *r = NULL;
	struct repo_commit c;
	const char *path = NULL, *ref = NULL, *const *dirty = NULL;
	size_t n = 9;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "mkdir in out && echo i > in/f && echo o > out/f && git add -A && git "
	                 "commit -q -m two && git sparse-checkout set in");
	spec = spec_of("w");
	GOOD(repo_open(&r, s.main, &err));
	GOOD(repo_dirty(r, s.room, 5, &dirty, &n, &err));
	assert_int_equal(n, 0);
	GOOD(repo_worktree_add(r, &spec, s.room, &path, &err));
	assert_string_equal(scratch_sh(&s, path, "ls; git status --porcelain"), "base\nin\n");
	(void)scratch_sh(
	    &s, path,
	    "echo more >> in/f && echo n > in/new && mkdir out && echo extra > out/extra");
	GOOD(repo_commit_all(path, "left", &c, &err));
	assert_int_equal(c.files, 3);
	assert_string_equal(
	    scratch_sh(&s, NULL, scratch_text(&s, "git ls-tree -r --name-only %s", c.oid.hex)),
	    "base\nin/f\nin/new\nout/extra\nout/f\n");
	GOOD(repo_save(r, &(struct repo_keep){ "r", "t", 1, c.oid }, s.room, &ref, &err));
	GOOD(repo_worktree_remove(r, s.root, path, &err));
	repo_free(r);
}

static void filters_are_applied_both_ways(void **state)
{
	struct repo_worktree_spec spec;
	struct repo_commit c;
	const char *path = NULL;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "git config filter.up.clean 'tr a-z A-Z' && git config filter.up.smudge "
	                 "'tr A-Z a-z' && "
	                 "echo '*.up filter=up' > .gitattributes && echo hello > a.up && git add "
	                 "-A && git commit -q -m f");
	assert_string_equal(scratch_sh(&s, NULL, "git show HEAD:a.up"), "HELLO\n");
	spec = spec_of("w");
	GOOD(repo_worktree_add(s.repo, &spec, s.room, &path, &err));
	assert_string_equal(scratch_sh(&s, path, "cat a.up; git status --porcelain"), "hello\n");
	(void)scratch_sh(&s, path, "echo world > b.up; echo plain > plain; rm base");
	GOOD(repo_commit_all(path, "left", &c, &err));
	assert_int_equal(c.files, 3);
	assert_string_equal(scratch_sh(&s, path, "git show HEAD:b.up; git status --porcelain"),
	                    "WORLD\n");
}

static void ignored_files_that_are_named_come_along(void **state)
{
	const char *path;

	(void)state;
	(void)scratch_sh(
	    &s, NULL,
	    "printf '.env\nnode_modules/\n*.log\n' > .gitignore && printf "
	    "'.env\nnode_modules\nnew\n.gadugi\nsub/deep/.env\n' > .worktreeinclude && "
	    "mkdir -p sub/deep && echo t > sub/deep/tracked && git add -A && git commit -q -m two "
	    "&& "
	    "echo SECRET=1 > .env && mkdir -p node_modules/a && echo m > node_modules/a/m && echo "
	    "x > x.log && echo n > new && echo E > sub/deep/.env");
	path = add("w");
	assert_string_equal(
	    scratch_sh(&s, path,
	               "cat .env node_modules/a/m sub/deep/.env; ls -A; git status --porcelain"),
	    "SECRET=1\nm\nE\n.env\n.git\n.gitignore\n.worktreeinclude\nbase\nnode_modules\nsub\n");
	assert_string_equal(scratch_sh(&s, path, "echo changed > .env; cat ../../../.env"),
	                    "SECRET=1\n");
	GOOD(repo_worktree_remove(s.repo, s.root, path, &err));
}

static void one_whose_reuse_was_cut_short_leaves_nothing(void **state)
{
	const char *path = add("w");

	(void)state;
	/* as a process leaves it that dies between the renames of folder and entry */
	(void)scratch_sh(&s, NULL,
	                 "cd .gadugi/worktrees && touch .making-again && mv w again && "
	                 "echo half > again/half");
	GOOD(repo_worktree_discard(s.repo, s.root, scratch_text(&s, "%s/again", s.root), &err));
	GOOD(repo_worktree_remove(s.repo, s.root, path, &err));
	assert_string_equal(scratch_sh(&s, NULL, "ls -A .gadugi/worktrees .git/worktrees"),
	                    ".gadugi/worktrees:\n\n.git/worktrees:\n");
}

static void submodules_come_from_the_main_checkout(void **state)
{
	struct repo_worktree_spec spec;
	struct repo_commit c;
	const char *path, *config, *other = NULL;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "git init -q -b main ../lib && echo l > ../lib/l && git -C ../lib add -A "
	                 "&& git -C ../lib commit -q -m l && "
	                 "git -c protocol.file.allow=always submodule --quiet add ../lib "
	                 "vendor/lib && git commit -q -m sub && mv ../lib ../unreachable");
	config = scratch_sh(&s, NULL, "cat .git/config");
	path = add("w");
	assert_string_equal(scratch_sh(&s, path, "cat vendor/lib/l; git status --porcelain"),
	                    "l\n");
	assert_string_equal(scratch_sh(&s, NULL, "cat .git/config; git status --porcelain"),
	                    config);
	spec = spec_of("again");
	assert_int_equal(repo_worktree_reuse(s.repo, path, &spec, s.room, &other, &err), E_DENIED);
	(void)scratch_sh(&s, path,
	                 "cd vendor/lib && echo more >> l && git commit -q -am more && cd ../.. && "
	                 "git commit -q -am bump && git update-ref refs/gadugi/bump HEAD");
	assert_int_equal(repo_worktree_remove(s.repo, s.root, path, &err), E_DENIED);
	assert_non_null(strstr(err.text, "submodule has commits that are nowhere else"));
	(void)scratch_sh(&s, path,
	                 "cd vendor/lib && echo still > m && git add . && git commit -qm m");
	GOOD(repo_commit_all(path, "left", &c, &err));
	assert_int_equal(c.files, 1);
	assert_int_equal(c.nested, 0);
	(void)scratch_sh(&s, path, "git update-ref refs/gadugi/bump HEAD");
	GOOD(repo_worktree_remove(s.repo, s.root, path, &err));
	assert_string_equal(
	    scratch_sh(&s, NULL,
	               "git -C vendor/lib show $(git rev-parse refs/gadugi/bump:vendor/lib):m;"
	               "cat vendor/lib/l; git status --porcelain; ls -A .git/worktrees"),
	    "still\nl\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_worktree_is_detached_at_its_base_and_whole),
		TEST(a_name_is_used_once_and_must_be_one),
		TEST(a_failed_one_leaves_nothing_and_can_be_tried_again),
		TEST(what_a_maker_that_died_left_is_cleared),
		TEST(one_whose_reuse_was_cut_short_leaves_nothing),
		TEST(many_makers_at_once_do_not_disturb_each_other),
		TEST(all_that_is_left_is_committed_on_a_detached_head),
		TEST(commits_go_past_what_an_agent_did_to_its_checkout),
		TEST(a_repository_inside_is_not_swallowed_and_keeps_the_tree),
		TEST(only_what_would_not_be_lost_is_removed),
		TEST(one_where_someone_works_is_kept),
		TEST(nothing_but_ours_is_removed),
		TEST(a_folder_that_vanished_is_forgotten_unless_its_commit_would_be),
		TEST(a_person_may_discard_what_is_dirty),
		TEST(the_list_says_what_each_holds),
		TEST(a_finished_one_is_used_again),
		TEST(a_few_files_are_moved_on_in_place_and_many_by_git),
		TEST(many_files_are_written_side_by_side_unless_the_user_set_it),
		TEST(without_the_git_program_libgit2_checks_out),
		TEST(a_bare_repository_has_worktrees_too),
		TEST(sparse_checkouts_stay_sparse_and_lose_nothing),
		TEST(filters_are_applied_both_ways),
		TEST(ignored_files_that_are_named_come_along),
		TEST(submodules_come_from_the_main_checkout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
