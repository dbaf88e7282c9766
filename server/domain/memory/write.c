/* write.c - what a call writes, by the stores it goes to: the project's, and that for all projects.
 */
#include "domain/memory/own.h"

enum { OWN, SHARED, STORES };

/* What a call writes into one store, while it is looked at. */
struct part {
	struct project *p, *store; /* who asks, where it goes */
	const atomic_bool *stop;
	struct memory_writing writing;
	struct err *err;
};

static enum status split(const struct memory_writing *all, struct part *parts, struct err *err)
{
	for (int k = 0; k < STORES; k++) {
		struct memory_writing *w = &parts[k].writing;

		*w = *all;
		w->n = 0;
		if ((w->ready = arena_take(all->a, all->n * sizeof *w->ready)) == NULL)
			return err_nomem(err, "what to remember");
	}
	for (size_t i = 0; i < all->n; i++) {
		bool shared = memory_scope_is_shared(all->ready[i].scope.kind);
		struct memory_writing *w = &parts[shared ? SHARED : OWN].writing;

		w->ready[w->n++] = all->ready[i];
	}
	return OK;
}

/* What is to be superseded is not in the item's store. Is it in the other one? */
static enum status elsewhere(const struct part *part, const struct memory_ready *r)
{
	const char *id = r->item->supersedes;
	struct project *other = part->p;
	struct db *db = NULL;
	int64_t row = 0;
	enum status st = OK;

	if (part->store == part->p)
		st = memory_shared(part->p, false, &other, NULL);
	if (st == OK && other != NULL && (st = project_read(other, part->stop, &db, NULL)) == OK)
		st = memories_find(db, id, &row, NULL);
	if (db != NULL)
		project_done(other, db);
	if (st != OK || row == 0)
		return err_set(part->err, E_ABSENT,
		               "'supersedes' names '%.40s', but there is no such memory", id);
	if (part->store == part->p)
		return err_set(part->err, E_INPUT,
		               "memory '%.40s' is for all projects and one of scope '%.60s' cannot "
		               "stand for it there: give the new one the scope of '%.40s', or "
		               "remember it without 'supersedes'",
		               id, r->scope.words, id);
	return err_set(part->err, E_INPUT,
	               "memory '%.40s' is of this project alone and one of scope '%s' is kept "
	               "elsewhere: remember it without 'supersedes', then forget '%.40s'",
	               id, r->scope.words, id);
}

/* Hiding a memory is writing in its scope. */
static enum status may_supersede(const struct part *part, struct db *db,
                                 const struct memory_ready *r)
{
	struct arena *a = part->writing.a;
	const char *kind, *key, *words;
	int64_t id = 0;
	enum status st = memories_find(db, r->item->supersedes, &id, part->err);

	if (st != OK)
		return st;
	if (id == 0)
		return elsewhere(part, r);
	if ((st = memories_scope(db, id, a, &kind, &key, part->err)) != OK)
		return st;
	if ((words = memory_scope_text(kind, key, a)) == NULL)
		return err_nomem(part->err, "a scope");
	return memory_may(part->p, part->writing.actor, words, true, part->err);
}

/* Before anything is written: what is similar, and what may not be superseded. */
static enum status look(struct part *part)
{
	const struct memory_writing *w = &part->writing;
	struct db *db = NULL;
	enum status st = project_read(part->store, part->stop, &db, part->err);

	if (st == OK)
		st = memory_similar(part->store, db, w->ready, w->n, w->a, part->err);
	for (size_t i = 0; i < w->n && st == OK; i++)
		if (w->ready[i].item->supersedes != NULL)
			st = may_supersede(part, db, &w->ready[i]);
	project_done(part->store, db);
	return st;
}

/* An id stands for what is on disk. */
static void drop_ids(const struct memory_writing *w)
{
	for (size_t i = 0; i < w->n; i++)
		w->ready[i].out->id = NULL;
}

static enum status say_part(enum status st, const struct part *parts, struct err *err)
{
	struct err why = { 0 };

	if (err != NULL)
		why = *err;
	return err_set(err, st,
	               "of the %zu memories the %zu for all projects are stored; the %zu of this "
	               "project are not: %.200s; give the same again, what is there is not stored "
	               "twice",
	               parts[OWN].writing.n + parts[SHARED].writing.n, parts[SHARED].writing.n,
	               parts[OWN].writing.n, why.text);
}

enum status memory_write(struct project *p, const atomic_bool *stop,
                         const struct memory_writing *all, struct err *err)
{
	struct part parts[STORES] = {
		[OWN] = { .p = p, .store = p, .stop = stop, .err = err },
		[SHARED] = { .p = p, .stop = stop, .err = err },
	};
	struct part *own = &parts[OWN], *shared = &parts[SHARED];
	struct memory_inner inner = { 0 };
	enum status st = split(all, parts, err);

	if (st == OK && shared->writing.n > 0)
		st = memory_shared(p, true, &shared->store, err);
	for (int k = 0; k < STORES && st == OK; k++)
		if (parts[k].writing.n > 0)
			st = look(&parts[k]);
	if (st != OK)
		return st;
	if (own->writing.n > 0 && shared->writing.n > 0) {
		inner = (struct memory_inner){ shared->store, shared->writing, false };
		own->writing.inner = &inner;
	}
	if (own->writing.n == 0)
		own = shared;
	st = memory_queue(own->store, stop, &own->writing, err);
	if (st == OK)
		return OK;
	drop_ids(&own->writing);
	if (inner.kept)
		return say_part(st, parts, err);
	drop_ids(&shared->writing);
	return st;
}
