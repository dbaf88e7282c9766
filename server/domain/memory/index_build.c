#include "domain/memory/index_build.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/terms.h"

#define NAMES_FIRST 64

struct index_data *index_data_new(void)
{
	struct index_data *d = mem_zero(1, sizeof *d);

	if (d != NULL && terms_new(&d->terms, NULL) != OK) {
		mem_free(d);
		return NULL;
	}
	return d;
}

void index_data_free(struct index_data *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n_entities; i++) {
		mem_free(d->entities[i].name);
		mem_free(d->entities[i].type);
	}
	for (size_t i = 0; i < d->n_scopes; i++) {
		mem_free(d->scopes[i].kind);
		mem_free(d->scopes[i].key);
	}
	for (size_t i = 0; i < d->n_sessions; i++)
		mem_free(d->sessions[i].name);
	for (size_t i = 0; i < d->n_names && d->name != NULL; i++) {
		mem_free(d->name[i].text);
		mem_free(d->name[i].terms);
	}
	postings_done(&d->words);
	postings_done(&d->names);
	terms_free(d->terms);
	mem_free(d->docs);
	mem_free(d->doc_session);
	mem_free(d->doc_words);
	mem_free(d->doc_filter);
	mem_free(d->entities);
	mem_free(d->relations);
	mem_free(d->scopes);
	mem_free(d->sessions);
	mem_free(d->name);
	mem_free(d->name_slots);
	mem_free(d);
}

/* Make *p hold `want` items of `each` bytes; new ones are zero. */
static bool room(void *p, size_t *size, size_t want, size_t each)
{
	size_t next = *size == 0 ? 16 : *size;
	void *grown, *old;

	if (want <= *size)
		return true;
	while (next < want)
		next += next / 2;
	memcpy(&old, p, sizeof old);
	if ((grown = mem_grow(old, next * each)) == NULL)
		return false;
	memset((char *)grown + *size * each, 0, (next - *size) * each);
	memcpy(p, &grown, sizeof grown);
	*size = next;
	return true;
}

static char *copy(const char *s)
{
	size_t n = strlen(s) + 1;
	char *to = mem_take(n);

	if (to != NULL)
		memcpy(to, s, n);
	return to;
}

static size_t slot_of(const struct index_data *d, const char *text, uint64_t hash)
{
	size_t i = (size_t)hash & (d->n_name_slots - 1);

	for (; d->name_slots[i] != 0; i = (i + 1) & (d->n_name_slots - 1)) {
		const struct index_name *n = &d->name[d->name_slots[i]];

		if (n->hash == hash && strcmp(n->text, text) == 0)
			break;
	}
	return i;
}

uint32_t index_name_of(const struct index_data *d, const char *text)
{
	if (d->n_name_slots == 0 || text == NULL)
		return 0;
	return d->name_slots[slot_of(d, text, text_hash(text, strlen(text)))];
}

static bool grow_names(struct index_data *d)
{
	size_t n = d->n_name_slots == 0 ? NAMES_FIRST : 2 * d->n_name_slots;
	uint32_t *slots = mem_zero(n, sizeof *slots), *old = d->name_slots;

	if (slots == NULL)
		return false;
	d->name_slots = slots;
	d->n_name_slots = n;
	for (size_t i = 1; i < d->n_names; i++)
		slots[slot_of(d, d->name[i].text, d->name[i].hash)] = (uint32_t)i;
	mem_free(old);
	return true;
}

