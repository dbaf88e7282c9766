/* The plan for people: a table for the terminal, a Mermaid graph, a Markdown document. */
#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#include "base/text.h"
#include "domain/plan/write.h"

#define BOLD        "\033[1m"
#define RED         "\033[31m"
#define FAINT       "\033[2m"
#define PLAIN       "\033[0m"
#define TITLE_LEAST 16 /* columns a title keeps, however narrow the terminal */

/* Columns that text takes on a terminal. */
static size_t width(const char *s)
{
	size_t columns = 0;
	utf8proc_int32_t c;

	while (*s != '\0') {
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s, -1, &c);

		if (n <= 0)
			break;
		columns += (size_t)utf8proc_charwidth(c);
		s += n;
	}
	return columns;
}

/* Add s in so many columns: cut with an ellipsis, or filled with blanks. */
static void cell(struct text *t, const char *s, size_t columns)
{
	size_t used = 0, room = width(s) > columns ? columns - 1 : columns;
	utf8proc_int32_t c;

	while (*s != '\0') {
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s, -1, &c);
		size_t w = n <= 0 ? 0 : (size_t)utf8proc_charwidth(c);

		if (n <= 0)
			break;
		if (used + w > room) {
			text_add(t, "\xe2\x80\xa6");
			used++;
			break;
		}
		/* a control character would move the cursor */
		if (c >= 0x20 && c != 0x7F)
			text_add_n(t, s, (size_t)n);
		else
			text_add_char(t, ' ');
		used += c >= 0x20 && c != 0x7F ? w : 1;
		s += n;
	}
	for (; used < columns; used++)
		text_add_char(t, ' ');
}

static const char *const risk_colour[] = { "", "", "\033[33m", RED };

struct table {
	const struct plan *p;
	struct arena *a;
	bool colour;
	size_t id, title; /* columns */
};

/* The ids of the tasks it waits for. */
static void row_needs(struct text *t, const struct plan *p, size_t i)
{
	size_t first = write_edges_to(p, i);

	for (size_t k = first; k < p->n_edges && p->edges[k].to == i; k++)
		text_addf(t, "%s%s", k == first ? "  " : ", ", p->tasks[p->edges[k].from].id);
}

/* The estimate with the mark of where it comes from. */
static void row_estimate(struct text *t, const struct table *w, const struct plan_task *task)
{
	text_addf(t, "  %10s%s", write_span(w->a, task->estimate_min),
	          task->estimate_source == PLAN_STATED    ? " "
	          : task->estimate_source == PLAN_LEARNED ? "~"
	                                                  : "?");
}

static void row(struct text *t, const struct table *w, size_t i)
{
	const struct plan_task *task = &w->p->tasks[i];
	bool critical = !task->done && task->slack_min == 0;
	char number[24];

	(void)snprintf(number, sizeof number, task->done ? "done" : "%zu", task->level + 1);
	cell(t, number, 6);
	if (w->colour)
		text_add(t, task->done ? FAINT : critical ? BOLD : "");
	cell(t, task->id, w->id);
	text_add(t, "  ");
	cell(t, task->title, w->title);
	if (w->colour)
		text_add(t, PLAIN);
	row_estimate(t, w, task);
	if (task->done)
		text_addf(t, "  %10s", "");
	else
		text_addf(t, "  %10s", critical ? "critical" : write_span(w->a, task->slack_min));
	text_addf(t, "  %2d  %s", task->complexity, w->colour ? risk_colour[task->risk] : "");
	cell(t, plan_risk_word(task->risk), 8);
	if (w->colour && risk_colour[task->risk][0] != '\0')
		text_add(t, PLAIN);
	row_needs(t, w->p, i);
	text_add_char(t, '\n');
}

static void findings(struct text *t, const struct table *w)
{
	static const char *const colours[] = { FAINT, "\033[33m", RED };

	for (size_t i = 0; i < w->p->n_findings; i++) {
		const struct plan_finding *f = &w->p->findings[i];

		text_addf(t, "%s%s%s", w->colour ? colours[f->severity] : "",
		          plan_severity_word(f->severity), w->colour ? PLAIN : "");
		if (f->line > 0)
			text_addf(t, " line %ld", f->line);
		text_addf(t, ": %s [%s]\n", f->message, f->code);
	}
	for (size_t i = 0; i < w->p->n_advice; i++)
		text_addf(t, "advice: %s\n", w->p->advice[i].message);
}

