#include "domain/figures.h"

#include <string.h>

#include "base/text.h"
#include "domain/event/view.h"
#include "domain/subscription.h"
#include "store/journal.h"
#include "store/subscribers.h"

int64_t figures_bucket_ms(size_t bucket)
{
	return bucket + 1 >= FIGURES_BUCKETS ? INT64_MAX : INT64_C(1) << bucket;
}

size_t figures_bucket_of(int64_t ms)
{
	size_t bucket = 0;

	while (ms > figures_bucket_ms(bucket))
		bucket++;
	return bucket;
}

int64_t figures_quantile_ms(const int64_t latency[FIGURES_BUCKETS], double share)
{
	int64_t all = 0, so_far = 0;

	for (size_t i = 0; i < FIGURES_BUCKETS; i++)
		all += latency[i];
	for (size_t i = 0; i < FIGURES_BUCKETS; i++) {
		so_far += latency[i];
		if (so_far > 0 && (double)so_far >= share * (double)all)
			return figures_bucket_ms(i);
	}
	return 0;
}

/* What the counting of waiting events goes through: every subscriber at each of the newest. */
struct waiting {
	const struct subscription *subscriptions;
	struct subscriber_figures *each;
	size_t n;
	int64_t first_seen; /* seq; 0: none yet */
};

/* In the shape that journal_find asks for: counts, and keeps nothing. */
static bool count_waiting(const void *arg, const struct journal_row *row)
{
	struct waiting *w = *(struct waiting *const *)arg;

	w->first_seen = row->seq; /* from the newest to older ones */
	for (size_t i = 0; i < w->n; i++) {
		const struct subscription *s = &w->subscriptions[i];
		const struct event_filter filter = { s->topic, s->type, s->source, s->least };

		if (row->seq > s->after && event_wanted(&filter, row))
			w->each[i].depth++;
	}
	return false;
}

static enum status put_depth(struct db *db, const struct event_figures *f,
                             const struct subscription *all, struct arena *a, struct err *err)
{
	struct waiting w = { all, f->each, f->n, 0 }, *arg = &w;
	int64_t from = f->last > FIGURES_LOOK ? f->last - FIGURES_LOOK : 0;
	const struct journal_want want = { .after = from,
		                           .limit = 1,
		                           .newest = true,
		                           .keep = count_waiting,
		                           .arg = (const void *)&arg };
	struct journal_page page;
	enum status st;

	if (f->n == 0 || (st = journal_find(db, &want, a, &page, err)) != OK)
		return f->n == 0 ? OK : st;
	for (size_t i = 0; i < f->n; i++)
		if (all[i].after < from)
			f->each[i].depth += from - all[i].after;
	return OK;
}

static enum status put_latencies(struct db *db, struct event_figures *f, struct arena *a,
                                 struct err *err)
{
	struct latency_row *rows = NULL;
	size_t n = 0, at = 0;
	enum status st = latency_list(db, a, &rows, &n, err);

	/* both are ordered by the subscriber's name */
	for (size_t i = 0; st == OK && i < n; i++) {
		struct subscriber_figures *each;

		while (at < f->n && strcmp(f->each[at].name, rows[i].subscriber) < 0)
			at++;
		if (at == f->n)
			break;
		each = &f->each[at];
		if (strcmp(each->name, rows[i].subscriber) != 0 || rows[i].bucket < 0 ||
		    rows[i].bucket >= FIGURES_BUCKETS)
			continue;
		each->latency[rows[i].bucket] = rows[i].n;
		each->latency_n += rows[i].n;
	}
	return st;
}

static const char *serves(const struct subscription *s, struct arena *a)
{
	if (s->agent != NULL)
		return text_printf(a, "agent %s", s->agent);
	return s->command != NULL ? text_printf(a, "command %s", s->command) : "pull";
}

