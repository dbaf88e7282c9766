#include "handlers/run_answer.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/project.h"
#include "domain/run.h"
#include "handlers/ask_person.h"
#include "handlers/link.h"

#define TASK_BYTES 700  /* of a task in an answer, beside its texts */
#define LOOK_MS    1000 /* between looks when nothing is heard: a runner may die silently */

struct run_wait {
	const char *run;
	int64_t until_ms;
	size_t told; /* tasks that had ended when progress was told last */
	struct person_asked asked;
};

struct run_wait *run_wait_new(struct call *call, const char *run, long wait_s)
{
	struct run_wait *w = arena_take(call->arena, sizeof *w);

	if (w == NULL || (w->run = text_dup(call->arena, run)) == NULL)
		return NULL;
	w->until_ms = clock_mono_ms() + (int64_t)wait_s * 1000;
	w->told = SIZE_MAX;
	return w;
}

enum status run_wait_again(struct call *call, long wait_s, struct run_wait **out)
{
	const char *id = call->state == NULL ? NULL : strchr(call->state, ' ');
	struct run_wait *w = NULL;
	char *run;

	*out = NULL;
	if (id == NULL)
		return OK;
	run = text_printf(call->arena, "%.*s", (int)(id - call->state), call->state);
	if (run == NULL || (w = run_wait_new(call, run, wait_s)) == NULL ||
	    (w->asked.id = text_dup(call->arena, id + 1)) == NULL)
		return err_nomem(&call->err, "an answer");
	*out = w;
	return OK;
}

static void tell_progress(struct call *call, struct run_wait *w, const struct run_view *v)
{
	size_t ended = 0;
	char *words;

	for (int i = TASK_SUCCEEDED; i < TASK_STATES; i++)
		ended += v->counts[i];
	if (call->progress == NULL || ended == w->told)
		return;
	words = text_printf(call->arena, "%zu of %zu tasks ended, %zu running", ended, v->n_tasks,
	                    v->counts[TASK_RUNNING]);
	w->told = ended;
	call->progress(call, (double)ended, (double)v->n_tasks, words == NULL ? "" : words);
}

enum status run_wait_look(struct call *call, struct run_wait *w, cJSON **result)
{
	struct arena *a = arena_new(CALL_ARENA_MAX);
	int64_t now = clock_mono_ms();
	struct run_view v = { 0 };
	enum status st = a == NULL
	                     ? err_nomem(&call->err, "an answer")
	                     : run_glance(call->project, w->run, &call->stop, a, &v, &call->err);
	bool goes_on = false;

	if (st == OK) {
		goes_on = v.state == RUN_QUEUED || v.state == RUN_RUNNING ||
		          (v.state == RUN_PAUSED && v.row.wish != NULL);
		tell_progress(call, w, &v);
	}
	arena_free(a);
	if (st != OK)
		return st;
	if (goes_on && call->may_be_task) {
		call->task_id = w->run;
		return E_WAIT;
	}
	if (goes_on && now < w->until_ms) {
		const struct person_want want = { .run = w->run, .state = w->run };

		if ((st = person_look(call, &want, &w->asked)) != OK && st != E_WAIT)
			return st;
	}
	if (!goes_on || now >= w->until_ms)
		return run_answer(call, w->run, 0, SIZE_MAX, result);
	call->wait_until_ms = now + LOOK_MS < w->until_ms ? now + LOOK_MS : w->until_ms;
	return E_WAIT;
}

/* How many tasks from `from` on fit into an answer of the wanted size? */
static size_t that_fit(const struct call *call, const struct run_view *v, size_t from, size_t limit)
{
	size_t used = 1500, n = 0;

	for (size_t i = from; i < v->n_tasks && n < limit; i++, n++) {
		const struct task_row *t = &v->tasks[i];

		used += TASK_BYTES + strlen(t->title) + 2 * strlen(t->id) +
		        (t->cause == NULL ? 0 : 2 * strlen(t->cause));
		if (n > 0 && used > call->answer_max)
			break;
	}
	return n;
}

enum status run_answer(struct call *call, const char *run, size_t from, size_t limit,
                       cJSON **result)
{
	struct json_build b = { false };
	struct run_view v;
	cJSON *answer;
	size_t n;
	enum status st = run_look(call->project, run, &call->stop, call->arena, &v, &call->err);

	if (st != OK)
		return st;
	n = limit == SIZE_MAX ? that_fit(call, &v, from, limit) : limit;
	answer = run_json(&b, &v, from, n);
	if (from + n < v.n_tasks) {
		json_put_text(&b, answer, "nextCursor", text_printf(call->arena, "%zu", from + n));
		link_put(&b, answer, text_printf(call->arena, "gadugi://runs/%s", v.row.id),
		         "the whole run", "application/json");
	}
	return json_built(&b, answer, result, &call->err);
}
