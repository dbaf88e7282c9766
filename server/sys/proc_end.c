/*
 * The end of a child and of all it started. The direct child is told by its descriptor. Its
 * descendants are its session (one system call says whether anyone is left), the orphans that this
 * process adopted, and those that carry its mark; only when one of the first two says so
 * is /proc walked, so that the end of a well-behaved child costs microseconds.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/proc_own.h"

#define LOOK_AGAIN_MS 100  /* when something could not be looked at, or was killed and lingers */
#define BLIND_MS      10   /* when the kernel does not tell of ends by itself */
#define CHILDREN_MAX  4096 /* bytes read at once of the list of children */

/* --- the keeper ---------------------------------------------------------------------------- */

enum status proc_keeper_new(struct proc_keeper **out, struct err *err)
{
	struct proc_keeper *k = mem_zero(1, sizeof *k);

	assert(gettid() == getpid());
	if (k == NULL)
		return err_nomem(err, "the keeper of processes");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
		mem_free(k);
		return err_sys(err, errno, "cannot adopt orphans");
	}
	(void)snprintf(k->children, sizeof k->children, "/proc/self/task/%d/children",
	               (int)getpid());
	*out = k;
	return OK;
}

void proc_keeper_free(struct proc_keeper *k)
{
	if (k == NULL)
		return;
	assert(k->n == 0);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	mem_free(k->pids);
	mem_free(k->sought);
	mem_free(k->found);
	mem_free(k);
}

enum status proc_keeper_room(struct proc_keeper *k, struct err *err)
{
	size_t size = k->size == 0 ? 16 : 2 * k->size;
	int *more;

	if (k->n < k->size)
		return OK;
	if ((more = mem_grow(k->pids, size * sizeof *more)) == NULL)
		return err_nomem(err, "the keeper of processes");
	k->pids = more;
	k->size = size;
	return OK;
}

void proc_keeper_add(struct proc_keeper *k, int pid)
{
	assert(k->n < k->size);
	k->pids[k->n++] = pid;
}

void proc_keeper_drop(struct proc_keeper *k, int pid)
{
	size_t i = 0;

	while (i < k->n && k->pids[i] != pid)
		i++;
	assert(i < k->n);
	memmove(k->pids + i, k->pids + i + 1, (k->n - i - 1) * sizeof *k->pids);
	k->n--;
}

/* Is pid a direct child? Both lists are in order of age, so *at is nearly always the answer. */
static bool is_direct(const struct proc_keeper *k, int pid, size_t *at)
{
	for (size_t i = 0; i < k->n; i++) {
		size_t here = (*at + i) % k->n;

		if (k->pids[here] == pid) {
			*at = here + 1;
			return true;
		}
	}
	return false;
}

int proc_keeper_orphans(struct proc_keeper *k, bool kill_them)
{
	char small[CHILDREN_MAX], *list = small, *end;
	size_t room = sizeof small, at = 0;
	int left = 0;
	long n, pid;

	while ((n = scan_read(k->children, list, room)) == (long)room - 1) {
		char *more = mem_grow(list == small ? NULL : list, room * 4);

		if (more == NULL)
			break;
		list = more;
		room *= 4;
	}
	for (const char *p = list; n > 0 && (pid = strtol(p, &end, 10)) > 0; p = end) {
		if (is_direct(k, (int)pid, &at))
			continue;
		if (kill_them)
			(void)kill((pid_t)pid, SIGKILL); /* ours, not reaped: the number holds */
		left += waitpid((pid_t)pid, NULL, WNOHANG) == 0;
	}
	if (list != small)
		mem_free(list);
	return left;
}

int proc_keeper_reap(struct proc_keeper *k, bool end_all)
{
	return proc_keeper_orphans(k, end_all);
}

/* --- one child ----------------------------------------------------------------------------- */

