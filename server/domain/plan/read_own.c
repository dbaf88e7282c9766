/* gadugi's own JSON, as plan_json writes it and as `orchestrate` takes `tasks`. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/check.h"
#include "domain/plan/measure.h"
#include "domain/plan/name.h"
#include "domain/plan/read.h"
#include "domain/plan/role.h"
#include "domain/plan/write.h"

#define PRIORITY_MOST 1000

static void ignored(struct draft *d, const struct draft_task *t, const char *key, const char *want)
{
	struct plan_finding *f = draft_find(d, "ignored-value", PLAN_WARNING, 0,
	                                    "'%s' of '%s' is not %s and was ignored", key,
	                                    t->t.id[0] != '\0' ? t->t.id : t->t.title, want);

	draft_text(d->a, &f->tasks, t->t.id);
}

static void text_take(struct draft *d, struct draft_task *t, const cJSON *o, const char *key,
                      const char **out)
{
	const cJSON *v = json_get(o, key);

	if (v == NULL || cJSON_IsNull(v))
		return;
	if (!cJSON_IsString(v))
		ignored(d, t, key, "text");
	else if (v->valuestring[0] != '\0')
		*out = draft_copy(d->a, v->valuestring, strlen(v->valuestring));
}

static void texts_take(struct draft *d, struct draft_task *t, const cJSON *o, const char *key,
                       struct plan_texts *out)
{
	const cJSON *list = json_get(o, key), *v;

	if (list == NULL || cJSON_IsNull(list))
		return;
	if (cJSON_IsString(list)) {
		draft_text(d->a, out, text_dup(d->a, list->valuestring));
		return;
	}
	if (!cJSON_IsArray(list)) {
		ignored(d, t, key, "a list of texts");
		return;
	}
	cJSON_ArrayForEach(v, list) {
		if (cJSON_IsString(v))
			draft_text(d->a, out, text_dup(d->a, v->valuestring));
		else
			ignored(d, t, key, "a list of texts");
	}
}

static void minutes_take(struct draft *d, struct draft_task *t, const cJSON *o, const char *key,
                         long *out)
{
	const cJSON *v = json_get(o, key);
	struct measure_span span;

	if (v == NULL || cJSON_IsNull(v))
		return;
	if (cJSON_IsNumber(v) && v->valuedouble >= 0 && v->valuedouble <= (double)MEASURE_MAX)
		*out = (long)(v->valuedouble + 0.5);
	else if (cJSON_IsString(v) &&
	         measure_duration(v->valuestring, strlen(v->valuestring), 1, &span))
		*out = span.minutes;
	else
		ignored(d, t, key, "a number of minutes");
}

static int score(const cJSON *o, const char *key, int most)
{
	double value = json_number(o, key, 0);

	return value >= 1 && value <= most ? (int)value : 0;
}

static void complexity_take(struct draft_task *t, const cJSON *o)
{
	const cJSON *c = json_get(o, "complexity");

	if (cJSON_IsObject(c)) {
		t->t.technical = score(c, "technical", 10);
		t->t.integration = score(c, "integration", 10);
		t->t.testing = score(c, "testing", 10);
		t->t.complexity = score(c, "total", 100);
	} else if (cJSON_IsString(c)) {
		t->label_complexity = measure_level(c->valuestring, strlen(c->valuestring));
	} else {
		t->t.complexity = score(o, "complexity", 100);
	}
}

static void estimate_take(struct draft *d, struct draft_task *t, const cJSON *o)
{
	const char *source = json_text(o, "estimateSource");

	minutes_take(d, t, o, "estimate", &t->t.estimate_min);
	minutes_take(d, t, o, "estimateMinutes", &t->t.estimate_min);
	minutes_take(d, t, o, "lowMinutes", &t->t.low_min);
	minutes_take(d, t, o, "highMinutes", &t->t.high_min);
	if (source != NULL && strcmp(source, "default") == 0)
		t->t.estimate_min = 0; /* assumed then, to be assumed again */
	else if (source != NULL && strcmp(source, "learned") == 0)
		t->t.estimate_source = PLAN_LEARNED;
}

