/* planner.c - words for a model, and what of its answer is a plan. */
#include "domain/plan/planner.h"

#include <string.h>

#include "base/list.h"
#include "base/text.h"

#define WRONG_MAX  20   /* errors named in one round */
#define TEXTS_MAX  2000 /* pieces of text in an assistant's lines */
#define DEPTH_MAX  6
#define LEAST_TEXT 2

static const char rules[] =
    "The plan is JSON of this shape:\n"
    "{\"title\": \"...\", \"tasks\": [{\"id\": \"short-slug\", \"title\": \"...\",\n"
    " \"description\": \"all that an agent needs who sees nothing else\", \"dependsOn\": "
    "[\"ids\"],\n"
    " \"estimateMinutes\": 30, \"files\": [\"paths it will change\"],\n"
    " \"acceptance\": [\"what must be true when it is done, best as a command that exits "
    "0\"]}]}\n\n"
    "Rules:\n"
    "- A task is a piece of work that one agent finishes and proves by itself, 15 minutes to "
    "4 hours.\n"
    "- dependsOn names only what a task cannot begin without. Every edge costs parallel time; "
    "leave out what follows from another edge.\n"
    "- Tasks without a path between them run at the same time, so they must not change the same "
    "files. Split by file, or put an edge.\n"
    "- Put what several tasks agree on (interfaces, schemas) into one small task that comes "
    "first.\n"
    "- Estimate honestly; the critical path and the speedup are computed from it.\n";

const char *planner_rules(struct arena *a)
{
	return text_dup(a, rules);
}

const char *planner_ask(struct arena *a, const char *goal)
{
	return text_printf(
	    a,
	    "Write a plan for this goal:\n\n%s\n\n%s\n"
	    "Look at the project first if you can; change nothing in it. Answer with "
	    "the JSON alone.",
	    goal, rules);
}

const char *planner_ask_again(struct arena *a, const char *goal, const char *answer,
                              const char *wrong)
{
	size_t n = text_utf8_cut(answer, strlen(answer), (size_t)64 << 10);

	return text_printf(a,
	                   "A plan was asked for this goal:\n\n%s\n\n%s\n"
	                   "The answer was:\n\n%.*s\n\n"
	                   "It cannot be taken:\n%s\n"
	                   "Answer with the whole plan, mended, as JSON alone.",
	                   goal, rules, (int)n, answer, wrong);
}

/* --- the plan among other words ------------------------------------------------------------- */

/* From the first brace to the last; false when there is none. */
static bool braces(const char *s, const char **from, size_t *n)
{
	const char *first = strchr(s, '{'), *last = strrchr(s, '}');

	if (first == NULL || last == NULL || last < first)
		return false;
	*from = first;
	*n = (size_t)(last - first) + 1;
	return true;
}

/* The first object in s that has tasks: alone, in a code block, or after some words. */
static cJSON *plan_in(const char *s, struct err *why)
{
	const char *from, *at = s;
	cJSON *json = NULL;
	size_t n;

	if (!braces(s, &from, &n)) {
		(void)err_set(why, E_INPUT, "there is no JSON in it");
		return NULL;
	}
	if (json_read(from, n, &json, why) == OK) {
		if (cJSON_IsArray(json_get(json, "tasks")))
			return json;
		(void)err_set(why, E_INPUT, "the JSON has no array 'tasks'");
		cJSON_Delete(json);
		return NULL;
	}
	/* braces in the words around it: each code block by itself */
	while ((at = strstr(at, "```")) != NULL) {
		const char *body = at + 3 + strcspn(at + 3, "\n"), *end = strstr(body, "```");

		if (end == NULL)
			break;
		json = NULL;
		if (json_read(body, (size_t)(end - body), &json, NULL) == OK &&
		    cJSON_IsArray(json_get(json, "tasks")))
			return json;
		cJSON_Delete(json);
		at = end + 3;
	}
	return NULL;
}

