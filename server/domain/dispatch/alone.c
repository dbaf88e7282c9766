#include "domain/dispatch/alone.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/dispatch/worker.h"

struct alone {
	struct dispatch *dispatch;
	pthread_t thread;
	bool started;
	int bell;               /* eventfd */
	struct worker *workers; /* changed by the feeder, under the dispatcher's lock */
	size_t n;
};

void alone_ring(const struct dispatch *d)
{
	const uint64_t one = 1;

	if (d->alone != NULL && write(d->alone->bell, &one, sizeof one) != (ssize_t)sizeof one)
		return; /* it rings already */
}

/* --- the thread ------------------------------------------------------------------------------ */

/* All that are not over, which stay until this thread says that they are. NULL: no memory. */
static struct worker **all_workers(struct alone *alone, size_t *n)
{
	struct dispatch *d = alone->dispatch;
	struct worker **all;

	*n = 0;
	(void)pthread_mutex_lock(&d->guard);
	all = mem_zero(alone->n + 1, sizeof *all);
	for (struct worker *w = alone->workers; all != NULL && w != NULL; w = w->next)
		if (!atomic_load(&w->over))
			all[(*n)++] = w;
	(void)pthread_mutex_unlock(&d->guard);
	return all;
}

/* Sleep until somebody ends, says something or rings, or the time has come. */
static void await(const struct alone *alone, struct worker *const *all, size_t n, int64_t until_ms)
{
	struct pollfd *fds = mem_zero(2 * n + 1, sizeof *fds);
	int64_t left = until_ms == INT64_MAX ? -1 : until_ms - clock_mono_ms();
	struct pollfd bell = { .fd = alone->bell, .events = POLLIN };
	nfds_t used = 1;
	uint64_t rung;

	if (left < 0 && until_ms != INT64_MAX)
		left = 0;
	if (fds == NULL) {
		(void)poll(&bell, 1,
		           left < 0 || left > WORKER_BLIND_MS ? WORKER_BLIND_MS : (int)left);
	} else {
		fds[0] = bell;
		for (size_t i = 0; i < n; i++)
			used += worker_poll(all[i], fds + used);
		(void)poll(fds, used, left > INT32_MAX ? INT32_MAX : (int)left);
	}
	mem_free(fds);
	(void)!read(alone->bell, &rung, sizeof rung);
}

static void *serve(void *arg)
{
	struct alone *alone = arg;
	struct dispatch *d = alone->dispatch;
	bool going = true;

	while (going) {
		size_t n = 0, kept = 0;
		struct worker **all = all_workers(alone, &n);
		bool ending = atomic_load(&d->stop);
		int64_t until = all == NULL ? clock_mono_ms() + WORKER_BLIND_MS : INT64_MAX;

		for (size_t i = 0; i < n; i++) {
			int64_t next = worker_turn(d, all[i], ending);

			if (next == WORKER_OVER)
				continue; /* the feeder may have freed it */
			all[kept++] = all[i];
			until = next < until ? next : until;
		}
		going = !ending || all == NULL || kept > 0;
		if (going)
			await(alone, all, kept, until);
		mem_free(all);
	}
	return NULL;
}

/* --- the feeder ------------------------------------------------------------------------------ */

static enum status start_thread(struct dispatch *d, struct err *err)
{
	struct alone *alone = mem_zero(1, sizeof *alone);
	sigset_t all, before;
	int rc;

	if (alone == NULL)
		return err_nomem(err, "the agents that run by themselves");
	alone->dispatch = d;
	if ((alone->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		mem_free(alone);
		return err_sys(err, errno, "cannot start agents that run by themselves");
	}
	d->alone = alone;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&alone->thread, NULL, serve, alone);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	alone->started = rc == 0;
	if (rc == 0)
		return OK;
	alone_free(d);
	return err_sys(err, rc, "cannot start agents that run by themselves");
}

static enum status add(struct dispatch *d, struct actor *actor, struct err *err)
{
	struct worker *w = worker_new(actor);

	if (w == NULL)
		return err_nomem(err, "an agent");
	(void)pthread_mutex_lock(&d->guard);
	w->next = d->alone->workers;
	d->alone->workers = w;
	d->alone->n++;
	(void)pthread_mutex_unlock(&d->guard);
	actor->worker = w;
	return OK;
}

static void drop(struct dispatch *d, struct worker *gone)
{
	struct worker **at = &d->alone->workers;

	(void)pthread_mutex_lock(&d->guard);
	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	d->alone->n--;
	(void)pthread_mutex_unlock(&d->guard);
	gone->actor->worker = NULL;
	worker_free(gone);
}

enum status alone_refresh(struct dispatch *d, bool *freed, struct err *err)
{
	bool ring = false;
	enum status st = OK;

	*freed = false;
	for (struct actor *actor = d->actors; st == OK && actor != NULL; actor = actor->next) {
		struct worker *w = actor->worker;
		bool want = actor->wanted && actor->alone;

		if (w != NULL && atomic_load(&w->over)) {
			drop(d, w);
			*freed = true;
			w = NULL;
		}
		if (w == NULL && want) {
			if (d->alone == NULL && (st = start_thread(d, err)) != OK)
				return st;
			st = add(d, actor, err);
			ring = true;
		} else if (w != NULL) {
			ring = ring || atomic_load(&w->asks) || atomic_load(&w->want) != want;
			atomic_store(&w->want, want);
		}
	}
	if (ring)
		alone_ring(d);
	return st;
}

void alone_free(struct dispatch *d)
{
	struct alone *alone = d->alone;

	if (alone == NULL)
		return;
	alone_ring(d); /* the dispatcher's stop is set: all are ended */
	if (alone->started)
		(void)pthread_join(alone->thread, NULL);
	while (alone->workers != NULL)
		drop(d, alone->workers);
	(void)close(alone->bell);
	d->alone = NULL;
	mem_free(alone);
}
