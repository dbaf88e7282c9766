/* sources_own.h - what the files that look for sessions share. */
#ifndef DOMAIN_COACH_SOURCES_OWN_H
#define DOMAIN_COACH_SOURCES_OWN_H

#include "domain/coach/sources.h"
#include "sys/folder.h"

/* A file of a subagent beside its session's. */
struct sibling {
	const char *path, *id;
};

struct walk {
	struct arena *a;
	int64_t since_ms;
	const char *folder; /* as in the wish */
	struct source *items;
	size_t n, room;
	struct sibling *siblings; /* of the folder that is looked at */
	size_t n_siblings, siblings_room;
	const char **folders;
	size_t n_folders, folders_room;
	struct err *err;
};

/* Walk a folder, or look at a file that the caller named. */
enum status walk_path(struct walk *w, const char *path);

/* A new source with its first path, which is copied nowhere. */
enum status walk_add(struct walk *w, const struct source *like, const char *path,
                     struct source **out);

/* Note a folder that was looked into. */
enum status walk_note(struct walk *w, const char *folder);

/* What was found. */
struct sources walk_result(const struct walk *w);

/* Does it work in the wished folder, or below? True when no folder is wished. */
bool walk_wants(const struct walk *w, const char *folder);

/* The sessions in a database of opencode. */
enum status walk_database(struct walk *w, const char *path);

/* Those in a folder `storage`; *is tells whether it was one. */
enum status walk_storage(struct walk *w, const char *path, bool *is);

#endif
