/* Tables of tasks, and tables that say more about tasks told elsewhere. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"
#include "domain/plan/role.h"

#define COLUMNS_MAX 48

enum use { USE_NONE, USE_ATTRIBUTES, USE_TASKS, USE_GRAPH }; /* ascending: GRAPH has dependencies */

struct table {
	size_t block;
	enum role roles[COLUMNS_MAX];
	long units[COLUMNS_MAX];
	size_t n;
	size_t name; /* column, or COLUMNS_MAX */
	enum use use;
};

static bool has(const struct table *t, enum role role)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->roles[i] == role)
			return true;
	return false;
}

static size_t column(const struct table *t, enum role role)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->roles[i] == role)
			return i;
	return COLUMNS_MAX;
}

/* Every cell of this column an id, and another that tells more: `| Task | Description |`. */
static bool holds_ids(const struct paper *p, const struct table *t, size_t want)
{
	const struct markdown_block *b = p->m->blocks;
	bool any = false;

	for (size_t row = t->block + 1; row < b[t->block].end; row = b[row].end) {
		size_t at = 0;

		if (b[row].level == 1)
			continue;
		for (size_t cell = row + 1; cell < b[row].end; cell = b[cell].end, at++) {
			const char *s = b[cell].text;
			size_t digits = strspn(s, "0123456789.");

			if (at != want || s[0] == '\0')
				continue;
			if ((digits > 0 && s[digits] == '\0') ||
			    (role_lead_id(s) > 0 && s[role_lead_id(s)] == '\0'))
				any = true;
			else
				return false;
		}
	}
	return any;
}

/* The column that may name tasks beside one that only numbers them: a second name, or words. */
static size_t says_more(const struct table *t)
{
	for (size_t i = column(t, ROLE_NAME) + 1; i < t->n; i++)
		if (t->roles[i] == ROLE_NAME)
			return i;
	return column(t, ROLE_DESCRIPTION);
}

/* What may stand for a missing name column. */
static void name_choose(const struct paper *p, struct table *t)
{
	static const enum role others[] = { ROLE_DESCRIPTION, ROLE_ISSUE, ROLE_BATCH, ROLE_ID };

	t->name = column(t, ROLE_NAME);
	if (t->name < t->n && !has(t, ROLE_ID) && says_more(t) < t->n && holds_ids(p, t, t->name)) {
		size_t more = says_more(t);

		t->roles[t->name] = ROLE_ID;
		t->name = more;
		t->roles[t->name] = ROLE_NAME;
	}
	for (size_t i = 0; t->name == COLUMNS_MAX && i < sizeof others / sizeof *others; i++)
		if (has(t, others[i]) && has(t, ROLE_DEPENDS)) {
			t->name = column(t, others[i]);
			t->roles[t->name] = ROLE_NAME;
		}
	/* a second name column says more about the first */
	for (size_t i = 0; i < t->n; i++)
		if (t->roles[i] == ROLE_NAME && i != t->name)
			t->roles[i] = ROLE_DESCRIPTION;
}

static void table_read(const struct paper *p, size_t block, struct table *t)
{
	const struct markdown_block *b = p->m->blocks;
	size_t header = block + 1;

	*t = (struct table){ .block = block, .name = COLUMNS_MAX };
	if (header >= b[block].end)
		return;
	for (size_t cell = header + 1; cell < b[header].end && t->n < COLUMNS_MAX;
	     cell = b[cell].end) {
		t->units[t->n] = measure_unit(b[cell].text);
		t->roles[t->n++] = role_of(b[cell].text);
	}
	name_choose(p, t);
	if (t->name == COLUMNS_MAX)
		return;
	if (has(t, ROLE_DEPENDS) || has(t, ROLE_BLOCKS))
		t->use = USE_GRAPH;
	else if (has(t, ROLE_DURATION) || has(t, ROLE_ID) || has(t, ROLE_BATCH) ||
	         has(t, ROLE_ISSUE))
		t->use = paper_section(p, block) == PAPER_ASIDE ? USE_ATTRIBUTES : USE_TASKS;
	else if (has(t, ROLE_TECHNICAL) || has(t, ROLE_COMPLEXITY) || has(t, ROLE_RISK) ||
	         has(t, ROLE_TOTAL) || has(t, ROLE_FILES) || has(t, ROLE_STATUS) ||
	         has(t, ROLE_AGENT) || has(t, ROLE_ACCEPTANCE) || has(t, ROLE_OPTIMISTIC))
		t->use = USE_ATTRIBUTES;
}

static const char *cell_text(const struct markdown_block *b, size_t row, size_t want)
{
	size_t at = 0;

	for (size_t cell = row + 1; cell < b[row].end; cell = b[cell].end, at++)
		if (at == want)
			return b[cell].text;
	return "";
}

