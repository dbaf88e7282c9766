/* Starting an agent for an event, and writing down what came of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "domain/agent.h"
#include "domain/config.h"
#include "domain/dispatch/own.h"
#include "domain/event/view.h"
#include "domain/question.h"
#include "domain/run/agent.h"
#include "store/subscribers.h"
#include "sys/fs.h"

#define DELIVERY_ARENA ((size_t)64 << 20)
#define OUTPUT_MAX     ((size_t)64 << 10) /* of an agent's output that is kept */
#define TAIL_MAX       300                /* bytes of it in an event */

/* One start of an agent: what it is and what it is given. */
struct start {
	struct target *target;
	const struct router_event *event;
	int attempt;
	const struct config *config;
	struct agent_start how;
	bool ask; /* each start needs an approval */
	int64_t timeout_ms;
	int64_t handed_ms; /* wall clock: when this attempt began */
	struct arena *arena;
	struct err *err;
};

static enum status event_text(const struct start *s, const char **out)
{
	const struct journal_row row = { .seq = s->event->seq,
		                         .id = s->event->id,
		                         .topic = s->event->topic,
		                         .type = s->event->type,
		                         .envelope = s->event->envelope,
		                         .envelope_size = s->event->envelope_size };
	struct json_build b = { 0 };
	struct event_view view;
	cJSON *json = NULL;
	char *text = NULL;
	enum status st = event_view_of(&row, s->arena, &view, s->err);

	if (st == OK)
		st = json_built(&b, event_json(&b, &view), &json, s->err);
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

/* The Markdown agent of that name, or NULL: then the configuration has it. */
static enum status definition(const struct start *s, const struct agent **out)
{
	const struct agent_places places = { .root = s->target->dispatch->project->root,
		                             .home = getenv("HOME"),
		                             .config_home = getenv("XDG_CONFIG_HOME") };
	struct agent_set *set = NULL;
	const char *nearest;
	size_t at;
	enum status st = agent_load(&places, s->arena, &set, s->err);

	if (st != OK)
		return st;
	at = agent_find(set, s->target->agent, &nearest);
	*out = at == AGENT_NONE ? NULL : &set->agents[at];
	return OK;
}

/* A user's own agent with a command of its own, in the shape the configuration has. */
static const struct config_agent *own_command(const struct start *s, const struct agent *agent)
{
	struct config_agent *c = arena_take(s->arena, sizeof *c);

	if (c != NULL)
		*c = (struct config_agent){ .name = agent->name,
			                    .command = { agent->command.at, agent->command.n },
			                    .prompt = CONFIG_STDIN };
	return c;
}

/* What is to be run, with which words, for how long at most. */
static enum status resolve(struct start *s)
{
	struct project *p = s->target->dispatch->project;
	const struct agent *agent = NULL;
	const char *event = NULL, *name = s->target->agent;
	enum status st;

	if ((st = project_config(p, &s->config, s->err)) != OK ||
	    (st = definition(s, &agent)) != OK || (st = event_text(s, &event)) != OK)
		return st;
	s->timeout_ms = s->target->dispatch->options.timeout_ms;
	if (s->timeout_ms == 0)
		s->timeout_ms = s->config->defaults.timeout_ms;
	s->how.prompt = event;
	if (agent != NULL) {
		name = agent->preset;
		s->ask = agent->approvals.n > 0;
		if (agent->timeout_ms > 0)
			s->timeout_ms = agent->timeout_ms;
		s->how.prompt = text_printf(s->arena, "%s\n\nThis event started you:\n\n%s",
		                            agent->prompt, event);
		if (s->how.prompt == NULL)
			return err_nomem(s->err, "a prompt");
	}
	if (agent != NULL && agent->command.n > 0) {
		s->how.agent = own_command(s, agent);
		return s->how.agent == NULL ? err_nomem(s->err, "an agent") : OK;
	}
	return config_agent_find(s->config, name, &s->how.agent, s->err);
}

/* Its working folder, the only place of the project that it may write: STATE/agents/NAME. */
static enum status make_folder(struct start *s)
{
	const char *state = s->target->dispatch->project->state;

