/*
 * A goal in one line becomes a draft of a plan: what kind of work it is decides the steps, what
 * it enumerates becomes tasks side by side. A draft says so in a finding; nobody should take it
 * for more.
 */
#include <string.h>

#include "base/text.h"
#include "domain/plan/name.h"
#include "domain/plan/read.h"
#include "domain/plan/score.h"

#define GOAL_MAX  4096
#define PARTS_MAX 12 /* clauses, and things enumerated in one */
#define STEPS_MAX 8

struct step {
	const char *id, *title; /* title: before the goal's own words */
	const char *kind;
	unsigned needs; /* bits of earlier steps */
	bool each;      /* once for every thing that is enumerated */
};

struct template
{
	const char *kind;
	struct step steps[STEPS_MAX];
};

static const struct template templates[] = {
	{ "feature",
	  { { "design", "Design", "design", 0, false },
	    { "implement", "Implement", "feature", 1, true },
	    { "test", "Test", "test", 2, false },
	    { "document", "Document", "docs", 2, false },
	    { "review", "Review", "chore", 12, false } } },
	{ "fix",
	  { { "reproduce", "Reproduce with a failing test", "test", 0, false },
	    { "diagnose", "Find the cause", "design", 1, false },
	    { "fix", "Fix", "fix", 2, true },
	    { "verify", "Verify, and run all tests", "test", 4, false } } },
	{ "refactor",
	  { { "pin", "Pin today's behaviour with tests", "test", 0, false },
	    { "refactor", "Restructure", "refactor", 1, true },
	    { "verify", "Verify that behaviour is unchanged", "test", 2, false } } },
	{ "docs",
	  { { "outline", "Outline", "docs", 0, false },
	    { "write", "Write", "docs", 1, true },
	    { "examples", "Run every example", "test", 2, false },
	    { "review", "Review", "chore", 4, false } } },
	{ "test",
	  { { "survey", "Find what is untested", "test", 0, false },
	    { "write", "Write the tests", "test", 1, true },
	    { "gate", "Run them on every change", "setup", 2, false } } },
	{ "migration",
	  { { "inventory", "List what has to move", "design", 0, false },
	    { "design", "Design the way there and back", "design", 1, false },
	    { "migrate", "Migrate", "migration", 2, true },
	    { "data", "Move the data, on a copy first", "migration", 4, false },
	    { "verify", "Compare old and new", "test", 8, false },
	    { "remove", "Remove what is no longer used", "chore", 16, false } } },
	{ "performance",
	  { { "measure", "Measure before", "test", 0, false },
	    { "profile", "Find what costs most", "design", 1, false },
	    { "improve", "Improve", "performance", 2, true },
	    { "compare", "Measure again and compare", "test", 4, false } } },
	{ "upgrade",
	  { { "changes", "Read what changed", "design", 0, false },
	    { "upgrade", "Upgrade", "upgrade", 1, true },
	    { "repair", "Repair what broke", "fix", 2, false },
	    { "verify", "Run all tests", "test", 4, false } } },
	{ "setup",
	  { { "set-up", "Set up", "setup", 0, true },
	    { "verify", "Verify on a clean machine", "test", 1, false },
	    { "document", "Document", "docs", 1, false } } },
	{ "design",
	  { { "research", "Gather facts", "design", 0, true },
	    { "compare", "Compare the ways to do it", "design", 1, false },
	    { "decide", "Decide and write down why", "docs", 2, false } } },
	{ "chore", { { "do", "Do", "chore", 0, true }, { "verify", "Verify", "test", 1, false } } },
};

struct part {
	const char *words;
	const char *things[PARTS_MAX]; /* what it enumerates; none: the whole */
	size_t n_things;
};

static const struct template *template_for(struct arena *a, const char *words)
{
	const struct score_words *known = score_words_new(a);
	const char *kind = known == NULL ? "feature" : score_kind(known, words);

	for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
		if (strcmp(templates[i].kind, kind) == 0)
			return &templates[i];
	return &templates[0];
}

/* Does s begin with one of the words that say "afterwards"? Its length. */
static size_t then_at(const char *s)
{
	static const char *const words[] = { ", and then ", ", then ", " and then ", "; then ",
		                             ". Then ",     "; ",      " then " };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncasecmp(s, words[i], strlen(words[i])) == 0)
			return strlen(words[i]);
	return 0;
}

/* Words that make a clause of their own after a comma: `..., benchmark it, and document it`. */
static bool begins_with_verb(const char *s)
{
	static const char *const verbs[] = {
		"add",     "build",    "create",    "implement", "write",   "fix",     "refactor",
		"remove",  "delete",   "document",  "test",      "deploy",  "migrate", "benchmark",
		"measure", "optimize", "configure", "set up",    "upgrade", "replace", "update",
		"verify",  "design",   "release",   "publish",   "rename",  "move",    "port",
	};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		size_t n = strlen(verbs[i]);

		if (strncasecmp(s, verbs[i], n) == 0 &&
		    (s[n] == ' ' || s[n] == '\0' || s[n] == ','))
			return true;
	}
	return false;
}

/* The goal in clauses that follow each other. */
static size_t clauses(struct arena *a, const char *s, struct part parts[PARTS_MAX])
{
	size_t n = 0, from = 0, i = 0;

	for (; s[i] != '\0' && n + 1 < PARTS_MAX; i++) {
		size_t skip = then_at(s + i);

		if (skip == 0 && strncasecmp(s + i, ", and ", 6) == 0 &&
		    begins_with_verb(s + i + 6))
			skip = 6;
		if (skip == 0 && strncmp(s + i, ", ", 2) == 0 && begins_with_verb(s + i + 2))
			skip = 2;
		if (skip == 0 && strncasecmp(s + i, " and ", 5) == 0 && begins_with_verb(s + i + 5))
			skip = 5;
		if (skip == 0)
			continue;
		parts[n++] = (struct part){ .words = draft_copy(a, s + from, i - from) };
		from = i + skip;
		i = from - 1;
	}
	parts[n++] = (struct part){ .words = draft_copy(a, s + from, strlen(s + from)) };
	return n;
}

