/* ask.c - questions of a running call to the client, in both eras. */
#include "wire/methods.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define STATE_MS  900000      /* how long a client may take to bring answers back */
#define ID_PREFIX "\"gadugi-" /* of our requests' ids */

/* A request of ours that the client has not answered. */
struct pending {
	struct pending *next;
	struct request *request;
	unsigned long number;
	const char *key; /* behind the struct */
};

static const struct kind {
	const char *method, *capability;
	unsigned bit;
} kinds[] = {
	{ "elicitation/create", "elicitation", CALL_ASK_FORM },
	{ "sampling/createMessage", "sampling", CALL_ASK_SAMPLE },
	{ "roots/list", "roots", CALL_ASK_ROOTS },
};

unsigned ask_able(const cJSON *capabilities, unsigned has)
{
	const cJSON *elicitation = json_get(capabilities, "elicitation");
	unsigned can = 0;

	if (cJSON_IsObject(elicitation) && (has & HAS_ELICIT) != 0) {
		bool url = json_get(elicitation, "url") != NULL;

		/* An empty object means forms. */
		if (!url || json_get(elicitation, "form") != NULL)
			can |= CALL_ASK_FORM;
		can |= url ? CALL_ASK_URL : 0;
	}
	if (cJSON_IsObject(json_get(capabilities, "sampling")))
		can |= CALL_ASK_SAMPLE;
	if (cJSON_IsObject(json_get(capabilities, "roots")))
		can |= CALL_ASK_ROOTS;
	return can;
}

/* What a sealed state belongs to: the method and what it is called with. */
static void bound(const struct request *r, struct text *t)
{
	static const char *const keys[] = { "name", "uri", "arguments" };

	text_add(t, r->method->name);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const cJSON *v = json_get(r->params, keys[i]);
		char *printed = v == NULL ? NULL : json_print(v);

		text_addf(t, "\n%s", printed == NULL ? "" : printed);
		t->failed = t->failed || (v != NULL && printed == NULL);
		mem_free(printed);
	}
}

static enum status state_back(struct ask *a, struct request *r, const char *sealed)
{
	struct text t;
	enum status st;

	text_init(&t, TEXT_LIMIT);
	bound(r, &t);
	if (t.failed)
		st = err_nomem(&a->err, "a requestState");
	else
		st = seal_read(&a->mcp->seal, sealed, text_string(&t), r->flight.call.arena,
		               &r->flight.call.state, &a->err);
	text_done(&t);
	return st;
}

enum status ask_resume(struct ask *a, struct request *r)
{
	const cJSON *answers = json_get(r->params, "inputResponses"), *one;
	const cJSON *state = json_get(r->params, "requestState");

	if ((a->rev->has & HAS_STATELESS) == 0)
		return OK;
	if (answers != NULL && !cJSON_IsObject(answers))
		return err_set(&a->err, E_INPUT, "params.inputResponses must be an object");
	cJSON_ArrayForEach(one, answers) {
		if (!cJSON_IsObject(one))
			return err_set(
			    &a->err, E_INPUT,
			    "each of params.inputResponses must be an object, '%.60s' is not",
			    one->string);
	}
	r->flight.call.answers = answers;
	if (state == NULL)
		return OK;
	if (!cJSON_IsString(state))
		return err_set(&a->err, E_INPUT, "params.requestState must be a string");
	return state_back(a, r, state->valuestring);
}

/* Refuse what the client did not say it can do. */
static enum status check_able(struct request *r, const cJSON *asks)
{
	struct call *call = &r->flight.call;
	const struct kind *missing = NULL;
	const cJSON *one;

	cJSON_ArrayForEach(one, asks) {
		const char *method = json_text(one, "method");

		for (size_t i = 0; method != NULL && i < sizeof kinds / sizeof *kinds; i++)
			if (strcmp(method, kinds[i].method) == 0 &&
			    (call->can_ask & kinds[i].bit) == 0)
				missing = &kinds[i];
	}
	if (missing == NULL)
		return OK;
	r->code = RPC_NO_CAPABLE;
	r->data =
	    text_printf(call->arena, "{\"requiredCapabilities\":{\"%s\":{}}}", missing->capability);
	return err_set(&call->err, E_DENIED,
	               "this needs the client capability '%s', which was not declared",
	               missing->capability);
}

/* 2026-07-28: the questions are the result; the client calls again with the answers. */
static enum status result_asks(struct request *r, const cJSON *asks, struct text *members)
{
	char *printed = json_print(asks);
	struct text t;

	text_add(members, "\"inputRequests\":");
	text_add(members, printed == NULL ? "" : printed);
	members->failed = members->failed || printed == NULL;
	mem_free(printed);
	if (r->flight.call.state != NULL) {
		text_init(&t, TEXT_LIMIT);
		bound(r, &t);
		text_add(members, ",\"requestState\":\"");
		seal_write(&r->mcp->seal, r->flight.call.state, text_string(&t), STATE_MS, members);
		text_add_char(members, '"');
		members->failed = members->failed || t.failed;
		text_done(&t);
	}
	r->type = "input_required";
	return OK;
}

/* Note one question down and write its request. */
static void note(struct request *r, const cJSON *ask, struct text *lines)
{
	size_t n = strlen(ask->string) + 1;
	struct pending *p = mem_zero(1, sizeof *p + n);
	const cJSON *params = json_get(ask, "params");
	const char *method = json_text(ask, "method");
	char *printed = params == NULL ? NULL : json_print(params);

	if (p == NULL || method == NULL || (params != NULL && printed == NULL)) {
		lines->failed = true;
		mem_free(p);
		mem_free(printed);
		return;
	}
	memcpy(p + 1, ask->string, n);
	p->key = (const char *)(p + 1);
	p->request = r;
	p->number = ++r->mcp->ask_number;
	p->next = r->mcp->asked;
	r->mcp->asked = p;
	r->asks_left++;
	text_addf(lines, "{\"jsonrpc\":\"2.0\",\"id\":" ID_PREFIX "%lu\",\"method\":\"%s\"",
	          p->number, method);
	if (printed != NULL)
		text_addf(lines, ",\"params\":%s", printed);
	text_add(lines, "}\n");
	mem_free(printed);
}

