/* http_mcp.c - Streamable HTTP: what of a request belongs to which revision, and to whom. */
#include "wire/http_parts.h"

#include <stdio.h>
#include <string.h>

#define NO_SESSION (-31001) /* the session id is not known, or not any more */

static bool is(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* Revisions before 2025-11-25 do not know events without data. */
static bool primes(const struct peer *peer)
{
	return is(peer_revision(peer), "2025-11-25");
}

/* Take the stream's answer to what a peer said. The peer is held by the caller. */
static enum MHD_Result serve(struct http_exchange *x, struct rpc *r, struct peer *peer, bool kept)
{
	struct http_stream *s;

	if (!http_open(x, kept))
		return MHD_NO;
	s = x->link.stream;
	s->primes = kept && primes(peer);
	x->peer = peer_hold(peer);
	if (!mcp_message(peer, &s->sink, r)) {
		http_stream_leave(s);
		return http_say(x, &(struct http_words){ .status = 202 });
	}
	http_stream_leave(s);
	return http_show(x);
}

/* --- 2026-07-28 ------------------------------------------------------------------------------ */

/* The member of params that Mcp-Name repeats, and whether the header must be there. */
static const struct named {
	const char *method, *member;
	bool must;
} named[] = {
	{ "tools/call", "name", true },      { "prompts/get", "name", true },
	{ "resources/read", "uri", true },   { "tasks/get", "taskId", false },
	{ "tasks/update", "taskId", false }, { "tasks/cancel", "taskId", false },
};

/* Words when a header does not say what the body says; NULL when all is well. */
static const char *mistake(const struct http_exchange *x, const struct rpc *r, const char *version)
{
	const char *said, *body = NULL;
	bool twice;

	said = http_header(x, "MCP-Protocol-Version", &twice);
	if (twice || !is(said, version))
		return "header mismatch: MCP-Protocol-Version must be the protocolVersion in _meta";
	said = http_header(x, "Mcp-Method", &twice);
	if (twice || !is(said, r->method))
		return "header mismatch: Mcp-Method must be the method of the request";
	said = http_header(x, "Mcp-Name", &twice);
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (strcmp(named[i].method, r->method) != 0)
			continue;
		body = json_text(r->params, named[i].member);
		if (twice || (said == NULL && body != NULL && named[i].must) ||
		    (said != NULL && (body == NULL || !http_name_matches(said, body))))
			return "header mismatch: Mcp-Name must be the name, uri or taskId in "
			       "params";
	}
	return NULL;
}

/* A request that stands for itself. It has a peer of its own, so its id is nobody else's. */
static enum MHD_Result stateless(struct http_exchange *x, struct rpc *r, const char *version)
{
	const char *words =
	    version == NULL || r->kind != RPC_REQUEST ? NULL : mistake(x, r, version);
	struct peer *peer = peer_new(x->http->mcp, NULL);
	enum MHD_Result rc;
	struct text t;

	if (peer == NULL)
		return MHD_NO;
	x->stateless = true;
	if (r->kind == RPC_ANSWER) {
		rc = http_refuse(x, 400, RPC_REQUEST_BAD,
		                 "answers belong into inputResponses of the next request");
	} else if (words == NULL) {
		rc = serve(x, r, peer, false);
	} else {
		text_init(&t, TEXT_LIMIT);
		rpc_error(&t, r->id, RPC_HEADERS, words, NULL);
		rc = t.failed ? MHD_NO
		              : http_say(x, &(struct http_words){ .status = 400,
		                                                  .type = HTTP_JSON,
		                                                  .bytes = text_string(&t),
		                                                  .len = t.len });
		text_done(&t);
	}
	peer_drop(peer);
	return rc;
}

/* --- the revisions with sessions -------------------------------------------------------------- */

static enum MHD_Result initialize(struct http_exchange *x, struct rpc *r)
{
	struct http_session *s = http_session_new(x->http);
	enum MHD_Result rc;

	if (s == NULL)
		return http_refuse(x, 503, RPC_BUSY, "busy: there is no room for another session");
	if (!http_open(x, false)) {
		http_session_free(s);
		return MHD_NO;
	}
	x->peer = peer_hold(s->peer);
	(void)mcp_message(s->peer, &x->link.stream->sink, r);
	http_stream_leave(x->link.stream);
	if (peer_revision(s->peer) == NULL) {
		rc = http_show(x);
		peer_gone(s->peer);
		http_session_free(s);
		return rc;
	}
	s->channel->primes = primes(s->peer);
	http_session_add(x->http, s);
	x->session = s;
	x->begins = true;
	s->open++;
	return http_show(x);
}

