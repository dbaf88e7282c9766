/*
 * listen.c - who hears of changes: subscriptions/listen of 2026-07-28, and the session of
 * the older revisions.
 *
 * After a wake-up one job on the pool looks at everything that somebody listens to and
 * compares it with what it saw before; the reader never reads a resource. A notification
 * is sent under the lock that a cancel takes too, so none follows the cancel.
 */
#include "wire/listen.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define LISTENS_MAX 64   /* open at once of one peer; more is a client that forgets to cancel */
#define WATCHED_MAX 1000 /* addresses of one listener */

enum status watch_new(struct mcp *m, struct err *err)
{
	if ((m->watch = mem_zero(1, sizeof *m->watch)) == NULL)
		return err_nomem(err, "the subscriptions");
	pthread_mutex_init(&m->watch->lock, NULL);
	return OK;
}

static void listen_free(struct listen *l)
{
	for (struct watched *u = l->uris, *next; u != NULL; u = next) {
		next = u->next;
		mem_free(u);
	}
	sink_drop(l->sink);
	mem_free(l);
}

void watch_free(struct mcp *m)
{
	if (m->watch == NULL)
		return;
	for (struct listen *l = m->watch->all, *next; l != NULL; l = next) {
		next = l->next;
		listen_free(l);
	}
	pthread_mutex_destroy(&m->watch->lock);
	mem_free(m->watch);
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
	cJSON_Delete(view.asks);
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
				if ((all[*n].uri = text_dup(a, u->uri)) != NULL) {
					all[*n].can_ask = u->can_ask;
					all[(*n)++].task = u->task;
				}
	pthread_mutex_unlock(&w->lock);
	return all;
}

static void tell_updated(struct mcp *m, const struct watched *what, uint64_t now,
                         const char *members)
{
	pthread_mutex_lock(&m->watch->lock);
	for (const struct listen *l = m->watch->all; l != NULL; l = l->next)
		for (struct watched *u = l->uris; u != NULL; u = u->next) {
			if (u->task != what->task || u->can_ask != what->can_ask ||
			    strcmp(u->uri, what->uri) != 0)
				continue;
			if (u->known && u->stamp != now && !u->task)
				listen_notify(l, "resources/updated", u->uri);
			else if (u->known && u->stamp != now && members != NULL)
				listen_notify_task(l, members);
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
			listen_notify(l, "tools/list_changed", NULL);
		if (l->prompts && prompts != w->prompts_seen)
			listen_notify(l, "prompts/list_changed", NULL);
		if (l->resources && others)
			listen_notify(l, "resources/list_changed", NULL);
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
			listen_acknowledge(l);
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
			uint64_t now;

			call.can_ask = all[i].can_ask;
			now = all[i].task ? look_at_task(m, &call, all[i].uri, &members)
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
	for (struct watched *u = l->uris; u != NULL; u = u->next)
		u->can_ask = u->task ? a->can_ask : 0;
	return st;
}

static struct listen *find(struct watch *w, uint64_t owner, struct json_span id)
{
	for (struct listen *l = w->all; l != NULL; l = l->next)
		if (l->owner == owner && l->id.len == id.len &&
		    memcmp(l->id.at, id.at, id.len) == 0)
			return l;
	return NULL;
}

static size_t count(const struct watch *w, uint64_t owner)
{
	size_t n = 0;

	for (const struct listen *l = w->all; l != NULL; l = l->next)
		n += l->owner == owner;
	return n;
}

static enum status admit(struct ask *a, struct listen *l)
{
	struct watch *w = a->mcp->watch;
	enum status st = OK;

	pthread_mutex_lock(&w->lock);
	if (find(w, l->owner, l->id) != NULL) {
		a->code = RPC_REQUEST_BAD;
		st = err_set(&a->err, E_INPUT, "a request with this id is still in flight");
	} else if (count(w, l->owner) >= LISTENS_MAX) {
		st = err_set(&a->err, E_BUSY, "busy: %d subscriptions are open; cancel one first",
		             LISTENS_MAX);
	} else {
		if (l->uris == NULL)
			listen_acknowledge(l);
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
	l->owner = a->peer->number;
	l->sink = sink_hold(a->sink);
	if ((st = read_filter(a, filter, l)) != OK ||
	    (st = read_tasks(a, json_get(filter, "taskIds"), l)) != OK ||
	    (st = admit(a, l)) != OK) {
		listen_free(l);
		return st;
	}
	if (l->resources || l->uris != NULL)
		watch_woken(a->mcp); /* so that there is something to compare with */
	return OK;
}

bool listen_cancel(const struct peer *peer, struct json_span id)
{
	struct watch *w = peer->mcp->watch;
	struct listen *gone = NULL;

	pthread_mutex_lock(&w->lock);
	for (struct listen **p = &w->all, *l; (l = *p) != NULL; p = &l->next)
		if (l->owner == peer->number && l->id.len == id.len &&
		    memcmp(l->id.at, id.at, id.len) == 0) {
			gone = l;
			*p = l->next;
			w->n--;
			break;
		}
	pthread_mutex_unlock(&w->lock);
	if (gone == NULL)
		return false;
	listen_free(gone);
	return true;
}

void listen_leave(const struct peer *peer)
{
	struct watch *w = peer->mcp->watch;
	struct listen *gone = NULL, *next;

	pthread_mutex_lock(&w->lock);
	for (struct listen **p = &w->all, *l; (l = *p) != NULL;) {
		if (l->owner != peer->number) {
			p = &l->next;
			continue;
		}
		*p = l->next;
		w->n--;
		l->next = gone;
		gone = l;
	}
	pthread_mutex_unlock(&w->lock);
	for (struct listen *l = gone; l != NULL; l = next) {
		next = l->next;
		listen_free(l);
	}
}

void listen_stop(struct mcp *m)
{
	pthread_mutex_lock(&m->watch->lock);
	for (const struct listen *l = m->watch->all; l != NULL; l = l->next)
		listen_end(l);
	pthread_mutex_unlock(&m->watch->lock);
}

void listen_legacy(struct peer *peer)
{
	const struct mcp_offer *offer = peer->mcp->offer;
	struct watch *w = peer->mcp->watch;
	struct listen *l;

	(void)listen_cancel(peer,
	                    (struct json_span){ "", 0 }); /* of an initialize before this one */
	if ((l = mem_zero(1, sizeof *l)) == NULL)
		return; /* lists then change unannounced, as they may */
	l->id.at = "";
	l->owner = peer->number;
	l->sink = sink_hold(peer->sink);
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
	l = find(w, r->peer->number, (struct json_span){ "", 0 });
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
	l = find(w, r->peer->number, (struct json_span){ "", 0 });
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
