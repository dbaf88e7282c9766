/* Starting an agent or a command for an event, and writing down what came of it. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "domain/dispatch/actors.h"
#include "domain/dispatch/launch.h"
#include "domain/dispatch/said.h"
#include "domain/event/view.h"
#include "domain/question.h"
#include "store/subscribers.h"

#define DELIVERY_ARENA ((size_t)64 << 20)
#define OUTPUT_MAX     ((size_t)64 << 10) /* of an agent's output that is kept */
#define TAIL_MAX       300                /* bytes of it in an event */

/* One start: what it is and what it is given. */
struct start {
	struct launch launch;
	struct lane *lane;
	struct target *target;
	struct dispatch *dispatch;
	const struct router_event *event;
	int attempt;
	int64_t handed_ms; /* wall clock: when this attempt began */
	struct proc_result result;
	struct arena *arena;
	struct err *err;
	struct event_view view; /* of the event */
};

static enum status event_text(struct start *s, const char **out)
{
	const struct journal_row row = { .seq = s->event->seq,
		                         .id = s->event->id,
		                         .topic = s->event->topic,
		                         .at_ms = s->event->at_ms,
		                         .type = s->event->type,
		                         .envelope = s->event->envelope,
		                         .envelope_size = s->event->envelope_size };
	struct json_build b = { 0 };
	cJSON *json = NULL;
	char *text = NULL;
	enum status st = event_view_of(&row, s->arena, &s->view, s->err);

	if (st == OK)
		st = json_built(&b, event_json(&b, &s->view), &json, s->err);
	if (st == OK) {
		text = json_print(json);
		*out = text == NULL ? NULL : text_printf(s->arena, "%s\n", text);
		if (*out == NULL)
			st = err_nomem(s->err, "an event");
	}
	cJSON_free(text);
	cJSON_Delete(json);
	return st;
}

/* What is to be run. */
static enum status resolve(struct start *s)
{
	enum status st;

	s->launch.dispatch = s->dispatch;
	s->launch.name = s->target->action;
	s->launch.command = s->target->actor == NULL;
	s->launch.arena = s->arena;
	s->launch.err = s->err;
	s->launch.how.run = s->target->name;
	s->launch.how.task_id = s->event->id;
	s->launch.how.attempt = s->attempt;
	if ((st = event_text(s, &s->launch.event)) != OK)
		return st;
	return launch_resolve(&s->launch);
}

static const char *const *marks(const struct start *s)
{
	const char **mark = arena_take(s->arena, 11 * sizeof *mark);
	size_t n = 0;

	if (mark == NULL)
		return NULL;
	mark[n++] = DISPATCH_MARK;
	mark[n++] = text_printf(s->arena, "GADUGI_EVENT_ID=%s", s->event->id);
	mark[n++] = text_printf(s->arena, "GADUGI_EVENT_SEQ=%lld", (long long)s->event->seq);
	mark[n++] = text_printf(s->arena, "GADUGI_EVENT_TOPIC=%s", s->event->topic);
	mark[n++] = text_printf(s->arena, "GADUGI_SUBSCRIBER=%s", s->target->name);
	mark[n++] = text_printf(s->arena, "GADUGI_ATTEMPT=%d", s->attempt);
	mark[n++] = text_printf(s->arena, "CLAUDE_PROJECT_DIR=%s", s->dispatch->project->root);
	if (s->target->actor != NULL)
		mark[n++] = text_printf(s->arena, "GADUGI_AGENT=%s", s->target->action);
	if (*s->view.traceparent != '\0')
		mark[n++] = text_printf(s->arena, "TRACEPARENT=%s", s->view.traceparent);
	if (*s->view.tracestate != '\0')
		mark[n++] = text_printf(s->arena, "TRACESTATE=%s", s->view.tracestate);
	return mark;
}

/* The last line of what it said, for people. */
static const char *last_words(const struct proc_output *o, struct arena *a)
{
	size_t end = o->out_size, from, good;

	while (end > 0 && (o->out[end - 1] == '\n' || o->out[end - 1] == '\r'))
		end--;
	for (from = end; from > 0 && o->out[from - 1] != '\n' && end - from < TAIL_MAX; from--)
		;
	while (from < end && ((unsigned char)o->out[from] & 0xC0) == 0x80)
		from++;
	good = text_utf8_valid(o->out + from, end - from);
	return arena_copy(a, o->out + from, good);
}

