/* One random graph, written in every format and in any order, comes back the same. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "domain/plan.h"
#include "domain/plan/read.h"

#define TASKS  24
#define ROUNDS 60

struct random {
	uint64_t state;
};

static size_t pick(struct random *r, size_t n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (size_t)(r->state % n);
}

struct gold {
	size_t n;
	char title[TASKS][64];
	char id[TASKS][24];
	long minutes[TASKS];
	bool edge[TASKS][TASKS]; /* [from][to] */
	size_t order[TASKS];     /* in which the tasks are written down */
};

/* Titles share words, as titles do; no two are the same set. */
static void gold_make(struct gold *g, struct random *r)
{
	static const char *const verbs[] = { "Build", "Describe", "Check", "Connect" };
	static const char *const things[] = { "billing", "search", "account",
		                              "report",  "export", "mail" };
	static const char *const kinds[] = { "service", "schema", "page" };
	bool taken[4][6][3] = { { { false } } };

	*g = (struct gold){ .n = 2 + pick(r, TASKS - 2) };
	for (size_t i = 0; i < g->n; i++) {
		size_t v, t, k;

		do {
			v = pick(r, 4);
			t = pick(r, 6);
			k = pick(r, 3);
		} while (taken[v][t][k]);
		taken[v][t][k] = true;
		(void)snprintf(g->title[i], sizeof g->title[i], "%s %s %s", verbs[v], things[t],
		               kinds[k]);
		(void)snprintf(g->id[i], sizeof g->id[i], "T%03zu", i + 1);
		g->minutes[i] = 30 * (long)(1 + pick(r, 16));
		g->order[i] = i;
		for (size_t from = 0; from < i; from++)
			g->edge[from][i] = pick(r, 6) == 0;
	}
	/* at least one dependency: else the order would be taken for one */
	g->edge[0][g->n - 1] = true;
	for (size_t i = g->n; i-- > 1;) {
		size_t k = pick(r, i + 1), was = g->order[i];

		g->order[i] = g->order[k];
		g->order[k] = was;
	}
}

/* What a task waits for, joined: by id or by title. */
static void needs(struct text *t, const struct gold *g, size_t task, bool by_id, const char *join,
                  const char *none)
{
	size_t n = 0;

	for (size_t from = 0; from < g->n; from++)
		if (g->edge[from][task])
			text_addf(t, "%s%s", n++ == 0 ? "" : join,
			          by_id ? g->id[from] : g->title[from]);
	if (n == 0)
		text_add(t, none);
}

static bool has_needs(const struct gold *g, size_t task)
{
	for (size_t from = 0; from < g->n; from++)
		if (g->edge[from][task])
			return true;
	return false;
}

static void table_by_id(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n| ID | Task | Estimate | Depends on |\n|:--|---|---:|---|\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i];

		text_addf(t, "| %s | %s | %ld min | ", g->id[k], g->title[k], g->minutes[k]);
		needs(t, g, k, true, ", ", "-");
		text_add(t, " |\n");
	}
}

static void table_by_title(struct text *t, const struct gold *g)
{
	text_add(t, "| Work item | Blocked by | Effort |\n|---|---|---|\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i];

		text_addf(t, "| **%s** | ", g->title[k]);
		needs(t, g, k, false, ", ", "None");
		text_addf(t, " | %ld min |\n", g->minutes[k]);
	}
}

static void boxes(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n## Tasks\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i];

		text_addf(t, "- [ ] %s: %s (%ld min)", g->id[k], g->title[k], g->minutes[k]);
		if (has_needs(g, k)) {
			text_add(t, " (depends on ");
			needs(t, g, k, true, ", ", "");
			text_add(t, ")");
		}
		text_add(t, "\n");
	}
}

static void bullets_with_fields(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n## Tasks\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i];

		text_addf(t, "- **%s**\n  - Estimate: %ld min\n  - Depends on: ", g->title[k],
		          g->minutes[k]);
		needs(t, g, k, false, "; ", "none");
		text_add(t, "\n");
	}
}

static void headings(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i];

		text_addf(t, "### %s: %s\n\n**Duration**: %ld min\n**Dependencies**: ", g->id[k],
		          g->title[k], g->minutes[k]);
		needs(t, g, k, true, " and ", "None");
		text_add(t, "\n\nSome words on what it is about.\n\n");
	}
}

