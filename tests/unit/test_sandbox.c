#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/proc.h"
#include "sys/sandbox.h"

static struct arena *room;
static char *top;

static int set_up(void **state)
{
	const char *folder = getenv("TMPDIR");
	char *name;

	(void)state;
	room = arena_new((size_t)4 << 20);
	name = text_printf(room, "%s/box-XXXXXX", folder != NULL ? folder : "/tmp");
	return name == NULL || mkdtemp(name) == NULL || fs_resolve(name, room, &top, NULL) != OK ||
	       fs_make_folders(fs_join(room, top, "mine/sub"), 0755, NULL) != OK ||
	       fs_make_folders(fs_join(room, top, "theirs"), 0755, NULL) != OK ||
	       fs_write_quick(fs_join(room, top, "theirs/file"), "kept", 4, 0644, NULL) != OK;
}

static int tear_down(void **state)
{
	(void)state;
	(void)fs_remove_tree("/", top, NULL);
	arena_free(room);
	return 0;
}

/* What a shell says of script when it runs in s, in the folder `mine`. */
static struct proc_output run_in(const struct sandbox *s, const char *script)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	const char *env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	struct proc_spec spec = { .argv = argv,
		                  .env = env,
		                  .cwd = fs_join(room, top, "mine"),
		                  .out = PROC_TO_PIPE,
		                  .err = PROC_TO_PIPE,
		                  .sandbox = s };
	const struct proc_bounds bounds = { .max = 4000, .timeout_ms = 60000 };
	struct proc_output o;
	struct err err = { 0 };

	if (proc_run(&spec, &bounds, room, &o, &err) != OK)
		fail_msg("%s", err.text);
	return o;
}

/* A limit on open files, or none under valgrind, which keeps some for itself and refuses it. */
static uint64_t few_files(void)
{
	return getenv("VALGRIND") == NULL ? 16 : 0;
}

static struct sandbox *confined(void)
{
	const char *paths[] = { fs_join(room, top, "mine"), fs_join(room, top, "not-there") };
	struct sandbox_spec spec = {
		.writable = paths, .writable_n = 2, .confine = true, .confine_or_fail = true
	};
	struct sandbox *s = NULL;
	struct err err = { 0 };

	if (sandbox_new(&s, &spec, &err) != OK)
		fail_msg("%s", err.text);
	assert_true(sandbox_confines(s));
	return s;
}

/* On a kernel without Landlock there is only the refusal to test, and that is tested below. */
static bool can_confine(void)
{
	return sandbox_abi() > 0;
}

static void writes_stay_in_the_folders_given(void **state)
{
	struct sandbox *s;
	struct proc_output o;

	(void)state;
	if (!can_confine())
		return;
	s = confined();
	o = run_in(s, "echo a > f && mkdir d && mv f d/g && ln -s x d/l && rm d/l && "
	              "mv d/g sub/h && cat sub/h && echo x > /dev/null");
	assert_string_equal(o.err, "");
	assert_string_equal(o.out, "a\n");
	o = run_in(s, "echo x > ../theirs/new");
	assert_int_not_equal(o.result.exit_code, 0);
	o = run_in(s, "echo x >> ../theirs/file");
	assert_int_not_equal(o.result.exit_code, 0);
	o = run_in(s, "rm -f ../theirs/file");
	assert_int_not_equal(o.result.exit_code, 0);
	o = run_in(s, "mkdir ../theirs/d");
	assert_int_not_equal(o.result.exit_code, 0);
	o = run_in(s, "mv ../theirs/file .");
	assert_int_not_equal(o.result.exit_code, 0);
	o = run_in(s, "ln -s ../theirs/file l && echo x > l");
	assert_int_not_equal(o.result.exit_code, 0);
	o = run_in(s, "mkdir ../not-there");
	assert_int_not_equal(o.result.exit_code, 0);
	o = run_in(s, "cat ../theirs/file && ls -d ../theirs/new ../theirs/d 2>/dev/null");
	assert_string_equal(o.out, "kept"); /* and reading is free */
	sandbox_free(s);
}

