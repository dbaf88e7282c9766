#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "domain/config.h"
#include "domain/project.h"
#include "store/db.h"
#include "tests/lib/folder.h"

static struct err err;

static int setup(void **state)
{
	const struct folder *f;

	if (folder_setup(state) != 0)
		return -1;
	f = *state;
	return setenv("XDG_CONFIG_HOME", folder_at(f, "xdg"), 1) +
	       setenv("HOME", folder_at(f, "home"), 1);
}

static struct project *open_project(const struct folder *f)
{
	struct project *p;

	folder_put(f, "p/x", "");
	if (project_open(&p, folder_at(f, "p"), &err) != OK)
		fail_msg("%s", err.text);
	return p;
}

static const struct config *config_of(struct project *p)
{
	const struct config *c;

	if (project_config(p, &c, &err) != OK)
		fail_msg("%s", err.text);
	return c;
}

static void both_files_are_read(void **state)
{
	struct project *p = open_project(*state);
	const struct config *c;

	folder_put(*state, "xdg/gadugi/config", "agents: {a: {preset: claude}}\n");
	folder_put(*state, "p/.gadugi/config", "agents: {b: {command: [./b]}}\n");
	c = config_of(p);
	assert_int_equal(c->n_agents, 2);
	assert_string_equal(c->agents[0].writable.at[0], folder_at(*state, "home/.claude"));
	assert_string_equal(c->agents[1].command.at[0], folder_at(*state, "p/b"));
	assert_string_equal(c->user_path, folder_at(*state, "xdg/gadugi/config"));
	project_free(p);
}

static void without_xdg_the_home_folder_is_looked_into(void **state)
{
	struct project *p = open_project(*state);

	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
	folder_put(*state, "home/.config/gadugi/config", "agents: {a: {preset: claude}}\n");
	assert_int_equal(config_of(p)->n_agents, 1);
	project_free(p);
}

static void a_change_is_noticed_and_the_old_settings_stay_good(void **state)
{
	struct project *p = open_project(*state);
	const struct config *first, *second;

	folder_put(*state, "p/.gadugi/config", "defaults: {jobs: 2}\n");
	first = config_of(p);
	assert_ptr_equal(config_of(p), first);
	assert_int_equal(unlink(folder_at(*state, "p/.gadugi/config")), 0);
	folder_put(*state, "p/.gadugi/config", "defaults: {jobs: 12}\n");
	second = config_of(p);
	assert_int_equal(second->defaults.jobs, 12);
	assert_int_equal(first->defaults.jobs, 2);
	project_free(p);
}

static void a_mistake_is_told_until_it_is_mended(void **state)
{
	struct project *p = open_project(*state);
	const struct config *c = NULL;

	folder_put(*state, "p/.gadugi/config", "defaults: {jobs: x}\n");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(project_config(p, &c, &err), E_INPUT);
		assert_non_null(strstr(err.text, "/p/.gadugi/config:1:18: "));
	}
	folder_put(*state, "p/.gadugi/config", "defaults: {jobs: 3}\n");
	assert_int_equal(config_of(p)->defaults.jobs, 3);
	project_free(p);
}

static void settings_that_others_can_change_are_refused(void **state)
{
	struct project *p = open_project(*state);
	const struct config *c = NULL;

	folder_put(*state, "xdg/gadugi/config", "");
	assert_int_equal(chmod(folder_at(*state, "xdg/gadugi/config"), 0666), 0);
	assert_int_equal(project_config(p, &c, &err), E_DENIED);
	assert_non_null(strstr(err.text, "chmod go-w"));
	project_free(p);
}

static void a_link_needs_trust_for_exactly_its_bytes(void **state)
{
	struct project *p = open_project(*state);
	const struct folder *f = *state;
	struct project_trust trust;

	folder_put(f, "elsewhere", "agents: {a: {preset: claude}}\n");
	folder_put(f, "p/.gadugi/x", "");
	assert_int_equal(symlink(folder_at(f, "elsewhere"), folder_at(f, "p/.gadugi/config")), 0);
	assert_non_null(config_of(p)->untrusted);
	assert_int_equal(config_of(p)->n_agents, 0);
	assert_int_equal(project_trust(p, f->arena, &trust, &err), OK);
	assert_true(trust.anew);
	assert_string_equal(trust.path, folder_at(f, "p/.gadugi/config"));
	assert_null(config_of(p)->untrusted);
	assert_int_equal(config_of(p)->n_agents, 1);
	assert_int_equal(project_trust(p, f->arena, &trust, &err), OK);
	assert_false(trust.anew);
	folder_put(f, "elsewhere", "agents: {a: {preset: claude}, b: {preset: codex}}\n");
	assert_non_null(config_of(p)->untrusted);
	assert_int_equal(project_trust(p, f->arena, &trust, &err), OK);
	assert_int_equal(config_of(p)->n_agents, 2);
	project_free(p);
}

static void what_is_not_there_or_wrong_cannot_be_trusted(void **state)
{
	struct project *p = open_project(*state);
	const struct folder *f = *state;
	struct project_trust trust;

	assert_int_equal(project_trust(p, f->arena, &trust, &err), E_ABSENT);
	folder_put(f, "p/.gadugi/config", "agents: {a: {}}\n");
	assert_int_equal(project_trust(p, f->arena, &trust, &err), E_INPUT);
	assert_null(folder_get(f, "xdg/gadugi/trusted"));
	project_free(p);
}

static void trust_belongs_to_the_place(void **state)
{
	struct project *p = open_project(*state);
	const struct folder *f = *state;
	struct project_trust trust;

	folder_put(f, "p/.gadugi/config", "agents: {a: {preset: claude}}\n");
	folder_put(f, "xdg/gadugi/trusted", "0000 /some/where else/config\nbroken line\n");
	assert_int_equal(project_trust(p, f->arena, &trust, &err), OK);
	project_free(p);
	assert_int_equal(rename(folder_at(f, "p"), folder_at(f, "q")), 0);
	assert_int_equal(project_open(&p, folder_at(f, "q"), &err), OK);
	assert_int_equal(project_trust(p, f->arena, &trust, &err), OK);
	assert_true(trust.anew);
	assert_true(strncmp(folder_get(f, "xdg/gadugi/trusted"),
	                    "0000 /some/where else/config\nbroken line\n", 41) == 0);
	project_free(p);
}

static void reading_without_memory_fails_cleanly(void **state)
{
	struct project *p = open_project(*state);
	const struct config *c;
	enum status st = E_NOMEM;
	long n;

	folder_put(*state, "p/.gadugi/config", "agents: {a: {preset: claude}}\n");
	for (n = 0; st != OK && n < 200; n++) {
		mem_fail_after(n, 1);
		st = project_config(p, &c, &err);
		mem_fail_after(-1, 0);
		if (st != OK)
			assert_int_equal(st, E_NOMEM);
	}
	assert_int_equal(st, OK);
	assert_true(n > 3);
	project_free(p);
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		in_folder(both_files_are_read),
		in_folder(without_xdg_the_home_folder_is_looked_into),
		in_folder(a_change_is_noticed_and_the_old_settings_stay_good),
		in_folder(a_mistake_is_told_until_it_is_mended),
		in_folder(settings_that_others_can_change_are_refused),
		in_folder(a_link_needs_trust_for_exactly_its_bytes),
		in_folder(what_is_not_there_or_wrong_cannot_be_trusted),
		in_folder(trust_belongs_to_the_place),
		in_folder(reading_without_memory_fails_cleanly),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
