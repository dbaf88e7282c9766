/*
 * listen.c - who hears of changes: subscriptions/listen of 2026-07-28, and the session of
 * the older revisions.
 *
 * After a wake-up one job on the pool looks at everything that somebody listens to and
 * compares it with what it saw before; the reader never reads a resource. A notification
 * is sent under the lock that a cancel takes too, so none follows the cancel.
 */
#include "wire/methods.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define LISTENS_MAX 64   /* open at once; more is a client that forgets to cancel */
#define WATCHED_MAX 1000 /* addresses of one listener */

struct watched {
	struct watched *next;
	uint64_t stamp;  /* of the content when it was last looked at */
	bool known;      /* it has been looked at */
	bool task;       /* uri is the id of a task */
	const char *uri; /* behind the struct */
};

struct listen {
	struct listen *next;
	struct json_span id; /* behind the struct; length 0: the session of an older revision */
	bool tools, prompts, resources;
	bool begun; /* acknowledged; nothing else is said to it before */
	struct watched *uris;
	size_t n_uris;
};

struct watch {
	atomic_bool queued; /* a job is on its way and has not begun to look */

	pthread_mutex_t lock; /* guards all below; out's lock may be taken under it */
	struct listen *all;
	size_t n;
	long tools_seen, prompts_seen;
	uint64_t names_seen;
	bool names_known;
};

enum status watch_new(struct mcp *m, struct err *err)
{
	if ((m->watch = mem_zero(1, sizeof *m->watch)) == NULL)
		return err_nomem(err, "the subscriptions");
	pthread_mutex_init(&m->watch->lock, NULL);
	return OK;
}

static void free_uris(struct listen *l)
{
	for (struct watched *u = l->uris, *next; u != NULL; u = next) {
		next = u->next;
		mem_free(u);
	}
	l->uris = NULL;
	l->n_uris = 0;
}

void watch_free(struct mcp *m)
{
	if (m->watch == NULL)
		return;
	for (struct listen *l = m->watch->all, *next; l != NULL; l = next) {
		next = l->next;
		free_uris(l);
		mem_free(l);
	}
	pthread_mutex_destroy(&m->watch->lock);
	mem_free(m->watch);
}

static void send(struct mcp *m, struct text *t)
{
	text_add_char(t, '\n');
	if (!t->failed)
		out_put(m->parts.out, text_string(t), t->len);
	text_done(t);
}

static void stamp(struct text *t, const struct listen *l)
{
	text_add(t, "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":");
	text_add_n(t, l->id.at, l->id.len);
	text_add_char(t, '}');
}

static void notify(struct mcp *m, const struct listen *l, const char *method, const char *uri)
{
	struct text t;

	if (!l->begun || out_full(m->parts.out))
		return; /* it does not read; it will look again when it does */
	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/%s\"", method);
	if (uri != NULL || l->id.len > 0) {
		text_add(&t, ",\"params\":{");
		if (l->id.len > 0)
			stamp(&t, l);
		if (uri != NULL) {
			text_add(&t, l->id.len > 0 ? ",\"uri\":" : "\"uri\":");
			rpc_quote(&t, uri, strlen(uri));
		}
		text_add_char(&t, '}');
	}
	text_add_char(&t, '}');
	send(m, &t);
}

/* All of a task, as tasks/get would have it now. */
static void notify_task(struct mcp *m, const struct listen *l, const char *members)
{
	struct text t;

	if (!l->begun || out_full(m->parts.out))
		return;
	text_init(&t, TEXT_LIMIT);
	text_add(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tasks\",\"params\":{");
	stamp(&t, l);
	text_addf(&t, ",%s}}", members);
	send(m, &t);
}

/* An array of what a listener watches, tasks or resources; nothing when there is none. */
static void name_watched(struct text *t, const struct listen *l, bool tasks, const char *key)
{
	const char *comma = "";

	for (const struct watched *u = l->uris; u != NULL; u = u->next) {
		if (u->task != tasks)
			continue;
		if (*comma == '\0')
			text_addf(t, "%s\"%s\":[", t->bytes[t->len - 1] == '{' ? "" : ",", key);
		text_add(t, comma);
		rpc_quote(t, u->uri, strlen(u->uri));
		comma = ",";
	}
	if (*comma != '\0')
		text_add_char(t, ']');
}

