#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "domain/agent.h"
#include "tests/lib/folder.h"

static const char *const offered[] = { "recall", NULL };

static struct agent_set *load(const struct folder *f)
{
	const struct agent_places places = { .root = f->path,
		                             .home = folder_at(f, "home"),
		                             .more_tools = offered };
	struct agent_set *set = NULL;
	struct err err;

	if (agent_load(&places, f->arena, &set, &err) != OK)
		fail_msg("%s", err.text);
	return set;
}

static const struct agent *named(const struct agent_set *set, const char *name)
{
	const char *nearest;
	size_t at = agent_find(set, name, &nearest);

	if (at == AGENT_NONE)
		fail_msg("no agent '%s'", name);
	return &set->agents[at];
}

/* The only finding there should be. */
static const struct agent_finding *only(const struct agent_set *set, const char *code)
{
	for (size_t i = 0; i < set->n_findings; i++)
		if (set->n_findings > 1 || strcmp(set->findings[i].code, code) != 0)
			print_error("%s:%ld %s: %s\n", set->findings[i].path, set->findings[i].line,
			            set->findings[i].code, set->findings[i].message);
	assert_int_equal(set->n_findings, 1);
	assert_string_equal(set->findings[0].code, code);
	return &set->findings[0];
}

static void an_agent_of_another_host_is_read_as_it_is(void **state)
{
	struct folder *f = *state;
	const struct agent *a;

	folder_put(f, ".mcp.json", "{\"mcpServers\": {\"x\": {}}}");
	folder_put(f, ".claude/agents/code-reviewer.md",
	           "---\nname: code-reviewer\ndescription: Reviews code.\n"
	           "tools: Read, Grep, Bash(git log:*, git diff), mcp__x__y\nmodel: sonnet\n"
	           "color: blue\n---\n\nYou review code.\nBe kind.\n");
	a = named(load(f), "code-reviewer");
	assert_int_equal(load(f)->n_findings, 0);
	assert_string_equal(a->description, "Reviews code.");
	assert_string_equal(a->model, "sonnet");
	assert_false(a->all_tools);
	assert_int_equal(a->tools.n, 4);
	assert_string_equal(a->tools.at[2], "Bash(git log:*, git diff)");
	assert_null(a->tools.at[4]);
	assert_string_equal(a->prompt, "You review code.\nBe kind.\n");
	assert_string_equal(a->source, "claude");
	assert_int_equal(a->line, 2);
}

static void own_keys_are_read(void **state)
{
	struct folder *f = *state;
	const struct agent *a;

	folder_put(f, ".gadugi/agents/fixer.md",
	           "---\nname: fixer\ndescription: >\n  Fixes what\n  failed.\npreset: claude\n"
	           "tools:\n  - Read\n  - recall\nsubscribes: [task.*.*.failed, 'run.#']\n"
	           "publishes: fix.done\npermissions: ask\nrestart: {policy: on-failure, max: 5}\n"
	           "timeout: 15m\nconcurrency: 2\n---\nFix it.\n");
	a = named(load(f), "fixer");
	assert_int_equal(load(f)->n_findings, 0);
	assert_string_equal(a->description, "Fixes what failed.\n");
	assert_string_equal(a->preset, "claude");
	assert_int_equal(a->tools.n, 2);
	assert_int_equal(a->subscribes.n, 2);
	assert_string_equal(a->subscribes.at[1], "run.#");
	assert_string_equal(a->publishes.at[0], "fix.done");
	assert_string_equal(a->approvals.at[0], "ask");
	assert_int_equal(a->restart, AGENT_ON_FAILURE);
	assert_int_equal(a->restarts_max, 5);
	assert_int_equal(a->timeout_ms, 15 * 60 * 1000);
	assert_int_equal(a->concurrency, 2);
}

