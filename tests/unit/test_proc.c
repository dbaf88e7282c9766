#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/proc.h"
#include "sys/scan.h"

#define A_LOT ((size_t)32 << 20)

static struct arena *room;
static struct proc_keeper *keeper;
static char *top;
static const char *const plain_env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", NULL };
static const char *mark[4]; /* unlike that of any other test, in this process or another */

static int set_up(void **state)
{
	const char *folder = getenv("TMPDIR");
	char *name;

	(void)state;
	room = arena_new(A_LOT * 2);
	name = text_printf(room, "%s/proc-XXXXXX", folder != NULL ? folder : "/tmp");
	if (name == NULL || mkdtemp(name) == NULL || fs_resolve(name, room, &top, NULL) != OK)
		return 1;
	mark[0] = text_printf(room, "GADUGI_RUN_ID=%s", top);
	mark[1] = "GADUGI_TASK_ID=t 1";
	mark[2] = "GADUGI_ATTEMPT=1";
	return proc_keeper_new(&keeper, NULL) != OK;
}

static int tear_down(void **state)
{
	int left = 0;

	(void)state;
	for (int i = 0; i < 1000 && proc_keeper_reap(keeper, true) > 0; i++)
		(void)poll(NULL, 0, 10); /* what one test left must not fail the next */
	proc_keeper_free(keeper);
	(void)proc_sweep(mark, 0, &left, NULL);
	(void)fs_remove_tree("/", top, NULL);
	arena_free(room);
	return left;
}

/* A shell that runs script. */
static struct proc_spec shell(const char *script)
{
	const char **argv = arena_take(room, 4 * sizeof *argv);

	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = script;
	return (struct proc_spec){ .argv = argv, .env = plain_env, .mark = mark, .cwd = top };
}

static struct proc *start(const struct proc_spec *spec)
{
	struct proc *p = NULL;
	struct err err = { 0 };

	if (proc_start(&p, keeper, spec, &err) != OK)
		fail_msg("%s", err.text);
	return p;
}

/* Wait for its end as a loop would. */
static void finish(struct proc *p)
{
	int64_t again = INT64_MAX;

	while (!proc_ended(p, &again)) {
		struct pollfd wait = { .fd = p->wait_fd, .events = POLLIN };
		int64_t left = again == INT64_MAX ? -1 : again - clock_mono_ms();

		(void)poll(&wait, 1, again != INT64_MAX && left < 0 ? 0 : (int)left);
	}
}

/* Wait until the child wrote a line, and return the number in it. */
static int read_number(struct proc *p)
{
	char text[32] = "";
	size_t n = 0;

	while (n + 1 < sizeof text && strchr(text, '\n') == NULL) {
		struct pollfd wait = { .fd = p->out_fd, .events = POLLIN };
		ssize_t got;

		assert_int_equal(poll(&wait, 1, 20000), 1);
		got = read(p->out_fd, text + n, sizeof text - 1 - n);
		assert_true(got > 0);
		n += (size_t)got;
	}
	return (int)strtol(text, NULL, 10);
}

static bool gone(int pid)
{
	struct proc_id id;

	return proc_identify(pid, &id, NULL) == E_ABSENT || !proc_alive(&id);
}

static struct proc_output run(const struct proc_spec *spec, size_t max, int64_t timeout_ms)
{
	struct proc_output o;
	struct err err = { 0 };

	if (proc_run(spec, &(struct proc_bounds){ max, timeout_ms, NULL, NULL }, room, &o, &err) !=
	    OK)
		fail_msg("%s", err.text);
	return o;
}

static void an_exit_code_tells_clean_from_failed(void **state)
{
	struct proc_spec spec = shell("exit 0");
	struct proc *p = start(&spec);

	(void)state;
	finish(p);
	assert_int_equal(p->result.outcome, PROC_CLEAN);
	assert_int_equal(p->result.exit_code, 0);
	assert_int_equal(p->result.left, 0);
	assert_true(p->result.wall_us > 0 && p->result.peak_kib > 0);
	proc_free(p);
	spec = shell("exit 7");
	p = start(&spec);
	finish(p);
	assert_int_equal(p->result.outcome, PROC_FAILED);
	assert_int_equal(p->result.exit_code, 7);
	proc_free(p);
}

