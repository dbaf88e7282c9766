/* import.c - memory that another store wrote: found out what it is, read, stored in batches. */
#include "domain/memory/import.h"

#include <string.h>

#include "base/text.h"
#include "sys/fs.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)

static const char *const words[MEMORY_FORMATS_N] = {
	[MEMORY_ANY] = "any",           [MEMORY_JSONL] = "jsonl",
	[MEMORY_MARKDOWN] = "markdown", [MEMORY_SERVER_MEMORY] = "server-memory",
	[MEMORY_CYPHER] = "cypher",     [MEMORY_GRAPHML] = "graphml",
};

const char *memory_format_word(enum memory_format format)
{
	return words[format];
}

enum memory_format memory_format_of(const char *word)
{
	for (int i = 0; i < MEMORY_FORMATS_N; i++)
		if (strcmp(words[i], word) == 0)
			return (enum memory_format)i;
	return MEMORY_FORMATS_N;
}

static enum status store_items(struct import *im)
{
	struct memory_stored *stored = arena_take(im->a, IMPORT_BATCH * sizeof *stored);
	enum status st;

	if (stored == NULL)
		return err_nomem(im->err, "an import");
	if (im->n_items == 0)
		return OK;
	st = memory_remember(im->p, im->stop,
	                     &(struct memory_batch){ im->items, im->n_items, stored }, im->a,
	                     im->err);
	for (size_t i = 0; i < im->n_items && st == OK; i++) {
		im->out->stored += !stored[i].duplicate;
		im->out->relations += stored[i].duplicate ? 0 : im->items[i].n_relations;
		im->out->duplicates += stored[i].duplicate;
	}
	im->n_items = 0;
	return st;
}

static enum status store_triples(struct import *im)
{
	size_t added = 0;
	enum status st;

	if (im->n_triples == 0)
		return OK;
	st = memory_relate(
	    im->p, &(struct memory_triples){ im->triples, im->n_triples, im->triples[0].scope },
	    im->a, &added, im->err);

	im->out->relations += added;
	im->n_triples = 0;
	return st;
}

enum status import_item(struct import *im, const struct memory_item *item)
{
	struct err why = { OK, "" };
	struct memory_scope scope;
	enum status st = memory_check(item, &why);

	if (st == OK && item->scope != NULL)
		st = memory_scope_read(im->p, item, im->a, &scope, &why);
	if (st == E_INPUT) {
		import_skip(im, im->line, why.text);
		return OK;
	}
	if (st != OK)
		return err_set(im->err, st, "%s", why.text);
	im->items[im->n_items++] = *item;
	return im->n_items == IMPORT_BATCH ? store_items(im) : OK;
}

/* The memories that relations name are stored before them. */
static enum status store_all(struct import *im)
{
	enum status st = store_items(im);

	return st == OK ? store_triples(im) : st;
}

enum status import_triple(struct import *im, const struct memory_triple *triple)
{
	const char *scope = im->n_triples == 0 ? triple->scope : im->triples[0].scope;
	enum status st;

	/* One call relates in one scope. */
	if (scope != triple->scope &&
	    (scope == NULL || triple->scope == NULL || strcmp(scope, triple->scope) != 0) &&
	    (st = store_all(im)) != OK)
		return st;
	im->triples[im->n_triples++] = *triple;
	return im->n_triples == IMPORT_BATCH ? store_all(im) : OK;
}

/* Both ends of a pair in one store; false: they are not both there. */
static enum status find_pair(struct import *im, struct db *db, const struct import_pair *pair,
                             int64_t ids[2], bool *there)
{
	enum status st = memories_find(db, pair->old, &ids[0], im->err);

	if (st == OK)
		st = memories_find(db, pair->by, &ids[1], im->err);
	*there = st == OK && ids[0] != 0 && ids[1] != 0 && ids[0] != ids[1];
	return st;
}

static enum status any_pair(struct import *im, struct project *store, bool *any)
{
	struct db *db = NULL;
	int64_t ids[2];
	enum status st = project_read(store, im->stop, &db, im->err);

	*any = false;
	for (const struct import_pair *pair = im->superseded; pair != NULL && st == OK && !*any;
	     pair = pair->next)
		st = find_pair(im, db, pair, ids, any);
	project_done(store, db);
	return st;
}

