/* stages.h - the stages of a task as they stand, in the contract's JSON; and what waits for
 * somebody. */
#ifndef DOMAIN_RUN_STAGES_H
#define DOMAIN_RUN_STAGES_H

#include "domain/run.h"

/* The members `workflow` and `stages` of a task's object; none when it goes through none. */
void stages_put(struct json_build *b, cJSON *object, const struct run_view *v, size_t task);

#endif
