/* http_exchange.c - one HTTP request, from its headers to the last byte of its answer. */
#include "wire/http_parts.h"

#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

struct lookup {
	const char *name, *value;
	bool twice;
};

static enum MHD_Result one_header(void *arg, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
	struct lookup *l = arg;

	(void)kind;
	if (strcasecmp(key, l->name) != 0)
		return MHD_YES;
	l->twice = l->value != NULL;
	if (l->value == NULL)
		l->value = value == NULL ? "" : value;
	return l->twice ? MHD_NO : MHD_YES;
}

const char *http_header(const struct http_exchange *x, const char *name, bool *twice)
{
	struct lookup l = { .name = name };

	(void)x->http->mhd.get_connection_values(x->link.connection, MHD_HEADER_KIND, one_header,
	                                         &l);
	if (twice != NULL)
		*twice = l.twice;
	return l.value;
}

/* --- answers --------------------------------------------------------------------------------- */

static enum MHD_Result queue(struct http_exchange *x, unsigned status, struct MHD_Response *r)
{
	const struct mhd *mhd = &x->http->mhd;
	enum MHD_Result rc = MHD_NO;

	if (r == NULL)
		return MHD_NO;
	if (!x->begins || x->session == NULL ||
	    mhd->add_response_header(r, "Mcp-Session-Id", x->session->id) == MHD_YES)
		rc = mhd->queue_response(x->link.connection, status, r);
	mhd->destroy_response(r);
	return rc;
}

enum MHD_Result http_say(struct http_exchange *x, const struct http_words *w)
{
	const struct mhd *mhd = &x->http->mhd;
	char nothing[] = "";
	struct MHD_Response *r = mhd->create_response_from_buffer(
	    w->len, w->bytes == NULL ? nothing : (void *)(uintptr_t)w->bytes,
	    w->stays ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);

	if (r != NULL &&
	    ((w->type != NULL && mhd->add_response_header(r, "Content-Type", w->type) != MHD_YES) ||
	     (w->header != NULL && mhd->add_response_header(r, w->header, w->value) != MHD_YES))) {
		mhd->destroy_response(r);
		r = NULL;
	}
	return queue(x, w->status, r);
}

enum MHD_Result http_refuse(struct http_exchange *x, unsigned status, int code, const char *words)
{
	struct http_words w = { .status = status, .type = HTTP_JSON };
	enum MHD_Result rc = MHD_NO;
	struct text t;

	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":%d,\"message\":", code);
	rpc_quote(&t, words, strlen(words));
	text_add(&t, "}}");
	w.bytes = text_string(&t);
	w.len = t.len;
	if (status == 401) {
		w.header = "WWW-Authenticate";
		w.value = "Bearer realm=\"gadugi\"";
	} else if (status == 405) {
		w.header = "Allow";
		w.value = x->page == HTTP_MCP ? "GET, POST, DELETE" : "GET, HEAD";
	} else if (status == 503) {
		w.header = "Retry-After";
		w.value = "1";
	}
	if (!t.failed)
		rc = http_say(x, &w);
	text_done(&t);
	return rc;
}

static unsigned status_of(const struct http_exchange *x, enum sink_part part)
{
	switch (part) {
	case SINK_REFUSED:
		return x->page == HTTP_MCP ? 400 : 503;
	case SINK_NO_METHOD:
		return x->stateless ? 404 : 200;
	case SINK_MORE:
	case SINK_RESULT:
	case SINK_FAILED:
		break;
	}
	return 200;
}

static enum MHD_Result show_whole(struct http_exchange *x)
{
	struct http_stream *s = x->link.stream;
	struct http_words w = { .type = x->page == HTTP_METRICS
		                            ? "text/plain; version=0.0.4; charset=utf-8"
		                            : HTTP_JSON };

	pthread_mutex_lock(&s->lock); /* it has ended: nobody else waits for this */
	w.status = status_of(x, s->part);
	w.bytes = text_string(&s->bytes);
	w.len = s->bytes.len;
	w.stays = true;
	pthread_mutex_unlock(&s->lock);
	if (s->bytes.failed)
		return MHD_NO;
	return http_say(x, &w);
}

static enum MHD_Result show_events(struct http_exchange *x)
{
	const struct mhd *mhd = &x->http->mhd;
	struct MHD_Response *r = mhd->create_response_from_callback(
	    MHD_SIZE_UNKNOWN, (size_t)16 << 10, http_link_read, &x->link, NULL);

