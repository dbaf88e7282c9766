/* forget.c - ends memories: they are kept and hidden, or deleted for good. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "domain/event.h"
#include "domain/memory/own.h"
#include "store/graph.h"

#define FORGET_MAX ((size_t)1000) /* memories of one call */
#define AUDIT_IDS  20
#define STORES     2 /* the project's, and the one for all projects */

struct forget {                /* in one store */
	struct project *p;     /* who asks */
	struct project *store; /* NULL: there is no such store */
	struct db *db;
	const struct memory_forget *what;
	struct arena *a;
	struct err *err;
	int64_t *ids;
	struct memory_hit *hits; /* of each */
	size_t n, n_ended;
};

static void add(struct forget *f, int64_t id)
{
	for (size_t k = 0; k < f->n; k++)
		if (f->ids[k] == id)
			return; /* named twice */
	f->ids[f->n++] = id;
}

/* both: the project's store and the one for all projects. */
static enum status by_ids(struct forget *both)
{
	const struct memory_forget *what = both->what;
	enum status st = OK;

	if (what->n_ids > FORGET_MAX)
		return err_set(both->err, E_INPUT, "%zu ids; at most %zu at a time", what->n_ids,
		               FORGET_MAX);
	for (size_t i = 0; i < what->n_ids && st == OK; i++) {
		int64_t id = 0;

		for (int k = 0; k < STORES && st == OK && id == 0; k++) {
			if (both[k].store == NULL)
				continue;
			st = memories_find(both[k].db, what->ids[i], &id, both->err);
			if (st == OK && id != 0)
				add(&both[k], id);
		}
		if (st == OK && id == 0)
			return err_set(both->err, E_ABSENT,
			               "there is no memory '%.40s'; nothing was forgotten",
			               what->ids[i]);
	}
	return st;
}

/* Does the row hold every word of the question? */
static bool holds_all(const struct memories_row *row, const struct memory_question *q)
{
	struct terms_packed p;
	unsigned times;

	if (!terms_open(&p, row->terms, row->terms_size))
		return false;
	for (size_t i = 0; i < q->rank.n_terms; i++) {
		bool in = false;

		for (uint32_t k = 0; k < p.n && !in; k++)
			in = terms_at(&p, k, &times) == q->rank.terms[i].term;
		if (!in)
			return false;
	}
	return q->rank.n_terms > 0;
}

static enum status by_text(struct forget *both)
{
	const struct memory_query q = { .text = both->what->text, .limit = FORGET_MAX };
	struct memory_question *question = arena_take(both->a, sizeof *question);
	struct memory_found found;
	enum status st;

	if (question == NULL)
		return err_nomem(both->err, "a question");
	if ((st = memory_question_read(both->p->memory, &q, question, both->err)) != OK ||
	    (st = memory_recall(both->p, NULL, &q, both->a, &found, both->err)) != OK)
		return st;
	for (size_t i = 0; i < found.n_hits && st == OK; i++) {
		struct forget *f = &both[found.hits[i].shared ? 1 : 0];
		struct memories_row row;

		if (f->store == NULL)
			continue; /* made meanwhile */
		st = memories_get(f->db, found.hits[i].row, f->a, &row, f->err);
		if (st == OK && holds_all(&row, question))
			f->ids[f->n++] = row.id;
		st = st == E_ABSENT ? OK : st;
	}
	return st;
}

/* What is to be forgotten, for showing, and whether it may be. */
static enum status show(struct forget *f)
{
	const char *actor = memory_actor(NULL, f->a);
	struct memory_view view;
	enum status st = OK;

	assert(f->store != NULL);
	view = (struct memory_view){ f->store->memory, f->db, clock_wall_ms(&f->p->clock), f->a,
		                     NULL };
	if (actor == NULL)
		return err_nomem(f->err, "an answer");
	for (size_t i = 0; i < f->n && st == OK; i++) {
		struct memory_hit *hit = &f->hits[i];
		struct memories_row row;

		if ((st = memories_get(f->db, f->ids[i], f->a, &row, f->err)) != OK ||
		    (st = memory_hit_fill(&view, &row, hit, f->err)) != OK ||
		    (st = memory_may(f->p, actor, hit->scope, true, f->err)) != OK)
			break;
		memory_hit_cut(hit, 0, f->a);
	}
	return st;
}

static enum status end_one(struct forget *f, int64_t id, const struct memory_hit *hit,
                           int64_t now_ms, int64_t change)
{
	const struct event_memory e = {
		.id = hit->id,
		.action = f->what->purge ? "purged" : "expired",
		.kind = hit->kind,
		.scope = hit->scope,
		.entity = hit->entity,
	};
	bool done = true;
	enum status st = graph_forget_said(f->db, id, now_ms, change, f->what->purge, f->err);

	if (st == OK && f->what->purge)
		st = memories_purge(f->db, id, f->err);
	else if (st == OK)
		st = memories_expire(f->db, id, now_ms, change, &done, f->err);
	if (st != OK || !done)
		return st;
	f->n_ended++;
	return event_put_memory(f->db, now_ms, &e, f->err);
}

