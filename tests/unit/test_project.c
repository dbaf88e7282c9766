#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/project.h"
#include "domain/project/find.h"
#include "store/db.h"
#include "tests/lib/folder.h"

static void open_at(struct project **p, const char *root)
{
	struct err err = { 0 };

	if (project_open(p, root, &err) != OK)
		fail_msg("%s", err.text);
}

/* What git takes for a repository, without a commit. */
static void folder_git(const struct folder *f, const char *name)
{
	struct text path;
	static const char *const files[][2] = {
		{ "HEAD", "ref: refs/heads/main\n" },
		{ "objects/info/x", "" },
		{ "refs/heads/x.lock", "" },
		{ "config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n" },
	};

	text_init(&path, 4096);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		text_addf(&path, "%s/%s", name, files[i][0]);
		folder_put(f, text_string(&path), files[i][1]);
		text_done(&path);
	}
}

/* DIR/repo with a .git folder, and a linked worktree DIR/tree of it. */
static void make_repository(const struct folder *f)
{
	folder_git(f, "repo/.git");
	folder_put(f, "repo/sub/deep/x", "");
	folder_put(f, "repo/.git/worktrees/tree/HEAD", "ref: refs/heads/other\n");
	folder_put(f, "repo/.git/worktrees/tree/commondir", "../..\n");
	folder_putf(f, "tree/.git", "gitdir: %s/repo/.git/worktrees/tree\n", f->path);
	folder_put(f, "tree/sub/x", "");
}

static void the_root_is_the_top_of_the_repository(void **state)
{
	const struct folder *f = *state;
	struct project *p;

	make_repository(f);
	assert_int_equal(chdir(folder_at(f, "repo/sub/deep")), 0);
	open_at(&p, NULL);
	assert_string_equal(p->root, folder_at(f, "repo"));
	assert_string_equal(p->git_dir, folder_at(f, "repo/.git"));
	assert_string_equal(p->state, folder_at(f, "repo/.gadugi"));
	project_free(p);
}

static void worktrees_share_the_root_of_the_main_repository(void **state)
{
	const struct folder *f = *state;
	struct project *p;

	make_repository(f);
	assert_int_equal(setenv("CLAUDE_PROJECT_DIR", folder_at(f, "tree/sub"), 1), 0);
	open_at(&p, NULL);
	assert_int_equal(unsetenv("CLAUDE_PROJECT_DIR"), 0);
	assert_string_equal(p->root, folder_at(f, "repo"));
	project_free(p);
	open_at(&p, folder_at(f, "tree"));
	assert_string_equal(p->root, folder_at(f, "repo"));
	assert_string_equal(p->git_dir, folder_at(f, "repo/.git"));
	project_free(p);
}

static void worktrees_of_a_bare_repository_share_the_folder_around_it(void **state)
{
	const struct folder *f = *state;
	struct project *p;

	folder_git(f, "all/.bare");
	folder_put(f, "all/.bare/worktrees/a/HEAD", "ref: refs/heads/a\n");
	folder_put(f, "all/.bare/worktrees/a/commondir", "../..\n");
	folder_put(f, "all/a/.git", "gitdir: ../.bare/worktrees/a\n");
	open_at(&p, folder_at(f, "all/a"));
	assert_string_equal(p->root, folder_at(f, "all"));
	assert_string_equal(p->git_dir, folder_at(f, "all/.bare"));
	project_free(p);
}

static void a_submodule_is_a_project_of_its_own(void **state)
{
	const struct folder *f = *state;
	struct project *p;

	make_repository(f);
	folder_git(f, "repo/.git/modules/part");
	folder_put(f, "repo/part/.git", "gitdir: ../.git/modules/part\n");
	assert_int_equal(chdir(folder_at(f, "repo/part")), 0);
	open_at(&p, NULL);
	assert_string_equal(p->root, folder_at(f, "repo/part"));
	assert_string_equal(p->git_dir, folder_at(f, "repo/.git/modules/part"));
	project_free(p);
}

