/*
 * The files of a recipe, its older components.json, a pattern and what tests said, split at bytes
 * 0x1E: findings, a recipe and verdicts, never more.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/recipe/verdict.h"

#define PARTS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)256 << 20);
	const char *p = (const char *)data, *end = p + size, *parts[PARTS] = { NULL };
	size_t sizes[PARTS] = { 0 };
	struct recipe_source s = { .name = "one" };
	struct recipe_pattern pattern = { .name = "p.md" };
	struct recipe_sources all = { &s, 1, &pattern, 1 };
	struct recipe_set *set = NULL;

	if (a == NULL)
		abort();
	for (size_t i = 0; i < PARTS && p <= end; i++) {
		const char *stop =
		    i == PARTS - 1 || p == end ? NULL : memchr(p, 0x1E, (size_t)(end - p));

		stop = stop == NULL ? end : stop;
		parts[i] = p;
		sizes[i] = (size_t)(stop - p);
		p = stop + 1;
	}
	s.requirements = parts[0];
	s.requirements_size = sizes[0];
	s.design = parts[1];
	s.design_size = sizes[1];
	s.dependencies = sizes[2] == 0 ? NULL : parts[2];
	s.dependencies_size = sizes[2];
	s.components = parts[3];
	s.components_size = sizes[3];
	pattern.bytes = parts[4] == NULL ? "" : parts[4];
	pattern.size = sizes[4];
	if (memchr(pattern.bytes, '\0', pattern.size) != NULL)
		all.n_patterns = 0;
	if (recipe_make_with(&all, a, &set, NULL) == OK) {
		struct recipe_output output = { parts[5] == NULL ? "" : parts[5], sizes[5] };
		struct recipe_verdicts verdicts;

		if (recipe_table(set, a) == NULL || recipe_mermaid(set, a) == NULL)
			abort();
		if (recipe_verify(set, "/nonexistent", &output, &verdicts, NULL) != OK ||
		    verdicts.n != set->recipes[0].n_requirements)
			abort();
	}
	arena_free(a);
	return 0;
}
