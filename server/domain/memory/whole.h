/*
 * whole.h - memory as a whole: relations, import, export, numbers. Public as domain/memory.h is.
 */
#ifndef DOMAIN_MEMORY_WHOLE_H
#define DOMAIN_MEMORY_WHOLE_H

#include "base/text.h"
#include "domain/memory.h"

struct memory_triple {
	const char *from, *type, *to;    /* from, to: names of entities */
	const char *from_type, *to_type; /* NULL: not said */
	int64_t valid_from, valid_to;    /* ms; 0: not said */
	/* For imports: */
	const char *memory;          /* id of the memory that said so; NULL, or gone: none */
	const char *scope;           /* NULL: as of all of them */
	int64_t made_ms, expired_ms; /* 0: now; 0: it is not forgotten */
};

struct memory_triples {
	const struct memory_triple *at;
	size_t n;
	const char *scope; /* as of a memory; NULL: project */
};

/* Relations that no memory tells of. *added says how many are new. */
enum status memory_relate(struct project *p, const struct memory_triples *triples, struct arena *a,
                          size_t *added, struct err *err);

enum memory_format {
	MEMORY_ANY, /* import only: found out from the content */
	MEMORY_JSONL,
	MEMORY_MARKDOWN,
	MEMORY_SERVER_MEMORY, /* the file of @modelcontextprotocol/server-memory */
	MEMORY_CYPHER,        /* export only */
	MEMORY_GRAPHML,       /* export only */
	MEMORY_FORMATS_N,
};

/* The word for a format, and back; MEMORY_FORMATS_N when it is none. */
const char *memory_format_word(enum memory_format format);
enum memory_format memory_format_of(const char *word);

struct memory_imported {
	size_t stored, duplicates, relations;
	size_t skipped;      /* lines that could not be read */
	const char *problem; /* what was wrong with the first of them, or NULL */
};

/*
 * Take over what another store wrote. What is there already (by id, or by what it says) is
 * counted and not stored again, so an import may be repeated. E_INPUT when nothing could
 * be read.
 */
struct memory_source {
	const char *bytes; /* a NUL follows them; NULL: what is in the file at path */
	size_t n;
	const char *path;
	enum memory_format format;
};
enum status memory_import(struct project *p, const atomic_bool *stop,
                          const struct memory_source *source, struct arena *a,
                          struct memory_imported *out, struct err *err);

/* Into a file, which is replaced in one step; its folder must be there. */
enum status memory_export_file(struct project *p, const atomic_bool *stop, const char *path,
                               enum memory_format format, size_t *size_bytes, struct err *err);

/*
 * The project's git history as memory: a memory a commit, and relations from it to the
 * files it changed. E_ABSENT outside a repository.
 */
struct memory_commits {
	size_t limit;      /* so many */
	size_t skip;       /* but not the newest of them */
	struct bell *bell; /* rung after stop was set; not NULL where stop is not */
};
enum status memory_import_git(struct project *p, const atomic_bool *stop,
                              const struct memory_commits *which, struct arena *a,
                              struct memory_imported *out, struct err *err);

/* Everything that may be read, forgotten and superseded memories too, as text. */
enum status memory_export(struct project *p, const atomic_bool *stop, enum memory_format format,
                          struct text *out, struct err *err);

/*
 * What the rules of retention in the configuration (memory: keep, merge) would end now, and,
 * with confirm, ending it: a memory that is neither told nor recalled any more is forgotten, one
 * that another says in full is superseded by it, what was forgotten long ago is deleted. What
 * has importance 1 is left alone, as is what the actor may not write. In parts, so that
 * nobody waits long; what was done when it is stopped stays done.
 */
enum memory_end { MEMORY_FORGET, MEMORY_MERGE, MEMORY_PURGE, MEMORY_ENDS_N };

struct memory_ending {
	const char *id, *text, *why;
	enum memory_end how;
	const char *into; /* MEMORY_MERGE: the id of the one that stays */
};

struct memory_tidy {
	bool confirm;
	size_t most; /* endings that are told singly */
};

struct memory_tidied {
	struct memory_ending *endings; /* the first `most` of them */
	size_t n_endings;
	size_t counts[MEMORY_ENDS_N]; /* all */
	size_t kept;                  /* looked at and left alone */
	bool done;
};

const char *memory_end_word(enum memory_end how);

/* E_INPUT when the configuration has no rules. */
enum status memory_tidy(struct project *p, const atomic_bool *stop, const struct memory_tidy *how,
                        struct arena *a, struct memory_tidied *out, struct err *err);

/* The same with confirm when the configuration wants it after runs, at most once a day. */
void memory_tidy_after_run(struct project *p);

struct memory_counts {
	int64_t memories, current, superseded, expired; /* current: neither of the others */
	int64_t entities, relations, sessions, scopes;
	int64_t told, recalled; /* duplicates that were counted; uses */
	int64_t bytes;          /* of all texts */
};
enum status memory_count(struct project *p, struct memory_counts *out, struct err *err);

#endif
