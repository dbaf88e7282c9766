#include "domain/run/conflict.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/run/did.h"
#include "domain/run/ending.h"
#include "domain/run/halt.h"
#include "domain/run/names.h"
#include "domain/run/record.h"

#define TOLD        8
#define ROUNDS_MOST 3 /* attempts at resolving one task's conflicts */
#define ABOUT_MAX   600

static bool changed(const char *const *files, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(files[i], path) == 0)
			return true;
	return false;
}

/* The merged task that last changed path, of those this attempt did not start from. */
static struct job *who_changed(struct runner *r, const struct attempt *t, const char *path)
{
	struct job *found = NULL;

	/* Those merged in the same step come before it and after all others. */
	for (size_t i = r->lane.n_on; i-- > 0;)
		if (changed(r->lane.on[i]->files, r->lane.on[i]->n_files, path))
			return r->lane.on[i]->job;
	for (size_t i = 0; i < r->n_jobs; i++) {
		struct job *job = &r->jobs[i];

		if (job == t->job || job->state != TASK_SUCCEEDED ||
		    (found != NULL && job->row.ended_ms < found->row.ended_ms))
			continue;
		did_fetch(r, job);
		if (changed(job->files, job->n_files, path))
			found = job;
	}
	return found;
}

/* --- rows ----------------------------------------------------------------------------------- */

static void keep(struct runner *r, const struct attempt *t, const struct repo_conflict *c,
                 const struct job *other)
{
	if (r->n_conflicts == r->conflicts_room) {
		size_t room = r->conflicts_room == 0 ? 16 : r->conflicts_room * 2;
		struct conflict_row *more = mem_grow(r->conflicts, room * sizeof *more);

		if (more == NULL)
			return;
		r->conflicts = more;
		r->conflicts_room = room;
	}
	r->conflicts[r->n_conflicts++] =
	    (struct conflict_row){ .task = t->job->row.id,
		                   .attempt = t->row.number,
		                   .path = text_dup(r->arena, c->path),
		                   .how = text_dup(r->arena, c->words),
		                   .other = other == NULL ? NULL : other->row.id };
}

enum status conflict_put(struct runner *r, struct err *err)
{
	enum status st = OK;

	for (size_t i = r->conflicts_written; st == OK && i < r->n_conflicts; i++)
		st = r->conflicts[i].path == NULL
		         ? err_nomem(err, "a conflict")
		         : attempts_put_conflict(r->db, r->row.id, &r->conflicts[i], err);
	return st;
}

void conflict_committed(struct runner *r)
{
	r->conflicts_written = r->n_conflicts;
}

/* --- by policy ------------------------------------------------------------------------------ */

static const char *describe(struct runner *r, struct attempt *t, const struct repo_merge *merge)
{
	struct text words;
	const char *copy;

	text_init(&words, 8192);
	text_add(&words, "cannot be merged: ");
	for (size_t i = 0; i < merge->n; i++) {
		const struct repo_conflict *c = &merge->conflicts[i];
		const struct job *other = who_changed(r, t, c->path);

		keep(r, t, c, other);
		if (i >= TOLD)
			continue;
		text_addf(&words, "%s%s (%s", i == 0 ? "" : ", ", c->path, c->words);
		if (other != NULL)
			text_addf(&words, ", by task '%s' too", other->row.id);
		text_add_char(&words, ')');
	}
	if (merge->n > TOLD)
		text_addf(&words, " and %zu more", merge->n - TOLD);
	copy = text_copy(&words, t->arena);
	text_done(&words);
	return copy == NULL ? "cannot be merged" : copy;
}

void conflict_met(struct runner *r, struct attempt *t, const struct repo_merge *merge)
{
	struct job *job = t->job;
	const char *cause = describe(r, t, merge);
	bool again = r->options.conflicts == CONFIG_BY_AGENT && job->rounds < ROUNDS_MOST;

	record_note(r, "merge-conflict", "task '%s' %s%s", job->row.id, cause,
	            again ? "; an agent is given both sides"
	            : r->options.conflicts == CONFIG_BY_AGENT
	                ? "; agents have tried to resolve it often enough"
	                : "");
	if (again) {
		job->rounds++;
		job->theirs = t->result;
		job->resolves = t->row.number;
		t->no_count = true;
	}
	ending_fail(r, t, TASK_CONFLICTED, again, cause);
	if (r->options.conflicts == CONFIG_BY_STOP)
		halt_run(r, text_printf(t->arena, "task '%s' %s", job->row.id, cause));
}

