/* The part about events: how long they are kept, and which commands are run for them. */
#include "domain/config_events.h"

#include <string.h>

#include "domain/config/value.h"
#include "domain/event.h"
#include "domain/subscription.h"

#define DAY_MS         (24.0 * 3600 * 1000)
#define DAYS_MOST      36500.0
#define MEGABYTE       1048576.0
#define MEGABYTES_MOST 1000000
#define EVENTS_MOST    1e9
#define JOBS_MOST      16
#define JOBS           4
#define ATTEMPTS       3
#define TRIES_MOST     20
#define TIMEOUT_MS     60000

#define IN(kind, member) offsetof(struct kind, member)

static const char *const priority_words[] = { "any", "low", "normal", "high", "critical", NULL };

_Static_assert(EVENT_LOW == 1 && EVENT_CRITICAL == 4, "the words are in the order of the enum");

static enum status take_days(struct part_reader *r, const struct key *key, const struct yaml *value,
                             void *into)
{
	double days = 0;
	enum status st = value_number(r, key, value, &days);

	if (st == OK)
		*(int64_t *)into = days * DAY_MS < 1 ? 1 : (int64_t)(days * DAY_MS);
	return st;
}

static enum status take_megabytes(struct part_reader *r, const struct key *key,
                                  const struct yaml *value, void *into)
{
	double megabytes = 0;
	enum status st = value_number(r, key, value, &megabytes);

	if (st == OK)
		*(int64_t *)into = megabytes * MEGABYTE < 1 ? 1 : (int64_t)(megabytes * MEGABYTE);
	return st;
}

static const struct key keep_keys[] = {
	{ "days", take_days, IN(config_events, age_ms), 0, DAYS_MOST, NULL },
	{ "most", value_tokens, IN(config_events, most), 1, EVENTS_MOST, NULL },
	{ "megabytes", take_megabytes, IN(config_events, bytes), 0, MEGABYTES_MOST, NULL },
	{ "deadDays", take_days, IN(config_events, dead_ms), 0, DAYS_MOST, NULL },
	{ 0 },
};

static enum status take_keep(struct part_reader *r, const struct key *key, const struct yaml *value,
                             void *into)
{
	(void)key;
	return value_map(r, value, keep_keys, into);
}

static const struct key subscriber_keys[] = {
	{ "name", value_text, IN(config_subscriber, name), 0, 0, NULL },
	{ "topic", value_text, IN(config_subscriber, topic), 0, 0, NULL },
	{ "type", value_text, IN(config_subscriber, type), 0, 0, NULL },
	{ "source", value_text, IN(config_subscriber, source), 0, 0, NULL },
	{ "priority", value_choice, IN(config_subscriber, least), 0, 0, priority_words },
	{ "command", part_program, IN(config_subscriber, command), 0, 0, NULL },
	{ "timeoutMinutes", value_minutes, IN(config_subscriber, timeout_ms), 0, 1440, NULL },
	{ "attempts", value_count, IN(config_subscriber, attempts), 1, TRIES_MOST, NULL },
	{ 0 },
};

static enum status check_subscriber(struct part_reader *r, const struct yaml *item,
                                    const struct config_subscriber *s)
{
	struct err why = { 0 };

	if (s->name == NULL || s->topic == NULL || s->command.n == 0)
		return yaml_bad(r->err, r->name, item,
		                "a subscriber needs a name, a topic and a command");
	if (event_topic_check(s->name, false, NULL) != OK || strchr(s->name, '.') != NULL ||
	    strlen(s->name) > SUBSCRIPTION_NAME_MAX)
		return yaml_bad(r->err, r->name, item,
		                "'%.80s': a name is made of letters, digits, '-' and '_'", s->name);
	if (event_topic_check(s->topic, true, &why) != OK)
		return yaml_bad(r->err, r->name, item, "%s", why.text);
	return OK;
}

static enum status take_subscribers(struct part_reader *r, const struct key *key,
                                    const struct yaml *value, void *into)
{
	struct config_events *e = into;
	enum status st;

	(void)key;
	if (value->kind != YAML_LIST)
		return value_bad_kind(
		    r, value,
		    "a list, as in [{name: tell, topic: run.*.failed, command: [./tell]}]");
	if (value->n > CONFIG_SUBSCRIBERS_MAX)
		return yaml_bad(r->err, r->name, value, "there can be %d subscribers",
		                CONFIG_SUBSCRIBERS_MAX);
	e->subscribers = arena_take(r->arena, (value->n + 1) * sizeof *e->subscribers);
	if (e->subscribers == NULL)
		return value_no_memory(r);
	for (const struct yaml *item = value->first; item != NULL; item = item->next) {
		struct config_subscriber *s = &e->subscribers[e->n_subscribers++];

		*s = (struct config_subscriber){ .timeout_ms = TIMEOUT_MS, .attempts = ATTEMPTS };
		if ((st = value_map(r, item, subscriber_keys, s)) != OK ||
		    (st = check_subscriber(r, item, s)) != OK)
			return st;
	}
	return OK;
}

static const struct key events_keys[] = {
	{ "keep", take_keep, 0, 0, 0, NULL },
	{ "jobs", value_count, IN(config_events, jobs), 1, JOBS_MOST, NULL },
	{ "subscribers", take_subscribers, 0, 0, 0, NULL },
	{ 0 },
};

enum status part_events(struct part_reader *r, const struct key *key, const struct yaml *value,
                        void *into)
{
	(void)key;
	return value_map(r, value, events_keys, into);
}

static int64_t said(int64_t project, int64_t user, int64_t ours)
{
	return project != 0 ? project : user != 0 ? user : ours;
}

enum status config_events_unite(const struct config_events *user,
                                const struct config_events *project, struct arena *a,
                                const struct config_events **out, struct err *err)
{
	struct config_events *e = arena_take(a, sizeof *e);
	size_t most = user->n_subscribers + project->n_subscribers + 1;

	if (e == NULL || (e->subscribers = arena_take(a, most * sizeof *e->subscribers)) == NULL)
		return err_nomem(err, "the configuration");
	e->age_ms = said(project->age_ms, user->age_ms, EVENT_KEEP_MS);
	e->most = said(project->most, user->most, EVENT_KEEP_MOST);
	e->bytes = said(project->bytes, user->bytes, EVENT_KEEP_BYTES);
	e->dead_ms = said(project->dead_ms, user->dead_ms, SUBSCRIPTION_DEAD_MS);
	e->jobs = (long)said(project->jobs, user->jobs, JOBS);
	for (size_t i = 0; i < user->n_subscribers + project->n_subscribers; i++) {
		const struct config_subscriber *from =
		    i < user->n_subscribers ? &user->subscribers[i]
					    : &project->subscribers[i - user->n_subscribers];
		size_t at = 0;

		while (at < e->n_subscribers && strcmp(e->subscribers[at].name, from->name) != 0)
			at++;
		e->subscribers[at] = *from;
		e->n_subscribers += at == e->n_subscribers;
	}
	*out = e;
	return OK;
}

const struct config_subscriber *config_subscriber_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->events->n_subscribers; i++)
		if (strcmp(c->events->subscribers[i].name, name) == 0)
			return &c->events->subscribers[i];
	return NULL;
}
