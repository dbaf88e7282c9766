/* graph.c - who needs whom: levels, an order to build in, and cycles with their path. */
#include <string.h>

#include "base/text.h"
#include "domain/recipe/make.h"

static void resolve(struct recipe_set *set)
{
	for (size_t i = 0; i < set->n_recipes; i++) {
		struct recipe *r = &set->recipes[i];

		for (size_t k = 0; k < r->n_needs; k++) {
			struct recipe_need *need = &r->needs[k];
			struct recipe_place at = { r->name, "dependencies.json", need->line,
				                   need->column };
			const char *nearest = NULL;

			need->recipe = recipe_find(set, need->name, &nearest);
			if (need->recipe == RECIPE_NONE)
				recipe_note(set, &at, RECIPE_ERROR, "unknown-dependency",
				            "no recipe is called '%s'%s%s%s", need->name,
				            nearest == NULL ? "" : "; did you mean '",
				            nearest == NULL ? "" : nearest,
				            nearest == NULL ? "" : "'?");
		}
	}
}

/* All needs of r that are recipes have a level. */
static bool is_ready(const struct recipe_set *set, const struct recipe *r, size_t *level)
{
	*level = 0;
	for (size_t k = 0; k < r->n_needs; k++) {
		size_t need = r->needs[k].recipe;

		if (need == RECIPE_NONE)
			continue;
		if (set->recipes[need].level == RECIPE_NONE)
			return false;
		if (set->recipes[need].level + 1 > *level)
			*level = set->recipes[need].level + 1;
	}
	return true;
}

/*
 * Level by level: a round puts the recipes of one level, sorted by name as they are.
 * Each round looks at all that are left, which is plenty fast for RECIPES_MAX.
 */
static void put_in_order(struct recipe_set *set)
{
	bool more = true;

	for (size_t i = 0; i < set->n_recipes; i++)
		set->recipes[i].level = RECIPE_NONE;
	for (size_t round = 0; more; round++) {
		size_t first = set->n_order;

		for (size_t i = 0; i < set->n_recipes; i++) {
			size_t level;

			if (set->recipes[i].level == RECIPE_NONE &&
			    is_ready(set, &set->recipes[i], &level) && level == round)
				set->order[set->n_order++] = i;
		}
		for (size_t i = first; i < set->n_order; i++)
			set->recipes[set->order[i]].level = round;
		more = set->n_order > first;
		if (more)
			set->n_levels = round + 1;
	}
}

/* The first need of r that is itself without a level: one step along the way to a cycle. */
static size_t stuck_on(const struct recipe_set *set, size_t at)
{
	const struct recipe *r = &set->recipes[at];

	for (size_t k = 0; k < r->n_needs; k++)
		if (r->needs[k].recipe != RECIPE_NONE &&
		    set->recipes[r->needs[k].recipe].level == RECIPE_NONE)
			return r->needs[k].recipe;
	return RECIPE_NONE;
}

static void tell_cycle(struct recipe_set *set, size_t start, struct arena *a)
{
	const struct recipe *first = &set->recipes[start];
	struct recipe_place at = { first->name, "dependencies.json", 1, 1 };
	struct text path;
	size_t next = stuck_on(set, start);

	for (size_t k = 0; k < first->n_needs; k++)
		if (first->needs[k].recipe == next) {
			at.line = first->needs[k].line;
			at.column = first->needs[k].column;
		}
	text_init(&path, TEXT_LIMIT);
	text_add(&path, first->name);
	for (; next != start; next = stuck_on(set, next))
		text_addf(&path, " needs %s", set->recipes[next].name);
	text_addf(&path, " needs %s", first->name);
	if (path.failed)
		recipe_no_memory(a);
	recipe_note(set, &at, RECIPE_ERROR, "dependency-cycle",
	            "a cycle: %s; remove one of these dependencies", text_string(&path));
	text_done(&path);
}

/*
 * Whoever has no level leads into a cycle when one follows first needs. Each walk marks
 * what it passed with its number, so that every cycle is met and told once.
 */
static void find_cycles(struct recipe_set *set, struct arena *a)
{
	size_t *walk = arena_take(a, (set->n_recipes + 1) * sizeof *walk);

	if (walk == NULL)
		return;
	for (size_t i = 0; i < set->n_recipes; i++) {
		size_t at = i;

		if (set->recipes[i].level != RECIPE_NONE)
			continue;
		while (at != RECIPE_NONE && walk[at] == 0) {
			walk[at] = i + 1;
			at = stuck_on(set, at);
		}
		if (at != RECIPE_NONE && walk[at] == i + 1)
			tell_cycle(set, at, a);
	}
}

void recipe_order(struct recipe_set *set, struct arena *a)
{
	resolve(set);
	set->order = arena_take(a, (set->n_recipes + 1) * sizeof *set->order);
	if (set->order == NULL)
		return;
	put_in_order(set);
	if (set->n_order < set->n_recipes)
		find_cycles(set, a);
}
