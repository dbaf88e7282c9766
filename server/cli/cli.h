/*
 * cli.h - the command line: commands for people, over the same tools that hosts call.
 *
 * A command turns its words and options into a tool's JSON arguments, runs the tool in this
 * process and renders its structured answer. It sees tools and their tables, nothing below;
 * what else it needs main.c wires in here. Everything happens on the main thread.
 *
 * Exit status: 0 done, 1 the operation failed (why and what to do next is on stderr), 2 the
 * words were not understood.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "handlers/tool.h"

#define CLI_DONE   0
#define CLI_FAILED 1
#define CLI_USAGE  2

/* What may stand anywhere on the line. */
struct cli_options {
	const char *root;   /* --root, or NULL */
	const char *http;   /* --http, or NULL */
	const char *compat; /* --compat, or NULL */
	bool json;          /* --json */
};

/* What is run for a name instead of a command; argv are the words after it. */
typedef int cli_main(void *arg, const struct cli_options *options, int argc, char **argv);

/* A hidden command that is none of ours, for instance the runner. */
struct cli_program {
	const char *name; /* NULL ends the table */
	cli_main *run;
};

struct cli_world {
	const char *version;
	const struct tool *const *tools; /* NULL at the end */
	cli_main *serve;                 /* `gadugi serve`, and what no command at all means */
	const struct cli_program *programs;
	void *arg; /* handed to all below */

	/* The project, found at first need; *root is its folder. Both stay the world's. */
	enum status (*open)(void *arg, const struct cli_options *options, struct project **project,
	                    const char **root, struct err *err);
	/* A descriptor that is readable when events came; and its quieting. Opened at first need.
	 */
	enum status (*wake)(void *arg, int *fd, struct err *err);
	void (*wake_clear)(void *arg);
	/* Allow the project's configuration to define commands; what it is, as JSON. */
	enum status (*trust)(void *arg, cJSON **out, struct err *err);
	/* Look at this machine and project: {ok, checks: [{name, state, words}]}. */
	enum status (*doctor)(void *arg, cJSON **out, struct err *err);
};

/* Run the command that the words name. Returns the exit status. */
int cli_run(const struct cli_world *world, int argc, char **argv);

#endif
