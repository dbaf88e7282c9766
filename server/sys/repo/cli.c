/* cli.c - the git program, for what it does better: checkouts, filters, sparse trees, submodules.
 */
#include <string.h>

#include "base/text.h"
#include "sys/repo/own.h"

#define TIMEOUT_MS (INT64_C(60) * 60 * 1000)
#define ERROR_MAX  ((size_t)64 << 10)
#define ARGS_MOST  64
#define SAID_MAX   300 /* bytes of its words that are told */

/* Have what git said on one line, as names of files come after the first. Its length. */
static size_t one_line(char *said, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n && to < SAID_MAX; i++) {
		bool blank = said[i] == '\n' || said[i] == '\t' || said[i] == ' ';

		if (blank && (to == 0 || said[to - 1] == ' '))
			continue;
		said[to++] = said[i];
		if (blank)
			said[to - 1] = ' ';
	}
	while (to > 0 && said[to - 1] == ' ')
		to--;
	return text_utf8_valid(said, to);
}

/* What its end means. */
static enum status judge(const struct repo_cli *cli, struct proc_output *out, struct err *err)
{
	if (cli->stop != NULL && out->result.outcome == PROC_KILLED)
		return err_set(err, E_STOP, "stopped while git %s ran", cli->args[0]);
	if (out->result.exit_code != 0 &&
	    (out->result.exit_code != cli->allowed || out->result.outcome != PROC_FAILED)) {
		return err_set(err, E_IO, "git %s failed (%s): %.*s", cli->args[0],
		               proc_outcome_words(out->result.outcome),
		               (int)one_line(out->err, out->err_size), out->err);
	}
	if (out->out_total > out->out_size)
		return err_set(err, E_INPUT, "git %s says more than %zu bytes", cli->args[0],
		               out->out_size);
	return OK;
}

enum status repo_git(const struct repo_cli *cli, struct arena *a, struct proc_output *out,
                     struct err *err)
{
	/* no hooks, no daemons, no housekeeping beside us, no questions */
	static const char *const first[] = {
		"git",
		"-c",
		"core.hooksPath=/dev/null",
		"-c",
		"core.fsmonitor=false",
		"-c",
		"gc.auto=0",
		"-c",
		"maintenance.auto=false",
		"-c",
		"advice.detachedHead=false",
	};
	static const char *const names[] = {
		"PATH",
		"HOME",
		"USER",
		"LOGNAME",
		"TMPDIR",
		"XDG_*",
		"LANG",
		"SSH_*",
		"GIT_CONFIG_NOSYSTEM",
		"GIT_CONFIG_GLOBAL",
		"GIT_CONFIG_SYSTEM",
		"GIT_SSH*",
		NULL,
	};
	static const char *const pairs[] = { "LC_ALL=C", "GIT_TERMINAL_PROMPT=0",
		                             "GIT_OPTIONAL_LOCKS=0", "GIT_EDITOR=true", NULL };
	const char *argv[sizeof first / sizeof *first + 2 + ARGS_MOST + 1];
	const struct proc_bounds bounds = { cli->max > ERROR_MAX ? cli->max : ERROR_MAX, TIMEOUT_MS,
		                            cli->stop, cli->bell };
	struct proc_spec spec = { .argv = argv,
		                  .cwd = cli->cwd,
		                  .input = cli->input,
		                  .input_size = cli->input_size,
		                  .out = PROC_TO_PIPE,
		                  .err = PROC_TO_PIPE };
	size_t n = sizeof first / sizeof *first;
	enum status st;

	memcpy(argv, first, sizeof first);
	if (cli->setting != NULL) {
		argv[n++] = "-c";
		argv[n++] = cli->setting;
	}
	for (size_t i = 0; i < ARGS_MOST && cli->args[i] != NULL; i++)
		argv[n++] = cli->args[i];
	argv[n] = NULL;
	if ((spec.env = proc_env(a, names, pairs)) == NULL)
		return err_nomem(err, "a command");
	st = proc_run(&spec, &bounds, a, out, err);
	return st != OK ? st : judge(cli, out, err);
}
