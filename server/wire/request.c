#include "wire/methods.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define PROGRESS_GAP_MS 40 /* least time between two progress messages of a call */

/* What a result is made of. */
struct result {
	const struct mcp_offer *offer;
	const struct revision *rev;
	const struct method *method;
	struct json_span id;
	const char *type; /* resultType; NULL: complete */
};

/* The members every result of the revision has, around those of the method. */
static void result_text(struct text *t, const struct result *r, const struct text *members)
{
	bool stateless = (r->rev->has & HAS_STATELESS) != 0;

	text_add(t, "{\"jsonrpc\":\"2.0\",\"id\":");
	text_add_n(t, r->id.at, r->id.len);
	text_add(t, ",\"result\":{");
	if (stateless)
		text_addf(t, "\"resultType\":\"%s\"%s", r->type == NULL ? "complete" : r->type,
		          members->len > 0 ? "," : "");
	text_add_n(t, text_string(members), members->len);
	if (stateless) {
		if (r->method->ttl_ms >= 0 && r->type == NULL)
			text_addf(t, ",\"ttlMs\":%ld,\"cacheScope\":\"%s\"", r->method->ttl_ms,
			          r->method->scope);
		text_addf(t,
		          ",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"%s\","
		          "\"version\":\"%s\"}}",
		          r->offer->name, r->offer->version);
	}
	text_add(t, "}}");
	t->failed = t->failed || members->failed;
}

/* What an error is to a request. */
static enum sink_part part_of(int code, bool malformed)
{
	switch (code) {
	case RPC_NO_METHOD:
		return SINK_NO_METHOD;
	case RPC_PARSE:
	case RPC_REQUEST_BAD:
	case RPC_HEADERS:
	case RPC_NO_CAPABLE:
	case RPC_NO_VERSION:
		return SINK_REFUSED;
	default:
		return malformed ? SINK_REFUSED : SINK_FAILED;
	}
}

/* What to say when there is no memory for the answer itself. */
static void say_no_memory(struct sink *sink, struct batch *batch, struct json_span id,
                          atomic_int *claim)
{
	char line[RPC_ID_MAX + 128];
	int n = snprintf(line, sizeof line,
	                 "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"error\":{\"code\":%d,"
	                 "\"message\":\"no memory for the answer\"}}\n",
	                 id.len > 0 ? (int)id.len : 4, id.len > 0 ? id.at : "null", RPC_INTERNAL);

	assert(n > 0 && (size_t)n < sizeof line);
	if (batch != NULL) {
		struct text t = { .bytes = line, .len = (size_t)n - 1 };

		batch_leave(batch, &t);
	} else if (claim != NULL) {
		(void)sink_send(sink, line, (size_t)n, SINK_FAILED, claim);
	} else {
		sink_put(sink, line, (size_t)n, SINK_FAILED);
	}
}

static void reply(struct sink *sink, struct batch *batch, struct json_span id, struct text *t,
                  enum sink_part part)
{
	if (batch == NULL)
		text_add_char(t, '\n');
	if (t->failed)
		say_no_memory(sink, batch, id, NULL);
	else if (batch != NULL)
		batch_leave(batch, t);
	else
		sink_put(sink, text_string(t), t->len, part);
	text_done(t);
}

void reply_result(struct ask *a, const struct text *members)
{
	struct result r = { a->mcp->offer, a->rev, a->method, a->rpc->id, NULL };
	struct text t;

	text_init(&t, TEXT_LIMIT);
	result_text(&t, &r, members);
	reply(a->sink, a->batch, a->rpc->id, &t, SINK_RESULT);
}

void reply_error(struct sink *sink, struct batch *batch, const struct refusal *why)
{
	struct text t;

	text_init(&t, TEXT_LIMIT);
	rpc_error(&t, why->id, why->code, why->words, why->data);
	reply(sink, batch, why->id, &t, part_of(why->code, why->malformed));
}

