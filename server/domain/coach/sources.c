#include "domain/coach/sources_own.h"

#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/pull.h"

#define PEEK_MAX  ((size_t)1 << 20) /* bytes of a first line that are looked at */
#define PEEKS     5                 /* first lines that are looked at */
#define ID_SIZE   80
#define PATH_SIZE 1024

static bool ends(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* What the first lines say: which host wrote them, and the id of the session. */
struct peek {
	const char *host; /* NULL: no host we know */
	char id[ID_SIZE];
	char folder[PATH_SIZE]; /* of work; empty: not said */
};

static bool peek_line(struct json_span line, struct peek *p)
{
	struct json_span id = pull_member(line, "sessionId"), type = pull_member(line, "type");

	if (id.len > 0 && pull_member(line, "projectHash").len > 0) {
		p->host = "gemini";
		(void)pull_text(id, p->id, sizeof p->id);
		return true;
	}
	if (id.len == 0)
		id = pull_member(line, "session_id"); /* stream-json */
	if (id.len > 0 && pull_is(type, "session_meta"))
		id.len = 0;
	if (id.len > 0) {
		p->host = "claude";
		(void)pull_text(id, p->id, sizeof p->id);
		return true;
	}
	if (pull_is(type, "summary") || pull_is(type, "file-history-snapshot")) {
		p->host = "claude"; /* without an id; look on */
		return false;
	}
	if (pull_is(type, "session_meta") ||
	    (type.len > 0 && pull_member(line, "payload").len > 0)) {
		struct json_span payload = pull_member(line, "payload");

		p->host = "codex";
		(void)pull_text(pull_member(payload, "cwd"), p->folder, sizeof p->folder);
		return true;
	}
	return false;
}

static enum status peek_file(struct walk *w, const char *path, struct peek *p)
{
	struct lines *l = NULL;
	const char *line;
	bool too_long, done = false;
	size_t n;
	enum status st = lines_open(&l, path, w->err);

	*p = (struct peek){ 0 };
	for (int i = 0; st == OK && !done && i < PEEKS; i++) {
		st = lines_next(l, PEEK_MAX, &line, &n, &too_long, w->err);
		if (st != OK || line == NULL)
			break;
		done = peek_line((struct json_span){ line, n }, p);
	}
	lines_free(l);
	return st;
}

static enum status add_path(struct walk *w, struct source *s, const char *path)
{
	const char **paths = list_room(w->a, s->paths, s->n_paths, &s->room, sizeof *paths);

	if (paths == NULL || path == NULL)
		return err_nomem(w->err, "the session files");
	s->paths = paths;
	paths[s->n_paths++] = path;
	return OK;
}

/* Name of a file without its folder and ending. */
static const char *stem(struct walk *w, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	const char *dot = strrchr(name, '.');

	return arena_copy(w->a, name, dot == NULL ? strlen(name) : (size_t)(dot - name));
}

enum status walk_add(struct walk *w, const struct source *like, const char *path,
                     struct source **out)
{
	struct source *items = list_room(w->a, w->items, w->n, &w->room, sizeof *items);

	if (items == NULL || like->name == NULL)
		return err_nomem(w->err, "the session files");
	w->items = items;
	items[w->n] = *like;
	*out = &items[w->n++];
	return add_path(w, *out, path);
}

enum status walk_note(struct walk *w, const char *folder)
{
	const char **folders =
	    list_room(w->a, w->folders, w->n_folders, &w->folders_room, sizeof *folders);

	if (folders == NULL || folder == NULL)
		return err_nomem(w->err, "the session files");
	w->folders = folders;
	folders[w->n_folders++] = folder;
	return OK;
}

struct sources walk_result(const struct walk *w)
{
	return (struct sources){ w->items, w->n, w->folders, w->n_folders };
}

bool walk_wants(const struct walk *w, const char *folder)
{
	size_t n = w->folder == NULL ? 0 : strlen(w->folder);

	return n == 0 || (folder != NULL && strncmp(folder, w->folder, n) == 0 &&
	                  (folder[n] == '\0' || folder[n] == '/'));
}

/* The files in SESSION/subagents of SESSION.jsonl. */
static enum status add_subagents(struct walk *w, struct source *s, const char *path)
{
	size_t n = 0, len = strlen(path) - strlen(".jsonl");
	const char *folder = text_printf(w->a, "%.*s/subagents", (int)len, path);
	struct folder_entry *e = NULL;
	enum status st;

	if (folder == NULL)
		return err_nomem(w->err, "a path");
	st = folder_list(folder, w->a, &e, &n, NULL);
	if (st == E_NOMEM)
		return err_nomem(w->err, "the session files");
	if (st == OK)
		st = walk_note(w, folder);
	for (size_t i = 0; st == OK && i < n; i++)
		if (!e[i].is_folder && ends(e[i].name, ".jsonl"))
			st = add_path(w, s, text_printf(w->a, "%s/%s", folder, e[i].name));
	return st == E_NOMEM ? st : OK;
}

static bool is_agent_file(const char *name)
{
	return strncmp(name, "agent-", 6) == 0 && ends(name, ".jsonl");
}

/* What subagents' files of older versions lie in a folder, and whose they are: looked at once. */
static enum status find_siblings(struct walk *w, const char *folder, const struct folder_entry *e,
                                 size_t n)
{
	enum status st = OK;

	w->n_siblings = 0;
	for (size_t i = 0; st == OK && i < n; i++) {
		struct sibling *items;
		const char *path;
		struct peek p;

		if (e[i].is_folder || !is_agent_file(e[i].name))
			continue;
		path = text_printf(w->a, "%s/%s", folder, e[i].name);
		items =
		    list_room(w->a, w->siblings, w->n_siblings, &w->siblings_room, sizeof *items);
		if (path == NULL || items == NULL)
			return err_nomem(w->err, "the session files");
		w->siblings = items;
		if ((st = peek_file(w, path, &p)) != OK || p.host == NULL)
			continue;
		items[w->n_siblings++] = (struct sibling){ path, text_dup(w->a, p.id) };
		if (items[w->n_siblings - 1].id == NULL)
			return err_nomem(w->err, "the session files");
	}
	return st;
}

static enum status add_siblings(struct walk *w, struct source *s, const char *id)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < w->n_siblings; i++)
		if (strcmp(w->siblings[i].id, id) == 0)
			st = add_path(w, s, w->siblings[i].path);
	return st;
}

