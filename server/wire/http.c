#include "wire/http_parts.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define CONNECTIONS_MAX 256
#define SILENT_S        30                 /* a connection on which nothing moves is closed then */
#define HEADERS_MAX     ((size_t)32 << 10) /* bytes of a connection's buffers */
#define BACKLOG         128
#define STEPS           16 /* of the library in one turn */

__attribute__((format(printf, 2, 0))) static void library_says(void *arg, const char *fmt,
                                                               va_list ap)
{
	struct text t;

	(void)arg;
	text_init(&t, (size_t)4 << 10);
	text_addv(&t, fmt, ap);
	log_line(LOG_DEBUG, "http: %s", text_string(&t));
	text_done(&t);
}

/* --- connections ----------------------------------------------------------------------------- */

static struct http_client *client_new(struct http *h, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
	    h->mhd.get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_client *one = info == NULL ? NULL : mem_zero(1, sizeof *one);

	if (one == NULL)
		return NULL;
	one->fd = info->connect_fd;
	one->until_ms = clock_mono_ms() + HTTP_ARRIVE_MS;
	one->at = &h->clients;
	one->next = h->clients;
	if (one->next != NULL)
		one->next->at = &one->next;
	h->clients = one;
	return one;
}

static void client_free(struct http_client *one)
{
	*one->at = one->next;
	if (one->next != NULL)
		one->next->at = one->at;
	mem_free(one);
}

static void connection(void *http, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode what)
{
	struct http_client *one = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = client_new(http, c);
	} else if (one != NULL) {
		client_free(one);
		*context = NULL;
	}
}

/* --- listening ------------------------------------------------------------------------------- */

static enum status check_options(const struct http *h, struct err *err)
{
	const char *token = h->options.token;

	if (token == NULL && !h->address.local)
		return err_set(err, E_DENIED,
		               "'%.80s' can be reached from other machines: set GADUGI_HTTP_TOKEN "
		               "to a secret that clients must show, or listen on 127.0.0.1",
		               h->options.address);
	if (token != NULL && strlen(token) < HTTP_TOKEN_LEAST)
		return err_set(err, E_INPUT,
		               "GADUGI_HTTP_TOKEN has less than %d bytes and could be guessed; "
		               "'openssl rand -hex 32' makes a good one",
		               HTTP_TOKEN_LEAST);
	return OK;
}

static enum status listen_at(struct http_address *a, const char *words, int *out, struct err *err)
{
	int fd = socket(a->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int yes = 1;

	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (a->name.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&a->name, a->size) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a->name, &a->size) != 0) {
		(void)err_sys(err, errno, "cannot listen on '%.80s'", words);
		(void)close(fd);
		return E_IO;
	}
	*out = fd;
	return OK;
}

static enum status start(struct http *h, int fd, struct err *err)
{
	h->daemon = h->mhd.start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
	    http_handle, h, MHD_OPTION_EXTERNAL_LOGGER, library_says, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)HEADERS_MAX, MHD_OPTION_NOTIFY_COMPLETED, http_handled, h,
	    MHD_OPTION_NOTIFY_CONNECTION, connection, h, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_END);
	if (h->daemon == NULL) {
		(void)close(fd);
		return err_set(err, E_IO, "libmicrohttpd cannot serve '%.80s'", h->options.address);
	}
	return OK;
}

enum status http_new(struct http **out, const struct http_options *options, struct mcp *mcp,
                     struct err *err)
{
	struct http *h = mem_zero(1, sizeof *h);
	enum status st;
	int fd = -1;

	if (h == NULL)
		return err_nomem(err, "HTTP");
	h->options = *options;
	h->mcp = mcp;
	h->closed = -1;
	h->due_ms = INT64_MAX;
	if ((st = http_address_read(options->address, &h->address, err)) != OK ||
	    (st = check_options(h, err)) != OK || (st = http_lib_load(&h->mhd, err)) != OK)
		goto out;
	if ((h->closed = epoll_create1(EPOLL_CLOEXEC)) < 0) {
		st = err_sys(err, errno, "cannot watch connections");
		goto out;
	}
	if ((st = listen_at(&h->address, options->address, &fd, err)) != OK ||
	    (st = start(h, fd, err)) != OK)
		goto out;
	*out = h;
	return OK;
out:
	http_free(h);
	return st;
}

