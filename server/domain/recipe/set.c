#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/recipe/make.h"

#define SMALL_DESIGN 40 /* bytes; less than a sentence is no design */

static const char *const severity_words[] = { "info", "warning", "error" };

void recipe_no_memory(struct arena *a)
{
	(void)arena_take(a, SIZE_MAX);
}

/* Below the project's root. */
static const char *file_of(struct arena *a, const struct recipe_place *at)
{
	if (at->file == NULL)
		return text_printf(a, "recipes/%s", at->recipe);
	if (strchr(at->file, '/') != NULL)
		return text_printf(a, "recipes/%s", at->file);
	return text_printf(a, "recipes/%s/%s", at->recipe, at->file);
}

void recipe_note(struct recipe_set *set, const struct recipe_place *at,
                 enum recipe_severity severity, const char *code, const char *fmt, ...)
{
	struct arena *a = set->a;
	struct recipe_finding *items;
	struct text words;
	va_list ap;
	const char *message;

	text_init(&words, TEXT_LIMIT);
	va_start(ap, fmt);
	text_addv(&words, fmt, ap);
	va_end(ap);
	message = text_copy(&words, a);
	text_done(&words);
	items = list_room(a, set->findings, set->n_findings, &set->findings_room, sizeof *items);
	if (message == NULL || items == NULL) {
		recipe_no_memory(a);
		return;
	}
	set->findings = items;
	items[set->n_findings++] = (struct recipe_finding){
		.code = code,
		.severity = severity,
		.recipe = at->recipe,
		.file = file_of(a, at),
		.line = at->line,
		.column = at->column,
		.message = message,
	};
}

void recipe_texts_add(struct recipe_texts *texts, struct arena *a, const char *s, size_t n)
{
	const char **items = list_room(a, texts->at, texts->n, &texts->room, sizeof *items);

	if (items == NULL)
		return;
	texts->at = items;
	if ((items[texts->n] = arena_copy(a, s, n)) != NULL)
		texts->n++;
}

bool recipe_is_name(const char *s)
{
	if (!islower((unsigned char)*s))
		return false;
	for (; *s != '\0'; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '-')
			return false;
	return true;
}

void recipe_find_markers(struct recipe_set *set, const struct recipe *r, const char *file,
                         const char *bytes, size_t n)
{
	struct recipe_place at = { r->name, file, 1, 1 };

	for (const char *s = bytes; s != NULL && s < bytes + n; at.line++) {
		size_t left = (size_t)(bytes + n - s);

		if (left > 8 && (memcmp(s, "<<<<<<< ", 8) == 0 || memcmp(s, ">>>>>>> ", 8) == 0))
			recipe_note(set, &at, RECIPE_ERROR, "conflict-marker",
			            "a merge was left unfinished here; choose one side");
		s = memchr(s, '\n', left);
		s = s == NULL ? NULL : s + 1;
	}
}

static void check_design(struct recipe_set *set, struct recipe *r, const char *bytes, size_t n)
{
	struct recipe_place at = { r->name, "design.md", 1, 1 };

	if (n < SMALL_DESIGN)
		recipe_note(set, &at, RECIPE_WARNING, "empty-design",
		            "the design says next to nothing; say how the requirements are met");
	recipe_find_markers(set, r, "design.md", bytes, n);
	for (const char *s = bytes; s < bytes + n; at.line++) {
		const char *stop = memchr(s, '\n', (size_t)(bytes + n - s));

		stop = stop == NULL ? bytes + n : stop;
		(void)recipe_include(set, r, &at, s, (size_t)(stop - s));
		s = stop + 1;
	}
}

static bool is_text(struct recipe_set *set, const struct recipe *r, const char *file,
                    const char *bytes, size_t n)
{
	struct recipe_place at = { r->name, file, 0, 0 };

	if (bytes == NULL) {
		recipe_note(set, &at, RECIPE_ERROR, "missing-file",
		            "%s is missing; recipes/README.md says what stands in it", file);
		return false;
	}
	if (text_utf8_valid(bytes, n) != n || memchr(bytes, '\0', n) != NULL) {
		recipe_note(set, &at, RECIPE_ERROR, "not-text", "%s is not UTF-8 text", file);
		return false;
	}
	return true;
}

