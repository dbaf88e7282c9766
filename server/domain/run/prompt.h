/*
 * prompt.h - what an agent is told: the task word for word, what it is measured by, what
 * the tasks before it did, what is remembered, and how its work is taken over.
 */
#ifndef DOMAIN_RUN_PROMPT_H
#define DOMAIN_RUN_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"

#define PROMPT_MAX ((size_t)120 << 10) /* bytes; fits into one argument of a program */

struct prompt_before { /* a task that this one needs */
	const char *id, *title;
	const char *did; /* what it changed; NULL: nothing, or not known */
};

struct prompt {
	const cJSON *task; /* of the plan: id, title, description, steps, acceptance, files */
	const char *plan;  /* its title */
	const char *role;  /* who the agent is, in its own file's words, or NULL */
	const struct prompt_before *before;
	size_t n_before;
	const char *remembered; /* text, or NULL */
	const char *last_time;  /* why the attempt before this one failed, or NULL */
	const char *special;    /* a section about this attempt, with its heading, or NULL */
	bool goes_on;           /* with the session that the attempt before it had */
	bool worktree;          /* works in a worktree of its own, which is merged */
};

/* The prompt in the arena; NULL when that is full. Too long a one is cut, saying so. */
const char *prompt_write(const struct prompt *p, struct arena *a);

#endif
