/* recipes_verify.c - which requirements hold, and what is not written yet. */
#include <string.h>

#include "base/text.h"
#include "domain/project.h"
#include "domain/recipe/verdict.h"
#include "handlers/recipes.h"

#define STUBS_SHOWN 20

static void put_verdict(struct recipes_work *w, cJSON *list, const struct recipe_verdict *v)
{
	const struct recipe *r = &w->set->recipes[v->recipe];
	const struct recipe_requirement *q = &r->requirements[v->requirement];
	cJSON *to = json_add_object(&w->b, list), *tests;

	json_put_text(&w->b, to, "recipe", r->name);
	json_put_text(&w->b, to, "id", q->id);
	json_put_text(&w->b, to, "level", recipe_level_word(q->level));
	json_put_flag(&w->b, to, "met", v->met);
	if (v->met)
		return;
	tests = json_put_array(&w->b, to, "tests");
	for (size_t i = 0; i < q->n_tests; i++)
		json_add_text(&w->b, tests,
		              text_printf(w->call->arena, "%s%s%s: %s", q->tests[i].path,
		                          q->tests[i].name == NULL ? "" : ": ",
		                          q->tests[i].name == NULL ? "" : q->tests[i].name,
		                          recipe_shown_word(v->tests[i])));
}

/* The first of them; all are counted. */
static void put_stubs(struct recipes_work *w, const struct stubs *stubs)
{
	cJSON *list = json_put_array(&w->b, w->answer, "stubs");

	for (size_t i = 0; i < stubs->n && (i < STUBS_SHOWN || w->call->answer_max == SIZE_MAX);
	     i++) {
		cJSON *to = json_add_object(&w->b, list);

		json_put_text(&w->b, to, "file", stubs->items[i].file);
		json_put_int(&w->b, to, "line", stubs->items[i].line);
		json_put_int(&w->b, to, "column", stubs->items[i].column);
		json_put_text(&w->b, to, "kind", stub_words(stubs->items[i].kind));
		json_put_text(&w->b, to, "text", stubs->items[i].words);
	}
	json_put_int(&w->b, w->answer, "stubsFound", (int64_t)stubs->total);
	json_put_int(&w->b, w->answer, "filesScanned", (int64_t)stubs->files);
}

enum status recipes_verify(struct recipes_work *w)
{
	struct call *call = w->call;
	struct recipe_verdicts verdicts;
	struct recipe_output output = { 0 };
	struct stubs stubs = { 0 };
	int64_t met = 0, n = 0, must = 0;
	enum status st = recipes_need_some(w);
	cJSON *list;

	if (st == OK)
		st = recipe_results(call->project, w->want->results, &call->stop, call->arena,
		                    &output, &call->err);
	if (st == OK)
		st = recipe_verify(w->set, call->project->root, &output, &verdicts, &call->err);
	if (st == OK)
		st = recipe_stubs(w->set, w->chosen, call->project->root, call->arena, &stubs,
		                  &call->err);
	if (st != OK)
		return st;
	list = json_put_array(&w->b, w->answer, "requirements");
	for (size_t i = 0; i < verdicts.n; i++) {
		const struct recipe_verdict *v = &verdicts.items[i];
		const struct recipe *r = &w->set->recipes[v->recipe];

		if (!recipes_is_wanted(w, r->name))
			continue;
		n++;
		met += v->met;
		must += !v->met && r->requirements[v->requirement].level == RECIPE_MUST;
		put_verdict(w, list, v);
	}
	json_put_int(&w->b, w->answer, "met", met);
	json_put_int(&w->b, w->answer, "of", n);
	json_put_int(&w->b, w->answer, "testResults", (int64_t)verdicts.outcomes);
	put_stubs(w, &stubs);
	json_put_flag(&w->b, w->answer, "sound", must == 0 && stubs.total == 0);
	return OK;
}
