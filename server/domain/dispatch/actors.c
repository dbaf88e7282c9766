/* The agents that are started: whether they can be, how they fare, when they are started anew. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/config.h"
#include "domain/dispatch/actors.h"
#include "domain/dispatch/alone.h"
#include "sys/proc.h"
#include "sys/scan.h"

/* A number that is another one when its file says something else; 0: it has none. */
static uint64_t print_of(const struct agent_set *set, const char *name)
{
	const struct agent *agent = roster_find(set, name);
	struct json_build b = { 0 };
	struct err why = { 0 };
	cJSON *o = agent == NULL ? NULL : agent_json(&b, agent);
	char *text = o == NULL ? NULL : json_print(o);
	uint64_t print = text == NULL ? 0 : text_hash(text, strlen(text));

	if (agent_sound(set, name, &why) != OK)
		print ^= text_hash(why.text, strlen(why.text));
	cJSON_free(text);
	cJSON_Delete(o);
	return print;
}

/* What its definition says of how it is run; of one that has none, what holds unless stated. */
static void take_policy(struct dispatch *d, struct actor *actor, const struct agent_set *set)
{
	const struct agent *agent = roster_find(set, actor->name);

	actor->print = print_of(set, actor->name);
	(void)pthread_mutex_lock(&d->guard);
	actor->concurrency = agent == NULL ? 1 : agent->concurrency;
	actor->restart = agent == NULL ? AGENT_ON_FAILURE : agent->restart;
	actor->restarts_max = agent == NULL ? AGENT_RESTARTS : agent->restarts_max;
	(void)pthread_mutex_unlock(&d->guard);
}

static struct actor *find_actor(const struct dispatch *d, const char *name)
{
	struct actor *actor = d->actors;

	while (actor != NULL && strcmp(actor->name, name) != 0)
		actor = actor->next;
	return actor;
}

struct actor *actor_get(struct dispatch *d, const char *name)
{
	struct actor *actor = find_actor(d, name);
	const struct agent_set *set;
	size_t n = strlen(name) + 1;

	if (actor != NULL || (actor = mem_zero(1, sizeof *actor + n)) == NULL)
		return actor;
	memcpy(actor->name, name, n);
	actor->again_us = INT64_MAX;
	set = roster_use(d->roster);
	take_policy(d, actor, set);
	roster_leave(d->roster, set);
	actor->next = d->actors;
	d->actors = actor;
	return actor;
}

/* Is there something to run under that name, and is it sound? Words say what is wrong. */
static enum status check(struct dispatch *d, const char *name, struct err *err)
{
	const struct agent_set *set = roster_use(d->roster);
	const struct agent *agent = roster_find(set, name);
	const struct config_agent *found;
	const struct config *config = NULL;
	enum status st;

	if ((st = agent_sound(set, name, err)) == OK &&
	    (st = project_config(d->project, &config, err)) == OK &&
	    (agent == NULL || agent->command.n == 0))
		st = config_agent_find(config, agent == NULL ? name : agent->preset, &found, err);
	roster_leave(d->roster, set);
	return st;
}

/* --- states --------------------------------------------------------------------------------- */

static int64_t wall(const struct dispatch *d)
{
	return clock_wall_ms(&d->project->clock);
}

/* When one that failed that often is started anew: milliseconds from now; -1: never. */
static int64_t pause_of(const struct dispatch *d, const struct actor *actor)
{
	int64_t first = d->options.restart_ms == 0 ? LIFE_PAUSE_MS : d->options.restart_ms;

	if (actor->restart == AGENT_NEVER || actor->failures > actor->restarts_max)
		return -1;
	return life_pause_ms(actor->failures, first, LIFE_PAUSE_MAX_MS);
}

/* Steps up to starting, whatever it is now. */
static enum status to_starting(struct dispatch *d, struct db *db, const struct life *life,
                               struct err *err)
{
	struct life_step step = { .name = life->name, .failures = life->failures };
	enum status st = OK;

