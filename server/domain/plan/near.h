/*
 * near.h - which title is meant by some of its words.
 *
 * Words weigh the more the fewer titles have them. Built only when no name fits as it is.
 */
#ifndef DOMAIN_PLAN_NEAR_H
#define DOMAIN_PLAN_NEAR_H

#include "domain/plan/name.h"

struct near;

/* Over the titles of all tasks; NULL when the draft's arena is full, in which it lives. */
struct near *near_build(const struct draft *d);

/* NAME_NEAR, NAME_AMBIGUOUS when two titles are as near, or NAME_UNKNOWN. */
struct name_hit near_find(struct near *x, const char *s, size_t n);

/* How much two titles share: 0 to 1, F1 over their words. */
double near_alike(const char *a, const char *b);

#endif
