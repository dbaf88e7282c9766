/*
 * http_parts.h - inside wire only: what the files of http share. The reader's thread alone.
 */
#ifndef WIRE_HTTP_PARTS_H
#define WIRE_HTTP_PARTS_H

#include "wire/http.h"
#include "wire/http_rules.h"
#include "wire/http_stream.h"
#include "wire/request.h"

#define HTTP_BODY_MAX     ((size_t)16 << 20) /* of one request; as a line on stdio */
#define HTTP_BODIES_MAX   ((size_t)64 << 20) /* of all that are being read */
#define HTTP_PATIENCE_MS  1000               /* without an answer a call becomes a stream */
#define HTTP_BEAT_MS      15000              /* between signs of life on a stream that is silent */
#define HTTP_ARRIVE_MS    30000              /* a request must have arrived in that time */
#define HTTP_HEALTH_MS    2000 /* a server that does not say how it is by then is not well */
#define HTTP_SESSION_SIZE 33   /* 128 bits in hexadecimal and a NUL */
#define HTTP_AWAY_STREAMS 16   /* of a session, kept for clients that come back */

#define HTTP_JSON "application/json"

enum http_page { HTTP_MCP, HTTP_HEALTH, HTTP_METRICS };

/* A client of a revision with sessions. */
struct http_session {
	struct http_session *next;
	char id[HTTP_SESSION_SIZE];
	struct peer *peer;           /* held */
	struct http_stream *channel; /* held: what it is told unasked, shown by GET */
	struct http_stream *away[HTTP_AWAY_STREAMS]; /* held; cut off, oldest first */
	size_t n_away;
	size_t open; /* exchanges that go on */
	int64_t used_ms;
};

/* A connection, from accept to close. */
struct http_client {
	struct http_client *next, **at;
	int fd;
	int64_t until_ms; /* closed then, unless a request has arrived */
};

/* One HTTP request and what is answered. */
struct http_exchange {
	struct http_link link; /* its stream is NULL until there is one */
	struct http *http;
	struct http_exchange *next, **at;
	struct http_client *client;
	enum http_page page;
	const char *method; /* of HTTP */
	struct text body;
	size_t counted; /* bytes of it in http->bodies */
	bool too_long;
	bool arrived;                 /* the body is whole and was judged */
	bool stateless;               /* of 2026-07-28: other statuses, and leaving is cancelling */
	bool watched;                 /* its descriptor is in http->closed */
	struct peer *peer;            /* held; or NULL */
	struct http_session *session; /* NULL: none, or it has ended */
	bool begins;                  /* the answer names the session */
	int64_t arrived_ms, beat_ms;
};

struct http {
	struct mhd mhd;
	struct MHD_Daemon *daemon;
	struct mcp *mcp;
	struct http_options options;
	struct http_address address;
	int closed; /* an epoll of connections whose client may leave while they wait */
	bool stopping;
	struct http_exchange *exchanges;
	struct http_client *clients;
	struct http_session *sessions;
	size_t n_sessions;
	size_t bodies;    /* bytes of all bodies being read */
	uint64_t streams; /* how many there have been */
	int64_t due_ms;
};

/* http_exchange.c: requests as the library brings them */

enum MHD_Result http_handle(void *http, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version, const char *data, size_t *size,
                            void **exchange);
void http_handled(void *http, struct MHD_Connection *c, void **exchange,
                  enum MHD_RequestTerminationCode how);

/* The one header of that name, NULL if there is none. *twice: there are more. */
const char *http_header(const struct http_exchange *x, const char *name, bool *twice);

/* An answer without a stream: bytes may be NULL; name and value of one more header, or NULL. */
struct http_words {
	unsigned status;
	const char *type, *bytes;
	size_t len;
	bool stays; /* the bytes live as long as the exchange */
	const char *header, *value;
};
enum MHD_Result http_say(struct http_exchange *x, const struct http_words *w);
/* A refusal: a JSON-RPC error without an id. */
enum MHD_Result http_refuse(struct http_exchange *x, unsigned status, int code, const char *words);
/* Answer with the exchange's stream, now or when there is something in it. */
enum MHD_Result http_show(struct http_exchange *x);
/* A new stream for the exchange; false without memory. */
bool http_open(struct http_exchange *x, bool kept);

/* http_mcp.c: /mcp, after the body has arrived */
enum MHD_Result http_mcp(struct http_exchange *x);

/* http_pages.c: /health and /metrics */
enum MHD_Result http_page(struct http_exchange *x);
/* Nobody has answered in time. */
void http_page_late(struct http_exchange *x);

/* http_session.c */

/* A session whose peer is fresh; in the table only when it is added. NULL: no memory or room. */
struct http_session *http_session_new(struct http *h);
void http_session_add(struct http *h, struct http_session *s);
void http_session_free(struct http_session *s);
struct http_session *http_session_find(const struct http *h, const char *id);
/* It is over: its calls are cancelled, its streams end, its id is unknown from now on. */
void http_session_end(struct http *h, struct http_session *s);
/* The stream of an event id that the client saw last, ready to go on; held. NULL: unknown. */
struct http_stream *http_session_back(struct http *h, struct http_session *s, const char *last);
/* A stream was cut off: its client may come back. */
void http_session_keep(struct http_session *s, struct http_stream *stream);

#endif
