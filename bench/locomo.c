/*
 * locomo.c - how well recall finds the turns of long conversations that answer a question
 * (LoCoMo, https://github.com/snap-research/LoCoMo, CC BY-NC 4.0: not part of this project).
 *
 *   GADUGI_LOCOMO=locomo10.json locomo [generic]
 *
 * A memory is one turn: its text and the caption of its picture, said by its speaker in its
 * session at the session's date. Each conversation is a project of its own. What a question's
 * `evidence` names is what recall should find.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/memory.h"
#include "domain/memory/dates.h"
#include "store/db.h"

#define EVIDENCE_MAX 64
#define ASKED        100
#define CATEGORIES   6
#define QUESTIONS    20000
#define TURNS        5000

struct turn {
	const char *name, *id;
};

struct sums {
	double r5, r10, r20, hit, mrr, ndcg;
	int n;
};

struct run {
	struct project *p;
	struct arena *a;
	struct turn turns[TURNS];
	size_t n_turns;
	struct sums by[CATEGORIES + 1]; /* [0]: categories 1 to 4 */
	double ms[QUESTIONS];
	size_t n_ms;
	bool generic;
};

static void die(const char *what, const struct err *err)
{
	(void)fprintf(stderr, "%s: %s\n", what, err == NULL ? "" : err->text);
	exit(1);
}

static char *read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	struct text t;
	char some[65536];
	size_t got;

	if (f == NULL)
		die(path, NULL);
	text_init(&t, (size_t)1 << 30);
	while ((got = fread(some, 1, sizeof some, f)) > 0)
		text_add_n(&t, some, got);
	(void)fclose(f);
	*n = t.len;
	return t.bytes;
}

static int64_t session_time(const char *words)
{
	struct dates_date date[DATES_MAX];
	struct tm tm = { 0 };

	if (words == NULL || dates_read(words, date) == 0)
		return 0;
	tm.tm_year = date[0].year - 1900;
	tm.tm_mon = date[0].month - 1;
	tm.tm_mday = date[0].day;
	tm.tm_hour = 12;
	return (int64_t)timegm(&tm) * 1000;
}

static void load_session(struct run *r, const cJSON *session, const char *name, int64_t at_ms)
{
	struct memory_item items[MEMORY_BATCH_MAX];
	struct memory_stored stored[MEMORY_BATCH_MAX];
	struct err err = { 0 };
	const cJSON *t;
	size_t n = 0;

	cJSON_ArrayForEach(t, session) {
		const char *caption = json_text(t, "blip_caption"), *query = json_text(t, "query");
		const char *text = json_text(t, "text");

		if (caption != NULL || query != NULL)
			text =
			    text_printf(r->a, "%s [picture: %s %s]", text,
			                caption == NULL ? "" : caption, query == NULL ? "" : query);
		r->turns[r->n_turns + n].name = json_text(t, "dia_id");
		items[n++] = (struct memory_item){
			.text = text,
			.session = name,
			.author = json_text(t, "speaker"),
			.valid_from = at_ms,
		};
	}
	if (n > 0 && memory_remember(r->p, NULL, &(struct memory_batch){ items, n, stored }, r->a,
	                             &err) != OK)
		die("remember", &err);
	for (size_t i = 0; i < n; i++)
		r->turns[r->n_turns++].id = stored[i].id;
}

static size_t evidence(const struct run *r, const cJSON *list, const char **ids)
{
	const cJSON *e;
	size_t n = 0;

	cJSON_ArrayForEach(e, list) {
		const char *s = e->valuestring;

		while (s != NULL && (s = strchr(s, 'D')) != NULL) {
			char name[32], *end;
			long session = strtol(s + 1 + (s[1] == ':'), &end, 10), turn;

			s++;
			if (*end != ':')
				continue;
			turn = strtol(end + 1, &end, 10);
			(void)snprintf(name, sizeof name, "D%ld:%ld", session, turn);
			for (size_t i = 0; i < r->n_turns && n < EVIDENCE_MAX; i++) {
				bool known = false;

				if (strcmp(r->turns[i].name, name) != 0)
					continue;
				for (size_t k = 0; k < n; k++)
					known = known || strcmp(ids[k], r->turns[i].id) == 0;
				if (!known)
					ids[n++] = r->turns[i].id;
			}
		}
	}
	return n;
}

static bool among(const char *id, const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(id, ids[i]) == 0)
			return true;
	return false;
}

static void score(struct sums *to, const struct memory_found *found, const char *const *ids,
                  size_t n)
{
	size_t in5 = 0, in10 = 0, in20 = 0;
	double first = 0, dcg = 0, ideal = 0;

	for (size_t i = 0; i < found->n_hits; i++) {
		if (!among(found->hits[i].id, ids, n))
			continue;
		in5 += i < 5;
		in10 += i < 10;
		in20 += i < 20;
		if (first <= 0)
			first = 1 / (double)(i + 1);
		if (i < 10)
			dcg += 1 / log2((double)i + 2);
	}
	for (size_t i = 0; i < n && i < 10; i++)
		ideal += 1 / log2((double)i + 2);
	to->r5 += (double)in5 / (double)n;
	to->r10 += (double)in10 / (double)n;
	to->r20 += (double)in20 / (double)n;
	to->hit += in10 > 0;
	to->mrr += first;
	to->ndcg += dcg / ideal;
	to->n++;
}

