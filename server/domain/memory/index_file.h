/*
 * index_file.h - an index written to a file, so that the next process need not read all rows.
 *
 * The file is a copy of what the rows gave at one change number. It is no truth: one that is cut
 * short, altered, of another version, or of another past of the database is passed over, and the
 * index is made from the rows. It is written in one step and never changed.
 */
#ifndef DOMAIN_MEMORY_INDEX_FILE_H
#define DOMAIN_MEMORY_INDEX_FILE_H

#include "domain/memory/index.h"

/* What, beside the numbers of an index, tells whether its file goes with a database. */
struct index_file_mark {
	int64_t types;     /* as memories_state has it */
	int64_t audit;     /* number of the newest row of the audit, */
	uint64_t audit_is; /* and what it says, as a number */
	int64_t hits_ms;   /* how often memories were of use is known up to then */
};

/* Scopes are not written: they are few, and a project's may change its key. */
enum status index_file_write(const struct index_data *d, const struct index_file_mark *mark,
                             const char *path, struct err *err);

/*
 * Into *out, the caller's. E_ABSENT: there is no file, or none that can be used; E_NOMEM.
 * Whether it goes with the database is the caller's to ask.
 */
enum status index_file_read(struct index_data **out, struct index_file_mark *mark, const char *path,
                            struct err *err);

#endif
