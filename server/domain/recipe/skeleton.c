/*
 * skeleton.c - what can be derived from requirements: test files to begin with, and a recipe to
 * fill in. A test that was only begun fails, so that nothing is met by it.
 */
#include <string.h>

#include "base/text.h"
#include "domain/recipe/make.h"
#include "sys/fs.h"

#define SKELETONS_MAX ((size_t)16 << 10) /* bytes of them in a task's text */

/* How a test file begins, how each test in it is written, how it ends; %N the name, %W words. */
struct form {
	const char *ending, *fence;
	const char *head, *test, *foot;
};

static const struct form forms[] = {
	{ ".py", "python", "", "def %N():\n    raise AssertionError(\"not shown yet: %W\")\n\n\n",
	  "" },
	{ ".sh", "sh", "#!/bin/sh\n", "echo \"not ok %N\" # not shown yet: %W\n", "exit 1\n" },
	{ ".js", "js", "import test from 'node:test';\n\n",
	  "test('%N', () => {\n\tthrow new Error('not shown yet: %W');\n});\n", "" },
	{ ".mjs", "js", "import test from 'node:test';\n\n",
	  "test('%N', () => {\n\tthrow new Error('not shown yet: %W');\n});\n", "" },
	{ ".ts", "ts", "import test from 'node:test';\n\n",
	  "test('%N', () => {\n\tthrow new Error('not shown yet: %W');\n});\n", "" },
	{ "_test.go", "go", "import \"testing\"\n\n",
	  "func %N(t *testing.T) {\n\tt.Fatal(\"not shown yet: %W\")\n}\n\n", "" },
	{ ".rs", "rust", "", "#[test]\nfn %N() {\n    panic!(\"not shown yet: %W\");\n}\n\n", "" },
	{ ".java", "java", "",
	  "@Test\nvoid %N() {\n    org.junit.jupiter.api.Assertions.fail(\"not shown yet: "
	  "%W\");\n}\n\n",
	  "" },
	{ ".c", "c",
	  "#include <setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n#include <cmocka.h>\n\n",
	  "static void %N(void **state)\n{\n\t(void)state;\n\tfail_msg(\"not shown yet: "
	  "%W\");\n}\n\n",
	  "" },
};

static const struct form *form_of(const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t len = strlen(forms[i].ending);

		if (n > len && strcmp(path + n - len, forms[i].ending) == 0)
			return &forms[i];
	}
	return NULL;
}

/* What the test has to show, without what would end a text of any language. */
static void add_words(struct text *t, const struct recipe_requirement *q)
{
	const char *s = q->criterion == NULL ? q->title : q->criterion;

	text_addf(t, "%s ", q->id);
	for (; *s != '\0'; s++)
		if (strchr("\"'\\`\n%$", *s) == NULL)
			text_add_char(t, *s);
}

static void add_test(struct text *t, const struct form *form, const char *name,
                     const struct recipe_requirement *q)
{
	for (const char *s = form->test; *s != '\0'; s++) {
		if (*s == '%' && s[1] == 'N') {
			text_add(t, name);
			s++;
		} else if (*s == '%' && s[1] == 'W') {
			add_words(t, q);
			s++;
		} else {
			text_add_char(t, *s);
		}
	}
}

/* cmocka wants its tests listed; the others find them. */
static void add_list(struct text *t, const struct recipe_texts *names)
{
	text_add(t, "int main(void)\n{\n\tconst struct CMUnitTest tests[] = {\n");
	for (size_t i = 0; i < names->n; i++)
		text_addf(t, "\t\tcmocka_unit_test(%s),\n", names->at[i]);
	text_add(t, "\t};\n\n\treturn cmocka_run_group_tests(tests, NULL, NULL);\n}\n");
}

static bool is_among(const struct recipe_texts *texts, const char *s)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->at[i], s) == 0)
			return true;
	return false;
}

/* One file with all the tests that any requirement of the recipe names in it. */
static void add_file(const struct recipe_set *set, const struct recipe *r, const char *path,
                     struct text *t)
{
	const struct form *form = form_of(path);
	struct recipe_texts names = { 0 };

	text_addf(t, "\n%s\n\n```%s\n%s", path, form->fence, form->head);
	for (size_t i = 0; i < r->n_requirements; i++) {
		const struct recipe_requirement *q = &r->requirements[i];

		for (size_t k = 0; k < q->n_tests; k++) {
			const struct recipe_test *test = &q->tests[k];

			if (test->name == NULL || strcmp(test->path, path) != 0 ||
			    is_among(&names, test->name))
				continue;
			recipe_texts_add(&names, set->a, test->name, strlen(test->name));
			add_test(t, form, test->name, q);
		}
	}
	text_add(t, form->foot);
	if (strcmp(form->ending, ".c") == 0)
		add_list(t, &names);
	text_add(t, "```\n");
}

