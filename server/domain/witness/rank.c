/* rank.c - what speaks for a file. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "domain/witness/own.h"

#define K1          1.2F
#define B           0.4F
#define MORE_WEIGHT 0.4F /* of a word of the description against one of the title */
#define WORDS_MAX   64
#define SEEDS       60   /* commits that are asked */
#define AGED_YEARS  1.0F /* a commit weighs 1 / (1 + this * years) */
#define SPREAD_FROM 10   /* files whose company is looked at */
#define SPREAD_TO   8    /* each passes on to so many */
#define SPREAD      0.3F
#define PATHS       0.2F /* what the best path is worth against the best of the history */
#define YEAR_MS     (365.0F * 86400000.0F)

struct word {
	uint32_t term;
	float weight;
};

struct pick {
	uint32_t id;
	float score;
};

/* The best of those seen so far, best first; of equals the one of the smaller number. */
struct picks {
	struct pick at[WITNESS_HITS_MAX];
	size_t n, most;
};

static void pick(struct picks *p, uint32_t id, float score)
{
	size_t i;

	if (score <= 0 || (p->n == p->most && score <= p->at[p->n - 1].score))
		return;
	i = p->n < p->most ? p->n++ : p->n - 1;
	for (; i > 0 && p->at[i - 1].score < score; i--)
		p->at[i] = p->at[i - 1];
	p->at[i] = (struct pick){ id, score };
}

static enum status words_read(struct witness *w, const char *text, float weight, struct word *words,
                              size_t *n, struct err *err)
{
	const struct terms_word *found = NULL;
	size_t n_found = 0;
	enum status st = terms_read(w->terms, text, strlen(text), &found, &n_found, err);

	for (size_t i = 0; st == OK && i < n_found && *n < WORDS_MAX; i++) {
		size_t k = 0;

		while (k < *n && words[k].term != found[i].term)
			k++;
		if (k == *n)
			words[(*n)++] = (struct word){ found[i].term, weight };
	}
	return st;
}

static bool scratch(struct witness *w)
{
	if (w->scratch_files < w->n_files) {
		mem_free(w->path_score);
		mem_free(w->file_score);
		mem_free(w->share);
		w->path_score = mem_zero(w->n_files, sizeof *w->path_score);
		w->file_score = mem_zero(w->n_files, sizeof *w->file_score);
		w->share = mem_zero(w->n_files, sizeof *w->share);
		w->scratch_files = w->n_files;
	}
	if (w->scratch_commits < w->n_commits) {
		mem_free(w->past_score);
		w->past_score = mem_zero(w->n_commits, sizeof *w->past_score);
		w->scratch_commits = w->n_commits;
	}
	if ((w->n_files > 0 &&
	     (w->path_score == NULL || w->file_score == NULL || w->share == NULL)) ||
	    (w->n_commits > 0 && w->past_score == NULL)) {
		w->scratch_files = w->scratch_commits = 0;
		return false;
	}
	return true;
}

static float idf(size_t all, size_t with)
{
	return logf(1 + ((float)all - (float)with + 0.5F) / ((float)with + 0.5F));
}

/* BM25 of files by their paths. */
static void paths_score(struct witness *w, const struct word *words, size_t n)
{
	float average = (float)w->path_words / (float)(w->n_files + 1);

	for (size_t i = 0; i < n; i++) {
		const struct postings_list *list = postings_find(&w->paths, words[i].term);
		struct postings_at at;
		float value;

		if (list == NULL)
			continue;
		value = words[i].weight * idf(w->n_files, list->documents) * (K1 + 1);
		for (at = postings_first(list); postings_next(&at);) {
			float len = (float)w->files[at.document].words / average;
			float times = (float)at.times;

			w->path_score[at.document] +=
			    value * times / (times + K1 * (1 - B + B * len));
		}
	}
}

/* BM25 of commits by their messages; the best of them. */
static void pasts_score(struct witness *w, const struct word *words, size_t n, struct picks *seeds)
{
	float average = (float)w->past_words / (float)(w->n_commits + 1);

	for (size_t i = 0; i < n; i++) {
		const struct postings_list *list = postings_find(&w->pasts, words[i].term);
		struct postings_at at;
		float value;

		if (list == NULL)
			continue;
		value = words[i].weight * idf(w->n_commits, list->documents) * (K1 + 1);
		for (at = postings_first(list); postings_next(&at);) {
			float len = (float)w->commits[at.document].words / average;
			float times = (float)at.times;

			w->past_score[at.document] +=
			    value * times / (times + K1 * (1 - B + B * len));
		}
	}
	for (size_t i = 0; i < w->n_commits; i++)
		pick(seeds, (uint32_t)i, w->past_score[i]);
}

