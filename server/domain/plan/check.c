#include "domain/plan/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/resolve.h"
#include "domain/plan/write.h"

#define LARGE_MIN   480 /* more than a day's work in one task */
#define SMALL_MIN   15
#define LARGE_FILES 15
#define RENAMES_MAX 20   /* rounds of making ids unique */
#define EACH_MAX    10   /* findings of a mild kind, before they are counted */
#define REACH_MAX   2000 /* searches through the graph */

static const struct check_code codes[] = {
	{ "dependency-cycle", PLAN_ERROR, false, "tasks wait for each other in a circle",
	  "A depends on B, B on C and C on A" },
	{ "unknown-dependency", PLAN_ERROR, true, "a task depends on something that is no task",
	  "T031 depends on T30, and there is only T030" },
	{ "duplicate-id", PLAN_ERROR, true,
	  "two tasks have the same id (or, as a warning, the same title)",
	  "two rows with the id T4" },
	{ "self-edge", PLAN_ERROR, true, "a task depends on itself", "T7 depends on T7" },
	{ "sources-disagree", PLAN_WARNING, true, "one source has a dependency that another lacks",
	  "the diagram has an arrow that the table has not" },
	{ "batch-breaks-dependency", PLAN_WARNING, false,
	  "a batch holds a task and what it depends on",
	  "batch 3 runs memory and framework at once, but framework depends on memory" },
	{ "critical-path-misstated", PLAN_WARNING, true,
	  "the stated critical path is not the longest",
	  "stated: 32 h; the longest path takes 40 h" },
	{ "total-misstated", PLAN_WARNING, true, "a stated sum is not the sum",
	  "total: 60 h over 68 h" },
	{ "speedup-impossible", PLAN_WARNING, true,
	  "more speedup is promised than the graph allows", "3-5x promised, 1.70x possible" },
	{ "file-conflict", PLAN_WARNING, false, "tasks that may run at once name the same file",
	  "T002 [P] and T003 [P] both edit src/map.ts" },
	{ "likely-conflict", PLAN_INFO, false,
	  "tasks that may run at once will likely change the same file, by the history",
	  "T002 and T003 name no file; commits like both changed src/map.ts" },
	{ "missing-estimate", PLAN_WARNING, false, "tasks without an estimate",
	  "8 h for some, none for T4" },
	{ "complexity-disagrees", PLAN_INFO, true, "a level in words and a score do not fit",
	  "`High` in one table, 9 of 30 in another" },
	{ "redundant-edge", PLAN_INFO, false, "a dependency that others imply",
	  "A -> C beside A -> B -> C" },
	{ "acceptance-missing", PLAN_WARNING, false,
	  "tasks that do not say what must be true when they are done",
	  "T1 has acceptance criteria, T2 has none" },
	{ "requirement-without-task", PLAN_WARNING, true, "a requirement that no task speaks of",
	  "FR-001 and FR-003 are named by tasks, FR-002 is not" },
	{ "task-too-large", PLAN_INFO, false, "a task of more than a day, or of many files",
	  "10 h" },
	{ "task-too-small", PLAN_INFO, false, "a task of less than a quarter of an hour", "5 min" },
	{ "order-assumed", PLAN_INFO, true, "no dependencies are stated; what was assumed instead",
	  "a numbered list" },
	{ "diagram-turned", PLAN_INFO, true, "the arrows point from a task to what it depends on",
	  "API --> Schema, and the table says that API depends on Schema" },
	{ "not-read", PLAN_INFO, true,
	  "a part of the document that might be tasks and was not read so",
	  "check boxes beside a table of tasks" },
	{ "several-plans", PLAN_INFO, true, "the file holds several plans; one was read",
	  "tags in a task-master file" },
	{ "draft", PLAN_INFO, true, "the plan was made from a goal in one line",
	  "add a login page" },
	{ "ignored-value", PLAN_WARNING, true, "a value that could not be used",
	  "estimateMinutes: \"soon\"" },
};

const struct check_code *check_code_find(const char *code)
{
	for (size_t i = 0; code != NULL && i < sizeof codes / sizeof *codes; i++)
		if (strcmp(codes[i].code, code) == 0)
			return &codes[i];
	return NULL;
}

const struct check_code *check_codes(size_t *n)
{
	*n = sizeof codes / sizeof *codes;
	return codes;
}

struct by_id {
	const char *id;
	size_t task;
};

static int id_order(const void *a, const void *b)
{
	const struct by_id *x = a, *y = b;
	int order = strcasecmp(x->id, y->id);

	return order != 0 ? order : x->task < y->task ? -1 : x->task > y->task;
}