static void ask(struct run *r, const cJSON *qa)
{
	const char *ids[EVIDENCE_MAX];
	size_t n = evidence(r, json_get(qa, "evidence"), ids);
	int category = (int)json_int(qa, "category", 0);
	struct memory_query q = {
		.text = json_text(qa, "question"),
		.limit = ASKED,
		.hops = 1,
		.generic = r->generic,
	};
	struct memory_found found;
	struct err err = { 0 };
	int64_t at_us;

	if (n == 0 || category < 1 || category >= CATEGORIES)
		return;
	q.limit = 10; /* timed as it is used, scored with more */
	at_us = clock_mono_us();
	if (memory_recall(r->p, NULL, &q, r->a, &found, &err) != OK)
		die("recall", &err);
	r->ms[r->n_ms++] = (double)(clock_mono_us() - at_us) / 1000;
	q.limit = ASKED;
	if (memory_recall(r->p, NULL, &q, r->a, &found, &err) != OK)
		die("recall", &err);
	score(&r->by[category], &found, ids, n);
	if (category != 5)
		score(&r->by[0], &found, ids, n);
}

static void remove_folder(const char *path)
{
	DIR *d = opendir(path);
	char name[4096];

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.' && (e->d_name[1] == '\0' || e->d_name[1] == '.'))
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (unlink(name) != 0)
			remove_folder(name);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(path);
}

static void converse(struct run *r, const cJSON *sample)
{
	const cJSON *talk = json_get(sample, "conversation"), *qa;
	char folder[4096];
	const char *tmp = getenv("TMPDIR");
	struct err err = { 0 };

	(void)snprintf(folder, sizeof folder, "%s/locomo.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(folder) == NULL || project_open(&r->p, folder, &err) != OK)
		die(folder, &err);
	r->a = arena_new((size_t)4 << 30);
	r->n_turns = 0;
	for (int i = 1; i < 100; i++) {
		char name[32], date[64];

		(void)snprintf(name, sizeof name, "session_%d", i);
		(void)snprintf(date, sizeof date, "session_%d_date_time", i);
		if (json_get(talk, name) != NULL)
			load_session(r, json_get(talk, name), text_dup(r->a, name),
			             session_time(json_text(talk, date)));
	}
	cJSON_ArrayForEach(qa, json_get(sample, "qa"))
		ask(r, qa);
	project_free(r->p);
	arena_free(r->a);
	remove_folder(folder);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const struct run *r)
{
	static const char *const names[] = { "all of 1-4",  "1 multi-hop",  "2 temporal",
		                             "3 inference", "4 single-hop", "5 adversarial" };

	(void)printf("%-14s %5s %6s %6s %6s %6s %6s %6s\n", "category", "n", "R@5", "R@10", "R@20",
	             "hit@10", "MRR", "NDCG");
	for (int i = 0; i < CATEGORIES; i++) {
		const struct sums *s = &r->by[i];
		double n = s->n == 0 ? 1 : s->n;

		(void)printf("%-14s %5d %6.1f %6.1f %6.1f %6.1f %6.1f %6.1f\n", names[i], s->n,
		             100 * s->r5 / n, 100 * s->r10 / n, 100 * s->r20 / n, 100 * s->hit / n,
		             100 * s->mrr / n, 100 * s->ndcg / n);
	}
	if (r->n_ms > 0)
		(void)printf("recall of 10: p50 %.2f ms, p95 %.2f ms (%zu questions)\n",
		             r->ms[r->n_ms / 2], r->ms[r->n_ms * 95 / 100], r->n_ms);
}

int main(int argc, char **argv)
{
	const char *path = getenv("GADUGI_LOCOMO");
	struct run *r = mem_zero(1, sizeof *r);
	struct err err = { 0 };
	cJSON *all = NULL;
	const cJSON *sample;
	size_t n = 0;
	char *bytes;

	json_use_mem();
	if (db_use_mem() != OK || r == NULL)
		return 1;
	if (path == NULL) {
		(void)puts("skip locomo: GADUGI_LOCOMO names no file");
		mem_free(r);
		return 0;
	}
	r->generic = argc > 1 && strcmp(argv[1], "generic") == 0;
	bytes = read_file(path, &n);
	if (json_read(bytes, n, &all, &err) != OK)
		die(path, &err);
	cJSON_ArrayForEach(sample, all)
		converse(r, sample);
	qsort(r->ms, r->n_ms, sizeof *r->ms, by_value);
	print(r);
	cJSON_Delete(all);
	mem_free(bytes);
	mem_free(r);
	return 0;
}