enum status conflict_load_rows(struct runner *r, struct err *err)
{
	struct conflict_row *rows;
	size_t n;
	enum status st = attempts_conflicts(r->db, r->row.id, r->arena, &rows, &n, err);

	if (st != OK || n == 0)
		return st;
	if ((r->conflicts = mem_take(n * sizeof *r->conflicts)) == NULL)
		return err_nomem(err, "the run");
	memcpy(r->conflicts, rows, n * sizeof *rows);
	r->n_conflicts = r->conflicts_room = r->conflicts_written = n;
	return OK;
}

/* Did the attempt's own result conflict? */
static bool was_met(const struct runner *r, const struct attempt_row *row)
{
	for (size_t i = 0; i < r->n_conflicts; i++)
		if (r->conflicts[i].attempt == row->number &&
		    strcmp(r->conflicts[i].task, row->task) == 0)
			return true;
	return false;
}

void conflict_load(struct runner *r, struct job *job, const struct attempt_row *row)
{
	if (r->options.conflicts != CONFIG_BY_AGENT || row->result_oid == NULL ||
	    strcmp(row->state, "conflicted") != 0)
		return;
	/* One that left markers resolved nothing: what it was given is still to be resolved. */
	if (row->resolves != RUNS_NONE && !was_met(r, row))
		return;
	job->rounds++;
	job->resolves = row->number;
	job->theirs = (struct oid){ "" };
	memcpy(job->theirs.hex, row->result_oid,
	       strnlen(row->result_oid, sizeof job->theirs.hex - 1));
}

/* --- what the agent is told ----------------------------------------------------------------- */

static void tell_other(struct runner *r, struct text *words, const char *id)
{
	size_t at = names_find(r->names, r->n_jobs, id);
	const struct job *job = at == NAMES_NONE ? NULL : &r->jobs[at];
	const char *about = job == NULL ? NULL : json_text(job->spec, "description");

	if (job == NULL)
		return;
	text_addf(words, "\nTask '%s' was: %s\n", id, job->row.title);
	if (about != NULL)
		text_addf(words, "%.*s\n", (int)text_utf8_cut(about, strlen(about), ABOUT_MAX),
		          about);
}

static bool told_before(const struct runner *r, size_t at)
{
	const struct conflict_row *c = &r->conflicts[at];

	for (size_t i = 0; i < at; i++) {
		const struct conflict_row *other = &r->conflicts[i];

		if (other->attempt == c->attempt && strcmp(other->task, c->task) == 0 &&
		    other->other != NULL && strcmp(other->other, c->other) == 0)
			return true;
	}
	return false;
}

static bool is_of(const struct conflict_row *c, const struct attempt *t)
{
	return c->attempt == t->row.resolves && strcmp(c->task, t->job->row.id) == 0;
}

const char *conflict_words(struct runner *r, const struct attempt *t)
{
	struct text words;
	const char *copy;

	if (t->theirs.hex[0] == '\0')
		return NULL;
	text_init(&words, (size_t)32 << 10);
	text_addf(
	    &words,
	    "## A conflict to resolve\n\nThe task above is done: its work is commit %.12s, on "
	    "top of %.12s. While it was done, other tasks were merged that changed the same "
	    "places; their work is commit %.12s. The current folder holds the merge of both. "
	    "In the files below both sides stand between <<<<<<< and >>>>>>>. Resolve them "
	    "so that what both tasks wanted holds, and leave no such marker.\n\n",
	    t->theirs.hex, r->row.base_oid == NULL ? "the base" : r->row.base_oid, t->base.hex);
	for (size_t i = 0; i < r->n_conflicts; i++)
		if (is_of(&r->conflicts[i], t))
			text_addf(&words, "- %s: %s%s%s%s\n", r->conflicts[i].path,
			          r->conflicts[i].how,
			          r->conflicts[i].other == NULL ? "" : ", by task '",
			          r->conflicts[i].other == NULL ? "" : r->conflicts[i].other,
			          r->conflicts[i].other == NULL ? "" : "' too");
	for (size_t i = 0; i < r->n_conflicts; i++)
		if (is_of(&r->conflicts[i], t) && r->conflicts[i].other != NULL &&
		    !told_before(r, i))
			tell_other(r, &words, r->conflicts[i].other);
	copy = text_copy(&words, t->arena);
	text_done(&words);
	return copy;
}