/* Chats of Gemini CLI's subagents lie in a folder that is named as the session's id. */
static enum status add_chats(struct walk *w, struct source *s, const char *folder,
                             const struct peek *p)
{
	const char *inner = text_printf(w->a, "%s/%s", folder, p->id);
	struct folder_entry *e = NULL;
	size_t n = 0;
	enum status st;

	if (inner == NULL)
		return err_nomem(w->err, "a path");
	if (p->id[0] == '\0' || strchr(p->id, '/') != NULL ||
	    (st = folder_list(inner, w->a, &e, &n, NULL)) == E_ABSENT || st == E_INPUT)
		return OK;
	for (size_t i = 0; st == OK && i < n; i++)
		if (!e[i].is_folder && ends(e[i].name, ".jsonl"))
			st = add_path(w, s, text_printf(w->a, "%s/%s", inner, e[i].name));
	return st;
}

/* Codex names its files so in all versions; the lines of the oldest do not tell. */
static bool is_rollout(const char *name)
{
	return strncmp(name, "rollout-", 8) == 0;
}

/* A session file in its folder, whose siblings have been found. */
static enum status add_session(struct walk *w, const char *folder, const char *name, bool named)
{
	const char *path = text_printf(w->a, "%s/%s", folder, name);
	struct source like = { .kind = SOURCE_LINES }, *s = NULL;
	struct peek p;
	enum status st;

	if (path == NULL)
		return err_nomem(w->err, "a path");
	if ((st = peek_file(w, path, &p)) != OK)
		return st;
	like.name = stem(w, path);
	like.host = p.host != NULL ? p.host : is_rollout(name) ? "codex" : "claude";
	if (ends(name, ".json")) {
		like.kind = SOURCE_WHOLE;
		like.host = "gemini";
	} else if (p.host == NULL && !named && !is_rollout(name)) {
		return OK; /* some other file */
	}
	if (!named && strcmp(like.host, "codex") == 0 && !walk_wants(w, p.folder))
		return OK;
	st = walk_add(w, &like, path, &s);
	if (st != OK || s == NULL)
		return st;
	if (strcmp(like.host, "gemini") == 0)
		return add_chats(w, s, folder, &p);
	if (strcmp(like.host, "claude") != 0)
		return OK;
	st = add_subagents(w, s, path);
	if (st == OK && p.id[0] != '\0' && !is_agent_file(name))
		st = add_siblings(w, s, p.id);
	return st;
}

