#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/memory/whole.h"
#include "store/db.h"
#include "tests/lib/bench.h"

/* What is exported stands in the bench's own project; here it is imported. */
static struct project *two;

static int setup(void **state)
{
	struct bench *b;

	if (bench_setup(state) != 0)
		return -1;
	b = *state;
	two = bench_project(b, "two");
	two->clock.fixed_ms = NOW + 100 * DAY;
	return 0;
}

static int teardown(void **state)
{
	project_free(two);
	return bench_teardown(state);
}

static struct memory_imported take(struct bench *b, const char *text, enum memory_format format)
{
	struct memory_imported done;

	if (memory_import(
		two, NULL,
		&(struct memory_source){ .bytes = text, .n = strlen(text), .format = format }, b->a,
		&done, &b->err) != OK)
		fail_msg("%s", b->err.text);
	return done;
}

static const char *all(struct bench *b, struct project *p, enum memory_format format)
{
	struct text out;
	const char *copy;

	text_init(&out, TEXT_LIMIT);
	if (memory_export(p, NULL, format, &out, &b->err) != OK)
		fail_msg("%s", b->err.text);
	copy = text_copy(&out, b->a);
	text_done(&out);
	return copy;
}

static struct memory_counts count(struct bench *b, struct project *p)
{
	struct memory_counts c;

	assert_int_equal(memory_count(p, &c, &b->err), OK);
	return c;
}

/* Memories of every sort: related, in a session, superseded, forgotten, awkward to write. */
static void fill(struct bench *b)
{
	struct memory_relation r[] = { { "uses", "zlib & \"co\"", NULL },
		                       { "owner", "Ann's <team>", NULL } };
	struct memory_item items[] = {
		{ .text = "plain", .kind = "decision", .importance = 0.9 },
		{ .text = "about a codec",
		  .entity = "codec",
		  .entity_type = "module",
		  .relations = r,
		  .n_relations = 2,
		  .author = "ann",
		  .session = "s 1" },
		{ .text = "several\nlines of it", .entity = "codec", .session = "s 1" },
		{ .text = "  - an item\n\n# a heading --> <!-- {\"id\":1} -->\n```\ncode\n```\n",
		  .scope = "agent:smith" },
		{ .text = "true for a while", .valid_from = NOW - 9 * DAY, .valid_to = NOW + DAY },
		{ .text = "to be forgotten" },
	};
	struct memory_stored out[6];
	struct memory_item newer = { .text = "it is not so plain" };
	struct memory_forgotten gone;

	assert_int_equal(
	    memory_remember(b->p, NULL, &(struct memory_batch){ items, 6, out }, b->a, &b->err),
	    OK);
	b->p->clock.fixed_ms = NOW + DAY;
	newer.supersedes = out[0].id;
	assert_int_equal(
	    memory_remember(b->p, NULL, &(struct memory_batch){ &newer, 1, out }, b->a, &b->err),
	    OK);
	assert_int_equal(
	    memory_forget(b->p, NULL,
	                  &(struct memory_forget){ .text = "to be forgotten", .confirm = true },
	                  b->a, &gone, &b->err),
	    OK);
}

static void what_is_exported_as_jsonl_comes_back_the_same(void **state)
{
	struct bench *b = *state;
	const char *written;
	struct memory_imported done;

	fill(b);
	written = all(b, b->p, MEMORY_JSONL);
	done = take(b, written, MEMORY_ANY);
	assert_int_equal(done.stored, 7);
	assert_int_equal(done.relations, 2);
	assert_int_equal(done.skipped, 0);
	assert_string_equal(all(b, two, MEMORY_JSONL), written);
	assert_int_equal(count(b, two).superseded, 1);
	assert_int_equal(count(b, two).expired, 1);
}

static void what_is_exported_as_markdown_comes_back_the_same(void **state)
{
	struct bench *b = *state;
	const char *written;

	fill(b);
	written = all(b, b->p, MEMORY_MARKDOWN);
	assert_non_null(strstr(written, "## codec"));
	assert_int_equal(take(b, written, MEMORY_ANY).stored, 7);
	assert_string_equal(all(b, two, MEMORY_MARKDOWN), written);
}

