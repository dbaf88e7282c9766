#include "tests/lib/bench.h"

#include "tests/unit/unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/db.h"

int bench_setup(void **state)
{
	struct bench *b = mem_zero(1, sizeof *b);
	void *f = NULL;

	if (b == NULL || folder_setup(&f) != 0)
		return -1;
	b->f = f;
	if (setenv("XDG_DATA_HOME", b->f->path, 1) != 0)
		return -1;
	b->a = arena_new((size_t)512 << 20);
	if (b->a == NULL || project_open(&b->p, b->f->path, &b->err) != OK)
		return -1;
	b->p->clock.fixed_ms = NOW;
	*state = b;
	return 0;
}

int bench_teardown(void **state)
{
	struct bench *b = *state;
	void *f = b->f;
	int rc;

	project_free(b->p);
	arena_free(b->a);
	rc = folder_teardown(&f);
	mem_free(b);
	return rc;
}

struct project *bench_project(struct bench *b, const char *name)
{
	struct project *p = NULL;

	folder_put(b->f, text_printf(b->a, "%s/x", name), "");
	assert_int_equal(project_open(&p, folder_at(b->f, name), &b->err), OK);
	p->clock.fixed_ms = NOW;
	return p;
}

struct memory_stored bench_put(struct bench *b, struct memory_item item)
{
	struct memory_stored out;

	if (memory_remember(b->p, NULL, &(struct memory_batch){ &item, 1, &out }, b->a, &b->err) !=
	    OK)
		fail_msg("%s", b->err.text);
	return out;
}

struct memory_found bench_ask(struct bench *b, struct memory_query q)
{
	struct memory_found found;

	if (memory_recall(b->p, NULL, &q, b->a, &found, &b->err) != OK)
		fail_msg("%s", b->err.text);
	return found;
}

struct memory_found bench_find(struct bench *b, const char *text)
{
	return bench_ask(b, (struct memory_query){ .text = text, .hops = 1 });
}

int64_t bench_number(struct bench *b, struct project *p, const char *sql)
{
	sqlite3_stmt *s = NULL;
	struct db *db = NULL;
	int64_t n;

	assert_int_equal(project_read(p, NULL, &db, &b->err), OK);
	assert_int_equal(sqlite3_prepare_v2(db_handle(db), sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	project_done(p, db);
	return n;
}
