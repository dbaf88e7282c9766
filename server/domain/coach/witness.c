#include "domain/coach/witness.h"

#include <string.h>

#include "base/text.h"
#include "bus/topic.h"
#include "store/journal.h"

/* A place, and how the topics of its task's events begin. */
struct seen {
	struct coach_place *place;
	const char *topic;
	size_t len;
};

struct look {
	struct seen *seen;
	size_t n;
};

static const char *topic_of(const char *run, const char *task, struct arena *a)
{
	const char *words[] = { "task", run, task };
	struct text t;
	const char *out;

	text_init(&t, (size_t)TOPIC_MAX * 4);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		topic_add_word(&t, words[i]);
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

/* Called with each row of the log; keeps none. */
static bool note(const void *arg, const struct journal_row *row)
{
	const struct look *look = arg;

	for (size_t i = 0; i < look->n; i++) {
		const struct seen *s = &look->seen[i];

		if (strncmp(row->topic, s->topic, s->len) == 0 && row->topic[s->len] == '.')
			s->place->event = row->seq;
	}
	return false;
}

static enum status places_of(struct coach_report *r, const char *run, struct look *look,
                             struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_findings; i++)
		n += r->findings[i].n_places;
	if ((look->seen = arena_take(r->a, (n + 1) * sizeof *look->seen)) == NULL)
		return err_nomem(err, "the events");
	for (size_t i = 0; i < r->n_findings; i++)
		for (size_t k = 0; k < r->findings[i].n_places; k++) {
			struct coach_place *place = &r->findings[i].places[k];
			const char *topic;

			if (place->task == NULL)
				continue;
			if ((topic = topic_of(run, place->task, r->a)) == NULL)
				return err_nomem(err, "the events");
			look->seen[look->n++] = (struct seen){ place, topic, strlen(topic) };
		}
	return OK;
}

enum status witness_events(struct db *db, const struct run_row *run, struct coach_report *r,
                           struct err *err)
{
	struct look look = { NULL, 0 };
	struct journal_want want = { .limit = 1, .keep = note, .arg = &look };
	struct journal_page page;
	enum status st = places_of(r, run->id, &look, err);

	if (st != OK || look.n == 0)
		return st;
	if ((st = journal_before(db, run->made_ms, &want.after, err)) == OK &&
	    run->ended_ms != RUNS_NONE)
		st = journal_before(db, run->ended_ms + 1, &want.upto, err);
	return st == OK ? journal_find(db, &want, r->a, &page, err) : st;
}
