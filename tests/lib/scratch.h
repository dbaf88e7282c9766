/* scratch.h - a git repository for one test, made with the git program in the test's own folder. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include "base/arena.h"
#include "sys/repo.h"

struct scratch {
	struct arena *room;
	char *top;  /* resolved scratch folder */
	char *main; /* TOP/main, a repository on branch `main` with one commit: file `base` */
	char *root; /* TOP/main/.gadugi/worktrees, not made */
	struct repo *repo;
};

/* 0 when all went well, as a fixture of cmocka wants it. */
int scratch_open(struct scratch *s);
int scratch_close(struct scratch *s);

/* Run a line of shell in folder (NULL: the repository); its output, or the test fails. */
char *scratch_sh(struct scratch *s, const char *folder, const char *script);

/* printf into the room. */
__attribute__((format(printf, 2, 3))) char *scratch_text(struct scratch *s, const char *fmt, ...);

/* The commit that name stands for, asked from the git program. */
struct oid scratch_oid(struct scratch *s, const char *name);

#endif
