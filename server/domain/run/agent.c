#include "domain/run/agent.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/mailbox.h"
#include "sys/fs.h"

#define WRITABLE_MAX 64
#define RUN_MARK     "GADUGI_RUN_ID=%s"
#define STATE_MARK   "GADUGI_STATE=%s"

/* What every child may know of our environment; secrets come only with an agent that names them. */
static const char *const usual[] = {
	"PATH",
	"HOME",
	"USER",
	"LOGNAME",
	"SHELL",
	"LANG",
	"LANGUAGE",
	"LC_*",
	"TERM",
	"COLORTERM",
	"NO_COLOR",
	"TZ",
	"TMPDIR",
	"XDG_*",
	"HTTP_PROXY",
	"HTTPS_PROXY",
	"NO_PROXY",
	"http_proxy",
	"https_proxy",
	"no_proxy",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"NODE_EXTRA_CA_CERTS",
	"GOPATH",
	"GOCACHE",
	"CARGO_HOME",
	"RUSTUP_HOME",
	"JAVA_HOME",
	"NVM_DIR",
	"VIRTUAL_ENV",
	"CCACHE_DIR",
	"MAKEFLAGS",
};

#define USUAL_N (sizeof usual / sizeof *usual)

/* The words of a task's own command: a list, or one word. */
static size_t own_command(const cJSON *task, const char **argv, size_t most)
{
	const cJSON *command = json_get(task, "command"), *word;
	size_t n = 0;

	if (cJSON_IsString(command) && command->valuestring[0] != '\0' && most > 0)
		argv[n++] = command->valuestring;
	if (cJSON_IsArray(command)) {
		cJSON_ArrayForEach(word, command) {
			if (cJSON_IsString(word) && n < most)
				argv[n++] = word->valuestring;
		}
	}
	return n;
}

enum status agent_fits(const struct config_agent *agent, const cJSON *task, struct err *err)
{
	const char *first;
	const char *id = json_text(task, "id");

	if (!agent->shell || own_command(task, &first, 1) > 0)
		return OK;
	return err_set(err, E_INPUT,
	               "task '%s' has no command, and agent '%s' only runs commands; give the task "
	               "another agent or a \"command\"",
	               id == NULL ? "" : id, agent->name);
}

/* What makes it go on with that session. */
static size_t resume_words(const struct config_texts *words, const char *session, const char **argv)
{
	for (size_t i = 0; i < words->n; i++)
		argv[i] = strcmp(words->at[i], "{}") == 0 ? session : words->at[i];
	return words->n;
}

static enum status make_argv(const struct agent_start *start, struct arena *a,
                             const char *const **out, struct err *err)
{
	bool inside = start->confine && start->agent->confined.n > 0 && sandbox_abi() > 0;
	const struct config_texts *command =
	    inside ? &start->agent->confined : &start->agent->command;
	const char **argv;
	size_t n = 0;

	if (start->agent->shell) {
		enum status st = agent_fits(start->agent, start->task, err);

		if (st != OK)
			return st;
		size_t most = (size_t)cJSON_GetArraySize(json_get(start->task, "command")) + 1;

		argv = arena_take(a, (most + 1) * sizeof *argv);
		if (argv != NULL)
			n = own_command(start->task, argv, most);
	} else {
		argv = arena_take(a, (command->n + start->agent->resume.n + 2) * sizeof *argv);
		for (; argv != NULL && n < command->n; n++)
			argv[n] = command->at[n];
		if (argv != NULL && start->session != NULL)
			n += resume_words(&start->agent->resume, start->session, argv + n);
		if (argv != NULL && start->agent->prompt == CONFIG_ARG)
			argv[n++] = start->prompt;
	}
	if (argv == NULL)
		return err_nomem(err, "an agent's command");
	argv[n] = NULL;
	*out = argv;
	return OK;
}

static const char *const *marks(const struct agent_start *start, struct arena *a)
{
	const char **mark = arena_take(a, 6 * sizeof *mark);
	size_t n = 0;

	if (mark == NULL)
		return NULL;
	mark[n++] = text_printf(a, RUN_MARK, start->run);
	mark[n++] = text_printf(a, "GADUGI_TASK_ID=%s", start->task_id);
	mark[n++] = text_printf(a, "GADUGI_ATTEMPT=%lld", (long long)start->attempt);
	if (start->state != NULL)
		mark[n++] = text_printf(a, STATE_MARK, start->state);
	mark[n] = NULL;
	return mark;
}

