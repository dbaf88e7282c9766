/*
 * proc.h - start, watch and end child processes, with all they start themselves.
 *
 * A child gets its own session and process group, default signals, no descriptors but
 * 0, 1 and 2, the environment and folder it was given, and dies (SIGKILL) when the thread
 * that started it is gone. A struct proc is used by the thread that started it. Nothing here
 * blocks except proc_run, proc_sweep and proc_free of a child still running.
 *
 * The keeper makes this process adopt the orphans of its children, so that a descendant
 * that left its session can still be found and ended. It belongs to the main thread of the
 * process, and children given to it are started there. Children of other threads (proc_run
 * with no keeper) do not get in its way.
 *
 * A mark is a NULL-terminated list of `NAME=value` (GADUGI_RUN_ID, GADUGI_TASK_ID,
 * GADUGI_ATTEMPT). It is added to the child's environment, inherited by what the child
 * starts, and found again in /proc/PID/environ, also by another process after a crash.
 *
 * A loop around poll(2):
 *
 *	proc_start(&p, keeper, &spec, err);
 *	for (;;) {
 *		poll p->wait_fd, p->out_fd, p->err_fd for POLLIN, until again_ms at the latest
 *		out_fd or err_fd ready: read(2); at its end (0) proc_close_out / proc_close_err
 *		over time:              proc_end(p, PROC_HUNG, 5000);
 *		if (proc_ended(p, &again_ms))
 *			break;         // p->result says how; drain out_fd, then proc_free
 *	}
 */
#ifndef SYS_PROC_H
#define SYS_PROC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "sys/sandbox.h"

#define PROC_ARGS_MAX  4096               /* more words of argv or environment: E_INPUT */
#define PROC_INPUT_MAX ((size_t)64 << 20) /* bytes for stdin */
#define PROC_GRACE_MS  5000               /* between TERM and KILL, by contract */
#define PROC_CALL_MS   15                 /* the same for children of a call that was cancelled */
enum proc_outcome {
	PROC_NOT_STARTED, /* the exec failed or was never tried */
	PROC_CLEAN,       /* exit code 0 */
	PROC_FAILED,      /* another exit code */
	PROC_CRASHED,     /* ended by a signal that we did not send */
	PROC_HUNG,        /* ended by us for its time */
	PROC_KILLED,      /* ended by us for another reason */
};

enum proc_to {
	PROC_TO_NOWHERE, /* /dev/null */
	PROC_TO_PIPE,    /* a pipe whose other end is out_fd or err_fd */
	PROC_TO_OUT,     /* stderr only: where stdout goes */
	PROC_TO_FD,      /* the descriptor given in out_file or err_file; stays the caller's */
};

struct proc_spec {
	const char *const *argv; /* NULL-terminated; a first word without `/` is looked up on PATH
	                          * of env, relative to no folder; `./x` is relative to cwd */
	const char *const *env;  /* likewise, `NAME=value`, all of it; NULL: only the mark */
	const char *const *mark; /* see above; NULL: none */
	const char *cwd;         /* NULL: ours */
	const void *input;       /* all of stdin; NULL: /dev/null, or ours */
	bool own_input;          /* without input: our stdin */
	size_t input_size;
	enum proc_to out, err;
	int out_file, err_file;        /* for PROC_TO_FD */
	const struct sandbox *sandbox; /* NULL: none; read only during proc_start */
	int64_t stop_grace_ms;         /* proc_run: 0: PROC_GRACE_MS; out of time, at least that */
	int64_t silence_ms;            /* proc_run: so long without a word is hung; 0: never */
	atomic_int *pid;               /* proc_run: told here while it runs, then 0; NULL: not */
};

struct proc_result {
	enum proc_outcome outcome;
	int exit_code;    /* 0 to 255; -1 when a signal ended it */
	int signal;       /* that signal, or 0 */
	int left;         /* descendants that outlived the direct child and had to be ended */
	int64_t wall_us;  /* from its start to the end of the direct child */
	int64_t cpu_us;   /* user and system, of it and of the descendants it waited for */
	int64_t peak_kib; /* largest resident set of one of these */
};

struct proc {
	int pid;     /* also its session and process group */
	int wait_fd; /* readable: call proc_ended; may be another descriptor after each such call */
	int out_fd;  /* non-blocking, -1 when there is none or it was closed */
	int err_fd;
	struct proc_result result; /* whole once proc_ended said true */
	struct proc_own *own;
};

struct proc_keeper;
/* Adopt orphans (PR_SET_CHILD_SUBREAPER). On the main thread, once a process. */
enum status proc_keeper_new(struct proc_keeper **out, struct err *err);
void proc_keeper_free(struct proc_keeper *k);

