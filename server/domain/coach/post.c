#include "domain/coach/post.h"
#include "domain/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/coach/change.h"
#include "sys/fs.h"
#include "sys/proc.h"

#define POST_TIMEOUT_MS 60000
#define POST_OUTPUT_MAX ((size_t)64 << 10)
#define BODY_MAX        ((size_t)1 << 20)
#define TITLE_MAX       200 /* bytes; hosts refuse longer ones */
#define WRONG_MAX       200

enum { FILLS = 4 };

enum status post_possible(const struct config *config, struct err *err)
{
	enum status st = config_trusted(config, err);

	if (st == OK && getenv(COACH_MARK) != NULL)
		return err_set(err, E_DENIED,
		               "the coach started this itself (" COACH_MARK
		               " is set), and does not post from there");
	if (st != OK || config->issue_command.n > 0)
		return st;
	return err_set(err, E_INPUT,
	               "no command to post issues is configured; they are drafted in "
	               ".gadugi/issues; to post them put into '%s': issues: {command: [gh, issue, "
	               "create]}",
	               config->project_path);
}

static const char *joined(const struct config_texts *texts, struct arena *a)
{
	const char *out = "";

	for (size_t i = 0; i < texts->n && out != NULL; i++)
		out = text_printf(a, "%s%s%s", out, i == 0 ? "" : ",", texts->at[i]);
	return out;
}

static const char *const *make_argv(const struct config *config, const struct command_fill *fills,
                                    struct arena *a)
{
	bool used = false;
	const char **argv = command_argv(&config->issue_command, fills, FILLS, &used, a);
	size_t n = config->issue_command.n;

	if (argv == NULL || used)
		return argv;
	argv[n++] = "--title";
	argv[n++] = fills[0].value;
	argv[n++] = "--body-file";
	argv[n++] = fills[1].value;
	if (fills[3].value[0] != '\0') {
		argv[n++] = "--label";
		argv[n++] = fills[3].value;
	}
	return argv;
}

static enum status run(struct post *post, const char *const *argv, struct arena *a, struct err *err)
{
	static const char *const names[] = { "PATH",     "HOME",   "USER",          "LANG",
		                             "LC_*",     "XDG_*",  "GH_*",          "GITHUB_*",
		                             "GITLAB_*", "GLAB_*", "SSH_AUTH_SOCK", "TMPDIR",
		                             NULL };
	static const char *const marks[] = { COACH_MARK "=1", NULL };
	struct proc_spec spec = {
		.stop_grace_ms = PROC_CALL_MS,
		.argv = argv,
		.env = proc_env(a, names, marks),
		.cwd = post->project->root,
		.out = PROC_TO_PIPE,
		.err = PROC_TO_PIPE,
	};
	const struct proc_bounds bounds = { POST_OUTPUT_MAX, POST_TIMEOUT_MS, post->stop,
		                            post->bell };
	struct proc_output output = { 0 };
	struct err why = { 0 };
	enum status st;

	if (spec.env == NULL)
		return err_nomem(err, "a command");
	st = proc_run(&spec, &bounds, a, &output, &why);
	if (st == E_NOMEM)
		return err_nomem(err, "a command");
	if (st != OK) {
		post->wrong = text_dup(a, why.text);
		return OK;
	}
	if (post->stop != NULL && atomic_load(post->stop))
		return err_set(err, E_STOP, "stopped");
	if (output.result.outcome != PROC_CLEAN) {
		post->wrong = text_printf(
		    a, "'%s' %s (exit status %d): %.*s", argv[0],
		    proc_outcome_words(output.result.outcome), output.result.exit_code,
		    (int)text_utf8_valid(output.err,
		                         text_utf8_cut(output.err, output.err_size, WRONG_MAX)),
		    output.err);
		return OK;
	}
	post->link = command_link(output.out, a);
	if (post->link == NULL)
		post->wrong = text_printf(a, "'%s' ended well but printed no link", argv[0]);
	return OK;
}

enum status post_issue(struct post *post, const struct config *config, struct arena *a,
                       struct err *err)
{
	const char *path = text_printf(a, "%s/%s", post->project->state, post->row->path);
	const char *title =
	    arena_copy(a, post->row->title,
	               text_utf8_cut(post->row->title, strlen(post->row->title), TITLE_MAX));
	const char *labels = joined(&config->issue_labels, a), *const * argv;
	char *body = NULL;
	size_t size = 0;
	struct err why = { 0 };

	if (path == NULL || title == NULL || labels == NULL)
		return err_nomem(err, "an issue");
	if (fs_read(path, BODY_MAX, a, &body, &size, &why) != OK) {
		post->wrong = text_dup(a, why.text);
		return OK;
	}
	argv = make_argv(config,
	                 (const struct command_fill[FILLS]){ { "{title}", title },
	                                                     { "{file}", path },
	                                                     { "{body}", body },
	                                                     { "{labels}", labels } },
	                 a);
	return argv == NULL ? err_nomem(err, "a command") : run(post, argv, a, err);
}
