/*
 * options.h - how a run is to be carried out, as it is stored with the run.
 *
 * Names only: what an agent or a gate is comes from the configuration when the runner
 * starts, so that nothing stored can become a command.
 */
#ifndef DOMAIN_RUN_OPTIONS_H
#define DOMAIN_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "domain/config.h"
#include "domain/run/workflow.h"

struct run_options {
	const char *agent; /* NULL: each task names its own */
	long jobs, retries;
	int64_t timeout_ms, stall_ms; /* 0: none */
	bool into;                    /* fast-forward the checkout at the end */
	bool pull;                    /* open a pull request at the end ... */
	const char *onto;             /* ... onto this branch of the user's; NULL: none is known */
	enum config_conflicts conflicts;
	const char *workflow;       /* of tasks that name none, or NULL */
	struct workflow *workflows; /* those the tasks go through, as they were when it began */
	size_t n_workflows;
	bool tags;     /* an annotated tag for each batch */
	bool red_base; /* begin even where gates do not pass on the base */
	struct config_budget
	    budget;         /* of this run, beside the configured one: the smaller counts */
	const char **gates; /* names */
	size_t n_gates;
};

/* As JSON text in the arena, and back. E_NOMEM; E_BUG for JSON that is not ours. */
enum status run_options_write(const struct run_options *o, struct arena *a, const char **out,
                              struct err *err);
enum status run_options_read(const char *json, struct arena *a, struct run_options *out,
                             struct err *err);

#endif
