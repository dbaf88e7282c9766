/*
 * recipes.h - what was built of which recipe, as rows.
 *
 * As store/runs.h: only facts, changes inside the caller's write transaction, readers copy into
 * the arena, NULL and RUNS_NONE stand for NULL.
 */
#ifndef STORE_RECIPES_H
#define STORE_RECIPES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/rows.h" /* RUNS_NONE */

struct recipe_row {
	int64_t id; /* ascending; given by recipes_add */
	const char *recipe, *hash, *run;
	int64_t made_ms, undone_ms;

	/* From the run, not written here. */
	const char *run_state, *branch, *head;
	const char *task_state;         /* NULL: the task is gone */
	const char *commit;             /* what was merged; NULL: nothing changed, or no git */
	const char *base, *result;      /* commits that its last attempt began and ended on */
	const char *cause;              /* why the task failed */
	int64_t ended_ms;               /* of the task */
	int64_t gates, gates_succeeded; /* tasks RECIPE.gate-N of the run */
};

/* A build is begun. */
enum status recipes_add(struct db *db, const struct recipe_row *row, struct err *err);

/* Builds of a recipe (NULL: of all), newest first, at most limit, older than `before` (0: all). */
struct recipes_want {
	const char *recipe;
	int64_t before;
	size_t limit;
};
struct recipes_page {
	struct recipe_row *at;
	size_t n;
};
enum status recipes_list(struct db *db, const struct recipes_want *want, struct arena *a,
                         struct recipes_page *out, struct err *err);

/* The newest build of each recipe that counts, by name. */
enum status recipes_newest(struct db *db, struct arena *a, struct recipes_page *out,
                           struct err *err);

/* A build counts no more. */
enum status recipes_undo(struct db *db, int64_t id, int64_t now_ms, struct err *err);

#endif
