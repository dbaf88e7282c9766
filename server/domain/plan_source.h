/*
 * plan_source.h - where a plan for a run comes from: a stored one, a file of the project,
 * or a list of tasks.
 */
#ifndef DOMAIN_PLAN_SOURCE_H
#define DOMAIN_PLAN_SOURCE_H

#include "domain/plan.h"
#include "domain/project.h"

/* The plan that decompose stored under this id. E_ABSENT when there is none. */
enum status plan_source_id(struct project *p, const char *id, const struct plan_options *options,
                           struct arena *a, struct plan **out, struct err *err);

/* A document, by a path that is absolute or from the project's root. */
enum status plan_source_path(struct project *p, const char *path,
                             const struct plan_options *options, struct arena *a, struct plan **out,
                             struct err *err);

/* A JSON array of tasks. */
enum status plan_source_tasks(const cJSON *tasks, const struct plan_options *options,
                              struct arena *a, struct plan **out, struct err *err);

#endif
