/* db_mem.c - SQLite's memory is ours: each piece with its size before it. */
#include "base/mem.h"
#include "store/db.h"

static void *lib_take(int n)
{
	int64_t *p = mem_take((size_t)n + sizeof *p);

	if (p == NULL)
		return NULL;
	*p = n;
	return p + 1;
}

static void lib_free(void *p)
{
	if (p != NULL)
		mem_free((int64_t *)p - 1);
}

static void *lib_grow(void *p, int n)
{
	int64_t *head = mem_grow((int64_t *)p - 1, (size_t)n + sizeof *head);

	if (head == NULL)
		return NULL;
	*head = n;
	return head + 1;
}

static int lib_size(void *p)
{
	return p == NULL ? 0 : (int)((int64_t *)p)[-1];
}

static int lib_round(int n)
{
	return (n + 7) & ~7;
}

static int lib_init(void *arg)
{
	(void)arg;
	return SQLITE_OK;
}

static void lib_end(void *arg)
{
	(void)arg; /* lib_init made nothing */
}

enum status db_use_mem(void)
{
	static const sqlite3_mem_methods methods = {
		.xMalloc = lib_take,
		.xFree = lib_free,
		.xRealloc = lib_grow,
		.xSize = lib_size,
		.xRoundup = lib_round,
		.xInit = lib_init,
		.xShutdown = lib_end,
	};

	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_MULTITHREAD) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK)
		return E_BUG; /* SQLite was in use already */
	return OK;
}
