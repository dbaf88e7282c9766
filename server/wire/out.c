#include "wire/out.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "work/flight.h"

#define SHRINK ((size_t)64 << 10) /* a buffer larger than this is given back when empty */

struct out {
	struct sink sink; /* first: the sink is the output */
	int fd, kick;
	bool is_socket;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t room;
	char *buf; /* what the pipe has not taken: from head to tail */
	size_t size, head, tail;
	bool closed, broken;
};

/*
 * A descriptor of our own for the same pipe, so that not waiting on it changes nothing
 * for others who hold it. Sockets cannot be opened again: they have MSG_DONTWAIT.
 */
static int own_fd(int fd, bool *is_socket)
{
	char path[32];
	struct stat sb;
	int own, flags;

	*is_socket = fstat(fd, &sb) == 0 && S_ISSOCK(sb.st_mode);
	if (*is_socket || S_ISREG(sb.st_mode))
		return fd;
	if (snprintf(path, sizeof path, "/proc/self/fd/%d", fd) < (int)sizeof path &&
	    (own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) >= 0) {
		(void)close(fd);
		return own;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	return fd;
}

void out_free(struct out *o)
{
	if (o == NULL)
		return;
	(void)close(o->fd);
	pthread_cond_destroy(&o->room);
	pthread_mutex_destroy(&o->lock);
	mem_free(o->buf);
	mem_free(o);
}

static void kick(struct out *o)
{
	const uint64_t one = 1;

	if (write(o->kick, &one, sizeof one) < 0)
		return; /* it is readable already */
}

static void broke(struct out *o)
{
	o->broken = o->closed = true;
	o->head = o->tail = 0;
	pthread_cond_broadcast(&o->room);
	kick(o);
}

/* How much of p[0..n) the pipe takes now; 0 also when it broke. */
static size_t push(struct out *o, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = o->is_socket
		                ? send(o->fd, p + done, n - done, MSG_DONTWAIT | MSG_NOSIGNAL)
		                : write(o->fd, p + done, n - done);

		if (k > 0) {
			done += (size_t)k;
		} else if (k < 0 && errno == EINTR) {
			continue;
		} else if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			break;
		} else {
			broke(o);
			return 0;
		}
	}
	return done;
}

static void keep(struct out *o, const char *p, size_t n)
{
	size_t held = o->tail - o->head, size = o->size == 0 ? SHRINK : o->size;
	char *grown;

	if (o->head > 0 && o->size - o->tail < n) {
		memmove(o->buf, o->buf + o->head, held);
		o->head = 0;
		o->tail = held;
	}
	while (size - o->tail < n)
		size *= 2;
	if (size != o->size) {
		if ((grown = mem_grow(o->buf, size)) == NULL) {
			broke(o); /* half a line can never be put right */
			return;
		}
		o->buf = grown;
		o->size = size;
	}
	memcpy(o->buf + o->tail, p, n);
	o->tail += n;
}

static void drain(struct out *o)
{
	if (o->tail > o->head)
		o->head += push(o, o->buf + o->head, o->tail - o->head);
	if (o->head < o->tail)
		return;
	o->head = o->tail = 0;
	if (o->size > SHRINK) {
		mem_free(o->buf);
		o->buf = NULL;
		o->size = 0;
	}
}

static void line_out(struct out *o, const char *line, size_t len)
{
	bool first = o->tail == o->head;
	size_t done = 0;

	assert(len > 0 && line[len - 1] == '\n');
	if (first)
		done = push(o, line, len);
	if (done < len && !o->broken) {
		keep(o, line + done, len - done);
		if (first)
			kick(o); /* of what is kept already the reader knows */
	}
}

void out_put(struct out *o, const char *line, size_t len)
{
	pthread_mutex_lock(&o->lock);
	if (!o->closed)
		line_out(o, line, len);
	pthread_mutex_unlock(&o->lock);
}

bool out_send(struct out *o, const char *line, size_t len, atomic_int *claim)
{
	int free = FLIGHT_FREE;
	bool sent;

	pthread_mutex_lock(&o->lock);
	while (o->tail - o->head > OUT_KEEP && !o->closed)
		pthread_cond_wait(&o->room, &o->lock);
	sent = !o->closed && atomic_compare_exchange_strong(claim, &free, FLIGHT_ANSWERED);
	if (sent)
		line_out(o, line, len);
	pthread_mutex_unlock(&o->lock);
	return sent;
}

void out_offer(struct out *o, const char *line, size_t len, const atomic_int *claim)
{
	pthread_mutex_lock(&o->lock);
	if (!o->closed && o->tail == o->head && atomic_load(claim) == FLIGHT_FREE)
		line_out(o, line, len);
	pthread_mutex_unlock(&o->lock);
}

int out_fd(const struct out *o)
{
	return o->fd;
}

bool out_pending(struct out *o)
{
	bool is;

	pthread_mutex_lock(&o->lock);
	is = o->tail > o->head;
	pthread_mutex_unlock(&o->lock);
	return is;
}

bool out_full(struct out *o)
{
	bool is;

	pthread_mutex_lock(&o->lock);
	is = o->tail - o->head > OUT_KEEP;
	pthread_mutex_unlock(&o->lock);
	return is;
}

bool out_broken(struct out *o)
{
	bool is;

	pthread_mutex_lock(&o->lock);
	is = o->broken;
	pthread_mutex_unlock(&o->lock);
	return is;
}

void out_flush(struct out *o)
{
	pthread_mutex_lock(&o->lock);
	drain(o);
	if (o->tail - o->head <= OUT_KEEP)
		pthread_cond_broadcast(&o->room);
	pthread_mutex_unlock(&o->lock);
}

void out_close(struct out *o)
{
	pthread_mutex_lock(&o->lock);
	o->closed = true;
	pthread_cond_broadcast(&o->room);
	pthread_mutex_unlock(&o->lock);
}

/* --- as a sink ------------------------------------------------------------------------------- */

static void sink_of_put(struct sink *s, const char *line, size_t len, enum sink_part part)
{
	(void)part; /* one line is like another here */
	out_put((struct out *)s, line, len);
}

static bool sink_of_send(struct sink *s, const char *line, size_t len, enum sink_part part,
                         atomic_int *claim)
{
	(void)part;
	return out_send((struct out *)s, line, len, claim);
}

static void sink_of_offer(struct sink *s, const char *line, size_t len, const atomic_int *claim)
{
	out_offer((struct out *)s, line, len, claim);
}

static bool sink_of_full(struct sink *s)
{
	return out_full((struct out *)s);
}

static void sink_of_held(struct sink *s)
{
	(void)s; /* there as long as anybody can hold it */
}

static const struct sink_kind out_kind = {
	.put = sink_of_put,
	.send = sink_of_send,
	.offer = sink_of_offer,
	.full = sink_of_full,
	.hold = sink_of_held,
	.drop = sink_of_held,
};

struct sink *out_sink(struct out *o)
{
	return &o->sink;
}

enum status out_new(struct out **out, int fd, int kick, struct err *err)
{
	struct out *o = mem_zero(1, sizeof *o);

	if (o == NULL)
		return err_nomem(err, "the output");
	o->fd = own_fd(fd, &o->is_socket);
	o->kick = kick;
	o->sink.kind = &out_kind;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->room, NULL);
	*out = o;
	return OK;
}
