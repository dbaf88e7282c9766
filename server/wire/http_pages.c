/* http_pages.c - /health and /metrics: made by a job on the pool, since they look at the disk. */
#include "wire/http_parts.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define PAGE_ARENA_MAX ((size_t)64 << 20)
#define QUEUE_FULL     90 /* percent of its places taken: it is stuck */

/* A page on its way. */
struct job {
	struct http_stream *stream; /* held, as a writer */
	struct mcp *mcp;
	enum http_page page;
};

static void job_free(struct job *job)
{
	sink_drop(&job->stream->sink);
	mem_free(job);
}

/* What this process itself knows; true when it is well. */
static bool put_pool(struct mcp *m, struct json_build *b, cJSON *root)
{
	cJSON *queue = json_put_object(b, root, "queue"), *pool = json_put_object(b, root, "pool");
	struct pool_state now;
	bool full;

	pool_look(m->parts.pool, &now);
	full = now.waiting * 100 >= now.depth * QUEUE_FULL;
	json_put_text(b, queue, "state", full ? "bad" : "ok");
	json_put_int(b, queue, "waiting", (int64_t)now.waiting);
	json_put_int(b, queue, "depth", (int64_t)now.depth);
	json_put_text(b, pool, "state", "ok");
	json_put_int(b, pool, "threads", (int64_t)now.threads);
	json_put_int(b, pool, "busy", (int64_t)now.busy);
	json_put_int(b, pool, "calls", (int64_t)flight_count(m->parts.flight));
	return !full;
}

/* The members of a into b, which takes them. */
static void join(cJSON *from, cJSON *to, struct json_build *b)
{
	while (from != NULL && from->child != NULL) {
		cJSON *one = cJSON_DetachItemViaPointer(from, from->child);

		json_put(b, to, one->string, one);
	}
	cJSON_Delete(from);
}

static bool health(struct mcp *m, struct call *call, struct text *t)
{
	const struct health_kind *kind = m->offer->health;
	struct json_build b = { 0 };
	cJSON *root = json_object(&b), *checks = NULL;
	bool well = true, queue_well;
	char *printed;

	if (kind != NULL) {
		if (call_ground(m, call) != OK || kind->look(call, &checks, &well) != OK) {
			cJSON *database = json_put_object(&b, root, "database");

			well = false;
			json_put_text(&b, database, "state", "bad");
			json_put_text(&b, database, "words", call->err.text);
		}
		join(checks, root, &b);
	}
	queue_well = put_pool(m, &b, root);
	well = well && queue_well;
	json_put_text(&b, root, "state", well ? "ok" : "bad");
	printed = root == NULL ? NULL : json_print(root);
	text_add(t, printed == NULL ? "" : printed);
	t->failed = t->failed || b.failed || printed == NULL;
	mem_free(printed);
	cJSON_Delete(root);
	return well;
}

static bool figures(struct mcp *m, struct call *call, struct text *t)
{
	const struct health_kind *kind = m->offer->health;
	struct pool_state now;

	pool_look(m->parts.pool, &now);
	metrics_print(m->metrics, "gadugi_calls", t);
	metrics_one(t, "gadugi_calls_in_flight", "gauge", "Calls that wait, run or are parked.",
	            (double)flight_count(m->parts.flight));
	metrics_one(t, "gadugi_queue_depth", "gauge", "Jobs that wait for a worker.",
	            (double)now.waiting);
	metrics_one(t, "gadugi_queue_size", "gauge", "Jobs that may wait before calls are refused.",
	            (double)now.depth);
	metrics_one(t, "gadugi_pool_threads", "gauge", "Workers.", (double)now.threads);
	metrics_one(t, "gadugi_pool_busy", "gauge", "Workers that run something.",
	            (double)now.busy);
	metrics_one(t, "gadugi_pool_jobs_total", "counter", "Jobs that have ended.",
	            (double)now.done);
	if (kind == NULL)
		return true;
	return call_ground(m, call) == OK && kind->figures(call, t) == OK;
}

static void make(void *arg)
{
	struct job *job = arg;
	struct call call = { .arena = arena_new(PAGE_ARENA_MAX), .answer_max = SIZE_MAX };
	struct text t;
	bool well = false;

	text_init(&t, PAGE_ARENA_MAX);
	if (call.arena == NULL)
		t.failed = true;
	else if (job->page == HTTP_HEALTH)
		well = health(job->mcp, &call, &t);
	else
		well = figures(job->mcp, &call, &t);
	if (t.failed || (!well && job->page == HTTP_METRICS)) {
		text_done(&t);
		text_init(&t, PAGE_ARENA_MAX);
		text_addf(&t, "# %s", call.err.text[0] != '\0' ? call.err.text : "no memory");
	}
	text_add_char(&t, '\n'); /* taken off again: a sink is given lines */
	if (!t.failed)
		sink_put(&job->stream->sink, text_string(&t), t.len,
		         well ? SINK_RESULT : SINK_REFUSED);
	text_done(&t);
	arena_free(call.arena);
	job_free(job);
}

void http_page_dropped(pool_job *job, void *arg)
{
	if (job == make)
		job_free(arg);
}

void http_page_late(struct http_exchange *x)
{
	static const char health_words[] =
	    "{\"pool\":{\"state\":\"bad\",\"words\":\"no worker was free to look\"},"
	    "\"state\":\"bad\"}\n";
	static const char figures_words[] = "# no worker was free to look\n";
	const char *words = x->page == HTTP_HEALTH ? health_words : figures_words;

	sink_put(&x->link.stream->sink, words, strlen(words), SINK_REFUSED);
}

enum MHD_Result http_page(struct http_exchange *x)
{
	struct job *job = mem_zero(1, sizeof *job);

	if (job == NULL || !http_open(x, false)) {
		mem_free(job);
		return MHD_NO;
	}
	(void)sink_hold(&x->link.stream->sink);
	*job = (struct job){ x->link.stream, x->http->mcp, x->page };
	if (pool_give(x->http->mcp->parts.pool, make, job) != OK) {
		job_free(job);
		http_page_late(x);
	}
	http_stream_leave(x->link.stream);
	return http_show(x);
}