static void needs_take(struct draft *d, const struct draft_task *t, const cJSON *o)
{
	static const char *const keys[] = { "dependsOn", "depends_on", "dependencies" };
	const cJSON *list = NULL, *v;

	for (size_t i = 0; list == NULL && i < sizeof keys / sizeof *keys; i++)
		list = json_get(o, keys[i]);
	if (list == NULL || cJSON_IsNull(list))
		return;
	d->stated = true;
	cJSON_ArrayForEach(v, list) {
		struct draft_ref ref = { .task = t->index,
			                 .exact = true,
			                 .sure = true,
			                 .source = PLAN_FIELD,
			                 .line = t->t.line };

		if (cJSON_IsString(v))
			ref.words = text_dup(d->a, v->valuestring);
		else if (json_is_whole(v))
			ref.words = text_printf(d->a, "%.0f", v->valuedouble);
		else
			ignored(d, t, "dependsOn", "a list of ids");
		if (ref.words != NULL && t != &d->scratch)
			draft_need(d, &ref);
	}
}

static void risk_take(struct draft_task *t, const cJSON *o)
{
	const char *risk = json_text(o, "risk");

	if (risk != NULL)
		t->risk_stated = measure_risk(risk, strlen(risk), &t->t.risk);
}

static enum status task_take(struct draft *d, const cJSON *o, size_t nth, struct err *err)
{
	const cJSON *id = json_get(o, "id");
	struct draft_task *t;
	const char *status, *source;
	int64_t priority;

	if (!cJSON_IsObject(o))
		return err_set(err, E_INPUT, "tasks[%zu] is not an object", nth);
	t = draft_task(d, "", (long)json_int(o, "line", 0));
	text_take(d, t, o, "title", &t->t.title);
	if (t->t.title[0] == '\0')
		text_take(d, t, o, "name", &t->t.title);
	if (json_is_whole(id))
		t->t.id = text_printf(d->a, "%.0f", id->valuedouble);
	else
		text_take(d, t, o, "id", &t->t.id);
	if (t->t.id == NULL)
		t->t.id = "";
	t->own_id = t->t.id[0] != '\0';
	if (t->t.title[0] == '\0' && !t->own_id)
		return err_set(err, E_INPUT, "tasks[%zu] has neither an id nor a title", nth);
	if (t->t.title[0] == '\0')
		t->t.title = t->t.id;
	text_take(d, t, o, "description", &t->t.description);
	text_take(d, t, o, "batch", &t->t.batch);
	if (t->t.batch != NULL)
		(void)role_batch(d->a, t->t.batch, &t->t.batch, &t->batch_number);
	text_take(d, t, o, "agent", &t->t.agent);
	text_take(d, t, o, "workflow", &t->t.workflow);
	t->t.approval = json_flag(o, "approval");
	text_take(d, t, o, "kind", &t->t.kind);
	texts_take(d, t, o, "files", &t->t.files);
	texts_take(d, t, o, "mayTouch", &t->t.may_touch);
	source = json_text(o, "filesSource");
	t->t.files_likely = t->t.files.n > 0 && source != NULL && strcmp(source, "predicted") == 0;
	texts_take(d, t, o, "acceptance", &t->t.acceptance);
	texts_take(d, t, o, "steps", &t->t.steps);
	texts_take(d, t, o, "labels", &t->t.labels);
	texts_take(d, t, o, "command", &t->t.command);
	texts_take(d, t, o, "uses", &t->t.uses);
	priority = json_int(o, "priority", 0);
	t->t.priority = priority > PRIORITY_MOST    ? PRIORITY_MOST
	                : priority < -PRIORITY_MOST ? -PRIORITY_MOST
	                                            : (int)priority;
	estimate_take(d, t, o);
	complexity_take(t, o);
	risk_take(t, o);
	status = json_text(o, "status");
	t->t.done = json_flag(o, "done") || (status != NULL && text_same(status, "done"));
	if (!d->options->saved) /* else the edges beside the tasks tell more */
		needs_take(d, t, o);
	return OK;
}

