#include "domain/memory/index.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/index_build.h"
#include "domain/memory/index_file.h"
#include "store/memories.h"

#define PATH_BYTES_MAX ((size_t)64 << 10)
#define KEEP_SHARE     8 /* when more than this part of all is new, it is kept again */
#define GATHER_MAX     ((size_t)64 << 20) /* bytes of changes gathered at once; more: read anew */

struct index {
	/* guards data against readers; order: this before scratch_lock */
	pthread_rwlock_t lock;
	struct index_data *data; /* owned; NULL before the first index_follow */
	/* guards spare */
	pthread_mutex_t scratch_lock;
	struct index_scratch *spare; /* owned */
	char *path;                  /* owned: of the file it is kept in; NULL: it is not */
	size_t least_docs;
};

enum status index_new(struct index **out, struct err *err)
{
	struct index *x = mem_zero(1, sizeof *x);

	if (x == NULL || (x->data = index_data_new()) == NULL) {
		mem_free(x);
		return err_nomem(err, "the index");
	}
	if (pthread_rwlock_init(&x->lock, NULL) != 0 ||
	    pthread_mutex_init(&x->scratch_lock, NULL) != 0) {
		index_data_free(x->data);
		mem_free(x);
		return err_nomem(err, "the index");
	}
	*out = x;
	return OK;
}

enum status index_keep(struct index *x, const char *folder, size_t least_docs, struct err *err)
{
	struct text path;

	text_init(&path, PATH_BYTES_MAX);
	text_addf(&path, "%s/memory.index", folder);
	if (path.failed) {
		text_done(&path);
		return err_nomem(err, "the index");
	}
	mem_free(x->path);
	x->path = path.bytes; /* it is ours now */
	x->least_docs = least_docs;
	return OK;
}

static void scratch_free(struct index_scratch *s)
{
	mem_free(s->score);
	mem_free(s->session);
	mem_free(s->entity);
	mem_free(s->touched);
	mem_free(s);
}

void index_free(struct index *x)
{
	if (x == NULL)
		return;
	while (x->spare != NULL) {
		struct index_scratch *s = x->spare;

		x->spare = s->next;
		scratch_free(s);
	}
	index_data_free(x->data);
	mem_free(x->path);
	(void)pthread_rwlock_destroy(&x->lock);
	(void)pthread_mutex_destroy(&x->scratch_lock);
	mem_free(x);
}

const struct index_data *index_look(struct index *x)
{
	(void)pthread_rwlock_rdlock(&x->lock);
	return x->data;
}

void index_done(struct index *x)
{
	(void)pthread_rwlock_unlock(&x->lock);
}

/* Changes read from the database, kept until they can be applied. */
enum item_kind { ITEM_SCOPE, ITEM_SESSION, ITEM_ENTITY, ITEM_RELATION, ITEM_MEMORY };

struct item {
	enum item_kind kind;
	int64_t id;
	const char *a, *b;
	struct graph_relation relation;
	struct memories_row memory;
	struct item *next;
};

struct gather {
	struct arena *arena;       /* where items are kept, or */
	struct index_data *direct; /* where they go at once */
	enum item_kind kind;       /* of the names being read */
	struct item *first, **last;
	size_t n; /* that went into `direct` */
};

static bool apply_item(struct index_data *d, const struct item *item)
{
	switch (item->kind) {
	case ITEM_SCOPE:
		return index_data_scope(d, item->id, item->a, item->b);
	case ITEM_SESSION:
		return index_data_session(d, item->id, item->a);
	case ITEM_ENTITY:
		return index_data_entity(d, item->id, item->a, item->b);
	case ITEM_RELATION:
		return index_data_relation(d, &item->relation);
	case ITEM_MEMORY:
		return index_data_memory(d, &item->memory);
	}
	return false;
}

/* Keep a copy of what the item's texts and terms point to. */
static struct item *copy(struct arena *a, const struct item *item)
{
	struct item *to = arena_take(a, sizeof *to);
	void *terms = arena_take(a, item->memory.terms_size + 1);

