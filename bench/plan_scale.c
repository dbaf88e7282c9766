/* How long do reading, checking and scheduling take on a plan of N tasks? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "domain/plan.h"

#define TIMES 15

static int order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Each task waits for up to three of the twenty before it. */
static void table(struct text *t, size_t n)
{
	text_add(t, "# Many\n\n| ID | Task | Depends on | Estimate |\n|---|---|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		text_addf(t, "| T%05zu | Build part %zu of the thing | ", i, i);
		for (size_t k = 1; k <= i % 4 && k <= i; k++)
			text_addf(t, "%sT%05zu", k > 1 ? ", " : "",
			          i - 1 - (i * 7 * k) % (i < 20 ? i : 20));
		text_addf(t, " | %zuh |\n", 1 + i % 8);
	}
}

static void boxes(struct text *t, size_t n)
{
	text_add(t, "# Many\n\n");
	for (size_t i = 0; i < n; i++) {
		text_addf(t, "- [ ] T%05zu Build part %zu of the thing (%zuh)", i, i, 1 + i % 8);
		if (i > 0)
			text_addf(t, " (depends on T%05zu)", i - 1 - (i * 7) % (i < 20 ? i : 20));
		text_add(t, "\n");
	}
}

static void json(struct text *t, size_t n)
{
	text_add(t, "{\"tasks\":[");
	for (size_t i = 0; i < n; i++) {
		text_addf(
		    t,
		    "%s\n{\"id\":\"T%05zu\",\"title\":\"Build part %zu\",\"estimateMinutes\":%zu,"
		    "\"dependsOn\":[",
		    i > 0 ? "," : "", i, i, 60 * (1 + i % 8));
		for (size_t k = 1; k <= i % 4 && k <= i; k++)
			text_addf(t, "%s\"T%05zu\"", k > 1 ? "," : "",
			          i - 1 - (i * 7 * k) % (i < 20 ? i : 20));
		text_add(t, "]}");
	}
	text_add(t, "]}");
}

static int measure(const char *name, void (*write)(struct text *, size_t), size_t n)
{
	struct plan_options options = { 0 };
	int64_t us[TIMES];
	size_t edges = 0;
	struct text t;

	text_init(&t, TEXT_LIMIT);
	write(&t, n);
	for (size_t i = 0; i < TIMES; i++) {
		struct arena *a = arena_new((size_t)512 << 20);
		struct err err = { OK, "" };
		struct plan *p = NULL;
		int64_t begun = clock_mono_us();

		if (plan_read(text_string(&t), t.len, &options, a, &p, &err) != OK ||
		    p->n_tasks != n) {
			(void)fprintf(stderr, "%s\n", err.text);
			return 1;
		}
		us[i] = clock_mono_us() - begun;
		edges = p->n_edges;
		arena_free(a);
	}
	qsort(us, TIMES, sizeof *us, order);
	printf("%s: %zu tasks, %zu edges, %zu bytes: %.1f ms\n", name, n, edges, t.len,
	       (double)us[TIMES / 2] / 1000);
	text_done(&t);
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 10000;

	json_use_mem();
	return measure("table", table, n) || measure("boxes", boxes, n) || measure("json", json, n);
}