static void a_signal_of_its_own_is_a_crash(void **state)
{
	struct proc_spec spec = shell("kill -SEGV $$");
	struct proc *p = start(&spec);

	(void)state;
	finish(p);
	assert_int_equal(p->result.outcome, PROC_CRASHED);
	assert_int_equal(p->result.signal, SIGSEGV);
	assert_int_equal(p->result.exit_code, -1);
	proc_free(p);
}

static void an_inherited_disregard_for_children_is_mended(void **state)
{
	struct proc_spec spec = shell("exit 5");
	void (*before)(int) = signal(SIGCHLD, SIG_IGN);
	struct proc *p = start(&spec);

	(void)state;
	finish(p);
	assert_int_equal(p->result.exit_code, 5);
	proc_free(p);
	(void)signal(SIGCHLD, before);
}

static void the_failure_of_exec_is_returned_and_nothing_is_left(void **state)
{
	const char *argv[] = { "no-such-program-at-all", NULL };
	struct proc_spec spec = { .argv = argv, .env = plain_env };
	struct proc *p = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(proc_start(&p, keeper, &spec, &err), E_ABSENT);
	assert_non_null(strstr(err.text, "no-such-program-at-all"));
	argv[0] = "/no/such/program";
	assert_int_equal(proc_start(&p, keeper, &spec, &err), E_ABSENT);
	argv[0] = fs_join(room, top, "plain");
	assert_int_equal(fs_write_quick(argv[0], "text", 4, 0644, NULL), OK);
	assert_int_equal(proc_start(&p, keeper, &spec, &err), E_DENIED);
	assert_int_equal(chmod(argv[0], 0755), 0);
	assert_int_equal(proc_start(&p, keeper, &spec, &err), E_IO);
	assert_non_null(strstr(err.text, "#!"));
	assert_int_equal(fs_write_quick(argv[0], "#!/no/interpreter\n", 18, 0755, NULL), OK);
	if (getenv("VALGRIND") == NULL) /* which itself dies of this */
		assert_int_equal(proc_start(&p, keeper, &spec, &err), E_ABSENT);
	argv[0] = "/bin/sh";
	spec.cwd = "/no/such/folder";
	assert_int_equal(proc_start(&p, keeper, &spec, &err), E_ABSENT);
	assert_non_null(strstr(err.text, "/no/such/folder"));
	argv[0] = "";
	assert_int_equal(proc_start(&p, keeper, &spec, &err), E_INPUT);
	assert_null(p);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void only_absolute_folders_of_its_own_path_are_searched(void **state)
{
	const char *argv[] = { "tool", NULL };
	const char *env[] = { text_printf(room, "PATH=.::%s/bin", top), NULL };
	struct proc_spec spec = { .argv = argv, .env = env, .cwd = top, .out = PROC_TO_PIPE };
	struct proc_output o;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
	    fs_write_quick(fs_join(room, top, "tool"), "#!/bin/sh\necho bad\n", 19, 0755, NULL),
	    OK);
	assert_int_equal(
	    proc_run(&spec, &(struct proc_bounds){ 100, 0, NULL, NULL }, room, &o, &err), E_ABSENT);
	assert_int_equal(fs_make_folders(fs_join(room, top, "bin"), 0755, NULL), OK);
	assert_int_equal(fs_write_quick(fs_join(room, top, "bin/tool"), "#!/bin/sh\necho good\n",
	                                20, 0755, NULL),
	                 OK);
	o = run(&spec, 100, 0);
	assert_string_equal(o.out, "good\n");
	argv[0] = "./tool";
	o = run(&spec, 100, 0);
	assert_string_equal(o.out, "bad\n");
}