/* The words of a name, so that a question can mention it. */
static bool name_terms(struct index_data *d, struct index_name *name)
{
	const struct terms_word *words;
	size_t n;

	if (terms_read(d->terms, name->text, strlen(name->text), &words, &n, NULL) != OK)
		return false;
	if (n == 0)
		return true;
	if ((name->terms = mem_take(n * sizeof *name->terms)) == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		name->terms[i] = words[i].term;
	name->n_terms = (uint32_t)n;
	return true;
}

/* The number of a name, made when it is new; 0 for none given, *good false without memory. */
static uint32_t name_put(struct index_data *d, const char *text, bool *good)
{
	struct index_name *name;
	uint64_t hash;
	size_t slot;

	if (text == NULL || text[0] == '\0')
		return 0;
	*good = false;
	if (d->n_names == 0)
		d->n_names = 1;
	if (2 * (d->n_names + 1) > d->n_name_slots && !grow_names(d))
		return 0;
	hash = text_hash(text, strlen(text));
	slot = slot_of(d, text, hash);
	if (d->name_slots[slot] != 0) {
		*good = true;
		return d->name_slots[slot];
	}
	if (!room(&d->name, &d->names_size, d->n_names + 1, sizeof *d->name))
		return 0;
	name = &d->name[d->n_names];
	*name = (struct index_name){ .hash = hash, .text = copy(text) };
	if (name->text == NULL || !name_terms(d, name)) {
		mem_free(name->text);
		*name = (struct index_name){ 0 };
		return 0;
	}
	d->name_slots[slot] = (uint32_t)d->n_names++;
	*good = true;
	return d->name_slots[slot];
}

bool index_data_scope(struct index_data *d, int64_t id, const char *kind, const char *key)
{
	struct index_scope *scope;

	if (!room(&d->scopes, &d->scopes_size, (size_t)id + 1, sizeof *d->scopes))
		return false;
	scope = &d->scopes[id];
	if (scope->kind == NULL) {
		scope->kind = copy(kind);
		scope->key = copy(key);
	}
	if ((size_t)id >= d->n_scopes)
		d->n_scopes = (size_t)id + 1;
	d->last_scope = id;
	return scope->kind != NULL && scope->key != NULL;
}

bool index_data_session(struct index_data *d, int64_t id, const char *name)
{
	struct index_session *session;

	if (!room(&d->sessions, &d->sessions_size, (size_t)id + 1, sizeof *d->sessions))
		return false;
	session = &d->sessions[id];
	if (session->name == NULL) {
		*session = (struct index_session){ .name = copy(name), .last = INDEX_NONE };
	}
	if ((size_t)id >= d->n_sessions)
		d->n_sessions = (size_t)id + 1;
	d->last_session = id;
	return session->name != NULL;
}

bool index_data_entity(struct index_data *d, int64_t id, const char *name, const char *type)
{
	struct index_entity *entity;
	struct terms_packed packed;
	const void *bytes;
	size_t size;
	unsigned times;

	if (!room(&d->entities, &d->entities_size, (size_t)id + 1, sizeof *d->entities))
		return false;
	entity = &d->entities[id];
	if (entity->name != NULL)
		return true;
	if (terms_pack(d->terms, name, strlen(name), &bytes, &size, NULL) != OK ||
	    !terms_open(&packed, bytes, size))
		return false;
	*entity = (struct index_entity){
		.name = copy(name),
		.type = type == NULL ? NULL : copy(type),
		.docs = INDEX_NONE,
		.out = INDEX_NONE,
		.in = INDEX_NONE,
		.words = packed.n,
	};
	if ((size_t)id >= d->n_entities)
		d->n_entities = (size_t)id + 1;
	d->last_entity = id;
	for (uint32_t i = 0; i < packed.n; i++) {
		uint32_t term = terms_at(&packed, i, &times);

		if (!postings_add(&d->names, term, (uint32_t)id, times))
			return false;
	}
	return entity->name != NULL && (type == NULL || entity->type != NULL);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t end_of(int64_t valid_to, int64_t expired_ms)
{
	return least(valid_to == 0 ? INDEX_EVER : valid_to,
	             expired_ms == 0 ? INDEX_EVER : expired_ms);
}

/* Position of the relation with this id, or INDEX_NONE. They ascend. */
static uint32_t relation_of(const struct index_data *d, int64_t id)
{
	size_t low = 0, high = d->n_relations;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->relations[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->n_relations && d->relations[low].id == id ? (uint32_t)low : INDEX_NONE;
}

bool index_data_relation(struct index_data *d, const struct graph_relation *r)
{
	struct index_relation *to;
	bool good = true;
	uint32_t at = relation_of(d, r->id);

	if (at != INDEX_NONE) {
		d->relations[at].end_ms = end_of(r->valid_to, r->expired_ms);
		return true;
	}
	if ((size_t)r->from >= d->n_entities || (size_t)r->to >= d->n_entities)
		return true; /* its entity is gone */
	if (!room(&d->relations, &d->relations_size, d->n_relations + 1, sizeof *d->relations))
		return false;
	to = &d->relations[d->n_relations];
	*to = (struct index_relation){
		.id = r->id,
		.memory = r->memory,
		.begin_ms = r->valid_from == 0 ? r->made_ms : r->valid_from,
		.end_ms = end_of(r->valid_to, r->expired_ms),
		.from = (uint32_t)r->from,
		.to = (uint32_t)r->to,
		.type = name_put(d, r->type, &good),
		.scope = (uint32_t)r->scope,
		.out_next = d->entities[r->from].out,
		.in_next = d->entities[r->to].in,
	};
	if (!good)
		return false;
	d->entities[r->from].out = d->entities[r->to].in = (uint32_t)d->n_relations++;
	d->entities[r->from].degree++;
	d->entities[r->to].degree++;
	return true;
}

uint32_t index_doc_of(const struct index_data *d, int64_t id)
{
	size_t low = 0, high = d->n_docs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->docs[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->n_docs && d->docs[low].id == id ? (uint32_t)low : INDEX_NONE;
}

static uint16_t hits_of(int64_t hits)
{
	return (uint16_t)(hits > UINT16_MAX ? UINT16_MAX : hits);
}

/* What may change in the life of a memory. */
static void set_state(struct index_doc *doc, const struct memories_row *r)
{
	doc->begin_ms = r->valid_from == 0 ? r->made_ms : r->valid_from;
	doc->end_ms = end_of(r->valid_to, r->expired_ms);
	doc->hits = hits_of(r->hits);
	doc->importance = (float)r->importance;
	doc->flags &= (uint16_t) ~(INDEX_SUPERSEDED | INDEX_EXPIRED);
	if (r->superseded_by != 0)
		doc->flags |= INDEX_SUPERSEDED;
	if (r->expired_ms != 0)
		doc->flags |= INDEX_EXPIRED;
}

/* As set_state left it. */
static uint32_t filter_of(const struct index_doc *doc)
{
	uint32_t filter = 0;

	if ((doc->flags & (INDEX_SUPERSEDED | INDEX_EXPIRED)) != 0)
		filter |= INDEX_FILTER_GONE;
	if (doc->end_ms != INDEX_EVER || doc->scope >= INDEX_FILTER_SCOPES)
		filter |= INDEX_FILTER_LOOK;
	else
		filter |= doc->scope << INDEX_FILTER_SHIFT;
	return filter;
}

/* Put the newest document at the end of its session and at the head of its entity's. */
static void link_doc(struct index_data *d, struct index_doc *doc, uint32_t number)
{
	uint32_t in = d->doc_session[number];

	doc->before = doc->after = doc->entity_next = INDEX_NONE;
	if (in < d->n_sessions && in != 0) {
		struct index_session *session = &d->sessions[in];

		if (session->n++ == 0)
			d->used_sessions++;
		else
			d->docs[session->last].after = number;
		doc->before = session->n == 1 ? INDEX_NONE : session->last;
		session->last = number;
		session->words += d->doc_words[number];
		d->session_words += d->doc_words[number];
	}
	if (doc->entity < d->n_entities && doc->entity != 0) {
		doc->entity_next = d->entities[doc->entity].docs;
		d->entities[doc->entity].docs = number;
		d->entities[doc->entity].degree++;
	}
}

static uint16_t origin_flag(const char *origin)
{
	return strcmp(origin, "tool") == 0 || strcmp(origin, "web") == 0 ? INDEX_UNTRUSTED : 0;
}

bool index_data_memory(struct index_data *d, const struct memories_row *r)
{
	uint32_t number = index_doc_of(d, r->id);
	struct terms_packed packed;
	struct index_doc *doc;
	unsigned times;
	bool good = true;

	if (number != INDEX_NONE) {
		set_state(&d->docs[number], r);
		d->doc_filter[number] = filter_of(&d->docs[number]);
		return true;
	}
	if (!room(&d->docs, &d->docs_size, d->n_docs + 1, sizeof *d->docs) ||
	    !room(&d->doc_session, &d->doc_session_size, d->n_docs + 1, sizeof *d->doc_session) ||
	    !room(&d->doc_words, &d->doc_words_size, d->n_docs + 1, sizeof *d->doc_words) ||
	    !room(&d->doc_filter, &d->doc_filter_size, d->n_docs + 1, sizeof *d->doc_filter))
		return false;
	if (!terms_open(&packed, r->terms, r->terms_size))
		packed = (struct terms_packed){ 0 };
	number = (uint32_t)d->n_docs;
	doc = &d->docs[number];
	*doc = (struct index_doc){
		.id = r->id,
		.entity = (uint32_t)r->entity,
		.scope = (uint32_t)r->scope,
		.kind = name_put(d, r->kind, &good),
	};
	d->doc_session[number] = (uint32_t)r->session;
	d->doc_words[number] = (uint16_t)(packed.words > UINT16_MAX ? UINT16_MAX : packed.words);
	if (good)
		doc->author = name_put(d, r->author, &good);
	if (!good)
		return false;
	if (doc->author != 0)
		d->name[doc->author].uses++;
	doc->flags = (uint16_t)(packed.flags | origin_flag(r->origin));
	set_state(doc, r);
	d->doc_filter[number] = filter_of(doc);
	for (uint32_t i = 0; i < packed.n; i++) {
		uint32_t term = terms_at(&packed, i, &times);

		if (!postings_add(&d->words, term, number, times))
			return false;
	}
	link_doc(d, doc, number);
	d->total_words += packed.words;
	d->n_docs++;
	return true;
}

void index_data_hits(struct index_data *d, int64_t id, int64_t hits)
{
	uint32_t number = index_doc_of(d, id);

	if (number != INDEX_NONE)
		d->docs[number].hits = hits_of(hits);
}

bool index_data_number_names(struct index_data *d)
{
	while (2 * (d->n_names + 1) > d->n_name_slots)
		if (!grow_names(d))
			return false;
	return true;
}
