/* sources_opencode.c - sessions of opencode, which keeps them all in one place. */
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/hosts.h"
#include "domain/coach/pull.h"
#include "domain/coach/sources_own.h"
#include "store/opencode.h"
#include "sys/fs.h"

#define INFO_MAX ((size_t)4 << 20) /* bytes of the file of a session */

/* One session as its place describes it. */
struct entry {
	struct opencode_session session;
	size_t source; /* its place in the walk + 1; 0: none */
};

static enum status add_id(struct walk *w, struct source *s, const char *id)
{
	const char **ids = list_room(w->a, s->ids, s->n_ids, &s->room_ids, sizeof *ids);

	if (ids == NULL)
		return err_nomem(w->err, "the sessions of opencode");
	s->ids = ids;
	ids[s->n_ids++] = id;
	return OK;
}

static struct entry *entry_of(struct entry *all, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].session.id, id) == 0)
			return &all[i];
	return NULL;
}

/* The session at the top of the line of parents; itself when a parent is not there. */
static struct entry *top_of(struct entry *all, size_t n, struct entry *e)
{
	for (int depth = 0; e->session.parent != NULL && depth < SOURCES_DEPTH; depth++) {
		struct entry *parent = entry_of(all, n, e->session.parent);

		if (parent == NULL)
			break;
		e = parent;
	}
	return e;
}

/* Sessions without a parent are sources; the others are subagents of theirs. */
static enum status add_entries(struct walk *w, struct entry *all, size_t n,
                               const struct source *like, const char *path)
{
	struct source *s = NULL;
	enum status st = OK;

	for (size_t i = 0; st == OK && i < n; i++) {
		struct source one = *like;

		if (top_of(all, n, &all[i]) != &all[i] || !walk_wants(w, all[i].session.folder) ||
		    all[i].session.changed_ms < w->since_ms)
			continue;
		one.name = all[i].session.id;
		one.changed_ms = all[i].session.changed_ms;
		if ((st = walk_add(w, &one, path, &s)) == OK)
			st = add_id(w, s, all[i].session.id);
		all[i].source = w->n;
	}
	for (size_t i = 0; st == OK && i < n; i++) {
		const struct entry *top = top_of(all, n, &all[i]);

		if (top == &all[i] || top->source == 0)
			continue;
		s = &w->items[top->source - 1];
		if (all[i].session.changed_ms > s->changed_ms)
			s->changed_ms = all[i].session.changed_ms;
		st = add_id(w, s, all[i].session.id);
	}
	return st;
}

enum status walk_database(struct walk *w, const char *path)
{
	const struct source like = { .host = "opencode", .kind = SOURCE_DATABASE };
	struct opencode_session *sessions = NULL;
	struct opencode *o = NULL;
	struct entry *all;
	size_t n = 0;
	enum status st = opencode_open(&o, path, w->err);

	if (st == OK)
		st = opencode_sessions(o, w->a, &sessions, &n, w->err);
	opencode_free(o);
	if (st != OK)
		return st;
	if ((all = arena_take(w->a, (n + 1) * sizeof *all)) == NULL)
		return err_nomem(w->err, "the sessions of opencode");
	for (size_t i = 0; i < n; i++)
		all[i].session = sessions[i];
	return add_entries(w, all, n, &like, path);
}

static const char *member(struct walk *w, struct json_span json, const char *key)
{
	char copy[FS_PATH_MAX];

	if (pull_text(pull_member(json, key), copy, sizeof copy) == 0)
		return NULL;
	return text_dup(w->a, copy);
}

/* What storage/session/PROJECT/SESSION.json says. */
static enum status read_info(struct walk *w, const char *path, struct entry *out)
{
	struct json_span info = { 0 };
	char *bytes = NULL;
	enum status st = fs_read(path, INFO_MAX, w->a, &bytes, &info.len, w->err);

	info.at = bytes;
	if (st == E_NOMEM || st == E_STOP)
		return st;
	if (st != OK)
		info.len = 0;
	*out = (struct entry){ .session = { .id = member(w, info, "id"),
		                            .folder = member(w, info, "directory"),
		                            .parent = member(w, info, "parentID"),
		                            .version = member(w, info, "version") } };
	out->session.changed_ms =
	    pull_int(pull_member(pull_member(info, "time"), "updated"), INT64_MAX);
	return arena_failed(w->a) ? err_nomem(w->err, "the sessions of opencode") : OK;
}

struct entries {
	struct entry *items;
	size_t n, room;
};

static enum status read_project(struct walk *w, const char *folder, struct entries *all)
{
	struct folder_entry *e = NULL;
	size_t n = 0;
	enum status st = folder_list(folder, w->a, &e, &n, w->err);

	for (size_t i = 0; st == OK && i < n; i++) {
		const char *path = text_printf(w->a, "%s/%s", folder, e[i].name);
		struct entry *items =
		    list_room(w->a, all->items, all->n, &all->room, sizeof *items);

		if (path == NULL || items == NULL)
			return err_nomem(w->err, "the sessions of opencode");
		all->items = items;
		if (!e[i].is_folder && (st = read_info(w, path, &items[all->n])) == OK)
			all->n += items[all->n].session.id != NULL;
	}
	return st;
}

enum status walk_storage(struct walk *w, const char *path, bool *is)
{
	const struct source like = { .host = "opencode", .kind = SOURCE_STORAGE };
	const char *sessions = text_printf(w->a, "%s/session", path);
	const char *messages = text_printf(w->a, "%s/message", path);
	const char *parts = text_printf(w->a, "%s/part", path);
	struct entries all = { 0 };
	struct folder_entry *e = NULL;
	size_t n = 0;
	enum status st;

	*is = false;
	if (sessions == NULL || messages == NULL || parts == NULL)
		return err_nomem(w->err, "a path");
	if (fs_kind(sessions) != FS_FOLDER || fs_kind(messages) != FS_FOLDER ||
	    fs_kind(parts) != FS_FOLDER)
		return OK;
	*is = true;
	st = folder_list(sessions, w->a, &e, &n, w->err);
	for (size_t i = 0; st == OK && i < n; i++) {
		const char *project = text_printf(w->a, "%s/%s", sessions, e[i].name);

		if (project == NULL)
			return err_nomem(w->err, "a path");
		if (e[i].is_folder)
			st = read_project(w, project, &all);
	}
	return st != OK ? st : add_entries(w, all.items, all.n, &like, path);
}
