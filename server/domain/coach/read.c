#include "domain/coach/read.h"

#include <string.h>

#include "base/text.h"
#include "domain/coach/hosts.h"
#include "store/opencode.h"
#include "sys/folder.h"
#include "sys/fs.h"

#define PIECE_MAX ((size_t)32 << 20) /* bytes of one message or part of opencode's files */

typedef void line_reader(struct session *s, struct session_at *at, struct json_span line);

static enum status stopped(const atomic_bool *stop, struct err *err)
{
	return stop != NULL && atomic_load(stop) ? err_set(err, E_STOP, "stopped") : OK;
}

/* ---- a file that is one value ---- */

static enum status read_whole(struct session *s, const char *path, uint32_t agent, struct err *err)
{
	struct session_at at = { .agent = agent, .ms = SESSION_NO_TIME };
	char *bytes = NULL;
	size_t n = 0;
	enum status st = fs_read(path, SESSION_WHOLE_MAX, s->a, &bytes, &n, err);

	if (st != OK)
		return st;
	at.file = session_add_file(s, path, agent);
	gemini_chat(s, &at, (struct json_span){ bytes, n });
	return OK;
}

/* ---- a value a line ---- */

static line_reader *reader_of(const char *host)
{
	static const struct {
		const char *host;
		line_reader *read;
	} readers[] = { { "codex", codex_line }, { "gemini", gemini_line } };

	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		if (strcmp(host, readers[i].host) == 0)
			return readers[i].read;
	return claude_line;
}

/* One line to its reader. */
static void take_line(struct session *s, struct session_at *at, struct json_span line,
                      bool too_long)
{
	at->line++;
	if (too_long) {
		s->lines++;
		s->long_lines++;
	} else if (line.len > 0) {
		reader_of(s->host)(s, at, line);
	}
}

static enum status read_lines(struct session *s, const char *path, uint32_t agent,
                              const atomic_bool *stop, struct err *err)
{
	struct session_at at = { .agent = agent, .ms = SESSION_NO_TIME };
	struct lines *l = NULL;
	enum status st = lines_open(&l, path, err);
	const char *line;
	bool too_long;
	size_t n;

	if (st != OK)
		return st;
	at.file = session_add_file(s, path, agent);
	while ((st = lines_next(l, SESSION_LINE_MAX, &line, &n, &too_long, err)) == OK &&
	       line != NULL && (st = stopped(stop, err)) == OK)
		take_line(s, &at, (struct json_span){ line, n }, too_long);
	lines_free(l);
	return st;
}

enum status read_on(struct session *s, const struct source *source, struct read_place *place,
                    const atomic_bool *stop, struct err *err)
{
	struct session_at at = { .line = place->line, .ms = place->ms };
	struct lines *l = NULL;
	enum status st = lines_open(&l, source->paths[0], err);
	const char *line;
	bool too_long;
	size_t n;

	if (st == OK)
		st = lines_from(l, place->offset, err);
	if (st == OK && s->n_files == 0)
		(void)session_add_file(s, source->paths[0], 0);
	while (st == OK &&
	       (st = lines_next(l, SESSION_LINE_MAX, &line, &n, &too_long, err)) == OK &&
	       line != NULL && !lines_cut(l) && (st = stopped(stop, err)) == OK) {
		take_line(s, &at, (struct json_span){ line, n }, too_long);
		place->offset = lines_offset(l);
	}
	place->line = at.line;
	place->ms = at.ms;
	lines_free(l);
	return st;
}

/* ---- opencode ---- */

struct piece {
	struct session *s;
	struct session_at at;
	struct opencode_message message;
	const atomic_bool *stop;
	struct err *err;
};

static enum status take_row(void *arg, const struct opencode_row *row)
{
	struct piece *p = arg;
	struct json_span data = { row->data, row->size };

	p->at.line = (uint32_t)row->row;
	if (p->at.ms == SESSION_NO_TIME || row->made_ms > p->at.ms)
		p->at.ms = row->made_ms;
	if (row->part == NULL)
		opencode_message(p->s, &p->at, &p->message,
		                 (struct json_span){ row->id, strlen(row->id) }, data);
	else
		opencode_part(p->s, &p->at, &p->message, data);
	return stopped(p->stop, p->err);
}

