#include "cli/cli.h"

#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

#define ARENA_MAX ((size_t)512 << 20)
#define NAMES_MAX 64

static enum status begin(struct cli *c, const struct cli_world *world)
{
	*c = (struct cli){ .world = world, .wake_fd = -1, .signal_fd = -1 };
	screen_init(&c->screen, STDOUT_FILENO);
	screen_init(&c->errors, STDERR_FILENO);
	c->arena = arena_new(ARENA_MAX);
	c->args = cJSON_CreateObject();
	c->given = cJSON_CreateObject();
	if (c->arena == NULL || c->args == NULL || c->given == NULL)
		return err_nomem(&c->err, "the command line");
	return OK;
}

static void end(struct cli *c)
{
	screen_done(&c->screen);
	screen_done(&c->errors);
	cJSON_Delete(c->args);
	cJSON_Delete(c->given);
	arena_free(c->arena);
	if (c->signal_fd != -1)
		(void)close(c->signal_fd);
}

static const struct command *find(const struct cli *c, const char *name)
{
	for (const struct command *row = cli_commands; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0 && command_offered(c->world, row))
			return row;
	return NULL;
}

static int unknown(struct cli *c, const char *word)
{
	const char *names[NAMES_MAX], *near;
	size_t n = 0;

	for (const struct command *row = cli_commands; row->name != NULL && n < NAMES_MAX; row++)
		if (command_offered(c->world, row))
			names[n++] = row->name;
	near = text_nearest(word, names, n);
	if (near != NULL)
		return cli_usage(c, "there is no command '%.60s'; is it '%s'?", word, near);
	return cli_usage(c, "there is no command '%.60s'", word);
}

static int run_program(struct cli *c, cli_main *run, int argc, char **argv)
{
	if (cli_parse(c, NULL, argc, argv) != OK)
		return cli_usage(c, "%s", c->err.text);
	return run(c->world->arg, &c->options, c->n_words, c->words);
}

static int run_command(struct cli *c, int argc, char **argv)
{
	const struct command *command = c->command;

	if (cli_parse(c, command->options, argc, argv) != OK)
		return cli_usage(c, "%s", c->err.text);
	if (cli_has(c, "help"))
		return command_help(c);
	if (c->n_words < command->least)
		return cli_usage(c, "'%s' needs more words: %s", command->name, command->words);
	if (command->most >= 0 && c->n_words > command->most)
		return cli_usage(c, "'%s' takes fewer words: '%.60s' is too much", command->name,
		                 c->words[command->most]);
	return command->run(c);
}

static int dispatch(struct cli *c, int argc, char **argv)
{
	int at = 0;

	if (cli_parse_front(c, argc, argv, &at) != OK)
		return cli_usage(c, "%s", c->err.text);
	if (at == argc && cli_has(c, "version"))
		return command_version(c);
	if (at == argc && (cli_has(c, "help") || isatty(STDIN_FILENO) == 1))
		return command_help(c);
	if (at == argc)
		return c->world->serve(c->world->arg, &c->options, 0, argv + at);
	if (strcmp(argv[at], "serve") == 0)
		return run_program(c, c->world->serve, argc - at, argv + at);
	for (const struct cli_program *p = c->world->programs; p->name != NULL; p++)
		if (strcmp(p->name, argv[at]) == 0)
			return run_program(c, p->run, argc - at, argv + at);
	if ((c->command = find(c, argv[at])) == NULL)
		return unknown(c, argv[at]);
	return run_command(c, argc - at, argv + at);
}

int cli_run(const struct cli_world *world, int argc, char **argv)
{
	struct cli c;
	int rc;

	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* how wide a character is shown */
	rc = begin(&c, world) == OK ? dispatch(&c, argc, argv) : cli_failed(&c);
	if (rc == CLI_DONE && c.screen.broken) {
		(void)err_set(&c.err, E_IO, "the answer could not be written whole");
		rc = cli_failed(&c);
	}
	end(&c);
	return rc;
}
