/*
 * before.h - what is known when a report is read: what the project remembers of it, what the coach
 * said before, and what became of that.
 */
#ifndef DOMAIN_COACH_BEFORE_H
#define DOMAIN_COACH_BEFORE_H

#include "domain/coach.h"

#define BEFORE_SHOWN 10 /* of what was said before, what came again first */

enum before_now {
	BEFORE_AGAIN, /* found again, and nothing shows that the advice was taken */
	BEFORE_TAKEN, /* found again although the advice stands in a file */
	BEFORE_GONE,  /* not found in what was looked at now */
};

struct coach_before {
	const char *fingerprint, *code;
	const char *said;   /* what was found then */
	const char *words;  /* since when, how often, what became of it, as a sentence */
	const char *file;   /* BEFORE_TAKEN: where it stands; else NULL */
	const char *issue;  /* state of its issue, or NULL */
	const char *link;   /* of its issue, or NULL */
	const char *memory; /* id of its lesson, or NULL */
	int64_t since_ms;   /* when it was first said */
	int64_t times,
	    clean; /* found in so many other runs or sessions; since then looked at without it */
	enum before_now now;
};

struct coach_known {
	const char *lines; /* memory_brief's: facts, decisions, how earlier runs went; or NULL */
	struct coach_before *before; /* what came again first, then the latest */
	size_t n_before;             /* all */
};

/*
 * Into r->known, in the report's arena. The lines are those that an agent would be told about the
 * same (memory_brief, MEMORY_BRIEF_TOKENS), without what the report itself tells. Writes nothing;
 * call it before what changes (change.h), else a finding of now counts as one of before.
 */
enum status coach_recall(struct project *p, struct coach_report *r, const atomic_bool *stop,
                         struct err *err);

/* What was said before about something of this code and came again; NULL: nothing. */
const struct coach_before *before_of(const struct coach_report *r, const char *code);

/* The member `context` of an answer: known[], before[]. */
void before_put(struct json_build *b, cJSON *answer, const struct coach_report *r);

const char *before_now_word(enum before_now now);

#endif
