/* open.c - the witness of a repository: what is kept of its history, and what is new in it. */
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/project.h"
#include "domain/witness.h"
#include "store/commits.h"
#include "sys/repo_log.h"

#define READ_MS    3000 /* of one call for reading new commits */
#define ARENA_ROOM ((size_t)192 << 20)

struct follow {
	struct project *p;
	const atomic_bool *stop;
	struct witness *w;
	struct arena *a; /* for the rows: they are copied into the witness */
	struct repo *r;
	struct repo_head head;
	struct commit_state state;
	struct commit_row *rows; /* kept ones, the oldest first */
	size_t n_rows;
	struct commit_row *new; /* the newest first */
	size_t n_new, new_room, most;
	int64_t until_ms;
	bool in_time;
	bool anew;       /* what is kept cannot be read any more: it is to be replaced */
	uint64_t *known; /* hashes of the ids of rows, a table; 0: free */
	size_t n_known;
};

static enum status rows_load(struct follow *f, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_read(f->p, f->stop, &db, err);

	if (st == OK)
		st = commits_state(db, f->a, &f->state, err);
	if (st == OK)
		st = commits_all(db, WITNESS_COMMITS_MAX, f->a, &f->rows, &f->n_rows, err);
	project_done(f->p, db);
	for (size_t i = 0; st == OK && i < f->n_rows && !f->anew; i++)
		f->anew = !witness_reads(f->rows[i].terms, f->rows[i].terms_size);
	if (f->anew) {
		f->n_rows = 0;
		f->state = (struct commit_state){ 0 };
	}
	return st;
}

static uint64_t hash_of(const char *oid)
{
	return text_hash(oid, strlen(oid)) | 1;
}

/* Where a hash is in the table, or where it would be. */
static uint64_t *place_of(const struct follow *f, uint64_t hash)
{
	size_t at = (size_t)(hash >> 8) & (f->n_known - 1);

	while (f->known[at] != 0 && f->known[at] != hash)
		at = (at + 1) & (f->n_known - 1);
	return &f->known[at];
}

static bool known_make(struct follow *f)
{
	f->n_known = 1024;
	while (f->n_known < 2 * f->n_rows)
		f->n_known *= 2;
	if ((f->known = arena_take(f->a, f->n_known * sizeof *f->known)) == NULL)
		return false;
	for (size_t i = 0; i < f->n_rows; i++)
		*place_of(f, hash_of(f->rows[i].oid)) = hash_of(f->rows[i].oid);
	return true;
}

static bool is_known(void *arg, const struct oid *oid)
{
	return *place_of(arg, hash_of(oid->hex)) != 0;
}

/* A commit as a row. Messages and paths that are not UTF-8 stay out. */
static enum status take(void *arg, const struct repo_logged *c, bool *enough, struct err *err)
{
	struct follow *f = arg;
	const char *message =
	    text_utf8_valid(c->message, strlen(c->message)) == strlen(c->message) ? c->message : "";
	struct commit_row *rows = list_room(f->a, f->new, f->n_new, &f->new_room, sizeof *f->new);
	struct commit_row *row;
	struct text files;
	const void *terms = NULL;
	enum status st;

	if (rows == NULL)
		return err_nomem(err, "the history");
	f->new = rows;
	row = &rows[f->n_new++];
	text_init(&files, TEXT_LIMIT);
	for (size_t i = 0; i < c->n_files; i++)
		if (strchr(c->files[i], '\n') == NULL &&
		    text_utf8_valid(c->files[i], strlen(c->files[i])) == strlen(c->files[i]))
			text_addf(&files, "%s\n", c->files[i]);
	if ((st = witness_words(f->w, message, &terms, &row->terms_size, err)) == OK) {
		row->oid = text_dup(f->a, c->oid.hex);
		row->at_ms = c->at_ms;
		row->terms = arena_copy(f->a, terms, row->terms_size);
		row->files = text_copy(&files, f->a);
		st = files.failed || arena_failed(f->a) ? err_nomem(err, "the history") : OK;
	}
	text_done(&files);
	f->in_time = clock_mono_ms() < f->until_ms;
	*enough = f->n_new >= f->most || !f->in_time;
	return st;
}

/* What was committed since it was last looked at; all of it when that is no longer known. */
static enum status news_read(struct follow *f, struct err *err)
{
	struct repo_log log = { .from = f->head.oid,
		                .files_max = WITNESS_FILES_MAX,
		                .stop = f->stop,
		                .arg = f,
		                .known = is_known,
		                .take = take };
	enum status st;

