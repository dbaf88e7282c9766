/* remember.c - checks what is to be remembered and reads it for words. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/json.h"
#include "domain/memory/own.h"

struct field {
	const char *name, *value;
	size_t most;
};

static enum status check_field(const struct field *f, struct err *err)
{
	size_t n = f->value == NULL ? 0 : strlen(f->value);

	if (n > f->most)
		return err_set(err, E_INPUT, "'%s' has %zu bytes; at most %zu", f->name, n,
		               f->most);
	if (f->value != NULL && text_utf8_valid(f->value, n) != n)
		return err_set(err, E_INPUT, "'%s' is not valid UTF-8 at byte %zu", f->name,
		               text_utf8_valid(f->value, n));
	return OK;
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

static enum status check_relations(const struct memory_item *item, struct err *err)
{
	enum status st = OK;

	if (item->n_relations > 0 && item->entity == NULL)
		return err_set(err, E_INPUT, "'relations' need an 'entity' that they start from");
	if (item->n_relations > MEMORY_RELATIONS_MAX)
		return err_set(err, E_INPUT, "%zu relations; at most %d", item->n_relations,
		               MEMORY_RELATIONS_MAX);
	for (size_t i = 0; i < item->n_relations && st == OK; i++) {
		const struct memory_relation *r = &item->relations[i];

		if (r->type == NULL || is_blank(r->type) || r->to == NULL || is_blank(r->to))
			return err_set(err, E_INPUT, "relation %zu needs a 'type' and a 'to'",
			               i + 1);
		st = check_field(&(struct field){ "relations", r->to, MEMORY_NAME_MAX }, err);
		if (st == OK)
			st = check_field(&(struct field){ "relations", r->type, MEMORY_NAME_MAX },
			                 err);
	}
	return st;
}

static enum status check_kind(const char *kind, struct err *err)
{
	if (kind == NULL || (kind[0] >= 'a' && kind[0] <= 'z' &&
	                     kind[strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0'))
		return OK;
	return err_set(err, E_INPUT,
	               "kind '%.40s' is not a word of a-z, 0-9, '_' and '-', like "
	               "decision, fact, procedure, pattern or achievement",
	               kind);
}

enum status memory_check(const struct memory_item *item, struct err *err)
{
	const struct field fields[] = {
		{ "text", item->text, MEMORY_TEXT_MAX },
		{ "kind", item->kind, 40 },
		{ "entity", item->entity, MEMORY_NAME_MAX },
		{ "session", item->session, MEMORY_NAME_MAX },
		{ "author", item->author, MEMORY_NAME_MAX },
	};
	enum status st = OK;

	if (item->text == NULL || is_blank(item->text))
		return err_set(err, E_INPUT, "it has no text");
	for (size_t i = 0; i < sizeof fields / sizeof *fields && st == OK; i++)
		st = check_field(&fields[i], err);
	if (st != OK || (st = check_kind(item->kind, err)) != OK ||
	    (st = check_relations(item, err)) != OK)
		return st;
	if (item->entity != NULL && is_blank(item->entity))
		return err_set(err, E_INPUT, "'entity' is empty");
	if (item->importance < 0 || item->importance > 1)
		return err_set(err, E_INPUT, "importance %g is not between 0 and 1",
		               item->importance);
	if (item->valid_to != 0 && item->valid_to <= item->valid_from)
		return err_set(err, E_INPUT, "'validTo' is not after 'validFrom'");
	return OK;
}

static const char *fold(const char *s, struct arena *a)
{
	char *folded = terms_fold(s, strlen(s));
	const char *copy = text_dup(a, folded);

	mem_free(folded);
	return copy;
}

static int64_t hash_of(const struct memory_ready *r)
{
	uint64_t h = text_hash(r->folded, strlen(r->folded));

	h = h * 31 + text_hash(r->scope.words, strlen(r->scope.words));
	if (r->folded_entity != NULL)
		h = h * 31 + text_hash(r->folded_entity, strlen(r->folded_entity));
	return (int64_t)h;
}

/* Everything that is compared, folded; false when out of memory. */
static bool fold_all(struct memory_ready *r, struct arena *a)
{
	const struct memory_item *item = r->item;

	r->folded = fold(r->text, a);
	r->folded_to = arena_take(a, (item->n_relations + 1) * sizeof *r->folded_to);
	if (r->folded == NULL || r->folded_to == NULL)
		return false;
	if (item->entity != NULL && (r->folded_entity = fold(item->entity, a)) == NULL)
		return false;
	for (size_t i = 0; i < item->n_relations; i++)
		if ((r->folded_to[i] = fold(item->relations[i].to, a)) == NULL)
			return false;
	return true;
}

