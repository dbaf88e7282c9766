#include "sys/scan.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define ENVIRON_MAX  ((size_t)4 << 20) /* the kernel's own limit is a quarter of the stack's */
#define USE_MAX      64                /* processes of a family whose use is added up */
#define ABOVE_MAX    64                /* processes between the first and this one */
#define ENVIRON_STEP ((size_t)64 << 10)
#define EXEC_US      2000000 /* longest wait for a process to be through with its execve */
#define EMPTY_US     100000  /* the same when it may as well have no variables */
#define EXEC_STEP_US 50
#define NO_ENVIRON   0x200004 /* flags in stat(5): PF_EXITING, PF_KTHREAD of the kernel */

long scan_read(const char *path, char *buf, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	while (n < room - 1 && got > 0) {
		got = read(fd, buf + n, room - 1 - n);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			n += (size_t)got;
	}
	(void)close(fd);
	buf[n] = '\0';
	return got < 0 ? -1 : (long)n;
}

bool scan_row(int pid, struct scan_row *row)
{
	char path[40], text[1024];
	const char *after;
	char *end;
	long long field[23] = { 0 };

	(void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
	/* the name in brackets may hold anything, even `) R 1`: fields count from the last bracket
	 */
	if (scan_read(path, text, sizeof text) <= 0 || (after = strrchr(text, ')')) == NULL ||
	    after[1] != ' ' || after[2] == '\0')
		return false;
	*row = (struct scan_row){ .pid = pid, .state = after[2] };
	after += 3;
	for (int i = 4; i <= 22; i++) {
		field[i] = strtoll(after, &end, 10);
		if (end == after)
			return false;
		after = end;
	}
	row->parent = (int)field[4];
	row->group = (int)field[5];
	row->session = (int)field[6];
	row->cpu_ticks = (int64_t)(field[14] + field[15] + field[16] + field[17]);
	row->start = (int64_t)field[22];
	return true;
}

static enum status add_row(struct scan *s, int pid, struct err *err)
{
	struct scan_row *more;

	if (s->n == s->size) {
		size_t size = s->size == 0 ? 256 : 2 * s->size;

		if ((more = mem_grow(s->rows, size * sizeof *more)) == NULL)
			return err_nomem(err, "the table of processes");
		s->rows = more;
		s->size = size;
	}
	s->n += scan_row(pid, &s->rows[s->n]);
	return OK;
}

enum status scan_all(struct scan *s, struct err *err)
{
	DIR *dir = opendir("/proc");
	const struct dirent *e;
	enum status st = OK;

	*s = (struct scan){ 0 };
	if (dir == NULL)
		return err_sys(err, errno, "cannot list /proc");
	while (st == OK && (e = readdir(dir)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]))
			st = add_row(s, (int)strtol(e->d_name, NULL, 10), err);
	(void)closedir(dir);
	if (st != OK)
		scan_done(s);
	return st;
}

void scan_done(struct scan *s)
{
	mem_free(s->rows);
	*s = (struct scan){ 0 };
}

/* All of /proc/PID/environ, or NULL. *n is its length. The caller frees it. */
static char *read_environ(int pid, size_t *n)
{
	char path[40], *buf = NULL, *more;
	long got;

	(void)snprintf(path, sizeof path, "/proc/%d/environ", pid);
	for (size_t size = ENVIRON_STEP; size <= ENVIRON_MAX; size *= 4) {
		if ((more = mem_grow(buf, size)) == NULL)
			break;
		buf = more;
		if ((got = scan_read(path, buf, size)) < 0)
			break;
		if ((size_t)got < size - 1) {
			*n = (size_t)got;
			return buf;
		}
	}
	mem_free(buf);
	return NULL;
}

static bool has_entry(const char *list, size_t n, const char *entry)
{
	size_t len = strlen(entry) + 1;
	const char *end = list + n, *at = list;

	while (at < end) {
		const char *stop = memchr(at, '\0', (size_t)(end - at) + 1);
		size_t here = (size_t)(stop - at) + 1;

		if (here == len && memcmp(at, entry, len) == 0)
			return true;
		at += here;
	}
	return false;
}

/*
 * How long, in us, it is worth looking again at a process whose environment reads as empty. In the
 * middle of execve the old one is gone and the new one is not there yet: env_end in stat(5) is 0,
 * then for a moment the same as env_start, as it is for good where there are no variables. Who
 * sleeps is through with it.
 */