/* A second task with an id gets one of its own, so that the plan can be shown. */
static void twice(struct draft *d, struct draft_task *first, struct draft_task *again, size_t nth)
{
	const char *id = again->t.id;
	bool own = first->own_id && again->own_id;
	struct plan_finding *f;

	if (own)
		f = draft_find(
		    d, "duplicate-id", PLAN_ERROR, again->t.line,
		    "the id '%s' is given twice, to '%s' (line %ld) and to '%s'; give one "
		    "of them another",
		    id, first->t.title, first->t.line, again->t.title);
	else
		f = draft_find(
		    d, "duplicate-id", PLAN_WARNING, again->t.line,
		    "two tasks are called '%s'; the one of line %ld is listed as '%s-%zu'",
		    first->t.title, again->t.line, id, nth);
	draft_text(d->a, &f->tasks, id);
	again->t.id = text_printf(d->a, "%s-%zu", id, nth);
	if (again->t.id == NULL)
		again->t.id = "";
}

/* `x-2` for a second `x` may be taken as well: its number in the plan is not, at most a few times.
 */
static void renamed_again(struct draft *d, struct draft_task *t)
{
	const char *id = text_printf(d->a, "%s-%zu", t->t.id, t->index + 1);

	t->t.id = id == NULL ? "" : id;
}

/* In order, as most documents number their tasks: then none is there twice. */
static bool ascends(const struct draft *d)
{
	size_t i = 1;

	while (i < d->n_tasks && strcasecmp(d->tasks[i - 1]->t.id, d->tasks[i]->t.id) < 0)
		i++;
	return i >= d->n_tasks;
}

void check_ids(struct draft *d)
{
	struct by_id *all;
	bool again;

	if (ascends(d))
		return;
	all = arena_take(d->a, (d->n_tasks + 1) * sizeof *all);
	again = all != NULL;
	for (size_t pass = 0; again && pass < RENAMES_MAX; pass++) {
		size_t nth = 1;

		again = false;
		for (size_t i = 0; i < d->n_tasks; i++)
			all[i] = (struct by_id){ d->tasks[i]->t.id, i };
		qsort(all, d->n_tasks, sizeof *all, id_order);
		for (size_t i = 1; i < d->n_tasks; i++) {
			nth = strcasecmp(all[i].id, all[i - 1].id) == 0 ? nth + 1 : 1;
			if (nth == 1)
				continue;
			again = true;
			if (pass == 0)
				twice(d, d->tasks[all[i + 1 - nth].task], d->tasks[all[i].task],
				      nth);
			else
				renamed_again(d, d->tasks[all[i].task]);
		}
	}
}

/* The edge of a cycle that is least to be trusted: assumed before said, prose before tables. */
static size_t weakest(const struct draft *d, const size_t *cycle, size_t len)
{
	static const unsigned worth[] = { PLAN_INFERRED, PLAN_ORDER, PLAN_BATCH, PLAN_PHRASE,
		                          PLAN_DIAGRAM,  PLAN_TABLE, PLAN_FIELD };
	size_t best = 0, least = 100;

	for (size_t k = 0; k < len; k++)
		for (size_t i = 0; i < d->n_edges; i++) {
			size_t value = 0;

			if (d->edges[i].from != cycle[k] || d->edges[i].to != cycle[(k + 1) % len])
				continue;
			for (size_t w = 0; w < sizeof worth / sizeof *worth; w++)
				value += d->edges[i].sources & worth[w] ? w + 1 : 0;
			if (value < least) {
				least = value;
				best = k;
			}
		}
	return best;
}

void check_cycle(struct draft *d, const struct graph *g)
{
	size_t *cycle = NULL, len = 0, drop;
	struct plan_finding *f;
	struct text words;
	long line = 0;

	if (!graph_cycle(g, d->a, &cycle, &len) || len < 2)
		return;
	drop = weakest(d, cycle, len);
	text_init(&words, TEXT_LIMIT);
	/* in words: each waits for the one before it, so it is told backwards */
	for (size_t k = len; k-- > 0;) {
		if (len - k <= EACH_MAX)
			text_addf(&words, "'%s' waits for ", d->tasks[cycle[k]]->t.id);
		else if (len - k == EACH_MAX + 1)
			text_addf(&words, "... (%zu more) ", len - EACH_MAX);
	}
	text_addf(&words, "'%s' again", d->tasks[cycle[len - 1]]->t.id);
	for (size_t i = 0; i < d->n_edges; i++)
		if (d->edges[i].from == cycle[drop] && d->edges[i].to == cycle[(drop + 1) % len])
			line = d->edges[i].line;
	f = draft_find(d, "dependency-cycle", PLAN_ERROR, line,
	               "%zu tasks wait for each other: %s; drop the dependency of '%s' on '%s' to "
	               "break it",
	               len, text_string(&words), d->tasks[cycle[(drop + 1) % len]]->t.id,
	               d->tasks[cycle[drop]]->t.id);
	for (size_t k = 0; k < len; k++)
		draft_text(d->a, &f->tasks, d->tasks[cycle[k]]->t.id);
	text_done(&words);
}

