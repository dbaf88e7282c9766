/* show.c - a row of memory with the names that people know. */
#include <string.h>

#include "base/text.h"
#include "domain/memory/own.h"

#define EDGES_MAX   20
#define EXCERPT_MAX ((size_t)1200) /* bytes of a long text that are shown */

const char *memory_scope_words(const struct index_data *d, size_t id, struct arena *a)
{
	const struct index_scope *scope;

	if (id == 0 || id >= d->n_scopes || d->scopes[id].kind == NULL)
		return "project";
	scope = &d->scopes[id];
	return memory_scope_text(scope->kind, scope->key, a);
}

static bool holds(const struct index_relation *rel, int64_t at_ms)
{
	return rel->begin_ms <= at_ms && rel->end_ms > at_ms;
}

/* The relations of what the memory is about that hold at that time. */
static void edges(const struct index_data *d, uint32_t entity, const struct memory_view *view,
                  struct memory_hit *hit)
{
	struct arena *a = view->a;
	const struct index_entity *e = &d->entities[entity];
	uint32_t out = e->out, in = e->in;

	if (out == INDEX_NONE && in == INDEX_NONE)
		return;
	if ((hit->relations = arena_take(a, EDGES_MAX * sizeof *hit->relations)) == NULL)
		return;
	while ((out != INDEX_NONE || in != INDEX_NONE) && hit->n_relations < EDGES_MAX) {
		const struct index_relation *rel = &d->relations[out != INDEX_NONE ? out : in];

		if (holds(rel, view->at_ms) &&
		    (view->readable == NULL || memory_is_readable(view->readable, rel->scope)))
			hit->relations[hit->n_relations++] = (struct memory_edge){
				text_dup(a, d->name[rel->type].text),
				text_dup(a, d->entities[rel->from].name),
				text_dup(a, d->entities[rel->to].name),
			};
		if (out != INDEX_NONE)
			out = rel->out_next;
		else
			in = rel->in_next;
	}
}

static enum status superseder(struct db *db, int64_t id, struct arena *a, const char **out,
                              struct err *err)
{
	struct memories_row row;
	enum status st;

	if (id == 0)
		return OK;
	st = memories_get(db, id, a, &row, err);
	if (st == OK)
		*out = row.uid;
	return st == E_ABSENT ? OK : st;
}

enum status memory_hit_fill(const struct memory_view *view, const struct memories_row *row,
                            struct memory_hit *hit, struct err *err)
{
	struct arena *a = view->a;
	const struct index_data *d;
	enum status st;

	*hit = (struct memory_hit){
		.id = row->uid,
		.text = row->body,
		.kind = row->kind,
		.author = row->author,
		.origin = row->origin,
		.run = row->run,
		.task = row->task,
		.commit = row->commit,
		.made_ms = row->made_ms,
		.valid_from = row->valid_from,
		.valid_to = row->valid_to,
		.expired_ms = row->expired_ms,
		.importance = row->importance,
		.seen = row->seen,
		.hits = row->hits,
		.row = row->id,
	};
	if ((st = superseder(view->db, row->superseded_by, a, &hit->superseded_by, err)) != OK)
		return st;
	d = index_look(view->m->index);
	hit->scope = memory_scope_words(d, (size_t)row->scope, a);
	if (row->session > 0 && (size_t)row->session < d->n_sessions)
		hit->session = text_dup(a, d->sessions[row->session].name);
	if (row->entity > 0 && (size_t)row->entity < d->n_entities) {
		hit->entity = text_dup(a, d->entities[row->entity].name);
		edges(d, (uint32_t)row->entity, view, hit);
	}
	index_done(view->m->index);
	return arena_failed(a) ? err_nomem(err, "a memory") : OK;
}

/* The part of a long text that begins a little before `at`. */
void memory_hit_cut(struct memory_hit *hit, size_t at, struct arena *a)
{
	size_t n = strlen(hit->text), from = at > EXCERPT_MAX / 4 ? at - EXCERPT_MAX / 4 : 0, len;
	const char *space;

	if (n <= EXCERPT_MAX)
		return;
	if (from > n - EXCERPT_MAX)
		from = n - EXCERPT_MAX;
	from = text_utf8_cut(hit->text, n, from);
	if (from > 0 && (space = memchr(hit->text + from, ' ', 40)) != NULL)
		from = (size_t)(space - hit->text) + 1;
	len = text_utf8_cut(hit->text + from, n - from, EXCERPT_MAX);
	hit->text = text_printf(a, "%s%.*s%s", from > 0 ? "..." : "", (int)len, hit->text + from,
	                        from + len < n ? "..." : "");
	hit->cut = true;
}

/* One memory of a store. */
static enum status show_from(struct project *p, const struct memory_reader *who, const char *id,
                             struct arena *a, struct memory_hit *out, struct err *err)
{
	struct memory_readable readable;
	const struct index_data *d;
	struct memories_row row;
	struct db *db = NULL;
	int64_t found = 0;
	enum status st = project_read(p, NULL, &db, err);

	if (st != OK)
		return st;
	if ((st = index_follow(p->memory->index, db, err)) == OK &&
	    (st = memories_find(db, id, &found, err)) == OK && found == 0)
		st = err_set(err, E_ABSENT, "there is no memory '%.40s'", id);
	if (st == OK) {
		d = index_look(p->memory->index);
		st = memory_readable(d, who, a, &readable, err);
		index_done(p->memory->index);
	}
	if (st == OK && (st = memories_get(db, found, a, &row, err)) == OK)
		st = memory_hit_fill(
		    &(struct memory_view){ p->memory, db, clock_wall_ms(&p->clock), a, &readable },
		    &row, out, err);
	project_done(p, db);
	return st;
}

enum status memory_show(struct project *p, const char *id, struct arena *a, struct memory_hit *out,
                        struct err *err)
{
	struct memory_reader who = { .actor = memory_actor(NULL, a) };
	struct project *shared = NULL;
	enum status st = project_config(p, &who.config, err);

	if (st != OK)
		return st;
	if (who.actor == NULL)
		return err_nomem(err, "a memory");
	st = show_from(p, &who, id, a, out, err);
	if (st == E_ABSENT && memory_shared(p, false, &shared, NULL) == OK && shared != NULL)
		st = show_from(shared, &who, id, a, out, err);
	return st == OK ? memory_may(p, who.actor, out->scope, false, err) : st;
}
