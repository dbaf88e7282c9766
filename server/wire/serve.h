/*
 * serve.h - the server on stdin and stdout, and over HTTP when asked, from first to last.
 *
 * Called on the main thread before any other was started. It takes fd 0 and fd 1 for
 * itself: private copies are kept, fd 1 then leads to stderr and fd 0 to /dev/null, so
 * that a stray printf of a library cannot break the protocol.
 */
#ifndef WIRE_SERVE_H
#define WIRE_SERVE_H

#include "wire/http.h"
#include "wire/mcp.h"

#define SERVE_FLIGHTS 4096 /* calls in flight before the answer is `busy` */

struct serve_options {
	struct http_options http; /* its address NULL: no HTTP */
	bool no_stdio;            /* stdin and stdout are nobody's: serve HTTP alone */
};

/*
 * Serve until stdin ends, SIGTERM, SIGINT or SIGHUP comes, the parent is gone or stdout
 * is broken; without stdio only a signal ends it. Then calls are stopped and the function returns
 * within 100 ms; *idle tells whether all of them have ended. If not, the caller may only leave the
 * process.
 */
enum status serve_clients(const struct serve_options *options, const struct mcp_offer *offer,
                          const struct mcp_ground *ground, bool *idle, struct err *err);

#endif