static const char *const *environment(const struct agent_start *start, struct arena *a)
{
	const struct config_texts *more = &start->agent->environment;
	const char **names = arena_take(a, (USUAL_N + more->n + 1) * sizeof *names);
	const char *pairs[8];
	size_t n = 0;

	if (names == NULL)
		return NULL;
	memcpy(names, usual, sizeof usual);
	for (size_t i = 0; i < more->n; i++)
		names[USUAL_N + i] = more->at[i];
	pairs[n++] = text_printf(a, "GADUGI_SLOT=%zu", start->slot);
	pairs[n++] = text_printf(a, "GADUGI_WORKTREE=%s", start->folder);
	/* git must not wander up out of the folder into another repository. */
	pairs[n++] = start->git_dir == NULL
	                 ? "GIT_TERMINAL_PROMPT=0"
	                 : text_printf(a, "GIT_CEILING_DIRECTORIES=%s", start->folder);
	if (start->stage != NULL) {
		pairs[n++] = text_printf(a, "GADUGI_STAGE=%s", start->stage);
		pairs[n++] = text_printf(a, "GADUGI_STAGE_FOLDER=%s", start->stage_folder);
	}
	pairs[n++] = text_printf(a, "GADUGI_AGENT=%s", start->agent->name);
	if (start->mail != NULL)
		pairs[n++] = text_printf(a, MAILBOX_VARIABLE "=%s", start->mail);
	pairs[n] = NULL;
	return proc_env(a, names, pairs);
}

const char *const *agent_run_mark(struct arena *a, const char *state, const char *run)
{
	const char **mark = arena_take(a, 3 * sizeof *mark);

	if (mark == NULL)
		return NULL;
	mark[0] = text_printf(a, RUN_MARK, run);
	mark[1] = text_printf(a, STATE_MARK, state);
	mark[2] = NULL;
	return arena_failed(a) ? NULL : mark;
}

const char *const *agent_plain_env(struct arena *a, const char *state, const char *run)
{
	const char *const *mark = agent_run_mark(a, state, run);
	const char *names[USUAL_N + 1];

	memcpy(names, usual, sizeof usual);
	names[USUAL_N] = NULL;
	return mark == NULL ? NULL : proc_env(a, names, mark);
}

/* The folder of this worktree's own data under COMMON/worktrees: the name git gave it. */
static const char *admin_folder(const struct agent_start *start, struct arena *a)
{
	char *bytes = NULL, *end;
	size_t size = 0;
	const char *link = fs_join(a, start->folder, ".git");

	if (link == NULL || fs_read(link, FS_PATH_MAX, a, &bytes, &size, NULL) != OK ||
	    strncmp(bytes, "gitdir: ", 8) != 0)
		return NULL;
	end = bytes + size;
	while (end > bytes && (end[-1] == '\n' || end[-1] == '\r'))
		*--end = '\0';
	return bytes + 8;
}

/*
 * It may write its folder, temporary files, what its configuration says, and of the
 * repository what a commit on a detached HEAD needs: objects and this worktree's own data.
 */
static enum status confine(const struct agent_start *start, struct arena *a,
                           struct sandbox **sandbox, struct err *err)
{
	const char *writable[WRITABLE_MAX];
	const char *tmp = getenv("TMPDIR");
	struct sandbox_spec spec = { .writable = writable, .confine = true };
	size_t n = 0;

	writable[n++] = start->folder;
	writable[n++] = "/tmp";
	writable[n++] = "/var/tmp";
	writable[n++] = "/dev/shm";
	if (tmp != NULL && tmp[0] == '/')
		writable[n++] = tmp;
	if (start->mail != NULL)
		writable[n++] = start->mail;
	if (start->git_dir != NULL) {
		const char *objects = fs_join(a, start->git_dir, "objects");
		const char *admin = admin_folder(start, a);

		if (objects != NULL)
			writable[n++] = objects;
		if (admin != NULL)
			writable[n++] = admin;
	}
	for (size_t i = 0; i < start->agent->writable.n && n < WRITABLE_MAX; i++)
		writable[n++] = start->agent->writable.at[i];
	spec.writable_n = n;
	return sandbox_new(sandbox, &spec, err);
}

enum status agent_prepare(const struct agent_start *start, struct arena *a, struct proc_spec *spec,
                          struct sandbox **sandbox, struct err *err)
{
	enum status st;

	*sandbox = NULL;
	*spec = (struct proc_spec){ .cwd = start->folder, .out = PROC_TO_PIPE, .err = PROC_TO_OUT };
	if ((st = make_argv(start, a, &spec->argv, err)) != OK)
		return st;
	spec->env = environment(start, a);
	spec->mark = marks(start, a);
	if (spec->env == NULL || arena_failed(a))
		return err_nomem(err, "an agent's environment");
	if (start->agent->prompt == CONFIG_STDIN || start->agent->shell) {
		spec->input = start->prompt;
		spec->input_size = strlen(start->prompt);
	}
	if (start->confine) {
		if ((st = confine(start, a, sandbox, err)) != OK)
			return st;
		spec->sandbox = *sandbox;
	}
	return OK;
}
