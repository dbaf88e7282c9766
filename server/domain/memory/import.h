/* import.h - what the readers of foreign memory share; for the files of domain/memory only. */
#ifndef DOMAIN_MEMORY_IMPORT_H
#define DOMAIN_MEMORY_IMPORT_H

#include "domain/memory/own.h"

#define IMPORT_BATCH 500

/* Memories and relations read so far, stored when there are enough of them. */
struct import {
	struct project *p;
	const atomic_bool *stop;
	struct arena *a;
	struct err *err;
	struct memory_imported *out;
	struct memory_item items[IMPORT_BATCH];
	size_t n_items;
	struct memory_triple triples[IMPORT_BATCH];
	size_t n_triples;
	size_t line;         /* that is being read, from 1 */
	struct import_pair { /* applied at the end: the second stands for the first */
		const char *old, *by;
		int64_t at_ms;
		struct import_pair *next;
	} * superseded;
};

/* What is wrong with an item is a line that is skipped; the others are stored. */
enum status import_item(struct import *im, const struct memory_item *item);
enum status import_triple(struct import *im, const struct memory_triple *triple);
enum status import_end(struct import *im);

/* A line that could not be read is counted, and the first remembered. */
void import_skip(struct import *im, size_t line, const char *why);

enum status import_jsonl(struct import *im, const char *bytes, size_t n);
enum status import_markdown(struct import *im, const char *bytes, size_t n);

/* One memory as a JSON object takes it, the same that export writes. */
enum status import_object(struct import *im, const cJSON *object, const char *text,
                          const char *entity);

#endif
