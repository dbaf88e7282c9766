/*
 * sandbox.h - what a child may touch, and how much it may use.
 *
 * A sandbox is made by the parent and put on by the child between its start and its
 * exec (sys/proc does both). Reading is free; writing, making, renaming and removing are
 * confined to the given folders and files, to /dev/null and its like and to terminals. The
 * kernel's Landlock keeps it so for all descendants; signals to processes outside are
 * refused where the kernel knows how (ABI 6). One sandbox may serve many children and
 * threads; it is not changed after it was made.
 */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sandbox;

struct sandbox_spec {
	const char *const *writable; /* absolute paths of folders (with all in them) or files */
	size_t writable_n;           /* one that does not exist is left out */
	bool confine;                /* false: limits only, writable is not looked at */
	bool confine_or_fail;        /* no Landlock here: E_ABSENT instead of limits only */
	/* limits, 0: as ours */
	uint64_t cpu_seconds;  /* per process */
	uint64_t memory_bytes; /* address space per process */
	uint64_t file_bytes;   /* largest file it may write */
	uint64_t open_files;   /* per process */
	uint64_t processes;    /* of this user, all together; does not bind root */
};

/* Landlock's ABI number in the running kernel, 0 when it has none or it is switched off. */
int sandbox_abi(void);

/* One sentence for `doctor`: what confinement this kernel gives. Static. */
const char *sandbox_words(void);

/* Make one. *out is the caller's. No core dumps are left by children in any sandbox. */
enum status sandbox_new(struct sandbox **out, const struct sandbox_spec *spec, struct err *err);
void sandbox_free(struct sandbox *s);

/* Are writes really confined by it (false: limits only, or NULL)? */
bool sandbox_confines(const struct sandbox *s);

/*
 * Put it on, for ever: the calling thread and its children to come. For sys/proc, in the
 * child: only system calls, no memory, no locks. 0 or an errno.
 */
int sandbox_enter(const struct sandbox *s);

#endif
