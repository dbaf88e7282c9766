/* A plan with known facts, read whole: once in our own words, once as the user wrote it. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "domain/plan.h"

struct loaded {
	struct arena *a;
	struct plan *p;
};

static struct plan *load(const char *path, struct loaded *l)
{
	struct plan_options options = { .origin = path };
	size_t room = 1 << 20, n;
	struct err err = { 0 };
	FILE *f = fopen(path, "r");
	char *bytes;

	if (f == NULL)
		return NULL;
	bytes = mem_take(room);
	assert_non_null(bytes);
	n = fread(bytes, 1, room, f);
	(void)fclose(f);
	l->a = arena_new((size_t)256 << 20);
	if (plan_read(bytes, n, &options, l->a, &l->p, &err) != OK)
		fail_msg("%s", err.text);
	mem_free(bytes);
	return l->p;
}

static size_t count(const struct plan *p, const char *code)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_findings; i++)
		n += strcmp(p->findings[i].code, code) == 0;
	return n;
}

/* The facts that hold of both documents: they have the same shape. */
static void facts(const struct plan *p, const char *const path[6], const char *const ids[12])
{
	static const long minutes[12] = {
		240, 360, 120, 180, 480, 240, 360, 360, 480, 360, 300, 600
	};
	static const int complexity[12] = { 9, 9, 7, 10, 19, 14, 15, 18, 20, 17, 14, 25 };
	static const size_t level[12] = { 0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 4, 5 };
	static const struct {
		size_t from, to;
	} edges[12] = { { 2, 4 }, { 3, 5 }, { 1, 6 },  { 4, 7 },  { 5, 7 },  { 4, 8 },
		        { 7, 8 }, { 8, 9 }, { 7, 10 }, { 8, 10 }, { 8, 11 }, { 9, 11 } };

	assert_int_equal(p->n_tasks, 12);
	assert_int_equal(p->n_edges, 12);
	for (size_t i = 0; i < 12; i++) {
		assert_string_equal(p->tasks[i].id, ids[i]);
		assert_int_equal(p->tasks[i].estimate_min, minutes[i]);
		assert_int_equal(p->tasks[i].estimate_source, PLAN_STATED);
		assert_int_equal(p->tasks[i].complexity, complexity[i]);
		assert_int_equal(p->tasks[i].level, level[i]);
		assert_true(p->tasks[i].line > 0);
		assert_int_equal(p->edges[i].from, edges[i].from);
		assert_int_equal(p->edges[i].to, edges[i].to);
		assert_true(p->edges[i].line > 0);
	}
	assert_int_equal(p->tasks[11].risk, PLAN_CRITICAL);
	assert_int_equal(p->tasks[0].risk, PLAN_LOW);
	assert_int_equal(p->work_min, 4080);
	assert_int_equal(p->path_min, 2400);
	assert_int_equal(p->n_path, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(p->tasks[p->path[i]].id, path[i]);
	assert_true(fabs(p->ceiling - 1.70) < 0.001);
	assert_int_equal(p->makespan_min, 2400);
	assert_int_equal(p->n_levels, 6);
	assert_int_equal(count(p, "sources-disagree"), 2);
	assert_int_equal(count(p, "batch-breaks-dependency"), 1);
	assert_int_equal(count(p, "critical-path-misstated"), 1);
	assert_int_equal(count(p, "speedup-impossible"), 1);
	assert_int_equal(count(p, "complexity-disagrees"), 3);
	assert_int_equal(count(p, "unknown-dependency"), 0);
	assert_int_equal(count(p, "duplicate-id"), 0);
	assert_true(p->sound);
	/* only the table has one edge, only the diagram another */
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(p->edges[i].sources, i == 2   ? PLAN_TABLE
		                                      : i == 6 ? PLAN_DIAGRAM
		                                               : PLAN_TABLE | PLAN_DIAGRAM);
}

static void the_plan_in_our_words_has_its_known_facts(void **state)
{
	static const char *const ids[12] = { "lint-rules-setup",       "format-descriptions",
		                             "wire-messages",          "object-store-setup",
		                             "ingest-queue",           "catalogue-service",
		                             "format-conversion-tool", "archive-index",
		                             "worker-runtime",         "night-planner",
		                             "quality-review",         "control-room" };
	static const char *const path[6] = { "wire-messages",  "ingest-queue",  "archive-index",
		                             "worker-runtime", "night-planner", "control-room" };
	struct loaded l = { NULL, NULL };
	struct plan *p = load("tests/plans/observatory.md", &l);

	(void)state;
	assert_non_null(p);
	facts(p, path, ids);
	assert_string_equal(p->title, "Observatory Data Service: Plan of Work");
	assert_string_equal(p->tasks[0].batch, "Batch 1: Ground");
	assert_string_equal(p->tasks[0].description,
	                    "Write down the lint rules and run them on every push (#501)");
	assert_int_equal(p->tasks[0].line, 54);
	assert_int_equal(p->gates.n, 2);
	assert_string_equal(p->gates.at[0], "make lint");
	arena_free(l.a);
}

static void the_users_plan_has_its_known_facts(void **state)
{
	static const char *const ids[12] = { "qa-framework-setup",
		                             "recipe-definitions",
		                             "protobuf-definitions",
		                             "neo4j-service-setup",
		                             "event-system",
		                             "mcp-service",
		                             "recipe-implementation-agent",
		                             "memory-system",
		                             "agent-framework",
		                             "task-decomposer",
		                             "team-coach",
		                             "orchestrator" };
	static const char *const path[6] = { "protobuf-definitions", "event-system",
		                             "memory-system",        "agent-framework",
		                             "task-decomposer",      "orchestrator" };
	const char *data = getenv("GADUGI_DEV_DATA");
	struct loaded l = { NULL, NULL };
	char file[4096];

	(void)state;
	(void)snprintf(file, sizeof file, "%s/plans/gadugi-v0.3-parallel-execution-plan.md",
	               data == NULL ? "/nonexistent" : data);
	if (load(file, &l) == NULL) {
		print_message("skip: no development data\n");
		skip();
	}
	facts(l.p, path, ids);
	arena_free(l.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plan_in_our_words_has_its_known_facts),
		cmocka_unit_test(the_users_plan_has_its_known_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
