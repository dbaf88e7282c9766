/* watch.c - sessions that go on: only what grew is read, only what is new is told. */
#include <string.h>

#include "base/text.h"
#include "domain/coach/keep.h"
#include "domain/coach/price.h"
#include "domain/coach/read.h"
#include "domain/coach/report.h"
#include "store/watch.h"
#include "sys/folder.h"

#define AT_ONCE   32                 /* sessions whose rows are written in one transaction */
#define STATE_MAX ((size_t)32 << 20) /* bytes of a session that is put by */
#define KEPT_MAX  ((size_t)1 << 30)  /* of the rows of one transaction */

struct watch {
	struct project *p;
	const struct coach_wish *wish;
	struct coach_report *r;
	struct arena *kept; /* the rows that are not written yet */
	struct watch_row rows[AT_ONCE];
	size_t n;
	struct err *err;
};

/* Which session a row is of. */
static const char *key_of(const struct source *s, struct arena *a)
{
	return s->n_ids == 0 ? s->paths[0] : text_printf(a, "%s#%s", s->paths[0], s->ids[0]);
}

/* Changes whenever a file of the session does. */
static const char *stamp_of(const struct source *s, struct arena *a)
{
	const char *stamp = text_printf(a, "%lld", (long long)s->changed_ms);

	for (size_t i = 0; stamp != NULL && s->n_ids == 0 && i < s->n_paths; i++) {
		struct folder_file file;

		if (folder_file(s->paths[i], &file))
			stamp = text_printf(a, "%s %llu:%lld:%lld", stamp,
			                    (unsigned long long)file.number,
			                    (long long)file.size_bytes, (long long)file.changed_ns);
	}
	return stamp;
}

/* What the reading of a file rests on besides what is in it. */
static uint64_t seed_of(const struct watch *w, const struct source *s)
{
	struct folder_file file = { 0 };
	uint64_t seed;

	(void)folder_file(s->paths[0], &file);
	seed = file.number;
	for (const char *const *gate = w->wish->gates; gate != NULL && *gate != NULL; gate++)
		seed = seed * 31 + text_hash(*gate, strlen(*gate));
	return seed * 31 + price_hash(w->wish->prices, w->wish->n_prices);
}

/* Sessions of one file of lines go on where they stood; others are read again when they change. */
static bool goes_on(const struct source *s)
{
	return s->kind == SOURCE_LINES && s->n_paths == 1;
}

static void begin(const struct watch *w, const struct source *source, struct arena *a,
                  struct session *s)
{
	session_init(s, a, source->name, source->host);
	s->gates = w->wish->gates;
	s->prices = w->wish->prices;
	s->n_prices = w->wish->n_prices;
}

/* Take up what was put by, if it is still good; else *row stands at the beginning. */
static void take_up(const struct watch *w, const struct source *source, struct arena *a,
                    struct watch_row *row, struct session *s)
{
	struct folder_file file;

	begin(w, source, a, s);
	if (!goes_on(source))
		return;
	(void)session_add_file(s, source->paths[0], 0);
	if (row->state_size > 0 && folder_file(source->paths[0], &file) &&
	    file.size_bytes >= row->offset &&
	    session_load(s, seed_of(w, source), row->state, row->state_size))
		return;
	session_done(s);
	begin(w, source, a, s);
	(void)session_add_file(s, source->paths[0], 0);
	row->offset = row->line = 0;
	row->time_ms = RUNS_NONE;
}

static enum status read_rest(const struct watch *w, const struct source *source,
                             struct watch_row *row, struct session *s)
{
	struct read_place place = { row->offset, (uint32_t)row->line,
		                    row->time_ms == RUNS_NONE ? SESSION_NO_TIME : row->time_ms };
	enum status st;

	if (!goes_on(source))
		return read_source(s, source, w->wish->stop, w->err);
	st = read_on(s, source, &place, w->wish->stop, w->err);
	row->offset = place.offset;
	row->line = place.line;
	row->time_ms = place.ms == SESSION_NO_TIME ? RUNS_NONE : place.ms;
	return st;
}

/* Leave out of the report what was told before; note the rest as told. */
static const char *tell(struct watch *w, size_t from, const char *told)
{
	struct coach_report *r = w->r;
	size_t kept = from;

	for (size_t i = from; i < r->n_findings && told != NULL; i++) {
		const struct coach_finding *f = &r->findings[i];
		const char *mark = text_printf(w->kept, "%s:%d ", f->fingerprint, (int)f->severity);

		if (mark != NULL && strstr(told, mark) != NULL)
			continue;
		told = mark == NULL ? NULL : text_printf(w->kept, "%s%s", told, mark);
		r->findings[kept++] = *f;
	}
	r->n_findings = kept;
	return told;
}

