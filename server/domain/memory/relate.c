/* relate.c - relations that no memory tells of. */
#include <string.h>

#include "base/mem.h"
#include "domain/memory/own.h"
#include "store/graph.h"

struct relate {
	struct db *db;
	int64_t now_ms, change, scope;
	struct err *err;
};

static enum status entity_of(struct relate *r, const char *name, const char *type, int64_t *id)
{
	size_t n = strlen(name);
	enum status st;
	char *folded;

	if (n == 0 || n > MEMORY_NAME_MAX)
		return err_set(r->err, E_INPUT, "an entity's name has 1 to %d bytes, not %zu",
		               MEMORY_NAME_MAX, n);
	if ((folded = terms_fold(name, n)) == NULL)
		return err_nomem(r->err, "an entity");
	st =
	    graph_entity(r->db, &(struct graph_named){ name, folded, type, r->now_ms }, id, r->err);
	mem_free(folded);
	return st;
}

static enum status add(struct relate *r, const struct memory_triple *t, size_t *added)
{
	struct graph_relation rel = {
		.type = t->type,
		.scope = r->scope,
		.made_ms = t->made_ms == 0 ? r->now_ms : t->made_ms,
		.expired_ms = t->expired_ms,
		.valid_from = t->valid_from,
		.valid_to = t->valid_to,
		.change = r->change,
	};
	int64_t id;
	bool fresh = false;
	enum status st = entity_of(r, t->from, t->from_type, &rel.from);

	if (st != OK || (st = entity_of(r, t->to, t->to_type, &rel.to)) != OK)
		return st;
	if (t->memory != NULL && (st = memories_find(r->db, t->memory, &rel.memory, r->err)) != OK)
		return st;
	st = graph_relate(r->db, &rel, &id, &fresh, r->err);
	*added += fresh;
	return st;
}

static enum status add_all(struct relate *r, const struct memory_triples *triples,
                           const struct memory_scope *scope, size_t *added)
{
	enum status st = memories_change(r->db, &r->change, r->err);

	if (st == OK)
		st = graph_scope(r->db, scope->kind, scope->key, &r->scope, r->err);
	for (size_t i = 0; i < triples->n && st == OK; i++)
		st = add(r, &triples->at[i], added);
	return st;
}

enum status memory_relate(struct project *p, const struct memory_triples *triples, struct arena *a,
                          size_t *added, struct err *err)
{
	struct relate r = { .now_ms = clock_wall_ms(&p->clock), .err = err };
	const char *actor = memory_actor(NULL, a);
	struct project *store = p;
	struct memory_scope in;
	enum status st;

	*added = 0;
	if (actor == NULL)
		return err_nomem(err, "relations");
	if ((st = memory_scope_read(p, &(struct memory_item){ .scope = triples->scope }, a, &in,
	                            err)) != OK ||
	    (st = memory_may(p, actor, in.words, true, err)) != OK || triples->n == 0 ||
	    (memory_scope_is_shared(in.kind) && (st = memory_shared(p, true, &store, err)) != OK) ||
	    (st = project_write(store, NULL, &r.db, err)) != OK)
		return st;
	if ((st = db_begin(r.db, err)) == OK && (st = add_all(&r, triples, &in, added)) == OK) {
		const struct memories_audit row = { .at_ms = r.now_ms,
			                            .actor = actor,
			                            .action = "related",
			                            .scope = in.words,
			                            .count = (int64_t)*added };

		if ((st = memories_audit(r.db, &row, err)) == OK)
			st = project_commit(store, r.db, err);
	}
	project_done(store, r.db);
	return st;
}