enum status memory_ready_make(struct terms *t, struct memory_ready *r, struct arena *a,
                              struct err *err)
{
	const void *terms;
	void *copy;
	enum status st;

	r->text = memory_mask(r->item->text, a, &r->out->masked);
	if (r->text == NULL || !fold_all(r, a))
		return err_nomem(err, "a memory");
	if ((st = terms_pack(t, r->text, strlen(r->text), &terms, &r->terms_size, err)) != OK)
		return st;
	if ((copy = arena_take(a, r->terms_size)) == NULL)
		return err_nomem(err, "a memory");
	memcpy(copy, terms, r->terms_size);
	r->terms = copy;
	r->hash = hash_of(r);
	return OK;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Is the scope of an item that of the one before? Only some take a name from the item. */
static bool same_scope(const struct memory_item *a, const struct memory_item *b)
{
	if (!same(a->scope, b->scope))
		return false;
	if (a->scope == NULL ||
	    (strcmp(a->scope, "agent") != 0 && strcmp(a->scope, "session") != 0))
		return true;
	return same(a->author, b->author) && same(a->session, b->session);
}

static enum status read_scopes(struct project *p, struct memory_ready *ready, size_t n,
                               const char *actor, struct arena *a, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; i < n && st == OK; i++) {
		const struct memory_item *item = ready[i].item;

		if (i > 0 && same_scope(item, ready[i - 1].item)) {
			ready[i].scope = ready[i - 1].scope;
			continue;
		}
		st = memory_scope_read(p, item, a, &ready[i].scope, err);
		if (st == OK)
			st = memory_may(p, actor, ready[i].scope.words, true, err);
	}
	return st;
}

/* Which of a call's memories it is comes before what is wrong. */
static enum status check_one(const struct memory_item *item, size_t at, struct err *err)
{
	struct err why = { OK, "" };
	enum status st = memory_check(item, &why);

	return st == OK ? OK : err_set(err, st, "memory %zu: %.400s", at + 1, why.text);
}

static enum status prepare(struct project *p, struct memory_ready *ready, size_t n,
                           const char *actor, struct arena *a, struct err *err)
{
	struct terms *t = memory_terms_take(p->memory);
	enum status st = t == NULL ? err_nomem(err, "reading words") : OK;

	for (size_t i = 0; i < n && st == OK; i++)
		st = check_one(ready[i].item, i, err);
	if (st == OK)
		st = read_scopes(p, ready, n, actor, a, err);
	for (size_t i = 0; i < n && st == OK; i++)
		st = memory_ready_make(t, &ready[i], a, err);
	memory_terms_give(p->memory, t);
	return st;
}

enum status memory_remember_as(struct project *p, const atomic_bool *stop, const char *actor,
                               const struct memory_batch *batch, struct arena *a, struct err *err)
{
	size_t n = batch->n;
	struct memory_ready *ready;
	enum status st;

	if (n == 0 || n > MEMORY_BATCH_MAX)
		return err_set(err, E_INPUT, "%zu memories; give 1 to %d at a time", n,
		               MEMORY_BATCH_MAX);
	ready = arena_take(a, n * sizeof *ready);
	if (actor == NULL)
		actor = memory_actor(batch->items[0].author, a);
	if (ready == NULL || actor == NULL)
		return err_nomem(err, "what to remember");
	for (size_t i = 0; i < n; i++) {
		batch->stored[i] = (struct memory_stored){ 0 };
		ready[i] =
		    (struct memory_ready){ .item = &batch->items[i], .out = &batch->stored[i] };
	}
	st = prepare(p, ready, n, actor, a, err);
	if (st == OK)
		st = memory_write(p, stop, &(struct memory_writing){ ready, n, actor, a, NULL },
		                  err);
	return st;
}

enum status memory_remember(struct project *p, const atomic_bool *stop,
                            const struct memory_batch *batch, struct arena *a, struct err *err)
{
	return memory_remember_as(p, stop, NULL, batch, a, err);
}
