/*
 * plan.h - a plan as a checked graph of tasks.
 *
 * Whatever it was read from (Markdown, JSON, a goal in one line), a plan is tasks
 * and edges, each with the line it came from, what follows from them (batches,
 * critical path, schedule) and what is wrong with them (findings). All of it lives in
 * one arena that the caller owns; a plan is not changed after plan_read or plan_make
 * and may be read by several threads. Tasks refer to each other by index.
 */
#ifndef DOMAIN_PLAN_H
#define DOMAIN_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/plan/model.h"

struct project;

/*
 * Read a document of any known format. E_INPUT when it is not text or no task is found (the
 * words say what was looked for). A plan with error findings is still OK: look at `sound`.
 */
enum status plan_read(const char *bytes, size_t n, const struct plan_options *options,
                      struct arena *a, struct plan **out, struct err *err);

/* A plan that is several files: ccpm's epic.md, 001.md, ... in the order of their names. */
struct read_file;
enum status plan_read_files(const struct read_file *files, size_t n,
                            const struct plan_options *options, struct arena *a, struct plan **out,
                            struct err *err);

/* A goal in one line becomes a draft of a plan, marked as such by a finding. */
enum status plan_from_goal(const char *goal, const struct plan_options *options, struct arena *a,
                           struct plan **out, struct err *err);

/* From gadugi's own JSON: {title, tasks: [...]}, in the shape plan_json writes. */
enum status plan_from_json(const cJSON *json, const struct plan_options *options, struct arena *a,
                           struct plan **out, struct err *err);

/* The whole plan as the contract's JSON (decompose's answer without planId). */
cJSON *plan_json(struct json_build *b, const struct plan *p);

/* One task as JSON, the element of `tasks` in plan_json. */
cJSON *plan_task_json(struct json_build *b, const struct plan *p, size_t task);

/* For people: a table for the terminal, Mermaid, a Markdown plan that reads back the same. */
const char *plan_table(const struct plan *p, bool colour, size_t columns, struct arena *a);
const char *plan_mermaid(const struct plan *p, struct arena *a);
const char *plan_markdown(const struct plan *p, struct arena *a);

/* A document under the project's root: E_DENIED when it lies elsewhere, E_ABSENT when nowhere. */
enum status plan_read_file(struct project *project, const char *path,
                           const struct plan_options *options, struct arena *a, struct plan **out,
                           struct err *err);

/* A name for a plan that is to be kept; NULL when the arena is full. */
const char *plan_new_id(struct project *project, struct arena *a);

/* Keep a plan, sound or not, under a new id in the database, with an event, in one transaction. */
enum status plan_save(struct project *project, const atomic_bool *stop, const struct plan *p,
                      const char *id, struct err *err);

/* A kept plan, measured anew with these options; E_ABSENT when there is none of that id. */
enum status plan_load(struct project *project, const char *id, const struct plan_options *options,
                      const atomic_bool *stop, struct arena *a, struct plan **out, struct err *err);

/* Kept plans by name, newest first. */
struct plan_briefs {
	struct plan_brief {
		const char *id, *title;
	} * at;
	size_t n;
};
enum status plan_list(struct project *project, size_t limit, const atomic_bool *stop,
                      struct arena *a, struct plan_briefs *out, struct err *err);

/* Is there no task whose estimate was stated or learned? */
bool plan_assumes(const struct plan *p);

/* Is there an open task that names no file? */
bool plan_lacks_files(const struct plan *p);

/* PLAN_NONE when there is no task of that id. */
size_t plan_find(const struct plan *p, const char *id);
/* Words of the enums, as the contract writes them. */
const char *plan_risk_word(enum plan_risk risk);
const char *plan_estimate_word(enum plan_estimate source);
const char *plan_range_word(enum plan_range source);
const char *plan_severity_word(enum plan_severity severity);

#endif
