/* parse.c - a line into words and options, by the tables of the commands. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

#define OPTIONS_MAX 32
#define FIRST_VALUE 256 /* getopt's value of our first option; letters lie below */

static const struct option_row everywhere[] = {
	{ "root", 0, OPTION_TEXT, NULL, "DIR", "the project's folder" },
	{ "json", 0, OPTION_FLAG, NULL, NULL, "print the tool's answer as JSON" },
	{ "http", 0, OPTION_TEXT, NULL, "HOST:PORT", "serve: answer HTTP there as well" },
	{ "compat", 0, OPTION_TEXT, NULL, "server-memory", "serve: the tools of that server" },
	{ "help", 'h', OPTION_FLAG, NULL, NULL, "show the help of a command" },
	{ "version", 'V', OPTION_FLAG, NULL, NULL, "show the version" },
	{ 0 },
};

const struct option_row *const cli_everywhere = everywhere;

/* The tables in the form that getopt wants. */
struct forms {
	const struct option_row *rows[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
	size_t n, n_shorts;
};

static bool takes_value(const struct option_row *row)
{
	return row->kind != OPTION_FLAG && row->kind != OPTION_OFF;
}

static void add_rows(struct forms *f, const struct option_row *rows)
{
	for (; rows != NULL && rows->name != NULL && f->n < OPTIONS_MAX; rows++) {
		f->rows[f->n] = rows;
		f->longs[f->n] =
		    (struct option){ rows->name,
			             takes_value(rows) ? required_argument : no_argument, NULL,
			             FIRST_VALUE + (int)f->n };
		f->n++;
		if (rows->letter != 0)
			f->shorts[f->n_shorts++] = rows->letter;
		if (rows->letter != 0 && takes_value(rows))
			f->shorts[f->n_shorts++] = ':';
	}
}

static const struct option_row *row_of(const struct forms *f, int value)
{
	if (value >= FIRST_VALUE)
		return f->rows[value - FIRST_VALUE];
	for (size_t i = 0; i < f->n; i++)
		if (value != 0 && f->rows[i]->letter == value)
			return f->rows[i];
	return NULL;
}

static enum status unknown_option(const struct forms *f, const char *word, struct err *err)
{
	const char *names[OPTIONS_MAX], *near, *start = word + strspn(word, "-");
	char name[64];

	for (size_t i = 0; i < f->n; i++)
		names[i] = f->rows[i]->name;
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(start, "="), start);
	near = text_nearest(name, names, f->n);
	return err_set(err, E_INPUT, "there is no option '%.60s'%s%s%s", word,
	               near == NULL ? "" : "; is it '--", near == NULL ? "" : near,
	               near == NULL ? "" : "'?");
}

static enum status bad_option(const struct forms *f, int answer, char **argv, struct err *err)
{
	const struct option_row *row = row_of(f, optopt);
	char letter[3] = { '-', (char)optopt, '\0' };

	if (row != NULL && answer == ':')
		return err_set(err, E_INPUT, "'--%s' needs a value: %s", row->name, row->value);
	if (row != NULL)
		return err_set(err, E_INPUT, "'--%s' takes no value", row->name);
	return unknown_option(f, optopt != 0 ? letter : argv[optind - 1], err);
}

static enum status put_text(struct cli *c, cJSON *to, const struct option_row *row, const char *key,
                            const char *value)
{
	cJSON *list = NULL, *item = cJSON_CreateString(value);
	bool done = item != NULL;

	if (row->kind == OPTION_TEXTS) {
		list = cJSON_GetObjectItemCaseSensitive(to, key);
		if (list == NULL)
			list = cJSON_AddArrayToObject(to, key);
		done = done && list != NULL && cJSON_AddItemToArray(list, item);
	} else {
		cJSON_DeleteItemFromObjectCaseSensitive(to, key);
		done = done && cJSON_AddItemToObject(to, key, item);
	}
	if (done)
		return OK;
	cJSON_Delete(item);
	return err_nomem(&c->err, "the options");
}

/* Put an option's value where it belongs: among the tool's arguments or the command's. */
static enum status put_option(struct cli *c, const struct option_row *row, const char *value)
{
	const char *key = row->key == NULL ? row->name : row->key;
	cJSON *to = row->key == NULL ? c->given : c->args, *item = NULL;
	double number;
	char *end;

