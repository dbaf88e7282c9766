/*
 * recipe.h - what a component must do, how, and what it needs, as checked data.
 *
 * A recipe is a folder recipes/NAME with requirements.md, design.md and
 * dependencies.json (recipes/README.md has the format). All recipes of a project are
 * read together into one set: each with its requirements and the line they stand on,
 * the graph of who needs whom, and findings about what is wrong. A set lives in the
 * arena it was made in, is not changed afterwards and may be read by several threads.
 * Recipes are sorted by name and refer to each other by index.
 */
#ifndef DOMAIN_RECIPE_H
#define DOMAIN_RECIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/plan.h"

#define RECIPE_BYTES_MAX ((size_t)4 << 20) /* of one file */
#define RECIPES_MAX      2000
#define RECIPE_NONE      ((size_t)-1)

enum recipe_level { RECIPE_MUST, RECIPE_SHOULD, RECIPE_COULD };
enum recipe_severity { RECIPE_INFO, RECIPE_WARNING, RECIPE_ERROR };

struct recipe_texts {
	const char **at;
	size_t n, room;
};

/* A test that shows a requirement: `tests/unit/test_x.c: name`. */
struct recipe_test {
	const char *path;
	const char *name; /* NULL: the whole file */
	long line;        /* where requirements.md names it */
};

struct recipe_requirement {
	const char *id, *title; /* never NULL */
	const char *file;       /* below recipes/NAME, or `patterns/X.md` */
	const char *text;       /* what stands below the heading, "" when nothing */
	const char *criterion;  /* what is measured, or NULL */
	enum recipe_level level;
	struct recipe_test *tests;
	size_t n_tests, tests_room;
	long line;
};

/* A command that must succeed, argv; never given to a shell. */
struct recipe_gate {
	const char *line;        /* the words with blanks between, for people */
	const char *const *argv; /* NULL-terminated */
};

struct recipe_need {
	const char *name; /* as the recipe of that name spells it */
	size_t recipe;    /* its index, or RECIPE_NONE when no recipe has that name */
	long line, column;
};

struct recipe {
	const char *name, *title, *about; /* never NULL */
	const char *folder;               /* below the project's root */
	struct recipe_requirement *requirements;
	size_t n_requirements, requirements_room;
	struct recipe_need *needs; /* in the order of the file, no two alike */
	size_t n_needs, needs_room;
	const char *needs_file; /* where they stand: dependencies.json, or its older name */
	struct recipe_texts provides, files;
	struct recipe_texts patterns; /* names of those it includes */
	struct recipe_gate *gates;
	size_t n_gates, gates_room;
	long estimate_min;                   /* 0: not stated */
	int technical, integration, testing; /* 0: not stated */
	size_t level; /* 0: needs nothing; RECIPE_NONE: in or behind a cycle */

	/*
	 * What it is made from, as SHA-256: its files and the patterns they include, and the
	 * hashes of all it needs. "" in or behind a cycle. It changes when a file does, and with
	 * it those of all recipes that need this one, and no others.
	 */
	const char *hash;
};

struct recipe_finding {
	const char *code; /* one of the table in recipes/README.md */
	enum recipe_severity severity;
	const char *recipe, *file; /* file below the project's root */
	long line, column;         /* 0: about the whole */
	const char *message;
};

struct recipe_set {
	struct arena *a;                      /* not owned; all of the set lives in it */
	const struct recipe_sources *sources; /* while it is made, NULL afterwards */
	struct recipe *recipes;
	size_t n_recipes;
	size_t
	    *order; /* prerequisites first, then by level and name; those in cycles are missing */
	size_t n_order, n_levels;
	struct recipe_finding *findings;
	size_t n_findings, findings_room;
	bool sound; /* no error among the findings */
};

/* The files of one recipe as they stand on disk. A NULL file is missing. */
struct recipe_source {
	const char *name;
	const char *requirements, *design, *dependencies;
	size_t requirements_size, design_size, dependencies_size;
	const char *components; /* components.json, which dependencies.json was called once */
	size_t components_size;
	bool has_yaml; /* a recipe.yaml is there, which is not read */
};

/* A fragment that recipes may include: recipes/patterns/NAME.md. */
struct recipe_pattern {
	const char *name; /* `NAME.md` */
	const char *bytes;
	size_t size;
};

struct recipe_sources {
	const struct recipe_source *recipes;
	size_t n;
	const struct recipe_pattern *patterns; /* sorted by name */
	size_t n_patterns;
};

/*
 * Check and join what was read. The sources' bytes need not outlive the call. OK also
 * with errors among the findings; E_NOMEM otherwise.
 */
enum status recipe_make(const struct recipe_source *sources, size_t n, struct arena *a,
                        struct recipe_set **out, struct err *err);
enum status recipe_make_with(const struct recipe_sources *sources, struct arena *a,
                             struct recipe_set **out, struct err *err);

/*
 * Read ROOT/recipes. A project without that folder has an empty set. E_IO when it
 * cannot be read.
 */
enum status recipe_load(const char *root, struct arena *a, struct recipe_set **out,
                        struct err *err);

/* Index of the recipe of that name; RECIPE_NONE, and *nearest (may be NULL) a name like it. */
size_t recipe_find(const struct recipe_set *set, const char *name, const char **nearest);

/* Mark the chosen recipe and all it needs; with RECIPE_NONE all. marks has n_recipes places. */
enum status recipe_mark(const struct recipe_set *set, size_t chosen, bool *marks, struct err *err);

/* E_INPUT with the first error of the marked ones; OK when they have none. */
enum status recipe_check_sound(const struct recipe_set *set, const bool *marks, struct err *err);

/*
 * A plan with a task for each marked recipe, in their order. E_INPUT when one of them has errors.
 * What is not marked is taken to be there.
 */
struct recipe_plan_want {
	const char *title;
	const bool *marks;
	const char *shell; /* agent that runs gates as tasks RECIPE.gate-N; NULL: none does */
	const char *root;  /* where test files would be: those missing are begun in the tasks'
	                      texts; NULL: none are */
	const struct recipe_texts *by_hand; /* files changed by hand, for each recipe; NULL: none */
};
enum status recipe_plan(const struct recipe_set *set, const struct recipe_plan_want *want,
                        struct arena *a, struct plan **out, struct err *err);

/*
 * A new recipe ROOT/recipes/NAME to be filled in, its requirement a placeholder. needs: names, NULL
 * at the end. E_INPUT for a bad name, an unknown need or one that is there already.
 */
enum status recipe_new(const struct recipe_set *set, const char *root, const char *name,
                       const char *const *needs, struct err *err);

/* Parts of answers; state: how it stands (recipe/build.h). */
cJSON *recipe_summary_json(struct json_build *b, const struct recipe_set *set, size_t recipe,
                           const char *state);
cJSON *recipe_json(struct json_build *b, const struct recipe_set *set, size_t recipe);
cJSON *recipe_finding_json(struct json_build *b, const struct recipe_finding *f);

/* The graph for people, in the arena; NULL when it is full. */
const char *recipe_mermaid(const struct recipe_set *set, struct arena *a);
const char *recipe_table(const struct recipe_set *set, struct arena *a);

const char *recipe_level_word(enum recipe_level level);
const char *recipe_severity_word(enum recipe_severity severity);

#endif