static void it_gets_its_folder_environment_and_arguments_and_no_more(void **state)
{
	const char *argv[] = {
		"/bin/sh", "-c",     "pwd; env; echo \"$1\"; ls -l /proc/self/fd | wc -l",
		"x",       "a b; c", NULL
	};
	const char *env[] = { "A=1", "GADUGI_ATTEMPT=old", NULL };
	struct proc_spec spec = {
		.argv = argv, .env = env, .mark = mark, .cwd = top, .out = PROC_TO_PIPE
	};
	int leak = open("/dev/null", O_RDONLY); /* NOLINT: not close-on-exec, that is the point */
	struct proc_output o;

	(void)state;
	assert_true(leak > 2);
	assert_int_equal(setenv("GADUGI_TEST_SECRET", "s", 1), 0);
	o = run(&spec, 4096, 0);
	assert_int_equal(strncmp(o.out, top, strlen(top)), 0);
	assert_non_null(strstr(o.out, "\nA=1\n"));
	assert_non_null(strstr(o.out, "\nGADUGI_ATTEMPT=1\n"));
	assert_null(strstr(o.out, "GADUGI_ATTEMPT=old"));
	assert_null(strstr(o.out, "GADUGI_TEST_SECRET"));
	assert_non_null(strstr(o.out, "\na b; c\n"));
	assert_non_null(strstr(o.out, "\n5\n")); /* total, 0, 1, 2, and the one of ls */
	(void)close(leak);
}

static void signals_are_as_new_and_the_session_is_its_own(void **state)
{
	struct proc_spec spec = shell("kill -PIPE $$; echo survived");
	struct proc_output o;
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	sigset_t all, old;

	(void)state;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	spec.out = PROC_TO_PIPE;
	o = run(&spec, 100, 0);
	assert_int_equal(o.result.outcome, PROC_CRASHED);
	assert_int_equal(o.result.signal, SIGPIPE);
	assert_string_equal(o.out, "");
	spec = shell("set -- $(cat /proc/$$/stat); test $5 = $$ && test $6 = $$ && echo own; "
	             "grep SigBlk /proc/self/status");
	spec.out = PROC_TO_PIPE;
	o = run(&spec, 100, 0);
	assert_int_equal(strncmp(o.out, "own\n", 4), 0);
	assert_non_null(strstr(o.out, "0000000000000000"));
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)signal(SIGPIPE, before);
}

static void input_of_any_size_is_read_to_its_end(void **state)
{
	struct proc_spec spec = shell("cat");
	char *big = mem_take(1000000);
	struct proc_output o;

	(void)state;
	for (size_t i = 0; i < 1000000; i++)
		big[i] = (char)('a' + i % 23);
	spec.input = big;
	spec.input_size = 1000000;
	spec.out = PROC_TO_PIPE;
	o = run(&spec, 2000000, 0);
	assert_int_equal(o.out_size, 1000000);
	assert_memory_equal(o.out, big, 1000000);
	mem_free(big);
	spec.input = NULL;
	o = run(&spec, 100, 0);
	assert_int_equal(o.out_size, 0);
	assert_int_equal(o.result.outcome, PROC_CLEAN);
}

static void output_past_the_limit_is_counted_and_does_not_block(void **state)
{
	struct proc_spec spec = shell(
	    "head -c 5000000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero >&2; echo end >&2");
	struct proc_output o;

	(void)state;
	spec.out = spec.err = PROC_TO_PIPE;
	o = run(&spec, 1000, 0);
	assert_int_equal(o.result.outcome, PROC_CLEAN);
	assert_int_equal(o.out_size, 1000);
	assert_true(o.out_total == 5000000);
	assert_int_equal(o.err_size, 1000);
	assert_true(o.err_total == 300004);
	assert_int_equal(o.out[999], 'x');
}

static void both_outputs_can_go_to_one_place_or_to_a_file(void **state)
{
	struct proc_spec spec = shell("echo one; echo two >&2; echo three");
	char *bytes = NULL, *path = fs_join(room, top, "log");
	struct proc_output o;
	size_t n;

	(void)state;
	spec.out = PROC_TO_PIPE;
	spec.err = PROC_TO_OUT;
	o = run(&spec, 100, 0);
	assert_string_equal(o.out, "one\ntwo\nthree\n");
	assert_int_equal(o.err_total, 0);
	spec.out = PROC_TO_FD;
	spec.out_file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	o = run(&spec, 100, 0);
	assert_int_equal(close(spec.out_file), 0);
	assert_int_equal(fs_read(path, 100, room, &bytes, &n, NULL), OK);
	assert_string_equal(bytes, "one\ntwo\nthree\n");
}

