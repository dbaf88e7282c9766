/*
 * mcp.h - the Model Context Protocol over lines, every revision at once.
 *
 * Each message is judged by itself: one whose _meta names a protocol version is
 * served statelessly (2026-07-28); otherwise the revision agreed by the last
 * `initialize` of the same peer holds. That is all that is remembered between messages.
 *
 * The functions here are for the reader's thread alone, and none of them waits or
 * touches the disk. What a request asks for is either answered by the reader from
 * memory (ping, lists, discovery) or queued as a call for the pool.
 */
#ifndef WIRE_MCP_H
#define WIRE_MCP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/call.h"
#include "base/err.h"
#include "handlers/health.h"
#include "handlers/prompt.h"
#include "handlers/resource.h"
#include "handlers/task.h"
#include "handlers/tool.h"
#include "wire/rpc.h"
#include "wire/sink.h"
#include "work/flight.h"
#include "work/pool.h"

/* What is served. All of it outlives the server. Lists end with NULL. */
struct mcp_offer {
	const char *name, *title, *version;
	const char *instructions; /* for the model: which tool when; under 2 KB */
	const struct tool *const *tools;
	const struct resource *const *resources;
	const struct prompt *const *prompts;

	/* Counters that grow when the list of tools or prompts changes; NULL: they never do. */
	const atomic_long *tool_changes, *prompt_changes;
	const struct task_kind *tasks;    /* NULL: none */
	const struct health_kind *health; /* NULL: there is nothing that could be unwell */
	bool logs;                        /* calls may speak to the client's log */
};

/* What the calls work on. open is called once, by the first worker that runs a call. */
struct mcp_ground {
	void *arg;
	enum status (*open)(void *arg, struct project **project, int *wake_fd, struct err *err);
	void (*wake_clear)(void *arg); /* the reader's, after wake_fd became readable */
};

struct mcp_parts {
	struct flight *flight;
	struct pool *pool;
	int kick; /* an eventfd: written when the reader should look at its tables again */
};

#define MCP_META_VERSION "io.modelcontextprotocol/protocolVersion" /* in params._meta */

struct mcp;
struct peer;

/* What a revision served here is; false for any other text. */
bool mcp_has_sessions(const char *revision); /* it begins with initialize */
bool mcp_is_stateless(const char *revision);

/* On OK *out is the caller's; the parts, the offer and the ground stay the caller's. */
enum status mcp_new(struct mcp **out, const struct mcp_parts *parts, const struct mcp_offer *offer,
                    const struct mcp_ground *ground, struct err *err);
void mcp_free(struct mcp *m);

/*
 * Whoever speaks: one client, with ids of its own. sink is for what it is told without having
 * asked; NULL for one that never sends `initialize`. The caller holds it; calls in flight hold it
 * too. NULL without memory.
 */
struct peer *peer_new(struct mcp *m, struct sink *sink);
struct peer *peer_hold(struct peer *p);
void peer_drop(struct peer *p);                  /* any thread */
const char *peer_revision(const struct peer *p); /* the one it agreed on; NULL before */

/* It has gone: nothing more is said for what it asked, and that is stopped. */
void peer_gone(struct peer *p);

/* One message, answered into sink. False: nothing ever comes (a notification, an answer). */
bool mcp_message(struct peer *p, struct sink *sink, struct rpc *r);

/* One line of input; `whole` is false for what stood after the last newline of all. */
void mcp_line(struct peer *p, const char *line, size_t len, bool whole);

/* A line was too long and has been skipped. */
void mcp_line_too_long(struct peer *p);

/* The wake-up descriptor, -1 while nothing was opened; and what to do when it is readable. */
int mcp_wake_fd(struct mcp *m);
void mcp_woken(struct mcp *m);

/* Run the parked calls whose time has come. */
void mcp_due(struct mcp *m, int64_t now_ms);

/*
 * Nothing more is answered: cancel all calls, drop the parked ones, end the subscriptions. Who is
 * `told` (or NULL) hears of each of its calls that it will have no other answer.
 */
void mcp_stop(struct mcp *m, struct peer *told);

#endif