static const char *id_of(const struct check *c, size_t i)
{
	return c->p->tasks[i].id;
}

/* Edges of one kind of source as a graph of their own. */
static bool graph_of(struct check *c, unsigned sources, struct graph *g)
{
	struct graph_edge *edges = arena_take(c->d->a, (c->p->n_edges + 1) * sizeof *edges);
	size_t m = 0;

	for (size_t i = 0; edges != NULL && i < c->p->n_edges; i++)
		if (c->p->edges[i].sources & sources)
			edges[m++] = (struct graph_edge){ c->p->edges[i].from, c->p->edges[i].to };
	return edges != NULL && graph_build(g, c->p->n_tasks, edges, m, c->d->a);
}

static void disagree(struct check *c, const struct plan_edge *e, bool in_diagram)
{
	struct plan_finding *f =
	    draft_find(c->d, "sources-disagree", PLAN_WARNING, e->line,
	               "only %s that '%s' depends on '%s' (line %ld); %s not; it is kept",
	               in_diagram                ? "the diagram says"
	               : e->sources & PLAN_TABLE ? "the table says"
	                                         : "the text says",
	               id_of(c, e->to), id_of(c, e->from), e->line,
	               in_diagram ? "the other sources do" : "the diagram does");

	draft_text(c->d->a, &f->tasks, id_of(c, e->from));
	draft_text(c->d->a, &f->tasks, id_of(c, e->to));
}

/* Where a diagram and a table both tell of a task, they should tell the same. */
static void check_sources(struct check *c)
{
	const unsigned told = PLAN_TABLE | PLAN_FIELD | PLAN_PHRASE;
	struct graph diagram, words;
	size_t searches = 0;

	if (!c->d->diagram || !graph_of(c, PLAN_DIAGRAM, &diagram) || !graph_of(c, told, &words) ||
	    diagram.m == 0 || words.m == 0)
		return;
	for (size_t i = 0; i < c->p->n_edges && searches < REACH_MAX; i++) {
		const struct plan_edge *e = &c->p->edges[i];
		const struct draft_task *from = c->d->tasks[e->from], *to = c->d->tasks[e->to];
		bool in_diagram = (e->sources & PLAN_DIAGRAM) != 0, implied = false;

		if ((e->sources & told) != 0 && in_diagram)
			continue;
		/* one source knows only one of the two: it cannot know the edge */
		if (in_diagram ? (from->seen & ~(unsigned)DRAFT_IN_DIAGRAM) == 0 ||
		                     (to->seen & ~(unsigned)DRAFT_IN_DIAGRAM) == 0
		               : !(from->seen & DRAFT_IN_DIAGRAM) ||
		                     !(to->seen & DRAFT_IN_DIAGRAM) || !(e->sources & told))
			continue;
		searches++;
		if (!graph_reaches(in_diagram ? &words : &diagram, e->from, e->to, c->d->a,
		                   &implied))
			return;
		if (!implied)
			disagree(c, e, in_diagram);
	}
}

/* All of a batch at once, or only one batch after the other? */
static bool at_once(const struct draft_task *t)
{
	static const char *const words[] = { "batch", "wave", "group", "tier", "parallel" };

	for (size_t i = 0; t->t.batch != NULL && i < sizeof words / sizeof *words; i++)
		if (name_has(t->t.batch, words[i]))
			return true;
	return false;
}

static void check_batches(struct check *c)
{
	for (size_t i = 0; i < c->p->n_edges; i++) {
		const struct plan_edge *e = &c->p->edges[i];
		const struct draft_task *from = c->d->tasks[e->from], *to = c->d->tasks[e->to];
		struct plan_finding *f;

		if (from->batch_number == 0 || to->batch_number == 0 ||
		    from->batch_number < to->batch_number ||
		    (from->batch_number == to->batch_number && !at_once(to)))
			continue;
		f = draft_find(c->d, "batch-breaks-dependency", PLAN_WARNING, to->t.line,
		               "'%s' is in '%s' and depends on '%s', which is in '%s'; it can only "
		               "start afterwards",
		               id_of(c, e->to), to->t.batch == NULL ? "" : to->t.batch,
		               id_of(c, e->from), from->t.batch == NULL ? "" : from->t.batch);
		draft_text(c->d->a, &f->tasks, id_of(c, e->from));
		draft_text(c->d->a, &f->tasks, id_of(c, e->to));
	}
}

