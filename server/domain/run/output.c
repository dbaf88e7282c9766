#include "domain/run/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"

#define BATCH_BYTES ((size_t)32 << 10) /* written at once */

struct output {
	char *path;
	int fd;          /* -1 before the first write */
	int failed_with; /* errno of the first write that failed, or 0 */
	uint64_t came;   /* from the agent */
	size_t written;  /* of the head */
	uint64_t left_out;
	struct text batch; /* of the head, not yet written */
	char *tail;        /* a ring, made when it is needed */
	size_t tail_at, tail_len;
	char line[OUTPUT_LINE_MAX + 1]; /* the line under way */
	char last[OUTPUT_LINE_MAX + 1]; /* the last whole one with something in it */
	size_t line_len;
	int64_t line_ms;
};

enum status output_new(struct output **out, const char *path, struct err *err)
{
	struct output *o = mem_zero(1, sizeof *o);
	size_t n = strlen(path) + 1;

	if (o == NULL || (o->path = mem_take(n)) == NULL) {
		mem_free(o);
		return err_nomem(err, "the agent's output");
	}
	memcpy(o->path, path, n);
	text_init(&o->batch, BATCH_BYTES + OUTPUT_LINE_MAX + 64);
	o->fd = -1;
	*out = o;
	return OK;
}

static int open_file(const struct output *o)
{
	return open(o->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool open_now(struct output *o)
{
	char *slash;

	if (o->fd != -1 || o->failed_with != 0)
		return o->fd != -1;
	if ((o->fd = open_file(o)) == -1 && errno == ENOENT &&
	    (slash = strrchr(o->path, '/')) != NULL) {
		*slash = '\0';
		(void)fs_make_folders(o->path, 0700, NULL);
		*slash = '/';
		o->fd = open_file(o);
	}
	if (o->fd == -1)
		o->failed_with = errno;
	return o->fd != -1;
}

static void write_all(struct output *o, const char *bytes, size_t n)
{
	while (n > 0 && open_now(o)) {
		ssize_t done = write(o->fd, bytes, n);

		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1) {
			o->failed_with = errno;
			(void)close(o->fd);
			o->fd = -1;
			break;
		}
		bytes += done;
		n -= (size_t)done;
	}
}

static void write_batch(struct output *o)
{
	write_all(o, text_string(&o->batch), o->batch.len);
	text_done(&o->batch);
	text_init(&o->batch, BATCH_BYTES + OUTPUT_LINE_MAX + 64);
}

static void keep_end(struct output *o, const char *bytes, size_t n)
{
	if (o->tail == NULL && (o->tail = mem_take(OUTPUT_TAIL_MAX)) == NULL) {
		o->left_out += n;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		o->tail[o->tail_at] = bytes[i];
		o->tail_at = (o->tail_at + 1) % OUTPUT_TAIL_MAX;
	}
	if (o->tail_len + n > OUTPUT_TAIL_MAX) {
		o->left_out += o->tail_len + n - OUTPUT_TAIL_MAX;
		o->tail_len = OUTPUT_TAIL_MAX;
	} else {
		o->tail_len += n;
	}
}

static void put(struct output *o, const char *bytes, size_t n)
{
	if (o->written + n > OUTPUT_MAX) {
		o->written = OUTPUT_MAX; /* nothing more goes to the head */
		keep_end(o, bytes, n);
		return;
	}
	o->written += n;
	text_add_n(&o->batch, bytes, n);
	if (o->batch.len > BATCH_BYTES)
		write_batch(o);
}

static void mask_bad_bytes(char *s, size_t n)
{
	for (size_t at = text_utf8_valid(s, n); at < n; at += text_utf8_valid(s + at, n - at))
		s[at++] = '?';
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\0')
			s[i] = '?';
}

static void end_line(struct output *o)
{
	char stamp[CLOCK_TEXT_SIZE];

	if (o->line_len > 0 && o->line[o->line_len - 1] == '\r')
		o->line_len--;
	mask_bad_bytes(o->line, o->line_len);
	clock_text(o->line_ms, stamp);
	put(o, stamp, CLOCK_TEXT_SIZE - 1);
	put(o, " ", 1);
	o->line[o->line_len] = '\n';
	put(o, o->line, o->line_len + 1);
	if (o->line_len > 0) {
		memcpy(o->last, o->line, o->line_len);
		o->last[o->line_len] = '\0';
	}
	o->line_len = 0;
}

/* How much of a text longer than room goes on the line: it is broken between two characters. */
static size_t part_that_fits(const char *bytes, size_t n, size_t room)
{
	size_t part = room - (room > 3 ? 3 : 0);

	part = part == 0 ? 1 : text_utf8_cut(bytes, n, part);
	return part == 0 ? 1 : part;
}

void output_add(struct output *o, const char *bytes, size_t n, int64_t wall_ms)
{
	o->came += n;
	while (n > 0) {
		const char *newline = memchr(bytes, '\n', n);
		size_t part = newline == NULL ? n : (size_t)(newline - bytes);
		size_t room = OUTPUT_LINE_MAX - o->line_len;

		if (o->line_len == 0)
			o->line_ms = wall_ms;
		if (part > room) {
			part = part_that_fits(bytes, n, room);
			newline = NULL;
		}
		memcpy(o->line + o->line_len, bytes, part);
		o->line_len += part;
		bytes += part;
		n -= part;
		if (newline != NULL) {
			bytes++;
			n--;
		}
		if (newline != NULL || o->line_len + 3 >= OUTPUT_LINE_MAX)
			end_line(o);
	}
	/* What is there now is worth seeing now: a watcher reads the file. */
	if (o->batch.len > 0)
		write_batch(o);
}

void output_note(struct output *o, int64_t wall_ms, const char *fmt, ...)
{
	char words[512];
	char stamp[CLOCK_TEXT_SIZE];
	struct text line;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	if (o->line_len > 0)
		end_line(o);
	clock_text(wall_ms, stamp);
	text_init(&line, sizeof words + 64);
	text_addf(&line, "%s gadugi: %s\n", stamp, words);
	put(o, text_string(&line), line.len);
	text_done(&line);
	write_batch(o);
}

uint64_t output_size(const struct output *o)
{
	return o->came;
}

const char *output_last_line(const struct output *o)
{
	return o->last;
}

static void write_end(struct output *o)
{
	size_t from = (o->tail_at + OUTPUT_TAIL_MAX - o->tail_len) % OUTPUT_TAIL_MAX;
	size_t first = OUTPUT_TAIL_MAX - from < o->tail_len ? OUTPUT_TAIL_MAX - from : o->tail_len;
	struct text words;

	text_init(&words, 128);
	text_addf(&words, "... %llu bytes are left out here\n", (unsigned long long)o->left_out);
	if (o->left_out > 0)
		write_all(o, text_string(&words), words.len);
	text_done(&words);
	write_all(o, o->tail + from, first);
	write_all(o, o->tail, o->tail_len - first);
}

enum status output_close(struct output *o, struct err *err)
{
	enum status st = OK;

	if (o == NULL)
		return OK;
	if (o->line_len > 0)
		end_line(o);
	write_batch(o);
	if (o->tail != NULL)
		write_end(o);
	if (o->fd != -1)
		(void)close(o->fd);
	if (o->failed_with != 0)
		st = err_sys(err, o->failed_with, "the agent's output could not be kept");
	text_done(&o->batch);
	mem_free(o->tail);
	mem_free(o->path);
	mem_free(o);
	return st;
}