static void diagram(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n```mermaid\nflowchart LR\n");
	for (size_t i = 0; i < g->n; i++)
		text_addf(t, "  %s[\"%s (%ld min)\"]\n", g->id[g->order[i]], g->title[g->order[i]],
		          g->minutes[g->order[i]]);
	for (size_t i = 0; i < g->n; i++)
		for (size_t from = 0; from < g->n; from++)
			if (g->edge[from][g->order[i]])
				text_addf(t, "  %s -->|then| %s\n", g->id[from],
				          g->id[g->order[i]]);
	text_add(t, "```\n");
}

static void prose(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n## Tasks\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i];

		text_addf(t, "- [ ] **%s** - takes about %ld min", g->title[k], g->minutes[k]);
		if (has_needs(g, k)) {
			text_add(t,
			         i % 2 == 0 ? ". It can only start after " : ". This depends on ");
			needs(t, g, k, false, " and ", "");
			text_add(t, i % 2 == 0 ? " are done" : "");
		}
		text_add(t, ".\n");
	}
}

static void taskmaster(struct text *t, const struct gold *g)
{
	text_add(t, "{\"master\": {\"tasks\": [\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i], n = 0;

		text_addf(t,
		          "%s{\"id\": %zu, \"title\": \"%s\", \"status\": \"pending\", "
		          "\"dependencies\": [",
		          i == 0 ? "" : ",\n", k + 1, g->title[k]);
		for (size_t from = 0; from < g->n; from++)
			if (g->edge[from][k])
				text_addf(t, "%s%zu", n++ == 0 ? "" : ", ", from + 1);
		text_add(t, "], \"subtasks\": []}");
	}
	text_add(t, "]}}\n");
}

static void beads(struct text *t, const struct gold *g)
{
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i], n = 0;

		text_addf(t,
		          "{\"id\":\"bd-%zu\",\"title\":\"%s\",\"status\":\"open\",\"issue_type\":"
		          "\"task\","
		          "\"estimated_minutes\":%ld,\"dependencies\":[",
		          k + 1, g->title[k], g->minutes[k]);
		for (size_t from = 0; from < g->n; from++)
			if (g->edge[from][k])
				text_addf(t,
				          "%s{\"issue_id\":\"bd-%zu\",\"depends_on_id\":\"bd-%zu\","
				          "\"type\":"
				          "\"blocks\"}",
				          n++ == 0 ? "" : ",", k + 1, from + 1);
		text_addf(t,
		          "%s{\"issue_id\":\"bd-%zu\",\"depends_on_id\":\"bd-%zu\",\"type\":"
		          "\"related\"}]}\n",
		          n == 0 ? "" : ",", k + 1, g->order[0] + 1);
	}
}

static void issues(struct text *t, const struct gold *g)
{
	text_add(t, "## Tasks\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i], n = 0;

		text_addf(t, "- [ ] #%zu %s", k + 100, g->title[k]);
		for (size_t from = 0; from < g->n; from++)
			if (g->edge[from][k])
				text_addf(t, "%s#%zu", n++ == 0 ? " (blocked by " : ", ",
				          from + 100);
		text_addf(t, "%s\n", n == 0 ? "" : ")");
	}
}

/* Where a task stands in the document. */
static char letter_of(const struct gold *g, size_t task)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->order[i] == task)
			return (char)('a' + i);
	return '?';
}

/* `(depends on a, c)`: what a task waits for, by the letters of the list. */
static void needs_by_letter(struct text *t, const struct gold *g, size_t task, const char *mark)
{
	size_t n = 0;

	for (size_t from = 0; from < g->n; from++)
		if (g->edge[from][task])
			text_addf(t, "%s%s%c%s", n++ == 0 ? " (depends on " : ", ", mark,
			          letter_of(g, from), mark[0] == '(' ? ")" : "");
	text_add(t, n == 0 ? "" : ")");
}

static void letters(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n## Tasks\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i];

		text_addf(t, "%c) %s (%ld min)", (char)('a' + i), g->title[k], g->minutes[k]);
		needs_by_letter(t, g, k, "");
		text_add(t, "\n");
	}
}

