/* Recipes as they were written once, and fragments that they share. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "domain/recipe.h"

#define DESIGN "# How\n\nOne table maps names to values; a lookup is one probe of it.\n"
#define NEW    "### A-1 MUST Hold\n- Criterion: 1\n- Test: t.c: holds\n"
#define NEEDS  "{\"name\": \"one\", \"dependencies\": []}"

static struct arena *arena;

static struct recipe_source source(const char *name, const char *requirements,
                                   const char *dependencies)
{
	return (struct recipe_source){
		.name = name,
		.requirements = requirements,
		.design = DESIGN,
		.dependencies = dependencies,
		.requirements_size = strlen(requirements),
		.design_size = strlen(DESIGN),
		.dependencies_size = dependencies == NULL ? 0 : strlen(dependencies),
	};
}

static struct recipe_set *made(const struct recipe_source *sources, size_t n)
{
	struct recipe_set *set = NULL;
	struct err err;

	assert_int_equal(recipe_make(sources, n, arena, &set, &err), OK);
	return set;
}

static struct recipe_set *with(const struct recipe_source *s, size_t n,
                               const struct recipe_pattern *p, size_t n_patterns)
{
	const struct recipe_sources all = { s, n, p, n_patterns };
	struct recipe_set *set = NULL;
	struct err err;

	assert_int_equal(recipe_make_with(&all, arena, &set, &err), OK);
	return set;
}

/* The first finding with that code; the test fails without one. */
static const struct recipe_finding *find(const struct recipe_set *set, const char *code)
{
	for (size_t i = 0; i < set->n_findings; i++)
		if (strcmp(set->findings[i].code, code) == 0)
			return &set->findings[i];
	fail_msg("there is no %s", code);
	return NULL;
}

static size_t count(const struct recipe_set *set, const char *code)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n_findings; i++)
		n += strcmp(set->findings[i].code, code) == 0;
	return n;
}

static void says(const struct recipe_finding *f, const char *part)
{
	if (strstr(f->message, part) == NULL)
		fail_msg("'%s' is not in: %s", part, f->message);
}

/* --- requirements --------------------------------------------------------------------------- */

static void bullets_with_bold_ids_and_levels_in_brackets_are_read(void **state)
{
	struct recipe_source s =
	    source("one",
	           "# Reader\n\n## Purpose\nReads notes.\n\n## Functional Requirements\n\n"
	           "### Core\n- **reader-fr-1** (MUST): Read a note into its parts\n"
	           "- **reader-fr-2** (SHOULD): Keep what it does not know\n"
	           "- **req_3** (COULD): Colour it\n\n"
	           "## Success Criteria\n- All notes of the set are read\n",
	           NEEDS);
	struct recipe_set *set = made(&s, 1);
	const struct recipe *r = &set->recipes[0];

	(void)state;
	assert_true(set->sound);
	assert_int_equal(set->n_findings, 1);
	assert_int_equal(find(set, "old-format")->line, 9);
	assert_int_equal(r->n_requirements, 3);
	assert_string_equal(r->requirements[0].id, "reader-fr-1");
	assert_string_equal(r->requirements[0].title, "Read a note into its parts");
	assert_int_equal(r->requirements[1].level, RECIPE_SHOULD);
	assert_string_equal(r->requirements[2].id, "req_3");
	assert_int_equal(r->requirements[2].level, RECIPE_COULD);
}

static void bullets_without_ids_get_them_from_their_headings(void **state)
{
	struct recipe_source s =
	    source("one",
	           "# Notebook\n\n## Goals\n- Be of use\n\n## Functional Requirements\n\n"
	           "### Keeping of Notes\n- The service MUST keep each note\n"
	           "- The service SHALL keep its order\n- Notes may have colours\n\n"
	           "## Non-Functional Requirements\n\n### Speed\n- Found in under 5 ms\n\n"
	           "## Interface Requirements\n```c\n- not a bullet\n```\n\n"
	           "## Constraints\n- C11\n",
	           NEEDS);
	struct recipe_set *set = made(&s, 1);
	const struct recipe *r = &set->recipes[0];
	const struct recipe_finding *f = find(set, "old-format");

	(void)state;
	assert_true(set->sound);
	assert_int_equal(set->n_findings, 1);
	assert_int_equal(r->n_requirements, 4);
	assert_string_equal(r->requirements[0].id, "KEEPING-OF-NOTES-1");
	assert_string_equal(r->requirements[1].id, "KEEPING-OF-NOTES-2");
	assert_int_equal(r->requirements[1].level, RECIPE_MUST);
	assert_int_equal(r->requirements[2].level, RECIPE_COULD);
	assert_string_equal(r->requirements[3].id, "SPEED-1");
	says(f, "4 requirements are in an older format, without ids");
	says(f, "'### KEEPING-OF-NOTES-1 MUST The service MUST keep each note'");
}

