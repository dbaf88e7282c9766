#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo.h"
#include "sys/repo_merge.h"
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

#define GOOD(call) assert_string_equal((call) == OK ? "" : err.text, "")

static void the_place_is_found_without_git(void **state)
{
	struct repo_place p;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "mkdir -p sub/deep; git worktree add -q ../linked; "
	                 "git clone -q --bare . ../bare.git; mkdir ../plain");
	GOOD(repo_find(scratch_text(&s, "%s/sub/deep", s.main), s.room, &p, &err));
	assert_string_equal(p.top, s.main);
	assert_string_equal(p.main, s.main);
	assert_string_equal(p.common, scratch_text(&s, "%s/.git", s.main));
	assert_string_equal(p.git_dir, p.common);
	GOOD(repo_find(scratch_text(&s, "%s/linked", s.top), s.room, &p, &err));
	assert_string_equal(p.top, scratch_text(&s, "%s/linked", s.top));
	assert_string_equal(p.main, s.main);
	assert_string_equal(p.git_dir, scratch_text(&s, "%s/.git/worktrees/linked", s.main));
	assert_string_equal(p.common, scratch_text(&s, "%s/.git", s.main));
	GOOD(repo_find(scratch_text(&s, "%s/bare.git/refs", s.top), s.room, &p, &err));
	assert_null(p.top);
	assert_null(p.main);
	assert_string_equal(p.common, scratch_text(&s, "%s/bare.git", s.top));
	assert_int_equal(repo_find("/", s.room, &p, NULL), E_ABSENT);
	assert_int_equal(repo_find("/no/such", s.room, &p, NULL), E_ABSENT);
}

static void a_line_is_excluded_once(void **state)
{
	const char *common = scratch_text(&s, "%s/.git", s.main);

	(void)state;
	(void)scratch_sh(&s, NULL, "printf 'a\\nb' > .git/info/exclude");
	GOOD(repo_exclude(common, ".gadugi/", &err));
	GOOD(repo_exclude(common, ".gadugi/", &err));
	assert_string_equal(scratch_sh(&s, NULL, "cat .git/info/exclude"), "a\nb\n.gadugi/\n");
	(void)scratch_sh(&s, NULL, "rm -r .git/info");
	GOOD(repo_exclude(common, ".gadugi/", &err));
	assert_string_equal(scratch_sh(&s, NULL, "cat .git/info/exclude"), ".gadugi/\n");
}

static void names_of_refs_are_judged_as_git_does(void **state)
{
	static const char *const names[] = {
		"refs/heads/x",        "refs/heads/a/b-c_d.e", "refs/heads/",
		"refs/heads/x.lock",   "refs/heads/a..b",      "refs/heads/a b",
		"refs/heads/a~1",      "refs/heads/.a",        "refs/heads/a.",
		"refs/heads/a//b",     "refs/heads/a@{b",      "refs/heads/a\\b",
		"refs/heads/a.lock/b", "refs/heads/\xc3\xa4",  "refs/heads/a*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *out = scratch_sh(
		    &s, NULL,
		    scratch_text(&s, "git check-ref-format '%s' && echo yes || echo no", names[i]));

		if ((strcmp(out, "yes\n") == 0) != repo_ref_name_ok(names[i]))
			fail_msg("'%s': git says %s", names[i], out);
	}
	assert_false(repo_ref_name_ok("heads/x"));
	assert_false(repo_ref_name_ok(""));
}

