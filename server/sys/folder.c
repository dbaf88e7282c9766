#include "sys/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"

struct listing {
	struct folder_entry *items;
	size_t n, room;
};

static int by_name(const void *a, const void *b)
{
	const struct folder_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static enum status add(struct listing *to, int fd, const char *name, struct arena *a,
                       struct err *err)
{
	struct folder_entry *items;
	struct stat about;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return OK;
	if (fstatat(fd, name, &about, AT_SYMLINK_NOFOLLOW) != 0)
		return OK; /* gone meanwhile */
	if (!S_ISDIR(about.st_mode) && !S_ISREG(about.st_mode))
		return OK;
	if (to->n == FOLDER_NAMES_MAX)
		return err_set(err, E_INPUT, "more than %d names in a folder", FOLDER_NAMES_MAX);
	items = list_room(a, to->items, to->n, &to->room, sizeof *items);
	if (items == NULL)
		return err_nomem(err, "the names in a folder");
	to->items = items;
	items[to->n] = (struct folder_entry){
		.name = arena_copy(a, name, strlen(name)),
		.is_folder = S_ISDIR(about.st_mode),
		.size_bytes = about.st_size,
		.changed_ms =
		    (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000,
	};
	if (items[to->n].name == NULL)
		return err_nomem(err, "the names in a folder");
	to->n++;
	return OK;
}

static enum status read_names(DIR *dir, const char *path, struct listing *to, struct arena *a,
                              struct err *err)
{
	const struct dirent *entry;
	enum status st = OK;

	for (errno = 0; st == OK && (entry = readdir(dir)) != NULL; errno = 0)
		st = add(to, dirfd(dir), entry->d_name, a, err);
	if (st == OK && errno != 0)
		st = err_sys(err, errno, "cannot read the folder '%s'", path);
	return st;
}

enum status folder_list(const char *path, struct arena *a, struct folder_entry **out, size_t *n,
                        struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct listing to = { 0 };
	enum status st;
	DIR *dir;

	if (fd == -1 && errno == ENOENT)
		return err_set(err, E_ABSENT, "there is no folder '%s'", path);
	if (fd == -1 && errno == ENOTDIR)
		return err_set(err, E_INPUT, "'%s' is not a folder", path);
	if (fd == -1)
		return err_sys(err, errno, "cannot read the folder '%s'", path);
	if ((dir = fdopendir(fd)) == NULL) {
		st = err_sys(err, errno, "cannot read the folder '%s'", path);
		(void)close(fd);
		return st;
	}
	st = read_names(dir, path, &to, a, err);
	(void)closedir(dir);
	if (st != OK)
		return st;
	if (to.n > 0)
		qsort(to.items, to.n, sizeof *to.items, by_name);
	*out = to.items;
	*n = to.n;
	return OK;
}

bool folder_file(const char *path, struct folder_file *out)
{
	struct stat about;

	if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
		return false;
	*out = (struct folder_file){
		.size_bytes = about.st_size,
		.changed_ns = (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec,
		.number = about.st_ino,
	};
	return true;
}