	/* one that was cut short goes on where it ended */
	f->most = WITNESS_COMMITS_MAX - (f->state.whole ? 0 : f->n_rows);
	f->in_time = true;
	f->until_ms = clock_mono_ms() + READ_MS;
	if (!known_make(f))
		return err_nomem(err, "the history");
	if (f->state.head != NULL && f->state.whole && strlen(f->state.head) < sizeof log.hide.hex)
		memcpy(log.hide.hex, f->state.head, strlen(f->state.head) + 1);
	st = repo_log(f->r, &log, err);
	if (st != E_ABSENT || log.hide.hex[0] == '\0')
		return st;
	log.hide.hex[0] = '\0'; /* where it was is gone: a branch was rewritten */
	return repo_log(f->r, &log, err);
}

static enum status news_keep(struct follow *f, struct err *err)
{
	struct commit_state state = { f->head.oid.hex, f->in_time };
	struct db *db = NULL;
	enum status st = project_write(f->p, f->stop, &db, err);

	if (st == OK)
		st = db_begin(db, err);
	if (st == OK && f->anew)
		st = commits_keep(db, 0, err);
	for (size_t i = 0; st == OK && i < f->n_new; i++)
		st = commits_add(db, &f->new[i], err);
	if (st == OK && f->n_new > 0)
		st = commits_keep(db, WITNESS_COMMITS_MAX, err);
	if (st == OK)
		st = commits_state_put(db, &state, err);
	if (st == OK)
		st = db_commit(db, err);
	project_done(f->p, db);
	return st;
}

static enum status row_tell(struct witness *w, const struct commit_row *row, struct err *err)
{
	const struct witness_commit c = { row->at_ms, row->terms, row->terms_size, row->files };

	return witness_add_commit(w, &c, err);
}

/* All of it into the witness, the oldest first. */
static enum status tell(struct follow *f, struct err *err)
{
	struct repo_paths paths = { .most = WITNESS_PATHS_MAX };
	enum status st = repo_files(f->r, &f->head.oid, &paths, f->a, err);

	for (size_t i = 0; st == OK && i < paths.n; i++)
		st = witness_add_path(f->w, paths.at[i], err);
	for (size_t i = 0; st == OK && i < f->n_rows; i++)
		st = row_tell(f->w, &f->rows[i], err);
	for (size_t i = f->n_new; st == OK && i-- > 0;)
		st = row_tell(f->w, &f->new[i], err);
	return st;
}

/* What goes wrong costs the history or that it is kept, not the call. */
static enum status forgiven(enum status st, const char *what, struct err *err)
{
	if (st == OK || st == E_NOMEM || st == E_STOP)
		return st;
	if (st != E_ABSENT)
		log_line(LOG_WARN, "the repository's history is not %s: %s", what, err->text);
	*err = (struct err){ OK, "" };
	return OK;
}

static enum status follow(struct follow *f, bool keep, struct err *err)
{
	enum status st = repo_open(&f->r, f->p->root, err);
	bool fresh;

	if (st == OK)
		st = repo_head(f->r, f->a, &f->head, err);
	if (st == OK && f->head.oid.hex[0] == '\0')
		st = err_set(err, E_ABSENT, "there is no commit yet");
	if (st == OK)
		st = rows_load(f, err);
	if (st == OK)
		st = witness_new(&f->w, err);
	if (st != OK)
		return st;
	fresh =
	    f->state.head == NULL || !f->state.whole || strcmp(f->state.head, f->head.oid.hex) != 0;
	if (fresh && (st = news_read(f, err)) == OK && keep)
		st = forgiven(news_keep(f, err), "kept", err);
	return st == OK ? tell(f, err) : st;
}

enum status witness_open(struct project *p, bool keep, const atomic_bool *stop,
                         struct witness **out, struct err *err)
{
	struct follow f = { .p = p, .stop = stop, .a = arena_new(ARENA_ROOM) };
	enum status st;

	*out = NULL;
	if (f.a == NULL)
		return err_nomem(err, "the history");
	st = p->git_dir == NULL ? E_ABSENT : follow(&f, keep, err);
	if (st == OK) {
		*out = f.w;
		f.w = NULL;
	}
	st = forgiven(st, "used", err);
	witness_free(f.w);
	repo_free(f.r);
	arena_free(f.a);
	return st;
}
