/* The command line with the n-th allocation failing: it says so or nothing, and ends with 1. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "tests/lib/folder.h"

/* Tools with the names of real ones and answers that do not change. */
static const char *answer;

static enum status echo_run(struct call *call, const void *in, cJSON **result)
{
	(void)in;
	return json_read(answer, strlen(answer), result, &call->err);
}

struct anything {
	const char *a, *b, *c, *d, *e;
	double n;
};

#define TEXT(name, member)                                                                         \
	{                                                                                          \
		name, ARG_TEXT, 0, offsetof(struct anything, member), 0, 0, NULL, NULL             \
	}

static const struct arg args[] = {
	TEXT("action", a),
	TEXT("runId", b),
	TEXT("taskId", c),
	TEXT("query", d),
	TEXT("text", e),
	TEXT("name", e),
	{ "limit", ARG_NUMBER, 0, offsetof(struct anything, n), 0, 0, NULL, NULL },
	{ 0 },
};

#define TOOL(tool_name)                                                                            \
	{                                                                                          \
		.name = tool_name, .title = tool_name, .about = "a tool", .args = args,            \
		.in_size = sizeof(struct anything), .run = echo_run,                               \
	}

static const struct tool tools[] = { TOOL("runs"), TOOL("recall"), TOOL("remember"), TOOL("coach"),
	                             TOOL("agents") };
static const struct tool *const list[] = { &tools[0], &tools[1], &tools[2],
	                                   &tools[3], &tools[4], NULL };

static enum status no_project(void *arg, const struct cli_options *options,
                              struct project **project, const char **root, struct err *err)
{
	(void)arg, (void)options, (void)err;
	*project = NULL;
	*root = "/";
	return OK;
}

static enum status fixed_answer(void *arg, cJSON **out, struct err *err)
{
	(void)arg;
	return json_read(answer, strlen(answer), out, err);
}

static int no_server(void *arg, const struct cli_options *options, int argc, char **argv)
{
	(void)arg, (void)options, (void)argc, (void)argv;
	return CLI_DONE;
}

static const struct cli_program programs[] = { { 0 } };
static const struct cli_world world = {
	.version = "0",
	.tools = list,
	.serve = no_server,
	.programs = programs,
	.open = no_project,
	.trust = fixed_answer,
	.doctor = fixed_answer,
};

/* One command with every allocation failing once, then from there on for ever. */
static void survives(const char *line, const char *json, int rc)
{
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC), out = dup(1), errors = dup(2);
	int got = -1;
	bool in_the_way = false;

	answer = json;
	for (int forever = 0; forever < 2; forever++) {
		for (long n = 0; n < 3000; n++) {
			char words[256], *argv[16] = { NULL };
			int argc = 0;

			assert_true(strlen(line) < sizeof words);
			memcpy(words, line, strlen(line) + 1);
			for (char *at = words, *end; argc < 15 && at != NULL; at = end) {
				if ((end = strchr(at, ' ')) != NULL)
					*end++ = '\0';
				argv[argc++] = at;
			}
			(void)dup2(quiet, 1);
			(void)dup2(quiet, 2);
			mem_fail_after(n, forever);
			got = cli_run(&world, argc, argv);
			mem_fail_after(-1, 0);
			(void)dup2(out, 1);
			(void)dup2(errors, 2);
			in_the_way = in_the_way || got != rc;
			if (n > 200 && got == rc)
				break;
		}
		assert_int_equal(got, rc);
	}
	assert_true(in_the_way);
	(void)close(quiet);
	(void)close(out);
	(void)close(errors);
}

static void help_survives(void **state)
{
	(void)state;
	survives("gadugi help runs", "{}", CLI_DONE);
}

static void a_call_survives(void **state)
{
	(void)state;
	survives("gadugi call runs {\"action\":\"x\"}", "{\"a\":[1,{\"b\":\"c\"}]}", CLI_DONE);
}

static void lists_and_tables_survive(void **state)
{
	(void)state;
	survives("gadugi runs",
	         "{\"runs\":[{\"runId\":\"r1\",\"state\":\"failed\",\"counts\":{\"succeeded\":1},"
	         "\"total\":2,\"madeAt\":\"2026-11-22T10:00:00Z\",\"title\":\"t\"}],\"nextCursor\":"
	         "\"5\"}",
	         CLI_DONE);
	survives("gadugi agents list",
	         "{\"agents\":[{\"name\":\"a\",\"n\":1,\"needs\":[\"x\",\"y\"]}]}", CLI_DONE);
	survives("gadugi agents show a",
	         "{\"agent\":{\"name\":\"a\",\"list\":[1,[2],{\"c\":true}]},\"f\":[]}", CLI_DONE);
}