static void boxes_by_letter(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n## Tasks\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i];

		text_addf(t, "- [ ] (%c) %s", (char)('a' + i), g->title[k]);
		needs_by_letter(t, g, k, "(");
		text_addf(t, " - %ld min\n", g->minutes[k]);
	}
}

static void headings_by_letter(struct text *t, const struct gold *g)
{
	text_add(t, "# Plan\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i], n = 0;

		text_addf(t, "### Task %c: %s\n\n**Duration**: %ld min\n**Dependencies**: ",
		          (char)('A' + i), g->title[k], g->minutes[k]);
		for (size_t from = 0; from < g->n; from++)
			if (g->edge[from][k])
				text_addf(t, "%sTask %c", n++ == 0 ? "" : " and ",
				          (char)(letter_of(g, from) - 'a' + 'A'));
		text_add(t, n == 0 ? "None\n\n" : "\n\n");
	}
}

/* Two lists, each with letters of its own: a letter means the nearest task above that has it. */
static void two_lists_by_letter(struct text *t, const struct gold *g)
{
	size_t half = g->n < 4 ? g->n : g->n / 2; /* one letter is no list */

	text_add(t, "# Plan\n\n## First steps\n\n");
	for (size_t i = 0; i < g->n; i++) {
		size_t n = 0;

		if (i == half)
			text_add(t, "\n## Second steps\n\n");
		text_addf(t, "%c. %s (%ld min)", (char)('a' + (i < half ? i : i - half)),
		          g->title[i], g->minutes[i]);
		/* those of the other list that this one's letters hide go by title */
		for (size_t from = 0; from < i; from++) {
			if (!g->edge[from][i])
				continue;
			text_add(t, n++ == 0 ? " (depends on " : ", ");
			if (i < half || from >= half || from + half >= i)
				text_addf(t, "%c",
				          (char)('a' + (from < half ? from : from - half)));
			else
				text_add(t, g->title[from]);
		}
		text_add(t, n == 0 ? "\n" : ")\n");
	}
}

static const struct {
	const char *name;
	void (*write)(struct text *t, const struct gold *g);
	bool minutes; /* the format says how long a task takes */
} formats[] = {
	{ "table by id", table_by_id, true },
	{ "table by title", table_by_title, true },
	{ "check boxes", boxes, true },
	{ "bullets with fields", bullets_with_fields, true },
	{ "headings", headings, true },
	{ "diagram", diagram, true },
	{ "prose", prose, false },
	{ "task-master", taskmaster, false },
	{ "beads", beads, true },
	{ "issues", issues, false },
	{ "letters", letters, true },
	{ "boxes by letter", boxes_by_letter, true },
	{ "headings by letter", headings_by_letter, true },
	{ "two lists by letter", two_lists_by_letter, true },
};

static size_t by_title(const struct plan *p, const char *title)
{
	for (size_t i = 0; i < p->n_tasks; i++)
		if (strcmp(p->tasks[i].title, title) == 0)
			return i;
	return PLAN_NONE;
}

static bool has_edge(const struct plan *p, size_t from, size_t to)
{
	for (size_t i = 0; i < p->n_edges; i++)
		if (p->edges[i].from == from && p->edges[i].to == to)
			return true;
	return false;
}

static void same(const struct gold *g, const struct plan *p, const char *name, const char *document,
                 bool minutes)
{
	size_t at[TASKS], edges = 0;

	if (p->n_tasks != g->n)
		fail_msg("%s: %zu tasks of %zu\n%s", name, p->n_tasks, g->n, document);
	for (size_t i = 0; i < g->n; i++) {
		if ((at[i] = by_title(p, g->title[i])) == PLAN_NONE)
			fail_msg("%s: no task '%s'\n%s", name, g->title[i], document);
		if (minutes && p->tasks[at[i]].estimate_min != g->minutes[i])
			fail_msg("%s: '%s' takes %ld\n%s", name, g->title[i],
			         p->tasks[at[i]].estimate_min, document);
	}
	for (size_t from = 0; from < g->n; from++)
		for (size_t to = 0; to < g->n; to++) {
			edges += g->edge[from][to];
			if (g->edge[from][to] != has_edge(p, at[from], at[to]))
				fail_msg("%s: edge %s -> %s is %s\n%s", name, g->title[from],
				         g->title[to], g->edge[from][to] ? "lost" : "invented",
				         document);
		}
	assert_int_equal(p->n_edges, edges);
	assert_true(p->sound);
	for (size_t i = 0; i < p->n_tasks; i++)
		assert_true(p->tasks[i].line > 0);
	for (size_t i = 0; i < p->n_edges; i++)
		assert_true(p->edges[i].line > 0);
}

