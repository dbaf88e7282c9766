/*
 * write.h - pieces of text that several writers of plans share.
 */
#ifndef DOMAIN_PLAN_WRITE_H
#define DOMAIN_PLAN_WRITE_H

#include "domain/plan.h"

/* `40 h`, `4 h 30 min`, `25 min`; "" when the arena is full. */
const char *write_span(struct arena *a, long minutes);

/* The nth word for the bits of an edge's sources, in a fixed order, or NULL; and back, or 0. */
const char *write_source(unsigned bits, size_t nth);
unsigned write_source_bit(const char *word);

/* The first of the edges that lead to a task: they stand together; n_edges or more: none. */
size_t write_edges_to(const struct plan *p, size_t task);

#endif
