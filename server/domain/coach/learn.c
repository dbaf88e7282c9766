/* learn.c - what finished runs teach about estimates. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/facts.h"
#include "domain/coach/learn.h"
#include "domain/plan/measure.h"

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

static bool factor_of_values(double *values, size_t n, const char *kind, struct coach_factor *out)
{
	if (n < COACH_FACTOR_LEAST)
		return false;
	*out = (struct coach_factor){ .kind = kind, .n = n };
	out->factor = facts_middle(values, n); /* sorts */
	out->low = values[n / 4];
	out->high = values[n - 1 - n / 4];
	return true;
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
	return factor_of_values(room, m, kind == NULL ? "*" : kind, out);
}

static const char *const bands[] = { "complexity low", "complexity medium", "complexity high",
	                             "complexity critical" };

/* The same for each band of complexity, which every task has that came from a plan. */
static bool band_factor(const struct history_task *tasks, size_t n, enum plan_risk band,
                        double *room, struct coach_factor *out)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (tasks[i].stated && tasks[i].complexity > 0 &&
		    measure_risk_of((int)tasks[i].complexity) == band)
			room[m++] =
			    (double)tasks[i].run_ms / ((double)tasks[i].estimate_min * MINUTE_MS);
	return factor_of_values(room, m, bands[band], out);
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
	for (int band = PLAN_LOW; band <= PLAN_CRITICAL; band++) {
		if (!band_factor(tasks, n, (enum plan_risk)band, values, &one))
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
