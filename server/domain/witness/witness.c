/* witness.c - taking in files and commits. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/witness/own.h"

#define MESSAGE_MAX 600 /* bytes of a message's body that are read */

enum status witness_new(struct witness **out, struct err *err)
{
	struct witness *w = mem_zero(1, sizeof *w);
	enum status st;

	if (w == NULL)
		return err_nomem(err, "the history");
	if ((st = terms_new(&w->terms, err)) != OK) {
		mem_free(w);
		return st;
	}
	*out = w;
	return OK;
}

void witness_free(struct witness *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->n_files; i++)
		mem_free(w->files[i].path);
	terms_free(w->terms);
	postings_done(&w->paths);
	postings_done(&w->pasts);
	mem_free(w->files);
	mem_free(w->commits);
	mem_free(w->links);
	mem_free(w->slots);
	mem_free(w->path_score);
	mem_free(w->past_score);
	mem_free(w->file_score);
	mem_free(w->share);
	mem_free(w);
}

bool witness_reads(const void *terms, size_t size)
{
	struct terms_packed packed;

	return terms_open(&packed, terms, size);
}

size_t witness_commits(const struct witness *w)
{
	return w->n_commits;
}

size_t witness_paths(const struct witness *w, const char **out, size_t most)
{
	size_t n = w->n_files < most ? w->n_files : most;

	for (size_t i = 0; i < n; i++)
		out[i] = w->files[i].path;
	return n;
}

/* Where n items stand, with room for one more: moved when they were full. NULL: no memory. */
static void *room_for(void *items, size_t n, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 256 : *room * 2;
	void *grown;

	if (n < *room)
		return items;
	if ((grown = mem_grow(items, more * size)) != NULL)
		*room = more;
	return grown;
}

/* Where the file of a path is in slots, or where it would be. */
static uint32_t *slot_of(const struct witness *w, const char *path, size_t n)
{
	size_t at = (size_t)text_hash(path, n) & (w->n_slots - 1);

	for (;; at = (at + 1) & (w->n_slots - 1)) {
		const struct witness_file *f;

		if (w->slots[at] == 0)
			return &w->slots[at];
		f = &w->files[w->slots[at] - 1];
		if (strncmp(f->path, path, n) == 0 && f->path[n] == '\0')
			return &w->slots[at];
	}
}

static bool slots_grow(struct witness *w)
{
	uint32_t *old = w->slots;
	size_t n = w->n_slots == 0 ? 1024 : w->n_slots * 2;

	if ((w->slots = mem_zero(n, sizeof *w->slots)) == NULL) {
		w->slots = old;
		return false;
	}
	w->n_slots = n;
	for (size_t i = 0; i < w->n_files; i++)
		*slot_of(w, w->files[i].path, strlen(w->files[i].path)) = (uint32_t)i + 1;
	mem_free(old);
	return true;
}

/* The words of a text into postings; *words counts them. */
static enum status post(struct postings *to, uint32_t document, const struct terms_packed *packed,
                        uint32_t *words, struct err *err)
{
	for (uint32_t i = 0; i < packed->n; i++) {
		unsigned times = 0;
		uint32_t term = terms_at(packed, i, &times);

		if (!postings_add(to, term, document, times))
			return err_nomem(err, "the history");
	}
	*words = packed->words;
	return OK;
}

static enum status file_new(struct witness *w, const char *path, size_t n, uint32_t *out,
                            struct err *err)
{
	struct witness_file f = { .newest = WITNESS_NONE }, *files;
	struct terms_packed packed;
	const void *bytes = NULL;
	size_t size = 0;
	enum status st;

	if ((4 * (w->n_files + 1) > 3 * w->n_slots && !slots_grow(w)) ||
	    (files = room_for(w->files, w->n_files, &w->files_room, sizeof f)) == NULL)
		return err_nomem(err, "the history");
	w->files = files;
	if ((f.path = mem_take(n + 1)) == NULL)
		return err_nomem(err, "the history");
	memcpy(f.path, path, n);
	f.path[n] = '\0';
	*slot_of(w, f.path, n) = (uint32_t)w->n_files + 1;
	*out = (uint32_t)w->n_files;
	w->files[w->n_files++] = f;
	st = terms_pack(w->terms, path, n, &bytes, &size, err);
	if (st == OK && terms_open(&packed, bytes, size))
		st = post(&w->paths, *out, &packed, &w->files[*out].words, err);
	w->path_words += w->files[*out].words;
	return st;
}

static enum status file_of(struct witness *w, const char *path, size_t n, uint32_t *out,
                           struct err *err)
{
	uint32_t slot = w->n_slots == 0 ? 0 : *slot_of(w, path, n);

	if (slot == 0)
		return file_new(w, path, n, out, err);
	*out = slot - 1;
	return OK;
}

enum status witness_add_path(struct witness *w, const char *path, struct err *err)
{
	uint32_t file = 0;
	enum status st = file_of(w, path, strlen(path), &file, err);

	if (st == OK)
		w->files[file].there = true;
	return st;
}

enum status witness_words(struct witness *w, const char *message, const void **terms, size_t *size,
                          struct err *err)
{
	size_t subject = strcspn(message, "\n"), n;
	const char *body = message + subject + strspn(message + subject, "\n");
	struct text t;
	enum status st;

	/* what a commit is called counts twice */
	n = text_utf8_cut(body, strlen(body), MESSAGE_MAX);
	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "%.*s\n%.*s\n%.*s", (int)subject, message, (int)subject, message, (int)n,
	          body);
	st = t.failed ? err_nomem(err, "the history")
	              : terms_pack(w->terms, text_string(&t), t.len, terms, size, err);
	text_done(&t);
	return st;
}

static enum status link_add(struct witness *w, uint32_t commit, uint32_t file, struct err *err)
{
	struct witness_file *f = &w->files[file];
	struct witness_link *links = room_for(w->links, w->n_links, &w->links_room, sizeof *links);

	if (links == NULL)
		return err_nomem(err, "the history");
	w->links = links;
	w->links[w->n_links] = (struct witness_link){ file, commit, f->newest };
	f->newest = (uint32_t)w->n_links++;
	f->changes++;
	return OK;
}

static size_t lines(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s += strcspn(s, "\n"), s += *s == '\n')
		n += *s != '\n';
	return n;
}

enum status witness_add_commit(struct witness *w, const struct witness_commit *c, struct err *err)
{
	struct witness_past past = { .at_ms = c->at_ms, .first = (uint32_t)w->n_links };
	uint32_t commit = (uint32_t)w->n_commits, file = 0;
	struct witness_past *commits;
	struct terms_packed packed;
	size_t n = lines(c->files);
	enum status st = OK;

	if (n == 0 || n > WITNESS_FILES_MAX || !terms_open(&packed, c->terms, c->terms_size))
		return OK;
	commits = room_for(w->commits, w->n_commits, &w->commits_room, sizeof *commits);
	if (commits == NULL)
		return err_nomem(err, "the history");
	w->commits = commits;
	/* first its words: they may be those that witness_words gave, good until the next call */
	st = post(&w->pasts, commit, &packed, &past.words, err);
	for (const char *s = c->files; st == OK && *s != '\0'; s += *s == '\n') {
		size_t len = strcspn(s, "\n");

		if (len > 0 && (st = file_of(w, s, len, &file, err)) == OK)
			st = link_add(w, commit, file, err);
		s += len;
	}
	past.n = (uint32_t)w->n_links - past.first;
	w->commits[w->n_commits++] = past;
	w->past_words += past.words;
	if (c->at_ms > w->newest_ms)
		w->newest_ms = c->at_ms;
	return st;
}