static void templates_that_were_never_filled_in_are_placeholders(void **state)
{
	struct recipe_source s =
	    source("one",
	           "# T\n\n## Requirements\n- **t-fr-1** (MUST): Requirement 1\n"
	           "- **t-nfr-1** (MUST): Non-functional 1\n- **t-fr-2** (MUST): Be there\n",
	           NEEDS);
	struct recipe_set *set = made(&s, 1);

	(void)state;
	assert_int_equal(count(set, "placeholder"), 2);
	assert_false(set->sound);
}

static void bullets_beside_todays_requirements_are_text(void **state)
{
	struct recipe_source s = source(
	    "one", "# T\n\n## Requirements\n\n- These come first\n\n" NEW "- More of it\n", NEEDS);
	struct recipe_set *set = made(&s, 1);

	(void)state;
	assert_int_equal(set->recipes[0].n_requirements, 1);
	assert_string_equal(set->recipes[0].requirements[0].text, "More of it");
	assert_int_equal(set->n_findings, 0);
}

/* --- dependencies --------------------------------------------------------------------------- */

static void dependencies_as_an_object_are_read_and_rewritten(void **state)
{
	static const char needs[] =
	    "{\n  \"name\": \"desk\",\n  \"version\": \"0.3.0\",\n  \"dependencies\": {\n"
	    "    \"internal\": [\n"
	    "      {\"component\": \"lamp\", \"version\": \">=1\", \"required\": true},\n"
	    "      {\"component\": \"chair\", \"required\": false},\n"
	    "      {\"component\": \"nail\", \"required\": true}],\n"
	    "    \"external\": [{\"package\": \"glue\", \"version\": \">=3\"}]\n  },\n"
	    "  \"provides\": [{\"interface\": \"Top\", \"version\": \"1\"}]\n}\n";
	struct recipe_source s[] = { source("desk", NEW, needs),
		                     source("lamp", NEW,
		                            "{\"name\": \"lamp\", \"dependencies\": []}") };
	struct recipe_set *set = made(s, 2);
	const struct recipe *r = &set->recipes[0];
	const struct recipe_finding *f = find(set, "old-dependencies");

	(void)state;
	assert_int_equal(f->severity, RECIPE_WARNING);
	assert_int_equal(f->line, 4);
	says(f, "write \"dependencies\": [\"lamp\", \"nail\"]");
	says(f, "left out as optional: 'chair'");
	assert_int_equal(r->n_needs, 2);
	assert_string_equal(r->needs[0].name, "lamp");
	assert_int_equal(r->needs[0].recipe, 1);
	assert_string_equal(r->provides.at[0], "Top");
	f = find(set, "unknown-dependency");
	assert_int_equal(f->line, 8);
	assert_int_equal(f->column, 21);
	assert_int_equal(count(set, "old-member"), 2);
	assert_int_equal(count(set, "unknown-member"), 0);
}

static void a_list_of_packages_needs_no_recipe(void **state)
{
	struct recipe_source s =
	    source("one", NEW, "{\"python\": [\"glue>=1\"], \"system\": [\"paper\"]}");
	struct recipe_set *set = made(&s, 1);

	(void)state;
	assert_true(set->sound);
	assert_int_equal(set->recipes[0].n_needs, 0);
	says(find(set, "old-dependencies"), "write \"dependencies\": []");
	says(find(set, "missing-member"), "write \"name\": \"one\"");
	says(find(set, "old-member"), "'python', 'system'");
}