static void it_holds_for_every_descendant(void **state)
{
	struct sandbox *s;
	struct proc_output o;

	(void)state;
	if (!can_confine())
		return;
	s = confined();
	o = run_in(s, "setsid sh -c 'sh -c \"echo x > ../theirs/new\"'; echo $?");
	assert_string_not_equal(o.out, "0\n");
	assert_int_equal(fs_kind(fs_join(room, top, "theirs/new")), FS_NOTHING);
	sandbox_free(s);
}

static void processes_outside_cannot_be_signalled(void **state)
{
	struct sandbox *s;
	struct proc_output o;

	(void)state;
	if (sandbox_abi() < 6)
		return;
	s = confined();
	o = run_in(s,
	           text_printf(room, "kill -0 %d && echo reached; sleep 1000 & kill $! && echo own",
	                       (int)getpid()));
	assert_string_equal(o.out, "own\n");
	sandbox_free(s);
}

static void limits_hold(void **state)
{
	struct sandbox_spec spec = { .file_bytes = 4096,
		                     .open_files = few_files(),
		                     .cpu_seconds = 1 };
	struct sandbox *s = NULL;
	struct proc_output o;

	(void)state;
	assert_int_equal(sandbox_new(&s, &spec, NULL), OK);
	assert_false(sandbox_confines(s));
	o = run_in(s, "ulimit -c; ulimit -t; ulimit -n");
	assert_int_equal(
	    strncmp(o.out, few_files() > 0 ? "0\n1\n16\n" : "0\n1\n", few_files() > 0 ? 7 : 4), 0);
	o = run_in(s, "head -c 10000 /dev/zero > big");
	assert_int_not_equal(o.result.exit_code, 0);
	o = run_in(s, "while :; do :; done");
	assert_int_equal(o.result.outcome, PROC_CRASHED);
	sandbox_free(s);
	spec = (struct sandbox_spec){ .memory_bytes = (uint64_t)64 << 20 };
	assert_int_equal(sandbox_new(&s, &spec, NULL), OK);
	o = run_in(s, "head -c 200000000 /dev/zero | tail -c 200000000 | wc -c");
	assert_null(strstr(o.out, "200000000"));
	sandbox_free(s);
	sandbox_free(NULL);
}

static void what_this_kernel_can_do_is_said(void **state)
{
	struct sandbox_spec spec = { .confine = true, .confine_or_fail = true };
	struct sandbox *s = NULL;

	(void)state;
	assert_true(strlen(sandbox_words()) > 10);
	assert_int_equal(strstr(sandbox_words(), "not confined") != NULL, sandbox_abi() == 0);
	assert_int_equal(sandbox_new(&s, &spec, NULL), can_confine() ? OK : E_ABSENT);
	sandbox_free(s);
	mem_fail_after(0, 0);
	assert_int_equal(sandbox_new(&s, &spec, NULL), E_NOMEM);
	mem_fail_after(-1, 0);
}

/* Have the kernel deny Landlock to this process from now on, as one without it would. */
static bool take_landlock_away(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { .len = 4, .filter = code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* Last, for there is no way back. */
static void without_landlock_there_are_limits_only_and_it_is_said(void **state)
{
	struct sandbox_spec spec = { .confine = true, .open_files = few_files() };
	struct sandbox *s = NULL;
	struct err err = { 0 };
	struct proc_output o;

	(void)state;
	assert_true(take_landlock_away());
	assert_int_equal(sandbox_abi(), 0);
	assert_non_null(strstr(sandbox_words(), "not confined"));
	assert_int_equal(sandbox_new(&s, &spec, NULL), OK);
	assert_false(sandbox_confines(s));
	o = run_in(s, "ulimit -c; echo x > ../theirs/new && echo written");
	assert_string_equal(o.out, "0\nwritten\n");
	sandbox_free(s);
	spec.confine_or_fail = true;
	assert_int_equal(sandbox_new(&s, &spec, &err), E_ABSENT);
	assert_string_equal(err.text, sandbox_words());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_stay_in_the_folders_given),
		TEST(it_holds_for_every_descendant),
		TEST(processes_outside_cannot_be_signalled),
		TEST(limits_hold),
		TEST(what_this_kernel_can_do_is_said),
		TEST(without_landlock_there_are_limits_only_and_it_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