static void parts_of_names_are_safe_and_stay_different(void **state)
{
	(void)state;
	assert_string_equal(repo_name_part(s.room, "T-1_a", 40), "T-1_a");
	assert_string_not_equal(repo_name_part(s.room, "a/b", 40),
	                        repo_name_part(s.room, "a b", 40));
	assert_string_not_equal(repo_name_part(s.room, "a-b", 40),
	                        repo_name_part(s.room, "a b", 40));
	assert_null(strchr(repo_name_part(s.room, "../../etc", 40), '/'));
	assert_true(strlen(repo_name_part(s.room, "", 40)) > 0);
	assert_int_not_equal(repo_name_part(s.room, "-rf", 40)[0], '-');
	assert_true(strlen(repo_name_part(
			s.room, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", 30)) <= 30);
	assert_true(repo_ref_name_ok(scratch_text(&s, "refs/heads/gadugi/%s",
	                                          repo_name_part(s.room, "\xc3\xa4..lock", 40))));
}

static void head_tells_branch_commit_and_their_absence(void **state)
{
	struct repo_head head;
	struct repo *r = NULL;

	(void)state;
	GOOD(repo_head(s.repo, s.room, &head, &err));
	assert_string_equal(head.branch, "refs/heads/main");
	assert_string_equal(head.oid.hex, scratch_oid(&s, "main").hex);
	(void)scratch_sh(&s, NULL, "git checkout -q --detach; git init -q -b trunk ../empty");
	GOOD(repo_head(s.repo, s.room, &head, &err));
	assert_null(head.branch);
	GOOD(repo_open(&r, scratch_text(&s, "%s/empty", s.top), &err));
	GOOD(repo_head(r, s.room, &head, &err));
	assert_string_equal(head.oid.hex, "");
	assert_string_equal(head.branch, "refs/heads/trunk");
	assert_int_equal(repo_root(r, &head.oid, NULL), E_ABSENT);
	repo_free(r);
	assert_int_equal(repo_open(&r, s.top, NULL), E_ABSENT);
}

static void what_git_can_name_is_found(void **state)
{
	struct oid oid, want;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "git commit -q --allow-empty -m two; git tag -a v1 -m v1 HEAD~1");
	GOOD(repo_commit_of(s.repo, "main~1", &oid, &err));
	want = scratch_oid(&s, "main~1");
	assert_string_equal(oid.hex, want.hex);
	GOOD(repo_commit_of(s.repo, "v1", &oid, &err));
	assert_string_equal(oid.hex, want.hex);
	assert_int_equal(repo_commit_of(s.repo, "nothing", &oid, NULL), E_ABSENT);
	assert_int_equal(repo_commit_of(s.repo, "main^{tree}", &oid, NULL), E_ABSENT);
	GOOD(repo_tree_of(s.repo, &want, &oid, &err));
	assert_int_equal(strncmp(scratch_sh(&s, NULL, "git rev-parse main~1^{tree}"), oid.hex, 40),
	                 0);
}

static void the_oldest_root_is_the_identity(void **state)
{
	struct oid first = scratch_oid(&s, "main"), root;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "git checkout -q --orphan other && git commit -q -m other --date now && "
	                 "git checkout -q main && "
	                 "git merge -q --allow-unrelated-histories -m m other && git commit -q "
	                 "--allow-empty -m z");
	GOOD(repo_root(s.repo, &root, &err));
	if (strcmp(root.hex, first.hex) != 0) /* made in the same second: the smaller id */
		assert_true(strcmp(root.hex, first.hex) < 0);
}

static void descent_and_reach_are_told(void **state)
{
	const char *skip[] = { "refs/heads/side", NULL };
	struct oid base = scratch_oid(&s, "main"), two, side;
	bool yes = false;

	(void)state;
	(void)scratch_sh(
	    &s, NULL,
	    "git branch side; git commit -q --allow-empty -m two; git checkout -q side; "
	    "git commit -q --allow-empty -m side; git checkout -q main");
	two = scratch_oid(&s, "main");
	side = scratch_oid(&s, "side");
	GOOD(repo_descends(s.repo, &two, &base, &yes, &err));
	assert_true(yes);
	GOOD(repo_descends(s.repo, &base, &two, &yes, &err));
	assert_false(yes);
	GOOD(repo_descends(s.repo, &two, &two, &yes, &err));
	assert_true(yes);
	GOOD(repo_descends(s.repo, &two, &side, &yes, &err));
	assert_false(yes);
	GOOD(repo_reachable(s.repo, &side, NULL, &yes, &err));
	assert_true(yes);
	GOOD(repo_reachable(s.repo, &side, skip, &yes, &err));
	assert_false(yes);
	GOOD(repo_reachable(s.repo, &base, skip, &yes, &err));
	assert_true(yes);
	(void)scratch_sh(&s, NULL, "git branch -q -D side");
	GOOD(repo_reachable(s.repo, &side, NULL, &yes, &err));
	assert_false(yes);
	assert_int_equal(repo_descends(s.repo, &none, &base, &yes, NULL), E_INPUT);
}

static void every_kind_of_uncommitted_work_is_dirty(void **state)
{
	static const char *const ways[] = {
		"echo x >> base",
		"echo x > new",
		"mkdir d && echo x > d/f",
		"rm base",
		"git rm -q --cached base",
		"git mv base moved",
		"chmod +x base",
		"rm base && ln -s x base",
		"git init -q nested && git -C nested commit -q --allow-empty -m n",
		"git init -q nested && echo x > nested/f",
		"mkdir d && git init -q d/nested && echo x > d/nested/f",
		"git commit -q --allow-empty -m 2 && echo a > base && git commit -qam a && "
		"git checkout -q -b o HEAD~1 && echo b > base && git commit -qam b && ! git merge "
		"-q main >/dev/null",
		"git checkout -q -b o && git commit -q --allow-empty -m o && touch .git/MERGE_HEAD "
		"&& git rev-parse HEAD > .git/MERGE_HEAD",
	};
	const char *const *paths = NULL;
	size_t n = 9;

	(void)state;
	GOOD(repo_dirty(s.repo, s.room, 10, &paths, &n, &err));
	assert_int_equal(n, 0);
	(void)scratch_sh(&s, NULL,
	                 "echo ignored > .gitignore && git add .gitignore && git commit -q -m i && "
	                 "echo x > ignored");
	GOOD(repo_dirty(s.repo, s.room, 10, &paths, &n, &err));
	assert_int_equal(n, 0);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct repo *r = NULL;

		(void)scratch_sh(
		    &s, NULL,
		    scratch_text(&s, "git clone -q . ../c%zu && cd ../c%zu && %s", i, i, ways[i]));
		GOOD(repo_open(&r, scratch_text(&s, "%s/c%zu", s.top, i), &err));
		GOOD(repo_dirty(r, s.room, 1, &paths, &n, &err));
		if (n == 0)
			fail_msg("clean after: %s", ways[i]);
		assert_true(strlen(paths[0]) > 0);
		repo_free(r);
	}
}