static void components_json_is_read_in_its_place(void **state)
{
	static const char components[] =
	    "{\"name\": \"one\", \"version\": \"1.0.0\", \"description\": \"Reads\",\n"
	    " \"type\": \"library\", \"language\": \"c\", \"dependencies\": [\"nix\"],\n"
	    " \"components\": [{\"name\": \"lines\", \"path\": \"src/lines.c\",\n"
	    "  \"exports\": [\"line_next\"]}], \"quality\": {\"coverage\": 95}}";
	struct recipe_source s = source("one", NEW, NULL);
	struct recipe_set *set;

	(void)state;
	s.components = components;
	s.components_size = strlen(components);
	s.has_yaml = true;
	set = made(&s, 1);
	assert_int_equal(count(set, "missing-file"), 0);
	assert_int_equal(count(set, "old-file"), 2);
	assert_string_equal(set->recipes[0].files.at[0], "src/lines.c");
	assert_string_equal(set->recipes[0].provides.at[0], "line_next");
	assert_string_equal(find(set, "unknown-dependency")->file, "recipes/one/components.json");
	assert_int_equal(find(set, "unknown-dependency")->line, 2);
}

static void names_in_another_spelling_are_known_again(void **state)
{
	struct recipe_source s[] = {
		source("desk", NEW, "{\"name\": \"desk\", \"dependencies\": [\"NightLamp\"]}"),
		source("night-lamp", NEW, "{\"name\": \"night-lamp\", \"dependencies\": []}"),
	};
	struct recipe_set *set = made(s, 2);

	(void)state;
	assert_true(set->sound);
	assert_int_equal(set->recipes[0].needs[0].recipe, 1);
	assert_int_equal(set->recipes[0].level, 1);
	says(find(set, "old-name"), "'NightLamp' is the recipe 'night-lamp'");
}

static void an_unfinished_merge_in_json_is_told_as_such(void **state)
{
	struct recipe_source s =
	    source("one", NEW, "{\n<<<<<<< mine\n}\n=======\n}\n>>>>>>> theirs\n");
	struct recipe_set *set = made(&s, 1);

	(void)state;
	assert_int_equal(find(set, "conflict-marker")->line, 2);
	assert_int_equal(count(set, "bad-json"), 0);
}

static void a_missing_recipe_is_named_with_the_way_to_it(void **state)
{
	struct recipe_source s[] = {
		source("desk", NEW, "{\"name\": \"desk\", \"dependencies\": [\"lamp\"]}"),
		source("lamp", NEW, "{\"name\": \"lamp\", \"dependencies\": [\"wire\"]}"),
	};
	struct recipe_set *set = made(s, 2);

	(void)state;
	says(find(set, "unknown-dependency"), "(desk needs lamp needs wire)");
}

/* --- patterns ------------------------------------------------------------------------------- */

#define DURABLE                                                                                    \
	"# Things that last\n\n### LAST-1 MUST {recipe} survives a kill\n- Criterion: 0 lost\n"    \
	"- Test: tests/{recipe}.c: survives\n"

static struct recipe_pattern pattern(const char *name, const char *bytes)
{
	return (struct recipe_pattern){ name, bytes, strlen(bytes) };
}

static void a_pattern_is_included_with_the_recipes_name(void **state)
{
	struct recipe_source s =
	    source("one",
	           "# One\n\n" NEW "\nInclude: patterns/last.md\n\n### A-2 MUST Stay\n"
	           "- Criterion: 2\n- Test: t.c: stays\n",
	           NEEDS);
	struct recipe_pattern p[] = { pattern("last.md", DURABLE) };
	struct recipe_set *set = with(&s, 1, p, 1);
	const struct recipe *r = &set->recipes[0];

	(void)state;
	assert_int_equal(set->n_findings, 0);
	assert_string_equal(r->title, "One");
	assert_int_equal(r->n_requirements, 3);
	assert_string_equal(r->requirements[1].title, "one survives a kill");
	assert_string_equal(r->requirements[1].tests[0].path, "tests/one.c");
	assert_string_equal(r->requirements[1].file, "patterns/last.md");
	assert_int_equal(r->requirements[1].line, 3);
	assert_int_equal(r->requirements[2].line, 9);
	assert_string_equal(r->patterns.at[0], "last.md");
}

static void mistakes_in_a_pattern_have_its_file_and_line(void **state)
{
	struct recipe_source s = source("one", NEW "\nInclude: `patterns/odd.md`\n", NEEDS);
	struct recipe_pattern p[] = { pattern("odd.md", "\n### ODD-1 MUST Be measured\n") };
	struct recipe_set *set = with(&s, 1, p, 1);

	(void)state;
	assert_string_equal(find(set, "no-criterion")->file, "recipes/patterns/odd.md");
	assert_int_equal(find(set, "no-criterion")->line, 2);
}

