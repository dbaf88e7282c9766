/*
 * check.h - what is wrong with a plan. All codes stand in one table in check.c, each with its
 * severity and an example; a test makes every one of them happen.
 */
#ifndef DOMAIN_PLAN_CHECK_H
#define DOMAIN_PLAN_CHECK_H

#include "domain/plan/draft.h"
#include "domain/plan/graph.h"
#include "domain/plan/name.h"

struct check {
	struct draft *d;
	struct plan *p;
	struct names *names;
	struct graph whole;             /* all tasks and all edges but those that close cycles */
	struct graph_times times;       /* of it, finished tasks weighing nothing */
	const struct graph_edge *edges; /* of whole */
	bool cyclic;
};

/* A row of the table. */
struct check_code {
	const char *code;
	enum plan_severity severity; /* the worst it comes with */
	bool kept;                   /* comes from the document alone: a saved plan keeps it */
	const char *about, *example;
};

/* All codes; *n of them. */
const struct check_code *check_codes(size_t *n);

/* The row of a code, or NULL; code may be NULL. */
const struct check_code *check_code_find(const char *code);

/* What can be said before there is a graph: ids given twice. Run before references are resolved. */
void check_ids(struct draft *d);

/* The shortest cycle, in words. */
void check_cycle(struct draft *d, const struct graph *g);

/* Everything else. */
void check_all(struct check *c);

/* Parts of check_all in files of their own. */
void check_claims(struct check *c);
void check_files(struct check *c);
void check_needs(struct check *c);

#endif
