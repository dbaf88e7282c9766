/* knowledge_own.h - what reading and changing the graph share; for knowledge_*.c only. */
#ifndef DOMAIN_MEMORY_KNOWLEDGE_OWN_H
#define DOMAIN_MEMORY_KNOWLEDGE_OWN_H

#include "domain/memory/knowledge.h"
#include "domain/memory/own.h"
#include "store/graph.h"
#include "store/knowledge.h"

/*
 * An entity by its exact name. Elsewhere `Ann` and `ann` are one; here the second of them gets
 * a key of its own.
 */
struct knowledge_name {
	const char *key; /* what stands for the folded name */
	int64_t id;      /* 0: there is none */
};
enum status knowledge_name_find(const struct knowledge_call *c, struct db *db, const char *name,
                                struct knowledge_name *out);

/* The project's scope; *id is 0 when there is none and it is not to be made. */
enum status knowledge_scope(const struct knowledge_call *c, struct db *db, bool make, int64_t *id);

#endif
