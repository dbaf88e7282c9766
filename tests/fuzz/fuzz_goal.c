/* Any bytes as a goal in one line: refused with words, or a draft without a circle. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "domain/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan_options options = { 0 };
	struct err err = { OK, "" };
	struct plan *p = NULL;
	char *goal;

	must(a != NULL);
	goal = arena_copy(a, (const char *)data, size);
	/* the face has seen to it that it is text */
	if (goal == NULL || strlen(goal) != size || text_utf8_valid(goal, size) != size) {
		arena_free(a);
		return 0;
	}
	if (plan_from_goal(goal, &options, a, &p, &err) == OK) {
		must(p->n_tasks > 0 && p->sound);
		for (size_t i = 0; i < p->n_tasks; i++)
			must(p->tasks[i].title[0] != '\0' && plan_find(p, p->tasks[i].id) == i);
	} else {
		must(err.code == E_INPUT && err.text[0] != '\0');
	}
	arena_free(a);
	return 0;
}
