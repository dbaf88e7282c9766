/* The process above a program: what it passes on, and that nobody below it stays. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/proc.h"
#include "sys/warden.h"
#include "tests/lib/folder.h"

#define LONG_MS 60000

/* Everything a process can do to be left alone: no TERM, a session of its own, a parent that is
 * gone, nothing in its environment that tells of us. Four processes, which note their numbers. */
static const char stubborn[] =
    "#!/bin/sh\ntrap '' TERM HUP INT\n"
    "env -i /bin/sh -c 'trap \"\" TERM; echo $$ >>pids; exec sleep 600' &\n"
    "setsid sh -c 'trap \"\" TERM; echo $$ >>pids; (exec env -i /bin/sh -c "
    "\"echo \\$\\$ >>pids; exec sleep 600\") & exit 0' &\n"
    "wait $!\necho $$ >>pids\n";

static struct proc_spec spec_of(const char *const *argv, const struct folder *f)
{
	return (struct proc_spec){ .argv = argv,
		                   .env = (const char *const *)environ,
		                   .cwd = f->path,
		                   .out = PROC_TO_PIPE,
		                   .err = PROC_TO_OUT };
}

/* What became of `sh -c SCRIPT` below a warden. */
static struct proc_output run(const struct folder *f, const char *script, const char *input,
                              const struct proc_bounds *bounds)
{
	const char *const argv[] = {
		getenv("GADUGI"), WARDEN_WORD, "100", "sh", "-c", script, NULL
	};
	struct proc_spec spec = spec_of(argv, f);
	struct proc_output out = { 0 };
	struct err err = { 0 };

	spec.input = input;
	spec.input_size = input == NULL ? 0 : strlen(input);
	if (proc_run(&spec, bounds, f->arena, &out, &err) != OK)
		fail_msg("%s", err.text);
	return out;
}

/* Numbers of processes that a script noted; how many. */
static size_t noted(const struct folder *f, int *pids, size_t most)
{
	const char *s = folder_get(f, "pids");
	char *end;
	size_t n = 0;
	long pid;

	for (; s != NULL && n < most && (pid = strtol(s, &end, 10)) > 0; s = end)
		pids[n++] = (int)pid;
	return n;
}

static void await_noted(const struct folder *f, int *pids, size_t n)
{
	int64_t until = clock_mono_ms() + LONG_MS;

	while (noted(f, pids, n) < n && clock_mono_ms() < until)
		(void)poll(NULL, 0, 5);
	assert_int_equal(noted(f, pids, n), n);
}

/* A zombie that nobody has reaped yet is gone, too: it does nothing any more. */
static void await_gone(const int *pids, size_t n)
{
	int64_t until = clock_mono_ms() + LONG_MS;

	for (size_t i = 0; i < n; i++) {
		struct proc_id id = { .pid = pids[i] };

		while (proc_identify(pids[i], &id, NULL) == OK && proc_alive(&id)) {
			if (clock_mono_ms() > until)
				fail_msg("process %d is still there", pids[i]);
			(void)poll(NULL, 0, 5);
		}
	}
}

static void a_program_is_seen_through_its_warden(void **state)
{
	const struct proc_bounds bounds = { .max = 1000 };
	const struct folder *f = *state;
	struct proc_output out = run(f, "cat; echo to you; echo alas >&2", "hello ", &bounds);

	assert_int_equal(out.result.outcome, PROC_CLEAN);
	assert_string_equal(out.out, "hello to you\nalas\n");
	out = run(f, "exit 7", NULL, &bounds);
	assert_int_equal(out.result.exit_code, 7);
	out = run(f, "kill -ABRT $$", NULL, &bounds);
	assert_int_equal(out.result.outcome, PROC_CRASHED);
	assert_int_equal(out.result.signal, SIGABRT);
	out = run(f, "pwd", NULL, &bounds);
	assert_int_equal(strncmp(out.out, f->path, strlen(f->path)), 0);
}

static void a_program_that_is_not_there_is_said(void **state)
{
	const struct folder *f = *state;
	const char *const argv[] = { getenv("GADUGI"), WARDEN_WORD, "100", "no-such-program",
		                     NULL };
	const struct proc_bounds bounds = { .max = 1000 };
	const struct proc_spec spec = spec_of(argv, f);
	struct proc_output out = { 0 };

	assert_int_equal(proc_run(&spec, &bounds, f->arena, &out, NULL), OK);
	assert_int_equal(out.result.exit_code, 127);
	assert_non_null(strstr(out.out, "there is no program 'no-such-program' on PATH"));
}

