/*
 * SQLite before 3.51.3 can corrupt a database when one connection checkpoints while
 * another writes (sqlite.org/wal.html#walresetbug). This test stands between SQLite and its
 * files: whenever a connection writes to the log (a writer) or to the database itself (a
 * checkpoint), the lock file that all processes share must be held. (A reader may take
 * the writer's lock for a moment to read the log's header again; it writes nothing.)
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"

#define ROWS 300

struct seen_file {
	sqlite3_file base;
	int is_log; /* else the database itself */
	sqlite3_int64 inner[];
};

static sqlite3_vfs vfs, *real_vfs;
static sqlite3_io_methods methods;
static char lock_path[450];
static int writes, checkpoints, unguarded;

static sqlite3_file *inner(sqlite3_file *f)
{
	return (sqlite3_file *)(void *)((struct seen_file *)(void *)f)->inner;
}

/* Could anybody take the lock file now? Then nobody holds it. */
static int lock_is_free(void)
{
	int fd = open(lock_path, O_RDWR | O_CLOEXEC), could;

	could = fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (fd != -1)
		(void)close(fd);
	return could;
}

static void note(sqlite3_file *f)
{
	if (((struct seen_file *)(void *)f)->is_log)
		writes++;
	else
		checkpoints++;
	unguarded += lock_is_free();
}

static int seen_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	note(f);
	return inner(f)->pMethods->xWrite(inner(f), p, n, at);
}
static int seen_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	note(f);
	return inner(f)->pMethods->xTruncate(inner(f), n);
}
static int pass_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return inner(f)->pMethods->xShmLock(inner(f), at, n, flags);
}
static int pass_close(sqlite3_file *f)
{
	return inner(f)->pMethods->xClose(inner(f));
}
static int pass_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return inner(f)->pMethods->xRead(inner(f), p, n, at);
}
static int pass_sync(sqlite3_file *f, int flags)
{
	return inner(f)->pMethods->xSync(inner(f), flags);
}
static int pass_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return inner(f)->pMethods->xFileSize(inner(f), n);
}
static int pass_lock(sqlite3_file *f, int k)
{
	return inner(f)->pMethods->xLock(inner(f), k);
}
static int pass_unlock(sqlite3_file *f, int k)
{
	return inner(f)->pMethods->xUnlock(inner(f), k);
}
static int pass_reserved(sqlite3_file *f, int *out)
{
	return inner(f)->pMethods->xCheckReservedLock(inner(f), out);
}
static int pass_control(sqlite3_file *f, int op, void *arg)
{
	return inner(f)->pMethods->xFileControl(inner(f), op, arg);
}
static int pass_sector(sqlite3_file *f)
{
	return inner(f)->pMethods->xSectorSize(inner(f));
}
static int pass_device(sqlite3_file *f)
{
	return inner(f)->pMethods->xDeviceCharacteristics(inner(f));
}
static int pass_shmmap(sqlite3_file *f, int p, int n, int x, void volatile **pp)
{
	return inner(f)->pMethods->xShmMap(inner(f), p, n, x, pp);
}
static void pass_barrier(sqlite3_file *f)
{
	inner(f)->pMethods->xShmBarrier(inner(f));
}
static int pass_unmap(sqlite3_file *f, int del)
{
	return inner(f)->pMethods->xShmUnmap(inner(f), del);
}

static int seen_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	int rc;

	(void)v;
	f->pMethods = NULL;
	((struct seen_file *)(void *)f)->is_log = (flags & SQLITE_OPEN_WAL) != 0;
	rc = real_vfs->xOpen(real_vfs, name, inner(f), flags, out);
	if (rc == SQLITE_OK)
		f->pMethods = &methods;
	return rc;
}

static int watch(void)
{
	methods = (sqlite3_io_methods){
		.iVersion = 2,
		.xClose = pass_close,
		.xRead = pass_read,
		.xWrite = seen_write,
		.xTruncate = seen_truncate,
		.xSync = pass_sync,
		.xFileSize = pass_size,
		.xLock = pass_lock,
		.xUnlock = pass_unlock,
		.xCheckReservedLock = pass_reserved,
		.xFileControl = pass_control,
		.xSectorSize = pass_sector,
		.xDeviceCharacteristics = pass_device,
		.xShmMap = pass_shmmap,
		.xShmLock = pass_shm_lock,
		.xShmBarrier = pass_barrier,
		.xShmUnmap = pass_unmap,
	};
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "seen";
	vfs.szOsFile = (int)sizeof(struct seen_file) + real_vfs->szOsFile;
	vfs.xOpen = seen_open;
	return sqlite3_vfs_register(&vfs, 1);
}

/* In a child: write rows big enough that checkpoints come. 0 when all was guarded. */
static int write_rows(const char *path, int who)
{
	struct db *db = NULL;

	for (int i = 0; i < ROWS; i++) {
		sqlite3_stmt *s = NULL;
		char id[32];

		(void)snprintf(id, sizeof id, "%d-%d", who, i);
		if (i % 50 == 0) { /* several connections' lives */
			db_free(db);
			db = NULL;
			if (db_open(&db, path, NULL) != OK)
				return 1;
		}
		if (db_begin(db, NULL) != OK ||
		    db_stmt(db,
		            "INSERT INTO event (id, topic, type, at_ms, envelope) "
		            "VALUES (?, 't', 't', 0, zeroblob(100000))",
		            &s, NULL) != OK)
			return 2;
		db_bind_text(s, 1, id);
		if (db_run(db, s, NULL) != OK || db_commit(db, NULL) != OK)
			return 3;
	}
	db_free(db);
	return unguarded != 0 ? 4 : writes < ROWS ? 5 : checkpoints == 0 ? 6 : 0;
}

static void no_write_and_no_checkpoint_without_the_shared_lock(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char folder[300], path[400], file[450];
	pid_t child[2];
	int status;

	(void)state;
	(void)snprintf(folder, sizeof folder, "%s/wal.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/gadugi.db", folder);
	(void)snprintf(lock_path, sizeof lock_path, "%s-lock", path);
	assert_int_equal(watch(), SQLITE_OK);
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit(write_rows(path, i));
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < 4; i++) {
		static const char *const ends[] = { "", "-wal", "-shm", "-lock" };

		(void)snprintf(file, sizeof file, "%s%s", path, ends[i]);
		(void)unlink(file);
	}
	(void)rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_write_and_no_checkpoint_without_the_shared_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
