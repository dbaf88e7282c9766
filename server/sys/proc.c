/*
 * Starting a child. posix_spawn can put on neither a sandbox nor a death signal, so this
 * file does what it does inside: vfork, which suspends this thread (others go on) until the
 * child has called exec, so that nothing is copied and start-up costs the same for a large process.
 * The child runs on our memory: it makes system calls, reads what was prepared for it, and
 * never returns. All signals are blocked meanwhile, so no handler runs in it.
 */
#include "sys/proc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/proc_own.h"

#define EXEC_FAILED 127

enum step { STEP_SETUP, STEP_FOLDER, STEP_SANDBOX, STEP_EXEC };

struct report { /* from child to parent when it could not be started */
	enum step step;
	int errnum;
};

struct start {
	const char *path;
	char *const *argv;
	char *const *envp;
	const char *cwd;
	const struct sandbox *sandbox;
	int in, out, err; /* ours, all above 2 */
	int report;       /* write end, close-on-exec, above 2 */
	int parent;
};

/* --- in the child -------------------------------------------------------------------------- */

static void default_signals(void)
{
	struct sigaction sa;
	sigset_t none;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = SIG_DFL;
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)sigaction(sig, &sa, NULL); /* the two of libc refuse, and need not */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Have all descriptors above 2 closed by exec; the report stays until then. */
static int close_above(void)
{
	long most;

	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	most = sysconf(_SC_OPEN_MAX); /* a kernel before 5.11 */
	for (int fd = 3; fd < most; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

static int set_up(const struct start *s)
{
	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return -1;
	if (getppid() != s->parent)
		_exit(EXEC_FAILED); /* the parent was gone before the line above */
	if (dup2(s->in, 0) < 0 || dup2(s->out, 1) < 0 || dup2(s->err, 2) < 0)
		return -1;
	return close_above();
}

static _Noreturn void child(const struct start *s)
{
	struct report r = { STEP_SETUP, 0 };

	if (set_up(s) != 0)
		goto out;
	r.step = STEP_FOLDER;
	if (s->cwd != NULL && chdir(s->cwd) != 0)
		goto out;
	default_signals();
	r.step = STEP_SANDBOX;
	if (s->sandbox != NULL && (errno = sandbox_enter(s->sandbox)) != 0)
		goto out;
	r.step = STEP_EXEC;
	(void)execve(s->path, s->argv, s->envp);
out:
	r.errnum = errno;
	(void)!write(s->report, &r, sizeof r);
	_exit(EXEC_FAILED);
}

/* --- in the parent ------------------------------------------------------------------------- */

static pid_t start_child(const struct start *s)
{
	pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): see the top */

	if (pid == 0)
		child(s); /* NOLINT(clang-analyzer-unix.Vfork): never returns; see the top */
	return pid;
}

static enum status start_failed(const struct start *s, const struct report *r, struct err *err)
{
	enum status st;

	if (r->step == STEP_FOLDER) {
		st = err_sys(err, r->errnum, "cannot start '%s' in '%s'", s->argv[0], s->cwd);
	} else if (r->step == STEP_SANDBOX) {
		st = err_sys(err, r->errnum, "cannot confine '%s'", s->argv[0]);
	} else if (r->errnum == ENOEXEC) {
		return err_set(err, E_IO, "'%s' is neither a program nor a script with a #! line",
		               s->path);
	} else if (r->errnum == ENOENT) {
		return err_set(err, E_ABSENT,
		               "cannot start '%s': it is not there, or what its #! "
		               "line names is not",
		               s->path);
	} else {
		st = err_sys(err, r->errnum, "cannot start '%s'", s->path);
	}
	if (r->errnum == EACCES || r->errnum == EPERM)
		st = E_DENIED;
	else if (r->errnum == ENOENT || r->errnum == ENOTDIR)
		st = E_ABSENT;
	if (err != NULL)
		err->code = st;
	return st;
}

/* vfork and exec; the error of exec is ours. *pid is set on OK. */
static enum status run_start(struct start *s, pid_t *pid, struct err *err)
{
	struct report r = { 0 };
	sigset_t all, before;
	int fds[2];
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_sys(err, errno, "cannot start '%s'", s->argv[0]);
	s->report = fds[1];
	s->parent = getpid();
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	*pid = start_child(s);
	r.errnum = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)close(fds[1]);
	if (*pid < 0) {
		(void)close(fds[0]);
		return err_sys(err, r.errnum, "cannot start a process for '%s'", s->argv[0]);
	}
	do {
		n = read(fds[0], &r, sizeof r);
	} while (n < 0 && errno == EINTR);
	(void)close(fds[0]);
	if (n == 0)
		return OK;
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	return start_failed(s, &r, err);
}

