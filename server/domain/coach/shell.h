/*
 * shell.h - what a command line is about, without running it.
 *
 * Commands are compared after what differs from time to time was taken out: blanks, a
 * leading `cd X &&`, variables set before the command, names of temporary files, long
 * hexadecimal numbers and times. All functions are pure and may be called by any thread.
 */
#ifndef DOMAIN_COACH_SHELL_H
#define DOMAIN_COACH_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#define SHELL_MAX   4096 /* bytes of a command that are looked at */
#define SHELL_HEAD  64   /* bytes of a head with its NUL */
#define SHELL_READS 512  /* bytes of the path of a file that is printed */

/* The command made comparable; out holds size bytes. Returns its length. */
size_t shell_normal(const char *command, char *out, size_t size);

/*
 * Temporary paths, hexadecimal numbers and times as `*`; with digits also every other
 * number. For comparing error messages.
 */
size_t shell_mask(const char *text, bool digits, char *out, size_t size);

struct shell_facts {
	char
	    head[SHELL_HEAD]; /* program and sub-command of its main part: `npm test`, `git push` */
	bool is_gate;         /* a test, lint or build among its parts */
	bool writes;          /* may change files: redirection, mv, sed -i, an install, ... */
	bool moves_head;      /* git commit, checkout, pull, ...: what is checked out changes */
	bool commits;         /* git commit */
	bool searches;        /* nothing but rg, grep, ls, find, ... */
	char reads[SHELL_READS]; /* the one file that it does nothing but print; empty: none */
};

/*
 * The facts about a normal command. extra: heads of configured gates besides the built-in
 * ones, NULL-terminated, or NULL.
 */
void shell_facts(const char *normal, const char *const *extra, struct shell_facts *out);

/* A gate's command without what only shortens its output: `2>&1`, `| tail -20`. */
size_t shell_gate_key(const char *normal, char *out, size_t size);

#endif