static void an_import_may_be_repeated(void **state)
{
	struct bench *b = *state;
	const char *written;
	struct memory_imported again;

	fill(b);
	written = all(b, b->p, MEMORY_JSONL);
	(void)take(b, written, MEMORY_ANY);
	again = take(b, written, MEMORY_ANY);
	assert_int_equal(again.stored, 0);
	assert_int_equal(again.duplicates, 7);
	assert_int_equal(again.relations, 0);
	assert_int_equal(count(b, two).memories, 7);
}

static void the_file_of_server_memory_is_taken_over_and_a_bad_line_spoils_only_itself(void **state)
{
	struct bench *b = *state;
	struct memory_imported done =
	    take(b,
	         "{\"type\":\"entity\",\"name\":\"Ann\",\"entityType\":\"person\","
	         "\"observations\":[\"likes tea\",\"speaks Welsh\"]}\n"
	         "{\"type\":\"entity\",\"name\":\"Ben\",\"observ\n"
	         "\n"
	         "{\"type\":\"relation\",\"from\":\"Ann\",\"to\":\"Acme\",\"relationType\":\"works_"
	         "at\"}\n",
	         MEMORY_ANY);
	struct memory_query q = { .text = "where does Ann work", .hops = 1 };
	struct memory_found found;

	assert_int_equal(done.stored, 3); /* two texts, and that there is an Ann */
	assert_int_equal(done.relations, 1);
	assert_int_equal(done.skipped, 1);
	assert_non_null(strstr(done.problem, "line 2"));
	assert_int_equal(memory_recall(two, NULL, &q, b->a, &found, &b->err), OK);
	assert_true(found.n_hits > 0);
	assert_string_equal(found.hits[0].entity, "Ann");
	assert_string_equal(found.hits[0].relations[0].to, "Acme");
	assert_non_null(strstr(all(b, two, MEMORY_SERVER_MEMORY),
	                       "\"observations\":[\"likes tea\",\"speaks Welsh\"]"));
}

static void notes_are_cut_at_items_and_paragraphs_under_their_headings(void **state)
{
	struct bench *b = *state;
	struct memory_query q = { .text = "cmocka", .hops = 0 };
	struct memory_found found;
	struct memory_imported done =
	    take(b,
	         "# CLAUDE.md\n\nRead this first.\n\n## Build\n\n"
	         "1. run make\n2. tests need\n   cmocka\n\n"
	         "```sh\nmake test\n\n# no heading\n```\n\n## Style\n* tabs\n",
	         MEMORY_ANY);

	assert_int_equal(done.stored, 5);
	assert_int_equal(memory_recall(two, NULL, &q, b->a, &found, &b->err), OK);
	assert_int_equal(found.n_hits, 1);
	assert_string_equal(found.hits[0].text, "tests need\ncmocka");
	assert_string_equal(found.hits[0].entity, "Build");
	assert_string_equal(found.hits[0].origin, "import");
}

static void an_import_of_nothing_is_an_error_that_says_what_was_found(void **state)
{
	struct bench *b = *state;
	struct memory_imported done;

	assert_int_equal(
	    memory_import(two, NULL, &(struct memory_source){ .bytes = "" }, b->a, &done, &b->err),
	    E_INPUT);
	assert_int_equal(memory_import(two, NULL,
	                               &(struct memory_source){ .bytes = "{\"a\":1}\n", .n = 8 },
	                               b->a, &done, &b->err),
	                 E_INPUT);
	assert_non_null(strstr(b->err.text, "line 1"));
	assert_int_equal(memory_import(two, NULL,
	                               &(struct memory_source){ .bytes = "\xff", .n = 1 }, b->a,
	                               &done, &b->err),
	                 E_INPUT);
	assert_int_equal(count(b, two).memories, 0);
}

static void graphs_are_quoted_whatever_the_names(void **state)
{
	struct bench *b = *state;
	const char *cypher, *xml;

	fill(b);
	cypher = all(b, b->p, MEMORY_CYPHER);
	xml = all(b, b->p, MEMORY_GRAPHML);
	assert_non_null(strstr(cypher, "{name: 'Ann\\'s <team>'}"));
	assert_non_null(strstr(cypher, "(m)-[:ABOUT]->(e)"));
	assert_non_null(strstr(xml, "target=\"e:zlib &amp; &quot;co&quot;\""));
	assert_non_null(strstr(xml, "</graphml>"));
}

