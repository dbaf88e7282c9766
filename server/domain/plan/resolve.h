/*
 * resolve.h - from words to edges.
 *
 * A reference may be one name or a list of them: `Event System, MCP Service`, `T1 and T2`,
 * `T011-T013`, `#12`, `Batch 1 complete`, `None`. What is meant for certain and not found is the
 * finding unknown-dependency with the nearest name.
 */
#ifndef DOMAIN_PLAN_RESOLVE_H
#define DOMAIN_PLAN_RESOLVE_H

#include "domain/plan/name.h"

/* Turn all references of the draft into edges or findings. */
void resolve_refs(struct draft *d, struct names *names);

/*
 * The tasks that a list of names means, without edges; pieces that name none are counted in
 * *unknown (NULL: not asked). At most most are returned.
 */
size_t resolve_list(struct draft *d, struct names *names, const char *words, size_t *out,
                    size_t most, size_t *unknown);

/* Does the text say that there is nothing: `None`, `-`, `n/a`, `no dependencies`? */
bool resolve_is_none(const char *s, size_t n);

#endif
