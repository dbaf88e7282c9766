#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/figures.h"
#include "domain/mailbox.h"
#include "domain/project.h"
#include "domain/subscription.h"
#include "handlers/mail.h"
#include "handlers/tools.h"

#define LIST_LIMIT  50 /* events of an answer when nothing else was asked for */
#define LIST_MAX    10000
#define EVENT_BYTES 250 /* of an event in an answer, beside its topic and payload */

struct events_in {
	const char *action, *topic, *priority, *id, *cause, *subscriber, *agent, *cursor, *path;
	const char *type, *source;
	const cJSON *payload, *after;
	long limit, wait_s;
};

static const struct arg events_args[] = {
	{ "action", ARG_CHOICE, 1, offsetof(struct events_in, action), 0, 0, NULL,
	  "list|publish|subscribe|unsubscribe|subscribers|deadletters|replay|export" },
	{ "topic", ARG_TEXT, 0, offsetof(struct events_in, topic), 1, EVENT_TOPIC_MAX,
	  "Dotted words; * is one, # any.", NULL },
	{ "payload", ARG_OBJECT, 0, offsetof(struct events_in, payload), 0, 0, NULL, NULL },
	{ "after", ARG_WHOLE, 0, offsetof(struct events_in, after), -LIST_MAX, 9007199254740991,
	  "After this seq; -N: the newest N.", NULL },
	{ "path", ARG_TEXT, 0, offsetof(struct events_in, path), 1, 4000,
	  "export: a new file, .jsonl or .pb.", NULL },
	{ "limit", ARG_COUNT, 0, offsetof(struct events_in, limit), 1, LIST_MAX, NULL, NULL },
	{ "cursor", ARG_TEXT, 0, offsetof(struct events_in, cursor), 1, 20, NULL, NULL },
	{ "waitSeconds", ARG_COUNT, 0, offsetof(struct events_in, wait_s), 0, 3600,
	  "list: for the first event.", NULL },
	{ "subscriber", ARG_TEXT, 0, offsetof(struct events_in, subscriber), 1,
	  SUBSCRIPTION_NAME_MAX, "list: what is new to it.", NULL },
	{ "agent", ARG_TEXT, 0, offsetof(struct events_in, agent), 1, 80,
	  "subscribe: started with each.", NULL },
	{ "priority", ARG_CHOICE, 0, offsetof(struct events_in, priority), 0, 0, NULL,
	  "low|normal|high|critical" },
	{ "id", ARG_TEXT, 0, offsetof(struct events_in, id), 1, 100, "publish: once per id.",
	  NULL },
	{ "cause", ARG_TEXT, 0, offsetof(struct events_in, cause), 1, 100, NULL, NULL },
	{ "type", ARG_TEXT, ARG_UNLISTED, offsetof(struct events_in, type), 1, 128,
	  "list, subscribe: only events of this type.", NULL },
	{ "source", ARG_TEXT, ARG_UNLISTED, offsetof(struct events_in, source), 1, 1024,
	  "list, subscribe: only events from there.", NULL },
	{ 0 },
};

/* What an action works with. */
struct work {
	struct call *call;
	const struct events_in *want;
	struct db *db;
	const char *mail; /* where to post, inside an agent that may not write; or NULL */
	struct json_build b;
	cJSON *answer;
};

static enum status need(struct work *w, const char *value, const char *name, const char *what)
{
	return value != NULL ? OK
	                     : err_set(&w->call->err, E_INPUT, "'%s' needs '%s', %s",
	                               w->want->action, name, what);
}

static long limit_of(const struct work *w)
{
	return w->want->limit == 0 ? LIST_LIMIT : w->want->limit;
}

/* The place to go on after: the cursor, else `after`, else fallback. */
static enum status place(struct work *w, int64_t fallback, int64_t *out)
{
	const char *cursor = w->want->cursor;
	char *end = NULL;

	*out = w->want->after == NULL ? fallback : (int64_t)w->want->after->valuedouble;
	if (cursor == NULL)
		return OK;
	*out = strtoll(cursor, &end, 10);
	if (*end != '\0' || *out < 0)
		return err_set(&w->call->err, E_INPUT,
		               "'%.30s' is no cursor; give the nextCursor of the answer before",
		               cursor);
	return OK;
}