/* A last row that sums up claims a total and is no task. */
static bool sum_row(struct paper *p, const struct table *t, size_t row, const char *name)
{
	const struct markdown_block *b = p->m->blocks;
	size_t at = column(t, ROLE_DURATION);
	struct draft_claim claim = { .kind = CLAIM_WORK_MINUTES, .line = b[row].line };
	struct measure_span span;
	const char *words;

	if (!name_has(name, "total") && !name_has(name, "sum") && !name_has(name, "subtotal"))
		return false;
	if (strlen(name) > 24)
		return false;
	words = at == COLUMNS_MAX ? "" : cell_text(b, row, at);
	if (!name_has(name, "subtotal") && t->use >= USE_TASKS &&
	    measure_duration(words, strlen(words), t->units[at], &span)) {
		claim.low = span.high > 0 ? span.low : span.minutes;
		claim.high = span.high > 0 ? span.high : span.minutes;
		draft_claim(p->d, &claim);
	}
	return true;
}

static void row_apply(struct paper *p, const struct table *t, size_t row, struct draft_task *task,
                      bool fresh)
{
	const struct markdown_block *b = p->m->blocks;
	size_t at = 0;

	for (size_t cell = row + 1; cell < b[row].end && at < t->n; cell = b[cell].end, at++) {
		struct role_value v = { .words = b[cell].text,
			                .unit_min = t->units[at],
			                .source = PLAN_TABLE,
			                .line = b[row].line };

		if (at == t->name || v.words[0] == '\0')
			continue;
		if (!fresh && (t->roles[at] == ROLE_ID || t->roles[at] == ROLE_DESCRIPTION))
			continue;
		(void)role_apply(p->d, task, t->roles[at], &v);
	}
	task->seen |= DRAFT_IN_TABLE;
}

/* The task that a row is about: one that is known, or a new one; NULL for neither. */
static struct draft_task *row_task(struct paper *p, const struct table *t, struct names *names,
                                   size_t row, const char *name, bool *fresh)
{
	struct draft *d = p->d;
	long line = p->m->blocks[row].line;
	size_t id = column(t, ROLE_ID);
	const char *key = id == COLUMNS_MAX ? "" : cell_text(p->m->blocks, row, id);
	struct name_hit hit = { NAME_UNKNOWN, PLAN_NONE, 0 };
	struct draft_task *task;

	if (names != NULL && key[0] != '\0')
		hit = name_find(names, key, strlen(key));
	if (names != NULL && hit.how < NAME_NUMBER)
		hit = name_find(names, name, strlen(name));
	*fresh = false;
	if (hit.how >= NAME_TITLE || (hit.how >= NAME_NEAR && t->use < USE_GRAPH))
		return d->tasks[hit.task];
	if (t->use < USE_TASKS)
		return NULL;
	*fresh = true;
	task = draft_task(d, "", line);
	role_title(d, task, name, PLAN_TABLE);
	if (!paper_batch(p, t->block, &task->t.batch, &task->batch_number))
		task->batch_number = 0;
	return task;
}

static void rows_read(struct paper *p, const struct table *t)
{
	const struct markdown_block *b = p->m->blocks;
	struct names *names = p->d->n_tasks == 0 ? NULL : names_build(p->d);
	bool fresh = false;

	for (size_t row = t->block + 1; row < b[t->block].end; row = b[row].end) {
		const char *name = cell_text(b, row, t->name);
		struct draft_task *task;

		if (b[row].level == 1 || name[strspn(name, " -\xe2\x80\x93\x94")] == '\0' ||
		    sum_row(p, t, row, name))
			continue;
		if ((task = row_task(p, t, names, row, name, &fresh)) == NULL)
			continue;
		for (size_t cell = row + 1; fresh && cell < b[row].end; cell = b[cell].end)
			task->dropped = task->dropped || b[cell].struck;
		row_apply(p, t, row, task, fresh);
	}
	for (size_t i = t->block; i < b[t->block].end; i++)
		p->used[i] = true;
}

/* Read every table whose use is within bounds. */
static void tables(struct paper *p, enum use least, enum use most, enum use best)
{
	const struct markdown_block *b = p->m->blocks;
	struct table *t = arena_take(p->d->a, sizeof *t);

	for (size_t i = 0; t != NULL && i < p->m->n; i++) {
		if (b[i].kind != MARKDOWN_TABLE || p->used[i])
			continue;
		table_read(p, i, t);
		/* beside tables with dependencies another table only says more */
		if (best == USE_GRAPH && t->use == USE_TASKS && !has(t, ROLE_ID))
			t->use = USE_ATTRIBUTES;
		if (t->use >= least && t->use <= most)
			rows_read(p, t);
	}
}

void paper_read_tables(struct paper *p)
{
	struct table *t = arena_take(p->d->a, sizeof *t);
	enum use best = USE_NONE;

	for (size_t i = 0; t != NULL && i < p->m->n; i++)
		if (p->m->blocks[i].kind == MARKDOWN_TABLE) {
			table_read(p, i, t);
			best = t->use > best ? t->use : best;
		}
	tables(p, USE_GRAPH, USE_GRAPH, best);
	tables(p, USE_TASKS, USE_TASKS, best);
}

void paper_read_attributes(struct paper *p)
{
	if (p->d->n_tasks > 0)
		tables(p, USE_ATTRIBUTES, USE_ATTRIBUTES, USE_GRAPH);
}
