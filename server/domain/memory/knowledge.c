/* knowledge.c - changes to the graph of entities and observations. */
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/memory/knowledge_own.h"

#define SCOPE "project"

enum status knowledge_scope(const struct knowledge_call *c, struct db *db, bool make, int64_t *id)
{
	struct memory_scope scope;
	enum status st = memory_scope_read(c->p, &(struct memory_item){ 0 }, c->a, &scope, c->err);

	if (st != OK)
		return st;
	return make ? graph_scope(db, scope.kind, scope.key, id, c->err)
	            : graph_scope_find(db, scope.kind, scope.key, id, c->err);
}

enum status knowledge_name_find(const struct knowledge_call *c, struct db *db, const char *name,
                                struct knowledge_name *out)
{
	char *folded = terms_fold(name, strlen(name));
	const char *written = NULL;
	enum status st;

	*out = (struct knowledge_name){ .key = text_dup(c->a, folded) };
	mem_free(folded);
	if (out->key == NULL)
		return err_nomem(c->err, "a name");
	st = knowledge_entity(db, out->key, c->a, &out->id, &written, c->err);
	if (st != OK || out->id == 0 || strcmp(written, name) == 0)
		return st;
	if ((out->key = text_printf(c->a, "=%s", name)) == NULL)
		return err_nomem(c->err, "a name");
	return knowledge_entity(db, out->key, c->a, &out->id, &written, c->err);
}

const char *knowledge_mark(const char *name, const char *type, struct arena *a)
{
	return text_printf(a, "%s (%s)", name, type);
}

/* One change in its transaction. */
struct change {
	const struct knowledge_call *c;
	struct db *db;
	struct terms *terms; /* borrowed */
	const char *actor, *action;
	struct memory_scope scope;
	struct knowledge_at at;
	int64_t change;
	int64_t n; /* rows changed */
};

typedef enum status step_fn(struct change *ch, const void *what, size_t n, void *answer);

static enum status begin(struct change *ch)
{
	const struct knowledge_call *c = ch->c;
	enum status st = db_begin(ch->db, c->err);

	ch->at.now_ms = clock_wall_ms(&c->p->clock);
	if (st == OK)
		st = memories_change(ch->db, &ch->change, c->err);
	return st == OK ? knowledge_scope(c, ch->db, true, &ch->at.scope) : st;
}

static enum status end(struct change *ch)
{
	const struct memories_audit row = { .at_ms = ch->at.now_ms,
		                            .actor = ch->actor,
		                            .action = ch->action,
		                            .scope = ch->scope.words,
		                            .count = ch->n };
	enum status st;

	if (ch->n == 0) { /* nothing to keep */
		db_rollback(ch->db);
		return OK;
	}
	st = memories_audit(ch->db, &row, ch->c->err);
	return st == OK ? project_commit(ch->c->p, ch->db, ch->c->err) : st;
}

static enum status carry_out(const struct knowledge_call *c, const char *action, step_fn *step,
                             const void *what, size_t n, void *answer)
{
	struct change ch = { .c = c, .action = action, .actor = memory_actor(NULL, c->a) };
	enum status st;

	if (ch.actor == NULL)
		return err_nomem(c->err, "a change");
	st = memory_scope_read(c->p, &(struct memory_item){ 0 }, c->a, &ch.scope, c->err);
	if (st == OK)
		st = memory_may(c->p, ch.actor, ch.scope.words, true, c->err);
	if (st != OK || n == 0)
		return st;
	if ((ch.terms = memory_terms_take(c->p->memory)) == NULL)
		return err_nomem(c->err, "a change");
	st = project_write(c->p, c->stop, &ch.db, c->err);
	if (st == OK && (st = begin(&ch)) == OK && (st = step(&ch, what, n, answer)) == OK)
		st = end(&ch);
	project_done(c->p, ch.db);
	memory_terms_give(c->p->memory, ch.terms);
	return st;
}

static enum status check_name(const struct change *ch, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > MEMORY_NAME_MAX)
		return err_set(ch->c->err, E_INPUT, "an entity's name has 1 to %d bytes, not %zu",
		               MEMORY_NAME_MAX, n);
	return OK;
}

/* Memories about one entity, on their way into the store. */
struct saying {
	struct change *ch;
	const struct knowledge_entity *e;
	const char *key; /* of the entity */
	struct memory_item *items;
	struct memory_ready *ready;
	struct memory_stored *stored;
	size_t n;
};

