#include "domain/memory/index.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/index_build.h"
#include "store/memories.h"

#define GATHER_MAX ((size_t)64 << 20) /* bytes of changes gathered at once; more: read anew */

struct index {
	/* guards data against readers; order: this before scratch_lock */
	pthread_rwlock_t lock;
	struct index_data *data; /* owned; NULL before the first index_follow */
	/* guards spare */
	pthread_mutex_t scratch_lock;
	struct index_scratch *spare; /* owned */
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

/* Read all anew beside the index in use, then put it in its place. */
static enum status follow_anew(struct index *x, struct db *db, const struct memories_state *state,
                               struct err *err)
{
	struct gather g = { .direct = index_data_new() };
	struct index_data *old;
	enum status st;

	if (g.direct == NULL)
		return err_nomem(err, "the index");
	if ((st = read_since(db, &(struct mark){ 0 }, &g, err)) != OK) {
		index_data_free(g.direct);
		return st;
	}
	g.direct->change = state->change;
	g.direct->purges = state->purges;
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