static void front_matter_that_is_no_yaml_is_read_by_lines(void **state)
{
	struct folder *f = *state;
	const struct agent_finding *why;
	const struct agent_set *set;
	const struct agent *a;

	folder_put(f, ".claude/agents/x.md",
	           "---\nname: x\ndescription: Use it when: things break. user: \"help\"\n"
	           "tools:\n  - Read\n  - Write\n---\nGo.\n");
	set = load(f);
	a = named(set, "x");
	assert_string_equal(a->description, "Use it when: things break. user: \"help\"");
	assert_int_equal(a->tools.n, 2);
	why = only(set, "plain-front-matter");
	assert_int_equal(why->severity, AGENT_INFO);
	assert_int_equal(why->line, 3);
	assert_true(set->sound);
}

static void the_first_folder_wins(void **state)
{
	struct folder *f = *state;
	const struct agent_set *set;

	folder_put(f, ".claude/agents/a.md", "---\nname: same\ndescription: two\n---\nx\n");
	folder_put(f, ".gadugi/agents/b.md", "---\nname: same\ndescription: one\n---\nx\n");
	folder_put(f, "home/.claude/agents/c.md", "---\nname: other\ndescription: three\n---\nx\n");
	set = load(f);
	assert_int_equal(set->n_agents, 2);
	assert_string_equal(set->agents[0].name, "other");
	assert_string_equal(set->agents[0].source, "user-claude");
	assert_string_equal(named(set, "same")->description, "one");
	assert_non_null(strstr(only(set, "shadowed")->path, ".claude/agents/a.md"));
	assert_true(set->sound);
}

static void a_command_is_taken_from_the_user_alone(void **state)
{
	static const char text[] =
	    "---\nname: runner\ndescription: d\ncommand: [./run.sh, --fast]\n---\nx\n";
	struct folder *f = *state;
	const struct agent_set *set;

	folder_put(f, ".claude/agents/runner.md", text);
	set = load(f);
	assert_int_equal(named(set, "runner")->command.n, 0);
	assert_int_equal(only(set, "command-not-allowed")->line, 4);
	assert_false(set->sound);
	folder_drop(f, ".claude");
	folder_put(f, "home/.config/gadugi/agents/runner.md", text);
	set = load(f);
	assert_int_equal(set->n_findings, 0);
	assert_int_equal(named(set, "runner")->command.n, 2);
	assert_string_equal(named(set, "runner")->command.at[1], "--fast");
}

static void mistakes_have_a_place_and_hide_nobody(void **state)
{
	static const struct {
		const char *text, *code;
		long line;
		bool sound;
	} rows[] = {
		{ "Just a text\n", "no-front-matter", 1, true },
		{ "---\nname: x\n", "open-front-matter", 1, false },
		{ "---\n[a\n---\nx\n", "bad-front-matter", 3, false },
		{ "---\n# nothing\n---\nx\n", "bad-front-matter", 2, false },
		{ "---\ndescription: d\n---\nx\n", "missing-name", 2, true },
		{ "---\nname: bad\n---\nx\n", "missing-description", 2, false },
		{ "---\ndescription: d\nname: a b\n---\nx\n", "bad-name", 3, false },
		{ "---\nname: bad\ndescription: d\ntools: Read, Bsh\n---\nx\n", "unknown-tool", 4,
		  false },
		{ "---\nname: bad\ndescription: d\nsubscribes: a..b\n---\nx\n", "bad-topic", 4,
		  false },
		{ "---\nname: bad\ndescription: d\ntimeout: soon\n---\nx\n", "bad-value", 4,
		  false },
		{ "---\nname: bad\ndescription: d\nrestart: maybe\n---\nx\n", "bad-value", 4,
		  false },
		{ "---\nname: bad\ndescription: d\nconcurrency: 0\n---\nx\n", "bad-value", 4,
		  false },
		{ "---\nname: bad\ndescription: [d]\ntools: Read\n---\nx\n", NULL, 0, false },
		{ "---\nname: bad\ndescription: d\npermissions: all\n---\nx\n", "bad-value", 4,
		  false },
		{ "---\nname: bad\ndescription: d\ntool: Read\n---\nx\n", "unknown-key", 4, true },
		{ "---\nname: bad\ndescription: d\n---\n\n", "empty-prompt", 2, true },
		{ "---\nname: bad\ndescription: \xff\n---\nx\n", "unreadable", 0, false },
	};
	struct folder *f = *state;

	folder_put(f, ".gadugi/agents/good.md", "---\nname: good\ndescription: d\n---\nx\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct agent_set *set;

		folder_put(f, ".gadugi/agents/bad.md", rows[i].text);
		set = load(f);
		assert_non_null(named(set, "good"));
		if (rows[i].code != NULL)
			assert_int_equal(only(set, rows[i].code)->line, rows[i].line);
		assert_int_equal(set->sound, rows[i].sound);
	}
}

