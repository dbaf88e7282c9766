/* knowledge_read.c - the graph of entities and observations, whole or the part asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/knowledge_own.h"

#define FEW 1000 /* entities that are read one by one */

/* One entity being gathered; observations grow by doubling. */
struct found {
	int64_t id, first; /* first: of its memories that hold */
	const char *name, *type;
	const char **said;
	size_t n, size;
};

struct link {
	int64_t id;
	struct knowledge_relation relation;
};

struct reading {
	const struct knowledge_call *c;
	struct db *db;
	struct knowledge_at at;
	struct found *found;
	size_t n, size;
	uint32_t *slots; /* owned: index of `found` + 1, by entity id */
	size_t n_slots;
	struct text lower; /* of the row being looked at */
	const char *want;  /* lowered; NULL: all */
	bool *wanted;      /* by entity id; NULL: all */
	size_t n_wanted;   /* room of it */
	size_t n_links;
	struct link *links;
};

static bool holds(struct reading *r, const char *text)
{
	const char *low = text == NULL ? NULL : grams_lower(&r->lower, text);

	return low != NULL && strstr(low, r->want) != NULL;
}

static bool want(struct reading *r, int64_t entity)
{
	size_t size = r->n_wanted == 0 ? 1024 : r->n_wanted;
	bool *grown;

	while (size <= (size_t)entity)
		size *= 2;
	if (size > r->n_wanted) {
		if ((grown = mem_grow(r->wanted, size)) == NULL)
			return false;
		memset(grown + r->n_wanted, 0, size - r->n_wanted);
		r->wanted = grown;
		r->n_wanted = size;
	}
	r->wanted[entity] = true;
	return true;
}

static bool is_wanted(const struct reading *r, int64_t entity)
{
	return r->wanted == NULL || ((size_t)entity < r->n_wanted && r->wanted[entity]);
}

/* Whose name or type holds the text? */
static enum status match_name(void *arg, int64_t id, const char *name, const char *type,
                              struct err *err)
{
	struct reading *r = arg;

	if (!holds(r, name) && !holds(r, type == NULL ? GRAMS_NO_TYPE : type))
		return OK;
	return want(r, id) ? OK : err_nomem(err, "what is known");
}

/* An observation that holds it, if it is one that holds now. */
static enum status match_text(void *arg, int64_t id, const char *text, const char *nothing,
                              struct err *err)
{
	struct reading *r = arg;
	int64_t entity = 0;
	enum status st;

	(void)nothing;
	if (!holds(r, text))
		return OK;
	st = knowledge_about(r->db, &r->at, id, &entity, err);
	if (st != OK || entity == 0)
		return st;
	return want(r, entity) ? OK : err_nomem(err, "what is known");
}

/* The same of one that is known to hold now, with what it is about. */
static enum status match_said(void *arg, int64_t entity, const char *text, const char *nothing,
                              struct err *err)
{
	struct reading *r = arg;

	(void)nothing;
	if (!holds(r, text))
		return OK;
	return want(r, entity) ? OK : err_nomem(err, "what is known");
}

/* Look where the text searched for may be: at a few rows, or, when they are many, at all. */
static enum status match_names(struct reading *r)
{
	struct err *err = r->c->err;
	struct grams_found may;
	enum status st =
	    grams_find(r->c->p->memory->grams, GRAMS_NAMES, r->want, r->c->a, &may, err);

	if (st == OK && may.all)
		return knowledge_names(r->db, 0, match_name, r, err);
	for (size_t i = 0; st == OK && i < may.n; i++)
		st = knowledge_name(r->db, may.ids[i], match_name, r, err);
	return st;
}

static enum status match_texts(struct reading *r)
{
	struct err *err = r->c->err;
	struct grams_found may;
	enum status st =
	    grams_find(r->c->p->memory->grams, GRAMS_TEXTS, r->want, r->c->a, &may, err);

	if (st == OK && may.all)
		return knowledge_texts(r->db, 0, match_text, r, err);
	for (size_t i = 0; st == OK && i < may.n; i++)
		st = knowledge_text(r->db, &r->at, may.ids[i], match_said, r, err);
	return st;
}

static struct found *slot(struct reading *r, int64_t entity, bool *fresh)
{
	size_t i;

