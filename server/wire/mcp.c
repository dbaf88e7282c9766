#include "wire/mcp.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "wire/http.h"
#include "wire/methods.h"

#define META_VERSION      MCP_META_VERSION
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define META_CLIENT       "io.modelcontextprotocol/clientInfo"
#define META_LOG          "io.modelcontextprotocol/logLevel"

#define NEVER (-1L)    /* nothing said about keeping */
#define HOUR  3600000L /* lists that change with the program only */

static enum status ping(struct ask *a, struct text *members)
{
	(void)a;
	(void)members;
	return OK;
}

static void capabilities(struct text *t, const struct mcp_offer *offer, const struct revision *rev)
{
	bool resources = offer->resources[0] != NULL, prompts = offer->prompts[0] != NULL;

	text_addf(t, "\"capabilities\":{\"tools\":{%s}",
	          offer->tool_changes != NULL ? "\"listChanged\":true" : "");
	if (resources)
		text_add(t, ",\"resources\":{\"subscribe\":true,\"listChanged\":true}");
	if (prompts)
		text_addf(t, ",\"prompts\":{%s}",
		          offer->prompt_changes != NULL ? "\"listChanged\":true" : "");
	if ((resources || prompts) && (rev->has & HAS_HINTS) != 0)
		text_add(t, ",\"completions\":{}");
	if (offer->logs)
		text_add(t, ",\"logging\":{}");
	if (offer->tasks != NULL && (rev->has & HAS_STATELESS) != 0)
		text_add(t, ",\"extensions\":{\"" TASKS_NAME "\":{}}");
	text_add_char(t, '}');
}

static void instructions(struct text *t, const struct mcp_offer *offer)
{
	if (offer->instructions == NULL)
		return;
	text_add(t, ",\"instructions\":");
	rpc_quote(t, offer->instructions, strlen(offer->instructions));
}

static enum status initialize(struct ask *a, struct text *members);
static enum status discover(struct ask *a, struct text *members);
static enum status log_level(struct ask *a, struct text *members);

#define HERE(name, function, ttl)                                                                  \
	{                                                                                          \
		name, function, NULL, NULL, NULL, ttl, "public", false                             \
	}
#define POOL(name, begin, work)                                                                    \
	{                                                                                          \
		name, NULL, begin, work, NULL, NEVER, NULL, false                                  \
	}
#define KEPT(name, begin, work, ttl)                                                               \
	{                                                                                          \
		name, NULL, begin, work, NULL, ttl, "private", false                               \
	}
#define ASKS(name, begin, work, ttl)                                                               \
	{                                                                                          \
		name, NULL, begin, work, NULL, ttl, "private", true                                \
	}
#define OPEN(name, function)                                                                       \
	{                                                                                          \
		name, NULL, NULL, NULL, function, NEVER, NULL, false                               \
	}

static const struct method legacy_methods[] = {
	HERE("ping", ping, NEVER),
	HERE("initialize", initialize, NEVER),
	HERE("tools/list", tools_list, NEVER),
	ASKS("tools/call", tools_begin, tools_work, NEVER),
	POOL("resources/list", NULL, resources_list),
	HERE("resources/templates/list", resources_templates, NEVER),
	ASKS("resources/read", resources_read_begin, resources_read, NEVER),
	POOL("resources/subscribe", subscribe_begin, subscribe_work),
	POOL("resources/unsubscribe", subscribe_begin, unsubscribe_work),
	HERE("prompts/list", prompts_list, NEVER),
	ASKS("prompts/get", prompts_begin, prompts_get, NEVER),
	POOL("completion/complete", complete_begin, complete_work),
	HERE("logging/setLevel", log_level, NEVER),
	{ 0 },
};

