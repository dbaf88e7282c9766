/* proc_own.h - what the files of sys/proc share. */
#ifndef SYS_PROC_OWN_H
#define SYS_PROC_OWN_H

#include "sys/proc.h"
#include "sys/scan.h"

struct proc_keeper {
	int *pids; /* owned: direct children not yet reaped, in the order of their start */
	size_t n, size;
	char children[64]; /* path of the list of the main thread's children */
	char *sought;      /* owned: the name last looked up, NUL, the PATH it was looked up on */
	char *found;       /* owned: where it was; NULL: nothing was looked up yet */
};

struct proc_own {
	struct proc_keeper *keeper; /* not owned; NULL: none */
	char **mark;                /* owned, NULL-terminated; NULL: none */
	int64_t since;              /* clock ticks since boot, not after its start */
	int64_t start_us;           /* monotonic */
	int64_t kill_ms;            /* monotonic: KILL then; INT64_MAX: not being ended */
	enum proc_outcome why;      /* of the first proc_end; PROC_CLEAN: there was none */
	bool child_ended;           /* the direct child is reaped */
	bool killing;               /* KILL was sent */
	bool done;
};

/* Room for one more child; E_NOMEM. */
enum status proc_keeper_room(struct proc_keeper *k, struct err *err);
void proc_keeper_add(struct proc_keeper *k, int pid);
void proc_keeper_drop(struct proc_keeper *k, int pid);

/* Reap orphans that have ended, count those that live; see proc_keeper_reap. */
int proc_keeper_orphans(struct proc_keeper *k, bool kill_them);

#endif
