/*
 * doctor.h - a look at this machine and this project: what is missing, what is wrong, what
 * to do. Only looks; every line was observed just now.
 */
#ifndef DOMAIN_DOCTOR_H
#define DOMAIN_DOCTOR_H

#include "base/json.h"
#include "domain/project.h"

/*
 * {ok, checks: [{name, state, words}]} into *out, the caller's; state is `ok`, `note` (works,
 * but know this) or `bad` (then ok is false).
 */
enum status doctor_look(struct project *p, cJSON **out, struct err *err);

#endif
