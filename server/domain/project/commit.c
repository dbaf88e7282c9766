#include "bus/wake.h"
#include "domain/project.h"

enum status project_commit(struct project *p, struct db *db, struct err *err)
{
	enum status st = db_commit(db, err);

	if (st == OK)
		wake_touch(p->state);
	return st;
}
