/* Children whose end one waits for, environments, and processes that are not our children. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/proc_own.h"

#define STOP_LOOK_MS 10 /* how often a stop flag is looked at when no bell could be had */
#define KILL_WAIT_MS 5000
#define LOOK_MS      1000 /* longest wait for one of several */
#define BLIND_MS     10   /* between looks when it ends without a word to us */
#define READ_SIZE    ((size_t)64 << 10)

/* --- run and collect ----------------------------------------------------------------------- */

struct sink {
	struct text text;
	size_t max;
	uint64_t total;
};

/* Take what is in the pipe. True while more may come. */
static bool drain(int fd, struct sink *s)
{
	char buf[READ_SIZE];
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		s->total += (uint64_t)n;
		if (s->text.len < s->max)
			text_add_n(&s->text, buf,
			           (size_t)n < s->max - s->text.len ? (size_t)n
			                                            : s->max - s->text.len);
	}
}

/* How long to sleep: until the end of time, the stop's next look, or the given moment. */
static int sleep_ms(int64_t deadline, int64_t again, bool look)
{
	int64_t until = deadline < again ? deadline : again, left;

	if (until == INT64_MAX)
		return look ? STOP_LOOK_MS : -1;
	left = until - clock_mono_ms();
	if (left < 0)
		left = 0;
	if (look && left > STOP_LOOK_MS)
		left = STOP_LOOK_MS;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

/* When its time is over: for all of it, or since it said something. */
static int64_t deadline_of(const struct proc_bounds *bounds, int64_t silence_ms, int64_t started_ms,
                           int64_t heard_ms)
{
	int64_t at = bounds->timeout_ms > 0 ? started_ms + bounds->timeout_ms : INT64_MAX;

	if (silence_ms > 0 && heard_ms + silence_ms < at)
		return heard_ms + silence_ms;
	return at;
}

/* True when it was ended for its silence. */
static bool wait_end(struct proc *p, struct sink *out, struct sink *errs,
                     const struct proc_bounds *bounds, const struct proc_spec *spec)
{
	int64_t grace_ms = spec->stop_grace_ms > 0 ? spec->stop_grace_ms : PROC_GRACE_MS;
	int64_t started = clock_mono_ms(), heard = started;
	int64_t deadline = deadline_of(bounds, spec->silence_ms, started, heard);
	const atomic_bool *stop = bounds->stop;
	int bell = stop == NULL ? -1 : bell_fd(bounds->bell);
	int64_t again = p->wait_fd < 0 ? 0 : INT64_MAX;
	bool ended = false, silent = false;
	uint64_t total = 0;

	while (!ended) {
		struct pollfd fds[] = {
			{ .fd = p->wait_fd, .events = POLLIN },
			{ .fd = p->out_fd, .events = POLLIN },
			{ .fd = p->err_fd, .events = POLLIN },
			{ .fd = bell, .events = POLLIN },
		};

		/* the flag may have been set before there was a bell to ring */
		if (stop == NULL || !atomic_load(stop))
			(void)poll(fds, 4, sleep_ms(deadline, again, stop != NULL && bell == -1));
		if (p->out_fd >= 0 && !drain(p->out_fd, out))
			proc_close_out(p);
		if (p->err_fd >= 0 && !drain(p->err_fd, errs))
			proc_close_err(p);
		if (out->total + errs->total != total && deadline != INT64_MAX) {
			total = out->total + errs->total;
			heard = clock_mono_ms();
			deadline = deadline_of(bounds, spec->silence_ms, started, heard);
		}
		if (stop != NULL && atomic_load(stop)) {
			proc_end(p, PROC_KILLED, grace_ms);
			stop = NULL;
			bell = -1;
		}
		if (clock_mono_ms() >= deadline) {
			silent = bounds->timeout_ms <= 0 || deadline < started + bounds->timeout_ms;
			proc_end(p, PROC_HUNG, grace_ms > PROC_GRACE_MS ? grace_ms : PROC_GRACE_MS);
			deadline = INT64_MAX;
		}
		ended = proc_ended(p, &again);
	}
	/* nobody of the family is left; what they wrote is in the pipes by now */
	if (p->out_fd >= 0)
		(void)drain(p->out_fd, out);
	if (p->err_fd >= 0)
		(void)drain(p->err_fd, errs);
	return silent;
}

enum status proc_run(const struct proc_spec *spec, const struct proc_bounds *bounds,
                     struct arena *a, struct proc_output *out, struct err *err)
{
	struct sink o = { .max = bounds->max }, e = { .max = bounds->max };
	struct proc *p = NULL;
	enum status st;
	bool silent;

	assert(bounds->stop == NULL || bounds->bell != NULL);
	if ((st = proc_start(&p, NULL, spec, err)) != OK)
		return st;
	text_init(&o.text, bounds->max + 1);
	text_init(&e.text, bounds->max + 1);
	if (spec->pid != NULL)
		atomic_store(spec->pid, p->pid);
	silent = wait_end(p, &o, &e, bounds, spec);
	if (spec->pid != NULL)
		atomic_store(spec->pid, 0);
	*out = (struct proc_output){
		.result = p->result,
		.out = arena_copy(a, text_string(&o.text), o.text.len),
		.err = arena_copy(a, text_string(&e.text), e.text.len),
		.out_size = o.text.len,
		.err_size = e.text.len,
		.out_total = o.total,
		.err_total = e.total,
		.silent = silent && p->result.outcome == PROC_HUNG,
	};
	if (o.text.failed || e.text.failed || out->out == NULL || out->err == NULL)
		st = err_nomem(err, "a program's output");
	text_done(&o.text);
	text_done(&e.text);
	proc_free(p);
	return st;
}

/* --- environments -------------------------------------------------------------------------- */

static bool takes_over(const char *const *names, const char *entry)
{
	size_t n = strcspn(entry, "=");

	for (; names != NULL && *names != NULL; names++) {
		size_t m = strlen(*names);

		if (m > 0 && (*names)[m - 1] == '*') {
			if (n >= m - 1 && strncmp(*names, entry, m - 1) == 0)
				return true;
		} else if (m == n && strncmp(*names, entry, n) == 0) {
			return true;
		}
	}
	return false;
}

/* Is the variable of entry set by one of the pairs from `from` on? */
static bool is_set(const char *const *pairs, const char *entry)
{
	size_t n = strcspn(entry, "=");

	for (; pairs != NULL && *pairs != NULL; pairs++)
		if (strncmp(*pairs, entry, n) == 0 && (*pairs)[n] == '=')
			return true;
	return false;
}

const char *const *proc_env(struct arena *a, const char *const *names, const char *const *pairs)
{
	size_t n = 0, i = 0;
	const char **list;

	for (char **e = environ; *e != NULL; e++)
		n++;
	for (const char *const *p = pairs; p != NULL && *p != NULL; p++)
		n++;
	if ((list = arena_take(a, (n + 1) * sizeof *list)) == NULL)
		return NULL;
	for (char **e = environ; *e != NULL; e++)
		if (takes_over(names, *e) && !is_set(pairs, *e))
			list[i++] = *e;
	for (; pairs != NULL && *pairs != NULL; pairs++)
		if (!is_set(pairs + 1, *pairs))
			list[i++] = *pairs;
	return list;
}

/* --- processes over restarts --------------------------------------------------------------- */

static bool read_boot(char boot[40])
{
	long n = scan_read("/proc/sys/kernel/random/boot_id", boot, 40);

	if (n <= 0)
		return false;
	boot[strcspn(boot, "\n")] = '\0';
	return true;
}

enum status proc_identify(int pid, struct proc_id *id, struct err *err)
{
	struct scan_row row;

	if (!scan_row(pid, &row))
		return err_set(err, E_ABSENT, "there is no process %d", pid);
	id->pid = pid;
	id->start = row.start;
	return read_boot(id->boot) ? OK : err_set(err, E_IO, "cannot read the kernel's boot id");
}

int64_t proc_started(int pid)
{
	struct scan_row row;

	return scan_row(pid, &row) ? row.start : -1;
}

bool proc_alive(const struct proc_id *id)
{
	struct scan_row row;
	char boot[40];

	return read_boot(boot) && strcmp(boot, id->boot) == 0 && scan_row(id->pid, &row) &&
	       row.start == id->start && row.state != 'Z' && row.state != 'X';
}

/* Wait until one of the chosen has ended, at most until the moment comes. */
static void wait_one(const struct scan *s, int64_t until)
{
	struct pollfd wait = { .fd = -1, .events = POLLIN };
	int64_t left = until - clock_mono_ms();

	for (size_t i = 0; i < s->n && wait.fd < 0; i++)
		if (s->rows[i].chosen)
			wait.fd = scan_open(&s->rows[i]);
	if (left > LOOK_MS || wait.fd < 0)
		left = wait.fd < 0 ? BLIND_MS : LOOK_MS;
	if (left > 0)
		(void)poll(&wait, 1, (int)left);
	if (wait.fd >= 0)
		(void)close(wait.fd);
}

enum status proc_sweep(const char *const *mark, int64_t grace_ms, int *ended, struct err *err)
{
	const struct scan_want want = { .mark = mark };
	int64_t kill_at = clock_mono_ms() + grace_ms, end = kill_at + KILL_WAIT_MS;
	size_t most = 0, n = 0;
	bool asked = false;
	struct scan s;
	enum status st;

	if (mark == NULL || mark[0] == NULL)
		return err_set(err, E_INPUT, "a mark is needed to find processes by");
	for (;;) {
		int64_t now = clock_mono_ms();

		if ((st = scan_all(&s, err)) != OK)
			return st;
		n = scan_family(&s, &want);
		if (n == 0 || now >= end)
			break;
		if (now >= kill_at) {
			scan_signal(&s, SIGKILL);
		} else if (!asked) { /* once: many take the second for impatience */
			scan_signal(&s, SIGTERM);
			scan_signal(&s, SIGCONT);
			asked = true;
		}
		most = n > most ? n : most;
		wait_one(&s, now < kill_at ? kill_at : end);
		scan_done(&s);
	}
	scan_done(&s);
	if (ended != NULL)
		*ended = (int)(most - (n < most ? n : most));
	return n == 0 ? OK : err_set(err, E_BUSY, "%zu processes would not end", n);
}

int proc_using(const char *folder)
{
	DIR *dir = opendir("/proc");
	size_t n = strlen(folder);
	char path[40], cwd[4096];
	const struct dirent *e;
	int found = 0;

	if (dir == NULL)
		return -1;
	while (found == 0 && (e = readdir(dir)) != NULL) {
		long pid = strtol(e->d_name, NULL, 10); /* 0 for what is no number */
		ssize_t len;

		if (pid <= 0)
			continue;
		(void)snprintf(path, sizeof path, "/proc/%ld/cwd", pid);
		len = readlink(path, cwd, sizeof cwd);
		if (len >= (ssize_t)n && memcmp(cwd, folder, n) == 0 &&
		    (len == (ssize_t)n || cwd[n] == '/'))
			found = (int)pid;
	}
	(void)closedir(dir);
	return found;
}
