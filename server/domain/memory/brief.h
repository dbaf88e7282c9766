/*
 * brief.h - what is remembered, as a few lines: what an agent is told with its task, and what the
 * coach knows of before. Public as domain/memory.h is.
 */
#ifndef DOMAIN_MEMORY_BRIEF_H
#define DOMAIN_MEMORY_BRIEF_H

#include "domain/memory.h"

#define MEMORY_BRIEF_TOKENS 800 /* that is usual; a token counts as 4 bytes */

struct memory_about {
	const char *text;  /* NULL: only what should be known anyway */
	size_t max_tokens; /* of all lines */
	/* What the reader is told elsewhere: memories by id, and all that this run told. */
	const char *const *without;
	size_t n_without;
	const char *without_run; /* NULL: none */
};

/*
 * What is remembered about something, and, where that leaves room, what should be known
 * anyway (facts, decisions, lessons), as lines `- TEXT` within the budget; a first line that alone
 * is longer is cut. What came from a tool or the web is marked as a report; no text breaks out of
 * its line. What is shown as an answer to the text counts as used. *out is NULL when there is
 * nothing.
 */
enum status memory_brief(struct project *p, const atomic_bool *stop,
                         const struct memory_about *about, struct arena *a, const char **out);

#endif
