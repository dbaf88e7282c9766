/*
 * stub.h - what is not written yet in a source file: marks for later (TODO and its kin, where
 * they begin a comment or a note), code that says it is not implemented, functions without a
 * body. Words inside texts, names and the middle of sentences are none of these, and a body that
 * holds a comment is empty on purpose. C, C++, Go, Java, JavaScript, TypeScript, Python, Rust and
 * shell are known. Any thread.
 */
#ifndef DOMAIN_RECIPE_STUB_H
#define DOMAIN_RECIPE_STUB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define STUB_BYTES_MAX ((size_t)4 << 20) /* of one file; a larger one is passed over */
#define STUBS_MAX      1000              /* more are counted, not kept */

enum stub_kind { STUB_MARK, STUB_UNWRITTEN, STUB_EMPTY };

struct stub {
	const char *file; /* as it was given */
	long line, column;
	enum stub_kind kind;
	const char *words; /* the line it is on, cut to a readable length */
};

struct stubs {
	struct stub *items;
	size_t n, room;
	size_t files; /* that were read */
	size_t total; /* found, kept or not */
};

enum stub_language {
	STUB_NONE,
	STUB_C,
	STUB_CPP,
	STUB_GO,
	STUB_JAVA,
	STUB_JS, /* and TypeScript */
	STUB_PYTHON,
	STUB_RUST,
	STUB_SHELL,
};

/* By the file's name; STUB_NONE: it is not looked at. */
enum stub_language stub_language_of(const char *path);

/* Look through one file and add what is found. False when the arena is full. */
bool stub_scan(const char *path, const char *bytes, size_t n, struct arena *a, struct stubs *out);

/*
 * A file or a folder below root, with all in it but what is hidden, built or brought in by a
 * package manager. One that is not there adds nothing. E_NOMEM, or E_IO when it cannot be read.
 */
enum status stub_walk(const char *root, const char *path, struct arena *a, struct stubs *out,
                      struct err *err);

/* "left for later", "not implemented", "empty body". */
const char *stub_words(enum stub_kind kind);

/* --- between its files --------------------------------------------------------------------------
 */

/*
 * A file taken apart: code has blanks for comments and for what stands in quotes, notes has
 * the words of comments only. Both are as long as bytes, and lines stay where they are.
 */
struct stub_source {
	enum stub_language language;
	const char *bytes;
	size_t n;
	char *code, *notes;
};

bool stub_mask(struct stub_source *s, struct arena *a);

/* Does the text that begins at a byte, behind its quote, say that something is not implemented? */
bool stub_says_unwritten(const struct stub_source *s, size_t at);

/* Functions of Python without a body; tell is called with where each begins. */
void stub_find_python(const struct stub_source *s,
                      void (*tell)(void *arg, size_t at, enum stub_kind kind), void *arg);

#endif
