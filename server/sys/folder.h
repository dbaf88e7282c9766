/*
 * folder.h - what is in a folder, and the lines of a file too large to hold.
 *
 * Any thread. Nothing here follows a link that it finds; a path given by the caller is
 * followed.
 */
#ifndef SYS_FOLDER_H
#define SYS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define FOLDER_NAMES_MAX 100000 /* more is E_INPUT */

struct folder_entry {
	const char *name;
	bool is_folder;                 /* else a regular file; links and others are left out */
	int64_t size_bytes, changed_ms; /* of a file */
};

/*
 * Files and folders in path, sorted by name, in the arena. E_ABSENT when it is not there,
 * E_INPUT when it is no folder, E_IO when it cannot be read.
 */
enum status folder_list(const char *path, struct arena *a, struct folder_entry **out, size_t *n,
                        struct err *err);

/*
 * Has anything below path, or the folder itself, changed after since_ms (wall clock)? At most
 * `most` entries are looked at. What git and we keep there (.git, .gadugi) does not count.
 */
bool folder_touched(const char *path, int64_t since_ms, size_t most);

/* A regular file as it is now. */
struct folder_file {
	int64_t size_bytes, changed_ns;
	uint64_t number; /* of the file itself: another one under the same name has another */
};

/* False when it is not there or no regular file. */
bool folder_file(const char *path, struct folder_file *out);

struct lines;

/* Start to read a file. E_ABSENT when it is not there. On OK *out is the caller's. */
enum status lines_open(struct lines **out, const char *path, struct err *err);
void lines_free(struct lines *l);

/*
 * The next line, without its end; good until the next call. *line is NULL at the end of
 * the file. A line longer than max is skipped and told by *too_long with *n 0, so that
 * memory stays bounded. E_IO when the file cannot be read further.
 */
enum status lines_next(struct lines *l, size_t max, const char **line, size_t *n, bool *too_long,
                       struct err *err);

/* Go on at a place where a line begins, as lines_offset told it before. */
enum status lines_from(struct lines *l, int64_t offset, struct err *err);

/* Where the line after the last one begins; and whether that had no end, because it is still
 * being written. */
int64_t lines_offset(const struct lines *l);
bool lines_cut(const struct lines *l);

#endif