/* Put events until the answer is as long as it may be. Returns how many were put. */
static size_t put_events(struct work *w, const struct event_view *events, size_t n)
{
	bool bounded = w->want->limit == 0;
	cJSON *list = json_put_array(&w->b, w->answer, "events");
	size_t used = 0, i;

	for (i = 0; i < n; i++) {
		used += strlen(events[i].payload_json) + strlen(events[i].topic) + EVENT_BYTES;
		if (bounded && i > 0 && used > w->call->answer_max)
			break;
		json_add(&w->b, list, event_json(&w->b, &events[i]));
	}
	return i;
}

static void put_place(struct work *w, int64_t seq, bool more)
{
	json_put_int(&w->b, w->answer, "lastSeq", seq);
	if (more)
		json_put_text(&w->b, w->answer, "nextCursor",
		              text_printf(w->call->arena, "%lld", (long long)seq));
}

/* The subscriber's topic and place become those of the list; what it had had is noted. */
static enum status read_on(struct work *w, struct event_want *want)
{
	struct subscription s;
	enum status st = OK;

	if (want->after > 0 && w->want->after != NULL) {
		if ((st = db_begin(w->db, &w->call->err)) != OK ||
		    (st = subscription_done(w->db, w->want->subscriber, want->after, w->call->arena,
		                            &w->call->err)) != OK ||
		    (st = project_commit(w->call->project, w->db, &w->call->err)) != OK)
			return st;
	}
	st = subscription_find(w->db, w->want->subscriber, w->call->arena, &s, &w->call->err);
	if (st != OK)
		return st;
	want->pattern = s.topic;
	want->type = s.type;
	want->source = s.source;
	want->least = s.least;
	want->after = want->after > s.after ? want->after : s.after;
	return OK;
}

/* Nothing there yet: park the call until something comes or the time is up. */
static bool park(struct work *w)
{
	int64_t *until = w->call->memo;

	if (w->want->wait_s == 0)
		return false;
	if (until == NULL) {
		if ((until = arena_take(w->call->arena, sizeof *until)) == NULL)
			return false;
		*until = clock_mono_ms() + (int64_t)w->want->wait_s * 1000;
		w->call->memo = until;
	}
	w->call->wait_until_ms = *until;
	return clock_mono_ms() < *until;
}

/* As a filter: this priority and more urgent ones; 0 when nothing is said. */
static enum event_priority least(const struct work *w)
{
	enum event_priority priority = 0;

	if (w->want->priority != NULL)
		(void)event_priority_read(w->want->priority, &priority);
	return priority;
}

static enum status list(struct work *w)
{
	struct event_want want = { .pattern = w->want->topic,
		                   .type = w->want->type,
		                   .source = w->want->source,
		                   .least = least(w),
		                   .limit = (size_t)limit_of(w) + 1 };
	struct event_page page = { 0 };
	size_t shown;
	enum status st = place(w, 0, &want.after);

	if (st == OK && w->want->subscriber != NULL)
		st = read_on(w, &want);
	if (st == OK && want.after < 0) {
		want.newest = true;
		want.limit = (size_t)-want.after;
		want.after = 0;
	}
	if (st == OK)
		st = event_find(w->db, &want, w->call->arena, &page, &w->call->err);
	if (st != OK)
		return st;
	if (page.n == 0 && park(w))
		return E_WAIT;
	shown =
	    put_events(w, page.events, page.n < want.limit || want.newest ? page.n : page.n - 1);
	put_place(w, shown < page.n ? page.events[shown - 1].seq : page.last_seen, shown < page.n);
	return OK;
}

/* Inside an agent: whoever started it publishes. */
static enum status post_event(struct work *w, const struct event_custom *e)
{
	struct json_build b = { 0 };
	cJSON *what = json_object(&b), *answer = NULL;
	char *payload = NULL;
	enum status st;

	mail_put_author(&b, what, NULL);
	json_put_text(&b, what, "topic", w->want->topic);
	json_put_text(&b, what, "id", w->want->id);
	json_put_text(&b, what, "cause", e->causation);
	json_put_text(&b, what, "traceparent", e->traceparent);
	json_put_text(&b, what, "tracestate", e->tracestate);
	json_put_text(&b, what, "priority", w->want->priority);
	if (w->want->payload != NULL && (payload = json_print_exact(w->want->payload)) == NULL)
		b.failed = true;
	json_put_text(&b, what, "payload", payload);
	cJSON_free(payload);
	if ((st = mail_send(w->call, w->mail, "event", &b, what, &answer)) != OK)
		return st;
	cJSON_Delete(w->answer);
	w->answer = answer;
	return OK;
}

