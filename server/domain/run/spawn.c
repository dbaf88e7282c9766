#include "domain/run/spawn.h"

#include "base/text.h"
#include "domain/run.h"
#include "sys/detach.h"
#include "sys/fs.h"
#include "sys/lock.h"

#define LOOK_MS       50
#define BEGIN_MOST_MS 30000 /* it may have to end what a dead runner left behind */

enum status spawn_runner(struct project *p, const char *run, struct arena *a, struct err *err)
{
	const char *folder = text_printf(a, "%s/runs/%s", p->state, run);
	const char *log = text_printf(a, "%s/runs/%s/runner.log", p->state, run);
	const char *argv[] = { "gadugi", "runner", run, "--root", p->root, NULL };
	enum status st;

	if (folder == NULL || log == NULL)
		return err_nomem(err, "a runner");
	if ((st = fs_make_folders(folder, 0700, err)) != OK)
		return st;
	return detach_start(argv, log, BEGIN_MOST_MS, err);
}

bool spawn_alive(const struct project *p, const char *run, struct arena *a)
{
	const char *path = text_printf(a, "%s/runs/%s/lock", p->state, run);

	return path != NULL && lock_held(path, NULL);
}

static bool goes_on(struct project *p, const char *run, const atomic_bool *stop, struct arena *a)
{
	struct run_view v;

	return run_glance(p, run, stop, a, &v, NULL) == OK &&
	       !run_state_ended(run_state_read(v.row.state));
}

enum status spawn_again(struct project *p, const char *run, const atomic_bool *stop,
                        struct arena *a, struct err *err)
{
	const char *path = text_printf(a, "%s/runs/%s/lock", p->state, run);
	struct lock *lock = NULL;
	enum status st;

	if (path == NULL)
		return err_nomem(err, "a runner");
	for (;;) {
		if (!lock_held(path, NULL)) {
			st = spawn_runner(p, run, a, err);
			if (st == OK || !lock_held(path, NULL))
				return st;
		}
		if (goes_on(p, run, stop, a))
			return OK;
		st = lock_take(&lock, path, LOOK_MS, stop, err);
		if (st == OK)
			lock_free(lock);
		else if (st != E_BUSY)
			return st;
	}
}
