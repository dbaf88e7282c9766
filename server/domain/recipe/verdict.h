/*
 * verdict.h - which requirements hold, by what their named tests said. Any thread.
 */
#ifndef DOMAIN_RECIPE_VERDICT_H
#define DOMAIN_RECIPE_VERDICT_H

#include "domain/project.h"
#include "domain/recipe.h"
#include "domain/recipe/stub.h"

/* How a named test came out. */
enum recipe_shown { RECIPE_SHOWN, RECIPE_BROKEN, RECIPE_NOT_RUN, RECIPE_TEST_ABSENT };

struct recipe_verdict {
	size_t recipe, requirement;
	enum recipe_shown *tests; /* one for each test that the requirement names */
	bool met;                 /* it names tests, and all of them have passed */
};

struct recipe_verdicts {
	struct recipe_verdict *items; /* every requirement of every recipe, in order */
	size_t n;
	size_t outcomes; /* results of tests that were found in the output */
};

struct recipe_output {
	const char *bytes;
	size_t size;
};

/*
 * Judge every requirement by the output of test programs. A test counts by its name; where
 * the output tells only of files, by its file, when that holds a test of the name.
 */
enum status recipe_verify(const struct recipe_set *set, const char *root,
                          const struct recipe_output *output, struct recipe_verdicts *out,
                          struct err *err);

/* That the chosen recipe (RECIPE_NONE: each) was verified, as an event with its numbers. */
enum status recipe_tell_verdicts(struct project *p, const struct recipe_set *set, size_t chosen,
                                 const struct recipe_verdicts *verdicts, const atomic_bool *stop,
                                 struct err *err);

/* What tests said: the file at path, below the project's root. */
enum status recipe_results(struct project *p, const char *path, struct arena *a,
                           struct recipe_output *out, struct err *err);

/*
 * What is not written yet in the files of the chosen recipe (RECIPE_NONE: of all): each file once,
 * however many recipes name it.
 */
enum status recipe_stubs(const struct recipe_set *set, size_t chosen, const char *root,
                         struct arena *a, struct stubs *out, struct err *err);

const char *recipe_shown_word(enum recipe_shown shown);

#endif
