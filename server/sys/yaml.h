/*
 * yaml.h - libyaml to a small tree.
 *
 * For settings and front matter, so it is strict: one document, no anchors, aliases, tags
 * or merge keys, no duplicate keys, bounded depth and size. Every node knows its line and
 * column, so that a mistake can be shown where it stands. The tree lives in the caller's
 * arena. (libyaml itself has no door for an allocator: what it takes while it reads is
 * bounded by the input.)
 */
#ifndef SYS_YAML_H
#define SYS_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define YAML_BYTES_MAX ((size_t)4 << 20)
#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 100000
#define YAML_KEYS_MAX  1000 /* entries of one map; they are compared one by one */

enum yaml_kind {
	YAML_NULL, /* nothing, `~` or `null`, not in quotes */
	YAML_TEXT, /* any other scalar; what it means is for its reader to say */
	YAML_LIST,
	YAML_MAP,
};

struct yaml {
	enum yaml_kind kind;
	size_t line, column;      /* from 1 */
	const char *text;         /* of YAML_TEXT; never NULL there */
	bool quoted;              /* in quotes or a block: text, never a number or a flag */
	const struct yaml *key;   /* of an entry of a map: its key, a YAML_TEXT */
	const struct yaml *first; /* first item of a list, first entry of a map */
	const struct yaml *next;  /* its sibling */
	size_t n;                 /* how many items or entries */
};

/* What is read, and what messages, which begin NAME:LINE:COLUMN, say of it. */
struct yaml_source {
	const char *bytes;
	size_t size;
	const char *name;
	size_t first_line; /* of the bytes in the file called name; 0 is as good as 1 */
};

/* Read a document. Nothing but comments is a YAML_NULL. On OK *out lives in the arena. */
enum status yaml_parse(const struct yaml_source *source, struct arena *a, const struct yaml **out,
                       struct err *err);

/* The entry of a map with that key, or NULL; also when map is not one. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

/* Scalars; false when value is of another kind. */
bool yaml_whole(const struct yaml *value, long *out);
bool yaml_number(const struct yaml *value, double *out);
bool yaml_flag(const struct yaml *value, bool *out); /* true false yes no on off */

/* Fill err with `NAME:LINE:COLUMN: ` and the words; returns E_INPUT. */
__attribute__((format(printf, 4, 5))) enum status
yaml_bad(struct err *err, const char *name, const struct yaml *at, const char *fmt, ...);

#endif
