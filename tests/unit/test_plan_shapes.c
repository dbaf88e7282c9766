/*
 * Plans as people write them, tests/plans/shapes/NAME.md, each beside NAME.want: a line for every
 * task, `ID MINUTES [done] <PREREQUISITE ...`, and `! CODE` for every kind of warning or error.
 */
#include "tests/unit/unit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "domain/plan.h"

#define FILE_MAX ((size_t)64 << 10)

static char *whole(struct arena *a, const char *path)
{
	char *bytes = arena_take(a, FILE_MAX);
	FILE *f = fopen(path, "r");

	assert_non_null(bytes);
	if (f == NULL) {
		fail_msg("cannot open %s", path);
		return NULL;
	}
	bytes[fread(bytes, 1, FILE_MAX - 1, f)] = '\0';
	(void)fclose(f);
	return bytes;
}

static bool told_before(const struct plan *p, size_t finding)
{
	for (size_t i = 0; i < finding; i++)
		if (strcmp(p->findings[i].code, p->findings[finding].code) == 0)
			return true;
	return false;
}

static void describe(const struct plan *p, struct text *t)
{
	for (size_t i = 0; i < p->n_tasks; i++) {
		text_addf(t, "%s %ld%s", p->tasks[i].id, p->tasks[i].estimate_min,
		          p->tasks[i].done ? " done" : "");
		for (size_t k = 0; k < p->n_edges; k++)
			if (p->edges[k].to == i)
				text_addf(t, " <%s", p->tasks[p->edges[k].from].id);
		text_add(t, "\n");
	}
	for (size_t i = 0; i < p->n_findings; i++)
		if (p->findings[i].severity != PLAN_INFO && !told_before(p, i))
			text_addf(t, "! %s\n", p->findings[i].code);
}

static void plans_are_read_as_they_are_meant(void **state)
{
	struct plan_options options = { 0 };
	glob_t files;

	(void)state;
	assert_int_equal(glob("tests/plans/shapes/*.md", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 11);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct arena *a = arena_new((size_t)64 << 20);
		const char *path = files.gl_pathv[i], *bytes = whole(a, path);
		const char *want =
		    whole(a, text_printf(a, "%.*s.want", (int)strlen(path) - 3, path));
		struct plan *p = NULL;
		struct err err;
		struct text got;

		if (plan_read(bytes, strlen(bytes), &options, a, &p, &err) != OK)
			fail_msg("%s: %s", path, err.text);
		text_init(&got, TEXT_LIMIT);
		describe(p, &got);
		if (strcmp(text_string(&got), want) != 0)
			fail_msg("%s: got\n%s", path, text_string(&got));
		text_done(&got);
		arena_free(a);
	}
	globfree(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_are_read_as_they_are_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
