#include "domain/memory/grams.h"

#include <pthread.h>
#include <string.h>

#include <utf8proc.h>

#include "base/mem.h"
#include "domain/memory.h"
#include "domain/memory/postings.h"
#include "store/knowledge.h"
#include "store/memories.h"

#define GRAM       3
#define GATHER_MAX ((size_t)64 << 20) /* bytes of new texts gathered at once; more: read anew */
#define LISTS      8                  /* rarest grams of a piece that are compared */
#define FEW        64                 /* rows that are looked at one by one in any case */
#define SHARE      12                 /* of which part of all rows it is quicker to look at all */

struct mark { /* how far an index follows the rows */
	int64_t change, purges, types;
	int64_t text, entity; /* the last ones that are in it */
};

struct part {
	struct postings grams;
	uint32_t n; /* rows */
	bool large; /* some have numbers that do not fit: it cannot be relied on */
};

struct grams_data {
	struct part texts, names;
	struct mark at;
};

struct grams {
	/* guards data against readers; never held over SQL */
	pthread_rwlock_t lock;
	struct grams_data data; /* owned */
};

/* A new row, kept until it can be put in. */
struct row {
	int64_t id;
	const char *lowered;
	struct row *next;
};

struct rows {
	struct row *first, **last;
};

/* One reading of rows: into parts at once, or kept beside them. */
struct reading {
	struct text lower;
	struct arena *arena; /* where rows are kept; NULL: they go into parts */
	struct part *texts, *names;
	struct rows new_texts, new_names;
	int64_t last_text, last_entity;
};

/* ASCII without capitals; false when there is something else in it. */
static bool lower_ascii(struct text *out, const char *s)
{
	size_t n = strlen(s);
	unsigned char all = 0;

	out->len = 0;
	text_add_n(out, s, n);
	if (out->failed || n == 0)
		return n == 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)out->bytes[i];

		all |= c;
		out->bytes[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	return all < 0x80;
}

const char *grams_lower(struct text *out, const char *s)
{
	if (lower_ascii(out, s))
		return out->len == 0 ? "" : out->bytes;
	out->len = 0;
	for (const unsigned char *at = (const unsigned char *)s; *at != '\0';) {
		utf8proc_uint8_t bytes[4];
		utf8proc_int32_t one;
		utf8proc_ssize_t n = utf8proc_iterate(at, -1, &one);

		if (n < 1)
			return NULL; /* what is stored is UTF-8 */
		text_add_n(out, (const char *)bytes,
		           (size_t)utf8proc_encode_char(utf8proc_tolower(one), bytes));
		at += n;
	}
	return text_string(out);
}

enum status grams_new(struct grams **out, struct err *err)
{
	struct grams *g = mem_zero(1, sizeof *g);

	if (g == NULL || pthread_rwlock_init(&g->lock, NULL) != 0) {
		mem_free(g);
		return err_nomem(err, "a search");
	}
	*out = g;
	return OK;
}

static void data_done(struct grams_data *d)
{
	postings_done(&d->texts.grams);
	postings_done(&d->names.grams);
	*d = (struct grams_data){ 0 };
}

void grams_free(struct grams *g)
{
	if (g == NULL)
		return;
	data_done(&g->data);
	(void)pthread_rwlock_destroy(&g->lock);
	mem_free(g);
}

static uint32_t gram_at(const char *s)
{
	return (uint32_t)(unsigned char)s[0] << 16 | (uint32_t)(unsigned char)s[1] << 8 |
	       (uint32_t)(unsigned char)s[2];
}

/* All grams of a text, each once. */
static bool put_text(struct part *part, uint32_t id, const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i + GRAM <= n; i++) {
		const struct postings_list *list = postings_find(&part->grams, gram_at(s + i));

		if (list != NULL && list->last == id)
			continue;
		if (!postings_add(&part->grams, gram_at(s + i), id, 1))
			return false;
	}
	return true;
}

