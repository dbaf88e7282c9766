#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/tidy_own.h"
#include "domain/memory/whole.h"
#include "domain/project.h"
#include "store/db.h"
#include "tests/lib/bench.h"

static const char *put(struct bench *b, struct memory_item item)
{
	return bench_put(b, item).id;
}

static struct memory_tidied tidy(struct bench *b, bool confirm)
{
	const struct memory_tidy how = { confirm, 100 };
	struct memory_tidied done;

	if (memory_tidy(b->p, NULL, &how, b->a, &done, &b->err) != OK)
		fail_msg("%s", b->err.text);
	return done;
}

static void rules(struct bench *b, const char *memory)
{
	folder_put(b->f, ".gadugi/config", text_printf(b->a, "memory:\n  %s\n", memory));
}

static int64_t number(struct bench *b, const char *sql)
{
	return bench_number(b, b->p, sql);
}

static void without_a_rule_nothing_goes_and_the_way_to_one_is_shown(void **state)
{
	struct bench *b = *state;
	const struct memory_tidy how = { true, 10 };
	struct memory_tidied done;

	(void)put(b, (struct memory_item){ .text = "as old as the hills" });
	b->p->clock.fixed_ms = NOW + 10000 * DAY;
	assert_int_equal(memory_tidy(b->p, NULL, &how, b->a, &done, &b->err), E_INPUT);
	assert_non_null(strstr(b->err.text, "keep: [{kind: run, days: 90}]"));
	assert_int_equal(bench_find(b, "hills").n_hits, 1);
}

static void a_memory_goes_when_nobody_used_it_for_as_long_as_its_rule_says(void **state)
{
	struct bench *b = *state;
	struct memory_tidied done;

	(void)put(b, (struct memory_item){ .text = "the first run took an hour", .kind = "run" });
	(void)put(b, (struct memory_item){ .text = "the second run was used", .kind = "run" });
	(void)put(b, (struct memory_item){ .text = "a decision about runs", .kind = "decision" });
	(void)put(b,
	          (struct memory_item){ .text = "a pinned run", .kind = "run", .importance = 1 });
	rules(b, "keep: [{kind: run, days: 90}]");
	b->p->clock.fixed_ms = NOW + 80 * DAY;
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 0);
	assert_int_equal(
	    bench_ask(b, (struct memory_query){ .text = "second", .hops = 1, .count = true })
		.n_hits,
	    1);
	b->p->clock.fixed_ms = NOW + 91 * DAY;
	done = tidy(b, false);
	assert_false(done.done);
	assert_int_equal(done.counts[MEMORY_FORGET], 1);
	assert_string_equal(done.endings[0].text, "the first run took an hour");
	assert_string_equal(done.endings[0].why, "not used for 91 days; days: 90");
	assert_int_equal(bench_find(b, "hour").n_hits, 1); /* that was only told */
	b->p->clock.fixed_ms = NOW + 92 * DAY;
	assert_true(tidy(b, true).done);
	assert_int_equal(bench_find(b, "hour").n_hits, 0);
	assert_int_equal(bench_find(b, "second").n_hits, 1);
	assert_int_equal(bench_find(b, "decision").n_hits, 1);
	assert_int_equal(bench_find(b, "pinned").n_hits, 1);
	assert_int_equal(
	    number(b, "SELECT count FROM memory_audit WHERE action = 'tidied: expired'"), 1);
	assert_int_equal(
	    number(b, "SELECT count(*) FROM event WHERE topic GLOB 'memory.expired.*'"), 1);
}

static void what_is_worth_little_fades_before_what_is_worth_much(void **state)
{
	struct bench *b = *state;

	(void)put(b, (struct memory_item){ .text = "a whim of the day", .importance = 0.1 });
	(void)put(b, (struct memory_item){ .text = "a law of the house", .importance = 0.8 });
	rules(b, "keep: [{halfLifeDays: 30}]");
	b->p->clock.fixed_ms = NOW + 29 * DAY; /* 0.1 is not halved yet, 0.05 is the end */
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 0);
	b->p->clock.fixed_ms = NOW + 31 * DAY;
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 1);
	assert_int_equal(bench_find(b, "whim").n_hits, 0);
	b->p->clock.fixed_ms = NOW + 119 * DAY; /* 0.8 is halved four times in 120 days */
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 0);
	b->p->clock.fixed_ms = NOW + 121 * DAY;
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 1);
}

static void only_so_many_stay_and_they_are_the_best(void **state)
{
	struct bench *b = *state;
	struct memory_found found;

	for (int i = 0; i < 10; i++)
		(void)put(b, (struct memory_item){ .text = text_printf(b->a, "commit number %d", i),
		                                   .kind = "commit",
		                                   .importance = i == 3 ? 0.9 : 0.3 });
	rules(b, "keep: [{kind: 'com*', most: 4}]");
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 6);
	found = bench_find(b, "commit");
	assert_int_equal(found.n_hits, 4);
	for (size_t i = 0; i < 4; i++)
		assert_non_null(strpbrk(found.hits[i].text, "3789"));
}

