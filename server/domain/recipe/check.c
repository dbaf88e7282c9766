/* check.c - checks as others see them: started, looked at, cancelled. */
#include "domain/recipe/check.h"

#include <signal.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "domain/recipe/gates.h"
#include "sys/detach.h"
#include "sys/fs.h"
#include "sys/lock.h"
#include "sys/proc.h"

#define BEGIN_MOST_MS 30000

const char *check_output(const struct project *p, const char *id, struct arena *a)
{
	return text_printf(a, "%s/checks/%s/output", p->state, id);
}

const char *check_lock(const struct project *p, const char *id, struct arena *a)
{
	return text_printf(a, "%s/checks/%s/lock", p->state, id);
}

static enum status add_gate(struct db *db, const char *id, const struct check_gate_row *gate,
                            struct err *err)
{
	struct check_gate_row row = *gate;

	row.exit_code = row.wall_ms = RUNS_NONE;
	return checks_put_gate(db, id, &row, err);
}

/* The configured gates first, then those of the recipes that are not among them. */
static enum status add_gates(struct db *db, const char *id, const struct recipe_set *set,
                             size_t chosen, const struct config *config, struct err *err)
{
	bool allowed = recipe_gate_agent(config) != NULL;
	struct check_gate_row row = { 0 };
	enum status st = OK;

	for (size_t i = 0; st == OK && i < config->n_gates; i++, row.position++) {
		row.name = config->gates[i].name;
		st = add_gate(db, id, &row, err);
	}
	for (size_t i = 0; allowed && i < set->n_recipes; i++) {
		const struct recipe *r = &set->recipes[i];

		for (size_t k = 0; st == OK && k < r->n_gates; k++) {
			if ((chosen != RECIPE_NONE && chosen != i) ||
			    recipe_gate_configured(config, &r->gates[k]))
				continue;
			row.recipe = r->name;
			row.name = r->gates[k].line;
			st = add_gate(db, id, &row, err);
			row.position++;
		}
	}
	if (st == OK && row.position == 0)
		st = err_set(err, E_INPUT,
		             "no gate is configured that could show anything; put one into '%s': "
		             "gates: [{name: tests, command: [make, test]}], or give 'results', a "
		             "file with the output of the tests",
		             config->project_path);
	return st;
}

/* Its process is gone without a word: what it had started goes too, and the row says so. */
static enum status bury(struct project *p, struct db *db, struct check_row *row, struct arena *a,
                        struct err *err)
{
	const char *mark[] = { text_printf(a, "GADUGI_CHECK_ID=%s", row->id), NULL };
	enum status st = mark[0] == NULL ? err_nomem(err, "a check")
	                                 : proc_sweep(mark, PROC_GRACE_MS, NULL, err);

	if (st != OK)
		return st;
	row->state = "failed";
	row->cause = "its process ended before it did";
	row->ended_ms = clock_wall_ms(&p->clock);
	if ((st = db_begin(db, err)) == OK && (st = checks_put(db, row, err)) == OK)
		st = project_commit(p, db, err);
	db_rollback(db);
	return st;
}

/* A check that goes on: of the same, to be joined; of something else, in the way. */
static enum status find_running(struct project *p, struct db *db, const char *recipe,
                                struct arena *a, const char **id, struct err *err)
{
	struct check_row *rows = NULL;
	size_t n = 0;
	enum status st = checks_running(db, a, &rows, &n, err);

	*id = NULL;
	for (size_t i = 0; st == OK && i < n; i++) {
		const char *lock = check_lock(p, rows[i].id, a);
		bool same = recipe == NULL || rows[i].recipe == NULL
		                ? recipe == rows[i].recipe
		                : strcmp(recipe, rows[i].recipe) == 0;

		if (lock == NULL)
			return err_nomem(err, "a check");
		if (!lock_held(lock, NULL)) {
			if ((st = bury(p, db, &rows[i], a, err)) != OK)
				return st;
			continue;
		}
		if (!same)
			return err_set(err, E_BUSY,
			               "a check of '%s' is going on (%s); wait for it or cancel it",
			               rows[i].recipe == NULL ? "all recipes" : rows[i].recipe,
			               rows[i].id);
		*id = rows[i].id;
		return OK;
	}
	return st;
}

static enum status spawn(struct project *p, const char *id, struct arena *a, struct err *err)
{
	const char *folder = text_printf(a, "%s/checks/%s", p->state, id);
	const char *log = text_printf(a, "%s/checks/%s/checker.log", p->state, id);
	const char *argv[] = { "gadugi", "checker", id, "--root", p->root, NULL };
	enum status st;