static bool put(struct part *part, int64_t id, const char *lowered)
{
	part->n++;
	if (id > UINT32_MAX || id <= 0) {
		part->large = true;
		return true;
	}
	return put_text(part, (uint32_t)id, lowered);
}

static bool keep(struct reading *r, struct rows *rows, int64_t id, const char *lowered)
{
	struct row *row = arena_take(r->arena, sizeof *row);

	if (row == NULL || (lowered = text_dup(r->arena, lowered)) == NULL)
		return false;
	*row = (struct row){ .id = id, .lowered = lowered };
	*rows->last = row;
	rows->last = &row->next;
	return true;
}

/* What is not UTF-8 is held by no search; it is not stored either. */
static enum status read_text(void *arg, int64_t id, const char *body, const char *none,
                             struct err *err)
{
	struct reading *r = arg;
	const char *low = grams_lower(&r->lower, body);

	(void)none;
	if (low == NULL && r->lower.failed)
		return err_nomem(err, "a search");
	low = low == NULL ? "" : low;
	r->last_text = id;
	if (!(r->arena == NULL ? put(r->texts, id, low) : keep(r, &r->new_texts, id, low)))
		return err_nomem(err, "a search");
	return OK;
}

/* Name and type stand in one text, with what is in no piece of text between them. */
static enum status read_name(void *arg, int64_t id, const char *name, const char *type,
                             struct err *err)
{
	struct reading *r = arg;
	struct text both;
	const char *low;
	bool good;

	text_init(&both, TEXT_LIMIT);
	text_addf(&both, "%s\n%s", name, type == NULL ? GRAMS_NO_TYPE : type);
	low = both.failed ? NULL : grams_lower(&r->lower, text_string(&both));
	good = low != NULL || !r->lower.failed;
	low = low == NULL ? "" : low;
	r->last_entity = id;
	good = good && !both.failed &&
	       (r->arena == NULL ? put(r->names, id, low) : keep(r, &r->new_names, id, low));
	text_done(&both);
	return good ? OK : err_nomem(err, "a search");
}

static enum status read_rows(struct reading *r, struct db *db, const struct mark *since,
                             struct err *err)
{
	enum status st;

	text_init(&r->lower, 2 * MEMORY_TEXT_MAX);
	r->new_texts.last = &r->new_texts.first;
	r->new_names.last = &r->new_names.first;
	r->last_text = since->text;
	r->last_entity = since->entity;
	if ((st = knowledge_names(db, since->entity, read_name, r, err)) == OK)
		st = knowledge_texts(db, since->text, read_text, r, err);
	text_done(&r->lower);
	return st;
}

/* All rows, into an index beside the one in use, then in its place. */
static enum status follow_anew(struct grams *g, struct db *db, const struct mark *state,
                               struct err *err)
{
	struct grams_data fresh = { .at = *state }, old;
	struct reading r = { .texts = &fresh.texts, .names = &fresh.names };
	enum status st = read_rows(&r, db, &(struct mark){ 0 }, err);

	if (st != OK) {
		data_done(&fresh);
		return st;
	}
	fresh.at.text = r.last_text;
	fresh.at.entity = r.last_entity;
	(void)pthread_rwlock_wrlock(&g->lock);
	old = g->data;
	g->data = fresh;
	(void)pthread_rwlock_unlock(&g->lock);
	data_done(&old);
	return OK;
}

static bool put_rows(struct part *part, const struct row *row)
{
	for (; row != NULL; row = row->next)
		if (!put(part, row->id, row->lowered))
			return false;
	return true;
}

/* What was kept goes in, unless another thread was faster. Without memory it begins anew. */
static enum status apply(struct grams *g, const struct reading *r, const struct mark *since,
                         const struct mark *state, struct err *err)
{
	struct grams_data *d = &g->data;
	bool good = true;

	(void)pthread_rwlock_wrlock(&g->lock);
	if (d->at.change == since->change && d->at.purges == since->purges) {
		good = put_rows(&d->texts, r->new_texts.first) &&
		       put_rows(&d->names, r->new_names.first);
		d->at = *state;
		d->at.text = r->last_text;
		d->at.entity = r->last_entity;
		if (!good)
			data_done(d);
	}
	(void)pthread_rwlock_unlock(&g->lock);
	return good ? OK : err_nomem(err, "a search");
}

