/* report.c - a run or sessions as one page to keep, to show, to send. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

static bool ends(const char *s, const char *end)
{
	size_t n = s == NULL ? 0 : strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* What was asked for; else by the file's name; else Markdown on a terminal and HTML elsewhere. */
static const char *format_of(const struct cli *c, const char *file)
{
	if (cli_value(c, "format") != NULL)
		return cli_value(c, "format");
	if (ends(file, ".md"))
		return "markdown";
	if (ends(file, ".json"))
		return "json";
	return file == NULL && c->screen.terminal ? "markdown" : "html";
}

static enum status write_all(struct cli *c, int fd, const char *file, const char *bytes)
{
	for (size_t n = strlen(bytes); n > 0;) {
		ssize_t put = write(fd, bytes, n);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return err_sys(&c->err, errno, "cannot write '%s'", file);
		bytes += put;
		n -= (size_t)put;
	}
	return OK;
}

/* Whole or not at all: written beside it, then put in its place. */
static enum status write_file(struct cli *c, const char *file, const char *bytes)
{
	const char *new = text_printf(c->arena, "%s.%ld.new", file, (long)getpid());
	enum status st;
	int fd;

	if (new == NULL)
		return err_nomem(&c->err, "the report");
	if ((fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) == -1)
		return err_sys(&c->err, errno, "cannot write '%s'", file);
	st = write_all(c, fd, file, bytes);
	if (close(fd) != 0 && st == OK)
		st = err_sys(&c->err, errno, "cannot write '%s'", file);
	if (st == OK && rename(new, file) != 0)
		st = err_sys(&c->err, errno, "cannot write '%s'", file);
	if (st != OK)
		(void)unlink(new);
	return st;
}

static int give(struct cli *c, const char *file, const char *bytes)
{
	if (bytes == NULL) {
		(void)err_nomem(&c->err, "the report");
		return cli_failed(c);
	}
	if (file == NULL) {
		screen_text(&c->screen, bytes);
	} else if (write_file(c, file, bytes) == OK) {
		text_add(&c->screen.text, "written to ");
		screen_text(&c->screen, file);
		text_add(&c->screen.text, "\n");
	} else {
		return cli_failed(c);
	}
	screen_flush(&c->screen);
	return CLI_DONE;
}

int command_report(struct cli *c)
{
	const char *file = cli_value(c, "output"), *format = format_of(c, file);
	bool json = strcmp(format, "json") == 0 || c->options.json;
	cJSON *result = NULL;
	char *printed = NULL;
	int rc;

	coach_argument(c);
	cli_put_text(c, "format", json ? "json" : format);
	if (cli_call(c, "coach", &result) != OK)
		return cli_failed(c);
	if (json)
		printed = json_print_pretty(result);
	rc = give(c, file, json ? printed : json_text(result, "report"));
	cJSON_free(printed);
	cJSON_Delete(result);
	return rc;
}
