/*
 * memory.h - what is remembered, and finding it again.
 *
 * A memory is one text of a kind, said by somebody in a scope, perhaps about an entity and
 * in a session, true for a time. Nothing is overwritten: what is no longer true is
 * superseded, what is no longer wanted is expired; both are kept and can be asked for as of
 * an earlier time, until they are purged. What was acknowledged is on disk.
 *
 * What is of scope team or global is for all projects of the user: it is kept in a store of its
 * own, below $XDG_DATA_HOME/gadugi, and asked together with the project's.
 *
 * A struct memory belongs to a project and is shared by all its threads: it holds the index
 * that ranking reads (memory/index.h) and the queue in which calls that write at the same
 * time share one transaction. Answers are in the caller's arena.
 */
#ifndef DOMAIN_MEMORY_H
#define DOMAIN_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/project.h"

#define MEMORY_BATCH_MAX     1000               /* memories of one call */
#define MEMORY_TEXT_MAX      ((size_t)10 << 20) /* bytes of one memory */
#define MEMORY_NAME_MAX      400                /* bytes of an entity's, author's, ... name */
#define MEMORY_RELATIONS_MAX 200                /* of one memory */
#define MEMORY_LIMIT_MAX     1000               /* hits of one recall */
#define MEMORY_ALSO_MAX      16                 /* other wordings of a question */

struct memory;

/* folder: the state folder of its project, where the index is kept between processes. */
enum status memory_new(struct memory **out, const char *folder, struct err *err);
void memory_free(struct memory *m);

/*
 * Where what is for all projects of the user is kept (scopes team and global): the store below
 * $XDG_DATA_HOME/gadugi, to be used as a project is. *out is NULL when there is none and it is
 * not to be made; it stays the memory's.
 */
enum status memory_shared(struct project *p, bool make, struct project **out, struct err *err);

/* Put down what is only noted so far (how often memories were of use). At the end. */
void memory_settle(struct project *p);

struct memory_relation {
	const char *type, *to; /* to: an entity's name */
	const char *to_type;   /* NULL: not said */
};

struct memory_item {
	const char *id; /* NULL: a new one; else, for imports, the id it had; one that is there
	                   already counts as a duplicate */
	const char *text;
	const char *kind;   /* NULL: observation */
	const char *entity; /* what it is about; NULL: nothing named */
	const char *entity_type;
	const char *scope;   /* project, team, global, agent, session, or one of them with `:KEY`;
	                        NULL: project */
	const char *session; /* NULL: none; memories of one follow each other */
	const char *author;  /* NULL: not said */
	const char *origin;  /* user, agent, run, tool, web, import; NULL: agent */
	const char *run, *task, *commit; /* NULL: run and task are those we are in, if any */
	const char *supersedes;          /* id of a memory that this one stands for from now on */
	const struct memory_relation *relations;
	size_t n_relations;
	int64_t made_ms;              /* 0: now; else when it was known, for imports */
	int64_t valid_from, valid_to; /* ms; 0: not said */
	int64_t expired_ms;           /* for imports: it was forgotten then */
	double importance;            /* 0 to 1; 0 is as good as not said: 0.5 */
	bool again;                   /* store it though the same is there */
};

struct memory_stored {
	const char *id; /* of the memory, or of the one that says the same; NULL: not stored */
	bool duplicate; /* nothing was stored: told once more */
	bool masked;    /* a secret in the text was replaced */
	const char **similar; /* ids of others that say nearly the same */
	size_t n_similar;
};

struct memory_batch {
	const struct memory_item *items;
	size_t n;
	struct memory_stored *stored; /* room for n */
};

