/*
 * recipes.h - what the files of the recipes tool share. Not for others.
 */
#ifndef HANDLERS_RECIPES_H
#define HANDLERS_RECIPES_H

#include "base/call.h"
#include "base/json.h"
#include "domain/recipe.h"
#include "handlers/run_answer.h"

struct recipes_in {
	const char *action, *name, *cursor, *results, *agent, *merge;
	const cJSON *needs, *jobs, *wait_s;
	long limit;
	bool force, dry_run;
};

/* What an action works on. */
struct recipes_work {
	struct call *call;
	const struct recipes_in *want;
	const struct recipe_set *set;
	size_t chosen; /* the named recipe, RECIPE_NONE for all */
	struct json_build b;
	cJSON *answer;
	struct run_wait *run; /* implement: the run to wait for, NULL: none */
};

/* Is the recipe of that name the named one, or none named? */
bool recipes_is_wanted(const struct recipes_work *w, const char *recipe);

/* E_INPUT when no recipe was named, E_ABSENT when there is none at all. */
enum status recipes_need_name(const struct recipes_work *w);
enum status recipes_need_some(const struct recipes_work *w);

/* Actions (recipes_build.c, recipes_verify.c). */
enum status recipes_plan(struct recipes_work *w);
enum status recipes_implement(struct recipes_work *w);
enum status recipes_history(struct recipes_work *w);
enum status recipes_rollback(struct recipes_work *w);
enum status recipes_verify(struct recipes_work *w);

/*
 * verify, before the recipes are read: is the check that was started still going on? OK: it
 * has ended, or there is none; E_WAIT: it has not; *answered: it has not, and the time is up.
 */
enum status recipes_verify_wait(struct recipes_work *w, bool *answered);

#endif