/* Who publishes: the task or the agent that we are in, else the one at the keyboard. In a run who
 * asks and tells is known by the task, as in mail_put_author. */
static const char *publisher(const struct work *w)
{
	const char *agent = getenv("GADUGI_AGENT"), *task = getenv("GADUGI_TASK_ID");

	if (agent == NULL && task == NULL)
		return "user";
	return text_printf(w->call->arena, "agent:%s", task != NULL ? task : agent);
}

/* The trace that the request is part of, else the one that we were started in. */
static void put_trace(const struct work *w, struct event_custom *e)
{
	bool own = w->call->traceparent == NULL;

	e->traceparent = own ? getenv("TRACEPARENT") : w->call->traceparent;
	e->tracestate = own ? getenv("TRACESTATE") : w->call->tracestate;
}

static enum status publish(struct work *w)
{
	const char *cause = w->want->cause == NULL ? getenv("GADUGI_EVENT_ID") : w->want->cause;
	struct event_custom e = { .topic = w->want->topic,
		                  .source = publisher(w),
		                  .id = w->want->id,
		                  .causation = cause };
	char *payload = NULL;
	bool duplicate = false;
	int64_t seq = 0;
	enum status st = need(w, e.topic, "topic", "dotted words like 'build.done'");

	if (st != OK)
		return st;
	put_trace(w, &e);
	if (w->mail != NULL)
		return post_event(w, &e);
	if (w->want->priority != NULL)
		(void)event_priority_read(w->want->priority, &e.priority);
	if (w->want->payload != NULL && (payload = json_print_exact(w->want->payload)) == NULL)
		return err_nomem(&w->call->err, "an event");
	e.payload_json = payload;
	st = event_publish(w->call->project, &w->call->stop, &e, &seq, &duplicate, &w->call->err);
	cJSON_free(payload);
	if (st != OK)
		return st;
	json_put_int(&w->b, w->answer, "seq", seq);
	if (duplicate)
		json_put_flag(&w->b, w->answer, "duplicate", true);
	return OK;
}

static enum status subscribe(struct work *w)
{
	struct subscription s = { .name = w->want->subscriber,
		                  .topic = w->want->topic,
		                  .type = w->want->type,
		                  .source = w->want->source,
		                  .least = least(w),
		                  .agent = w->want->agent };
	enum status st = need(w, s.topic, "topic", "a pattern like 'task.*.*.failed'");

	if (st != OK || (st = place(w, SUBSCRIPTION_NOW, &s.after)) != OK)
		return st;
	if ((st = db_begin(w->db, &w->call->err)) != OK)
		return st;
	st = subscription_add(w->db, clock_wall_ms(&w->call->project->clock), &s, w->call->arena,
	                      &s, &w->call->err);
	if (st != OK || (st = project_commit(w->call->project, w->db, &w->call->err)) != OK)
		return st;
	cJSON_Delete(w->answer);
	w->answer = subscription_json(&w->b, &s);
	return OK;
}

static enum status unsubscribe(struct work *w)
{
	enum status st = need(w, w->want->subscriber, "subscriber", "the name of one");

	if (st != OK || (st = db_begin(w->db, &w->call->err)) != OK)
		return st;
	st = subscription_end(w->db, w->want->subscriber, w->call->arena, &w->call->err);
	if (st != OK || (st = project_commit(w->call->project, w->db, &w->call->err)) != OK)
		return st;
	json_put_text(&w->b, w->answer, "ended", w->want->subscriber);
	return OK;
}

static enum status subscribers(struct work *w)
{
	struct event_figures f;
	struct subscription *all = NULL;
	size_t n = 0;
	cJSON *to;
	enum status st = subscription_all(w->db, w->call->arena, &all, &n, &w->call->err);

	if (st != OK)
		return st;
	to = json_put_array(&w->b, w->answer, "subscribers");
	for (size_t i = 0; i < n; i++)
		json_add(&w->b, to, subscription_json(&w->b, &all[i]));
	if ((st = figures_read(w->db, w->call->arena, &f, &w->call->err)) == OK)
		json_put(&w->b, w->answer, "figures", figures_json(&w->b, &f));
	return st;
}

static enum status deadletters(struct work *w)
{
	struct dead_letters_want want = { .subscriber = w->want->subscriber };
	struct dead_letter *all = NULL;
	size_t n = 0, shown, limit = (size_t)limit_of(w);
	cJSON *to;
	enum status st = place(w, 0, &want.after);