static void the_root_option_is_taken_as_it_is_named(void **state)
{
	const struct folder *f = *state;
	struct project *p;

	make_repository(f);
	open_at(&p, folder_at(f, "repo/sub"));
	assert_string_equal(p->root, folder_at(f, "repo/sub"));
	assert_string_equal(p->git_dir, folder_at(f, "repo/.git"));
	project_free(p);
}

static void outside_a_repository_the_folder_is_the_root(void **state)
{
	const struct folder *f = *state;
	struct project *p;

	folder_put(f, "plain/x", "");
	folder_put(f, "plain/.git/not-a-repository", "");
	open_at(&p, folder_at(f, "plain"));
	assert_string_equal(p->root, folder_at(f, "plain"));
	assert_null(p->git_dir);
	project_free(p);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct project *p = NULL;
	struct err err;

	(void)state;
	assert_int_equal(project_open(&p, "/nowhere/at/all", &err), E_INPUT);
	assert_non_null(strstr(err.text, "'/nowhere/at/all'"));
	assert_null(p);
}

static void reading_creates_nothing(void **state)
{
	const struct folder *f = *state;
	struct project *p;
	struct db *db;
	struct err err;

	make_repository(f);
	open_at(&p, folder_at(f, "repo"));
	assert_int_equal(project_read(p, NULL, &db, &err), OK);
	assert_true(db_is_empty_stand_in(db));
	project_done(p, db);
	assert_int_not_equal(access(p->state, F_OK), 0);
	assert_int_not_equal(access(folder_at(f, "repo/.git/info"), F_OK), 0);
	project_free(p);
}

static void write_once(struct project *p)
{
	struct db *db;
	struct err err = { 0 };

	if (project_write(p, NULL, &db, &err) != OK)
		fail_msg("%s", err.text);
	assert_false(db_is_empty_stand_in(db));
	project_done(p, db);
}