static enum status read_database(struct session *s, const struct source *source,
                                 const atomic_bool *stop, struct err *err)
{
	struct opencode *o = NULL;
	enum status st = opencode_open(&o, source->paths[0], err);

	for (size_t i = 0; st == OK && i < source->n_ids; i++) {
		struct piece p = { .s = s, .stop = stop, .err = err };

		p.at = (struct session_at){ .agent = (uint32_t)i, .ms = SESSION_NO_TIME };
		p.at.file = session_add_file(s, source->paths[0], (uint32_t)i);
		st = opencode_read(o, source->ids[i], take_row, &p, err);
	}
	opencode_free(o);
	return st;
}

/* One file of a message or part; one that cannot be read is a bad line. */
static enum status read_piece(struct piece *p, const char *path, struct json_span *out)
{
	struct err why = { 0 };
	char *bytes = NULL;
	enum status st =
	    path == NULL ? E_NOMEM : fs_read(path, PIECE_MAX, p->s->a, &bytes, &out->len, &why);

	if (st == E_NOMEM)
		return err_nomem(p->err, "a message of opencode");
	if (st != OK)
		out->len = 0;
	out->at = bytes;
	p->at.file = session_add_file(p->s, path, p->at.agent);
	return stopped(p->stop, p->err);
}

static enum status read_parts(struct piece *p, const char *storage, const char *message)
{
	struct arena *a = p->s->a;
	const char *stem = arena_copy(a, message, strcspn(message, "."));
	const char *folder = text_printf(a, "%s/part/%s", storage, stem == NULL ? "" : stem);
	struct folder_entry *e = NULL;
	size_t n = 0;
	enum status st;

	if (stem == NULL || folder == NULL)
		return err_nomem(p->err, "a message of opencode");
	if ((st = folder_list(folder, a, &e, &n, NULL)) == E_NOMEM)
		return err_nomem(p->err, "a message of opencode");
	for (size_t i = 0; st == OK && i < n; i++) {
		struct json_span data = { 0 };

		if (e[i].is_folder)
			continue;
		st = read_piece(p, text_printf(a, "%s/%s", folder, e[i].name), &data);
		if (st == OK)
			opencode_part(p->s, &p->at, &p->message, data);
	}
	return st == E_NOMEM || st == E_STOP ? st : OK; /* a message may have no parts */
}

static enum status read_messages(struct piece *p, const char *storage, const char *id)
{
	struct arena *a = p->s->a;
	const char *folder = text_printf(a, "%s/message/%s", storage, id);
	struct folder_entry *e = NULL;
	size_t n = 0;
	enum status st;

	if (folder == NULL)
		return err_nomem(p->err, "a message of opencode");
	if ((st = folder_list(folder, a, &e, &n, p->err)) == E_ABSENT)
		return OK; /* nothing was said yet */
	for (size_t i = 0; st == OK && i < n; i++) {
		struct json_span data = { 0 };

		if (e[i].is_folder)
			continue;
		st = read_piece(p, text_printf(a, "%s/%s", folder, e[i].name), &data);
		if (st != OK)
			break;
		opencode_message(p->s, &p->at, &p->message,
		                 (struct json_span){ e[i].name, strcspn(e[i].name, ".") }, data);
		st = read_parts(p, storage, e[i].name);
	}
	return st;
}

static enum status read_storage(struct session *s, const struct source *source,
                                const atomic_bool *stop, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < source->n_ids; i++) {
		struct piece p = { .s = s, .stop = stop, .err = err };

		p.at =
		    (struct session_at){ .agent = (uint32_t)i, .line = 1, .ms = SESSION_NO_TIME };
		st = read_messages(&p, source->paths[0], source->ids[i]);
	}
	return st;
}

enum status read_source(struct session *s, const struct source *source, const atomic_bool *stop,
                        struct err *err)
{
	enum status st = OK;

	switch (source->kind) {
	case SOURCE_DATABASE:
		return read_database(s, source, stop, err);
	case SOURCE_STORAGE:
		return read_storage(s, source, stop, err);
	case SOURCE_WHOLE:
	case SOURCE_LINES:
		break;
	}
	for (size_t i = 0; st == OK && i < source->n_paths; i++)
		st = source->kind == SOURCE_WHOLE && i == 0
		         ? read_whole(s, source->paths[i], 0, err)
		         : read_lines(s, source->paths[i], (uint32_t)i, stop, err);
	return st;
}
