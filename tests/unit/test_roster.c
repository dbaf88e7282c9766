/* The agents that are kept in memory: read anew when a file changed, whole for whoever uses them.
 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "domain/roster.h"
#include "tests/lib/folder.h"

struct place {
	struct folder *folder;
	struct roster *roster;
};

static void define(const struct folder *f, const char *folder, const char *name, const char *keys)
{
	char file[200];

	(void)snprintf(file, sizeof file, "%s/%s.md", folder, name);
	folder_putf(f, file, "---\nname: %s\ndescription: d\n%s---\nBe %s.\n", name, keys, name);
}

static int set_up(void **state)
{
	static struct place p;
	void *folder = NULL;

	if (folder_setup(&folder) != 0)
		return -1;
	p = (struct place){ .folder = folder };
	define(p.folder, ".gadugi/agents", "one", "");
	if (setenv("HOME", folder_at(p.folder, "home"), 1) != 0 ||
	    unsetenv("XDG_CONFIG_HOME") != 0 || roster_new(&p.roster, p.folder->path, NULL) != OK)
		return -1;
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	void *folder = p->folder;

	roster_free(p->roster);
	return folder_teardown(&folder);
}

static bool refresh(struct place *p)
{
	bool changed = false;
	struct err err = { 0 };

	if (roster_refresh(p->roster, &changed, &err) != OK)
		fail_msg("%s", err.text);
	return changed;
}

/* The path of the agent's file, or NULL: there is none of that name. */
static const char *path_of(struct place *p, const char *name)
{
	const struct agent_set *set = roster_use(p->roster);
	const struct agent *agent = roster_find(set, name);
	char *copy =
	    agent == NULL ? NULL : arena_copy(p->folder->arena, agent->path, strlen(agent->path));

	roster_leave(p->roster, set);
	return copy;
}

static void changes_in_every_folder_are_seen(void **state)
{
	static const char *const folders[] = { ".gadugi/agents", ".claude/agents",
		                               "home/.config/gadugi/agents",
		                               "home/.claude/agents" };
	struct place *p = *state;
	char name[20];

	assert_false(refresh(p));
	for (int i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof name, "new%d", i);
		define(p->folder, folders[i], name, "");
		assert_true(refresh(p));
		assert_non_null(path_of(p, name));
		assert_false(refresh(p));
	}
	folder_drop(p->folder, ".claude");
	assert_true(refresh(p));
	assert_null(path_of(p, "new1"));
	define(p->folder, ".claude/agents", "again", "");
	assert_true(refresh(p));
	assert_non_null(path_of(p, "again"));
	/* which servers there are matters, too; other files do not */
	folder_put(p->folder, ".mcp.json", "{}");
	assert_true(refresh(p));
	folder_put(p->folder, ".gadugi/agents/notes.txt", "x");
	assert_false(refresh(p));
}

static void the_first_folder_wins_and_the_next_when_it_goes(void **state)
{
	struct place *p = *state;

	define(p->folder, "home/.claude/agents", "one", "");
	assert_true(refresh(p));
	assert_non_null(strstr(path_of(p, "one"), "/.gadugi/agents/one.md"));
	define(p->folder, ".claude/agents", "one", "");
	folder_drop(p->folder, ".gadugi/agents/one.md");
	assert_true(refresh(p));
	assert_non_null(strstr(path_of(p, "one"), "/.claude/agents/one.md"));
	assert_null(strstr(path_of(p, "one"), "home"));
	folder_drop(p->folder, ".claude/agents/one.md");
	assert_true(refresh(p));
	assert_non_null(strstr(path_of(p, "one"), "home/.claude/agents/one.md"));
}

static void a_set_in_use_stays_as_it_was(void **state)
{
	struct place *p = *state;
	const struct agent_set *old = roster_use(p->roster), *older, *newest;

	older = roster_use(p->roster);
	assert_ptr_equal(old, older);
	for (int i = 0; i < 5; i++) {
		define(p->folder, ".gadugi/agents", "one",
		       i % 2 == 0 ? "model: x\n" : "model: y\n");
		assert_true(refresh(p));
	}
	newest = roster_use(p->roster);
	assert_null(roster_find(old, "one")->model);
	assert_string_equal(roster_find(newest, "one")->model, "x");
	roster_leave(p->roster, old);
	assert_null(roster_find(older, "one")->model);
	roster_leave(p->roster, newest);
	roster_leave(p->roster, older);
	roster_leave(p->roster, NULL);
}

