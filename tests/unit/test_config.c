#include "tests/unit/unit.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/config_events.h"

static struct err err;

static int setup(void **state)
{
	*state = arena_new((size_t)8 << 20);
	return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static enum status read_both(struct arena *a, const char *user, const char *project,
                             const char *distrust, const struct config **out)
{
	const struct config_files files = {
		.user = { "/home/u/.config/gadugi/config", user, user == NULL ? 0 : strlen(user) },
		.project = { "/p/.gadugi/config", project, project == NULL ? 0 : strlen(project) },
		.root = "/p",
		.home = "/home/u",
		.distrust = distrust,
	};

	return config_read(&files, a, out, &err);
}

static const struct config *good(struct arena *a, const char *user, const char *project)
{
	const struct config *c = NULL;

	if (read_both(a, user, project, NULL, &c) != OK)
		fail_msg("%s", err.text);
	return c;
}

static void refused(struct arena *a, const char *project, const char *message)
{
	const struct config *c = NULL;

	assert_int_equal(read_both(a, NULL, project, NULL, &c), E_INPUT);
	assert_string_equal(err.text, message);
}

static const struct config_agent *agent(const struct config *c, const char *name)
{
	const struct config_agent *found = NULL;

	if (config_agent_find(c, name, &found, &err) != OK)
		fail_msg("%s", err.text);
	return found;
}

static void words_are(const struct config_texts *t, const char *joined)
{
	struct text all;

	text_init(&all, 4096);
	for (size_t i = 0; i < t->n; i++)
		text_addf(&all, "%s%s", i == 0 ? "" : " ", t->at[i]);
	assert_string_equal(text_string(&all), joined);
	assert_null(t->at[t->n]);
	text_done(&all);
}

static void without_files_there_are_defaults(void **state)
{
	const struct config *c = good(*state, NULL, NULL);
	const struct config_agent *found = NULL;

	assert_int_equal(c->defaults.jobs, 4);
	assert_int_equal(c->defaults.retries, 1);
	assert_int_equal(c->defaults.timeout_ms, 3600000);
	assert_int_equal(c->defaults.stall_ms, 300000);
	assert_int_equal(c->defaults.mode, CONFIG_WORKTREE);
	for (int i = 0; i < CONFIG_FLAGS_N; i++)
		assert_true(c->flags[i]);
	assert_int_equal(c->n_gates, 0);
	assert_int_equal(c->setup.n, 0);
	assert_int_equal(config_agent_find(c, NULL, &found, &err), E_ABSENT);
	assert_non_null(strstr(err.text, "agents: {claude: {preset: claude}}"));
	assert_non_null(strstr(err.text, "/p/.gadugi/config"));
}

static const char documented[] =
    "agents:\n"
    "  claude: {preset: claude, args: [--model, opus]}\n"
    "  demo:   {command: [./agent.sh, --fast], prompt: arg, writable: [~/.demo, /var/demo]}\n"
    "  shell:  {preset: shell}\n"
    "defaults: {agent: demo, jobs: 8, retries: 0, timeoutMinutes: 0.5, stallMinutes: 2, mode: "
    "shared}\n"
    "gates:\n"
    "  - {name: tests, command: [make, test], when: run, timeoutMinutes: 1, reruns: 3,\n"
    "     baseline: true}\n"
    "  - {name: lint, command: [make, lint]}\n"
    "budget: {minutes: 600, usd: 20.5, tokens: 5000000}\n"
    "setup: [npm, ci]\n"
    "flags: {coach: false}\n";

static void every_setting_is_read(void **state)
{
	const struct config *c = good(*state, NULL, documented);

	assert_int_equal(c->n_agents, 3);
	words_are(&agent(c, NULL)->command, "/p/agent.sh --fast");
	assert_int_equal(agent(c, "demo")->prompt, CONFIG_ARG);
	words_are(&agent(c, "demo")->writable, "/home/u/.demo /var/demo");
	assert_null(agent(c, "demo")->preset);
	assert_true(agent(c, "shell")->shell);
	assert_int_equal(agent(c, "shell")->command.n, 0);
	assert_int_equal(c->defaults.jobs, 8);
	assert_int_equal(c->defaults.retries, 0);
	assert_int_equal(c->defaults.timeout_ms, 30000);
	assert_int_equal(c->defaults.stall_ms, 120000);
	assert_int_equal(c->defaults.mode, CONFIG_SHARED);
	assert_int_equal(c->n_gates, 2);
	assert_int_equal(c->gates[0].when, CONFIG_RUN);
	assert_int_equal(c->gates[0].timeout_ms, 60000);
	assert_int_equal(c->gates[0].reruns, 3);
	assert_int_equal(c->gates[0].baseline, CONFIG_YES);
	assert_int_equal(c->gates[1].reruns, 1);
	assert_int_equal(c->gates[1].baseline, CONFIG_UNSAID);
	assert_int_equal(c->gates[1].when, CONFIG_TASK);
	words_are(&c->gates[1].command, "make lint");
	assert_int_equal(c->budget.tokens, 5000000);
	assert_true(c->budget.usd > 20.4 && c->budget.usd < 20.6);
	words_are(&c->setup, "npm ci");
	assert_false(c->flags[CONFIG_COACH]);
	assert_true(c->flags[CONFIG_MEMORY]);
	assert_null(c->untrusted);
}

static void a_preset_brings_command_folders_and_variables(void **state)
{
	const struct config_agent *claude = agent(good(*state, NULL, documented), "claude");

	assert_string_equal(claude->command.at[0], "claude");
	assert_string_equal(claude->command.at[claude->command.n - 1], "opus");
	assert_string_equal(claude->writable.at[0], "/home/u/.claude");
	assert_string_equal(claude->environment.at[0], "ANTHROPIC_*");
	assert_int_equal(claude->prompt, CONFIG_STDIN);
	claude = agent(
	    good(*state, NULL, "agents: {c: {preset: claude, command: [/opt/claude], args: [-p]}}"),
	    "c");
	words_are(&claude->command, "/opt/claude -p");
	assert_string_equal(claude->writable.at[0], "/home/u/.claude");
}

static void mistakes_say_where_and_what_is_near(void **state)
{
	refused(*state, "agnets: {}",
	        "/p/.gadugi/config:1:1: there is no 'agnets' here; is it 'agents'?");
	refused(
	    *state, "x: 1",
	    "/p/.gadugi/config:1:1: there is no 'x' here; known are agents, "
	    "defaults, gates, budget, setup, flags, issues, memory, events, pullRequest, prices");
	refused(*state, "defaults:\n  jobs: many\n",
	        "/p/.gadugi/config:2:9: 'jobs' must be a whole number from 1 to 64");
	refused(*state, "defaults: {jobs: 0}",
	        "/p/.gadugi/config:1:18: 'jobs' must be a whole number from 1 to 64");
	refused(*state, "defaults: {timeoutMinutes: 0}",
	        "/p/.gadugi/config:1:28: 'timeoutMinutes' must be a number above 0, at most 43200");
	refused(*state, "defaults: {mode: none}",
	        "/p/.gadugi/config:1:18: 'mode' must be one of worktree, shared, sequential");
	refused(*state, "agents: {a: {preset: clod}}",
	        "/p/.gadugi/config:1:22: 'preset' must be one of claude, codex, gemini, opencode, "
	        "shell");
	refused(*state, "agents: {a: {}}",
	        "/p/.gadugi/config:1:10: the agent 'a' needs a preset or a command");
	refused(*state, "agents: {a: {command: make test}}",
	        "/p/.gadugi/config:1:23: 'command' must be a list of words, as in [make, test]; no "
	        "shell reads it");
	refused(*state, "agents: {a: {command: []}}",
	        "/p/.gadugi/config:1:23: 'command' must be a list of words, the program first");
	refused(
	    *state, "agents: {a b: {preset: claude}}",
	    "/p/.gadugi/config:1:10: 'a b': a name is made of letters, digits, '-', '_' and '.'");
	refused(
	    *state, "agents: {s: {preset: shell, command: [sh]}}",
	    "/p/.gadugi/config:1:10: the preset shell runs each task's own command and takes none "
	    "here");
	refused(*state, "agents: [a]",
	        "/p/.gadugi/config:1:9: 'agents' must be agents by name, as in {claude: {preset: "
	        "claude}}");
	refused(*state, "gates: [{name: x}]",
	        "/p/.gadugi/config:1:9: a gate needs a name and a command");
	refused(
	    *state, "setup: npm ci",
	    "/p/.gadugi/config:1:8: 'setup' must be a list of words, as in [make, test]; no shell "
	    "reads it");
	refused(*state, "flags: {coach: 1}",
	        "/p/.gadugi/config:1:16: 'coach' must be true or false");
	refused(*state, "flags: {coahc: no}",
	        "/p/.gadugi/config:1:9: there is no 'coahc' here; is it 'coach'?");
	refused(*state, "- a",
	        "/p/.gadugi/config:1:1: here must be keys and values, as in 'key: value'");
}

static void empty_sections_say_nothing(void **state)
{
	const struct config *c =
	    good(*state, "# nothing\n", "agents:\ndefaults:\n  jobs:\ngates:\n");

	assert_int_equal(c->n_agents, 0);
	assert_int_equal(c->defaults.jobs, 4);
}

static void the_users_programs_have_a_full_path_or_a_name(void **state)
{
	const struct config *c = NULL;

	assert_int_equal(read_both(*state, "agents: {a: {command: [./x]}}", NULL, NULL, &c),
	                 E_INPUT);
	assert_non_null(
	    strstr(err.text, "/home/u/.config/gadugi/config:1:24: './x' must be absolute"));
	c = good(*state, "agents: {a: {command: [~/bin/x]}, b: {command: [x]}}", NULL);
	words_are(&agent(c, "a")->command, "/home/u/bin/x");
	words_are(&agent(c, "b")->command, "x");
}

static void the_projects_settings_win(void **state)
{
	const struct config *c =
	    good(*state,
	         "agents: {a: {command: [one]}, b: {command: [two]}}\n"
	         "defaults: {agent: a, jobs: 2, retries: 5}\n"
	         "gates: [{name: t, command: [x]}, {name: u, command: [y]}]\nsetup: [s]\n",
	         "agents: {b: {command: [three]}, c: {command: [four]}}\n"
	         "defaults: {agent: c, jobs: 3}\ngates: [{name: t, command: [z], when: run}]\n");

	assert_int_equal(c->n_agents, 3);
	words_are(&agent(c, "a")->command, "one");
	words_are(&agent(c, "b")->command, "three");
	words_are(&agent(c, NULL)->command, "four");
	assert_int_equal(c->defaults.jobs, 3);
	assert_int_equal(c->defaults.retries, 5);
	assert_int_equal(c->n_gates, 2);
	words_are(&c->gates[0].command, "z");
	words_are(&c->setup, "s");
}

static void the_project_never_widens_what_the_user_allows(void **state)
{
	const struct config *c =
	    good(*state,
	         "agents: {a: {command: [x], writable: [/data], environment: ['A_*', B]}}\n"
	         "budget: {usd: 5, tokens: 100}\nflags: {shell: false}\n",
	         "agents: {a: {command: [y], writable: [/data/in, /database, /, /data], "
	         "environment: [A_1, B_1, B, '*']}, s: {preset: shell}}\n"
	         "budget: {usd: 50, minutes: 3}\nflags: {shell: true, coach: false}\n");
	const struct config_agent *found = NULL;

	words_are(&agent(c, "a")->writable, "/data/in /data");
	words_are(&agent(c, "a")->environment, "A_1 B");
	assert_true(c->budget.usd < 5.1);
	assert_true(c->budget.minutes > 2.9);
	assert_int_equal(c->budget.tokens, 100);
	assert_false(c->flags[CONFIG_SHELL]);
	assert_false(c->flags[CONFIG_COACH]);
	assert_int_equal(config_agent_find(c, "s", &found, &err), E_DENIED);
	assert_non_null(strstr(err.text, "switched off"));
}

static void without_trust_a_project_defines_no_command(void **state)
{
	const struct config *c = NULL;
	const struct config_agent *found = NULL;

	assert_int_equal(read_both(*state, "agents: {a: {command: [x]}}",
	                           "agents: {a: {command: [evil]}, b: {preset: claude}}\n"
	                           "gates: [{name: g, command: [evil]}]\nsetup: [evil]\n"
	                           "defaults: {jobs: 2}\n",
	                           "is tracked by git", &c),
	                 OK);
	assert_int_equal(c->n_agents, 1);
	words_are(&agent(c, "a")->command, "x");
	assert_int_equal(c->n_gates, 0);
	assert_int_equal(c->setup.n, 0);
	assert_int_equal(c->defaults.jobs, 2);
	assert_int_equal(config_trusted(c, &err), E_DENIED);
	assert_string_equal(err.text,
	                    "'/p/.gadugi/config' is tracked by git: its commands are left out "
	                    "until you have read it and said 'gadugi trust'");
	assert_int_equal(config_agent_find(c, "b", &found, &err), E_DENIED);
}

static void a_file_without_commands_needs_no_trust(void **state)
{
	const struct config *c = NULL;

	assert_int_equal(read_both(*state, NULL, "defaults: {jobs: 2}", "is tracked by git", &c),
	                 OK);
	assert_int_equal(config_trusted(c, &err), OK);
}

static void an_unknown_agent_is_told_which_there_are(void **state)
{
	const struct config *c = good(*state, NULL, documented);
	const struct config_agent *found = NULL;

	assert_int_equal(config_agent_find(c, "cloud", &found, &err), E_ABSENT);
	assert_string_equal(err.text, "there is no agent 'cloud'; there are claude, demo, shell "
	                              "('/p/.gadugi/config' has them)");
	c = good(*state, NULL, "agents: {a: {command: [x]}, b: {command: [y]}}");
	assert_int_equal(config_agent_find(c, NULL, &found, &err), E_ABSENT);
	assert_non_null(strstr(err.text, "which agent? there are a, b"));
	c = good(*state, NULL, "agents: {a: {command: [x]}}");
	assert_string_equal(agent(c, NULL)->name, "a");
}

static void memory_permissions_need_both_files(void **state)
{
	const struct config *c = good(*state, NULL, NULL);

	assert_true(config_may_read(c, "agent:x", "project"));
	assert_true(config_may_write(c, "agent:x", "project"));
	c = good(
	    *state,
	    "memory: {permissions: [{actor: 'agent:*', read: ['*'], write: ['agent:*', project]}, "
	    "{actor: '*', read: ['*'], write: ['*']}]}",
	    "memory:\n  permissions:\n    - {actor: 'agent:x', read: [project], write: ['*']}\n"
	    "    - {actor: user, read: ['*'], write: ['*']}\n");
	assert_true(config_may_read(c, "agent:x", "project"));
	assert_false(config_may_read(c, "agent:x", "user"));
	assert_true(config_may_write(c, "agent:x", "agent:x"));
	assert_false(config_may_write(c, "agent:x", "team"));
	assert_false(config_may_write(c, "agent:y", "project"));
	assert_true(config_may_write(c, "user", "team"));
	refused(*state, "memory: {permissions: [{read: [x]}]}",
	        "/p/.gadugi/config:1:24: a permission needs an actor, as in 'agent:*'");
}

static void without_memory_it_fails_cleanly(void **state)
{
	enum status st = E_NOMEM;
	long n;

	(void)state;
	for (n = 0; st != OK && n < 100; n++) {
		struct arena *a = arena_new((size_t)1 << 20);
		const struct config *c = NULL;

		mem_fail_after(n, 1);
		st = read_both(a, NULL, documented, NULL, &c);
		mem_fail_after(-1, 0);
		arena_free(a);
		if (st != OK)
			assert_int_equal(st, E_NOMEM);
	}
	assert_int_equal(st, OK);
	assert_true(n > 2);
}

static void what_events_are_kept_and_who_is_run_for_them(void **state)
{
	static const char user[] = "events:\n  keep: {days: 2, most: 500}\n  jobs: 2\n"
				   "  subscribers:\n"
				   "    - {name: tell, topic: run.#, command: [/bin/tell]}\n"
				   "    - {name: log, topic: '#', command: [logger]}\n";
	static const char project[] =
	    "events:\n  keep: {most: 90, megabytes: 2, deadDays: 0.5}\n  subscribers:\n"
	    "    - {name: tell, topic: task.*.*.failed, type: TaskFailed, source: gadugi,\n"
	    "       priority: high, command: [./tell.sh, now], timeoutMinutes: 2, attempts: 5}\n";
	const struct config *c = good(*state, user, project);
	const struct config_subscriber *tell = config_subscriber_find(c, "tell");

	assert_int_equal(c->events->age_ms, 2 * 24 * 3600 * 1000);
	assert_int_equal(c->events->most, 90);
	assert_int_equal(c->events->bytes, 2 << 20);
	assert_int_equal(c->events->dead_ms, 12 * 3600 * 1000);
	assert_int_equal(c->events->jobs, 2);
	assert_int_equal(c->events->n_subscribers, 2);
	assert_string_equal(tell->topic, "task.*.*.failed");
	assert_string_equal(tell->type, "TaskFailed");
	assert_string_equal(tell->source, "gadugi");
	assert_int_equal(tell->least, 3);
	words_are(&tell->command, "/p/tell.sh now");
	assert_int_equal(tell->timeout_ms, 120000);
	assert_int_equal(tell->attempts, 5);
	assert_string_equal(config_subscriber_find(c, "log")->topic, "#");
	assert_null(config_subscriber_find(c, "nobody"));
	/* what is not said: 30 days, a million, a gibibyte, dead letters 7 days */
	c = good(*state, NULL, NULL);
	assert_int_equal(c->events->age_ms, INT64_C(30) * 24 * 3600 * 1000);
	assert_int_equal(c->events->most, 1000000);
	assert_int_equal(c->events->bytes, 1 << 30);
	assert_int_equal(c->events->dead_ms, INT64_C(7) * 24 * 3600 * 1000);
	assert_int_equal(c->events->jobs, 4);
}

static void subscribers_with_mistakes_are_refused(void **state)
{
	refused(*state, "events: {subscribers: [{name: a, topic: b}]}",
	        "/p/.gadugi/config:1:24: a subscriber needs a name, a topic and a command");
	refused(*state, "events: {subscribers: [{name: a.b, topic: b, command: [c]}]}",
	        "/p/.gadugi/config:1:24: 'a.b': a name is made of letters, digits, '-' and '_'");
	refused(*state, "events: {subscribers: [{name: a, topic: b..c, command: [c]}]}",
	        "/p/.gadugi/config:1:24: the topic pattern 'b..c' has an empty word; write words "
	        "between single dots, like 'task.run.done'");
	refused(*state, "events: {keep: {days: -1}}",
	        "/p/.gadugi/config:1:23: 'days' must be a number above 0, at most 36500");
}

static void without_trust_no_command_subscribes(void **state)
{
	const struct config *c = NULL;

	assert_int_equal(read_both(*state, NULL,
	                           "events:\n  jobs: 3\n  subscribers:\n"
	                           "    - {name: a, topic: b, command: [c]}\n",
	                           "is tracked by git", &c),
	                 OK);
	assert_int_equal(c->events->n_subscribers, 0);
	assert_int_equal(c->events->jobs, 3);
	assert_non_null(c->untrusted);
}

int main(void)
{
#define in_arena(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		in_arena(without_files_there_are_defaults),
		in_arena(every_setting_is_read),
		in_arena(a_preset_brings_command_folders_and_variables),
		in_arena(mistakes_say_where_and_what_is_near),
		in_arena(empty_sections_say_nothing),
		in_arena(the_users_programs_have_a_full_path_or_a_name),
		in_arena(the_projects_settings_win),
		in_arena(the_project_never_widens_what_the_user_allows),
		in_arena(without_trust_a_project_defines_no_command),
		in_arena(a_file_without_commands_needs_no_trust),
		in_arena(an_unknown_agent_is_told_which_there_are),
		in_arena(memory_permissions_need_both_files),
		in_arena(without_memory_it_fails_cleanly),
		cmocka_unit_test_setup_teardown(what_events_are_kept_and_who_is_run_for_them, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(subscribers_with_mistakes_are_refused, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(without_trust_no_command_subscribes, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