static void request_free(struct request *r)
{
	if (r == NULL)
		return;
	ask_forget(r);
	cJSON_Delete(r->flight.call.asks);
	cJSON_Delete(r->answers);
	arena_free(r->flight.call.arena);
	bell_done(&r->flight.call.bell);
	cJSON_Delete(r->json);
	sink_drop(r->sink);
	peer_drop(r->peer);
	mem_free(r);
}

static struct json_span id_of(const struct request *r)
{
	return (struct json_span){ r->flight.id, r->flight.id_len };
}

/* A message to a client that asked for it; thinned out, forward only. */
static void progress(struct call *call, double done, double total, const char *words)
{
	struct request *r = call->progress_arg;
	int64_t now = clock_mono_ms();
	struct text t;

	if (done <= r->told_done || (now - r->told_ms < PROGRESS_GAP_MS && done < total))
		return;
	r->told_done = done;
	r->told_ms = now;
	text_init(&t, (size_t)16 << 10);
	text_add(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"
	             "\"progressToken\":");
	text_add_n(&t, r->token.at, r->token.len);
	text_addf(&t, ",\"progress\":%.15g", done);
	if (total > 0)
		text_addf(&t, ",\"total\":%.15g", total);
	if (words != NULL && (r->rev->has & HAS_HINTS) != 0) {
		text_add(&t, ",\"message\":");
		rpc_quote(&t, words, strlen(words));
	}
	text_add(&t, "}}\n");
	if (!t.failed)
		sink_offer(r->sink, text_string(&t), t.len, &r->flight.claim);
	text_done(&t);
}

/* Words for a client that wants to see them. */
static void tell(struct call *call, const char *level, const char *words)
{
	static const char levels[] = "debug info notice warning error critical alert emergency";
	struct request *r = call->progress_arg;
	const char *at = strstr(levels, level), *least = strstr(levels, r->log_level);
	struct text t;

	if (at == NULL || least == NULL || at < least)
		return;
	text_init(&t, (size_t)64 << 10);
	text_addf(&t,
	          "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{"
	          "\"level\":\"%s\",\"logger\":\"%s\",\"data\":",
	          level, r->mcp->offer->name);
	rpc_quote(&t, words, strlen(words));
	text_add(&t, "}}\n");
	if (!t.failed)
		sink_offer(r->sink, text_string(&t), t.len, &r->flight.claim);
	text_done(&t);
}

/* The request as a call: ids and tokens copied behind the struct, the message taken over. */
static struct request *request_new(struct ask *a)
{
	struct json_span id = a->rpc->id, token = { 0 };
	const cJSON *meta = json_get(a->rpc->params, "_meta");
	const cJSON *wants = json_get(meta, "progressToken");
	struct request *r;
	char *copy;

	if (cJSON_IsString(wants) || cJSON_IsNumber(wants))
		token = rpc_meta_raw(a->rpc, "progressToken");
	if (token.len > RPC_ID_MAX)
		token.len = 0;
	if ((r = mem_zero(1, sizeof *r + id.len + token.len)) == NULL)
		return NULL;
	copy = (char *)(r + 1);
	memcpy(copy, id.at, id.len);
	r->flight.id = copy;
	r->flight.id_len = id.len;
	if (token.len > 0) {
		memcpy(copy + id.len, token.at, token.len);
		r->token = (struct json_span){ copy + id.len, token.len };
		r->flight.call.progress = progress;
	}
	if (a->mcp->offer->logs && a->log_level != NULL) {
		r->flight.call.log = tell;
		r->log_level = a->log_level;
	}
	r->flight.call.progress_arg = r;
	r->flight.call.can_ask = a->can_ask;
	r->flight.call.may_be_task = a->has_tasks && a->mcp->offer->tasks != NULL;
	r->mcp = a->mcp;
	r->peer = peer_hold(a->peer);
	r->sink = sink_hold(a->sink);
	r->flight.owner = a->peer->number;
	r->rev = a->rev;
	r->method = a->method;
	r->batch = a->batch;
	r->params = a->rpc->params;
	r->told_done = -1;
	r->told_ms = INT64_MIN / 2;
	r->flight.call.answer_max = 12000;
	r->flight.call.traceparent = json_text(meta, "traceparent");
	r->flight.call.tracestate = json_text(meta, "tracestate");
	if ((r->flight.call.arena = arena_new(CALL_ARENA_MAX)) == NULL) {
		request_free(r);
		return NULL;
	}
	return r;
}

