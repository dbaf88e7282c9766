/*
 * agent.h - how an agent is started: its words, its environment, its mark, what it may write.
 */
#ifndef DOMAIN_RUN_AGENT_H
#define DOMAIN_RUN_AGENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/config.h"
#include "sys/proc.h"

struct agent_start {
	const struct config_agent *agent;
	const cJSON *task; /* for the shell preset: its own command */
	const char *prompt;
	const char *folder;  /* where it works */
	const char *git_dir; /* the repository's common folder, when it works in a worktree */
	const char *state;   /* of the project whose run it is, which its mark names; or NULL */
	const char *run, *task_id;
	const char *session; /* to go on with, or NULL */
	int64_t attempt;
	const char *stage, *stage_folder; /* of its workflow, or NULL */
	size_t slot;
	const char *mail; /* folder of the mailbox it may post to (domain/mailbox.h), or NULL */
	bool confine;     /* keep its writes to its folder where the system can */
};

/*
 * Fill *spec for proc_start; everything lives in the arena, the sandbox (NULL: none) in
 * *sandbox, which is the caller's. E_INPUT when the task has no command for a shell agent.
 */
enum status agent_prepare(const struct agent_start *start, struct arena *a, struct proc_spec *spec,
                          struct sandbox **sandbox, struct err *err);

/* May the task be given to the agent? E_INPUT says what is missing. */
enum status agent_fits(const struct config_agent *agent, const cJSON *task, struct err *err);

/* The environment of gates and set-up commands: the allow-list and the mark of their run. */
const char *const *agent_plain_env(struct arena *a, const char *state, const char *run);

/*
 * The mark of all that belongs to a run. Ids of runs are copied with a project's folder, so its
 * place is part of it: what the run of that id does in the other folder is left alone.
 */
const char *const *agent_run_mark(struct arena *a, const char *state, const char *run);

#endif
