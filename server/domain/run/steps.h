/*
 * steps.h - the runner's blocking work: git, checkouts, set-up commands, gates.
 *
 * A step is filled by the runner's loop, given away with steps_give, done by one of a few
 * threads, and comes back through steps_take on the loop's thread, which then owns it
 * again. While it is away nobody else touches it. A step reads and writes git objects,
 * worktrees and files, recalls memories, and nothing else: no state of the run, no ref but those
 * of ours that keep work from being lost (STEP_SAVE). Doing a step twice is harmless.
 */
#ifndef DOMAIN_RUN_STEPS_H
#define DOMAIN_RUN_STEPS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bell.h"
#include "base/err.h"
#include "domain/config.h"
#include "domain/project.h"
#include "sys/repo.h"
#include "sys/repo_merge.h"

#define STEP_GATE_OUTPUT_MAX ((size_t)64 << 10) /* bytes kept of a gate's output */

enum step_kind {
	STEP_RECALL,  /* what is known `about` the task, where nothing else is prepared */
	STEP_PREPARE, /* a worktree at `base`, new or out of `old_path` */
	STEP_COLLECT, /* commit what an agent left in `path`; what changed since `base` */
	STEP_SAVE,    /* the same for work that is not merged: kept in a ref */
	STEP_MERGE,   /* each of `items` onto `base` and on, in memory */
	STEP_GATE,    /* the gates, in a worktree at `base` */
	STEP_REMOVE,  /* the worktree at `path`, when nothing would be lost */
};

struct step_item { /* of STEP_MERGE */
	struct oid from;
	const char *message;
	struct repo_merge
	    merge; /* how it went; after a conflict the next goes onto what was before */
};

struct step_gate { /* of STEP_GATE */
	const struct config_gate *gate;
	int exit_code; /* -1: did not end by itself */
	bool passed;
	int64_t started_ms, ended_ms; /* wall clock; 0: was not run */
	const char *output;
	const struct step_gate *first; /* how it went before on the same tree, or NULL */
};

struct step {
	enum step_kind kind;
	struct arena *arena; /* of the step; dies with it */
	void *owner;         /* the loop's own */
	struct step *next;   /* the queue's */
	atomic_bool stop;    /* step_stop was called; the next belongs to it */
	struct bell bell;

	/* What is asked. */
	struct oid base;
	const char *path, *old_path, *name, *message;
	const char *run, *task;
	const struct repo_state *user; /* COLLECT: what must be as it was; NULL: not looked at */
	const char *about;             /* PREPARE: recall what is known about this; NULL: nothing */
	int attempt;
	bool keep_ignored;         /* of old_path */
	bool throw_away;           /* old_path, or path in STEP_REMOVE, holds nothing of worth */
	struct config_texts setup; /* run in a new worktree */
	const char *const *env;    /* of set-up and gates */
	struct oid theirs; /* PREPARE: merge this into base, markers and all; COLLECT: it was */
	struct step_item *items;
	struct step_gate *gates;
	size_t n;

	/* What came of it. */
	const char *remembered; /* or NULL */
	const char *touched;    /* what is not as it was, in words, or NULL */
	enum status st;
	struct err err;
	struct oid begin;            /* PREPARE: commit the worktree begins at */
	const char *made;            /* path of the worktree made; ref of the work saved */
	struct oid oid;              /* HEAD of the worktree; head after the merges */
	struct oid tree;             /* of oid, after merges */
	struct repo_change *changes; /* since base */
	size_t files, nested;        /* how many; repositories that could not be committed */
	bool passed;                 /* all gates */
};

struct steps;

struct steps_spec {
	struct project *project;
	const char *root;      /* folder of the repository */
	const char *worktrees; /* folder that holds ours */
	size_t threads;
};

/* On OK *out is the caller's. Nothing is opened yet. */
enum status steps_new(struct steps **out, const struct steps_spec *spec, struct err *err);

/* Wait for what is away, throw away what came back, end the threads. NULL is fine. */
void steps_free(struct steps *s);

/* A zeroed step with an arena of its own, or NULL. The loop's until it is given or freed. */
struct step *step_new(enum step_kind kind, void *owner);
void step_free(struct step *step);

/* Have what a step that is away runs end soon. */
void step_stop(struct step *step);

/* Have it done. It always comes back. */
enum status steps_give(struct steps *s, struct step *step, struct err *err);

/* Readable when something came back. */
int steps_fd(const struct steps *s);

/* Make the descriptor quiet; then take all there are. */
void steps_clear(struct steps *s);

/* One that came back, in the order they did, or NULL. */
struct step *steps_take(struct steps *s);

/* How many are away or have not been taken. */
size_t steps_away(const struct steps *s);

#endif
