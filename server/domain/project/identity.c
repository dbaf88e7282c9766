/* identity.c - what a project is called in memory, wherever its folder is moved to. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/project/own.h"
#include "store/graph.h"
#include "sys/fs.h"
#include "sys/repo.h"

#define PATHS_MAX ((size_t)64 << 10)
#define MADE_UP   'l' /* how an identity begins that is not a commit's; no hexadecimal digit */

static bool well_formed(const char *id, size_t n)
{
	if (n < 8 || n >= PROJECT_IDENTITY_SIZE)
		return false;
	return strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz") == n;
}

/* The id of the file into own->identity; false when there is none or it is no id. */
static bool read_it(struct project_own *own, const char *path)
{
	char bytes[PROJECT_IDENTITY_SIZE + 1];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1)
		return false;
	n = read(fd, bytes, sizeof bytes - 1);
	(void)close(fd);
	if (n <= 0)
		return false;
	bytes[n] = '\0';
	bytes[strcspn(bytes, "\n")] = '\0';
	if (!well_formed(bytes, strlen(bytes)))
		return false;
	memcpy(own->identity, bytes, strlen(bytes) + 1);
	return true;
}

/* Put the id beside the path and link it there: the first of several processes wins. */
static enum status write_it(struct project_own *own, const char *path, struct arena *a,
                            struct err *err)
{
	char unique[ID_SIZE];
	size_t n = strlen(own->identity);
	char *beside;
	bool written;
	int fd;

	id_new(unique, 'x', 0);
	if ((beside = text_printf(a, "%s.%s", path, unique)) == NULL)
		return err_nomem(err, "a path");
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(err, errno, "cannot make '%s'", beside);
	written = write(fd, own->identity, n) == (ssize_t)n && fsync(fd) == 0;
	if (close(fd) != 0 || !written || (link(beside, path) != 0 && errno != EEXIST)) {
		(void)err_sys(err, errno, "cannot write '%s'", path);
		(void)unlink(beside);
		return E_IO;
	}
	(void)unlink(beside);
	return read_it(own, path) ? OK
	                          : err_set(err, E_IO, "'%s' holds no identity; remove it", path);
}

static void make_up(struct project *p)
{
	id_new(p->own->identity, MADE_UP, clock_wall_ms(&p->clock));
}

enum status project_identity_keep(struct project *p, struct err *err)
{
	struct arena *a = arena_new(PATHS_MAX);
	char *path = a == NULL ? NULL : text_printf(a, "%s/identity", p->state);
	enum status st = OK;

	if (path == NULL) {
		arena_free(a);
		return err_nomem(err, "a path");
	}
	(void)pthread_mutex_lock(&p->own->lock);
	if (!read_it(p->own, path)) {
		if (p->own->identity[0] == '\0')
			make_up(p);
		st = write_it(p->own, path, a, err);
	}
	(void)pthread_mutex_unlock(&p->own->lock);
	arena_free(a);
	return st;
}

/* The first commit that all clones share; false when there is none, or none that can be told. */
static bool find_root(const struct project *p, struct arena *a, struct oid *out)
{
	struct err why = { 0 };
	struct repo *r = NULL;
	const char *shallow = text_printf(a, "%s/shallow", p->git_dir);
	bool found;

	if (shallow == NULL || access(shallow, F_OK) == 0)
		return false; /* a shallow clone does not know */
	found = repo_open(&r, p->root, &why) == OK && repo_root(r, out, &why) == OK;
	repo_free(r);
	return found;
}

/* What was stored under the identity before is from now on under the root's. */
static enum status carry_over(struct project *p, const char *before, const struct oid *root,
                              const char *path, struct err *err)
{
	struct db *db = NULL;
	enum status st;

	if (access(p->own->database, F_OK) != 0)
		return OK;
	if ((st = project_write(p, NULL, &db, err)) != OK)
		return st;
	if ((st = db_begin(db, err)) == OK &&
	    (st = graph_project_key(db, before, root->hex, err)) == OK)
		st = db_commit(db, err);
	project_done(p, db);
	return st == OK ? fs_write(path, root->hex, strlen(root->hex), 0600, err) : st;
}

/* Once a process, while the identity is made up: is there a commit to take it from by now? */
static void settle(struct project *p, struct arena *a, const char *path)
{
	struct project_own *own = p->own;
	char before[PROJECT_IDENTITY_SIZE];
	struct oid root = { "" };
	struct err why = { 0 };
	bool look;

	(void)pthread_mutex_lock(&own->lock);
	look = !own->looked_for_root && own->identity[0] == MADE_UP && p->git_dir != NULL;
	own->looked_for_root = true;
	memcpy(before, own->identity, sizeof before);
	(void)pthread_mutex_unlock(&own->lock);
	if (!look || !find_root(p, a, &root))
		return;
	if (carry_over(p, before, &root, path, &why) != OK) {
		log_line(LOG_WARN, "memories stay under a provisional name for now: %s", why.text);
		return;
	}
	(void)pthread_mutex_lock(&own->lock);
	memcpy(own->identity, root.hex, sizeof root.hex);
	(void)pthread_mutex_unlock(&own->lock);
}

enum status project_identity(struct project *p, struct arena *a, const char **out, struct err *err)
{
	struct project_own *own = p->own;
	char *path = text_printf(a, "%s/identity", p->state), *copy;

	if (path == NULL)
		return err_nomem(err, "a path");
	(void)pthread_mutex_lock(&own->lock);
	if (own->identity[0] == '\0' && !read_it(own, path))
		make_up(p); /* kept when something is stored for the first time */
	(void)pthread_mutex_unlock(&own->lock);
	settle(p, a, path);
	(void)pthread_mutex_lock(&own->lock);
	copy = text_dup(a, own->identity);
	(void)pthread_mutex_unlock(&own->lock);
	if (copy == NULL)
		return err_nomem(err, "the project's identity");
	*out = copy;
	return OK;
}
