/* draft.h - what a request becomes, resolved against configuration and repository. */
#ifndef DOMAIN_RUN_DRAFT_H
#define DOMAIN_RUN_DRAFT_H

#include "domain/config.h"
#include "domain/run.h"
#include "domain/run/options.h"

struct draft {
	const struct run_request *want;
	const struct config *config;
	struct arena *arena;
	struct run_options options;
	enum config_mode mode;
	const char *base; /* oid, or NULL outside git */
	bool in_git;
	const struct config_agent **agents; /* of each task of the plan; NULL: it is done */
	size_t n_tasks;                     /* to do */
	struct run_note *notes;
	size_t n_notes;
};

/* Check and resolve everything. Nothing is stored. */
enum status draft_make(struct project *p, const struct run_request *want, struct arena *a,
                       struct draft *out, struct err *err);

#endif
