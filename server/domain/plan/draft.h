/*
 * draft.h - what a reader has found so far: tasks, the words in which they name each
 * other, and what the document claims about itself.
 *
 * Readers fill a draft; plan_finish (finish.c) resolves the words, measures, checks and
 * makes the plan of it. All lives in the caller's arena. When the arena is full the functions
 * here go on with a scratch value, so readers need no checks; plan_finish then says E_NOMEM.
 */
#ifndef DOMAIN_PLAN_DRAFT_H
#define DOMAIN_PLAN_DRAFT_H

#include "domain/plan.h"

enum draft_seen {
	DRAFT_IN_TABLE = 1,
	DRAFT_IN_DIAGRAM = 2,
	DRAFT_IN_LIST = 4,
	DRAFT_IN_FIELDS = 8
};

struct draft_task {
	struct plan_task t;
	size_t index;
	const char *node;  /* its name in a diagram, or NULL */
	const char *alias; /* another name it goes by, or NULL */
	size_t list;       /* of several that count from the start: whose alias it is; 0: none */
	long place;        /* in a numbered list; tasks that share one are side by side; 0: none */
	size_t head; /* bytes of the title that name it, `Test` of `Test after the build`; 0: all */
	long batch_number;    /* 0: none stated */
	unsigned seen;        /* enum draft_seen bits */
	int label_complexity; /* total that a word such as `High` stands for; 0: none */
	bool own_id;          /* the id is the document's */
	bool optional;
	bool dropped; /* cancelled: left out of the plan */
	bool risk_stated;
	bool scored;          /* technical, integration and testing are stated */
	bool marked_parallel; /* `[P]`, `(P)`, `parallel: true` */
};

/* A task named in words: `task` waits for it, or, reversed, it waits for `task`. */
struct draft_ref {
	size_t task;
	const char *words;
	bool reversed;
	bool exact; /* the words are one id, not a list */
	bool sure;  /* the words are an id or a name and nothing else: unknown is an error */
	enum plan_source source;
	unsigned bits; /* several sources at once; 0: only `source` */
	long line;
};

enum draft_claim_kind {
	CLAIM_PATH,         /* words: the tasks with arrows between them */
	CLAIM_PATH_MINUTES, /* low */
	CLAIM_WORK_MINUTES,
	CLAIM_TASKS,       /* low: how many */
	CLAIM_SPEEDUP,     /* ratio_low to ratio_high */
	CLAIM_BATCH_AFTER, /* all of batch `number` waits for all of batch low */
};

struct draft_claim {
	enum draft_claim_kind kind;
	const char *words;
	long low, high, number;
	double ratio_low, ratio_high;
	long line;
};

struct need;

struct draft {
	struct arena *a;
	const struct plan_options *options;
	const char *title;
	struct draft_task **tasks;
	size_t n_tasks, tasks_room;
	struct draft_ref *refs;
	size_t n_refs, refs_room;
	struct plan_edge *edges; /* between known tasks, as found; not united */
	size_t n_edges, edges_room;
	struct draft_claim *claims;
	size_t n_claims, claims_room;
	struct plan_finding *findings;
	size_t n_findings, findings_room;
	struct need *needs; /* requirements (needs.h) */
	size_t n_needs, needs_room;
	struct plan_texts gates;
	bool stated;    /* the document states dependencies */
	bool numbered;  /* its tasks are numbered: order may stand for dependencies */
	bool ordered;   /* a reader has put the order of its format into edges */
	bool grouped;   /* its format does its groups one after the other */
	bool goal;      /* made from one line: it says of itself that it is rough */
	bool diagram;   /* a diagram was read */
	size_t dropped; /* tasks left out because they were cancelled */
	size_t over;    /* tasks or edges past the limits */
	struct draft_task scratch;
	struct plan_finding scratch_finding;
};

/* A new draft in the arena, or NULL. */
struct draft *draft_new(struct arena *a, const struct plan_options *options);

/* A new task; its texts are "" and its line is set. Never NULL; stays where it is. */
struct draft_task *draft_task(struct draft *d, const char *title, long line);

void draft_need(struct draft *d, const struct draft_ref *ref);
void draft_edge(struct draft *d, size_t from, size_t to, unsigned sources, long line);
void draft_claim(struct draft *d, const struct draft_claim *claim);

/* A finding with printf words; tasks may be added to the result's list. Never NULL. */
__attribute__((format(printf, 5, 6))) struct plan_finding *
draft_find(struct draft *d, const char *code, enum plan_severity severity, long line,
           const char *fmt, ...);

/* Add a text to a list, by reference. */
void draft_text(struct arena *a, struct plan_texts *list, const char *text);

/* Copy of s[0..n) without blanks around it; "" when the arena is full. */
const char *draft_copy(struct arena *a, const char *s, size_t n);

#endif