static void a_file_is_written_whole_and_read_again(void **state)
{
	struct bench *b = *state;
	struct memory_imported done;
	const char *path = folder_at(b->f, "out.jsonl");
	size_t size_bytes = 0;

	fill(b);
	assert_int_equal(memory_export_file(b->p, NULL, path, MEMORY_JSONL, &size_bytes, &b->err),
	                 OK);
	assert_int_equal(strlen(folder_get(b->f, "out.jsonl")), size_bytes);
	assert_int_equal(
	    memory_import(two, NULL, &(struct memory_source){ .path = path }, b->a, &done, &b->err),
	    OK);
	assert_int_equal(done.stored, 7);
	assert_int_equal(memory_import(two, NULL,
	                               &(struct memory_source){ .path = folder_at(b->f, "none") },
	                               b->a, &done, &b->err),
	                 E_ABSENT);
}

static void what_is_for_all_projects_comes_back_the_same_too(void **state)
{
	struct bench *b = *state;
	struct memory_item newer = { .text = "tabs", .scope = "global" };
	struct project *shared = NULL;
	const char *before;

	newer.supersedes =
	    bench_put(b, (struct memory_item){ .text = "spaces", .scope = "global" }).id;
	(void)bench_put(b, newer);
	(void)bench_put(b, (struct memory_item){ .text = "tea at four", .scope = "team" });
	assert_int_equal(memory_shared(b->p, false, &shared, &b->err), OK);
	before = all(b, shared, MEMORY_JSONL);
	assert_int_equal(setenv("XDG_DATA_HOME", folder_at(b->f, "elsewhere"), 1), 0);
	assert_int_equal(take(b, before, MEMORY_ANY).stored, 3);
	assert_int_equal(memory_shared(two, false, &shared, &b->err), OK);
	assert_string_equal(all(b, shared, MEMORY_JSONL), before);
	assert_int_equal(count(b, shared).superseded, 1);
	assert_null(folder_get(b->f, "two/.gadugi/gadugi.db")); /* nothing of it is the project's */
}

static void a_line_that_is_no_memory_is_skipped_and_the_others_are_stored(void **state)
{
	struct bench *b = *state;
	const char *lines = "{\"text\":\"the first\"}\n"
			    "{\"text\":\"x\",\"kind\":\"Big Idea\"}\n"
			    "{\"text\":\"x\",\"scope\":\"galaxy\"}\n"
			    "{\"text\":\"x\",\"scope\":\"agent\"}\n"
			    "{\"text\":5}\n"
			    "{\"text\":\"the last\"}\n";
	char *huge = arena_take(b->a, MEMORY_TEXT_MAX + 100), *at = huge;
	struct memory_imported done = take(b, lines, MEMORY_ANY);

	assert_int_equal(done.stored, 2);
	assert_int_equal(done.skipped, 4);
	assert_string_equal(done.problem,
	                    "line 2: kind 'Big Idea' is not a word of a-z, 0-9, '_' and '-', like "
	                    "decision, fact, procedure, pattern or achievement");
	at += snprintf(at, 20, "{\"text\":\"");
	memset(at, 'q', MEMORY_TEXT_MAX + 1);
	at += MEMORY_TEXT_MAX + 1;
	(void)snprintf(at, 50, "\"}\n{\"text\":\"after the big one\"}\n");
	done = take(b, huge, MEMORY_ANY);
	assert_int_equal(done.stored, 1);
	assert_non_null(strstr(done.problem, "line 1: 'text' has 10485761 bytes"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_exported_as_jsonl_comes_back_the_same),
		TEST(what_is_exported_as_markdown_comes_back_the_same),
		TEST(an_import_may_be_repeated),
		TEST(the_file_of_server_memory_is_taken_over_and_a_bad_line_spoils_only_itself),
		TEST(notes_are_cut_at_items_and_paragraphs_under_their_headings),
		TEST(an_import_of_nothing_is_an_error_that_says_what_was_found),
		TEST(graphs_are_quoted_whatever_the_names),
		TEST(a_file_is_written_whole_and_read_again),
		TEST(what_is_for_all_projects_comes_back_the_same_too),
		TEST(a_line_that_is_no_memory_is_skipped_and_the_others_are_stored),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
