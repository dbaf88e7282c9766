#include "bench/locomo_data.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/dates.h"

#define TURNS_MAX    5000
#define SESSIONS_MAX 100

_Noreturn void locomo_die(const char *what, const struct err *err)
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
		locomo_die(path, NULL);
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

static void load_session(struct locomo_talk *k, const cJSON *session, const char *name,
                         int64_t at_ms)
{
	struct memory_item items[MEMORY_BATCH_MAX];
	struct memory_stored stored[MEMORY_BATCH_MAX];
	struct err err = { 0 };
	const cJSON *t;
	size_t n = 0;

	cJSON_ArrayForEach(t, session) {
		const char *caption = json_text(t, "blip_caption"), *query = json_text(t, "query");
		const char *text = json_text(t, "text");

		if (n == MEMORY_BATCH_MAX || k->n_turns + n == TURNS_MAX)
			locomo_die("a conversation is too long", NULL);
		if (caption != NULL || query != NULL)
			text =
			    text_printf(k->a, "%s [picture: %s %s]", text,
			                caption == NULL ? "" : caption, query == NULL ? "" : query);
		k->turns[k->n_turns + n].name = json_text(t, "dia_id");
		items[n++] = (struct memory_item){
			.text = text,
			.session = name,
			.author = json_text(t, "speaker"),
			.valid_from = at_ms,
		};
	}
	if (n > 0 && memory_remember(k->p, NULL, &(struct memory_batch){ items, n, stored }, k->a,
	                             &err) != OK)
		locomo_die("remember", &err);
	for (size_t i = 0; i < n; i++)
		k->turns[k->n_turns++].id = stored[i].id;
}

static void find_rows(struct locomo_talk *k)
{
	for (size_t i = 0; i < k->n_turns; i++) {
		struct memory_hit hit;
		struct err err = { 0 };

		if (memory_show(k->p, k->turns[i].id, k->a, &hit, &err) != OK)
			locomo_die(k->turns[i].id, &err);
		k->turns[i].row = hit.row;
	}
}

static bool among(int64_t row, const int64_t *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i] == row)
			return true;
	return false;
}

/* Evidence is written D3:7, at times D:3:7, several in one string, with zeros before. */
static void read_evidence(const struct locomo_talk *k, const cJSON *list, struct locomo_question *q)
{
	const cJSON *e;

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
			for (size_t i = 0; i < k->n_turns && q->n_rows < LOCOMO_EVIDENCE_MAX; i++)
				if (strcmp(k->turns[i].name, name) == 0 &&
				    !among(k->turns[i].row, q->rows, q->n_rows))
					q->rows[q->n_rows++] = k->turns[i].row;
		}
	}
}

static void read_questions(struct locomo_talk *k, const cJSON *list)
{
	const cJSON *qa;
	int most = cJSON_GetArraySize(list);

	k->questions = mem_zero((size_t)most + 1, sizeof *k->questions);
	if (k->questions == NULL)
		locomo_die("no memory for questions", NULL);
	cJSON_ArrayForEach(qa, list) {
		struct locomo_question *q = &k->questions[k->n_questions];

		*q = (struct locomo_question){
			.text = json_text(qa, "question"),
			.category = (int)json_int(qa, "category", 0),
		};
		read_evidence(k, json_get(qa, "evidence"), q);
		k->n_questions +=
		    q->n_rows > 0 && q->category > 0 && q->category < LOCOMO_CATEGORIES;
	}
}

static void open_talk(struct locomo_talk *k, const cJSON *sample)
{
	const cJSON *talk = json_get(sample, "conversation");
	const char *tmp = getenv("TMPDIR");
	struct err err = { 0 };

	k->name = json_text(sample, "sample_id");
	(void)snprintf(k->folder, sizeof k->folder, "%s/locomo.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(k->folder) == NULL || project_open(&k->p, k->folder, &err) != OK)
		locomo_die(k->folder, &err);
	k->a = arena_new((size_t)1 << 30);
	k->turns = mem_zero(TURNS_MAX, sizeof *k->turns);
	if (k->a == NULL || k->turns == NULL)
		locomo_die("no memory for turns", NULL);
	for (int i = 1; i < SESSIONS_MAX; i++) {
		char name[32], date[64];

		(void)snprintf(name, sizeof name, "session_%d", i);
		(void)snprintf(date, sizeof date, "session_%d_date_time", i);
		if (json_get(talk, name) != NULL)
			load_session(k, json_get(talk, name), text_dup(k->a, name),
			             session_time(json_text(talk, date)));
	}
	find_rows(k);
	read_questions(k, json_get(sample, "qa"));
}

void locomo_open(struct locomo *l, const char *path)
{
	struct err err = { 0 };
	const cJSON *sample;
	size_t n = 0;
	char *bytes = read_file(path, &n);

	if (json_read(bytes, n, &l->all, &err) != OK)
		locomo_die(path, &err);
	mem_free(bytes);
	cJSON_ArrayForEach(sample, l->all)
		if (l->n_talks < LOCOMO_TALKS_MAX)
			open_talk(&l->talks[l->n_talks++], sample);
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

void locomo_close(struct locomo *l)
{
	for (size_t i = 0; i < l->n_talks; i++) {
		struct locomo_talk *k = &l->talks[i];

		project_free(k->p);
		arena_free(k->a);
		mem_free(k->turns);
		mem_free(k->questions);
		remove_folder(k->folder);
	}
	cJSON_Delete(l->all);
	*l = (struct locomo){ 0 };
}

void locomo_score(struct locomo_sums *to, const struct locomo_question *q, const int64_t *rows,
                  size_t n)
{
	size_t in5 = 0, in10 = 0, in20 = 0;
	double first = 0, dcg = 0, ideal = 0;

	for (size_t i = 0; i < n; i++) {
		if (!among(rows[i], q->rows, q->n_rows))
			continue;
		in5 += i < 5;
		in10 += i < 10;
		in20 += i < 20;
		if (first <= 0)
			first = 1 / (double)(i + 1);
		if (i < 10)
			dcg += 1 / log2((double)i + 2);
	}
	for (size_t i = 0; i < q->n_rows && i < 10; i++)
		ideal += 1 / log2((double)i + 2);
	to->r5 += (double)in5 / (double)q->n_rows;
	to->r10 += (double)in10 / (double)q->n_rows;
	to->r20 += (double)in20 / (double)q->n_rows;
	to->hit += in10 > 0;
	to->mrr += first;
	to->ndcg += dcg / ideal;
	to->n++;
}

void locomo_add(struct locomo_sums *to, const struct locomo_sums *from)
{
	to->r5 += from->r5;
	to->r10 += from->r10;
	to->r20 += from->r20;
	to->hit += from->hit;
	to->mrr += from->mrr;
	to->ndcg += from->ndcg;
	to->n += from->n;
}