void recipe_skeletons(const struct recipe_set *set, const struct recipe *r, const char *root,
                      struct text *to)
{
	struct recipe_texts files = { 0 };
	struct text t;

	text_init(&t, SKELETONS_MAX);
	for (size_t i = 0; i < r->n_requirements; i++)
		for (size_t k = 0; k < r->requirements[i].n_tests; k++) {
			const struct recipe_test *test = &r->requirements[i].tests[k];
			const char *whole = text_printf(set->a, "%s/%s", root, test->path);

			if (whole == NULL || test->name == NULL || form_of(test->path) == NULL ||
			    is_among(&files, test->path) || fs_kind(whole) != FS_NOTHING)
				continue;
			recipe_texts_add(&files, set->a, test->path, strlen(test->path));
			add_file(set, r, test->path, &t);
		}
	if (t.len > 0 && !t.failed)
		text_addf(
		    to,
		    "\n\nThese test files are not there yet. They can begin like this; a test "
		    "fails until it shows its requirement.\n%s",
		    text_string(&t));
	text_done(&t);
}

/* --- a new recipe --------------------------------------------------------------------------- */

static enum status check_new(const struct recipe_set *set, const char *name,
                             const char *const *needs, struct err *err)
{
	const char *nearest = NULL;

	if (!recipe_is_name(name) || strcmp(name, "patterns") == 0 || strlen(name) > 100)
		return err_set(err, E_INPUT,
		               "'%.100s' is no name for a recipe; use a-z, 0-9 and '-', a letter "
		               "first",
		               name);
	if (recipe_find(set, name, NULL) != RECIPE_NONE)
		return err_set(err, E_INPUT, "there is a recipe '%s' already; nothing was written",
		               name);
	for (size_t i = 0; needs[i] != NULL; i++)
		if (recipe_find(set, needs[i], &nearest) == RECIPE_NONE)
			return err_set(err, E_INPUT, "no recipe is called '%s'%s%s%s", needs[i],
			               nearest == NULL ? "; 'list' has them all"
			                               : "; did you mean '",
			               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
	return OK;
}

static enum status write_one(const char *folder, const char *file, const struct text *t,
                             struct arena *a, struct err *err)
{
	const char *path = text_printf(a, "%s/%s", folder, file);

	if (path == NULL || t->failed)
		return err_nomem(err, "a new recipe");
	return fs_write(path, text_string(t), t->len, 0644, err);
}

static enum status write_requirements(const char *folder, const char *name, struct arena *a,
                                      struct err *err)
{
	struct text t;
	enum status st;

	text_init(&t, TEXT_LIMIT);
	text_addf(&t,
	          "# %s\n\nTODO: what it is for, in a sentence or two.\n\n## Requirements\n\n### ",
	          name);
	for (const char *s = name; *s != '\0'; s++)
		text_add_char(&t, (char)(*s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s));
	text_addf(&t,
	          "-1 MUST TODO: what must hold\n\nTODO: what it means.\n\n"
	          "- Criterion: TODO: what is measured\n- Test: tests/test_%s: TODO\n",
	          name);
	st = write_one(folder, "requirements.md", &t, a, err);
	text_done(&t);
	return st;
}

static enum status write_dependencies(const char *folder, const char *name,
                                      const char *const *needs, struct arena *a, struct err *err)
{
	struct text t;
	enum status st;

	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "{\n  \"name\": \"%s\",\n  \"dependencies\": [", name);
	for (size_t i = 0; needs[i] != NULL; i++)
		text_addf(&t, "%s\"%s\"", i == 0 ? "" : ", ", needs[i]);
	text_add(&t, "],\n  \"provides\": [],\n  \"files\": [],\n  \"gates\": []\n}\n");
	st = write_one(folder, "dependencies.json", &t, a, err);
	text_done(&t);
	return st;
}

enum status recipe_new(const struct recipe_set *set, const char *root, const char *name,
                       const char *const *needs, struct err *err)
{
	const char *folder = text_printf(set->a, "%s/recipes/%s", root, name);
	enum status st = check_new(set, name, needs, err);
	struct text t;

	if (st != OK)
		return st;
	if (folder == NULL)
		return err_nomem(err, "a new recipe");
	if (fs_kind(folder) != FS_NOTHING)
		return err_set(err, E_INPUT, "'%s' is there already; nothing was written", folder);
	if ((st = fs_make_folders(folder, 0777, err)) != OK)
		return st;
	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "# How: %s\n\nTODO: how the requirements are met.\n", name);
	if ((st = write_requirements(folder, name, set->a, err)) == OK &&
	    (st = write_one(folder, "design.md", &t, set->a, err)) == OK)
		st = write_dependencies(folder, name, needs, set->a, err);
	text_done(&t);
	if (st != OK)
		(void)fs_remove_tree(root, folder, NULL); /* half a recipe is none */
	return st;
}
