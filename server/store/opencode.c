#include "store/opencode.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/text.h"

#define BUSY_MS 2000 /* opencode may be writing */

struct opencode {
	sqlite3 *handle;
	const char *path; /* the caller's */
};

static enum status said(struct opencode *o, struct err *err)
{
	int rc = sqlite3_errcode(o->handle);

	if (rc == SQLITE_NOMEM)
		return err_nomem(err, "the database of opencode");
	if (rc == SQLITE_NOTADB || rc == SQLITE_ERROR)
		return err_set(err, E_INPUT, "'%s' is no database of opencode: %s", o->path,
		               sqlite3_errmsg(o->handle));
	return err_set(err, E_IO, "cannot read '%s': %s", o->path, sqlite3_errmsg(o->handle));
}

enum status opencode_open(struct opencode **out, const char *path, struct err *err)
{
	struct opencode *o = mem_zero(1, sizeof *o);
	enum status st = OK;

	if (o == NULL)
		return err_nomem(err, "the database of opencode");
	o->path = path;
	if (access(path, R_OK) != 0)
		st = errno == ENOENT ? err_set(err, E_ABSENT, "there is no '%s'", path)
		                     : err_sys(err, errno, "cannot read '%s'", path);
	else if (sqlite3_open_v2(path, &o->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
	                         NULL) != SQLITE_OK ||
	         sqlite3_busy_timeout(o->handle, BUSY_MS) != SQLITE_OK)
		st = o->handle == NULL ? err_nomem(err, "the database of opencode") : said(o, err);
	if (st != OK) {
		opencode_free(o);
		return st;
	}
	*out = o;
	return OK;
}

void opencode_free(struct opencode *o)
{
	if (o == NULL)
		return;
	(void)sqlite3_close(o->handle);
	mem_free(o);
}

static enum status prepare(struct opencode *o, const char *sql, sqlite3_stmt **s, struct err *err)
{
	return sqlite3_prepare_v2(o->handle, sql, -1, s, NULL) == SQLITE_OK ? OK : said(o, err);
}

static const char *text_at(sqlite3_stmt *s, int column, struct arena *a)
{
	return text_dup(a, (const char *)sqlite3_column_text(s, column));
}

enum status opencode_sessions(struct opencode *o, struct arena *a, struct opencode_session **out,
                              size_t *n, struct err *err)
{
	struct opencode_session *items = NULL, *more;
	size_t count = 0, room = 0;
	sqlite3_stmt *s = NULL;
	enum status st = prepare(o,
	                         "SELECT id, directory, parent_id, version, time_updated"
	                         " FROM session ORDER BY time_created, id",
	                         &s, err);
	int rc = SQLITE_DONE;

	while (st == OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		if ((more = list_room(a, items, count, &room, sizeof *items)) == NULL) {
			st = err_nomem(err, "the sessions of opencode");
			break;
		}
		items = more;
		items[count++] = (struct opencode_session){
			.id = text_at(s, 0, a),
			.folder = text_at(s, 1, a),
			.parent = text_at(s, 2, a),
			.version = text_at(s, 3, a),
			.changed_ms = sqlite3_column_int64(s, 4),
		};
	}
	if (st == OK && rc != SQLITE_DONE)
		st = said(o, err);
	(void)sqlite3_finalize(s);
	if (st == OK && arena_failed(a))
		st = err_nomem(err, "the sessions of opencode");
	*out = items;
	*n = count;
	return st;
}

static struct opencode_row row_of(sqlite3_stmt *s, int from, const char *part)
{
	const char *data = (const char *)sqlite3_column_text(s, from + 1);

	return (struct opencode_row){
		.part = part,
		.id = (const char *)sqlite3_column_text(s, from),
		.data = data == NULL ? "" : data,
		.size = (size_t)sqlite3_column_bytes(s, from + 1),
		.row = sqlite3_column_int64(s, from + 2),
		.made_ms = sqlite3_column_int64(s, from + 3),
	};
}

/* A message comes once for each of its parts, and once when it has none. */
static enum status tell(sqlite3_stmt *s, int64_t *last, opencode_each *each, void *arg)
{
	struct opencode_row message = row_of(s, 0, NULL), part;
	enum status st = OK;

	if (message.row != *last)
		st = each(arg, &message);
	*last = message.row;
	if (st != OK || sqlite3_column_type(s, 4) == SQLITE_NULL)
		return st;
	part = row_of(s, 4, (const char *)sqlite3_column_text(s, 4));
	return each(arg, &part);
}

enum status opencode_read(struct opencode *o, const char *session, opencode_each *each, void *arg,
                          struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = prepare(
	    o,
	    "SELECT m.id, m.data, m.rowid, m.time_created, p.id, p.data, p.rowid, p.time_created"
	    " FROM message m LEFT JOIN part p ON p.message_id = m.id WHERE m.session_id = ?1"
	    " ORDER BY m.time_created, m.id, p.id",
	    &s, err);
	int64_t last = -1;
	int rc = SQLITE_DONE;

	if (st == OK &&
	    sqlite3_bind_text(s, 1, session, (int)strlen(session), SQLITE_TRANSIENT) != SQLITE_OK)
		st = said(o, err);
	while (st == OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
		st = tell(s, &last, each, arg);
	if (st == OK && rc != SQLITE_DONE)
		st = said(o, err);
	(void)sqlite3_finalize(s);
	return st;
}
