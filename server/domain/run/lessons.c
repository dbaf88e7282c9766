#include "domain/run/lessons.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "domain/coach/change.h"
#include "domain/memory/brief.h"
#include "domain/memory/whole.h"

#define ARENA_MAX  ((size_t)64 << 20)
#define FAILED_MAX 20 /* tasks told of singly */
#define ABOUT_MAX  400

static int64_t worked_ms(const struct runner *r)
{
	int64_t sum = 0;

	for (size_t i = 0; i < r->n_jobs; i++)
		sum += r->jobs[i].worked_ms;
	return sum;
}

static size_t count(const struct runner *r, enum task_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_jobs; i++)
		n += r->jobs[i].state == state;
	return n;
}

static const struct job *slowest(const struct runner *r)
{
	const struct job *most = NULL;

	for (size_t i = 0; i < r->n_jobs; i++)
		if (r->jobs[i].worked_ms > 0 &&
		    (most == NULL || r->jobs[i].worked_ms > most->worked_ms))
			most = &r->jobs[i];
	return most;
}

static const char *words_of_run(const struct runner *r, enum run_state state, int64_t wall_ms,
                                struct arena *a)
{
	const struct job *slow = slowest(r);
	int64_t work_ms = worked_ms(r);
	struct text t;
	const char *copy;

	text_init(&t, 64 << 10);
	text_addf(&t, "Run %s of plan \"%s\" %s: %zu of %zu tasks succeeded in %.1f s", r->row.id,
	          r->row.title, run_state_word(state), count(r, TASK_SUCCEEDED), r->n_jobs,
	          (double)wall_ms / 1000);
	if (wall_ms > 0 && work_ms > 0)
		text_addf(&t, ", %.1f s of work, speedup %.2f on %zu workers",
		          (double)work_ms / 1000, (double)work_ms / (double)wall_ms, r->n_slots);
	if (slow != NULL)
		text_addf(&t, ". The longest task was %s (%s), %.1f s", slow->row.id,
		          slow->row.title, (double)slow->worked_ms / 1000);
	text_add(&t, ".");
	copy = text_copy(&t, a);
	text_done(&t);
	return copy;
}

static struct memory_item item_of(const struct runner *r, const char *kind, const char *text)
{
	return (struct memory_item){ .text = text,
		                     .kind = kind,
		                     .entity = r->row.title,
		                     .entity_type = "plan",
		                     .author = "gadugi",
		                     .origin = "run",
		                     .run = r->row.id };
}

static size_t failed_items(const struct runner *r, struct memory_item *items, struct arena *a)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_jobs && n < FAILED_MAX; i++) {
		const struct job *job = &r->jobs[i];
		const char *text;

		if (job->state != TASK_FAILED && job->state != TASK_CONFLICTED &&
		    job->state != TASK_TIMED_OUT)
			continue;
		text =
		    text_printf(a, "Task %s (%s) of plan \"%s\" %s: %s", job->row.id,
		                job->row.title, r->row.title, job->row.state,
		                job->row.cause == NULL ? "no cause was recorded" : job->row.cause);
		if (text != NULL)
			items[n++] = item_of(r, "lesson", text);
	}
	return n;
}

static void remember(struct runner *r, const struct memory_item *items, size_t n, struct arena *a)
{
	struct memory_stored *stored = arena_take(a, n * sizeof *stored);
	struct err err = { OK, "" };

	if (n == 0 || stored == NULL)
		return;
	if (memory_remember(r->project, NULL, &(struct memory_batch){ items, n, stored }, a,
	                    &err) != OK)
		log_line(LOG_WARN, "run %s is not remembered: %s", r->row.id, err.text);
}

void lessons_of_run(struct runner *r, enum run_state state, int64_t wall_ms)
{
	struct memory_item items[FAILED_MAX + 1];
	struct arena *a;
	const char *text;
	size_t n = 0;

	if (!r->config->flags[CONFIG_MEMORY] || (a = arena_new(ARENA_MAX)) == NULL)
		return;
	if ((text = words_of_run(r, state, wall_ms, a)) != NULL) {
		items[n++] = item_of(r, "run", text);
		n += failed_items(r, items + n, a);
	}
	remember(r, items, n, a);
	arena_free(a);
	memory_tidy_after_run(r->project);
}

void lessons_of_coach(struct runner *r)
{
	struct coach_taught taught;
	struct coach_issues issues;
	struct coach_report *report;
	struct err err = { OK, "" };
	struct arena *a;
	enum status st;

	if (!r->config->flags[CONFIG_COACH] || getenv(COACH_MARK) != NULL ||
	    (a = arena_new(ARENA_MAX)) == NULL)
		return;
	st = coach_of_run(r->db, r->row.id, a, &report, &err);
	if (st == OK)
		st = coach_issues(r->project, report,
		                  &(struct coach_posting){ .mode = COACH_DRAFT }, &issues, &err);
	if (st == OK && r->config->flags[CONFIG_MEMORY])
		st = coach_lessons(r->project, report, NULL, &taught, &err);
	if (st != OK)
		log_line(LOG_WARN, "the coach could not look at run %s: %s", r->row.id, err.text);
	arena_free(a);
}

const char *lessons_for(struct project *p, const char *about, const atomic_bool *stop,
                        struct arena *a)
{
	const char *lines = NULL;

	(void)memory_brief(
	    p, stop, &(struct memory_about){ .text = about, .max_tokens = MEMORY_BRIEF_TOKENS }, a,
	    &lines);
	return lines;
}

const char *lessons_about(const cJSON *task, struct arena *a)
{
	const char *title = json_text(task, "title"), *words = json_text(task, "description");
	size_t n = words == NULL ? 0 : text_utf8_cut(words, strlen(words), ABOUT_MAX);

	return text_printf(a, "%s %.*s", title == NULL ? "" : title, (int)n, n == 0 ? "" : words);
}
