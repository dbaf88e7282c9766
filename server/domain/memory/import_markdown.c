/*
 * import_markdown.c - notes in Markdown: what stands under a heading is about what the
 * heading names; every item of a list and every paragraph is one memory. A comment behind
 * an item, as export writes it, says the rest: kind, time, id.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "domain/memory/import.h"

#define COMMENT_BEGIN "<!-- {"
#define COMMENT_END   "} -->"

struct notes {
	struct import *im;
	const char *heading; /* NULL before the first below the title */
	struct text text;    /* of the memory being read */
	bool code;           /* inside a fence */
};

/* The last comment with what is known about the memory; NULL when there is none. */
static const char *last_comment(const char *text)
{
	const char *found = NULL;

	for (const char *at = text; (at = strstr(at, COMMENT_BEGIN)) != NULL; at++)
		found = at;
	return found;
}

static enum status take_note(struct notes *n, const char *text, size_t len, const char *comment)
{
	const char *end = comment == NULL ? NULL : strstr(comment, COMMENT_END), *whole;
	cJSON *object = NULL;
	enum status st;

	if (end != NULL)
		(void)json_read(comment + 5, (size_t)(end - comment) - 4, &object, NULL);
	whole = json_text(object, "text");
	text = whole == NULL ? arena_copy(n->im->a, text, len) : text_dup(n->im->a, whole);
	st = text == NULL ? err_nomem(n->im->err, "an import")
	                  : import_object(n->im, object, text, n->heading);
	cJSON_Delete(object);
	return st;
}

/* The memory has been read: cut off its comment and store it. */
static enum status end_note(struct notes *n)
{
	const char *text = text_string(&n->text), *comment = last_comment(text);
	size_t len = comment == NULL ? n->text.len : (size_t)(comment - text);
	enum status st = OK;

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	if (n->text.failed)
		return err_nomem(n->im->err, "an import");
	if (len > 0)
		st = take_note(n, text, len, comment);
	text_done(&n->text);
	return st;
}

/* Length of `- `, `* `, `+ ` or `12. ` with the blanks before it; 0 when the line is no item. */
static size_t bullet(const char *line, size_t n)
{
	size_t at = 0, digits;

	while (at < n && (line[at] == ' ' || line[at] == '\t'))
		at++;
	if (at + 1 < n && strchr("-*+", line[at]) != NULL && line[at + 1] == ' ')
		return at + 2;
	for (digits = at; digits < n && isdigit((unsigned char)line[digits]);)
		digits++;
	if (digits > at && digits + 1 < n && (line[digits] == '.' || line[digits] == ')') &&
	    line[digits + 1] == ' ')
		return digits + 2;
	return 0;
}

static enum status heading(struct notes *n, const char *line, size_t len)
{
	enum status st = end_note(n);
	size_t level = strspn(line, "#"), at = level;

	while (at < len && line[at] == ' ')
		at++;
	while (len > at && (line[len - 1] == '#' || isspace((unsigned char)line[len - 1])))
		len--;
	len = at + text_utf8_cut(line + at, len - at, MEMORY_NAME_MAX);
	/* The title of the whole says nothing about a part. */
	n->heading = level == 1 || len == at ? NULL : arena_copy(n->im->a, line + at, len - at);
	return arena_failed(n->im->a) ? err_nomem(n->im->err, "an import") : st;
}

static enum status one_line(struct notes *n, const char *line, size_t len)
{
	size_t skip = n->code ? 0 : bullet(line, len), at = 0;
	enum status st = OK;

	while (at < len && isspace((unsigned char)line[at]))
		at++;
	if (len - at >= 3 && strncmp(line + at, "```", 3) == 0)
		n->code = !n->code;
	else if (!n->code && len > 1 && line[0] == '#' && line[strspn(line, "#")] == ' ')
		return heading(n, line, len);
	if (at == len && !n->code)
		return end_note(n);
	if (skip > 0)
		st = end_note(n);
	if (n->text.len > 0)
		text_add_char(&n->text, '\n');
	/* What continues an item is moved in by two; code keeps its own. */
	if (skip == 0)
		skip = n->code ? (at < 2 ? at : 2) : at;
	text_add_n(&n->text, line + skip, len - skip);
	return st;
}

enum status import_markdown(struct import *im, const char *bytes, size_t n)
{
	struct notes notes = { .im = im };
	const char *end = bytes + n;
	enum status st = OK;

	text_init(&notes.text, MEMORY_TEXT_MAX);
	while (bytes < end && st == OK) {
		const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t len = (size_t)((stop == NULL ? end : stop) - bytes), shown = len;

		while (shown > 0 && bytes[shown - 1] == '\r')
			shown--;
		im->line++;
		st = one_line(&notes, bytes, shown);
		bytes += len + 1;
	}
	if (st == OK)
		st = end_note(&notes);
	text_done(&notes.text);
	return st;
}