/* The part of what was asked for that can happen here. */
static void acknowledge(struct mcp *m, struct listen *l)
{
	struct text t;

	l->begun = true;
	text_init(&t, TEXT_LIMIT);
	text_add(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
	             "\"params\":{");
	stamp(&t, l);
	text_add(&t, ",\"notifications\":{");
	if (l->tools)
		text_add(&t, "\"toolsListChanged\":true");
	if (l->prompts)
		text_addf(&t, "%s\"promptsListChanged\":true", l->tools ? "," : "");
	if (l->resources)
		text_addf(&t, "%s\"resourcesListChanged\":true", l->tools || l->prompts ? "," : "");
	name_watched(&t, l, false, "resourceSubscriptions");
	name_watched(&t, l, true, "taskIds");
	text_add(&t, "}}}");
	send(m, &t);
}

/* What an address holds now, as a number; 0: nothing. */
static uint64_t look(struct mcp *m, struct call *call, const char *uri)
{
	const char *values[RESOURCE_VALUES_MAX] = { NULL }, *bytes;
	const struct resource *row = resources_find(m->offer, uri, call->arena, values);
	struct resource_body body = { 0 };

	if (row == NULL || row->read(call, values, &body) != OK)
		return 0;
	bytes = body.text != NULL ? body.text : body.base64;
	return bytes == NULL ? 1 : text_hash(bytes, strlen(bytes)) | 1;
}

/* How a task stands now, as a number, and the members to tell; an unknown one never changes. */
static uint64_t look_at_task(struct mcp *m, struct call *call, const char *id, const char **members)
{
	struct task_view view = { 0 };
	uint64_t now = 1;
	struct text t;

	if (m->offer->tasks->look(call, id, &view) != OK)
		return 1;
	text_init(&t, TEXT_LIMIT);
	tasks_members(&t, id, &view);
	if ((*members = text_copy(&t, call->arena)) != NULL)
		now = text_hash(text_string(&t), t.len) | 1;
	text_done(&t);
	cJSON_Delete(view.result);
	return now;
}

/* Copies of all addresses that anybody watches, and whether lists of resources matter. */
static struct watched *addresses(struct watch *w, struct arena *a, size_t *n, bool *lists)
{
	struct watched *all = NULL;
	size_t most = 0;

	*n = 0;
	*lists = false;
	pthread_mutex_lock(&w->lock);
	for (const struct listen *l = w->all; l != NULL; l = l->next) {
		most += l->n_uris;
		*lists = *lists || l->resources;
	}
	if (most > 0 && (all = arena_take(a, most * sizeof *all)) != NULL)
		for (const struct listen *l = w->all; l != NULL; l = l->next)
			for (const struct watched *u = l->uris; u != NULL; u = u->next)
				if ((all[*n].uri = text_dup(a, u->uri)) != NULL)
					all[(*n)++].task = u->task;
	pthread_mutex_unlock(&w->lock);
	return all;
}

static void tell_updated(struct mcp *m, const struct watched *what, uint64_t now,
                         const char *members)
{
	pthread_mutex_lock(&m->watch->lock);
	for (const struct listen *l = m->watch->all; l != NULL; l = l->next)
		for (struct watched *u = l->uris; u != NULL; u = u->next) {
			if (u->task != what->task || strcmp(u->uri, what->uri) != 0)
				continue;
			if (u->known && u->stamp != now && !u->task)
				notify(m, l, "resources/updated", u->uri);
			else if (u->known && u->stamp != now && members != NULL)
				notify_task(m, l, members);
			u->stamp = now;
			u->known = true;
		}
	pthread_mutex_unlock(&m->watch->lock);
}

