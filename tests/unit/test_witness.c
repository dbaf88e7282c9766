/* Histories with a known truth in them: which files speak for a task, and why. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan.h"
#include "domain/project.h"
#include "domain/witness.h"
#include "store/commits.h"
#include "sys/repo_log.h"
#include "tests/lib/scratch.h"

#define DAY_MS 86400000LL

static struct scratch s;
static struct err err;

#define GOOD(call) assert_string_equal((call) == OK ? "" : err.text, "")

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

static void commit(struct witness *w, int day, const char *message, const char *files)
{
	struct witness_commit c = { .at_ms = day * DAY_MS, .files = files };

	GOOD(witness_words(w, message, &c.terms, &c.terms_size, &err));
	GOOD(witness_add_commit(w, &c, &err));
}

static const char *best(struct witness *w, const char *title, enum witness_by by)
{
	const struct witness_question q = { .title = title, .by = by, .gone = true, .most = 5 };
	struct witness_hit hits[5] = { { .path = "nothing" } };
	size_t n = 0;

	GOOD(witness_rank(w, &q, hits, &n, &err));
	return n == 0 ? "nothing" : hits[0].path;
}

static void a_path_with_the_words_is_found_without_a_history(void **state)
{
	struct witness *w = NULL;

	(void)state;
	GOOD(witness_new(&w, &err));
	assert_string_equal(best(w, "parse the header", WITNESS_BOTH), "nothing");
	GOOD(witness_add_path(w, "src/http/header_parser.c", &err));
	GOOD(witness_add_path(w, "src/http/body.c", &err));
	GOOD(witness_add_path(w, "docs/body.md", &err));
	assert_string_equal(best(w, "parse the header", WITNESS_BOTH), "src/http/header_parser.c");
	assert_string_equal(best(w, "the body, in docs", WITNESS_PATHS), "docs/body.md");
	assert_string_equal(best(w, "something else", WITNESS_BOTH), "nothing");
	witness_free(w);
}

static void the_history_finds_files_whose_names_say_nothing(void **state)
{
	struct witness *w = NULL;

	(void)state;
	GOOD(witness_new(&w, &err));
	commit(w, 1, "window: keep the cursor in copy mode", "tty.c\n");
	commit(w, 2, "window: do not lose the cursor", "tty.c\ninput.c\n");
	commit(w, 3, "status line: colours", "style.c\n");
	assert_string_equal(best(w, "the cursor jumps", WITNESS_PATHS), "nothing");
	assert_string_equal(best(w, "the cursor jumps", WITNESS_HISTORY), "tty.c");
	assert_int_equal(witness_commits(w), 3);
	witness_free(w);
}

static void newer_commits_weigh_more(void **state)
{
	struct witness *w = NULL;

	(void)state;
	GOOD(witness_new(&w, &err));
	commit(w, 1, "cache: evict the oldest", "old/cache.c\n");
	commit(w, 2000, "cache: evict the oldest", "new/store.c\n");
	assert_string_equal(best(w, "evict", WITNESS_HISTORY), "new/store.c");
	witness_free(w);
}

static void files_that_changed_together_come_along(void **state)
{
	const struct witness_question q = {
		.title = "codec", .by = WITNESS_HISTORY, .gone = true, .most = 5
	};
	struct witness_hit hits[5];
	struct witness *w = NULL;
	size_t n = 0;

	(void)state;
	GOOD(witness_new(&w, &err));
	commit(w, 1, "codec: a first one", "codec.c\n");
	commit(w, 2, "tables", "codec.c\ntables.h\n");
	commit(w, 3, "tables again", "codec.c\ntables.h\n");
	commit(w, 4, "tables a third time", "codec.c\ntables.h\n");
	GOOD(witness_rank(w, &q, hits, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(hits[0].path, "codec.c");
	assert_true(hits[0].share > 0.99);
	assert_string_equal(hits[1].path, "tables.h");
	assert_true(hits[1].share < 0.01); /* no commit about codecs changed it */
	witness_free(w);
}

