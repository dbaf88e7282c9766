/*
 * make.h - what the files that make a recipe set share. Not for others.
 *
 * Everything is taken from the set's arena; an arena that is full stays failed and
 * is looked at once, at the end of recipe_make.
 */
#ifndef DOMAIN_RECIPE_MAKE_H
#define DOMAIN_RECIPE_MAKE_H

#include "domain/recipe.h"

struct recipe_place {
	const char *recipe, *file;
	long line, column;
};

/* Add a finding to the set. */
__attribute__((format(printf, 5, 6))) void recipe_note(struct recipe_set *set,
                                                       const struct recipe_place *at,
                                                       enum recipe_severity severity,
                                                       const char *code, const char *fmt, ...);

/* Memory outside the arena was refused: fail the arena too, so that the set is not used. */
void recipe_no_memory(struct arena *a);

/* Append a copy of n bytes. */
void recipe_texts_add(struct recipe_texts *texts, struct arena *a, const char *s, size_t n);

/* requirements.md and dependencies.json of one recipe, into `to`. */
void recipe_read_requirements(struct recipe_set *set, struct recipe *to, const char *bytes,
                              size_t n, struct arena *a);
void recipe_read_dependencies(struct recipe_set *set, struct recipe *to, const char *bytes,
                              size_t n, struct arena *a);

/* Levels, order and cycles of a set whose recipes have been read. */
void recipe_order(struct recipe_set *set, struct arena *a);

#endif
