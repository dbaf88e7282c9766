#include "sys/repo/lib.h"

#include <dlfcn.h>
#include <git2/sys/alloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const char *const names[] = {
#define NAME(name) "git_" #name,
	GIT_FUNCTIONS(NAME)
#undef NAME
};

/*
 * --- its memory ---
 * libgit2 1.5 does not survive a refusal everywhere (reading configuration, for one), so what was
 * refused is asked for once more before it hears of it.
 */

static void *take(size_t n, const char *file, int line)
{
	void *p = mem_take(n);

	(void)file;
	(void)line;
	return p != NULL ? p : mem_take(n);
}

static void *take_zero(size_t count, size_t size, const char *file, int line)
{
	void *p = mem_zero(count, size);

	(void)file;
	(void)line;
	return p != NULL ? p : mem_zero(count, size);
}

static char *copy_n(const char *s, size_t n, const char *file, int line)
{
	char *out = n == SIZE_MAX ? NULL : take(n + 1, file, line);

	if (out != NULL) {
		memcpy(out, s, n);
		out[n] = '\0';
	}
	return out;
}

static char *copy(const char *s, const char *file, int line)
{
	return copy_n(s, strlen(s), file, line);
}

static char *copy_most(const char *s, size_t n, const char *file, int line)
{
	return copy_n(s, strnlen(s, n), file, line);
}

static void *grow(void *p, size_t n, const char *file, int line)
{
	void *out = mem_grow(p, n);

	(void)file;
	(void)line;
	return out != NULL ? out : mem_grow(p, n);
}

static void *grow_array(void *p, size_t count, size_t size, const char *file, int line)
{
	size_t n;

	return __builtin_mul_overflow(count, size, &n) ? NULL : grow(p, n, file, line);
}

static void *take_array(size_t count, size_t size, const char *file, int line)
{
	return grow_array(NULL, count, size, file, line);
}

/* --- loading ------------------------------------------------------------------------------- */

static enum status fill(struct git *g, void *so, struct err *err)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		void *found = dlsym(so, names[i]);

		if (found == NULL)
			return err_set(err, E_ABSENT, "the libgit2 on this machine has no %s",
			               names[i]);
		memcpy((char *)g + i * sizeof found, &found, sizeof found);
	}
	return OK;
}

static enum status load(struct git *g, struct err *err)
{
	static const git_allocator ours = {
		/* libgit2 keeps the pointer */
		.gmalloc = take,
		.gcalloc = take_zero,
		.gstrdup = copy,
		.gstrndup = copy_most,
		.gsubstrdup = copy_n,
		.grealloc = grow,
		.greallocarray = grow_array,
		.gmallocarray = take_array,
		.gfree = mem_free,
	};
	/* what these change does not concern us: where settings lie, how worktrees are linked,
	 * and objects that may be missing, which is said when one is */
	const char *extensions[] = { "worktreeconfig",    "worktreeConfig", "relativeworktrees",
		                     "relativeWorktrees", "partialclone",   "partialClone",
		                     "preciousobjects",   "preciousObjects" };
	void *so = dlopen("libgit2.so." LIBGIT2_SOVERSION, RTLD_NOW | RTLD_LOCAL);
	enum status st;

	if (so == NULL)
		return err_set(err, E_ABSENT,
		               "libgit2 %s is not installed: install it to run tasks in "
		               "worktrees, or use mode: shared",
		               LIBGIT2_SOVERSION);
	_Static_assert(sizeof(struct git) == sizeof names, "one pointer for each name");
	if ((st = fill(g, so, err)) != OK)
		goto out;
	if (g->libgit2_opts(GIT_OPT_SET_ALLOCATOR, &ours) != 0 || g->libgit2_init() < 0) {
		st = err_nomem(err, "libgit2");
		goto out;
	}
	if (g->libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
	                    sizeof extensions / sizeof *extensions) == 0)
		return OK;
	st = err_nomem(err, "libgit2");
out:
	(void)dlclose(so);
	return st;
}

const struct git *git_lib(struct err *err)
{
	/* like the library itself there is one for the process; written once, under the lock */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct git table;
	static bool loaded;
	bool good;

	(void)pthread_mutex_lock(&lock);
	if (!loaded)
		loaded = load(&table, err) == OK;
	good = loaded;
	(void)pthread_mutex_unlock(&lock);
	return good ? &table : NULL;
}

enum status git_fail(const struct git *g, int rc, struct err *err, const char *fmt, ...)
{
	const git_error *e = g->error_last();
	enum status st = E_IO;
	va_list ap;
	size_t at;

	if (e != NULL && e->klass == GIT_ERROR_NOMEMORY)
		st = E_NOMEM;
	else if (rc == GIT_ENOTFOUND || rc == GIT_EUNBORNBRANCH)
		st = E_ABSENT;
	else if (rc == GIT_ELOCKED || rc == GIT_EMODIFIED)
		st = E_BUSY;
	else if (rc == GIT_EINVALIDSPEC || rc == GIT_EAMBIGUOUS || rc == GIT_EEXISTS)
		st = E_INPUT;
	else if (rc == GIT_EOWNER)
		st = E_DENIED;
	if (err == NULL)
		return st;
	err->code = st;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	at = strlen(err->text);
	(void)snprintf(err->text + at, sizeof err->text - at, ": %s",
	               st == E_NOMEM                     ? "no memory"
	               : e != NULL && e->message != NULL ? e->message
	                                                 : "git does not say why");
	return st;
}