/*
 * Reap adopted orphans that have ended. Call it on SIGCHLD or now and then; it never touches a
 * child of proc_start. end_all: also kill (KILL) adopted orphans that live, whoever left them
 * behind; for the end of a run. Returns how many orphans are still there.
 */
int proc_keeper_reap(struct proc_keeper *k, bool end_all);

/*
 * Start a child. On OK *out is the caller's until proc_free. The failure of exec itself is
 * returned here: E_ABSENT when the program is not found, E_DENIED when it may not be run,
 * else E_IO; nothing is left behind then. keeper may be NULL.
 */
enum status proc_start(struct proc **out, struct proc_keeper *keeper, const struct proc_spec *spec,
                       struct err *err);

/*
 * Ask for the end of the child and of every descendant: TERM now, KILL after grace_ms (0: KILL
 * at once). why is PROC_HUNG or PROC_KILLED; the first call's why stays, a later call can only
 * shorten the grace. proc_ended does the rest. Fine on one that has ended.
 */
void proc_end(struct proc *p, enum proc_outcome why, int64_t grace_ms);

/*
 * See how it stands. True when the child and every descendant are gone and reaped; result
 * is whole then. Descendants that outlive the child are ended (TERM, PROC_GRACE_MS, KILL).
 * Otherwise *again_ms is the monotonic time (clock_mono_ms) to call again at the latest,
 * INT64_MAX when wait_fd alone will tell.
 */
bool proc_ended(struct proc *p, int64_t *again_ms);

/* Has the direct child itself ended (others may be left)? result.exit_code is good then. */
bool proc_child_ended(const struct proc *p);

/* CPU time so far of the child and its living descendants; -1: unknown. Costs a walk of /proc. */
int64_t proc_cpu_us(const struct proc *p);

void proc_close_out(struct proc *p);
void proc_close_err(struct proc *p);
/* Free it. One that still runs is killed with all descendants, and waited for. NULL is fine. */
void proc_free(struct proc *p);

/* Static words: "clean", "failed", "crashed", "timed out", "killed", "not started". */
const char *proc_outcome_words(enum proc_outcome o);

/*
 * Start, collect output, wait; for gates and tools, on any thread. spec->out and err say what is
 * collected (PIPE or OUT). At most max bytes are kept of each, the rest is read and counted.
 * timeout_ms 0: none. stop (may be NULL) ends it as PROC_KILLED; who sets it rings the bell. OK
 * whenever it was started: look at result.outcome. Output in the arena, NUL-terminated.
 */
struct proc_output {
	struct proc_result result;
	char *out, *err; /* never NULL on OK */
	size_t out_size, err_size;
	uint64_t out_total, err_total; /* bytes that came; more than the size: cut */
	bool silent;                   /* hung: nothing came for silence_ms */
};
struct proc_bounds {
	size_t max;
	int64_t timeout_ms;
	const atomic_bool *stop;
	struct bell *bell; /* not NULL where stop is not */
};
enum status proc_run(const struct proc_spec *spec, const struct proc_bounds *bounds,
                     struct arena *a, struct proc_output *out, struct err *err);

/*
 * An environment from names to take over from ours (those not set are left out) and pairs
 * `NAME=value` to add, which win. `PREFIX_*` takes all with that prefix. NULL-terminated list in
 * the arena, NULL when it is full.
 */
const char *const *proc_env(struct arena *a, const char *const *names, const char *const *pairs);

/* --- processes over restarts --------------------------------------------------------------- */

struct proc_id {
	int pid;
	int64_t start; /* clock ticks between boot and its start */
	char boot[40]; /* the kernel's boot id */
};
int64_t proc_started(int pid); /* in clock ticks since boot; -1: there is none */

/* Who is pid? E_ABSENT when there is no such process. */
enum status proc_identify(int pid, struct proc_id *id, struct err *err);

/* Is that very process still alive (a zombie is not)? */
bool proc_alive(const struct proc_id *id);

/*
 * End every process that carries the whole mark, with its descendants: TERM, KILL after grace_ms,
 * until all are gone. For what a dead runner left behind. Never this process nor one above it.
 * *ended (may be NULL): how many there were. E_BUSY when some would not go within 5 s after KILL.
 */
enum status proc_sweep(const char *const *mark, int64_t grace_ms, int *ended, struct err *err);

/* Pid of a process whose working folder is folder or below it; 0: none; -1: could not look. */
int proc_using(const char *folder);

#endif