/* What the commits say: each shares its weight among its files. */
static void pasts_speak(struct witness *w, const struct picks *seeds)
{
	float all = 0;

	for (size_t i = 0; i < seeds->n; i++) {
		const struct witness_past *c = &w->commits[seeds->at[i].id];
		float years = (float)(w->newest_ms - c->at_ms) / YEAR_MS;
		float weight = seeds->at[i].score / (1 + AGED_YEARS * years);

		all += weight;
		for (uint32_t k = c->first; k < c->first + c->n; k++) {
			w->file_score[w->links[k].file] += weight / sqrtf((float)c->n);
			w->share[w->links[k].file] += weight;
		}
	}
	for (size_t i = 0; all > 0 && i < w->n_files; i++)
		w->share[i] /= all;
}

/* How often the others changed together with one; most often first. */
static void company(const struct witness *w, uint32_t file, float *count, struct picks *best)
{
	for (uint32_t l = w->files[file].newest; l != WITNESS_NONE; l = w->links[l].older) {
		const struct witness_past *c = &w->commits[w->links[l].commit];

		for (uint32_t k = c->first; k < c->first + c->n; k++)
			count[w->links[k].file] += 1;
	}
	count[file] = 0;
	for (uint32_t l = w->files[file].newest; l != WITNESS_NONE; l = w->links[l].older) {
		const struct witness_past *c = &w->commits[w->links[l].commit];

		for (uint32_t k = c->first; k < c->first + c->n; k++) {
			uint32_t other = w->links[k].file;

			if (count[other] > 1)
				pick(best, other, count[other]);
			count[other] = 0;
		}
	}
}

/* Files that changed together with the best go along a little. count: zero, and zero again. */
static void spread(struct witness *w, float *count)
{
	struct picks from = { .most = SPREAD_FROM };

	for (size_t i = 0; i < w->n_files; i++)
		pick(&from, (uint32_t)i, w->file_score[i]);
	for (size_t i = 0; i < from.n; i++) {
		struct picks to = { .most = SPREAD_TO };
		const struct witness_file *f = &w->files[from.at[i].id];

		company(w, from.at[i].id, count, &to);
		for (size_t k = 0; k < to.n; k++)
			w->file_score[to.at[k].id] +=
			    SPREAD * from.at[i].score * to.at[k].score / (float)f->changes;
	}
}

/* The files in their order, those that are not wanted left out. */
static void order(const struct witness *w, const float *score, bool gone, struct picks *out)
{
	for (size_t i = 0; i < w->n_files; i++)
		if (gone || w->files[i].there)
			pick(out, (uint32_t)i, score[i]);
}

/* Both, each by its own best. joined: zero for all files, and afterwards again. */
static void join(struct witness *w, const struct picks lists[2], float *joined,
                 const struct witness_question *q, struct witness_hit *hits, size_t *n)
{
	struct picks best = { .most = q->most > WITNESS_HITS_MAX ? WITNESS_HITS_MAX : q->most };

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l].n; i++)
			joined[lists[l].at[i].id] +=
			    (l == 0 ? PATHS : 1) * lists[l].at[i].score / lists[l].at[0].score;
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l].n; i++) {
			uint32_t file = lists[l].at[i].id;

			pick(&best, file, joined[file]);
			joined[file] = 0;
		}
	for (size_t i = 0; i < best.n; i++) {
		uint32_t file = best.at[i].id;

		hits[i] = (struct witness_hit){ w->files[file].path, (double)best.at[i].score,
			                        (double)w->share[file] };
	}
	*n = best.n;
}

enum status witness_rank(struct witness *w, const struct witness_question *q,
                         struct witness_hit *hits, size_t *n, struct err *err)
{
	struct picks seeds = { .most = SEEDS };
	struct picks lists[2] = { { .most = WITNESS_HITS_MAX }, { .most = WITNESS_HITS_MAX } };
	struct word words[WORDS_MAX];
	size_t n_words = 0;
	enum status st;

	*n = 0;
	st = words_read(w, q->title, 1, words, &n_words, err);
	if (st == OK && q->more != NULL)
		st = words_read(w, q->more, MORE_WEIGHT, words, &n_words, err);
	if (st != OK || w->n_files == 0 || q->most == 0)
		return st;
	if (!scratch(w))
		return err_nomem(err, "the history");
	if (q->by & WITNESS_PATHS) {
		paths_score(w, words, n_words);
		order(w, w->path_score, q->gone, &lists[0]);
		memset(w->path_score, 0, w->n_files * sizeof *w->path_score);
	}
	if (q->by & WITNESS_HISTORY) {
		pasts_score(w, words, n_words, &seeds);
		pasts_speak(w, &seeds);
		spread(w, w->path_score);
		order(w, w->file_score, q->gone, &lists[1]);
		memset(w->file_score, 0, w->n_files * sizeof *w->file_score);
		if (w->n_commits > 0)
			memset(w->past_score, 0, w->n_commits * sizeof *w->past_score);
	}
	join(w, lists, w->path_score, q, hits, n);
	memset(w->share, 0, w->n_files * sizeof *w->share);
	return OK;
}
