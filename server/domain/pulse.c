#include "domain/pulse.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "domain/figures.h"
#include "domain/memory.h"
#include "domain/run.h"
#include "store/journal.h"
#include "store/memories.h"
#include "store/runs.h"
#include "work/metrics.h"

#define LEAST_FREE ((uint64_t)16 << 20) /* bytes of disk below which nothing is safe to promise */

struct look {
	struct json_build b;
	bool well;
};

/* bad: why it is not well, or NULL. */
static void put_state(struct look *l, cJSON *to, const char *bad)
{
	json_put_text(&l->b, to, "state", bad == NULL ? "ok" : "bad");
	json_put_text(&l->b, to, "words", bad);
	l->well = l->well && bad == NULL;
}

static void look_at_database(struct look *l, struct project *p, struct db *db, cJSON *to)
{
	int64_t first, last;
	struct err err = { 0 };
	struct statvfs fs;
	uint64_t left = 0;
	const char *bad = NULL;

	if (journal_bounds(db, &first, &last, &err) != OK)
		bad = err.text;
	else if (!db_is_empty_stand_in(db) && access(p->state, W_OK) != 0)
		bad = "the folder .gadugi cannot be written";
	if (statvfs(db_is_empty_stand_in(db) ? p->root : p->state, &fs) == 0) {
		left = (uint64_t)fs.f_bavail * fs.f_frsize;
		json_put_int(&l->b, to, "freeBytes", (int64_t)left);
		if (bad == NULL && left < LEAST_FREE)
			bad = "the disk is full";
	}
	put_state(l, to, bad);
}

static void look_at_bus(struct look *l, struct db *db, struct arena *a, cJSON *to)
{
	struct event_figures f = { 0 };
	struct err err = { 0 };
	bool read = figures_read(db, a, &f, &err) == OK;

	put_state(l, to, read ? NULL : err.text);
	if (!read)
		return;
	json_put_int(&l->b, to, "depth", f.depth);
	json_put_int(&l->b, to, "behind", f.behind);
	json_put_int(&l->b, to, "deadLetters", f.dead_letters);
}

enum status pulse_look(struct project *p, struct arena *a, cJSON **out, bool *well, struct err *err)
{
	struct look l = { .well = true };
	cJSON *root = json_object(&l.b), *database, *bus;
	struct err reason = { 0 };
	struct db *db = NULL;

	database = json_put_object(&l.b, root, "database");
	bus = json_put_object(&l.b, root, "bus");
	if (project_read(p, NULL, &db, &reason) == OK) {
		look_at_database(&l, p, db, database);
		look_at_bus(&l, db, a, bus);
	} else {
		put_state(&l, database, reason.text);
		put_state(&l, bus, "its log is in the database");
	}
	project_done(p, db);
	*well = l.well;
	return json_built(&l.b, root, out, err);
}

/* --- figures --------------------------------------------------------------------------------- */

static enum status put_memories(struct db *db, struct text *t, struct err *err)
{
	struct memories_counts c;
	enum status st = memories_counts(db, &c, err);
	const struct {
		const char *state;
		int64_t n;
	} rows[] = { { "current", c.current },
		     { "superseded", c.superseded },
		     { "expired", c.expired } };

	if (st != OK)
		return st;
	metrics_head(t, "gadugi_memories", "gauge", "Memories, by what they are now.");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		text_addf(t, "gadugi_memories{state=\"%s\"} %" PRId64 "\n", rows[i].state,
		          rows[i].n);
	metrics_one(t, "gadugi_memory_entities", "gauge", "Entities that memories are about.",
	            (double)c.entities);
	metrics_one(t, "gadugi_memory_relations", "gauge", "Relations between memories.",
	            (double)c.relations);
	metrics_one(t, "gadugi_memory_recalls_total", "counter", "How often a memory was recalled.",
	            (double)c.hits);
	return OK;
}

static enum status put_runs(struct project *p, struct db *db, struct arena *a, struct text *t,
                            struct err *err)
{
	int64_t counts[RUN_STATES] = { 0 };
	struct count_row *rows = NULL;
	struct run_view view;
	size_t n = 0;
	enum status st = runs_by_state(db, a, &rows, &n, err);