static void what_is_gone_is_named_only_on_request(void **state)
{
	struct witness_question q = { .title = "evict", .by = WITNESS_BOTH, .most = 5 };
	struct witness_hit hits[5];
	struct witness *w = NULL;
	size_t n = 9;

	(void)state;
	GOOD(witness_new(&w, &err));
	commit(w, 1, "evict the oldest", "gone.c\nthere.c\n");
	GOOD(witness_add_path(w, "there.c", &err));
	GOOD(witness_rank(w, &q, hits, &n, &err));
	assert_int_equal(n, 1);
	assert_string_equal(hits[0].path, "there.c");
	q.gone = true;
	GOOD(witness_rank(w, &q, hits, &n, &err));
	assert_int_equal(n, 2);
	witness_free(w);
}

static void commits_of_many_files_say_nothing(void **state)
{
	struct witness *w = NULL;

	(void)state;
	GOOD(witness_new(&w, &err));
	commit(w, 1, "format all", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n");
	commit(w, 1, "format none", "");
	assert_int_equal(witness_commits(w), 0);
	assert_string_equal(best(w, "format", WITNESS_HISTORY), "nothing");
	witness_free(w);
}

static enum status tell(void *arg, const struct repo_logged *c, bool *enough, struct err *e)
{
	struct text *t = arg;

	(void)enough;
	(void)e;
	text_addf(t, "%s", c->oid.hex);
	for (size_t i = 0; i < c->n_files; i++)
		text_addf(t, " %s", c->files[i]);
	text_addf(t, ": %.*s\n", (int)strcspn(c->message, "\n"), c->message);
	return OK;
}

static const char busy_history[] =
    "export GIT_COMMITTER_DATE='2036-01-01T00:00:01Z'\n"
    "c() { git add -A && git commit -qm \"$1\"; }\n"
    "mkdir -p a/b 'a b'; echo 1 > a/b/c; echo 1 > a.c; echo 1 > 'a b/d'; c one\n"
    "export GIT_COMMITTER_DATE='2036-01-01T00:00:02Z'\n"
    "echo 2 > a/b/c; chmod +x a.c; git rm -q 'a b/d'; c two\n"
    "export GIT_COMMITTER_DATE='2036-01-01T00:00:03Z'\n"
    "git rm -rq a; echo now a file > a; mkdir a.d; echo 1 > a.d/x; c three\n"
    "export GIT_COMMITTER_DATE='2036-01-01T00:00:04Z'\n"
    "git rm -q a; mkdir a; echo 1 > a/y; c four\n"
    "export GIT_COMMITTER_DATE='2036-01-01T00:00:05Z'\n"
    "for i in 1 2 3 4 5 6 7 8 9 10 11; do echo $i > many$i; done; c five\n";

/* The git program is the judge: what was there afterwards, without guessing at renames. */
static void the_log_names_the_files_that_git_names(void **state)
{
	struct repo_log log = { .files_max = 10, .take = tell };
	struct text got;
	const char *want;

	(void)state;
	(void)scratch_sh(&s, NULL, busy_history);
	text_init(&got, TEXT_LIMIT);
	log.arg = &got;
	log.from = scratch_oid(&s, "HEAD");
	GOOD(repo_log(s.repo, &log, &err));
	want = scratch_sh(
	    &s, NULL,
	    "for c in $(git rev-list HEAD); do printf %s $c; "
	    "if [ $(git log -1 --no-renames --diff-filter=d --name-only --format= $c | wc -l) -le "
	    "10 ]; "
	    "then git log -1 --no-renames --diff-filter=d --name-only --format= $c |"
	    " while read -r f; do printf ' %s' \"$f\"; done; fi; "
	    "git log -1 --format=': %s' $c; done");
	assert_string_equal(text_string(&got), want);
	text_done(&got);
}

static void the_walk_leaves_out_what_is_hidden(void **state)
{
	struct repo_log log = { .files_max = 10, .take = tell };
	struct text got;

	(void)state;
	(void)scratch_sh(&s, NULL, busy_history);
	text_init(&got, TEXT_LIMIT);
	log.arg = &got;
	log.from = scratch_oid(&s, "HEAD");
	log.hide = scratch_oid(&s, "HEAD~1");
	GOOD(repo_log(s.repo, &log, &err));
	assert_non_null(strstr(text_string(&got), ": five\n"));
	assert_null(strstr(text_string(&got), ": four\n"));
	memcpy(log.hide.hex, "0123456789012345678901234567890123456789", 41);
	assert_int_equal(repo_log(s.repo, &log, &err), E_ABSENT);
	text_done(&got);
}

/* Thirty commits: those about sails change sail.c, those about the hull hull.c. */
static const char ship[] =
    "i=0; while [ $i -lt 15 ]; do i=$((i + 1));\n"
    "export GIT_COMMITTER_DATE=\"2026-01-$i 10:00:00Z\"; [ $i -gt 9 ] || "
    "export GIT_COMMITTER_DATE=\"2026-01-0$i 10:00:00Z\"\n"
    "echo $i >> sail.c; git add -A; git commit -qm \"sails: reef them earlier ($i)\";\n"
    "echo $i >> hull.c; git add -A; git commit -qm \"hull: caulk the seams ($i)\"; done\n";

static struct project *project(void)
{
	struct project *p = NULL;

	GOOD(project_open(&p, s.main, &err));
	return p;
}

static size_t kept(struct project *p, struct commit_state *state)
{
	struct commit_row *rows = NULL;
	struct db *db = NULL;
	size_t n = 0;

	GOOD(project_read(p, NULL, &db, &err));
	GOOD(commits_all(db, 1000, s.room, &rows, &n, &err));
	GOOD(commits_state(db, s.room, state, &err));
	project_done(p, db);
	return n;
}

static void the_history_is_kept_and_followed(void **state)
{
	struct project *p;
	struct commit_state at = { 0 };
	struct witness *w = NULL;

	(void)state;
	(void)scratch_sh(&s, NULL, ship);
	p = project();
	GOOD(witness_open(p, false, NULL, &w, &err));
	assert_int_equal(witness_commits(w), 31);
	witness_free(w);
	assert_int_equal(kept(p, &at), 0); /* not asked to keep it */
	GOOD(witness_open(p, true, NULL, &w, &err));
	witness_free(w);
	assert_int_equal(kept(p, &at), 31);
	assert_true(at.whole);
	assert_string_equal(at.head, scratch_oid(&s, "HEAD").hex);
	(void)scratch_sh(&s, NULL,
	                 "echo 1 > rudder.c; git add -A; git commit -qm 'rudder: hang it'");
	GOOD(witness_open(p, true, NULL, &w, &err));
	assert_string_equal(best(w, "hang the rudder", WITNESS_HISTORY), "rudder.c");
	witness_free(w);
	assert_int_equal(kept(p, &at), 32);
	assert_string_equal(at.head, scratch_oid(&s, "HEAD").hex);
	project_free(p);
}

/* As a later version of the program, with other words, would find it. */
static void words_that_cannot_be_read_are_replaced(void **state)
{
	const struct commit_row odd = { "0123", 1, "\xff\xff", 2, "x\n" };
	struct project *p;
	struct commit_state at = { 0 };
	struct witness *w = NULL;
	struct db *db = NULL;

	(void)state;
	(void)scratch_sh(&s, NULL, ship);
	p = project();
	GOOD(witness_open(p, true, NULL, &w, &err));
	witness_free(w);
	GOOD(project_write(p, NULL, &db, &err));
	GOOD(db_begin(db, &err));
	GOOD(commits_add(db, &odd, &err));
	GOOD(db_commit(db, &err));
	project_done(p, db);
	GOOD(witness_open(p, true, NULL, &w, &err));
	assert_int_equal(witness_commits(w), 31);
	witness_free(w);
	assert_int_equal(kept(p, &at), 31);
	project_free(p);
}

/* The commit it had followed to is no more: the new branch is read from its beginning. */
static void a_rewritten_branch_is_read_anew(void **state)
{
	struct project *p;
	struct commit_state at = { 0 };
	struct witness *w = NULL;

	(void)state;
	(void)scratch_sh(&s, NULL, ship);
	p = project();
	GOOD(witness_open(p, true, NULL, &w, &err));
	witness_free(w);
	(void)scratch_sh(&s, NULL,
	                 "git reset -q --hard HEAD~3; echo 1 > mast.c; git add -A; "
	                 "git commit -qm 'mast: step it'; git reflog expire --expire=all --all; "
	                 "git gc -q --prune=now");
	GOOD(witness_open(p, true, NULL, &w, &err));
	assert_string_equal(best(w, "step the mast", WITNESS_HISTORY), "mast.c");
	witness_free(w);
	(void)kept(p, &at);
	assert_string_equal(at.head, scratch_oid(&s, "HEAD").hex);
	project_free(p);
}

static const char ship_plan[] = "# Ship\n\n- [ ] T1 Sails: reef them in a storm\n"
				"- [ ] T2 The sails tear\n- [ ] T3 Paint `deck.c`\n";

static void a_plan_is_filled_with_what_the_history_is_sure_of(void **state)
{
	struct plan_options options = { 0 };
	struct json_build b = { false };
	struct plan *plan = NULL, *again = NULL;
	struct project *p;
	size_t found = 0;
	cJSON *json;

	(void)state;
	(void)scratch_sh(&s, NULL, ship);
	p = project();
	GOOD(witness_open(p, false, NULL, &options.witness, &err));
	GOOD(plan_read(ship_plan, strlen(ship_plan), &options, s.room, &plan, &err));
	assert_int_equal(plan->tasks[0].files.n, 1);
	assert_string_equal(plan->tasks[0].files.at[0], "sail.c");
	assert_true(plan->tasks[0].files_likely);
	assert_true(plan->tasks[0].may_touch.n > 0);
	assert_string_equal(plan->tasks[2].files.at[0], "deck.c"); /* stated: as it was */
	assert_false(plan->tasks[2].files_likely);
	for (size_t i = 0; i < plan->n_findings; i++)
		if (strcmp(plan->findings[i].code, "likely-conflict") == 0) {
			assert_int_equal(plan->findings[i].severity, PLAN_INFO);
			assert_int_equal(plan->findings[i].tasks.n, 2);
			found++;
		}
	assert_int_equal(found, 1);
	/* a saved plan still knows that nobody stated them */
	json = plan_json(&b, plan);
	options.saved = true;
	witness_free(options.witness);
	options.witness = NULL;
	GOOD(plan_from_json(json, &options, s.room, &again, &err));
	assert_true(again->tasks[0].files_likely);
	assert_false(again->tasks[2].files_likely);
	cJSON_Delete(json);
	project_free(p);
}

static void a_short_history_fills_nothing(void **state)
{
	struct plan_options options = { 0 };
	struct plan *plan = NULL;
	struct project *p;

	(void)state;
	(void)scratch_sh(&s, NULL,
	                 "echo 1 > sail.c; git add -A; git commit -qm 'sails: reef them'");
	p = project();
	GOOD(witness_open(p, false, NULL, &options.witness, &err));
	GOOD(plan_read(ship_plan, strlen(ship_plan), &options, s.room, &plan, &err));
	assert_int_equal(plan->tasks[0].files.n, 0);
	witness_free(options.witness);
	project_free(p);
}

static void without_a_repository_there_is_no_witness(void **state)
{
	struct witness *w = NULL;
	struct project *p = NULL;

	(void)state;
	(void)scratch_sh(&s, s.top, "mkdir plain");
	GOOD(project_open(&p, scratch_text(&s, "%s/plain", s.top), &err));
	GOOD(witness_open(p, true, NULL, &w, &err));
	assert_null(w);
	project_free(p);
}

#define T(name) cmocka_unit_test(name)
#define R(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_path_with_the_words_is_found_without_a_history),
		T(the_history_finds_files_whose_names_say_nothing),
		T(newer_commits_weigh_more),
		T(files_that_changed_together_come_along),
		T(what_is_gone_is_named_only_on_request),
		T(commits_of_many_files_say_nothing),
		R(the_log_names_the_files_that_git_names),
		R(the_walk_leaves_out_what_is_hidden),
		R(the_history_is_kept_and_followed),
		R(words_that_cannot_be_read_are_replaced),
		R(a_rewritten_branch_is_read_anew),
		R(a_plan_is_filled_with_what_the_history_is_sure_of),
		R(a_short_history_fills_nothing),
		R(without_a_repository_there_is_no_witness),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