/* A call of a tool has ended. */
static void count(const struct request *r, enum metrics_end end)
{
	if (r->tool != NULL)
		metrics_count(r->mcp->metrics, r->tool_at, end, clock_mono_us() - r->begun_us);
}

/* The end of a request without another word. */
static void drop(struct request *r)
{
	struct batch *batch = r->batch;

	count(r, METRICS_CANCELLED);
	if (r->flight.call.dropped != NULL)
		r->flight.call.dropped(&r->flight.call);
	request_free(r);
	if (batch != NULL)
		batch_leave(batch, NULL);
}

static bool take_claim(struct request *r)
{
	int free = FLIGHT_FREE;

	return atomic_compare_exchange_strong(&r->flight.claim, &free, FLIGHT_ANSWERED);
}

/* How it went, for the figures. */
static enum metrics_end end_of(struct request *r, enum status st)
{
	if (atomic_load(&r->flight.claim) != FLIGHT_FREE)
		return METRICS_CANCELLED;
	if (st != OK)
		return METRICS_REFUSED;
	return r->tool_failed ? METRICS_FAILED : METRICS_OK;
}

/* Send what st and members say, unless the client has given up. */
static void answer(struct request *r, enum status st, const struct text *members)
{
	struct result result = { r->mcp->offer, r->rev, r->method, id_of(r), r->type };
	int code = st == OK ? 0 : r->code != 0 ? r->code : rpc_code(st);
	struct batch *batch = r->batch;
	struct mcp *m = r->mcp;
	struct text t;

	ask_withdraw(r);
	count(r, end_of(r, st));
	text_init(&t, TEXT_LIMIT);
	if (st == OK)
		result_text(&t, &result, members);
	else
		rpc_error(&t, id_of(r), code, r->flight.call.err.text, r->data);
	if (batch != NULL) {
		if (!take_claim(r))
			batch_leave(batch, NULL);
		else if (t.failed)
			say_no_memory(r->sink, batch, id_of(r), NULL);
		else
			batch_leave(batch, &t);
	} else {
		text_add_char(&t, '\n');
		if (t.failed)
			say_no_memory(r->sink, NULL, id_of(r), &r->flight.claim);
		else
			(void)sink_send(r->sink, text_string(&t), t.len,
			                st == OK ? SINK_RESULT : part_of(code, false),
			                &r->flight.claim);
	}
	text_done(&t);
	flight_remove(m->parts.flight, &r->flight);
	request_free(r);
}

static void kick(const struct mcp *m)
{
	const uint64_t one = 1;

	if (write(m->parts.kick, &one, sizeof one) < 0)
		return; /* it is readable already */
}

/* The project, opened by the first call that needs one. */
enum status call_ground(struct mcp *m, struct call *call)
{
	enum status st;

	pthread_mutex_lock(&m->lock);
	if (!m->opened) {
		m->open_st =
		    m->ground->open(m->ground->arg, &m->project, &m->wake_fd, &m->open_err);
		m->opened = m->open_st == OK; /* a folder that was missing may come */
		if (m->opened)
			kick(m); /* there is one more descriptor to wait for */
	}
	st = m->open_st;
	if (st != OK)
		call->err = m->open_err;
	call->project = m->project;
	pthread_mutex_unlock(&m->lock);
	return st;
}

enum status request_ground(struct request *r)
{
	return call_ground(r->mcp, &r->flight.call);
}