/* `... for users, orders and products`: what stands in a row of three or more, or after `for`. */
static void things(struct arena *a, struct part *part)
{
	const char *s = part->words, *comma = strchr(s, ','), *from;
	const char *pieces[PARTS_MAX];
	size_t n = 0;

	if (comma == NULL)
		return;
	/* the first thing is the last word before the first comma */
	from = comma;
	while (from > s && from[-1] != ' ')
		from--;
	while (*from != '\0' && n < PARTS_MAX) {
		const char *and = strstr(from, " and ");
		size_t len = strcspn(from, ",");
		bool last = false;

		if (strncmp(from, "and ", 4) == 0) {
			from += 4;
			len = strcspn(from, ",");
		} else if (and != NULL && (size_t)(and-from) < len) {
			len = (size_t)(and-from);
		}
		/* more than two words in the end are no longer the thing */
		for (size_t i = 0, words = 1; i < len && !last; i++)
			if (from[i] == ' ' && (++words > 2 || strncmp(from + i, " with ", 6) == 0 ||
			                       strncmp(from + i, " in ", 4) == 0)) {
				len = i;
				last = true;
			}
		pieces[n++] = draft_copy(a, from, len);
		from += len;
		from += strspn(from, ", ");
		if (last)
			break;
	}
	if (n < 3 && !(n == 2 && strstr(s, " for ") != NULL))
		return;
	memcpy(part->things, pieces, n * sizeof *pieces);
	part->n_things = n;
}

static size_t step_task(struct draft *d, const struct step *step, const struct part *part,
                        const char *thing, bool many)
{
	struct draft_task *t = draft_task(d, "", 0);

	t->t.title = text_printf(d->a, "%s: %s", step->title, thing == NULL ? part->words : thing);
	t->t.description = thing == NULL
	                       ? text_printf(d->a, "%s. The goal: %s.", step->title, part->words)
	                       : text_printf(d->a, "%s %s, as a part of the goal: %s.", step->title,
	                                     thing, part->words);
	t->t.id = thing != NULL || many
	              ? name_slug(text_printf(d->a, "%s %s", step->id,
	                                      thing == NULL ? part->words : thing),
	                          d->a)
	              : step->id;
	t->t.kind = step->kind;
	if (t->t.title == NULL || t->t.description == NULL)
		t->t.title = t->t.description = "";
	return t->index;
}

/* The steps of one clause; its first wait for the last ones of the clause before. */
static void part_tasks(struct draft *d, const struct part *part, bool many, size_t *first,
                       size_t *last)
{
	const struct template *plan = template_for(d->a, part->words);
	size_t from[STEPS_MAX], to[STEPS_MAX], n = 0;

	*first = d->n_tasks;
	for (; n < STEPS_MAX && plan->steps[n].id != NULL; n++) {
		const struct step *step = &plan->steps[n];
		size_t copies = step->each && part->n_things > 0 ? part->n_things : 1;

		from[n] = d->n_tasks;
		for (size_t k = 0; k < copies; k++)
			(void)step_task(d, step, part, copies > 1 ? part->things[k] : NULL, many);
		to[n] = d->n_tasks;
		for (size_t earlier = 0; earlier < n; earlier++)
			for (size_t x = from[earlier];
			     (step->needs & 1u << earlier) && x < to[earlier]; x++)
				for (size_t y = from[n]; y < to[n]; y++)
					draft_edge(d, x, y, PLAN_INFERRED, 0);
	}
	*last = d->n_tasks;
}

/* Does anything come before this task already? */
static bool has_need(const struct draft *d, size_t task)
{
	for (size_t i = 0; i < d->n_edges; i++)
		if (d->edges[i].to == task)
			return true;
	return false;
}

enum status plan_from_goal(const char *goal, const struct plan_options *options, struct arena *a,
                           struct plan **out, struct err *err)
{
	struct draft *d = draft_new(a, options);
	struct part parts[PARTS_MAX];
	size_t n, first = 0, last = 0;

	if (d == NULL)
		return err_nomem(err, "a plan");
	if (strlen(goal) > GOAL_MAX)
		return err_set(err, E_INPUT,
		               "the goal has %zu bytes; up to %d are a goal, more is a "
		               "document: give it as 'document'",
		               strlen(goal), GOAL_MAX);
	if (goal[strspn(goal, " \t\r\n.,;:!?-")] == '\0')
		return err_set(err, E_INPUT,
		               "the goal is empty; say what should be true in the end");
	d->title = draft_copy(a, goal, strcspn(goal, "\n"));
	d->stated = true;
	n = clauses(a, d->title, parts);
	for (size_t i = 0; i < n; i++) {
		things(a, &parts[i]);
		part_tasks(d, &parts[i], n > 1, &first, &last);
		/* the clause before ends with its last step */
		for (size_t k = first; i > 0 && k < last && !has_need(d, k); k++)
			draft_edge(d, first - 1, k, PLAN_INFERRED, 0);
	}
	draft_find(
	    d, "draft", PLAN_INFO, 0,
	    "this is a draft from one line, by a template for '%s'; read it before it is run",
	    template_for(a, parts[0].words)->kind);
	return plan_finish(d, out, err);
}
