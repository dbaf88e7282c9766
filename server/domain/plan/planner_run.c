/* planner_run.c - an agent of the configuration writes the plan. */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "domain/config.h"
#include "domain/plan/planner.h"
#include "domain/project.h"
#include "domain/run/agent.h"
#include "sys/fs.h"
#include "sys/sandbox.h"

#define FOLDER "planner"

struct round {
	struct project *p;
	const struct config *config;
	const struct config_agent *agent;
	const char *folder; /* the only one it may write to */
	const atomic_bool *stop;
	struct bell *bell;
	struct arena *a;
};

/* Ask once; *answer is all it said. */
static enum status ask(const struct round *r, const char *words, const char **answer,
                       struct err *err)
{
	char id[ID_SIZE]; /* told by it, and ended by it: no other that plans may have the same */
	const struct agent_start start = { .agent = r->agent,
		                           .prompt = words,
		                           .folder = r->folder,
		                           .run = id,
		                           .task_id = FOLDER,
		                           .attempt = 1,
		                           .confine = r->config->flags[CONFIG_CONFINE] };
	const struct proc_bounds bounds = { .max = PLANNER_ANSWER_MAX,
		                            .timeout_ms = r->config->defaults.timeout_ms,
		                            .stop = r->stop,
		                            .bell = r->bell };
	struct sandbox *sandbox = NULL;
	struct proc_output out;
	struct proc_spec spec;
	enum status st;

	id_new(id, 'p', clock_wall_ms(&r->p->clock));
	if ((st = agent_prepare(&start, r->a, &spec, &sandbox, err)) != OK)
		return st;
	spec.cwd = r->p->root; /* it looks around there; it writes nowhere */
	spec.err = PROC_TO_PIPE;
	spec.stop_grace_ms = PROC_CALL_MS;
	st = proc_run(&spec, &bounds, r->a, &out, err);
	sandbox_free(sandbox);
	if (st != OK)
		return st;
	if (r->stop != NULL && *r->stop)
		return err_set(err, E_STOP, "planning was stopped");
	if (out.result.outcome != PROC_CLEAN)
		return err_set(err, E_IO, "the agent '%s' %s (exit %d, signal %d): %.200s",
		               r->agent->name, proc_outcome_words(out.result.outcome),
		               out.result.exit_code, out.result.signal,
		               out.err_size > 0 ? out.err : out.out);
	if (text_utf8_valid(out.out, out.out_size) != out.out_size ||
	    strlen(out.out) != out.out_size)
		return err_set(err, E_INPUT, "what the agent '%s' answered is not text in UTF-8",
		               r->agent->name);
	*answer = out.out;
	return OK;
}

enum status planner_run(struct project *p, const struct planner_want *want, struct arena *a,
                        struct plan **out, struct err *err)
{
	struct round r = { .p = p, .stop = want->stop, .bell = want->bell, .a = a };
	const char *words = planner_ask(a, want->goal), *answer = NULL, *wrong = NULL;
	struct db *db = NULL;
	enum status st = project_config(p, &r.config, err);

	if (st == OK)
		st = config_agent_find(r.config, want->agent, &r.agent, err);
	if (st == OK && r.agent->shell)
		st = err_set(err, E_INPUT, "the agent '%s' only runs commands: it writes no plan",
		             r.agent->name);
	if (st != OK)
		return st;
	if (words == NULL || (r.folder = fs_join(a, p->state, FOLDER)) == NULL)
		return err_nomem(err, "a plan");
	/* as something is kept there now, the state folder is made and hidden from git */
	st = project_write(p, want->stop, &db, err);
	project_done(p, db);
	if (st != OK || (st = fs_make_folders(r.folder, 0700, err)) != OK)
		return st;
	for (int round = 0;; round++) {
		if ((st = ask(&r, words, &answer, err)) != OK)
			return st;
		st = planner_read(answer, want->options, a, out, &wrong, err);
		if (st != E_INPUT || round == PLANNER_REPAIRS)
			return st;
		if ((words = planner_ask_again(a, want->goal, answer, wrong)) == NULL)
			return err_nomem(err, "a plan");
	}
}