/* --- what it is started with --------------------------------------------------------------- */

static bool is_program(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

static const char *value_of(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static const char *path_of(const char *const *env)
{
	const char *path = value_of(env, "PATH");

	return path == NULL ? "/usr/local/bin:/usr/bin:/bin" : path;
}

/* Find name on the PATH of env; only in absolute folders. */
static enum status look_up(const char *name, const char *const *env, char path[PATH_MAX],
                           struct err *err)
{
	const char *at = path_of(env);

	while (*at != '\0') {
		size_t n = strcspn(at, ":");

		if (*at == '/' && n + strlen(name) + 2 <= PATH_MAX) {
			memcpy(path, at, n);
			path[n] = '/';
			memcpy(path + n + 1, name, strlen(name) + 1);
			if (is_program(path))
				return OK;
		}
		at += n + (at[n] == ':');
	}
	return err_set(err, E_ABSENT, "there is no program '%s' on PATH", name);
}

/* As look_up, unless it was the last one that was looked up and is still there: runs of many short
 * tasks start the same program again and again. */
static enum status look_up_again(struct proc_keeper *k, const char *name, const char *const *env,
                                 char path[PATH_MAX], struct err *err)
{
	const char *on = path_of(env);
	size_t n = strlen(name) + 1, m = strlen(on) + 1;
	enum status st;

	if (k != NULL && k->found != NULL && strcmp(k->sought, name) == 0 &&
	    strcmp(k->sought + n, on) == 0 && access(k->found, X_OK) == 0) {
		memcpy(path, k->found, strlen(k->found) + 1);
		return OK;
	}
	if ((st = look_up(name, env, path, err)) != OK || k == NULL)
		return st;
	mem_free(k->found);
	mem_free(k->sought);
	k->found = mem_take(strlen(path) + 1);
	k->sought = mem_take(n + m);
	if (k->found == NULL || k->sought == NULL) {
		mem_free(k->found);
		k->found = NULL; /* it is looked up the next time, too */
		return OK;
	}
	memcpy(k->found, path, strlen(path) + 1);
	memcpy(k->sought, name, n);
	memcpy(k->sought + n, on, m);
	return OK;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL && n <= PROC_ARGS_MAX)
		n++;
	return n;
}

static bool is_replaced(const char *entry, const char *const *mark)
{
	size_t n = strcspn(entry, "=") + 1;

	for (; mark != NULL && *mark != NULL; mark++)
		if (strncmp(entry, *mark, n) == 0)
			return true;
	return false;
}

/* argv and then the environment with the mark, as exec wants them: one list of pointers. */
static enum status make_lists(const struct proc_spec *spec, char ***out, size_t *env_at,
                              struct err *err)
{
	size_t argc = count(spec->argv), envc = count(spec->env), marks = count(spec->mark);
	const char **list;
	size_t n = 0;

	if (argc == 0 || spec->argv[0][0] == '\0')
		return err_set(err, E_INPUT, "the command is empty");
	if (argc > PROC_ARGS_MAX || envc > PROC_ARGS_MAX || marks > PROC_ARGS_MAX)
		return err_set(err, E_INPUT, "'%s' has more than %d arguments or variables",
		               spec->argv[0], PROC_ARGS_MAX);
	if ((list = mem_zero(argc + envc + marks + 2, sizeof *list)) == NULL)
		return err_nomem(err, "a command");
	for (; n < argc; n++)
		list[n] = spec->argv[n];
	*env_at = ++n;
	for (size_t i = 0; i < envc; i++)
		if (!is_replaced(spec->env[i], spec->mark))
			list[n++] = spec->env[i];
	for (size_t i = 0; i < marks; i++)
		list[n++] = spec->mark[i];
	memcpy(out, &(void *){ list }, sizeof *out); /* exec takes them without const */
	return OK;
}

static enum status copy_mark(char ***out, const char *const *mark, struct err *err)
{
	size_t n = count(mark), bytes = 0;
	char **list, *at;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(mark[i]) + 1;
	if (n == 0)
		return OK;
	if ((list = mem_take((n + 1) * sizeof *list + bytes)) == NULL)
		return err_nomem(err, "a process");
	at = (char *)(list + n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(mark[i]) + 1;

		list[i] = memcpy(at, mark[i], len);
		at += len;
	}
	list[n] = NULL;
	*out = list;
	return OK;
}

/* --- its descriptors ----------------------------------------------------------------------- */

/* fd itself, or a copy above 2 in its place: the child writes over 0, 1 and 2. */
static int above_two(int fd)
{
	int copy, errnum;

	if (fd < 0 || fd > 2)
		return fd;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	errnum = errno;
	(void)close(fd);
	errno = errnum;
	return copy;
}

/* All of the input in memory that can be read like a file: nobody has to feed a pipe. */
static int open_input(const struct proc_spec *spec)
{
	const char *at = spec->input;
	size_t left = spec->input_size;
	int fd;

	if (at == NULL && spec->own_input)
		return fcntl(0, F_DUPFD_CLOEXEC, 3);
	if (at == NULL)
		return above_two(open("/dev/null", O_RDONLY | O_CLOEXEC));
	if ((fd = memfd_create("input", MFD_CLOEXEC)) < 0)
		return -1;
	while (left > 0) {
		ssize_t n = write(fd, at, left);

		if (n < 0) {
			(void)close(fd);
			return -1;
		}
		at += n;
		left -= (size_t)n;
	}
	(void)lseek(fd, 0, SEEK_SET);
	return above_two(fd);
}

/* The child's end of where its output goes; ours of a pipe in *reader. -1 and errno. */
static int open_output(enum proc_to to, int file, int out, int *reader)
{
	int fds[2];

	switch (to) {
	case PROC_TO_NOWHERE:
		return above_two(open("/dev/null", O_WRONLY | O_CLOEXEC));
	case PROC_TO_OUT:
		return fcntl(out, F_DUPFD_CLOEXEC, 3);
	case PROC_TO_FD:
		return fcntl(file, F_DUPFD_CLOEXEC, 3);
	case PROC_TO_PIPE:
		break;
	}
	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	*reader = fds[0];
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	return above_two(fds[1]);
}

static enum status open_all(struct start *s, struct proc *p, const struct proc_spec *spec,
                            struct err *err)
{
	if (spec->input_size > PROC_INPUT_MAX)
		return err_set(err, E_INPUT, "the input of '%s' is larger than %zu MiB",
		               spec->argv[0], PROC_INPUT_MAX >> 20);
	if ((s->in = open_input(spec)) < 0)
		return err_sys(err, errno, "cannot make the input of '%s'", spec->argv[0]);
	if ((s->out = open_output(spec->out, spec->out_file, -1, &p->out_fd)) < 0 ||
	    (s->err = open_output(spec->err, spec->err_file, s->out, &p->err_fd)) < 0)
		return err_sys(err, errno, "cannot make the output of '%s'", spec->argv[0]);
	return OK;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* --- public -------------------------------------------------------------------------------- */

static struct proc *new_proc(struct proc_keeper *keeper)
{
	struct proc *p = mem_zero(1, sizeof *p);

	if (p == NULL || (p->own = mem_zero(1, sizeof *p->own)) == NULL) {
		mem_free(p);
		return NULL;
	}
	p->wait_fd = p->out_fd = p->err_fd = -1;
	p->own->keeper = keeper;
	p->own->kill_ms = INT64_MAX;
	p->own->why = PROC_CLEAN;
	return p;
}

static void drop_proc(struct proc *p)
{
	close_fd(&p->wait_fd);
	close_fd(&p->out_fd);
	close_fd(&p->err_fd);
	mem_free(p->own->mark);
	mem_free(p->own);
	mem_free(p);
}

/* Some hosts start us with SIGCHLD ignored; the kernel then reaps our children before we do. */
static void keep_children(void)
{
	struct sigaction sa;

	if (sigaction(SIGCHLD, NULL, &sa) == 0 &&
	    (sa.sa_handler == SIG_IGN || (sa.sa_flags & SA_NOCLDWAIT) != 0)) {
		memset(&sa, 0, sizeof sa);
		sa.sa_handler = SIG_DFL;
		(void)sigaction(SIGCHLD, &sa, NULL);
	}
}

/* Start what is prepared and note who it is. */
static enum status launch(struct proc *p, struct start *s, struct err *err)
{
	struct proc_own *own = p->own;
	pid_t pid = -1;
	enum status st;

	if (own->keeper != NULL && (st = proc_keeper_room(own->keeper, err)) != OK)
		return st;
	keep_children();
	own->since = scan_now() - 1;
	own->start_us = clock_mono_us();
	if ((st = run_start(s, &pid, err)) != OK)
		return st;
	p->pid = pid;
	/* without it (a kernel before 5.3, or no descriptor left) proc_ended asks to be called
	 * often */
	p->wait_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (own->keeper != NULL)
		proc_keeper_add(own->keeper, pid);
	return OK;
}

enum status proc_start(struct proc **out, struct proc_keeper *keeper, const struct proc_spec *spec,
                       struct err *err)
{
	struct start s = {
		.in = -1, .out = -1, .err = -1, .cwd = spec->cwd, .sandbox = spec->sandbox
	};
	struct proc *p = new_proc(keeper);
	char path[PATH_MAX], **lists = NULL;
	size_t env_at = 0;
	enum status st;

	assert(keeper == NULL || gettid() == getpid());
	if (p == NULL)
		return err_nomem(err, "a process");
	if ((st = make_lists(spec, &lists, &env_at, err)) != OK ||
	    (st = copy_mark(&p->own->mark, spec->mark, err)) != OK)
		goto out;
	s.argv = lists;
	s.envp = lists + env_at;
	s.path = spec->argv[0];
	if (strchr(s.path, '/') == NULL) {
		if ((st = look_up_again(keeper, s.path, spec->env, path, err)) != OK)
			goto out;
		s.path = path;
	}
	if ((st = open_all(&s, p, spec, err)) != OK || (st = launch(p, &s, err)) != OK)
		goto out;
	*out = p;
	p = NULL;
out:
	close_fd(&s.in);
	close_fd(&s.out);
	close_fd(&s.err);
	mem_free(lists);
	if (p != NULL)
		drop_proc(p);
	return st;
}

void proc_close_out(struct proc *p)
{
	close_fd(&p->out_fd);
}

void proc_close_err(struct proc *p)
{
	close_fd(&p->err_fd);
}

const char *proc_outcome_words(enum proc_outcome o)
{
	static const char *const words[] = {
		[PROC_NOT_STARTED] = "not started", [PROC_CLEAN] = "clean",
		[PROC_FAILED] = "failed",           [PROC_CRASHED] = "crashed",
		[PROC_HUNG] = "timed out",          [PROC_KILLED] = "killed",
	};

	return words[o];
}
