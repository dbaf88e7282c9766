/* main.c - options, wiring, exit code; the only file that sees every layer. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "bus/wake.h"
#include "domain/project.h"
#include "handlers/tool.h"
#include "store/db.h"
#include "wire/serve.h"

static const char instructions[] =
    "gadugi turns a plan into a checked task graph, runs it in parallel with agents in git "
    "worktrees, remembers, and learns from finished runs.\n"
    "- decompose: you have a plan document or a goal and want tasks, order, critical path and "
    "what is wrong with the plan. Do this before orchestrate.\n"
    "- orchestrate: run a saved plan, a plan file or a list of tasks. Answers at once with a run "
    "id; the run goes on by itself.\n"
    "- runs: look at a run, wait for it, read a task's log, cancel, resume, retry, approve.\n"
    "- remember: keep a decision, a fact or a lesson that later sessions need. Not for what the "
    "code already says.\n"
    "- recall: before you start on something, ask what is known about it.\n"
    "- forget: take back what is wrong or outdated, by id.\n"
    "- coach: after a run or a session, ask what cost time and what to change.\n"
    "- recipes: requirements and designs of components; list, validate, plan, verify.\n"
    "- agents: which agents can run tasks here, and how they are doing.\n"
    "- events: what happened, in order; publish and follow topics.\n"
    "Errors say what was wrong and what to do next. Long answers are shortened: pass limit and "
    "the nextCursor you were given to read on.";

struct ground {
	const char *root;
	struct project *project;
	struct wake *wake;
};

/* On the first worker that runs a call: the reader never touches the disk. */
static enum status ground_open(void *arg, struct project **project, int *fd, struct err *err)
{
	struct ground *g = arg;
	enum status st = OK;

	if (g->project == NULL)
		st = project_open(&g->project, g->root, err);
	if (st == OK && g->wake == NULL)
		st = wake_open(&g->wake, g->project->state, err);
	if (st != OK)
		return st;
	*project = g->project;
	*fd = wake_fd(g->wake);
	return OK;
}

static void ground_wake_clear(void *arg)
{
	const struct ground *g = arg;

	wake_clear(g->wake);
}

static int serve(const char *root)
{
	const struct mcp_offer offer = {
		.name = "gadugi",
		.title = "gadugi",
		.version = GADUGI_VERSION,
		.instructions = instructions,
		.tools = tool_all,
	};
	struct ground g = { .root = root };
	const struct mcp_ground ground = { &g, ground_open, ground_wake_clear };
	struct err err = { 0 };
	bool idle;

	if (serve_stdio(&offer, &ground, &idle, &err) != OK) {
		log_line(LOG_ERROR, "%s", err.text);
		return 1;
	}
	if (!idle)
		_exit(0); /* a call that does not stop in time does not keep its host waiting */
	wake_free(g.wake);
	project_free(g.project);
	return 0;
}

int main(int argc, char **argv)
{
	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	if (argc > 1 && strcmp(argv[1], "version") == 0) {
		(void)puts("gadugi " GADUGI_VERSION);
		return 0;
	}
	return serve(NULL);
}
