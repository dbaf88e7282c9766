/* forget.c - ends memories: they are kept and hidden, or deleted for good. */
#include <string.h>

#include "base/text.h"
#include "domain/event.h"
#include "domain/memory/own.h"
#include "store/graph.h"

#define FORGET_MAX ((size_t)1000) /* memories of one call */
#define AUDIT_IDS  20

struct forget {
	struct project *p;
	struct db *db;
	const struct memory_forget *what;
	struct arena *a;
	struct err *err;
	int64_t *ids;
	size_t n, n_ended;
	struct memory_forgotten *out;
};

static enum status by_ids(struct forget *f)
{
	enum status st = OK;

	if (f->what->n_ids > FORGET_MAX)
		return err_set(f->err, E_INPUT, "%zu ids; at most %zu at a time", f->what->n_ids,
		               FORGET_MAX);
	for (size_t i = 0; i < f->what->n_ids && st == OK; i++) {
		int64_t id = 0;

		st = memories_find(f->db, f->what->ids[i], &id, f->err);
		if (st == OK && id == 0)
			return err_set(f->err, E_ABSENT,
			               "there is no memory '%.40s'; nothing was forgotten",
			               f->what->ids[i]);
		for (size_t k = 0; k < f->n && id != 0; k++)
			if (f->ids[k] == id)
				id = 0; /* named twice */
		if (st == OK && id != 0)
			f->ids[f->n++] = id;
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

static enum status by_text(struct forget *f)
{
	const struct memory_query q = { .text = f->what->text, .limit = FORGET_MAX };
	struct memory_question *question = arena_take(f->a, sizeof *question);
	struct memory_found found;
	enum status st;

	if (question == NULL)
		return err_nomem(f->err, "a question");
	if ((st = memory_question_read(f->p->memory, &q, question, f->err)) != OK ||
	    (st = memory_recall(f->p, NULL, &q, f->a, &found, f->err)) != OK)
		return st;
	for (size_t i = 0; i < found.n_hits && st == OK; i++) {
		struct memories_row row;
		int64_t id = 0;

		if ((st = memories_find(f->db, found.hits[i].id, &id, f->err)) != OK || id == 0)
			continue;
		st = memories_get(f->db, id, f->a, &row, f->err);
		if (st == OK && holds_all(&row, question))
			f->ids[f->n++] = id;
	}
	return st;
}

/* What is to be forgotten, for showing, and whether it may be. */
static enum status show(struct forget *f)
{
	const char *actor = memory_actor(NULL, f->a);
	const struct memory_view view = { f->p->memory, f->db, clock_wall_ms(&f->p->clock), f->a };
	enum status st = OK;

	f->out->hits = arena_take(f->a, (f->n + 1) * sizeof *f->out->hits);
	if (f->out->hits == NULL || actor == NULL)
		return err_nomem(f->err, "an answer");
	for (size_t i = 0; i < f->n && st == OK; i++) {
		struct memory_hit *hit = &f->out->hits[f->out->n++];
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
		.scope = f->out->hits[0].scope,
		.count = (int64_t)f->n_ended,
	};
	struct text ids;
	enum status st;

	text_init(&ids, TEXT_LIMIT);
	for (size_t i = 0; i < f->n && i < AUDIT_IDS; i++)
		text_addf(&ids, "%s%s", i == 0 ? "" : " ", f->out->hits[i].id);
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
		st = end_one(f, f->ids[i], &f->out->hits[i], now_ms, change);
	if (st == OK && f->what->purge)
		st = memories_purged(f->db, f->err);
	if (st == OK && f->n_ended == 0)
		st = err_set(f->err, E_INPUT, "what was named has been forgotten before");
	if (st == OK)
		st = audit(f, now_ms);
	if (st != OK) {
		db_rollback(f->db);
		return st;
	}
	return project_commit(f->p, f->db, f->err);
}

static enum status run(struct forget *f)
{
	bool by_id = f->what->n_ids > 0;
	enum status st = by_id ? by_ids(f) : by_text(f);

	if (st != OK)
		return st;
	if (f->n == 0)
		return err_set(f->err, E_ABSENT,
		               "no memory holds all words of '%.80s'; nothing was forgotten",
		               f->what->text);
	if ((st = show(f)) != OK)
		return st;
	if (!f->what->confirm && (f->what->purge || !by_id))
		return OK;
	st = end_all(f);
	f->out->done = st == OK;
	return st;
}

enum status memory_forget(struct project *p, const atomic_bool *stop,
                          const struct memory_forget *what, struct arena *a,
                          struct memory_forgotten *out, struct err *err)
{
	struct forget f = { .p = p, .what = what, .a = a, .err = err, .out = out };
	struct db *db = NULL;
	enum status st;

	*out = (struct memory_forgotten){ 0 };
	if (what->n_ids == 0 && (what->text == NULL || what->text[0] == '\0'))
		return err_set(err, E_INPUT, "say what to forget: 'ids' or 'query'");
	/* Where nothing was ever stored nothing is made. */
	if ((st = project_read(p, stop, &db, err)) != OK)
		return st;
	if (!db_is_empty_stand_in(db)) {
		project_done(p, db);
		db = NULL;
		if ((st = project_write(p, stop, &db, err)) != OK)
			return st;
	}
	f.db = db;
	f.ids = arena_take(a, FORGET_MAX * sizeof *f.ids);
	st = f.ids == NULL ? err_nomem(err, "what to forget")
	                   : index_follow(p->memory->index, db, err);
	if (st == OK)
		st = run(&f);
	project_done(p, db);
	return st;
}
