/*
 * memory_scale.c - how long remember and recall take with many memories.
 *
 *   memory_scale N [QUESTIONS [FOLDER]]     FOLDER: filled already, and removed at the end
 *
 * Memories are sentences of 8 to 24 words, drawn so that a few words are in very many of
 * them (Zipf); every third has an entity, sessions have 20. Questions have 1 to 8 words,
 * drawn the same way (usual), or of the 20 commonest words only (common).
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
#include "store/db.h"

#define BATCH      100
#define VOCABULARY 50000

struct chance {
	uint64_t state;
	double *sums; /* of the words' shares */
};

static void die(const char *what, const struct err *err)
{
	(void)fprintf(stderr, "%s: %s\n", what, err == NULL ? "" : err->text);
	exit(1);
}

static uint64_t draw(struct chance *c)
{
	c->state ^= c->state << 13;
	c->state ^= c->state >> 7;
	c->state ^= c->state << 17;
	return c->state;
}

/* The number of a word, small ones often. */
static size_t word(struct chance *c)
{
	double x = (double)(draw(c) >> 11) / 9007199254740992.0 * c->sums[VOCABULARY - 1];
	size_t low = 0, high = VOCABULARY - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c->sums[middle] < x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A pronounceable word for a number, different for each. */
static void add_word(struct text *t, size_t n)
{
	static const char *const parts[] = { "ka", "to", "ri", "mu", "se", "lo", "ba", "du",
		                             "fi", "go", "ne", "pa", "vu", "xe", "zi", "ho" };

	text_add(t, t->len == 0 ? "" : " ");
	for (int i = 0; i < 4; i++, n >>= 4)
		text_add(t, parts[n & 15]);
}

static const char *sentence(struct chance *c, struct arena *a, size_t least, size_t most,
                            size_t commonest)
{
	size_t n = least + draw(c) % (most - least + 1);
	struct text t;
	const char *copy;

	text_init(&t, TEXT_LIMIT);
	for (size_t i = 0; i < n; i++)
		add_word(&t, commonest == 0 ? word(c) : draw(c) % commonest);
	copy = text_copy(&t, a);
	text_done(&t);
	return copy;
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

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void fill(struct project *p, struct chance *c, size_t n)
{
	struct memory_item items[BATCH];
	struct memory_stored stored[BATCH];
	struct err err = { 0 };
	int64_t us = 0;

	for (size_t at = 0; at < n; at += BATCH) {
		struct arena *a = arena_new((size_t)64 << 20);
		int64_t from_us;

		for (size_t i = 0; i < BATCH; i++)
			items[i] = (struct memory_item){
				.text = sentence(c, a, 8, 24, 0),
				.session = text_printf(a, "session %zu", (at + i) / 20),
				.entity = i % 3 == 0 ? sentence(c, a, 2, 2, 0) : NULL,
			};
		from_us = clock_mono_us();
		if (memory_remember(p, NULL, &(struct memory_batch){ items, BATCH, stored }, a,
		                    &err) != OK)
			die("remember", &err);
		us += clock_mono_us() - from_us;
		arena_free(a);
	}
	(void)printf("remember: %zu in batches of %d: %.0f a second\n", n, BATCH,
	             (double)n / ((double)us / 1e6));
}

static double cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void ask(struct project *p, struct chance *c, size_t n, size_t commonest, const char *what)
{
	double *ms = mem_take((n + 1) * sizeof *ms), *cpu = mem_take((n + 1) * sizeof *cpu);
	struct err err = { 0 };

	for (size_t i = 0; i < n && ms != NULL && cpu != NULL; i++) {
		struct arena *a = arena_new((size_t)64 << 20);
		struct memory_query q = { .text = sentence(c, a, 1, 8, commonest), .hops = 1 };
		struct memory_found found;
		int64_t at_us = clock_mono_us();
		double at_cpu = cpu_ms();

		if (memory_recall(p, NULL, &q, a, &found, &err) != OK)
			die("recall", &err);
		ms[i] = (double)(clock_mono_us() - at_us) / 1000;
		cpu[i] = cpu_ms() - at_cpu;
		arena_free(a);
	}
	if (ms == NULL || cpu == NULL || n == 0)
		return;
	qsort(ms, n, sizeof *ms, by_value);
	qsort(cpu, n, sizeof *cpu, by_value);
	(void)printf("recall, %s words: p50 %.2f ms, p95 %.2f ms, max %.2f ms; of the processor: "
	             "p50 %.2f ms, p95 %.2f ms (%zu questions)\n",
	             what, ms[n / 2], ms[n * 95 / 100], ms[n - 1], cpu[n / 2], cpu[n * 95 / 100],
	             n);
	mem_free(ms);
	mem_free(cpu);
}

static void print_resident(const char *when)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			(void)printf("resident %s: %ld MB\n", when,
			             strtol(line + 6, NULL, 10) / 1024);
	if (f != NULL)
		(void)fclose(f);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	size_t questions = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
	struct chance c = { .state = 88172645463325252u };
	const char *tmp = getenv("TMPDIR");
	char folder[4096], count[24], asked[24];
	struct project *p = NULL;
	struct err err = { 0 };
	int64_t at_us;

	json_use_mem();
	if (db_use_mem() != OK || (c.sums = mem_take(VOCABULARY * sizeof *c.sums)) == NULL)
		return 1;
	for (size_t i = 0; i < VOCABULARY; i++)
		c.sums[i] = (i == 0 ? 0 : c.sums[i - 1]) + 1 / ((double)i + 3);
	if (argc > 3) {
		(void)snprintf(folder, sizeof folder, "%s", argv[3]);
	} else {
		(void)snprintf(folder, sizeof folder, "%s/memory.XXXXXX",
		               tmp == NULL ? "/tmp" : tmp);
		if (mkdtemp(folder) == NULL || project_open(&p, folder, &err) != OK)
			die(folder, &err);
		fill(p, &c, n);
		project_free(p);
	}
	if (project_open(&p, folder, &err) != OK)
		die(folder, &err);
	print_resident("before the first recall");
	at_us = clock_mono_us();
	ask(p, &c, 1, 0, "first, usual");
	(void)printf("first recall of a process%s: %.1f ms\n", argc > 3 ? ", index kept" : "",
	             (double)(clock_mono_us() - at_us) / 1000);
	if (argc <= 3) { /* the rest is the next process's, which finds the index kept */
		project_free(p);
		(void)fflush(stdout);
		(void)snprintf(count, sizeof count, "%zu", n);
		(void)snprintf(asked, sizeof asked, "%zu", questions);
		(void)execl("/proc/self/exe", argv[0], count, asked, folder, (char *)NULL);
		die("the second process", NULL);
	}
	ask(p, &c, questions, 0, "usual");
	ask(p, &c, questions, 20, "common");
	print_resident("after");
	project_free(p);
	remove_folder(folder);
	mem_free(c.sums);
	return 0;
}
