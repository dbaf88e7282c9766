#include "wire/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/frame.h"
#include "wire/out.h"

#define LAST_MS      60  /* after the end of input: for calls that are about to be answered */
#define STOP_MS      30  /* then: for a line half sent, and for stopped calls to end */
#define READER_MS    10  /* a client that takes nothing for so long does not read any more */
#define PARENT_MS    500 /* how often the parent is looked at where there is no pidfd */
#define WORKERS_MIN  4
#define WORKERS_MAX  16
#define LINES_A_TURN 64 /* lines served before the other descriptors are looked at */
#define LINGER_US    50 /* a client that asks one thing after the other asks again that soon */

enum slot { IN, SIGNALS, KICK, PARENT, WAKE, OUT, HTTP, CLOSED, SLOTS };

struct server {
	struct frame *frame;
	struct out *out;
	struct flight *flight;
	struct pool *pool;
	struct mcp *mcp;
	struct peer *peer; /* the client on stdin and stdout */
	struct http *http; /* or NULL */
	int in, signals, kick, parent;
	pid_t parent_pid; /* 0: its end is not ours */
	bool lingers;     /* there is a processor to spare for that */
	bool served;      /* a line since the last wait */
	bool ended;       /* no more input */
	bool stop;        /* leave now */
};

/* A private copy of fd, whose number then leads elsewhere. */
static int take_fd(int fd, int elsewhere, struct err *err)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (own < 0)
		(void)err_sys(err, errno, "cannot use file descriptor %d", fd);
	else if (dup2(elsewhere, fd) < 0)
		(void)err_sys(err, errno, "cannot lead file descriptor %d elsewhere", fd);
	else
		return own;
	if (own >= 0)
		(void)close(own);
	return -1;
}

static enum status take_stdio(struct server *s, int *out_fd, struct err *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return err_sys(err, errno, "cannot open '/dev/null'");
	if (fcntl(STDERR_FILENO, F_GETFD) < 0)
		(void)dup2(null, STDERR_FILENO);
	s->in = take_fd(STDIN_FILENO, null, err);
	*out_fd = s->in < 0 ? -1 : take_fd(STDOUT_FILENO, STDERR_FILENO, err);
	(void)close(null);
	return *out_fd < 0 ? E_IO : OK;
}

/* Nobody speaks there: an input that never comes, and an output that goes nowhere. */
static enum status no_stdio(struct server *s, int *out_fd, struct err *err)
{
	if ((s->in = eventfd(0, EFD_CLOEXEC)) < 0 ||
	    (*out_fd = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0)
		return err_sys(err, errno, "cannot open '/dev/null'");
	return OK;
}

static enum status take_signals(struct server *s, struct err *err)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return err_sys(err, errno, "cannot watch signals");
	return OK;
}

static void watch_parent(struct server *s)
{
	s->parent_pid = getppid();
	s->parent = (int)syscall(SYS_pidfd_open, s->parent_pid, 0); /* -1: looked at by time */
}

static enum status start_http(struct server *s, const struct http_options *options, struct err *err)
{
	struct text where;
	enum status st = http_new(&s->http, options, s->mcp, err);

	if (st != OK)
		return st;
	text_init(&where, TEXT_LIMIT);
	http_where(s->http, &where);
	log_line(LOG_WARN, "serving %s/mcp, /health and /metrics", text_string(&where));
	text_done(&where);
	return OK;
}

