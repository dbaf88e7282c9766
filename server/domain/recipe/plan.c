/* plan.c - recipes as a plan: a task for each component, its tests before its code. */
#include <string.h>

#include "base/text.h"
#include "domain/recipe/make.h"

enum status recipe_mark(const struct recipe_set *set, size_t chosen, bool *marks, struct err *err)
{
	size_t *stack = arena_take(set->a, (set->n_recipes + 1) * sizeof *stack), n = 0;

	if (stack == NULL)
		return err_nomem(err, "a plan");
	for (size_t i = 0; i < set->n_recipes; i++)
		marks[i] = chosen == RECIPE_NONE;
	if (chosen == RECIPE_NONE)
		return OK;
	marks[chosen] = true;
	stack[n++] = chosen;
	while (n > 0) {
		const struct recipe *r = &set->recipes[stack[--n]];

		for (size_t k = 0; k < r->n_needs; k++) {
			size_t need = r->needs[k].recipe;

			if (need == RECIPE_NONE || marks[need])
				continue;
			marks[need] = true;
			stack[n++] = need;
		}
	}
	return OK;
}

enum status recipe_check_sound(const struct recipe_set *set, const bool *marks, struct err *err)
{
	const struct recipe_finding *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < set->n_findings; i++) {
		size_t at = recipe_find(set, set->findings[i].recipe, NULL);

		if (set->findings[i].severity != RECIPE_ERROR || at == RECIPE_NONE || !marks[at])
			continue;
		first = first == NULL ? &set->findings[i] : first;
		n++;
	}
	if (first == NULL)
		return OK;
	return err_set(err, E_INPUT,
	               "the recipes have %zu error%s ('validate' lists them); %s:%ld: %s", n,
	               n == 1 ? "" : "s", first->file, first->line, first->message);
}

static void put_texts(struct json_build *b, cJSON *to, const char *key,
                      const struct recipe_texts *texts)
{
	cJSON *list = json_put_array(b, to, key);

	for (size_t i = 0; i < texts->n; i++)
		json_add_text(b, list, texts->at[i]);
}

static void add_tests(struct text *t, const struct recipe_requirement *q)
{
	for (size_t i = 0; i < q->n_tests; i++)
		text_addf(t, "%s%s%s%s", i == 0 ? "; shown by " : ", ", q->tests[i].path,
		          q->tests[i].name == NULL ? "" : ": ",
		          q->tests[i].name == NULL ? "" : q->tests[i].name);
}

static void add_by_hand(struct text *t, const struct recipe_texts *files)
{
	if (files->n == 0)
		return;
	text_add(t,
	         "\n\nA person changed these files after they were built; keep these changes:\n");
	for (size_t i = 0; i < files->n; i++)
		text_addf(t, "\n- %s", files->at[i]);
}

static void put_description(struct json_build *b, cJSON *task, const struct recipe_set *set,
                            size_t at, const struct recipe_plan_want *want)
{
	const struct recipe *r = &set->recipes[at];
	struct text t;

	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "%s\n\nHow is said in %s/design.md. Requirements (%s/requirements.md):\n",
	          r->about, r->folder, r->folder);
	for (size_t i = 0; i < r->n_requirements; i++) {
		const struct recipe_requirement *q = &r->requirements[i];

		text_addf(&t, "\n- %s %s %s%s%s", q->id, recipe_level_word(q->level), q->title,
		          q->text[0] == '\0' ? "" : ": ", q->text);
	}
	if (want->by_hand != NULL)
		add_by_hand(&t, &want->by_hand[at]);
	if (want->root != NULL)
		recipe_skeletons(set, r, want->root, &t);
	b->failed = b->failed || t.failed;
	json_put_text(b, task, "description", text_string(&t));
	text_done(&t);
}

static void put_acceptance(struct json_build *b, cJSON *task, const struct recipe *r)
{
	cJSON *list = json_put_array(b, task, "acceptance");

	for (size_t i = 0; i < r->n_requirements; i++) {
		const struct recipe_requirement *q = &r->requirements[i];
		struct text t;

		text_init(&t, TEXT_LIMIT);
		text_addf(&t, "%s: %s", q->id, q->criterion == NULL ? q->title : q->criterion);
		add_tests(&t, q);
		b->failed = b->failed || t.failed;
		json_add_text(b, list, text_string(&t));
		text_done(&t);
	}
}

