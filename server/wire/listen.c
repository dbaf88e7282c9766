/* listen.c - subscriptions/listen of 2026-07-28: requests that stay open for notifications. */
#include "wire/request.h"

#include <string.h>

#include "base/mem.h"

#define LISTENS_MAX 64 /* open at once; more is a client that forgets to cancel */

struct listen {
	struct listen *next;
	struct json_span id; /* behind the struct */
};

static void stamp(struct text *t, const struct listen *l)
{
	text_add(t, "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":");
	text_add_n(t, l->id.at, l->id.len);
	text_add_char(t, '}');
}

static void send(struct mcp *m, struct text *t)
{
	text_add_char(t, '\n');
	if (!t->failed)
		out_put(m->parts.out, text_string(t), t->len);
	text_done(t);
}

/* What was asked for and can change here: nothing yet, so an honest empty subset. */
static void acknowledge(struct mcp *m, const struct listen *l)
{
	struct text t;

	text_init(&t, TEXT_LIMIT);
	text_add(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
	             "\"params\":{");
	stamp(&t, l);
	text_add(&t, ",\"notifications\":{}}}");
	send(m, &t);
}

enum status listen_start(struct ask *a)
{
	const cJSON *filter = json_get(a->rpc->params, "notifications");
	struct json_span id = a->rpc->id;
	struct mcp *m = a->mcp;
	struct listen *l;

	if (!cJSON_IsObject(filter))
		return err_set(&a->err, E_INPUT,
		               "subscriptions/listen needs params.notifications, "
		               "an object that names what to listen for");
	for (l = m->listens; l != NULL; l = l->next)
		if (l->id.len == id.len && memcmp(l->id.at, id.at, id.len) == 0) {
			a->code = RPC_REQUEST_BAD;
			return err_set(&a->err, E_INPUT,
			               "a request with this id is still in flight");
		}
	if (m->n_listens >= LISTENS_MAX)
		return err_set(&a->err, E_BUSY, "busy: %d subscriptions are open; cancel one first",
		               LISTENS_MAX);
	if ((l = mem_zero(1, sizeof *l + id.len)) == NULL)
		return err_nomem(&a->err, "a subscription");
	memcpy(l + 1, id.at, id.len);
	l->id = (struct json_span){ (const char *)(l + 1), id.len };
	l->next = m->listens;
	m->listens = l;
	m->n_listens++;
	acknowledge(m, l);
	return OK;
}

bool listen_cancel(struct mcp *m, struct json_span id)
{
	for (struct listen **p = &m->listens, *l; (l = *p) != NULL; p = &l->next)
		if (l->id.len == id.len && memcmp(l->id.at, id.at, id.len) == 0) {
			*p = l->next;
			m->n_listens--;
			mem_free(l);
			return true;
		}
	return false;
}

void listen_stop(struct mcp *m)
{
	for (struct listen *l = m->listens, *next; l != NULL; l = next) {
		struct text t;

		next = l->next;
		text_init(&t, TEXT_LIMIT);
		text_add(&t, "{\"jsonrpc\":\"2.0\",\"id\":");
		text_add_n(&t, l->id.at, l->id.len);
		text_add(&t, ",\"result\":{\"resultType\":\"complete\",");
		stamp(&t, l);
		text_add(&t, "}}");
		send(m, &t);
		mem_free(l);
	}
	m->listens = NULL;
	m->n_listens = 0;
}