	if (life->state == LIFE_STARTING)
		return OK;
	if (life->state == LIFE_STOPPING) {
		step.to = LIFE_STOPPED;
		st = life_become(db, wall(d), &step, err);
	} else if (life->state == LIFE_BUSY || life->state == LIFE_WAITING) {
		step.to = LIFE_FAILED;
		step.cause = "the process that ran it ended";
		st = life_become(db, wall(d), &step, err);
		step.cause = NULL;
	}
	step.to = LIFE_STARTING;
	return st == OK ? life_become(db, wall(d), &step, err) : st;
}

/* Start it, or say why it cannot be; in one transaction. */
static enum status begin(struct dispatch *d, struct actor *actor, struct db *db,
                         const struct life *life, struct err *err)
{
	struct err why = { 0 };
	struct life_step step = { .name = actor->name, .failures = life->failures };
	enum status can = check(d, actor->name, &why), st;
	int64_t pause = -1;

	(void)pthread_mutex_lock(&d->guard);
	actor->failures = life->failures + (can != OK);
	if (can != OK)
		pause = pause_of(d, actor);
	step.failures = actor->failures;
	(void)pthread_mutex_unlock(&d->guard);
	step.to = can == OK ? LIFE_READY : LIFE_FAILED;
	step.cause = can == OK ? NULL : why.text;
	step.again_ms = pause < 0 ? 0 : wall(d) + pause;
	if ((st = db_begin(db, err)) != OK)
		return st;
	if ((st = to_starting(d, db, life, err)) != OK ||
	    (st = life_become(db, wall(d), &step, err)) != OK) {
		db_rollback(db);
		return st;
	}
	if ((st = project_commit(d->project, db, err)) != OK)
		return st;
	actor->again_us = pause < 0 ? INT64_MAX : clock_mono_us() + pause * 1000;
	actor->unfit = can != OK;
	atomic_store(&actor->able, can == OK);
	if (can == OK) {
		actor_unblock(d, actor);
		alone_ring(d);
	}
	return OK;
}

/* What nobody starts any more becomes stopped; one that failed stays so. */
static enum status end(struct dispatch *d, struct db *db, const struct life *life, struct err *err)
{
	struct life_step step = { .name = life->name, .to = LIFE_STOPPING };
	enum status st;

	if (life->state == LIFE_STOPPED || life->state == LIFE_FAILED ||
	    life->state == LIFE_REGISTERED)
		return OK;
	if ((st = db_begin(db, err)) != OK)
		return st;
	if (life->state != LIFE_STOPPING)
		st = life_become(db, wall(d), &step, err);
	step.to = LIFE_STOPPED;
	if (st == OK)
		st = life_become(db, wall(d), &step, err);
	if (st == OK)
		return project_commit(d->project, db, err);
	db_rollback(db);
	return st;
}