static struct plan *read_text(struct arena *a, const char *s)
{
	struct plan_options options = { 0 };
	struct plan *p = NULL;
	struct err err = { 0 };

	if (plan_read(s, strlen(s), &options, a, &p, &err) != OK)
		fail_msg("%s\n%s", err.text, s);
	return p;
}

static void a_random_graph_comes_back_from_every_format(void **state)
{
	struct random r = { 0xabcdef12345 };

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
			struct arena *a = arena_new((size_t)64 << 20);
			struct gold g;
			struct text t;

			gold_make(&g, &r);
			text_init(&t, TEXT_LIMIT);
			formats[f].write(&t, &g);
			same(&g, read_text(a, text_string(&t)), formats[f].name, text_string(&t),
			     formats[f].minutes);
			text_done(&t);
			arena_free(a);
		}
}

/* ccpm: a folder, one file a task, each named by its number. */
static size_t epic(struct arena *a, const struct gold *g, struct read_file *files)
{
	for (size_t i = 0; i < g->n; i++) {
		size_t k = g->order[i], n = 0;
		struct text t;

		text_init(&t, TEXT_LIMIT);
		text_addf(&t, "---\nstatus: open\nname: %s\ndepends_on: [", g->title[k]);
		for (size_t from = 0; from < g->n; from++) {
			if (!g->edge[from][k])
				continue;
			text_add(&t, n == 0 ? "" : ", ");
			text_addf(&t, n % 2 == 0 ? "%zu" : "%03zu", from + 1);
			n++;
		}
		text_addf(&t, "]\n---\n\n## Effort Estimate\n\n- Minutes: %ld min\n",
		          g->minutes[k]);
		files[i].name = text_printf(a, "%03zu.md", k + 1);
		files[i].bytes = text_copy(&t, a);
		files[i].size = t.len;
		text_done(&t);
		assert_non_null(files[i].bytes);
	}
	return g->n;
}

static void a_random_graph_comes_back_from_an_epic(void **state)
{
	struct random r = { 0x3333 };

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct arena *a = arena_new((size_t)64 << 20);
		struct plan_options options = { 0 };
		struct read_file files[TASKS];
		struct err err = { 0 };
		struct plan *p = NULL;
		struct gold g;
		size_t n;

		gold_make(&g, &r);
		n = epic(a, &g, files);
		if (plan_read_files(files, n, &options, a, &p, &err) != OK)
			fail_msg("%s", err.text);
		same(&g, p, "epic", files[0].bytes, true);
		for (size_t i = 0; i < p->n_tasks; i++)
			assert_int_equal(p->tasks[i].line, 3);
		for (size_t i = 0; i < p->n_edges; i++)
			assert_int_equal(p->edges[i].line, 4);
		arena_free(a);
	}
}

static void what_is_written_reads_back_the_same(void **state)
{
	struct random r = { 0x1111 };

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct arena *a = arena_new((size_t)64 << 20);
		struct json_build b = { false };
		struct plan *first, *again;
		struct gold g;
		struct text t;
		cJSON *json;
		char *printed;

		gold_make(&g, &r);
		text_init(&t, TEXT_LIMIT);
		table_by_id(&t, &g);
		first = read_text(a, text_string(&t));
		again = read_text(a, plan_markdown(first, a));
		same(&g, again, "markdown", plan_markdown(first, a), true);
		for (size_t i = 0; i < again->n_findings; i++)
			if (again->findings[i].severity != PLAN_INFO)
				fail_msg("%s\n%s", again->findings[i].message,
				         plan_markdown(first, a));
		json = plan_json(&b, first);
		printed = json_print(json);
		again = read_text(a, printed);
		same(&g, again, "own json", printed, true);
		for (size_t i = 0; i < g.n; i++)
			assert_string_equal(again->tasks[i].id, first->tasks[i].id);
		assert_int_equal(again->makespan_min, first->makespan_min);
		cJSON_free(printed);
		cJSON_Delete(json);
		text_done(&t);
		arena_free(a);
	}
}

