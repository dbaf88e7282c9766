/*
 * A goal in one line becomes a draft of a plan: what kind of work it is decides the steps, what
 * it enumerates becomes tasks side by side. A draft says so in a finding; nobody should take it
 * for more.
 */
#include <string.h>

#include "base/text.h"
#include "domain/plan/ground.h"
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

/*
 * What kind of work a clause is: by the verb that leads it, else by its words. `Build ... with
 * tests` is building.
 */
static const char *kind_for(const struct score_words *known, const char *words)
{
	static const char *const building[] = { "add",       "build",   "implement", "create",
		                                "introduce", "support", "make" };
	size_t n = strcspn(words, " ");
	const char *kind;
	char verb[24];

	if (n > 0 && n < sizeof verb) {
		memcpy(verb, words, n);
		verb[n] = '\0';
		for (size_t i = 0; i < sizeof building / sizeof *building; i++)
			if (text_same(building[i], verb))
				return "feature";
		kind = score_kind(known, verb);
		if (strcmp(kind, "feature") != 0)
			return kind;
	}
	return score_kind(known, words);
}

static const struct template *template_for(const struct score_words *known, const char *words)
{
	const char *kind = kind_for(known, words);

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

	memset(parts, 0, PARTS_MAX * sizeof *parts);
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
		parts[n].words = draft_copy(a, s + from, i - from);
		n += parts[n].words[0] != '\0'; /* `and then and then`: nothing between */
		from = i + skip;
		i = from - 1;
	}
	parts[n].words = draft_copy(a, s + from, strlen(s + from));
	return n + (n == 0 || parts[n].words[0] != '\0');
}

/* Bytes of one thing at s: up to a comma or an `and`, two words at most; *last: more words follow.
 */
static size_t thing_len(const char *s, bool *last)
{
	const char *and = strstr(s, " and ");
	size_t len = strcspn(s, ","), words = 1;

	if (and != NULL && (size_t)(and-s) < len)
		len = (size_t)(and-s);
	*last = false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] != ' ')
			continue;
		/* more than two words in the end are no longer the thing */
		if (++words > 2 || strncmp(s + i, " with ", 6) == 0 ||
		    strncmp(s + i, " in ", 4) == 0) {
			*last = true;
			return i;
		}
	}
	return len;
}

/* `... for users, orders and products`: what stands in a row of three or more, or after `for`. */
static void things(struct arena *a, struct part *part)
{
	const char *s = part->words, *from = strchr(s, ',');
	const char *pieces[PARTS_MAX];
	bool last = false;
	size_t n = 0;

	if (from == NULL)
		return;
	/* the first thing is the last word before the first comma */
	while (from > s && from[-1] != ' ')
		from--;
	while (*from != '\0' && n < PARTS_MAX && !last) {
		size_t len;

		from += strncmp(from, "and ", 4) == 0 ? 4 : 0;
		len = thing_len(from, &last);
		/* every template has its tests and documents */
		if (strncasecmp(from, "test", 4) != 0 && strncasecmp(from, "doc", 3) != 0)
			pieces[n++] = draft_copy(a, from, len);
		from += len;
		from += strspn(from, ", ");
	}
	if (n < 3 && !(n == 2 && strstr(s, " for ") != NULL))
		return;
	memcpy(part->things, pieces, n * sizeof *pieces);
	part->n_things = n;
}

/* How this project tells that such a step is done. */
static void step_proof(struct draft *d, struct draft_task *t, const struct step *step)
{
	static const char *const proved[] = { "test", "fix", "refactor", "performance", "upgrade" };
	const struct plan_ground *g = d->options->ground;
	const char *command = NULL, *kind = step->kind;

	/* what reproduces a fault fails at first */
	if (g == NULL || strcmp(step->id, "reproduce") == 0)
		return;
	for (size_t i = 0; i < sizeof proved / sizeof *proved; i++)
		if (strcmp(proved[i], kind) == 0)
			command = g->test;
	if (strcmp(kind, "feature") == 0 || strcmp(kind, "migration") == 0 ||
	    strcmp(kind, "setup") == 0)
		command = g->build == NULL ? g->test : g->build;
	if (command != NULL)
		draft_text(d->a, &t->t.acceptance, text_printf(d->a, "`%s` exits 0", command));
}