static const struct method stateless_methods[] = {
	HERE("server/discover", discover, HOUR),
	HERE("tools/list", tools_list, HOUR),
	ASKS("tools/call", tools_begin, tools_work, NEVER),
	KEPT("resources/list", NULL, resources_list, 0),
	HERE("resources/templates/list", resources_templates, HOUR),
	ASKS("resources/read", resources_read_begin, resources_read, 0),
	HERE("prompts/list", prompts_list, HOUR),
	ASKS("prompts/get", prompts_begin, prompts_get, NEVER),
	POOL("completion/complete", complete_begin, complete_work),
	POOL("tasks/get", tasks_begin, tasks_get),
	POOL("tasks/update", tasks_begin, tasks_update),
	POOL("tasks/cancel", tasks_begin, tasks_cancel),
	OPEN("subscriptions/listen", listen_start),
	{ 0 },
};

static const struct revision revisions[MCP_REVISIONS] = {
	[MCP_2024_11_05] = { MCP_2024_11_05, "2024-11-05", 0, legacy_methods },
	[MCP_2025_03_26] = { MCP_2025_03_26, "2025-03-26", HAS_BATCH | HAS_HINTS, legacy_methods },
	[MCP_2025_06_18] = { MCP_2025_06_18, "2025-06-18", HAS_HINTS | HAS_STRUCTURE | HAS_ELICIT,
	                     legacy_methods },
	[MCP_2025_11_25] = { MCP_2025_11_25, "2025-11-25", HAS_HINTS | HAS_STRUCTURE | HAS_ELICIT,
	                     legacy_methods },
	[MCP_2026_07_28] = { MCP_2026_07_28, "2026-07-28",
	                     HAS_HINTS | HAS_STRUCTURE | HAS_ELICIT | HAS_STATELESS,
	                     stateless_methods },
};

#define LATEST_LEGACY (&revisions[MCP_2025_11_25])
#define STATELESS     (&revisions[MCP_2026_07_28])

/* MCP_REVISIONS when it is none of ours. */
static enum revision_number revision_number(const char *name)
{
	int i = 0;

	while (i < MCP_REVISIONS && strcmp(revisions[i].name, name) != 0)
		i++;
	return (enum revision_number)i;
}

bool mcp_is_stateless(const char *revision)
{
	enum revision_number i = revision_number(revision);

	return i < MCP_REVISIONS && (revisions[i].has & HAS_STATELESS) != 0;
}

bool mcp_has_sessions(const char *revision)
{
	return revision_number(revision) < MCP_REVISIONS && !mcp_is_stateless(revision);
}

static enum status initialize(struct ask *a, struct text *members)
{
	const char *wanted = json_text(a->rpc->params, "protocolVersion");
	const struct mcp_offer *offer = a->mcp->offer;
	const struct revision *rev = LATEST_LEGACY;

	if (wanted == NULL)
		return err_set(&a->err, E_INPUT,
		               "initialize needs params.protocolVersion, a string such as '%s'",
		               LATEST_LEGACY->name);
	if (a->peer->sink == NULL)
		return err_set(&a->err, E_INPUT, "initialize begins a session, and here is none");
	if (mcp_has_sessions(wanted))
		rev = &revisions[revision_number(wanted)];
	a->peer->legacy = rev;
	a->peer->can = ask_able(json_get(a->rpc->params, "capabilities"), rev->has);
	a->peer->log = offer->logs ? "debug" : NULL;
	a->rev = rev;
	listen_legacy(a->peer);
	text_addf(members, "\"protocolVersion\":\"%s\",", rev->name);
	capabilities(members, offer, rev);
	text_addf(members, ",\"serverInfo\":{\"name\":\"%s\"", offer->name);
	if ((rev->has & HAS_STRUCTURE) != 0) {
		text_add(members, ",\"title\":");
		rpc_quote(members, offer->title, strlen(offer->title));
	}
	text_addf(members, ",\"version\":\"%s\"}", offer->version);
	instructions(members, offer);
	return OK;
}

static enum status discover(struct ask *a, struct text *members)
{
	text_addf(members, "\"supportedVersions\":[\"%s\"],", STATELESS->name);
	capabilities(members, a->mcp->offer, a->rev);
	instructions(members, a->mcp->offer);
	return OK;
}

/* The level of that name as a constant, or NULL. */
static const char *level_named(const cJSON *level)
{
	static const char *const levels[] = { "debug", "info",     "notice", "warning",
		                              "error", "critical", "alert",  "emergency" };

	for (size_t i = 0; cJSON_IsString(level) && i < sizeof levels / sizeof *levels; i++)
		if (strcmp(levels[i], level->valuestring) == 0)
			return levels[i];
	return NULL;
}