/* The lists whose counters or names are not what they were. */
static void tell_lists(struct mcp *m, bool names_known, uint64_t names)
{
	const struct mcp_offer *offer = m->offer;
	long tools = offer->tool_changes == NULL ? 0 : atomic_load(offer->tool_changes);
	long prompts = offer->prompt_changes == NULL ? 0 : atomic_load(offer->prompt_changes);
	struct watch *w = m->watch;
	bool others;

	pthread_mutex_lock(&w->lock);
	others = names_known && w->names_known && names != w->names_seen;
	for (const struct listen *l = w->all; l != NULL; l = l->next) {
		if (l->tools && tools != w->tools_seen)
			notify(m, l, "tools/list_changed", NULL);
		if (l->prompts && prompts != w->prompts_seen)
			notify(m, l, "prompts/list_changed", NULL);
		if (l->resources && others)
			notify(m, l, "resources/list_changed", NULL);
	}
	w->tools_seen = tools;
	w->prompts_seen = prompts;
	if (names_known) {
		w->names_seen = names;
		w->names_known = true;
	}
	pthread_mutex_unlock(&w->lock);
}

/* Listeners whose resources have all been looked at: from now on a change can be told. */
static void begin(struct mcp *m)
{
	pthread_mutex_lock(&m->watch->lock);
	for (struct listen *l = m->watch->all; l != NULL; l = l->next) {
		bool known = true;

		for (const struct watched *u = l->uris; u != NULL; u = u->next)
			known = known && u->known;
		if (known && !l->begun)
			acknowledge(m, l);
	}
	pthread_mutex_unlock(&m->watch->lock);
}

static void look_around(void *arg)
{
	struct mcp *m = arg;
	struct call call = { .arena = arena_new(CALL_ARENA_MAX), .answer_max = SIZE_MAX };
	bool lists, known = false;
	uint64_t names = 0;
	struct watched *all;
	struct text t;
	size_t n;

	atomic_store(&m->watch->queued, false);
	if (call.arena != NULL && call_ground(m, &call) == OK) {
		all = addresses(m->watch, call.arena, &n, &lists);
		for (size_t i = 0; all != NULL && i < n; i++) {
			const char *members = NULL;
			uint64_t now = all[i].task ? look_at_task(m, &call, all[i].uri, &members)
			                           : look(m, &call, all[i].uri);

			tell_updated(m, &all[i], now, members);
		}
		text_init(&t, TEXT_LIMIT);
		known = lists && resources_names(&call, m->offer, &t) == OK;
		names = text_hash(text_string(&t), t.len);
		text_done(&t);
	}
	tell_lists(m, known, names);
	begin(m);
	arena_free(call.arena);
}

/* Let a job look; false when there is no room for one. */
static bool send_out(struct mcp *m)
{
	if (atomic_exchange(&m->watch->queued, true))
		return true;
	if (pool_give(m->parts.pool, look_around, m) == OK)
		return true;
	atomic_store(&m->watch->queued, false);
	return false;
}

void watch_woken(struct mcp *m)
{
	bool any;

	pthread_mutex_lock(&m->watch->lock);
	any = m->watch->n > 0;
	pthread_mutex_unlock(&m->watch->lock);
	if (any && !send_out(m))
		log_line(LOG_WARN, "too busy to look for changes");
}

static bool known_address(const struct mcp *m, const char *uri)
{
	const char *values[RESOURCE_VALUES_MAX] = { NULL };
	struct arena *a = arena_new(CALL_ARENA_MAX);
	bool known = a != NULL && resources_find(m->offer, uri, a, values) != NULL;

	arena_free(a);
	return known;
}

/* stamp: what it holds; 0 when nobody has looked yet. */
static enum status add_uri(struct listen *l, const char *uri, uint64_t stamp_now, bool task,
                           struct err *err)
{
	size_t n = strlen(uri) + 1;
	struct watched *u;

