#include "domain/project.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/memory.h"
#include "domain/project/find.h"
#include "domain/project/own.h"
#include "sys/repo.h"

#define PATHS_MAX    ((size_t)256 << 10)
#define EXCLUDE_LINE ".gadugi/"

static const char *wanted_folder(const char *root_option)
{
	const char *folder = root_option;

	if (folder == NULL || folder[0] == '\0')
		folder = getenv("CLAUDE_PROJECT_DIR");
	return folder == NULL || folder[0] == '\0' ? "." : folder;
}

/* The parts of a project whose root, and whose state when it is not below it, are known. */
static enum status set_up(struct project *p, const struct project_place *place, const char *state,
                          struct err *err)
{
	struct project_own *own = p->own;
	enum status st;

	p->root = place->root;
	p->git_dir = place->git_dir;
	p->state = state != NULL ? state
	                         : text_printf(own->arena, "%s/.gadugi",
	                                       strcmp(place->root, "/") == 0 ? "" : place->root);
	own->database = text_printf(own->arena, "%s/gadugi.db", p->state);
	if (arena_failed(own->arena))
		return err_nomem(err, "the project");
	if ((st = memory_new(&p->memory, p->state, err)) != OK)
		return st;
	if (pthread_mutex_init(&own->lock, NULL) != 0)
		return err_nomem(err, "the project");
	if ((st = project_row_init(&own->row, err)) != OK)
		(void)pthread_mutex_destroy(&own->lock);
	return st;
}

/* One that is not set up; NULL when out of memory. */
static struct project *bare(void)
{
	struct project *p = mem_zero(1, sizeof *p);

	if (p != NULL && (p->own = mem_zero(1, sizeof *p->own)) != NULL &&
	    (p->own->arena = arena_new(PATHS_MAX)) != NULL)
		return p;
	mem_free(p == NULL ? NULL : p->own);
	mem_free(p);
	return NULL;
}

static void give_up(struct project *p)
{
	memory_free(p->memory);
	arena_free(p->own->arena);
	mem_free(p->own);
	mem_free(p);
}

enum status project_open(struct project **out, const char *root_option, struct err *err)
{
	struct project *p = bare();
	struct project_place place;
	bool exact = root_option != NULL && root_option[0] != '\0';
	enum status st;

	if (p == NULL)
		return err_nomem(err, "the project");
	st = project_find(wanted_folder(root_option), exact, p->own->arena, &place, err);
	if (st == OK)
		st = set_up(p, &place, NULL, err);
	if (st != OK) {
		give_up(p);
		return st;
	}
	*out = p;
	return OK;
}

enum status project_open_shared(struct project **out, const char *folder, struct err *err)
{
	struct project *p = bare();
	struct project_place place = { 0 };
	enum status st = E_NOMEM;

	if (p != NULL)
		place.root = text_dup(p->own->arena, folder);
	if (place.root == NULL || (st = set_up(p, &place, place.root, err)) != OK) {
		if (p != NULL)
			give_up(p);
		return st == E_NOMEM ? err_nomem(err, "the user's store") : st;
	}
	*out = p;
	return OK;
}

void project_free(struct project *p)
{
	if (p == NULL)
		return;
	memory_settle(p);
	memory_free(p->memory);
	for (size_t i = 0; i < PROJECT_LINKS_MAX; i++)
		db_free(p->own->links[i].db);
	project_row_done(&p->own->row);
	(void)pthread_mutex_destroy(&p->own->lock);
	project_settings_free(p->own);
	arena_free(p->own->arena);
	mem_free(p->own);
	mem_free(p);
}

static bool same_file(const struct project_link *link, const struct stat *now)
{
	return link->device == now->st_dev && link->inode == now->st_ino;
}

/* An idle connection to the file that is at the path now, or NULL. Idle ones to another go. */
static struct db *take_idle(struct project_own *own)
{
	struct db *db = NULL, *stale[PROJECT_LINKS_MAX];
	struct stat now = { 0 };
	bool there = stat(own->database, &now) == 0;
	size_t n = 0;

