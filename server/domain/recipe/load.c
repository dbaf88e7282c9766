/* load.c - ROOT/recipes from disk. */
#include <string.h>

#include "base/text.h"
#include "domain/recipe.h"
#include "sys/folder.h"
#include "sys/fs.h"

/* One file of a recipe; one that is not there stays NULL. */
static enum status read_file(const char *root, const char *name, const char *file, struct arena *a,
                             struct fs_bytes *out, struct err *err)
{
	const char *path = text_printf(a, "%s/recipes/%s/%s", root, name, file);
	struct fs_bytes whole;
	enum status st;

	if (path == NULL)
		return err_nomem(err, "a path");
	st = fs_read_under(root, path, RECIPE_BYTES_MAX, a, &whole, err);
	if (st != OK)
		return st == E_ABSENT ? OK : st;
	*out = whole;
	return OK;
}

static enum status read_source(const char *root, const char *name, struct arena *a,
                               struct recipe_source *s, struct err *err)
{
	struct fs_bytes requirements = { 0 }, design = { 0 }, dependencies = { 0 };
	enum status st = read_file(root, name, "requirements.md", a, &requirements, err);

	if (st == OK)
		st = read_file(root, name, "design.md", a, &design, err);
	if (st == OK)
		st = read_file(root, name, "dependencies.json", a, &dependencies, err);
	if (st == OK)
		*s = (struct recipe_source){ .name = name,
			                     .requirements = requirements.bytes,
			                     .requirements_size = requirements.size,
			                     .design = design.bytes,
			                     .design_size = design.size,
			                     .dependencies = dependencies.bytes,
			                     .dependencies_size = dependencies.size };
	return st;
}

enum status recipe_load(const char *root, struct arena *a, struct recipe_set **out, struct err *err)
{
	const char *folder = text_printf(a, "%s/recipes", root);
	struct recipe_source *sources = NULL;
	struct folder_entry *entries = NULL;
	size_t n_entries = 0, n = 0;
	enum status st;

	if (folder == NULL)
		return err_nomem(err, "a path");
	st = folder_list(folder, a, &entries, &n_entries, err);
	if (st == E_ABSENT)
		return recipe_make(NULL, 0, a, out, err);
	if (st != OK)
		return st;
	if (n_entries > RECIPES_MAX)
		return err_set(err, E_INPUT, "more than %d recipes in '%s'", RECIPES_MAX, folder);
	if ((sources = arena_take(a, (n_entries + 1) * sizeof *sources)) == NULL)
		return err_nomem(err, "the recipes");
	for (size_t i = 0; i < n_entries; i++) {
		if (!entries[i].is_folder || entries[i].name[0] == '.')
			continue;
		if ((st = read_source(root, entries[i].name, a, &sources[n], err)) != OK)
			return st;
		n++;
	}
	return recipe_make(sources, n, a, out, err);
}
