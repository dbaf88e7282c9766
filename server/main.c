/* main.c - options, wiring, exit code; the only file that sees every layer. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "bus/wake.h"
#include "cli/cli.h"
#include "domain/dispatch.h"
#include "domain/doctor.h"
#include "domain/project.h"
#include "domain/recipe/check.h"
#include "domain/run.h"
#include "handlers/compat.h"
#include "handlers/health.h"
#include "handlers/prompt.h"
#include "handlers/resource.h"
#include "handlers/tool.h"
#include "store/db.h"
#include "sys/detach.h"
#include "sys/warden.h"
#include "wire/serve.h"

/* What the command line and the server share: the project, found at first need. */
struct ground {
	const char *root;
	struct project *project;
	struct wake *wake;
	struct dispatch *dispatch;   /* of a server: starts agents for events */
	const struct compat *compat; /* the server it stands in for, or NULL */
	char program[PATH_MAX];      /* own_path's */
};

static enum status find_project(struct ground *g, struct err *err)
{
	return g->project != NULL ? OK : project_open(&g->project, g->root, err);
}

static enum status listen(struct ground *g, int *fd, struct err *err)
{
	enum status st = OK;

	if (g->wake == NULL)
		st = wake_open(&g->wake, g->project->state, err);
	if (st == OK)
		*fd = wake_fd(g->wake);
	return st;
}

static void clear_wake(void *arg)
{
	const struct ground *g = arg;

	wake_clear(g->wake);
}

/* Where this program is: by its name, for who looks at processes, unless it was replaced. */
static const char *own_path(struct ground *g)
{
	ssize_t n = readlink("/proc/self/exe", g->program, sizeof g->program - 1);

	g->program[n < 0 ? 0 : n] = '\0';
	return access(g->program, X_OK) == 0 ? g->program : "/proc/self/exe";
}

/* On the first worker that runs a call: the reader never touches the disk. */
static enum status serve_open(void *arg, struct project **project, int *fd, struct err *err)
{
	struct ground *g = arg;
	const struct dispatch_options options = { .warden = own_path(g) };
	enum status st = find_project(g, err);

	if (st == OK && g->compat != NULL)
		st = g->compat->begin(g->project, err);
	if (st == OK && (st = listen(g, fd, err)) == OK)
		*project = g->project;
	if (st == OK && g->dispatch == NULL)
		st = dispatch_new(&g->dispatch, g->project, &options, err);
	return st;
}

/* Offer what another server does instead of our own. */
static void stand_in(const struct compat *compat, struct mcp_offer *offer)
{
	offer->instructions = compat->instructions;
	offer->tools = compat->tools;
	offer->resources = compat->resources;
	offer->prompts = compat->prompts;
	offer->tasks = NULL;
}

/*
 * HTTP, beside a host on stdin if there is one: a pipe or a socket. A terminal, a file or
 * /dev/null speaks no protocol, and its end says nothing.
 */
static void choose_http(struct serve_options *how, const char *address)
{
	struct stat in;

	how->http.address = address;
	how->http.token = getenv("GADUGI_HTTP_TOKEN");
	how->http.names = getenv("GADUGI_HTTP_HOSTS");
	how->no_stdio =
	    fstat(STDIN_FILENO, &in) != 0 || !(S_ISFIFO(in.st_mode) || S_ISSOCK(in.st_mode));
	(void)unsetenv("GADUGI_HTTP_TOKEN"); /* no child has any use for it; the text stays */
}

static int serve(void *arg, const struct cli_options *options, int argc, char **argv)
{
	struct mcp_offer offer = {
		.name = "gadugi",
		.title = "gadugi",
		.version = GADUGI_VERSION,
		.instructions = tool_instructions,
		.tools = tool_offered,
		.resources = resource_all,
		.prompts = prompt_all,
		.tasks = &task_runs,
		.health = &health_project,
	};
	struct ground *g = arg;
	const struct mcp_ground ground = { g, serve_open, clear_wake };
	struct serve_options how = { 0 };
	struct err err = { 0 };
	const char *known;
	bool idle;

	(void)argv;
	if (argc > 0) {
		log_line(LOG_ERROR, "'serve' takes no words; 'gadugi help' lists the commands");
		return CLI_USAGE;
	}
	if (options->http != NULL)
		choose_http(&how, options->http);
	if (options->compat != NULL && (g->compat = compat_find(options->compat, &known)) == NULL) {
		log_line(LOG_ERROR, "--compat knows '%s', not '%.60s'", known, options->compat);
		return CLI_USAGE;
	}
	if (g->compat != NULL)
		stand_in(g->compat, &offer);
	g->root = options->root;
	if (serve_clients(&how, &offer, &ground, &idle, &err) != OK) {
		log_line(LOG_ERROR, "%s", err.text);
		return CLI_FAILED;
	}
	if (!idle || !dispatch_idle(g->dispatch))
		_exit(0); /* a call that does not stop in time does not keep its host waiting */
	return CLI_DONE;
}

