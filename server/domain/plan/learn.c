#include "domain/plan/learn.h"

#include <math.h>
#include <string.h>

#include "domain/project.h"
#include "store/finished.h"

#define MINUTE_MS 60000.0

enum status learn_open(struct project *p, const atomic_bool *stop, struct arena *a,
                       struct learned **out, struct err *err)
{
	struct finished_task *rows = NULL;
	struct learned_task *tasks;
	struct db *db = NULL;
	size_t n = 0;
	enum status st = project_read(p, stop, &db, err);

	if (st == OK)
		st = finished_tasks(db, LEARNED_MAX, a, &rows, &n, err);
	project_done(p, db);
	if (st != OK)
		return st;
	if ((tasks = arena_take(a, (n + 1) * sizeof *tasks)) == NULL)
		return err_nomem(err, "estimates");
	for (size_t i = 0; i < n; i++)
		tasks[i] = (struct learned_task){
			.title = rows[i].title,
			.kind = rows[i].kind,
			.minutes = (double)rows[i].run_ms / MINUTE_MS,
			.estimate_min = rows[i].stated ? (long)rows[i].estimate_min : 0,
		};
	*out = learned_new(a, tasks, n);
	return *out == NULL ? err_nomem(err, "estimates") : OK;
}

enum status learn_options(const struct learned *l, struct arena *a, struct plan_options *options,
                          struct err *err)
{
	struct plan_factor *factors = NULL;

	if (!learned_factors(l, a, &factors, &options->n_factors))
		return err_nomem(err, "estimates");
	options->factors = factors;
	options->learned = learned_n(l) < LEARNED_LEAST ? NULL : l;
	return OK;
}

enum status learn_reset(struct project *p, const atomic_bool *stop, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_write(p, stop, &db, err);

	if (st == OK)
		st = db_begin(db, err);
	if (st == OK)
		st = finished_reset(db, clock_wall_ms(&p->clock), err);
	if (st == OK)
		st = project_commit(p, db, err);
	project_done(p, db);
	return st;
}

/* Two places after the point: more would claim to be known. */
static void number_put(struct json_build *b, cJSON *o, const char *key, double value)
{
	json_put_number(b, o, key, round(value * 100) / 100);
}

static void factors_put(struct json_build *b, cJSON *to, const struct plan_options *options)
{
	cJSON *list = json_put_array(b, to, "factors");

	for (size_t i = 0; i < options->n_factors; i++) {
		cJSON *o = json_add_object(b, list);

		json_put_text(b, o, "kind", options->factors[i].kind);
		json_put_int(b, o, "tasks", (int64_t)options->factors[i].n);
		number_put(b, o, "factor", options->factors[i].middle);
		number_put(b, o, "low", options->factors[i].low);
		number_put(b, o, "high", options->factors[i].high);
	}
}

enum status learn_json(struct project *p, const atomic_bool *stop, struct arena *a, cJSON **out,
                       struct err *err)
{
	struct plan_options options = { 0 };
	struct json_build b = { false };
	struct learned *l = NULL;
	struct learned_replay replay;
	struct db *db = NULL;
	char since[CLOCK_TEXT_SIZE];
	int64_t at_ms = 0;
	cJSON *answer;
	enum status st = learn_open(p, stop, a, &l, err);

	if (st == OK)
		st = learn_options(l, a, &options, err);
	if (st == OK && (st = project_read(p, stop, &db, err)) == OK)
		st = finished_since(db, &at_ms, err);
	project_done(p, db);
	if (st != OK)
		return st;
	replay = learned_replay(l);
	answer = json_object(&b);
	json_put_int(&b, answer, "tasks", (int64_t)learned_n(l));
	if (at_ms > 0) {
		clock_text(at_ms, since);
		json_put_text(&b, answer, "since", since);
	}
	if (replay.n > 0) {
		json_put_int(&b, answer, "replayed", (int64_t)replay.n);
		number_put(&b, answer, "errorBefore", replay.before);
		number_put(&b, answer, "errorAfter", replay.after);
	}
	factors_put(&b, answer, &options);
	return json_built(&b, answer, out, err);
}