static void what_was_forgotten_long_ago_is_deleted_when_a_rule_says_so(void **state)
{
	struct bench *b = *state;
	const char *id = put(b, (struct memory_item){ .text = "the old gate opens at six" });
	const struct memory_forget what = { .ids = &id, .n_ids = 1 };
	struct memory_forgotten gone;
	struct memory_hit hit;

	(void)put(b, (struct memory_item){ .text = "the new gate opens at seven" });
	assert_int_equal(memory_forget(b->p, NULL, &what, b->a, &gone, &b->err), OK);
	rules(b, "keep: [{purgeDays: 365}]");
	b->p->clock.fixed_ms = NOW + 364 * DAY;
	assert_int_equal(tidy(b, true).counts[MEMORY_PURGE], 0);
	b->p->clock.fixed_ms = NOW + 366 * DAY;
	assert_int_equal(tidy(b, false).counts[MEMORY_PURGE], 1);
	assert_int_equal(memory_show(b->p, id, b->a, &hit, &b->err), OK);
	assert_int_equal(tidy(b, true).counts[MEMORY_PURGE], 1);
	assert_int_equal(memory_show(b->p, id, b->a, &hit, &b->err), E_ABSENT);
	assert_int_equal(bench_find(b, "gate").n_hits, 1);
	assert_int_equal(number(b, "SELECT count(*) FROM memory_text"), 1);
}

static void what_another_says_in_full_gives_way_to_it(void **state)
{
	struct bench *b = *state;
	const char *less = put(b, (struct memory_item){ .text = "The parser is written by hand.",
	                                                .entity = "parser" });
	const char *more = put(
	    b, (struct memory_item){ .text = "the parser is written by hand, for better messages",
	                             .entity = "parser" });
	struct memory_tidied done;
	struct memory_found found;

	(void)put(b, (struct memory_item){ .text = "the parser is not written by hand",
	                                   .entity = "parser" });
	(void)put(b, (struct memory_item){
			 .text = "the parser is written by hand, for better messages" });
	rules(b, "merge: true");
	done = tidy(b, true);
	assert_int_equal(done.counts[MEMORY_MERGE], 1);
	assert_string_equal(done.endings[0].id, less);
	assert_string_equal(done.endings[0].into, more);
	found = bench_find(b, "parser");
	assert_int_equal(found.n_hits, 3);
	assert_int_equal(
	    number(b, "SELECT m.seen FROM memory m JOIN memory o ON o.superseded_by = m.id"), 2);
	assert_int_equal(tidy(b, true).counts[MEMORY_MERGE], 0); /* once is enough */
}

static void what_only_looks_alike_is_not_merged(void **state)
{
	static const struct {
		const char *less, *more;
		bool same;
	} pairs[] = {
		{ "the cache depends on the store", "the store depends on the cache", false },
		{ "port 8080 is the server's port", "port 9090 is the server's port", false },
		{ "we use tabs for indentation", "we don't use tabs for indentation", false },
		{ "we use tabs for indentation", "we use tabs for indentation, never spaces",
		  false },
		{ "the build was green on Monday", "the build is green on Monday", false },
		{ "use tabs here", "use tabs here and everywhere", false }, /* too short */
		{ "we use tabs for indentation", "in C files we use TABS for   indentation!",
		  true },
		{ "übung macht den meister immer", "Übung macht den Meister immer und überall",
		  true },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (tidy_says_all(pairs[i].less, pairs[i].more, b->a) != pairs[i].same)
			fail_msg("'%s' and '%s'", pairs[i].less, pairs[i].more);
}

static void hundreds_are_ended_in_parts_and_none_twice(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 1234; i++)
		(void)put(b,
		          (struct memory_item){ .text = text_printf(b->a, "noise %d of the day", i),
		                                .kind = "noise" });
	rules(b, "keep: [{kind: noise, days: 1}]");
	b->p->clock.fixed_ms = NOW + 2 * DAY;
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 1234);
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 0);
	assert_int_equal(bench_find(b, "noise").n_hits, 0);
}

static void what_the_actor_may_not_write_stays(void **state)
{
	struct bench *b = *state;

	(void)put(b, (struct memory_item){ .text = "the team's old habit", .scope = "agent:ann" });
	(void)put(b, (struct memory_item){ .text = "the project's old habit" });
	rules(b,
	      "keep: [{days: 1}]\n  permissions: [{actor: user, read: ['*'], write: [project]}]");
	b->p->clock.fixed_ms = NOW + 2 * DAY;
	assert_int_equal(tidy(b, true).counts[MEMORY_FORGET], 1);
	assert_int_equal(bench_find(b, "habit").n_hits, 1);
}

static void after_a_run_it_happens_once_a_day_if_the_configuration_wants_it(void **state)
{
	struct bench *b = *state;

	(void)put(b, (struct memory_item){ .text = "a passing thought" });
	rules(b, "keep: [{days: 5}]");
	b->p->clock.fixed_ms = NOW + 10 * DAY;
	memory_tidy_after_run(b->p);
	assert_int_equal(bench_find(b, "thought").n_hits, 1);
	b->p->clock.fixed_ms = NOW + 20 * DAY;
	rules(b, "keep: [{days: 5}]\n  tidyAfterRuns: true");
	memory_tidy_after_run(b->p);
	assert_int_equal(bench_find(b, "thought").n_hits, 0);
	(void)put(b, (struct memory_item){ .text = "another thought", .made_ms = NOW });
	b->p->clock.fixed_ms += DAY / 2;
	memory_tidy_after_run(b->p);
	assert_int_equal(bench_find(b, "thought").n_hits, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(without_a_rule_nothing_goes_and_the_way_to_one_is_shown),
		TEST(a_memory_goes_when_nobody_used_it_for_as_long_as_its_rule_says),
		TEST(what_is_worth_little_fades_before_what_is_worth_much),
		TEST(only_so_many_stay_and_they_are_the_best),
		TEST(what_was_forgotten_long_ago_is_deleted_when_a_rule_says_so),
		TEST(what_another_says_in_full_gives_way_to_it),
		TEST(what_only_looks_alike_is_not_merged),
		TEST(hundreds_are_ended_in_parts_and_none_twice),
		TEST(what_the_actor_may_not_write_stays),
		TEST(after_a_run_it_happens_once_a_day_if_the_configuration_wants_it),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