static const char rich[] =
    "{\"title\":\"Rich\",\"tasks\":["
    "{\"id\":\"a\",\"title\":\"Lay | the *floor*\",\"estimateMinutes\":180,\"lowMinutes\":120,"
    "\"highMinutes\":240,\"files\":[\"src/a.c\",\"b_c.h\"],\"acceptance\":[\"it is even\",\"no "
    "gap\"],"
    "\"agent\":\"demo\",\"kind\":\"feature\",\"risk\":\"critical\",\"complexity\":{\"technical\":9,"
    "\"integration\":8,\"testing\":7,\"total\":24}},"
    "{\"id\":\"b\",\"title\":\"Paint\",\"dependsOn\":[\"a\"],\"command\":[\"make\",\"paint "
    "it\"],\"kind\":\"chore\"},"
    "{\"id\":\"c\",\"title\":\"Sweep\",\"done\":true,\"estimateMinutes\":30}],"
    "\"gates\":[\"make test\"]}";

/* The document for people loses nothing that a plan is run by. */
static void a_written_plan_keeps_all_that_it_is_run_by(void **state)
{
	struct arena *a = arena_new((size_t)64 << 20);
	const struct plan *first = read_text(a, rich);
	const struct plan *again = read_text(a, plan_markdown(first, a));

	(void)state;
	assert_int_equal(again->n_tasks, 3);
	assert_int_equal(again->n_edges, 1);
	for (size_t i = 0; i < 3; i++) {
		const struct plan_task *x = &first->tasks[i], *y = &again->tasks[i];

		assert_string_equal(x->id, y->id);
		assert_string_equal(x->title, y->title);
		assert_string_equal(x->kind, y->kind);
		assert_int_equal(x->done, y->done);
		assert_int_equal(x->estimate_source, y->estimate_source);
		assert_int_equal(x->estimate_min, y->estimate_min);
		assert_int_equal(x->high_min, y->high_min);
		assert_int_equal(x->technical, y->technical);
		assert_int_equal(x->risk, y->risk);
		assert_int_equal(x->files.n, y->files.n);
		assert_int_equal(x->acceptance.n, y->acceptance.n);
		assert_int_equal(x->command.n, y->command.n);
	}
	assert_string_equal(again->tasks[0].files.at[1], "b_c.h");
	assert_string_equal(again->tasks[0].acceptance.at[1], "no gap");
	assert_string_equal(again->tasks[0].agent, "demo");
	assert_string_equal(again->tasks[1].command.at[1], "paint it");
	arena_free(a);
}

/* `a.` and `b)` are how people count below a number. */
static void letters_count_as_numbers_do(void **state)
{
	static const char alone[] = "# L\n\n## Tasks\n\na) Buy paint\nb) Buy brushes\nc) Paint\n";
	static const char below[] = "# L\n\n## Steps\n\n1. Prepare\n   a. Buy paint\n   b. Buy "
				    "brushes\n2. Paint\n   a. First coat\n   b. Second coat\n";
	static const char none[] =
	    "# L\n\n- [ ] T1 Ask\n\na. m. is before noon\n\ni. e. not a list\n";
	struct arena *a = arena_new((size_t)64 << 20);
	const struct plan *p = read_text(a, alone);

	(void)state;
	assert_int_equal(p->n_tasks, 3);
	assert_int_equal(p->n_edges, 2);
	assert_string_equal(p->tasks[2].title, "Paint");
	p = read_text(a, below);
	assert_int_equal(p->n_tasks, 2);
	assert_string_equal(p->tasks[0].title, "Prepare");
	assert_int_equal(p->tasks[0].steps.n, 2);
	assert_string_equal(p->tasks[1].steps.at[1], "Second coat");
	p = read_text(a, none);
	assert_int_equal(p->n_tasks, 1);
	arena_free(a);
}

