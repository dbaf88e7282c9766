/* put.c - memories into the store, inside a write transaction. */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/memory/own.h"
#include "store/graph.h"

#define AUDIT_IDS 20 /* ids that an audit row names */

/* Relations of which only one can hold at a time: a new one ends the old. */
static const char *const single[] = {
	"status",     "state",       "owner",    "owned_by",   "assigned_to",
	"assignee",   "version",     "lives_in", "located_in", "works_at",
	"works_for",  "leads",       "current",  "priority",   "phase",
	"maintainer", "replaced_by", "default",  "deployed",   "deployed_to",
};

struct put {
	struct db *db;
	int64_t now_ms, change;
	struct arena *a;
	struct err *err;
	struct index_feed *feed;
	struct id_run ids, event_ids;
	/* What the last item had; the next one mostly has the same. */
	const char *scope_words, *session_name, *entity_name, *entity_type;
	int64_t scope, session, entity;
};

static bool is_single(const char *type)
{
	for (size_t i = 0; i < sizeof single / sizeof *single; i++)
		if (text_same(single[i], type))
			return true;
	return false;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static enum status entity_of(struct put *p, const struct graph_named *named, int64_t *id)
{
	enum status st = graph_entity(p->db, named, id, p->err);

	if (st == OK)
		index_feed_entity(p->feed, *id, named->name, named->type);
	return st;
}

static enum status ids_of(struct put *p, const struct memory_ready *r, int64_t *entity)
{
	const struct memory_item *item = r->item;
	enum status st = OK;

	if (p->scope_words != r->scope.words) {
		st = graph_scope(p->db, r->scope.kind, r->scope.key, &p->scope, p->err);
		p->scope_words = r->scope.words;
		index_feed_scope(p->feed, p->scope, r->scope.kind, r->scope.key);
	}
	if (st == OK && item->session != NULL && !same(p->session_name, item->session)) {
		st = graph_session(p->db, item->session, &p->session, p->err);
		p->session_name = item->session;
		index_feed_session(p->feed, p->session, item->session);
	}
	if (st == OK && item->entity != NULL &&
	    !(same(p->entity_name, r->folded_entity) && same(p->entity_type, item->entity_type))) {
		st = entity_of(p,
		               &(struct graph_named){ item->entity, r->folded_entity,
		                                      item->entity_type, p->now_ms },
		               &p->entity);
		p->entity_name = r->folded_entity;
		p->entity_type = item->entity_type;
	}
	*entity = item->entity == NULL ? 0 : p->entity;
	return st;
}

/* Is the same said already, in the same scope about the same entity? Then it is told again. */
static enum status told_already(struct put *p, const struct memory_ready *r, int64_t entity,
                                int64_t *told)
{
	const struct memories_alike want = { entity, r->hash };
	struct memories_row *rows;
	size_t n;
	enum status st = memories_like(p->db, &want, p->a, &rows, &n, p->err);

	*told = 0;
	for (size_t i = 0; i < n && st == OK && *told == 0; i++) {
		char *folded;

		if (rows[i].scope != p->scope)
			continue;
		if ((folded = terms_fold(rows[i].body, strlen(rows[i].body))) == NULL)
			return err_nomem(p->err, "a memory");
		if (strcmp(folded, r->folded) == 0) {
			*told = rows[i].id;
			r->out->id = rows[i].uid;
			r->out->duplicate = true;
			st = memories_told(p->db, rows[i].id, p->change, p->err);
		}
		mem_free(folded);
	}
	return st;
}

static enum status add(struct put *p, const struct memory_ready *r, int64_t entity, int64_t *id)
{
	const struct memory_item *item = r->item;
	char *uid = item->id == NULL ? arena_take(p->a, ID_SIZE) : text_dup(p->a, item->id);
	struct memories_row row = {
		.uid = uid,
		.scope = p->scope,
		.session = item->session == NULL ? 0 : p->session,
		.entity = entity,
		.kind = item->kind == NULL ? "observation" : item->kind,
		.author = item->author,
		.origin = item->origin == NULL ? "agent" : item->origin,
		.run = item->run != NULL ? item->run : getenv("GADUGI_RUN_ID"),
		.task = item->task != NULL ? item->task : getenv("GADUGI_TASK_ID"),
		.commit = item->commit,
		.hash = r->hash,
		.importance = item->importance > 0 ? item->importance : 0.5,
		.made_ms = item->made_ms == 0 ? p->now_ms : item->made_ms,
		.valid_from = item->valid_from,
		.valid_to = item->valid_to,
		.expired_ms = item->expired_ms,
		.seen = 1,
		.change = p->change,
		.size = (int64_t)strlen(r->text),
		.terms = r->terms,
		.terms_size = r->terms_size,
		.body = r->text,
	};
	enum status st;

	if (uid == NULL)
		return err_nomem(p->err, "a memory");
	if (item->id == NULL)
		id_next(&p->ids, uid, 'm', p->now_ms);
	r->out->id = uid;
	if ((st = memories_add(p->db, &row, id, p->err)) != OK)
		return st;
	row.id = *id;
	index_feed_memory(p->feed, &row);
	return OK;
}

static enum status relate(struct put *p, const struct memory_ready *r, int64_t entity,
                          int64_t memory)
{
	const struct memory_item *item = r->item;
	enum status st = OK;

	for (size_t i = 0; i < item->n_relations && st == OK; i++) {
		struct graph_relation rel = {
			.from = entity,
			.type = item->relations[i].type,
			.scope = p->scope,
			.memory = memory,
			.made_ms = item->made_ms == 0 ? p->now_ms : item->made_ms,
			.valid_from = item->valid_from,
			.valid_to = item->valid_to,
			.change = p->change,
		};
		int64_t from_ms = item->valid_from == 0 ? p->now_ms : item->valid_from;
		bool added = false;

		st = entity_of(p,
		               &(struct graph_named){ item->relations[i].to, r->folded_to[i],
		                                      item->relations[i].to_type, p->now_ms },
		               &rel.to);
		if (st == OK && is_single(rel.type)) {
			st = graph_relation_close(p->db, &rel, from_ms, p->err);
			index_feed_break(p->feed); /* others may have come to an end */
		}
		if (st == OK)
			st = graph_relate(p->db, &rel, &rel.id, &added, p->err);
		if (added)
			index_feed_relation(p->feed, &rel);
	}
	return st;
}

static enum status tell(struct put *p, const struct memory_ready *r, const char *id,
                        const char *action)
{
	const struct event_memory e = {
		.id = id,
		.action = action,
		.kind = r->item->kind == NULL ? "observation" : r->item->kind,
		.scope = r->scope.words,
		.entity = r->item->entity,
		.ids = &p->event_ids,
	};

	return event_put_memory(p->db, p->now_ms, &e, p->err);
}

static enum status supersede(struct put *p, const struct memory_ready *r, int64_t by)
{
	int64_t old, at_ms = r->item->valid_from == 0 ? p->now_ms : r->item->valid_from;
	enum status st = memories_find(p->db, r->item->supersedes, &old, p->err);

	if (st != OK)
		return st;
	if (old == 0)
		return err_set(p->err, E_ABSENT,
		               "'supersedes' names '%.40s', but there is no such memory",
		               r->item->supersedes);
	if (old == by)
		return err_set(p->err, E_INPUT,
		               "memory '%.40s' says the same already and cannot supersede itself",
		               r->item->supersedes);
	index_feed_break(p->feed);
	if ((st = memories_supersede(p->db, old, by, at_ms, p->change, p->err)) != OK)
		return st;
	return tell(p, r, r->item->supersedes, "superseded");
}

/* An import that was done before brings ids that are there. */
static enum status there_already(struct put *p, const struct memory_ready *r, bool *there)
{
	int64_t id = 0;
	enum status st = OK;

	if (r->item->id != NULL)
		st = memories_find(p->db, r->item->id, &id, p->err);
	if ((*there = id != 0)) {
		r->out->id = r->item->id;
		r->out->duplicate = true;
	}
	return st;
}

static enum status put_one(struct put *p, const struct memory_ready *r)
{
	int64_t entity, id = 0, told = 0;
	bool there = false;
	enum status st = there_already(p, r, &there);

	if (st != OK || there)
		return st;
	if ((st = ids_of(p, r, &entity)) != OK)
		return st;
	/* What was forgotten elsewhere says nothing about what holds here. */
	if (r->item->expired_ms == 0 && !r->item->again)
		st = told_already(p, r, entity, &told);
	if (st != OK)
		return st;
	if ((id = told) == 0)
		st = add(p, r, entity, &id);
	if (st == OK)
		st = relate(p, r, entity, id);
	if (st == OK && r->item->supersedes != NULL)
		st = supersede(p, r, id);
	if (st == OK && told == 0)
		st = tell(p, r, r->out->id, "stored");
	return st;
}

static bool same_scope(const struct memory_writing *w, size_t i, size_t k)
{
	const char *a = w->ready[i].scope.words, *b = w->ready[k].scope.words;

	return a == b || strcmp(a, b) == 0;
}

/* One row for the scope of item `first` and all that have the same. */
static enum status audit_scope(struct db *db, const struct memory_writing *w, size_t first,
                               int64_t now_ms, struct err *err)
{
	struct memories_audit row = {
		.at_ms = now_ms,
		.actor = w->actor,
		.action = "stored",
		.scope = w->ready[first].scope.words,
	};
	struct text ids;
	enum status st;

	text_init(&ids, TEXT_LIMIT);
	for (size_t i = first; i < w->n; i++) {
		if (w->ready[i].out->duplicate || !same_scope(w, first, i))
			continue;
		if (row.count++ < AUDIT_IDS)
			text_addf(&ids, "%s%s", ids.len == 0 ? "" : " ", w->ready[i].out->id);
	}
	row.detail = text_string(&ids);
	st = ids.failed ? err_nomem(err, "the audit") : memories_audit(db, &row, err);
	text_done(&ids);
	return st;
}

static enum status audit(struct db *db, const struct memory_writing *w, int64_t now_ms,
                         struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; i < w->n && st == OK; i++) {
		size_t first = 0;

		while (!same_scope(w, first, i))
			first++;
		if (first == i)
			st = audit_scope(db, w, i, now_ms, err);
	}
	return st;
}

enum status memory_put_rows(struct db *db, const struct memory_writing *w,
                            const struct memory_putting *how, struct err *err)
{
	struct put p = { .db = db,
		         .now_ms = how->now_ms,
		         .change = how->change,
		         .a = w->a,
		         .err = err,
		         .feed = how->feed };
	enum status st = OK;

	for (size_t i = 0; i < w->n && st == OK; i++)
		st = put_one(&p, &w->ready[i]);
	return st;
}

enum status memory_put(struct db *db, const struct memory_writing *w, struct memory_putting *how,
                       struct err *err)
{
	enum status st = memories_change(db, &how->change, err);

	if (st == OK)
		st = memory_put_rows(db, w, how, err);
	return st == OK ? audit(db, w, how->now_ms, err) : st;
}