static void the_users_state_is_compared_in_words(void **state)
{
	struct repo_state *before = NULL, *after = NULL;
	const char *words;

	(void)state;
	(void)scratch_sh(&s, NULL, "echo d > dirty; git branch doomed");
	GOOD(repo_state_take(s.repo, true, s.room, &before, &err));
	(void)scratch_sh(
	    &s, NULL,
	    "git status >/dev/null; git update-ref refs/gadugi/r/t/1 HEAD; "
	    "git update-ref refs/heads/gadugi/r HEAD; touch base; git status >/dev/null");
	GOOD(repo_state_take(s.repo, true, s.room, &after, &err));
	words = repo_state_differs(before, after, s.room);
	if (words != NULL)
		fail_msg("%s", words); /* ours, and a refreshed index, are no difference */
	(void)scratch_sh(
	    &s, NULL,
	    "echo e >> dirty; git branch fresh; git branch -q -D doomed; git add dirty; "
	    "git commit -q --allow-empty -m x; echo s >> base; git stash -q");
	GOOD(repo_state_take(s.repo, true, s.room, &after, &err));
	words = repo_state_differs(before, after, s.room);
	assert_non_null(words);
	assert_non_null(strstr(words, "branch 'refs/heads/main' moved from"));
	assert_non_null(strstr(words, "branch 'refs/heads/fresh' was made"));
	assert_non_null(strstr(words, "branch 'refs/heads/doomed' was deleted"));
	assert_non_null(strstr(words, "the stash 'refs/stash' was made"));
	assert_non_null(strstr(words, "the index changed"));
	assert_non_null(strstr(words, "'dirty'"));
	assert_null(repo_state_differs(after, after, s.room));
	(void)scratch_sh(&s, NULL, "git checkout -q --detach");
	before = after;
	GOOD(repo_state_take(s.repo, true, s.room, &after, &err));
	assert_non_null(strstr(repo_state_differs(before, after, s.room), "HEAD changed"));
}

static void looking_changes_nothing(void **state)
{
	const char *before, *const *paths;
	struct repo_state *st;
	struct repo_head head;
	size_t n;

	(void)state;
	(void)scratch_sh(&s, NULL, "echo x >> base; sleep 0.01; touch base; echo n > new");
	before =
	    scratch_sh(&s, NULL, "sha1sum .git/index; find .git -type f | sort | xargs sha1sum");
	GOOD(repo_dirty(s.repo, s.room, 10, &paths, &n, &err));
	GOOD(repo_state_take(s.repo, true, s.room, &st, &err));
	GOOD(repo_head(s.repo, s.room, &head, &err));
	assert_string_equal(
	    before,
	    scratch_sh(&s, NULL, "sha1sum .git/index; find .git -type f | sort | xargs sha1sum"));
}

/* --- refs ---------------------------------------------------------------------------------- */