	if (r != NULL &&
	    (mhd->add_response_header(r, "Content-Type", "text/event-stream") != MHD_YES ||
	     mhd->add_response_header(r, "Cache-Control", "no-cache, no-transform") != MHD_YES ||
	     mhd->add_response_header(r, "X-Accel-Buffering", "no") != MHD_YES)) {
		mhd->destroy_response(r);
		r = NULL;
	}
	return queue(x, 200, r);
}

/* The library does not look at a connection that waits for us: so we do. */
static void watch(struct http_exchange *x)
{
	struct epoll_event e = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = x };

	if (!x->watched && x->client != NULL)
		x->watched = epoll_ctl(x->http->closed, EPOLL_CTL_ADD, x->client->fd, &e) == 0;
}

enum MHD_Result http_show(struct http_exchange *x)
{
	watch(x);
	switch (http_link_ready(&x->link)) {
	case HTTP_WHOLE:
		return show_whole(x);
	case HTTP_EVENTS:
		return show_events(x);
	case HTTP_UNDECIDED:
		break;
	}
	return x->link.gone ? MHD_NO : MHD_YES;
}

bool http_open(struct http_exchange *x, bool kept)
{
	struct http_stream *s = http_stream_new(++x->http->streams, kept);

	if (s == NULL)
		return false;
	http_link_take(&x->link, s);
	http_stream_drop(s); /* the link's; we go on as a writer until http_stream_leave */
	return true;
}

/* --- judging the headers --------------------------------------------------------------------- */

static const struct page {
	const char *path;
	enum http_page page;
	const char *methods[4];
} pages[] = {
	{ "/mcp", HTTP_MCP, { "POST", "GET", "DELETE" } },
	{ "/health", HTTP_HEALTH, { "GET", "HEAD" } },
	{ "/metrics", HTTP_METRICS, { "GET", "HEAD" } },
};

static bool find_page(struct http_exchange *x, const char *url, const char *method)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (strcmp(pages[i].path, url) != 0)
			continue;
		x->page = pages[i].page;
		for (size_t m = 0; pages[i].methods[m] != NULL; m++)
			if (strcmp(pages[i].methods[m], method) == 0)
				x->method = pages[i].methods[m];
		return true;
	}
	return false;
}

/* May this request come from there at all? MHD_NO in *rc: it was refused. */
static bool let_in(struct http_exchange *x, enum MHD_Result *rc)
{
	const struct http *h = x->http;
	bool two_hosts, two_origins, two_tokens;
	const char *host = http_header(x, "Host", &two_hosts);
	const char *origin = http_header(x, "Origin", &two_origins);
	const char *shown = http_header(x, "Authorization", &two_tokens);

	if (two_hosts || two_origins || !http_host_good(host, h->address.local, h->options.names) ||
	    !http_origin_good(origin, host, h->address.local, h->options.names)) {
		*rc = http_refuse(x, 403, RPC_REQUEST_BAD,
		                  "requests with this Host or Origin are not served here; "
		                  "GADUGI_HTTP_HOSTS can name more that are");
		return false;
	}
	if (h->options.token != NULL && (two_tokens || !http_token_good(shown, h->options.token))) {
		*rc = http_refuse(x, 401, RPC_REQUEST_BAD,
		                  "this server wants the header 'Authorization: Bearer TOKEN'");
		return false;
	}
	return true;
}

/* The length that the client says its body has; -1: it says none. */
static bool is_too_long(const struct http_exchange *x)
{
	const char *said = http_header(x, "Content-Length", NULL);
	unsigned long long n = 0;

	for (; said != NULL && *said >= '0' && *said <= '9' && n <= HTTP_BODY_MAX; said++)
		n = n * 10 + (unsigned long long)(*said - '0');
	return n > HTTP_BODY_MAX;
}

static bool check_post(struct http_exchange *x, enum MHD_Result *rc)
{
	const char *accept = http_header(x, "Accept", NULL);

	if (!http_accepts(accept, HTTP_JSON) || !http_accepts(accept, "text/event-stream"))
		*rc = http_refuse(x, 406, RPC_REQUEST_BAD,
		                  "Accept must name application/json and text/event-stream");
	else if (!http_is_json(http_header(x, "Content-Type", NULL)))
		*rc = http_refuse(x, 415, RPC_REQUEST_BAD, "Content-Type must be application/json");
	else if (is_too_long(x))
		*rc = http_refuse(x, 413, RPC_REQUEST_BAD, "the body is longer than 16 MiB");
	else
		return true;
	return false;
}

/* The headers have come. */
static enum MHD_Result begin(struct http_exchange *x, const char *url, const char *method)
{
	enum MHD_Result rc = MHD_YES;

