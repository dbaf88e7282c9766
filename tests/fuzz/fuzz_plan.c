/*
 * Any bytes as a plan, in every format that a reader knows: refused with words, or a plan whose
 * figures fit together and that can be written down in every form and read back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "domain/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void figures_fit(const struct plan *p)
{
	long path = 0;

	must(p->n_tasks > 0);
	for (size_t i = 0; i < p->n_path; i++)
		path += p->tasks[p->path[i]].estimate_min;
	must(path == p->path_min);
	must(p->makespan_min >= p->path_min);
	must((long)p->workers * p->makespan_min >= p->work_min);
	for (size_t i = 0; i < p->n_edges; i++) {
		const struct plan_edge *e = &p->edges[i];

		must(e->from < p->n_tasks && e->to < p->n_tasks && e->from != e->to);
		must(e->sources != 0);
		must(i == 0 || e->to > e[-1].to || (e->to == e[-1].to && e->from > e[-1].from));
	}
	for (size_t i = 0; i < p->n_tasks; i++) {
		const struct plan_task *t = &p->tasks[i];

		must(t->id[0] != '\0' && t->title != NULL && t->description != NULL);
		must(t->done || t->slack_min >= 0);
		must(t->complexity >= 1 && t->technical >= 1 && t->technical <= 10);
		must(plan_find(p, t->id) == i);
	}
}

static void writes_and_reads_back(const struct plan *p, struct arena *a)
{
	struct plan_options options = { .saved = true };
	struct json_build b = { false };
	struct plan *again = NULL;
	cJSON *json = plan_json(&b, p);

	must(!b.failed && json != NULL);
	must(plan_table(p, true, 80, a) != NULL);
	must(plan_mermaid(p, a) != NULL);
	must(plan_markdown(p, a) != NULL);
	must(plan_from_json(json, &options, a, &again, NULL) == OK);
	must(again->n_tasks == p->n_tasks && again->n_edges == p->n_edges);
	must(again->sound == p->sound && again->path_min == p->path_min);
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)256 << 20);
	struct plan_options options = { .deep = size > 0 && data[size - 1] == '~' };
	struct err err = { OK, "" };
	struct plan *p = NULL;
	enum status st;

	must(a != NULL);
	st = plan_read((const char *)data, size, &options, a, &p, &err);
	if (st == OK) {
		figures_fit(p);
		if (size < 20000)
			writes_and_reads_back(p, a);
	} else {
		must((st == E_INPUT || st == E_ABSENT) && err.text[0] != '\0');
	}
	arena_free(a);
	return 0;
}
