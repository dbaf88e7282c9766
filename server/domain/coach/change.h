/*
 * change.h - what the coach changes: issues, memory, and patches that wait to be applied.
 *
 * All of it is made of a report and lives in the report's arena. Nothing outside the project's
 * state folder is written; what is posted goes through the command that the user configured.
 */
#ifndef DOMAIN_COACH_CHANGE_H
#define DOMAIN_COACH_CHANGE_H

#include "domain/coach.h"

/* In the environment of what the coach starts; within it the coach neither looks by itself nor
 * posts. */
#define COACH_MARK "GADUGI_COACHING"

#define COACH_CLEAN 5 /* looks without finding it again that close an issue */

enum coach_issue_mode { COACH_NO_ISSUES, COACH_DRAFT, COACH_POST };

struct coach_issue {
	const char *fingerprint, *code, *title;
	const char *state; /* drafted, posted, closed */
	const char *path;  /* of the draft, below the project's state folder */
	const char *link;  /* what the posting command printed, or NULL */
	const char *wrong; /* why it could not be posted, or NULL */
};

struct coach_issues {
	struct coach_issue *items; /* in the report's arena */
	size_t n;
};

struct coach_posting {
	enum coach_issue_mode mode;
	const atomic_bool *stop; /* may be NULL */
	struct bell *bell;       /* rung after it was set; not NULL where stop is not */
};

/*
 * An issue for each thing that a finding of weight is about: a draft in STATE/issues and a
 * row, once, however often it is found. COACH_POST also gives what is still a draft to the
 * configured command (E_INPUT when there is none); only a link that the command printed makes it
 * posted. An issue whose finding did not come again in COACH_CLEAN runs or sessions is closed.
 */
enum status coach_issues(struct project *p, const struct coach_report *r,
                         const struct coach_posting *how, struct coach_issues *out,
                         struct err *err);

#define COACH_LESSONS 20 /* learned from one report, the most serious */

struct coach_taught {
	size_t stored, superseded, ended; /* superseded are stored, too */
};

/*
 * Remember what was found as lessons, one for each thing. One that says something else than
 * before takes the place of the old one; one that did not come again in COACH_CLEAN runs or
 * sessions is ended. Where each comes from (run, session) is kept with it.
 */
enum status coach_lessons(struct project *p, const struct coach_report *r, const atomic_bool *stop,
                          struct coach_taught *out, struct err *err);

/* The issues as the member `issues` of an answer, at most so many. */
void coach_put_issues(struct json_build *b, cJSON *answer, const struct coach_issues *issues,
                      size_t most);

struct coach_patch {
	const char *path; /* below the project's state folder */
	const char *file; /* that it changes */
	size_t changes;   /* rules, permissions or settings in it */
};

struct coach_patches {
	struct coach_patch *items;
	size_t n;
};

/*
 * Rules for CLAUDE.md or AGENTS.md, permissions for Claude Code, gates and set-up for gadugi, as
 * far as findings ask for them and they are not there yet: one patch a file in STATE/patches, for
 * `git apply`. Never applied here.
 */
enum status coach_suggest(struct project *p, const struct coach_report *r,
                          struct coach_patches *out, struct err *err);

/*
 * The name of the file of the project in which the advice of a finding stands already, as
 * coach_suggest would put it there; NULL when there is none.
 */
enum status coach_taken(struct project *p, const struct coach_finding *f, struct arena *a,
                        const char **out, struct err *err);

/* The patches as the member `patches` of an answer. */
void coach_put_patches(struct json_build *b, cJSON *answer, const struct coach_patches *patches);

#endif