static enum status audit(struct forget *f, int64_t now_ms)
{
	struct memories_audit row = {
		.at_ms = now_ms,
		.actor = memory_actor(NULL, f->a),
		.action = f->what->purge ? "purged" : "expired",
		.scope = f->hits[0].scope,
		.count = (int64_t)f->n_ended,
	};
	struct text ids;
	enum status st;

	text_init(&ids, TEXT_LIMIT);
	for (size_t i = 0; i < f->n && i < AUDIT_IDS; i++)
		text_addf(&ids, "%s%s", i == 0 ? "" : " ", f->hits[i].id);
	row.detail = text_string(&ids);
	st = ids.failed || row.actor == NULL ? err_nomem(f->err, "the audit")
	                                     : memories_audit(f->db, &row, f->err);
	text_done(&ids);
	return st;
}

static enum status end_all(struct forget *f)
{
	int64_t now_ms = clock_wall_ms(&f->p->clock), change;
	enum status st = db_begin(f->db, f->err);

	if (st != OK)
		return st;
	st = memories_change(f->db, &change, f->err);
	for (size_t i = 0; i < f->n && st == OK; i++)
		st = end_one(f, f->ids[i], &f->hits[i], now_ms, change);
	if (st == OK && f->what->purge)
		st = memories_purged(f->db, f->err);
	if (st == OK && f->n_ended > 0)
		st = audit(f, now_ms);
	if (st == OK && f->n_ended > 0)
		return project_commit(f->store, f->db, f->err);
	db_rollback(f->db);
	return st;
}

/* What was found in both stores, one behind the other. */
static enum status show_both(struct forget *both, struct memory_forgotten *out)
{
	enum status st = OK;

	out->n = both[0].n + both[1].n;
	if ((out->hits = arena_take(both->a, (out->n + 1) * sizeof *out->hits)) == NULL)
		return err_nomem(both->err, "an answer");
	both[0].hits = out->hits;
	both[1].hits = out->hits + both[0].n;
	for (int k = 0; k < STORES && st == OK; k++)
		if (both[k].n > 0)
			st = show(&both[k]);
	return st;
}

/* In one store after the other: what was ended in the first stays so, and is told of. */
static enum status end_both(struct forget *both)
{
	struct err why = { 0 };
	enum status st = OK;

	for (int k = 0; k < STORES && st == OK; k++)
		if (both[k].n > 0)
			st = end_all(&both[k]);
	if (st == OK || both[0].n_ended == 0 || both[1].n == 0)
		return st;
	if (both->err != NULL)
		why = *both->err;
	return err_set(both->err, st,
	               "the %zu of this project are forgotten; the %zu for all projects are not: "
	               "%.300s",
	               both[0].n_ended, both[1].n, why.text);
}

static enum status run(struct forget *both, struct memory_forgotten *out)
{
	const struct memory_forget *what = both->what;
	bool by_id = what->n_ids > 0;
	enum status st = by_id ? by_ids(both) : by_text(both);

	if (st != OK)
		return st;
	if (both[0].n + both[1].n == 0)
		return err_set(both->err, E_ABSENT,
		               "no memory holds all words of '%.80s'; nothing was forgotten",
		               what->text);
	if ((st = show_both(both, out)) != OK)
		return st;
	if (!what->confirm && (what->purge || !by_id))
		return OK;
	st = end_both(both);
	if (st == OK && both[0].n_ended + both[1].n_ended == 0)
		return err_set(both->err, E_INPUT, "what was named has been forgotten before");
	out->done = st == OK;
	return st;
}

/* A connection to one store; where nothing was ever stored nothing is made. */
static enum status borrow(struct forget *f, const atomic_bool *stop)
{
	enum status st = project_read(f->store, stop, &f->db, f->err);

	if (st == OK && !db_is_empty_stand_in(f->db)) {
		project_done(f->store, f->db);
		f->db = NULL;
		st = project_write(f->store, stop, &f->db, f->err);
	}
	if (st == OK && (f->ids = arena_take(f->a, FORGET_MAX * sizeof *f->ids)) == NULL)
		st = err_nomem(f->err, "what to forget");
	return st == OK ? index_follow(f->store->memory->index, f->db, f->err) : st;
}

enum status memory_forget(struct project *p, const atomic_bool *stop,
                          const struct memory_forget *what, struct arena *a,
                          struct memory_forgotten *out, struct err *err)
{
	struct forget both[STORES] = { { .p = p, .store = p, .what = what, .a = a, .err = err },
		                       { .p = p, .what = what, .a = a, .err = err } };
	enum status st;

	*out = (struct memory_forgotten){ 0 };
	if (what->n_ids == 0 && (what->text == NULL || what->text[0] == '\0'))
		return err_set(err, E_INPUT, "say what to forget: 'ids' or 'query'");
	st = memory_shared(p, false, &both[1].store, err);
	for (int k = 0; k < STORES && st == OK; k++)
		if (both[k].store != NULL)
			st = borrow(&both[k], stop);
	if (st == OK)
		st = run(both, out);
	for (int k = 0; k < STORES; k++)
		if (both[k].db != NULL)
			project_done(both[k].store, both[k].db);
	return st;
}
