/*
 * make.h - what the files that make a recipe set share. Not for others.
 *
 * Everything is taken from the set's arena; an arena that is full stays failed and
 * is looked at once, at the end of recipe_make.
 */
#ifndef DOMAIN_RECIPE_MAKE_H
#define DOMAIN_RECIPE_MAKE_H

#include "base/text.h"
#include "domain/recipe.h"

#define RECIPE_GATE_MARK ".gate-" /* RECIPE.gate-N: no recipe has a dot in its name */

struct recipe_place {
	const char *recipe, *file; /* file NULL: the folder; `patterns/X.md`: below recipes/ */
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

/*
 * The pattern that a line includes (`Include: patterns/NAME.md`, alone on its line), noted as one
 * of the recipe's; NULL when the line includes none, or, with a finding at `at`, one that is
 * not there.
 */
const struct recipe_pattern *recipe_include(struct recipe_set *set, struct recipe *to,
                                            const struct recipe_place *at, const char *line,
                                            size_t n);

/* Length of an id such as NET-1 or MEM-A12 at s: capitals, then '-' and digits. 0: none. */
size_t recipe_id_length(const char *s, size_t n);

/* --- older ways (older.c) ------------------------------------------------------------------- */

/* A bullet that is a requirement in an older way; the texts point into the bullet. */
struct recipe_old {
	const char *id; /* n_id 0: it has none */
	size_t n_id;
	const char *title;
	size_t n_title;
	enum recipe_level level;
};

/* Is it `**FR-1**: text`, `FR-1: text` or `**net-fr-1** (MUST): text`? */
bool recipe_old_bullet(const char *s, size_t n, struct recipe_old *out);

/* The level that a sentence states: must, shall, should, could, may; MUST when none does. */
enum recipe_level recipe_old_level(const char *s, size_t n);

/* Does a heading of level two begin a list of requirements without ids? */
bool recipe_old_heading(const char *s, size_t n);

/* Are there requirements in today's way anywhere in the file? */
bool recipe_is_new(const char *bytes, size_t n);

/* An id for the k-th requirement below a heading, `MEMORY-TYPES-3`; NULL when the arena is full. */
const char *recipe_old_id(struct arena *a, const char *heading, size_t n, size_t k);

/* Where a member, or the text "word" in its value, stands in a file of JSON. */
struct recipe_json {
	struct recipe_set *set;
	struct recipe *r;
	struct arena *a;
	const char *file;
	const char *bytes;
	size_t n;
};
struct recipe_place recipe_json_place(const struct recipe_json *j, const char *member,
                                      const char *word);

/*
 * Bring what older dependencies.json and components.json had into today's members, with a warning
 * each that says what to write. False when memory is out.
 */
bool recipe_old_members(const struct recipe_json *j, cJSON *json);

/* requirements.md and dependencies.json of one recipe, into `to`. */
void recipe_read_requirements(struct recipe_set *set, struct recipe *to, const char *bytes,
                              size_t n, struct arena *a);
void recipe_read_dependencies(struct recipe_set *set, struct recipe *to, const char *file,
                              const char *bytes, size_t n);

/* Tell of unfinished merges in a file, line by line. */
void recipe_find_markers(struct recipe_set *set, const struct recipe *r, const char *file,
                         const char *bytes, size_t n);

/* What each recipe is made from, as hashes, once their order is known. */
void recipe_hash(struct recipe_set *set);

/*
 * Append the test files that the recipe names and that are not there yet, as they can begin: each
 * named test fails, saying what it has to show. Of languages whose tests are known.
 */
void recipe_skeletons(const struct recipe_set *set, const struct recipe *r, const char *root,
                      struct text *to);

/* Is it a name for a recipe: a-z, 0-9 and '-', a letter first? */
bool recipe_is_name(const char *s);

/* Levels, order and cycles of a set whose recipes have been read. */
void recipe_order(struct recipe_set *set, struct arena *a);

#endif