static enum status log_level(struct ask *a, struct text *members)
{
	const char *level = level_named(json_get(a->rpc->params, "level"));

	(void)members;
	if (!a->mcp->offer->logs) {
		a->code = RPC_NO_METHOD;
		return err_set(&a->err, E_ABSENT, "this server has no log for its client");
	}
	if (level == NULL)
		return err_set(&a->err, E_INPUT,
		               "logging/setLevel needs params.level, one of debug, "
		               "info, notice, warning, error, critical, alert, "
		               "emergency");
	a->peer->log = level;
	return OK;
}

/* A request that names its version: is all there that 2026-07-28 demands? */
static enum status check_stateless(struct ask *a, const cJSON *meta)
{
	const cJSON *version = json_get(meta, META_VERSION);
	const cJSON *client = json_get(meta, META_CLIENT);

	if (!cJSON_IsString(version))
		return err_set(&a->err, E_INPUT, "_meta '" META_VERSION "' must be a string");
	if (strcmp(version->valuestring, STATELESS->name) != 0) {
		a->code = RPC_NO_VERSION;
		text_addf(&a->data, "{\"supported\":[\"%s\"],\"requested\":", STATELESS->name);
		rpc_quote(&a->data, version->valuestring, strlen(version->valuestring));
		text_add_char(&a->data, '}');
		return err_set(&a->err, E_INPUT, "unsupported protocol version '%.40s'",
		               version->valuestring);
	}
	if (!cJSON_IsObject(json_get(meta, META_CAPABILITIES)))
		return err_set(&a->err, E_INPUT, "_meta needs '" META_CAPABILITIES "', an object");
	if (client != NULL &&
	    (json_text(client, "name") == NULL || json_text(client, "version") == NULL))
		return err_set(&a->err, E_INPUT,
		               "_meta '" META_CLIENT "' must be an object with name and version");
	a->can_ask = ask_able(json_get(meta, META_CAPABILITIES), a->rev->has);
	a->has_tasks = cJSON_IsObject(
	    json_get(json_get(json_get(meta, META_CAPABILITIES), "extensions"), TASKS_NAME));
	a->log_level = level_named(json_get(meta, META_LOG));
	if (json_get(meta, META_LOG) != NULL && a->log_level == NULL)
		return err_set(&a->err, E_INPUT, "_meta '" META_LOG "' is none of the levels");
	return OK;
}

static enum status classify(struct ask *a)
{
	const cJSON *meta = json_get(a->rpc->params, "_meta");

	a->malformed = true;
	if (json_get(meta, META_VERSION) != NULL) {
		enum status st;

		a->rev = STATELESS;
		st = check_stateless(a, meta);
		a->malformed = st != OK;
		return st;
	}
	a->rev = a->peer->legacy != NULL ? a->peer->legacy : LATEST_LEGACY;
	a->can_ask = a->peer->can;
	a->log_level = a->peer->log;
	a->malformed = false;
	if (a->peer->legacy != NULL || strcmp(a->rpc->method, "initialize") == 0 ||
	    strcmp(a->rpc->method, "ping") == 0)
		return OK;
	a->malformed = true;
	return err_set(&a->err, E_INPUT,
	               "missing _meta '" META_VERSION "' and '" META_CAPABILITIES
	               "'; or send initialize first");
}