/* The session of the header. NULL: *rc is what was answered instead. */
static struct http_session *find_session(struct http_exchange *x, enum MHD_Result *rc)
{
	bool twice, two_versions;
	const char *id = http_header(x, "Mcp-Session-Id", &twice);
	const char *version = http_header(x, "MCP-Protocol-Version", &two_versions);
	struct http_session *s = NULL;

	if (two_versions || (version != NULL && !mcp_has_sessions(version))) {
		*rc = http_refuse(x, 400, RPC_REQUEST_BAD,
		                  "MCP-Protocol-Version names no revision that is served here with "
		                  "sessions");
	} else if (id == NULL || twice) {
		*rc = http_refuse(x, strcmp(x->method, "POST") == 0 ? 400 : 405, RPC_REQUEST_BAD,
		                  "this needs the header Mcp-Session-Id, which 'initialize' gives");
	} else if ((s = http_session_find(x->http, id)) == NULL) {
		*rc = http_refuse(x, 404, NO_SESSION,
		                  "the session is not known here any more: initialize again");
	} else {
		x->session = s;
		s->open++;
	}
	return s;
}

static enum MHD_Result in_session(struct http_exchange *x, struct rpc *r)
{
	enum MHD_Result rc = MHD_YES;
	struct http_session *s = find_session(x, &rc);

	return s == NULL ? rc : serve(x, r, s->peer, true);
}

static enum MHD_Result post(struct http_exchange *x)
{
	const char *version, *said = http_header(x, "MCP-Protocol-Version", NULL);
	enum MHD_Result rc;
	struct rpc r;
	bool begins;

	rpc_read(&r, text_string(&x->body), x->body.len);
	version = json_text(json_get(r.params, "_meta"), MCP_META_VERSION);
	begins = r.kind == RPC_REQUEST && strcmp(r.method, "initialize") == 0;
	if (version != NULL || (said != NULL && mcp_is_stateless(said)))
		rc = stateless(x, &r, version);
	else if (begins && said != NULL && !mcp_has_sessions(said))
		rc = http_refuse(x, 400, RPC_REQUEST_BAD,
		                 "MCP-Protocol-Version names no revision that is served here");
	else if (begins)
		rc = initialize(x, &r);
	else if (r.kind == RPC_REQUEST && http_header(x, "Mcp-Session-Id", NULL) == NULL)
		rc = stateless(x, &r, NULL); /* whose words say what is missing */
	else if (r.kind == RPC_WRONG)
		rc = stateless(x, &r, NULL);
	else
		rc = in_session(x, &r);
	rpc_done(&r);
	return rc;
}

/* What the session is told unasked, or the rest of a stream that was cut off. */
static enum MHD_Result get(struct http_exchange *x)
{
	const char *last = http_header(x, "Last-Event-ID", NULL);
	enum MHD_Result rc = MHD_YES;
	struct http_session *s = find_session(x, &rc);
	struct http_stream *stream;

	if (s == NULL)
		return rc;
	if (last == NULL)
		stream = http_stream_hold(s->channel);
	else if ((stream = http_session_back(x->http, s, last)) == NULL)
		return http_refuse(x, 400, RPC_REQUEST_BAD,
		                   "Last-Event-ID is none that can be gone on from");
	x->peer = peer_hold(s->peer);
	http_link_take(&x->link, stream);
	http_stream_drop(stream);
	http_stream_open(x->link.stream);
	return http_show(x);
}

static enum MHD_Result end(struct http_exchange *x)
{
	enum MHD_Result rc = MHD_YES;
	struct http_session *s = find_session(x, &rc);

	if (s == NULL)
		return rc;
	http_session_end(x->http, s);
	return http_say(x, &(struct http_words){ .status = 204 });
}

enum MHD_Result http_mcp(struct http_exchange *x)
{
	if (strcmp(x->method, "POST") == 0)
		return post(x);
	return strcmp(x->method, "GET") == 0 ? get(x) : end(x);
}
