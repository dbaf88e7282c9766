/*
 * facts.h - one run as numbers, all computed from the rows that its runner left.
 *
 * Run time is the time of an agent's process, from start to end; a place is taken from the
 * intent of an attempt until it is merged or given up. Times are as the rows have them.
 */
#ifndef DOMAIN_COACH_FACTS_H
#define DOMAIN_COACH_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/attempts.h"
#include "store/runs.h"

#define FACTS_LEAST 3 /* tasks from which on a middle value means something */
#define FACTS_NONE  ((size_t)-1)

enum fact_link {
	LINK_START,
	LINK_NEED,
	LINK_WORKER
}; /* why a task of the chain began when it did */

struct fact_task {
	const struct task_row *row;
	size_t first, n_attempts; /* in attempts[] */
	bool succeeded;
	bool estimated;           /* somebody stated the estimate */
	bool on_chain;            /* the run waited for it */
	int64_t run_ms;           /* of the last attempt; 0 when there was none */
	int64_t place_ms;         /* a worker's place was taken for it, all attempts */
	int64_t begin_ms, end_ms; /* first intent, last end; RUNS_NONE when never tried */
	int64_t waited_ms;        /* ready until the first intent */
	int64_t expected_ms;      /* estimate by the run's own factor; 0 when there is no factor */
};

/* For each task a list of tasks: those of i stand in tasks[first[i] .. first[i + 1]). */
struct fact_lists {
	size_t *first, *tasks;
};

struct facts {
	const struct run_row *run;
	struct fact_task *tasks; /* by position in the plan */
	size_t n_tasks;
	size_t *by_id; /* the same, sorted by id */
	const struct attempt_row *attempts;
	size_t n_attempts;
	const struct gate_row *gates;
	size_t n_gates;
	struct fact_lists needs, needed_by;

	bool ended;
	bool broken;     /* runners paused in between, so free places mean nothing */
	int64_t wall_ms; /* runners were at work on it */
	int64_t work_ms, busy_ms, place_ms;
	int64_t path_ms, bound_ms; /* longest path of run times; max of it and work / workers */
	size_t width;              /* most tasks on one level of the graph */
	int64_t idle_ready_ms;     /* free places while tasks were ready, times their number */
	int64_t idle_narrow_ms;    /* free places while none was */
	size_t n_succeeded, n_retries, n_conflicts;
	int64_t failed_ms, failed_tokens; /* of attempts that came to nothing */
	double factor; /* actual by estimate, the middle of n_factor tasks; 0: too few */
	size_t n_factor;

	size_t *chain; /* what made the run as long as it was, first task first */
	enum fact_link *links;
	size_t n_chain;
};

/* Read the rows of a run and compute. E_ABSENT for an unknown run. */
enum status facts_read(struct db *db, const char *run, struct arena *a, struct facts **out,
                       struct err *err);

/* How long the agent of an attempt ran; 0 when it never began or ended. */
int64_t facts_run_ms(const struct attempt_row *x);

/* When an attempt gave its place back; RUNS_NONE: it has not. */
int64_t facts_place_end(const struct attempt_row *x);

#define FACTS_COMPARED 5 /* values from which on one of them may be unusual */

/* The middle of values, and the middle of how far they are from it. */
struct facts_usual {
	size_t n;
	double middle, spread;
};

/* Of n values, which are changed; n 0 in the result when they are fewer than FACTS_COMPARED. */
struct facts_usual facts_usual(double *values, size_t n);

/*
 * Above the middle by more than three spreads. Where most values are the same the spread is 0 and
 * says nothing; then it is half as much again as the middle.
 */
bool facts_is_unusual(const struct facts_usual *u, double value);

/* The middle of n values, which are sorted in place; 0 for none. */
double facts_middle(double *values, size_t n);

#endif
