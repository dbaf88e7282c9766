/*
 * index.h - all that ranking needs of all memories, held in memory: which hold a word, in
 * which session they follow each other, what they are about, when they are true.
 *
 * The database is the truth; the index follows it by change numbers (store/memories.h)
 * and can be made anew from it at any time. It is shared by all threads of a process:
 * index_look lends it for reading, and no SQL is run while it is lent. Documents are
 * numbered from 0 in the order of their ids.
 */
#ifndef DOMAIN_MEMORY_INDEX_H
#define DOMAIN_MEMORY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/memory/postings.h"
#include "store/db.h"
#include "store/graph.h"
#include "store/memories.h"

#define INDEX_NONE UINT32_MAX
#define INDEX_EVER INT64_MAX /* the end of what does not end */

enum index_flag {
	INDEX_ASKS = 1,
	INDEX_DATED = 2,
	INDEX_SUPERSEDED = 4,
	INDEX_EXPIRED = 8,
	INDEX_UNTRUSTED = 16, /* came from a tool or the web */
};

/* Of each document, beside the large rows: they are looked at a thousand times a question. */
#define INDEX_FILTER_GONE 1u /* superseded or expired */
#define INDEX_FILTER_LOOK                                                                          \
	2u /* the row itself must be asked: it ends, or its scope is none of the first */
#define INDEX_FILTER_SCOPES 65535u
#define INDEX_FILTER_SHIFT  16 /* the scope stands above */

struct index_doc {
	int64_t id;
	int64_t begin_ms, end_ms;     /* true from, until; end_ms is INDEX_EVER when open */
	uint32_t before, after;       /* neighbours in the session, or INDEX_NONE */
	uint32_t entity, entity_next; /* the next older document about it */
	uint32_t scope;
	uint32_t kind, author; /* index_name; author 0: none */
	float importance;
	uint16_t hits;
	uint16_t flags;
};

struct index_entity {
	char *name, *type; /* owned; name NULL: no such entity */
	uint32_t docs;     /* newest document about it, or INDEX_NONE */
	uint32_t out, in;  /* newest relations from and to it, or INDEX_NONE */
	uint32_t words;    /* different words of its name */
	uint32_t degree;
};

struct index_relation {
	int64_t id, memory; /* memory: id of the memory that said so, or 0 */
	int64_t begin_ms, end_ms;
	uint32_t from, to, type, scope; /* entities; index_name; scope */
	uint32_t out_next, in_next;
};

struct index_scope {
	char *kind, *key; /* owned; kind NULL: no such scope */
};

struct index_session {
	char *name; /* owned */
	uint32_t last, n, words;
};

struct index_name { /* a kind, an author, a type of relation */
	char *text; /* owned */
	uint64_t hash;
	uint32_t *terms; /* owned: the words of an author's name */
	uint32_t n_terms;
	uint32_t uses; /* as an author */
};

struct index_data {
	struct postings words, names; /* of documents; of entities */
	struct index_doc *docs;
	uint32_t *doc_session; /* of each document; 0: none. Apart, as they are read in long rows */
	uint16_t *doc_words;   /* how many words it has, with repetitions */
	uint32_t *doc_filter;  /* INDEX_FILTER_*: what mostly decides whether it may be shown */
	struct index_entity *entities; /* by id */
	struct index_relation *relations;
	struct index_scope *scopes;     /* by id */
	struct index_session *sessions; /* by id */
	struct index_name *name;        /* name[0] is "" */
	uint32_t *name_slots;
	size_t n_docs, n_entities, n_relations, n_scopes, n_sessions, n_names, n_name_slots;
	size_t docs_size, doc_session_size, doc_words_size, doc_filter_size, entities_size,
	    relations_size, scopes_size, sessions_size, names_size;
	uint64_t total_words, session_words;
	size_t used_sessions;
	int64_t change, purges; /* how far it follows the database */
	int64_t last_entity, last_scope, last_session;
	struct terms *terms; /* owned: for reading names while the data grows */
};

struct index;

enum status index_new(struct index **out, struct err *err);
void index_free(struct index *x);

/*
 * Keep a copy of it in this folder (memory/index_file.h) once there are so many documents, for
 * the next process; before the first index_follow.
 */
enum status index_keep(struct index *x, const char *folder, size_t least_docs, struct err *err);
#define INDEX_KEEP_FROM 20000 /* documents: with fewer, reading them all takes no time */

/*
 * Follow the database to its newest state. db must be in no transaction. Costs one small
 * query when nothing changed; the first time everything is read, or the copy that was kept and
 * what changed since.
 */
enum status index_follow(struct index *x, struct db *db, struct err *err);
/* The same inside the caller's view (db_read_begin), in which what follows is read as well. */
enum status index_follow_in_view(struct index *x, struct db *db, struct err *err);

/*
 * What one transaction adds, so that the process that writes it need not read it again. It is
 * told in the order it is stored in; texts and terms are the caller's until index_feed_end. What
 * it cannot tell (a row that was there changes) breaks it: the index then reads, as ever.
 */
struct index_feed {
	struct arena *arena; /* owned; NULL: nothing is gathered */
	struct item *first, **last;
	int64_t change, purges; /* of the index it goes on from */
	int64_t entity, scope, session;
	bool broken;
};
/* Begin inside the write transaction; without an index in use nothing will be gathered. */
void index_feed_begin(struct index *x, struct index_feed *f);
void index_feed_break(struct index_feed *f); /* any of these: NULL is fine */
void index_feed_scope(struct index_feed *f, int64_t id, const char *kind, const char *key);
void index_feed_session(struct index_feed *f, int64_t id, const char *name);
void index_feed_entity(struct index_feed *f, int64_t id, const char *name, const char *type);
void index_feed_relation(struct index_feed *f, const struct graph_relation *r);
void index_feed_memory(struct index_feed *f, const struct memories_row *r);

/*
 * The transaction is over; frees what was gathered. When it is on disk `how` says from which
 * change number to which it went, and what was told goes into the index if that stands there:
 * where another's change came between, the index reads. NULL: nothing was kept.
 */
struct index_fed {
	int64_t from, to;
};
void index_feed_end(struct index *x, struct index_feed *f, const struct index_fed *how);

/* Borrow for reading; every look ends with index_done. */
const struct index_data *index_look(struct index *x);
void index_done(struct index *x);

/* Number of a name, 0 when it was never used; document by id, INDEX_NONE when absent. */
uint32_t index_name_of(const struct index_data *d, const char *text);
uint32_t index_doc_of(const struct index_data *d, int64_t id);

/*
 * Working memory for one query, zeroed; kept for the next one. Whoever gives it back has
 * zeroed what was touched.
 */
struct index_scratch {
	float *score;                         /* a document's */
	float *session;                       /* a session's */
	float *entity, *active;               /* an entity's: as named, as reached */
	uint32_t *touched, *touched_entities; /* those with a score */
	size_t n_touched, n_touched_entities;
	size_t n_docs, n_sessions, n_entities; /* room */
	struct index_scratch *next;
};
struct index_scratch *index_scratch_take(struct index *x, const struct index_data *d);
void index_scratch_give(struct index *x, struct index_scratch *s);

#endif
