#include "work/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>

#include "base/mem.h"

static const struct bound {
	int64_t us;
	const char *seconds;
} bounds[] = {
	{ 100, "0.0001" },  { 250, "0.00025" },   { 500, "0.0005" }, { 1000, "0.001" },
	{ 2500, "0.0025" }, { 5000, "0.005" },    { 10000, "0.01" }, { 25000, "0.025" },
	{ 100000, "0.1" },  { 250000, "0.25" },   { 1000000, "1" },  { 5000000, "5" },
	{ 30000000, "30" }, { 300000000, "300" },
};

#define BOUNDS (sizeof bounds / sizeof *bounds)

static const char *const ends[METRICS_ENDS] = {
	[METRICS_OK] = "ok",
	[METRICS_FAILED] = "failed",
	[METRICS_REFUSED] = "refused",
	[METRICS_CANCELLED] = "cancelled",
};

struct one {
	const char *name;
	atomic_uint_least64_t ends[METRICS_ENDS];
	atomic_uint_least64_t within[BOUNDS + 1]; /* each call in one bucket; the last: longer */
	atomic_uint_least64_t us;
};

struct metrics {
	size_t n;
	struct one each[];
};

struct metrics *metrics_new(const char *const *names, size_t n)
{
	struct metrics *m = mem_zero(1, sizeof *m + n * sizeof(struct one));

	if (m == NULL)
		return NULL;
	m->n = n;
	for (size_t i = 0; i < n; i++)
		m->each[i].name = names[i];
	return m;
}

void metrics_free(struct metrics *m)
{
	mem_free(m);
}

static void add(atomic_uint_least64_t *counter, uint64_t n)
{
	(void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void metrics_count(struct metrics *m, size_t thing, enum metrics_end end, int64_t us)
{
	struct one *one = &m->each[thing];
	size_t i = 0;

	assert(thing < m->n && end < METRICS_ENDS);
	while (i < BOUNDS && us > bounds[i].us)
		i++;
	add(&one->ends[end], 1);
	add(&one->within[i], 1);
	add(&one->us, us > 0 ? (uint64_t)us : 0);
}

static uint64_t get(const atomic_uint_least64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void histogram(const struct one *one, const char *prefix, struct text *t)
{
	uint64_t us = get(&one->us), sum = 0;

	for (size_t i = 0; i <= BOUNDS; i++) {
		sum += get(&one->within[i]);
		text_addf(t, "%s_seconds_bucket{tool=", prefix);
		metrics_quote(t, one->name);
		text_addf(t, ",le=\"%s\"} %" PRIu64 "\n", i < BOUNDS ? bounds[i].seconds : "+Inf",
		          sum);
	}
	text_addf(t, "%s_seconds_sum{tool=", prefix);
	metrics_quote(t, one->name);
	text_addf(t, "} %" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
	text_addf(t, "%s_seconds_count{tool=", prefix);
	metrics_quote(t, one->name);
	text_addf(t, "} %" PRIu64 "\n", sum);
}

void metrics_print(const struct metrics *m, const char *prefix, struct text *t)
{
	text_addf(t, "# HELP %s_total Calls that have ended, by tool and outcome.\n", prefix);
	text_addf(t, "# TYPE %s_total counter\n", prefix);
	for (size_t i = 0; i < m->n; i++)
		for (size_t e = 0; e < METRICS_ENDS; e++) {
			text_addf(t, "%s_total{tool=", prefix);
			metrics_quote(t, m->each[i].name);
			text_addf(t, ",outcome=\"%s\"} %" PRIu64 "\n", ends[e],
			          get(&m->each[i].ends[e]));
		}
	text_addf(t, "# HELP %s_seconds From a call's arrival to its end.\n", prefix);
	text_addf(t, "# TYPE %s_seconds histogram\n", prefix);
	for (size_t i = 0; i < m->n; i++)
		histogram(&m->each[i], prefix, t);
}

void metrics_head(struct text *t, const char *name, const char *type, const char *about)
{
	text_addf(t, "# HELP %s %s\n# TYPE %s %s\n", name, about, name, type);
}

void metrics_one(struct text *t, const char *name, const char *type, const char *about,
                 double value)
{
	metrics_head(t, name, type, about);
	text_addf(t, "%s %.15g\n", name, value);
}

void metrics_quote(struct text *t, const char *value)
{
	text_add_char(t, '"');
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '\\' || *c == '"')
			text_add_char(t, '\\');
		if (*c == '\n')
			text_add(t, "\\n");
		else
			text_add_char(t, *c);
	}
	text_add_char(t, '"');
}
