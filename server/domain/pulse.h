/*
 * pulse.h - is the project well, and its figures, for those who watch over a server.
 *
 * Cheap enough to be asked every few seconds: one small read of each thing. What takes longer, a
 * check of the whole file, say, is doctor's (domain/doctor.h).
 */
#ifndef DOMAIN_PULSE_H
#define DOMAIN_PULSE_H

#include "base/json.h"
#include "base/text.h"
#include "domain/project.h"

/*
 * {database: {state, words, freeBytes}, bus: {state, words, depth, behind, deadLetters}} into *out,
 * the caller's; state is `ok` or `bad`, and *well is false when one is bad. Not being able to read
 * is an answer, not a failure.
 */
enum status pulse_look(struct project *p, struct arena *a, cJSON **out, bool *well,
                       struct err *err);

/* Memories, runs by state, the log of events and its subscribers, as Prometheus text. */
enum status pulse_figures(struct project *p, struct arena *a, struct text *out, struct err *err);

#endif
