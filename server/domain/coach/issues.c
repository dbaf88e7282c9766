/* issues.c - findings become issues: a draft and a row, once for each thing they are about. */
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/change.h"
#include "domain/coach/post.h"
#include "domain/config.h"
#include "store/findings.h"
#include "sys/fs.h"

struct work {
	struct project *p;
	const struct coach_report *r;
	struct arena *a;
	struct err *err;
	struct finding_row *rows; /* of all that was found, by fingerprint in order of the report */
	const struct coach_finding **found; /* the first finding of each */
	size_t n;
	int64_t now_ms;
};

/* The findings of weight, one for each fingerprint. */
static enum status gather(struct work *w)
{
	size_t most = w->r->n_findings + 1;

	w->rows = arena_take(w->a, most * sizeof *w->rows);
	w->found = arena_take(w->a, most * sizeof(const struct coach_finding *));
	if (w->rows == NULL || w->found == NULL)
		return err_nomem(w->err, "the issues");
	for (size_t i = 0; i < w->r->n_findings; i++) {
		const struct coach_finding *f = &w->r->findings[i];
		bool known = f->severity < COACH_WARNING;

		for (size_t k = 0; k < w->n; k++)
			known = known || strcmp(w->found[k]->fingerprint, f->fingerprint) == 0;
		if (!known)
			w->found[w->n++] = f;
	}
	return OK;
}

static void write_body(struct text *t, const struct coach_finding *f)
{
	text_addf(t, "# %s: %s\n\n", f->code, f->message);
	text_addf(t, "Severity: %s. Found in %s %s.\n\n", coach_severity_word(f->severity),
	          f->run != NULL ? "run" : "session", f->run != NULL ? f->run : f->session);
	if (f->cost_ms > 0)
		text_addf(t, "It cost %lld ms. ", (long long)f->cost_ms);
	if (f->cost_tokens > 0)
		text_addf(t, "It cost about %lld tokens. ", (long long)f->cost_tokens);
	if (f->cost_ms > 0 || f->cost_tokens > 0)
		text_add(t, "\n\n");
	text_addf(t, "## What to do\n\n%s\n\n## Where it shows\n\n", f->advice);
	for (size_t i = 0; i < f->n_places; i++) {
		const struct coach_place *p = &f->places[i];

		if (p->file != NULL)
			text_addf(t, "- %s:%ld", p->file, p->line);
		else
			text_addf(t, "- task `%s`", p->task);
		text_addf(t, "%s%s\n", p->words == NULL ? "" : ": ",
		          p->words == NULL ? "" : p->words);
	}
	if (f->count > f->n_places)
		text_addf(t, "- and %zu more\n", f->count - f->n_places);
	if (f->n_places == 0)
		text_add(t, "- in the run as a whole\n");
	text_addf(t, "\n<!-- gadugi coach %s -->\n", f->fingerprint);
}

static enum status write_draft(struct work *w, const struct finding_row *row,
                               const struct coach_finding *f)
{
	const char *path = text_printf(w->a, "%s/%s", w->p->state, row->path), *body;
	struct text t;

	text_init(&t, TEXT_LIMIT);
	write_body(&t, f);
	body = text_copy(&t, w->a);
	text_done(&t);
	if (path == NULL || body == NULL)
		return err_nomem(w->err, "an issue");
	return fs_write(path, body, strlen(body), 0600, w->err);
}

/* The row as it will be: a new draft, or the old one, seen again. */
static enum status make_row(struct work *w, struct db *db, size_t i, bool *new)
{
	const struct coach_finding *f = w->found[i];
	struct finding_row *row = &w->rows[i];
	bool there = false;
	enum status st = findings_get(db, f->fingerprint, w->a, row, &there, w->err);

	if (st != OK)
		return st;
	*new = !there;
	if (!there)
		*row = (struct finding_row){
			.fingerprint = f->fingerprint,
			.code = f->code,
			.state = "drafted",
			.path = text_printf(w->a, "issues/%s-%s.md", f->code, f->fingerprint),
			.source = f->run != NULL ? "run" : "session",
			.made_ms = w->now_ms,
		};
	else if (strcmp(row->state, "closed") == 0)
		row->state = row->link == NULL ? "drafted" : "posted";
	row->severity = coach_severity_word(f->severity);
	row->title = f->message;
	row->seen_ms = w->now_ms;
	row->clean = 0;
	return row->path == NULL ? err_nomem(w->err, "an issue") : OK;
}

/* Where each finding was seen; several findings may share a fingerprint. */
static enum status note_seen(struct work *w, struct db *db)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < w->r->n_findings; i++) {
		const struct coach_finding *f = &w->r->findings[i];
		const char *subject = text_printf(w->a, "%s:%s", f->run != NULL ? "run" : "session",
		                                  f->run != NULL ? f->run : f->session);

		if (f->severity < COACH_WARNING)
			continue;
		st = subject == NULL ? err_nomem(w->err, "an issue")
		                     : findings_seen(db, f->fingerprint, subject, w->err);
	}
	return st;
}

static bool is_found(const struct work *w, const char *fingerprint)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->found[i]->fingerprint, fingerprint) == 0)
			return true;
	return false;
}

/* What was not found in the new ones of what was looked at comes nearer to its end. */
static enum status note_clean(struct work *w, struct db *db, int64_t looks)
{
	struct finding_row *rows = NULL;
	size_t n = 0;
	enum status st = looks == 0 ? OK
	                            : findings_list(db, w->r->run != NULL ? "run" : "session", w->a,
	                                            &rows, &n, w->err);

