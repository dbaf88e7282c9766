#include "store/findings.h"

#include "store/rows.h"

#define COLUMNS                                                                                    \
	"SELECT fingerprint, code, severity, title, state, path, link, source, made_ms, seen_ms,"  \
	" clean, (SELECT count(*) FROM coach_seen s WHERE s.fingerprint = i.fingerprint)"          \
	" FROM coach_issue i"

static void read_row(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct finding_row *f = row;

	f->fingerprint = db_text(s, 0, a);
	f->code = db_text(s, 1, a);
	f->severity = db_text(s, 2, a);
	f->title = db_text(s, 3, a);
	f->state = db_text(s, 4, a);
	f->path = db_text(s, 5, a);
	f->link = db_text(s, 6, a);
	f->source = db_text(s, 7, a);
	f->made_ms = sqlite3_column_int64(s, 8);
	f->seen_ms = sqlite3_column_int64(s, 9);
	f->clean = sqlite3_column_int64(s, 10);
	f->seen = sqlite3_column_int64(s, 11);
}

enum status findings_get(struct db *db, const char *fingerprint, struct arena *a,
                         struct finding_row *out, bool *there, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof *out };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, COLUMNS " WHERE fingerprint = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, fingerprint);
	if ((st = rows_read(db, s, read_row, &rows, err)) != OK)
		return st;
	*there = rows.n > 0;
	if (*there)
		*out = *(const struct finding_row *)(void *)rows.at;
	return OK;
}

enum status findings_list(struct db *db, const char *source, struct arena *a,
                          struct finding_row **out, size_t *n, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof **out };
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db, COLUMNS " WHERE ?1 IS NULL OR source = ?1 ORDER BY fingerprint", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, source);
	if ((st = rows_read(db, s, read_row, &rows, err)) != OK)
		return st;
	*out = (struct finding_row *)(void *)rows.at;
	*n = rows.n;
	return OK;
}

enum status findings_put(struct db *db, const struct finding_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db,
	    "INSERT INTO coach_issue (fingerprint, code, severity, title, state, path, link,"
	    " source, made_ms, seen_ms, clean)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
	    " ON CONFLICT (fingerprint) DO UPDATE SET severity = ?3, title = ?4,"
	    " state = ?5, link = ?7, seen_ms = ?10, clean = ?11",
	    &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->fingerprint);
	db_bind_text(s, 2, row->code);
	db_bind_text(s, 3, row->severity);
	db_bind_text(s, 4, row->title);
	db_bind_text(s, 5, row->state);
	db_bind_text(s, 6, row->path);
	db_bind_text(s, 7, row->link);
	db_bind_text(s, 8, row->source);
	db_bind_int(s, 9, row->made_ms);
	db_bind_int(s, 10, row->seen_ms);
	db_bind_int(s, 11, row->clean);
	return db_run(db, s, err);
}

enum status findings_looked(struct db *db, const char *subject, int64_t at_ms, bool *new,
                            struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT INTO coach_looked (subject, at_ms) VALUES (?1, ?2)"
	                         " ON CONFLICT (subject) DO NOTHING RETURNING 1",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, subject);
	db_bind_int(s, 2, at_ms);
	return db_end(s, db_step(db, s, new, err));
}

enum status findings_seen(struct db *db, const char *fingerprint, const char *subject,
                          struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT INTO coach_seen (fingerprint, subject) VALUES (?1, ?2)"
	                         " ON CONFLICT DO NOTHING",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, fingerprint);
	db_bind_text(s, 2, subject);
	return db_run(db, s, err);
}

enum status findings_saw(struct db *db, const char *fingerprint, const char *subject, bool *saw,
                         struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "SELECT 1 FROM coach_seen WHERE fingerprint = ?1 AND subject = ?2", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, fingerprint);
	db_bind_text(s, 2, subject);
	return db_end(s, db_step(db, s, saw, err));
}

#define LESSONS "SELECT fingerprint, memory, source, clean FROM coach_lesson"

static void read_lesson(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct lesson_row *l = row;

	l->fingerprint = db_text(s, 0, a);
	l->memory = db_text(s, 1, a);
	l->source = db_text(s, 2, a);
	l->clean = sqlite3_column_int64(s, 3);
}

enum status findings_lesson(struct db *db, const char *fingerprint, struct arena *a,
                            struct lesson_row *out, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof *out };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, LESSONS " WHERE fingerprint = ?1", &s, err);

	*out = (struct lesson_row){ .fingerprint = fingerprint };
	if (st != OK)
		return st;
	db_bind_text(s, 1, fingerprint);
	if ((st = rows_read(db, s, read_lesson, &rows, err)) == OK && rows.n > 0)
		*out = *(const struct lesson_row *)(void *)rows.at;
	return st;
}

enum status findings_lessons(struct db *db, const char *source, struct arena *a,
                             struct lesson_row **out, size_t *n, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof **out };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, LESSONS " WHERE source = ?1 ORDER BY fingerprint", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, source);
	if ((st = rows_read(db, s, read_lesson, &rows, err)) != OK)
		return st;
	*out = (struct lesson_row *)(void *)rows.at;
	*n = rows.n;
	return OK;
}

enum status findings_put_lesson(struct db *db, const struct lesson_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT OR REPLACE INTO coach_lesson (fingerprint, memory,"
	                         " source, clean) VALUES (?1, ?2, ?3, ?4)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->fingerprint);
	db_bind_text(s, 2, row->memory);
	db_bind_text(s, 3, row->source);
	db_bind_int(s, 4, row->clean);
	return db_run(db, s, err);
}

enum status findings_drop_lesson(struct db *db, const char *fingerprint, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "DELETE FROM coach_lesson WHERE fingerprint = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, fingerprint);
	return db_run(db, s, err);
}