static void broken_and_hostile_files_hide_nobody(void **state)
{
	struct place *p = *state;
	size_t big = (size_t)10 << 20;
	char *bytes = mem_zero(1, big);
	const struct agent_set *set;
	FILE *file;

	assert_non_null(bytes);
	memset(bytes, 'x', big);
	file = fopen(folder_at(p->folder, ".gadugi/agents/big.md"), "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, big, file), big);
	assert_int_equal(fclose(file), 0);
	mem_free(bytes);
	folder_put(p->folder, ".gadugi/agents/half.md", "---\nname: half\ndescri");
	folder_put(p->folder, ".gadugi/agents/empty.md", "");
	assert_int_equal(symlink("/nowhere/at/all", folder_at(p->folder, ".gadugi/agents/link.md")),
	                 0);
	assert_int_equal(symlink("loop.md", folder_at(p->folder, ".gadugi/agents/loop.md")), 0);
	assert_int_equal(mkdir(folder_at(p->folder, ".gadugi/agents/folder.md"), 0700), 0);
	define(p->folder, ".gadugi/agents", "twin", "");
	folder_put(p->folder, ".gadugi/agents/twin2.md",
	           "---\nname: twin\ndescription: d\n---\nx\n");
	assert_true(refresh(p));
	assert_non_null(path_of(p, "one"));
	assert_non_null(strstr(path_of(p, "twin"), "/twin.md"));
	set = roster_use(p->roster);
	assert_int_equal(set->n_agents, 2);
	assert_false(set->sound);
	roster_leave(p->roster, set);
	/* half a file becomes a whole one */
	define(p->folder, ".gadugi/agents", "half", "");
	assert_true(refresh(p));
	assert_non_null(path_of(p, "half"));
}

static void a_change_that_could_not_be_read_is_read_later(void **state)
{
	struct place *p = *state;
	bool changed = false;

	define(p->folder, ".gadugi/agents", "two", "");
	mem_fail_after(0, 1);
	assert_int_equal(roster_refresh(p->roster, &changed, NULL), E_NOMEM);
	mem_fail_after(-1, 0);
	assert_null(path_of(p, "two")); /* the set is as it was */
	assert_non_null(path_of(p, "one"));
	assert_true(refresh(p));
	assert_non_null(path_of(p, "two"));
}

struct reader {
	struct roster *roster;
	atomic_bool stop, wrong;
	pthread_t thread;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;

	while (!atomic_load(&r->stop)) {
		const struct agent_set *set = roster_use(r->roster);
		const struct agent *agent = roster_find(set, "one");

		if (agent == NULL || strcmp(agent->prompt, "Be one.\n") != 0)
			atomic_store(&r->wrong, true);
		roster_leave(r->roster, set);
	}
	return NULL;
}

static void readers_are_not_disturbed_by_a_refresh(void **state)
{
	struct place *p = *state;
	struct reader readers[3];

	for (int i = 0; i < 3; i++) {
		readers[i].roster = p->roster;
		atomic_init(&readers[i].stop, false);
		atomic_init(&readers[i].wrong, false);
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
	}
	for (int i = 0; i < 200; i++) {
		define(p->folder, ".gadugi/agents", "two",
		       i % 2 == 0 ? "model: x\n" : "model: y\n");
		assert_true(refresh(p));
	}
	for (int i = 0; i < 3; i++) {
		atomic_store(&readers[i].stop, true);
		assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
		assert_false(atomic_load(&readers[i].wrong));
	}
}

static void too_many_agents_are_said_and_the_set_stays(void **state)
{
	struct place *p = *state;
	struct err err = { 0 };
	bool changed = false;
	char name[20];

	for (int i = 0; i < AGENTS_MAX; i++) {
		(void)snprintf(name, sizeof name, "a%d", i);
		define(p->folder, ".gadugi/agents", name, "");
	}
	assert_int_equal(roster_refresh(p->roster, &changed, &err), E_INPUT);
	assert_non_null(strstr(err.text, "more than 1000 agents"));
	assert_non_null(path_of(p, "one"));
	folder_drop(p->folder, ".gadugi/agents/a0.md");
	assert_true(refresh(p));
	assert_non_null(path_of(p, "a999"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_in_every_folder_are_seen),
		TEST(the_first_folder_wins_and_the_next_when_it_goes),
		TEST(a_set_in_use_stays_as_it_was),
		TEST(broken_and_hostile_files_hide_nobody),
		TEST(a_change_that_could_not_be_read_is_read_later),
		TEST(readers_are_not_disturbed_by_a_refresh),
		TEST(too_many_agents_are_said_and_the_set_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
