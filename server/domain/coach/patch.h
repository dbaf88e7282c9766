/*
 * patch.h - a change of one text file as a unified diff that `git apply` takes.
 */
#ifndef DOMAIN_COACH_PATCH_H
#define DOMAIN_COACH_PATCH_H

#include "base/text.h"

/*
 * Add the diff from before to after to t; before NULL: the file is not there yet. Nothing is added
 * when they are the same. path is relative, without blanks at its ends or line ends.
 */
void patch_add(struct text *t, const char *path, const char *before, const char *after);

#endif