struct texts {
	struct arena *a;
	const char **at;
	size_t n, room;
};

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX */
static void texts_of(struct texts *t, const cJSON *value, size_t depth)
{
	static const char *const keys[] = { "result", "text", "response", "content" };
	const cJSON *child;

	cJSON_ArrayForEach(child, value) {
		bool says = child->string == NULL;

		for (size_t i = 0; child->string != NULL && i < sizeof keys / sizeof *keys; i++)
			says = says || strcmp(child->string, keys[i]) == 0;
		if (says && cJSON_IsString(child) && strlen(child->valuestring) >= LEAST_TEXT) {
			const char **at = list_room(t->a, t->at, t->n, &t->room, sizeof *at);

			if (at == NULL || t->n >= TEXTS_MAX)
				return;
			t->at = at;
			at[t->n++] = text_dup(t->a, child->valuestring);
		} else if (depth < DEPTH_MAX) {
			texts_of(t, child, depth + 1);
		}
	}
}

/* What an assistant said, out of the JSON lines in which it says so. */
static void lines_read(struct texts *t, const char *answer)
{
	for (const char *s = answer; *s != '\0';) {
		size_t n = strcspn(s, "\n");
		cJSON *line = NULL;

		if (n > LEAST_TEXT && s[0] == '{' && json_read(s, n, &line, NULL) == OK)
			texts_of(t, line, 0);
		cJSON_Delete(line);
		s += n + (s[n] == '\n');
	}
}

/* In the answer itself, else in what its lines say: the last first, then all of it in a row. */
static cJSON *find(const char *answer, struct arena *a, struct err *why)
{
	struct texts said = { .a = a };
	struct err first = { OK, "" };
	struct text whole;
	cJSON *json = plan_in(answer, &first);

	*why = first;
	if (json != NULL)
		return json;
	lines_read(&said, answer);
	for (size_t i = said.n; json == NULL && i-- > 0;)
		if (said.at[i] != NULL && strstr(said.at[i], "\"tasks\"") != NULL)
			json = plan_in(said.at[i], why);
	text_init(&whole, PLANNER_ANSWER_MAX);
	for (size_t i = 0; json == NULL && i < said.n; i++)
		text_add(&whole, said.at[i] == NULL ? "" : said.at[i]);
	if (json == NULL && said.n > 1 && strstr(text_string(&whole), "\"tasks\"") != NULL)
		json = plan_in(text_string(&whole), why);
	text_done(&whole);
	return json;
}

/* --- what is wrong with it ------------------------------------------------------------------- */

static const char *errors_of(const struct plan *p, struct arena *a)
{
	struct text t;
	const char *out;
	size_t n = 0;

	text_init(&t, TEXT_LIMIT);
	for (size_t i = 0; i < p->n_findings; i++)
		if (p->findings[i].severity == PLAN_ERROR && n++ < WRONG_MAX)
			text_addf(&t, "- %s [%s]\n", p->findings[i].message, p->findings[i].code);
	if (n > WRONG_MAX)
		text_addf(&t, "- and %zu more\n", n - WRONG_MAX);
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

enum status planner_read(const char *answer, const struct plan_options *options, struct arena *a,
                         struct plan **out, const char **wrong, struct err *err)
{
	struct err why = { OK, "" };
	struct plan *p = NULL;
	cJSON *json = find(answer, a, &why);
	enum status st = json == NULL ? why.code : OK;

	if (st == OK && json == NULL)
		st = err_set(&why, E_INPUT, "there is no plan in it");
	if (st == OK)
		st = plan_from_json(json, options, a, &p, &why);
	cJSON_Delete(json);
	if (arena_failed(a) || st == E_NOMEM)
		return err_nomem(err, "a plan");
	if (st == OK && p->sound) {
		*out = p;
		return OK;
	}
	*wrong = st == OK ? errors_of(p, a) : text_printf(a, "- %s\n", why.text);
	if (*wrong == NULL)
		return err_nomem(err, "a plan");
	return err_set(err, E_INPUT, "the plan that was written has errors:\n%.400s", *wrong);
}
