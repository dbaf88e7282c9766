/* bench.h - a project in a folder of its own, with a clock that stands, for tests of memory. */
#ifndef TESTS_LIB_BENCH_H
#define TESTS_LIB_BENCH_H

#include "domain/memory.h"
#include "domain/project.h"
#include "tests/lib/folder.h"

#define DAY ((int64_t)86400000)
#define NOW ((int64_t)1760000000000) /* what the clock shows */

struct bench {
	struct folder *f; /* also where what is for all projects is kept: `gadugi` in it */
	struct project *p;
	struct arena *a;
	struct err err;
};

/* *state is a struct bench. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* Another project, in a folder below; the caller frees it. */
struct project *bench_project(struct bench *b, const char *name);

/* What fails in these fails the test. */
struct memory_stored bench_put(struct bench *b, struct memory_item item);
struct memory_found bench_ask(struct bench *b, struct memory_query q);
struct memory_found bench_find(struct bench *b, const char *text); /* with one hop */

/* The one whole number that an SQL question gives, of the store of p. */
int64_t bench_number(struct bench *b, struct project *p, const char *sql);

#endif
