/* export.c - everything that is remembered, in a form that others read. */
#include "domain/memory/export.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "domain/config.h"
#include "store/graph.h"
#include "sys/fs.h"

#define PAGE           256
#define FILE_MAX_BYTES ((size_t)1 << 30)
#define PAGE_SIZE      ((size_t)64 << 20) /* bytes that the memories of a page may take */

enum status export_get(struct project *p, struct db *db, int64_t id, struct arena *a,
                       struct memory_hit *hit, struct err *err)
{
	const struct config *config;
	struct memories_row row;
	const char *actor = memory_actor(NULL, a);
	enum status st = project_config(p, &config, err);

	if (st != OK)
		return st;
	if ((st = memories_get(db, id, a, &row, err)) != OK ||
	    (st = memory_hit_fill(&(struct memory_view){ p->memory, db, row.made_ms, a, NULL },
	                          &row, hit, err)) != OK)
		return st;
	if (actor == NULL)
		return err_nomem(err, "an export");
	return config_may_read(config, actor, hit->scope) ? OK : E_ABSENT;
}

const char *const export_keys[] = {
	"kind",      "memory",  "scope",     "session",      "author",
	"origin",    "run",     "commit",    "importance",   "createdAt",
	"validFrom", "validTo", "expiredAt", "supersededBy", NULL,
};

static size_t present(const struct export_member *all, size_t n, struct export_member *out)
{
	size_t found = 0;

	assert(n <= EXPORT_MEMBERS);
	for (size_t i = 0; i < n; i++)
		if (all[i].text != NULL || all[i].ms != 0 || all[i].number > 0)
			out[found++] = all[i];
	return found;
}

size_t export_memory_members(const struct memory_hit *hit, struct export_member *out)
{
	const struct export_member all[] = {
		{ "kind", hit->kind, 0, 0 },
		{ "scope", hit->scope, 0, 0 },
		{ "session", hit->session, 0, 0 },
		{ "author", hit->author, 0, 0 },
		{ "origin", hit->origin, 0, 0 },
		{ "run", hit->run, 0, 0 },
		{ "task", hit->task, 0, 0 },
		{ "commit", hit->commit, 0, 0 },
		{ "importance", NULL, 0, hit->importance },
		{ "createdAt", NULL, hit->made_ms, 0 },
		{ "validFrom", NULL, hit->valid_from, 0 },
		{ "validTo", NULL, hit->valid_to, 0 },
		{ "expiredAt", NULL, hit->expired_ms, 0 },
		{ "supersededBy", hit->superseded_by, 0, 0 },
	};

	return present(all, sizeof all / sizeof *all, out);
}

size_t export_relation_members(const struct export_relation *r, struct export_member *out)
{
	const struct export_member all[] = {
		{ "memory", r->memory, 0, 0 },        { "scope", r->scope, 0, 0 },
		{ "createdAt", NULL, r->made_ms, 0 }, { "validFrom", NULL, r->valid_from, 0 },
		{ "validTo", NULL, r->valid_to, 0 },  { "expiredAt", NULL, r->expired_ms, 0 },
	};

	return present(all, sizeof all / sizeof *all, out);
}

/* The project's own scope goes without saying. */
static void put_members(struct json_build *b, cJSON *o, const struct export_member *m, size_t n)
{
	char time[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		if (m[i].text == NULL && m[i].ms == 0) {
			json_put_number(b, o, m[i].key, m[i].number);
			continue;
		}
		if (m[i].text == NULL)
			clock_text(m[i].ms, time);
		if (strcmp(m[i].key, "scope") != 0 || strcmp(m[i].text, "project") != 0)
			json_put_text(b, o, m[i].key, m[i].text == NULL ? time : m[i].text);
	}
}

/* Add the object as a line without its end, and let it go. */
static void add_object(struct text *out, struct json_build *b, cJSON *o)
{
	char *line = b->failed ? NULL : json_print(o);

	if (line == NULL)
		out->failed = true;
	else
		text_add(out, line);
	mem_free(line);
	cJSON_Delete(o);
}