static void a_slip_of_the_pen_is_pointed_out(void **state)
{
	struct folder *f = *state;
	const char *nearest = NULL;
	const struct agent_set *set;

	folder_put(f, ".gadugi/agents/a.md",
	           "---\nname: helper\ndescription: d\ntools: Bsh\n---\nx\n");
	set = load(f);
	assert_non_null(strstr(only(set, "unknown-tool")->message, "'Bash'"));
	assert_int_equal(agent_find(set, "helpr", &nearest), AGENT_NONE);
	assert_string_equal(nearest, "helper");
	assert_int_equal(agent_find(set, "nobody-like-that", &nearest), AGENT_NONE);
	assert_null(nearest);
}

/* An agent with these tools, on the fourth line of its file, and more keys. */
static const struct agent_set *with_tools(const struct folder *f, const char *tools,
                                          const char *more)
{
	folder_putf(f, ".gadugi/agents/a.md", "---\nname: a\ndescription: d\ntools: %s\n%s---\nx\n",
	            tools, more);
	return load(f);
}

static void a_server_that_nobody_has_is_an_error_with_its_place(void **state)
{
	struct folder *f = *state;
	const struct agent_finding *found;
	const struct agent_set *set;
	struct err err = { 0 };

	folder_put(f, ".mcp.json",
	           "{\"mcpServers\": {\"tracker\": {}, \"my docs\": {}, \"a__b\": {}}}");
	assert_int_equal(with_tools(f, "mcp__tracker__find, mcp__my_docs", "")->n_findings, 0);
	assert_int_equal(with_tools(f, "[mcp__a__b__c, mcp__a__b]", "")->n_findings, 0);
	set = with_tools(f, "mcp__traker__find", "");
	found = only(set, "unknown-server");
	assert_int_equal(found->severity, AGENT_ERROR);
	assert_int_equal(found->line, 4);
	assert_string_equal(found->message, "there is no server 'traker'; did you mean 'tracker'?");
	assert_int_equal(agent_sound(set, "a", &err), E_INPUT);
	assert_non_null(strstr(err.text, "a.md:4: there is no server 'traker'"));
	assert_non_null(strstr(only(with_tools(f, "mcp__elsewhere", ""), "unknown-server")->message,
	                       "add it to '.mcp.json'"));
}

static void servers_come_from_every_file_that_says_so(void **state)
{
	struct folder *f = *state;

	folder_putf(f, "home/.claude.json",
	            "{\"mcpServers\": {\"mine\": {}}, \"projects\": {\"%s\": {\"mcpServers\":"
	            " {\"here\": {}}}, \"/other\": {\"mcpServers\": {\"there\": {}}}}}",
	            f->path);
	assert_int_equal(with_tools(f, "mcp__mine__x, mcp__here__x", "")->n_findings, 0);
	(void)only(with_tools(f, "mcp__there__x", ""), "unknown-server");
	/* its own, whether by name or with all that is needed, and after the tools */
	assert_int_equal(with_tools(f, "mcp__own__x, mcp__named__x",
	                            "mcpServers:\n  - own: {command: x}\n  - named\n")
	                     ->n_findings,
	                 0);
	assert_int_equal(
	    with_tools(f, "mcp__own__x", "mcpServers: {own: {command: x}}\n")->n_findings, 0);
	/* those that a host makes known itself stand in no file */
	assert_int_equal(
	    with_tools(f, "mcp__ide__getDiagnostics, mcp__plugin_p_s__t, mcp__claude_ai_X__t", "")
		->n_findings,
	    0);
}

