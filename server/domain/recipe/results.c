/* results.c - what the project's tests said, from a file, and what came of it, as events. */
#include "base/text.h"
#include "domain/event.h"
#include "domain/recipe/verdict.h"
#include "sys/fs.h"

#define OUTPUT_MAX ((size_t)200 << 20)

enum status recipe_results(struct project *p, const char *path, struct arena *a,
                           struct recipe_output *out, struct err *err)
{
	struct fs_bytes file = { NULL, 0 };
	enum status st;

	if (path[0] != '/' && (path = text_printf(a, "%s/%s", p->root, path)) == NULL)
		return err_nomem(err, "a path");
	st = fs_read_under(p->root, path, OUTPUT_MAX, a, &file, err);
	out->bytes = file.bytes;
	out->size = file.size;
	return st;
}

static enum status put_events(struct project *p, struct db *db, const struct recipe_set *set,
                              size_t chosen, const struct recipe_verdicts *verdicts,
                              struct err *err)
{
	int64_t now = clock_wall_ms(&p->clock);
	enum status st = OK;

	for (size_t i = 0; st == OK && i < set->n_recipes; i++) {
		struct event_recipe event = { .recipe = set->recipes[i].name,
			                      .action = "verified",
			                      .requirements =
			                          (int64_t)set->recipes[i].n_requirements };

		if (chosen != RECIPE_NONE && chosen != i)
			continue;
		for (size_t k = 0; k < verdicts->n; k++)
			event.proved += verdicts->items[k].recipe == i && verdicts->items[k].met;
		st = event_put_recipe(db, now, &event, err);
	}
	return st;
}

enum status recipe_tell_verdicts(struct project *p, const struct recipe_set *set, size_t chosen,
                                 const struct recipe_verdicts *verdicts, const atomic_bool *stop,
                                 struct err *err)
{
	struct db *db = NULL;
	enum status st = project_write(p, stop, &db, err);

	if (st == OK && (st = db_begin(db, err)) == OK &&
	    (st = put_events(p, db, set, chosen, verdicts, err)) == OK)
		st = project_commit(p, db, err);
	project_done(p, db);
	return st;
}
