#include "sys/fs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define OPEN_TRIES 64 /* openat2 says EAGAIN while others rename folders above the file */
#define TEMP_TRIES 64

enum fs_kind fs_kind(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return FS_NOTHING;
	if (S_ISREG(st.st_mode))
		return FS_FILE;
	if (S_ISDIR(st.st_mode))
		return FS_FOLDER;
	return S_ISLNK(st.st_mode) ? FS_LINK : FS_OTHER;
}

char *fs_join(struct arena *a, const char *folder, const char *name)
{
	size_t n = strlen(folder), m = strlen(name);
	char *out;

	while (n > 1 && folder[n - 1] == '/')
		n--;
	while (m > 0 && *name == '/') {
		name++;
		m--;
	}
	if ((out = arena_take(a, n + m + 2)) == NULL)
		return NULL;
	memcpy(out, folder, n);
	if (n == 0 || folder[n - 1] != '/')
		out[n++] = '/';
	memcpy(out + n, name, m);
	out[n + m] = '\0';
	return out;
}

static enum status path_error(struct err *err, int errnum, const char *path)
{
	if (errnum == ENOENT || errnum == ENOTDIR)
		return err_set(err, E_ABSENT, "'%s' is not there", path);
	if (errnum == ENAMETOOLONG)
		return err_set(err, E_INPUT, "the path '%.80s...' is too long", path);
	if (errnum == EXDEV || errnum == ELOOP)
		return err_set(err, E_DENIED, "'%s' is a link or leads out of its folder", path);
	if (errnum == EACCES || errnum == EPERM) {
		(void)err_sys(err, errnum, "cannot open '%s'", path);
		if (err != NULL)
			err->code = E_DENIED;
		return E_DENIED;
	}
	return err_sys(err, errnum, "cannot open '%s'", path);
}

enum status fs_resolve(const char *path, struct arena *a, char **out, struct err *err)
{
	char full[PATH_MAX];
	char *copy;

	if (realpath(path, full) == NULL)
		return path_error(err, errno, path);
	if ((copy = arena_copy(a, full, strlen(full))) == NULL)
		return err_nomem(err, "a path");
	*out = copy;
	return OK;
}