static void read_needs(struct recipe_set *set, struct recipe *r, const struct recipe_source *s)
{
	struct recipe_place old = { r->name, "components.json", 1, 1 };
	struct recipe_place yaml = { r->name, "recipe.yaml", 1, 1 };
	bool alone = s->components != NULL && s->dependencies == NULL;

	r->needs_file = alone ? "components.json" : "dependencies.json";
	if (s->has_yaml)
		recipe_note(set, &yaml, RECIPE_WARNING, "old-file",
		            "recipe.yaml is not read; say in requirements.md and design.md what is "
		            "still true of it, and remove it");
	if (s->components != NULL)
		recipe_note(set, &old, RECIPE_WARNING, "old-file", "components.json is %s",
		            alone ? "called dependencies.json now; rename it"
		                  : "not read beside dependencies.json; remove it");
	if (alone && is_text(set, r, "components.json", s->components, s->components_size))
		recipe_read_dependencies(set, r, "components.json", s->components,
		                         s->components_size);
	else if (!alone &&
	         is_text(set, r, "dependencies.json", s->dependencies, s->dependencies_size))
		recipe_read_dependencies(set, r, "dependencies.json", s->dependencies,
		                         s->dependencies_size);
}

static void read_one(struct recipe_set *set, struct recipe *r, const struct recipe_source *s,
                     struct arena *a)
{
	struct recipe_place whole = { r->name, NULL, 0, 0 };

	if (!recipe_is_name(r->name))
		recipe_note(set, &whole, RECIPE_ERROR, "bad-name",
		            "'%s' is no name for a recipe; use a-z, 0-9 and '-'", r->name);
	if (is_text(set, r, "requirements.md", s->requirements, s->requirements_size))
		recipe_read_requirements(set, r, s->requirements, s->requirements_size, a);
	if (is_text(set, r, "design.md", s->design, s->design_size))
		check_design(set, r, s->design, s->design_size);
	read_needs(set, r, s);
}

static int by_name(const void *a, const void *b)
{
	const struct recipe_source *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_place(const void *a, const void *b)
{
	const struct recipe_finding *x = a, *y = b;
	int order = strcmp(x->file == NULL ? "" : x->file, y->file == NULL ? "" : y->file);

	if (order == 0)
		order = x->line < y->line ? -1 : x->line > y->line;
	if (order == 0)
		order = x->column < y->column ? -1 : x->column > y->column;
	return order != 0 ? order : strcmp(x->code, y->code);
}

static struct recipe_set *make(const struct recipe_sources *all, struct arena *a)
{
	size_t n = all->n;
	struct recipe_set *set = arena_take(a, sizeof *set);
	struct recipe_source *sorted = arena_take(a, (n + 1) * sizeof *sorted);
	struct recipe_sources given = { sorted, n, all->patterns, all->n_patterns };

	if (set == NULL || sorted == NULL ||
	    (set->recipes = arena_take(a, (n + 1) * sizeof *set->recipes)) == NULL)
		return NULL;
	set->a = a;
	set->sources = &given;
	if (n > 0)
		memcpy(sorted, all->recipes, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_name);
	for (size_t i = 0; i < n && !arena_failed(a); i++) {
		struct recipe *r = &set->recipes[set->n_recipes++];

		r->name = r->title = text_dup(a, sorted[i].name);
		r->folder = text_printf(a, "recipes/%s", sorted[i].name);
		r->about = r->hash = "";
		if (r->name != NULL)
			read_one(set, r, &sorted[i], a);
	}
	if (arena_failed(a))
		return NULL;
	recipe_order(set, a);
	recipe_hash(set);
	set->sources = NULL;
	if (set->n_findings > 0)
		qsort(set->findings, set->n_findings, sizeof *set->findings, by_place);
	set->sound = true;
	for (size_t i = 0; i < set->n_findings; i++)
		set->sound = set->sound && set->findings[i].severity != RECIPE_ERROR;
	return set;
}

enum status recipe_make_with(const struct recipe_sources *sources, struct arena *a,
                             struct recipe_set **out, struct err *err)
{
	struct recipe_set *set;

	assert(sources->n <= RECIPES_MAX);
	set = make(sources, a);
	if (set == NULL || arena_failed(a))
		return err_nomem(err, "the recipes");
	*out = set;
	return OK;
}

enum status recipe_make(const struct recipe_source *sources, size_t n, struct arena *a,
                        struct recipe_set **out, struct err *err)
{
	const struct recipe_sources all = { .recipes = sources, .n = n };

	return recipe_make_with(&all, a, out, err);
}

size_t recipe_find(const struct recipe_set *set, const char *name, const char **nearest)
{
	size_t low = 0, high = set->n_recipes, best = 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, set->recipes[middle].name);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	if (nearest == NULL)
		return RECIPE_NONE;
	*nearest = NULL;
	best += strlen(name) / 3;
	for (size_t i = 0; i < set->n_recipes; i++) {
		size_t far = text_distance(name, set->recipes[i].name, best);

		if (far < best) {
			best = far;
			*nearest = set->recipes[i].name;
		}
	}
	return RECIPE_NONE;
}

const char *recipe_severity_word(enum recipe_severity severity)
{
	return severity_words[severity];
}