/* What an agent said, with why it was started and how it ended. */
static void keep_words(const struct start *s, const struct proc_output *o)
{
	const char *path = said_path(s->dispatch->project, s->target->action, s->arena);
	struct said *said = s->target->actor == NULL || path == NULL ? NULL : said_new(path);

	said_note(said, s->handed_ms, "started by event %lld, '%s', attempt %d",
	          (long long)s->event->seq, s->event->topic, s->attempt);
	said_add(said, o->out, o->out_size, clock_wall_ms(&s->dispatch->project->clock));
	said_note(said, clock_wall_ms(&s->dispatch->project->clock), "%s, exit code %d%s",
	          proc_outcome_words(o->result.outcome), o->result.exit_code,
	          o->out_total > o->out_size ? "; it said more than is kept" : "");
	said_free(said);
}

/* Run it. OK when it ended well; otherwise words say how it ended, with its last ones. */
static enum status run(struct start *s)
{
	const struct agent *agent = s->launch.agent;
	const struct proc_bounds bounds = { OUTPUT_MAX, s->launch.timeout_ms, &s->target->stop,
		                            &s->target->bell };
	struct sandbox *sandbox = NULL;
	struct proc_output out = { 0 };
	struct proc_spec spec;
	const char *const *mark = marks(s);
	const char *last;
	enum status st;

	if (mark == NULL)
		return err_nomem(s->err, "an agent's environment");
	if ((st = launch_prepare(&s->launch, mark, &spec, &sandbox)) != OK)
		return st;
	spec.pid = &s->lane->pid;
	spec.silence_ms = agent == NULL ? 0 : agent->heartbeat_ms;
	st = proc_run(&spec, &bounds, s->arena, &out, s->err);
	sandbox_free(sandbox);
	s->result = out.result;
	if (st == OK)
		keep_words(s, &out);
	if (st != OK || out.result.outcome == PROC_CLEAN)
		return st;
	last = last_words(&out, s->arena);
	if (atomic_load(&s->target->stop))
		return err_set(s->err, E_STOP, "stopped");
	return err_set(s->err, E_IO, "%s '%s' %s (%s %d)%s%s",
	               s->target->actor == NULL ? "command" : "agent", s->target->action,
	               out.silent ? "gave no sign of life" : proc_outcome_words(out.result.outcome),
	               out.silent ? "seconds:" : "exit code",
	               out.silent ? (int)(spec.silence_ms / 1000) : out.result.exit_code,
	               last == NULL || *last == '\0' ? "" : ": ", last == NULL ? "" : last);
}

/* --- what came of it ------------------------------------------------------------------------ */

/* What is written down at the end of a delivery, or of an attempt. */
struct outcome {
	const char *state; /* in the event that tells of it: done, denied, gaveup, retrying */
	const char *cause; /* or NULL */
	bool over;         /* no attempt follows */
	bool dead;         /* it was given up */
	int attempts;
	int64_t handed_ms;                /* when the attempt that did it began; 0: none did */
	const struct proc_result *result; /* or NULL: nothing was run */
	struct actor_change actor;
};

/* What was done, as an event caused by the one that started it. */
static enum status tell(const struct target *t, struct db *db, const struct router_event *e,
                        const struct outcome *o, struct err *err)
{
	const struct proc_result *r = o->result;
	const struct event_agent what = {
		.agent = t->action,
		.state = o->state,
		.cause = o->cause,
		.causation = e->id,
		.runtime_ms = r == NULL ? 0 : r->wall_us / 1000,
		.exited = r != NULL && r->outcome != PROC_NOT_STARTED && r->exit_code >= 0,
		.exit_code = r == NULL ? 0 : r->exit_code,
		.will_restart = !o->over,
	};
	enum status st = OK;

	/* of a command only what went wrong is told: it was the user's own wish to hear of events
	 */
	if (t->actor != NULL || o->dead)
		st = event_put_agent(db, clock_wall_ms(&t->dispatch->project->clock), &what, err);
	return st == E_DENIED ? OK : st; /* too deep a chain of causes ends here */
}