static unsigned worth_us(int pid)
{
	char path[40], text[1024];
	const char *after;
	char *end, state;
	unsigned long long field[52] = { 0 };

	(void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (scan_read(path, text, sizeof text) <= 0 || (after = strrchr(text, ')')) == NULL ||
	    after[1] != ' ' || (state = after[2]) == '\0' || strchr("ZXx", state) != NULL)
		return 0;
	after += 3;
	for (int i = 4; i <= 51; i++, after = end)
		field[i] = strtoull(after, &end, 10);
	if ((field[9] & NO_ENVIRON) != 0)
		return 0;
	if (field[51] == 0 || field[50] != field[51])
		return EXEC_US;
	return strchr("STt", state) != NULL ? 0 : EMPTY_US;
}

/* The environment of a process that may be in the middle of execve. */
static char *settled_environ(int pid, size_t *n)
{
	char *list = read_environ(pid, n);

	for (unsigned us = 0, step = EXEC_STEP_US; list != NULL && *n == 0 && us < worth_us(pid);
	     us += step, step += step / 2) {
		mem_free(list);
		(void)usleep(step);
		list = read_environ(pid, n);
	}
	return list;
}

bool scan_marked(int pid, const char *const *mark)
{
	size_t n = 0;
	char *list;
	bool all = true;

	if (mark == NULL || mark[0] == NULL || (list = settled_environ(pid, &n)) == NULL)
		return false;
	for (; *mark != NULL && all; mark++)
		all = has_entry(list, n, *mark);
	mem_free(list);
	return all;
}

static struct scan_row *find(const struct scan *s, int pid)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->rows[i].pid == pid)
			return &s->rows[i];
	return NULL;
}

static bool is_dead(const struct scan_row *row)
{
	return row->state == 'Z' || row->state == 'X' || row->state == 'x';
}

/* Is pid this process or one of those that led to it? */
static bool is_above(const int *above, size_t n, int pid)
{
	for (size_t i = 0; i < n; i++)
		if (above[i] == pid)
			return true;
	return false;
}

/* Choose the children of the chosen, one generation. How many there were. */
static size_t choose_children(struct scan *s, const int *above, size_t above_n)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct scan_row *row = &s->rows[i];
		const struct scan_row *parent = row->chosen ? NULL : find(s, row->parent);

		if (parent == NULL || !parent->chosen || is_dead(row) ||
		    is_above(above, above_n, row->pid))
			continue;
		row->chosen = true;
		n++;
	}
	return n;
}

size_t scan_family(struct scan *s, const struct scan_want *want)
{
	int above[ABOVE_MAX];
	size_t above_n = 0, chosen = 0, more;

	for (const struct scan_row *row = find(s, (int)getpid());
	     row != NULL && above_n < ABOVE_MAX;
	     row = row->parent == 0 ? NULL : find(s, row->parent))
		above[above_n++] = row->pid;
	for (size_t i = 0; i < s->n; i++) {
		struct scan_row *row = &s->rows[i];

		if (is_dead(row) || is_above(above, above_n, row->pid))
			continue;
		row->chosen = (want->below != 0 && row->parent == want->below) ||
		              (want->session != 0 && row->session == want->session &&
		               row->start >= want->since) ||
		              scan_marked(row->pid, want->mark);
		chosen += row->chosen;
	}
	for (more = chosen; more > 0; chosen += more) /* those whom neither tells */
		more = choose_children(s, above, above_n);
	return chosen;
}

static bool is_same(const struct scan_row *row)
{
	struct scan_row now;

	return scan_row(row->pid, &now) && now.start == row->start && !is_dead(&now);
}

int scan_open(const struct scan_row *row)
{
	int fd = (int)syscall(SYS_pidfd_open, row->pid, 0);

	if (fd >= 0 && !is_same(row)) {
		(void)close(fd);
		errno = ESRCH;
		return -1;
	}
	return fd;
}

void scan_signal(const struct scan *s, int sig)
{
	for (size_t i = 0; i < s->n; i++) {
		int fd = s->rows[i].chosen ? scan_open(&s->rows[i]) : -1;

		if (!s->rows[i].chosen)
			continue;
		if (fd >= 0) {
			(void)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
			(void)close(fd);
		} else if (errno == ENOSYS && is_same(&s->rows[i])) {
			(void)kill(s->rows[i].pid, sig); /* a kernel before 5.3 */
		}
	}
}

static bool add_use(int pid, struct scan_use *out)
{
	char path[40], buf[200];
	struct scan_row row;
	char *rest;

	(void)snprintf(path, sizeof path, "/proc/%d/statm", pid);
	if (!scan_row(pid, &row) || scan_read(path, buf, sizeof buf) <= 0)
		return false;
	(void)strtol(buf, &rest, 10); /* the first is its address space, the second what is there */
	out->memory_kb += strtol(rest, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
	out->cpu_ms += row.cpu_ticks * (1000 / sysconf(_SC_CLK_TCK));
	return true;
}

bool scan_use(int pid, struct scan_use *out)
{
	int all[USE_MAX];
	size_t n = 0;

	*out = (struct scan_use){ 0 };
	all[n++] = pid;
	for (size_t i = 0; i < n; i++) {
		char path[60], list[4096], *end;
		long child;

		if (!add_use(all[i], out) && i == 0)
			return false;
		(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", all[i], all[i]);
		if (scan_read(path, list, sizeof list) <= 0)
			continue;
		for (const char *p = list; n < USE_MAX && (child = strtol(p, &end, 10)) > 0;
		     p = end)
			all[n++] = (int)child;
	}
	return true;
}

int64_t scan_now(void)
{
	struct timespec now;
	long hz = sysconf(_SC_CLK_TCK);

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * hz + (int64_t)now.tv_nsec * hz / 1000000000;
}
