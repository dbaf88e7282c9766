/* What the document says about itself, against what follows from it. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/check.h"
#include "domain/plan/measure.h"
#include "domain/plan/resolve.h"
#include "domain/plan/write.h"

#define PATH_MAX_TASKS 200

/* The tasks between the arrows of a claimed path. 0 when any of them is none. */
static size_t path_tasks(struct check *c, const char *words, size_t out[PATH_MAX_TASKS])
{
	static const char *const arrows[] = { "\xe2\x86\x92", "->", "=>", "\xe2\x9e\x9c",
		                              "\xe2\x9f\xb6" };
	size_t n = 0;

	while (*words != '\0' && n < PATH_MAX_TASKS) {
		size_t end = strlen(words), skip = 0;
		struct name_hit hit;
		const char *bracket;

		for (size_t k = 0; k < sizeof arrows / sizeof *arrows; k++) {
			const char *at = strstr(words, arrows[k]);

			if (at != NULL && (size_t)(at - words) < end) {
				end = (size_t)(at - words);
				skip = strlen(arrows[k]);
			}
		}
		/* `Event System (8h)` */
		bracket = memchr(words, '(', end);
		hit = name_find(c->names, words, bracket == NULL ? end : (size_t)(bracket - words));
		if (hit.how < NAME_NEAR)
			return 0;
		out[n++] = hit.task;
		words += end + skip;
	}
	return n;
}

static const char *names_joined(struct check *c, const size_t *tasks, size_t n)
{
	struct text t;
	const char *out;

	text_init(&t, TEXT_LIMIT);
	for (size_t i = 0; i < n && i < 12; i++)
		text_addf(&t, "%s%s", i == 0 ? "" : " -> ", c->p->tasks[tasks[i]].id);
	if (n > 12)
		text_addf(&t, " -> ... (%zu more)", n - 12);
	out = text_copy(&t, c->d->a);
	text_done(&t);
	return out == NULL ? "" : out;
}

static long weight_of(const struct check *c, const size_t *tasks, size_t n)
{
	long sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += c->p->tasks[tasks[i]].done ? 0 : c->p->tasks[tasks[i]].estimate_min;
	return sum;
}

static const struct draft_claim *claim_find(const struct check *c, enum draft_claim_kind kind)
{
	for (size_t i = 0; i < c->d->n_claims; i++)
		if (c->d->claims[i].kind == kind && c->d->claims[i].number == 0)
			return &c->d->claims[i];
	return NULL;
}

/* Off by more than a part in fifty? A range is off when it does not reach. */
static bool off(long low, long high, long real)
{
	return real * 50 < low * 49 || real * 50 > high * 51;
}

static void check_path(struct check *c)
{
	const struct draft_claim *path = claim_find(c, CLAIM_PATH);
	const struct draft_claim *minutes = claim_find(c, CLAIM_PATH_MINUTES);
	size_t tasks[PATH_MAX_TASKS], n = path == NULL ? 0 : path_tasks(c, path->words, tasks);
	long sum = weight_of(c, tasks, n);
	bool wrong_path = n > 0 && sum != c->p->path_min;
	bool wrong_time = minutes != NULL && off(minutes->low, minutes->high, c->p->path_min);
	struct plan_finding *f;

	if (!wrong_path && !wrong_time)
		return;
	f = draft_find(
	    c->d, "critical-path-misstated", PLAN_WARNING, wrong_path ? path->line : minutes->line,
	    "the longest path is %s (%s), %s%s%s%s%s%s", names_joined(c, c->p->path, c->p->n_path),
	    write_span(c->d->a, c->p->path_min), wrong_path ? "not " : "",
	    wrong_path ? names_joined(c, tasks, n) : "",
	    wrong_path ? text_printf(c->d->a, " (%s)", write_span(c->d->a, sum)) : "",
	    wrong_path && minutes != NULL ? ", " : "", minutes != NULL ? "stated as " : "",
	    minutes != NULL ? minutes->words : "");
	for (size_t i = 0; i < c->p->n_path; i++)
		draft_text(c->d->a, &f->tasks, c->p->tasks[c->p->path[i]].id);
}

static void check_total(struct check *c)
{
	const struct draft_claim *work = claim_find(c, CLAIM_WORK_MINUTES);
	const struct draft_claim *tasks = claim_find(c, CLAIM_TASKS);
	long sum = 0;

	for (size_t i = 0; i < c->p->n_tasks; i++)
		sum += c->p->tasks[i].estimate_min;
	if (work != NULL && off(work->low, work->high, sum))
		draft_find(c->d, "total-misstated", PLAN_WARNING, work->line,
		           "the total is stated as %s; the estimates add up to %s",
		           write_span(c->d->a, work->low), write_span(c->d->a, sum));
	if (tasks != NULL && (size_t)tasks->low != c->p->n_tasks + c->d->dropped)
		draft_find(c->d, "total-misstated", PLAN_WARNING, tasks->line,
		           "%ld tasks are announced and %zu are there", tasks->low,
		           c->p->n_tasks + c->d->dropped);
}

static void check_scores(struct check *c)
{
	/* a saved plan brings what was found */
	for (size_t i = 0; !c->d->options->saved && i < c->p->n_tasks; i++) {
		const struct draft_task *d = c->d->tasks[i];
		const struct plan_task *t = &c->p->tasks[i];
		int sum = t->technical + t->integration + t->testing;
		struct plan_finding *f = NULL;

		if (d->scored && t->complexity != sum)
			f = draft_find(c->d, "total-misstated", PLAN_WARNING, t->line,
			               "the scores of '%s' add up to %d; %d is stated", t->id, sum,
			               t->complexity);
		else if (d->scored && d->label_complexity > 0 &&
		         measure_risk_of(d->label_complexity) != measure_risk_of(t->complexity))
			f = draft_find(c->d, "complexity-disagrees", PLAN_INFO, t->line,
			               "'%s' is called %s in complexity and scored %d, which is %s",
			               t->id, plan_risk_word(measure_risk_of(d->label_complexity)),
			               t->complexity,
			               plan_risk_word(measure_risk_of(t->complexity)));
		if (f != NULL)
			draft_text(c->d->a, &f->tasks, t->id);
	}
}

/* The first promise that cannot be kept; how many more there are is said with it. */
static void check_speedup(struct check *c)
{
	const struct draft_claim *first = NULL;
	size_t more = 0;

	for (size_t i = 0; i < c->d->n_claims; i++) {
		const struct draft_claim *claim = &c->d->claims[i];

		if (claim->kind != CLAIM_SPEEDUP || claim->number != 0 ||
		    claim->ratio_low <= c->p->ceiling + 0.005)
			continue;
		if (first == NULL)
			first = claim;
		else
			more++;
	}
	if (first == NULL || c->p->work_min == 0)
		return;
	draft_find(c->d, "speedup-impossible", PLAN_WARNING, first->line,
	           "a speedup of %.3gx%s is promised; with any number of workers this graph allows "
	           "%.2fx: %s of work over a longest path of %s%s",
	           first->ratio_low,
	           first->ratio_high > first->ratio_low
	               ? text_printf(c->d->a, " to %.3gx", first->ratio_high)
	               : "",
	           c->p->ceiling, write_span(c->d->a, c->p->work_min),
	           write_span(c->d->a, c->p->path_min),
	           more == 0 ? "" : text_printf(c->d->a, " (and in %zu more places)", more));
}

void check_claims(struct check *c)
{
	check_path(c);
	check_total(c);
	check_scores(c);
	check_speedup(c);
}