/* That event is over for t: counted, timed, perhaps a dead letter. */
static enum status put_over(struct target *t, struct db *db, const struct router_event *e,
                            const struct outcome *o, struct err *err)
{
	const struct subscriber_row more = {
		.name = t->name, .delivered = !o->dead, .retried = o->attempts - 1, .dead = o->dead
	};
	const struct dead_row dead = { .subscriber = t->name,
		                       .cause = o->cause,
		                       .attempts = o->attempts,
		                       .at_ms = clock_wall_ms(&t->dispatch->project->clock),
		                       .event = { .seq = e->seq } };
	enum status st;

	if ((st = target_settle(t, db, e->seq, err)) != OK ||
	    (st = subscriber_count(db, &more, err)) != OK)
		return st;
	if (o->handed_ms != 0 &&
	    (st = subscription_time(db, t->name, e->at_ms, o->handed_ms, err)) != OK)
		return st;
	return o->dead ? dead_put(db, &dead, err) : dead_settle(db, t->name, e->seq, err);
}

/* In one transaction: all that is different now. */
static enum status write_down(struct target *t, const struct router_event *e,
                              const struct outcome *o, struct err *err)
{
	struct project *p = t->dispatch->project;
	struct db *db = NULL;
	enum status st;

	if ((st = project_write(p, NULL, &db, err)) == OK && (st = db_begin(db, err)) == OK) {
		if (o->over)
			st = put_over(t, db, e, o, err);
		if (st == OK && (st = tell(t, db, e, o, err)) == OK &&
		    (st = actor_note(t->dispatch, t->actor, db, &o->actor, err)) == OK)
			st = project_commit(p, db, err);
	}
	project_done(p, db);
	if (o->over && st == OK)
		target_settled(t, e->seq);
	dispatch_ring(t->dispatch);
	return st;
}

/* --- approvals ------------------------------------------------------------------------------ */

/* Ask whether the agent may be started for this event; it is asked once. */
static enum status ask(const struct start *s, struct question *q)
{
	struct project *p = s->dispatch->project;
	const struct question want = {
		.id = s->lane->asked,
		.approval = true,
		.agent = s->target->action,
		.text = text_printf(s->arena, "May agent '%s' start for the event %lld, '%s'?",
		                    s->target->action, (long long)s->event->seq, s->event->topic)
	};
	struct db *db = NULL;
	enum status st = project_write(p, NULL, &db, s->err);

	if (st == OK && (st = db_begin(db, s->err)) == OK &&
	    (st = question_ask(db, clock_wall_ms(&p->clock), &want, s->arena, q, s->err)) == OK)
		st = project_commit(p, db, s->err);
	project_done(p, db);
	return st;
}

/* That the lane waits for an approval, or does no more, is a state of its agent. */
static void count_waiting(const struct start *s, bool waits)
{
	if (s->lane->counted == waits)
		return;
	s->lane->counted = waits;
	actor_wait(s->dispatch, s->target->actor, waits);
	actor_tell(s->dispatch, s->target->actor,
	           &(struct actor_change){ .causation = s->event->id });
}

/* OK with *may: whether it may start. E_WAIT: nobody has said so yet. */
static enum status approval(const struct start *s, bool *may)
{
	struct project *p = s->dispatch->project;
	struct lane *lane = s->lane;
	struct question q = { 0 };
	struct db *db = NULL;
	enum status st;

	(void)snprintf(lane->asked, sizeof lane->asked, "%s-%s", s->target->name, s->event->id);
	if ((st = project_read(p, NULL, &db, s->err)) != OK)
		return st;
	st = question_look(db, clock_wall_ms(&p->clock), lane->asked, s->arena, &q, s->err);
	project_done(p, db);
	if (st == E_ABSENT)
		st = ask(s, &q);
	if (st != OK)
		return st;
	*may = strcmp(q.state, "approved") == 0;
	if (strcmp(q.state, "open") != 0) {
		count_waiting(s, false);
		return OK;
	}
	count_waiting(s, true);
	atomic_store(&lane->waiting, true);
	dispatch_ring(s->dispatch); /* it may have been answered before we waited */
	return E_WAIT;
}

