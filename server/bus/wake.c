#include "bus/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

/*
 * The watch is on the folder, not on the file: so it sees the file made, replaced and
 * touched alike. Only a touch changes attributes there; writing the database does not.
 */
#define STATE_EVENTS  (IN_ATTRIB | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)
#define PARENT_EVENTS (IN_CREATE | IN_MOVED_TO)
#define PATH_LIMIT    ((size_t)8192)

struct wake {
	int fd;       /* inotify, non-blocking */
	int watch;    /* on the state folder, -1 while it is not there */
	int parent;   /* on the folder around it, -1 while it is not needed */
	char *state;  /* owned */
	char *around; /* owned; the folder around it */
};

void wake_touch(const char *state_dir)
{
	struct text path;
	int fd;

	text_init(&path, PATH_LIMIT);
	text_addf(&path, "%s/wake", state_dir);
	if (!path.failed &&
	    utimensat(AT_FDCWD, text_string(&path), NULL, AT_SYMLINK_NOFOLLOW) != 0 &&
	    errno == ENOENT) {
		fd = open(text_string(&path), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd != -1)
			(void)close(fd);
	}
	text_done(&path);
}

static char *copy(const char *s, size_t n)
{
	char *p = mem_take(n + 1);

	if (p != NULL) {
		memcpy(p, s, n);
		p[n] = '\0';
	}
	return p;
}

/* The folder around dir: all before its last slash. */
static char *folder_around(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	if (slash == NULL)
		return copy(".", 1);
	return slash == dir ? copy("/", 1) : copy(dir, (size_t)(slash - dir));
}

/* Watch the state folder, or, until it comes, the folder it will come in. */
static int aim(struct wake *w)
{
	if (w->watch != -1)
		return 0;
	w->watch = inotify_add_watch(w->fd, w->state, STATE_EVENTS | IN_ONLYDIR);
	if (w->watch == -1 && errno == ENOENT && w->parent == -1) {
		w->parent = inotify_add_watch(w->fd, w->around, PARENT_EVENTS | IN_ONLYDIR);
		if (w->parent == -1)
			return -1;
		/* It may have come between the two looks. */
		w->watch = inotify_add_watch(w->fd, w->state, STATE_EVENTS | IN_ONLYDIR);
	}
	if (w->watch == -1)
		return errno == ENOENT ? 0 : -1;
	if (w->parent != -1) {
		(void)inotify_rm_watch(w->fd, w->parent);
		w->parent = -1;
	}
	return 0;
}

enum status wake_open(struct wake **out, const char *state_dir, struct err *err)
{
	struct wake *w = mem_zero(1, sizeof *w);
	enum status st = OK;

	if (w == NULL)
		return err_nomem(err, "a watch on the state folder");
	w->fd = w->watch = w->parent = -1;
	w->state = copy(state_dir, strlen(state_dir));
	w->around = folder_around(state_dir);
	if (w->state == NULL || w->around == NULL) {
		st = err_nomem(err, "a watch on the state folder");
		goto out;
	}
	if ((w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) == -1) {
		st = errno == EMFILE
		         ? err_set(err, E_IO,
		                   "too many programs of this user wait for files; end some or "
		                   "raise fs.inotify.max_user_instances")
		         : err_sys(err, errno, "cannot wait for events");
		goto out;
	}
	if (aim(w) != 0) {
		st = err_sys(err, errno, "cannot wait for events in '%s'", state_dir);
		goto out;
	}
	*out = w;
	return OK;
out:
	wake_free(w);
	return st;
}

void wake_free(struct wake *w)
{
	if (w == NULL)
		return;
	if (w->fd != -1)
		(void)close(w->fd);
	mem_free(w->state);
	mem_free(w->around);
	mem_free(w);
}

int wake_fd(const struct wake *w)
{
	return w->fd;
}

void wake_clear(struct wake *w)
{
	_Alignas(struct inotify_event) char buf[4096];
	const struct inotify_event *e;
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof buf)) > 0 || (n == -1 && errno == EINTR)) {
		for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof *e + e->len)) {
			e = (const struct inotify_event *)(const void *)(buf + at);
			if (e->wd != w->watch)
				continue;
			if ((e->mask & IN_MOVE_SELF) != 0)
				(void)inotify_rm_watch(w->fd, w->watch);
			if ((e->mask & (IN_IGNORED | IN_MOVE_SELF)) != 0)
				w->watch = -1;
		}
	}
	(void)aim(w); /* the folder may have come or gone; a failure leaves the time limit */
}