/* What the lists of people look like, and what each task in them waits for. */
static void letters_name_tasks(void **state)
{
	static const char *const docs[] = {
		"## Tasks\n\na. Tile\nb. Grout (after a)\nc. Mirror (depends on (a), (b))\n",
		"## Tasks\n\na) Tile\nb) Grout - depends on a\nc) Mirror, after a and b\n",
		"## Tasks\n\n(a) Tile\n(b) Grout, after (a)\n(c) Mirror (needs a-b)\n",
		"## Tasks\n\nA. Tile\nB. Grout\n   - Depends on: A\nC. Mirror\n   - Depends on: A, "
		"B\n",
		"- **(a)** Tile\n- **(b)** Grout (needs a)\n- **(c)** Mirror (needs (a) and (b))\n",
		"- [ ] A: Tile\n- [ ] B: Grout (after A)\n- [ ] C: Mirror (depends on A, B)\n",
		"- **A** Tile\n- **B** Grout (needs A)\n- **C** Mirror (needs A and B)\n",
		"### A. Tile\n\n### B. Grout\n\nDepends on: A\n\n### C. Mirror\n\nDepends on: A, "
		"B\n",
		"### Task A: Tile\n\n### Task B: Grout\n\nDepends on: A\n\n### Task C: Mirror\n\n"
		"Depends on Task A and Task B.\n",
		"Task A: Tile\nTask B: Grout (after A)\nTask C: Mirror (after Task A and B)\n",
		"## Tasks\n\na) Tile\nb) Grout\nc) Mirror\n\n## Order\n\nTask b depends on (a). "
		"Task c "
		"comes after tasks a and b.\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct arena *a = arena_new((size_t)64 << 20);
		const struct plan *p = read_text(a, docs[i]);
		size_t tile = by_title(p, "Tile"), grout = by_title(p, "Grout");

		if (p->n_tasks != 3 || !has_edge(p, tile, grout) || !has_edge(p, tile, 2) ||
		    !has_edge(p, grout, 2) || p->n_edges != 3 || !p->sound)
			fail_msg("%zu tasks, %zu edges:\n%s", p->n_tasks, p->n_edges, docs[i]);
		arena_free(a);
	}
}

/* A place means the nearest task above that has it, whatever list it is in. */
static void every_list_has_places_of_its_own(void **state)
{
	static const char doc[] =
	    "## Morning tasks\n\n1. Pack\n2. Hire (after 1)\n3. Eat\n\n"
	    "## Evening tasks\n\n1. Drive (after 2)\n2. Unload (after 1)\n3. Rest "
	    "(before 1)\n";
	static const char *const edges[][2] = {
		{ "Pack", "Hire" }, { "Hire", "Drive" }, { "Drive", "Unload" }, { "Rest", "Drive" }
	};
	struct arena *a = arena_new((size_t)64 << 20);
	const struct plan *p = read_text(a, doc);

	(void)state;
	assert_int_equal(p->n_tasks, 6);
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
		if (!has_edge(p, by_title(p, edges[i][0]), by_title(p, edges[i][1])))
			fail_msg("%s -> %s is missing", edges[i][0], edges[i][1]);
	assert_int_equal(p->n_edges, sizeof edges / sizeof *edges);
	arena_free(a);
}

/* What looks like a letter of a list and is none; what is one and is not shown as a number. */
static void words_and_code_keep_their_letters(void **state)
{
	static const char doc[] =
	    "## Tasks\n\n- [ ] Pack. Choose:\n  (a) big ones\n  (b) small ones\n- [ ] Drive\n\n"
	    "```sh\na) not\nb) this\n```\n";
	static const char days[] = "## Tasks\n\n1. Schema\n2. Parser\n3. Docs\n\n## Notes\n\nThe "
				   "parser comes after 3 days of testing.\n";
	struct arena *a = arena_new((size_t)64 << 20);
	const struct plan *p = read_text(a, doc);

	(void)state;
	assert_int_equal(p->n_tasks, 2);
	assert_non_null(strstr(p->tasks[0].description, "(b) small ones"));
	p = read_text(a, days);
	assert_false(has_edge(p, by_title(p, "Docs"), by_title(p, "Parser")) && p->n_edges == 1);
	assert_true(has_edge(p, 0, 1)); /* the list's own order */
	arena_free(a);
}

static size_t count(const struct plan *p, const char *code)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_findings; i++)
		n += strcmp(p->findings[i].code, code) == 0;
	return n;
}