/*
 * Remember the items of a batch, all or none. E_INPUT names the item and what is wrong;
 * E_ABSENT for an unknown id in `supersedes`; E_DENIED names scope and actor, also of what is to
 * be superseded. A memory stands for another only in the same store: E_INPUT says so.
 *
 * Items for this project and items for all projects (scopes team and global) may come in one
 * batch. They go to two stores, each in one transaction, and no transaction spans both: those for
 * all projects are committed first, while the project's is open and has taken the others. So all
 * that can be wrong with an item or a store leaves both as they were; only when the project's disk
 * fails at its commit, or the process dies there, is the one part kept without the other. Then
 * the failure says which part is stored, stored[i].id is NULL for what is not, and to give the same
 * batch again is right: what is there counts as told once more.
 */
enum status memory_remember(struct project *p, const atomic_bool *stop,
                            const struct memory_batch *batch, struct arena *a, struct err *err);

struct rank_weights;

struct memory_query {
	const char *actor; /* who asks, as permissions name them; NULL: whoever we are */
	const char *text;  /* NULL: what a session should know at its start */
	const char *const *also;
	size_t n_also;
	const char *scope; /* KIND or KIND:KEY; NULL: all that may be read */
	const char *const *kinds;
	size_t n_kinds;
	const char *entity;
	int64_t as_of_ms;                   /* 0: now */
	size_t limit;                       /* 0: 10 */
	size_t max_tokens;                  /* 0: no limit */
	int hops;                           /* steps along relations; negative: 1 */
	const struct rank_weights *weights; /* memory/rank.h; NULL: the usual; for measuring */
	bool count;                         /* the memories returned count as used */
};

struct memory_edge {
	const char *type, *from, *to; /* names */
};

struct memory_hit {
	const char *id, *text; /* the text, or the part of it that fits */
	bool cut;
	double score;
	const char *why;
	const char *kind, *entity, *scope, *session, *author, *origin, *run, *task, *commit;
	int64_t made_ms, valid_from, valid_to, expired_ms; /* 0: none */
	const char *superseded_by;                         /* id, or NULL */
	double importance;
	int64_t seen, hits;
	struct memory_edge *relations;
	size_t n_relations;
	size_t tokens; /* about so many */
	int64_t row;   /* its number in its store */
	bool shared;   /* that store is the one for all projects */
};

struct memory_lead { /* an entity that the question or the hits lead to */
	const char *name, *type;
	double score;
	bool named;
};

struct memory_found {
	struct memory_hit *hits; /* best first */
	size_t n_hits;
	struct memory_lead *leads;
	size_t n_leads;
	size_t n_matched; /* memories that hold a word of the question */
	bool more;        /* some hits were left out for want of tokens */
};

/* Any bytes are a query. Nothing found is no error. E_INPUT for an ill-formed scope. */
enum status memory_recall(struct project *p, const atomic_bool *stop, const struct memory_query *q,
                          struct arena *a, struct memory_found *out, struct err *err);

/* One memory by id, whole; E_ABSENT when there is none. */
enum status memory_show(struct project *p, const char *id, struct arena *a, struct memory_hit *out,
                        struct err *err);

struct memory_forget {
	const char *const *ids;
	size_t n_ids;
	const char *text; /* when there are no ids: all that hold every word of it */
	bool purge;       /* delete for good */
	bool confirm;     /* without it a text, or a purge, only tells what it would forget */
};

struct memory_forgotten {
	struct memory_hit *hits; /* id and text of each */
	size_t n;
	bool done; /* false: nothing was forgotten, it takes confirm */
};

/*
 * E_ABSENT names an unknown id; nothing is forgotten then. E_DENIED as memory_remember. What is in
 * both stores is ended in the project's first; when the other then fails, the failure says so.
 */
enum status memory_forget(struct project *p, const atomic_bool *stop,
                          const struct memory_forget *what, struct arena *a,
                          struct memory_forgotten *out, struct err *err);

/* The text with what looks like a secret as `[secret: WHAT]`; itself without any. NULL: no memory.
 */
const char *memory_mask(const char *text, struct arena *a, bool *masked);

#endif
