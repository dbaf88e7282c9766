#include "store/boards.h"

#include "base/list.h"

enum status board_add(struct db *db, const struct board_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db,
	            "INSERT INTO board (run_id, name, version, author, content, made_ms)"
	            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->run);
	db_bind_text(s, 2, row->name);
	db_bind_int(s, 3, row->version);
	db_bind_text(s, 4, row->author);
	db_bind_text(s, 5, row->content);
	db_bind_int(s, 6, row->made_ms);
	return db_run(db, s, err);
}

enum status board_find(struct db *db, struct arena *a, struct board_row *out, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "SELECT version, author, content, made_ms FROM board"
	                         " WHERE run_id = ?1 AND name = ?2 AND (?3 = 0 OR version = ?3)"
	                         " ORDER BY version DESC LIMIT 1",
	                         &s, err);
	bool row = false;

	if (st != OK)
		return st;
	db_bind_text(s, 1, out->run);
	db_bind_text(s, 2, out->name);
	db_bind_int(s, 3, out->version);
	out->version = 0;
	if ((st = db_step(db, s, &row, err)) == OK && row) {
		out->version = sqlite3_column_int64(s, 0);
		out->author = db_text(s, 1, a);
		out->content = db_text(s, 2, a);
		out->made_ms = sqlite3_column_int64(s, 3);
		st = arena_failed(a) ? err_nomem(err, "a whiteboard") : OK;
	}
	return db_end(s, st);
}

static enum status all_rows(struct db *db, sqlite3_stmt *s, struct arena *a,
                            struct board_row **rows, size_t *n, struct err *err)
{
	struct board_row *grown;
	size_t room = 0;
	enum status st;
	bool row;

	*rows = NULL;
	for (*n = 0; (st = db_step(db, s, &row, err)) == OK && row; (*n)++) {
		if ((grown = list_room(a, *rows, *n, &room, sizeof **rows)) == NULL)
			return err_nomem(err, "the whiteboards");
		*rows = grown;
		grown[*n].name = db_text(s, 0, a);
		grown[*n].version = sqlite3_column_int64(s, 1);
		grown[*n].author = db_text(s, 2, a);
		grown[*n].made_ms = sqlite3_column_int64(s, 3);
	}
	return st == OK && arena_failed(a) ? err_nomem(err, "the whiteboards") : st;
}

enum status board_list(struct db *db, const char *run, struct arena *a, struct board_row **rows,
                       size_t *n, struct err *err)
{
	sqlite3_stmt *s = NULL;
	/* with max() the other columns are those of the row that has it */
	enum status st = db_stmt(db,
	                         "SELECT name, max(version), author, made_ms FROM board"
	                         " WHERE run_id = ?1 GROUP BY name ORDER BY name",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	return db_end(s, all_rows(db, s, a, rows, n, err));
}
