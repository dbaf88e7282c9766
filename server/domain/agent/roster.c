#include "domain/roster.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/changes.h"

#define SET_ARENA ((size_t)512 << 20)

/* A set that was read, and how many use it: the roster while it is the newest, and others. */
struct edition {
	struct edition *next;
	struct arena *arena;
	struct agent_set *set;
	size_t users;
};

struct roster {
	struct arena *arena; /* of the paths */
	struct agent_places places;
	struct changes *watch;
	bool unread; /* a change was heard and could not be read; of the one that refreshes */
	pthread_mutex_t lock; /* guards the members below */
	struct edition *newest;
	struct edition *older; /* still in use by somebody */
};

static enum status read_all(const struct roster *r, struct edition **out, struct err *err)
{
	struct edition *e = mem_zero(1, sizeof *e);
	enum status st = OK;

	if (e == NULL || (e->arena = arena_new(SET_ARENA)) == NULL)
		st = err_nomem(err, "the agents");
	if (st == OK)
		st = agent_load(&r->places, e->arena, &e->set, err);
	if (st != OK) {
		if (e != NULL)
			arena_free(e->arena);
		mem_free(e);
		return st;
	}
	e->users = 1;
	*out = e;
	return OK;
}

static void edition_free(struct edition *e)
{
	if (e != NULL)
		arena_free(e->arena);
	mem_free(e);
}

static enum status watch_folders(struct roster *r, struct err *err)
{
	static const char *const endings[] = { ".md", ".mcp.json", NULL };
	const char *folders[CHANGES_MAX];
	size_t n = 0;
	const struct agent_places *p = &r->places;

	folders[n++] = text_printf(r->arena, "%s/.gadugi/agents", p->root);
	folders[n++] = text_printf(r->arena, "%s/.claude/agents", p->root);
	folders[n++] = p->root; /* for .mcp.json: which servers there are */
	if (p->config_home != NULL)
		folders[n++] = text_printf(r->arena, "%s/gadugi/agents", p->config_home);
	else if (p->home != NULL)
		folders[n++] = text_printf(r->arena, "%s/.config/gadugi/agents", p->home);
	if (p->home != NULL)
		folders[n++] = text_printf(r->arena, "%s/.claude/agents", p->home);
	if (arena_failed(r->arena))
		return err_nomem(err, "the agents");
	return changes_new(&r->watch, folders, n, endings, err);
}

enum status roster_new(struct roster **out, const char *root, struct err *err)
{
	struct roster *r = mem_zero(1, sizeof *r);
	enum status st = E_NOMEM;

	if (r == NULL || (r->arena = arena_new((size_t)1 << 20)) == NULL) {
		mem_free(r);
		return err_nomem(err, "the agents");
	}
	r->places =
	    (struct agent_places){ .root = text_dup(r->arena, root),
		                   .home = text_dup(r->arena, getenv("HOME")),
		                   .config_home = text_dup(r->arena, getenv("XDG_CONFIG_HOME")) };
	(void)pthread_mutex_init(&r->lock, NULL);
	/* the watch comes first, so that no change is missed */
	if (arena_failed(r->arena))
		(void)err_nomem(err, "the agents");
	else if ((st = watch_folders(r, err)) == OK)
		st = read_all(r, &r->newest, err);
	if (st != OK) {
		roster_free(r);
		return st;
	}
	*out = r;
	return OK;
}

void roster_free(struct roster *r)
{
	if (r == NULL)
		return;
	edition_free(r->newest);
	for (struct edition *e = r->older, *next; e != NULL; e = next) {
		next = e->next;
		edition_free(e);
	}
	changes_free(r->watch);
	(void)pthread_mutex_destroy(&r->lock);
	arena_free(r->arena);
	mem_free(r);
}

int roster_fd(const struct roster *r)
{
	return changes_fd(r->watch);
}

/* One user less of an edition; the lock is held. What nobody uses any more is returned. */
static struct edition *leave(struct roster *r, struct edition *e)
{
	struct edition **at = &r->older;

	if (--e->users > 0)
		return NULL;
	while (*at != NULL && *at != e)
		at = &(*at)->next;
	if (*at != NULL)
		*at = e->next;
	return e;
}

enum status roster_refresh(struct roster *r, bool *changed, struct err *err)
{
	struct edition *fresh = NULL, *old;
	enum status st;

	*changed = changes_heard(r->watch) || r->unread;
	if (!*changed)
		return OK;
	st = read_all(r, &fresh, err);
	r->unread = st != OK;
	if (st != OK)
		return st;
	(void)pthread_mutex_lock(&r->lock);
	old = r->newest;
	r->newest = fresh;
	old->next = r->older;
	r->older = old;
	old = leave(r, old);
	(void)pthread_mutex_unlock(&r->lock);
	edition_free(old);
	return OK;
}

const struct agent_set *roster_use(struct roster *r)
{
	const struct agent_set *set;

	(void)pthread_mutex_lock(&r->lock);
	r->newest->users++;
	set = r->newest->set;
	(void)pthread_mutex_unlock(&r->lock);
	return set;
}

void roster_leave(struct roster *r, const struct agent_set *set)
{
	struct edition *e, *gone = NULL;

	if (set == NULL)
		return;
	(void)pthread_mutex_lock(&r->lock);
	for (e = r->newest->set == set ? r->newest : r->older; e != NULL && e->set != set;)
		e = e->next;
	if (e != NULL)
		gone = leave(r, e);
	(void)pthread_mutex_unlock(&r->lock);
	edition_free(gone);
}

static int by_name(const void *a, const void *b)
{
	const struct agent *x = a, *y = b;

	return strcmp(x->name, y->name);
}

const struct agent *roster_find(const struct agent_set *set, const char *name)
{
	const struct agent wanted = { .name = name };

	return set->n_agents == 0
	           ? NULL
	           : bsearch(&wanted, set->agents, set->n_agents, sizeof wanted, by_name);
}
