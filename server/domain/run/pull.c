#include "domain/run/pull.h"
#include "domain/command.h"

#include <string.h>

#include "base/text.h"
#include "domain/run/record.h"
#include "sys/fs.h"

#define TIMEOUT_MS INT64_C(300000)
#define SAID_MOST  ((size_t)64 << 10)
#define BODY_MAX   ((size_t)256 << 10)
#define SAID_MAX   300

enum { BRANCH, BASE, TITLE, FILE_PATH, FILLS };

enum status pull_possible(const struct config *config, struct err *err)
{
	if (config->pull_command.n > 0)
		return OK;
	return err_set(err, E_INPUT,
	               "no command to open a pull request is configured; put into '%s': "
	               "pullRequest: {push: [git, push, origin], command: [gh, pr, create]}",
	               config->project_path);
}

static const char **push_argv(const struct config_texts *command, const struct command_fill *fills,
                              struct arena *a)
{
	bool used;
	const char **argv = command_argv(command, fills, FILLS, &used, a);

	if (argv != NULL && !used)
		argv[command->n] = fills[BRANCH].value;
	return argv;
}

static const char **open_argv(const struct config_texts *command, const struct command_fill *fills,
                              struct arena *a)
{
	static const char *const options[FILLS] = { "--head", "--base", "--title", "--body-file" };
	bool used;
	const char **argv = command_argv(command, fills, FILLS, &used, a);
	size_t n = command->n;

	for (size_t i = 0; argv != NULL && !used && i < FILLS; i++) {
		if (fills[i].value[0] == '\0')
			continue;
		argv[n++] = options[i];
		argv[n++] = fills[i].value;
	}
	return argv;
}

/* *said: all it printed, in the arena. False, with words in *wrong: it did not end well. */
static bool run(struct runner *r, const char *const *argv, const char **said, const char **wrong)
{
	static const char *const names[] = { "PATH",     "HOME",        "USER",    "LANG",
		                             "LC_*",     "XDG_*",       "GH_*",    "GITHUB_*",
		                             "GITLAB_*", "GLAB_*",      "GITEA_*", "SSH_AUTH_SOCK",
		                             "GIT_SSH*", "GIT_ASKPASS", "TMPDIR",  NULL };
	struct proc_spec spec = { .argv = argv,
		                  .env = proc_env(r->arena, names, NULL),
		                  .cwd = r->project->root,
		                  .out = PROC_TO_PIPE,
		                  .err = PROC_TO_OUT };
	const struct proc_bounds bounds = { .max = SAID_MOST, .timeout_ms = TIMEOUT_MS };
	struct proc_output out = { 0 };
	struct err err = { OK, "" };

	*said = *wrong = "";
	if (argv == NULL || spec.env == NULL) {
		*wrong = "no memory for a command";
		return false;
	}
	if (proc_run(&spec, &bounds, r->arena, &out, &err) != OK) {
		*wrong = text_dup(r->arena, err.text);
		return false;
	}
	*said = out.out;
	if (out.result.outcome == PROC_CLEAN)
		return true;
	*wrong = text_printf(
	    r->arena, "'%s' %s (exit status %d): %.*s", argv[0],
	    proc_outcome_words(out.result.outcome), out.result.exit_code,
	    (int)text_utf8_valid(out.out, text_utf8_cut(out.out, out.out_size, SAID_MAX)), out.out);
	return false;
}

/* What the request says: each task with what it changed. */
static const char *write_body(struct runner *r)
{
	const char *path =
	    text_printf(r->arena, "%s/runs/%s/pull-request.md", r->project->state, r->row.id);
	struct text body;
	enum status st = E_NOMEM;

	text_init(&body, BODY_MAX);
	text_addf(&body, "Run %s of the plan \"%s\".\n\n", r->row.id, r->row.title);
	for (size_t i = 0; i < r->n_jobs && body.len < BODY_MAX - 4096; i++)
		text_addf(&body, "- **%.100s**: %.300s\n", r->jobs[i].row.id, r->jobs[i].row.title);
	if (path != NULL && !body.failed)
		st = fs_write(path, body.bytes, body.len, 0600, NULL);
	text_done(&body);
	return st == OK ? path : NULL;
}

static void note_failure(struct runner *r, const char *wrong)
{
	record_note(r, "not-merged",
	            "no pull request was opened: %s; the results are on branch '%s'",
	            wrong == NULL ? "no memory" : wrong, r->row.branch);
}

void pull_request(struct runner *r)
{
	const struct command_fill fills[FILLS] = {
		[BRANCH] = { "{branch}", r->row.branch },
		[BASE] = { "{base}", r->options.onto == NULL ? "" : r->options.onto },
		[TITLE] = { "{title}", r->row.title },
		[FILE_PATH] = { "{file}", write_body(r) },
	};
	const struct config *c = r->config;
	const char *said, *wrong, *link;
	bool opened;

	if (fills[FILE_PATH].value == NULL) {
		note_failure(r, "its text could not be written");
		return;
	}
	if (c->pull_push.n > 0 &&
	    !run(r, push_argv(&c->pull_push, fills, r->arena), &said, &wrong)) {
		note_failure(r, wrong);
		return;
	}
	opened = run(r, open_argv(&c->pull_command, fills, r->arena), &said, &wrong);
	link = command_link(said, r->arena);
	/* A runner that died after it had opened it finds it there already. */
	if (link != NULL && (opened || strstr(said, "already exists") != NULL))
		record_note(r, "pull-request", "%s", link);
	else
		note_failure(r, opened ? "the command ended well but printed no link" : wrong);
}