enum status grams_follow(struct grams *g, struct db *db, struct err *err)
{
	struct reading r = { 0 };
	struct memories_state now;
	struct mark have, state;
	enum status st = memories_state(db, &now, err);

	if (st != OK)
		return st;
	state = (struct mark){ .change = now.change, .purges = now.purges, .types = now.types };
	(void)pthread_rwlock_rdlock(&g->lock);
	have = g->data.at;
	(void)pthread_rwlock_unlock(&g->lock);
	if (have.change == state.change && have.purges == state.purges)
		return OK;
	/* Another thread may see a newer state already: what it has more does no harm. */
	if (have.change > state.change && have.purges == state.purges)
		return OK;
	if (have.change == 0 || have.purges != state.purges || have.types != state.types)
		return follow_anew(g, db, &state, err);
	if ((r.arena = arena_new(GATHER_MAX)) == NULL)
		return err_nomem(err, "a search");
	st = read_rows(&r, db, &have, err);
	if (st == E_NOMEM && arena_failed(r.arena))
		st = follow_anew(g, db, &state, err); /* too many to keep beside it */
	else if (st == OK)
		st = apply(g, &r, &have, &state, err);
	arena_free(r.arena);
	return st;
}

/* The lists of the rarest grams of a piece, rarest first; false: one is in no text. */
static bool rarest(const struct postings *grams, const char *piece,
                   const struct postings_list **lists, size_t *n)
{
	size_t len = strlen(piece), at;

	*n = 0;
	for (size_t i = 0; i + GRAM <= len; i++) {
		const struct postings_list *list = postings_find(grams, gram_at(piece + i));

		if (list == NULL)
			return false;
		if (*n == LISTS && list->documents >= lists[LISTS - 1]->documents)
			continue;
		at = *n == LISTS ? LISTS - 1 : (*n)++;
		for (; at > 0 && list->documents < lists[at - 1]->documents; at--)
			lists[at] = lists[at - 1];
		lists[at] = list;
	}
	return true;
}

/* Keep those that are in a list too. */
static void compare(struct grams_found *found, const struct postings_list *list)
{
	struct postings_at at = postings_first(list);
	size_t kept = 0;
	bool more = postings_next(&at);

	for (size_t i = 0; i < found->n && more; i++) {
		while (more && at.document < found->ids[i])
			more = postings_next(&at);
		if (more && at.document == found->ids[i])
			found->ids[kept++] = found->ids[i];
	}
	found->n = kept;
}

static enum status look(const struct part *part, const char *piece, struct arena *a,
                        struct grams_found *out, struct err *err)
{
	const struct postings_list *lists[LISTS];
	size_t n;

	*out = (struct grams_found){ .all = strlen(piece) < GRAM || part->large };
	if (out->all || !rarest(&part->grams, piece, lists, &n))
		return OK;
	out->ids = arena_take(a, lists[0]->documents * sizeof *out->ids);
	if (out->ids == NULL)
		return err_nomem(err, "a search");
	for (struct postings_at at = postings_first(lists[0]); postings_next(&at);)
		out->ids[out->n++] = at.document;
	for (size_t i = 1; i < n && out->n > 1; i++)
		compare(out, lists[i]);
	out->all = out->n > FEW && out->n > part->n / SHARE;
	return OK;
}

enum status grams_find(struct grams *g, enum grams_of which, const char *piece, struct arena *a,
                       struct grams_found *out, struct err *err)
{
	enum status st;

	(void)pthread_rwlock_rdlock(&g->lock);
	st = look(which == GRAMS_TEXTS ? &g->data.texts : &g->data.names, piece, a, out, err);
	(void)pthread_rwlock_unlock(&g->lock);
	return st;
}
