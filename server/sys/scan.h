/*
 * scan.h - the table of processes as /proc shows it; for sys/proc.
 *
 * What was seen may be gone a moment later, so signals go through a descriptor of the very
 * process that was seen, never to a number.
 */
#ifndef SYS_SCAN_H
#define SYS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct scan_row {
	int pid, parent, group, session;
	char state;        /* as in stat(5); Z and X are dead */
	bool chosen;       /* by scan_family */
	int64_t start;     /* clock ticks since boot */
	int64_t cpu_ticks; /* own and of children waited for */
};

struct scan {
	struct scan_row *rows; /* owned */
	size_t n, size;
};

/* Whom to look for. */
struct scan_want {
	int session;             /* 0: by mark only */
	int64_t since;           /* members of the session started at this tick or later */
	const char *const *mark; /* NULL: none */
	int below;               /* children of this process; 0: nobody's */
};

/* One process; false when there is none. */
bool scan_row(int pid, struct scan_row *row);

/* What a process and those below it use right now; false when it is gone. */
struct scan_use {
	int64_t memory_kb, cpu_ms;
};
bool scan_use(int pid, struct scan_use *out);

/* Everyone. E_NOMEM or E_IO. scan_done frees it. */
enum status scan_all(struct scan *s, struct err *err);
void scan_done(struct scan *s);

/* Choose the living rows wanted and all their descendants, but never this process or one above
 * it. Returns how many. */
size_t scan_family(struct scan *s, const struct scan_want *want);

/* Does the process carry every entry of the mark in its environment? */
bool scan_marked(int pid, const char *const *mark);

/* A descriptor for waiting on and signalling that very process; -1 when it is gone, or the kernel
 * has no such thing (errno is ENOSYS). */
int scan_open(const struct scan_row *row);

/* Send the signal to all chosen ones. */
void scan_signal(const struct scan *s, int sig);

/* Clock ticks since boot, now. */
int64_t scan_now(void);

/* Whole of a small file of /proc, at most room - 1 bytes, NUL behind them. -1 when it is gone. */
long scan_read(const char *path, char *buf, size_t room);

#endif