	s->how.folder = text_printf(s->arena, "%s/agents/%s", state, s->target->agent);
	if (s->how.folder == NULL)
		return err_nomem(s->err, "a path");
	return fs_make_folders(s->how.folder, 0700, s->err);
}

static const char *const *marks(const struct start *s)
{
	const char **mark = arena_take(s->arena, 7 * sizeof *mark);

	if (mark == NULL)
		return NULL;
	mark[0] = text_printf(s->arena, "GADUGI_EVENT_ID=%s", s->event->id);
	mark[1] = text_printf(s->arena, "GADUGI_EVENT_SEQ=%lld", (long long)s->event->seq);
	mark[2] = text_printf(s->arena, "GADUGI_EVENT_TOPIC=%s", s->event->topic);
	mark[3] = text_printf(s->arena, "GADUGI_SUBSCRIBER=%s", s->target->name);
	mark[4] = text_printf(s->arena, "GADUGI_ATTEMPT=%d", s->attempt);
	mark[5] =
	    text_printf(s->arena, "CLAUDE_PROJECT_DIR=%s", s->target->dispatch->project->root);
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

/* Run it. OK when it ended well; otherwise words say how it ended, with its last ones. */
static enum status run(struct start *s)
{
	struct sandbox *sandbox = NULL;
	const struct proc_bounds bounds = { OUTPUT_MAX, s->timeout_ms, &s->target->stop };
	struct proc_output out = { 0 };
	struct proc_spec spec;
	const char *last;
	enum status st;

	s->how.run = s->target->name;
	s->how.task_id = s->event->id;
	s->how.attempt = s->attempt;
	s->how.confine = s->config->flags[CONFIG_CONFINE];
	if ((st = agent_prepare(&s->how, s->arena, &spec, &sandbox, s->err)) != OK)
		return st;
	spec.mark = marks(s);
	if (arena_failed(s->arena))
		st = err_nomem(s->err, "an agent's environment");
	if (st == OK)
		st = proc_run(&spec, &bounds, s->arena, &out, s->err);
	sandbox_free(sandbox);
	if (st != OK || out.result.outcome == PROC_CLEAN)
		return st;
	last = last_words(&out, s->arena);
	if (atomic_load(&s->target->stop))
		return err_set(s->err, E_STOP, "stopped");
	return err_set(s->err, E_IO, "agent '%s' %s (exit code %d)%s%s", s->target->agent,
	               proc_outcome_words(out.result.outcome), out.result.exit_code,
	               last == NULL || *last == '\0' ? "" : ": ", last == NULL ? "" : last);
}

/* What came of a delivery. */
struct outcome {
	const char *state;           /* of the agent */
	const struct dead_row *dead; /* NULL: it was not given up */
	int attempts;
	int64_t handed_ms; /* when the last attempt began; 0: it was given up */
};

/* In one transaction: on to the next event, and what happened as an event. */
static enum status finish(struct target *t, const struct router_event *e, const struct outcome *o,
                          struct err *err)
{
	const struct subscriber_row more = { .name = t->name,
		                             .delivered = o->dead == NULL,
		                             .retried = o->attempts - 1,
		                             .dead = o->dead != NULL };
	const struct dead_row *dead = o->dead;
	struct project *p = t->dispatch->project;
	const struct event_agent what = { .agent = t->agent,
		                          .state = o->state,
		                          .cause = dead == NULL ? NULL : dead->cause,
		                          .causation = e->id };
	int64_t now = clock_wall_ms(&p->clock), from = atomic_load(&t->place);
	struct db *db = NULL;
	bool moved = false;
	enum status st;

	if ((st = project_write(p, NULL, &db, err)) != OK)
		return st;
	if ((st = db_begin(db, err)) == OK &&
	    (e->seq <= from ||
	     (st = subscriber_advance(db, t->name, from, e->seq, &moved, err)) == OK) &&
	    (st = subscriber_count(db, &more, err)) == OK &&
	    (o->handed_ms == 0 ||
	     (st = subscription_time(db, t->name, e->at_ms, o->handed_ms, err)) == OK) &&
	    (st = dead == NULL ? dead_settle(db, t->name, e->seq, err) : dead_put(db, dead, err)) ==
	        OK) {
		st = event_put_agent(db, now, &what, err);
		/* too deep a chain of causes ends here, by not going on */
		if (st == OK || st == E_DENIED)
			st = project_commit(p, db, err);
	}
	project_done(p, db);
	if (st == OK && moved)
		atomic_store(&t->place, e->seq);
	dispatch_ring(t->dispatch);
	return st;
}

/* Ask whether the agent may be started for this event; it is asked once. */
static enum status ask(const struct start *s, struct question *q)
{
	struct project *p = s->target->dispatch->project;
	const struct question want = {
		.id = s->target->asked,
		.approval = true,
		.agent = s->target->agent,
		.text = text_printf(s->arena, "May agent '%s' start for the event %lld, '%s'?",
		                    s->target->agent, (long long)s->event->seq, s->event->topic)
	};
	struct db *db = NULL;
	enum status st = project_write(p, NULL, &db, s->err);

	if (st == OK && (st = db_begin(db, s->err)) == OK &&
	    (st = question_ask(db, clock_wall_ms(&p->clock), &want, s->arena, q, s->err)) == OK)
		st = project_commit(p, db, s->err);
	project_done(p, db);
	return st;
}

/* OK with *may: whether it may start. E_WAIT: nobody has said so yet. */
static enum status approval(const struct start *s, bool *may)
{
	struct target *t = s->target;
	struct project *p = t->dispatch->project;
	struct question q = { 0 };
	struct db *db = NULL;
	enum status st;

	(void)snprintf(t->asked, sizeof t->asked, "%s-%s", t->name, s->event->id);
	if ((st = project_read(p, NULL, &db, s->err)) != OK)
		return st;
	st = question_look(db, clock_wall_ms(&p->clock), t->asked, s->arena, &q, s->err);
	project_done(p, db);
	if (st == E_ABSENT)
		st = ask(s, &q);
	if (st != OK)
		return st;
	*may = strcmp(q.state, "approved") == 0;
	if (strcmp(q.state, "open") != 0)
		return OK;
	atomic_store(&t->waiting, true);
	dispatch_ring(t->dispatch); /* it may have been answered before we waited */
	return E_WAIT;
}

static enum status start(struct start *s)
{
	bool may = true;
	enum status st = resolve(s);

	if (st == OK && s->ask)
		st = approval(s, &may);
	if (st != OK)
		return st;
	if (!may)
		return finish(s->target, s->event,
		              &(struct outcome){ "denied", NULL, s->attempt, s->handed_ms },
		              s->err);
	if ((st = make_folder(s)) != OK)
		return st;
	(void)atomic_fetch_add(&s->target->dispatch->running, 1);
	st = run(s);
	(void)atomic_fetch_sub(&s->target->dispatch->running, 1);
	if (st != OK)
		return st;
	return finish(s->target, s->event,
	              &(struct outcome){ "stopped", NULL, s->attempt, s->handed_ms }, s->err);
}

enum status dispatch_deliver(void *target, const struct router_event *e, int attempt,
                             struct err *err)
{
	struct start s = { .target = target,
		           .event = e,
		           .attempt = attempt,
		           .arena = arena_new(DELIVERY_ARENA),
		           .err = err };
	enum status st = s.arena == NULL ? err_nomem(err, "a delivery") : OK;

	if (st == OK && atomic_load(&s.target->stop))
		st = err_set(err, E_STOP, "stopped");
	s.handed_ms = clock_wall_ms(&s.target->dispatch->project->clock);
	if (st == OK)
		st = start(&s);
	arena_free(s.arena);
	return st;
}

void dispatch_bury(void *target, const struct router_event *e, int attempts, const char *cause)
{
	struct target *t = target;
	const struct dead_row dead = { .subscriber = t->name,
		                       .cause = cause,
		                       .attempts = attempts,
		                       .at_ms = clock_wall_ms(&t->dispatch->project->clock),
		                       .event = { .seq = e->seq } };
	struct err err = { 0 };

	if (atomic_load(&t->stop))
		return; /* not its fault: it comes again */
	if (finish(t, e, &(struct outcome){ "failed", &dead, attempts, 0 }, &err) != OK)
		log_line(LOG_ERROR, "a dead letter of '%s' is lost: %s", t->name, err.text);
}