static enum status begin_saying(struct saying *s, struct change *ch,
                                const struct knowledge_entity *e, const char *key)
{
	struct arena *a = ch->c->a;

	*s = (struct saying){
		.ch = ch,
		.e = e,
		.key = key,
		.items = arena_take(a, (e->n + 1) * sizeof *s->items),
		.ready = arena_take(a, (e->n + 1) * sizeof *s->ready),
		.stored = arena_take(a, (e->n + 1) * sizeof *s->stored),
	};
	return arena_failed(a) ? err_nomem(ch->c->err, "observations") : OK;
}

/* Whatever else is said about the entity. */
static enum status say(struct saying *s, const char *kind, const char *text)
{
	const struct knowledge_call *c = s->ch->c;
	struct memory_ready *ready = &s->ready[s->n];
	enum status st;

	if (text[strspn(text, " \t\r\n")] == '\0')
		return err_set(c->err, E_INPUT, "an observation about '%.80s' has no text",
		               s->e->name);
	if (strlen(text) > MEMORY_TEXT_MAX)
		return err_set(c->err, E_INPUT,
		               "an observation about '%.80s' has %zu bytes; at most %zu",
		               s->e->name, strlen(text), MEMORY_TEXT_MAX);
	s->items[s->n] = (struct memory_item){ .text = text,
		                               .kind = kind,
		                               .entity = s->e->name,
		                               .entity_type = s->e->type,
		                               .again = true };
	*ready = (struct memory_ready){ .item = &s->items[s->n],
		                        .out = &s->stored[s->n],
		                        .scope = s->ch->scope };
	if ((st = memory_ready_make(s->ch->terms, ready, c->a, c->err)) != OK)
		return st;
	ready->folded_entity = s->key;
	s->n++;
	return OK;
}

static enum status end_saying(struct saying *s)
{
	const struct memory_writing w = { s->ready, s->n, s->ch->actor, s->ch->c->a, NULL };

	s->ch->n += (int64_t)s->n;
	return memory_put_rows(
	    s->ch->db, &w,
	    &(struct memory_putting){ .now_ms = s->ch->at.now_ms, .change = s->ch->change },
	    s->ch->c->err);
}

static enum status any(void *arg, const struct knowledge_said *row, struct err *err)
{
	(void)row, (void)err;
	*(bool *)arg = true;
	return OK;
}

/* Is it there: is anything said about it that holds? */
static enum status is_there(struct change *ch, const char *name, struct knowledge_name *found,
                            bool *there)
{
	enum status st = knowledge_name_find(ch->c, ch->db, name, found);

	*there = false;
	ch->at.entity = found->id;
	if (st != OK || found->id == 0)
		return st;
	return knowledge_said(ch->db, &ch->at, any, there, ch->c->err);
}

static enum status create_one(struct change *ch, const struct knowledge_entity *e, bool *done)
{
	struct knowledge_name name;
	struct saying saying;
	const char *mark;
	bool there = false;
	enum status st = check_name(ch, e->name);

	if (st != OK || (st = is_there(ch, e->name, &name, &there)) != OK)
		return st;
	*done = !there;
	if (there)
		return OK;
	if ((mark = knowledge_mark(e->name, e->type, ch->c->a)) == NULL)
		return err_nomem(ch->c->err, "an entity");
	if (name.id != 0 && (st = knowledge_retype(ch->db, name.id, e->type, ch->c->err)) != OK)
		return st;
	if ((st = begin_saying(&saying, ch, e, name.key)) == OK)
		st = say(&saying, KNOWLEDGE_KIND, mark);
	for (size_t i = 0; i < e->n && st == OK; i++)
		st = say(&saying, NULL, e->observations[i]);
	return st == OK ? end_saying(&saying) : st;
}

static enum status create(struct change *ch, const void *what, size_t n, void *answer)
{
	const struct knowledge_entity *e = what;
	bool *done = answer;
	enum status st = OK;

	for (size_t i = 0; i < n && st == OK; i++)
		st = create_one(ch, &e[i], &done[i]);
	return st;
}

enum status knowledge_create(const struct knowledge_call *c, const struct knowledge_entity *e,
                             size_t n, bool *done)
{
	return carry_out(c, "stored", create, e, n, done);
}

static enum status relate_one(struct change *ch, const struct knowledge_relation *r, bool *done)
{
	struct graph_relation rel = { .type = r->type,
		                      .scope = ch->at.scope,
		                      .made_ms = ch->at.now_ms,
		                      .change = ch->change };
	const char *const ends[] = { r->from, r->to };
	int64_t *const ids[] = { &rel.from, &rel.to };
	int64_t id;
	enum status st = OK;

	for (int i = 0; i < 2 && st == OK; i++) {
		struct knowledge_name name;

		if ((st = check_name(ch, ends[i])) != OK ||
		    (st = knowledge_name_find(ch->c, ch->db, ends[i], &name)) != OK)
			return st;
		st = graph_entity(ch->db,
		                  &(struct graph_named){ ends[i], name.key, NULL, ch->at.now_ms },
		                  ids[i], ch->c->err);
	}
	if (st == OK)
		st = graph_relate(ch->db, &rel, &id, done, ch->c->err);
	ch->n += *done;
	return st;
}

