#include "domain/plan/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct draft *draft_new(struct arena *a, const struct plan_options *options)
{
	struct draft *d = arena_take(a, sizeof *d);

	if (d == NULL)
		return NULL;
	d->a = a;
	d->options = options;
	d->title = "";
	return d;
}

/* Room for one more element of size bytes in a list; false when there is none. */
static bool room(struct arena *a, void **list, size_t n, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 16 : *room * 2;
	void *grown;

	if (n < *room)
		return true;
	if ((grown = arena_take(a, more * size)) == NULL)
		return false;
	if (n > 0)
		memcpy(grown, *list, n * size);
	*list = grown;
	*room = more;
	return true;
}

static void task_blank(struct draft_task *t, const char *title, long line)
{
	*t = (struct draft_task){
		.t = { .id = "", .title = title, .description = "", .kind = "", .line = line },
	};
}

struct draft_task *draft_task(struct draft *d, const char *title, long line)
{
	void *list = d->tasks;
	struct draft_task *t;

	task_blank(&d->scratch, title, line);
	if (d->n_tasks == PLAN_TASKS_MAX) {
		d->over++;
		return &d->scratch;
	}
	if (!room(d->a, &list, d->n_tasks, &d->tasks_room, sizeof(struct draft_task *)))
		return &d->scratch;
	d->tasks = list;
	if ((t = arena_take(d->a, sizeof *t)) == NULL)
		return &d->scratch;
	task_blank(t, title, line);
	t->index = d->n_tasks;
	d->tasks[d->n_tasks++] = t;
	return t;
}

void draft_need(struct draft *d, const struct draft_ref *ref)
{
	void *list = d->refs;

	if (!room(d->a, &list, d->n_refs, &d->refs_room, sizeof *d->refs))
		return;
	d->refs = list;
	d->refs[d->n_refs++] = *ref;
}

void draft_edge(struct draft *d, size_t from, size_t to, unsigned sources, long line)
{
	void *list = d->edges;

	if (d->n_edges == PLAN_EDGES_MAX) {
		d->over++;
		return;
	}
	if (!room(d->a, &list, d->n_edges, &d->edges_room, sizeof *d->edges))
		return;
	d->edges = list;
	d->edges[d->n_edges++] = (struct plan_edge){ from, to, sources, line };
}

void draft_claim(struct draft *d, const struct draft_claim *claim)
{
	void *list = d->claims;

	if (!room(d->a, &list, d->n_claims, &d->claims_room, sizeof *d->claims))
		return;
	d->claims = list;
	d->claims[d->n_claims++] = *claim;
}

/* vprintf into the arena; "" when it is full. */
__attribute__((format(printf, 2, 0))) static const char *words_of(struct arena *a, const char *fmt,
                                                                  va_list ap)
{
	va_list again;
	char *out = NULL;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || (out = arena_take(a, (size_t)n + 1)) == NULL)
		return "";
	return vsnprintf(out, (size_t)n + 1, fmt, ap) == n ? out : "";
}

struct plan_finding *draft_find(struct draft *d, const char *code, enum plan_severity severity,
                                long line, const char *fmt, ...)
{
	void *list = d->findings;
	const char *words;
	va_list ap;

	va_start(ap, fmt);
	words = words_of(d->a, fmt, ap);
	va_end(ap);
	d->scratch_finding = (struct plan_finding){ code, severity, words, { NULL, 0 }, line };
	if (!room(d->a, &list, d->n_findings, &d->findings_room, sizeof *d->findings))
		return &d->scratch_finding;
	d->findings = list;
	d->findings[d->n_findings] = d->scratch_finding;
	return &d->findings[d->n_findings++];
}

void draft_text(struct arena *a, struct plan_texts *list, const char *text)
{
	size_t n = list->n;

	/* full when n is 0 or a power of two */
	if ((n & (n - 1)) == 0) {
		const char **grown = arena_take(a, (n == 0 ? 1 : n * 2) * sizeof *grown);

		if (grown == NULL)
			return;
		if (n > 0)
			memcpy(grown, list->at, n * sizeof *grown);
		list->at = grown;
	}
	list->at[list->n++] = text == NULL ? "" : text;
}

const char *draft_copy(struct arena *a, const char *s, size_t n)
{
	const char *copy;

	while (n > 0 && strchr(" \t\r\n", s[0]) != NULL) {
		s++;
		n--;
	}
	while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL)
		n--;
	copy = arena_copy(a, s, n);
	return copy == NULL ? "" : copy;
}
