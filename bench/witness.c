/*
 * witness.c - how well does the repository tell which files a task will touch?
 *
 *   witness REPOSITORY... [-q QUESTIONS]
 *
 * The newest commits with one to ten files are the questions: the subject is the task, the files
 * are what should be found among the first ten. The witness knows only what is older.
 * Compared with the words of the paths alone. What is claimed with certainty (the share) is
 * measured by how much of it is right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/plan/likely.h"
#include "domain/witness.h"
#include "sys/repo_log.h"

#define FIRST 10

struct commit {
	int64_t at_ms;
	const char *message, *subject, *files;
	size_t n;
};

struct history {
	struct arena *a;
	struct commit *at; /* newest first */
	size_t n, room, read, most;
};

struct sums {
	double r10, mrr, ms;
	size_t n;
};

static void die(const char *what, const struct err *err)
{
	(void)fprintf(stderr, "%s: %s\n", what, err == NULL ? "no memory" : err->text);
	exit(1);
}

static enum status take(void *arg, const struct repo_logged *c, bool *enough, struct err *err)
{
	struct history *h = arg;
	struct commit *list = list_room(h->a, h->at, h->n, &h->room, sizeof *list);
	struct text files;

	if (list == NULL)
		return err_nomem(err, "a history");
	h->at = list;
	*enough = ++h->read >= h->most;
	if (c->n_files == 0 ||
	    text_utf8_valid(c->message, strlen(c->message)) != strlen(c->message))
		return OK;
	text_init(&files, TEXT_LIMIT);
	for (size_t i = 0; i < c->n_files; i++)
		text_addf(&files, "%s\n", c->files[i]);
	list[h->n++] = (struct commit){ c->at_ms, arena_copy(h->a, c->message, strlen(c->message)),
		                        arena_copy(h->a, c->message, strcspn(c->message, "\n")),
		                        text_copy(&files, h->a), c->n_files };
	text_done(&files);
	return OK;
}

/* Is path one of the lines? */
static bool holds(const char *lines, const char *path)
{
	size_t n = strlen(path);

	for (const char *s = lines; *s != '\0'; s += strcspn(s, "\n") + 1)
		if (strncmp(s, path, n) == 0 && s[n] == '\n')
			return true;
	return false;
}

/* How many of its files are known at all. */
static size_t gold_of(const struct commit *c, const char *const *known, size_t n_known)
{
	size_t n = 0;

	for (const char *s = c->files; *s != '\0'; s += strcspn(s, "\n") + 1)
		for (size_t i = 0; i < n_known; i++)
			if (strncmp(s, known[i], strlen(known[i])) == 0 &&
			    s[strlen(known[i])] == '\n') {
				n++;
				break;
			}
	return n;
}

static void ask(struct witness *w, const struct commit *c, size_t gold, enum witness_by by,
                struct sums *s)
{
	struct witness_question q = { .title = c->subject, .by = by, .gone = true, .most = FIRST };
	struct witness_hit hits[FIRST];
	int64_t begun = clock_mono_us();
	size_t n = 0, right = 0, first = 0;
	struct err err;

	if (witness_rank(w, &q, hits, &n, &err) != OK)
		die("ranking", &err);
	s->ms += (double)(clock_mono_us() - begun) / 1000;
	for (size_t i = 0; i < n; i++)
		if (holds(c->files, hits[i].path)) {
			right++;
			first = first == 0 ? i + 1 : first;
		}
	s->r10 += (double)right / (double)gold;
	s->mrr += first > 0 ? 1 / (double)first : 0;
	s->n++;
}

struct filled {
	size_t files, right, tasks;
};

/* What would be written into a plan. */
static void fill(struct witness *w, const struct commit *c, struct filled *f)
{
	struct likely out;
	struct err err;

	if (likely_files(w, &(struct likely_question){ c->subject, NULL, true }, &out, &err) != OK)
		die("ranking", &err);
	for (size_t i = 0; i < out.n; i++)
		f->right += holds(c->files, out.at[i]);
	f->files += out.n;
	f->tasks += out.n > 0;
}

static void evaluate(const char *name, const struct history *h, size_t questions)
{
	static const struct {
		enum witness_by by;
		const char *name;
	} ways[] = { { WITNESS_PATHS, "paths" },
		     { WITNESS_HISTORY, "history" },
		     { WITNESS_BOTH, "both" } };
	struct sums sums[3] = { { 0 } };
	struct filled filled = { 0 };
	struct witness *w = NULL;
	const char **known;
	size_t n_known = 0;
	struct err err;

	questions = questions > h->n / 5 ? h->n / 5 : questions;
	if (witness_new(&w, &err) != OK)
		die("a witness", &err);
	known = arena_take(h->a, (h->n * WITNESS_FILES_MAX + 1) * sizeof *known);
	for (size_t i = h->n; i-- > questions;) {
		const void *terms = NULL;
		size_t size = 0;

		if (known == NULL || witness_words(w, h->at[i].message, &terms, &size, &err) != OK)
			die("words", &err);
		if (witness_add_commit(
			w, &(struct witness_commit){ h->at[i].at_ms, terms, size, h->at[i].files },
			&err) != OK)
			die("a commit", &err);
	}
	n_known = witness_paths(w, known, h->n * WITNESS_FILES_MAX);
	for (size_t i = 0; i < questions; i++) {
		size_t gold = gold_of(&h->at[i], known, n_known);

		for (size_t k = 0; gold > 0 && k < 3; k++)
			ask(w, &h->at[i], gold, ways[k].by, &sums[k]);
		if (gold > 0)
			fill(w, &h->at[i], &filled);
	}
	for (size_t k = 0; k < 3 && sums[k].n > 0; k++)
		printf("%s: %s: R@10 %.1f MRR %.1f, %.2f ms (%zu questions, %zu commits, %zu "
		       "files)\n",
		       name, ways[k].name, 100 * sums[k].r10 / (double)sums[k].n,
		       100 * sums[k].mrr / (double)sums[k].n, sums[k].ms / (double)sums[k].n,
		       sums[k].n, witness_commits(w), n_known);
	printf("%s: filled: %zu files for %zu of %zu tasks, %.1f %% right\n", name, filled.files,
	       filled.tasks, sums[0].n,
	       filled.files == 0 ? 100 : 100 * (double)filled.right / (double)filled.files);
	witness_free(w);
}

static void repository(const char *folder, size_t questions)
{
	struct history h = { .a = arena_new((size_t)1 << 30),
		             .most = questions + WITNESS_COMMITS_MAX };
	struct repo_log log = { .files_max = WITNESS_FILES_MAX, .arg = &h, .take = take };
	struct repo *r = NULL;
	struct repo_head head;
	int64_t begun;
	struct err err;

	if (h.a == NULL)
		die("a history", NULL);
	if (repo_open(&r, folder, &err) != OK || repo_head(r, h.a, &head, &err) != OK)
		die(folder, &err);
	log.from = head.oid;
	begun = clock_mono_us();
	if (repo_log(r, &log, &err) != OK)
		die(folder, &err);
	printf("%s: read: %zu commits in %.0f ms\n", folder, h.read,
	       (double)(clock_mono_us() - begun) / 1000);
	evaluate(folder, &h, questions);
	repo_free(r);
	arena_free(h.a);
}

int main(int argc, char **argv)
{
	size_t questions = 500;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-q") == 0 && i + 1 < argc)
			questions = strtoul(argv[++i], NULL, 10);
		else
			repository(argv[i], questions);
	return 0;
}
