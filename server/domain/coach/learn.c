/* learn.c - what finished runs teach about estimates. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/facts.h"
#include "domain/coach/learn.h"

#define MINUTE_MS 60000.0

static int by_kind(const void *a, const void *b)
{
	const struct coach_factor *x = a, *y = b;

	return strcmp(x->kind, y->kind);
}

static bool is_kind(const struct history_task *t, const char *kind)
{
	return kind == NULL || (t->kind != NULL && strcmp(t->kind, kind) == 0);
}

/* The tasks of a kind (NULL: all) as one factor; false when they are too few. */
static bool factor_of(const struct history_task *tasks, size_t n, const char *kind, double *room,
                      struct coach_factor *out)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (tasks[i].stated && is_kind(&tasks[i], kind))
			room[m++] =
			    (double)tasks[i].run_ms / ((double)tasks[i].estimate_min * MINUTE_MS);
	if (m < COACH_FACTOR_LEAST)
		return false;
	*out = (struct coach_factor){ .kind = kind == NULL ? "*" : kind, .n = m };
	out->factor = facts_middle(room, m); /* sorts */
	out->low = room[m / 4];
	out->high = room[m - 1 - m / 4];
	return true;
}

enum status learn_factors(const struct history_task *tasks, size_t n, struct arena *a,
                          struct coach_factor **out, size_t *n_out, struct err *err)
{
	double *values = arena_take(a, (n + 1) * sizeof *values);
	struct coach_factor *items = NULL, one;
	size_t count = 0, room = 0;

	if (values == NULL)
		return err_nomem(err, "estimates");
	for (size_t i = 0; i <= n; i++) {
		const char *kind = i == 0 ? NULL : tasks[i - 1].kind;
		bool known = i > 0 && kind == NULL;

		for (size_t k = 0; kind != NULL && k < count; k++)
			known = known || strcmp(items[k].kind, kind) == 0;
		if (known || !factor_of(tasks, n, kind, values, &one))
			continue;
		items = list_room(a, items, count, &room, sizeof *items);
		if (items == NULL)
			return err_nomem(err, "estimates");
		items[count++] = one;
	}
	if (count > 0)
		qsort(items, count, sizeof *items, by_kind);
	*out = items;
	*n_out = count;
	return OK;
}

enum status coach_factors(struct db *db, struct arena *a, struct coach_factor **out, size_t *n,
                          struct err *err)
{
	struct history_task *tasks = NULL;
	size_t n_tasks = 0;
	enum status st = history_tasks(db, LEARN_TASKS, a, &tasks, &n_tasks, err);

	return st != OK ? st : learn_factors(tasks, n_tasks, a, out, n, err);
}