static enum status relate(struct change *ch, const void *what, size_t n, void *answer)
{
	const struct knowledge_relation *r = what;
	bool *done = answer;
	enum status st = OK;

	for (size_t i = 0; i < n && st == OK; i++)
		st = relate_one(ch, &r[i], &done[i]);
	return st;
}

enum status knowledge_relate(const struct knowledge_call *c, const struct knowledge_relation *r,
                             size_t n, bool *done)
{
	return carry_out(c, "related", relate, r, n, done);
}

/* Which of some texts are said about an entity. */
struct heard {
	struct change *ch;
	const struct knowledge_entity *e;
	bool *said;
	bool there;
	bool forget; /* what is heard */
};

static enum status forget_row(struct change *ch, const struct knowledge_said *row)
{
	const struct event_memory e = {
		.id = row->uid,
		.action = "expired",
		.kind = row->kind,
		.scope = ch->scope.words,
		.entity = row->name,
	};
	struct err *err = ch->c->err;
	bool done;
	enum status st = memories_expire(ch->db, row->id, ch->at.now_ms, ch->change, &done, err);

	if (st == OK)
		st = graph_forget_said(ch->db, row->id, ch->at.now_ms, ch->change, false, err);
	ch->n++;
	return st == OK ? event_put_memory(ch->db, ch->at.now_ms, &e, err) : st;
}

static enum status hear(void *arg, const struct knowledge_said *row, struct err *err)
{
	struct heard *h = arg;
	bool heard = false;

	(void)err;
	h->there = true;
	if (strcmp(row->kind, KNOWLEDGE_KIND) == 0)
		return OK;
	for (size_t i = 0; i < h->e->n; i++) {
		if (strcmp(h->e->observations[i], row->body) != 0)
			continue;
		heard = true;
		if (h->said != NULL)
			h->said[i] = true;
	}
	return heard && h->forget ? forget_row(h->ch, row) : OK;
}

/* Secrets are compared as they are kept: masked. */
static enum status mask(struct change *ch, struct knowledge_entity *e)
{
	const char **masked = arena_take(ch->c->a, (e->n + 1) * sizeof *masked);
	bool any_masked;

	for (size_t i = 0; i < e->n && masked != NULL; i++)
		masked[i] = memory_mask(e->observations[i], ch->c->a, &any_masked);
	e->observations = masked;
	return arena_failed(ch->c->a) ? err_nomem(ch->c->err, "observations") : OK;
}

static enum status observe_one(struct change *ch, struct knowledge_entity *e)
{
	const struct knowledge_entity all = *e;
	struct heard h = { .ch = ch, .e = &all, .said = arena_take(ch->c->a, e->n + 1) };
	const char **fresh = arena_take(ch->c->a, (e->n + 1) * sizeof *fresh);
	struct knowledge_name name;
	struct saying saying;
	enum status st = knowledge_name_find(ch->c, ch->db, e->name, &name);

	if (h.said == NULL || fresh == NULL)
		return err_nomem(ch->c->err, "observations");
	ch->at.entity = name.id;
	if (st == OK && name.id != 0)
		st = knowledge_said(ch->db, &ch->at, hear, &h, ch->c->err);
	if (st == OK && !h.there)
		return err_set(ch->c->err, E_ABSENT, "Entity with name %.400s not found", e->name);
	if (st == OK)
		st = begin_saying(&saying, ch, &all, name.key);
	e->observations = fresh;
	e->n = 0;
	for (size_t i = 0; i < all.n && st == OK; i++) {
		if (h.said[i])
			continue;
		fresh[e->n++] = all.observations[i];
		st = say(&saying, NULL, all.observations[i]);
	}
	return st == OK ? end_saying(&saying) : st;
}

static enum status observe(struct change *ch, const void *what, size_t n, void *answer)
{
	struct knowledge_entity *e = answer;
	enum status st = OK;

	(void)what;
	for (size_t i = 0; i < n && st == OK; i++)
		if ((st = mask(ch, &e[i])) == OK)
			st = observe_one(ch, &e[i]);
	return st;
}

enum status knowledge_observe(const struct knowledge_call *c, struct knowledge_entity *e, size_t n)
{
	return carry_out(c, "stored", observe, e, n, e);
}

static enum status forget_said(void *arg, const struct knowledge_said *row, struct err *err)
{
	(void)err;
	return forget_row(arg, row);
}

static enum status forget_link(void *arg, const struct knowledge_link *row, struct err *err)
{
	struct change *ch = arg;

