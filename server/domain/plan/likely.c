#include "domain/plan/likely.h"

#include <string.h>

#define SHARE_LEAST 0.5

enum status likely_files(struct witness *w, const struct likely_question *q, struct likely *out,
                         struct err *err)
{
	bool known = witness_commits(w) >= WITNESS_COMMITS_MIN;
	const struct witness_question question = { .title = q->title,
		                                   .more = q->description,
		                                   .by = known ? WITNESS_BOTH : WITNESS_PATHS,
		                                   .gone = q->gone,
		                                   .most = LIKELY_LOOK };
	struct witness_hit hits[LIKELY_LOOK];
	size_t n = 0;
	enum status st;

	*out = (struct likely){ .n = 0 };
	st = witness_rank(w, &question, hits, &n, err);
	for (size_t i = 0; st == OK && i < n; i++) {
		out->may[out->n_may++] = hits[i].path;
		if (known && hits[i].share >= SHARE_LEAST && out->n < LIKELY_MAX)
			out->at[out->n++] = hits[i].path;
	}
	return st;
}

enum status likely_fill(struct draft *d, struct witness *w, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0, asked = 0; st == OK && i < d->n_tasks && asked < LIKELY_TASKS; i++) {
		struct plan_task *t = &d->tasks[i]->t;
		const struct likely_question q = { t->title, t->description, false };
		struct likely found;

		if (t->done || t->files.n > 0)
			continue;
		asked++;
		st = likely_files(w, &q, &found, err);
		t->may_touch.n = 0; /* what was said of an earlier state of the repository */
		for (size_t k = 0; st == OK && k < found.n_may; k++)
			draft_text(d->a, &t->may_touch,
			           draft_copy(d->a, found.may[k], strlen(found.may[k])));
		for (size_t k = 0; st == OK && k < found.n; k++)
			draft_text(d->a, &t->files,
			           draft_copy(d->a, found.at[k], strlen(found.at[k])));
		t->files_likely = st == OK && found.n > 0;
	}
	return st;
}