	for (size_t i = 0; st == OK && i < n; i++)
		counts[run_state_read(rows[i].state)] += rows[i].n;
	if (st == OK)
		st = runs_open(db, a, &rows, &n, err);
	for (size_t i = 0; st == OK && i < n; i++) {
		if (run_glance(p, rows[i].run, NULL, a, &view, NULL) != OK)
			continue; /* gone meanwhile */
		counts[run_state_read(rows[i].state)]--;
		counts[view.state]++;
	}
	metrics_head(t, "gadugi_runs", "gauge", "Runs, by state.");
	for (int i = 0; i < RUN_STATES; i++)
		text_addf(t, "gadugi_runs{state=\"%s\"} %" PRId64 "\n",
		          run_state_word((enum run_state)i), counts[i]);
	return st;
}

static const struct column {
	const char *name, *type, *about;
	size_t at;
} columns[] = {
	{ "gadugi_subscriber_depth", "gauge", "Events that wait for the subscriber.",
	  offsetof(struct subscriber_figures, depth) },
	{ "gadugi_subscriber_delivered_total", "counter", "Events delivered to it.",
	  offsetof(struct subscriber_figures, delivered) },
	{ "gadugi_subscriber_retried_total", "counter", "Deliveries that were tried again.",
	  offsetof(struct subscriber_figures, retried) },
	{ "gadugi_subscriber_dead_total", "counter", "Deliveries that were given up.",
	  offsetof(struct subscriber_figures, dead) },
	{ "gadugi_subscriber_dead_letters", "gauge", "Dead letters that wait.",
	  offsetof(struct subscriber_figures, dead_letters) },
};

static void put_subscribers(const struct event_figures *f, struct text *t)
{
	for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
		metrics_head(t, columns[c].name, columns[c].type, columns[c].about);
		for (size_t i = 0; i < f->n; i++) {
			int64_t value;

			memcpy(&value, (const char *)&f->each[i] + columns[c].at, sizeof value);
			text_addf(t, "%s{subscriber=", columns[c].name);
			metrics_quote(t, f->each[i].name);
			text_addf(t, "} %" PRId64 "\n", value);
		}
	}
}

/* From when an event was kept until it was handed over. */
static void put_latency(const struct event_figures *f, struct text *t)
{
	static const char name[] = "gadugi_delivery_seconds";

	metrics_head(t, name, "histogram",
	             "From when an event was kept until it was handed to a subscriber.");
	for (size_t i = 0; i < f->n; i++) {
		const struct subscriber_figures *s = &f->each[i];
		int64_t sum = 0;

		for (size_t k = 0; k < FIGURES_BUCKETS; k++) {
			bool last = k + 1 == FIGURES_BUCKETS;

			sum += s->latency[k];
			text_addf(t, "%s_bucket{subscriber=", name);
			metrics_quote(t, s->name);
			if (last)
				text_addf(t, ",le=\"+Inf\"} %" PRId64 "\n", sum);
			else
				text_addf(t, ",le=\"%.15g\"} %" PRId64 "\n",
				          (double)figures_bucket_ms(k) / 1e3, sum);
		}
		text_addf(t, "%s_sum{subscriber=", name);
		metrics_quote(t, s->name);
		text_addf(t, "} %.15g\n%s_count{subscriber=", (double)s->latency_ms / 1e3, name);
		metrics_quote(t, s->name);
		text_addf(t, "} %" PRId64 "\n", sum);
	}
}

static enum status put_events(struct db *db, struct arena *a, struct text *t, struct err *err)
{
	struct event_figures f = { 0 };
	enum status st = figures_read(db, a, &f, err);

	if (st != OK)
		return st;
	metrics_one(t, "gadugi_events_kept", "gauge", "Events in the log.",
	            f.last == 0 ? 0 : (double)(f.last - f.first + 1));
	metrics_one(t, "gadugi_events_total", "counter", "Events that were ever kept.",
	            (double)f.last);
	metrics_one(t, "gadugi_events_waiting", "gauge",
	            "Deliveries that wait, of all subscribers.", (double)f.depth);
	put_subscribers(&f, t);
	put_latency(&f, t);
	return OK;
}

enum status pulse_figures(struct project *p, struct arena *a, struct text *out, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_read(p, NULL, &db, err);

	if (st == OK && (st = put_memories(db, out, err)) == OK &&
	    (st = put_runs(p, db, a, out, err)) == OK)
		st = put_events(db, a, out, err);
	project_done(p, db);
	return st;
}