static const struct life *life_of(const struct life *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

/* Who is started by events, and who runs by itself. False: out of memory. */
static bool mark_wanted(struct dispatch *d, const struct life *all, size_t n)
{
	for (struct actor *actor = d->actors; actor != NULL; actor = actor->next)
		actor->wanted = actor->alone = false;
	for (struct target *t = d->targets; t != NULL; t = t->next)
		if (t->actor != NULL)
			t->actor->wanted = true;
	for (size_t i = 0; i < n; i++) {
		struct actor *actor;

		if (!life_runs_alone(&all[i]))
			continue;
		if ((actor = actor_get(d, all[i].name)) == NULL)
			return false;
		actor->wanted = actor->alone = true;
	}
	return true;
}

static void drop_unwanted(struct dispatch *d)
{
	for (struct actor **at = &d->actors, *actor; (actor = *at) != NULL;)
		if (actor->wanted || actor->worker != NULL) {
			at = &actor->next;
		} else {
			*at = actor->next;
			mem_free(actor);
		}
}

/* As the database has one that failed: wait for its time, if it has one. */
static void wait_again(struct dispatch *d, struct actor *actor, const struct life *life)
{
	int64_t left = life->again_ms - wall(d);

	(void)pthread_mutex_lock(&d->guard);
	actor->failures = life->failures;
	(void)pthread_mutex_unlock(&d->guard);
	if (life->again_ms != 0 && actor->again_us == INT64_MAX)
		actor->again_us = clock_mono_us() + (left < 0 ? 0 : left) * 1000;
}

enum status actors_refresh(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	struct life *all = NULL;
	size_t n = 0;
	enum status st = life_all(db, a, &all, &n, err);

	if (st == OK && !mark_wanted(d, all, n))
		return err_nomem(err, "an agent");
	for (struct actor *actor = d->actors; st == OK && actor != NULL; actor = actor->next) {
		const struct life none = { .name = actor->name }, *life;

		if ((life = life_of(all, n, actor->name)) == NULL)
			life = &none;
		/* of one that just fell the row may not say so yet: actors_restart sees to it */
		if (!actor->wanted || atomic_load(&actor->able) || atomic_load(&actor->fell))
			continue;
		if (life->state == LIFE_FAILED)
			wait_again(d, actor, life);
		else
			st = begin(d, actor, db, life, err);
	}
	for (size_t i = 0; st == OK && i < n; i++) {
		const struct actor *actor = find_actor(d, all[i].name);

		/* one that is being ended is written down as stopped when it has ended */
		if (actor == NULL || (!actor->wanted && actor->worker == NULL))
			st = end(d, db, &all[i], err);
	}
	drop_unwanted(d);
	return st;
}

/* One fell: wait for its time, or start it if somebody asked for that already. */
static enum status look_at_fallen(struct dispatch *d, struct actor *actor, struct db *db,
                                  struct arena *a, struct err *err)
{
	struct life life;
	enum status st = life_look(db, actor->name, a, &life, err);

	/* any other state: what made it fall is not written yet, and rings when it is */
	if (st != OK || (life.state != LIFE_FAILED && life.state != LIFE_STARTING))
		return st;
	atomic_store(&actor->fell, false);
	if (life.state == LIFE_STARTING)
		return begin(d, actor, db, &life, err);
	wait_again(d, actor, &life);
	return OK;
}

enum status actors_restart(struct dispatch *d, struct db *db, struct arena *a, int64_t *next_us,
                           struct err *err)
{
	int64_t now = clock_mono_us();
	enum status st = OK;

	*next_us = INT64_MAX;
	for (struct actor *actor = d->actors; st == OK && actor != NULL; actor = actor->next) {
		struct life life;

		if (atomic_load(&actor->able))
			continue;
		if (atomic_load(&actor->fell) && (st = look_at_fallen(d, actor, db, a, err)) != OK)
			break;
		if (actor->again_us <= now &&
		    (st = life_look(db, actor->name, a, &life, err)) == OK) {
			actor->again_us = INT64_MAX;
			st = begin(d, actor, db, &life, err);
		}
		if (!atomic_load(&actor->able) && actor->again_us < *next_us)
			*next_us = actor->again_us;
	}
	return st;
}

/* One that was started with `agents start` follows what its file says now. */
static enum status follow(struct dispatch *d, struct db *db, const struct agent *agent,
                          struct arena *a, struct err *err)
{
	enum status st = db_begin(db, err);

	if (st == OK && (st = life_subscribe(db, wall(d), agent, a, err)) == OK)
		return project_commit(d->project, db, err);
	db_rollback(db);
	return st;
}

static bool was_started(const struct dispatch *d, const struct agent *agent, struct arena *a)
{
	const char *first = text_printf(a, "%.70s-1", agent->name);
	const struct target *t = d->targets;

	while (first != NULL && t != NULL && strcmp(t->name, first) != 0)
		t = t->next;
	return first != NULL && t != NULL;
}

/* What its file says has changed. */
static enum status reread(struct dispatch *d, struct actor *actor, const struct agent_set *set,
                          struct db *db, struct arena *a, struct err *err)
{
	const struct agent *agent = roster_find(set, actor->name);
	int before = actor->concurrency;
	enum status st = OK;

	take_policy(d, actor, set);
	for (struct target *t = d->targets; st == OK && t != NULL; t = t->next)
		if (t->actor == actor && actor->concurrency > before)
			st = target_spread(t, db, a, err);
	if (st == OK && agent != NULL && agent->subscribes.n > 0 && was_started(d, agent, a))
		st = follow(d, db, agent, a, err);
	return st;
}

enum status actors_reread(struct dispatch *d, struct db *db, struct arena *a, bool settings,
                          struct err *err)
{
	const struct agent_set *set = roster_use(d->roster);
	enum status st = OK;

	for (struct actor *actor = d->actors; st == OK && actor != NULL; actor = actor->next) {
		bool changed = actor->print != print_of(set, actor->name);
		struct life life;

		if (changed)
			st = reread(d, actor, set, db, a, err);
		/* what could not be done as it was may be possible now */
		if (st == OK && (changed || (settings && actor->unfit)) &&
		    !atomic_load(&actor->able) && !atomic_load(&actor->fell) &&
		    (st = life_look(db, actor->name, a, &life, err)) == OK) {
			life.failures = 0;
			st = begin(d, actor, db, &life, err);
		}
	}
	roster_leave(d->roster, set);
	return st;
}

enum status actors_sweep(const struct dispatch *d, struct arena *a, struct err *err)
{
	const char *root = text_printf(a, "CLAUDE_PROJECT_DIR=%s", d->project->root);
	const char *const mark[] = { DISPATCH_MARK, root, NULL };

	if (root == NULL)
		return err_nomem(err, "the dispatcher");
	return proc_sweep(mark, 0, NULL, err);
}

/* --- deliveries ----------------------------------------------------------------------------- */

bool actor_enter(struct dispatch *d, struct actor *actor)
{
	bool may;

	(void)pthread_mutex_lock(&d->guard);
	may = atomic_load(&actor->able) && actor->running < actor->concurrency;
	actor->running += may;
	(void)pthread_mutex_unlock(&d->guard);
	return may;
}

void actor_leave(struct dispatch *d, struct actor *actor)
{
	if (actor == NULL)
		return;
	(void)pthread_mutex_lock(&d->guard);
	actor->running--;
	(void)pthread_mutex_unlock(&d->guard);
}

void actor_wait(struct dispatch *d, struct actor *actor, bool waits)
{
	if (actor == NULL)
		return;
	(void)pthread_mutex_lock(&d->guard);
	actor->waiting += waits ? 1 : -1;
	(void)pthread_mutex_unlock(&d->guard);
}

/* The numbers after a change, and the state they stand for. The guard is held. */
static struct life_step next_step(struct dispatch *d, struct actor *actor,
                                  const struct actor_change *change)
{
	struct life_step step = { .name = actor->name,
		                  .cause = change->failed,
		                  .causation = change->causation };
	int64_t pause;

	if (change->well || change->steady)
		actor->failures = 0;
	step.to = actor->running > 0 ? LIFE_BUSY : actor->waiting > 0 ? LIFE_WAITING : LIFE_READY;
	if (change->failed != NULL && atomic_load(&actor->able)) {
		actor->failures++;
		atomic_store(&actor->able, false);
		atomic_store(&actor->fell, true);
		pause = pause_of(d, actor);
		step.again_ms = pause < 0 ? 0 : wall(d) + pause;
	}
	if (!atomic_load(&actor->able))
		step.to = LIFE_FAILED;
	step.active = actor->running;
	step.failures = actor->failures;
	return step;
}

bool actor_comes_back(struct dispatch *d, struct actor *actor)
{
	bool back;

	(void)pthread_mutex_lock(&d->guard);
	back = pause_of(d, actor) >= 0;
	(void)pthread_mutex_unlock(&d->guard);
	return back;
}

enum status actor_note(struct dispatch *d, struct actor *actor, struct db *db,
                       const struct actor_change *change, struct err *err)
{
	struct arena *a;
	struct life_step step;
	struct life life;
	enum status st;

	if (actor == NULL)
		return OK;
	if ((a = arena_new((size_t)1 << 20)) == NULL)
		return err_nomem(err, "an agent's state");
	(void)pthread_mutex_lock(&d->guard);
	step = next_step(d, actor, change);
	(void)pthread_mutex_unlock(&d->guard);
	st = life_look(db, actor->name, a, &life, err);
	if (st == OK && life.state == LIFE_FAILED && step.to == LIFE_FAILED && step.cause == NULL) {
		step.cause = life.cause; /* only fewer processes */
		step.again_ms = life.again_ms;
	}
	/* one that is being stopped goes that way, whatever its last deliveries do */
	if (st == OK && (life.state == step.to || life_may(life.state, step.to)))
		st = life_become(db, wall(d), &step, err);
	arena_free(a);
	return st;
}

void actor_tell(struct dispatch *d, struct actor *actor, const struct actor_change *change)
{
	struct db *db = NULL;
	struct err err = { 0 };
	enum status st = project_write(d->project, NULL, &db, &err);

	if (actor != NULL && st == OK && (st = db_begin(db, &err)) == OK &&
	    (st = actor_note(d, actor, db, change, &err)) == OK)
		st = project_commit(d->project, db, &err);
	project_done(d->project, db);
	if (st != OK)
		log_line(LOG_WARN, "the state of agent '%s' is not kept: %s",
		         actor == NULL ? "" : actor->name, err.text);
}

/* Has the actor room for another process? */
static bool has_room(struct dispatch *d, const struct actor *actor)
{
	bool room;

	(void)pthread_mutex_lock(&d->guard);
	room = atomic_load(&actor->able) && actor->running < actor->concurrency;
	(void)pthread_mutex_unlock(&d->guard);
	return room;
}

void actors_unblock(struct dispatch *d)
{
	for (struct actor *actor = d->actors; actor != NULL; actor = actor->next)
		if (has_room(d, actor))
			actor_unblock(d, actor);
}

void actor_unblock(struct dispatch *d, const struct actor *actor)
{
	for (struct target *t = d->targets; t != NULL; t = t->next)
		for (size_t i = 0; t->actor == actor && i < t->n_lanes; i++)
			if (atomic_exchange(&t->lanes[i]->blocked, false))
				router_nudge(d->router, t->lanes[i]->handle);
}

/* --- signs of life -------------------------------------------------------------------------- */

static void add_one(int pid, struct life_use *use)
{
	struct scan_use one;

	if (pid == 0 || !scan_use(pid, &one))
		return;
	use->pid = pid;
	use->memory_kb += one.memory_kb;
	use->cpu_ms += one.cpu_ms;
	use->active++;
}

static void add_use(const struct dispatch *d, const struct actor *actor, struct life_use *use)
{
	if (actor->worker != NULL)
		add_one(atomic_load(&actor->worker->pid), use);
	for (const struct target *t = d->targets; t != NULL; t = t->next)
		for (size_t i = 0; t->actor == actor && i < t->n_lanes; i++)
			add_one(atomic_load(&t->lanes[i]->pid), use);
}

enum status actors_beat(struct dispatch *d, struct db *db, struct err *err)
{
	enum status st = OK;
	bool begun = false;

	for (struct actor *actor = d->actors; st == OK && actor != NULL; actor = actor->next) {
		struct life_use use = { 0 };

		add_use(d, actor, &use);
		if (use.active == 0)
			continue;
		if (!begun && (st = db_begin(db, err)) != OK)
			return st;
		begun = true;
		st = life_beat(db, wall(d), actor->name, &use, err);
	}
	if (begun && st == OK)
		return project_commit(d->project, db, err);
	db_rollback(db);
	return st;
}