	if (to == NULL || terms == NULL)
		return NULL;
	*to = *item;
	to->a = text_dup(a, item->a);
	to->b = text_dup(a, item->b);
	to->relation.type = text_dup(a, item->relation.type);
	if (item->memory.terms_size > 0)
		memcpy(terms, item->memory.terms, item->memory.terms_size);
	to->memory.terms = terms;
	to->memory.kind = text_dup(a, item->memory.kind);
	to->memory.author = text_dup(a, item->memory.author);
	to->memory.origin = text_dup(a, item->memory.origin);
	return arena_failed(a) ? NULL : to;
}

static enum status gather(struct gather *g, const struct item *item, struct err *err)
{
	struct item *kept;

	g->n++;
	if (g->direct != NULL)
		return apply_item(g->direct, item) ? OK : err_nomem(err, "the index");
	if ((kept = copy(g->arena, item)) == NULL)
		return err_nomem(err, "changes of memory");
	*g->last = kept;
	g->last = &kept->next;
	return OK;
}

static enum status gather_name(void *arg, int64_t id, const char *a, const char *b, struct err *err)
{
	struct gather *g = arg;

	return gather(g, &(struct item){ .kind = g->kind, .id = id, .a = a, .b = b }, err);
}

static enum status gather_relation(void *arg, const struct graph_relation *r, struct err *err)
{
	return gather(arg, &(struct item){ .kind = ITEM_RELATION, .relation = *r }, err);
}

static enum status gather_memory(void *arg, const struct memories_row *r, struct err *err)
{
	return gather(arg, &(struct item){ .kind = ITEM_MEMORY, .memory = *r }, err);
}

struct mark { /* how far an index follows the database */
	int64_t change, purges, entity, scope, session;
};

/* Names come before the memories and relations that use them. */
static enum status read_since(struct db *db, const struct mark *since, struct gather *g,
                              struct err *err)
{
	enum status st;

	g->kind = ITEM_SCOPE;
	if ((st = graph_each_scope(db, since->scope, gather_name, g, err)) != OK)
		return st;
	g->kind = ITEM_SESSION;
	if ((st = graph_each_session(db, since->session, gather_name, g, err)) != OK)
		return st;
	g->kind = ITEM_ENTITY;
	if ((st = graph_each_entity(db, since->entity, gather_name, g, err)) != OK ||
	    (st = graph_each_relation(db, since->change, gather_relation, g, err)) != OK)
		return st;
	return memories_each(db, since->change, gather_memory, g, err);
}

static void put_hits(void *arg, int64_t id, int64_t hits)
{
	index_data_hits(arg, id, hits);
}

/*
 * What was kept, if it is of this database: of a state it once had, with no rows gone since and no
 * other types. *out is NULL when there is nothing of use.
 */
static enum status read_kept(const struct index *x, struct db *db,
                             const struct memories_state *state, struct index_data **out,
                             struct err *err)
{
	struct index_file_mark mark;
	struct memories_past past;
	struct index_data *d = NULL;
	enum status st = x->path == NULL ? E_ABSENT : index_file_read(&d, &mark, x->path, err);

	*out = NULL;
	if (st == OK)
		st = memories_past(db, mark.audit, &past, err);
	if (st == OK && (d->purges != state->purges || d->change > state->change ||
	                 mark.types != state->types || past.audit != mark.audit ||
	                 past.says != mark.audit_is || mark.audit == 0))
		st = E_ABSENT;
	if (st == OK)
		st = memories_hits_since(db, mark.hits_ms, put_hits, d, err);
	if (st != OK) {
		index_data_free(d);
		return st == E_ABSENT ? OK : st;
	}
	*out = d;
	return OK;
}

/* Keep it for the next process, in place of what was kept before. It is no loss if it fails. */
static void keep(const struct index *x, struct db *db, const struct memories_state *state,
                 const struct index_data *d)
{
	struct index_file_mark mark = { .types = state->types };
	struct memories_past past;
	struct err why = { OK, "" };
	enum status st;

	if (x->path == NULL)
		return;
	if (d->n_docs < x->least_docs) {
		(void)unlink(x->path); /* what was kept is of other rows */
		return;
	}
	st = memories_past(db, 0, &past, &why);
	if (st == OK)
		st = memories_last_hit(db, &mark.hits_ms, &why);
	mark.audit = past.audit;
	mark.audit_is = past.says;
	if (st == OK)
		st = index_file_write(d, &mark, x->path, &why);
	if (st != OK)
		log_line(LOG_DEBUG, "the index of memories is not kept: %s", why.text);
}

