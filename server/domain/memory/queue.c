/*
 * queue.c - calls that write at the same time share one transaction, so that fifty of them
 * cost a few syncs of the disk and not fifty. The first to come leads: it takes all that
 * wait, writes them, and wakes them when they are on disk.
 */
#include "base/mem.h"
#include "domain/memory/own.h"

#define GROUP_MAX 4000 /* memories of one shared transaction */

struct memory_job {
	const struct memory_writing *writing;
	const atomic_bool *stop;
	struct err *err;
	enum status st;
	bool done;
	struct memory_job *next;
};

/*
 * What goes to another store is committed there while the transaction here is still open, so that
 * whatever is wrong with either undoes both; only the commit here can still fail. Nobody waits in
 * a circle: who writes to the store for all projects never waits for a project's.
 */
static enum status put_all(struct db *db, struct memory_job *job, int64_t now_ms)
{
	struct memory_inner *inner = job->writing->inner;
	enum status st = memory_put(db, job->writing, now_ms, job->err);

	if (st != OK || inner == NULL)
		return st;
	st = memory_queue(inner->store, job->stop, &inner->writing, job->err);
	if (st == OK) {
		inner->kept = true;
		db_stop_on(db, NULL); /* too late to stop */
	}
	return st;
}

/* One job of a shared transaction: undone alone when it fails. False: all is lost. */
static bool put_job(struct db *db, struct memory_job *job, int64_t now_ms, bool shared)
{
	if (shared && (job->st = memories_try(db, job->err)) != OK)
		return false;
	job->st = put_all(db, job, now_ms);
	if (!shared)
		return job->st == OK;
	if (job->st == OK)
		job->st = memories_keep(db, job->err);
	return job->st == OK || memories_undo(db);
}

/* Jobs that failed have their own status; when all is lost the others get the same. */
static enum status write_group(struct project *p, struct memory_job *group, struct db *db,
                               struct err *err)
{
	int64_t now_ms = clock_wall_ms(&p->clock);
	enum status st = db_begin(db, err);
	bool any = false;

	if (st != OK)
		return st;
	for (struct memory_job *job = group; job != NULL; job = job->next) {
		if (!put_job(db, job, now_ms, group->next != NULL)) {
			if (job->err != NULL)
				*err = *job->err;
			st = job->st;
			break;
		}
		any = any || job->st == OK;
	}
	if (st != OK || !any) {
		db_rollback(db);
		return st;
	}
	if ((st = memory_use_put(p->memory, db, err)) != OK) {
		db_rollback(db);
		return st;
	}
	return project_commit(p, db, err);
}

/* Write a group; every job has its status afterwards. */
static void lead(struct project *p, struct memory_job *group)
{
	struct err err = { 0 };
	struct db *db = NULL;
	enum status st;

	/* A call that is alone can be stopped; who shares must not be stopped by another. */
	st = project_write(p, group->next == NULL ? group->stop : NULL, &db, &err);
	if (st == OK)
		st = write_group(p, group, db, &err);
	project_done(p, db);
	for (struct memory_job *job = group; job != NULL && st != OK; job = job->next) {
		if (job->st != OK)
			continue;
		job->st = st;
		if (job->err != NULL)
			*job->err = err;
	}
}

/* Take the first jobs off the queue, as many as fit into one transaction. */
static struct memory_job *take_group(struct memory *m)
{
	struct memory_job *group = m->first, **end = &m->first;
	size_t n = 0;

	while (*end != NULL && (n == 0 || n + (*end)->writing->n <= GROUP_MAX)) {
		n += (*end)->writing->n;
		end = &(*end)->next;
	}
	m->first = *end;
	*end = NULL;
	if (m->first == NULL)
		m->last = &m->first;
	return group;
}

enum status memory_queue(struct project *p, const atomic_bool *stop, const struct memory_writing *w,
                         struct err *err)
{
	struct memory *m = p->memory;
	struct memory_job job = { .writing = w, .stop = stop, .err = err };

	(void)pthread_mutex_lock(&m->lock);
	*m->last = &job;
	m->last = &job.next;
	while (!job.done && m->leading)
		(void)pthread_cond_wait(&m->ended, &m->lock);
	if (!job.done) {
		struct memory_job *group, *next;

		m->leading = true;
		group = take_group(m);
		(void)pthread_mutex_unlock(&m->lock);
		lead(p, group);
		(void)pthread_mutex_lock(&m->lock);
		for (; group != NULL; group = next) {
			next = group->next; /* a job that is done may be gone at once */
			group->done = true;
		}
		m->leading = false;
		(void)pthread_cond_broadcast(&m->ended);
	}
	(void)pthread_mutex_unlock(&m->lock);
	return job.st;
}