static void put_steps(struct json_build *b, cJSON *task, const struct recipe *r)
{
	cJSON *list = json_put_array(b, task, "steps");

	json_add_text(b, list, "write the tests that the requirements name, and see them fail");
	json_add_text(b, list, "write the component until they pass");
	for (size_t i = 0; i < r->n_gates; i++) {
		struct text t;

		text_init(&t, TEXT_LIMIT);
		text_addf(&t, "run `%s`; it must succeed", r->gates[i].line);
		b->failed = b->failed || t.failed;
		json_add_text(b, list, text_string(&t));
		text_done(&t);
	}
}

/* The gates of a recipe that is built here, else the recipe's own task, in a list of needs. */
static void add_need(struct json_build *b, cJSON *list, const struct recipe *r,
                     const struct recipe_plan_want *want)
{
	json_add_text(b, list, r->name);
	for (size_t i = 0; want->shell != NULL && i < r->n_gates; i++) {
		struct text t;

		text_init(&t, TEXT_LIMIT);
		text_addf(&t, "%s" RECIPE_GATE_MARK "%zu", r->name, i + 1);
		b->failed = b->failed || t.failed;
		json_add_text(b, list, text_string(&t));
		text_done(&t);
	}
}

static void put_task(struct json_build *b, cJSON *list, const struct recipe_set *set, size_t at,
                     const struct recipe_plan_want *want)
{
	const struct recipe *r = &set->recipes[at];
	cJSON *task = json_add_object(b, list), *needs, *scores;

	json_put_text(b, task, "id", r->name);
	json_put_text(b, task, "title", r->title);
	json_put_text(b, task, "kind", "feature");
	put_description(b, task, set, at, want);
	put_acceptance(b, task, r);
	put_steps(b, task, r);
	put_texts(b, task, "files", &r->files);
	needs = json_put_array(b, task, "dependsOn");
	for (size_t i = 0; i < r->n_needs; i++)
		if (r->needs[i].recipe != RECIPE_NONE && want->marks[r->needs[i].recipe])
			add_need(b, needs, &set->recipes[r->needs[i].recipe], want);
	if (r->estimate_min > 0)
		json_put_int(b, task, "estimateMinutes", r->estimate_min);
	if (r->technical == 0)
		return;
	scores = json_put_object(b, task, "complexity");
	json_put_int(b, scores, "technical", r->technical);
	json_put_int(b, scores, "integration", r->integration);
	json_put_int(b, scores, "testing", r->testing);
}

/* A gate as a task: a command that the shell agent runs on what was merged. */
static void put_gates(struct json_build *b, cJSON *list, const struct recipe *r, const char *shell)
{
	for (size_t i = 0; i < r->n_gates; i++) {
		cJSON *task = json_add_object(b, list), *words;
		struct text id, title;

		text_init(&id, TEXT_LIMIT);
		text_init(&title, TEXT_LIMIT);
		text_addf(&id, "%s" RECIPE_GATE_MARK "%zu", r->name, i + 1);
		text_addf(&title, "%s: %s", r->name, r->gates[i].line);
		b->failed = b->failed || id.failed || title.failed;
		json_put_text(b, task, "id", text_string(&id));
		json_put_text(b, task, "title", text_string(&title));
		json_put_text(b, task, "kind", "test");
		json_put_text(b, task, "agent", shell);
		words = json_put_array(b, task, "command");
		for (size_t k = 0; r->gates[i].argv[k] != NULL; k++)
			json_add_text(b, words, r->gates[i].argv[k]);
		words = json_put_array(b, task, "dependsOn");
		json_add_text(b, words, r->name);
		json_put_int(b, task, "estimateMinutes", 1);
		text_done(&id);
		text_done(&title);
	}
}

enum status recipe_plan(const struct recipe_set *set, const struct recipe_plan_want *want,
                        struct arena *a, struct plan **out, struct err *err)
{
	const struct plan_options options = { .origin = "recipes" };
	struct json_build b = { 0 };
	cJSON *json = NULL, *root, *list;
	enum status st = recipe_check_sound(set, want->marks, err);

	if (st != OK)
		return st;
	root = json_object(&b);
	json_put_text(&b, root, "title", want->title == NULL ? "Recipes" : want->title);
	list = json_put_array(&b, root, "tasks");
	for (size_t i = 0; i < set->n_order; i++) {
		if (!want->marks[set->order[i]])
			continue;
		put_task(&b, list, set, set->order[i], want);
		if (want->shell != NULL)
			put_gates(&b, list, &set->recipes[set->order[i]], want->shell);
	}
	if ((st = json_built(&b, root, &json, err)) == OK)
		st = plan_from_json(json, &options, a, out, err);
	cJSON_Delete(json);
	return st;
}