static void check_redundant(struct check *c)
{
	bool *redundant = arena_take(c->d->a, c->whole.m + 1);
	size_t n = 0;

	if (redundant == NULL || !graph_redundant(&c->whole, &c->times, redundant, c->d->a))
		return;
	for (size_t i = 0; i < c->whole.m; i++) {
		struct plan_finding *f;
		long line = 0;

		if (!redundant[i])
			continue;
		if (n++ >= EACH_MAX)
			continue;
		for (size_t k = 0; k < c->p->n_edges; k++)
			if (c->p->edges[k].from == c->edges[i].from &&
			    c->p->edges[k].to == c->edges[i].to)
				line = c->p->edges[k].line;
		f = draft_find(c->d, "redundant-edge", PLAN_INFO, line,
		               "that '%s' depends on '%s' follows from its other dependencies",
		               id_of(c, c->edges[i].to), id_of(c, c->edges[i].from));
		draft_text(c->d->a, &f->tasks, id_of(c, c->edges[i].from));
		draft_text(c->d->a, &f->tasks, id_of(c, c->edges[i].to));
	}
	if (n > EACH_MAX)
		draft_find(c->d, "redundant-edge", PLAN_INFO, 0,
		           "%zu more dependencies follow from others", n - EACH_MAX);
}

static void check_estimates(struct check *c)
{
	struct plan_finding *f = NULL;
	size_t missing = 0, open = 0;

	for (size_t i = 0; i < c->p->n_tasks; i++) {
		open += !c->p->tasks[i].done;
		missing += !c->p->tasks[i].done && c->p->tasks[i].estimate_source == PLAN_DEFAULT;
	}
	if (missing == 0)
		return;
	if (missing == open)
		draft_find(
		    c->d, "missing-estimate", PLAN_INFO, 0,
		    "no task states an estimate; %d min each are assumed, and times are only as "
		    "good as that",
		    PLAN_ESTIMATE_MIN);
	else
		f = draft_find(c->d, "missing-estimate", PLAN_WARNING, 0,
		               "%zu of %zu tasks state no estimate; %d min each are assumed",
		               missing, open, PLAN_ESTIMATE_MIN);
	for (size_t i = 0; f != NULL && i < c->p->n_tasks; i++)
		if (!c->p->tasks[i].done && c->p->tasks[i].estimate_source == PLAN_DEFAULT)
			draft_text(c->d->a, &f->tasks, id_of(c, i));
}

static void check_sizes(struct check *c)
{
	size_t small = 0;

	for (size_t i = 0; i < c->p->n_tasks; i++) {
		const struct plan_task *t = &c->p->tasks[i];
		struct plan_finding *f = NULL;

		if (t->done)
			continue;
		if (t->estimate_source == PLAN_STATED && t->estimate_min > LARGE_MIN)
			f = draft_find(
			    c->d, "task-too-large", PLAN_INFO, t->line,
			    "'%s' is estimated at %s; tasks of a day or less are easier to "
			    "run, check and retry",
			    t->id, write_span(c->d->a, t->estimate_min));
		else if (t->files.n > LARGE_FILES)
			f = draft_find(c->d, "task-too-large", PLAN_INFO, t->line,
			               "'%s' names %zu files", t->id, t->files.n);
		else if (t->estimate_source == PLAN_STATED && t->estimate_min < SMALL_MIN &&
		         small++ < EACH_MAX)
			f = draft_find(
			    c->d, "task-too-small", PLAN_INFO, t->line,
			    "'%s' is estimated at %s; starting an agent for it may cost more "
			    "than it takes: join it with a neighbour",
			    t->id, write_span(c->d->a, t->estimate_min));
		if (f != NULL)
			draft_text(c->d->a, &f->tasks, t->id);
	}
}

void check_all(struct check *c)
{
	long *weights = arena_take(c->d->a, (c->p->n_tasks + 1) * sizeof *weights);

	if (weights == NULL)
		return;
	for (size_t i = 0; i < c->p->n_tasks; i++)
		weights[i] = c->p->tasks[i].done ? 0 : c->p->tasks[i].estimate_min;
	if (!graph_measure(&c->whole, weights, c->d->a, &c->times))
		return;
	check_sources(c);
	check_batches(c);
	check_claims(c);
	check_files(c);
	check_redundant(c);
	check_estimates(c);
	check_sizes(c);
	check_needs(c);
}