const char *request_data(struct request *r, const char *key, const char *value)
{
	struct text t;
	const char *data;

	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "{\"%s\":", key);
	rpc_quote(&t, value, strlen(value));
	text_add_char(&t, '}');
	data = text_copy(&t, r->flight.call.arena);
	text_done(&t);
	return data;
}

enum status request_no_resource(struct request *r, const char *uri)
{
	r->code = (r->rev->has & HAS_STATELESS) != 0 ? RPC_PARAMS : RPC_NO_RESOURCE;
	r->data = request_data(r, "uri", uri);
	return err_set(&r->flight.call.err, E_ABSENT, "resource not found: '%.200s'", uri);
}

/* On a worker: run the request until it is answered, dropped or parked. */
static void run(void *arg)
{
	struct request *r = arg;
	struct mcp *m = r->mcp;
	struct text members;
	enum status st;

	for (;;) {
		flight_runs(m->parts.flight, &r->flight);
		if (atomic_load(&r->flight.call.stop)) {
			flight_remove(m->parts.flight, &r->flight);
			drop(r);
			return;
		}
		text_init(&members, TEXT_LIMIT);
		r->flight.deaf = false;
		ask_collect(r);
		st = r->method->work(r, &members);
		if (st == E_WAIT && r->flight.call.asks != NULL)
			st = ask_client(r, &members);
		else if (st == E_WAIT && r->flight.call.task_id != NULL)
			st = tasks_created(r, &members);
		if (st != E_WAIT)
			break;
		text_done(&members);
		if (flight_park(m->parts.flight, &r->flight)) {
			kick(m); /* r may be gone already */
			return;
		}
	}
	answer(r, st, &members);
	text_done(&members);
}

void request_dropped(pool_job *job, void *request)
{
	struct request *r = request;

	if (job != run)
		return; /* not a request, and nothing to clean up */
	flight_remove(r->mcp->parts.flight, &r->flight);
	drop(r);
}

static enum status give(struct request *r)
{
	bool heavy = r->tool != NULL && (r->tool->flags & TOOL_SPAWNS) != 0;

	return heavy ? pool_give_heavy(r->mcp->parts.pool, run, r)
	             : pool_give(r->mcp->parts.pool, run, r);
}

enum status request_start(struct ask *a)
{
	struct request *r = request_new(a);
	struct mcp *m = a->mcp;
	enum status st;

	if (r == NULL)
		return err_nomem(&a->err, "a request");
	if ((a->method->begin != NULL && (st = a->method->begin(a, r)) != OK) ||
	    (a->method->asks && (st = ask_resume(a, r)) != OK))
		goto out;
	if ((st = flight_add(m->parts.flight, &r->flight, &a->err)) != OK) {
		a->code = st == E_INPUT ? RPC_REQUEST_BAD : 0;
		goto out;
	}
	r->json = a->rpc->json;
	if ((st = give(r)) != OK) {
		r->json = NULL;
		flight_remove(m->parts.flight, &r->flight);
		(void)err_set(&a->err, st, "busy: the queue of calls is full; try again later");
		goto out;
	}
	a->rpc->json = NULL; /* the call's now, and perhaps freed already */
	return OK;
out:
	count(r, METRICS_REFUSED);
	request_free(r);
	return st;
}

void request_again(struct mcp *m, struct flight_call *list)
{
	for (struct flight_call *c = list, *next; c != NULL; c = next) {
		struct request *r = (struct request *)c;

		next = c->next;
		c->next = NULL;
		if (give(r) == OK)
			continue;
		/* The queue holds as many as may be in flight, so it is closed: the end is near. */
		flight_remove(m->parts.flight, c);
		drop(r);
	}
}

void request_drop(struct mcp *m, struct flight_call *list)
{
	(void)m;
	for (struct flight_call *c = list, *next; c != NULL; c = next) {
		next = c->next;
		drop((struct request *)c);
	}
}
