#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/call.h"
#include "base/json.h"
#include "domain/project.h"
#include "handlers/tools.h"
#include "tests/lib/folder.h"

/* One whole call in a project of its own; the answer as text, or NULL with words in *err. */
static const char *ask(const struct folder *f, const char *args, struct err *err)
{
	struct call call = { .arena = arena_new(CALL_ARENA_MAX), .answer_max = 12000 };
	cJSON *json = NULL, *answer = NULL;
	const char *said = NULL;
	char *text;
	void *in = arena_take(call.arena, tool_agents.in_size);

	assert_int_equal(project_open(&call.project, f->path, NULL), OK);
	assert_int_equal(json_read(args, strlen(args), &json, NULL), OK);
	if (arg_read(tool_agents.args, json, in, &call.err) == OK &&
	    tool_agents.run(&call, in, &answer) == OK) {
		text = json_print(answer);
		said = arena_copy(f->arena, text, strlen(text));
		cJSON_free(text);
	}
	if (err != NULL)
		*err = call.err;
	cJSON_Delete(answer);
	cJSON_Delete(json);
	project_free(call.project);
	arena_free(call.arena);
	return said;
}

static void agents_are_listed_shown_and_checked(void **state)
{
	struct folder *f = *state;
	const char *said;

	folder_put(f, ".gadugi/agents/a.md",
	           "---\nname: alpha\ndescription: first\ntools: Read\n---\nDo it.\n");
	folder_put(f, ".claude/agents/b.md",
	           "---\nname: beta\ndescription: d\ntools: Raed\n---\nx\n");
	said = ask(f, "{\"action\":\"list\",\"limit\":1}", NULL);
	assert_non_null(strstr(said, "\"name\":\"alpha\",\"description\":\"first\""));
	assert_non_null(strstr(said, "\"nextCursor\":\"alpha\""));
	said = ask(f, "{\"action\":\"list\",\"cursor\":\"alpha\"}", NULL);
	assert_non_null(strstr(said, "\"name\":\"beta\""));
	assert_null(strstr(said, "nextCursor"));
	said = ask(f, "{\"action\":\"show\",\"name\":\"alpha\"}", NULL);
	assert_non_null(strstr(said, "\"prompt\":\"Do it.\\n\""));
	said = ask(f, "{\"action\":\"validate\"}", NULL);
	assert_non_null(strstr(said, "\"sound\":false,\"checked\":2"));
	assert_non_null(strstr(said, "\"code\":\"unknown-tool\""));
	assert_non_null(strstr(said, "\"line\":4"));
	said = ask(f, "{\"action\":\"validate\",\"name\":\"alpha\"}", NULL);
	assert_non_null(strstr(said, "\"sound\":true,\"checked\":1,\"findings\":[]"));
	said = ask(f, "{\"action\":\"validate\",\"path\":\".claude/agents/b.md\"}", NULL);
	assert_non_null(strstr(said, "\"sound\":false,\"checked\":1"));
}

static void what_cannot_be_done_is_said(void **state)
{
	struct folder *f = *state;
	struct err err;

	assert_non_null(strstr(ask(f, "{\"action\":\"list\"}", NULL), "\"agents\":[]"));
	assert_null(ask(f, "{\"action\":\"validate\"}", &err));
	assert_int_equal(err.code, E_ABSENT);
	assert_non_null(strstr(err.text, ".claude/agents"));
	folder_put(f, ".gadugi/agents/a.md", "---\nname: alpha\ndescription: d\n---\nx\n");
	assert_null(ask(f, "{\"action\":\"show\"}", &err));
	assert_int_equal(err.code, E_INPUT);
	assert_null(ask(f, "{\"action\":\"show\",\"name\":\"alhpa\"}", &err));
	assert_int_equal(err.code, E_ABSENT);
	assert_non_null(strstr(err.text, "'alpha'"));
	assert_null(ask(f, "{\"action\":\"validate\",\"path\":\"none.md\"}", &err));
	assert_int_equal(err.code, E_ABSENT);
}

static int set_up(void **state)
{
	/* the user's own agents are no part of these tests */
	return setenv("HOME", "/nonexistent", 1) != 0 || unsetenv("XDG_CONFIG_HOME") != 0
	           ? -1
	           : folder_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(agents_are_listed_shown_and_checked, set_up,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_done_is_said, set_up,
		                                folder_teardown),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