	(void)pthread_mutex_lock(&own->lock);
	for (size_t i = 0; i < PROJECT_LINKS_MAX; i++) {
		struct project_link *link = &own->links[i];

		if (link->db == NULL || link->lent)
			continue;
		if (!there || !same_file(link, &now)) {
			stale[n++] = link->db;
			link->db = NULL;
		} else if (db == NULL) {
			db = link->db;
			link->lent = true;
		}
	}
	(void)pthread_mutex_unlock(&own->lock);
	while (n > 0)
		db_free(stale[--n]);
	return db;
}

/* Note a connection just opened, so that it can serve again. */
static void note_link(struct project_own *own, struct db *db)
{
	struct stat now;

	if (db_is_empty_stand_in(db) || stat(own->database, &now) != 0)
		return;
	(void)pthread_mutex_lock(&own->lock);
	for (size_t i = 0; i < PROJECT_LINKS_MAX; i++) {
		if (own->links[i].db != NULL)
			continue;
		own->links[i] = (struct project_link){ db, now.st_dev, now.st_ino, true };
		break;
	}
	(void)pthread_mutex_unlock(&own->lock);
}

enum status project_read(struct project *p, const atomic_bool *stop, struct db **out,
                         struct err *err)
{
	struct db *db = take_idle(p->own);
	enum status st;

	if (db == NULL) {
		if ((st = db_open_if_there(&db, p->own->database, err)) != OK)
			return st;
		note_link(p->own, db);
	}
	db_stop_on(db, stop);
	*out = db;
	return OK;
}

/* Hide the state folder from git. That it could not be done is said and stops nothing. */
static enum status hide_from_git(const struct project *p, struct err *err)
{
	struct err why = { 0 };
	enum status st = repo_exclude(p->git_dir, EXCLUDE_LINE, &why);

	if (st == E_NOMEM)
		return err_set(err, st, "%s", why.text);
	if (st != OK)
		log_line(LOG_WARN, "git will show .gadugi as untracked: %s", why.text);
	return OK;
}

/* Make the state folder, for its owner's eyes only. One that is a link is refused. */
static enum status make_state(struct project *p, struct err *err)
{
	struct stat st;
	bool made = mkdir(p->state, 0700) == 0;

	if (!made && errno != EEXIST)
		return err_sys(err, errno, "cannot make the folder '%s'", p->state);
	if (lstat(p->state, &st) != 0)
		return err_sys(err, errno, "cannot look at '%s'", p->state);
	if (!S_ISDIR(st.st_mode))
		return err_set(
		    err, E_DENIED,
		    "'%s' is not a folder but a link or a file; move it away, gadugi keeps "
		    "its state there",
		    p->state);
	if (p->git_dir == NULL || (!made && access(p->own->database, F_OK) == 0))
		return OK;
	return hide_from_git(p, err);
}

enum status project_write(struct project *p, const atomic_bool *stop, struct db **out,
                          struct err *err)
{
	struct db *db = take_idle(p->own);
	enum status st = OK;

	if (db == NULL) {
		if ((st = make_state(p, err)) != OK || (st = project_identity_keep(p, err)) != OK ||
		    (st = db_open(&db, p->own->database, err)) != OK)
			return st;
		note_link(p->own, db);
	}
	db_stop_on(db, stop);
	*out = db;
	return OK;
}

void project_done(struct project *p, struct db *db)
{
	struct project_own *own = p->own;
	bool known = false;

	if (db == NULL)
		return;
	db_rollback(db);
	db_read_end(db);
	db_stop_on(db, NULL);
	(void)pthread_mutex_lock(&own->lock);
	for (size_t i = 0; i < PROJECT_LINKS_MAX; i++) {
		if (own->links[i].db != db)
			continue;
		own->links[i].lent = false;
		known = true;
	}
	(void)pthread_mutex_unlock(&own->lock);
	if (!known)
		db_free(db);
}