/* Is path root itself or below it? Both resolved. */
static bool lies_in(const char *root, const char *path)
{
	size_t n = strlen(root);

	if (n == 1 && root[0] == '/')
		return path[0] == '/';
	return strncmp(root, path, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Resolve a path whose last part may be missing. */
static enum status resolve_new(const char *path, struct arena *a, char **out, struct err *err)
{
	enum status st = fs_resolve(path, a, out, err);
	const char *slash, *name;
	char *folder;

	if (st != E_ABSENT)
		return st;
	if ((slash = strrchr(path, '/')) == NULL)
		return st;
	name = slash + 1;
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return st;
	if (fs_kind(path) == FS_LINK)
		return err_set(err, E_DENIED, "'%s' is a link that leads nowhere", path);
	folder = arena_copy(a, path, slash == path ? 1 : (size_t)(slash - path));
	if (folder == NULL)
		return err_nomem(err, "a path");
	if ((st = fs_resolve(folder, a, &folder, err)) != OK)
		return st;
	*out = fs_join(a, folder, name);
	return *out != NULL ? OK : err_nomem(err, "a path");
}

enum status fs_inside(const char *root, const char *path, struct arena *a, char **out,
                      struct err *err)
{
	char *top = NULL, *full = NULL;
	enum status st;

	if (path[0] == '\0')
		return err_set(err, E_INPUT, "the path is empty");
	if ((st = fs_resolve(root, a, &top, err)) != OK)
		return st;
	assert(top != NULL);
	if (path[0] != '/') {
		if ((full = fs_join(a, top, path)) == NULL)
			return err_nomem(err, "a path");
		path = full;
	}
	if ((st = resolve_new(path, a, &full, err)) != OK)
		return st;
	assert(full != NULL);
	if (!lies_in(top, full))
		return err_set(err, E_DENIED, "'%s' lies outside '%s'", path, top);
	*out = full;
	return OK;
}

/* The part of path below root, without leading slashes; NULL when it does not start there. */
static const char *below(const char *root, const char *path)
{
	size_t n = strlen(root);

	if (path[0] == '/') {
		while (n > 1 && root[n - 1] == '/')
			n--;
		if (strncmp(root, path, n) != 0 || (n > 1 && path[n] != '/' && path[n] != '\0'))
			return NULL;
		path += n;
		while (*path == '/')
			path++;
	}
	return path[0] == '\0' ? "." : path;
}

/* For kernels without openat2: part by part, links refused anywhere, `..` too. */
static int open_by_parts(int root, const char *path, int flags, mode_t mode)
{
	int at = dup(root), next;
	char part[NAME_MAX + 1];
	size_t n;

	while (at >= 0) {
		n = strcspn(path, "/");
		if (n > NAME_MAX || (n == 2 && memcmp(path, "..", 2) == 0)) {
			(void)close(at);
			errno = n == 2 ? EXDEV : ENAMETOOLONG;
			return -1;
		}
		memcpy(part, path, n);
		part[n] = '\0';
		path += n + strspn(path + n, "/");
		next = *path == '\0'
		           ? openat(at, part, flags, mode)
		           : openat(at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		(void)close(at);
		if (*path == '\0' || next < 0)
			return next;
		at = next;
	}
	return -1;
}

static int open_beneath(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags,
		.mode = (flags & O_CREAT) != 0 ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	for (int i = 0; i < OPEN_TRIES && fd < 0; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof how);
		if (fd < 0 && errno != EAGAIN && errno != EINTR)
			break;
	}
	if (fd < 0 && (errno == ENOSYS || errno == E2BIG))
		return open_by_parts(root, path, flags, mode);
	return (int)fd;
}

enum status fs_open(const char *root, const char *path, int flags, mode_t mode, int *fd,
                    struct err *err)
{
	const char *rest = below(root, path);
	int top, got, errnum;

	if (rest == NULL)
		return err_set(err, E_DENIED, "'%s' lies outside '%s'", path, root);
	if ((top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return path_error(err, errno, root);
	got = open_beneath(top, rest, flags | O_CLOEXEC | O_NOFOLLOW, mode);
	errnum = errno;
	(void)close(top);
	if (got < 0)
		return path_error(err, errnum, path);
	*fd = got;
	return OK;
}

struct reading {
	int fd;
	const char *path;
	size_t max;
	struct arena *a;
	struct err *err;
};

/* Read until the end, into room that grows by doubling. */
static enum status read_all(const struct reading *r, size_t expected, struct fs_bytes *out)
{
	size_t room = (expected < r->max ? expected : r->max) + 1, n = 0;
	char *buf = arena_take(r->a, room + 1), *more;
	ssize_t got;

	for (;;) {
		if (buf == NULL)
			return err_nomem(r->err, "a file's content");
		got = read(r->fd, buf + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(r->err, errno, "cannot read '%s'", r->path);
		n += (size_t)got;
		if (n > r->max)
			return err_set(r->err, E_INPUT, "'%s' is larger than %zu bytes", r->path,
			               r->max);
		if (got == 0)
			break;
		if (n < room)
			continue;
		room = room < r->max / 2 ? 2 * room + 256 : r->max + 1;
		if ((more = arena_take(r->a, room + 1)) != NULL)
			memcpy(more, buf, n);
		buf = more;
	}
	buf[n] = '\0';
	*out = (struct fs_bytes){ buf, n };
	return OK;
}

/* Closes the descriptor. */
static enum status read_open(const struct reading *r, struct fs_bytes *out)
{
	struct stat info;
	enum status st;

	if (fstat(r->fd, &info) != 0)
		st = err_sys(r->err, errno, "cannot look at '%s'", r->path);
	else if (!S_ISREG(info.st_mode))
		st = err_set(r->err, E_INPUT, "'%s' is no regular file", r->path);
	else if ((uint64_t)info.st_size > r->max)
		st = err_set(r->err, E_INPUT, "'%s' is larger than %zu bytes", r->path, r->max);
	else
		st = read_all(r, (size_t)info.st_size, out);
	(void)close(r->fd);
	return st;
}

enum status fs_read(const char *path, size_t max, struct arena *a, char **bytes, size_t *size,
                    struct err *err)
{
	struct reading r = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
		             .path = path,
		             .max = max,
		             .a = a,
		             .err = err };
	struct fs_bytes out = { 0 };
	enum status st;

	if (r.fd < 0)
		return path_error(err, errno, path);
	if ((st = read_open(&r, &out)) != OK)
		return st;
	*bytes = out.bytes;
	*size = out.size;
	return OK;
}

enum status fs_read_under(const char *root, const char *path, size_t max, struct arena *a,
                          struct fs_bytes *out, struct err *err)
{
	struct reading r = { .fd = -1, .path = path, .max = max, .a = a, .err = err };
	enum status st = fs_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &r.fd, err);

	return st != OK ? st : read_open(&r, out);
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

/* A new file beside path: PATH.NUMBER~, its name in temp. -1 and errno when it cannot be made. */
static int open_temp(const char *path, mode_t mode, char *temp, size_t room)
{
	int fd = -1;

	for (int i = 0; i < TEMP_TRIES && fd < 0; i++) {
		(void)snprintf(temp, room, "%s.%lx%x~", path, (unsigned long)clock_mono_us(),
		               (unsigned)gettid() + (unsigned)i);
		fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

static int sync_folder(const char *path, char *scratch)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);
	int fd, rc;

	if (n == 0) {
		fd = open(slash == NULL ? "." : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		memcpy(scratch, path, n);
		scratch[n] = '\0';
		fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	if (rc != 0 && (errno == EINVAL || errno == EROFS))
		rc = 0; /* a file system that has no such thing */
	(void)close(fd);
	return rc;
}

static enum status write_file(const char *path, const void *bytes, size_t size, mode_t mode,
                              bool durable, struct err *err)
{
	size_t room = strlen(path) + 40;
	char *temp = mem_take(room);
	int fd, errnum, rc;

	if (temp == NULL)
		return err_nomem(err, "a path");
	if ((fd = open_temp(path, mode, temp, room)) < 0) {
		errnum = errno;
		mem_free(temp);
		return err_sys(err, errnum, "cannot write '%s'", path);
	}
	rc = write_all(fd, bytes, size);
	if (rc == 0 && durable)
		rc = fdatasync(fd);
	errnum = errno;
	if (close(fd) != 0 && rc == 0) {
		errnum = errno;
		rc = -1;
	}
	if (rc == 0 && (rc = rename(temp, path)) != 0)
		errnum = errno;
	if (rc != 0)
		(void)unlink(temp);
	else if (durable && (rc = sync_folder(path, temp)) != 0)
		errnum = errno;
	mem_free(temp);
	return rc == 0 ? OK : err_sys(err, errnum, "cannot write '%s'", path);
}

enum status fs_write(const char *path, const void *bytes, size_t size, mode_t mode, struct err *err)
{
	return write_file(path, bytes, size, mode, true, err);
}

enum status fs_write_quick(const char *path, const void *bytes, size_t size, mode_t mode,
                           struct err *err)
{
	return write_file(path, bytes, size, mode, false, err);
}

enum status fs_make_folders(const char *path, mode_t mode, struct err *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (n == 0 || n >= sizeof part)
		return path_error(err, n == 0 ? ENOENT : ENAMETOOLONG, path);
	if (mkdir(path, mode) == 0)
		return OK;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, mode) != 0 && errno != EEXIST &&
		    (stat(part, &st) != 0 || !S_ISDIR(st.st_mode)))
			return err_sys(err, errno, "cannot make the folder '%s'", part);
		part[i] = i < n ? '/' : '\0';
	}
	if (stat(path, &st) != 0)
		return err_sys(err, errno, "cannot make the folder '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, E_INPUT, "'%s' is a file, a folder is wanted there", path);
	return OK;
}