static bool has_file(const struct folder_entry *e, size_t n, const char *name, const char *end)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!e[i].is_folder && strncmp(e[i].name, name, len) == 0 &&
		    strcmp(e[i].name + len, end) == 0)
			return true;
	return false;
}

/* Chats of Gemini CLI have a name of their own; other files that end in .json are many. */
static bool is_session_file(const char *name)
{
	if (ends(name, ".json"))
		return strncmp(name, "session-", 8) == 0;
	return ends(name, ".jsonl") && !is_agent_file(name);
}

static enum status walk_database_of(struct walk *w, const char *folder)
{
	const char *path = text_printf(w->a, "%s/opencode.db", folder);

	return path == NULL ? err_nomem(w->err, "a path") : walk_database(w, path);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than SOURCES_DEPTH */
static enum status walk(struct walk *w, const char *folder, int depth)
{
	struct folder_entry *e = NULL;
	const char *inner;
	size_t n = 0;
	bool storage = false;
	enum status st = folder_list(folder, w->a, &e, &n, w->err);

	if (st == OK)
		st = walk_note(w, folder);
	if (st == OK && has_file(e, n, "opencode", ".db"))
		return walk_database_of(w, folder);
	if (st == OK)
		st = walk_storage(w, folder, &storage);
	if (storage)
		return st;
	if (st == OK)
		st = find_siblings(w, folder, e, n);
	for (size_t i = 0; st == OK && i < n; i++)
		if (!e[i].is_folder && is_session_file(e[i].name) && e[i].changed_ms >= w->since_ms)
			st = add_session(w, folder, e[i].name, false);
	for (size_t i = 0; st == OK && i < n; i++) {
		/* the folder SESSION belongs to SESSION.jsonl, which has brought its files */
		if (!e[i].is_folder || e[i].name[0] == '.' || depth == SOURCES_DEPTH ||
		    has_file(e, n, e[i].name, ".jsonl"))
			continue;
		inner = text_printf(w->a, "%s/%s", folder, e[i].name);
		st = inner == NULL ? err_nomem(w->err, "a path") : walk(w, inner, depth + 1);
	}
	return st;
}

/* A file named by the caller counts as a session even when it says nothing. */
static enum status one_file(struct walk *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL ? "." : arena_copy(w->a, path, (size_t)(slash - path));
	struct folder_entry *e = NULL;
	size_t n = 0;
	enum status st;

	if (folder == NULL)
		return err_nomem(w->err, "a path");
	if (ends(path, ".db"))
		return walk_database(w, path);
	if (!ends(path, ".jsonl") && !ends(path, ".json"))
		return err_set(
		    w->err, E_INPUT,
		    "'%s' is no session file; one ends in .jsonl (Claude Code, Codex, Gemini "
		    "CLI), .json (Gemini CLI) or .db (opencode); or give a folder",
		    path);
	st = folder_list(folder[0] == '\0' ? "/" : folder, w->a, &e, &n, w->err);
	if (st == OK)
		st = walk_note(w, folder[0] == '\0' ? "/" : folder);
	if (st == OK)
		st = find_siblings(w, folder, e, n);
	return st != OK ? st : add_session(w, folder, slash == NULL ? path : slash + 1, true);
}

enum status walk_path(struct walk *w, const char *path)
{
	size_t before = w->n;
	enum status st = walk(w, path, 0);

	if (st == E_ABSENT)
		return err_set(w->err, E_ABSENT, "there is no '%s' to read sessions from", path);
	return st == E_INPUT && w->n == before ? one_file(w, path) : st;
}

enum status sources_find(const struct sources_wish *wish, struct arena *a, struct sources *out,
                         struct err *err)
{
	struct walk w = { .a = a, .since_ms = wish->since_ms, .folder = wish->folder, .err = err };
	enum status st = walk_path(&w, wish->path);

	*out = walk_result(&w);
	return st;
}
