/*
 * tags.h - an annotated tag for each batch of a run that asked for them: gadugi/RUN/batch-N.
 *
 * The checkpoint's row names the tag before it is made, so that a runner that died in between
 * makes it good. A name that is taken by something else is left alone, with a note.
 */
#ifndef DOMAIN_RUN_TAGS_H
#define DOMAIN_RUN_TAGS_H

#include "domain/run/runner.h"

/* The tag of a batch, NULL when there shall be none. In the run's arena. */
const char *tags_name(struct runner *r, int64_t batch);

/* The checkpoint's row is durable: make its tag, if it names one. */
void tags_make(struct runner *r, const struct checkpoint_row *row);

/* After a load: tags that a runner before this one did not come to make. */
void tags_mend(struct runner *r, const struct checkpoint_row *rows, size_t n);

#endif
