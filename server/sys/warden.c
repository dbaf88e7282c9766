#include "sys/warden.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/proc.h"
#include "sys/scan.h"

#define KILL_AGAIN_MS 20 /* those born while the others were killed */

struct warden {
	int signals; /* signalfd */
	int child, status;
	bool ended;      /* the child */
	bool ending;     /* all are told to end */
	int64_t kill_ms; /* monotonic: KILL then; INT64_MAX: nobody is told to end */
	int64_t grace_ms;
	pid_t parent;
};

static void signal_all(int sig)
{
	const struct scan_want below = { .below = (int)getpid() };
	struct scan s;

	if (scan_all(&s, NULL) != OK)
		return;
	(void)scan_family(&s, &below);
	scan_signal(&s, sig);
	if (sig == SIGTERM)
		scan_signal(&s, SIGCONT); /* the stopped cannot listen */
	scan_done(&s);
}

/* Have all end. Once: many take a second word for impatience. */
static void begin_end(struct warden *w, bool tell)
{
	if (w->ending)
		return;
	w->ending = true;
	w->kill_ms = clock_mono_ms() + w->grace_ms;
	if (tell)
		signal_all(SIGTERM);
}

/* Reap all that have ended. False when nobody is left below us. */
static bool reap(struct warden *w)
{
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid == -1 && errno == EINTR))
		if (pid == w->child) {
			w->ended = true;
			w->status = status;
		}
	return pid == 0;
}

/* Who ends us through the whole family (sys/proc.h) has told the others, too. */
static void hear(struct warden *w)
{
	struct signalfd_siginfo what;

	while (read(w->signals, &what, sizeof what) == (ssize_t)sizeof what)
		if (what.ssi_signo != SIGCHLD)
			begin_end(w, getppid() != w->parent || (pid_t)what.ssi_pid != w->parent);
}

static void watch(struct warden *w)
{
	while (reap(w)) {
		struct pollfd fd = { .fd = w->signals, .events = POLLIN };
		int64_t left = w->kill_ms == INT64_MAX ? -1 : w->kill_ms - clock_mono_ms();

		if (w->ended)
			begin_end(w, true);
		if (w->kill_ms <= clock_mono_ms()) {
			signal_all(SIGKILL);
			left = KILL_AGAIN_MS;
		} else if (w->kill_ms != INT64_MAX) {
			left = w->kill_ms - clock_mono_ms();
		}
		(void)poll(&fd, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		hear(w);
	}
}

/* End as the child did. */
static _Noreturn void end_like(int status)
{
	const struct rlimit none = { 0, 0 };
	sigset_t one;

	if (WIFSIGNALED(status)) {
		(void)setrlimit(RLIMIT_CORE, &none); /* the child has left its own */
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)sigemptyset(&one);
		(void)sigaddset(&one, WTERMSIG(status));
		(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
		(void)raise(WTERMSIG(status));
		_exit(128 + WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}

enum status warden_run(const char *const *argv, int64_t grace_ms, struct err *err)
{
	struct warden w = { .kill_ms = INT64_MAX, .grace_ms = grace_ms, .parent = getppid() };
	struct proc_spec spec = { .argv = argv,
		                  .env = (const char *const *)environ,
		                  .own_input = true,
		                  .out = PROC_TO_FD,
		                  .out_file = 1,
		                  .err = PROC_TO_FD,
		                  .err_file = 2 };
	struct proc *p = NULL;
	sigset_t heard;
	enum status st;

	(void)sigemptyset(&heard);
	(void)sigaddset(&heard, SIGCHLD);
	(void)sigaddset(&heard, SIGTERM);
	(void)sigaddset(&heard, SIGINT);
	(void)sigaddset(&heard, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &heard, NULL);
	w.signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
	/* who started us may have said KILL here, which would leave all others behind */
	if (w.signals == -1 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		return err_sys(err, errno, "cannot watch over '%s'", argv[0]);
	if ((st = proc_start(&p, NULL, &spec, err)) != OK)
		return st;
	w.child = p->pid;
	(void)close(0);
	watch(&w);
	end_like(w.status);
}