static void add_up(struct event_figures *f, const struct subscription *all)
{
	f->subscribers = (int64_t)f->n;
	for (size_t i = 0; i < f->n; i++) {
		const struct subscriber_figures *each = &f->each[i];

		f->depth += each->depth;
		f->delivered += each->delivered;
		f->retried += each->retried;
		f->dead += each->dead;
		f->latency_n += each->latency_n;
		f->latency_ms += each->latency_ms;
		for (size_t k = 0; k < FIGURES_BUCKETS; k++)
			f->latency[k] += each->latency[k];
		if (subscription_is_served(&all[i]) && f->last - all[i].after > f->behind)
			f->behind = f->last - all[i].after;
	}
}

enum status figures_read(struct db *db, struct arena *a, struct event_figures *out, struct err *err)
{
	struct subscription *all = NULL;
	enum status st;

	*out = (struct event_figures){ 0 };
	if ((st = journal_bounds(db, &out->first, &out->last, err)) != OK ||
	    (st = subscription_all(db, a, &all, &out->n, err)) != OK ||
	    (st = dead_count(db, NULL, &out->dead_letters, err)) != OK)
		return st;
	if ((out->each = arena_take(a, (out->n + 1) * sizeof *out->each)) == NULL)
		return err_nomem(err, "the figures of events");
	for (size_t i = 0; st == OK && i < out->n; i++) {
		out->each[i] = (struct subscriber_figures){
			.name = all[i].name,
			.topic = all[i].topic,
			.serves = serves(&all[i], a),
			.delivered = all[i].delivered,
			.retried = all[i].retried,
			.dead = all[i].dead,
			.latency_ms = all[i].latency_ms,
		};
		if (out->dead_letters > 0)
			st = dead_count(db, all[i].name, &out->each[i].dead_letters, err);
	}
	if (st != OK || (st = put_latencies(db, out, a, err)) != OK ||
	    (st = put_depth(db, out, all, a, err)) != OK)
		return st;
	add_up(out, all);
	return arena_failed(a) ? err_nomem(err, "the figures of events") : OK;
}

static void put_quantiles(struct json_build *b, cJSON *o, const int64_t latency[FIGURES_BUCKETS])
{
	int64_t half = figures_quantile_ms(latency, 0.5), most = figures_quantile_ms(latency, 0.99);

	if (half == 0)
		return;
	json_put_int(b, o, "p50Ms",
	             half == INT64_MAX ? figures_bucket_ms(FIGURES_BUCKETS - 2) : half);
	json_put_int(b, o, "p99Ms",
	             most == INT64_MAX ? figures_bucket_ms(FIGURES_BUCKETS - 2) : most);
}

cJSON *figures_json(struct json_build *b, const struct event_figures *f)
{
	cJSON *o = json_object(b), *list;

	json_put_int(b, o, "firstSeq", f->first);
	json_put_int(b, o, "lastSeq", f->last);
	json_put_int(b, o, "depth", f->depth);
	json_put_int(b, o, "delivered", f->delivered);
	json_put_int(b, o, "retried", f->retried);
	json_put_int(b, o, "dead", f->dead);
	json_put_int(b, o, "deadletters", f->dead_letters);
	json_put_int(b, o, "behind", f->behind);
	put_quantiles(b, o, f->latency);
	list = json_put_array(b, o, "subscribers");
	for (size_t i = 0; i < f->n; i++) {
		const struct subscriber_figures *each = &f->each[i];
		cJSON *one = json_add_object(b, list);

		json_put_text(b, one, "subscriber", each->name);
		json_put_text(b, one, "topic", each->topic);
		json_put_text(b, one, "serves", each->serves);
		json_put_int(b, one, "depth", each->depth);
		json_put_int(b, one, "delivered", each->delivered);
		json_put_int(b, one, "retried", each->retried);
		json_put_int(b, one, "dead", each->dead);
		json_put_int(b, one, "deadletters", each->dead_letters);
		put_quantiles(b, one, each->latency);
	}
	return o;
}
