/* The three files of a recipe, split at the first two bytes 0x1E: findings or a recipe, never more.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)256 << 20);
	const char *p = (const char *)data, *end = p + size;
	struct recipe_source s = { .name = "one" };
	const char **parts[] = { &s.requirements, &s.design, &s.dependencies };
	size_t *sizes[] = { &s.requirements_size, &s.design_size, &s.dependencies_size };
	struct recipe_set *set = NULL;

	if (a == NULL)
		abort();
	for (size_t i = 0; i < 3 && p <= end; i++) {
		const char *stop = i == 2 || p == end ? NULL : memchr(p, 0x1E, (size_t)(end - p));

		stop = stop == NULL ? end : stop;
		*parts[i] = p;
		*sizes[i] = (size_t)(stop - p);
		p = stop + 1;
	}
	if (recipe_make(&s, 1, a, &set, NULL) == OK && recipe_table(set, a) == NULL)
		abort();
	arena_free(a);
	return 0;
}
