/* publish.c - events that change nothing else: threads that publish at once share a commit. */
#include "domain/event.h"
#include "domain/project.h"

struct publishing {
	struct project *project;
	const struct event_custom *event;
	int64_t *seq;
	bool *duplicate;
};

static enum status put(void *arg, struct db *db, struct err *err)
{
	const struct publishing *p = arg;

	/* the time of now, not of when it began to wait: the times of the log ascend */
	return event_put_custom(db, clock_wall_ms(&p->project->clock), p->event, p->seq,
	                        p->duplicate, err);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): both are written, through `own` */
enum status event_publish(struct project *p, const atomic_bool *stop, const struct event_custom *e,
                          int64_t *seq, bool *duplicate, struct err *err)
{
	struct publishing own = { p, e, seq, duplicate };
	const struct project_change change = { .make = put, .arg = &own, .stop = stop };

	return project_change(p, &change, err);
}
