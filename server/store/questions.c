#include "store/questions.h"

#include "base/list.h"

#define COLUMNS                                                                                    \
	"id, kind, agent, run_id, task_id, text, options, state, answer, responder, made_ms,"      \
	" until_ms, ended_ms"

enum status question_add(struct db *db, const struct question_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db,
	            "INSERT INTO question (" COLUMNS ")"
	            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'open', NULL, NULL, ?8, ?9, NULL)",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->id);
	db_bind_text(s, 2, row->kind);
	db_bind_text(s, 3, row->agent);
	db_bind_text(s, 4, row->run);
	db_bind_text(s, 5, row->task);
	db_bind_text(s, 6, row->text);
	db_bind_text(s, 7, row->options);
	db_bind_int(s, 8, row->made_ms);
	db_bind_int_or_null(s, 9, row->until_ms, 0);
	return db_run(db, s, err);
}

static void read_row(sqlite3_stmt *s, struct arena *a, struct question_row *out)
{
	*out = (struct question_row){
		.id = db_text(s, 0, a),
		.kind = db_text(s, 1, a),
		.agent = db_text(s, 2, a),
		.run = db_text(s, 3, a),
		.task = db_text(s, 4, a),
		.text = db_text(s, 5, a),
		.options = db_text(s, 6, a),
		.state = db_text(s, 7, a),
		.answer = db_text(s, 8, a),
		.responder = db_text(s, 9, a),
		.made_ms = sqlite3_column_int64(s, 10),
		.until_ms = db_int_or(s, 11, 0),
		.ended_ms = db_int_or(s, 12, 0),
	};
}

enum status question_find(struct db *db, const char *id, struct arena *a, struct question_row *out,
                          struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "SELECT " COLUMNS " FROM question WHERE id = ?1", &s, err);
	bool row = false;

	if (st != OK)
		return st;
	db_bind_text(s, 1, id);
	if ((st = db_step(db, s, &row, err)) == OK && !row)
		st = err_set(err, E_ABSENT, "there is no question '%s'", id);
	if (st == OK) {
		read_row(s, a, out);
		st = arena_failed(a) ? err_nomem(err, "a question") : OK;
	}
	return db_end(s, st);
}

enum status question_end(struct db *db, const struct question_row *row, bool *ended,
                         struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "UPDATE question SET state = ?2, answer = ?3, responder = ?4,"
	                         " ended_ms = ?5 WHERE id = ?1 AND state = 'open'",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->id);
	db_bind_text(s, 2, row->state);
	db_bind_text(s, 3, row->answer);
	db_bind_text(s, 4, row->responder);
	db_bind_int(s, 5, row->ended_ms);
	if ((st = db_run(db, s, err)) == OK)
		*ended = sqlite3_changes(db_handle(db)) == 1;
	return st;
}

static enum status all_rows(struct db *db, sqlite3_stmt *s, struct arena *a,
                            struct question_row **rows, size_t *n, struct err *err)
{
	struct question_row *grown;
	size_t room = 0;
	enum status st;
	bool row;

	*rows = NULL;
	for (*n = 0; (st = db_step(db, s, &row, err)) == OK && row; (*n)++) {
		if ((grown = list_room(a, *rows, *n, &room, sizeof **rows)) == NULL)
			return err_nomem(err, "the questions");
		*rows = grown;
		read_row(s, a, &grown[*n]);
	}
	return st == OK && arena_failed(a) ? err_nomem(err, "the questions") : st;
}

enum status question_list(struct db *db, bool all, struct arena *a, struct question_row **rows,
                          size_t *n, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "SELECT " COLUMNS " FROM question WHERE ?1 OR state = 'open'"
	                         " ORDER BY made_ms DESC, id LIMIT ?2",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, all);
	db_bind_int(s, 2, QUESTIONS_MAX);
	return db_end(s, all_rows(db, s, a, rows, n, err));
}