static void a_child_over_its_time_is_hung_and_its_output_kept(void **state)
{
	struct proc_spec spec = shell("echo begun; sleep 1000");
	struct proc_output o;

	(void)state;
	spec.out = PROC_TO_PIPE;
	o = run(&spec, 100, 300);
	assert_int_equal(o.result.outcome, PROC_HUNG);
	assert_string_equal(o.out, "begun\n");
	assert_true(o.result.wall_us >= 300000 && o.result.wall_us < 4000000); /* TERM was enough */
}

static void a_stop_ends_a_run(void **state)
{
	struct proc_spec spec = shell("sleep 1000");
	atomic_bool stop = true;
	struct bell bell = { 0 }; /* it was set before anybody could ring */
	struct proc_output o;

	(void)state;
	assert_int_equal(
	    proc_run(&spec, &(struct proc_bounds){ 100, 0, &stop, &bell }, room, &o, NULL), OK);
	assert_int_equal(o.result.outcome, PROC_KILLED);
	bell_done(&bell);
}

/* Runs that wait for the same wish to stop. */
struct stopped {
	const char *fifo; /* its child says there that it runs */
	atomic_bool *stop;
	struct bell *bell;
	enum proc_outcome outcome;
	pthread_t thread;
};

static void *run_until_stopped(void *arg)
{
	struct stopped *s = arg;
	struct arena *a = arena_new((size_t)1 << 16);
	const char *argv[] = { "/bin/sh", "-c", "echo x >\"$0\"; exec sleep 1000", s->fifo, NULL };
	struct proc_spec spec = { .argv = argv, .env = plain_env };
	struct proc_output o = { 0 };

	if (a != NULL &&
	    proc_run(&spec, &(struct proc_bounds){ 100, 0, s->stop, s->bell }, a, &o, NULL) == OK)
		s->outcome = o.result.outcome;
	arena_free(a);
	return NULL;
}

/* How often has this thread's process been put on a processor of its own will? */
static long naps(void)
{
	struct rusage u;

	assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
	return u.ru_nvcsw;
}

static void a_bell_wakes_all_who_wait_and_nobody_looks_meanwhile(void **state)
{
	atomic_bool stop = false;
	struct bell bell = { 0 };
	struct stopped all[3];
	const char *fifo;
	char said;
	int fd;
	long before;

	(void)state;
	fifo = text_printf(room, "%s/bell", top);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < 3; i++) {
		all[i] = (struct stopped){ fifo, &stop, &bell, PROC_NOT_STARTED, 0 };
		assert_int_equal(pthread_create(&all[i].thread, NULL, run_until_stopped, &all[i]),
		                 0);
	}
	for (int lines = 0; lines < 3; lines += said == 'x')
		assert_int_equal(read(fd, &said, 1), 1);
	before = naps();
	/* a second in which nothing happens: who looked now and then would wake for it */
	assert_int_equal(poll(&(struct pollfd){ .fd = fd, .events = POLLPRI }, 1, 1000), 0);
	assert_true(naps() - before < 50);
	atomic_store(&stop, true);
	bell_ring(&bell);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(all[i].thread, NULL), 0);
		assert_int_equal(all[i].outcome, PROC_KILLED);
	}
	bell_done(&bell);
	(void)close(fd);
	(void)unlink(fifo);
}

static void one_that_ignores_term_is_killed_after_the_grace(void **state)
{
	struct proc_spec spec = shell("trap '' TERM; echo $$; while :; do sleep 1000; done");
	struct proc *p;
	int64_t before;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	(void)read_number(p);
	before = clock_mono_ms();
	proc_end(p, PROC_HUNG, 200);
	proc_end(p, PROC_KILLED, 200000); /* too late to change anything */
	finish(p);
	assert_true(clock_mono_ms() - before >= 200);
	assert_true(clock_mono_ms() - before < 20000); /* the other grace is ten times that */
	assert_int_equal(p->result.outcome, PROC_HUNG);
	assert_int_equal(p->result.signal, SIGKILL);
	assert_true(gone(p->pid));
	proc_free(p);
}

