/* Who is to be served, and what each wants. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "bus/topic.h"
#include "domain/config_events.h"
#include "domain/dispatch/actors.h"
#include "domain/dispatch/own.h"
#include "domain/event/view.h"
#include "store/subscribers.h"

static const char *keep(char **to, const char *s)
{
	size_t n;
	char *at;

	if (s == NULL)
		return NULL;
	n = strlen(s) + 1;
	at = memcpy(*to, s, n);
	*to += n;
	return at;
}

static size_t size_of(const char *s)
{
	return s == NULL ? 0 : strlen(s) + 1;
}

/* --- who wants what --------------------------------------------------------------------------- */

/* Ends the pattern in a word that is said, not in `*` or `#`? */
static bool names_its_end(const char *pattern)
{
	const char *dot = strrchr(pattern, '.'), *last = dot == NULL ? pattern : dot + 1;

	return strcmp(last, "*") != 0 && strcmp(last, "#") != 0;
}

bool target_wants(const void *target, const struct journal_row *row)
{
	const struct target *t = target;
	size_t n = strlen(t->action);

	if (strncmp(row->topic, "agent.", 6) == 0) {
		/* an agent is not started by what it did itself */
		if (t->actor != NULL && strncmp(row->topic + 6, t->action, n) == 0 &&
		    row->topic[6 + n] == '.')
			return false;
		/* nor by each step of the others, unless it asks for just these */
		if (t->filter.type == NULL && !names_its_end(t->filter.pattern) &&
		    (strcmp(row->type, "AgentStateChanged") == 0 ||
		     strcmp(row->type, "AgentStarted") == 0 ||
		     strcmp(row->type, "AgentHeartbeat") == 0))
			return false;
	}
	return event_wanted(&t->filter, row);
}

/* --- who there is --------------------------------------------------------------------------- */

/* What was over before a restart, beyond the place. */
static enum status put_settled(struct target *t, struct db *db, struct arena *a, struct err *err)
{
	int64_t *seqs = NULL;
	size_t n = 0;
	enum status st = settled_list(db, t->name, a, &seqs, &n, err);

	for (size_t i = 0; st == OK && i < n; i++)
		st = target_was_over(t, seqs[i], err);
	return st;
}

static void target_stop(struct target *t)
{
	atomic_store(&t->stop, true);
	bell_ring(&t->bell);
}

/* End what runs for it, and forget it. */
static void target_free(struct target *t)
{
	target_stop(t);
	target_close_lanes(t);
	bell_done(&t->bell);
	mem_free(t->pending);
	mem_free(t);
}

/* How often one event is tried. */
static int attempts_of(const struct dispatch *d, const struct subscription *s)
{
	const struct config_subscriber *c = s->command == NULL || d->config == NULL
	                                        ? NULL
	                                        : config_subscriber_find(d->config, s->command);

	return c == NULL ? d->options.attempts : (int)c->attempts;
}

static enum status add_target(struct dispatch *d, const struct subscription *s, struct db *db,
                              struct arena *a, struct err *err)
{
	const char *action = s->agent != NULL ? s->agent : s->command;
	struct target *t = mem_zero(1, sizeof *t + size_of(s->name) + size_of(s->topic) +
	                                   size_of(action) + size_of(s->type) + size_of(s->source));
	enum status st = OK;
	char *to;

	if (t == NULL)
		return err_nomem(err, "a subscriber");
	to = t->texts;
	t->dispatch = d;
	t->name = keep(&to, s->name);
	t->action = keep(&to, action);
	t->filter = (struct event_filter){ keep(&to, s->topic), keep(&to, s->type),
		                           keep(&to, s->source), s->least };
	t->fed = t->place = s->after;
	t->edition = s->edition;
	t->wanted = true;
	t->attempts = attempts_of(d, s);
	if (s->agent != NULL && (t->actor = actor_get(d, s->agent)) == NULL)
		st = err_nomem(err, "an agent");
	if (st == OK && (st = put_settled(t, db, a, err)) == OK)
		st = target_open_lanes(t, err);
	if (st != OK) {
		target_free(t);
		return st;
	}
	t->next = d->targets;
	d->targets = t;
	return OK;
}

static struct target *find_target(const struct dispatch *d, const char *name)
{
	struct target *t = d->targets;

