/*
 * rpc.h - one line to one JSON-RPC message, and answers to text.
 *
 * What is read here is checked first (base/json.h): valid JSON and UTF-8, no NUL, no
 * duplicate keys, no great depth. The id is kept as the bytes that came, since a
 * parsed number is rounded above 2^53, and goes back as such. Any thread.
 */
#ifndef WIRE_RPC_H
#define WIRE_RPC_H

#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

#define RPC_ID_MAX 1024 /* bytes of an id, quotes included */

/* Codes of JSON-RPC 2.0 and MCP; ours lie outside the ranges those keep for themselves. */
#define RPC_PARSE       (-32700)
#define RPC_REQUEST_BAD (-32600)
#define RPC_NO_METHOD   (-32601)
#define RPC_PARAMS      (-32602)
#define RPC_INTERNAL    (-32603)
#define RPC_NO_RESOURCE (-32002) /* revisions up to 2025-11-25 only */
#define RPC_HEADERS     (-32020) /* from 2026-07-28 on; HTTP only */
#define RPC_NO_CAPABLE  (-32021)
#define RPC_NO_VERSION  (-32022)
#define RPC_BUSY        (-31000) /* too many calls in flight */

enum rpc_kind {
	RPC_REQUEST,
	RPC_NOTIFICATION, /* nothing is ever answered to it */
	RPC_ANSWER,       /* to a request of ours */
	RPC_BATCH,        /* an array; its elements are read with rpc_item */
	RPC_WRONG,        /* code and err say why */
};

struct rpc {
	enum rpc_kind kind;
	struct json_span text; /* the whole message; points into the line */
	struct json_span id;   /* points into the line; length 0: none, or none that can be used */
	const char *method;    /* points into json */
	const cJSON *params;   /* an object in json, or NULL */
	cJSON *json;           /* owned; NULL for a batch */
	int code;
	struct err err;
};

/* Read one message. r refers to the line, which must outlive it; rpc_done frees the rest. */
void rpc_read(struct rpc *r, const char *line, size_t len);

/* The next element of a batch; false after the last. *at is 0 before the first. */
bool rpc_item(const struct rpc *batch, size_t *at, struct rpc *item);

void rpc_done(struct rpc *r);

/* The bytes of params._meta.KEY, length 0 if it is not there. */
struct json_span rpc_meta_raw(const struct rpc *r, const char *key);

/* The code for a request that failed with st. One table. */
int rpc_code(enum status st);

/* s as a JSON string with its quotes. */
void rpc_quote(struct text *t, const char *s, size_t n);

/* `{"jsonrpc":"2.0","id":ID,"error":{...}}` without a newline; an id of length 0 is null; data is
 * JSON or NULL. */
void rpc_error(struct text *t, struct json_span id, int code, const char *words, const char *data);

#endif