static void one_fault_put_in_is_found(void **state)
{
	struct random r = { 0x2222 };

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct arena *a = arena_new((size_t)64 << 20);
		struct plan *p;
		struct gold g;
		struct text t;

		gold_make(&g, &r);
		text_init(&t, TEXT_LIMIT);
		g.edge[g.n - 1][0] = true; /* the other way is there already */
		table_by_id(&t, &g);
		p = read_text(a, text_string(&t));
		assert_int_equal(count(p, "dependency-cycle"), 1);
		assert_false(p->sound);
		g.edge[g.n - 1][0] = false;
		t.len = 0;
		table_by_id(&t, &g);
		text_add(&t, "| T900 | Sweep the yard | 30 min | T999 |\n");
		p = read_text(a, text_string(&t));
		assert_int_equal(count(p, "unknown-dependency"), 1);
		assert_false(p->sound);
		t.len = 0;
		table_by_id(&t, &g);
		text_add(&t, "| T001 | Sweep the yard | 30 min | - |\n");
		p = read_text(a, text_string(&t));
		assert_int_equal(count(p, "duplicate-id"), 1);
		assert_false(p->sound);
		text_done(&t);
		arena_free(a);
	}
}

/* Documents of the known formats, as their tools write them. */
static void spec_kit_phases_and_marks_give_the_order(void **state)
{
	static const char doc[] =
	    "# Tasks: Shop\n\n## Format: `[ID] [P?] [Story] Description`\n\n"
	    "## Phase 1: Setup\n\n- [ ] T001 Create folders\n- [ ] T002 [P] Add linter in "
	    "lint.toml\n"
	    "- [ ] T003 [P] Add tests in ci.yml\n\n"
	    "## Phase 2: Foundational (Blocking Prerequisites)\n\n- [ ] T004 Create schema\n\n"
	    "## Phase 3: User Story 1 - Buy (P1)\n\n- [ ] T005 [P] [US1] Cart in src/cart.py\n"
	    "- [ ] T006 [US1] Pay in src/pay.py\n\n"
	    "## Phase 4: User Story 2 - Send (P2)\n\n- [ ] T007 [US2] Parcel in src/parcel.py\n\n"
	    "## Phase 5: Polish\n\n- [ ] T008 Docs\n\n";
	static const char *const edges[][2] = { { "T001", "T002" }, { "T001", "T003" },
		                                { "T002", "T004" }, { "T003", "T004" },
		                                { "T004", "T005" }, { "T005", "T006" },
		                                { "T004", "T007" }, { "T006", "T008" },
		                                { "T007", "T008" } };
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan *p = read_text(a, doc);

	(void)state;
	assert_int_equal(p->n_tasks, 8);
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
		if (!has_edge(p, plan_find(p, edges[i][0]), plan_find(p, edges[i][1])))
			fail_msg("%s -> %s is missing", edges[i][0], edges[i][1]);
	for (size_t i = 0; i < p->n_edges; i++)
		assert_int_equal(p->edges[i].sources, PLAN_ORDER);
	assert_int_equal(p->n_edges, sizeof edges / sizeof *edges);
	assert_string_equal(p->tasks[4].labels.at[0], "US1");
	assert_string_equal(p->tasks[4].files.at[0], "src/cart.py");
	assert_int_equal(count(p, "order-assumed"), 1);
	arena_free(a);
}

