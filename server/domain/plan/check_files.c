/* Tasks that may run at once and name, or will likely touch, the same file. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/check.h"

#define SEARCHES_MAX 3000
#define FINDINGS_MAX 50

struct use {
	const char *file;
	size_t task, order; /* order: place in the topological order */
	bool likely;
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

static void conflict(struct check *c, const struct use *list, size_t n, bool likely)
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
	if (likely)
		f = draft_find(c->d, "likely-conflict", PLAN_INFO, c->p->tasks[list[0].task].line,
		               "by the history of the repository %zu tasks that may run at once "
		               "change '%s': %s; say which files each of them changes",
		               n, list[0].file, text_string(&ids));
	else
		f = draft_find(
		    c->d, "file-conflict", open ? PLAN_WARNING : PLAN_INFO,
		    c->p->tasks[list[0].task].line,
		    "%zu tasks that may run at once name '%s': %s; order them or join them", n,
		    list[0].file, text_string(&ids));
	for (size_t i = 0; i < n; i++)
		draft_text(c->d->a, &f->tasks, c->p->tasks[list[i].task].id);
	text_done(&ids);
}

/* Uses of files by all tasks, sorted by file; false when the arena is full. */
static bool uses_list(struct check *c, struct use **out, size_t *n)
{
	size_t most = 0, *place = arena_take(c->d->a, (c->p->n_tasks + 1) * sizeof *place);
	struct use *uses;

	for (size_t i = 0; i < c->p->n_tasks; i++)
		most += c->p->tasks[i].files.n;
	uses = arena_take(c->d->a, (most + 1) * sizeof *uses);
	if (uses == NULL || place == NULL)
		return false;
	for (size_t i = 0; i < c->p->n_tasks; i++)
		place[c->times.order[i]] = i;
	*n = 0;
	for (size_t i = 0; i < c->p->n_tasks; i++)
		for (size_t k = 0; k < c->p->tasks[i].files.n; k++)
			uses[(*n)++] = (struct use){ c->p->tasks[i].files.at[k], i, place[i],
				                     c->p->tasks[i].files_likely };
	qsort(uses, *n, sizeof *uses, use_order);
	*out = uses;
	return true;
}

/* Those of list[0..n) that somebody stated, into kept; how many. */
static size_t stated_of(const struct use *list, size_t n, struct use *kept)
{
	size_t stated = 0;

	for (size_t i = 0; i < n; i++)
		if (!list[i].likely)
			kept[stated++] = list[i];
	return stated;
}

void check_files(struct check *c)
{
	size_t n = 0, found = 0, searches = 0;
	struct use *uses = NULL, *stated;

	if (!uses_list(c, &uses, &n) ||
	    (stated = arena_take(c->d->a, (n + 1) * sizeof *stated)) == NULL)
		return;
	for (size_t from = 0, to; from < n && found < FINDINGS_MAX; from = to) {
		size_t n_stated;

		for (to = from + 1; to < n && strcmp(uses[from].file, uses[to].file) == 0; to++)
			;
		n_stated = stated_of(uses + from, to - from, stated);
		if (n_stated > 1 && !in_a_row(c, stated, n_stated, &searches)) {
			conflict(c, stated, n_stated, false);
			found++;
		}
		if (n_stated < to - from && !in_a_row(c, uses + from, to - from, &searches)) {
			conflict(c, uses + from, to - from, true);
			found++;
		}
	}
}
