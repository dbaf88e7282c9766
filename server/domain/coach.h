/*
 * coach.h - what happened, what of it cost time, and what to do about it.
 *
 * Two kinds of things are looked at: finished runs, from the rows the runner left, and
 * session files of assistants. Both make a report: metrics, findings with their evidence,
 * recommendations. Every number is computed from rows or lines that were read; where there
 * are too few of them the report says so instead. The same input makes the same report.
 *
 * A report lives in the arena it was made in, and so does all it points to.
 */
#ifndef DOMAIN_COACH_H
#define DOMAIN_COACH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/coach/numbers.h"
#include "domain/plan.h"
#include "domain/project.h"
#include "store/db.h"
#include "store/history.h"

#define COACH_FACTOR_LEAST 3  /* tasks from which on a kind has a factor */
#define COACH_EVIDENCE_MAX 10 /* places of a finding that are shown; all are counted */

enum coach_severity { COACH_INFO, COACH_WARNING, COACH_ERROR };

/* Where a finding shows: a line of a session file, or a task of a run and how that ended. */
struct coach_place {
	const char *file; /* NULL: a task */
	long line;
	const char *task; /* NULL: a line */
	int64_t event;    /* the last one of the task, its seq in the log; 0: none is kept */
	const char *words;
};

struct coach_finding {
	const char *code; /* one of the table in find.c */
	enum coach_severity severity;
	const char *message;     /* what happened, with its numbers */
	const char *advice;      /* what to do about it */
	const char *session;     /* its session, or NULL */
	const char *host;        /* of its session, or NULL */
	const char *about;       /* what it is about: a command, a file; may be empty */
	const char *run;         /* its run, or NULL */
	const char *fingerprint; /* of what it is about: the same in every session and run */
	struct coach_place *places;
	size_t n_places, places_room; /* at most COACH_EVIDENCE_MAX are kept */
	size_t count;                 /* all places */
	int64_t cost_ms, cost_tokens; /* what it cost; below 0: not known */
};

/* How tasks of a kind came out against their estimates, over all finished runs. */
struct coach_factor {
	const char *kind; /* `*`: of any kind */
	double factor;    /* the middle of actual by estimate */
	double low, high; /* half of the tasks lie between */
	size_t n;
};

struct facts; /* coach/facts.h */

struct coach_report {
	struct arena *a;       /* not owned */
	const char **subjects; /* what was looked at: run:ID, session:NAME */
	size_t n_subjects, subjects_room;
	struct coach_metrics metrics;
	struct coach_finding *findings;
	size_t n_findings, findings_room;
	struct usage_table usage;
	struct coach_session *sessions; /* by start, then name */
	size_t n_sessions, sessions_room;
	const char **folders; /* of a fresh look: where what is next will show */
	size_t n_folders;
	const struct facts *run;            /* of a run, or NULL */
	const struct coach_factor *factors; /* calibration, with a run */
	size_t n_factors;
	const struct history_task *results; /* tasks of all finished runs, with a run */
	size_t n_results;
	const struct coach_known *known; /* of before (coach/before.h); NULL: not asked */
};

struct coach_wish {
	const char *run;          /* a run; NULL with neither path nor since: the last one */
	const char *path;         /* absolute: a session file or a folder with some */
	const char *root;         /* without a path: all sessions of the project there */
	int64_t since_ms;         /* only sessions that went on after this; 0: all */
	const char *const *gates; /* programs of configured gates, NULL-terminated, or NULL */
	const struct config_price *prices; /* of models; NULL: none */
	size_t n_prices;
	bool fresh;              /* of sessions only what is new since the last such look */
	const atomic_bool *stop; /* may be NULL */
};

/*
 * Read sessions and find what there is to find. E_ABSENT when path leads to no session,
 * E_IO when it cannot be read. A line that is not understood is counted, never a failure.
 */
enum status coach_sessions(const struct coach_wish *wish, struct arena *a,
                           struct coach_report **out, struct err *err);

/*
 * Look at what the wish says in a project: a run, the sessions at a path (relative ones
 * against the project's root), or, with only a time, the sessions of this project, wherever
 * each host keeps them.
 */
enum status coach_look(struct project *p, const struct coach_wish *wish, struct arena *a,
                       struct coach_report **out, struct err *err);

/*
 * As coach_sessions, of sessions that changed since the last such look, and only findings that
 * were not told by one. How far each was read is kept in the project's database: a file that grew
 * is read from where it stood. Nothing new is an empty report.
 */
enum status coach_watch(struct project *p, const struct coach_wish *wish, struct arena *a,
                        struct coach_report **out, struct err *err);

/*
 * Look at a finished run; id NULL: the last one. E_ABSENT when there is none. What another
 * run is needed for (estimates by kind, unusual cost) is taken from all finished ones.
 */
enum status coach_of_run(struct db *db, const char *id, struct arena *a, struct coach_report **out,
                         struct err *err);

/*
 * Calibration from all finished runs: one factor for each kind with at least
 * COACH_FACTOR_LEAST tasks, sorted by kind, `*` first. A plan's estimate times the factor is
 * what it would have taken so far. Nothing yet is an empty list.
 */
enum status coach_factors(struct db *db, struct arena *a, struct coach_factor **out, size_t *n,
                          struct err *err);

/*
 * The report as JSON: metrics, findings, recommendations. Of the findings only as many as
 * fit into `most` bytes, the most serious first, and how many there are in all.
 */
void coach_put(struct json_build *b, cJSON *answer, const struct coach_report *r, size_t most);

/*
 * The report as one HTML page that needs nothing else, or as Markdown; in the arena. What comes
 * from outside can put no mark into either.
 */
enum status coach_page(const struct coach_report *r, struct arena *a, const char **out,
                       struct err *err);
enum status coach_markdown(const struct coach_report *r, struct arena *a, const char **out,
                           struct err *err);

const char *coach_severity_word(enum coach_severity severity);

#endif
