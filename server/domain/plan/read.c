#include "domain/plan/read.h"

#include <string.h>

#include "base/text.h"
#include "sys/markdown.h"

/* How much of the start decides whether bytes are text. */
#define UTF8_MARK "\xef\xbb\xbf"

static long line_of(const char *bytes, size_t at)
{
	long line = 1;

	for (size_t i = 0; i < at; i++)
		line += bytes[i] == '\n';
	return line;
}

/* Text, of a bearable size, with something in it. *bytes and *n lose a byte order mark. */
static enum status text_check(const char **bytes, size_t *n, struct err *err)
{
	const char *nul;
	size_t valid;

	if (*n > PLAN_BYTES_MAX)
		return err_set(err, E_INPUT, "the document has %zu bytes; at most %zu are read", *n,
		               PLAN_BYTES_MAX);
	if (*n >= 2 && (memcmp(*bytes, "\xff\xfe", 2) == 0 || memcmp(*bytes, "\xfe\xff", 2) == 0))
		return err_set(err, E_INPUT, "the document is UTF-16; save it as UTF-8");
	if (*n >= 3 && memcmp(*bytes, UTF8_MARK, 3) == 0) {
		*bytes += 3;
		*n -= 3;
	}
	if ((nul = memchr(*bytes, '\0', *n)) != NULL)
		return err_set(err, E_INPUT, "the document is not text: line %ld has a NUL byte",
		               line_of(*bytes, (size_t)(nul - *bytes)));
	if ((valid = text_utf8_valid(*bytes, *n)) < *n)
		return err_set(err, E_INPUT, "the document is not UTF-8: line %ld, byte 0x%02x",
		               line_of(*bytes, valid), (unsigned char)(*bytes)[valid]);
	for (size_t i = 0; i < *n; i++)
		if (strchr(" \t\r\n\f\v", (*bytes)[i]) == NULL)
			return OK;
	return err_set(err, E_INPUT, "the document is empty");
}

/* `\r\n` and a lone `\r` become `\n`; the lines keep their numbers. */
static const char *lines_unify(const char *bytes, size_t *n, struct arena *a)
{
	char *out = arena_take(a, *n + 1);
	size_t used = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < *n; i++) {
		if (bytes[i] == '\r' && i + 1 < *n && bytes[i + 1] == '\n')
			continue;
		out[used++] = (char)(bytes[i] == '\r' ? '\n' : bytes[i]);
	}
	*n = used;
	return out;
}

static enum status read_json(const char *bytes, size_t n, struct draft *d, struct err *err)
{
	cJSON *json = NULL;
	bool beads = false;
	enum status st;

	if (read_is_beads(bytes, n, &beads) != OK)
		return err_nomem(err, "a plan");
	if (beads)
		return read_beads(bytes, n, d, err);
	if ((st = json_read(bytes, n, &json, err)) != OK)
		return st;
	st = read_is_taskmaster(json) ? read_taskmaster(json, bytes, n, d, err)
	                              : read_own(json, d, err);
	cJSON_Delete(json);
	return st;
}

/* `[` and then an object: JSON, and no check box or link. */
static bool is_list(const char *s)
{
	s += strspn(s, " \t\n");
	if (*s != '[')
		return false;
	s++;
	return s[strspn(s, " \t\n")] == '{';
}

enum status plan_read(const char *bytes, size_t n, const struct plan_options *options,
                      struct arena *a, struct plan **out, struct err *err)
{
	struct draft *d = draft_new(a, options);
	const char *text;
	enum status st;

	if (d == NULL)
		return err_nomem(err, "a plan");
	if ((st = text_check(&bytes, &n, err)) != OK)
		return st;
	if ((text = lines_unify(bytes, &n, a)) == NULL)
		return err_nomem(err, "a plan");
	/* a list of tasks may stand alone; in Markdown a bracket begins words */
	if (text[strspn(text, " \t\n")] == '{' || is_list(text))
		st = read_json(text, n, d, err);
	else
		st = read_markdown(text, n, d, err);
	return st != OK ? st : plan_finish(d, out, err);
}

enum status plan_read_files(const struct read_file *files, size_t n,
                            const struct plan_options *options, struct arena *a, struct plan **out,
                            struct err *err)
{
	struct draft *d = draft_new(a, options);
	struct read_file *own = arena_take(a, (n + 1) * sizeof *own);
	enum status st = OK;

	if (d == NULL || own == NULL)
		return err_nomem(err, "a plan");
	for (size_t i = 0; st == OK && i < n; i++) {
		own[i] = files[i];
		if ((st = text_check(&own[i].bytes, &own[i].size, err)) == OK &&
		    (own[i].bytes = lines_unify(own[i].bytes, &own[i].size, a)) == NULL)
			st = err_nomem(err, "a plan");
	}
	if (st == OK)
		st = read_epic(own, n, d, err);
	return st != OK ? st : plan_finish(d, out, err);
}

enum status plan_from_json(const cJSON *json, const struct plan_options *options, struct arena *a,
                           struct plan **out, struct err *err)
{
	struct draft *d = draft_new(a, options);
	enum status st;

	if (d == NULL)
		return err_nomem(err, "a plan");
	st = read_own(json, d, err);
	return st != OK ? st : plan_finish(d, out, err);
}

size_t plan_find(const struct plan *p, const char *id)
{
	for (size_t i = 0; i < p->n_tasks; i++)
		if (strcmp(p->tasks[i].id, id) == 0)
			return i;
	return PLAN_NONE;
}
