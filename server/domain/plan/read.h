/*
 * read.h - one reader a format. Each looks at the document, says whether it is its own,
 * and fills a draft. read.c asks them in order; Markdown of no particular kind is the last.
 */
#ifndef DOMAIN_PLAN_READ_H
#define DOMAIN_PLAN_READ_H

#include "domain/plan/draft.h"

/* Any Markdown plan. */
enum status read_markdown(const char *bytes, size_t n, struct draft *d, struct err *err);

/* gadugi's own JSON: {title, tasks: [...]}. */
enum status read_own(const cJSON *json, struct draft *d, struct err *err);

/* Resolve, measure, check: the draft becomes a plan. E_INPUT when it has no task. */
enum status plan_finish(struct draft *d, struct plan **out, struct err *err);

#endif