static void whom_a_program_leaves_behind_ends_with_it(void **state)
{
	const struct proc_bounds bounds = { .max = 1000 };
	const struct folder *f = *state;
	struct proc_output out;
	int pids[4];

	folder_put(f, "stubborn.sh", stubborn);
	out = run(f, ". ./stubborn.sh; while [ $(wc -l <pids) -lt 4 ]; do sleep 0.01; done; exit 3",
	          NULL, &bounds);
	assert_int_equal(out.result.exit_code, 3);
	assert_int_equal(noted(f, pids, 4), 4);
	await_gone(pids, 4);
}

static void a_stubborn_family_ends_when_it_is_told_to(void **state)
{
	const struct folder *f = *state;
	const char *const argv[] = {
		getenv("GADUGI"), WARDEN_WORD, "100", "sh", "-c", ". ./stubborn.sh; sleep 600", NULL
	};
	const struct proc_spec spec = spec_of(argv, f);
	struct proc *p = NULL;
	int64_t again = 0;
	int pids[4];

	folder_put(f, "stubborn.sh", stubborn);
	assert_int_equal(proc_start(&p, NULL, &spec, NULL), OK);
	await_noted(f, pids, 4);
	proc_end(p, PROC_KILLED, LONG_MS); /* long before that the warden has seen to it */
	while (!proc_ended(p, &again)) {
		struct pollfd fd = { .fd = p->wait_fd, .events = POLLIN };

		(void)poll(&fd, 1, 100);
	}
	await_gone(pids, 4);
	proc_free(p);
}

static void a_program_may_end_in_its_own_way_when_told_to(void **state)
{
	const struct folder *f = *state;
	const char *const argv[] = { getenv("GADUGI"),
		                     WARDEN_WORD,
		                     "60000",
		                     "sh",
		                     "-c",
		                     "trap 'echo told >>told; exit 5' TERM; echo $$ >pids;"
		                     " while :; do sleep 0.01; done",
		                     NULL };
	char kill_it[40];
	const char *const by_somebody_else[] = { "sh", "-c", kill_it, NULL };
	const struct proc_spec spec = spec_of(argv, f), other = spec_of(by_somebody_else, f);
	struct proc_output out;
	struct proc *p = NULL;
	int64_t again = 0;
	int pid;

	assert_int_equal(proc_start(&p, NULL, &spec, NULL), OK);
	await_noted(f, &pid, 1);
	(void)snprintf(kill_it, sizeof kill_it, "kill -TERM %d", p->pid);
	(void)proc_run(&other, &(struct proc_bounds){ .max = 1 }, f->arena, &out, NULL);
	while (!proc_ended(p, &again)) {
		struct pollfd fd = { .fd = p->wait_fd, .events = POLLIN };

		(void)poll(&fd, 1, 100);
	}
	assert_int_equal(p->result.exit_code, 5);
	assert_string_equal(folder_get(f, "told"), "told\n");
	proc_free(p);
}

/* Who started the warden is killed: a shell that has the time for nothing. */
static void a_stubborn_family_ends_when_who_started_it_is_killed(void **state)
{
	const struct folder *f = *state;
	const char *const argv[] = { "sh", "-c",
		                     "\"$GADUGI\" warden 100 sh -c '. ./stubborn.sh; sleep 600' &"
		                     " echo $$ >starter; wait",
		                     NULL };
	const struct proc_spec spec = spec_of(argv, f);
	struct proc *p = NULL;
	int pids[4];

	folder_put(f, "stubborn.sh", stubborn);
	assert_int_equal(proc_start(&p, NULL, &spec, NULL), OK);
	await_noted(f, pids, 4);
	(void)kill(p->pid, SIGKILL);
	await_gone(pids, 4);
	proc_free(p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_program_is_seen_through_its_warden),
		TEST(a_program_that_is_not_there_is_said),
		TEST(whom_a_program_leaves_behind_ends_with_it),
		TEST(a_stubborn_family_ends_when_it_is_told_to),
		TEST(a_program_may_end_in_its_own_way_when_told_to),
		TEST(a_stubborn_family_ends_when_who_started_it_is_killed),
	};

	if (getenv("GADUGI") == NULL) {
		print_message("GADUGI names no program; tests/run.sh does\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
