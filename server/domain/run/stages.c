#include "domain/run/stages.h"

#include <string.h>

#include "base/text.h"
#include "domain/run/flow.h"

/* The state of the newest attempt, when it is at the stage that the task is at. */
static const char *at_work(const struct flow *f, const struct attempt_row *newest)
{
	if (newest == NULL || newest->stage == NULL ||
	    strcmp(newest->stage, f->of->stages[f->at].name) != 0 ||
	    strcmp(newest->state, "returned") == 0)
		return "pending";
	return strcmp(newest->state, "started") == 0 ? "running" : newest->state;
}

static const char *word(const struct flow *f, size_t stage, const struct attempt_row *newest,
                        bool over)
{
	if (stage < f->at || over)
		return "passed";
	return stage == f->at ? at_work(f, newest) : "pending";
}

static void put_all(struct json_build *b, cJSON *object, const struct run_view *v, size_t task,
                    struct flow *f)
{
	const struct task_row *t = &v->tasks[task];
	const struct attempt_row *newest = NULL;
	size_t attempts[WORKFLOW_STAGES_MAX] = { 0 };
	cJSON *list;

	for (size_t i = 0; i < v->n_attempts; i++) {
		const struct attempt_row *row = &v->attempts[i];
		size_t at;

		if (strcmp(row->task, t->id) != 0)
			continue;
		at = row->stage == NULL ? WORKFLOW_NONE : workflow_stage(f->of, row->stage);
		if (at != WORKFLOW_NONE)
			attempts[at]++;
		flow_replay(f, row);
		newest = row;
	}
	json_put_text(b, object, "workflow", f->of->name);
	list = json_put_array(b, object, "stages");
	for (size_t i = 0; i < f->of->n; i++) {
		cJSON *stage = json_add_object(b, list);
		bool over = strcmp(t->state, "succeeded") == 0;

		json_put_text(b, stage, "name", f->of->stages[i].name);
		json_put_text(b, stage, "state", word(f, i, newest, over));
		json_put_int(b, stage, "attempts", (int64_t)attempts[i]);
		if (f->rounds[i] > 0)
			json_put_int(b, stage, "sentBack", f->rounds[i]);
	}
}

void stages_put(struct json_build *b, cJSON *object, const struct run_view *v, size_t task)
{
	const char *text = v->tasks[task].spec;
	struct flow f = { .of = NULL };
	cJSON *spec = NULL;

	if (v->options->n_workflows == 0 || json_read(text, strlen(text), &spec, NULL) != OK)
		return;
	f.of = flow_of(v->options, spec);
	cJSON_Delete(spec);
	if (f.of != NULL)
		put_all(b, object, v, task, &f);
}

size_t run_waiting(const struct run_view *v, size_t from)
{
	for (size_t i = from; i < v->n_tasks; i++)
		if (v->tasks[i].waits_for != NULL)
			return i;
	return PLAN_NONE;
}

const char *run_waiting_words(const struct run_view *v, size_t task, struct arena *a)
{
	const struct task_row *t = &v->tasks[task];
	const struct attempt_row *newest = NULL;
	struct text words;
	const char *copy;

	for (size_t i = 0; i < v->n_attempts; i++)
		if (strcmp(v->attempts[i].task, t->id) == 0)
			newest = &v->attempts[i];
	text_init(&words, (size_t)32 << 10);
	text_addf(&words, "Task '%s' (%s) of run %s waits for approval", t->id, t->title,
	          v->row.id);
	if (newest != NULL && newest->stage != NULL)
		text_addf(&words, " of its stage '%s'", newest->stage);
	if (newest != NULL && newest->files != RUNS_NONE)
		text_addf(&words, "; it changed %lld files, in commit %.12s",
		          (long long)newest->files,
		          newest->result_oid == NULL ? "none" : newest->result_oid);
	text_add(&words, ".");
	if (newest != NULL && newest->note != NULL)
		text_addf(&words, "\n%s", newest->note);
	copy = text_copy(&words, a);
	text_done(&words);
	return copy;
}
