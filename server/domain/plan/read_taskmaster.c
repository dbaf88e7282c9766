/* task-master: {tag: {tasks: [...]}}, or {tasks: [...]} as it was before tags. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/read.h"

struct reading {
	struct draft *d;
	const long *lines; /* of every element of an array `tasks` in the file */
	size_t n_lines;
	size_t at; /* the next one's */
};

static bool has_tasks(const cJSON *o)
{
	return cJSON_IsArray(json_get(o, "tasks"));
}

bool read_is_taskmaster(const cJSON *json)
{
	const cJSON *member, *task;

	if (!cJSON_IsObject(json))
		return false;
	cJSON_ArrayForEach(task, json_get(json, "tasks"))
		if (json_get(task, "testStrategy") != NULL || json_get(task, "subtasks") != NULL ||
		    (json_get(task, "dependencies") != NULL && json_get(task, "status") != NULL))
			return true;
	if (json_get(json, "tasks") != NULL)
		return false;
	cJSON_ArrayForEach(member, json)
		if (has_tasks(member))
			return true;
	return false;
}

/* How many tasks stand in the tags before one; all of them when it is NULL. */
static size_t tasks_before(const cJSON *json, const cJSON *tag)
{
	const cJSON *member;
	size_t n = 0;

	cJSON_ArrayForEach(member, json) {
		if (member == tag)
			break;
		n += (size_t)cJSON_GetArraySize(json_get(member, "tasks"));
	}
	return n;
}

/* The plan of the tag asked for, else `master`, else the first. */
static enum status tag_choose(struct draft *d, const cJSON *json, const cJSON **out, size_t *before,
                              struct err *err)
{
	const char *want = d->options->tag;
	const cJSON *member, *chosen = NULL;
	struct text others;
	size_t n = 0;

	text_init(&others, 400);
	cJSON_ArrayForEach(member, json) {
		if (!has_tasks(member))
			continue;
		text_addf(&others, "%s'%s'", n++ == 0 ? "" : ", ", member->string);
		if (want != NULL ? strcmp(member->string, want) == 0
		                 : chosen == NULL || strcmp(member->string, "master") == 0)
			chosen = member;
	}
	*before = tasks_before(json, chosen);
	if (chosen == NULL)
		(void)err_set(err, E_ABSENT, "the file has no tag '%s'; it has %s",
		              want == NULL ? "" : want, text_string(&others));
	else if (n > 1 && want == NULL)
		draft_find(
		    d, "several-plans", PLAN_INFO, 0,
		    "the file holds %zu plans by tag (%s); '%s' was read: give 'tag' for another",
		    n, text_string(&others), chosen->string);
	text_done(&others);
	*out = chosen;
	return chosen == NULL ? E_ABSENT : OK;
}

static const char *id_text(struct draft *d, const cJSON *id, const char *parent)
{
	const char *own = cJSON_IsString(id)  ? text_dup(d->a, id->valuestring)
	                  : json_is_whole(id) ? text_printf(d->a, "%.0f", id->valuedouble)
	                                      : NULL;

	if (own != NULL && parent != NULL)
		own = text_printf(d->a, "%s.%s", parent, own);
	return own == NULL ? "" : own;
}

/* Ids as numbers or texts; those of subtasks are local, or whole with a point. */
static void needs(struct draft *d, const struct draft_task *t, const cJSON *list,
                  const char *parent)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, list) {
		struct draft_ref ref = { .task = t->index,
			                 .exact = true,
			                 .sure = true,
			                 .source = PLAN_FIELD,
			                 .line = t->t.line };
		bool whole = cJSON_IsString(v) && strchr(v->valuestring, '.') != NULL;

		ref.words = id_text(d, v, whole ? NULL : parent);
		if (ref.words[0] != '\0')
			draft_need(d, &ref);
	}
}

static void status_take(struct draft_task *t, const char *status)
{
	static const char *const done[] = { "done", "completed", "complete" };
	static const char *const dropped[] = { "cancelled", "canceled", "deferred" };

	for (size_t i = 0; status != NULL && i < sizeof done / sizeof *done; i++)
		t->t.done = t->t.done || text_same(status, done[i]);
	for (size_t i = 0; status != NULL && i < sizeof dropped / sizeof *dropped; i++)
		t->dropped = t->dropped || text_same(status, dropped[i]);
}

static struct draft_task *task_take(struct reading *r, const cJSON *o, const char *parent,
                                    long line)
{
	struct draft *d = r->d;
	const char *title = json_text(o, "title"), *details = json_text(o, "details");
	const char *about = json_text(o, "description"), *test = json_text(o, "testStrategy");
	struct draft_task *t = draft_task(d, "", line);

	t->t.id = id_text(d, json_get(o, "id"), parent);
	t->own_id = t->t.id[0] != '\0';
	t->t.title = title == NULL ? t->t.id : draft_copy(d->a, title, strlen(title));
	if (details != NULL && details[0] != '\0')
		t->t.description = text_printf(d->a, "%s%s%s", about == NULL ? "" : about,
		                               about == NULL ? "" : "\n\n", details);
	else if (about != NULL)
		t->t.description = text_dup(d->a, about);
	if (t->t.description == NULL)
		t->t.description = "";
	if (test != NULL && test[0] != '\0')
		draft_text(d->a, &t->t.acceptance, text_dup(d->a, test));
	status_take(t, json_text(o, "status"));
	needs(d, t, json_get(o, "dependencies"), parent);
	return t;
}

/* Subtasks are steps, or tasks that come before the one they make up. */
static void subtasks_take(struct reading *r, struct draft_task *task, const cJSON *o)
{
	const cJSON *list = json_get(o, "subtasks"), *sub;

	cJSON_ArrayForEach(sub, list) {
		const char *title = json_text(sub, "title");
		struct draft_task *t;

		if (!r->d->options->deep) {
			if (title != NULL)
				draft_text(r->d->a, &task->t.steps, text_dup(r->d->a, title));
			continue;
		}
		t = task_take(r, sub, task->t.id, task->t.line);
		t->t.done = t->t.done || task->t.done;
		t->dropped = t->dropped || task->dropped;
		needs(r->d, t, json_get(o, "dependencies"), NULL);
		if (t != &r->d->scratch && task != &r->d->scratch)
			draft_edge(r->d, t->index, task->index, PLAN_FIELD, t->t.line);
	}
}

enum status read_taskmaster(const cJSON *json, const char *bytes, size_t n, struct draft *d,
                            struct err *err)
{
	struct reading r = { .d = d };
	const cJSON *plan = json, *o;
	size_t before = 0;
	enum status st;

	if (!has_tasks(json) && (st = tag_choose(d, json, &plan, &before, err)) != OK)
		return st;
	r.lines = read_lines(bytes, n, "tasks", d->a, &r.n_lines);
	r.at = before;
	d->title = plan == json || plan->string == NULL ? "Tasks" : text_dup(d->a, plan->string);
	d->stated = true;
	cJSON_ArrayForEach(o, json_get(plan, "tasks")) {
		long line = r.lines != NULL && r.at < r.n_lines ? r.lines[r.at] : 0;

		r.at++;
		if (cJSON_IsObject(o))
			subtasks_take(&r, task_take(&r, o, NULL, line), o);
	}
	return OK;
}