	if (takes_value(row) && text_utf8_valid(value, strlen(value)) != strlen(value))
		return err_set(&c->err, E_INPUT, "the value of '--%s' is not UTF-8", row->name);
	switch (row->kind) {
	case OPTION_TEXT:
	case OPTION_TEXTS:
		return put_text(c, to, row, key, value);
	case OPTION_FLAG:
	case OPTION_OFF:
		item = cJSON_CreateBool(row->kind == OPTION_FLAG);
		break;
	case OPTION_NUMBER:
		number = strtod(value, &end);
		if (end == value || *end != '\0' || !isfinite(number))
			return err_set(&c->err, E_INPUT, "'--%s' must be a number, not '%.40s'",
			               row->name, value);
		item = cJSON_CreateNumber(number);
		break;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(to, key);
	if (item != NULL && cJSON_AddItemToObject(to, key, item))
		return OK;
	cJSON_Delete(item);
	return err_nomem(&c->err, "the options");
}

/*
 * Options of the rows and of everywhere into c; returns in *next where the words begin. Words
 * and options may be mixed unless `stop` has the first word end it.
 */
static enum status parse(struct cli *c, int argc, char **argv, const struct option_row *rows,
                         bool stop, int *next)
{
	struct forms f = { .shorts = { stop ? '+' : ':', stop ? ':' : '\0' },
		           .n_shorts = stop ? 2 : 1 };
	enum status st;
	int value;

	add_rows(&f, everywhere);
	add_rows(&f, rows);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((value = getopt_long(argc, argv, f.shorts, f.longs, NULL)) != -1) {
		const struct option_row *row =
		    value == '?' || value == ':' ? NULL : row_of(&f, value);

		if (row == NULL)
			return bad_option(&f, value, argv, &c->err);
		if ((st = put_option(c, row, optarg)) != OK)
			return st;
	}
	*next = optind;
	c->options = (struct cli_options){ .root = cli_value(c, "root"),
		                           .http = cli_value(c, "http"),
		                           .compat = cli_value(c, "compat"),
		                           .json = cli_has(c, "json") };
	return OK;
}

enum status cli_parse_front(struct cli *c, int argc, char **argv, int *next)
{
	return parse(c, argc, argv, NULL, true, next);
}

enum status cli_parse(struct cli *c, const struct option_row *rows, int argc, char **argv)
{
	int next = 0;
	enum status st = parse(c, argc, argv, rows, false, &next);

	if (st != OK)
		return st;
	c->words = argv + next;
	c->n_words = argc - next;
	for (int i = 0; i < c->n_words; i++)
		if (text_utf8_valid(c->words[i], strlen(c->words[i])) != strlen(c->words[i]))
			return err_set(&c->err, E_INPUT, "word %d is not UTF-8", i + 1);
	return OK;
}

bool cli_has(const struct cli *c, const char *name)
{
	return json_get(c->given, name) != NULL;
}

const char *cli_value(const struct cli *c, const char *name)
{
	return json_text(c->given, name);
}

const char *cli_joined(const struct cli *c, int from)
{
	struct text all;
	char *copy;

	text_init(&all, TEXT_LIMIT);
	for (int i = from; i < c->n_words; i++) {
		text_add(&all, i == from ? "" : " ");
		text_add(&all, c->words[i]);
	}
	copy = text_copy(&all, c->arena);
	text_done(&all);
	return copy;
}

void cli_put(struct cli *c, const char *key, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(c->args, key);
	if (value == NULL || !cJSON_AddItemToObject(c->args, key, value)) {
		cJSON_Delete(value);
		c->no_memory = true;
	}
}

void cli_put_text(struct cli *c, const char *key, const char *value)
{
	cli_put(c, key, value == NULL ? NULL : cJSON_CreateString(value));
}

void cli_put_number(struct cli *c, const char *key, double value)
{
	cli_put(c, key, cJSON_CreateNumber(value));
}

void cli_put_flag(struct cli *c, const char *key, bool value)
{
	cli_put(c, key, cJSON_CreateBool(value));
}

static enum status read_all(struct cli *c, int fd, const char *name, const char **out, size_t *n)
{
	struct text all;
	char some[65536];
	ssize_t got;
	enum status st = OK;

	text_init(&all, CLI_STDIN_MAX);
	while ((got = read(fd, some, sizeof some)) != 0) {
		if (got > 0)
			text_add_n(&all, some, (size_t)got);
		else if (errno != EINTR)
			break;
		if (all.failed)
			break;
	}
	if (got < 0)
		st = err_sys(&c->err, errno, "cannot read '%s'", name);
	else if (all.failed)
		st = err_set(&c->err, E_INPUT, "'%s' holds more than %zu bytes", name,
		             CLI_STDIN_MAX);
	else if ((*out = text_copy(&all, c->arena)) == NULL)
		st = err_nomem(&c->err, "the input");
	*n = all.len;
	text_done(&all);
	return st;
}

enum status cli_read(struct cli *c, const char *path, const char **out, size_t *n)
{
	enum status st;
	int fd;

	if (strcmp(path, "-") == 0)
		return read_all(c, STDIN_FILENO, "standard input", out, n);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return err_sys(&c->err, errno, "cannot open '%s'", path);
	st = read_all(c, fd, path, out, n);
	(void)close(fd);
	return st;
}

enum status cli_content(struct cli *c, const char *word, const char **out, size_t *n)
{
	if (strcmp(word, "-") == 0)
		return cli_read(c, "-", out, n);
	if (word[0] == '@')
		return cli_read(c, word + 1, out, n);
	*out = word;
	*n = strlen(word);
	return OK;
}