	for (u = l->uris; u != NULL; u = u->next)
		if (u->task == task && strcmp(u->uri, uri) == 0)
			return OK;
	if (l->n_uris >= WATCHED_MAX)
		return err_set(err, E_BUSY,
		               "busy: %d resources are watched; unsubscribe from one first",
		               WATCHED_MAX);
	if ((u = mem_zero(1, sizeof *u + n)) == NULL)
		return err_nomem(err, "a subscription");
	memcpy(u + 1, uri, n);
	u->uri = (const char *)(u + 1);
	u->task = task;
	u->stamp = stamp_now;
	u->known = stamp_now != 0;
	u->next = l->uris;
	l->uris = u;
	l->n_uris++;
	return OK;
}

/* What the filter of a listen request names, as far as it can happen here. */
static enum status read_filter(struct ask *a, const cJSON *filter, struct listen *l)
{
	const cJSON *uris = json_get(filter, "resourceSubscriptions"), *one;
	const struct mcp_offer *offer = a->mcp->offer;
	enum status st = OK;

	l->tools = offer->tool_changes != NULL && json_flag(filter, "toolsListChanged");
	l->prompts = offer->prompt_changes != NULL && json_flag(filter, "promptsListChanged");
	l->resources = offer->resources[0] != NULL && json_flag(filter, "resourcesListChanged");
	if (uris != NULL && !cJSON_IsArray(uris))
		return err_set(&a->err, E_INPUT,
		               "resourceSubscriptions must be an array of addresses");
	cJSON_ArrayForEach(one, uris) {
		if (!cJSON_IsString(one))
			return err_set(&a->err, E_INPUT,
			               "resourceSubscriptions must be an array of addresses");
		if (st == OK && known_address(a->mcp, one->valuestring))
			st = add_uri(l, one->valuestring, 0, false, &a->err);
	}
	return st;
}

/* The tasks a listen request names, for clients that know tasks. */
static enum status read_tasks(struct ask *a, const cJSON *ids, struct listen *l)
{
	const cJSON *one;
	enum status st = OK;

	if (ids == NULL || a->mcp->offer->tasks == NULL)
		return OK;
	if (!a->has_tasks)
		return tasks_unable(a);
	if (!cJSON_IsArray(ids))
		return err_set(&a->err, E_INPUT, "taskIds must be an array of strings");
	cJSON_ArrayForEach(one, ids) {
		if (!cJSON_IsString(one))
			return err_set(&a->err, E_INPUT, "taskIds must be an array of strings");
		if (st == OK)
			st = add_uri(l, one->valuestring, 0, true, &a->err);
	}
	return st;
}

static struct listen *find(struct watch *w, struct json_span id)
{
	for (struct listen *l = w->all; l != NULL; l = l->next)
		if (l->id.len == id.len && memcmp(l->id.at, id.at, id.len) == 0)
			return l;
	return NULL;
}

static enum status admit(struct ask *a, struct listen *l)
{
	struct watch *w = a->mcp->watch;
	enum status st = OK;

	pthread_mutex_lock(&w->lock);
	if (find(w, l->id) != NULL) {
		a->code = RPC_REQUEST_BAD;
		st = err_set(&a->err, E_INPUT, "a request with this id is still in flight");
	} else if (w->n >= LISTENS_MAX) {
		st = err_set(&a->err, E_BUSY, "busy: %d subscriptions are open; cancel one first",
		             LISTENS_MAX);
	} else {
		if (l->uris == NULL)
			acknowledge(a->mcp, l);
		l->next = w->all;
		w->all = l;
		w->n++;
	}
	pthread_mutex_unlock(&w->lock);
	return st;
}

enum status listen_start(struct ask *a)
{
	const cJSON *filter = json_get(a->rpc->params, "notifications");
	struct json_span id = a->rpc->id;
	enum status st;
	struct listen *l;

	if (!cJSON_IsObject(filter))
		return err_set(&a->err, E_INPUT,
		               "subscriptions/listen needs params.notifications, "
		               "an object that names what to listen for");
	if ((l = mem_zero(1, sizeof *l + id.len)) == NULL)
		return err_nomem(&a->err, "a subscription");
	memcpy(l + 1, id.at, id.len);
	l->id = (struct json_span){ (const char *)(l + 1), id.len };
	if ((st = read_filter(a, filter, l)) != OK ||
	    (st = read_tasks(a, json_get(filter, "taskIds"), l)) != OK ||
	    (st = admit(a, l)) != OK) {
		free_uris(l);
		mem_free(l);
		return st;
	}
	if (l->resources || l->uris != NULL)
		watch_woken(a->mcp); /* so that there is something to compare with */
	return OK;
}