static void summary(struct text *t, const struct table *w)
{
	const struct plan *p = w->p;

	text_addf(t, "%s%s%s\n", w->colour ? BOLD : "", p->title, w->colour ? PLAIN : "");
	text_addf(t, "%zu task%s, %zu %s, %s of work; longest path %s; ", p->n_tasks,
	          p->n_tasks == 1 ? "" : "s", p->n_edges,
	          p->n_edges == 1 ? "dependency" : "dependencies", write_span(w->a, p->work_min),
	          write_span(w->a, p->path_min));
	text_addf(t, "%s on %zu workers (%.2fx; at most %.2fx with any number)\n\n",
	          write_span(w->a, p->makespan_min), p->workers, p->speedup, p->ceiling);
}

const char *plan_table(const struct plan *p, bool colour, size_t columns, struct arena *a)
{
	struct table w = { .p = p, .a = a, .colour = colour, .id = 4, .title = 4 };
	const size_t others = 48; /* all columns but id, title and needs */
	struct text t;
	char *out;

	for (size_t i = 0; i < p->n_tasks; i++) {
		size_t id = width(p->tasks[i].id), title = width(p->tasks[i].title);

		w.id = id > w.id ? id : w.id;
		w.title = title > w.title ? title : w.title;
	}
	w.id = w.id > 32 ? 32 : w.id;
	if (columns > 0 && others + w.id + w.title > columns)
		w.title =
		    columns > others + w.id + TITLE_LEAST ? columns - others - w.id : TITLE_LEAST;
	text_init(&t, TEXT_LIMIT);
	summary(&t, &w);
	text_add(&t, "batch ");
	cell(&t, "id", w.id);
	text_add(&t, "  ");
	cell(&t, "task", w.title);
	text_add(&t, "    estimate        slack  cx  risk      needs\n");
	for (size_t level = 0; level <= p->n_levels; level++)
		for (size_t i = 0; i < p->n_tasks; i++) {
			bool here = level == p->n_levels
			                ? p->tasks[i].done
			                : !p->tasks[i].done && p->tasks[i].level == level;

			if (here)
				row(&t, &w, i);
		}
	text_add_char(&t, '\n');
	findings(&t, &w);
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

/* What Mermaid takes for more than a name. */
static bool reserved(const char *id)
{
	static const char *const words[] = { "end",      "graph",     "subgraph", "style",
		                             "class",    "click",     "default",  "flowchart",
		                             "classDef", "linkStyle", "direction" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_same(words[i], id))
			return true;
	return false;
}

/* The id itself where Mermaid takes it, else a number. */
static void node_add(struct text *t, const struct plan *p, size_t i)
{
	const char *id = p->tasks[i].id;
	bool plain = id[0] != '-' && id[0] != '\0' && !reserved(id);

	for (size_t k = 0; plain && id[k] != '\0'; k++) {
		bool letter = (id[k] >= 'a' && id[k] <= 'z') || (id[k] >= 'A' && id[k] <= 'Z') ||
		              (id[k] >= '0' && id[k] <= '9') || id[k] == '_';

		plain = letter || ((id[k] == '-' || id[k] == '.') && k > 0 && id[k + 1] != '\0' &&
		                   id[k + 1] != '-' && id[k + 1] != '.' && id[k - 1] != '-');
	}
	if (plain)
		text_add(t, id);
	else
		text_addf(t, "t%zu", i + 1);
}

static void label_add(struct text *t, const char *s)
{
	for (; *s != '\0'; s++)
		text_add_char(t, (char)(*s == '"' ? '\'' : *s == '\n' ? ' ' : *s));
}

static void graph_add(struct text *t, const struct plan *p)
{
	text_add(t, "graph TD\n");
	for (size_t i = 0; i < p->n_tasks; i++) {
		text_add(t, "    ");
		node_add(t, p, i);
		text_add(t, "[\"");
		label_add(t, p->tasks[i].title);
		text_add(t, "\"]\n");
	}
	for (size_t i = 0; i < p->n_edges; i++) {
		text_add(t, "    ");
		node_add(t, p, p->edges[i].from);
		text_add(t, " --> ");
		node_add(t, p, p->edges[i].to);
		text_add_char(t, '\n');
	}
	if (p->n_path > 0)
		text_add(t, "    classDef critical stroke:#c00,stroke-width:3px\n    class ");
	for (size_t i = 0; i < p->n_path; i++) {
		text_add(t, i == 0 ? "" : ",");
		node_add(t, p, p->path[i]);
	}
	if (p->n_path > 0)
		text_add(t, " critical\n");
}

const char *plan_mermaid(const struct plan *p, struct arena *a)
{
	struct text t;
	char *out;

	text_init(&t, TEXT_LIMIT);
	graph_add(&t, p);
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

/* Words in a cell of a table: no line ends, bars escaped, marks that would pair up too. */
static void cell_add(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		if (strchr("|*_`<[\\~#", *s) != NULL)
			text_add_char(t, '\\');
		text_add_char(t, (char)(*s == '\n' ? ' ' : *s));
	}
}

static void needs_add(struct text *t, const struct plan *p, size_t task)
{
	size_t first = write_edges_to(p, task), i = first;

	for (; i < p->n_edges && p->edges[i].to == task; i++) {
		text_add(t, i == first ? "" : ", ");
		cell_add(t, p->tasks[p->edges[i].from].id);
	}
	if (i == first)
		text_add(t, "-");
}

/* What is stated, as a range where one was. */
static void estimate_add(struct text *t, const struct plan_task *task, struct arena *a)
{
	if (task->estimate_source != PLAN_STATED)
		return;
	if (task->high_min > 0 && (task->low_min + task->high_min + 1) / 2 == task->estimate_min)
		text_addf(t, "%ld-%ld min", task->low_min, task->high_min);
	else
		text_add(t, write_span(a, task->estimate_min));
}

/* Texts in one cell, with what keeps them apart; where that is in a text it becomes a comma. */
static void texts_add(struct text *t, const struct plan_texts *list, const char *between)
{
	for (size_t i = 0; i < list->n; i++) {
		text_add(t, i == 0 ? "" : between);
		for (const char *s = list->at[i]; *s != '\0'; s++) {
			const char one[] = { (char)(*s == ';' && between[0] == ';' ? ',' : *s),
				             '\0' };

			cell_add(t, one);
		}
	}
}

/* Columns that are there only when a task has something for them. */
enum { FILES = 1, ACCEPTANCE = 2, AGENT = 4, COMMAND = 8 };

static const struct {
	unsigned bit;
	const char *name;
} columns_more[] = {
	{ FILES, "Files" },
	{ ACCEPTANCE, "Acceptance" },
	{ AGENT, "Agent" },
	{ COMMAND, "Command" },
};

static unsigned columns_of(const struct plan *p)
{
	unsigned bits = 0;

	for (size_t i = 0; i < p->n_tasks; i++) {
		const struct plan_task *task = &p->tasks[i];

		bits |= task->files.n > 0 && !task->files_likely ? FILES : 0u;
		bits |= task->acceptance.n > 0 ? ACCEPTANCE : 0u;
		bits |= task->agent != NULL ? AGENT : 0u;
		bits |= task->command.n > 0 ? COMMAND : 0u;
	}
	return bits;
}

static void more_add(struct text *t, const struct plan_task *task, unsigned columns)
{
	if (columns & FILES) {
		text_add(t, " | ");
		if (!task->files_likely) /* what nobody stated is told anew */
			texts_add(t, &task->files, ", ");
	}
	if (columns & ACCEPTANCE) {
		text_add(t, " | ");
		texts_add(t, &task->acceptance, "; ");
	}
	if (columns & AGENT) {
		text_add(t, " | ");
		cell_add(t, task->agent == NULL ? "" : task->agent);
	}
	if (columns & COMMAND) {
		text_add(t, " |");
		for (size_t i = 0; i < task->command.n; i++) {
			const char *quote = strchr(task->command.at[i], ' ') == NULL ? "" : "\"";

			text_addf(t, " %s", quote);
			cell_add(t, task->command.at[i]);
			text_add(t, quote);
		}
	}
}

static void batch_head(struct text *t, unsigned columns)
{
	text_add(t, "| ID | Task | Estimate | Depends on | Kind | Status");
	for (size_t i = 0; i < sizeof columns_more / sizeof *columns_more; i++)
		if (columns & columns_more[i].bit)
			text_addf(t, " | %s", columns_more[i].name);
	text_add(t, " |\n|----|------|----------|------------|------|--------");
	for (size_t i = 0; i < sizeof columns_more / sizeof *columns_more; i++)
		text_add(t, columns & columns_more[i].bit ? "|------" : "");
	text_add(t, "|\n");
}

static void batch_add(struct text *t, const struct plan *p, struct arena *a, size_t level)
{
	unsigned columns = columns_of(p);

	batch_head(t, columns);
	for (size_t i = 0; i < p->n_tasks; i++) {
		const struct plan_task *task = &p->tasks[i];

		if (level == p->n_levels ? !task->done : task->done || task->level != level)
			continue;
		text_add(t, "| ");
		cell_add(t, task->id);
		text_add(t, " | ");
		cell_add(t, task->title);
		text_add(t, " | ");
		estimate_add(t, task, a);
		text_add(t, " | ");
		needs_add(t, p, i);
		text_addf(t, " | %s | %s", task->kind, task->done ? "done" : "open");
		more_add(t, task, columns);
		text_add(t, " |\n");
	}
	text_add_char(t, '\n');
}

static void scores_add(struct text *t, const struct plan *p)
{
	text_add(t, "## Complexity and risk\n\n"
	            "| Task | Technical | Integration | Testing | Total | Risk Level |\n"
	            "|------|-----------|-------------|---------|-------|------------|\n");
	for (size_t i = 0; i < p->n_tasks; i++) {
		const struct plan_task *task = &p->tasks[i];

		text_add(t, "| ");
		cell_add(t, task->id);
		text_addf(t, " | %d | %d | %d | %d | %s |\n", task->technical, task->integration,
		          task->testing, task->complexity, plan_risk_word(task->risk));
	}
	text_add_char(t, '\n');
}

static void list_add(struct text *t, const char *heading, const struct plan_texts *list)
{
	if (list->n == 0)
		return;
	text_addf(t, "%s:\n\n", heading);
	for (size_t i = 0; i < list->n; i++)
		text_addf(t, "- %s\n", list->at[i]);
	text_add_char(t, '\n');
}

static void details_add(struct text *t, const struct plan *p)
{
	bool any = false;

	for (size_t i = 0; i < p->n_tasks; i++) {
		const struct plan_task *task = &p->tasks[i];

		if (task->description[0] == '\0' && task->steps.n == 0)
			continue;
		text_add(t, any ? "" : "## Details\n\n");
		any = true;
		text_add(t, "### ");
		cell_add(t, task->id);
		text_add(t, "\n\n");
		/* quoted, so that whatever it holds stays a part of this task */
		for (const char *s = task->description; *s != '\0';) {
			size_t n = strcspn(s, "\n");

			text_addf(t, "> %.*s\n", (int)n, s);
			s += n + (s[n] == '\n');
		}
		text_add(t, task->description[0] == '\0' ? "" : "\n");
		list_add(t, "Steps", &task->steps);
	}
}

static void path_add(struct text *t, const struct plan *p)
{
	text_add(t, "## Critical path\n\n");
	if (p->n_path > 1) {
		text_add(t, "```\n");
		for (size_t i = 0; i < p->n_path; i++)
			text_addf(t, "%s%s", i == 0 ? "" : " \xe2\x86\x92 ",
			          p->tasks[p->path[i]].id);
		text_add(t, "\n```\n\n");
	}
}

const char *plan_markdown(const struct plan *p, struct arena *a)
{
	struct text t;
	char *out;

	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "# %s\n\n## Summary\n\n", p->title);
	text_addf(&t, "- Tasks: %zu, dependencies: %zu\n", p->n_tasks, p->n_edges);
	text_addf(&t, "- Work: %s, longest path: %s\n", write_span(a, p->work_min),
	          write_span(a, p->path_min));
	text_addf(&t, "- On %zu workers: %s (%.2fx), with any number at most %.2fx\n\n", p->workers,
	          write_span(a, p->makespan_min), p->speedup, p->ceiling);
	text_add(&t, "```mermaid\n");
	graph_add(&t, p);
	text_add(&t, "```\n\n");
	for (size_t level = 0; level < p->n_levels; level++) {
		text_addf(&t, "## Batch %zu\n\n", level + 1);
		batch_add(&t, p, a, level);
	}
	for (size_t i = 0; i < p->n_tasks; i++)
		if (p->tasks[i].done) {
			text_add(&t, "## Done\n\n");
			batch_add(&t, p, a, p->n_levels);
			break;
		}
	scores_add(&t, p);
	path_add(&t, p);
	if (p->gates.n > 0) {
		text_add(&t, "## Quality gates\n\n```sh\n");
		for (size_t i = 0; i < p->gates.n; i++)
			text_addf(&t, "%s\n", p->gates.at[i]);
		text_add(&t, "```\n\n");
	}
	details_add(&t, p);
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}
