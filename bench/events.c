/*
 * events.c - how fast events are kept, and how soon they are seen.
 *
 *   events [EVENTS]     EVENTS: of the bursts; 10000
 *
 * "in process": a thread that waits on the wake file, reads the log from where it stood and
 * routes to a function. "another process": the same in a process of its own. Each event is
 * committed by itself (durable) before its publisher goes on to the next; the time is from
 * before the publisher began to when the function or process had the decoded event.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "bus/router.h"
#include "bus/wake.h"
#include "domain/agent.h"
#include "domain/event.h"
#include "domain/project.h"
#include "store/journal.h"

#define EVENTS_MAX     1000000
#define SUBSCRIBERS    100
#define BATCH          500
#define PUBLISHERS_MAX 16

/* Shared with the follower: when each event was begun, and when it was seen. */
struct times {
	atomic_long ready, seen_n;
	int64_t begun[EVENTS_MAX], seen[EVENTS_MAX];
};

struct reader {
	struct project *project;
	struct times *times;
	struct router *router; /* NULL: note the time as soon as it is decoded */
	long n;
};

static void die(const char *what, const struct err *err)
{
	(void)fprintf(stderr, "%s: %s\n", what, err == NULL ? "" : err->text);
	exit(1);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void report(const char *what, const struct times *t, long n)
{
	int64_t *took = calloc((size_t)n, sizeof *took);

	if (took == NULL)
		die("no memory", NULL);
	for (long i = 0; i < n; i++)
		took[i] = t->seen[i] - t->begun[i];
	qsort(took, (size_t)n, sizeof *took, by_size);
	printf("%-44s n %6ld  p50 %7.3f ms  p99 %7.3f ms  max %7.3f ms\n", what, n,
	       (double)took[n / 2] / 1000, (double)took[n * 99 / 100] / 1000,
	       (double)took[n - 1] / 1000);
	(void)fflush(stdout);
	free(took);
}

/* The event's own number: {"i":N}. */
static long number_of(const char *payload)
{
	return strtol(payload + 5, NULL, 10);
}

static void note(struct times *t, long i)
{
	t->seen[i] = clock_mono_us();
	atomic_fetch_add(&t->seen_n, 1);
}

static enum status deliver(void *arg, const struct router_event *e, int attempt, struct err *err)
{
	(void)attempt, (void)err;
	note(arg, number_of(e->envelope));
	return OK;
}

/* Read on until n events were handed on. */
static void *follow(void *arg)
{
	struct reader *r = arg;
	struct event_want want = { .pattern = "bench.#", .limit = 1000 };
	struct wake *wake = NULL;
	struct err err = { 0 };
	long got = 0;

	if (wake_open(&wake, r->project->state, &err) != OK)
		die("wake", &err);
	atomic_store(&r->times->ready, 1);
	while (got < r->n) {
		struct arena *a = arena_new((size_t)64 << 20);
		struct event_page page = { 0 };
		struct db *db = NULL;
		struct pollfd p = { .fd = wake_fd(wake), .events = POLLIN };

		if (project_read(r->project, NULL, &db, &err) != OK ||
		    event_find(db, &want, a, &page, &err) != OK)
			die("reading", &err);
		project_done(r->project, db);
		for (size_t i = 0; i < page.n; i++, got++) {
			const struct router_event e = {
				.seq = page.events[i].seq,
				.id = page.events[i].id,
				.topic = page.events[i].topic,
				.type = page.events[i].type,
				.source = page.events[i].source,
				.envelope = page.events[i].payload_json,
				.envelope_size = strlen(page.events[i].payload_json) + 1
			};

			if (r->router == NULL)
				note(r->times, number_of(page.events[i].payload_json));
			else if (router_give(r->router, &e, NULL, &err) != OK)
				die("routing", &err);
		}
		arena_free(a);
		want.after = page.last_seen;
		if (page.n == 0) {
			(void)poll(&p, 1, 2000);
			wake_clear(wake);
		}
	}
	wake_free(wake);
	return NULL;
}

static void put(struct project *p, struct db *db, long i)
{
	struct event_custom c = { .topic = "bench.one", .source = "bench" };
	struct err err = { 0 };
	char payload[40];
	int64_t seq;

	(void)snprintf(payload, sizeof payload, "{\"i\":%ld}", i);
	c.payload_json = payload;
	if (event_put_custom(db, clock_wall_ms(&p->clock), &c, &seq, NULL, &err) != OK)
		die("publishing", &err);
}

static void burst(struct project *p, struct times *t, long n, long gap_us)
{
	const struct timespec gap = { 0, gap_us * 1000 };
	struct err err = { 0 };
	struct db *db = NULL;

	if (project_write(p, NULL, &db, &err) != OK)
		die("writing", &err);
	for (long i = 0; i < n; i++) {
		if (gap_us > 0)
			(void)nanosleep(&gap, NULL);
		t->begun[i] = clock_mono_us();
		if (db_begin(db, &err) != OK)
			die("publishing", &err);
		put(p, db, i);
		if (project_commit(p, db, &err) != OK)
			die("publishing", &err);
	}
	project_done(p, db);
}

static struct project *fresh(const char *folder)
{
	struct project *p = NULL;
	struct err err = { 0 };
	struct db *db = NULL;

	if (project_open(&p, folder, &err) != OK || project_write(p, NULL, &db, &err) != OK)
		die(folder, &err);
	project_done(p, db);
	return p;
}

static void clear_folder(const char *folder)
{
	static const char *const names[] = { "gadugi.db",      "gadugi.db-wal", "gadugi.db-shm",
		                             "gadugi.db-lock", "wake",          "identity",
		                             "gadugi.db-turn", "project" };
	char path[600];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)snprintf(path, sizeof path, "%s/.gadugi/%s", folder, names[i]);
		(void)unlink(path);
	}
}

