#include "store/part.h"

static enum status run(struct db *db, const char *sql, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, sql, &s, err);

	return st != OK ? st : db_run(db, s, err);
}

enum status part_begin(struct db *db, struct err *err)
{
	return run(db, "SAVEPOINT part", err);
}

enum status part_keep(struct db *db, struct err *err)
{
	return run(db, "RELEASE part", err);
}

bool part_undo(struct db *db)
{
	return sqlite3_get_autocommit(db_handle(db)) == 0 &&
	       run(db, "ROLLBACK TO part", NULL) == OK && run(db, "RELEASE part", NULL) == OK;
}
