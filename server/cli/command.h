/*
 * command.h - what a command is. For the files of cli only.
 *
 * One row per command: its words, its options, its tool. The row is read three times: to
 * parse the line, to print the help, and to say what was meant when a word is misspelt.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/cli.h"
#include "cli/screen.h"

#define CLI_STDIN_MAX ((size_t)16 << 20)

enum option_kind {
	OPTION_FLAG, /* takes no value; true */
	OPTION_OFF,  /* takes no value; false */
	OPTION_TEXT,
	OPTION_TEXTS, /* may be given several times */
	OPTION_NUMBER,
};

struct option_row {
	const char *name; /* NULL ends the table */
	char letter;      /* 0: none */
	enum option_kind kind;
	const char *key;   /* the tool's argument; NULL: it is for the command, under its name */
	const char *value; /* what its value is called in the help */
	const char *about;
};

struct cli;

struct command {
	const char *name;  /* NULL ends the table */
	const char *words; /* what comes after the name, for the help */
	const char *about;
	const char *tool;                 /* it is offered when this tool is there; NULL: always */
	const struct option_row *options; /* NULL: none of its own */
	int least, most;                  /* how many words; -1: any number */
	int (*run)(struct cli *c);
};

/* A command on its way. Everything but world dies with it. */
struct cli {
	const struct cli_world *world;
	const struct command *command;
	struct cli_options options;
	struct screen screen, errors; /* stdout, stderr */
	struct arena *arena;
	struct err err;
	struct project *project; /* NULL before cli_open */
	const char *root;
	int wake_fd;   /* -1 before it is needed; the world's */
	int signal_fd; /* -1 before it is needed; ours */

	char **words; /* after the command's name */
	int n_words;
	cJSON *args;    /* owned: options that are the tool's arguments */
	cJSON *given;   /* owned: options that are the command's, by name */
	bool asks;      /* the person at the terminal may be asked whether it shall be done */
	bool no_memory; /* an argument could not be put */
};

/* The commands, in the order of the help. */
extern const struct command cli_commands[];

/* Can it be used: is its tool there? */
bool command_offered(const struct cli_world *world, const struct command *command);

/* --- parsing (parse.c) --------------------------------------------------------------------- */

/* The options that are known everywhere, for the help. */
extern const struct option_row *const cli_everywhere;

/* What stands before the command's name; *next is where that name is. */
enum status cli_parse_front(struct cli *c, int argc, char **argv, int *next);

/* What comes after argv[0], mixed as it may be; rows may be NULL. E_INPUT says what is wrong. */
enum status cli_parse(struct cli *c, const struct option_row *rows, int argc, char **argv);

/* Was the option of the command given? And its text, or NULL. */
bool cli_has(const struct cli *c, const char *name);
const char *cli_value(const struct cli *c, const char *name);

/* All words from `from` on with blanks between; in the arena, NULL when it is full. */
const char *cli_joined(const struct cli *c, int from);

/* Put an argument for the tool; failing memory shows when the tool is called. */
void cli_put_text(struct cli *c, const char *key, const char *value);
void cli_put_number(struct cli *c, const char *key, double value);
void cli_put_flag(struct cli *c, const char *key, bool value);
void cli_put(struct cli *c, const char *key, cJSON *value);

/* A word that is `-` (stdin), `@FILE` or the content itself, in the arena; E_INPUT when too long.
 */
enum status cli_content(struct cli *c, const char *word, const char **out, size_t *n);

/* What FILE or `-` holds. */
enum status cli_read(struct cli *c, const char *path, const char **out, size_t *n);

/* --- running (work.c) ---------------------------------------------------------------------- */

/* Find the project, once. */
enum status cli_open(struct cli *c);

/*
 * Run the tool with the arguments collected in c->args, waiting as long as it wants. On OK
 * *result is the caller's; the reason of a failure is in c->err. E_STOP after Ctrl-C.
 */
enum status cli_call(struct cli *c, const char *tool, cJSON **result);

/* As cli_call, with arguments of its own (taken over, also on failure). */
enum status cli_call_with(struct cli *c, const char *tool_name, cJSON *args, cJSON **result);

/* From now on Ctrl-C and its like do not end the process but the next cli_sleep. */
void cli_catch_signals(struct cli *c);

/* Sleep until events came, Ctrl-C was pressed (E_STOP) or the time is over (OK as well). */
enum status cli_sleep(struct cli *c, int64_t most_ms);

/* --- answering (work.c) -------------------------------------------------------------------- */

/* Print a result as JSON: pretty for a person, one line for a program. */
int cli_print_json(struct cli *c, const cJSON *value);

/* `gadugi: REASON` on stderr; returns CLI_FAILED. */
int cli_failed(struct cli *c);

/* What is wrong with the line, and where the help is; returns CLI_USAGE. */
__attribute__((format(printf, 2, 3))) int cli_usage(struct cli *c, const char *fmt, ...);

/* Call the command's tool, then print the result: as JSON if so wished, else by render. */
int cli_simple(struct cli *c, void render(struct cli *c, const cJSON *result));

/* --- pieces that several commands show (show.c) ---------------------------------------------- */

/* Minutes as `40 min`, `2 h`, `1 d 4 h 30 min` (a day has 24 hours); ms as `320 ms`, `1.2 s`. */
const char *show_minutes(struct cli *c, double minutes);
const char *show_ms(struct cli *c, double ms);

/* A number with as many digits as it needs. */
const char *show_number(struct cli *c, double n);

/* The word of a run's or task's state, in its colour. */
enum screen_style show_state_style(const char *state);

/* A table: heads separated by '|', then rows of cells; the widest column that may shrink does. */
struct table;
struct table *table_new(struct cli *c, const char *heads);
void table_cell(struct table *t, enum screen_style style, const char *text);
void table_show(struct table *t);

/* FILE or `-` as the argument path (inside the project) or document. */
enum status plan_argument(struct cli *c, const char *word);

/* Show a run's progress until it has ended or Ctrl-C; the exit status tells how (watch.c). */
int watch_run(struct cli *c, const char *run);

/* What came of a run, and what to do next; of a `runs show` answer. */
void show_outcome(struct cli *c, const cJSON *run);

/* Any answer, key by key; a list of things alone is a table (lists.c). */
void show_members(struct cli *c, const cJSON *result);
/* The word of coach and report as the tool's argument: what is there is a path, else a run's id. */
void coach_argument(struct cli *c);

/* --- commands ------------------------------------------------------------------------------ */

int command_call(struct cli *c);
int command_decompose(struct cli *c);
int command_estimates(struct cli *c);
int command_orchestrate(struct cli *c);
int command_runs(struct cli *c);
int command_control(struct cli *c); /* cancel, pause, retry, approve */
int command_resume(struct cli *c);
int command_rollback(struct cli *c);
int command_discard(struct cli *c);
int command_remember(struct cli *c);
int command_recall(struct cli *c);
int command_forget(struct cli *c);
int command_memory(struct cli *c);
int command_coach(struct cli *c);
int command_follow(struct cli *c); /* coach --follow */
int command_report(struct cli *c);
int command_events(struct cli *c);
int command_agents(struct cli *c);
int command_ask(struct cli *c);
int command_recipes(struct cli *c);
int command_memory(struct cli *c);
int command_install(struct cli *c); /* and uninstall */
int command_trust(struct cli *c);
int command_doctor(struct cli *c);
int command_version(struct cli *c);
int command_help(struct cli *c);

#endif
