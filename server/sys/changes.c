#include "sys/changes.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"

#define FILE_EVENTS                                                                                \
	(IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF |   \
	 IN_MOVE_SELF)
#define AROUND_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

struct folder_watch {
	char *path; /* owned */
	int wd;     /* of the folder, or of the nearest one around it; -1: neither */
	bool there; /* the folder itself */
};

struct changes {
	int fd;
	struct folder_watch *folders; /* owned */
	size_t n, room;
	const char *const *endings;
};

static int watch_itself(const struct changes *w, const char *path)
{
	return inotify_add_watch(w->fd, path, FILE_EVENTS | IN_MASK_ADD | IN_ONLYDIR);
}

/* Watch the nearest folder around that is there. The path is cut, and made whole again. */
static int watch_around(const struct changes *w, char *path)
{
	char *end = path + strlen(path);
	int wd = -1;

	for (char *cut = end; wd == -1 && cut > path;) {
		while (cut > path && *cut != '/')
			cut--;
		if (cut == path)
			break;
		*cut = '\0';
		wd = inotify_add_watch(w->fd, path, AROUND_EVENTS | IN_MASK_ADD | IN_ONLYDIR);
	}
	for (char *c = path; c < end; c++)
		if (*c == '\0')
			*c = '/';
	return wd;
}

/*
 * Watch the folder, or the nearest one around it that is there. True when the folder itself
 * came, went or became another one.
 */
static bool aim(struct changes *w, struct folder_watch *f)
{
	bool was_there = f->there;
	int was = f->wd;

	f->wd = watch_itself(w, f->path);
	if (f->wd == -1) {
		int around = watch_around(w, f->path);

		/* it may have come between the two looks */
		f->wd = watch_itself(w, f->path);
		f->there = f->wd != -1;
		if (!f->there)
			f->wd = around;
	} else {
		f->there = true;
	}
	return f->there != was_there || (f->there && f->wd != was);
}

enum status changes_add(struct changes *w, const char *folder, struct err *err)
{
	size_t size = strlen(folder) + 1, room = w->room == 0 ? CHANGES_MAX : w->room * 2;
	struct folder_watch *f;

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->folders[i].path, folder) == 0)
			return OK;
	if (w->n == w->room) {
		if ((f = mem_grow(w->folders, room * sizeof *f)) == NULL)
			return err_nomem(err, "a watch on folders");
		w->folders = f;
		w->room = room;
	}
	f = &w->folders[w->n];
	*f = (struct folder_watch){ .path = mem_take(size), .wd = -1 };
	if (f->path == NULL)
		return err_nomem(err, "a watch on folders");
	memcpy(f->path, folder, size);
	w->n++;
	(void)aim(w, f);
	return OK;
}

enum status changes_new(struct changes **out, const char *const *folders, size_t n,
                        const char *const *endings, struct err *err)
{
	struct changes *w = mem_zero(1, sizeof *w);
	enum status st = OK;

	assert(n <= CHANGES_MAX);
	if (w == NULL)
		return err_nomem(err, "a watch on folders");
	if ((w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) == -1) {
		mem_free(w);
		return err_sys(err, errno, "cannot watch folders");
	}
	w->endings = endings;
	for (size_t i = 0; st == OK && i < n; i++)
		st = changes_add(w, folders[i], err);
	if (st != OK) {
		changes_free(w);
		return st;
	}
	*out = w;
	return OK;
}

void changes_free(struct changes *w)
{
	if (w == NULL)
		return;
	(void)close(w->fd);
	for (size_t i = 0; i < w->n; i++)
		mem_free(w->folders[i].path);
	mem_free(w->folders);
	mem_free(w);
}

int changes_fd(const struct changes *w)
{
	return w->fd;
}

/* Is it one of the files that count? */
static bool counts(const struct changes *w, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *e = w->endings; *e != NULL; e++)
		if (n >= strlen(*e) && strcmp(name + n - strlen(*e), *e) == 0)
			return true;
	return false;
}

static bool concerns(const struct changes *w, const struct inotify_event *e)
{
	if (e->len > 0 && *e->name != '\0' && !counts(w, e->name))
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (w->folders[i].there && w->folders[i].wd == e->wd)
			return true;
	return (e->mask & IN_Q_OVERFLOW) != 0;
}

bool changes_heard(struct changes *w)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool heard = false, any = false;
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof buf)) > 0 || (n == -1 && errno == EINTR)) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e =
			    (const struct inotify_event *)(const void *)(buf + at);

			any = true;
			heard = heard || concerns(w, e);
			at += (ssize_t)(sizeof *e + e->len);
		}
	}
	for (size_t i = 0; any && i < w->n; i++)
		heard = aim(w, &w->folders[i]) || heard;
	return heard;
}
