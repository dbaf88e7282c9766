/* queue.c - calls that write at the same time share a commit (domain/project.h). */
#include "domain/memory/own.h"

struct writing {
	const struct memory_writing *what;
	struct project *project;
	const atomic_bool *stop;
	struct index_feed feed; /* what it adds, told to the index once it is on disk */
	struct memory_putting how;
};

/*
 * What goes to another store is committed there while the transaction here is still open, so that
 * whatever is wrong with either undoes both; only the commit here can still fail. Nobody waits in
 * a circle: who writes to the store for all projects never waits for a project's. It is done once,
 * also when the transaction here has to be made again.
 */
static enum status write_down(void *arg, struct db *db, struct err *err)
{
	struct writing *w = arg;
	struct memory_inner *inner = w->what->inner;
	struct memory *m = w->project->memory;
	enum status st;

	index_feed_end(m->index, &w->feed, NULL); /* of a transaction that was lost */
	index_feed_begin(m->index, &w->feed);
	w->how = (struct memory_putting){ .now_ms = clock_wall_ms(&w->project->clock),
		                          .feed = &w->feed };
	st = memory_put(db, w->what, &w->how, err);
	if (st == OK)
		st = memory_use_put(m, db, err);
	if (st != OK || inner == NULL || inner->kept)
		return st;
	st = memory_queue(inner->store, w->stop, &inner->writing, err);
	if (st == OK) {
		inner->kept = true;
		db_stop_on(db, NULL); /* too late to stop */
	}
	return st;
}

enum status memory_queue(struct project *p, const atomic_bool *stop, const struct memory_writing *w,
                         struct err *err)
{
	struct writing writing = { .what = w, .project = p, .stop = stop };
	enum status st =
	    project_change(p, &(struct project_change){ write_down, &writing, w->n, stop }, err);

	index_feed_end(p->memory->index, &writing.feed,
	               st == OK ? &(struct index_fed){ writing.how.change - 1, writing.how.change }
	                        : NULL);
	return st;
}