static void note_end(struct proc *p, int status, const struct rusage *use)
{
	struct proc_result *r = &p->result;
	struct proc_own *own = p->own;

	own->child_ended = true;
	if (own->keeper != NULL)
		proc_keeper_drop(own->keeper, p->pid);
	r->wall_us = clock_mono_us() - own->start_us;
	r->cpu_us = ((int64_t)use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1000000 +
	            use->ru_utime.tv_usec + use->ru_stime.tv_usec;
	r->peak_kib = use->ru_maxrss;
	r->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (own->why != PROC_CLEAN)
		r->outcome = own->why;
	else if (r->signal != 0)
		r->outcome = PROC_CRASHED;
	else
		r->outcome = r->exit_code == 0 ? PROC_CLEAN : PROC_FAILED;
}

static void reap_child(struct proc *p)
{
	struct rusage use;
	int status = 0;
	pid_t got;

	if (p->own->child_ended)
		return;
	do {
		got = wait4(p->pid, &status, WNOHANG, &use);
	} while (got < 0 && errno == EINTR);
	if (got == p->pid) {
		note_end(p, status, &use);
	} else if (got < 0) { /* somebody else waited for our child: how it ended is lost */
		memset(&use, 0, sizeof use);
		note_end(p, SIGKILL, &use);
	}
}

/* Choose all that is left of its family. False: could not look. */
static bool look(const struct proc *p, struct scan *s, size_t *n)
{
	struct scan_want want = { .session = p->pid, .since = p->own->since };

	memcpy(&want.mark, &p->own->mark, sizeof want.mark);
	if (scan_all(s, NULL) != OK)
		return false;
	*n = scan_family(s, &want);
	return true;
}

static void signal_family(const struct proc *p, int sig)
{
	struct scan s;
	size_t n = 0;

	if (!p->own->child_ended) {
		/* not reaped, so the number of the group is still its own */
		(void)kill(-p->pid, sig);
		if (sig == SIGTERM)
			(void)kill(-p->pid, SIGCONT); /* the stopped cannot listen */
	}
	if (!look(p, &s, &n))
		return;
	if (n > 0)
		scan_signal(&s, sig);
	if (n > 0 && sig == SIGTERM)
		scan_signal(&s, SIGCONT);
	scan_done(&s);
}

void proc_end(struct proc *p, enum proc_outcome why, int64_t grace_ms)
{
	struct proc_own *own = p->own;
	int64_t at = clock_mono_ms() + (grace_ms > 0 ? grace_ms : 0);
	bool first = own->kill_ms == INT64_MAX;

	reap_child(p);
	if (own->done)
		return;
	if (!own->child_ended && own->why == PROC_CLEAN)
		own->why = why;
	if (at < own->kill_ms)
		own->kill_ms = at;
	if (grace_ms <= 0 && !own->killing) {
		own->killing = true;
		signal_family(p, SIGKILL);
	} else if (first) {
		signal_family(p, SIGTERM);
	}
}

/* Is it worth a walk of /proc: may anybody be left? The direct child is reaped. */
static bool may_be_left(const struct proc *p)
{
	const struct proc_own *own = p->own;
	int orphans = own->keeper == NULL ? 0 : proc_keeper_orphans(own->keeper, false);

	if (kill(-p->pid, 0) == 0 || errno == EPERM)
		return true;
	if (own->keeper != NULL)
		return orphans > 0;
	return own->mark != NULL;
}

/* Have wait_fd tell of the end of one of the chosen. */
static void wait_for_one(struct proc *p, const struct scan *s)
{
	int fd = -1;

	for (size_t i = 0; i < s->n && fd < 0; i++)
		if (s->rows[i].chosen)
			fd = scan_open(&s->rows[i]);
	if (p->wait_fd >= 0)
		(void)close(p->wait_fd);
	p->wait_fd = fd;
}

/* The direct child is gone; deal with those it left. True when there is nobody. */
static bool family_ended(struct proc *p)
{
	struct proc_own *own = p->own;
	struct scan s;
	size_t n = 0;

	if (!may_be_left(p))
		return true;
	if (!look(p, &s, &n))
		return false;
	if (n > 0 && p->result.left == 0)
		p->result.left = (int)n;
	if (n > 0 && own->kill_ms == INT64_MAX) {
		own->kill_ms = clock_mono_ms() + PROC_GRACE_MS;
		scan_signal(&s, SIGTERM);
		scan_signal(&s, SIGCONT);
	} else if (n > 0 && own->killing) {
		scan_signal(&s, SIGKILL); /* those born since */
	}
	if (n > 0)
		wait_for_one(p, &s);
	scan_done(&s);
	return n == 0;
}

bool proc_ended(struct proc *p, int64_t *again_ms)
{
	struct proc_own *own = p->own;
	int64_t now;

	*again_ms = INT64_MAX;
	if (own->done)
		return true;
	reap_child(p);
	now = clock_mono_ms();
	if (own->kill_ms <= now && !own->killing) {
		own->killing = true;
		signal_family(p, SIGKILL);
	}
	if (own->child_ended && family_ended(p)) {
		own->done = true;
		if (own->keeper != NULL)
			(void)proc_keeper_orphans(own->keeper, false);
		if (p->wait_fd >= 0)
			(void)close(p->wait_fd);
		p->wait_fd = -1;
		return true;
	}
	if (p->wait_fd < 0)
		*again_ms = now + BLIND_MS;
	else if (own->killing)
		*again_ms = now + LOOK_AGAIN_MS;
	else
		*again_ms = own->kill_ms;
	return false;
}

bool proc_child_ended(const struct proc *p)
{
	return p->own->child_ended;
}

int64_t proc_cpu_us(const struct proc *p)
{
	int64_t ticks = 0, hz = sysconf(_SC_CLK_TCK);
	struct scan s;
	size_t n;

	if (!look(p, &s, &n))
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (s.rows[i].chosen)
			ticks += s.rows[i].cpu_ticks;
	scan_done(&s);
	return ticks * (1000000 / hz);
}

void proc_free(struct proc *p)
{
	int64_t again = 0;

	if (p == NULL)
		return;
	if (!p->own->done)
		proc_end(p, PROC_KILLED, 0);
	while (!proc_ended(p, &again)) {
		struct pollfd wait = { .fd = p->wait_fd, .events = POLLIN };

		(void)poll(&wait, 1, wait.fd < 0 ? BLIND_MS : LOOK_AGAIN_MS);
	}
	proc_close_out(p);
	proc_close_err(p);
	mem_free(p->own->mark);
	mem_free(p->own);
	mem_free(p);
}
