/* settings.c - the configuration of a project: read when its files have changed, kept for good. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/config.h"
#include "domain/config/trust.h"
#include "domain/project/own.h"
#include "sys/fs.h"
#include "sys/repo.h"

#define ARENA_MAX ((size_t)16 << 20)

/* What tells one state of a file from another. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

enum { USER, PROJECT, TRUSTED, FILES_N };

struct settings {
	struct settings *older;
	struct arena *arena;
	const struct config *config;
	struct stamp stamps[FILES_N];
};

struct paths {
	const char *at[FILES_N];
	const char *home; /* NULL when unknown */
};

void project_settings_free(struct project_own *own)
{
	while (own->settings != NULL) {
		struct settings *s = own->settings;

		own->settings = s->older;
		arena_free(s->arena);
		mem_free(s);
	}
}

/* Without a home folder the user has no settings: the paths lead nowhere then. */
static enum status find_paths(const struct project *p, struct arena *a, struct paths *out,
                              struct err *err)
{
	const char *home = getenv("HOME"), *base = getenv("XDG_CONFIG_HOME"), *folder;

	if (home != NULL && home[0] != '/')
		home = NULL;
	if (base != NULL && base[0] == '/')
		folder = text_printf(a, "%s/gadugi", base);
	else
		folder = text_printf(a, "%s/.config/gadugi", home == NULL ? "/nonexistent" : home);
	out->home = home == NULL ? NULL : text_dup(a, home);
	out->at[USER] = text_printf(a, "%s/config", folder == NULL ? "" : folder);
	out->at[TRUSTED] = text_printf(a, "%s/trusted", folder == NULL ? "" : folder);
	out->at[PROJECT] = text_printf(a, "%s/config", p->state);
	return arena_failed(a) ? err_nomem(err, "the configuration") : OK;
}

static struct stamp stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (struct stamp){ 0 };
	return (struct stamp){ st.st_dev, st.st_ino, st.st_size, st.st_ctim };
}

static bool same(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static enum status read_source(const char *path, struct arena *a, struct config_source *out,
                               struct err *err)
{
	char *bytes;
	enum status st;

	*out = (struct config_source){ .path = path };
	st = fs_read(path, CONFIG_BYTES_MAX, a, &bytes, &out->size, err);
	if (st == OK)
		out->bytes = bytes;
	return st == E_ABSENT ? OK : st;
}

/* Settings that others can change would let them run commands as us. */
static enum status check_users(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return OK;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, E_DENIED, "'%s' belongs to another user and is not read", path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, E_DENIED,
		               "'%s' can be changed by others and is not read; say 'chmod go-w %s'",
		               path, path);
	return OK;
}

/*
 * Did the file come with the repository? When that cannot be told it is taken to have. The
 * root may lie below the top of the work tree.
 */
static const char *came_along(const struct project *p, struct arena *a)
{
	struct repo *r = NULL;
	struct err why = { 0 };
	bool tracked = true;
	const char *path = NULL, *words = NULL;
	enum status st = repo_open(&r, p->root, &why);

	if (st == OK && repo_place(r)->top != NULL) {
		size_t n = strlen(repo_place(r)->top);

		path = strncmp(p->state, repo_place(r)->top, n) == 0 ? p->state + n : p->state;
		path = text_printf(a, "%s/config", path + (path[0] == '/'));
	}
	if (path != NULL)
		st = repo_tracks(r, path, &tracked, &why);
	else if (st == OK)
		tracked = false; /* a bare repository has no files */
	if (st != OK)
		words = text_printf(a, "may have come with the repository (%s)", why.text);
	else if (tracked)
		words = "is tracked by git";
	repo_free(r);
	return words;
}

/* Why the project's file may not define commands, or NULL. */
static enum status distrust(const struct project *p, const struct paths *paths,
                            const struct config_source *source, struct arena *a, const char **why,
                            struct err *err)
{
	char hash[HASH_TEXT_SIZE];
	struct stat st;
	bool trusted;
	enum status status;

	*why = NULL;
	if (source->bytes == NULL)
		return OK;
	hash_text(source->bytes, source->size, hash);
	status = trust_has(paths->at[TRUSTED], source->path, hash, a, &trusted, err);
	if (status != OK || trusted)
		return status;
	if (lstat(source->path, &st) != 0 || S_ISLNK(st.st_mode))
		*why = "is a link";
	else if (st.st_uid != geteuid())
		*why = "belongs to another user";
	else if (p->git_dir != NULL)
		*why = came_along(p, a);
	return OK;
}