static void in_process(const char *folder, struct times *t, long n, long gap_us)
{
	struct project *p = fresh(folder);
	struct router *router = NULL;
	const struct router_subscriber s = { .name = "bench",
		                             .pattern = "bench.*",
		                             .deliver = deliver,
		                             .policy = ROUTER_BLOCK,
		                             .batch = 32,
		                             .arg = t };
	struct reader r = { p, t, NULL, n };
	struct err err = { 0 };
	pthread_t thread;
	uint64_t handle;

	memset(t, 0, sizeof *t);
	if (router_new(&router, 1, &err) != OK || router_subscribe(router, &s, &handle, &err) != OK)
		die("router", &err);
	r.router = router;
	if (pthread_create(&thread, NULL, follow, &r) != 0)
		die("thread", NULL);
	while (atomic_load(&t->ready) == 0)
		;
	burst(p, t, n, gap_us);
	(void)pthread_join(thread, NULL);
	(void)router_drain(router, 10000);
	router_free(router);
	report(gap_us > 0 ? "in process, one each ms" : "in process, burst", t, n);
	project_free(p);
	clear_folder(folder);
}

static void other_process(const char *folder, struct times *t, long n, long gap_us)
{
	struct project *p;
	struct reader r = { NULL, t, NULL, n };
	int status = 0;
	pid_t child;

	memset(t, 0, sizeof *t);
	project_free(fresh(folder));
	if ((child = fork()) == 0) {
		r.project = fresh(folder);
		(void)follow(&r);
		_exit(0);
	}
	p = fresh(folder);
	while (atomic_load(&t->ready) == 0)
		;
	burst(p, t, n, gap_us);
	(void)waitpid(child, &status, 0);
	report(gap_us > 0 ? "another process, one each ms" : "another process, burst", t, n);
	project_free(p);
	clear_folder(folder);
}

static enum status count(void *arg, const struct router_event *e, int attempt, struct err *err)
{
	(void)e, (void)attempt, (void)err;
	atomic_fetch_add((atomic_long *)arg, 1);
	return OK;
}

