#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/*
 * Locks of the open file (F_OFD_*): they end with it, count between threads too, and can be looked
 * at without being taken. They have no wait with an end, so a waiter lets inotify tell it when
 * somebody closes the file. A holder that is killed closes the file a moment before the kernel
 * drops its lock, and inotify may be out of watches, hence a look now and then besides.
 */
#define LOOK_AGAIN_MS 50

struct lock {
	int fd;
};

/* F_OFD_SETLK and its kin on the whole file. */
static int lock_file(int fd, int what, short kind, struct flock *seen)
{
	struct flock whole = { .l_type = kind, .l_whence = SEEK_SET };
	int rc = fcntl(fd, what, &whole);

	if (seen != NULL)
		*seen = whole;
	return rc;
}

/* The pid written in the open lock file, 0 when there is none. */
static int written_pid(int fd)
{
	char text[24];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	long pid;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	return pid > 0 && pid < 1 << 30 ? (int)pid : 0;
}

static void write_pid(int fd)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

	/* for messages only: a full disk must not keep anyone from locking */
	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
}

static enum status busy(struct err *err, const char *path, int fd)
{
	int pid = written_pid(fd);

	if (pid == 0)
		return err_set(err, E_BUSY, "'%s' is locked by another process", path);
	return err_set(err, E_BUSY, "'%s' is locked by process %d", path, pid);
}

/* Sleep until the file was closed by someone, or for wait_ms. */
static void wait_close(int watch, int64_t wait_ms)
{
	struct pollfd p = { .fd = watch, .events = POLLIN };
	char events[1024];

	if (poll(&p, 1, (int)wait_ms) > 0)
		while (read(watch, events, sizeof events) > 0)
			;
}

static enum status lock_wait(int fd, const char *path, int64_t wait_ms, const atomic_bool *stop,
                             struct err *err)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int64_t end = wait_ms == LOCK_FOREVER ? INT64_MAX : clock_mono_ms() + wait_ms;
	enum status st = OK;

	if (watch >= 0)
		(void)inotify_add_watch(watch, path, IN_CLOSE_WRITE);
	while (lock_file(fd, F_OFD_SETLK, F_WRLCK, NULL) != 0) {
		int64_t left = end == INT64_MAX ? LOOK_AGAIN_MS : end - clock_mono_ms();

		if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
			st = err_sys(err, errno, "cannot lock '%s'", path);
			break;
		}
		if (stop != NULL && atomic_load(stop)) {
			st = err_set(err, E_STOP, "stopped while waiting for '%s'", path);
			break;
		}
		if (left <= 0) {
			st = busy(err, path, fd);
			break;
		}
		wait_close(watch, left < LOOK_AGAIN_MS ? left : LOOK_AGAIN_MS);
	}
	if (watch >= 0)
		(void)close(watch);
	return st;
}

/* Is fd still the file at path? One that was removed or replaced meanwhile locks nothing. */
static bool is_current(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

enum status lock_take(struct lock **out, const char *path, int64_t wait_ms, const atomic_bool *stop,
                      struct err *err)
{
	struct lock *lock = mem_zero(1, sizeof *lock);
	enum status st;

	if (lock == NULL)
		return err_nomem(err, "a lock");
	for (;;) {
		lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0666);
		if (lock->fd < 0) {
			st = err_sys(err, errno, "cannot open the lock '%s'", path);
			mem_free(lock);
			return st;
		}
		if ((st = lock_wait(lock->fd, path, wait_ms, stop, err)) != OK)
			break;
		if (is_current(lock->fd, path))
			break;
		(void)close(lock->fd);
	}
	if (st != OK) {
		(void)close(lock->fd);
		mem_free(lock);
		return st;
	}
	write_pid(lock->fd);
	*out = lock;
	return OK;
}

void lock_free(struct lock *lock)
{
	if (lock == NULL)
		return;
	/* first the lock, then the file, so that waiters woken by the close get it */
	(void)lock_file(lock->fd, F_OFD_SETLK, F_UNLCK, NULL);
	(void)close(lock->fd);
	mem_free(lock);
}

bool lock_held(const char *path, int *pid)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct flock seen;
	bool held;

	if (pid != NULL)
		*pid = 0;
	if (fd < 0)
		return false;
	held = lock_file(fd, F_OFD_GETLK, F_WRLCK, &seen) == 0 && seen.l_type != F_UNLCK;
	if (held && pid != NULL)
		*pid = written_pid(fd);
	(void)close(fd);
	return held;
}