static void why_a_server_cannot_be_known_is_said(void **state)
{
	struct folder *f = *state;
	const struct agent_set *set = with_tools(f, "mcp__foo__bar", "");

	assert_non_null(strstr(only(set, "unchecked-server")->message,
	                       "cannot be known: there is neither a '.mcp.json'"));
	assert_true(set->sound);
	folder_put(f, ".mcp.json", "{");
	set = with_tools(f, "mcp__foo__bar", "");
	assert_non_null(
	    strstr(only(set, "unchecked-server")->message, ".mcp.json' cannot be read"));
	assert_true(set->sound);
}

static void a_change_is_seen_at_the_next_look(void **state)
{
	struct folder *f = *state;

	assert_int_equal(load(f)->n_agents, 0);
	folder_put(f, ".gadugi/agents/a.md", "---\nname: one\ndescription: d\n---\nx\n");
	assert_int_equal(load(f)->n_agents, 1);
	folder_put(f, ".gadugi/agents/a.md", "---\nname: two\ndescription: d\n---\nx\n");
	assert_string_equal(load(f)->agents[0].name, "two");
	folder_drop(f, ".gadugi");
	assert_int_equal(load(f)->n_agents, 0);
}

static void one_file_can_be_asked_for(void **state)
{
	struct folder *f = *state;
	const struct agent_places places = { .root = f->path };
	struct agent_set *set = NULL;

	folder_put(f, "x.md", "---\nname: x\ndescription: d\n---\ntext\n");
	assert_int_equal(agent_load_file(&places, folder_at(f, "x.md"), f->arena, &set, NULL), OK);
	assert_int_equal(set->n_agents, 1);
	assert_int_equal(agent_load_file(&places, folder_at(f, "y.md"), f->arena, &set, NULL),
	                 E_ABSENT);
}

static void memory_that_fails_is_said(void **state)
{
	struct folder *f = *state;
	const struct agent_places places = { .root = f->path };
	long n;

	folder_put(f, ".gadugi/agents/a.md",
	           "---\nname: x\ndescription: a: b\ntools: Bsh, Read\n---\ntext\n");
	folder_put(f, ".gadugi/agents/b.md", "---\nname: y\ntools: [Bsh, Read]\n---\ntext\n");
	for (n = 0;; n++) {
		struct arena *a;
		struct agent_set *set = NULL;
		enum status st;

		mem_fail_after(n, 0);
		a = arena_new((size_t)8 << 20);
		st = a == NULL ? E_NOMEM : agent_load(&places, a, &set, NULL);
		mem_fail_after(-1, 0);
		if (st == OK)
			assert_int_equal(set->n_agents, 2);
		else
			assert_int_equal(st, E_NOMEM);
		arena_free(a);
		if (st == OK)
			break;
	}
	assert_true(n > 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_agent_of_another_host_is_read_as_it_is),
		TEST(own_keys_are_read),
		TEST(front_matter_that_is_no_yaml_is_read_by_lines),
		TEST(the_first_folder_wins),
		TEST(a_command_is_taken_from_the_user_alone),
		TEST(mistakes_have_a_place_and_hide_nobody),
		TEST(a_slip_of_the_pen_is_pointed_out),
		TEST(a_server_that_nobody_has_is_an_error_with_its_place),
		TEST(servers_come_from_every_file_that_says_so),
		TEST(why_a_server_cannot_be_known_is_said),
		TEST(a_change_is_seen_at_the_next_look),
		TEST(one_file_can_be_asked_for),
		TEST(memory_that_fails_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
