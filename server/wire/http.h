/*
 * http.h - the same server over HTTP, beside stdio: Streamable HTTP on /mcp for every revision,
 * /health, and /metrics. Off unless it is asked for.
 *
 * libmicrohttpd does the protocol of HTTP, polled by the reader's thread: what is written here runs
 * there. It listens on a loopback address, or anywhere when clients must show a token. A revision
 * with sessions has them here too; 2026-07-28 has none. Bounded: connections, sessions, bytes of
 * bodies being read, bytes kept for slow clients, and the time a request may take to arrive.
 */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include <stdint.h>

#include "wire/mcp.h"

struct http_options {
	const char *address; /* HOST:PORT */
	const char *token;   /* clients must show it; NULL: none, on loopback addresses only */
	const char *names; /* good in Host and Origin beside loopback's; commas between; or NULL */
};

struct http;

/* On OK it listens. What is pointed to outlives it. E_INPUT, E_DENIED: the options; E_ABSENT. */
enum status http_new(struct http **out, const struct http_options *options, struct mcp *mcp,
                     struct err *err);
/* Close every connection. No thread writes to a client any more, or the process ends. */
void http_free(struct http *h);

/* Where it listens: `http://127.0.0.1:8080`. */
void http_where(const struct http *h, struct text *t);

/* Two descriptors to poll, and when to take a turn at the latest (INT64_MAX: never). */
int http_fd(const struct http *h);
int http_closed_fd(const struct http *h);
int64_t http_due(const struct http *h);

/* Do what is to do now. */
void http_turn(struct http *h, int64_t now_ms);

/* For pool_close: a job of ours that will not run; another is passed over. */
void http_page_dropped(pool_job *job, void *arg);

/* Nothing more is served; what is said already leaves. False: some of it has not left yet. */
bool http_stop(struct http *h);

#endif
