/*
 * model.h - what a plan is made of. Part of domain/plan.h, which is to be included.
 */
#ifndef DOMAIN_PLAN_MODEL_H
#define DOMAIN_PLAN_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#define PLAN_BYTES_MAX    ((size_t)16 << 20) /* of a document */
#define PLAN_TASKS_MAX    20000
#define PLAN_EDGES_MAX    200000
#define PLAN_WORKERS_MAX  64
#define PLAN_ESTIMATE_MIN 60 /* minutes assumed when nothing is stated */
#define PLAN_NONE         ((size_t)-1)

enum plan_estimate { PLAN_STATED, PLAN_LEARNED, PLAN_DEFAULT };
enum plan_risk { PLAN_LOW, PLAN_MEDIUM, PLAN_HIGH, PLAN_CRITICAL };

/* Where an edge was read; an edge in several places has several bits. */
enum plan_source {
	PLAN_TABLE = 1,
	PLAN_DIAGRAM = 2,
	PLAN_PHRASE = 4,
	PLAN_FIELD = 8,
	PLAN_ORDER = 16,
	PLAN_BATCH = 32,
	PLAN_INFERRED = 64,
};

struct plan_texts {
	const char **at;
	size_t n;
};

struct plan_task {
	const char *id, *title, *description; /* never NULL */
	const char *batch;                    /* name of its batch in the document, or NULL */
	long estimate_min;                    /* minutes */
	enum plan_estimate estimate_source;
	long low_min, high_min;              /* stated range; 0: none */
	int technical, integration, testing; /* 1 to 10 each */
	int complexity;                      /* their total, or the total as stated */
	enum plan_risk risk;
	struct plan_texts files, acceptance, steps, labels; /* labels: issue numbers, [P], story */
	struct plan_texts may_touch; /* files by the repository's history, likeliest first */
	bool files_likely;           /* nobody stated the files: the repository's history says so */
	const char *agent;           /* name, or NULL */
	const char *workflow;        /* stages it goes through: a name, or NULL */
	bool approval;               /* somebody must approve what it did before it is merged */
	struct plan_texts uses;    /* what no other task may use at the same time: heavy, port:80 */
	int priority;              /* higher goes first, before all else */
	struct plan_texts command; /* argv; only for agents that run commands */
	const char *kind;          /* feature, fix, refactor, docs, test, ...; never NULL */
	bool done;                 /* finished already: listed, not scheduled */
	long line;                 /* 1 is the first; 0: not from a document */

	/* What follows from the graph; zero for finished tasks. */
	size_t level;           /* batch by depth, from 0 */
	long earliest_min;      /* start with unlimited workers */
	long slack_min;         /* how much later it may end without delaying the whole */
	long delay_min;         /* how much later the whole ends if it takes an hour more */
	long rank_min;          /* upward rank: longest path from its start to the end */
	long planned_start_min; /* in the schedule on `workers` */
	size_t worker;
};

struct plan_edge {
	size_t from, to;  /* from is the prerequisite */
	unsigned sources; /* enum plan_source bits */
	long line;        /* where it was first read */
};

enum plan_severity { PLAN_INFO, PLAN_WARNING, PLAN_ERROR };

struct plan_finding {
	const char *code; /* one of the table in plan/check.c */
	enum plan_severity severity;
	const char *message;
	struct plan_texts tasks; /* ids */
	long line;
};

struct plan_advice {
	const char *kind; /* relax-edge, split-task, workers */
	const char *message;
	struct plan_texts edge; /* two ids, or none */
	long makespan_min;
	double speedup;
};

/* When the whole ends if all goes well, as estimated, or badly. */
enum plan_range {
	PLAN_RANGE_NONE,    /* nothing is known: there is no timeline */
	PLAN_RANGE_STATED,  /* ranges that the document states */
	PLAN_RANGE_LEARNED, /* the middle half of what finished tasks like these took */
	PLAN_RANGE_ERROR,   /* estimates times how far those of finished tasks were off */
};
struct plan_timeline {
	enum plan_range source;
	long optimistic_min, realistic_min, pessimistic_min;
	size_t ranged; /* open tasks with a range */
};

/* What guesses of earlier tasks would have been worth: typical factors off, 1 is exact. */
struct plan_lesson {
	size_t tasks;         /* it was learned from; 0: nothing was learned */
	double before, after; /* always the middle, and as guessed; 0: too few to say */
};

struct plan {
	const char *title, *origin; /* never NULL */
	struct plan_task *tasks;
	size_t n_tasks;
	struct plan_edge *edges; /* united, sorted by (to, from), no two alike */
	size_t n_edges;
	struct plan_finding *findings;
	size_t n_findings;
	struct plan_advice *advice;
	size_t n_advice;
	struct plan_texts gates; /* commands found under quality gates, as written */

	size_t n_levels;
	size_t *path; /* critical path, first task first */
	size_t n_path;
	long path_min;     /* its length */
	long work_min;     /* sum of the estimates of what is to do */
	size_t workers;    /* the schedule's */
	long makespan_min; /* on that many workers, critical path first */
	double speedup;    /* work / makespan */
	struct plan_timeline timeline;
	struct plan_lesson lesson;
	double ceiling; /* work / critical path: what no number of workers can beat */
	bool sound;     /* no error findings: may be run */
};

/* How far estimates of a kind of task (`*`: any) were off: what it took by what was stated. */
struct plan_factor {
	const char *kind;
	double low, middle, high;
	size_t n; /* tasks it was learned from */
};

struct learned;
struct plan_ground;
struct witness;

struct plan_options {
	size_t workers;                   /* 0: 4 */
	const char *origin;               /* file name for messages, or NULL */
	const char *tag;                  /* which plan of a file with several, or NULL */
	const char *beside;               /* a document of requirements beside it, or NULL */
	const struct plan_ground *ground; /* of a goal (plan/ground.h), or NULL */
	const char *instead;              /* why a goal is only drafted, or NULL */
	bool deep;                        /* subtasks become tasks */
	const struct learned *learned; /* for a plan in which no task states an estimate, or NULL */
	const struct plan_factor *factors; /* for a plan in which every task states one */
	size_t n_factors;
	struct witness *witness; /* fills in files that nobody stated, or NULL */
	bool saved; /* the JSON is a saved plan: what it found in its document is kept */
};

#endif
