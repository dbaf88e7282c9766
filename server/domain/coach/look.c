/* look.c - what to look at, found in a project. */
#include <string.h>

#include "base/text.h"
#include "domain/coach.h"
#include "domain/config.h"

/* Programs of the configured gates, so that they count as gates in sessions, too. */
static enum status gates_of(struct project *p, struct arena *a, const char *const **out,
                            struct err *err)
{
	const struct config *config = NULL;
	enum status st = project_config(p, &config, err);
	const char **heads;

	if (st != OK)
		return st;
	if ((heads = arena_take(a, (config->n_gates + 1) * sizeof *heads)) == NULL)
		return err_nomem(err, "the gates");
	for (size_t i = 0; i < config->n_gates; i++) {
		const struct config_texts *command = &config->gates[i].command;
		const char *slash = command->n == 0 ? NULL : strrchr(command->at[0], '/');
		const char *program = command->n == 0 ? ""
		                      : slash == NULL ? command->at[0]
		                                      : slash + 1;

		heads[i] =
		    command->n > 1 ? text_printf(a, "%s %s", program, command->at[1]) : program;
		if (heads[i] == NULL)
			return err_nomem(err, "the gates");
	}
	*out = heads;
	return OK;
}

static enum status look_at_run(struct project *p, const struct coach_wish *wish, struct arena *a,
                               struct coach_report **out, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_read(p, wish->stop, &db, err);

	if (st == OK && (st = db_read_begin(db, err)) == OK) {
		st = coach_of_run(db, wish->run, a, out, err);
		db_read_end(db);
	}
	project_done(p, db);
	return st;
}

static enum status prices_of(struct project *p, struct coach_wish *wish, struct err *err)
{
	const struct config *config;
	enum status st = project_config(p, &config, err);

	if (st != OK)
		return st;
	wish->prices = config->prices;
	wish->n_prices = config->n_prices;
	return OK;
}

enum status coach_look(struct project *p, const struct coach_wish *wish, struct arena *a,
                       struct coach_report **out, struct err *err)
{
	struct coach_wish whole = *wish;
	enum status st;

	if (wish->path == NULL && wish->since_ms == 0 && !wish->fresh)
		return look_at_run(p, wish, a, out, err);
	if ((st = gates_of(p, a, &whole.gates, err)) != OK ||
	    (st = prices_of(p, &whole, err)) != OK)
		return st;
	whole.root = p->root;
	if (wish->path != NULL && wish->path[0] != '/' &&
	    (whole.path = text_printf(a, "%s/%s", p->root, wish->path)) == NULL)
		st = err_nomem(err, "a path");
	if (st != OK)
		return st;
	return wish->fresh ? coach_watch(p, &whole, a, out, err)
	                   : coach_sessions(&whole, a, out, err);
}
