/* about.c - help, version, doctor and trust. */
#include <string.h>

#include "cli/command.h"

#define NAME_WIDTH 14

int command_version(struct cli *c)
{
	text_addf(&c->screen.text, "gadugi %s\n", c->world->version);
	screen_flush(&c->screen);
	return CLI_DONE;
}

static void show_option(struct screen *s, const struct option_row *o)
{
	struct text form;

	text_init(&form, 256);
	if (o->letter != 0)
		text_addf(&form, "-%c, ", o->letter);
	text_addf(&form, "--%s%s%s", o->name, o->value == NULL ? "" : " ",
	          o->value == NULL ? "" : o->value);
	text_add(&s->text, "  ");
	screen_cell(s, STYLE_NONE, text_string(&form), 24);
	text_addf(&s->text, " %s\n", o->about);
	text_done(&form);
}

static void show_command(struct cli *c, const struct command *row)
{
	struct screen *s = &c->screen;

	text_addf(&s->text, "usage: gadugi %s%s%s\n\n", row->name, row->words[0] == '\0' ? "" : " ",
	          row->words);
	text_addf(&s->text, "%s\n\n", row->about);
	for (const struct option_row *o = row->options; o != NULL && o->name != NULL; o++)
		show_option(s, o);
	for (const struct option_row *o = cli_everywhere; o->name != NULL; o++)
		if (strcmp(o->name, "http") != 0 && strcmp(o->name, "compat") != 0 &&
		    strcmp(o->name, "version") != 0)
			show_option(s, o);
}

static void show_tool(struct cli *c, const struct tool *tool)
{
	struct screen *s = &c->screen;

	text_addf(&s->text, "%s: %s\n\narguments:\n", tool->name, tool->about);
	for (const struct arg *a = tool->args; a->name != NULL; a++) {
		text_add(&s->text, "  ");
		screen_cell(s, STYLE_NONE, a->name, NAME_WIDTH);
		text_addf(&s->text, " %s%s%s%s\n", a->help == NULL ? "" : a->help,
		          a->required == 1 ? " (required)" : "", a->choices == NULL ? "" : " ",
		          a->choices == NULL ? "" : a->choices);
	}
}

static void show_all(struct cli *c)
{
	struct screen *s = &c->screen;

	text_add(
	    &s->text,
	    "gadugi turns a plan into a checked task graph, runs it in parallel with agents in "
	    "git\nworktrees, remembers, and learns from every run.\n\n");
	text_add(&s->text, "usage: gadugi COMMAND [WORDS] [--json] [--root DIR]\n\n");
	for (const struct command *row = cli_commands; row->name != NULL; row++) {
		if (!command_offered(c->world, row))
			continue;
		text_add(&s->text, "  ");
		screen_cell(s, STYLE_BOLD, row->name, NAME_WIDTH);
		text_addf(&s->text, "%s\n", row->about);
	}
	text_add(&s->text, "  ");
	screen_cell(s, STYLE_BOLD, "serve", NAME_WIDTH);
	text_add(&s->text,
	         "the MCP server on stdin and stdout (the default when stdin is no terminal)\n\n");
	text_add(&s->text,
	         "'gadugi help COMMAND' shows a command's options, 'gadugi help call' the tools.\n"
	         "Exit status: 0 done, 1 failed, 2 the words were not understood.\n");
}

static int show_about(struct cli *c, const char *name)
{
	bool known = false;

	for (const struct command *row = cli_commands; row->name != NULL; row++) {
		if (strcmp(row->name, name) != 0 || !command_offered(c->world, row))
			continue;
		show_command(c, row);
		known = true;
	}
	if (strcmp(name, "call") == 0) {
		text_add(&c->screen.text, "\ntools ('gadugi help TOOL' shows their arguments):\n");
		for (const struct tool *const *t = c->world->tools; *t != NULL; t++)
			text_addf(&c->screen.text, "  %s\n", (*t)->name);
	}
	for (const struct tool *const *t = c->world->tools; *t != NULL; t++) {
		if (strcmp((*t)->name, name) != 0)
			continue;
		text_add(&c->screen.text,
		         known ? "\nThe tool of that name, for 'gadugi call' and hosts:\n" : "");
		show_tool(c, *t);
		known = true;
	}
	if (!known)
		return cli_usage(c, "there is no help about '%.60s'", name);
	screen_flush(&c->screen);
	return CLI_DONE;
}

int command_help(struct cli *c)
{
	const struct command *about = c->command;
	bool help = about != NULL && strcmp(about->name, "help") == 0;

	if (about != NULL && !help)
		return show_about(c, about->name);
	if (help && c->n_words == 1)
		return show_about(c, c->words[0]);
	show_all(c);
	screen_flush(&c->screen);
	return CLI_DONE;
}

int command_doctor(struct cli *c)
{
	static const struct {
		const char *state, *mark;
		enum screen_style style;
	} marks[] = {
		{ "ok", "ok  ", STYLE_GREEN },
		{ "note", "note", STYLE_YELLOW },
		{ "bad", "BAD ", STYLE_RED },
	};
	cJSON *found = NULL;
	const cJSON *check;
	int rc = CLI_DONE;

	if (cli_open(c) != OK || c->world->doctor(c->world->arg, &found, &c->err) != OK)
		return cli_failed(c);
	if (!json_flag(found, "ok"))
		rc = CLI_FAILED;
	if (c->options.json) {
		(void)cli_print_json(c, found);
		cJSON_Delete(found);
		return rc;
	}
	cJSON_ArrayForEach(check, json_get(found, "checks")) {
		const char *state = json_text(check, "state"), *words = json_text(check, "words");

		for (size_t i = 0; state != NULL && i < sizeof marks / sizeof *marks; i++)
			if (strcmp(marks[i].state, state) == 0)
				screen_styled(&c->screen, marks[i].style, marks[i].mark, SIZE_MAX);
		text_add(&c->screen.text, "  ");
		screen_cell(&c->screen, STYLE_BOLD, json_text(check, "name"), NAME_WIDTH);
		screen_text(&c->screen, words == NULL ? "" : words);
		text_add_char(&c->screen.text, '\n');
	}
	screen_flush(&c->screen);
	cJSON_Delete(found);
	return rc;
}

int command_trust(struct cli *c)
{
	cJSON *trusted = NULL;
	const cJSON *command;
	int rc = CLI_DONE;

	if (cli_open(c) != OK || c->world->trust(c->world->arg, &trusted, &c->err) != OK)
		return cli_failed(c);
	if (c->options.json) {
		rc = cli_print_json(c, trusted);
	} else {
		text_add(&c->screen.text,
		         json_flag(trusted, "anew") ? "trusted: " : "trusted already: ");
		screen_text(&c->screen, json_text(trusted, "path"));
		text_add(&c->screen.text, "\nit may run\n");
		cJSON_ArrayForEach(command, json_get(trusted, "commands")) {
			text_add(&c->screen.text, "  ");
			screen_text(&c->screen, command->valuestring);
			text_add_char(&c->screen.text, '\n');
		}
		screen_flush(&c->screen);
	}
	cJSON_Delete(trusted);
	return rc;
}