static void a_ref_moves_only_from_where_it_was_seen(void **state)
{
	const char *ref = "refs/heads/gadugi/r1";
	struct oid a = scratch_oid(&s, "main"), b, now;

	(void)state;
	(void)scratch_sh(&s, NULL, "git commit -q --allow-empty -m b");
	b = scratch_oid(&s, "main");
	assert_int_equal(repo_ref_read(s.repo, ref, &now, NULL), E_ABSENT);
	assert_int_equal(repo_ref_move(s.repo, ref, &a, &b, "x", NULL), E_BUSY); /* is not there */
	GOOD(repo_ref_move(s.repo, ref, &none, &a, "made", &err));
	assert_int_equal(repo_ref_move(s.repo, ref, &none, &b, "made", &err), E_BUSY);
	assert_non_null(strstr(err.text, a.hex));
	assert_int_equal(repo_ref_move(s.repo, ref, &b, &a, "x", NULL), E_BUSY);
	GOOD(repo_ref_move(s.repo, ref, &a, &b, "moved", &err));
	GOOD(repo_ref_read(s.repo, ref, &now, &err));
	assert_string_equal(now.hex, b.hex);
	assert_string_equal(scratch_oid(&s, ref).hex, b.hex);
	assert_int_equal(repo_ref_move(s.repo, ref, &a, &none, "x", NULL), E_BUSY);
	(void)scratch_sh(&s, NULL, "git pack-refs --all");
	GOOD(repo_ref_move(s.repo, ref, &b, &a, "packed", &err));
	(void)scratch_sh(&s, NULL, "git pack-refs --all");
	GOOD(repo_ref_move(s.repo, ref, &a, &none, "gone", &err));
	assert_int_equal(repo_ref_read(s.repo, ref, &now, NULL), E_ABSENT);
	GOOD(repo_ref_move(s.repo, ref, &none, &none, "gone", &err));
	assert_int_equal(repo_ref_move(s.repo, "refs/heads/a b", &none, &a, "x", NULL), E_INPUT);
	(void)scratch_sh(&s, NULL, "git fsck --strict 2>&1");
}

static void a_branch_that_someone_has_checked_out_does_not_move(void **state)
{
	struct oid a = scratch_oid(&s, "main"), b;

	(void)state;
	(void)scratch_sh(
	    &s, NULL, "git worktree add -q -b theirs ../theirs; git commit -q --allow-empty -m b");
	b = scratch_oid(&s, "main");
	assert_int_equal(repo_ref_move(s.repo, "refs/heads/main", &b, &a, "x", &err), E_DENIED);
	assert_non_null(strstr(err.text, "checked out"));
	assert_int_equal(repo_ref_move(s.repo, "refs/heads/theirs", &a, &b, "x", &err), E_DENIED);
	assert_string_equal(scratch_oid(&s, "main").hex, b.hex);
	assert_string_equal(scratch_oid(&s, "theirs").hex, a.hex);
}

struct racer {
	pthread_t thread;
	struct oid a, b;
	int won;
};

static void *race(void *arg)
{
	struct racer *me = arg;
	struct repo *r = NULL;

	if (repo_open(&r, s.main, NULL) != OK)
		return NULL;
	for (int i = 0; i < 50; i++) {
		me->won +=
		    repo_ref_move(r, "refs/heads/gadugi/race", &me->a, &me->b, "r", NULL) == OK;
		me->won -=
		    repo_ref_move(r, "refs/heads/gadugi/race", &me->b, &me->a, "r", NULL) == OK;
	}
	repo_free(r);
	return NULL;
}

static void of_several_movers_exactly_one_wins_each_step(void **state)
{
	struct racer racers[4];
	struct oid a = scratch_oid(&s, "main"), b, end;
	int sum = 0;

	(void)state;
	(void)scratch_sh(&s, NULL, "git commit -q --allow-empty -m b");
	b = scratch_oid(&s, "main");
	GOOD(repo_ref_move(s.repo, "refs/heads/gadugi/race", &none, &a, "made", &err));
	for (int i = 0; i < 4; i++) {
		racers[i] = (struct racer){ .a = a, .b = b };
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
		sum += racers[i].won;
	}
	GOOD(repo_ref_read(s.repo, "refs/heads/gadugi/race", &end, &err));
	assert_int_equal(sum, strcmp(end.hex, b.hex) == 0); /* each a->b but the last went back */
}