/* One publisher that commits BATCH at a time; 100 subscribers, each for all events. */
static void throughput(const char *folder, long n)
{
	struct project *p = fresh(folder);
	struct router *router = NULL;
	struct times *t = calloc(1, sizeof *t);
	struct reader r = { p, t, NULL, n };
	struct err err = { 0 };
	struct db *db = NULL;
	atomic_long got = 0;
	int64_t began, kept;
	pthread_t thread;
	uint64_t handle;

	if (t == NULL || router_new(&router, 2, &err) != OK)
		die("router", &err);
	for (int i = 0; i < SUBSCRIBERS; i++) {
		const struct router_subscriber s = { .name = "bench",
			                             .pattern = "bench.*",
			                             .deliver = count,
			                             .policy = ROUTER_BLOCK,
			                             .batch = 32,
			                             .arg = &got };

		if (router_subscribe(router, &s, &handle, &err) != OK)
			die("router", &err);
	}
	r.router = router;
	if (pthread_create(&thread, NULL, follow, &r) != 0 ||
	    project_write(p, NULL, &db, &err) != OK)
		die("writing", &err);
	began = clock_mono_us();
	for (long i = 0; i < n; i += BATCH) {
		if (db_begin(db, &err) != OK)
			die("publishing", &err);
		for (long k = i; k < i + BATCH && k < n; k++)
			put(p, db, k);
		if (project_commit(p, db, &err) != OK)
			die("publishing", &err);
	}
	kept = clock_mono_us() - began;
	project_done(p, db);
	(void)pthread_join(thread, NULL);
	(void)router_drain(router, 60000);
	printf("%-44s %.0f events/s kept, %.0f deliveries/s to %d subscribers (%ld of %ld)\n",
	       "one publisher, commits of 500", (double)n * 1e6 / (double)kept,
	       (double)atomic_load(&got) * 1e6 / (double)(clock_mono_us() - began), SUBSCRIBERS,
	       atomic_load(&got), n * SUBSCRIBERS);
	router_free(router);
	project_free(p);
	free(t);
	clear_folder(folder);
}

/* One of several threads that publish, each event durable before the next. */
struct publisher {
	struct project *project;
	struct times *times;
	long from, n;
	bool shares; /* commits with the others; else each event by itself, as in burst() */
	pthread_t thread;
};

static void *publish(void *arg)
{
	const struct publisher *own = arg;
	const struct event_custom c = { .topic = "bench.one", .source = "bench" };
	struct times *t = own->times;
	struct err err = { 0 };
	struct db *db = NULL;
	int64_t seq;

	if (!own->shares && project_write(own->project, NULL, &db, &err) != OK)
		die("writing", &err);
	for (long i = own->from; i < own->from + own->n; i++) {
		t->begun[i] = clock_mono_us();
		if (own->shares) {
			if (event_publish(own->project, NULL, &c, &seq, NULL, &err) != OK)
				die("publishing", &err);
		} else {
			if (db_begin(db, &err) != OK)
				die("publishing", &err);
			put(own->project, db, i);
			if (project_commit(own->project, db, &err) != OK)
				die("publishing", &err);
		}
		t->seen[i] = clock_mono_us();
	}
	project_done(own->project, db);
	return NULL;
}

/* From before an event is published to when its publisher knows that it is durable. */
static void publishers(const char *folder, struct times *t, long n, int threads, bool shares)
{
	struct project *p = fresh(folder);
	struct publisher all[PUBLISHERS_MAX];
	int64_t began, took_us;
	char what[80];

	memset(t, 0, sizeof *t);
	began = clock_mono_us();
	for (int i = 0; i < threads; i++) {
		all[i] = (struct publisher){ p, t, i * (n / threads), n / threads, shares, 0 };
		if (pthread_create(&all[i].thread, NULL, publish, &all[i]) != 0)
			die("thread", NULL);
	}
	for (int i = 0; i < threads; i++)
		(void)pthread_join(all[i].thread, NULL);
	took_us = clock_mono_us() - began;
	(void)snprintf(what, sizeof what, "%d publishers, %s", threads,
	               shares ? "commits shared" : "a commit each");
	report(what, t, n);
	printf("%s: %.0f events/s\n", what, (double)n * 1e6 / (double)took_us);
	project_free(p);
	clear_folder(folder);
}

/* A child fills the log and dies without closing it; then the time until its newest event is read.
 */
