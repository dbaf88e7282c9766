/* Starting and stopping agents, as a person or a host asks for it. */
#include <string.h>

#include "base/text.h"
#include "domain/life.h"
#include "domain/subscription.h"
#include "store/subscribers.h"
#include "sys/lock.h"

bool life_is_served(const struct project *p, struct arena *a)
{
	const char *path = text_printf(a, "%s/dispatch.lock", p->state);

	return path != NULL && lock_held(path, NULL);
}

/* The names of its subscribers: NAME-1, NAME-2, ... */
static const char *subscriber_name(const struct agent *agent, size_t i, struct arena *a)
{
	return text_printf(a, "%.70s-%zu", agent->name, i + 1);
}

static const struct subscription *named(const struct subscription *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

/* Is it one of those that life_subscribe made for the agent, but beyond what it wants now? */
static bool is_left_over(const struct subscription *s, const struct agent *agent, struct arena *a)
{
	size_t n = strlen(agent->name) < 70 ? strlen(agent->name) : 70;

	if (s->agent == NULL || strcmp(s->agent, agent->name) != 0 ||
	    strncmp(s->name, agent->name, n) != 0 || s->name[n] != '-')
		return false;
	for (size_t i = 0; i < agent->subscribes.n; i++) {
		const char *name = subscriber_name(agent, i, a);

		if (name != NULL && strcmp(name, s->name) == 0)
			return false;
	}
	return strspn(s->name + n + 1, "0123456789") == strlen(s->name + n + 1);
}

enum status life_subscribe(struct db *db, int64_t now_ms, const struct agent *agent,
                           struct arena *a, struct err *err)
{
	struct subscription *all = NULL, made;
	size_t n = 0;
	enum status st = subscription_all(db, a, &all, &n, err);

	for (size_t i = 0; st == OK && i < agent->subscribes.n; i++) {
		struct subscription s = { .name = subscriber_name(agent, i, a),
			                  .topic = agent->subscribes.at[i],
			                  .agent = agent->name,
			                  .after = SUBSCRIPTION_NOW };
		const struct subscription *was;

		if (s.name == NULL)
			return err_nomem(err, "a subscriber");
		was = named(all, n, s.name);
		if (was != NULL && was->agent != NULL && strcmp(was->agent, agent->name) == 0) {
			if (strcmp(was->topic, s.topic) == 0)
				continue; /* it goes on where it is */
			s = *was;
			s.topic = agent->subscribes.at[i];
		}
		st = subscription_add(db, now_ms, &s, a, &made, err);
	}
	for (size_t i = 0; st == OK && i < n; i++)
		if (is_left_over(&all[i], agent, a))
			st = subscription_end(db, all[i].name, a, err);
	return st;
}

enum status life_start(struct project *p, struct db *db, const struct agent *agent, struct arena *a,
                       struct err *err)
{
	struct life_step step = { .name = agent->name,
		                  .to = LIFE_STARTING,
		                  .kind = agent->subscribes.n == 0 ? LIFE_ALONE : LIFE_BY_EVENTS };
	int64_t now = clock_wall_ms(&p->clock);
	struct life life;
	enum status st;

	if ((st = db_begin(db, err)) != OK ||
	    (st = life_look(db, agent->name, a, &life, err)) != OK ||
	    (st = life_subscribe(db, now, agent, a, err)) != OK)
		return st;
	if (life.state == LIFE_STOPPING)
		return err_set(err, E_BUSY, "agent '%s' is stopping; start it when it has stopped",
		               agent->name);
	/* one that runs goes on, with the subscriptions as they are now */
	if (!life_may(life.state, LIFE_STARTING) || life.state == LIFE_READY) {
		step.to = life.state;
		step.cause = life.cause;
		step.pid = life.pid;
		step.active = life.active;
		step.failures = life.failures;
	}
	if ((st = life_become(db, now, &step, err)) != OK)
		return st;
	return (st = subscriber_touch(db, err)) == OK ? project_commit(p, db, err) : st;
}

/* To stopped: by the way of stopping, unless it failed before. */
static enum status to_stopped(struct db *db, int64_t now, const struct life *life, struct err *err)
{
	struct life_step step = { .name = life->name, .to = LIFE_STOPPING };
	enum status st = OK;

	if (life->state != LIFE_FAILED && life->state != LIFE_STOPPING)
		st = life_become(db, now, &step, err);
	step.to = LIFE_STOPPED;
	return st == OK ? life_become(db, now, &step, err) : st;
}

enum status life_stop(struct project *p, struct db *db, const char *name, struct arena *a,
                      struct err *err)
{
	const struct life_step stopping = { .name = name, .to = LIFE_STOPPING };
	int64_t now = clock_wall_ms(&p->clock);
	struct subscription *all = NULL;
	size_t n = 0, ended = 0;
	struct life life;
	bool at_work;
	enum status st;

	if ((st = db_begin(db, err)) != OK || (st = life_look(db, name, a, &life, err)) != OK ||
	    (st = subscription_all(db, a, &all, &n, err)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < n; i++) {
		if (all[i].agent == NULL || strcmp(all[i].agent, name) != 0)
			continue;
		st = subscription_end(db, all[i].name, a, err);
		ended++;
	}
	if (st != OK)
		return st;
	at_work = life.state != LIFE_REGISTERED && life.state != LIFE_STOPPED;
	if (ended == 0 && !at_work)
		return err_set(err, E_ABSENT, "agent '%s' was not started", name);
	if (at_work && life.state != LIFE_FAILED && life_is_served(p, a))
		st = life.state == LIFE_STOPPING ? OK : life_become(db, now, &stopping, err);
	else if (at_work)
		st = to_stopped(db, now, &life, err);
	if (st == OK)
		st = subscriber_touch(db, err);
	return st == OK ? project_commit(p, db, err) : st;
}
