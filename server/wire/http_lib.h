/*
 * http_lib.h - libmicrohttpd, loaded when HTTP is asked for: who serves stdio alone does not pay
 * for it, and the program runs without it. The types are its header's.
 */
#ifndef WIRE_HTTP_LIB_H
#define WIRE_HTTP_LIB_H

#include <microhttpd.h>

#include "base/err.h"

/* Every function used, without its MHD_. */
#define MHD_FUNCTIONS(X)                                                                           \
	X(add_response_header)                                                                     \
	X(create_response_from_buffer)                                                             \
	X(create_response_from_callback)                                                           \
	X(destroy_response)                                                                        \
	X(get_connection_info)                                                                     \
	X(get_connection_values)                                                                   \
	X(get_daemon_info)                                                                         \
	X(get_timeout)                                                                             \
	X(queue_response)                                                                          \
	X(resume_connection)                                                                       \
	X(run)                                                                                     \
	X(start_daemon)                                                                            \
	X(stop_daemon)                                                                             \
	X(suspend_connection)

struct mhd {
#define FIELD(name) __typeof__(MHD_##name) *name;
	MHD_FUNCTIONS(FIELD)
#undef FIELD
};

/* Fill the table. E_ABSENT with words when the library is not installed. It stays loaded. */
enum status http_lib_load(struct mhd *out, struct err *err);

#endif
