/*
 * link.h - where the whole of an answer is that was too long for a call.
 */
#ifndef HANDLERS_LINK_H
#define HANDLERS_LINK_H

#include "base/json.h"

/*
 * Put `resource` into the answer: uri (NULL fails the build), name and what it is. To clients of
 * revisions that have resource links, the wire gives it as one of those, too.
 */
void link_put(struct json_build *b, cJSON *answer, const char *uri, const char *name,
              const char *mime);

#endif
