#include "domain/run/cooldown.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/run/record.h"

#define FIRST_MS  10000
#define MOST_MS   300000
#define HELD      INT64_MAX /* retry_ms of a task that waits for others of its agent */
#define ARENA_MAX ((size_t)1 << 20)

static int64_t wall(const struct runner *r)
{
	return clock_wall_ms(&r->project->clock);
}

/* Agents that are known to use one service share it; others are each their own. */
static const char *key(const struct config_agent *agent)
{
	return stream_known(agent->preset) ? agent->preset : agent->name;
}

static struct cooling *find(const struct runner *r, const char *name)
{
	for (size_t i = 0; i < r->n_cooling; i++)
		if (strcmp(r->cooling[i].agent, name) == 0)
			return &r->cooling[i];
	return NULL;
}

static struct cooling *find_or_add(struct runner *r, const char *name)
{
	struct cooling *c = find(r, name);
	const char *copy;

	if (c != NULL)
		return c;
	if (r->n_cooling == r->cooling_room) {
		size_t room = r->cooling_room == 0 ? 4 : r->cooling_room * 2;
		struct cooling *more = mem_grow(r->cooling, room * sizeof *more);

		if (more == NULL)
			return NULL;
		r->cooling = more;
		r->cooling_room = room;
	}
	if ((copy = text_dup(r->arena, name)) == NULL)
		return NULL;
	r->cooling[r->n_cooling] = (struct cooling){ .agent = copy };
	return &r->cooling[r->n_cooling++];
}

int64_t cooldown_wait_ms(int64_t times, uint64_t chance)
{
	int64_t ms = FIRST_MS;

	for (int64_t i = 1; i < times && ms < MOST_MS; i++)
		ms *= 2;
	ms = ms > MOST_MS ? MOST_MS : ms;
	return ms + (int64_t)(chance % (uint64_t)(ms / 4 + 1));
}

enum status cooldown_load(struct runner *r, struct err *err)
{
	struct arena *a = arena_new(ARENA_MAX);
	struct cooldown_row *rows = NULL;
	size_t n = 0;
	enum status st =
	    a == NULL ? err_nomem(err, "the run") : attempts_cooldowns(r->db, a, &rows, &n, err);

	for (size_t i = 0; st == OK && i < n; i++) {
		struct cooling *c = find_or_add(r, rows[i].agent);

		if (c == NULL) {
			st = err_nomem(err, "the run");
		} else if (rows[i].until_ms > c->until_ms) {
			c->until_ms = rows[i].until_ms;
			c->times = rows[i].times;
		}
	}
	arena_free(a);
	return st;
}

/* Attempts with agents of that key that have begun and whose agents have not ended. */
static size_t begun(const struct runner *r, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_alive; i++) {
		const struct attempt *t = r->alive[i];

		n += t->phase >= PHASE_INTENT && t->phase <= PHASE_RUNNING &&
		     strcmp(key(t->agent), name) == 0;
	}
	return n;
}

/* Tasks that were held back for others may be looked at again. */
static void let_go(struct runner *r, const char *name)
{
	for (size_t i = 0; i < r->n_jobs; i++)
		if (r->jobs[i].retry_ms == HELD && strcmp(key(r->jobs[i].agent), name) == 0)
			record_retry(r, &r->jobs[i], clock_mono_ms());
}

void cooldown_met(struct runner *r, const struct attempt *t, int64_t until_ms)
{
	const char *name = key(t->agent);
	struct cooling *c = find_or_add(r, name);
	int64_t now = wall(r);
	size_t others;

	if (c == NULL)
		return; /* it is tried again all the same, only sooner */
	if (now >= c->until_ms)
		c->times++; /* those that were under way together are one refusal */
	if (until_ms <= now)
		until_ms = now + cooldown_wait_ms(c->times, (uint64_t)clock_mono_us());
	if (until_ms > c->until_ms) {
		c->until_ms = until_ms;
		c->changed = true;
		record_mark(r);
	}
	others = begun(r, name);
	c->most = others > 2 ? others / 2 : 1;
	record_note(r, "rate-limited", "agent '%s' was refused work for a while; its tasks waited",
	            t->agent->name);
}

void cooldown_over(struct runner *r, const struct attempt *t)
{
	struct cooling *c = r->n_cooling == 0 ? NULL : find(r, key(t->agent));

	if (c == NULL || wall(r) < c->until_ms)
		return;
	c->times = 0;
	if (c->most > 0 && ++c->most > r->n_slots)
		c->most = 0;
}

void cooldown_turn(struct runner *r)
{
	for (size_t i = 0; r->n_waiting > 0 && i < r->n_cooling; i++) {
		const struct cooling *c = &r->cooling[i];

		if (c->most == 0 || begun(r, c->agent) < c->most)
			let_go(r, c->agent);
	}
}

int64_t cooldown_until(const struct runner *r, const struct config_agent *agent)
{
	const struct cooling *c = r->n_cooling == 0 ? NULL : find(r, key(agent));

	return c != NULL && c->until_ms > wall(r) ? c->until_ms : 0;
}

/* Monotonic time of a wall clock's. */
static int64_t mono(const struct runner *r, int64_t wall_ms)
{
	return clock_mono_ms() + (wall_ms - wall(r));
}

static void put_aside(struct runner *r, struct job *job, int64_t retry_ms, const char *cause)
{
	schedule_idle(r->schedule, job->index);
	record_retry(r, job, retry_ms);
	record_cause(r, job, cause);
}

bool cooldown_hold(struct runner *r, struct job *job)
{
	const struct cooling *c = r->n_cooling == 0 ? NULL : find(r, key(job->agent));
	char when[CLOCK_TEXT_SIZE];

	if (c == NULL)
		return false;
	if (c->until_ms > wall(r)) {
		clock_text(c->until_ms, when);
		put_aside(r, job, mono(r, c->until_ms),
		          text_printf(r->arena, "waits until %s: agent '%s' is rate limited", when,
		                      job->agent->name));
		return true;
	}
	if (c->most == 0 || begun(r, c->agent) < c->most)
		return false;
	put_aside(r, job, HELD,
	          text_printf(r->arena, "waits for others of agent '%s', which was rate limited",
	                      job->agent->name));
	return true;
}

int64_t cooldown_due(const struct runner *r)
{
	int64_t now = wall(r), due = INT64_MAX;

	for (size_t i = 0; i < r->n_cooling; i++)
		if (r->cooling[i].until_ms > now && mono(r, r->cooling[i].until_ms) < due)
			due = mono(r, r->cooling[i].until_ms);
	return due;
}

enum status cooldown_put(struct runner *r, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < r->n_cooling; i++) {
		const struct cooling *c = &r->cooling[i];

		if (c->changed)
			st = attempts_put_cooldown(
			    r->db, &(struct cooldown_row){ c->agent, c->until_ms, c->times }, err);
	}
	return st;
}

void cooldown_written(struct runner *r)
{
	for (size_t i = 0; i < r->n_cooling; i++)
		r->cooling[i].changed = false;
}
