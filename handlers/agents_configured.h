/* agents_configured.h - the agents that the configuration defines, beside those described in files.
 */
#ifndef HANDLERS_AGENTS_CONFIGURED_H
#define HANDLERS_AGENTS_CONFIGURED_H

#include "base/call.h"
#include "base/json.h"

/*
 * Put them into answer as `configured`: name, preset or command, and which one is taken where a
 * plan names none. Left out when there are none, or when the configuration cannot be read: what is
 * wrong with it, those say that need it.
 */
void agents_put_configured(struct call *call, struct json_build *b, cJSON *answer);

#endif
