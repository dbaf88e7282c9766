/* use.c - how often a memory was of use, put down with the next write. */
#include "base/mem.h"
#include "domain/memory/own.h"

#define USED_MAX 4096 /* notes kept; more are dropped: a count is no promise */

void memory_use(struct memory *m, const int64_t *ids, size_t n, int64_t now_ms)
{
	(void)pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < n && m->n_used < USED_MAX; i++) {
		if (m->n_used == m->used_size) {
			size_t size = m->used_size == 0 ? 64 : 2 * m->used_size;
			struct memory_used *grown = mem_grow(m->used, size * sizeof *grown);

			if (grown == NULL)
				break;
			m->used = grown;
			m->used_size = size;
		}
		m->used[m->n_used++] = (struct memory_used){ ids[i], now_ms };
	}
	(void)pthread_mutex_unlock(&m->lock);
}

enum status memory_use_put(struct memory *m, struct db *db, struct err *err)
{
	struct memory_used *used;
	enum status st = OK;
	size_t n;

	(void)pthread_mutex_lock(&m->lock);
	used = m->used;
	n = m->n_used;
	m->used = NULL;
	m->n_used = m->used_size = 0;
	(void)pthread_mutex_unlock(&m->lock);
	for (size_t i = 0; i < n && st == OK; i++)
		st = memories_hit(db, used[i].id, 1, used[i].at_ms, err);
	mem_free(used);
	return st;
}

void memory_settle(struct project *p)
{
	struct db *db = NULL;
	size_t n;

	(void)pthread_mutex_lock(&p->memory->lock);
	n = p->memory->n_used;
	(void)pthread_mutex_unlock(&p->memory->lock);
	if (n == 0 || project_write(p, NULL, &db, NULL) != OK)
		return;
	if (db_begin(db, NULL) == OK && memory_use_put(p->memory, db, NULL) == OK)
		(void)db_commit(db, NULL);
	project_done(p, db);
}