void export_object(struct text *out, const struct memory_hit *hit, bool without)
{
	struct export_member members[EXPORT_MEMBERS];
	struct json_build b = { 0 };
	cJSON *o = json_object(&b);

	if (!without)
		json_put_text(&b, o, "type", "memory");
	json_put_text(&b, o, "id", hit->id);
	if (!without) {
		json_put_text(&b, o, "text", hit->text);
		json_put_text(&b, o, "entity", hit->entity);
	}
	put_members(&b, o, members, export_memory_members(hit, members));
	add_object(out, &b, o);
}

static void jsonl_memory(struct text *out, const struct memory_hit *hit)
{
	export_object(out, hit, false);
	text_add_char(out, '\n');
}

static void jsonl_relation(struct text *out, const struct export_relation *r)
{
	struct export_member members[EXPORT_MEMBERS];
	struct json_build b = { 0 };
	cJSON *o = json_object(&b);

	json_put_text(&b, o, "type", "relation");
	json_put_text(&b, o, "from", r->from);
	json_put_text(&b, o, "to", r->to);
	json_put_text(&b, o, "relationType", r->type);
	json_put_text(&b, o, "fromType", r->from_type);
	json_put_text(&b, o, "toType", r->to_type);
	put_members(&b, o, members, export_relation_members(r, members));
	add_object(out, &b, o);
	text_add_char(out, '\n');
}

const struct export_writer export_jsonl = {
	.memory = jsonl_memory,
	.relation = jsonl_relation,
};

enum status export_readable(struct project *p, struct arena *a, struct memory_readable *out,
                            struct err *err)
{
	struct memory_reader who = { .actor = memory_actor(NULL, a) };
	const struct index_data *d;
	enum status st = project_config(p, &who.config, err);

	if (st != OK)
		return st;
	if (who.actor == NULL)
		return err_nomem(err, "an export");
	d = index_look(p->memory->index);
	st = memory_readable(d, &who, a, out, err);
	index_done(p->memory->index);
	return st;
}

/* Entities that something is known about; one without type and memories follows from relations. */
static enum status write_entities(struct project *p, const struct export_writer *w,
                                  struct text *out, struct err *err)
{
	struct arena *a = arena_new(PAGE_SIZE);
	struct memory_readable readable;
	const struct index_data *d;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "an export");
	if ((st = export_readable(p, a, &readable, err)) == OK) {
		d = index_look(p->memory->index);
		for (size_t i = 0; i < d->n_entities && !out->failed; i++)
			if (d->entities[i].name != NULL &&
			    memory_entity_is_readable(d, &readable, (uint32_t)i))
				w->entity(out, d->entities[i].name, d->entities[i].type);
		index_done(p->memory->index);
	}
	arena_free(a);
	return st;
}

struct relations {          /* being written */
	const char **scope; /* in words, by id; NULL: may not be read */
	size_t n_scopes;
	void (*write)(struct text *out, const struct export_relation *r);
	struct text *out;
};

static enum status write_relation(void *arg, const struct graph_told *r, struct err *err)
{
	const struct relations *all = arg;
	const char *scope = (size_t)r->scope < all->n_scopes ? all->scope[r->scope] : NULL;
	const struct export_relation shown = {
		.from = r->from,
		.from_type = r->from_type,
		.to = r->to,
		.to_type = r->to_type,
		.type = r->type,
		.memory = r->memory,
		.scope = scope,
		.made_ms = r->made_ms,
		.valid_from = r->valid_from,
		.valid_to = r->valid_to,
		.expired_ms = r->expired_ms,
	};

	if (scope != NULL)
		all->write(all->out, &shown);
	return all->out->failed ? err_nomem(err, "an export") : OK;
}

/* The scopes that may be read, in words. */
static enum status read_scopes(struct project *p, struct arena *a, struct relations *all,
                               struct err *err)
{
	struct memory_readable readable;
	const struct index_data *d;
	enum status st = export_readable(p, a, &readable, err);

	if (st != OK)
		return st;
	d = index_look(p->memory->index);
	all->n_scopes = readable.n;
	all->scope = arena_take(a, (readable.n + 1) * sizeof *all->scope);
	for (size_t i = 0; i < readable.n && all->scope != NULL; i++)
		all->scope[i] = readable.scopes[i] ? memory_scope_words(d, i, a) : NULL;
	index_done(p->memory->index);
	return arena_failed(a) ? err_nomem(err, "an export") : OK;
}

