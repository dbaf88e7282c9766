/*
 * needs.h - requirements that a plan has to meet, and whether a task says that it does.
 *
 * A requirement is a line under a heading that speaks of requirements or user stories, with an id
 * (`FR-001`, `Requirement 2` and its criteria 2.1, 2.2, `User Story 3`) or with a must or
 * shall. They stand in the document itself or in one beside it (requirements.md, spec.md).
 */
#ifndef DOMAIN_PLAN_NEEDS_H
#define DOMAIN_PLAN_NEEDS_H

#include "domain/plan/draft.h"

struct need {
	const char *id;     /* "" when it has none */
	const char *family; /* what its id begins with; "" for numbers and for none */
	const char *text;
	long line;      /* 0: in the document beside */
	bool mentioned; /* by its id */
};

/* Find the requirements of a document, beside NULL or of the one beside it, and mentions. */
void needs_read(struct draft *d, const char *document, const char *beside);

#endif