	ch->n++;
	return knowledge_unlink(ch->db, row->id, ch->at.now_ms, ch->change, err);
}

static enum status delete_all(struct change *ch, const void *what, size_t n, void *answer)
{
	const char *const *names = what;
	enum status st = OK;

	(void)answer;
	for (size_t i = 0; i < n && st == OK; i++) {
		struct knowledge_name name;

		st = knowledge_name_find(ch->c, ch->db, names[i], &name);
		if (st != OK || name.id == 0)
			continue;
		ch->at.entity = name.id;
		st = knowledge_said(ch->db, &ch->at, forget_said, ch, ch->c->err);
		if (st == OK)
			st = knowledge_links(ch->db, &ch->at, forget_link, ch, ch->c->err);
	}
	return st;
}

enum status knowledge_delete(const struct knowledge_call *c, const char *const *names, size_t n)
{
	return carry_out(c, "expired", delete_all, names, n, NULL);
}

static enum status unsay(struct change *ch, const void *what, size_t n, void *answer)
{
	const struct knowledge_entity *all = what;
	enum status st = OK;

	(void)answer;
	for (size_t i = 0; i < n && st == OK; i++) {
		struct knowledge_entity e = all[i];
		struct heard h = { .ch = ch, .e = &e, .forget = true };
		struct knowledge_name name;

		st = knowledge_name_find(ch->c, ch->db, e.name, &name);
		ch->at.entity = name.id;
		if (st == OK && name.id != 0 && (st = mask(ch, &e)) == OK)
			st = knowledge_said(ch->db, &ch->at, hear, &h, ch->c->err);
	}
	return st;
}

enum status knowledge_unsay(const struct knowledge_call *c, const struct knowledge_entity *e,
                            size_t n)
{
	return carry_out(c, "expired", unsay, e, n, NULL);
}

/* The relations of one entity, one of which is to go. */
struct cut {
	struct change *ch;
	const struct knowledge_relation *r;
};

static enum status cut_link(void *arg, const struct knowledge_link *row, struct err *err)
{
	const struct cut *cut = arg;

	if (strcmp(row->from_name, cut->r->from) != 0 || strcmp(row->to_name, cut->r->to) != 0 ||
	    strcmp(row->type, cut->r->type) != 0)
		return OK;
	return forget_link(cut->ch, row, err);
}

static enum status unrelate(struct change *ch, const void *what, size_t n, void *answer)
{
	const struct knowledge_relation *r = what;
	enum status st = OK;

	(void)answer;
	for (size_t i = 0; i < n && st == OK; i++) {
		struct cut cut = { ch, &r[i] };
		struct knowledge_name name;

		st = knowledge_name_find(ch->c, ch->db, r[i].from, &name);
		ch->at.entity = name.id;
		if (st == OK && name.id != 0)
			st = knowledge_links(ch->db, &ch->at, cut_link, &cut, ch->c->err);
	}
	return st;
}

enum status knowledge_unrelate(const struct knowledge_call *c, const struct knowledge_relation *r,
                               size_t n)
{
	return carry_out(c, "expired", unrelate, r, n, NULL);
}

/* Note in the audit that a file was taken over. */
static enum status note_taken(const struct knowledge_call *c, const char *path, size_t stored)
{
	struct memories_audit row = { .at_ms = clock_wall_ms(&c->p->clock),
		                      .actor = memory_actor(NULL, c->a),
		                      .action = "imported",
		                      .scope = SCOPE,
		                      .detail = path,
		                      .count = (int64_t)stored };
	struct db *db = NULL;
	enum status st = project_write(c->p, c->stop, &db, c->err);

	if (st == OK && (st = db_begin(db, c->err)) == OK &&
	    (st = memories_audit(db, &row, c->err)) == OK)
		st = project_commit(c->p, db, c->err);
	project_done(c->p, db);
	return st;
}

enum status knowledge_take_over(const struct knowledge_call *c, const char *path)
{
	const struct memory_source source = { .path = path, .format = MEMORY_SERVER_MEMORY };
	struct memory_imported done = { 0 };
	struct db *db = NULL;
	struct stat there;
	bool before = false;
	enum status st;

	if (stat(path, &there) != 0 || there.st_size == 0)
		return OK;
	if ((st = project_read(c->p, c->stop, &db, c->err)) != OK)
		return st;
	st = knowledge_done(db, "imported", path, &before, c->err);
	project_done(c->p, db);
	if (st != OK || before)
		return st;
	st = memory_import(c->p, c->stop, &source, c->a, &done, c->err);
	if (st == E_INPUT && done.skipped == 0)
		return OK; /* empty lines */
	if (st != OK)
		return st;
	return note_taken(c, path, done.stored);
}
