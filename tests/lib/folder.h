/* folder.h - a temporary folder for one test: made by its setup, removed by its teardown. */
#ifndef TESTS_LIB_FOLDER_H
#define TESTS_LIB_FOLDER_H

#include "base/arena.h"

struct folder {
	const char *path;       /* resolved */
	const char *started_in; /* the working folder before; the teardown goes back */
	struct arena *arena;    /* of all texts that are handed out */
};

int folder_setup(void **state);
int folder_teardown(void **state);

/* The path of a name in it; good until the teardown. */
const char *folder_at(const struct folder *f, const char *name);

/* Write a file, folders on the way included. Fails the process, not the test: exit 1. */
void folder_put(const struct folder *f, const char *name, const char *content);
__attribute__((format(printf, 3, 4))) void folder_putf(const struct folder *f, const char *name,
                                                       const char *fmt, ...);

/* A file's content, good until the teardown; NULL when it is not there. */
const char *folder_get(const struct folder *f, const char *name);

/* Remove what is there under the name, with all that is in it. */
void folder_drop(const struct folder *f, const char *name);

#endif
