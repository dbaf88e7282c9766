#include "domain/dispatch/said.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

struct said {
	char *path, *older; /* owned; NAME.log, NAME.log.1 */
	size_t n;
	char line[SAID_LINE_MAX];
	char last[SAID_LINE_MAX + 1];
};

const char *said_path(const struct project *p, const char *agent, struct arena *a)
{
	return text_printf(a, "%s/agents/%s.log", p->state, agent);
}

struct said *said_new(const char *path)
{
	struct said *s = mem_zero(1, sizeof *s);
	size_t n = strlen(path) + 1;

	if (s == NULL || (s->path = mem_take(n)) == NULL || (s->older = mem_take(n + 2)) == NULL) {
		said_free(s);
		return NULL;
	}
	memcpy(s->path, path, n);
	memcpy(s->older, path, n - 1);
	memcpy(s->older + n - 1, ".1", 3);
	return s;
}

/* Write it at the end, in one piece. The file is opened anew each time: another process of the
 * agent may have turned it into the older one. */
static void put(const struct said *s, const char *bytes, size_t n)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(s->path, flags, 0600);
	struct stat st;

	if (fd != -1 && fstat(fd, &st) == 0 && (size_t)st.st_size + n > SAID_MAX &&
	    st.st_size > 0) {
		(void)close(fd);
		(void)rename(s->path, s->older);
		fd = open(s->path, flags, 0600);
	}
	if (fd == -1)
		return;
	(void)!write(fd, bytes, n);
	(void)close(fd);
}

/* What is not UTF-8 becomes `?`, and so do marks that would move a terminal's cursor. */
static void make_plain(char *line, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t good = text_utf8_valid(line + i, n - i);

		for (size_t k = i; k < i + good; k++)
			if ((unsigned char)line[k] < ' ' && line[k] != '\t')
				line[k] = '?';
		i += good;
		if (i < n)
			line[i++] = '?';
	}
}

static void end_line(struct said *s, int64_t wall_ms)
{
	char time[CLOCK_TEXT_SIZE];
	struct text whole;

	while (s->n > 0 && s->line[s->n - 1] == '\r')
		s->n--;
	make_plain(s->line, s->n);
	clock_text(wall_ms, time);
	text_init(&whole, 2 * SAID_LINE_MAX);
	text_addf(&whole, "%s ", time);
	text_add_n(&whole, s->line, s->n);
	text_add_char(&whole, '\n');
	if (!whole.failed)
		put(s, text_string(&whole), whole.len);
	text_done(&whole);
	if (s->n > 0) {
		memcpy(s->last, s->line, s->n);
		s->last[s->n] = '\0';
	}
	s->n = 0;
}

void said_add(struct said *s, const char *bytes, size_t n, int64_t wall_ms)
{
	for (size_t i = 0; s != NULL && i < n; i++) {
		if (bytes[i] == '\n' || s->n == SAID_LINE_MAX)
			end_line(s, wall_ms);
		if (bytes[i] != '\n')
			s->line[s->n++] = bytes[i];
	}
}

void said_note(struct said *s, int64_t wall_ms, const char *fmt, ...)
{
	char words[ERR_TEXT_MAX], last[SAID_LINE_MAX + 1];
	va_list ap;
	int n;

	if (s == NULL)
		return;
	if (s->n > 0)
		end_line(s, wall_ms);
	va_start(ap, fmt);
	n = vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	memcpy(last, s->last, sizeof last); /* ours is not what it said */
	said_add(s, "gadugi: ", 8, wall_ms);
	said_add(s, words, n < 0 ? 0 : strlen(words), wall_ms);
	end_line(s, wall_ms);
	memcpy(s->last, last, sizeof last);
}

const char *said_last(const struct said *s)
{
	return s == NULL ? "" : s->last;
}

void said_free(struct said *s)
{
	if (s == NULL)
		return;
	mem_free(s->path);
	mem_free(s->older);
	mem_free(s);
}

const char *said_tail(const char *path, size_t max, struct arena *a)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *bytes = arena_take(a, max + 1), *from = bytes;
	struct stat st;
	ssize_t n = 0;

	if (bytes != NULL && fd != -1 && fstat(fd, &st) == 0) {
		off_t at = (size_t)st.st_size > max ? st.st_size - (off_t)max : 0;

		n = pread(fd, bytes, max, at);
		bytes[n < 0 ? 0 : n] = '\0';
		if (at > 0 && (from = strchr(bytes, '\n')) != NULL)
			from++; /* the first line is not whole */
		if (from == NULL)
			from = bytes;
	}
	if (fd != -1)
		(void)close(fd);
	return from;
}

void said_put_json(struct json_build *b, cJSON *o, const struct project *p, const char *agent)
{
	struct arena *a = arena_new((size_t)64 << 10);
	const char *path = a == NULL ? NULL : said_path(p, agent, a);
	const char *tail = path == NULL ? NULL : said_tail(path, SAID_SHOWN, a);

	b->failed = b->failed || tail == NULL;
	if (tail != NULL && *tail != '\0') {
		json_put_text(b, o, "log", path);
		json_put_text(b, o, "said", tail);
	}
	arena_free(a);
}
