/*
 * knowledge.h - memory as a graph of entities with observations, as server-memory shows it.
 *
 * A view of what the project remembers, and changes to it, with the rules of that server:
 * an entity is its exact name; it is there from when it was made, or anything was said about it,
 * until it is deleted; observations are texts, told apart exactly; relations need not end at an
 * entity that is there. What is deleted here is forgotten (kept, and hidden), not purged. What
 * differs: a secret in an observation is masked, a name has 1 to MEMORY_NAME_MAX bytes.
 *
 * Each change is one transaction: all of it or nothing. Answers are in the caller's arena.
 */
#ifndef DOMAIN_MEMORY_KNOWLEDGE_H
#define DOMAIN_MEMORY_KNOWLEDGE_H

#include "domain/memory.h"

#define KNOWLEDGE_KIND                                                                             \
	"entity" /* of the memory that says that an entity is there, and what it is */

struct knowledge_entity {
	const char *name, *type;
	const char *const *observations;
	size_t n;
};

struct knowledge_relation {
	const char *from, *type, *to;
};

struct knowledge {
	struct knowledge_entity *entities; /* in the order in which they were made */
	size_t n_entities;
	struct knowledge_relation *relations;
	size_t n_relations;
};

/* What a call works on. */
struct knowledge_call {
	struct project *p;
	const atomic_bool *stop;
	struct arena *a;
	struct err *err;
};

/* Which entities, with the relations that begin or end at one of them; neither: all there are. */
struct knowledge_query {
	const char *text;         /* whose name, type or an observation holds this, case aside */
	const char *const *names; /* those of these names */
	size_t n_names;
};
enum status knowledge_read(const struct knowledge_call *c, const struct knowledge_query *q,
                           struct knowledge *out);

/*
 * Make those entities and relations that are not there; done[i] says which. Add to each
 * entity (type is not read) the observations it does not have: they are left in it, the
 * others taken out. E_ABSENT names an entity that is not there.
 */
enum status knowledge_create(const struct knowledge_call *c, const struct knowledge_entity *e,
                             size_t n, bool *done);
enum status knowledge_relate(const struct knowledge_call *c, const struct knowledge_relation *r,
                             size_t n, bool *done);
enum status knowledge_observe(const struct knowledge_call *c, struct knowledge_entity *e, size_t n);

/* Forget. What is not there is no mistake. An entity goes with all its relations. */
enum status knowledge_delete(const struct knowledge_call *c, const char *const *names, size_t n);
enum status knowledge_unsay(const struct knowledge_call *c, const struct knowledge_entity *e,
                            size_t n);
enum status knowledge_unrelate(const struct knowledge_call *c, const struct knowledge_relation *r,
                               size_t n);

/* The text of the memory that says what an entity is; NULL when the arena is full. */
const char *knowledge_mark(const char *name, const char *type, struct arena *a);

/* Take over server-memory's file, once: a path that was taken over before is left alone. */
enum status knowledge_take_over(const struct knowledge_call *c, const char *path);

#endif
