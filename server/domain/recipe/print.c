/* print.c - recipes as JSON for answers, and their graph for people. */
#include <string.h>

#include "base/text.h"
#include "domain/recipe/make.h"

static void put_texts(struct json_build *b, cJSON *to, const char *key,
                      const struct recipe_texts *texts)
{
	cJSON *list = json_put_array(b, to, key);

	for (size_t i = 0; i < texts->n; i++)
		json_add_text(b, list, texts->at[i]);
}

static void put_needs(struct json_build *b, cJSON *to, const struct recipe *r)
{
	cJSON *list = json_put_array(b, to, "dependencies");

	for (size_t i = 0; i < r->n_needs; i++)
		json_add_text(b, list, r->needs[i].name);
}

cJSON *recipe_summary_json(struct json_build *b, const struct recipe_set *set, size_t recipe,
                           const char *state)
{
	const struct recipe *r = &set->recipes[recipe];
	cJSON *to = json_object(b);
	size_t tested = 0, errors = 0;

	for (size_t i = 0; i < r->n_requirements; i++)
		tested += r->requirements[i].n_tests > 0;
	for (size_t i = 0; i < set->n_findings; i++)
		errors += set->findings[i].severity == RECIPE_ERROR &&
		          strcmp(set->findings[i].recipe, r->name) == 0;
	json_put_text(b, to, "name", r->name);
	json_put_text(b, to, "state", state);
	json_put_text(b, to, "title", r->title);
	put_needs(b, to, r);
	if (r->level != RECIPE_NONE)
		json_put_int(b, to, "level", (int64_t)r->level);
	json_put_int(b, to, "requirements", (int64_t)r->n_requirements);
	json_put_int(b, to, "tested", (int64_t)tested);
	json_put_int(b, to, "errors", (int64_t)errors);
	if (r->estimate_min > 0)
		json_put_int(b, to, "estimateMinutes", r->estimate_min);
	return to;
}

static void put_requirement(struct json_build *b, cJSON *list, const struct recipe_requirement *q)
{
	cJSON *to = json_add_object(b, list), *tests;

	json_put_text(b, to, "id", q->id);
	json_put_text(b, to, "level", recipe_level_word(q->level));
	json_put_text(b, to, "title", q->title);
	if (q->text[0] != '\0')
		json_put_text(b, to, "text", q->text);
	json_put_text(b, to, "criterion", q->criterion);
	tests = json_put_array(b, to, "tests");
	for (size_t i = 0; i < q->n_tests; i++) {
		cJSON *test = json_add_object(b, tests);

		json_put_text(b, test, "path", q->tests[i].path);
		json_put_text(b, test, "name", q->tests[i].name);
	}
	json_put_text(b, to, "file", q->file);
	json_put_int(b, to, "line", q->line);
}

cJSON *recipe_json(struct json_build *b, const struct recipe_set *set, size_t recipe)
{
	const struct recipe *r = &set->recipes[recipe];
	cJSON *to = json_object(b), *list, *scores;

	json_put_text(b, to, "name", r->name);
	json_put_text(b, to, "title", r->title);
	json_put_text(b, to, "about", r->about);
	json_put_text(b, to, "folder", r->folder);
	put_needs(b, to, r);
	if (r->level != RECIPE_NONE)
		json_put_int(b, to, "level", (int64_t)r->level);
	put_texts(b, to, "provides", &r->provides);
	put_texts(b, to, "files", &r->files);
	list = json_put_array(b, to, "gates");
	for (size_t i = 0; i < r->n_gates; i++)
		json_add_text(b, list, r->gates[i].line);
	put_texts(b, to, "patterns", &r->patterns);
	if (r->hash[0] != '\0')
		json_put_text(b, to, "hash", r->hash);
	if (r->estimate_min > 0)
		json_put_int(b, to, "estimateMinutes", r->estimate_min);
	if (r->technical > 0) {
		scores = json_put_object(b, to, "complexity");
		json_put_int(b, scores, "technical", r->technical);
		json_put_int(b, scores, "integration", r->integration);
		json_put_int(b, scores, "testing", r->testing);
		json_put_int(b, scores, "total", r->technical + r->integration + r->testing);
	}
	list = json_put_array(b, to, "requirements");
	for (size_t i = 0; i < r->n_requirements; i++)
		put_requirement(b, list, &r->requirements[i]);
	return to;
}

cJSON *recipe_finding_json(struct json_build *b, const struct recipe_finding *f)
{
	cJSON *to = json_object(b), *tasks;

	json_put_text(b, to, "code", f->code);
	json_put_text(b, to, "severity", recipe_severity_word(f->severity));
	json_put_text(b, to, "message", f->message);
	tasks = json_put_array(b, to, "tasks");
	json_add_text(b, tasks, f->recipe);
	json_put_text(b, to, "file", f->file);
	if (f->line > 0) {
		json_put_int(b, to, "line", f->line);
		json_put_int(b, to, "column", f->column);
	}
	return to;
}

/* Quotes and brackets would end a Mermaid label. */
static void add_label(struct text *t, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '"')
			text_add(t, "#quot;");
		else
			text_add_char(t, *s);
}

const char *recipe_mermaid(const struct recipe_set *set, struct arena *a)
{
	struct text t;
	const char *out;

	text_init(&t, TEXT_LIMIT);
	text_add(&t, "graph TD\n");
	for (size_t i = 0; i < set->n_recipes; i++) {
		text_addf(&t, "    %s[\"", set->recipes[i].name);
		add_label(&t, set->recipes[i].title);
		text_add(&t, "\"]\n");
	}
	for (size_t i = 0; i < set->n_recipes; i++)
		for (size_t k = 0; k < set->recipes[i].n_needs; k++)
			if (set->recipes[i].needs[k].recipe != RECIPE_NONE)
				text_addf(&t, "    %s --> %s\n", set->recipes[i].needs[k].name,
				          set->recipes[i].name);
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

static void pad(struct text *t, const char *s, size_t width)
{
	size_t n = strlen(s);

	text_add(t, s);
	for (; n < width; n++)
		text_add_char(t, ' ');
}

const char *recipe_table(const struct recipe_set *set, struct arena *a)
{
	size_t width = strlen("recipe");
	struct text t;
	const char *out;

	for (size_t i = 0; i < set->n_recipes; i++)
		if (strlen(set->recipes[i].name) > width)
			width = strlen(set->recipes[i].name);
	text_init(&t, TEXT_LIMIT);
	text_add(&t, "batch  ");
	pad(&t, "recipe", width);
	text_add(&t, "  needs\n");
	for (size_t i = 0; i < set->n_order; i++) {
		const struct recipe *r = &set->recipes[set->order[i]];

		text_addf(&t, "%5zu  ", r->level + 1);
		pad(&t, r->name, r->n_needs == 0 ? 0 : width);
		for (size_t k = 0; k < r->n_needs; k++)
			text_addf(&t, "%s%s", k == 0 ? "  " : ", ", r->needs[k].name);
		text_add_char(&t, '\n');
	}
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}
