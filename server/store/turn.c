#include "store/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define PATH_BYTES_MAX 8192
#define NAP_FIRST_US   400 /* of one who has just come */
#define NAP_LAST_US    60  /* of one who has waited for AGED_MS */
#define AGED_MS        100

enum status turn_open(int *fd, const char *path, struct err *err)
{
	struct text name = { .limit = PATH_BYTES_MAX };
	enum status st = OK;

	text_addf(&name, "%s-lock", path);
	if (name.failed)
		return err_nomem(err, "a path");
	*fd = open(text_string(&name), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd == -1)
		st = err_sys(err, errno, "cannot open '%s'", text_string(&name));
	text_done(&name);
	return st;
}

/* Stand in the row, or leave it. What cannot be done here costs fairness, nothing else. */
static void in_row(int fd, short type)
{
	struct flock byte = { .l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

	(void)fcntl(fd, F_OFD_SETLK, &byte);
}

static bool somebody_waits(int fd)
{
	struct flock byte = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

	return fcntl(fd, F_OFD_GETLK, &byte) == 0 && byte.l_type != F_UNLCK;
}

static void nap(int64_t waited_ms)
{
	int64_t us = NAP_FIRST_US;
	struct timespec t = { 0, 0 };

	if (waited_ms >= AGED_MS)
		us = NAP_LAST_US;
	else
		us -= (NAP_FIRST_US - NAP_LAST_US) * waited_ms / AGED_MS;
	us += clock_mono_us() % (us / 2); /* so that two do not wake in step for ever */
	t.tv_nsec = (long)us * 1000;
	(void)nanosleep(&t, NULL);
}

enum status turn_take(int fd, const char *path, int wait_ms, const atomic_bool *stop,
                      struct err *err)
{
	int64_t since = clock_mono_ms();
	bool waiting = false;
	enum status st = OK;

	for (;;) {
		int64_t waited = clock_mono_ms() - since;

		errno = EWOULDBLOCK; /* what it means not to try */
		if ((waiting || !somebody_waits(fd)) && flock(fd, LOCK_EX | LOCK_NB) == 0)
			break;
		if (errno != EWOULDBLOCK && errno != EINTR) {
			st = err_sys(err, errno, "cannot lock '%s-lock'", path);
			break;
		}
		if (stop != NULL && atomic_load(stop)) {
			st = err_set(err, E_STOP, "stopped");
			break;
		}
		if (waited > wait_ms) {
			st = err_set(err, E_BUSY,
			             "another process has held '%s-lock' for %d s; try again", path,
			             wait_ms / 1000);
			break;
		}
		if (!waiting)
			in_row(fd, F_RDLCK);
		waiting = true;
		nap(waited);
	}
	if (waiting)
		in_row(fd, F_UNLCK);
	return st;
}

void turn_give(int fd)
{
	(void)flock(fd, LOCK_UN);
}
