/* learn.h - what finished runs teach about estimates. */
#ifndef DOMAIN_COACH_LEARN_H
#define DOMAIN_COACH_LEARN_H

#include "domain/coach.h"
#include "store/history.h"

#define LEARN_TASKS 1000 /* the newest ones; what is older says little about today */

/* As coach_factors, from tasks that were read. */
enum status learn_factors(const struct history_task *tasks, size_t n, struct arena *a,
                          struct coach_factor **out, size_t *n_out, struct err *err);

#endif