static enum status load(const struct project *p, const struct paths *paths, struct settings *s,
                        struct err *err)
{
	struct config_files files = { .root = p->root, .home = paths->home };
	enum status st;

	for (int i = 0; i < FILES_N; i++)
		s->stamps[i] = stamp_of(paths->at[i]);
	if ((st = check_users(paths->at[USER], err)) != OK ||
	    (st = check_users(paths->at[TRUSTED], err)) != OK ||
	    (st = read_source(paths->at[USER], s->arena, &files.user, err)) != OK ||
	    (st = read_source(paths->at[PROJECT], s->arena, &files.project, err)) != OK ||
	    (st = distrust(p, paths, &files.project, s->arena, &files.distrust, err)) != OK)
		return st;
	return config_read(&files, s->arena, &s->config, err);
}

static bool is_current(const struct settings *s, const struct stamp *now)
{
	for (int i = 0; i < FILES_N; i++)
		if (s == NULL || !same(&s->stamps[i], &now[i]))
			return false;
	return true;
}

/* lock is held: only one thread reads anew. What the files look like was seen before. */
static enum status refresh(struct project *p, const struct paths *paths, const struct stamp *now,
                           struct err *err)
{
	struct project_own *own = p->own;
	struct settings *s;
	enum status st;

	if (is_current(own->settings, now))
		return OK;
	if ((s = mem_zero(1, sizeof *s)) == NULL || (s->arena = arena_new(ARENA_MAX)) == NULL) {
		mem_free(s);
		return err_nomem(err, "the configuration");
	}
	if ((st = load(p, paths, s, err)) != OK) {
		arena_free(s->arena);
		mem_free(s);
		return st;
	}
	s->older = own->settings;
	own->settings = s;
	return OK;
}

enum status project_config(struct project *p, const struct config **out, struct err *err)
{
	struct arena *a = arena_new(ARENA_MAX);
	struct stamp now[FILES_N];
	struct paths paths;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "the configuration");
	if ((st = find_paths(p, a, &paths, err)) == OK) {
		for (int i = 0; i < FILES_N; i++)
			now[i] = stamp_of(paths.at[i]);
		(void)pthread_mutex_lock(&p->own->lock);
		if ((st = refresh(p, &paths, now, err)) == OK)
			*out = p->own->settings->config;
		(void)pthread_mutex_unlock(&p->own->lock);
	}
	arena_free(a);
	return st;
}

enum status project_trust(struct project *p, struct arena *a, struct project_trust *out,
                          struct err *err)
{
	struct config_files files = { .root = p->root };
	const struct config *checked;
	char hash[HASH_TEXT_SIZE];
	struct paths paths = { 0 };
	bool before;
	enum status st;

	if ((st = find_paths(p, a, &paths, err)) != OK ||
	    (st = read_source(paths.at[PROJECT], a, &files.project, err)) != OK)
		return st;
	if (files.project.bytes == NULL)
		return err_set(err, E_ABSENT, "there is no '%s' to trust", paths.at[PROJECT]);
	files.user.path = paths.at[USER];
	files.home = paths.home;
	if ((st = config_read(&files, a, &checked, err)) != OK)
		return st;
	hash_text(files.project.bytes, files.project.size, hash);
	st = trust_has(paths.at[TRUSTED], paths.at[PROJECT], hash, a, &before, err);
	if (st == OK && !before)
		st = trust_add(paths.at[TRUSTED], paths.at[PROJECT], hash, a, err);
	if (st != OK)
		return st;
	*out = (struct project_trust){ paths.at[PROJECT], text_dup(a, hash), !before };
	return out->hash == NULL ? err_nomem(err, "the hash") : OK;
}

enum status project_trust_json(struct project *p, cJSON **out, struct err *err)
{
	struct arena *a = arena_new(ARENA_MAX);
	struct project_trust trust = { 0 };
	const struct config *config = NULL;
	struct json_build b = { 0 };
	cJSON *answer;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "trusting");
	if ((st = project_trust(p, a, &trust, err)) == OK &&
	    (st = project_config(p, &config, err)) == OK) {
		answer = json_object(&b);
		json_put_text(&b, answer, "path", trust.path);
		json_put_text(&b, answer, "hash", trust.hash);
		json_put_flag(&b, answer, "anew", trust.anew);
		config_put_commands(&b, answer, config);
		st = json_built(&b, answer, out, err);
	}
	arena_free(a);
	return st;
}