enum status export_relations(struct project *p, struct db *db,
                             void (*write)(struct text *out, const struct export_relation *r),
                             struct text *out, struct err *err)
{
	struct relations all = { .write = write, .out = out };
	struct arena *a = arena_new(PAGE_SIZE);
	enum status st;

	if (a == NULL)
		return err_nomem(err, "an export");
	if ((st = read_scopes(p, a, &all, err)) == OK)
		st = graph_each_told(db, write_relation, &all, err);
	arena_free(a);
	return st;
}

static enum status write_memories(struct project *p, struct db *db, const struct export_writer *w,
                                  struct text *out, struct err *err)
{
	int64_t ids[PAGE], after = 0;
	size_t n = PAGE;
	enum status st = OK;

	while (st == OK && n == PAGE && !out->failed) {
		struct arena *a = arena_new(MEMORY_TEXT_MAX * PAGE + PAGE_SIZE);

		if (a == NULL)
			return err_nomem(err, "an export");
		st = memories_page(db, after, PAGE, ids, &n, err);
		for (size_t i = 0; i < n && st == OK; i++) {
			struct memory_hit hit;

			st = export_get(p, db, ids[i], a, &hit, err);
			if (st == OK)
				w->memory(out, &hit);
			else if (st == E_ABSENT)
				st = OK;
			after = ids[i];
		}
		arena_free(a);
	}
	return st;
}

static enum status write_all(struct project *p, struct db *db, const struct export_writer *w,
                             struct text *out, struct err *err)
{
	enum status st;

	if (w->begin != NULL)
		w->begin(out);
	if (w->entity != NULL && (st = write_entities(p, w, out, err)) != OK)
		return st;
	if ((st = write_memories(p, db, w, out, err)) != OK)
		return st;
	if ((st = export_relations(p, db, w->relation, out, err)) != OK)
		return st;
	if (w->end != NULL)
		w->end(out);
	return OK;
}

enum status memory_export(struct project *p, const atomic_bool *stop, enum memory_format format,
                          struct text *out, struct err *err)
{
	static const struct export_writer *const writers[MEMORY_FORMATS_N] = {
		[MEMORY_ANY] = &export_jsonl,
		[MEMORY_JSONL] = &export_jsonl,
		[MEMORY_CYPHER] = &export_cypher,
		[MEMORY_GRAPHML] = &export_graphml,
	};
	struct db *db = NULL;
	enum status st = project_read(p, stop, &db, err);

	if (st != OK)
		return st;
	st = index_follow(p->memory->index, db, err);
	if (st == OK && writers[format] != NULL)
		st = write_all(p, db, writers[format], out, err);
	else if (st == OK)
		st = export_by_entity(p, db, format, out, err);
	project_done(p, db);
	if (st == OK && out->failed)
		return err_set(err, E_NOMEM, "the export is larger than %zu bytes", out->limit);
	return st;
}

enum status memory_export_file(struct project *p, const atomic_bool *stop, const char *path,
                               enum memory_format format, size_t *size_bytes, struct err *err)
{
	struct text out;
	enum status st;

	text_init(&out, FILE_MAX_BYTES);
	if ((st = memory_export(p, stop, format, &out, err)) == OK)
		st = fs_write(path, text_string(&out), out.len, 0600, err);
	*size_bytes = out.len;
	text_done(&out);
	return st;
}

enum status memory_count(struct project *p, struct memory_counts *out, struct err *err)
{
	struct memories_counts c;
	struct db *db = NULL;
	enum status st = project_read(p, NULL, &db, err);

	if (st != OK)
		return st;
	if ((st = memories_counts(db, &c, err)) == OK)
		*out = (struct memory_counts){
			.memories = c.rows,
			.current = c.current,
			.superseded = c.superseded,
			.expired = c.expired,
			.entities = c.entities,
			.relations = c.relations,
			.sessions = c.sessions,
			.scopes = c.scopes,
			.told = c.told,
			.recalled = c.hits,
			.bytes = c.bytes,
		};
	project_done(p, db);
	return st;
}