static void start_after_crash(const char *folder, long n)
{
	const struct event_want want = { .limit = 1, .newest = true };
	struct arena *a = arena_new((size_t)1 << 20);
	struct event_page page = { 0 };
	struct project *p;
	struct db *db = NULL;
	struct err err = { 0 };
	int64_t began;
	int status = 0;
	pid_t child;

	if ((child = fork()) == 0) {
		p = fresh(folder);
		if (project_write(p, NULL, &db, &err) != OK)
			die("writing", &err);
		for (long i = 0; i < n; i += 10 * BATCH) {
			if (db_begin(db, &err) != OK)
				die("publishing", &err);
			for (long k = i; k < i + 10 * BATCH && k < n; k++)
				put(p, db, k);
			if (project_commit(p, db, &err) != OK)
				die("publishing", &err);
		}
		_exit(0);
	}
	(void)waitpid(child, &status, 0);
	began = clock_mono_us();
	if (project_open(&p, folder, &err) != OK || project_read(p, NULL, &db, &err) != OK ||
	    event_find(db, &want, a, &page, &err) != OK || page.n != 1)
		die("reading", &err);
	printf("%-44s %.3f ms to the newest of %lld\n", "start after a crash",
	       (double)(clock_mono_us() - began) / 1000, (long long)page.last_seen);
	project_done(p, db);
	project_free(p);
	arena_free(a);
	clear_folder(folder);
}

/* A project with n agents, read from its files. */
static void registry(const char *folder, int n)
{
	const struct agent_places places = { .root = folder };
	struct arena *a = arena_new((size_t)64 << 20);
	struct agent_set *set = NULL;
	struct err err = { 0 };
	char path[600];
	int64_t began;

	(void)snprintf(path, sizeof path, "%s/.gadugi/agents", folder);
	(void)mkdir(path, 0700);
	for (int i = 0; i < n; i++) {
		FILE *f;

		(void)snprintf(path, sizeof path, "%s/.gadugi/agents/a%d.md", folder, i);
		if ((f = fopen(path, "w")) == NULL)
			die(path, NULL);
		(void)fprintf(f,
		              "---\nname: agent-%d\ndescription: Does thing %d.\n"
		              "tools: Read, Grep, Bash(git log:*)\nmodel: sonnet\n"
		              "subscribes: [task.*.*.failed]\n---\n",
		              i, i);
		for (int k = 0; k < 40; k++)
			(void)fprintf(f,
			              "You do what has to be done, well, and say what you did.\n");
		(void)fclose(f);
	}
	began = clock_mono_us();
	if (agent_load(&places, a, &set, &err) != OK || set->n_agents != (size_t)n)
		die("agents", &err);
	printf("%-44s %.3f ms for %d files\n", "agents read from their files",
	       (double)(clock_mono_us() - began) / 1000, n);
	arena_free(a);
	for (int i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/.gadugi/agents/a%d.md", folder, i);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof path, "%s/.gadugi/agents", folder);
	(void)rmdir(path);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
	const char *tmp = getenv("TMPDIR");
	char folder[400], state[420];
	struct times *t =
	    mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (t == MAP_FAILED || n < 1 || n > EVENTS_MAX || db_use_mem() != OK)
		die("cannot begin", NULL);
	json_use_mem();
	(void)snprintf(folder, sizeof folder, "%s/bench-events-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(folder) == NULL)
		die(folder, NULL);
	(void)snprintf(state, sizeof state, "%s/.gadugi", folder);
	in_process(folder, t, n, 0);
	in_process(folder, t, n < 2000 ? n : 2000, 1000);
	other_process(folder, t, n, 0);
	other_process(folder, t, n < 2000 ? n : 2000, 1000);
	for (int threads = 1; threads <= PUBLISHERS_MAX; threads *= 4) {
		publishers(folder, t, n / 16 * 16, threads, false);
		publishers(folder, t, n / 16 * 16, threads, true);
	}
	throughput(folder, n * 10);
	start_after_crash(folder, n * 100);
	(void)mkdir(state, 0700);
	registry(folder, 100);
	registry(folder, AGENTS_MAX);
	(void)rmdir(state);
	return rmdir(folder) == 0 ? 0 : 1;
}
