/*
 * stall.h - agents that do nothing any more: no output, no work of a processor, no file
 * changed in their folder, all three for as long as is settled.
 *
 * Output is seen as it comes; processors are looked at four times within that time, files only
 * when nothing else speaks for the agent. Runs on the runner's thread.
 */
#ifndef DOMAIN_RUN_STALL_H
#define DOMAIN_RUN_STALL_H

#include "domain/run/runner.h"

/* Its agent was just started. */
void stall_begin(struct attempt *t, int64_t now_ms);

/* Has it stalled? now_ms is monotonic. */
bool stall_found(struct runner *r, struct attempt *t, int64_t now_ms);

/* When to look again; INT64_MAX: never. */
int64_t stall_due(const struct runner *r, const struct attempt *t);

#endif
