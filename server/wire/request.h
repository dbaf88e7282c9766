/*
 * request.h - inside wire only: what mcp.c, tools.c and listen.c share. A request is
 * judged by the reader (struct ask), and becomes a call in flight (struct request) if a
 * worker has to answer it.
 */
#ifndef WIRE_REQUEST_H
#define WIRE_REQUEST_H

#include <pthread.h>

#include "wire/batch.h"
#include "wire/mcp.h"
#include "wire/rpc.h"
#include "wire/seal.h"
#include "work/metrics.h"

enum revision_number {
	MCP_2024_11_05,
	MCP_2025_03_26,
	MCP_2025_06_18,
	MCP_2025_11_25,
	MCP_2026_07_28,
	MCP_REVISIONS,
};

/* What a revision has; results carry nothing that theirs does not define. */
#define HAS_BATCH     0x01u /* arrays of messages */
#define HAS_HINTS     0x02u /* tool annotations; progress in words; completions capability */
#define HAS_STRUCTURE 0x04u /* title, outputSchema, structuredContent */
#define HAS_STATELESS 0x08u /* _meta in each request; resultType, serverInfo in each result */
#define HAS_ELICIT    0x10u /* a person may be asked */

struct method;

struct revision {
	enum revision_number number;
	const char *name;
	unsigned has;
	const struct method *methods; /* no name at the end */
};

/*
 * Whoever is at the other end: the client on stdio, a session of HTTP, or the sender of one
 * stateless request over HTTP. Held by its maker and by all that goes on for it.
 */
struct peer {
	struct mcp *mcp;
	struct sink *sink; /* held: for what it is told without having asked */
	uint64_t number;   /* owner of its ids in the flight */
	atomic_int held;

	/* the reader's own */
	const struct revision *legacy; /* agreed by initialize; NULL before */
	unsigned can;                  /* what it can be asked for */
	const char *log;               /* least level for the log; NULL: none */
};

/* A request while the reader has it. */
struct ask {
	struct mcp *mcp;
	struct peer *peer;
	struct sink *sink; /* where its answer goes */
	const struct revision *rev;
	struct rpc *rpc;
	const struct method *method;
	struct batch *batch;   /* NULL: answered by a line of its own */
	unsigned can_ask;      /* what its client can be asked for (base/call.h) */
	const char *log_level; /* least level it wants to hear of, or NULL */
	bool has_tasks;        /* it knows tasks */

	struct err err;   /* filled by a method that fails */
	int code;         /* its code, or 0 for the status's own */
	bool malformed;   /* not even a request of its revision */
	struct text data; /* JSON for the error's data, if any */
};

struct request {
	struct flight_call flight; /* first: flight hands these back */
	struct mcp *mcp;
	struct peer *peer; /* held */
	struct sink *sink; /* held */
	const struct revision *rev;
	const struct method *method;
	struct batch *batch;
	cJSON *json; /* owned: the message; params and texts point into it */
	const cJSON *params;

	struct json_span token; /* progressToken as it came; length 0: no progress wanted */
	int64_t told_ms;        /* when progress was last sent */
	double told_done;
	const char *log_level;

	const struct tool *tool;
	size_t tool_at;   /* its place in the offer */
	int64_t begun_us; /* when it came */
	bool tool_failed; /* what the answer says */
	const struct prompt *prompt;
	void *in; /* the tool's arguments, in the arena; NULL before the first run */

	int code;         /* of an error that work returns, or 0 for the status's own */
	const char *data; /* JSON for it, in the arena, or NULL */

	const char *type; /* resultType, if not "complete" */
	cJSON *answers;   /* owned; under mcp's lock until all are there */
	size_t asks_left;
};

/*
 * Answered `here` by the reader, or by `work` on the pool after `begin`, in the reader, has
 * judged it. Both write the members of the result without braces. E_WAIT from work parks.
 */
struct method {
	const char *name;
	enum status (*here)(struct ask *a, struct text *members);
	enum status (*begin)(struct ask *a, struct request *r);
	enum status (*work)(struct request *r, struct text *members);
	enum status (*listen)(struct ask *a); /* answers by itself, later */
	long ttl_ms;       /* 2026-07-28: how long a client may keep the result; -1: nothing said */
	const char *scope; /* and who may: public or private */
	bool asks;         /* may be answered by asking the client back */
};

struct pending;
struct watch;

struct mcp {
	struct mcp_parts parts;
	const struct mcp_offer *offer;
	const struct mcp_ground *ground;
	struct seal seal;        /* for what clients carry; constant */
	struct watch *watch;     /* listen.c's */
	struct metrics *metrics; /* of the tools, as they stand in the offer */

	/* the reader's own */
	uint64_t peers;                   /* how many there have been */
	struct text lists[MCP_REVISIONS]; /* tools/list as it is sent, made at first use */

	pthread_mutex_t lock; /* guards all below */
	bool opened;
	enum status open_st;
	struct err open_err;
	struct project *project;
	int wake_fd;
	struct pending *asked; /* ask.c's: our requests to the client */
	unsigned long ask_number;
};

/* request.c: from the reader to the pool and back */

/* Make the call and queue it. On failure the reason is in a->err and a->code. */
enum status request_start(struct ask *a);
/* A refusal that names a resource: E_ABSENT with the revision's code and data.uri. */
enum status request_no_resource(struct request *r, const char *uri);
/* On a worker: see that call.project is there; the reason in call.err if not. */
enum status request_ground(struct request *r);
enum status call_ground(struct mcp *m, struct call *call);
/* Queue again, or free, a list that flight handed back. */
void request_again(struct mcp *m, struct flight_call *list);
void request_drop(struct mcp *m, struct flight_call *list);
/* For pool_close: a queued job that will not run. */
void request_dropped(pool_job *job, void *request);

/* Answers of the reader, into the batch or onto the wire. members without braces. */
void reply_result(struct ask *a, const struct text *members);

/* An error for somebody. */
struct refusal {
	struct json_span id;
	int code;
	const char *words;
	const char *data; /* JSON, or NULL */
	bool malformed;   /* whatever the code says */
};
void reply_error(struct sink *sink, struct batch *batch, const struct refusal *why);

/* A JSON object of one text member, in the arena; NULL without memory. */
const char *request_data(struct request *r, const char *key, const char *value);

#endif
