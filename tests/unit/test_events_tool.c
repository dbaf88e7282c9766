#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/call.h"
#include "base/clock.h"
#include "base/json.h"
#include "bus/envelope.h"
#include "domain/project.h"
#include "handlers/tools.h"
#include "store/subscribers.h"
#include "tests/lib/folder.h"

struct bench {
	struct folder *folder;
	struct project *project;
	struct call call;
	cJSON *answer, *args;
};

static int set_up(void **state)
{
	static struct bench b;
	void *folder = NULL;

	if (folder_setup(&folder) != 0)
		return -1;
	b = (struct bench){ .folder = folder };
	if (project_open(&b.project, b.folder->path, NULL) != OK)
		return -1;
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	void *folder = b->folder;

	cJSON_Delete(b->answer);
	cJSON_Delete(b->args);
	arena_free(b->call.arena);
	project_free(b->project);
	return folder_teardown(&folder);
}

/* Run the call that is set up, for the first time or again. */
static enum status run(struct bench *b)
{
	void *in = arena_take(b->call.arena, tool_events.in_size);
	enum status st = arg_read(tool_events.args, b->args, in, &b->call.err);

	return st != OK ? st : tool_events.run(&b->call, in, &b->answer);
}

static enum status ask(struct bench *b, const char *args)
{
	cJSON_Delete(b->answer);
	cJSON_Delete(b->args);
	arena_free(b->call.arena);
	b->answer = b->args = NULL;
	b->call = (struct call){ .arena = arena_new(CALL_ARENA_MAX),
		                 .project = b->project,
		                 .answer_max = 12000 };
	assert_int_equal(json_read(args, strlen(args), &b->args, &b->call.err), OK);
	return run(b);
}

/* The answer as text; good until the folder goes. */
static const char *say(struct bench *b)
{
	char *text = json_print(b->answer);
	const char *copy = arena_copy(b->folder->arena, text, strlen(text));

	cJSON_free(text);
	return copy;
}

static int64_t number(struct bench *b, const char *key)
{
	return json_int(b->answer, key, -1);
}

static int count(struct bench *b, const char *key)
{
	return cJSON_GetArraySize(json_get(b->answer, key));
}

static void what_is_published_is_listed(void **state)
{
	struct bench *b = *state;

	assert_int_equal(ask(b, "{\"action\":\"list\"}"), OK);
	assert_string_equal(say(b), "{\"events\":[],\"lastSeq\":0}");
	assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a.b\",\"priority\":\"high\","
	                        "\"payload\":{\"x\":[1,\"two\"]}}"),
	                 OK);
	assert_int_equal(number(b, "seq"), 1);
	assert_int_equal(ask(b, "{\"action\":\"list\",\"topic\":\"a.*\"}"), OK);
	assert_int_equal(count(b, "events"), 1);
	assert_non_null(strstr(say(b), "\"topic\":\"a.b\",\"type\":\"Custom\",\"time\":\"20"));
	assert_non_null(strstr(say(b), "\"source\":\"user\""));
	assert_non_null(strstr(say(b), "\"priority\":\"high\""));
	assert_non_null(strstr(say(b), "\"payload\":{\"x\":[1,\"two\"]}"));
	assert_int_equal(ask(b, "{\"action\":\"list\",\"topic\":\"b.#\"}"), OK);
	assert_int_equal(count(b, "events"), 0);
	assert_int_equal(number(b, "lastSeq"), 1);
}

static void pages_hold_every_event_once(void **state)
{
	struct bench *b = *state;
	char args[120], cursor[30] = "0";
	int got = 0, pages = 0;

	for (int i = 0; i < 25; i++)
		assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a\"}"), OK);
	for (; *cursor != '\0'; pages++) {
		(void)snprintf(args, sizeof args,
		               "{\"action\":\"list\",\"limit\":10,\"cursor\":\"%s\"}", cursor);
		assert_int_equal(ask(b, args), OK);
		for (int i = 0; i < count(b, "events"); i++)
			assert_int_equal(
			    json_int(cJSON_GetArrayItem(json_get(b->answer, "events"), i), "seq",
			             0),
			    ++got);
		(void)snprintf(cursor, sizeof cursor, "%s",
		               json_text(b->answer, "nextCursor") == NULL
		                   ? ""
		                   : json_text(b->answer, "nextCursor"));
	}
	assert_int_equal(got, 25);
	assert_int_equal(pages, 3);
	assert_int_equal(ask(b, "{\"action\":\"list\",\"after\":-3}"), OK);
	assert_int_equal(count(b, "events"), 3);
	assert_non_null(strstr(say(b), "\"seq\":23"));
	assert_int_equal(ask(b, "{\"action\":\"list\",\"cursor\":\"x\"}"), E_INPUT);
}