	for (size_t i = 0; st == OK && i < n; i++) {
		if (strcmp(rows[i].state, "closed") == 0 || is_found(w, rows[i].fingerprint))
			continue;
		rows[i].clean += looks;
		if (rows[i].clean >= COACH_CLEAN)
			rows[i].state = "closed";
		st = findings_put(db, &rows[i], w->err);
	}
	return st;
}

static enum status store(struct work *w, struct db *db)
{
	int64_t looks = 0;
	enum status st = OK;
	bool new;

	for (size_t i = 0; st == OK && i < w->r->n_subjects; i++) {
		st = findings_looked(db, w->r->subjects[i], w->now_ms, &new, w->err);
		looks += st == OK && new;
	}
	for (size_t i = 0; st == OK && i < w->n; i++) {
		if ((st = make_row(w, db, i, &new)) == OK && new)
			st = write_draft(w, &w->rows[i], w->found[i]);
		if (st == OK)
			st = findings_put(db, &w->rows[i], w->err);
	}
	if (st == OK)
		st = note_seen(w, db);
	return st != OK ? st : note_clean(w, db, looks);
}

/* Drafts are written before the rows are committed: a row is never without its draft. */
static enum status draft(struct work *w, const atomic_bool *stop)
{
	const char *folder = text_printf(w->a, "%s/issues", w->p->state);
	struct db *db = NULL;
	enum status st;

	if (folder == NULL)
		return err_nomem(w->err, "a path");
	if ((st = project_write(w->p, stop, &db, w->err)) != OK)
		return st;
	if ((st = fs_make_folders(folder, 0700, w->err)) == OK &&
	    (st = db_begin(db, w->err)) == OK && (st = store(w, db)) == OK)
		st = project_commit(w->p, db, w->err);
	project_done(w->p, db);
	return st;
}

static enum status keep_link(struct work *w, size_t i, const char *link, const atomic_bool *stop)
{
	struct db *db = NULL;
	enum status st = project_write(w->p, stop, &db, w->err);

	w->rows[i].state = "posted";
	w->rows[i].link = link;
	if (st == OK && (st = db_begin(db, w->err)) == OK &&
	    (st = findings_put(db, &w->rows[i], w->err)) == OK)
		st = project_commit(w->p, db, w->err);
	project_done(w->p, db);
	return st;
}

static enum status post_drafts(struct work *w, const struct coach_posting *how, const char **wrong)
{
	const struct config *config = NULL;
	enum status st = project_config(w->p, &config, w->err);

	if (st == OK)
		st = post_possible(config, w->err);
	for (size_t i = 0; st == OK && i < w->n; i++) {
		struct post post = {
			.row = &w->rows[i], .project = w->p, .stop = how->stop, .bell = how->bell
		};

		if (strcmp(w->rows[i].state, "drafted") != 0)
			continue;
		if ((st = post_issue(&post, config, w->a, w->err)) != OK)
			return st;
		wrong[i] = post.wrong;
		if (post.link != NULL)
			st = keep_link(w, i, post.link, how->stop);
	}
	return st;
}

enum status coach_issues(struct project *p, const struct coach_report *r,
                         const struct coach_posting *how, struct coach_issues *out, struct err *err)
{
	struct work w = {
		.p = p, .r = r, .a = r->a, .err = err, .now_ms = clock_wall_ms(&p->clock)
	};
	const char **wrong = arena_take(r->a, (r->n_findings + 1) * sizeof *wrong);
	enum status st;

	*out = (struct coach_issues){ 0 };
	if (how->mode == COACH_NO_ISSUES)
		return OK;
	if (wrong == NULL)
		return err_nomem(err, "the issues");
	if ((st = gather(&w)) != OK || (st = draft(&w, how->stop)) != OK)
		return st;
	if (how->mode == COACH_POST && (st = post_drafts(&w, how, wrong)) != OK)
		return st;
	if ((out->items = arena_take(r->a, (w.n + 1) * sizeof *out->items)) == NULL)
		return err_nomem(err, "the issues");
	for (size_t i = 0; i < w.n; i++)
		out->items[out->n++] = (struct coach_issue){
			.fingerprint = w.rows[i].fingerprint,
			.code = w.rows[i].code,
			.title = w.rows[i].title,
			.state = w.rows[i].state,
			.path = w.rows[i].path,
			.link = w.rows[i].link,
			.wrong = wrong[i],
		};
	return OK;
}

void coach_put_issues(struct json_build *b, cJSON *answer, const struct coach_issues *issues,
                      size_t most)
{
	cJSON *list = json_put_array(b, answer, "issues");

	for (size_t i = 0; i < issues->n && i < most; i++) {
		const struct coach_issue *from = &issues->items[i];
		cJSON *issue = json_add_object(b, list);

		json_put_text(b, issue, "fingerprint", from->fingerprint);
		json_put_text(b, issue, "code", from->code);
		json_put_text(b, issue, "title", from->title);
		json_put_text(b, issue, "state", from->state);
		json_put_text(b, issue, "path", from->path);
		json_put_text(b, issue, "link", from->link);
		json_put_text(b, issue, "wrong", from->wrong);
	}
	if (issues->n > most)
		json_put_int(b, answer, "issuesTotal", (int64_t)issues->n);
}
