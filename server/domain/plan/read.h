/*
 * read.h - one reader a format. Each looks at the document, says whether it is its own,
 * and fills a draft. read.c asks them in order; Markdown of no particular kind is the last.
 */
#ifndef DOMAIN_PLAN_READ_H
#define DOMAIN_PLAN_READ_H

#include "domain/plan/draft.h"

/* Any Markdown plan. */
enum status read_markdown(const char *bytes, size_t n, struct draft *d, struct err *err);

/* gadugi's own JSON: {title, tasks: [...]}. */
enum status read_own(const cJSON *json, struct draft *d, struct err *err);

/* task-master's tasks.json, with or without tags. */
bool read_is_taskmaster(const cJSON *json);
enum status read_taskmaster(const cJSON *json, const char *bytes, size_t n, struct draft *d,
                            struct err *err);

/* beads' issues.jsonl: one JSON object a line. E_NOMEM when that cannot be found out. */
enum status read_is_beads(const char *bytes, size_t n, bool *beads);
enum status read_beads(const char *bytes, size_t n, struct draft *d, struct err *err);

/* A file of a folder that is a plan; its bytes are text with a NUL behind. */
struct read_file {
	const char *name, *bytes;
	size_t size;
};

/* ccpm's epics: epic.md, and 001.md, 002.md, ... one a task, in their order. */
bool read_epic_names(const char *name);
enum status read_epic(const struct read_file *from, size_t n, struct draft *d, struct err *err);

/*
 * The lines on which the objects of every array called `key` begin, in the order of the
 * text, which is valid JSON. *n of them; NULL when the arena is full.
 */
const long *read_lines(const char *bytes, size_t size, const char *key, struct arena *a, size_t *n);

/* Resolve, measure, check: the draft becomes a plan. E_INPUT when it has no task. */
enum status plan_finish(struct draft *d, struct plan **out, struct err *err);

#endif