static void a_long_answer_is_cut_and_goes_on(void **state)
{
	struct bench *b = *state;
	char args[4000] = "{\"action\":\"publish\",\"topic\":\"a\",\"payload\":{\"x\":\"";
	size_t n = strlen(args);

	memset(args + n, 'x', 3000);
	memcpy(args + n + 3000, "\"}}", 4);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ask(b, args), OK);
	assert_int_equal(ask(b, "{\"action\":\"list\"}"), OK);
	assert_int_equal(count(b, "events"), 3);
	assert_true(strlen(say(b)) < 12000);
	assert_string_equal(json_text(b->answer, "nextCursor"), "3");
	assert_int_equal(number(b, "lastSeq"), 3);
}

static void the_same_id_is_published_once(void **state)
{
	static const char publish[] = "{\"action\":\"publish\",\"topic\":\"a\",\"id\":\"mine\"}";
	struct bench *b = *state;

	assert_int_equal(ask(b, publish), OK);
	assert_int_equal(number(b, "seq"), 1);
	assert_false(json_flag(b->answer, "duplicate"));
	assert_int_equal(ask(b, publish), OK);
	assert_int_equal(number(b, "seq"), 1);
	assert_true(json_flag(b->answer, "duplicate"));
	assert_int_equal(ask(b, "{\"action\":\"list\"}"), OK);
	assert_int_equal(count(b, "events"), 1);
}

static void a_loop_of_causes_ends(void **state)
{
	struct bench *b = *state;
	char args[200];
	int n = 0;

	do
		(void)snprintf(args, sizeof args,
		               "{\"action\":\"publish\",\"topic\":\"a\",\"id\":\"e%d\","
		               "\"cause\":\"e%d\"}",
		               n + 1, n);
	while (ask(b, args) == OK && n++ < 100);
	assert_int_equal(n, 17); /* the first has no cause in the log */
	assert_int_equal(b->call.err.code, E_DENIED);
	assert_non_null(strstr(b->call.err.text, "loop"));
}

static void a_list_waits_for_the_first_event(void **state)
{
	struct bench *b = *state;
	cJSON *args;
	struct call waiting;

	assert_int_equal(ask(b, "{\"action\":\"list\",\"waitSeconds\":100,\"topic\":\"a\"}"),
	                 E_WAIT);
	assert_true(b->call.wait_until_ms > clock_mono_ms() + 90000);
	waiting = b->call;
	args = b->args;
	b->call.arena = NULL;
	b->args = NULL;
	assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"b\"}"), OK);
	arena_free(b->call.arena);
	cJSON_Delete(b->args);
	b->call = waiting;
	b->args = args;
	cJSON_Delete(b->answer);
	b->answer = NULL;
	assert_int_equal(run(b), E_WAIT); /* the wrong topic */
	b->call.arena = NULL;
	b->args = NULL;
	assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a\"}"), OK);
	arena_free(b->call.arena);
	cJSON_Delete(b->args);
	cJSON_Delete(b->answer);
	b->answer = NULL;
	b->call = waiting;
	b->args = args;
	assert_int_equal(run(b), OK);
	assert_int_equal(count(b, "events"), 1);
	assert_int_equal(number(b, "lastSeq"), 2);
}

