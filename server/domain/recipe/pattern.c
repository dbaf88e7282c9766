/* pattern.c - fragments that recipes share, and what a recipe is made from, as hashes. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "domain/recipe/make.h"

/* What a line includes: the name behind `Include: patterns/`. */
static bool included(const char *line, size_t n, const char **name, size_t *len)
{
	static const char mark[] = "Include: ";
	size_t skip = sizeof mark - 1;

	if (n <= skip || memcmp(line, mark, skip) != 0)
		return false;
	for (line += skip, n -= skip; n > 0 && (*line == ' ' || *line == '`'); n--)
		line++;
	while (n > 0 && strchr(" `\r\t", line[n - 1]) != NULL)
		n--;
	*name = line;
	*len = n;
	return n > 0;
}

static void note_pattern(struct recipe *to, const struct recipe_pattern *p, struct arena *a)
{
	for (size_t i = 0; i < to->patterns.n; i++)
		if (strcmp(to->patterns.at[i], p->name) == 0)
			return;
	recipe_texts_add(&to->patterns, a, p->name, strlen(p->name));
}

const struct recipe_pattern *recipe_include(struct recipe_set *set, struct recipe *to,
                                            const struct recipe_place *at, const char *line,
                                            size_t n)
{
	static const char folder[] = "patterns/";
	const struct recipe_sources *all = set->sources;
	const char **names, *near = NULL, *name;
	char *wanted;
	size_t len;

	if (!included(line, n, &name, &len))
		return NULL;
	if (len > sizeof folder - 1 && memcmp(name, folder, sizeof folder - 1) == 0)
		for (size_t i = 0; i < all->n_patterns; i++) {
			const struct recipe_pattern *p = &all->patterns[i];

			if (strlen(p->name) != len - (sizeof folder - 1) ||
			    memcmp(p->name, name + sizeof folder - 1, strlen(p->name)) != 0)
				continue;
			note_pattern(to, p, set->a);
			return p;
		}
	names = arena_take(set->a, (all->n_patterns + 1) * sizeof *names);
	wanted = arena_copy(set->a, name, len);
	if (names == NULL || wanted == NULL)
		return NULL;
	for (size_t i = 0; i < all->n_patterns; i++)
		names[i] = text_printf(set->a, "patterns/%s", all->patterns[i].name);
	if (!arena_failed(set->a))
		near = text_nearest(wanted, names, all->n_patterns);
	recipe_note(
	    set, at, RECIPE_ERROR, "unknown-pattern", "there is no 'recipes/%s'%s%s%s", wanted,
	    near == NULL ? "; patterns are files recipes/patterns/NAME.md" : "; did you mean '",
	    near == NULL ? "" : near, near == NULL ? "" : "'?");
	return NULL;
}

/* --- hashes --------------------------------------------------------------------------------- */

static void add_part(struct text *t, const char *what, const char *bytes, size_t n)
{
	char hash[HASH_TEXT_SIZE];

	hash_text(bytes == NULL ? "" : bytes, bytes == NULL ? 0 : n, hash);
	text_addf(t, "%s %s\n", what, bytes == NULL ? "-" : hash);
}

/* All that the recipe itself consists of, a line each. */
static void add_own(struct text *t, const struct recipe_set *set, const struct recipe *r,
                    const struct recipe_source *s)
{
	add_part(t, "requirements", s->requirements, s->requirements_size);
	add_part(t, "design", s->design, s->design_size);
	add_part(t, "dependencies", s->dependencies, s->dependencies_size);
	if (s->dependencies == NULL)
		add_part(t, "components", s->components, s->components_size);
	for (size_t i = 0; i < r->patterns.n; i++)
		for (size_t k = 0; k < set->sources->n_patterns; k++) {
			const struct recipe_pattern *p = &set->sources->patterns[k];

			if (strcmp(p->name, r->patterns.at[i]) == 0)
				add_part(t, p->name, p->bytes, p->size);
		}
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* What it needs, by name, each with its hash; those that are not there have none. */
static void add_needs(struct text *t, const struct recipe_set *set, const struct recipe *r)
{
	const char **lines = arena_take(set->a, (r->n_needs + 1) * sizeof *lines);

	for (size_t i = 0; lines != NULL && i < r->n_needs; i++) {
		size_t need = r->needs[i].recipe;

		lines[i] = text_printf(set->a, "needs %s %s\n", r->needs[i].name,
		                       need == RECIPE_NONE ? "-" : set->recipes[need].hash);
		if (lines[i] == NULL)
			return;
	}
	if (lines == NULL)
		return;
	qsort(lines, r->n_needs, sizeof *lines, by_text);
	for (size_t i = 0; i < r->n_needs; i++)
		text_add(t, lines[i]);
}

void recipe_hash(struct recipe_set *set)
{
	char hash[HASH_TEXT_SIZE];

	for (size_t i = 0; i < set->n_order && !arena_failed(set->a); i++) {
		struct recipe *r = &set->recipes[set->order[i]];
		struct text t;

		text_init(&t, TEXT_LIMIT);
		add_own(&t, set, r, &set->sources->recipes[set->order[i]]);
		add_needs(&t, set, r);
		if (t.failed) /* its length is no more that of its bytes */
			recipe_no_memory(set->a);
		else
			hash_text(text_string(&t), t.len, hash);
		r->hash = t.failed ? "" : text_dup(set->a, hash);
		text_done(&t);
	}
}