/* Until 2025-11-25: the questions are requests to the client, and the call waits. */
static enum status send_asks(struct request *r, const cJSON *asks)
{
	struct json_build b = { 0 };
	struct mcp *m = r->mcp;
	const cJSON *one;
	struct text lines;
	bool failed;

	text_init(&lines, TEXT_LIMIT);
	cJSON_Delete(r->answers);
	r->flight.call.answers = NULL;
	pthread_mutex_lock(&m->lock);
	if ((r->answers = json_object(&b)) != NULL)
		cJSON_ArrayForEach(one, asks) {
			note(r, one, &lines);
		}
	pthread_mutex_unlock(&m->lock);
	failed = lines.failed || r->answers == NULL || lines.len == 0;
	if (failed && r->answers != NULL)
		ask_forget(r);
	else
		sink_put(r->sink, text_string(&lines), lines.len, SINK_MORE);
	text_done(&lines);
	if (failed)
		return err_nomem(&r->flight.call.err, "a question to the client");
	r->flight.deaf = !r->flight.call.asks_aside;
	return E_WAIT;
}

enum status ask_client(struct request *r, struct text *members)
{
	cJSON *asks = r->flight.call.asks;
	enum status st;

	r->flight.call.asks = NULL;
	if ((st = check_able(r, asks)) == OK)
		st = (r->rev->has & HAS_STATELESS) != 0 ? result_asks(r, asks, members)
		                                        : send_asks(r, asks);
	else if (r->tool != NULL && (r->rev->has & HAS_STATELESS) == 0)
		st = tools_failure(members, r->flight.call.err.text);
	cJSON_Delete(asks);
	return st;
}

/* Take the entry that an id names out of the list; the caller holds the lock. */
static struct pending *take(const struct peer *peer, struct json_span id)
{
	size_t prefix = strlen(ID_PREFIX);
	unsigned long number = 0;

	if (id.len <= prefix + 1 || memcmp(id.at, ID_PREFIX, prefix) != 0)
		return NULL;
	for (size_t i = prefix; i + 1 < id.len; i++) {
		if (id.at[i] < '0' || id.at[i] > '9')
			return NULL;
		number = number * 10 + (unsigned long)(id.at[i] - '0');
	}
	for (struct pending **p = &peer->mcp->asked, *one; (one = *p) != NULL; p = &one->next)
		if (one->number == number && one->request->peer == peer) {
			*p = one->next;
			return one;
		}
	return NULL;
}

/* What the client said; an error of its own counts as a person who turned away. */
static cJSON *said(struct json_build *b, struct rpc *answer)
{
	cJSON *result = cJSON_DetachItemFromObjectCaseSensitive(answer->json, "result");

	if (cJSON_IsObject(result))
		return result;
	cJSON_Delete(result);
	result = json_object(b);
	json_put_text(b, result, "action", "cancel");
	return result;
}

void ask_answered(const struct peer *peer, struct rpc *answer)
{
	struct mcp *m = peer->mcp;
	struct json_build b = { 0 };
	struct request *r = NULL;
	struct pending *p;

	/* The lock is held over flight_resume, so that a worker that drops the call waits in
	 * ask_forget. */
	pthread_mutex_lock(&m->lock);
	if ((p = take(peer, answer->id)) != NULL) {
		json_put(&b, p->request->answers, p->key, said(&b, answer));
		if (--p->request->asks_left == 0 &&
		    flight_resume(m->parts.flight, &p->request->flight))
			r = p->request;
	}
	pthread_mutex_unlock(&m->lock);
	mem_free(p);
	if (r != NULL)
		request_again(m, &r->flight);
}

void ask_collect(struct request *r)
{
	if (r->answers == NULL)
		return; /* it never asked, or the answers came with the request */
	pthread_mutex_lock(&r->mcp->lock);
	r->flight.call.answers = r->asks_left == 0 ? r->answers : NULL;
	pthread_mutex_unlock(&r->mcp->lock);
}

void ask_withdraw(struct request *r)
{
	struct mcp *m = r->mcp;
	struct text t;

	if (r->answers == NULL || atomic_load(&r->flight.claim) != FLIGHT_FREE)
		return; /* it never asked, or the client gave up on it */
	text_init(&t, TEXT_LIMIT);
	pthread_mutex_lock(&m->lock);
	for (const struct pending *p = m->asked; p != NULL; p = p->next)
		if (p->request == r)
			text_addf(&t,
			          "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
			          "\"params\":{\"requestId\":" ID_PREFIX
			          "%lu\",\"reason\":\"the call that asked has ended\"}}\n",
			          p->number);
	pthread_mutex_unlock(&m->lock);
	if (!t.failed && t.len > 0)
		sink_put(r->sink, text_string(&t), t.len, SINK_MORE);
	text_done(&t);
}

void ask_forget(struct request *r)
{
	struct mcp *m = r->mcp;

	if (r->answers == NULL)
		return; /* it never asked */
	pthread_mutex_lock(&m->lock);
	for (struct pending **p = &m->asked, *one; r->asks_left > 0 && (one = *p) != NULL;) {
		if (one->request != r) {
			p = &one->next;
			continue;
		}
		*p = one->next;
		r->asks_left--;
		mem_free(one);
	}
	pthread_mutex_unlock(&m->lock);
}
