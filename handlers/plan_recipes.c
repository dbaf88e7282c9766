/* plan_recipes.c - a folder of recipes, or one of them with all it needs, as a plan. */
#include <string.h>

#include "base/text.h"
#include "domain/project.h"
#include "domain/recipe.h"
#include "handlers/plan_source.h"

/* The words of path below ROOT/recipes: "" is all of them; NULL: it lies elsewhere. */
static const char *below_recipes(const struct call *call, const char *path)
{
	size_t root = strlen(call->project->root);

	if (strncmp(path, call->project->root, root) == 0 && path[root] == '/')
		path += root + 1;
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	if (strncmp(path, "recipes", 7) != 0 || (path[7] != '/' && path[7] != '\0'))
		return NULL;
	path += 7;
	return path + strspn(path, "/");
}

bool plan_is_recipes(struct call *call, const char *path, const char **name)
{
	const char *below = below_recipes(call, path);
	size_t n;

	if (below == NULL)
		return false;
	n = strcspn(below, "/");
	if (below[n] != '\0' && strcmp(below + n, "/") != 0 &&
	    strcmp(below + n, "/dependencies.json") != 0)
		return false; /* a document beside a recipe is one like any other */
	*name = arena_copy(call->arena, below, n);
	return *name != NULL;
}

enum status plan_from_recipes(struct call *call, const char *name,
                              const struct plan_options *options, struct plan **out)
{
	struct recipe_plan_want want = { .title = NULL };
	struct json_build b = { false };
	struct plan_options own = *options;
	struct recipe_set *set = NULL;
	struct plan *made = NULL;
	const char *nearest = NULL;
	size_t chosen = RECIPE_NONE;
	bool *marks;
	cJSON *json;
	enum status st = recipe_load(call->project->root, call->arena, &set, &call->err);

	if (st != OK)
		return st;
	if (set->n_recipes == 0)
		return err_set(&call->err, E_INPUT, "there is no recipe in 'recipes'");
	if (name[0] != '\0' && (chosen = recipe_find(set, name, &nearest)) == RECIPE_NONE)
		return err_set(&call->err, E_INPUT, "there is no recipe '%.60s'%s%s", name,
		               nearest == NULL ? "" : "; did you mean ",
		               nearest == NULL ? "" : nearest);
	if ((marks = arena_take(call->arena, set->n_recipes + 1)) == NULL)
		return err_nomem(&call->err, "a plan");
	want.title = name[0] == '\0' ? "Recipes" : name;
	want.marks = marks;
	if ((st = recipe_mark(set, chosen, marks, &call->err)) != OK ||
	    (st = recipe_plan(set, &want, call->arena, &made, &call->err)) != OK)
		return st;
	/* once more, with what was asked for */
	json = plan_json(&b, made);
	own.saved = true;
	st = b.failed ? err_nomem(&call->err, "a plan")
	              : plan_from_json(json, &own, call->arena, out, &call->err);
	cJSON_Delete(json);
	return st;
}
