/*
 * find.h - findings: their table, and what the files that look for them share.
 *
 * A rule is a function over one closed session. It notes what it finds; code, severity and
 * advice come from the table. What a finding is about (`subject`) makes its fingerprint, so it
 * must not hold what differs from session to session.
 */
#ifndef DOMAIN_COACH_FIND_H
#define DOMAIN_COACH_FIND_H

#include "domain/coach.h"
#include "domain/coach/session.h"

enum finding_code {
	FIND_REPEAT_FAILURE,
	FIND_ERROR_LOOP,
	FIND_EDIT_TEST_LOOP,
	FIND_FLAKY_GATE,
	FIND_REREAD,
	FIND_OVERSIZE_READ,
	FIND_STALE_EDIT,
	FIND_PERMISSION_DENIED,
	FIND_INTERRUPT,
	FIND_CONTEXT_EXHAUSTION,
	FIND_IDLE,
	FIND_SERIAL,
	FIND_HOT_SPOT_FILE,
	FIND_HOT_SPOT_COMMAND,
	FIND_CHURN,
	FIND_NO_VERIFY,
	FIND_NO_COMMIT,
	FIND_COST_OUTLIER,
	FIND_ESTIMATE_MISS,
	FIND_CRITICAL_PATH_SLIP,
	FIND_IDLE_WORKERS,
	FIND_RETRY_WASTE,
	FIND_MERGE_CONFLICT,
	FIND_FALSE_PARALLEL,
	FIND_MISSING_ENV,
	FIND_ZOMBIE,
	FIND_N,
};

struct finder {
	struct coach_report *report;
	const struct session *s; /* NULL while a run is looked at */
	const char *run;
	const char *session; /* the one that a finding among sessions is of */
};

/*
 * A new finding with the words of fmt; NULL when the arena is full. Places and costs are
 * added by the caller.
 */
__attribute__((format(printf, 5, 6))) struct coach_finding *
find_note(struct finder *f, enum finding_code code, enum coach_severity severity,
          const char *subject, const char *fmt, ...);

/* Add where it shows; words may be NULL. */
void find_place_call(struct finder *f, struct coach_finding *to, const struct session_call *c);
void find_place_line(struct finder *f, struct coach_finding *to, uint32_t file, uint32_t line,
                     const char *words);
void find_place_file(struct finder *f, struct coach_finding *to, const char *path, long line,
                     const char *words);
void find_place_task(struct finder *f, struct coach_finding *to, const char *task,
                     const char *words);

/* What a call was about, for people: its command, its file, or its tool. */
const char *find_about(const struct session_call *c);

/* The same for a fingerprint: paths without the session's folder. */
const char *find_subject(const struct finder *f, const struct session_call *c);

/* A path without the session's folder. */
const char *find_path(const struct finder *f, const char *path);

/* How long a call took; 0 when unknown. */
int64_t find_call_ms(const struct session_call *c);

/* Did it end well, and did it end badly by its own doing (not denied, not interrupted)? */
bool find_succeeded(const struct session_call *c);
bool find_failed(const struct session_call *c);

/* Did it succeed in changing a file by an edit? And may it have changed files in any way? */
bool find_edited(const struct session_call *c);
bool find_changed(const struct session_call *c);

/* Calls that belong together, in their order: links[i] is the call after i. */
struct chain {
	uint32_t first, last;
	size_t n;
};
void chain_add(struct chain *c, uint32_t *links, uint32_t call);

/* Room for the links of all calls of the session, or NULL when its arena is full. */
uint32_t *chain_links(const struct finder *f);

/* Add the places of a chain and what its calls took. */
void find_place_chain(struct finder *f, struct coach_finding *to, const struct chain *c,
                      const uint32_t *links);

/* The rules; find.c has their table. */
void find_repeat_failures(struct finder *f);
void find_error_loops(struct finder *f);
void find_stale_edits(struct finder *f);
void find_denials(struct finder *f);
void find_hot_spots(struct finder *f);
void find_missing_env(struct finder *f);
void find_edit_test_loops(struct finder *f);
void find_flaky_gates(struct finder *f);
void find_churn(struct finder *f);
void find_no_verify(struct finder *f);
void find_rereads(struct finder *f);
void find_oversize_reads(struct finder *f);
void find_context_exhaustion(struct finder *f);
void find_serial_reads(struct finder *f);
void find_interrupts(struct finder *f);
void find_idle(struct finder *f);
void find_cache_misses(struct finder *f);

/* All rules over a run; find_run.c. history: tasks of all finished runs, newest first. */
struct facts;
struct history_task;
void find_in_run(struct finder *f, const struct facts *x, const struct history_task *history,
                 size_t n_history);

/* Those of its rules that stand in find_graph.c. */
void find_conflicts(struct finder *f, const struct facts *x);
void find_zombies(struct finder *f, const struct facts *x);
void find_serial_tasks(struct finder *f, const struct facts *x);

/* What shows only among the sessions of a report, when all were read; find_outliers.c. */
void find_outliers(struct coach_report *r);

/* All rules over one session. */
void find_all(struct finder *f);

const char *find_code_word(enum finding_code code);

#endif