/* --- a delivery ----------------------------------------------------------------------------- */

/* Wait until the agent can be started, or there is room for another process of it. */
static enum status wait_for_agent(const struct start *s)
{
	atomic_store(&s->lane->blocked, true);
	dispatch_ring(s->dispatch); /* it may be so since we looked */
	return E_WAIT;
}

static enum status run_counted(struct start *s)
{
	struct actor *actor = s->target->actor;
	enum status st;

	if (actor != NULL && !actor_enter(s->dispatch, actor))
		return wait_for_agent(s);
	actor_tell(s->dispatch, actor, &(struct actor_change){ .causation = s->event->id });
	(void)atomic_fetch_add(&s->dispatch->running, 1);
	dispatch_ring(s->dispatch); /* signs of life are due from now on */
	st = run(s);
	(void)atomic_fetch_sub(&s->dispatch->running, 1);
	actor_leave(s->dispatch, actor);
	return st;
}

/* The attempt is over: it went well, or another one follows, or it was the last (bury is next). */
static enum status conclude(struct start *s, enum status ran)
{
	const struct outcome o = { .state = ran == OK ? "done" : "retrying",
		                   .cause = ran == OK ? NULL : s->err->text,
		                   .over = ran == OK,
		                   .attempts = s->attempt,
		                   .handed_ms = s->handed_ms,
		                   .result = &s->result,
		                   .actor = { .well = ran == OK, .causation = s->event->id } };
	struct err err = { 0 };
	enum status st;

	if (ran == E_STOP || (ran != OK && s->attempt >= s->target->attempts))
		return ran;
	st = write_down(s->target, s->event, &o, &err);
	if (ran == OK && st != OK)
		return err_set(s->err, st, "%s", err.text);
	return ran;
}

static enum status start(struct start *s)
{
	bool may = true;
	enum status st = resolve(s);

	if (st == OK && s->launch.ask)
		st = approval(s, &may);
	if (st != OK)
		return st;
	if (!may)
		return write_down(s->target, s->event,
		                  &(struct outcome){ .state = "denied",
		                                     .over = true,
		                                     .attempts = s->attempt,
		                                     .handed_ms = s->handed_ms },
		                  s->err);
	st = run_counted(s);
	return st == E_WAIT ? st : conclude(s, st);
}

enum status dispatch_deliver(void *arg, const struct router_event *e, int attempt, struct err *err)
{
	struct lane *lane = arg;
	struct target *t = lane->target;
	struct dispatch *d = t->dispatch;
	struct start s = { .lane = lane,
		           .target = t,
		           .dispatch = d,
		           .event = e,
		           .attempt = attempt,
		           .handed_ms = clock_wall_ms(&d->project->clock),
		           .err = err };
	const struct agent_set *set = NULL;
	enum status st = OK;

	if (atomic_load(&t->stop))
		return err_set(err, E_STOP, "stopped");
	if (t->actor != NULL && !atomic_load(&t->actor->able))
		return wait_for_agent(&s);
	if (!lane_claim(lane, e->seq))
		return OK;
	if ((s.arena = arena_new(DELIVERY_ARENA)) == NULL)
		return err_nomem(err, "a delivery");
	if (t->actor != NULL) {
		set = roster_use(d->roster);
		s.launch.agent = roster_find(set, t->action);
	}
	st = start(&s);
	roster_leave(d->roster, set);
	arena_free(s.arena);
	return st;
}

void dispatch_bury(void *arg, const struct router_event *e, int attempts, const char *cause)
{
	const struct lane *lane = arg;
	struct target *t = lane->target;
	const struct outcome o = { .state = "gaveup",
		                   .cause = cause,
		                   .over = true,
		                   .dead = true,
		                   .attempts = attempts,
		                   .actor = { .failed = cause, .causation = e->id } };
	struct err err = { 0 };

	if (atomic_load(&t->stop))
		return; /* not its fault: it comes again */
	if (write_down(t, e, &o, &err) != OK)
		log_line(LOG_ERROR, "a dead letter of '%s' is lost: %s", t->name, err.text);
}
