#include "domain/subscription.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "bus/envelope.h"
#include "domain/event/view.h"
#include "domain/figures.h"
#include "store/subscribers.h"

#define ACTION_PULL    "pull"
#define ACTION_AGENT   "agent:"
#define ACTION_COMMAND "command:"

static void from_row(const struct subscriber_row *row, struct subscription *out)
{
	*out = (struct subscription){ .name = row->name,
		                      .topic = row->topic,
		                      .type = row->type,
		                      .source = row->source,
		                      .least = (enum event_priority)row->least,
		                      .after = row->seq,
		                      .delivered = row->delivered,
		                      .retried = row->retried,
		                      .dead = row->dead,
		                      .latency_ms = row->latency_ms,
		                      .edition = row->edition };
	if (strncmp(row->action, ACTION_AGENT, strlen(ACTION_AGENT)) == 0)
		out->agent = row->action + strlen(ACTION_AGENT);
	if (strncmp(row->action, ACTION_COMMAND, strlen(ACTION_COMMAND)) == 0)
		out->command = row->action + strlen(ACTION_COMMAND);
}

static enum status check_name(const char *name, const char *what, struct err *err)
{
	enum status st = event_topic_check(name, false, NULL);

	if (st == OK && strlen(name) <= SUBSCRIPTION_NAME_MAX && strchr(name, '.') == NULL)
		return OK;
	return err_set(err, E_INPUT,
	               "'%s' cannot name %s; use up to %d letters, digits, '-' and '_'", name, what,
	               SUBSCRIPTION_NAME_MAX);
}

/* `after` as a place in the log that there is. */
static enum status place(struct db *db, int64_t after, int64_t *seq, struct err *err)
{
	int64_t last = 0;
	enum status st = journal_last(db, &last, err);

	if (st != OK)
		return st;
	if (after > last)
		return err_set(err, E_INPUT, "'after' is %lld, but the newest event is number %lld",
		               (long long)after, (long long)last);
	*seq = after == SUBSCRIPTION_NOW ? last : after;
	return OK;
}

enum status subscription_add(struct db *db, int64_t now_ms, const struct subscription *s,
                             struct arena *a, struct subscription *out, struct err *err)
{
	struct subscriber_row row = { .name = s->name,
		                      .topic = s->topic,
		                      .type = s->type,
		                      .source = s->source,
		                      .least = s->least,
		                      .made_ms = now_ms };
	struct subscriber_row *rows = NULL;
	size_t n = 0;
	enum status st;
	char id[ID_SIZE];

	if ((st = event_topic_check(s->topic, true, err)) != OK)
		return st;
	if (s->name == NULL) {
		id_new(id, 's', now_ms);
		row.name = text_dup(a, id);
	} else if ((st = check_name(s->name, "a subscriber", err)) != OK) {
		return st;
	}
	if (s->agent != NULL && (st = check_name(s->agent, "an agent", err)) != OK)
		return st;
	if ((s->type != NULL && strlen(s->type) > ENVELOPE_ID_MAX) ||
	    (s->source != NULL && strlen(s->source) > ENVELOPE_TEXT_MAX))
		return err_set(err, E_INPUT, "no event has so long a type or source");
	row.action = s->agent != NULL     ? text_printf(a, ACTION_AGENT "%s", s->agent)
	             : s->command != NULL ? text_printf(a, ACTION_COMMAND "%s", s->command)
	                                  : ACTION_PULL;
	if (row.name == NULL || row.action == NULL)
		return err_nomem(err, "a subscriber");
	if ((st = place(db, s->after, &row.seq, err)) != OK ||
	    (st = subscriber_list(db, a, &rows, &n, err)) != OK)
		return st;
	if (n >= SUBSCRIPTIONS_MAX)
		return err_set(err, E_DENIED,
		               "there are %d subscribers already; end one with 'unsubscribe'",
		               SUBSCRIPTIONS_MAX);
	from_row(&row, out);
	return subscriber_put(db, &row, err);
}

/* E_ABSENT that names the nearest one there is, or says that there are none. */
static enum status absent(struct db *db, const char *name, struct arena *a, struct err *err)
{
	struct subscriber_row *rows = NULL;
	const char **names, *nearest;
	size_t n = 0;
	enum status st = subscriber_list(db, a, &rows, &n, err);

	if (st != OK)
		return st;
	if ((names = arena_take(a, (n + 1) * sizeof *names)) == NULL)
		return err_nomem(err, "the subscribers");
	for (size_t i = 0; i < n; i++)
		names[i] = rows[i].name;
	nearest = n == 0 ? NULL : text_nearest(name, names, n);
	if (nearest == NULL && n > 0)
		nearest = names[0];
	return err_set(err, E_ABSENT, "there is no subscriber '%s'%s%s%s", name,
	               n == 0 ? "; nobody subscribes yet" : ", but there is '",
	               n == 0 ? "" : nearest, n == 0 ? "" : "'");
}

enum status subscription_find(struct db *db, const char *name, struct arena *a,
                              struct subscription *out, struct err *err)
{
	struct subscriber_row row;
	enum status st = subscriber_find(db, name, a, &row, err);

	if (st == E_ABSENT)
		return absent(db, name, a, err);
	if (st == OK)
		from_row(&row, out);
	return st;
}

enum status subscription_end(struct db *db, const char *name, struct arena *a, struct err *err)
{
	enum status st = subscriber_remove(db, name, err);

	return st == E_ABSENT ? absent(db, name, a, err) : st;
}

enum status subscription_all(struct db *db, struct arena *a, struct subscription **out, size_t *n,
                             struct err *err)
{
	struct subscriber_row *rows = NULL;
	enum status st = subscriber_list(db, a, &rows, n, err);

