/*
 * http_rules.h - what the headers of an HTTP request have to be. No sockets, no library; any
 * thread.
 *
 * Header values come from outside: they end with NUL, and may hold any other byte.
 */
#ifndef WIRE_HTTP_RULES_H
#define WIRE_HTTP_RULES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define HTTP_TOKEN_LEAST 16 /* bytes of a bearer token; a shorter one can be guessed */

/* Where to listen. */
struct http_address {
	struct sockaddr_storage name;
	socklen_t size;
	bool local; /* a loopback address: nobody outside this machine can reach it */
};

/* `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; port 0: any that is free. */
enum status http_address_read(const char *words, struct http_address *out, struct err *err);
/* The same in words, for people: `http://127.0.0.1:8080`. */
void http_address_text(const struct http_address *a, struct text *t);

/* Does an Accept header allow the type (`text/event-stream`)? NULL allows all. */
bool http_accepts(const char *accept, const char *type);

/* Is a Content-Type JSON in UTF-8? NULL is not. */
bool http_is_json(const char *type);

/*
 * Against DNS rebinding: may a request say Host or Origin so? `local`: we listen on a loopback
 * address, whose names are the only good ones. names: more that are good, with commas between,
 * or NULL. A Host may be missing for HTTP/1.0 only, which the library sees to; an Origin may.
 */
bool http_host_good(const char *host, bool local, const char *names);
bool http_origin_good(const char *origin, const char *host, bool local, const char *names);

/* Is an Authorization header `Bearer TOKEN`? Takes as long for a wrong one as for a nearly right.
 */
bool http_token_good(const char *authorization, const char *token);

/*
 * Is the value of Mcp-Name the same as the body's: plain, or `=?base64?...?=` around its bytes?
 */
bool http_name_matches(const char *header, const char *body);

#endif