static void a_stopped_child_still_gets_its_term(void **state)
{
	struct proc_spec spec = shell("trap 'exit 9' TERM; echo $$; kill -STOP $$; sleep 1000");
	struct proc *p;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	(void)read_number(p);
	proc_end(p, PROC_KILLED, 20000);
	finish(p);
	assert_int_equal(p->result.outcome, PROC_KILLED);
	assert_true(p->result.wall_us < 15000000);
	proc_free(p);
}

static void what_it_left_in_its_session_is_ended(void **state)
{
	struct proc_spec spec = shell("sleep 1000 & echo $!");
	struct proc *p;
	int pid;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	pid = read_number(p);
	finish(p);
	assert_int_equal(p->result.outcome, PROC_CLEAN);
	assert_int_equal(p->result.left, 1);
	assert_true(gone(pid));
	proc_free(p);
}

static void a_daemon_of_its_own_session_is_found_and_ended(void **state)
{
	struct proc_spec spec = shell("setsid sh -c 'setsid sh -c \"trap : TERM; echo \\$\\$; "
	                              "while :; do sleep 1000; done\" &'");
	struct proc *p;
	int pid;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	pid = read_number(p);
	proc_end(p, PROC_KILLED, 100);
	finish(p);
	assert_true(gone(pid));
	proc_free(p);
}

static void a_daemon_left_by_a_clean_child_is_found_and_ended(void **state)
{
	struct proc_spec spec =
	    shell("setsid sh -c 'echo $$; exec sleep 1000' & wait_for=$!; "
	          "while [ \"$(cut -d' ' -f6 /proc/$wait_for/stat)\" = $$ ]; do :; done");
	struct proc *p;
	int pid;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	pid = read_number(p);
	finish(p);
	assert_int_equal(p->result.outcome, PROC_CLEAN);
	assert_int_equal(p->result.left, 1);
	assert_true(gone(pid));
	proc_free(p);
}

/* In the middle of execve a process has no environment that could be read. */
static void one_that_is_ever_executing_is_told_by_its_mark(void **state)
{
	struct proc_spec spec = shell("");
	const char *argv[] = { "/bin/sh", text_printf(room, "%s/again", top), NULL };
	static const char script[] = "#!/bin/sh\nexec \"$0\"\n";
	struct proc *p;
	int missed = 0;

	(void)state;
	assert_int_equal(fs_write_quick(argv[1], script, sizeof script - 1, 0700, NULL), OK);
	spec.argv = argv;
	p = start(&spec);
	for (int i = 0; i < 20000; i++)
		missed += !scan_marked(p->pid, mark);
	proc_end(p, PROC_KILLED, 0);
	finish(p);
	proc_free(p);
	assert_int_equal(missed, 0);
}

static void a_daemon_without_mark_or_session_goes_at_the_end_of_all(void **state)
{
	struct proc_spec spec =
	    shell("env -i setsid /bin/sh -c 'echo $$; exec sleep 1000' & p=$!; "
	          "while [ \"$(cut -d' ' -f6 /proc/$p/stat)\" = $$ ]; do :; done");
	struct proc *p;
	int pid;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	pid = read_number(p);
	finish(p);
	proc_free(p);
	assert_false(gone(pid)); /* nothing tells whose it was */
	assert_int_equal(proc_keeper_reap(keeper, false), 1);
	for (int i = 0; i < 1000 && proc_keeper_reap(keeper, true) > 0; i++)
		(void)poll(NULL, 0, 10);
	assert_true(gone(pid));
	assert_int_equal(proc_keeper_reap(keeper, false), 0);
}

