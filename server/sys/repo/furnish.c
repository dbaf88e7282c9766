/* furnish.c - what a worktree needs beside its files: submodules, and files git does not keep. */
#include "sys/repo/work.h"

enum status repo_work_furnish(struct repo *r, const struct work *w,
                              const struct repo_worktree_spec *spec, struct arena *a,
                              struct err *err)
{
	(void)r;
	(void)w;
	(void)spec;
	(void)a;
	(void)err;
	return OK;
}