	if (!let_in(x, &rc))
		return rc;
	if (x->http->stopping)
		return http_refuse(x, 503, RPC_BUSY, "this server is about to end");
	if (!find_page(x, url, method))
		return http_refuse(x, 404, RPC_REQUEST_BAD,
		                   "there is /mcp, /health and /metrics here, and nothing else");
	if (x->method == NULL)
		return http_refuse(x, 405, RPC_REQUEST_BAD, "not with this method");
	if (x->page == HTTP_MCP && strcmp(x->method, "GET") == 0 &&
	    !http_accepts(http_header(x, "Accept", NULL), "text/event-stream"))
		return http_refuse(x, 406, RPC_REQUEST_BAD, "Accept must name text/event-stream");
	if (strcmp(x->method, "POST") == 0 && !check_post(x, &rc))
		return rc;
	return MHD_YES;
}

/* --- from the library ------------------------------------------------------------------------ */

static struct http_exchange *exchange_new(struct http *h, struct MHD_Connection *c)
{
	struct http_exchange *x = mem_zero(1, sizeof *x);
	const union MHD_ConnectionInfo *info;

	if (x == NULL)
		return NULL;
	x->http = h;
	x->link.mhd = &h->mhd;
	x->link.connection = c;
	x->link.kick = h->mcp->parts.kick;
	text_init(&x->body, HTTP_BODY_MAX);
	info = h->mhd.get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	x->client = info == NULL ? NULL : info->socket_context;
	x->at = &h->exchanges;
	x->next = h->exchanges;
	if (x->next != NULL)
		x->next->at = &x->next;
	h->exchanges = x;
	return x;
}

/* More of the body. What is too long is read on for a while, so that the refusal can be heard. */
static enum MHD_Result more(struct http_exchange *x, const char *data, size_t *size)
{
	size_t n = *size;

	*size = 0;
	if (x->too_long) {
		x->counted += n;
		x->http->bodies += n;
		return x->counted > 2 * HTTP_BODY_MAX ? MHD_NO : MHD_YES;
	}
	if (x->http->bodies + n > HTTP_BODIES_MAX) {
		log_line(LOG_WARN, "too many bytes are being sent at once; a client was cut off");
		return MHD_NO;
	}
	x->counted += n;
	x->http->bodies += n;
	text_add_n(&x->body, data, n);
	x->too_long = x->body.failed;
	return MHD_YES;
}

/* The body has arrived. */
static enum MHD_Result arrived(struct http_exchange *x)
{
	x->arrived = true;
	x->arrived_ms = x->beat_ms = clock_mono_ms();
	if (x->client != NULL)
		x->client->until_ms = INT64_MAX;
	if (x->too_long)
		return http_refuse(x, 413, RPC_REQUEST_BAD, "the body is longer than 16 MiB");
	return x->page == HTTP_MCP ? http_mcp(x) : http_page(x);
}

enum MHD_Result http_handle(void *http, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version, const char *data, size_t *size,
                            void **exchange)
{
	struct http_exchange *x = *exchange;

	(void)version;
	if (x == NULL) {
		if ((x = exchange_new(http, c)) == NULL)
			return MHD_NO;
		*exchange = x;
		return begin(x, url, method);
	}
	if (*size > 0)
		return more(x, data, size);
	return x->arrived ? http_show(x) : arrived(x);
}

void http_handled(void *http, struct MHD_Connection *c, void **exchange,
                  enum MHD_RequestTerminationCode how)
{
	struct http_exchange *x = *exchange;
	struct http_stream *s;
	struct http *h = http;
	bool all;

	(void)c;
	(void)how;
	if (x == NULL)
		return;
	if (x->watched)
		(void)epoll_ctl(h->closed, EPOLL_CTL_DEL, x->client->fd, NULL);
	if (x->client != NULL)
		x->client->until_ms = clock_mono_ms() + HTTP_ARRIVE_MS;
	s = x->link.stream == NULL ? NULL : http_stream_hold(x->link.stream);
	all = http_link_done(&x->link);
	if (!all && x->session != NULL && s != NULL && s->kept)
		http_session_keep(x->session, s);
	if (!all && x->stateless && x->peer != NULL)
		peer_gone(x->peer); /* leaving is cancelling */
	http_stream_drop(s);
	if (x->session != NULL)
		x->session->open--;
	peer_drop(x->peer);
	h->bodies -= x->counted;
	text_done(&x->body);
	*x->at = x->next;
	if (x->next != NULL)
		x->next->at = x->at;
	mem_free(x);
	*exchange = NULL;
}
