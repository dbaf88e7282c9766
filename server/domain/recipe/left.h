/* left.h - what builds left in the files of a repository, and what stands there now. For build.c.
 */
#ifndef DOMAIN_RECIPE_LEFT_H
#define DOMAIN_RECIPE_LEFT_H

#include "store/recipes.h"
#include "sys/repo.h"
#include "sys/repo_merge.h"

/* A file that a build changed. */
struct left_file {
	const char *path;
	bool there;         /* the file as it stands is what the build left */
	bool back;          /* it is what was there before */
	const char *before; /* its bytes before; NULL: it was not there */
	size_t before_size;
};

struct left_files {
	struct left_file *at;
	size_t n;
	bool known; /* it could be told; else n is 0 and says nothing */
};

/*
 * The files that a build changed, compared with those below root. With git gone, a build outside
 * it, or commits that are no more, there are none.
 */
enum status left_look(struct repo *r, const char *root, const struct recipe_row *build,
                      struct arena *a, struct left_files *out, struct err *err);

/* Is the build's commit part of HEAD, or is all it left in the files? */
enum status left_merged(struct repo *r, const char *root, const struct recipe_row *build,
                        struct arena *a, bool *merged, struct err *err);

#endif