static void step_task(struct draft *d, const struct step *step, const struct part *part,
                      const char *thing)
{
	struct draft_task *t = draft_task(d, "", 0);
	const char *what = thing == NULL ? part->words : thing;

	t->t.title = text_printf(d->a, "%s: %s", step->title, what);
	t->t.description = thing == NULL
	                       ? text_printf(d->a, "%s. The goal: %s.", step->title, part->words)
	                       : text_printf(d->a, "%s %s, as a part of the goal: %s.", step->title,
	                                     thing, part->words);
	t->t.id =
	    thing == NULL ? step->id : name_slug(text_printf(d->a, "%s %s", step->id, thing), d->a);
	t->t.kind = step->kind;
	step_proof(d, t, step);
	if (t->t.title == NULL || t->t.description == NULL)
		t->t.title = t->t.description = "";
}

/* Does a clause of its own ask for what the step would do? */
static bool asked_for(const struct score_words *known, const struct part *parts, size_t n,
                      const char *kind)
{
	for (size_t i = 1; i < n && (strcmp(kind, "docs") == 0 || strcmp(kind, "test") == 0); i++)
		if (strcmp(kind_for(known, parts[i].words), kind) == 0)
			return true;
	return false;
}

/* The tasks from..to of each step. */
struct made {
	size_t from[STEPS_MAX], to[STEPS_MAX];
};

/* Every task of the nth step waits for every task of the steps it needs. */
static void steps_join(struct draft *d, const struct template *plan, const struct made *made,
                       size_t nth)
{
	for (size_t earlier = 0; earlier < nth; earlier++) {
		if ((plan->steps[nth].needs & 1u << earlier) == 0)
			continue;
		for (size_t x = made->from[earlier]; x < made->to[earlier]; x++)
			for (size_t y = made->from[nth]; y < made->to[nth]; y++)
				draft_edge(d, x, y, PLAN_INFERRED, 0);
	}
}

/* The steps of the first clause, by its template. */
static void steps_make(struct draft *d, const struct score_words *known, const struct part *parts,
                       size_t n_parts)
{
	const struct template *plan = template_for(known, parts[0].words);
	struct made made = { { 0 }, { 0 } };

	for (size_t n = 0; n < STEPS_MAX && plan->steps[n].id != NULL; n++) {
		const struct step *step = &plan->steps[n];
		size_t copies = step->each && parts[0].n_things > 0 ? parts[0].n_things : 1;

		made.from[n] = d->n_tasks;
		if (n > 0 && asked_for(known, parts, n_parts, step->kind))
			copies = 0;
		for (size_t k = 0; k < copies; k++)
			step_task(d, step, &parts[0], copies > 1 ? parts[0].things[k] : NULL);
		made.to[n] = d->n_tasks;
		steps_join(d, plan, &made, n);
	}
}

/* Clauses that follow are one task each, after all that ends before them. */
static void clause_task(struct draft *d, const struct score_words *known, const struct part *part)
{
	size_t before = d->n_tasks;
	struct draft_task *t = draft_task(d, part->words, 0);

	t->t.kind = kind_for(known, part->words);
	for (size_t i = 0; i < before; i++) {
		bool last = true;

		for (size_t k = 0; k < d->n_edges; k++)
			last = last && d->edges[k].from != i;
		if (last)
			draft_edge(d, i, t->index, PLAN_INFERRED, 0);
	}
}

enum status plan_from_goal(const char *goal, const struct plan_options *options, struct arena *a,
                           struct plan **out, struct err *err)
{
	const struct score_words *known = score_words_new(a);
	struct draft *d = draft_new(a, options);
	struct part parts[PARTS_MAX];
	size_t n;

	if (d == NULL || known == NULL)
		return err_nomem(err, "a plan");
	if (strlen(goal) > GOAL_MAX)
		return err_set(
		    err, E_INPUT,
		    "the goal has %zu bytes; up to %d are a goal, more is a document: give "
		    "it as 'document'",
		    strlen(goal), GOAL_MAX);
	if (goal[strspn(goal, " \t\r\n.,;:!?-")] == '\0')
		return err_set(err, E_INPUT,
		               "the goal is empty; say what should be true in the end");
	d->title = draft_copy(a, goal, strcspn(goal, "\n"));
	d->stated = d->goal = true;
	n = clauses(a, d->title, parts);
	things(a, &parts[0]);
	steps_make(d, known, parts, n);
	for (size_t i = 1; i < n; i++)
		clause_task(d, known, &parts[i]);
	if (d->options->ground != NULL && d->options->ground->test != NULL)
		draft_text(d->a, &d->gates, d->options->ground->test);
	draft_find(d, "draft", PLAN_INFO, 0,
	           "this is a draft from one line, by a template for '%s'; read it before it is "
	           "run%s%s%s",
	           template_for(known, parts[0].words)->kind, options->instead == NULL ? "" : " (",
	           options->instead == NULL ? "" : options->instead,
	           options->instead == NULL ? "" : ")");
	return plan_finish(d, out, err);
}
