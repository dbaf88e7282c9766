/*
 * serve.h - the server on stdin and stdout, from its first line to its end.
 *
 * Called on the main thread before any other was started. It takes fd 0 and fd 1 for
 * itself: private copies are kept, fd 1 then leads to stderr and fd 0 to /dev/null, so
 * that a stray printf of a library cannot break the protocol.
 */
#ifndef WIRE_SERVE_H
#define WIRE_SERVE_H

#include "wire/mcp.h"

#define SERVE_FLIGHTS 4096 /* calls in flight before the answer is `busy` */

/*
 * Serve until stdin ends, SIGTERM, SIGINT or SIGHUP comes, the parent is gone or stdout
 * is broken. Then calls are stopped and the function returns within 100 ms; *idle tells
 * whether all of them have ended. If not, the caller may only leave the process.
 */
enum status serve_stdio(const struct mcp_offer *offer, const struct mcp_ground *ground, bool *idle,
                        struct err *err);

#endif