static void a_tree_of_many_is_ended_whole(void **state)
{
	struct proc_spec spec =
	    shell("for i in 1 2 3 4 5; do (trap '' TERM; sh -c 'trap \"\" TERM; "
	          "sleep 1000 & sleep 1000' & sleep 1000) & done; echo $$; wait");
	struct proc *p;
	int none = -1;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	(void)read_number(p);
	proc_end(p, PROC_KILLED, 150);
	finish(p);
	proc_free(p);
	assert_int_equal(proc_sweep(mark, 0, &none, NULL), OK);
	assert_int_equal(none, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie either */
}

static void the_end_of_one_leaves_its_neighbours_alone(void **state)
{
	const char *other[] = { mark[0], "GADUGI_TASK_ID=t 2", mark[2], NULL };
	struct proc_spec spec = shell("setsid sleep 1000 & sleep 1000 & echo $$; wait"), two = spec;
	struct proc *p, *q;
	int64_t again;

	(void)state;
	spec.out = two.out = PROC_TO_PIPE;
	two.mark = other;
	p = start(&spec);
	q = start(&two);
	(void)read_number(p);
	(void)read_number(q);
	proc_end(p, PROC_KILLED, 1000);
	finish(p);
	assert_false(proc_ended(q, &again));
	assert_false(gone(q->pid));
	assert_true(again == INT64_MAX || q->wait_fd < 0); /* it sleeps till told */
	proc_free(p);
	proc_free(q);
}

static void orphans_that_end_by_themselves_leave_no_zombie(void **state)
{
	struct proc_spec spec = shell("(setsid sh -c ': ' &) ; (true &) ; (true &)");
	struct proc *p = start(&spec);

	(void)state;
	finish(p);
	proc_free(p);
	for (int i = 0; i < 10000 && proc_keeper_reap(keeper, false) > 0; i++)
		(void)poll(NULL, 0, 1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void freeing_a_running_one_ends_it(void **state)
{
	struct proc_spec spec = shell("trap '' TERM; setsid sleep 1000 & echo $!; wait");
	struct proc *p;
	int pid;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	pid = read_number(p);
	proc_free(p);
	assert_true(gone(pid));
	proc_free(NULL);
}

static void a_child_dies_with_the_one_that_started_it(void **state)
{
	int out[2], pid = 0, status;
	pid_t runner;

	(void)state;
	assert_int_equal(pipe(out), 0);
	if ((runner = fork()) == 0) {
		struct proc_spec spec = shell("trap '' TERM; sleep 1000");
		struct proc *p = NULL;

		if (proc_start(&p, NULL, &spec, NULL) != OK)
			_exit(1);
		(void)!write(out[1], &p->pid, sizeof p->pid);
		(void)kill(getpid(), SIGKILL);
	}
	(void)close(out[1]);
	assert_int_equal(read(out[0], &pid, sizeof pid), (ssize_t)sizeof pid);
	assert_int_equal(waitpid(runner, &status, 0), runner);
	while (!gone(pid)) /* adopted by this process, the nearest subreaper */
		(void)poll(NULL, 0, 1);
	while (proc_keeper_reap(keeper, true) > 0) /* its own child, too */
		(void)poll(NULL, 0, 1);
	(void)close(out[0]);
}

static void what_a_dead_runner_left_is_swept_by_its_mark(void **state)
{
	struct proc_spec spec =
	    shell("trap '' TERM; echo $$; (setsid sh -c 'trap \"\" TERM; sleep 1000' &); "
	          "while :; do sleep 1000; done");
	const char *const none[] = { "GADUGI_RUN_ID=another", NULL };
	struct proc *p;
	int n = -1;
	int64_t again;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	(void)read_number(p);
	assert_int_equal(proc_sweep(none, 0, &n, NULL), OK);
	assert_int_equal(n, 0);
	assert_false(proc_ended(p, &again));
	assert_int_equal(proc_sweep(mark, 100, &n, NULL), OK);
	assert_true(n >= 2);
	finish(p);
	assert_int_equal(p->result.outcome, PROC_CRASHED); /* not by its owner */
	proc_free(p);
	assert_int_equal(proc_sweep(mark, 0, &n, NULL), OK);
	assert_int_equal(n, 0);
	assert_int_equal(proc_sweep(NULL, 0, &n, NULL), E_INPUT);
}

static void identity_survives_what_a_pid_does_not(void **state)
{
	struct proc_spec spec = shell("echo $$; read x");
	struct proc_id me, it, other;
	struct proc *p;

	(void)state;
	assert_int_equal(proc_identify((int)getpid(), &me, NULL), OK);
	assert_true(proc_alive(&me));
	other = me;
	other.start++;
	assert_false(proc_alive(&other));
	other = me;
	other.boot[0] = other.boot[0] == '0' ? '1' : '0';
	assert_false(proc_alive(&other));
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	assert_int_equal(proc_identify(p->pid, &it, NULL), OK);
	assert_true(it.start >= me.start && strlen(it.boot) == 36);
	finish(p); /* stdin is empty */
	assert_false(proc_alive(&it));
	proc_free(p);
	assert_int_equal(proc_identify(0x3fffffff, &it, NULL), E_ABSENT);
}

static void whoever_works_in_a_folder_is_seen(void **state)
{
	struct proc_spec spec = shell("mkdir sub && cd sub && echo $$ && sleep 1000");
	struct proc *p;

	(void)state;
	assert_int_equal(proc_using(top), 0);
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	(void)read_number(p);
	assert_true(proc_using(top) > 0);
	assert_true(proc_using(fs_join(room, top, "sub")) > 0);
	assert_int_equal(proc_using(fs_join(room, top, "su")), 0);
	proc_free(p);
	assert_int_equal(proc_using(top), 0);
}

static void cpu_time_of_the_living_is_seen(void **state)
{
	struct proc_spec spec = shell("echo $$; while :; do :; done");
	struct proc *p;
	int64_t cpu = 0;

	(void)state;
	spec.out = PROC_TO_PIPE;
	p = start(&spec);
	(void)read_number(p);
	for (int i = 0; i < 2000 && cpu < 30000; i++) {
		(void)poll(NULL, 0, 5);
		cpu = proc_cpu_us(p);
	}
	assert_true(cpu >= 30000);
	proc_end(p, PROC_KILLED, 0);
	finish(p);
	assert_true(p->result.cpu_us >= 20000);
	proc_free(p);
}

static void an_environment_is_what_was_allowed_and_added(void **state)
{
	const char *const names[] = { "GT_ONE", "GT_P_*", NULL };
	const char *const pairs[] = { "GT_P_B=mine", "NEW=1", "NEW=2", NULL };
	const char *const *env;
	struct text all;

	(void)state;
	assert_int_equal(setenv("GT_ONE", "1", 1), 0);
	assert_int_equal(setenv("GT_ONE_MORE", "no", 1), 0);
	assert_int_equal(setenv("GT_P_A", "a", 1), 0);
	assert_int_equal(setenv("GT_P_B", "theirs", 1), 0);
	env = proc_env(room, names, pairs);
	assert_non_null(env);
	text_init(&all, 1000);
	for (; *env != NULL; env++)
		text_addf(&all, "%s ", *env);
	assert_non_null(strstr(text_string(&all), "GT_ONE=1 "));
	assert_non_null(strstr(text_string(&all), "GT_P_A=a "));
	assert_non_null(strstr(text_string(&all), "GT_P_B=mine "));
	assert_null(strstr(text_string(&all), "theirs"));
	assert_null(strstr(text_string(&all), "GT_ONE_MORE"));
	assert_null(strstr(text_string(&all), "NEW=1"));
	assert_non_null(strstr(text_string(&all), "NEW=2 "));
	text_done(&all);
}

#define MANY 100

static void many_at_once_all_end_and_leak_nothing(void **state)
{
	struct proc *all[MANY];
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	(void)state;
	assert_int_equal(close(before), 0);
	for (int i = 0; i < MANY; i++) {
		struct proc_spec spec = shell(text_printf(room, "exit %d", i % 3));

		spec.out = spec.err = PROC_TO_PIPE;
		all[i] = start(&spec);
	}
	for (int i = MANY - 1; i >= 0; i--) {
		finish(all[i]);
		assert_int_equal(all[i]->result.exit_code, i % 3);
		proc_free(all[i]);
	}
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(after, before);
	assert_int_equal(close(after), 0);
}

static void *run_some(void *arg)
{
	static const char *const argv[] = { "sh", "-c", "echo out; exit 3", NULL };
	const struct proc_spec spec = { .argv = argv, .env = plain_env, .out = PROC_TO_PIPE };
	struct arena *a = arena_new((size_t)1 << 20);
	int *good = arg;

	for (int i = 0; i < 20; i++) {
		struct proc_output o;

		if (proc_run(&spec, &(struct proc_bounds){ 100, 0, NULL, NULL }, a, &o, NULL) ==
		        OK &&
		    o.result.exit_code == 3 && strcmp(o.out, "out\n") == 0)
			(*good)++;
	}
	arena_free(a);
	return NULL;
}

static void threads_run_children_beside_the_keeper(void **state)
{
	struct proc_spec spec = shell("(setsid sleep 0.01 &); exit 0");
	pthread_t threads[4];
	int good[4] = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_some, &good[i]), 0);
	for (int i = 0; i < 20; i++) {
		struct proc *p = start(&spec);

		finish(p);
		assert_int_equal(p->result.outcome, PROC_CLEAN);
		proc_free(p);
		(void)proc_keeper_reap(keeper, false);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(good[i], 20);
	}
}

static void no_memory_at_any_point_starts_nothing(void **state)
{
	struct proc_spec spec = shell("exit 0");
	enum status st = E_NOMEM;
	long n;

	(void)state;
	for (n = 0; st != OK; n++) {
		struct proc *p = NULL;

		mem_fail_after(n, 0);
		st = proc_start(&p, keeper, &spec, NULL);
		mem_fail_after(-1, 0);
		if (st == OK) {
			finish(p);
			assert_int_equal(p->result.outcome, PROC_CLEAN);
			proc_free(p);
		} else {
			assert_int_equal(st, E_NOMEM);
		}
	}
	assert_true(n > 3);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_exit_code_tells_clean_from_failed),
		TEST(a_signal_of_its_own_is_a_crash),
		TEST(an_inherited_disregard_for_children_is_mended),
		TEST(the_failure_of_exec_is_returned_and_nothing_is_left),
		TEST(only_absolute_folders_of_its_own_path_are_searched),
		TEST(it_gets_its_folder_environment_and_arguments_and_no_more),
		TEST(signals_are_as_new_and_the_session_is_its_own),
		TEST(input_of_any_size_is_read_to_its_end),
		TEST(output_past_the_limit_is_counted_and_does_not_block),
		TEST(both_outputs_can_go_to_one_place_or_to_a_file),
		TEST(a_child_over_its_time_is_hung_and_its_output_kept),
		TEST(a_stop_ends_a_run),
		TEST(a_bell_wakes_all_who_wait_and_nobody_looks_meanwhile),
		TEST(one_that_ignores_term_is_killed_after_the_grace),
		TEST(a_stopped_child_still_gets_its_term),
		TEST(what_it_left_in_its_session_is_ended),
		TEST(a_daemon_of_its_own_session_is_found_and_ended),
		TEST(a_daemon_left_by_a_clean_child_is_found_and_ended),
		TEST(one_that_is_ever_executing_is_told_by_its_mark),
		TEST(a_daemon_without_mark_or_session_goes_at_the_end_of_all),
		TEST(a_tree_of_many_is_ended_whole),
		TEST(the_end_of_one_leaves_its_neighbours_alone),
		TEST(orphans_that_end_by_themselves_leave_no_zombie),
		TEST(freeing_a_running_one_ends_it),
		TEST(a_child_dies_with_the_one_that_started_it),
		TEST(what_a_dead_runner_left_is_swept_by_its_mark),
		TEST(identity_survives_what_a_pid_does_not),
		TEST(whoever_works_in_a_folder_is_seen),
		TEST(cpu_time_of_the_living_is_seen),
		TEST(an_environment_is_what_was_allowed_and_added),
		TEST(many_at_once_all_end_and_leak_nothing),
		TEST(threads_run_children_beside_the_keeper),
		TEST(no_memory_at_any_point_starts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
