/* log.c - what agents said, read back from their files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "domain/run.h"
#include "sys/fs.h"

static enum status read_end(int fd, size_t max, struct arena *a, struct run_log *out,
                            struct err *err)
{
	struct stat info;
	off_t from;
	char *bytes;
	ssize_t n;
	size_t skip = 0, len;

	if (fstat(fd, &info) != 0)
		return err_sys(err, errno, "cannot read the log");
	out->cut = (size_t)info.st_size > max;
	from = out->cut ? info.st_size - (off_t)max : 0;
	if ((bytes = arena_take(a, max + 1)) == NULL)
		return err_nomem(err, "the log");
	if ((n = pread(fd, bytes, max, from)) < 0)
		return err_sys(err, errno, "cannot read the log");
	len = (size_t)n;
	bytes[len] = '\0';
	if (out->cut) {
		const char *newline = memchr(bytes, '\n', len);

		skip = newline == NULL ? 0 : (size_t)(newline - bytes) + 1;
	}
	bytes[skip + text_utf8_valid(bytes + skip, len - skip)] = '\0';
	out->text = bytes + skip;
	return OK;
}

enum status run_log(struct project *p, const struct run_log_want *want, struct arena *a,
                    struct run_log *out, struct err *err)
{
	struct attempt_row *rows;
	struct run_row row;
	struct db *db = NULL;
	size_t n = 0;
	const char *log = NULL;
	int fd = -1;
	enum status st = project_read(p, NULL, &db, err);

	if (st != OK)
		return st;
	if ((st = runs_get(db, want->run, a, &row, err)) == OK)
		st = attempts_read(db, &(struct attempts_want){ want->run, want->task }, a, &rows,
		                   &n, err);
	project_done(p, db);
	for (size_t i = 0; st == OK && i < n; i++)
		if (rows[i].log != NULL && (want->attempt == 0 || rows[i].number == want->attempt))
			log = rows[i].log;
	if (st == OK && log == NULL)
		st = err_set(err, E_ABSENT,
		             "task '%s' of run '%s' has no log%s: it has not been started",
		             want->task, want->run, want->attempt == 0 ? "" : " of that attempt");
	if (st == OK && (st = fs_open(p->state, log, O_RDONLY, 0, &fd, err)) == E_ABSENT) {
		*out = (struct run_log){ "", false }; /* it has said nothing */
		return OK;
	}
	if (st == OK) {
		st = read_end(fd, want->max, a, out, err);
		(void)close(fd);
	}
	return st;
}
