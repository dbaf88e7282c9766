/* Tasks that may run at once and name the same file. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/check.h"

#define SEARCHES_MAX 3000
#define FINDINGS_MAX 50

struct use {
	const char *file;
	size_t task, order; /* order: place in the topological order */
};

static int use_order(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	return order != 0 ? order : x->order < y->order ? -1 : x->order > y->order;
}

/*
 * Are all tasks of list[0..n) in a row, each after the one before? They are in topological
 * order, so it is enough to look at neighbours.
 */
static bool in_a_row(struct check *c, const struct use *list, size_t n, size_t *searches)
{
	for (size_t i = 1; i < n; i++) {
		bool reaches = false;

		if (++*searches > SEARCHES_MAX)
			return true; /* not known: nothing is said */
		if (!graph_reaches(&c->whole, list[i - 1].task, list[i].task, c->d->a, &reaches))
			return true;
		if (!reaches)
			return false;
	}
	return true;
}

static void conflict(struct check *c, const struct use *list, size_t n)
{
	bool open = false;
	struct plan_finding *f;
	struct text ids;

	text_init(&ids, TEXT_LIMIT);
	for (size_t i = 0; i < n; i++) {
		open = open || !c->p->tasks[list[i].task].done;
		if (i < 8)
			text_addf(&ids, "%s'%s'", i == 0 ? "" : ", ", c->p->tasks[list[i].task].id);
	}
	if (n > 8)
		text_addf(&ids, " and %zu more", n - 8);
	f = draft_find(c->d, "file-conflict", open ? PLAN_WARNING : PLAN_INFO,
	               c->p->tasks[list[0].task].line,
	               "%zu tasks that may run at once name '%s': %s; order them or join them", n,
	               list[0].file, text_string(&ids));
	for (size_t i = 0; i < n; i++)
		draft_text(c->d->a, &f->tasks, c->p->tasks[list[i].task].id);
	text_done(&ids);
}

void check_files(struct check *c)
{
	size_t n = 0, found = 0, searches = 0, *place;
	struct use *uses;

	for (size_t i = 0; i < c->p->n_tasks; i++)
		n += c->p->tasks[i].files.n;
	uses = arena_take(c->d->a, (n + 1) * sizeof *uses);
	place = arena_take(c->d->a, (c->p->n_tasks + 1) * sizeof *place);
	if (uses == NULL || place == NULL)
		return;
	for (size_t i = 0; i < c->p->n_tasks; i++)
		place[c->times.order[i]] = i;
	n = 0;
	for (size_t i = 0; i < c->p->n_tasks; i++)
		for (size_t k = 0; k < c->p->tasks[i].files.n; k++)
			uses[n++] = (struct use){ c->p->tasks[i].files.at[k], i, place[i] };
	qsort(uses, n, sizeof *uses, use_order);
	for (size_t from = 0, to; from < n && found < FINDINGS_MAX; from = to) {
		for (to = from + 1; to < n && strcmp(uses[from].file, uses[to].file) == 0; to++)
			;
		if (to - from < 2 || in_a_row(c, uses + from, to - from, &searches))
			continue;
		conflict(c, uses + from, to - from);
		found++;
	}
}