static void work_is_kept_under_a_ref_of_ours(void **state)
{
	struct oid a = scratch_oid(&s, "main"), b;
	const char *ref = NULL, *const *all = NULL;
	size_t n = 0;

	(void)state;
	GOOD(repo_save(s.repo, &(struct repo_keep){ "r0123", "task 1/../x", 2, a }, s.room, &ref,
	               &err));
	assert_int_equal(strncmp(ref, "refs/gadugi/r0123/task-1", 24), 0);
	assert_string_equal(scratch_oid(&s, ref).hex, a.hex);
	(void)scratch_sh(&s, NULL, "git commit -q --allow-empty -m b");
	b = scratch_oid(&s, "main");
	GOOD(repo_save(s.repo, &(struct repo_keep){ "r0123", "task 1/../x", 2, b }, s.room, &ref,
	               &err));
	assert_string_equal(scratch_oid(&s, ref).hex, b.hex);
	GOOD(repo_save(s.repo, &(struct repo_keep){ "r0123", "b", 1, b }, s.room, &ref, &err));
	GOOD(repo_refs(s.repo, "refs/gadugi/", s.room, &all, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(all[0], "refs/gadugi/r0123/b/1");
}

static void a_tag_is_annotated_and_never_replaced(void **state)
{
	struct oid a = scratch_oid(&s, "main"), b;

	(void)state;
	GOOD(repo_tag(s.repo, "gadugi/r1/batch-1", &a, "batch 1", &err));
	assert_string_equal(scratch_sh(&s, NULL, "git cat-file -t gadugi/r1/batch-1"), "tag\n");
	assert_string_equal(scratch_oid(&s, "gadugi/r1/batch-1").hex, a.hex);
	(void)scratch_sh(&s, NULL, "git commit -q --allow-empty -m b");
	b = scratch_oid(&s, "main");
	assert_int_equal(repo_tag(s.repo, "gadugi/r1/batch-1", &b, "again", NULL), E_BUSY);
	assert_string_equal(scratch_oid(&s, "gadugi/r1/batch-1").hex, a.hex);
}

/* --- merges -------------------------------------------------------------------------------- */

/* Branch NAME-N from main, made by a script. */
static void branch(const char *name, size_t n, const char *script)
{
	(void)scratch_sh(&s, NULL,
	                 scratch_text(&s,
	                              "git checkout -q -B %s-%zu main && %s && git add -A && "
	                              "git commit -q --allow-empty -m %s && git checkout -q main",
	                              name, n, script, name));
}

/* Two branches from main, each made by a script; both names are oids afterwards. */
static void branches(const char *ours, const char *theirs, struct oid *o, struct oid *t)
{
	(void)scratch_sh(&s, NULL,
	                 scratch_text(&s,
	                              "git checkout -q -B ours main && %s && git add -A && git "
	                              "commit -q --allow-empty -m ours && "
	                              "git checkout -q -B theirs main && %s && git add -A && git "
	                              "commit -q --allow-empty -m theirs && git checkout -q main",
	                              ours, theirs));
	*o = scratch_oid(&s, "ours");
	*t = scratch_oid(&s, "theirs");
}

/* What git itself makes of it: the tree's oid, or NULL when it sees conflicts. */
static char *by_git(const struct oid *o, const struct oid *t)
{
	char *out = scratch_sh(&s, NULL,
	                       scratch_text(&s,
	                                    "git merge-tree --write-tree %s %s > ../tree 2>&1 || "
	                                    "echo conflict; head -1 ../tree",
	                                    o->hex, t->hex));

	if (strncmp(out, "conflict", 8) == 0)
		return NULL;
	out[40] = '\0';
	return out;
}

static const char fixture[] =
    "mkdir -p d/e f && for i in 1 2 3 4 5 6 7 8 9; do echo line $i >> d/one; echo row $i >> "
    "d/e/two; "
    "echo item $i >> f/three; done && git add -A && git commit -q -m fixture";

static void merges_are_those_of_git(void **state)
{
	static const char *const ours[] = {
		"echo o > new-o",
		"sed -i 's/line 1/ours/' d/one",
		"rm d/one",
		"git mv d/one d/uno",
		"rm -r f",
		"chmod +x d/one",
		"mkdir n && echo x > n/o",
		"rm d/one && mkdir d/one && echo x > d/one/f",
		"sed -i 's/line 1$/same/' d/one",
		"echo x > same",
		"rm -r d/e",
		"ln -s base l",
		"git mv d g",
	};
	static const char *const theirs[] = {
		"echo t > new-t",
		"sed -i 's/line 9/theirs/' d/one",
		"sed -i 's/row 5/x/' d/e/two",
		"rm d/e/two",
		"echo t > f/more",
		"mkdir n && echo y > n/t",
		"sed -i 's/line 1$/same/' d/one",
		"echo x > same",
		"sed -i 's/line 1$/other/' d/one",
		"rm base",
		"echo y > n",
	};
	int merged = 0, conflicts = 0;

	(void)state;
	(void)scratch_sh(&s, NULL, fixture);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		branch("ours", i, ours[i]);
	for (size_t j = 0; j < sizeof theirs / sizeof *theirs; j++)
		branch("theirs", j, theirs[j]);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		for (size_t j = 0; j < sizeof theirs / sizeof *theirs; j++) {
			struct oid o, t;
			struct repo_merge m;
			const char *want;

			GOOD(repo_commit_of(s.repo, scratch_text(&s, "ours-%zu", i), &o, &err));
			GOOD(repo_commit_of(s.repo, scratch_text(&s, "theirs-%zu", j), &t, &err));
			want = by_git(&o, &t);
			GOOD(repo_merge(
			    s.repo,
			    &(struct repo_merge_spec){
				.onto = o, .from = t, .message = "merge", .always_commit = false },
			    s.room, &m, &err));
			if (m.kind == REPO_CONFLICTS) {
				conflicts++;
				assert_true(m.n > 0 && strlen(m.conflicts[0].path) > 0);
				/* git moves a folder's new files with it; libgit2 merges or refuses
				 */
				if (want != NULL)
					fail_msg("only we see a conflict: %s / %s: %s %s", ours[i],
					         theirs[j], m.conflicts[0].path,
					         m.conflicts[0].words);
				continue;
			}
			merged++;
			assert_int_equal(m.kind, REPO_MERGED);
			if (want == NULL)
				fail_msg("only git sees a conflict: %s / %s", ours[i], theirs[j]);
			if (strcmp(m.tree.hex, want) != 0)
				fail_msg("another tree than git's: %s / %s", ours[i], theirs[j]);
		}
	}
	assert_true(merged > 60);
	assert_true(conflicts > 10);
	(void)scratch_sh(&s, NULL, "git fsck --strict 2>&1");
}

static void a_merge_has_both_parents_and_touches_nothing(void **state)
{
	struct oid o, t;
	struct repo_merge m;
	struct repo_state *before = NULL, *after = NULL;

	(void)state;
	branches("echo o > a", "echo t > b", &o, &t);
	GOOD(repo_state_take(s.repo, true, s.room, &before, &err));
	GOOD(repo_merge(
	    s.repo,
	    &(struct repo_merge_spec){
		.onto = o, .from = t, .message = "the message\n", .always_commit = false },
	    s.room, &m, &err));
	GOOD(repo_state_take(s.repo, true, s.room, &after, &err));
	assert_null(repo_state_differs(before, after, s.room));
	assert_string_equal(
	    scratch_sh(&s, NULL,
	               scratch_text(&s, "git log -1 --format=%%P%%n%%s%%n%%ae %s", m.oid.hex)),
	    scratch_text(&s, "%s %s\nthe message\ngadugi@localhost\n", o.hex, t.hex));
	assert_string_equal(
	    scratch_sh(&s, NULL, scratch_text(&s, "git ls-tree --name-only %s", m.oid.hex)),
	    "a\nb\nbase\n");
	(void)scratch_sh(&s, NULL, "git config user.name N && git config user.email n@e");
	GOOD(repo_merge(s.repo,
	                &(struct repo_merge_spec){
			    .onto = t, .from = o, .message = "m", .always_commit = false },
	                s.room, &m, &err));
	assert_string_equal(
	    scratch_sh(&s, NULL, scratch_text(&s, "git log -1 --format=%%an:%%ce %s", m.oid.hex)),
	    "N:n@e\n");
}

static void nothing_and_forward_are_told_from_merges(void **state)
{
	struct oid base = scratch_oid(&s, "main"), tip;
	struct repo_merge m;

	(void)state;
	(void)scratch_sh(&s, NULL, "echo x > x && git add x && git commit -q -m tip");
	tip = scratch_oid(&s, "main");
	GOOD(repo_merge(s.repo,
	                &(struct repo_merge_spec){
			    .onto = tip, .from = base, .message = "m", .always_commit = true },
	                s.room, &m, &err));
	assert_int_equal(m.kind, REPO_NOTHING);
	assert_string_equal(m.oid.hex, tip.hex);
	GOOD(repo_merge(s.repo,
	                &(struct repo_merge_spec){
			    .onto = tip, .from = tip, .message = "m", .always_commit = false },
	                s.room, &m, &err));
	assert_int_equal(m.kind, REPO_NOTHING);
	GOOD(repo_merge(s.repo,
	                &(struct repo_merge_spec){
			    .onto = base, .from = tip, .message = "m", .always_commit = false },
	                s.room, &m, &err));
	assert_int_equal(m.kind, REPO_FORWARD);
	assert_string_equal(m.oid.hex, tip.hex);
	GOOD(repo_merge(s.repo,
	                &(struct repo_merge_spec){
			    .onto = base, .from = tip, .message = "m", .always_commit = true },
	                s.room, &m, &err));
	assert_int_equal(m.kind, REPO_MERGED);
	assert_string_equal(
	    scratch_sh(&s, NULL, scratch_text(&s, "git rev-parse %s^1 %s^2", m.oid.hex, m.oid.hex)),
	    scratch_text(&s, "%s\n%s\n", base.hex, tip.hex));
}

static void a_criss_cross_is_merged_as_git_does(void **state)
{
	struct oid o, t;
	struct repo_merge m;
	char *want;

	(void)state;
	(void)scratch_sh(&s, NULL, fixture);
	branches("sed -i 's/line 1$/A/' d/one", "sed -i 's/line 9$/B/' d/one", &o, &t);
	(void)scratch_sh(&s, NULL,
	                 "git checkout -q ours && git merge -q -m x theirs~0 && git checkout -q "
	                 "theirs && git merge -q -m y ours~1 && "
	                 "echo t > t && git add t && git commit -q -m t && git checkout -q ours && "
	                 "echo o > o && git add o && git commit -q -m o && git checkout -q main");
	o = scratch_oid(&s, "ours");
	t = scratch_oid(&s, "theirs");
	want = by_git(&o, &t);
	assert_non_null(want);
	GOOD(repo_merge(s.repo,
	                &(struct repo_merge_spec){
			    .onto = o, .from = t, .message = "m", .always_commit = false },
	                s.room, &m, &err));
	assert_int_equal(m.kind, REPO_MERGED);
	assert_string_equal(m.tree.hex, want);
}

static void conflicts_name_their_files_and_kinds(void **state)
{
	struct oid o, t;
	struct repo_merge m;
	const char *words[3] = { "", "", "" };

	(void)state;
	(void)scratch_sh(&s, NULL, fixture);
	branches("sed -i 's/line 1$/A/' d/one; rm f/three; echo o > both",
	         "sed -i 's/line 1$/B/' d/one; echo t >> f/three; echo t > both", &o, &t);
	GOOD(repo_merge(s.repo,
	                &(struct repo_merge_spec){
			    .onto = o, .from = t, .message = "m", .always_commit = false },
	                s.room, &m, &err));
	assert_int_equal(m.kind, REPO_CONFLICTS);
	assert_int_equal(m.n, 3);
	for (size_t i = 0; i < 3; i++)
		words[strcmp(m.conflicts[i].path, "both") == 0    ? 0
		      : strcmp(m.conflicts[i].path, "d/one") == 0 ? 1
		                                                  : 2] = m.conflicts[i].words;
	assert_string_equal(words[0], "both added");
	assert_string_equal(words[1], "both changed");
	assert_string_equal(words[2], "deleted by us, changed by them");
	GOOD(repo_merge_marked(
	    s.repo,
	    &(struct repo_merge_spec){
		.onto = o, .from = t, .onto_name = "the run", .from_name = "task 1" },
	    s.room, &m, &err));
	assert_int_equal(m.kind, REPO_CONFLICTS);
	words[0] = scratch_sh(&s, NULL,
	                      scratch_text(&s, "git show %s:d/one; git ls-tree -r --name-only %s",
	                                   m.tree.hex, m.tree.hex));
	assert_non_null(strstr(words[0], "<<<<<<< the run\nA\n=======\nB\n>>>>>>> task 1\n"));
	assert_non_null(strstr(words[0], "f/three"));
	branches("echo o > a", "echo t > b", &o, &t);
	GOOD(repo_merge_marked(
	    s.repo,
	    &(struct repo_merge_spec){ .onto = o, .from = t, .onto_name = "a", .from_name = "b" },
	    s.room, &m, &err));
	assert_int_equal(m.kind, REPO_MERGED);
	assert_int_equal(m.n, 0);
}

static void changes_are_counted_by_file_and_line(void **state)
{
	struct oid base, tip;
	struct repo_changes all;
	struct repo_change *c;
	struct repo_patch patch = { .max = 100000 };
	struct repo_file file = { .path = "d/e/two", .max = 1000 };

	(void)state;
	(void)scratch_sh(&s, NULL, fixture);
	base = scratch_oid(&s, "main");
	(void)scratch_sh(&s, NULL,
	                 "echo more >> base && git mv d/one d/uno && rm f/three && printf 'a\\0b' "
	                 "> bin && : > empty && git add -A && git commit -q -m c");
	tip = scratch_oid(&s, "main");
	GOOD(repo_diff(s.repo, &base, &tip, s.room, &all, &err));
	c = all.list;
	assert_int_equal(all.n, 5);
	assert_string_equal(c[0].path, "base");
	assert_true(c[0].how == 'M' && c[0].added == 1 && c[0].removed == 0 && !c[0].binary);
	assert_true(strcmp(c[1].path, "bin") == 0 && c[1].how == 'A' && c[1].binary);
	assert_true(strcmp(c[2].path, "d/uno") == 0 && c[2].how == 'R' &&
	            strcmp(c[2].old_path, "d/one") == 0);
	assert_true(strcmp(c[4].path, "f/three") == 0 && c[4].how == 'D' && c[4].removed == 9);
	GOOD(repo_diff(s.repo, &none, &base, s.room, &all, &err));
	assert_int_equal(all.n, 4);
	GOOD(repo_patch(s.repo, &base, &tip, s.room, &patch, &err));
	assert_false(patch.cut);
	assert_non_null(strstr(patch.text, "\n+more\n"));
	patch.max = 150;
	GOOD(repo_patch(s.repo, &base, &tip, s.room, &patch, &err));
	assert_true(patch.cut && strlen(patch.text) <= 150);
	assert_int_equal(patch.text[strlen(patch.text) - 1], '\n');
	GOOD(repo_blob(s.repo, &tip, &file, s.room, &err));
	assert_int_equal(strncmp(file.bytes, "row 1\n", 6), 0);
	file.max = 3;
	assert_int_equal(repo_blob(s.repo, &tip, &file, s.room, NULL), E_INPUT);
	file = (struct repo_file){ .path = "empty", .max = 3 };
	GOOD(repo_blob(s.repo, &tip, &file, s.room, &err));
	assert_int_equal(file.size, 0);
	file.path = "d/e";
	assert_int_equal(repo_blob(s.repo, &tip, &file, s.room, NULL), E_ABSENT);
	file.path = "nope";
	assert_int_equal(repo_blob(s.repo, &tip, &file, s.room, NULL), E_ABSENT);
}

static void the_checkout_goes_forward_only_when_that_is_safe(void **state)
{
	struct oid base = scratch_oid(&s, "main"), tip;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "git checkout -q -b w && echo x > x && echo y >> base && git add -A && "
	                 "git commit -q -m w && git checkout -q main");
	tip = scratch_oid(&s, "w");
	(void)scratch_sh(&s, NULL, "echo mine > x");
	assert_int_equal(repo_fast_forward(s.repo, "refs/heads/main", &tip, &err), E_DENIED);
	assert_non_null(strstr(err.text, "'x'"));
	assert_string_equal(scratch_sh(&s, NULL, "cat x"), "mine\n");
	(void)scratch_sh(&s, NULL, "rm x");
	GOOD(repo_fast_forward(s.repo, "refs/heads/main", &tip, &err));
	assert_string_equal(
	    scratch_sh(
		&s, NULL,
		"git rev-parse HEAD main; git symbolic-ref HEAD; cat x; git status --porcelain"),
	    scratch_text(&s, "%s\n%s\nrefs/heads/main\nx\n", tip.hex, tip.hex));
	GOOD(repo_fast_forward(s.repo, "refs/heads/main", &tip, &err));
	assert_int_equal(repo_fast_forward(s.repo, "refs/heads/main", &base, &err), E_DENIED);
	(void)scratch_sh(&s, NULL, "git checkout -q --detach");
	assert_int_equal(repo_fast_forward(s.repo, "refs/heads/main", &tip, &err), E_DENIED);
}