/*
 * Read all anew beside the index in use, or what was kept and the rest, then put it in its place.
 * Before anybody else sees it, it is kept, if much is in it that was not.
 */
static enum status follow_anew(struct index *x, struct db *db, const struct memories_state *state,
                               struct err *err)
{
	struct mark since = { 0 };
	struct gather g = { 0 };
	struct index_data *old;
	enum status st = read_kept(x, db, state, &g.direct, err);

	if (st != OK)
		return st;
	if (g.direct != NULL)
		since = (struct mark){ .change = g.direct->change,
			               .entity = g.direct->last_entity,
			               .session = g.direct->last_session };
	else if ((g.direct = index_data_new()) == NULL)
		return err_nomem(err, "the index");
	if ((st = read_since(db, &since, &g, err)) != OK) {
		index_data_free(g.direct);
		return st;
	}
	g.direct->change = state->change;
	g.direct->purges = state->purges;
	if (since.change == 0 || g.n > g.direct->n_docs / KEEP_SHARE)
		keep(x, db, state, g.direct);
	(void)pthread_rwlock_wrlock(&x->lock);
	old = x->data;
	x->data = g.direct;
	(void)pthread_rwlock_unlock(&x->lock);
	index_data_free(old);
	return OK;
}

/*
 * Put what was gathered into the index, unless another thread was faster. When memory
 * runs out half-way the index is no longer whole: it is read anew the next time.
 */
static enum status apply(struct index *x, const struct gather *g, const struct mark *since,
                         const struct memories_state *state, struct err *err)
{
	struct index_data *d;
	bool good = true;

	(void)pthread_rwlock_wrlock(&x->lock);
	d = x->data;
	if (d->change == since->change && d->purges == state->purges) {
		for (const struct item *item = g->first; good && item != NULL; item = item->next)
			good = apply_item(d, item);
		d->change = good ? state->change : 0;
		if (!good)
			d->purges = -1;
	}
	(void)pthread_rwlock_unlock(&x->lock);
	return good ? OK : err_nomem(err, "the index");
}

static enum status follow_changes(struct index *x, struct db *db, const struct mark *since,
                                  const struct memories_state *state, struct err *err)
{
	struct gather g = { .arena = arena_new(GATHER_MAX) };
	enum status st;

	if (g.arena == NULL)
		return err_nomem(err, "changes of memory");
	g.last = &g.first;
	st = read_since(db, since, &g, err);
	if (st == E_NOMEM && arena_failed(g.arena))
		st = follow_anew(x, db, state, err); /* too many changes to keep beside it */
	else if (st == OK)
		st = apply(x, &g, since, state, err);
	arena_free(g.arena);
	return st;
}

enum status index_follow_in_view(struct index *x, struct db *db, struct err *err)
{
	const struct index_data *d;
	struct memories_state state;
	struct mark have;
	enum status st = memories_state(db, &state, err);

	if (st != OK)
		return st;
	d = index_look(x);
	have =
	    (struct mark){ d->change, d->purges, d->last_entity, d->last_scope, d->last_session };
	index_done(x);
	if (have.purges == state.purges && have.change >= state.change)
		return OK;
	if (have.purges == state.purges && have.change > 0)
		return follow_changes(x, db, &have, &state, err);
	return follow_anew(x, db, &state, err);
}

enum status index_follow(struct index *x, struct db *db, struct err *err)
{
	enum status st = db_read_begin(db, err);

	if (st != OK)
		return st;
	st = index_follow_in_view(x, db, err);
	db_read_end(db);
	return st;
}

void index_feed_begin(struct index *x, struct index_feed *f)
{
	const struct index_data *d = index_look(x);

	*f = (struct index_feed){
		.change = d->change,
		.purges = d->purges,
		.entity = d->last_entity,
		.scope = d->last_scope,
		.session = d->last_session,
	};
	index_done(x);
	f->last = &f->first;
	if (f->change > 0)
		f->arena = arena_new(GATHER_MAX); /* without memory for it the index reads */
}

void index_feed_break(struct index_feed *f)
{
	if (f != NULL)
		f->broken = true;
}

static bool gathers(const struct index_feed *f)
{
	return f != NULL && f->arena != NULL && !f->broken;
}