	want.limit = limit + 1;
	if (st == OK)
		st = subscription_dead(w->db, &want, w->call->arena, &all, &n, &w->call->err);
	if (st != OK)
		return st;
	to = json_put_array(&w->b, w->answer, "deadletters");
	shown = n > limit ? limit : n;
	for (size_t i = 0; i < shown; i++)
		json_add(&w->b, to, dead_letter_json(&w->b, &all[i]));
	if (n > limit)
		json_put_text(&w->b, w->answer, "nextCursor",
		              text_printf(w->call->arena, "%lld", (long long)all[shown - 1].id));
	return OK;
}

/* With `after`, subscribers go back to there; without, dead letters are tried again. */
static enum status replay(struct work *w)
{
	struct subscription to = { .name = w->want->subscriber, .topic = w->want->topic };
	bool back = w->want->after != NULL;
	size_t n = 0;
	int64_t letters = 0;
	enum status st = place(w, 0, &to.after);

	if (st != OK || (st = db_begin(w->db, &w->call->err)) != OK)
		return st;
	if (back)
		st = subscription_rewind(w->db, &to, w->call->arena, &n, &w->call->err);
	else
		st = subscription_retry(w->db, w->want->subscriber, &letters, &w->call->err);
	if (st == OK && !back && letters == 0)
		st = err_set(&w->call->err, E_ABSENT,
		             "there are no dead letters to try again; with 'after' all events "
		             "since then are delivered again");
	if (st != OK || (st = project_commit(w->call->project, w->db, &w->call->err)) != OK)
		return st;
	if (back) {
		json_put_int(&w->b, w->answer, "subscribersSetBack", (int64_t)n);
		json_put_int(&w->b, w->answer, "after", to.after);
	} else {
		json_put_int(&w->b, w->answer, "deadlettersTriedAgain", letters);
	}
	return OK;
}

static enum status export(struct work *w) {
	const struct event_file file = { w->call->project->root, w->want->path };
	struct event_want want = { .pattern = w->want->topic,
	                           .type = w->want->type,
	                           .source = w->want->source,
	                           .least = least(w) };
	int64_t n = 0;
	enum status st = need(w, file.path, "path", "a new file in the project");

	if (st == OK && (st = place(w, 0, &want.after)) == OK)
	    st = event_export(w->db, &want, &file, &n, &w->call->err);
	if (st != OK) return st;
	json_put_text(&w->b, w->answer, "path", file.path);
	json_put_int(&w->b, w->answer, "events", n);
	return OK;
}

static const struct {
	const char *word;
	enum status (*run)(struct work *w);
	enum { READS, WRITES, ITSELF } db; /* the connection it is given; ITSELF: none */
} actions[] = {
	{ "list", list, READS },
	{ "publish", publish, ITSELF },
	{ "subscribe", subscribe, WRITES },
	{ "unsubscribe", unsubscribe, WRITES },
	{ "subscribers", subscribers, READS },
	{ "deadletters", deadletters, READS },
	{ "replay", replay, WRITES },
	{ "export", export, READS },
};

static enum status open_db(struct work *w, bool writes)
{
	struct call *call = w->call;

	return writes ? project_write(call->project, &call->stop, &w->db, &call->err)
	              : project_read(call->project, &call->stop, &w->db, &call->err);
}

static enum status events_run(struct call *call, const void *in, cJSON **result)
{
	struct work w = { .call = call, .want = in };
	enum status st = E_BUG;

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		bool writes =
		    actions[i].db != READS || (w.want->subscriber != NULL && w.want->after != NULL);

		if (strcmp(actions[i].word, w.want->action) != 0)
			continue;
		w.mail = writes ? mailbox_needed(call->project, call->arena) : NULL;
		if (w.mail != NULL && actions[i].run != publish)
			return err_set(&call->err, E_DENIED,
			               "an agent can publish and list, but not '%s'",
			               w.want->action);
		if (actions[i].db != ITSELF && (st = open_db(&w, writes && w.mail == NULL)) != OK)
			return st;
		w.answer = json_object(&w.b);
		st = actions[i].run(&w);
		project_done(call->project, w.db);
		break;
	}
	if (st != OK) {
		cJSON_Delete(w.answer);
		return st;
	}
	return json_built(&w.b, w.answer, result, &call->err);
}

const struct tool tool_events = {
	.name = "events",
	.title = "Events",
	.about = "The durable log of what happened: list, wait, publish, subscribe agents, replay.",
	.args = events_args,
	.in_size = sizeof(struct events_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES,
	.run = events_run,
};
