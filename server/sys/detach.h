/*
 * detach.h - this same program again, on its own: in a session of its own, a child of nobody
 * here, holding nothing of the caller's but the environment.
 *
 * The caller starts it with detach_start and waits until it is ready or has failed. The
 * new process calls detach_part first thing, before it has threads: it splits in two; the
 * child goes on in its own session, the parent waits for the child's word, passes it on
 * and ends, so that the child is left to init and no host that kills a tree finds it.
 */
#ifndef SYS_DETACH_H
#define SYS_DETACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Start this program with argv (NULL-terminated; the first word is its name) and wait up to
 * wait_ms for its word. Its standard error goes to log_path, which is appended to. E_IO with
 * its words when it fails, or says nothing in time. Any thread.
 */
enum status detach_start(const char *const *argv, const char *log_path, int64_t wait_ms,
                         struct err *err);

/*
 * The other side. *child tells which part we are: the parent ends with *exit_code at once;
 * the child goes on in folder and gives its word through *word.
 */
enum status detach_part(const char *folder, bool *child, int *exit_code, int *word,
                        struct err *err);

/* Ready (NULL), or failed for this reason. Once; closes word. */
void detach_word(int word, const char *failure);

#endif