	if (folder == NULL || log == NULL)
		return err_nomem(err, "a check");
	if ((st = fs_make_folders(folder, 0700, err)) != OK)
		return st;
	return detach_start(argv, log, BEGIN_MOST_MS, err);
}

/* It is stored, but nobody runs it: say so in its row. */
static void give_up(struct project *p, struct db *db, const char *id, const char *cause)
{
	const struct check_row row = {
		.id = id, .state = "failed", .cause = cause, .ended_ms = clock_wall_ms(&p->clock)
	};

	if (db_begin(db, NULL) == OK && checks_put(db, &row, NULL) == OK)
		(void)project_commit(p, db, NULL);
}

/* Store and start it, unless one goes on that can be joined. Under the lock of those who start. */
static enum status start(struct project *p, struct db *db, const struct recipe_set *set,
                         size_t chosen, struct check_begun *out, struct err *err)
{
	struct arena *a = set->a;
	const char *recipe = chosen == RECIPE_NONE ? NULL : set->recipes[chosen].name;
	const struct config *config = NULL;
	char name[ID_SIZE];
	struct check_row row = { .id = name, .recipe = recipe, .state = "running" };
	enum status st = find_running(p, db, recipe, a, &out->id, err);

	out->joined = out->id != NULL;
	if (st != OK || out->joined || (st = project_config(p, &config, err)) != OK)
		return st;
	row.made_ms = clock_wall_ms(&p->clock);
	row.ended_ms = RUNS_NONE;
	id_new(name, 'v', row.made_ms);
	if ((st = db_begin(db, err)) != OK || (st = checks_put(db, &row, err)) != OK ||
	    (st = add_gates(db, name, set, chosen, config, err)) != OK ||
	    (st = project_commit(p, db, err)) != OK)
		return st;
	if ((st = spawn(p, name, a, err)) != OK)
		give_up(p, db, name, err == NULL ? "no checker" : err->text);
	else if ((out->id = text_dup(a, name)) == NULL)
		st = err_nomem(err, "a check");
	return st;
}

enum status check_start(struct project *p, const struct recipe_set *set, size_t chosen,
                        const atomic_bool *stop, struct check_begun *out, struct err *err)
{
	const char *folder = text_printf(set->a, "%s/checks", p->state);
	const char *path = text_printf(set->a, "%s/checks/lock", p->state);
	const struct config *config = NULL;
	struct lock *lock = NULL;
	struct db *db = NULL;
	enum status st = project_config(p, &config, err);

	*out = (struct check_begun){ 0 };
	if (st == OK)
		st = config_trusted(config, err);
	if (st == OK && (folder == NULL || path == NULL))
		st = err_nomem(err, "a check");
	if (st != OK || (st = project_write(p, stop, &db, err)) != OK)
		return st;
	if ((st = fs_make_folders(folder, 0700, err)) == OK &&
	    (st = lock_take(&lock, path, BEGIN_MOST_MS, stop, err)) == OK)
		st = start(p, db, set, chosen, out, err);
	lock_free(lock);
	project_done(p, db);
	return st;
}

static enum status read_check(struct project *p, const char *id, const atomic_bool *stop,
                              struct arena *a, struct check_view *out, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_read(p, stop, &db, err);

	if (st == OK && (st = checks_get(db, id, a, &out->row, err)) == E_ABSENT)
		(void)err_set(err, st, "there is no check '%s'", id);
	if (st == OK)
		st = checks_gates(db, id, a, &out->gates, &out->n_gates, err);
	project_done(p, db);
	return st;
}

enum status check_look(struct project *p, const char *id, const atomic_bool *stop, struct arena *a,
                       struct check_view *out, struct err *err)
{
	const char *lock = check_lock(p, id, a);
	struct db *db = NULL;
	enum status st;
	bool held;

	*out = (struct check_view){ 0 };
	if (lock == NULL)
		return err_nomem(err, "a check");
	held = lock_held(lock, &out->pid); /* before the row: one that ends meanwhile has ended */
	if ((st = read_check(p, id, stop, a, out, err)) != OK)
		return st;
	out->goes_on = held && strcmp(out->row.state, "running") == 0;
	if (!out->goes_on)
		out->pid = 0;
	for (size_t i = 0; i < out->n_gates; i++)
		out->n_ended += out->gates[i].outcome != NULL;
	if (out->goes_on || strcmp(out->row.state, "running") != 0)
		return OK;
	if ((st = project_write(p, stop, &db, err)) == OK)
		st = bury(p, db, &out->row, a, err);
	project_done(p, db);
	return st;
}

void check_cancel(const char *lock, int pid)
{
	int holder = 0;

	if (pid > 0 && lock_held(lock, &holder) && holder == pid)
		(void)kill(pid, SIGTERM);
}
