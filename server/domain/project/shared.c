/* shared.c - changes of several threads, made durable by one commit. */
#include <assert.h>

#include "domain/project/own.h"
#include "store/part.h"

#define TRIES 2 /* of a group: once more without those whose failure cost the first */

/* A change that waits; on its caller's stack. The row's lock guards next, done and leads. */
struct shared_change {
	const struct project_change *own;
	struct err *err; /* not NULL */
	struct shared_change *next;
	pthread_cond_t told; /* done, or leads, became true */
	bool done, leads;
	enum status st;
};

enum status project_row_init(struct project_row *row, struct err *err)
{
	row->last = &row->first;
	return pthread_mutex_init(&row->lock, NULL) == 0 ? OK : err_nomem(err, "the project");
}

void project_row_done(struct project_row *row)
{
	assert(row->first == NULL && !row->led);
	(void)pthread_mutex_destroy(&row->lock);
}

size_t project_row_length(struct project_row *row)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&row->lock);
	for (const struct shared_change *c = row->first; c != NULL; c = c->next)
		n++;
	(void)pthread_mutex_unlock(&row->lock);
	return n;
}

static size_t rows_of(const struct shared_change *c)
{
	return c->own->rows == 0 ? 1 : c->own->rows;
}

/* Take the first ones off the row, as many as fit into one transaction; alone: one. */
static struct shared_change *take_group(struct project_row *row, bool alone)
{
	struct shared_change *group, **end = &row->first;
	size_t n = 0;

	(void)pthread_mutex_lock(&row->lock);
	do {
		n += rows_of(*end);
		end = &(*end)->next;
	} while (!alone && *end != NULL && n + rows_of(*end) <= PROJECT_GROUP_ROWS);
	group = row->first;
	row->first = *end;
	*end = NULL;
	if (row->first == NULL)
		row->last = &row->first;
	(void)pthread_mutex_unlock(&row->lock);
	return group;
}

static bool is_stopped(const struct shared_change *c)
{
	return c->own->stop != NULL && atomic_load(c->own->stop);
}

/* Make one. False: its failure cost the whole transaction. */
static bool make_one(struct shared_change *c, struct db *db, bool shared)
{
	if (is_stopped(c)) {
		c->st = err_set(c->err, E_STOP, "stopped");
		return true;
	}
	if (shared && (c->st = part_begin(db, c->err)) != OK)
		return false;
	c->st = c->own->make(c->own->arg, db, c->err);
	if (!shared)
		return true; /* nobody else's is in it */
	if (c->st == OK)
		return (c->st = part_keep(db, c->err)) == OK;
	return part_undo(db);
}

/*
 * Make those that have not failed by themselves; *any: some are made now. The one through whose
 * failure the transaction is lost, or NULL.
 */
static struct shared_change *make_all(struct shared_change *group, struct db *db, bool *any)
{
	*any = false;
	for (struct shared_change *c = group; c != NULL; c = c->next) {
		if (c->st != OK)
			continue;
		if (!make_one(c, db, group->next != NULL))
			return c;
		*any = *any || c->st == OK;
	}
	return NULL;
}

/* The turn to write is ours. The status is for all that have not failed by themselves. */
static enum status write_group(struct project *p, struct shared_change *group, struct db *db,
                               struct err *err)
{
	const struct shared_change *culprit;
	enum status st;
	bool any = false;

	if (group->next != NULL)
		db_stop_on(db, NULL); /* nobody's wish to stop ends the others' changes */
	for (int tries = 1; (culprit = make_all(group, db, &any)) != NULL; tries++) {
		db_rollback(db);
		if (tries == TRIES)
			return err_set(err, culprit->st, "%s", culprit->err->text);
		if ((st = db_begin(db, err)) != OK)
			return st;
	}
	if (any)
		return project_commit(p, db, err);
	db_rollback(db);
	return OK;
}

/*
 * All of the group are done, and may be gone as soon as the lock is. The first of those that wait
 * leads now.
 */
static void tell(struct project_row *row, struct shared_change *group)
{
	(void)pthread_mutex_lock(&row->lock);
	while (group != NULL) {
		struct shared_change *next = group->next;

		group->done = true;
		(void)pthread_cond_signal(&group->told);
		group = next;
	}
	row->led = row->first != NULL;
	if (row->led) {
		row->first->leads = true;
		(void)pthread_cond_signal(&row->first->told);
	}
	(void)pthread_mutex_unlock(&row->lock);
}

/* The first of the row writes for all who have come by the time it is their turn to write. */
static void lead(struct project *p, const atomic_bool *stop)
{
	struct project_row *row = &p->own->row;
	struct shared_change *group;
	struct err err = { 0 };
	struct db *db = NULL;
	enum status st = project_write(p, stop, &db, &err);

	if (st == OK)
		st = db_begin(db, &err);
	group = take_group(row, st == E_STOP);
	if (st == OK)
		st = write_group(p, group, db, &err);
	project_done(p, db);
	for (struct shared_change *c = group; c != NULL && st != OK; c = c->next) {
		if (c->st != OK)
			continue;
		c->st = st;
		*c->err = err;
	}
	tell(row, group);
}

enum status project_change(struct project *p, const struct project_change *change, struct err *err)
{
	struct project_row *row = &p->own->row;
	struct err unread = { 0 };
	struct shared_change own = { .own = change,
		                     .err = err == NULL ? &unread : err,
		                     .told = PTHREAD_COND_INITIALIZER };

	(void)pthread_mutex_lock(&row->lock);
	*row->last = &own;
	row->last = &own.next;
	own.leads = !row->led;
	row->led = true;
	while (!own.done && !own.leads)
		(void)pthread_cond_wait(&own.told, &row->lock);
	(void)pthread_mutex_unlock(&row->lock);
	if (!own.done)
		lead(p, change->stop);
	(void)pthread_cond_destroy(&own.told);
	return own.st;
}
