#include "sys/gone.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Of the folder around; of those further up only that they are moved, which is rare. */
#define AROUND_EVENTS (IN_DELETE | IN_MOVED_FROM | IN_MOVE_SELF | IN_DELETE_SELF)
#define UP_EVENTS     (IN_MOVE_SELF | IN_DELETE_SELF)

struct gone {
	int fd; /* inotify, non-blocking */
	dev_t device;
	ino_t inode;
	char path[];
};

/* Watch all folders around it. One that may not be watched is passed over. */
static int watch_up(struct gone *g)
{
	char *end = g->path + strlen(g->path), *slash;
	uint32_t events = AROUND_EVENTS;

	while ((slash = memrchr(g->path, '/', (size_t)(end - g->path))) != NULL) {
		char *stop = slash == g->path ? slash + 1 : slash, kept = *stop;
		int watch;

		*stop = '\0';
		watch = inotify_add_watch(g->fd, g->path, events | IN_ONLYDIR);
		*stop = kept;
		if (watch == -1 && (events == AROUND_EVENTS || errno != EACCES))
			return -1;
		events = UP_EVENTS;
		end = slash;
	}
	return 0;
}

enum status gone_watch(struct gone **out, const char *folder, struct err *err)
{
	size_t n = strlen(folder) + 1;
	struct gone *g = mem_take(sizeof *g + n);
	struct stat now;

	if (g == NULL)
		return err_nomem(err, "a watch on a folder");
	memcpy(g->path, folder, n);
	g->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (g->fd == -1 || stat(folder, &now) != 0 || watch_up(g) != 0) {
		(void)err_sys(err, errno, "cannot watch over '%s'", folder);
		gone_free(g);
		return E_IO;
	}
	g->device = now.st_dev;
	g->inode = now.st_ino;
	*out = g;
	return OK;
}

void gone_free(struct gone *g)
{
	if (g == NULL)
		return;
	if (g->fd != -1)
		(void)close(g->fd);
	mem_free(g);
}

int gone_fd(const struct gone *g)
{
	return g->fd;
}

bool gone_look(struct gone *g)
{
	struct stat now;
	char told[4096];

	while (read(g->fd, told, sizeof told) > 0)
		continue;
	return stat(g->path, &now) != 0 || now.st_dev != g->device || now.st_ino != g->inode;
}