	if (2 * (r->n + 1) > r->n_slots) {
		size_t n = r->n_slots == 0 ? 256 : 2 * r->n_slots;
		uint32_t *slots = mem_zero(n, sizeof *slots);

		if (slots == NULL)
			return NULL;
		for (size_t k = 0; k < r->n; k++) {
			for (i = (size_t)r->found[k].id & (n - 1); slots[i] != 0;)
				i = (i + 1) & (n - 1);
			slots[i] = (uint32_t)k + 1;
		}
		mem_free(r->slots);
		r->slots = slots;
		r->n_slots = n;
	}
	for (i = (size_t)entity & (r->n_slots - 1); r->slots[i] != 0;) {
		if (r->found[r->slots[i] - 1].id == entity)
			return &r->found[r->slots[i] - 1];
		i = (i + 1) & (r->n_slots - 1);
	}
	if (r->n == r->size) {
		size_t size = r->size == 0 ? 64 : 2 * r->size;
		struct found *grown = mem_grow(r->found, size * sizeof *grown);

		if (grown == NULL)
			return NULL;
		r->found = grown;
		r->size = size;
	}
	*fresh = true;
	r->found[r->n] = (struct found){ .id = entity };
	r->slots[i] = (uint32_t)++r->n;
	return &r->found[r->n - 1];
}

static bool add_said(struct found *f, const char *text, struct arena *a)
{
	if (f->n == f->size) {
		size_t size = f->size == 0 ? 4 : 2 * f->size;
		const char **grown = arena_take(a, size * sizeof *grown);

		if (grown == NULL)
			return false;
		if (f->n > 0)
			memcpy(grown, f->said, f->n * sizeof *grown);
		f->said = grown;
		f->size = size;
	}
	f->said[f->n] = text_dup(a, text);
	return f->said[f->n++] != NULL;
}

static enum status gather(void *arg, const struct knowledge_said *row, struct err *err)
{
	struct reading *r = arg;
	struct found *f;
	bool fresh = false, good = true;

	if (!is_wanted(r, row->entity))
		return OK;
	if ((f = slot(r, row->entity, &fresh)) == NULL)
		return err_nomem(err, "what is known");
	if (fresh) {
		f->first = row->id;
		f->name = text_dup(r->c->a, row->name);
		f->type = text_dup(r->c->a, row->type == NULL ? GRAMS_NO_TYPE : row->type);
	}
	if (strcmp(row->kind, KNOWLEDGE_KIND) != 0)
		good = add_said(f, row->body, r->c->a);
	return good && !arena_failed(r->c->a) ? OK : err_nomem(err, "what is known");
}

static enum status gather_link(void *arg, const struct knowledge_link *row, struct err *err)
{
	struct reading *r = arg;
	struct arena *a = r->c->a;

	if (r->wanted != NULL && !is_wanted(r, row->from) && !is_wanted(r, row->to))
		return OK;
	/* One that ends at the entity asked for, and begins at another wanted one, is that one's.
	 */
	if (r->at.entity != 0 && row->from != r->at.entity && is_wanted(r, row->from))
		return OK;
	if ((r->n_links & (r->n_links - 1)) == 0) { /* a power of two: full */
		size_t size = r->n_links == 0 ? 1 : 2 * r->n_links;
		struct link *grown = arena_take(a, size * sizeof *grown);

		if (grown == NULL)
			return err_nomem(err, "what is known");
		if (r->n_links > 0)
			memcpy(grown, r->links, r->n_links * sizeof *grown);
		r->links = grown;
	}
	r->links[r->n_links++] =
	    (struct link){ row->id,
		           { text_dup(a, row->from_name), text_dup(a, row->type),
		             text_dup(a, row->to_name) } };
	return arena_failed(a) ? err_nomem(err, "what is known") : OK;
}

/* The relations of the entities wanted, when they are few. */
static enum status gather_few_links(struct reading *r)
{
	enum status st = OK;

	for (size_t i = 0; i < r->n_wanted && st == OK; i++) {
		r->at.entity = (int64_t)i;
		if (r->wanted[i])
			st = knowledge_links(r->db, &r->at, gather_link, r, r->c->err);
	}
	r->at.entity = 0;
	return st;
}

/* The entities of these names, and no others. */
static enum status want_names(struct reading *r, struct db *db, const struct knowledge_query *q)
{
	enum status st = OK;