static enum status supersede(struct import *im, struct db *db)
{
	int64_t change, ids[2];
	enum status st = memories_change(db, &change, im->err);

	for (const struct import_pair *pair = im->superseded; pair != NULL && st == OK;
	     pair = pair->next) {
		bool there;

		st = find_pair(im, db, pair, ids, &there);
		if (st == OK && there)
			st = memories_supersede(db, ids[0], ids[1], pair->at_ms, change, im->err);
	}
	return st;
}

/* All memories are there now: those that stand for others can be named. */
static enum status supersede_in(struct import *im, struct project *store)
{
	struct db *db = NULL;
	bool any;
	enum status st = any_pair(im, store, &any);

	if (st != OK || !any)
		return st;
	if ((st = project_write(store, im->stop, &db, im->err)) != OK)
		return st;
	if ((st = db_begin(db, im->err)) == OK && (st = supersede(im, db)) == OK)
		st = project_commit(store, db, im->err);
	project_done(store, db);
	return st;
}

enum status import_end(struct import *im)
{
	struct project *shared = NULL;
	enum status st = store_all(im);

	if (st != OK || im->superseded == NULL)
		return st;
	st = supersede_in(im, im->p);
	if (st == OK && (st = memory_shared(im->p, false, &shared, im->err)) == OK &&
	    shared != NULL)
		st = supersede_in(im, shared);
	return st;
}

void import_skip(struct import *im, size_t line, const char *why)
{
	if (im->out->skipped++ == 0)
		im->out->problem = text_printf(im->a, "line %zu: %s", line, why);
}

/* A line that begins with a brace is JSON. */
static enum memory_format guess(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr(" \t\r\n", bytes[i]) == NULL)
			return bytes[i] == '{' ? MEMORY_JSONL : MEMORY_MARKDOWN;
	return MEMORY_MARKDOWN;
}

/* bytes is set. */
static enum status import_bytes(struct project *p, const atomic_bool *stop,
                                const struct memory_source *source, struct arena *a,
                                struct memory_imported *out, struct err *err)
{
	struct import *im = arena_take(a, sizeof *im);
	enum memory_format format = source->format;
	size_t good = text_utf8_valid(source->bytes, source->n);
	enum status st;

	*out = (struct memory_imported){ 0 };
	if (im == NULL)
		return err_nomem(err, "an import");
	if (good != source->n)
		return err_set(err, E_INPUT, "what is to be imported is not UTF-8 at byte %zu",
		               good);
	if (format == MEMORY_CYPHER || format == MEMORY_GRAPHML)
		return err_set(err, E_INPUT,
		               "'%s' can only be exported; import reads jsonl, markdown and "
		               "server-memory",
		               words[format]);
	*im = (struct import){ .p = p, .stop = stop, .a = a, .err = err, .out = out };
	if (format == MEMORY_ANY)
		format = guess(source->bytes, source->n);
	st = format == MEMORY_MARKDOWN ? import_markdown(im, source->bytes, source->n)
	                               : import_jsonl(im, source->bytes, source->n);
	if (st == OK)
		st = import_end(im);
	if (st == OK && out->stored + out->duplicates + out->relations == 0)
		return err_set(err, E_INPUT, "nothing to import was found%s%s",
		               out->problem == NULL ? "" : "; ",
		               out->problem == NULL ? "" : out->problem);
	return st;
}

enum status memory_import(struct project *p, const atomic_bool *stop,
                          const struct memory_source *source, struct arena *a,
                          struct memory_imported *out, struct err *err)
{
	struct memory_source read = *source;
	struct arena *file;
	char *bytes, *path;
	enum status st;

	if (source->bytes != NULL)
		return import_bytes(p, stop, source, a, out, err);
	if ((file = arena_new(FILE_MAX_BYTES + FS_PATH_MAX + 4096)) == NULL)
		return err_nomem(err, "a file");
	st = fs_resolve(source->path, file, &path, err);
	if (st == OK && (st = fs_read(path, FILE_MAX_BYTES, file, &bytes, &read.n, err)) == OK) {
		read.bytes = bytes;
		st = import_bytes(p, stop, &read, a, out, err);
	}
	arena_free(file);
	return st;
}