static void spec_kit_says_which_phase_waits_for_which(void **state)
{
	static const char doc[] =
	    "## Phase 1: Setup\n\n- [ ] T001 Folders\n\n## Phase 2: Foundational\n\n- [ ] T002 "
	    "Schema\n\n"
	    "## Phase 3: User Story 1 - Buy\n\n- [ ] T003 [US1] Cart\n\n"
	    "## Phase 4: User Story 2 - Send\n\n- [ ] T004 [US2] Parcel\n\n"
	    "## Dependencies & Execution Order\n\n### Phase Dependencies\n\n"
	    "- **Setup (Phase 1)**: No dependencies - can start immediately\n"
	    "- **Foundational (Phase 2)**: Depends on Setup completion - BLOCKS all user stories\n"
	    "- **User Story 1 (Phase 3)**: Depends on Foundational\n"
	    "- US2 (P2) depends on US1 (uses its cart)\n";
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan *p = read_text(a, doc);

	(void)state;
	assert_int_equal(p->n_tasks, 4);
	assert_int_equal(p->n_edges, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(has_edge(p, i, i + 1));
	arena_free(a);
}

static void groups_of_kiro_and_openspec_follow_each_other(void **state)
{
	static const char openspec[] = "## 1. Store\n\n- [x] 1.1 Table\n- [ ] 1.2 Index\n\n## 2. "
				       "Page\n\n- [ ] 2.1 List\n- [ ] 2.2 Form\n";
	static const char kiro[] =
	    "# Implementation Plan\n\n- [ ] 1. Set up\n  - Make folders\n  - _Requirements: 1.1_\n"
	    "- [ ] 2. Models\n  - [ ] 2.1 Types\n  - [ ]* 2.2 Tests\n- [ ] 3. Views\n";
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan_options deep = { .deep = true };
	struct plan *p = read_text(a, openspec);
	struct err err;

	(void)state;
	assert_int_equal(p->n_tasks, 4);
	assert_int_equal(p->n_edges, 4);
	assert_true(p->tasks[0].done);
	assert_true(has_edge(p, plan_find(p, "1.2"), plan_find(p, "2.1")));
	assert_false(has_edge(p, plan_find(p, "2.1"), plan_find(p, "2.2")));
	p = read_text(a, kiro);
	assert_int_equal(p->n_tasks, 3);
	assert_int_equal(p->n_edges, 2);
	assert_int_equal(p->tasks[1].steps.n, 2);
	assert_int_equal(plan_read(kiro, strlen(kiro), &deep, a, &p, &err), OK);
	assert_true(plan_find(p, "2.2") != PLAN_NONE);
	assert_int_equal(p->n_tasks, 5);
	arena_free(a);
}

static void a_tag_chooses_among_several_plans(void **state)
{
	static const char doc[] =
	    "{\"master\":{\"tasks\":[{\"id\":1,\"title\":\"a\",\"dependencies\":[],\"subtasks\":["
	    "{\"id\":1,\"title\":\"a1\",\"dependencies\":[]},{\"id\":2,\"title\":\"a2\","
	    "\"dependencies\":"
	    "[1]}]}]},\n\"next\":{\"tasks\":[{\"id\":\"7\",\"title\":\"b\",\"status\":\"done\"},\n"
	    "{\"id\":8,\"title\":\"c\",\"dependencies\":[\"7\"]}]}}";
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan_options options = { .tag = "next" };
	struct plan *p = read_text(a, doc);
	struct err err;

	(void)state;
	assert_int_equal(p->n_tasks, 1);
	assert_int_equal(p->tasks[0].steps.n, 2);
	assert_int_equal(count(p, "several-plans"), 1);
	assert_int_equal(plan_read(doc, strlen(doc), &options, a, &p, &err), OK);
	assert_int_equal(p->n_tasks, 2);
	assert_true(p->tasks[0].done);
	assert_int_equal(p->tasks[1].line, 3);
	assert_true(has_edge(p, 0, 1));
	options = (struct plan_options){ .deep = true };
	assert_int_equal(plan_read(doc, strlen(doc), &options, a, &p, &err), OK);
	assert_int_equal(p->n_tasks, 3);
	assert_true(has_edge(p, plan_find(p, "1.1"), plan_find(p, "1.2")));
	assert_true(has_edge(p, plan_find(p, "1.2"), plan_find(p, "1")));
	options = (struct plan_options){ .tag = "none" };
	assert_int_equal(plan_read(doc, strlen(doc), &options, a, &p, &err), E_ABSENT);
	assert_non_null(strstr(err.text, "'master', 'next'"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_random_graph_comes_back_from_every_format),
		cmocka_unit_test(a_random_graph_comes_back_from_an_epic),
		cmocka_unit_test(what_is_written_reads_back_the_same),
		cmocka_unit_test(a_written_plan_keeps_all_that_it_is_run_by),
		cmocka_unit_test(letters_count_as_numbers_do),
		cmocka_unit_test(letters_name_tasks),
		cmocka_unit_test(every_list_has_places_of_its_own),
		cmocka_unit_test(words_and_code_keep_their_letters),
		cmocka_unit_test(one_fault_put_in_is_found),
		cmocka_unit_test(spec_kit_phases_and_marks_give_the_order),
		cmocka_unit_test(spec_kit_says_which_phase_waits_for_which),
		cmocka_unit_test(groups_of_kiro_and_openspec_follow_each_other),
		cmocka_unit_test(a_tag_chooses_among_several_plans),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
