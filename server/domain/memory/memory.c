#include "domain/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/config.h"
#include "domain/memory/own.h"
#include "sys/fs.h"

#define PATHS_MAX   ((size_t)64 << 10)
#define SPARE_TERMS (sizeof(((struct memory *)NULL)->spare_terms) / sizeof(struct terms *))

enum status memory_new(struct memory **out, const char *folder, struct err *err)
{
	struct memory *m = mem_zero(1, sizeof *m);
	enum status st;

	if (m == NULL)
		return err_nomem(err, "memory");
	if ((st = index_new(&m->index, err)) != OK || (st = grams_new(&m->grams, err)) != OK ||
	    (st = index_keep(m->index, folder, INDEX_KEEP_FROM, err)) != OK)
		goto out;
	if (pthread_mutex_init(&m->lock, NULL) != 0) {
		st = err_nomem(err, "memory");
		goto out;
	}
	*out = m;
	return OK;
out:
	grams_free(m->grams);
	index_free(m->index);
	mem_free(m);
	return st;
}

void memory_free(struct memory *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < SPARE_TERMS; i++)
		terms_free(m->spare_terms[i]);
	project_free(m->shared);
	mem_free(m->used);
	index_free(m->index);
	grams_free(m->grams);
	(void)pthread_mutex_destroy(&m->lock);
	mem_free(m);
}

/* The user's folder for data; NULL when there is nowhere. */
static const char *data_folder(struct arena *a)
{
	const char *base = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (base != NULL && base[0] == '/')
		return text_printf(a, "%s/gadugi", base);
	return home != NULL && home[0] == '/' ? text_printf(a, "%s/.local/share/gadugi", home)
	                                      : NULL;
}

/* Open the store in a folder, made with those above it when it is to be written. */
static enum status open_shared(const char *folder, bool make, struct arena *a, struct project **out,
                               struct err *err)
{
	const char *file = text_printf(a, "%s/gadugi.db", folder);
	enum status st = OK;

	if (file == NULL)
		return err_nomem(err, "the user's store");
	if (access(file, F_OK) != 0) {
		if (!make)
			return OK;
		st = fs_make_folders(folder, 0700, err);
	}
	return st == OK ? project_open_shared(out, folder, err) : st;
}

/* Keep the store that was opened, unless another thread was faster. */
static enum status keep_shared(struct project *p, struct project **opened)
{
	struct memory *m = p->memory;
	struct project *late = NULL;

	(*opened)->clock = p->clock;
	(void)pthread_mutex_lock(&m->lock);
	if (m->shared == NULL) {
		m->shared = *opened;
	} else {
		late = *opened;
		*opened = m->shared;
	}
	(void)pthread_mutex_unlock(&m->lock);
	project_free(late);
	return OK;
}

enum status memory_shared(struct project *p, bool make, struct project **out, struct err *err)
{
	struct memory *m = p->memory;
	struct arena *a;
	const char *folder;
	enum status st = OK;

	(void)pthread_mutex_lock(&m->lock);
	*out = m->shared;
	(void)pthread_mutex_unlock(&m->lock);
	if (*out != NULL)
		return OK;
	if ((a = arena_new(PATHS_MAX)) == NULL)
		return err_nomem(err, "the user's store");
	folder = data_folder(a);
	if (arena_failed(a))
		st = err_nomem(err, "the user's store");
	else if (folder != NULL)
		st = open_shared(folder, make, a, out, err);
	else if (make)
		st = err_set(err, E_INPUT,
		             "there is no place for what all projects share: neither HOME nor "
		             "XDG_DATA_HOME is set");
	arena_free(a);
	if (st != OK || *out == NULL)
		return st;
	return keep_shared(p, out);
}

bool memory_scope_is_shared(const char *kind)
{
	size_t n = kind == NULL ? 0 : strcspn(kind, ":");

	return (n == 4 && memcmp(kind, "team", 4) == 0) ||
	       (n == 6 && memcmp(kind, "global", 6) == 0);
}

struct terms *memory_terms_take(struct memory *m)
{
	struct terms *t = NULL;

	(void)pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < SPARE_TERMS && t == NULL; i++) {
		t = m->spare_terms[i];
		m->spare_terms[i] = NULL;
	}
	(void)pthread_mutex_unlock(&m->lock);
	if (t == NULL)
		(void)terms_new(&t, NULL);
	return t;
}

