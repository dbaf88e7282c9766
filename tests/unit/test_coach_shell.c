#include "tests/unit/unit.h"

#include <string.h>

#include "domain/coach/shell.h"

static const char *normal(const char *command)
{
	static char out[SHELL_MAX]; /* one thread, one result at a time */

	(void)shell_normal(command, out, sizeof out);
	return out;
}

static struct shell_facts facts(const char *command)
{
	struct shell_facts f;

	shell_facts(normal(command), NULL, &f);
	return f;
}

static void what_differs_from_time_to_time_is_taken_out(void **state)
{
	static const char *const pairs[][2] = {
		{ "cd /a/b && npm   test", "npm test" },
		{ "  CI=1 FOO='a b' npm test\n", "npm test" },
		{ "cd x && A=1 cd y && ls", "ls" },
		{ "cat /tmp/tmp74wiyiny/x.sh", "cat /tmp/*/x.sh" },
		{ "cat /tmp/report.txt", "cat /tmp/report.txt" },
		{ "git show 3fa9c1d2e0", "git show *" },
		{ "git show deadbeef", "git show deadbeef" },
		{ "log --since 2026-11-22T13:43:07.123Z x", "log --since * x" },
		{ "echo 10:30:22", "echo *" },
		{ "sleep 30; ls", "sleep 30; ls" },
		{ "cd x; ls", "cd x; ls" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		assert_string_equal(normal(pairs[i][0]), pairs[i][1]);
}

static void errors_are_compared_without_their_numbers(void **state)
{
	char out[200];

	(void)state;
	(void)shell_mask("a.c:12: 3 errors in 0.52s at 0x7ffe12345678", true, out, sizeof out);
	assert_string_equal(out, "a.c:*: * errors in *.*s at *");
}

static void gates_are_found_behind_what_starts_them(void **state)
{
	static const char *const yes[] = {
		"pytest -x",
		"python -m pytest tests",
		"cd a && uv run pytest",
		"npm test",
		"npm run test:unit",
		"pnpm run lint",
		"timeout 60 cargo test --all",
		"make",
		"make -j4 check",
		"npx tsc --noEmit",
		"./gradlew build",
		"go vet ./...",
		"echo start; ctest",
		"CC=clang make",
		"sudo make install",
		"/usr/bin/make x",
		"ls && cargo build 2>&1 | tail -5",
		"npx eslint .",
	};
	static const char *const no[] = {
		"pip install pytest",
		"echo make",
		"cat makefile",
		"npm run dev",
		"npm install",
		"cargo new x",
		"go mod tidy",
		"pytest --version",
		"git commit -m 'make test'",
		"ls tests",
		"ruff format",
		"which pytest",
		"",
		"makeinfo x",
		"grep -r pytest .",
	};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (!facts(yes[i]).is_gate)
			fail_msg("no gate: %s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (facts(no[i]).is_gate)
			fail_msg("a gate: %s", no[i]);
}

static void a_configured_gate_counts(void **state)
{
	static const char *const extra[] = { "./verify.sh", "tools/check", NULL };
	struct shell_facts f;

	(void)state;
	shell_facts("tools/check --all", extra + 1, &f);
	assert_false(f.is_gate); /* the folder of a program is not looked at */
	shell_facts("verify.sh a", (const char *const[]){ "verify.sh", NULL }, &f);
	assert_true(f.is_gate);
	shell_facts("verify.shx", (const char *const[]){ "verify.sh", NULL }, &f);
	assert_false(f.is_gate);
}

static void what_changes_files_or_the_head_is_seen(void **state)
{
	(void)state;
	assert_true(facts("echo a > b").writes);
	assert_true(facts("sed -i s/a/b/ x").writes);
	assert_true(facts("npm install").writes);
	assert_true(facts("ls; rm -rf x").writes);
	assert_true(facts("eslint --fix .").writes);
	assert_false(facts("ls 2>&1").writes);
	assert_false(facts("ls > /dev/null").writes);
	assert_false(facts("grep 'a > b' x").writes);
	assert_false(facts("sed -n 1p x").writes);
	assert_false(facts("prettier --check .").writes);
	assert_true(facts("git add -A && git commit -m x").commits);
	assert_true(facts("git checkout -b x").moves_head);
	assert_false(facts("git status").moves_head);
	assert_false(facts("git log --grep commit").commits);
}

static void the_head_names_program_and_sub_command(void **state)
{
	(void)state;
	assert_string_equal(facts("git push origin main").head, "git push");
	assert_string_equal(facts("ls -la").head, "ls");
	assert_string_equal(facts("cd a; ls -la").head, "ls");
	assert_string_equal(facts("ls && npm test").head, "npm test");
	assert_string_equal(facts("make -j4").head, "make");
	assert_string_equal(facts("/usr/bin/python3 x.py").head, "python3");
	assert_string_equal(facts("").head, "");
}

static void a_gate_is_the_same_with_its_output_shortened(void **state)
{
	char out[SHELL_MAX];

	(void)state;
	(void)shell_gate_key("pytest -x 2>&1 | tail -20", out, sizeof out);
	assert_string_equal(out, "pytest -x");
	(void)shell_gate_key("cat a | pytest - | head", out, sizeof out);
	assert_string_equal(out, "cat a | pytest -");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_from_time_to_time_is_taken_out),
		cmocka_unit_test(errors_are_compared_without_their_numbers),
		cmocka_unit_test(gates_are_found_behind_what_starts_them),
		cmocka_unit_test(a_configured_gate_counts),
		cmocka_unit_test(what_changes_files_or_the_head_is_seen),
		cmocka_unit_test(the_head_names_program_and_sub_command),
		cmocka_unit_test(a_gate_is_the_same_with_its_output_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
