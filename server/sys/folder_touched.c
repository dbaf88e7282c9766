/* folder_touched.c - has anything changed below a folder? */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/folder.h"

#define DEPTH_MOST 64

struct search {
	int64_t since_ms;
	size_t left; /* entries that may still be looked at */
};

static bool newer(const struct stat *about, int64_t since_ms)
{
	return (int64_t)about->st_mtim.tv_sec * 1000 + about->st_mtim.tv_nsec / 1000000 >
	           since_ms ||
	       (int64_t)about->st_ctim.tv_sec * 1000 + about->st_ctim.tv_nsec / 1000000 > since_ms;
}

static bool ours(const char *name)
{
	static const char *const names[] = { ".", "..", ".git", ".gadugi" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Takes fd over. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MOST */
static bool look(struct search *s, int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	struct stat about;
	bool found = false;

	if (dir == NULL) {
		(void)close(fd);
		return false;
	}
	while (!found && s->left > 0 && (entry = readdir(dir)) != NULL) {
		if (ours(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		s->left--;
		found = newer(&about, s->since_ms);
		if (found || !S_ISDIR(about.st_mode) || depth == DEPTH_MOST)
			continue;
		fd = openat(dirfd(dir), entry->d_name,
		            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		found = fd != -1 && look(s, fd, depth + 1);
	}
	(void)closedir(dir);
	return found;
}

bool folder_touched(const char *path, int64_t since_ms, size_t most)
{
	struct search s = { since_ms, most };
	struct stat about;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return false;
	if (fstat(fd, &about) == 0 && newer(&about, since_ms)) {
		(void)close(fd);
		return true;
	}
	return look(&s, fd, 0);
}