static void feed(struct index_feed *f, const struct item *item)
{
	struct item *kept = arena_take(f->arena, sizeof *kept);

	if (kept == NULL) {
		f->broken = true;
		return;
	}
	*kept = *item;
	*f->last = kept;
	f->last = &kept->next;
}

/* A name: known ones have numbers up to *known, and new ones count on from there. */
static void feed_name(struct index_feed *f, int64_t *known, const struct item *item)
{
	if (item->id <= *known)
		return;
	f->broken = f->broken || item->id != ++*known;
	if (!f->broken)
		feed(f, item);
}

void index_feed_scope(struct index_feed *f, int64_t id, const char *kind, const char *key)
{
	if (gathers(f))
		feed_name(f, &f->scope,
		          &(struct item){ .kind = ITEM_SCOPE, .id = id, .a = kind, .b = key });
}

void index_feed_session(struct index_feed *f, int64_t id, const char *name)
{
	if (gathers(f))
		feed_name(f, &f->session,
		          &(struct item){ .kind = ITEM_SESSION, .id = id, .a = name });
}

void index_feed_entity(struct index_feed *f, int64_t id, const char *name, const char *type)
{
	if (gathers(f))
		feed_name(f, &f->entity,
		          &(struct item){ .kind = ITEM_ENTITY, .id = id, .a = name, .b = type });
}

void index_feed_relation(struct index_feed *f, const struct graph_relation *r)
{
	if (gathers(f))
		feed(f, &(struct item){ .kind = ITEM_RELATION, .relation = *r });
}

void index_feed_memory(struct index_feed *f, const struct memories_row *r)
{
	if (gathers(f))
		feed(f, &(struct item){ .kind = ITEM_MEMORY, .memory = *r });
}

void index_feed_end(struct index *x, struct index_feed *f, const struct index_fed *how)
{
	const struct gather g = { .first = f->first };

	if (gathers(f) && how != NULL && f->change <= how->from) {
		const struct mark since = { .change = how->from };
		const struct memories_state state = { .change = how->to, .purges = f->purges };

		(void)apply(x, &g, &since, &state, NULL); /* what fails is read anew */
	}
	arena_free(f->arena);
	*f = (struct index_feed){ 0 };
}

static bool scratch_fits(const struct index_scratch *s, const struct index_data *d)
{
	return s->n_docs >= d->n_docs && s->n_sessions >= d->n_sessions &&
	       s->n_entities >= d->n_entities;
}

/* Some more than there are now, so that it serves for a while. */
static size_t ample(size_t n)
{
	return n + n / 4 + 64;
}

struct index_scratch *index_scratch_take(struct index *x, const struct index_data *d)
{
	struct index_scratch *s;

	(void)pthread_mutex_lock(&x->scratch_lock);
	if ((s = x->spare) != NULL)
		x->spare = s->next;
	(void)pthread_mutex_unlock(&x->scratch_lock);
	if (s != NULL && scratch_fits(s, d)) {
		s->n_touched = s->n_touched_entities = 0;
		return s;
	}
	if (s != NULL)
		scratch_free(s);
	if ((s = mem_zero(1, sizeof *s)) == NULL)
		return NULL;
	s->n_docs = ample(d->n_docs);
	s->n_sessions = ample(d->n_sessions);
	s->n_entities = ample(d->n_entities);
	s->score = mem_zero(s->n_docs, sizeof *s->score);
	s->session = mem_zero(s->n_sessions, sizeof *s->session);
	s->entity = mem_zero(2 * s->n_entities, sizeof *s->entity);
	s->touched = mem_take((s->n_docs + s->n_entities) * sizeof *s->touched);
	if (s->score == NULL || s->session == NULL || s->entity == NULL || s->touched == NULL) {
		scratch_free(s);
		return NULL;
	}
	s->active = s->entity + s->n_entities;
	s->touched_entities = s->touched + s->n_docs;
	return s;
}

void index_scratch_give(struct index *x, struct index_scratch *s)
{
	if (s == NULL)
		return;
	(void)pthread_mutex_lock(&x->scratch_lock);
	s->next = x->spare;
	x->spare = s;
	(void)pthread_mutex_unlock(&x->scratch_lock);
}
