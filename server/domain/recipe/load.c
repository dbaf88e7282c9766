/* load.c - ROOT/recipes from disk. */
#include <string.h>

#include "base/text.h"
#include "domain/recipe.h"
#include "sys/folder.h"
#include "sys/fs.h"

#define PATTERNS "patterns" /* the folder of fragments, which is no recipe */

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
	struct fs_bytes components = { 0 };
	const char *yaml = text_printf(a, "%s/recipes/%s/recipe.yaml", root, name);
	enum status st = yaml == NULL
	                     ? err_nomem(err, "a path")
	                     : read_file(root, name, "requirements.md", a, &requirements, err);

	if (st == OK)
		st = read_file(root, name, "design.md", a, &design, err);
	if (st == OK)
		st = read_file(root, name, "dependencies.json", a, &dependencies, err);
	if (st == OK)
		st = read_file(root, name, "components.json", a, &components, err);
	if (st == OK)
		*s = (struct recipe_source){ .name = name,
			                     .requirements = requirements.bytes,
			                     .requirements_size = requirements.size,
			                     .design = design.bytes,
			                     .design_size = design.size,
			                     .dependencies = dependencies.bytes,
			                     .dependencies_size = dependencies.size,
			                     .components = components.bytes,
			                     .components_size = components.size,
			                     .has_yaml = fs_kind(yaml) == FS_FILE };
	return st;
}

/* recipes/patterns/NAME.md; a fragment that is no text is not there. */
static enum status read_patterns(const char *root, struct arena *a, struct recipe_sources *all,
                                 struct err *err)
{
	const char *folder = text_printf(a, "%s/recipes/" PATTERNS, root);
	struct recipe_pattern *patterns;
	struct folder_entry *entries = NULL;
	size_t n_entries = 0;
	enum status st;

	if (folder == NULL)
		return err_nomem(err, "a path");
	if ((st = folder_list(folder, a, &entries, &n_entries, err)) != OK)
		return st == E_ABSENT ? OK : st;
	if ((patterns = arena_take(a, (n_entries + 1) * sizeof *patterns)) == NULL)
		return err_nomem(err, "the patterns");
	all->patterns = patterns;
	for (size_t i = 0; i < n_entries; i++) {
		size_t len = strlen(entries[i].name);
		struct fs_bytes whole = { 0 };

		if (entries[i].is_folder || len < 4 ||
		    strcmp(entries[i].name + len - 3, ".md") != 0)
			continue;
		if ((st = read_file(root, PATTERNS, entries[i].name, a, &whole, err)) != OK)
			return st;
		if (whole.bytes == NULL || text_utf8_valid(whole.bytes, whole.size) != whole.size ||
		    memchr(whole.bytes, '\0', whole.size) != NULL)
			continue;
		patterns[all->n_patterns++] =
		    (struct recipe_pattern){ entries[i].name, whole.bytes, whole.size };
	}
	return OK;
}

enum status recipe_load(const char *root, struct arena *a, struct recipe_set **out, struct err *err)
{
	const char *folder = text_printf(a, "%s/recipes", root);
	struct recipe_source *sources = NULL;
	struct recipe_sources all = { 0 };
	struct folder_entry *entries = NULL;
	size_t n_entries = 0;
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
	all.recipes = sources;
	for (size_t i = 0; i < n_entries; i++) {
		if (!entries[i].is_folder || entries[i].name[0] == '.' ||
		    strcmp(entries[i].name, PATTERNS) == 0)
			continue;
		if ((st = read_source(root, entries[i].name, a, &sources[all.n], err)) != OK)
			return st;
		all.n++;
	}
	if ((st = read_patterns(root, a, &all, err)) != OK)
		return st;
	return recipe_make_with(&all, a, out, err);
}