static void repositories_of_newer_kinds_open_or_say_why(void **state)
{
	struct repo *r = NULL;
	struct repo_head head;

	(void)state;
	(void)scratch_sh(
	    &s, NULL,
	    "git init -q --object-format=sha256 ../new; git config core.repositoryformatversion 1; "
	    "printf '[extensions]\n\tworktreeConfig = true\n\trelativeWorktrees = "
	    "true\n\tpartialClone = origin\n' >> .git/config");
	GOOD(repo_open(&r, s.main, &err));
	GOOD(repo_head(r, s.room, &head, &err));
	repo_free(r);
	assert_int_equal(repo_open(&r, scratch_text(&s, "%s/new", s.top), &err), E_INPUT);
	assert_non_null(strstr(err.text, "SHA-256"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_place_is_found_without_git),
		TEST(a_line_is_excluded_once),
		TEST(names_of_refs_are_judged_as_git_does),
		TEST(parts_of_names_are_safe_and_stay_different),
		TEST(head_tells_branch_commit_and_their_absence),
		TEST(what_git_can_name_is_found),
		TEST(the_oldest_root_is_the_identity),
		TEST(descent_and_reach_are_told),
		TEST(every_kind_of_uncommitted_work_is_dirty),
		TEST(the_users_state_is_compared_in_words),
		TEST(looking_changes_nothing),
		TEST(a_ref_moves_only_from_where_it_was_seen),
		TEST(a_branch_that_someone_has_checked_out_does_not_move),
		TEST(of_several_movers_exactly_one_wins_each_step),
		TEST(work_is_kept_under_a_ref_of_ours),
		TEST(a_tag_is_annotated_and_never_replaced),
		TEST(merges_are_those_of_git),
		TEST(a_merge_has_both_parents_and_touches_nothing),
		TEST(nothing_and_forward_are_told_from_merges),
		TEST(a_criss_cross_is_merged_as_git_does),
		TEST(conflicts_name_their_files_and_kinds),
		TEST(changes_are_counted_by_file_and_line),
		TEST(the_checkout_goes_forward_only_when_that_is_safe),
		TEST(repositories_of_newer_kinds_open_or_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