static void a_subscriber_reads_on_where_it_was(void **state)
{
	struct bench *b = *state;

	assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a\"}"), OK);
	assert_int_equal(ask(b, "{\"action\":\"subscribe\",\"topic\":\"a\",\"subscriber\":\"me\"}"),
	                 OK);
	assert_string_equal(say(b),
	                    "{\"subscriber\":\"me\",\"topic\":\"a\",\"after\":1,\"delivered\":0}");
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a\"}"), OK);
	/* what was not said to have arrived comes again */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(b, "{\"action\":\"list\",\"subscriber\":\"me\",\"limit\":2}"),
		                 OK);
		assert_int_equal(number(b, "lastSeq"), 3);
	}
	assert_int_equal(ask(b, "{\"action\":\"list\",\"subscriber\":\"me\",\"after\":3}"), OK);
	assert_int_equal(count(b, "events"), 1);
	assert_int_equal(ask(b, "{\"action\":\"list\",\"subscriber\":\"me\",\"after\":4}"), OK);
	assert_int_equal(count(b, "events"), 0);
	assert_int_equal(ask(b, "{\"action\":\"list\",\"subscriber\":\"me\"}"), OK);
	assert_int_equal(count(b, "events"), 0);
	/* and a replay really brings all again */
	assert_int_equal(ask(b, "{\"action\":\"replay\",\"subscriber\":\"me\",\"after\":0}"), OK);
	assert_int_equal(number(b, "subscribersSetBack"), 1);
	assert_int_equal(ask(b, "{\"action\":\"list\",\"subscriber\":\"me\"}"), OK);
	assert_int_equal(count(b, "events"), 4);
	assert_int_equal(ask(b, "{\"action\":\"unsubscribe\",\"subscriber\":\"me\"}"), OK);
	assert_int_equal(ask(b, "{\"action\":\"list\",\"subscriber\":\"me\"}"), E_ABSENT);
}

static void a_subscriber_may_begin_at_the_beginning(void **state)
{
	struct bench *b = *state;
	const char *name;
	char args[120];

	assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a\"}"), OK);
	assert_int_equal(ask(b, "{\"action\":\"subscribe\",\"topic\":\"#\",\"after\":0}"), OK);
	name = json_text(b->answer, "subscriber");
	assert_non_null(name);
	(void)snprintf(args, sizeof args, "{\"action\":\"list\",\"subscriber\":\"%s\"}", name);
	assert_int_equal(ask(b, args), OK);
	assert_int_equal(count(b, "events"), 1);
	assert_int_equal(ask(b, "{\"action\":\"subscribers\"}"), OK);
	assert_int_equal(count(b, "subscribers"), 1);
}

static void dead_letters_are_listed_and_tried_again(void **state)
{
	struct bench *b = *state;
	struct dead_row dead = { .subscriber = "me", .cause = "exit 1", .attempts = 3 };
	struct db *db = NULL;

	assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a\"}"), OK);
	assert_int_equal(ask(b, "{\"action\":\"subscribe\",\"topic\":\"a\",\"subscriber\":\"me\"}"),
	                 OK);
	assert_int_equal(ask(b, "{\"action\":\"deadletters\"}"), OK);
	assert_string_equal(say(b), "{\"deadletters\":[]}");
	assert_int_equal(ask(b, "{\"action\":\"replay\"}"), E_ABSENT);
	assert_int_equal(project_write(b->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	dead.event.seq = 1;
	assert_int_equal(dead_put(db, &dead, NULL), OK);
	assert_int_equal(db_commit(db, NULL), OK);
	project_done(b->project, db);
	assert_int_equal(ask(b, "{\"action\":\"deadletters\",\"subscriber\":\"me\"}"), OK);
	assert_int_equal(count(b, "deadletters"), 1);
	assert_non_null(strstr(say(b), "\"attempts\":3,\"cause\":\"exit 1\""));
	assert_non_null(strstr(say(b), "\"topic\":\"a\""));
	assert_int_equal(ask(b, "{\"action\":\"replay\",\"subscriber\":\"me\"}"), OK);
	assert_int_equal(number(b, "deadlettersTriedAgain"), 1);
}

static void the_log_is_exported_whole(void **state)
{
	struct bench *b = *state;
	const char *lines;

	for (int i = 0; i < 1203; i++)
		assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a\","
		                        "\"payload\":{\"n\":12345678901234567890}}"),
		                 OK);
	assert_int_equal(ask(b, "{\"action\":\"export\",\"path\":\"log.jsonl\",\"after\":2}"), OK);
	assert_int_equal(number(b, "events"), 1201);
	lines = folder_get(b->folder, "log.jsonl");
	assert_int_equal(strncmp(lines, "{\"seq\":3,", 9), 0);
	assert_non_null(strstr(lines, "\"seq\":1203,"));
	/* a file that is there already is left alone, and so is what lies elsewhere */
	assert_int_not_equal(ask(b, "{\"action\":\"export\",\"path\":\"log.jsonl\"}"), OK);
	assert_int_not_equal(ask(b, "{\"action\":\"export\",\"path\":\"../log.jsonl\"}"), OK);
	assert_int_equal(ask(b, "{\"action\":\"export\",\"path\":\"log.txt\"}"), E_INPUT);
	assert_int_equal(ask(b, "{\"action\":\"export\"}"), E_INPUT);
}

