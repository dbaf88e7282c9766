/* lesson.c - what was found becomes memory: once for each thing, replaced when it changes, ended
 * when it is gone. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/coach/change.h"
#include "domain/memory.h"
#include "store/findings.h"

struct work {
	struct project *p;
	const struct coach_report *r;
	const atomic_bool *stop;
	struct arena *a;
	struct err *err;
	const struct coach_finding **found; /* one for each fingerprint */
	struct lesson_row *rows;            /* as they were; memory NULL: new */
	struct memory_item *items;
	struct memory_stored *stored;
	size_t n;
};

static enum status gather(struct work *w, size_t most)
{
	size_t room = w->r->n_findings + 1;

	w->found = arena_take(w->a, room * sizeof(const struct coach_finding *));
	w->rows = arena_take(w->a, room * sizeof *w->rows);
	w->items = arena_take(w->a, room * sizeof *w->items);
	w->stored = arena_take(w->a, room * sizeof *w->stored);
	if (w->found == NULL || w->rows == NULL || w->items == NULL || w->stored == NULL)
		return err_nomem(w->err, "the lessons");
	for (size_t i = 0; i < w->r->n_findings && w->n < most; i++) {
		const struct coach_finding *f = &w->r->findings[i];
		bool known = f->severity < COACH_WARNING;

		for (size_t k = 0; k < w->n; k++)
			known = known || strcmp(w->found[k]->fingerprint, f->fingerprint) == 0;
		if (!known)
			w->found[w->n++] = f;
	}
	return OK;
}

/* The memory that says it now, if it is still there and was not replaced by somebody. */
static enum status read_old(struct work *w, struct db *db)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < w->n; i++)
		st = findings_lesson(db, w->found[i]->fingerprint, w->a, &w->rows[i], w->err);
	return st;
}

/* The id when its memory is there, is still true and says something other than text (NULL:
 * anything).
 */
static const char *still_there(struct work *w, const char *id, const char *text)
{
	struct memory_hit hit;

	if (id == NULL || memory_show(w->p, id, w->a, &hit, NULL) != OK || hit.expired_ms != 0 ||
	    hit.superseded_by != NULL || (text != NULL && strcmp(hit.text, text) == 0))
		return NULL;
	return id;
}

static enum status remember(struct work *w)
{
	const struct memory_batch batch = { w->items, w->n, w->stored };

	for (size_t i = 0; i < w->n; i++) {
		const struct coach_finding *f = w->found[i];
		const char *text = text_printf(w->a, "%s: %s. %s", f->code, f->message, f->advice);

		w->items[i] = (struct memory_item){
			.text = text,
			.kind = "lesson",
			.entity = f->code,
			.entity_type = "finding",
			.author = "gadugi",
			.origin = f->run != NULL ? "run" : "tool",
			.run = f->run,
			.session = f->run != NULL ? NULL : f->session,
			.supersedes = still_there(w, w->rows[i].memory, text),
		};
		if (w->items[i].text == NULL)
			return err_nomem(w->err, "the lessons");
	}
	return w->n == 0 ? OK : memory_remember(w->p, w->stop, &batch, w->a, w->err);
}

static bool is_found(const struct work *w, const char *fingerprint)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->found[i]->fingerprint, fingerprint) == 0)
			return true;
	return false;
}

/* What was found is fresh; what was not comes nearer to its end in each new run or session. */
static enum status note(struct work *w, struct db *db, const char **ended, size_t *n_ended)
{
	const char *source = w->r->run != NULL ? "run" : "session";
	struct lesson_row *rows = NULL;
	int64_t looks = 0;
	size_t n = 0;
	bool new = false;
	enum status st = OK;

	for (size_t i = 0; st == OK && i < w->r->n_subjects; i++) {
		const char *subject = text_printf(w->a, "lesson:%s", w->r->subjects[i]);

		st = subject == NULL
		         ? err_nomem(w->err, "the lessons")
		         : findings_looked(db, subject, clock_wall_ms(&w->p->clock), &new, w->err);
		looks += st == OK && new;
	}
	for (size_t i = 0; st == OK && i < w->n; i++) {
		const struct lesson_row row = { w->found[i]->fingerprint, w->stored[i].id, source,
			                        0 };

		st = findings_put_lesson(db, &row, w->err);
	}
	if (st == OK && looks > 0)
		st = findings_lessons(db, source, w->a, &rows, &n, w->err);
	for (size_t i = 0; st == OK && i < n; i++) {
		bool over;

		if (is_found(w, rows[i].fingerprint))
			continue;
		rows[i].clean += looks;
		over = rows[i].clean >= COACH_CLEAN && *n_ended < COACH_LESSONS;
		if (over)
			ended[(*n_ended)++] = rows[i].memory;
		st = over ? findings_drop_lesson(db, rows[i].fingerprint, w->err)
		          : findings_put_lesson(db, &rows[i], w->err);
	}
	return st;
}

/* Ends the validity of each that is still there; they stay to be asked for as of earlier. */
static enum status expire(struct work *w, const char *const *ids, size_t n, size_t *done)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < n; i++) {
		const char *id = still_there(w, ids[i], NULL);
		const struct memory_forget what = { .ids = &id, .n_ids = 1, .confirm = true };
		struct memory_forgotten out;

		if (id == NULL)
			continue;
		st = memory_forget(w->p, w->stop, &what, w->a, &out, w->err);
		*done += st == OK;
	}
	return st;
}

enum status coach_lessons(struct project *p, const struct coach_report *r, const atomic_bool *stop,
                          struct coach_taught *out, struct err *err)
{
	struct work w = { .p = p, .r = r, .stop = stop, .a = r->a, .err = err };
	const char *ended[COACH_LESSONS];
	struct db *db = NULL;
	size_t n_ended = 0;
	enum status st = gather(&w, COACH_LESSONS);

	*out = (struct coach_taught){ 0 };
	if (st == OK && (st = project_read(p, stop, &db, err)) == OK)
		st = read_old(&w, db);
	project_done(p, db);
	db = NULL;
	if (st != OK || (st = remember(&w)) != OK)
		return st;
	if ((st = project_write(p, stop, &db, err)) == OK && (st = db_begin(db, err)) == OK &&
	    (st = note(&w, db, ended, &n_ended)) == OK)
		st = project_commit(p, db, err);
	project_done(p, db);
	for (size_t i = 0; i < w.n; i++) {
		out->stored += !w.stored[i].duplicate;
		out->superseded += !w.stored[i].duplicate && w.items[i].supersedes != NULL;
	}
	return st != OK ? st : expire(&w, ended, n_ended, &out->ended);
}