	if (!want(r, 0)) /* no entity's id: from here on the table says */
		return err_nomem(r->c->err, "what is known");
	r->wanted[0] = false;
	for (size_t i = 0; i < q->n_names && st == OK; i++) {
		struct knowledge_name name;

		st = knowledge_name_find(r->c, db, q->names[i], &name);
		if (st == OK && name.id != 0 && !want(r, name.id))
			st = err_nomem(r->c->err, "what is known");
	}
	return st;
}

/* Only the entities wanted, when they are few. */
static enum status gather_few(struct reading *r)
{
	enum status st = OK;

	for (size_t i = 0; i < r->n_wanted && st == OK; i++) {
		size_t before = r->n;

		r->at.entity = (int64_t)i;
		if (!r->wanted[i])
			continue;
		st = knowledge_said(r->db, &r->at, gather, r, r->c->err);
		r->wanted[i] = r->n > before; /* else only relations know its name */
	}
	r->at.entity = 0;
	return st;
}

static enum status gather_all(struct reading *r)
{
	enum status st = knowledge_said(r->db, &r->at, gather, r, r->c->err);

	if (r->wanted == NULL || st != OK)
		return st;
	memset(r->wanted, 0, r->n_wanted);
	for (size_t i = 0; i < r->n; i++)
		r->wanted[r->found[i].id] = true;
	return OK;
}

static size_t count_wanted(const struct reading *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_wanted; i++)
		n += r->wanted[i];
	return n;
}

static enum status read_graph(struct reading *r, const struct knowledge_query *q)
{
	enum status st = knowledge_scope(r->c, r->db, false, &r->at.scope);
	bool few;

	if (st == OK && (r->want != NULL || q->names != NULL))
		st = want_names(r, r->db, q);
	if (st == OK && r->want != NULL)
		st = grams_follow(r->c->p->memory->grams, r->db, r->c->err);
	if (st == OK && r->want != NULL && (st = match_names(r)) == OK)
		st = match_texts(r);
	if (st != OK)
		return st;
	few = r->wanted != NULL && count_wanted(r) <= FEW;
	if ((st = few ? gather_few(r) : gather_all(r)) != OK)
		return st;
	return few ? gather_few_links(r)
	           : knowledge_links(r->db, &r->at, gather_link, r, r->c->err);
}

static int by_number(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_age(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static enum status hand_out(const struct reading *r, struct knowledge *out)
{
	if (r->n > 1)
		qsort(r->found, r->n, sizeof *r->found, by_age);
	out->entities = arena_take(r->c->a, (r->n + 1) * sizeof *out->entities);
	if (out->entities == NULL)
		return err_nomem(r->c->err, "what is known");
	for (size_t i = 0; i < r->n; i++)
		out->entities[i] = (struct knowledge_entity){ r->found[i].name, r->found[i].type,
			                                      r->found[i].said, r->found[i].n };
	out->n_entities = r->n;
	if (r->n_links > 1)
		qsort(r->links, r->n_links, sizeof *r->links, by_number);
	out->relations = arena_take(r->c->a, (r->n_links + 1) * sizeof *out->relations);
	if (out->relations == NULL)
		return err_nomem(r->c->err, "what is known");
	for (size_t i = 0; i < r->n_links; i++)
		out->relations[i] = r->links[i].relation;
	out->n_relations = r->n_links;
	return OK;
}

enum status knowledge_read(const struct knowledge_call *c, const struct knowledge_query *q,
                           struct knowledge *out)
{
	struct reading r = { .c = c, .at.now_ms = clock_wall_ms(&c->p->clock) };
	struct text needle;
	enum status st = project_read(c->p, c->stop, &r.db, c->err);

	if (st != OK)
		return st;
	text_init(&r.lower, 2 * MEMORY_TEXT_MAX);
	text_init(&needle, 2 * MEMORY_TEXT_MAX);
	if (q->text != NULL)
		r.want = grams_lower(&needle, q->text);
	if ((st = db_read_begin(r.db, c->err)) == OK)
		st = read_graph(&r, q);
	project_done(c->p, r.db);
	if (st == OK)
		st = hand_out(&r, out);
	text_done(&r.lower);
	text_done(&needle);
	mem_free(r.found);
	mem_free(r.slots);
	mem_free(r.wanted);
	return st;
}