static void an_exported_envelope_is_read_again(void **state)
{
	struct bench *b = *state;
	struct envelope e;
	const char *bytes, *name;
	FILE *f;
	char all[4000];
	size_t n, size, head = 1;

	assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"a.b\",\"id\":\"mine\"}"), OK);
	assert_int_equal(ask(b, "{\"action\":\"publish\",\"topic\":\"c\"}"), OK);
	assert_int_equal(ask(b, "{\"action\":\"export\",\"path\":\"log.pb\",\"topic\":\"a.#\"}"),
	                 OK);
	assert_int_equal(number(b, "events"), 1);
	name = folder_at(b->folder, "log.pb");
	assert_non_null(f = fopen(name, "rb"));
	n = fread(all, 1, sizeof all, f);
	(void)fclose(f);
	size = (unsigned char)all[0] & 0x7F;
	if (((unsigned char)all[0] & 0x80) != 0) {
		size |= (size_t)(unsigned char)all[1] << 7;
		head = 2;
	}
	assert_int_equal(size + head, n);
	bytes = all + head;
	assert_int_equal(envelope_read(bytes, size, b->call.arena, &e, NULL), OK);
	assert_string_equal(e.id, "mine");
	assert_string_equal(e.topic, "a.b");
	assert_int_equal(e.seq, 1);
}

static void mistakes_are_said_with_what_to_do(void **state)
{
	static const struct {
		const char *args, *words;
		enum status st;
	} rows[] = {
		{ "{\"action\":\"publish\"}", "'topic'", E_INPUT },
		{ "{\"action\":\"publish\",\"topic\":\"a..b\"}", "a..b", E_INPUT },
		{ "{\"action\":\"publish\",\"topic\":\"a.*\"}", "a.*", E_INPUT },
		{ "{\"action\":\"list\",\"topic\":\"a b\"}", "a b", E_INPUT },
		{ "{\"action\":\"subscribe\"}", "'topic'", E_INPUT },
		{ "{\"action\":\"subscribe\",\"topic\":\"a\",\"subscriber\":\"x y\"}", "x y",
		  E_INPUT },
		{ "{\"action\":\"subscribe\",\"topic\":\"a\",\"after\":99}", "99", E_INPUT },
		{ "{\"action\":\"subscribe\",\"topic\":\"a\",\"agent\":\"../x\"}", "../x",
		  E_INPUT },
		{ "{\"action\":\"unsubscribe\"}", "'subscriber'", E_INPUT },
		{ "{\"action\":\"unsubscribe\",\"subscriber\":\"nobody\"}", "nobody", E_ABSENT },
		{ "{\"action\":\"replay\",\"after\":0}", "nobody subscribes", E_ABSENT },
		{ "{\"action\":\"lst\"}", "list", E_INPUT },
		{ "{\"topic\":\"a\"}", "action", E_INPUT },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(ask(b, rows[i].args), rows[i].st);
		assert_null(b->answer);
		if (strstr(b->call.err.text, rows[i].words) == NULL)
			fail_msg("%s: %s", rows[i].args, b->call.err.text);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_published_is_listed),
		TEST(pages_hold_every_event_once),
		TEST(a_long_answer_is_cut_and_goes_on),
		TEST(the_same_id_is_published_once),
		TEST(a_loop_of_causes_ends),
		TEST(a_list_waits_for_the_first_event),
		TEST(a_subscriber_reads_on_where_it_was),
		TEST(a_subscriber_may_begin_at_the_beginning),
		TEST(dead_letters_are_listed_and_tried_again),
		TEST(the_log_is_exported_whole),
		TEST(an_exported_envelope_is_read_again),
		TEST(mistakes_are_said_with_what_to_do),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
