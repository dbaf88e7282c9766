/* Requirements that no task speaks of, and tasks that do not say when they are done. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/check.h"
#include "domain/plan/needs.h"

#define SHOWN     8 /* requirements named in a finding */
#define WORDS_MAX 64
#define LOOKS_MAX ((size_t)200000) /* requirements without ids times tasks */
#define LIKENESS  0.4              /* of a requirement's words a task has to have */

static void id_add(struct text *t, const struct need *need, size_t nth)
{
	if (nth < SHOWN)
		text_addf(t, "%s%s%s%s%s", nth == 0 ? "" : ", ", need->id,
		          need->id[0] == '\0' ? "'" : " (", need->text,
		          need->id[0] == '\0' ? "'" : ")");
}

/* The ids of one family. A document that never speaks of them keeps its tasks apart from them. */
static void family(struct check *c, size_t first)
{
	const struct draft *d = c->d;
	const char *name = d->needs[first].family;
	size_t all = 0, met = 0, told = 0;
	long line = 0;
	struct text ids;

	text_init(&ids, TEXT_LIMIT);
	for (size_t i = 0; i < d->n_needs; i++) {
		const struct need *need = &d->needs[i];

		if (need->id[0] == '\0' || strcmp(need->family, name) != 0)
			continue;
		all++;
		met += need->mentioned;
		if (need->mentioned)
			continue;
		line = line == 0 ? need->line : line;
		id_add(&ids, need, told++);
	}
	if (told > SHOWN)
		text_addf(&ids, " and %zu more", told - SHOWN);
	if (met > 0 && told > 0)
		draft_find(c->d, "requirement-without-task", PLAN_WARNING, line,
		           "%zu of %zu requirements are named by no task: %s", told, all,
		           text_string(&ids));
	text_done(&ids);
}

/* How much of a requirement's words a task has: 0 to 1. */
static double shared(const char *need, const char *task)
{
	uint32_t words[WORDS_MAX];
	size_t n = 0, hits = 0, at = 0, start, len;

	while (n < WORDS_MAX && name_word(task, strlen(task), &at, &start, &len))
		if ((words[n] = name_hash(task + start, len)) != 0)
			n++;
	at = 0;
	for (size_t all = 0; name_word(need, strlen(need), &at, &start, &len);) {
		uint32_t hash = name_hash(need + start, len);
		bool hit = false;

		for (size_t i = 0; hash != 0 && i < n; i++)
			hit = hit || words[i] == hash;
		all += hash != 0;
		hits += hit;
		if (need[at] == '\0')
			return all == 0 ? 1 : (double)hits / (double)all;
	}
	return 0;
}

/* Requirements without ids: by their words, where that finds tasks for some of them. */
static void without_ids(struct check *c)
{
	size_t all = 0, told = 0;
	long line = 0;
	struct text words;

	if (c->d->n_needs > LOOKS_MAX / c->p->n_tasks)
		return; /* too much to compare word by word */
	text_init(&words, TEXT_LIMIT);
	for (size_t i = 0; i < c->d->n_needs; i++) {
		const struct need *need = &c->d->needs[i];
		double best = 0;

		if (need->id[0] != '\0')
			continue;
		for (size_t k = 0; k < c->p->n_tasks; k++) {
			double by_title = shared(need->text, c->p->tasks[k].title);
			double by_words = shared(need->text, c->p->tasks[k].description);

			best = by_title > best ? by_title : best;
			best = by_words > best ? by_words : best;
		}
		all++;
		if (best >= LIKENESS)
			continue;
		line = line == 0 ? need->line : line;
		id_add(&words, need, told++);
	}
	if (told > SHOWN)
		text_addf(&words, " and %zu more", told - SHOWN);
	if (told > 0 && told < all)
		draft_find(c->d, "requirement-without-task", PLAN_INFO, line,
		           "%zu of %zu requirements share few words with any task: %s", told, all,
		           text_string(&words));
	text_done(&words);
}

static void acceptance(struct check *c)
{
	struct plan_finding *f = NULL;
	size_t missing = 0, open = 0;

	for (size_t i = 0; i < c->p->n_tasks; i++) {
		open += !c->p->tasks[i].done;
		missing += !c->p->tasks[i].done && c->p->tasks[i].acceptance.n == 0;
	}
	if (missing == 0 || c->d->goal)
		return;
	if (missing == open) {
		draft_find(c->d, "acceptance-missing", PLAN_INFO, 0,
		           "no task says what must be true when it is done; %s",
		           c->p->gates.n > 0 ? "only the gates tell" : "nothing tells");
		return;
	}
	f = draft_find(c->d, "acceptance-missing", PLAN_WARNING, 0,
	               "%zu of %zu tasks do not say what must be true when they are done", missing,
	               open);
	for (size_t i = 0; i < c->p->n_tasks; i++)
		if (!c->p->tasks[i].done && c->p->tasks[i].acceptance.n == 0)
			draft_text(c->d->a, &f->tasks, c->p->tasks[i].id);
}

void check_needs(struct check *c)
{
	const struct draft *d = c->d;

	acceptance(c);
	for (size_t i = 0; i < d->n_needs; i++) {
		bool first = d->needs[i].id[0] != '\0';

		for (size_t k = 0; first && k < i; k++)
			first = d->needs[k].id[0] == '\0' ||
			        strcmp(d->needs[k].family, d->needs[i].family) != 0;
		if (first)
			family(c, i);
	}
	without_ids(c);
}
