/*
 * verify.c - which requirements hold: each by the tests it names, as their output says.
 *
 * Test programs say what passed in a few well-known ways; a line that says nothing is passed
 * over. A test that is named and did not run has not passed.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/recipe/make.h"
#include "domain/recipe/verdict.h"
#include "sys/fs.h"

#define SOURCE_MAX ((size_t)8 << 20)

enum result { PASSED, FAILED, SKIPPED };

struct outcome {
	const char *name; /* of a test, or the path of a file with some */
	size_t len;
	size_t words; /* its length as prose, `the name is a sentence`; 0: it is none */
	enum result result;
};

struct outcomes {
	struct outcome *items;
	size_t n, room;
	struct arena *a;
};

/* How a line says it: what stands before the name, what after it. */
static const struct form {
	const char *before, *after; /* after: NULL, the name ends at a blank; "" the line's end */
	enum result result;
} forms[] = {
	{ "ok ", NULL, PASSED }, /* TAP and plain */
	{ "not ok ", NULL, FAILED },
	{ "skip ", NULL, SKIPPED },
	{ "FAILED ", NULL, FAILED },
	{ "[       OK ] ", NULL, PASSED }, /* cmocka, gtest */
	{ "[  FAILED  ] ", NULL, FAILED },
	{ "[  SKIPPED ] ", NULL, SKIPPED },
	{ "--- PASS: ", NULL, PASSED }, /* go */
	{ "--- FAIL: ", NULL, FAILED },
	{ "--- SKIP: ", NULL, SKIPPED },
	{ "PASS: ", NULL, PASSED }, /* automake, dejagnu */
	{ "FAIL: ", NULL, FAILED },
	{ "SKIP: ", NULL, SKIPPED },
	{ "test ", " ... ok", PASSED }, /* cargo */
	{ "test ", " ... FAILED", FAILED },
	{ "test ", " ... ignored", SKIPPED },
	{ "", " PASSED", PASSED }, /* pytest -v */
	{ "", " FAILED", FAILED },
	{ "", " SKIPPED", SKIPPED },
};

static bool ends(const char *s, size_t n, const char *end, size_t *at)
{
	size_t len = strlen(end);

	for (size_t i = 0; i + len <= n; i++)
		if (memcmp(s + i, end, len) == 0) {
			*at = i;
			return true;
		}
	return false;
}

static void add(struct outcomes *o, const struct outcome *one)
{
	struct outcome *items;

	if (one->len == 0 ||
	    (items = list_room(o->a, o->items, o->n, &o->room, sizeof *items)) == NULL)
		return;
	o->items = items;
	items[o->n++] = *one;
}

/* `12 - name` of TAP: the name. */
static const char *without_number(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && isdigit((unsigned char)*p))
		p++;
	if (p == s || p == end || *p != ' ')
		return s;
	for (p++; p < end && (*p == '-' || *p == ' ');)
		p++;
	return p;
}

/* `ok 3 - name # SKIP why` passed nothing; a sentence ends at a colon or a remark. */
static void read_rest(struct outcome *one, const char *end)
{
	size_t n = (size_t)(end - one->name);

	for (size_t i = 0; i < n; i++) {
		if (one->name[i] == '#' && n - i > 5 &&
		    strncasecmp(one->name + i + 2, "skip", 4) == 0)
			one->result = SKIPPED;
		if (one->words == 0 && (one->name[i] == ':' || one->name[i] == '#'))
			one->words = i;
	}
	if (one->words == 0)
		one->words = n;
	while (one->words > 0 && one->name[one->words - 1] == ' ')
		one->words--;
}

static void read_line(struct outcomes *o, const char *s, const char *end)
{
	while (s < end && isspace((unsigned char)*s))
		s++;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t n = strlen(forms[i].before);
		struct outcome one = { .name = s + n, .result = forms[i].result };

		if ((size_t)(end - s) < n || memcmp(s, forms[i].before, n) != 0)
			continue;
		if (forms[i].after == NULL) {
			one.name = without_number(one.name, end);
			while (one.name + one.len < end && one.name[one.len] != ' ' &&
			       (one.name[one.len] != ':' || one.result != SKIPPED))
				one.len++;
			read_rest(&one, end);
		} else if (!ends(one.name, (size_t)(end - one.name), forms[i].after, &one.len)) {
			continue;
		}
		add(o, &one);
		return;
	}
}

static void read_output(struct outcomes *o, const char *bytes, size_t n)
{
	const char *end = bytes + n;

	while (bytes < end) {
		const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));

		stop = stop == NULL ? end : stop;
		read_line(o, bytes, stop);
		bytes = stop + 1;
	}
}

/* `the name is a sentence` is the_name_is_a_sentence. */
static bool is_sentence(const char *words, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words[i] != name[i] && (words[i] != ' ' || name[i] != '_'))
			return false;
	return true;
}

