/* The log as a file: for other programs, and for keeping. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "bus/envelope.h"
#include "bus/topic.h"
#include "domain/event.h"
#include "domain/event/view.h"
#include "store/journal.h"
#include "sys/fs.h"

#define PAGE       ((size_t)500)
#define PAGE_ARENA ((size_t)1 << 30) /* of events of the largest size */

/* A file being written, and in which form. */
struct export
{
	int fd;
	const char *path;
	bool lines; /* JSON lines; else each envelope after its length as a varint */
	struct err *err;
};

static enum status write_all(const struct export *x, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(x->fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(x->err, errno, "cannot write '%s'", x->path);
		bytes += done;
		n -= (size_t)done;
	}
	return OK;
}

static enum status add_line(const struct export *x, const struct journal_row *row, struct arena *a,
                            struct text *out)
{
	struct json_build b = { 0 };
	struct event_view view;
	cJSON *json = NULL;
	char *text = NULL;
	enum status st = event_view_of(row, a, &view, x->err);

	if (st == OK)
		st = json_built(&b, event_json(&b, &view), &json, x->err);
	if (st == OK && (text = json_print(json)) == NULL)
		st = err_nomem(x->err, "an event");
	if (st == OK)
		text_addf(out, "%s\n", text);
	cJSON_free(text);
	cJSON_Delete(json);
	return st;
}

static void add_varint(struct text *out, size_t n)
{
	unsigned char byte;

	do {
		byte = (unsigned char)((n & 0x7F) | (n >= 0x80 ? 0x80 : 0));
		text_add_n(out, (const char *)&byte, 1);
		n >>= 7;
	} while (n > 0);
}

/* The envelope with its place in the log, which its stored form cannot know. */
static enum status add_envelope(const struct export *x, const struct journal_row *row,
                                struct arena *a, struct text *out)
{
	struct envelope e;
	const void *bytes = NULL;
	size_t size = 0;
	enum status st = envelope_read(row->envelope, row->envelope_size, a, &e, x->err);

	if (st == E_INPUT)
		return OK; /* damaged: shown by a listing, of no use to a reader of envelopes */
	e.seq = row->seq;
	if (st == OK)
		st = envelope_write(&e, a, &bytes, &size, x->err);
	if (st != OK)
		return st;
	add_varint(out, size);
	text_add_n(out, bytes, size);
	return OK;
}

static enum status export_page(const struct export *x, const struct journal_page *page,
                               struct arena *a)
{
	struct text out;
	enum status st = OK;

	text_init(&out, PAGE_ARENA);
	for (size_t i = 0; st == OK && i < page->n; i++)
		st = x->lines ? add_line(x, &page->rows[i], a, &out)
		              : add_envelope(x, &page->rows[i], a, &out);
	if (st == OK && out.failed)
		st = err_nomem(x->err, "the export");
	if (st == OK)
		st = write_all(x, out.bytes, out.len);
	text_done(&out);
	return st;
}

static enum status export_to(const struct export *x, struct db *db, const struct event_want *want,
                             int64_t *n)
{
	const struct event_filter filter = event_filter_of(want);
	struct journal_want rows = {
		.after = want->after, .limit = PAGE, .keep = event_wanted, .arg = &filter
	};
	struct journal_page page = { .n = 1 };
	enum status st = OK;

	for (*n = 0; st == OK && page.n > 0; *n += (int64_t)page.n) {
		struct arena *a = arena_new(PAGE_ARENA);

		if (a == NULL)
			return err_nomem(x->err, "the export");
		if ((st = journal_find(db, &rows, a, &page, x->err)) == OK)
			st = export_page(x, &page, a);
		rows.after = page.seen;
		arena_free(a);
	}
	return st;
}

enum status event_export(struct db *db, const struct event_want *want,
                         const struct event_file *file, int64_t *n, struct err *err)
{
	size_t len = strlen(file->path);
	struct export x = { .fd = -1, .path = file->path, .err = err };
	enum status st;

	x.lines = len > 6 && strcmp(file->path + len - 6, ".jsonl") == 0;
	if (!x.lines && (len < 4 || strcmp(file->path + len - 3, ".pb") != 0))
		return err_set(
		    err, E_INPUT,
		    "'%s' says not what it should hold; end it in .jsonl (JSON lines) or "
		    ".pb (envelopes, each after its length)",
		    file->path);
	if (want->pattern != NULL && (st = topic_check(want->pattern, true, err)) != OK)
		return st;
	st = fs_open(file->root, file->path, O_WRONLY | O_CREAT | O_EXCL, 0644, &x.fd, err);
	if (st != OK)
		return st;
	if ((st = export_to(&x, db, want, n)) == OK && fsync(x.fd) != 0)
		st = err_sys(err, errno, "cannot write '%s'", file->path);
	(void)close(x.fd);
	return st;
}