static void a_pattern_that_is_not_there_brings_the_nearest(void **state)
{
	struct recipe_source s = source("one", NEW "\nInclude: patterns/lost.md\n", NEEDS);
	struct recipe_pattern p[] = { pattern("last.md", DURABLE) };
	struct recipe_set *set = with(&s, 1, p, 1);

	(void)state;
	says(find(set, "unknown-pattern"), "'patterns/last.md'");
	assert_int_equal(find(set, "unknown-pattern")->line, 5);
	assert_false(set->sound);
}

static void patterns_that_include_each_other_are_told_with_their_path(void **state)
{
	struct recipe_source s = source("one", NEW "\nInclude: patterns/a.md\n", NEEDS);
	struct recipe_pattern p[] = { pattern("a.md", "Include: patterns/b.md\n"),
		                      pattern("b.md", "\nInclude: patterns/a.md\n") };
	struct recipe_set *set = with(&s, 1, p, 2);
	const struct recipe_finding *f = find(set, "include-cycle");

	(void)state;
	assert_string_equal(f->file, "recipes/patterns/b.md");
	assert_int_equal(f->line, 2);
	says(f, "includes patterns/a.md includes patterns/b.md includes patterns/a.md");
}

/* --- hashes --------------------------------------------------------------------------------- */

static const char *needs_json(const char *name, const char *needs)
{
	return text_printf(arena, "{\"name\":\"%s\",\"dependencies\":[%s]}", name, needs);
}

/* Which hashes differ, as letters. */
static const char *changed(const struct recipe_set *before, const struct recipe_set *after)
{
	const char *names = "";

	for (size_t i = 0; i < before->n_recipes; i++)
		if (strcmp(before->recipes[i].hash, after->recipes[i].hash) != 0)
			names = text_printf(arena, "%s%s", names, before->recipes[i].name);
	return names;
}

static void a_change_changes_the_hashes_of_exactly_its_dependents(void **state)
{
	struct recipe_source s[] = {
		source("a", NEW, needs_json("a", "")),
		source("b", NEW, needs_json("b", "\"a\"")),
		source("c", NEW "\nInclude: patterns/last.md\n", needs_json("c", "\"b\"")),
		source("d", NEW, needs_json("d", "")),
		source("e", NEW, needs_json("e", "\"d\",\"c\"")),
	};
	struct recipe_pattern p[] = { pattern("last.md", DURABLE) };
	struct recipe_set *set = with(s, 5, p, 1);

	(void)state;
	assert_string_equal(changed(set, with(s, 5, p, 1)), "");
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(strlen(set->recipes[i].hash), 64);
	s[0].design = DESIGN "And more.\n";
	s[0].design_size = strlen(s[0].design);
	assert_string_equal(changed(set, with(s, 5, p, 1)), "abce");
	s[0] = source("a", NEW, needs_json("a", ""));
	s[3].requirements = NEW "More.\n";
	s[3].requirements_size = strlen(s[3].requirements);
	assert_string_equal(changed(set, with(s, 5, p, 1)), "de");
	s[3] = source("d", NEW, needs_json("d", ""));
	p[0] = pattern("last.md", DURABLE "And more.\n");
	assert_string_equal(changed(set, with(s, 5, p, 1)), "ce");
}

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new((size_t)64 << 20);
	return arena == NULL;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bullets_with_bold_ids_and_levels_in_brackets_are_read),
		cmocka_unit_test(bullets_without_ids_get_them_from_their_headings),
		cmocka_unit_test(templates_that_were_never_filled_in_are_placeholders),
		cmocka_unit_test(bullets_beside_todays_requirements_are_text),
		cmocka_unit_test(dependencies_as_an_object_are_read_and_rewritten),
		cmocka_unit_test(a_list_of_packages_needs_no_recipe),
		cmocka_unit_test(components_json_is_read_in_its_place),
		cmocka_unit_test(names_in_another_spelling_are_known_again),
		cmocka_unit_test(an_unfinished_merge_in_json_is_told_as_such),
		cmocka_unit_test(a_missing_recipe_is_named_with_the_way_to_it),
		cmocka_unit_test(a_pattern_is_included_with_the_recipes_name),
		cmocka_unit_test(mistakes_in_a_pattern_have_its_file_and_line),
		cmocka_unit_test(a_pattern_that_is_not_there_brings_the_nearest),
		cmocka_unit_test(patterns_that_include_each_other_are_told_with_their_path),
		cmocka_unit_test(a_change_changes_the_hashes_of_exactly_its_dependents),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