bool listen_cancel(struct mcp *m, struct json_span id)
{
	struct listen *gone = NULL;

	pthread_mutex_lock(&m->watch->lock);
	for (struct listen **p = &m->watch->all, *l; (l = *p) != NULL; p = &l->next)
		if (l->id.len == id.len && memcmp(l->id.at, id.at, id.len) == 0) {
			gone = l;
			*p = l->next;
			m->watch->n--;
			break;
		}
	pthread_mutex_unlock(&m->watch->lock);
	if (gone == NULL)
		return false;
	free_uris(gone);
	mem_free(gone);
	return true;
}

void listen_stop(struct mcp *m)
{
	pthread_mutex_lock(&m->watch->lock);
	for (const struct listen *l = m->watch->all; l != NULL; l = l->next) {
		struct text t;

		if (l->id.len == 0)
			continue;
		text_init(&t, TEXT_LIMIT);
		text_add(&t, "{\"jsonrpc\":\"2.0\",\"id\":");
		text_add_n(&t, l->id.at, l->id.len);
		text_add(&t, ",\"result\":{\"resultType\":\"complete\",");
		stamp(&t, l);
		text_add(&t, "}}");
		send(m, &t);
	}
	pthread_mutex_unlock(&m->watch->lock);
}

void listen_legacy(struct mcp *m)
{
	const struct mcp_offer *offer = m->offer;
	struct watch *w = m->watch;
	struct listen *l;

	(void)listen_cancel(m, (struct json_span){ "", 0 }); /* of an initialize before this one */
	if ((l = mem_zero(1, sizeof *l)) == NULL)
		return; /* lists then change unannounced, as they may */
	l->id.at = "";
	l->begun = true;
	l->tools = offer->tool_changes != NULL;
	l->prompts = offer->prompt_changes != NULL;
	pthread_mutex_lock(&w->lock);
	l->next = w->all;
	w->all = l;
	w->n++;
	pthread_mutex_unlock(&w->lock);
}

enum status subscribe_begin(struct ask *a, struct request *r)
{
	(void)r;
	if (json_text(a->rpc->params, "uri") == NULL)
		return err_set(&a->err, E_INPUT, "%s needs params.uri, a string", a->rpc->method);
	return OK;
}

enum status subscribe_work(struct request *r, struct text *members)
{
	const char *uri = json_text(r->params, "uri");
	struct call *call = &r->flight.call;
	struct watch *w = r->mcp->watch;
	struct listen *l;
	enum status st;
	uint64_t now;

	(void)members;
	if (!known_address(r->mcp, uri))
		return request_no_resource(r, uri);
	if ((st = request_ground(r)) != OK)
		return st;
	now = look(r->mcp, call, uri);
	pthread_mutex_lock(&w->lock);
	l = find(w, (struct json_span){ "", 0 });
	if (l == NULL) {
		st = err_nomem(&call->err, "a subscription");
	} else {
		st = add_uri(l, uri, now, false, &call->err);
		l->resources = true; /* who watches one hears of new ones too */
	}
	pthread_mutex_unlock(&w->lock);
	return st;
}

enum status unsubscribe_work(struct request *r, struct text *members)
{
	const char *uri = json_text(r->params, "uri");
	struct watch *w = r->mcp->watch;
	struct listen *l;

	(void)members;
	pthread_mutex_lock(&w->lock);
	l = find(w, (struct json_span){ "", 0 });
	for (struct watched **p = l == NULL ? NULL : &l->uris, *u; p != NULL && (u = *p) != NULL;
	     p = &u->next)
		if (!u->task && strcmp(u->uri, uri) == 0) {
			*p = u->next;
			l->n_uris--;
			mem_free(u);
			break;
		}
	pthread_mutex_unlock(&w->lock);
	return OK;
}