void http_where(const struct http *h, struct text *t)
{
	http_address_text(&h->address, t);
}

/* --- turns ----------------------------------------------------------------------------------- */

int http_fd(const struct http *h)
{
	const union MHD_DaemonInfo *info =
	    h->mhd.get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info == NULL ? -1 : info->epoll_fd;
}

int http_closed_fd(const struct http *h)
{
	return h->closed;
}

int64_t http_due(const struct http *h)
{
	return h->due_ms;
}

/* Those whose client has left while they waited; one at a time, since each may end another. */
static void look_for_gone(struct http *h)
{
	struct epoll_event e;

	while (epoll_wait(h->closed, &e, 1, 0) == 1)
		http_link_gone(&((struct http_exchange *)e.data.ptr)->link);
}

static void sooner(struct http *h, int64_t ms)
{
	if (ms < h->due_ms)
		h->due_ms = ms;
}

/* A call that takes its time becomes a stream, and a stream gives signs of life. */
static void look_at_exchange(struct http *h, struct http_exchange *x, int64_t now_ms)
{
	int64_t patience = x->page == HTTP_MCP ? HTTP_PATIENCE_MS : HTTP_HEALTH_MS;
	struct http_stream *s = x->link.stream;

	if (!x->arrived || s == NULL)
		return;
	if (x->arrived_ms + patience > now_ms) {
		sooner(h, x->arrived_ms + patience);
	} else if (x->page != HTTP_MCP) {
		http_page_late(x);
	} else {
		http_stream_open(s);
		if (x->beat_ms + HTTP_BEAT_MS <= now_ms) {
			x->beat_ms = now_ms;
			http_stream_beat(s);
		}
		sooner(h, x->beat_ms + HTTP_BEAT_MS);
	}
}

static void look_around(struct http *h, int64_t now_ms)
{
	MHD_UNSIGNED_LONG_LONG wait;

	h->due_ms = INT64_MAX;
	for (struct http_exchange *x = h->exchanges; x != NULL; x = x->next)
		look_at_exchange(h, x, now_ms);
	for (const struct http_client *c = h->clients; c != NULL; c = c->next) {
		if (c->until_ms <= now_ms)
			(void)shutdown(c->fd, SHUT_RDWR); /* the library then sees it closed */
		else
			sooner(h, c->until_ms);
	}
	if (h->mhd.get_timeout(h->daemon, &wait) == MHD_YES)
		sooner(h, now_ms + (int64_t)wait);
}

void http_turn(struct http *h, int64_t now_ms)
{
	MHD_UNSIGNED_LONG_LONG wait;
	int n = 0;

	look_for_gone(h);
	do /* one step of each connection; it says when there are more to take at once */
		(void)h->mhd.run(h->daemon);
	while (++n < STEPS && h->mhd.get_timeout(h->daemon, &wait) == MHD_YES && wait == 0);
	look_around(h, now_ms);
}

/* --- the end --------------------------------------------------------------------------------- */

bool http_stop(struct http *h)
{
	if (!h->stopping) {
		h->stopping = true;
		for (struct http_session *s = h->sessions; s != NULL; s = s->next)
			http_stream_end(s->channel);
		for (struct http_exchange *x = h->exchanges; x != NULL; x = x->next)
			if (x->link.stream != NULL)
				http_stream_end(x->link.stream);
	}
	http_turn(h, clock_mono_ms());
	for (const struct http_exchange *x = h->exchanges; x != NULL; x = x->next)
		if (x->arrived)
			return false;
	return true;
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	if (h->daemon != NULL) {
		for (struct http_exchange *x = h->exchanges; x != NULL; x = x->next)
			if (x->link.stream != NULL)
				http_link_gone(&x->link); /* the library may have none that waits */
		h->mhd.stop_daemon(h->daemon);
	}
	assert(h->exchanges == NULL && h->clients == NULL);
	while (h->sessions != NULL)
		http_session_end(h, h->sessions);
	if (h->closed >= 0)
		(void)close(h->closed);
	mem_free(h);
}
