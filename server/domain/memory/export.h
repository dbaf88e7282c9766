/* export.h - writers of all memory, one file each; for the files of domain/memory only. */
#ifndef DOMAIN_MEMORY_EXPORT_H
#define DOMAIN_MEMORY_EXPORT_H

#include "domain/memory/own.h"

struct export_relation {
	const char *from, *type, *to, *from_type, *to_type;
	const char *memory, *scope; /* the id of the memory that said so, or NULL; in words */
	int64_t made_ms, valid_from, valid_to, expired_ms; /* 0: none */
};

/* What is known of a memory or relation besides its ends and text, as every format tells it. */
struct export_member {
	const char *key;
	const char *text; /* NULL: a time, or where that is 0 a number */
	int64_t ms;
	double number;
};

#define EXPORT_MEMBERS 14 /* at most of one */

/* The members there are, in order; how many. */
size_t export_memory_members(const struct memory_hit *hit, struct export_member *out);
size_t export_relation_members(const struct export_relation *r, struct export_member *out);

/* All keys of members, NULL-terminated. */
extern const char *const export_keys[];

/* What of the store may be read by who exports. */
enum status export_readable(struct project *p, struct arena *a, struct memory_readable *out,
                            struct err *err);

/* Every relation that may be read. */
enum status export_relations(struct project *p, struct db *db,
                             void (*write)(struct text *out, const struct export_relation *r),
                             struct text *out, struct err *err);

/*
 * What a format does with each entity, memory and relation, in this order; NULL: nothing.
 * Texts fail once and stay failed.
 */
struct export_writer {
	void (*begin)(struct text *out);
	void (*entity)(struct text *out, const char *name, const char *type);
	void (*memory)(struct text *out, const struct memory_hit *hit);
	void (*relation)(struct text *out, const struct export_relation *r);
	void (*end)(struct text *out);
};

extern const struct export_writer export_jsonl, export_cypher, export_graphml;

/* These sort by entity first. */
enum status export_by_entity(struct project *p, struct db *db, enum memory_format format,
                             struct text *out, struct err *err);

/* The memory as a JSON object on one line; without: also without text and entity. */
void export_object(struct text *out, const struct memory_hit *hit, bool without);

/* One memory with its names, in an arena; E_ABSENT when it may not be read or is gone. */
enum status export_get(struct project *p, struct db *db, int64_t id, struct arena *a,
                       struct memory_hit *hit, struct err *err);

#endif
