/*
 * order.h - the order that a document implies where it states no dependencies: numbered
 * lists, batches and phases, the groups of known formats. What was assumed is a finding.
 */
#ifndef DOMAIN_PLAN_ORDER_H
#define DOMAIN_PLAN_ORDER_H

#include "domain/plan/paper.h"

/*
 * Every last task of one batch before every first task of another: last and first by the
 * edges that are there.
 */
void order_batches(struct draft *d, long before, long after, enum plan_source source);

/* For a draft without stated dependencies; nothing for any other. */
void order_assume(struct draft *d);

/* spec-kit's phases and `[P]` marks, Kiro's and OpenSpec's numbered groups. */
void order_formats(struct paper *p);

#endif
