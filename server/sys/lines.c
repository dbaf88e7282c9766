/* lines.c - a file line by line, with memory for its longest wanted line and no more. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/folder.h"

#define FIRST_SIZE ((size_t)1 << 18)

struct lines {
	int fd;
	char *path;
	char *bytes;
	size_t size;
	size_t from, to; /* what was read and not yet given */
	int64_t base;    /* where bytes[0] stands in the file */
	bool cut;        /* the last line had no end */
	bool ended;
};

void lines_free(struct lines *l)
{
	if (l == NULL)
		return;
	if (l->fd != -1)
		(void)close(l->fd);
	mem_free(l->bytes);
	mem_free(l->path);
	mem_free(l);
}

enum status lines_open(struct lines **out, const char *path, struct err *err)
{
	struct lines *l = mem_zero(1, sizeof *l);
	size_t n = strlen(path) + 1;
	enum status st;

	if (l == NULL)
		return err_nomem(err, "a file's lines");
	l->fd = -1;
	l->path = mem_take(n);
	l->bytes = mem_take(FIRST_SIZE);
	l->size = FIRST_SIZE;
	if (l->path == NULL || l->bytes == NULL) {
		st = err_nomem(err, "a file's lines");
		goto out;
	}
	memcpy(l->path, path, n);
	if ((l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1) {
		st = errno == ENOENT ? err_set(err, E_ABSENT, "there is no file '%s'", path)
		                     : err_sys(err, errno, "cannot read '%s'", path);
		goto out;
	}
	(void)posix_fadvise(l->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	*out = l;
	return OK;
out:
	lines_free(l);
	return st;
}

enum status lines_from(struct lines *l, int64_t offset, struct err *err)
{
	if (lseek(l->fd, offset, SEEK_SET) != offset)
		return err_sys(err, errno, "cannot read '%s'", l->path);
	l->base = offset;
	l->from = l->to = 0;
	l->ended = l->cut = false;
	return OK;
}

int64_t lines_offset(const struct lines *l)
{
	return l->base + (int64_t)l->from;
}

bool lines_cut(const struct lines *l)
{
	return l->cut;
}

/* More bytes behind those that are there; the line that is begun moves to the front. */
static enum status fill(struct lines *l, struct err *err)
{
	ssize_t got;
	char *grown;

	if (l->from > 0) {
		memmove(l->bytes, l->bytes + l->from, l->to - l->from);
		l->to -= l->from;
		l->base += (int64_t)l->from;
		l->from = 0;
	}
	if (l->to == l->size) {
		if (l->size > SIZE_MAX / 2 || (grown = mem_grow(l->bytes, l->size * 2)) == NULL)
			return err_nomem(err, "a long line");
		l->bytes = grown;
		l->size *= 2;
	}
	do
		got = read(l->fd, l->bytes + l->to, l->size - l->to);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return err_sys(err, errno, "cannot read '%s'", l->path);
	l->ended = got == 0;
	l->to += (size_t)got;
	return OK;
}

/* Hand out what stands before `stop`, or all that is left when it is NULL. */
static const char *take_line(struct lines *l, const char *stop, size_t max, size_t *n,
                             bool *too_long)
{
	const char *start = l->bytes + l->from;
	bool none;

	*n = stop == NULL ? l->to - l->from : (size_t)(stop - start);
	none = stop == NULL && *n == 0 && !*too_long;
	l->cut = stop == NULL && !none;
	l->from += *n + (stop != NULL);
	*too_long = *too_long || *n > max;
	if (*too_long)
		*n = 0;
	return none ? NULL : start;
}

enum status lines_next(struct lines *l, size_t max, const char **line, size_t *n, bool *too_long,
                       struct err *err)
{
	size_t looked = 0;
	enum status st;

	*too_long = false;
	for (;;) {
		const char *start = l->bytes + l->from;
		size_t have = l->to - l->from;
		const char *stop = memchr(start + looked, '\n', have - looked);

		if (stop == NULL)
			looked = have;
		if (stop != NULL || l->ended) {
			*line = take_line(l, stop, max, n, too_long);
			return OK;
		}
		if (looked > max) {
			l->from = l->to; /* forget it, go on to its end */
			looked = 0;
			*too_long = true;
		}
		if ((st = fill(l, err)) != OK)
			return st;
	}
}