/* Put the session by in the row; a session that is too large for it is read anew next time. */
static void put_by(const struct watch *w, const struct source *source, const struct session *s,
                   struct watch_row *row)
{
	struct text t;

	row->state = NULL;
	row->state_size = 0;
	if (!goes_on(source))
		return;
	text_init(&t, STATE_MAX);
	session_save(s, seed_of(w, source), &t);
	if (!t.failed && (row->state = arena_copy(w->kept, t.bytes, t.len)) != NULL)
		row->state_size = t.len;
	text_done(&t);
}

static enum status write_rows(struct watch *w)
{
	struct db *db = NULL;
	enum status st;

	if (w->n == 0)
		return OK;
	st = project_write(w->p, w->wish->stop, &db, w->err);
	if (st == OK && (st = db_begin(db, w->err)) == OK) {
		for (size_t i = 0; st == OK && i < w->n; i++)
			st = watch_put(db, &w->rows[i], w->err);
		if (st == OK)
			st = project_commit(w->p, db, w->err);
	}
	project_done(w->p, db);
	arena_free(w->kept);
	w->n = 0;
	w->kept = arena_new(KEPT_MAX);
	return st == OK && w->kept == NULL ? err_nomem(w->err, "a session") : st;
}

/* A session that changed: the rest of it is read, and all of it judged. */
static enum status look(struct watch *w, const struct source *source, struct watch_row *row,
                        struct arena *a)
{
	size_t before = w->r->n_findings;
	struct session s;
	enum status st;

	take_up(w, source, a, row, &s);
	st = read_rest(w, source, row, &s);
	if (st == OK && !session_close(&s))
		st = err_nomem(w->err, "a session");
	if (st == OK && s.own)
		w->r->metrics.own_sessions++;
	else if (st == OK)
		report_session(w->r, &s, source->paths[0]);
	if (st == OK) {
		put_by(w, source, &s, row);
		row->told = tell(w, before, row->told == NULL ? "" : row->told);
		w->rows[w->n++] = *row;
		if (row->told == NULL || arena_failed(w->kept) || arena_failed(w->r->a))
			st = err_nomem(w->err, "a session");
	}
	session_done(&s);
	return st != OK || w->n < AT_ONCE ? st : write_rows(w);
}

static enum status one(struct watch *w, const struct source *source, struct db *db)
{
	struct arena *a = arena_new(SESSION_MEMORY);
	const char *key = a == NULL ? NULL : key_of(source, w->kept);
	const char *stamp = a == NULL ? NULL : stamp_of(source, w->kept);
	struct watch_row row;
	enum status st;

	if (key == NULL || stamp == NULL)
		st = err_nomem(w->err, "a session");
	else if ((st = watch_get(db, key, w->kept, &row, w->err)) == OK &&
	         (row.stamp == NULL || strcmp(row.stamp, stamp) != 0)) {
		row.path = key;
		row.stamp = stamp;
		st = look(w, source, &row, a);
	}
	arena_free(a);
	return st;
}

static enum status look_at_all(struct watch *w, const struct sources *sources)
{
	struct db *db = NULL;
	enum status st = project_read(w->p, w->wish->stop, &db, w->err);

	for (size_t i = 0; st == OK && i < sources->n; i++)
		st = one(w, &sources->items[i], db);
	project_done(w->p, db);
	return st != OK ? st : write_rows(w);
}

enum status coach_watch(struct project *p, const struct coach_wish *wish, struct arena *a,
                        struct coach_report **out, struct err *err)
{
	struct watch w = { .p = p, .wish = wish, .r = report_new(a), .err = err };
	struct sources sources = { 0 };
	enum status st;

	if (w.r == NULL || (w.kept = arena_new(KEPT_MAX)) == NULL)
		return err_nomem(err, "a report");
	if ((st = report_sources(wish, a, &sources, err)) == OK)
		st = look_at_all(&w, &sources);
	arena_free(w.kept);
	if (st != OK)
		return st;
	w.r->folders = sources.folders;
	w.r->n_folders = sources.n_folders;
	return report_sessions_end(w.r, out, err);
}