static void writing_makes_a_private_state_folder_hidden_from_git(void **state)
{
	const struct folder *f = *state;
	struct project *p;
	struct stat st;

	make_repository(f);
	folder_put(f, "repo/.git/info/exclude", "*.o");
	for (int i = 0; i < 2; i++) {
		open_at(&p, folder_at(f, "repo"));
		write_once(p);
		write_once(p);
		project_free(p);
	}
	assert_int_equal(stat(folder_at(f, "repo/.gadugi"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_string_equal(folder_get(f, "repo/.git/info/exclude"), "*.o\n.gadugi/\n");
}

static void a_state_folder_that_is_a_link_is_refused(void **state)
{
	const struct folder *f = *state;
	struct project *p;
	struct db *db = NULL;
	struct err err;

	folder_put(f, "elsewhere/x", "");
	folder_put(f, "plain/x", "");
	assert_int_equal(symlink(folder_at(f, "elsewhere"), folder_at(f, "plain/.gadugi")), 0);
	open_at(&p, folder_at(f, "plain"));
	assert_int_equal(project_write(p, NULL, &db, &err), E_DENIED);
	assert_non_null(strstr(err.text, "link"));
	assert_int_not_equal(access(folder_at(f, "elsewhere/gadugi.db"), F_OK), 0);
	project_free(p);
}

static void a_connection_given_back_is_lent_again(void **state)
{
	const struct folder *f = *state;
	struct project *p;
	struct db *first, *second, *third;

	folder_put(f, "plain/x", "");
	open_at(&p, folder_at(f, "plain"));
	assert_int_equal(project_write(p, NULL, &first, NULL), OK);
	assert_int_equal(project_write(p, NULL, &second, NULL), OK);
	assert_ptr_not_equal(first, second);
	project_done(p, first);
	assert_int_equal(project_read(p, NULL, &third, NULL), OK);
	assert_ptr_equal(first, third);
	project_done(p, third);
	project_done(p, second);
	project_free(p);
}

static void a_transaction_left_open_is_rolled_back(void **state)
{
	const struct folder *f = *state;
	struct project *p;
	struct db *db, *again;

	folder_put(f, "plain/x", "");
	open_at(&p, folder_at(f, "plain"));
	assert_int_equal(project_write(p, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	project_done(p, db);
	assert_int_equal(project_write(p, NULL, &again, NULL), OK);
	assert_int_equal(db_begin(again, NULL), OK);
	db_rollback(again);
	project_done(p, again);
	project_free(p);
}

static void a_state_folder_that_was_removed_is_made_again(void **state)
{
	const struct folder *f = *state;
	struct project *p;
	struct db *kept;

	folder_put(f, "plain/x", "");
	open_at(&p, folder_at(f, "plain"));
	assert_int_equal(project_write(p, NULL, &kept, NULL), OK);
	write_once(p);
	folder_drop(f, "plain/.gadugi");
	write_once(p);
	assert_int_equal(access(folder_at(f, "plain/.gadugi/gadugi.db"), F_OK), 0);
	project_done(p, kept); /* has the removed file open: not for the next borrower */
	folder_drop(f, "plain/.gadugi");
	write_once(p);
	assert_int_equal(access(folder_at(f, "plain/.gadugi/gadugi.db"), F_OK), 0);
	project_free(p);
}

static void the_identity_is_the_same_before_and_after_it_is_kept(void **state)
{
	const struct folder *f = *state;
	struct arena *a = arena_new(1 << 16);
	const char *before, *after, *other;
	struct project *p;

	folder_put(f, "plain/x", "");
	open_at(&p, folder_at(f, "plain"));
	assert_int_equal(project_identity(p, a, &before, NULL), OK);
	assert_int_not_equal(access(p->state, F_OK), 0);
	write_once(p);
	assert_int_equal(project_identity(p, a, &after, NULL), OK);
	assert_string_equal(before, after);
	project_free(p);
	open_at(&p, folder_at(f, "plain"));
	assert_int_equal(project_identity(p, a, &other, NULL), OK);
	assert_string_equal(before, other);
	project_free(p);
	arena_free(a);
}

static void opening_without_memory_fails_cleanly(void **state)
{
	const struct folder *f = *state;
	const char *tree;
	struct project *p;
	struct err err;
	enum status st = E_NOMEM;
	long n;

	make_repository(f);
	tree = folder_at(f, "tree");
	for (n = 0; st != OK && n < 1000; n++) {
		p = NULL;
		mem_fail_after(n, 1);
		st = project_open(&p, tree, &err);
		mem_fail_after(-1, 0);
		if (st != OK)
			assert_int_equal(st, E_NOMEM);
	}
	assert_int_equal(st, OK);
	assert_true(n > 3);
	assert_string_equal(p->root, folder_at(f, "repo"));
	project_free(p);
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		in_folder(the_root_is_the_top_of_the_repository),
		in_folder(worktrees_share_the_root_of_the_main_repository),
		in_folder(worktrees_of_a_bare_repository_share_the_folder_around_it),
		in_folder(a_submodule_is_a_project_of_its_own),
		in_folder(the_root_option_is_taken_as_it_is_named),
		in_folder(outside_a_repository_the_folder_is_the_root),
		in_folder(a_folder_that_is_not_there_is_named),
		in_folder(reading_creates_nothing),
		in_folder(writing_makes_a_private_state_folder_hidden_from_git),
		in_folder(a_state_folder_that_is_a_link_is_refused),
		in_folder(a_connection_given_back_is_lent_again),
		in_folder(a_transaction_left_open_is_rolled_back),
		in_folder(a_state_folder_that_was_removed_is_made_again),
		in_folder(the_identity_is_the_same_before_and_after_it_is_kept),
		in_folder(opening_without_memory_fails_cleanly),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
