#include "tests/lib/folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

#define TEXTS_MAX ((size_t)64 << 20)

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

int folder_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct folder *f = mem_zero(1, sizeof *f);
	char here[PATH_MAX], real[PATH_MAX], *made;

	if (f == NULL || (f->arena = arena_new(TEXTS_MAX)) == NULL)
		return -1;
	made = text_printf(f->arena, "%s/gadugi-unit.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (made == NULL || mkdtemp(made) == NULL || realpath(made, real) == NULL ||
	    getcwd(here, sizeof here) == NULL)
		return -1;
	f->path = text_dup(f->arena, real);
	f->started_in = text_dup(f->arena, here);
	*state = f;
	return 0;
}

static int drop_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)walk;
	if (kind == FTW_DNR || kind == FTW_D)
		(void)chmod(path, 0700);
	return remove(path);
}

static void drop(const char *path)
{
	if (nftw(path, drop_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		perror(path);
}

int folder_teardown(void **state)
{
	struct folder *f = *state;

	if (chdir(f->started_in) != 0)
		return -1;
	drop(f->path);
	arena_free(f->arena);
	mem_free(f);
	return 0;
}

const char *folder_at(const struct folder *f, const char *name)
{
	const char *path = text_printf(f->arena, "%s/%s", f->path, name);

	if (path == NULL)
		give_up(name);
	return path;
}

void folder_put(const struct folder *f, const char *name, const char *content)
{
	char *path = text_printf(f->arena, "%s/%s", f->path, name);
	size_t n = strlen(content);
	int fd;

	if (path == NULL)
		give_up(name);
	for (char *slash = path + strlen(f->path) + 1; (slash = strchr(slash, '/')) != NULL;
	     slash++) {
		*slash = '\0';
		(void)mkdir(path, 0777);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd == -1 || write(fd, content, n) != (ssize_t)n || close(fd) != 0)
		give_up(path);
}

void folder_putf(const struct folder *f, const char *name, const char *fmt, ...)
{
	char some[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(some, sizeof some, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof some)
		give_up(name);
	folder_put(f, name, some);
}

const char *folder_get(const struct folder *f, const char *name)
{
	struct text all;
	const char *copy;
	char some[4096];
	ssize_t n;
	int fd = open(folder_at(f, name), O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return NULL;
	text_init(&all, TEXTS_MAX);
	while ((n = read(fd, some, sizeof some)) > 0)
		text_add_n(&all, some, (size_t)n);
	(void)close(fd);
	copy = all.len == 0 ? "" : text_copy(&all, f->arena);
	text_done(&all);
	return copy;
}

void folder_drop(const struct folder *f, const char *name)
{
	drop(folder_at(f, name));
}
