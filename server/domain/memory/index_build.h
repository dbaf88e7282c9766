/*
 * index_build.h - how index.c fills an index. Each function adds or changes one row of the
 * database; rows come in ascending order of their ids, changed ones again. False when out
 * of memory: the data may then lack that row, or part of it, and is made anew.
 */
#ifndef DOMAIN_MEMORY_INDEX_BUILD_H
#define DOMAIN_MEMORY_INDEX_BUILD_H

#include "domain/memory/index.h"
#include "store/graph.h"
#include "store/memories.h"

struct index_data *index_data_new(void);
void index_data_free(struct index_data *d);

bool index_data_scope(struct index_data *d, int64_t id, const char *kind, const char *key);
bool index_data_session(struct index_data *d, int64_t id, const char *name);
bool index_data_entity(struct index_data *d, int64_t id, const char *name, const char *type);
bool index_data_relation(struct index_data *d, const struct graph_relation *r);
bool index_data_memory(struct index_data *d, const struct memories_row *r);

/* How often a memory was of use; one that is not there is passed over. */
void index_data_hits(struct index_data *d, int64_t id, int64_t hits);

/* Find names again that were put in whole. */
bool index_data_number_names(struct index_data *d);

#endif