/* The sources of an edge, from the words that plan_json wrote. */
static unsigned sources_of(const cJSON *e)
{
	const cJSON *list = json_get(e, "sources"), *v;
	const char *one = json_text(e, "source");
	unsigned bits = 0;

	cJSON_ArrayForEach(v, list)
		if (cJSON_IsString(v))
			bits |= write_source_bit(v->valuestring);
	if (bits == 0 && one != NULL)
		bits = write_source_bit(one);
	return bits == 0 ? PLAN_FIELD : bits;
}

/* Edges beside `dependsOn`: they hold the same pairs and know sources and lines. */
static void edges_take(struct draft *d, const cJSON *json)
{
	const cJSON *list = json_get(json, "edges"), *e;
	struct names *names = list == NULL ? NULL : names_build(d);

	if (names == NULL)
		return;
	cJSON_ArrayForEach(e, list) {
		const char *from = json_text(e, "from"), *to = json_text(e, "to");
		struct draft_ref ref = { .exact = true,
			                 .sure = true,
			                 .line = (long)json_int(e, "line", 0) };
		struct name_hit hit;

		if (from == NULL || to == NULL)
			continue;
		hit = name_find(names, to, strlen(to));
		if (hit.how < NAME_NUMBER)
			continue;
		ref.task = hit.task;
		ref.words = text_dup(d->a, from);
		ref.bits = sources_of(e);
		if (ref.words != NULL)
			draft_need(d, &ref);
	}
}

/* What only the document could show is taken from the saved plan; the rest is found again. */
static void findings_take(struct draft *d, const cJSON *json)
{
	const cJSON *list = json_get(json, "findings"), *f, *task;

	cJSON_ArrayForEach(f, list) {
		const char *message = json_text(f, "message"), *severity = json_text(f, "severity");
		const struct check_code *code = check_code_find(json_text(f, "code"));
		struct plan_finding *added;

		if (code == NULL || !code->kept || message == NULL || severity == NULL)
			continue;
		added = draft_find(d, code->code,
		                   strcmp(severity, "error") == 0     ? PLAN_ERROR
		                   : strcmp(severity, "warning") == 0 ? PLAN_WARNING
		                                                      : PLAN_INFO,
		                   (long)json_int(f, "line", 0), "%s", message);
		cJSON_ArrayForEach(task, json_get(f, "tasks"))
			if (cJSON_IsString(task))
				draft_text(d->a, &added->tasks, text_dup(d->a, task->valuestring));
	}
}

static void gates_take(struct draft *d, const cJSON *json)
{
	const cJSON *gate;

	cJSON_ArrayForEach(gate, json_get(json, "gates"))
		if (cJSON_IsString(gate))
			draft_text(d->a, &d->gates, text_dup(d->a, gate->valuestring));
}

enum status read_own(const cJSON *json, struct draft *d, struct err *err)
{
	const cJSON *tasks = cJSON_IsArray(json) ? json : json_get(json, "tasks"), *o;
	const char *title = json_text(json, "title");
	size_t nth = 0;
	enum status st;

	if (!cJSON_IsArray(tasks))
		return err_set(
		    err, E_INPUT,
		    "the JSON is none of the known plans: an object with a list 'tasks' is "
		    "wanted, each with 'id' or 'title', and 'dependsOn'");
	if (title != NULL)
		d->title = draft_copy(d->a, title, strlen(title));
	cJSON_ArrayForEach(o, tasks) {
		if ((st = task_take(d, o, nth++, err)) != OK)
			return st;
	}
	edges_take(d, json);
	gates_take(d, json);
	if (d->options->saved)
		findings_take(d, json);
	/* a list of tasks without a word on order means that there is none */
	d->stated = true;
	return OK;
}
