/*
 * paper.h - a Markdown document on its way to becoming a plan: its blocks, the section
 * each is in, and the draft that the readers of tables, lists, diagrams and claims fill in turn.
 */
#ifndef DOMAIN_PLAN_PAPER_H
#define DOMAIN_PLAN_PAPER_H

#include "domain/plan/draft.h"
#include "sys/markdown.h"

enum paper_section {
	PAPER_PLAIN,
	PAPER_TASKS, /* its heading speaks of tasks, steps, a plan */
	PAPER_ASIDE, /* risks, goals, notes, ...: lists in it are not tasks */
};

struct letters;

struct paper {
	const struct markdown *m;
	struct draft *d;
	size_t *heading;    /* of each block: the heading it stands under, or MARKDOWN_NONE */
	const char **batch; /* of each heading that names a batch, else NULL */
	long *batch_number;
	enum paper_section *section;   /* of each heading, those above it considered */
	size_t *task;                  /* of each block: the task that it made, or PLAN_NONE */
	char *weight;                  /* of each heading: 2 says it is a task, 1 looks like one */
	bool *used;                    /* of each block: read as part of a task */
	bool lists;                    /* the tasks are those of lists */
	const struct letters *letters; /* that lines begin with */
};

/* False when the arena is full. */
bool paper_init(struct paper *p, const struct markdown *m, struct draft *d);

/* The batch a block stands in: false when none. */
bool paper_batch(const struct paper *p, size_t block, const char **name, long *number);

enum paper_section paper_section(const struct paper *p, size_t block);

/* Does the heading above, or one above that, contain these words? */
bool paper_under(const struct paper *p, size_t block, const char *words);

/*
 * `Depends on: T1, T2` at the start of s: the bytes of the name, and where the value begins and
 * ends. False when the line is no field.
 */
bool paper_field(const char *s, size_t *name_len, size_t *value, size_t *end);

/* The readers, in the order in which read_markdown.c calls them. */
void paper_read_tables(struct paper *p);
void paper_read_headings(struct paper *p);
void paper_read_lists(struct paper *p);
void paper_read_phases(struct paper *p); /* batches, when they are all there is */
void paper_read_diagrams(struct paper *p);
void paper_read_attributes(struct paper *p); /* tables that only say more */
void paper_read_code(struct paper *p);
void paper_read_claims(struct paper *p);
void paper_read_phrases(struct paper *p);

/* All that stands under a block that is a task: fields, steps, description. */
void paper_read_body(struct paper *p, struct draft_task *t, size_t from, size_t to);

/* Bytes of a title before a phrase that tells of order, `Test` of `Test after the build`; 0: all.
 */
size_t phrase_find(const char *title);

/* Words that say what a task waits for, in prose: `after the schema is done`. */
void phrase_read(struct draft *d, const struct draft_task *t, const char *words, long line);

#endif
