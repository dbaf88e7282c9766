/* graph.c - who needs whom: levels, an order to build in, and cycles with their path. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "domain/recipe/make.h"

#define WAY_MAX 16 /* recipes in a path that is told */

/* The next letter or digit at *s, lower case; 0 at the end. */
static int next_letter(const char **s)
{
	while (**s != '\0' && !isalnum((unsigned char)**s))
		(*s)++;
	return **s == '\0' ? 0 : tolower((unsigned char)*(*s)++);
}

static bool same_letters(const char *a, const char *b)
{
	int x, y;

	do {
		x = next_letter(&a);
		y = next_letter(&b);
	} while (x == y && x != 0);
	return x == y;
}

/* The one recipe whose name is this but for case and marks, `EventSystem` for event-system. */
static size_t spelt_otherwise(const struct recipe_set *set, const char *name)
{
	size_t found = RECIPE_NONE;

	for (size_t i = 0; i < set->n_recipes; i++) {
		if (!same_letters(name, set->recipes[i].name))
			continue;
		if (found != RECIPE_NONE)
			return RECIPE_NONE;
		found = i;
	}
	return found;
}

/* The first recipe that needs the one at `at`; RECIPE_NONE: nobody does. */
static size_t dependent(const struct recipe_set *set, size_t at)
{
	for (size_t i = 0; i < set->n_recipes; i++)
		for (size_t k = 0; k < set->recipes[i].n_needs; k++)
			if (i != at &&
			    strcmp(set->recipes[i].needs[k].name, set->recipes[at].name) == 0)
				return i;
	return RECIPE_NONE;
}

/* Nobody is called so: with the way from whoever needs it in the end, and the nearest name. */
static void tell_unknown(struct recipe_set *set, size_t at, const struct recipe_need *need,
                         const char *nearest)
{
	struct recipe_place place = { set->recipes[at].name, set->recipes[at].needs_file,
		                      need->line, need->column };
	size_t way[WAY_MAX], n = 0;
	struct text path;

	for (size_t i = at; i != RECIPE_NONE && n < WAY_MAX; i = dependent(set, i))
		way[n++] = i;
	text_init(&path, TEXT_LIMIT);
	while (n > 0)
		text_addf(&path, "%s needs ", set->recipes[way[--n]].name);
	text_add(&path, need->name);
	if (path.failed)
		recipe_no_memory(set->a);
	recipe_note(set, &place, RECIPE_ERROR, "unknown-dependency",
	            "no recipe is called '%s'%s%s%s (%s)", need->name,
	            nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
	            nearest == NULL ? "" : "'?", text_string(&path));
	text_done(&path);
}

static void resolve(struct recipe_set *set)
{
	for (size_t i = 0; i < set->n_recipes; i++) {
		struct recipe *r = &set->recipes[i];

		for (size_t k = 0; k < r->n_needs; k++) {
			struct recipe_need *need = &r->needs[k];
			struct recipe_place at = { r->name, r->needs_file, need->line,
				                   need->column };
			const char *nearest = NULL, *right;

			need->recipe = recipe_find(set, need->name, &nearest);
			if (need->recipe != RECIPE_NONE)
				continue;
			if ((need->recipe = spelt_otherwise(set, need->name)) == RECIPE_NONE) {
				tell_unknown(set, i, need, nearest);
				continue;
			}
			right = set->recipes[need->recipe].name;
			recipe_note(set, &at, RECIPE_WARNING, "old-name",
			            "'%s' is the recipe '%s'; write it so", need->name, right);
			need->name = right;
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
	struct recipe_place at = { first->name, first->needs_file, 1, 1 };
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
