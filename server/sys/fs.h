/*
 * fs.h - files and folders, safely.
 *
 * Paths are absolute unless a root is given with them. Nothing here follows a
 * link out of the root it was given, and nothing leaves half a file behind.
 * Every function may be called from any thread; results live in the arena.
 */
#ifndef SYS_FS_H
#define SYS_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

#define FS_PATH_MAX 4096 /* bytes of a path with its NUL; longer is E_INPUT */

enum fs_kind { FS_NOTHING, FS_FILE, FS_FOLDER, FS_LINK, FS_OTHER };

/* What is at path itself (a link is a link, wherever it points)? FS_NOTHING also when unreadable.
 */
enum fs_kind fs_kind(const char *path);

/* `a/b`, one slash between, in the arena; NULL when it is full. */
char *fs_join(struct arena *a, const char *folder, const char *name);

/* The absolute path without links, `.` and `..`. E_ABSENT when a part is not there. */
enum status fs_resolve(const char *path, struct arena *a, char **out, struct err *err);

/*
 * Resolve path (relative ones against root) and require that it lies under root,
 * links followed. The last part need not exist yet. E_DENIED when it lies elsewhere,
 * E_ABSENT when its folder does not exist.
 */
enum status fs_inside(const char *root, const char *path, struct arena *a, char **out,
                      struct err *err);

/*
 * Open path, which must lie under root, without ever leaving root, even when somebody
 * swaps folders for links meanwhile. flags as open(2); close-on-exec is added, a link as
 * the last part is refused. E_DENIED when it leads outside or is a link, E_ABSENT when
 * it is not there. *fd is the caller's.
 */
enum status fs_open(const char *root, const char *path, int flags, mode_t mode, int *fd,
                    struct err *err);

/*
 * The whole of a regular file of at most max bytes, with a NUL behind it that *size does
 * not count. E_ABSENT when it is not there, E_INPUT when it is larger or no regular file.
 * fs_read follows links; fs_read_under is bound to root as fs_open is.
 */
enum status fs_read(const char *path, size_t max, struct arena *a, char **bytes, size_t *size,
                    struct err *err);
struct fs_bytes {
	char *bytes;
	size_t size;
};
enum status fs_read_under(const char *root, const char *path, size_t max, struct arena *a,
                          struct fs_bytes *out, struct err *err);

/*
 * Put size bytes at path: whole and durable (file and folder are synced), or not at all.
 * What was there is replaced in one step; a reader sees the old or the new. The folder must
 * exist.
 */
enum status fs_write(const char *path, const void *bytes, size_t size, mode_t mode,
                     struct err *err);

/* As fs_write, but whole only, not synced: for what can be made again after a power cut. */
enum status fs_write_quick(const char *path, const void *bytes, size_t size, mode_t mode,
                           struct err *err);

/* Make the folder and those above it. One that is there already is fine; a file is E_INPUT. */
enum status fs_make_folders(const char *path, mode_t mode, struct err *err);

/*
 * Remove path, a file, a link (not what it points to) or a folder with all in it. It must
 * lie strictly under root; E_DENIED otherwise. Links are never followed, other file systems
 * not entered. Not being there is fine. Folders without write permission are opened up first.
 */
enum status fs_remove_tree(const char *root, const char *path, struct err *err);

/* Copy a file or folder tree (links as links, modes kept); to must not exist. Fast where
 * the file system can share blocks, never by hard links. What somebody removes from the folder
 * meanwhile is left out; E_ABSENT when from itself is not there. */
enum status fs_copy_tree(const char *from, const char *to, struct err *err);

#endif