/* Is it the name, or does it end with it behind a mark: `tests/a.py::name`, `module::name`? */
static bool is_named(const struct outcome *o, const char *name)
{
	size_t n = strlen(name);

	if (o->words == n && is_sentence(o->name, name, n))
		return true;
	if (o->len < n || memcmp(o->name + o->len - n, name, n) != 0)
		return false;
	return o->len == n || strchr(":/.", o->name[o->len - n - 1]) != NULL;
}

static bool holds_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		if ((at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')) &&
		    !isalnum((unsigned char)at[n]) && at[n] != '_')
			return true;
	return false;
}

/* What the outcomes of that name come to together; false when there is none. */
static bool outcome(const struct outcomes *o, const char *name, enum recipe_shown *shown)
{
	bool seen[3] = { false };

	for (size_t i = 0; i < o->n; i++)
		if (is_named(&o->items[i], name))
			seen[o->items[i].result] = true;
	*shown = seen[FAILED] ? RECIPE_BROKEN : seen[PASSED] ? RECIPE_SHOWN : RECIPE_NOT_RUN;
	return seen[FAILED] || seen[PASSED] || seen[SKIPPED];
}

/* The outcome of a test by its name, else by its file when the file holds it. */
static enum recipe_shown shown(const struct outcomes *o, const char *root,
                               const struct recipe_test *test)
{
	enum recipe_shown how = RECIPE_NOT_RUN;
	struct fs_bytes source;
	struct err why;

	if (test->name != NULL && outcome(o, test->name, &how))
		return how;
	if (fs_read_under(root, text_printf(o->a, "%s/%s", root, test->path), SOURCE_MAX, o->a,
	                  &source, &why) != OK)
		return RECIPE_TEST_ABSENT;
	if (test->name != NULL && !holds_word(source.bytes, test->name))
		return RECIPE_TEST_ABSENT;
	(void)outcome(o, test->path, &how);
	return how;
}

enum status recipe_verify(const struct recipe_set *set, const char *root,
                          const struct recipe_output *output, struct recipe_verdicts *out,
                          struct err *err)
{
	struct outcomes o = { .a = set->a };
	size_t room = 0;

	*out = (struct recipe_verdicts){ 0 };
	read_output(&o, output->bytes, output->size);
	out->outcomes = o.n;
	for (size_t i = 0; i < set->n_recipes; i++)
		for (size_t k = 0; k < set->recipes[i].n_requirements; k++) {
			const struct recipe_requirement *q = &set->recipes[i].requirements[k];
			struct recipe_verdict *items =
			    list_room(set->a, out->items, out->n, &room, sizeof *items);

			if (items == NULL)
				return err_nomem(err, "the verdicts");
			out->items = items;
			items[out->n] = (struct recipe_verdict){ .recipe = i,
				                                 .requirement = k,
				                                 .met = q->n_tests > 0 };
			items[out->n].tests =
			    arena_take(set->a, (q->n_tests + 1) * sizeof *items->tests);
			if (items[out->n].tests == NULL)
				return err_nomem(err, "the verdicts");
			for (size_t t = 0; t < q->n_tests; t++) {
				items[out->n].tests[t] = shown(&o, root, &q->tests[t]);
				items[out->n].met =
				    items[out->n].met && items[out->n].tests[t] == RECIPE_SHOWN;
			}
			out->n++;
		}
	return arena_failed(set->a) ? err_nomem(err, "the verdicts") : OK;
}

/* Is the path one of those in the list, or in a folder that is? */
static bool lies_below(const struct recipe_texts *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++) {
		size_t n = strlen(list->at[i]);

		while (n > 0 && list->at[i][n - 1] == '/')
			n--;
		if (strncmp(list->at[i], path, n) == 0 && (path[n] == '\0' || path[n] == '/'))
			return true;
	}
	return false;
}

static int by_length(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	size_t m = strlen(*x), n = strlen(*y);

	return m < n ? -1 : m > n;
}

enum status recipe_stubs(const struct recipe_set *set, size_t chosen, const char *root,
                         struct arena *a, struct stubs *out, struct err *err)
{
	struct recipe_texts all = { 0 }, done = { 0 };
	enum status st = OK;

	for (size_t i = 0; i < set->n_recipes; i++)
		for (size_t k = 0; k < set->recipes[i].files.n; k++)
			if (chosen == RECIPE_NONE || chosen == i)
				recipe_texts_add(&all, a, set->recipes[i].files.at[k],
				                 strlen(set->recipes[i].files.at[k]));
	if (all.n > 0) /* folders before what lies in them */
		qsort(all.at, all.n, sizeof *all.at, by_length);
	for (size_t i = 0; st == OK && i < all.n; i++) {
		if (lies_below(&done, all.at[i]))
			continue;
		st = stub_walk(root, all.at[i], a, out, err);
		recipe_texts_add(&done, a, all.at[i], strlen(all.at[i]));
	}
	if (st == OK && arena_failed(a))
		st = err_nomem(err, "what is not written");
	return st;
}

const char *recipe_shown_word(enum recipe_shown shown_by)
{
	static const char *const words[] = { "passed", "failed", "not run", "absent" };

	return words[shown_by];
}
