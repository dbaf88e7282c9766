/*
 * workflow.h - the stages that a task goes through, as data.
 *
 * A workflow is a YAML file, of the project (.gadugi/workflows/NAME.yaml) or shipped with the
 * program; the project's goes before. Each stage has an agent (a name of the
 * configuration; by default the task's) and what must hold before the next stage begins:
 * gates, by name, the verdict of its agent, a person's approval. What does not hold sends
 * the work back to an earlier stage, so many times. A file names agents and gates only, never a
 * command, so that one that came with the repository can run nothing.
 *
 *	about: one line
 *	stages:
 *	  - {name: implement, prompt: "...", gates: task}  # or [names]
 *	  - {name: review, agent: other, prompt: "...", verdict: true, back: implement, rounds: 3}
 *	  - {name: release, prompt: "...", approval: true}
 */
#ifndef DOMAIN_RUN_WORKFLOW_H
#define DOMAIN_RUN_WORKFLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/config.h"
#include "domain/project.h"

#define WORKFLOW_STAGES_MAX 32
#define WORKFLOW_ROUNDS     3 /* unless said */
#define WORKFLOW_NONE       ((size_t)-1)
#define WORKFLOW_BYTES_MAX  ((size_t)256 << 10)

struct stage {
	const char *name;
	const char *agent; /* NULL: the task's */
	const char *prompt;
	const char **gates; /* names */
	size_t n_gates;
	bool task_gates; /* also all gates of the run that look at tasks */
	bool verdict;    /* its agent says whether the work passes */
	bool approval;   /* somebody must approve before the work goes on */
	size_t back;     /* stage that does it again, or WORKFLOW_NONE: this one does */
	long rounds;     /* how many times at most */
};

struct workflow {
	const char *name, *about;
	struct stage *stages;
	size_t n;
};

/* Read a file's bytes. E_INPUT with FILE:LINE:COLUMN on the first mistake. */
enum status workflow_read(const char *name, const char *path, const char *bytes, struct arena *a,
                          struct workflow *out, struct err *err);

/* The workflow of that name; E_ABSENT lists those there are. */
enum status workflow_find(struct project *p, const char *name, struct arena *a,
                          struct workflow *out, struct err *err);

/* Are its agents and gates configured? E_ABSENT names the one that is not. */
enum status workflow_fits(const struct workflow *w, const struct config *c, struct err *err);

/* As JSON, for a run to keep, and back. E_BUG for JSON that is not ours. */
void workflow_put(struct json_build *b, cJSON *object, const struct workflow *w);
enum status workflow_take(const cJSON *json, struct arena *a, struct workflow *out,
                          struct err *err);

/* Place of the stage of that name, or WORKFLOW_NONE. */
size_t workflow_stage(const struct workflow *w, const char *name);

struct workflow_text { /* shipped: made by the Makefile out of workflows/ */
	const char *name, *text;
};
extern const struct workflow_text workflow_texts[]; /* name NULL at the end */

#endif
