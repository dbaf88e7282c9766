/* run.c - a finished run to a report. */
#include <stdlib.h>

#include "domain/coach/facts.h"
#include "domain/coach/find.h"
#include "domain/coach/learn.h"
#include "domain/coach/report.h"
#include "domain/coach/witness.h"

static enum status choose(struct db *db, const char **id, struct arena *a, struct err *err)
{
	enum status st = *id != NULL ? OK : history_last_run(db, a, id, err);

	if (st == OK && *id == NULL)
		return err_set(err, E_ABSENT,
		               "no run has ended yet; give 'path' to look at session files");
	return st;
}

/* Those of them that teach how long such tasks take. */
static enum status succeeded(const struct history_task *all, size_t n, struct arena *a,
                             struct history_task **out, size_t *n_out, struct err *err)
{
	struct history_task *items = arena_take(a, (n + 1) * sizeof *items);

	if (items == NULL)
		return err_nomem(err, "earlier tasks");
	*n_out = 0;
	for (size_t i = 0; i < n; i++)
		if (all[i].succeeded && all[i].estimate_min > 0)
			items[(*n_out)++] = all[i];
	*out = items;
	return OK;
}

enum status coach_of_run(struct db *db, const char *id, struct arena *a, struct coach_report **out,
                         struct err *err)
{
	struct coach_report *r = report_new(a);
	struct history_task *history = NULL, *results = NULL;
	struct coach_factor *factors = NULL;
	struct facts *facts = NULL;
	struct finder f = { .report = r };
	size_t n = 0, n_factors = 0, n_results = 0;
	enum status st;

	if (r == NULL)
		return err_nomem(err, "a report");
	if ((st = choose(db, &id, a, err)) != OK ||
	    (st = facts_read(db, id, a, &facts, err)) != OK ||
	    (st = history_results(db, LEARN_TASKS, a, &results, &n_results, err)) != OK ||
	    (st = succeeded(results, n_results, a, &history, &n, err)) != OK ||
	    (st = learn_factors(history, n, a, &factors, &n_factors, err)) != OK)
		return st;
	r->run = facts;
	r->factors = factors;
	r->n_factors = n_factors;
	r->results = results;
	r->n_results = n_results;
	f.run = facts->run->id;
	report_subject(r, "run", facts->run->id);
	find_in_run(&f, facts, history, n);
	if ((st = witness_events(db, facts->run, r, err)) != OK)
		return st;
	return report_end(r, out, err);
}