	if (st != OK)
		return st;
	if ((*out = arena_take(a, (*n + 1) * sizeof **out)) == NULL)
		return err_nomem(err, "the subscribers");
	for (size_t i = 0; i < *n; i++)
		from_row(&rows[i], &(*out)[i]);
	return OK;
}

/* The events that somebody who pulls has had: how many there are. */
struct passing {
	struct event_filter filter;
	int64_t n;
};

/* In the shape that journal_find asks for: counts, and keeps nothing. */
static bool count_passing(const void *arg, const struct journal_row *row)
{
	struct passing *p = *(struct passing *const *)arg;

	p->n += event_wanted(&p->filter, row);
	return false;
}

enum status subscription_done(struct db *db, const char *name, int64_t seq, struct arena *a,
                              struct err *err)
{
	struct subscription now = { 0 };
	struct subscriber_row more = { .name = name };
	struct passing passing = { .n = 0 }, *arg = &passing;
	struct journal_want want = { .limit = 1, .keep = count_passing, .arg = (const void *)&arg };
	struct journal_page page;
	enum status st = subscription_find(db, name, a, &now, err);

	if (st != OK || (st = place(db, seq, &seq, err)) != OK || seq <= now.after)
		return st;
	passing.filter = (struct event_filter){ now.topic, now.type, now.source, now.least };
	want.after = now.after;
	want.upto = seq;
	if ((st = journal_find(db, &want, a, &page, err)) != OK)
		return st;
	more.delivered = passing.n;
	if ((st = subscriber_count(db, &more, err)) != OK)
		return st;
	return subscriber_move(db, name, seq, err);
}

enum status subscription_time(struct db *db, const char *name, int64_t at_ms, int64_t now_ms,
                              struct err *err)
{
	int64_t ms = now_ms > at_ms ? now_ms - at_ms : 0;

	return latency_note(db, name, (int64_t)figures_bucket_of(ms), ms, err);
}

enum status subscription_rewind(struct db *db, const struct subscription *to, struct arena *a,
                                size_t *n, struct err *err)
{
	const char *name = to->name, *topic = to->topic;
	int64_t after = to->after;
	struct subscriber_row *rows = NULL;
	size_t all = 0;
	enum status st;

	*n = 0;
	if ((st = place(db, after, &after, err)) != OK ||
	    (st = subscriber_list(db, a, &rows, &all, err)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < all; i++) {
		if ((name != NULL && strcmp(name, rows[i].name) != 0) ||
		    (topic != NULL && strcmp(topic, rows[i].topic) != 0))
			continue;
		st = subscriber_move(db, rows[i].name, after, err);
		(*n)++;
	}
	if (st != OK || *n > 0)
		return st;
	if (name != NULL)
		return absent(db, name, a, err);
	return err_set(err, E_ABSENT, "nobody subscribes%s%s%s, so there is nobody to replay to",
	               topic == NULL ? "" : " to '", topic == NULL ? "" : topic,
	               topic == NULL ? "" : "'");
}

enum status subscription_dead(struct db *db, const struct dead_letters_want *want, struct arena *a,
                              struct dead_letter **out, size_t *n, struct err *err)
{
	const struct dead_want rows_wanted = { want->subscriber, want->after, want->limit };
	struct dead_row *rows = NULL;
	enum status st = dead_list(db, &rows_wanted, a, &rows, n, err);

	if (st != OK)
		return st;
	if ((*out = arena_take(a, (*n + 1) * sizeof **out)) == NULL)
		return err_nomem(err, "the dead letters");
	for (size_t i = 0; st == OK && i < *n; i++) {
		struct dead_letter *d = &(*out)[i];

		*d = (struct dead_letter){
			.id = rows[i].id,
			.subscriber = rows[i].subscriber,
			.cause = rows[i].cause,
			.attempts = rows[i].attempts,
			.at_ms = rows[i].at_ms,
		};
		if (rows[i].event.id != NULL)
			st = event_view_of(&rows[i].event, a, &d->event, err);
	}
	return st;
}

enum status subscription_retry(struct db *db, const char *subscriber, int64_t *n, struct err *err)
{
	return dead_retry(db, subscriber, n, err);
}

cJSON *subscription_json(struct json_build *b, const struct subscription *s)
{
	cJSON *o = json_object(b);

	json_put_text(b, o, "subscriber", s->name);
	json_put_text(b, o, "topic", s->topic);
	json_put_text(b, o, "type", s->type);
	json_put_text(b, o, "source", s->source);
	if (s->least != 0)
		json_put_text(b, o, "priority", event_priority_word(s->least));
	json_put_text(b, o, "agent", s->agent);
	json_put_text(b, o, "command", s->command);
	json_put_int(b, o, "after", s->after);
	json_put_int(b, o, "delivered", s->delivered);
	if (subscription_is_served(s)) {
		json_put_int(b, o, "retried", s->retried);
		json_put_int(b, o, "dead", s->dead);
	}
	return o;
}

cJSON *dead_letter_json(struct json_build *b, const struct dead_letter *d)
{
	cJSON *o = json_object(b);
	char time[CLOCK_TEXT_SIZE];

	clock_text(d->at_ms, time);
	json_put_int(b, o, "id", d->id);
	json_put_text(b, o, "subscriber", d->subscriber);
	json_put_int(b, o, "attempts", d->attempts);
	json_put_text(b, o, "cause", d->cause);
	json_put_text(b, o, "time", time);
	if (d->event.id != NULL)
		json_put(b, o, "event", event_json(b, &d->event));
	return o;
}
