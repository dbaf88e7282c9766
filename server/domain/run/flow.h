/*
 * flow.h - a task on its way through a workflow, and approvals.
 *
 * Each stage is an attempt of its own: the row has the stage's name, ends `staged` when the
 * stage passed, `returned` when it sent the work back, and otherwise as any attempt does. The
 * next attempt begins on the commit that the one before left. So where a task stands
 * follows from its rows (flow_replay), and a runner that dies costs no stage that had passed. The
 * last stage's work goes to the merge lane like that of a task without stages.
 *
 * An agent leaves words for the stages after it in STAGE/note.md, and its verdict (`pass` or
 * `fail`) in STAGE/verdict or as its last line `VERDICT: pass`; STAGE is .gadugi/stage/TASK in
 * the folder it works in, and GADUGI_STAGE_FOLDER in its environment.
 *
 * A stage, or a task, with `approval` waits when its work is there until somebody approves it.
 *
 * All functions but flow_replay run on the runner's thread and only mark what they change.
 */
#ifndef DOMAIN_RUN_FLOW_H
#define DOMAIN_RUN_FLOW_H

#include "domain/run/runner.h"
#include "domain/run/workflow.h"

struct flow {
	const struct workflow *of;
	size_t at;                        /* the stage to do */
	long rounds[WORKFLOW_STAGES_MAX]; /* how often each sent the work back */
	struct oid base, commit;          /* what the first stage began on; what the last left */
	const char *returned;             /* why the work came back to this stage, or NULL */
	const char *notes[WORKFLOW_STAGES_MAX]; /* the last words of each, or NULL */
};

/* Go on over one more attempt; rows come by number. Texts of the row are kept as they are. */
void flow_replay(struct flow *f, const struct attempt_row *row);

/* The workflow a task goes through: its own, else the run's; NULL: none. */
const struct workflow *flow_of(const struct run_options *o, const cJSON *spec);

/* Give a loaded job its workflow, at the first stage. */
enum status flow_load(struct runner *r, struct job *job, struct err *err);

/* A new attempt is for the stage the task is at: its agent and what it begins on. */
void flow_begin(struct runner *r, struct attempt *t);

/* An attempt of a dead runner: the stage it was for. */
void flow_take_up(struct runner *r, struct attempt *t);

/* Its folder for words is there and empty; *folder is where, NULL without stages. */
enum status flow_make_folder(struct runner *r, struct attempt *t, const char **folder,
                             struct err *err);

/* What the agent is told about its stage, in the attempt's arena; NULL without stages. */
const char *flow_words(struct runner *r, const struct attempt *t);

/* The agent ended well and what it left is committed: on with it. */
void flow_collected(struct runner *r, struct attempt *t);

/* A STEP_GATE of the stage came back; it stays the caller's. */
void flow_gated(struct runner *r, struct attempt *t, struct step *step);

/* The attempt, which ends as `staged` or `returned`, is over for good: the task goes on. */
void flow_over(struct runner *r, struct attempt *t);

/* Somebody approved: what waits for it goes on. */
void flow_approve(struct runner *r, struct job *job);

/* Somebody asked for another try: its rounds are counted anew. */
void flow_forgive(struct job *job);

#endif
