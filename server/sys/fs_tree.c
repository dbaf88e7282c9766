/* fs_tree.c - whole trees: removing and copying. By descriptors all the way down, so that a
 * folder swapped for a link in mid-work leads nowhere. */
#include "sys/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX   96  /* deeper folders are moved up to the top and removed there */
#define ROUNDS_MAX  256 /* times a folder that others keep filling is emptied again */
#define COPY_BUFFER ((size_t)64 << 10)

struct removal {
	int top; /* the folder being removed, for what lies too deep */
	dev_t device;
	unsigned long moved;
	struct err *err;
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Open the folder name in at, made accessible if need be, never through a link. */
static int open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char self[40];
	int handle;

	if (fd >= 0 || errno != EACCES)
		return fd;
	/* chmod through the handle: fchmodat would follow a link put there in between */
	if ((handle = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return -1;
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", handle);
	if (chmod(self, 0700) == 0)
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	(void)close(handle);
	return fd;
}

static enum status remove_entry(struct removal *r, int at, const char *name, int depth);

/* Remove all in the folder fd, which is taken over. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX */
static enum status empty_folder(struct removal *r, int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *e;
	enum status st = OK;

	if (dir == NULL) {
		(void)close(fd);
		return err_sys(r->err, errno, "cannot list a folder");
	}
	while (st == OK && (errno = 0, e = readdir(dir)) != NULL) {
		if (!is_dots(e->d_name))
			st = remove_entry(r, fd, e->d_name, depth);
	}
	(void)closedir(dir);
	return st;
}

/* Too deep to go on: have it one below the top, where it is met again. */
static enum status move_up(struct removal *r, int at, const char *name)
{
	char fresh[48];

	do {
		(void)snprintf(fresh, sizeof fresh, "gadugi-deep-%lu", r->moved++);
	} while (renameat2(at, name, r->top, fresh, RENAME_NOREPLACE) != 0 && errno == EEXIST);
	return faccessat(r->top, fresh, F_OK, AT_SYMLINK_NOFOLLOW) == 0
	           ? OK
	           : err_sys(r->err, errno, "cannot remove '%s'", name);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX */
static enum status remove_folder(struct removal *r, int at, const char *name, int depth)
{
	enum status st = OK;
	struct stat info;
	int fd;

	for (int i = 0; i < ROUNDS_MAX && st == OK; i++) {
		if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return OK;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return err_sys(r->err, errno, "cannot remove the folder '%s'", name);
		if (depth >= DEPTH_MAX)
			return move_up(r, at, name);
		if ((fd = open_folder(at, name)) < 0)
			return err_sys(r->err, errno, "cannot open the folder '%s'", name);
		if (fstat(fd, &info) != 0 || info.st_dev != r->device) {
			(void)close(fd);
			return err_set(r->err, E_DENIED,
			               "'%s' is on another file system: unmount it first", name);
		}
		st = empty_folder(r, fd, depth + 1);
	}
	return st != OK ? st : err_set(r->err, E_BUSY, "'%s' is being filled by someone", name);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX */
static enum status remove_entry(struct removal *r, int at, const char *name, int depth)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return OK;
	if (errno == EACCES && fchmod(at, 0700) == 0 && unlinkat(at, name, 0) == 0)
		return OK;
	if (errno == EISDIR || errno == EPERM)
		return remove_folder(r, at, name, depth);
	return err_sys(r->err, errno, "cannot remove '%s'", name);
}

/* Remove name in the folder at; not being there is fine. */
static enum status remove_from(int at, const char *name, struct err *err)
{
	struct removal r = { .top = -1, .err = err };
	struct stat info;
	enum status st;

	if (fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? OK : err_sys(err, errno, "cannot look at '%s'", name);
	if (S_ISDIR(info.st_mode)) {
		r.device = info.st_dev;
		if ((r.top = open_folder(at, name)) < 0)
			return err_sys(err, errno, "cannot open the folder '%s'", name);
	}
	st = remove_entry(&r, at, name, 0);
	if (r.top >= 0)
		(void)close(r.top);
	return st;
}

enum status fs_remove_tree(const char *root, const char *path, struct err *err)
{
	struct arena *a = arena_new((size_t)8 * FS_PATH_MAX);
	char *top = NULL, *folder = NULL;
	const char *slash = strrchr(path, '/');
	enum status st = E_NOMEM;
	int at = -1;

	if (a == NULL)
		return err_nomem(err, "a path");
	if (path[0] != '/' || slash[1] == '\0' || is_dots(slash + 1)) {
		st = err_set(err, E_INPUT, "'%s' is no absolute path of a thing to remove", path);
		goto out;
	}
	if ((st = fs_resolve(root, a, &top, err)) != OK)
		goto out;
	if ((folder = arena_copy(a, path, slash == path ? 1 : (size_t)(slash - path))) == NULL) {
		st = err_nomem(err, "a path");
		goto out;
	}
	if ((st = fs_inside(top, folder, a, &folder, err)) != OK) {
		st = st == E_ABSENT ? OK : st;
		goto out;
	}
	if (fs_kind(folder) == FS_NOTHING)
		goto out;
	if ((st = fs_open(top, folder, O_RDONLY | O_DIRECTORY, 0, &at, err)) != OK)
		goto out;
	st = remove_from(at, slash + 1, err);
	(void)close(at);
out:
	arena_free(a);
	return st;
}

static int copy_bytes(int from, int to)
{
	char buf[COPY_BUFFER];
	ssize_t n;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	while ((n = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0)) > 0)
		;
	if (n == 0)
		return 0;
	if (errno != EXDEV && errno != ENOSYS && errno != EINVAL && errno != EOPNOTSUPP)
		return -1;
	for (;;) {
		n = read(from, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		for (ssize_t done = 0, w; done < n; done += w) {
			if ((w = write(to, buf + done, (size_t)(n - done))) < 0)
				return -1;
		}
	}
}

/* What is gone by now is E_ABSENT: somebody may be at work there. */
static enum status cannot_read(struct err *err, const char *what, const char *name)
{
	return errno == ENOENT ? err_set(err, E_ABSENT, "'%s' is not there", name)
	                       : err_sys(err, errno, "cannot %s '%s'", what, name);
}

static enum status copy_file(int from_at, const char *from, int to_at, const char *to, mode_t mode,
                             struct err *err)
{
	int in = openat(from_at, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), out, rc;

	if (in < 0)
		return cannot_read(err, "read", from);
	out = openat(to_at, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode | 0200);
	if (out < 0) {
		(void)err_sys(err, errno, "cannot make '%s'", to);
		(void)close(in);
		return E_IO;
	}
	rc = copy_bytes(in, out);
	if (rc == 0)
		rc = fchmod(out, mode);
	if (rc != 0)
		(void)err_sys(err, errno, "cannot copy '%s'", from);
	(void)close(in);
	(void)close(out);
	return rc == 0 ? OK : E_IO;
}

static enum status copy_link(int from_at, const char *from, int to_at, const char *to,
                             struct err *err)
{
	char target[FS_PATH_MAX];
	ssize_t n = readlinkat(from_at, from, target, sizeof target);

	if (n < 0)
		return cannot_read(err, "read the link", from);
	if ((size_t)n >= sizeof target)
		return err_sys(err, ENAMETOOLONG, "cannot read the link '%s'", from);
	target[n] = '\0';
	if (symlinkat(target, to_at, to) != 0)
		return err_sys(err, errno, "cannot make the link '%s'", to);
	return OK;
}

static enum status copy_entry(int from_at, const char *from, int to_at, const char *to, int depth,
                              struct err *err);

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX */
static enum status copy_folder(int from_at, const char *from, int to_at, const char *to, int depth,
                               struct err *err)
{
	int in = openat(from_at, from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), out;
	const struct dirent *e;
	enum status st = OK;
	DIR *dir;

	if (in < 0)
		return cannot_read(err, "open the folder", from);
	if ((dir = fdopendir(in)) == NULL) {
		(void)close(in);
		return err_sys(err, errno, "cannot list the folder '%s'", from);
	}
	out = mkdirat(to_at, to, 0777) != 0
	          ? -1
	          : openat(to_at, to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0) {
		st = err_sys(err, errno, "cannot make the folder '%s'", to);
		(void)closedir(dir);
		return st;
	}
	errno = 0;
	while (st == OK && (e = readdir(dir)) != NULL) {
		if (is_dots(e->d_name))
			continue;
		st = copy_entry(in, e->d_name, out, e->d_name, depth + 1, err);
		st = st == E_ABSENT ? OK : st;
		errno = 0;
	}
	if (st == OK && errno != 0)
		st = err_sys(err, errno, "cannot list the folder '%s'", from);
	(void)closedir(dir);
	(void)close(out);
	return st;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX */
static enum status copy_entry(int from_at, const char *from, int to_at, const char *to, int depth,
                              struct err *err)
{
	struct stat info;

	if (depth > DEPTH_MAX)
		return err_set(err, E_INPUT, "'%s' lies too deep to be copied", from);
	if (fstatat(from_at, from, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return cannot_read(err, "look at", from);
	if (S_ISDIR(info.st_mode))
		return copy_folder(from_at, from, to_at, to, depth, err);
	if (S_ISLNK(info.st_mode))
		return copy_link(from_at, from, to_at, to, err);
	if (S_ISREG(info.st_mode))
		return copy_file(from_at, from, to_at, to, info.st_mode & 0777, err);
	return OK; /* sockets, pipes and devices are not content */
}

enum status fs_copy_tree(const char *from, const char *to, struct err *err)
{
	if (fs_kind(to) != FS_NOTHING)
		return err_set(err, E_INPUT, "'%s' is there already", to);
	return copy_entry(AT_FDCWD, from, AT_FDCWD, to, 0, err);
}