static const struct method *find_method(const struct revision *rev, const char *name)
{
	for (const struct method *m = rev->methods; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

static enum status serve(struct ask *a)
{
	struct text members;
	enum status st;

	if ((st = classify(a)) != OK)
		return st;
	if ((a->method = find_method(a->rev, a->rpc->method)) == NULL) {
		a->code = RPC_NO_METHOD;
		return err_set(&a->err, E_ABSENT, "no method '%.80s' in %s", a->rpc->method,
		               a->rev->name);
	}
	if (a->batch != NULL && a->method->here == initialize) {
		a->code = RPC_REQUEST_BAD;
		return err_set(&a->err, E_INPUT, "initialize may not be part of a batch");
	}
	if (a->method->listen != NULL)
		return a->method->listen(a);
	if (a->method->here == NULL)
		return request_start(a);
	text_init(&members, TEXT_LIMIT);
	if ((st = a->method->here(a, &members)) == OK)
		reply_result(a, &members);
	text_done(&members);
	return st;
}

static void request(struct peer *p, struct sink *sink, struct rpc *r, struct batch *batch)
{
	struct ask a = { .mcp = p->mcp, .peer = p, .sink = sink, .rpc = r, .batch = batch };
	enum status st;

	text_init(&a.data, TEXT_LIMIT);
	st = serve(&a);
	if (st != OK) {
		struct refusal why = { r->id, a.code != 0 ? a.code : rpc_code(st), a.err.text,
			               a.data.len > 0 ? text_string(&a.data) : NULL, a.malformed };

		reply_error(sink, batch, &why);
	}
	text_done(&a.data);
}

static void notification(const struct peer *p, const struct rpc *r)
{
	struct mcp *m = p->mcp;
	struct json_span params, id;

	if (strcmp(r->method, "notifications/cancelled") != 0)
		return; /* the others tell nothing that is needed here */
	params = json_raw_member(r->text.at, r->text.len, "params");
	id = params.len > 0 ? json_raw_member(params.at, params.len, "requestId")
	                    : (struct json_span){ 0 };
	if (id.len > 0 && !listen_cancel(p, id))
		request_drop(m, flight_cancel(m->parts.flight, p->number, id.at, id.len));
}

/* True when something is or will be answered. */
static bool message(struct peer *p, struct sink *sink, struct rpc *r, struct batch *batch)
{
	switch (r->kind) {
	case RPC_REQUEST:
		if (batch != NULL)
			batch_join(batch);
		request(p, sink, r, batch);
		return true;
	case RPC_NOTIFICATION:
		notification(p, r);
		return false;
	case RPC_ANSWER:
		ask_answered(p, r);
		return false;
	case RPC_BATCH:
	case RPC_WRONG:
		break;
	}
	if (batch != NULL)
		batch_join(batch);
	reply_error(sink, batch, &(struct refusal){ r->id, r->code, r->err.text, NULL, false });
	return true;
}

static bool refuse(struct sink *sink, int code, const char *words)
{
	reply_error(sink, NULL, &(struct refusal){ { 0 }, code, words, NULL, false });
	return true;
}

static bool batch(struct peer *p, struct sink *sink, const struct rpc *r)
{
	struct rpc item = { 0 };
	bool answers = false;
	struct batch *b;
	size_t at = 0, n = 0;

	if (p->legacy == NULL || (p->legacy->has & HAS_BATCH) == 0)
		return refuse(
		    sink, RPC_REQUEST_BAD,
		    "batches are of revision 2025-03-26 only, when initialize agreed on it");
	if ((b = batch_new(sink)) == NULL)
		return refuse(sink, RPC_INTERNAL, "no memory for a batch");
	for (; rpc_item(r, &at, &item); n++) {
		answers = message(p, sink, &item, b) || answers;
		rpc_done(&item);
	}
	batch_leave(b, NULL);
	return n == 0 ? refuse(sink, RPC_REQUEST_BAD, "a batch must hold a message") : answers;
}

bool mcp_message(struct peer *p, struct sink *sink, struct rpc *r)
{
	return r->kind == RPC_BATCH ? batch(p, sink, r) : message(p, sink, r, NULL);
}

void mcp_line(struct peer *p, const char *line, size_t len, bool whole)
{
	struct rpc r;

	rpc_read(&r, line, len);
	if (!whole && r.kind == RPC_WRONG && r.code == RPC_PARSE)
		; /* half a line, cut off by the end of the input: nobody waits for an answer */
	else
		(void)mcp_message(p, p->sink, &r);
	rpc_done(&r);
}

void mcp_line_too_long(struct peer *p)
{
	(void)refuse(p->sink, RPC_REQUEST_BAD, "the line is longer than 16 MiB and was skipped");
}

int mcp_wake_fd(struct mcp *m)
{
	int fd;

	pthread_mutex_lock(&m->lock);
	fd = m->opened ? m->wake_fd : -1;
	pthread_mutex_unlock(&m->lock);
	return fd;
}

void mcp_woken(struct mcp *m)
{
	m->ground->wake_clear(m->ground->arg);
	request_again(m, flight_woken(m->parts.flight));
	watch_woken(m);
}

void mcp_due(struct mcp *m, int64_t now_ms)
{
	request_again(m, flight_due(m->parts.flight, now_ms));
}

static void dropped(pool_job *job, void *arg)
{
	request_dropped(job, arg);
	http_page_dropped(job, arg);
}

/* ids: one a line, as they came. */
static void tell_lost(const struct peer *told, const struct text *ids)
{
	const char *at = text_string(ids), *end;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		struct json_span id = { at, (size_t)(end - at) };

		reply_error(told->sink, NULL,
		            &(struct refusal){ id, RPC_INTERNAL,
		                               "the input ended before this call had, so it was "
		                               "stopped; ask again what came of it",
		                               NULL, false });
	}
}

void mcp_stop(struct mcp *m, struct peer *told)
{
	struct flight_call *parked;
	struct text lost;

	listen_stop(m);
	text_init(&lost, TEXT_LIMIT);
	parked = flight_stop(m->parts.flight, told == NULL ? 0 : told->number,
	                     told == NULL ? NULL : &lost);
	if (told != NULL)
		tell_lost(told, &lost);
	text_done(&lost);
	request_drop(m, parked);
	pool_close(m->parts.pool, dropped);
}

static enum status count_tools(struct mcp *m, struct err *err)
{
	const char **names;
	size_t n = 0;

	while (m->offer->tools[n] != NULL)
		n++;
	if ((names = mem_zero(n + 1, sizeof *names)) == NULL)
		return err_nomem(err, "the server");
	for (size_t i = 0; i < n; i++)
		names[i] = m->offer->tools[i]->name;
	m->metrics = metrics_new(names, n);
	mem_free(names);
	return m->metrics == NULL ? err_nomem(err, "the server") : OK;
}

enum status mcp_new(struct mcp **out, const struct mcp_parts *parts, const struct mcp_offer *offer,
                    const struct mcp_ground *ground, struct err *err)
{
	struct mcp *m = mem_zero(1, sizeof *m);

	if (m == NULL)
		return err_nomem(err, "the server");
	m->parts = *parts;
	m->offer = offer;
	m->ground = ground;
	m->wake_fd = -1;
	pthread_mutex_init(&m->lock, NULL);
	if (seal_init(&m->seal, err) != OK || watch_new(m, err) != OK ||
	    count_tools(m, err) != OK) {
		mcp_free(m);
		return err == NULL ? E_IO : err->code;
	}
	*out = m;
	return OK;
}

void mcp_free(struct mcp *m)
{
	if (m == NULL)
		return;
	watch_free(m);
	metrics_free(m->metrics);
	for (int i = 0; i < MCP_REVISIONS; i++)
		text_done(&m->lists[i]);
	pthread_mutex_destroy(&m->lock);
	mem_free(m);
}

/* --- peers ----------------------------------------------------------------------------------- */

struct peer *peer_new(struct mcp *m, struct sink *sink)
{
	struct peer *p = mem_zero(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->mcp = m;
	p->sink = sink == NULL ? NULL : sink_hold(sink);
	p->number = ++m->peers;
	atomic_init(&p->held, 1);
	return p;
}

struct peer *peer_hold(struct peer *p)
{
	atomic_fetch_add(&p->held, 1);
	return p;
}

void peer_drop(struct peer *p)
{
	if (p == NULL || atomic_fetch_sub(&p->held, 1) != 1)
		return;
	sink_drop(p->sink);
	mem_free(p);
}

const char *peer_revision(const struct peer *p)
{
	return p->legacy == NULL ? NULL : p->legacy->name;
}

void peer_gone(struct peer *p)
{
	listen_leave(p);
	request_drop(p->mcp, flight_cancel_all(p->mcp->parts.flight, p->number));
}