static enum status start(struct server *s, const struct serve_options *options,
                         const struct mcp_offer *offer, const struct mcp_ground *ground,
                         struct err *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t workers = cpus < WORKERS_MIN / 2   ? WORKERS_MIN
	                 : cpus > WORKERS_MAX / 2 ? WORKERS_MAX
	                                          : (size_t)cpus * 2;
	struct mcp_parts parts;
	enum status st;
	int out_fd = -1;

	if ((st = take_signals(s, err)) != OK ||
	    (st = options->no_stdio ? no_stdio(s, &out_fd, err) : take_stdio(s, &out_fd, err)) !=
	        OK)
		return st;
	if (!options->no_stdio)
		watch_parent(s);
	if ((s->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		return err_sys(err, errno, "cannot make an eventfd");
	if ((st = out_new(&s->out, out_fd, s->kick, err)) != OK)
		return st;
	if ((s->frame = frame_new(s->in)) == NULL ||
	    (s->flight = flight_new(SERVE_FLIGHTS)) == NULL)
		return err_nomem(err, "the server");
	if ((st = pool_new(&s->pool, workers, SERVE_FLIGHTS, err)) != OK)
		return st;
	s->lingers = cpus > 1;
	parts = (struct mcp_parts){ s->flight, s->pool, s->kick };
	if ((st = mcp_new(&s->mcp, &parts, offer, ground, err)) != OK)
		return st;
	s->peer = peer_new(s->mcp, out_sink(s->out));
	if (s->peer == NULL)
		return err_nomem(err, "the server");
	return options->http.address == NULL ? OK : start_http(s, &options->http, err);
}

/* Lines that are already here. False: there are more than one turn's. */
static bool serve_lines(struct server *s)
{
	const char *line = NULL;
	size_t len = 0;

	for (int n = 0; n < LINES_A_TURN; n++) {
		if (out_full(s->out))
			return true; /* goes on when the client has read */
		s->served = s->served || n > 0;
		switch (frame_next(s->frame, &line, &len)) {
		case FRAME_LINE:
			mcp_line(s->peer, line, len, true);
			break;
		case FRAME_REST:
			mcp_line(s->peer, line, len, false);
			break;
		case FRAME_LONG:
			mcp_line_too_long(s->peer);
			break;
		case FRAME_MORE:
			return true;
		case FRAME_END:
			s->ended = true;
			return true;
		}
	}
	return false;
}

static void watch(const struct server *s, struct pollfd *fds, bool slow_client)
{
	/* Without POLLIN the end of input is still seen, as POLLHUP. */
	fds[IN] = (struct pollfd){ s->ended ? -1 : s->in, slow_client ? 0 : POLLIN, 0 };
	fds[SIGNALS] = (struct pollfd){ s->signals, POLLIN, 0 };
	fds[KICK] = (struct pollfd){ s->kick, POLLIN, 0 };
	fds[PARENT] = (struct pollfd){ s->parent, POLLIN, 0 };
	fds[WAKE] = (struct pollfd){ mcp_wake_fd(s->mcp), POLLIN, 0 };
	fds[OUT] = (struct pollfd){ out_fd(s->out), out_pending(s->out) ? POLLOUT : 0, 0 };
	fds[HTTP] = (struct pollfd){ s->http == NULL ? -1 : http_fd(s->http), POLLIN, 0 };
	fds[CLOSED] = (struct pollfd){ s->http == NULL ? -1 : http_closed_fd(s->http), POLLIN, 0 };
}

/* How long poll may wait: until the next parked call is due, or the parent is to be looked at. */
static int patience(const struct server *s, bool more, int64_t until_ms)
{
	int64_t due = flight_next_due(s->flight), now, wait;
	bool by_time = s->parent < 0 && s->parent_pid != 0;

	if (more)
		return 0;
	due = due < until_ms ? due : until_ms;
	if (s->http != NULL && http_due(s->http) < due)
		due = http_due(s->http);
	if (due == INT64_MAX)
		return by_time ? PARENT_MS : -1;
	now = clock_mono_ms();
	wait = due > now ? due - now : 0;
	if (by_time && wait > PARENT_MS)
		wait = PARENT_MS;
	return wait > 3600000 ? 3600000 : (int)wait;
}

/*
 * Stay awake for the next line: to be woken takes longer than most answers. Not while calls are
 * worked on, who want the processor.
 */
static void linger(struct server *s, const struct pollfd *input)
{
	struct pollfd only = *input;
	int64_t until_us;

	if (!s->lingers || !s->served || input->events == 0 || flight_active(s->flight) > 0)
		return;
	s->served = false;
	until_us = clock_mono_us() + LINGER_US;
	while (poll(&only, 1, 0) == 0 && clock_mono_us() < until_us)
		(void)sched_yield();
}

static void take_kick(const struct server *s)
{
	uint64_t count;

	if (read(s->kick, &count, sizeof count) < 0)
		return; /* it was taken already */
}

static void look(struct server *s, const struct pollfd *fds, struct err *err)
{
	bool kicked = fds[KICK].revents != 0;

	if (kicked)
		take_kick(s);
	if (fds[OUT].revents != 0)
		out_flush(s->out);
	if (fds[WAKE].revents != 0)
		mcp_woken(s->mcp);
	if (fds[SIGNALS].revents != 0 || fds[PARENT].revents != 0 ||
	    (s->parent < 0 && s->parent_pid != 0 && getppid() != s->parent_pid) ||
	    out_broken(s->out))
		s->stop = true;
	if (fds[IN].events == 0 && fds[IN].revents != 0 && out_full(s->out)) {
		s->ended = true; /* a client that reads nothing and has gone: its requests go too */
	} else if (fds[IN].events != 0 && fds[IN].revents != 0 && frame_fill(s->frame, err) != OK) {
		log_line(LOG_ERROR, "%s", err->text);
		s->ended = true;
	}
	mcp_due(s->mcp, clock_mono_ms());
	if (s->http != NULL && (fds[HTTP].revents != 0 || fds[CLOSED].revents != 0 || kicked ||
	                        http_due(s->http) <= clock_mono_ms()))
		http_turn(s->http, clock_mono_ms());
}

/* Serve until told to stop, or until input has ended and what it asked for is answered. */
static void loop(struct server *s, struct err *err)
{
	int64_t until_ms = INT64_MAX;
	struct pollfd fds[SLOTS];

	while (!s->stop) {
		bool full = out_full(s->out), more;

		more = !s->ended && !full && !serve_lines(s);
		if (s->ended && until_ms == INT64_MAX)
			until_ms = clock_mono_ms() + LAST_MS;
		if (s->ended && ((flight_active(s->flight) == 0 && !out_pending(s->out)) ||
		                 clock_mono_ms() >= until_ms))
			break;
		full = out_full(s->out);
		watch(s, fds, full || more);
		linger(s, &fds[IN]);
		if (poll(fds, SLOTS, patience(s, more, until_ms)) < 0 && errno != EINTR) {
			(void)err_sys(err, errno, "cannot wait for input");
			log_line(LOG_ERROR, "%s", err->text);
			break;
		}
		look(s, fds, err);
	}
}

/* No more lines; what was begun is sent to its end if the client takes it. True when no call runs.
 */
static bool stop(struct server *s)
{
	int64_t until_ms = clock_mono_ms() + STOP_MS, left;
	struct pollfd fds[] = {
		{ out_fd(s->out), POLLOUT, 0 },
		{ s->http == NULL ? -1 : http_fd(s->http), POLLIN, 0 },
		{ s->http == NULL ? -1 : http_closed_fd(s->http), POLLIN, 0 },
		{ s->kick, POLLIN, 0 },
	};

	mcp_stop(s->mcp, s->ended && !s->stop ? s->peer : NULL);
	out_close(s->out);
	out_flush(s->out);
	while ((left = until_ms - clock_mono_ms()) > 0) {
		bool http_done = s->http == NULL || http_stop(s->http);

		if (!out_pending(s->out) && http_done)
			break;
		fds[0].fd = out_pending(s->out) ? out_fd(s->out) : -1;
		if (poll(fds, sizeof fds / sizeof *fds,
		         (int)(left < READER_MS ? left : READER_MS)) == 0 &&
		    http_done)
			break; /* nobody reads stdout */
		take_kick(s);
		out_flush(s->out);
	}
	left = until_ms - clock_mono_ms();
	return pool_wait_idle(s->pool, left > 0 ? left : 0);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

static void done(struct server *s)
{
	http_free(s->http);
	peer_drop(s->peer);
	mcp_free(s->mcp);
	pool_free(s->pool);
	flight_free(s->flight);
	frame_free(s->frame);
	out_free(s->out);
	close_fd(s->parent);
	close_fd(s->kick);
	close_fd(s->signals);
	close_fd(s->in);
}

enum status serve_clients(const struct serve_options *options, const struct mcp_offer *offer,
                          const struct mcp_ground *ground, bool *idle, struct err *err)
{
	struct server s = { .in = -1, .signals = -1, .kick = -1, .parent = -1 };
	enum status st = start(&s, options, offer, ground, err);

	*idle = true;
	if (st == OK) {
		loop(&s, err);
		*idle = stop(&s);
	}
	if (*idle)
		done(&s);
	return st;
}