static enum status cli_open(void *arg, const struct cli_options *options, struct project **project,
                            const char **root, struct err *err)
{
	struct ground *g = arg;
	enum status st;

	g->root = options->root;
	if ((st = find_project(g, err)) != OK)
		return st;
	*project = g->project;
	*root = g->project->root;
	return OK;
}

static enum status cli_wake(void *arg, int *fd, struct err *err)
{
	return listen(arg, fd, err);
}

static enum status cli_trust(void *arg, cJSON **out, struct err *err)
{
	const struct ground *g = arg;

	return project_trust_json(g->project, out, err);
}

static enum status cli_doctor(void *arg, cJSON **out, struct err *err)
{
	struct ground *g = arg;

	return doctor_look(g->project, out, err);
}

static void tell_ready(void *word)
{
	int *fd = word;

	detach_word(*fd, NULL);
	*fd = -1;
}

typedef enum status alone(struct project *p, const char *id, void (*ready)(void *arg), void *arg,
                          struct err *err);

/*
 * gadugi runner RUN --root DIR, gadugi checker CHECK --root DIR: carry out what is stored under an
 * id, on our own. What goes wrong before it goes on is the caller's to hear, later it is logged.
 */
static int go_alone(const struct cli_options *options, int argc, char **argv, alone *carry_out)
{
	struct project *project = NULL;
	struct err err = { 0 };
	int exit_code = CLI_FAILED, word = -1;
	bool child = true;
	enum status st;

	if (argc != 1 || options->root == NULL)
		return CLI_USAGE;
	st = detach_part(options->root, &child, &exit_code, &word, &err);
	if (!child)
		return exit_code;
	if (st == OK && (st = project_open(&project, options->root, &err)) == OK)
		st = carry_out(project, argv[0], tell_ready, &word, &err);
	if (st != OK)
		log_line(LOG_ERROR, "%s: %s", argv[0], err.text);
	if (word != -1)
		detach_word(word, err.text);
	project_free(project);
	return st == OK ? CLI_DONE : CLI_FAILED;
}

static int runner(void *arg, const struct cli_options *options, int argc, char **argv)
{
	(void)arg;
	return go_alone(options, argc, argv, run_runner);
}

static int checker(void *arg, const struct cli_options *options, int argc, char **argv)
{
	(void)arg;
	return go_alone(options, argc, argv, check_run);
}

/* gadugi warden GRACE_MS ARGV...: watch over one program (sys/warden.h). Words on stderr, exit 127.
 */
static int warden(char **argv)
{
	const char *const *words = (const char *const *)argv;
	struct err err = { 0 };

	(void)warden_run(words + 1, strtol(words[0], NULL, 10), &err);
	log_line(LOG_ERROR, "%s", err.text);
	return 127;
}

/* Commands that no help lists. */
static const struct cli_program programs[] = {
	{ "runner", runner },
	{ "checker", checker },
	{ 0 },
};

int main(int argc, char **argv)
{
	struct ground ground = { 0 };
	const struct cli_world world = {
		.version = GADUGI_VERSION,
		.tools = tool_all,
		.serve = serve,
		.programs = programs,
		.arg = &ground,
		.open = cli_open,
		.wake = cli_wake,
		.wake_clear = clear_wake,
		.trust = cli_trust,
		.doctor = cli_doctor,
	};
	int rc;

	if (argc > 3 && strcmp(argv[1], WARDEN_WORD) == 0)
		return warden(argv + 2);
	json_use_mem();
	if (db_use_mem() != OK)
		return CLI_FAILED;
	rc = cli_run(&world, argc, argv);
	dispatch_free(ground.dispatch);
	wake_free(ground.wake);
	project_free(ground.project);
	return rc;
}
