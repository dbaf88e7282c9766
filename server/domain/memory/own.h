/* own.h - what the files of domain/memory share; for them only. */
#ifndef DOMAIN_MEMORY_OWN_H
#define DOMAIN_MEMORY_OWN_H

#include <pthread.h>

#include "domain/memory.h"
#include "domain/memory/grams.h"
#include "domain/memory/index.h"
#include "domain/memory/rank.h"
#include "domain/memory/terms.h"
#include "domain/memory/whole.h"
#include "store/memories.h"

#define MEMORY_INDEX_AT_ONCE 100000 /* with more memories a writer does not read them all first */

struct memory_used {
	int64_t id, at_ms;
};

struct memory {
	struct index *index; /* owned */
	struct grams *grams; /* owned */

	pthread_mutex_t lock;     /* guards the members below; never held over SQL */
	struct memory_used *used; /* owned: recalled since the last write */
	size_t n_used, used_size;
	struct terms *spare_terms[8]; /* owned; not in use */
	struct project *shared;       /* owned: where what is for all projects is kept, once open */
};

/* Note that memories were recalled; inside a write transaction, put what was noted there. */
void memory_use(struct memory *m, const int64_t *ids, size_t n, int64_t now_ms);
enum status memory_use_put(struct memory *m, struct db *db, struct err *err);

/* Borrow what reads words; NULL when out of memory. */
struct terms *memory_terms_take(struct memory *m);
void memory_terms_give(struct memory *m, struct terms *t);

/* A scope as words: `agent:reviewer`. */
struct memory_scope {
	const char *kind, *key;
	const char *words; /* kind, or kind:key where the key is the caller's to choose */
};

/* Such words of a kind and a key; NULL without memory. */
const char *memory_scope_text(const char *kind, const char *key, struct arena *a);

/* Is it for all projects of the user? NULL: project's. The kind may be followed by a colon. */
bool memory_scope_is_shared(const char *kind);

/*
 * Read the scope of an item as the caller writes it. Its author and session stand for the key
 * when a scope of their kind has none. E_INPUT in words.
 */
enum status memory_scope_read(struct project *p, const struct memory_item *item, struct arena *a,
                              struct memory_scope *out, struct err *err);

/* Who is writing: an agent's name from the environment or the item's author, else user. */
const char *memory_actor(const char *author, struct arena *a);

/* May the actor do it? E_DENIED says scope and actor, and a denied write is in the audit. */
enum status memory_may(struct project *p, const char *actor, const char *scope, bool write,
                       struct err *err);

/* A memory checked and read for words, ready for the transaction. */
struct memory_ready {
	const struct memory_item *item;
	const char *text; /* with secrets masked */
	const char *folded, *folded_entity;
	const char **folded_to; /* of each relation */
	struct memory_scope scope;
	const void *terms;
	size_t terms_size;
	int64_t hash;
	struct memory_stored *out;
};

/* What can be said of an item alone: E_INPUT in words. */
enum status memory_check(const struct memory_item *item, struct err *err);

/* Fold, mask and read one for words; item, scope and out are set. */
enum status memory_ready_make(struct terms *t, struct memory_ready *r, struct arena *a,
                              struct err *err);

/* What one call writes into one store. */
struct memory_writing {
	struct memory_ready *ready;
	size_t n;
	const char *actor;
	struct arena *a;            /* for ids */
	struct memory_inner *inner; /* NULL, or what is on disk before this is committed */
};

/* The part of a call that goes to another store (memory_write). */
struct memory_inner {
	struct project *store;
	struct memory_writing writing;
	bool kept; /* it was committed there, whatever became of the rest */
};

/*
 * Put what a call writes into the stores it goes to, each in one transaction; before that, look
 * in each for what is similar, and whether what is to be superseded is there and the actor's to
 * write. What was not committed has no id afterwards; when that is only a part, err says which.
 */
enum status memory_write(struct project *p, const atomic_bool *stop,
                         const struct memory_writing *all, struct err *err);

struct memory_putting {
	int64_t now_ms, change;
	struct index_feed *feed; /* is told what was added; NULL: nobody */
};

/* Put it into the store, inside db's write transaction; without its change number and audit. */
enum status memory_put_rows(struct db *db, const struct memory_writing *w,
                            const struct memory_putting *how, struct err *err);

/* The same with both; how->change is set. */
enum status memory_put(struct db *db, const struct memory_writing *w, struct memory_putting *how,
                       struct err *err);

/* Put it in a transaction of its own, shared with other calls that write meanwhile. */
enum status memory_queue(struct project *p, const atomic_bool *stop, const struct memory_writing *w,
                         struct err *err);

/* Ids of memories that say nearly the same as each item, into ready[i].out. */
enum status memory_similar(struct project *p, struct db *db, struct memory_ready *ready, size_t n,
                           struct arena *a, struct err *err);

#define MEMORY_WORD_MAX 40 /* bytes of a word of a question that are shown again */

/* Who reads, by which configuration. */
struct memory_reader {
	const struct config *config; /* NULL: nothing is closed to him */
	const char *actor;
};

/* The scopes of a store that somebody may read, by their number in its index. */
struct memory_readable {
	const bool *scopes; /* in the arena */
	size_t n;
};
enum status memory_readable(const struct index_data *d, const struct memory_reader *who,
                            struct arena *a, struct memory_readable *out, struct err *err);
bool memory_is_readable(const struct memory_readable *r, uint32_t scope);

/* Is anything said of the entity that may be read? Its name is told to nobody else. */
bool memory_entity_is_readable(const struct index_data *d, const struct memory_readable *r,
                               uint32_t entity);

/* A question, read for words. */
struct memory_question {
	struct rank_query rank;
	char word[RANK_TERMS_MAX][MEMORY_WORD_MAX]; /* of each term, as it was asked */
	const struct config *config;                /* who may read what */
	const char *actor;
	struct memory_readable readable;
	bool *scopes; /* in the arena; what rank.scopes points to: readable and asked for */
};

enum status memory_question_read(struct memory *m, const struct memory_query *q,
                                 struct memory_question *out, struct err *err);

/*
 * The filters of a question, by the numbers of an index that is being looked at.
 * out->rank.entity is set before; *nothing: nothing can be found.
 */
enum status memory_question_filter(const struct index_data *d, const struct memory_query *q,
                                   struct arena *a, struct memory_question *out, bool *nothing,
                                   struct err *err);

/* What a session should know at its start, best first. */
size_t memory_context(const struct index_data *d, const struct rank_query *q, struct rank_hit *hits,
                      size_t most);

/* A scope as words, by its number; `project` for an unknown one. NULL without memory. */
const char *memory_scope_words(const struct index_data *d, size_t id, struct arena *a);

/* From where rows are shown. */
struct memory_view {
	struct memory *m;
	struct db *db;
	int64_t at_ms; /* relations that hold then */
	struct arena *a;
	const struct memory_readable *readable; /* relations told in these; NULL: in all */
};

/* Names, times and relations of a row, for showing. text is set whole. */
enum status memory_hit_fill(const struct memory_view *view, const struct memories_row *row,
                            struct memory_hit *hit, struct err *err);

/* Shorten a long text to a part that begins a little before byte `at`. */
void memory_hit_cut(struct memory_hit *hit, size_t at, struct arena *a);

#endif
