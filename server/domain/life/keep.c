/* What is kept of an agent: steps and signs of life, each with its event. */
#include <string.h>

#include "base/clock.h"
#include "domain/event.h"
#include "domain/life.h"
#include "store/lives.h"

static void from_row(const struct life_row *row, struct life *out)
{
	*out = (struct life){ .name = row->name,
		              .cause = row->cause,
		              .since_ms = row->since_ms,
		              .beat_ms = row->beat_ms,
		              .pid = row->pid,
		              .active = row->active,
		              .failures = row->failures,
		              .again_ms = row->again_ms,
		              .alone = row->alone };
	(void)life_read(row->state, &out->state); /* the table has no other words */
}

enum status life_look(struct db *db, const char *name, struct arena *a, struct life *out,
                      struct err *err)
{
	struct life_row row;
	enum status st = life_find(db, name, a, &row, err);

	if (st == E_ABSENT) {
		*out = (struct life){ .name = name, .state = LIFE_REGISTERED };
		return OK;
	}
	if (st == OK)
		from_row(&row, out);
	return st;
}

enum status life_all(struct db *db, struct arena *a, struct life **out, size_t *n, struct err *err)
{
	struct life_row *rows = NULL;
	enum status st = life_list(db, a, &rows, n, err);

	if (st != OK)
		return st;
	if ((*out = arena_take(a, (*n + 1) * sizeof **out)) == NULL)
		return err_nomem(err, "the agents");
	for (size_t i = 0; i < *n; i++)
		from_row(&rows[i], &(*out)[i]);
	return OK;
}

static enum status become(struct db *db, int64_t now_ms, const struct life_step *step,
                          struct arena *a, struct err *err)
{
	struct life was;
	struct life_row row = { .name = step->name,
		                .state = life_word(step->to),
		                .cause = step->cause,
		                .since_ms = now_ms,
		                .pid = step->pid,
		                .active = step->active,
		                .failures = step->failures,
		                .again_ms = step->again_ms };
	struct event_agent e = { .agent = step->name,
		                 .state = life_word(step->to),
		                 .cause = step->cause,
		                 .causation = step->causation,
		                 .pid = step->pid };
	enum status st = life_look(db, step->name, a, &was, err);

	if (st != OK)
		return st;
	row.alone = step->kind == LIFE_AS_IT_WAS ? was.alone : step->kind == LIFE_ALONE;
	row.beat_ms = step->active > 0 ? now_ms : was.beat_ms;
	if (was.state == step->to) {
		row.since_ms = was.since_ms;
		return life_put(db, &row, err);
	}
	if (!life_may(was.state, step->to))
		return err_set(err, E_DENIED, "agent '%s' is %s and cannot become %s", step->name,
		               life_word(was.state), life_word(step->to));
	e.from = life_word(was.state);
	if ((st = life_put(db, &row, err)) != OK)
		return st;
	st = event_put_agent(db, now_ms, &e, err);
	if (st != E_DENIED)
		return st;
	/* the chain of causes is too long: the state counts, and begins a chain of its own */
	e.causation = NULL;
	return event_put_agent(db, now_ms, &e, err);
}

enum status life_become(struct db *db, int64_t now_ms, const struct life_step *step,
                        struct err *err)
{
	struct arena *a = arena_new((size_t)1 << 20);
	enum status st =
	    a == NULL ? err_nomem(err, "an agent's state") : become(db, now_ms, step, a, err);

	arena_free(a);
	return st;
}

enum status life_beat(struct db *db, int64_t now_ms, const char *name, const struct life_use *use,
                      struct err *err)
{
	struct arena *a = arena_new((size_t)1 << 20);
	struct event_agent e = { .agent = name,
		                 .state = "heartbeat",
		                 .pid = use->pid,
		                 .memory_kb = use->memory_kb,
		                 .cpu_ms = use->cpu_ms,
		                 .active = use->active };
	struct life_row row;
	enum status st =
	    a == NULL ? err_nomem(err, "an agent's state") : life_find(db, name, a, &row, err);

	if (st == OK) {
		row.beat_ms = now_ms;
		row.pid = use->pid;
		st = life_put(db, &row, err);
	}
	if (st == OK)
		st = event_put_agent(db, now_ms, &e, err);
	arena_free(a);
	return st == E_ABSENT ? OK : st; /* it was forgotten meanwhile */
}

bool life_runs_alone(const struct life *life)
{
	return life->alone && life->state != LIFE_REGISTERED && life->state != LIFE_STOPPING &&
	       life->state != LIFE_STOPPED;
}

void life_seen(const struct project *p, struct arena *a, struct life *life)
{
	bool at_work =
	    life->state == LIFE_READY || life->state == LIFE_BUSY || life->state == LIFE_WAITING;

	if ((!at_work && life->state != LIFE_STOPPING) || life_is_served(p, a))
		return;
	life->state = at_work ? LIFE_STARTING : LIFE_STOPPED;
	life->cause = at_work ? "no server runs for this project" : NULL;
	life->active = life->pid = 0;
}

static void put_time(struct json_build *b, cJSON *o, const char *key, int64_t ms)
{
	char time[CLOCK_TEXT_SIZE];

	if (ms == 0)
		return;
	clock_text(ms, time);
	json_put_text(b, o, key, time);
}

void life_put_json(struct json_build *b, cJSON *o, const struct life *life)
{
	json_put_text(b, o, "state", life_word(life->state));
	json_put_text(b, o, "cause", life->cause);
	if (life->alone)
		json_put_flag(b, o, "alone", true);
	put_time(b, o, "since", life->since_ms);
	put_time(b, o, "seenAt", life->beat_ms);
	if (life->active > 0)
		json_put_int(b, o, "active", life->active);
	if (life->pid > 0)
		json_put_int(b, o, "pid", life->pid);
	if (life->failures > 0)
		json_put_int(b, o, "failures", life->failures);
	put_time(b, o, "againAt", life->again_ms);
}