	while (t != NULL && strcmp(t->name, name) != 0)
		t = t->next;
	return t;
}

/* Drop those that nobody wants any more; what runs for them is asked to end first, all at once. */
static void drop_unwanted(struct dispatch *d)
{
	for (struct target *t = d->targets; t != NULL; t = t->next)
		if (!t->wanted)
			target_stop(t);
	for (struct target **at = &d->targets, *t; (t = *at) != NULL;)
		if (t->wanted) {
			at = &t->next;
		} else {
			*at = t->next;
			target_free(t);
		}
}

enum status targets_refresh(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	struct subscription *rows = NULL;
	struct target *t;
	int64_t edition = 0;
	size_t n = 0;
	enum status st;

	if ((st = subscriber_edition(db, &edition, err)) != OK || edition == d->edition)
		return st;
	if ((st = subscription_all(db, a, &rows, &n, err)) != OK)
		return st;
	for (t = d->targets; t != NULL; t = t->next)
		t->wanted = false;
	for (size_t i = 0; i < n; i++)
		if (subscription_is_served(&rows[i]) && (t = find_target(d, rows[i].name)) != NULL)
			t->wanted = t->edition == rows[i].edition;
	drop_unwanted(d);
	for (size_t i = 0; st == OK && i < n; i++)
		if (subscription_is_served(&rows[i]) && find_target(d, rows[i].name) == NULL)
			st = add_target(d, &rows[i], db, a, err);
	if (st == OK)
		st = actors_refresh(d, db, a, err);
	if (st == OK)
		d->edition = edition;
	return st;
}

/* Is the row as the configuration has it? */
static bool is_configured(const struct subscription *s, const struct config_subscriber *c)
{
	const char *type = c->type == NULL ? "" : c->type,
		   *source = c->source == NULL ? "" : c->source;

	return s->command != NULL && strcmp(s->topic, c->topic) == 0 &&
	       strcmp(s->type == NULL ? "" : s->type, type) == 0 &&
	       strcmp(s->source == NULL ? "" : s->source, source) == 0 && (int)s->least == c->least;
}

static const struct subscription *row_of(const struct subscription *rows, size_t n,
                                         const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* Subscribe the commands that are configured, and end those that are no more; a transaction. */
static enum status configure(struct dispatch *d, const struct config *c, struct db *db,
                             struct arena *a, struct err *err)
{
	int64_t now = clock_wall_ms(&d->project->clock);
	struct subscription *rows = NULL, made;
	size_t n = 0;
	enum status st = subscription_all(db, a, &rows, &n, err);

	for (size_t i = 0; st == OK && i < c->events->n_subscribers; i++) {
		const struct config_subscriber *want = &c->events->subscribers[i];
		const struct subscription *row = row_of(rows, n, want->name);
		const struct subscription s = { .name = want->name,
			                        .topic = want->topic,
			                        .type = want->type,
			                        .source = want->source,
			                        .least = (enum event_priority)want->least,
			                        .command = want->name,
			                        .after = row == NULL ? d->head : row->after };

		if (row == NULL || !is_configured(row, want))
			st = subscription_add(db, now, &s, a, &made, err);
	}
	for (size_t i = 0; st == OK && i < n; i++)
		if (rows[i].command != NULL && config_subscriber_find(c, rows[i].command) == NULL)
			st = subscription_end(db, rows[i].name, a, err);
	return st;
}

enum status targets_configure(struct dispatch *d, struct db *db, struct arena *a, struct err *err)
{
	const struct config *config = NULL;
	struct err why = { 0 };
	enum status st;

	/* one with mistakes is told to who asks for it; here what was subscribed stays */
	if (project_config(d->project, &config, &why) != OK || config == d->config)
		return OK;
	if ((st = db_begin(db, err)) != OK)
		return st;
	if ((st = configure(d, config, db, a, err)) == OK &&
	    (st = project_commit(d->project, db, err)) == OK) {
		d->config = config;
		return OK;
	}
	db_rollback(db);
	return st;
}

void targets_free(struct dispatch *d)
{
	for (struct target *t = d->targets; t != NULL; t = t->next)
		t->wanted = false;
	drop_unwanted(d);
	for (struct actor *actor = d->actors, *next; actor != NULL; actor = next) {
		next = actor->next;
		mem_free(actor);
	}
	d->actors = NULL;
}