void memory_terms_give(struct memory *m, struct terms *t)
{
	(void)pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < SPARE_TERMS && t != NULL; i++) {
		if (m->spare_terms[i] != NULL)
			continue;
		m->spare_terms[i] = t;
		t = NULL;
	}
	(void)pthread_mutex_unlock(&m->lock);
	terms_free(t);
}

static enum status key_missing(const char *kind, struct err *err)
{
	if (strcmp(kind, "agent") == 0)
		return err_set(err, E_INPUT,
		               "scope 'agent' needs to know whose: give 'author', or the scope as "
		               "'agent:NAME'");
	return err_set(err, E_INPUT,
	               "scope 'session' needs to know which: give 'session', or the scope as "
	               "'session:NAME'");
}

/* The kind that words begin with, before any colon; `project` for none. NULL: no such kind. */
static const char *scope_kind(const char *words)
{
	static const char *const kinds[] = { "project", "team", "global", "agent", "session" };
	size_t n;

	if (words == NULL)
		return kinds[0];
	n = strcspn(words, ":");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strlen(kinds[i]) == n && memcmp(kinds[i], words, n) == 0)
			return kinds[i];
	return NULL;
}

const char *memory_scope_text(const char *kind, const char *key, struct arena *a)
{
	if (strcmp(kind, "agent") == 0 || strcmp(kind, "session") == 0)
		return text_printf(a, "%s:%s", kind, key);
	return text_dup(a, kind);
}

enum status memory_scope_read(struct project *p, const struct memory_item *item, struct arena *a,
                              struct memory_scope *out, struct err *err)
{
	const char *words = item->scope;
	const char *colon = words == NULL ? NULL : strchr(words, ':');
	enum status st = OK;

	*out = (struct memory_scope){ .kind = scope_kind(words) };
	if (out->kind == NULL)
		return err_set(err, E_INPUT,
		               "'%.80s' is no scope: use project, team, global, agent:NAME or "
		               "session:NAME",
		               words);
	if (colon != NULL && colon[1] != '\0')
		out->key = colon + 1;
	else if (strcmp(out->kind, "project") == 0)
		st = project_identity(p, a, &out->key, err);
	else if (strcmp(out->kind, "agent") == 0)
		out->key = item->author;
	else if (strcmp(out->kind, "session") == 0)
		out->key = item->session;
	else
		out->key = "";
	if (st != OK)
		return st;
	if (out->key == NULL)
		return key_missing(out->kind, err);
	if (strlen(out->key) > MEMORY_NAME_MAX)
		return err_set(err, E_INPUT, "the name in scope '%.40s...' is too long", words);
	out->words = memory_scope_text(out->kind, out->key, a);
	return out->words == NULL ? err_nomem(err, "a scope") : OK;
}

const char *memory_actor(const char *author, struct arena *a)
{
	const char *agent = getenv("GADUGI_AGENT");

	if (agent != NULL && agent[0] != '\0')
		return text_printf(a, "agent:%s", agent);
	return author == NULL ? "user" : text_printf(a, "agent:%s", author);
}

/* A write that was denied leaves a row in the audit, if it can. */
static void audit_denied(struct project *p, const char *actor, const char *scope)
{
	struct memories_audit row = { .at_ms = clock_wall_ms(&p->clock),
		                      .actor = actor,
		                      .action = "denied",
		                      .scope = scope };
	struct db *db = NULL;

	if (project_write(p, NULL, &db, NULL) != OK)
		return;
	if (db_begin(db, NULL) == OK && memories_audit(db, &row, NULL) == OK)
		(void)project_commit(p, db, NULL);
	project_done(p, db);
}

enum status memory_may(struct project *p, const char *actor, const char *scope, bool write,
                       struct err *err)
{
	const struct config *config;
	enum status st = project_config(p, &config, err);

	if (st != OK)
		return st;
	if (write ? config_may_write(config, actor, scope) : config_may_read(config, actor, scope))
		return OK;
	if (write)
		audit_denied(p, actor, scope);
	return err_set(err, E_DENIED,
	               "'%s' may not %s memories of scope '%s'; see 'memory' in .gadugi/config",
	               actor, write ? "write" : "read", scope);
}