static const char run_json[] =
    "{\"runId\":\"r1\",\"state\":\"failed\",\"counts\":{\"succeeded\":1,\"failed\":1},\"branch\":"
    "\"gadugi/"
    "r1\",\"wallMs\":1500,\"workMs\":2500,\"lowerBoundMs\":1200,\"speedup\":1.66,\"tasks\":["
    "{\"id\":\"a\",\"title\":\"A\",\"state\":\"succeeded\",\"startedAt\":\"2026-11-22T10:00:00Z\","
    "\"endedAt\":\"2026-11-22T10:01:01Z\",\"attempts\":[{}]},"
    "{\"id\":\"b\",\"title\":\"B\",\"state\":\"failed\",\"cause\":\"exit 1\",\"attempts\":[]}]}";

static void a_run_and_its_watching_survive(void **state)
{
	(void)state;
	survives("gadugi runs r1", run_json, CLI_DONE);
	survives("gadugi runs r1 b", "{\"id\":\"b\",\"attempts\":[{\"n\":1}]}", CLI_DONE);
	survives("gadugi runs r1 b --log", "{\"log\":\"one\\ntwo\"}", CLI_DONE);
}

static void memories_survive(void **state)
{
	(void)state;
	survives("gadugi recall what was it --limit 3",
	         "{\"memories\":[{\"id\":\"m1\",\"text\":\"x\",\"score\":0.5,\"kind\":\"fact\","
	         "\"why\":\"w\"}]}",
	         CLI_DONE);
	survives(
	    "gadugi remember it is so",
	    "{\"stored\":[\"m1\"],\"duplicates\":[],\"similar\":[{\"id\":\"m1\",\"to\":[\"m0\"]}],"
	    "\"masked\":1}",
	    CLI_DONE);
	survives("gadugi coach",
	         "{\"metrics\":{\"wallMs\":5},\"findings\":[{\"severity\":\"high\",\"code\":\"c\","
	         "\"message\":"
	         "\"m\"}],\"recommendations\":[\"do\"],\"issues\":[]}",
	         CLI_DONE);
}

static void doctor_and_trust_survive(void **state)
{
	(void)state;
	survives("gadugi doctor",
	         "{\"ok\":true,\"checks\":[{\"name\":\"n\",\"state\":\"ok\",\"words\":\"w\"}]}",
	         CLI_DONE);
	survives("gadugi trust", "{\"path\":\"/p\",\"anew\":true,\"commands\":[\"agent a: b\"]}",
	         CLI_DONE);
}

static void installing_survives(void **state)
{
	const struct folder *f = *state;

	assert_int_equal(setenv("HOME", f->path, 1), 0);
	folder_put(f, ".gemini/settings.json", "{\"a\": 1}");
	folder_put(f, ".codex/config.toml", "[mcp_servers.gadugi]\nold = 1\n");
	survives("gadugi install codex", "{}", CLI_DONE);
	assert_null(strstr(folder_get(f, ".codex/config.toml"), "old"));
	survives("gadugi install gemini --dry-run", "{}", CLI_DONE);
	assert_string_equal(folder_get(f, ".gemini/settings.json"), "{\"a\": 1}");
	survives("gadugi install gemini", "{}", CLI_DONE);
	assert_non_null(strstr(folder_get(f, ".gemini/settings.json"), "\"gadugi\""));
	assert_non_null(strstr(folder_get(f, ".gemini/settings.json"), "\"a\": 1"));
	survives("gadugi uninstall gemini", "{}", CLI_DONE);
	assert_null(strstr(folder_get(f, ".gemini/settings.json"), "\"gadugi\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_survives),
		cmocka_unit_test(a_call_survives),
		cmocka_unit_test(lists_and_tables_survive),
		cmocka_unit_test(a_run_and_its_watching_survive),
		cmocka_unit_test(memories_survive),
		cmocka_unit_test(doctor_and_trust_survive),
		cmocka_unit_test_setup_teardown(installing_survives, folder_setup, folder_teardown),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
