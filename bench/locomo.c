/*
 * locomo.c - how well recall finds the turns of long conversations that answer a question
 * (LoCoMo: bench/locomo_data.h).
 *
 *   GADUGI_LOCOMO=locomo10.json locomo [generic]            with the weights recall uses
 *   GADUGI_LOCOMO=locomo10.json locomo held-out [generic]   with weights that were set without
 *                                                           the conversation that is asked
 *   GADUGI_LOCOMO=locomo10.json locomo tune [generic]       weights set on all conversations
 *   GADUGI_LOCOMO=locomo10.json locomo misses [generic] [N] what was not found, of the first N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench/locomo_data.h"
#include "bench/locomo_tune.h"
#include "domain/memory/rank.h"
#include "store/db.h"

#define ASKED     100
#define QUESTIONS 20000

struct run {
	struct locomo_sums by[LOCOMO_CATEGORIES];
	double ms[QUESTIONS];
	size_t n_ms;
	bool misses;
};

static void tell_missed(const struct locomo_talk *k, const struct locomo_question *q,
                        const struct memory_found *found)
{
	(void)printf("\n%s %d ? %s\n", k->name, q->category, q->text);
	for (size_t i = 0; i < q->n_rows; i++) {
		size_t place = 0;

		while (place < found->n_hits && found->hits[place].row != q->rows[i])
			place++;
		for (size_t t = 0; t < k->n_turns; t++) {
			struct memory_hit hit;
			struct err err = { 0 };

			if (k->turns[t].row != q->rows[i] ||
			    memory_show(k->p, k->turns[t].id, k->a, &hit, &err) != OK)
				continue;
			(void)printf("  %s %zu%s %s (%s): %s\n", k->turns[t].name, place + 1,
			             place == found->n_hits ? "+" : "", hit.author,
			             place < found->n_hits ? found->hits[place].why : "-",
			             hit.text);
		}
	}
	for (size_t i = 0; i < 3 && i < found->n_hits; i++)
		(void)printf("    > %s (%s): %.160s\n", found->hits[i].author, found->hits[i].why,
		             found->hits[i].text);
}

static void ask(struct run *r, const struct locomo_talk *k, const struct locomo_question *q,
                const struct rank_weights *weights)
{
	struct memory_query query = { .text = q->text, .hops = 1, .weights = weights };
	struct memory_found found;
	struct err err = { 0 };
	struct locomo_sums sums = { 0 };
	int64_t rows[ASKED], at_us;

	query.limit = 10; /* timed as it is used, scored with more */
	at_us = clock_mono_us();
	if (memory_recall(k->p, NULL, &query, k->a, &found, &err) != OK)
		locomo_die("recall", &err);
	if (r->n_ms < QUESTIONS)
		r->ms[r->n_ms++] = (double)(clock_mono_us() - at_us) / 1000;
	query.limit = ASKED;
	if (memory_recall(k->p, NULL, &query, k->a, &found, &err) != OK)
		locomo_die("recall", &err);
	for (size_t i = 0; i < found.n_hits; i++)
		rows[i] = found.hits[i].row;
	locomo_score(&sums, q, rows, found.n_hits);
	if (r->misses && sums.r10 < 1)
		tell_missed(k, q, &found);
	locomo_add(&r->by[q->category], &sums);
	if (q->category != 5)
		locomo_add(&r->by[0], &sums);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const struct locomo_sums *by)
{
	static const char *const names[] = { "all of 1-4",  "1 multi-hop",  "2 temporal",
		                             "3 inference", "4 single-hop", "5 adversarial" };

	(void)printf("%-14s %5s %6s %6s %6s %6s %6s %6s\n", "category", "n", "R@5", "R@10", "R@20",
	             "hit@10", "MRR", "NDCG");
	for (int i = 0; i < LOCOMO_CATEGORIES; i++) {
		const struct locomo_sums *s = &by[i];
		double n = s->n == 0 ? 1 : s->n;

		(void)printf("%-14s %5d %6.1f %6.1f %6.1f %6.1f %6.1f %6.1f\n", names[i], s->n,
		             100 * s->r5 / n, 100 * s->r10 / n, 100 * s->r20 / n, 100 * s->hit / n,
		             100 * s->mrr / n, 100 * s->ndcg / n);
	}
}

static void ask_all(const struct locomo *l, const struct rank_weights *weights, size_t talks,
                    bool misses)
{
	struct run *r = mem_zero(1, sizeof *r);

	if (r == NULL)
		locomo_die("no memory for a run", NULL);
	r->misses = misses;
	for (size_t i = 0; i < l->n_talks && i < talks; i++)
		for (size_t k = 0; k < l->talks[i].n_questions; k++)
			ask(r, &l->talks[i], &l->talks[i].questions[k], weights);
	qsort(r->ms, r->n_ms, sizeof *r->ms, by_value);
	print(r->by);
	if (r->n_ms > 0)
		(void)printf("recall of 10: p50 %.2f ms, p95 %.2f ms (%zu questions)\n",
		             r->ms[r->n_ms / 2], r->ms[r->n_ms * 95 / 100], r->n_ms);
	mem_free(r);
}

int main(int argc, char **argv)
{
	const char *path = getenv("GADUGI_LOCOMO"), *what = argc > 1 ? argv[1] : "";
	bool generic =
	    strcmp(what, "generic") == 0 || (argc > 2 && strcmp(argv[2], "generic") == 0);
	struct locomo *l = mem_zero(1, sizeof *l);
	struct locomo_sums by[LOCOMO_CATEGORIES] = { { 0 } };

	json_use_mem();
	if (db_use_mem() != OK || l == NULL)
		return 1;
	if (path == NULL) {
		(void)puts("skip locomo: GADUGI_LOCOMO names no file");
		mem_free(l);
		return 0;
	}
	locomo_open(l, path);
	if (strcmp(what, "held-out") == 0 || strcmp(what, "tune") == 0) {
		locomo_tune(l, generic, strcmp(what, "held-out") == 0, by);
		print(by);
	} else {
		bool misses = strcmp(what, "misses") == 0;

		ask_all(l, generic ? &rank_generic : &rank_usual,
		        misses && argc > 2 ? strtoul(argv[argc - 1], NULL, 10) : l->n_talks,
		        misses);
	}
	locomo_close(l);
	mem_free(l);
	return 0;
}
