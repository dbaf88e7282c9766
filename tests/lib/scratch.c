#include "tests/lib/scratch.h"

#include "tests/unit/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/fs.h"
#include "sys/proc.h"

#define ROOM ((size_t)128 << 20)

char *scratch_text(struct scratch *s, const char *fmt, ...)
{
	char line[8192];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	return text_dup(s->room, line);
}

char *scratch_sh(struct scratch *s, const char *folder, const char *script)
{
	static const char *const names[] = { "PATH", "TMPDIR", NULL };
	const char *pairs[] = { scratch_text(s, "HOME=%s", s->top),
		                "GIT_CONFIG_NOSYSTEM=1",
		                "LC_ALL=C",
		                "GIT_AUTHOR_NAME=A U Thor",
		                "GIT_AUTHOR_EMAIL=a@b",
		                "GIT_COMMITTER_NAME=A U Thor",
		                "GIT_COMMITTER_EMAIL=a@b",
		                NULL };
	const char *argv[] = { "/bin/sh", "-ec", script, NULL };
	struct proc_spec spec = { .argv = argv,
		                  .cwd = folder != NULL ? folder : s->main,
		                  .out = PROC_TO_PIPE,
		                  .err = PROC_TO_OUT };
	const struct proc_bounds bounds = { .max = (size_t)1 << 20, .timeout_ms = 120000 };
	struct proc_output o;
	struct err err = { 0 };

	spec.env = proc_env(s->room, names, pairs);
	if (proc_run(&spec, &bounds, s->room, &o, &err) != OK)
		fail_msg("%s", err.text);
	if (o.result.outcome != PROC_CLEAN)
		fail_msg("%s: %s\n%s", proc_outcome_words(o.result.outcome), script, o.out);
	return o.out;
}

struct oid scratch_oid(struct scratch *s, const char *name)
{
	struct oid oid = { "" };
	char *out =
	    scratch_sh(s, NULL, scratch_text(s, "git rev-parse --verify '%s^{commit}'", name));

	memcpy(oid.hex, out, sizeof oid.hex - 1);
	return oid;
}

/*
 * What the sanitizers say of libraries and we can do nothing about: libgit2 1.5 loses a match of
 * PCRE2 for each search of its configuration; the C library's lock around the time zone is not
 * seen.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8\n";
}

const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:tzset_internal\n";
}

int scratch_open(struct scratch *s)
{
	const char *folder = getenv("TMPDIR");
	struct err err = { 0 };
	char *name;

	*s = (struct scratch){ .room = arena_new(ROOM) };
	name = text_printf(s->room, "%s/repo-XXXXXX", folder != NULL ? folder : "/tmp");
	if (name == NULL || mkdtemp(name) == NULL || fs_resolve(name, s->room, &s->top, NULL) != OK)
		return 1;
	s->main = fs_join(s->room, s->top, "main");
	s->root = fs_join(s->room, s->main, ".gadugi/worktrees");
	/* for git that sys/repo starts: no settings of the person who runs the tests */
	if (setenv("HOME", s->top, 1) != 0 || setenv("GIT_CONFIG_NOSYSTEM", "1", 1) != 0 ||
	    unsetenv("XDG_CONFIG_HOME") != 0)
		return 1;
	(void)scratch_sh(s, s->top,
	                 "git init -q -b main main && cd main && echo base > base && "
	                 "echo .gadugi/ > .git/info/exclude && "
	                 "git add base && git commit -q -m base");
	if (repo_open(&s->repo, s->main, &err) != OK) {
		print_error("%s\n", err.text);
		return 1;
	}
	return 0;
}

int scratch_close(struct scratch *s)
{
	int rc;

	repo_free(s->repo);
	rc = fs_remove_tree("/", s->top, NULL) != OK;
	arena_free(s->room);
	return rc;
}
