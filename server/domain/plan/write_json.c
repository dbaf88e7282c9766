/* The plan as the contract's JSON. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/write.h"

static const struct {
	unsigned bit;
	const char *word;
} sources[] = {
	{ PLAN_TABLE, "table" },       { PLAN_DIAGRAM, "diagram" }, { PLAN_PHRASE, "phrase" },
	{ PLAN_FIELD, "field" },       { PLAN_ORDER, "order" },     { PLAN_BATCH, "batch" },
	{ PLAN_INFERRED, "inferred" },
};

const char *plan_risk_word(enum plan_risk risk)
{
	static const char *const words[] = { "low", "medium", "high", "critical" };

	return words[risk];
}

const char *plan_estimate_word(enum plan_estimate source)
{
	static const char *const words[] = { "stated", "learned", "default" };

	return words[source];
}

const char *plan_severity_word(enum plan_severity severity)
{
	static const char *const words[] = { "info", "warning", "error" };

	return words[severity];
}

const char *plan_range_word(enum plan_range source)
{
	static const char *const words[] = { "none", "stated", "learned", "error" };

	return words[source];
}

const char *write_source(unsigned bits, size_t nth)
{
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if ((bits & sources[i].bit) != 0 && nth-- == 0)
			return sources[i].word;
	return NULL;
}

unsigned write_source_bit(const char *word)
{
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (strcmp(sources[i].word, word) == 0)
			return sources[i].bit;
	return 0;
}

const char *write_span(struct arena *a, long minutes)
{
	const char *out;

	if (minutes < 60)
		out = text_printf(a, "%ld min", minutes);
	else if (minutes % 60 == 0)
		out = text_printf(a, "%ld h", minutes / 60);
	else
		out = text_printf(a, "%ld h %ld min", minutes / 60, minutes % 60);
	return out == NULL ? "" : out;
}

static void texts_put(struct json_build *b, cJSON *object, const char *key,
                      const struct plan_texts *texts)
{
	cJSON *list = json_put_array(b, object, key);

	for (size_t i = 0; i < texts->n; i++)
		json_add_text(b, list, texts->at[i]);
}

/* Two places after the point: more would claim to be known. */
static void ratio_put(struct json_build *b, cJSON *object, const char *key, double value)
{
	json_put_number(b, object, key, round(value * 100) / 100);
}

static void complexity_put(struct json_build *b, cJSON *task, const struct plan_task *t)
{
	cJSON *complexity = json_put_object(b, task, "complexity");

	json_put_int(b, complexity, "technical", t->technical);
	json_put_int(b, complexity, "integration", t->integration);
	json_put_int(b, complexity, "testing", t->testing);
	json_put_int(b, complexity, "total", t->complexity);
}

/* Edges are sorted by where they lead: those to one task stand together. */
size_t write_edges_to(const struct plan *p, size_t task)
{
	size_t low = 0, high = p->n_edges;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->edges[mid].to < task)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

cJSON *plan_task_json(struct json_build *b, const struct plan *p, size_t task)
{
	const struct plan_task *t = &p->tasks[task];
	cJSON *o = json_object(b), *needs;

	json_put_text(b, o, "id", t->id);
	json_put_text(b, o, "title", t->title);
	json_put_text(b, o, "description", t->description);
	needs = json_put_array(b, o, "dependsOn");
	for (size_t i = write_edges_to(p, task); i < p->n_edges && p->edges[i].to == task; i++)
		json_add_text(b, needs, p->tasks[p->edges[i].from].id);
	json_put_text(b, o, "batch", t->batch);
	json_put_int(b, o, "estimateMinutes", t->estimate_min);
	json_put_text(b, o, "estimateSource", plan_estimate_word(t->estimate_source));
	if (t->high_min > 0) {
		json_put_int(b, o, "lowMinutes", t->low_min);
		json_put_int(b, o, "highMinutes", t->high_min);
	}
	complexity_put(b, o, t);
	json_put_text(b, o, "risk", plan_risk_word(t->risk));
	json_put_text(b, o, "kind", t->kind);
	texts_put(b, o, "files", &t->files);
	if (t->files_likely)
		json_put_text(b, o, "filesSource", "predicted");
	if (t->may_touch.n > 0)
		texts_put(b, o, "mayTouch", &t->may_touch);
	json_put_text(b, o, "agent", t->agent);
	json_put_text(b, o, "workflow", t->workflow);
	if (t->approval)
		json_put_flag(b, o, "approval", true);
	if (t->uses.n > 0)
		texts_put(b, o, "uses", &t->uses);
	if (t->priority != 0)
		json_put_int(b, o, "priority", t->priority);
	if (t->command.n > 0)
		texts_put(b, o, "command", &t->command);
	texts_put(b, o, "acceptance", &t->acceptance);
	texts_put(b, o, "steps", &t->steps);
	if (t->labels.n > 0)
		texts_put(b, o, "labels", &t->labels);
	json_put_flag(b, o, "done", t->done);
	if (!t->done) {
		json_put_int(b, o, "slackMinutes", t->slack_min);
		json_put_int(b, o, "startMinutes", t->planned_start_min);
		json_put_int(b, o, "delayMinutes", t->delay_min);
	}
	if (t->line > 0)
		json_put_int(b, o, "line", t->line);
	return o;
}

static void edges_put(struct json_build *b, cJSON *root, const struct plan *p)
{
	cJSON *list = json_put_array(b, root, "edges");

	for (size_t i = 0; i < p->n_edges; i++) {
		const struct plan_edge *e = &p->edges[i];
		cJSON *o = json_add_object(b, list);
		const char *word;

		json_put_text(b, o, "from", p->tasks[e->from].id);
		json_put_text(b, o, "to", p->tasks[e->to].id);
		json_put_text(b, o, "source", write_source(e->sources, 0));
		if (write_source(e->sources, 1) != NULL) {
			cJSON *also = json_put_array(b, o, "sources");

			for (size_t k = 0; (word = write_source(e->sources, k)) != NULL; k++)
				json_add_text(b, also, word);
		}
		if (e->line > 0)
			json_put_int(b, o, "line", e->line);
	}
}

static void batches_put(struct json_build *b, cJSON *root, const struct plan *p)
{
	cJSON *list = json_put_array(b, root, "batches");

	for (size_t level = 0; level < p->n_levels; level++)
		json_add(b, list, json_array(b));
	for (size_t i = 0; i < p->n_tasks && !b->failed; i++)
		if (!p->tasks[i].done)
			json_add_text(b, cJSON_GetArrayItem(list, (int)p->tasks[i].level),
			              p->tasks[i].id);
}

static void timeline_put(struct json_build *b, cJSON *schedule, const struct plan_timeline *line)
{
	cJSON *o = json_put_object(b, schedule, "timeline");

	json_put_int(b, o, "optimisticMinutes", line->optimistic_min);
	json_put_int(b, o, "realisticMinutes", line->realistic_min);
	json_put_int(b, o, "pessimisticMinutes", line->pessimistic_min);
	json_put_text(b, o, "source", plan_range_word(line->source));
	json_put_int(b, o, "tasks", (int64_t)line->ranged);
}

static void lesson_put(struct json_build *b, cJSON *schedule, const struct plan_lesson *lesson)
{
	cJSON *o = json_put_object(b, schedule, "learned");

	json_put_int(b, o, "tasks", (int64_t)lesson->tasks);
	if (lesson->before > 0) {
		ratio_put(b, o, "errorBefore", lesson->before);
		ratio_put(b, o, "errorAfter", lesson->after);
	}
}

static void figures_put(struct json_build *b, cJSON *root, const struct plan *p)
{
	cJSON *path = json_put_object(b, root, "criticalPath");
	cJSON *tasks = json_put_array(b, path, "tasks"), *schedule;

	for (size_t i = 0; i < p->n_path; i++)
		json_add_text(b, tasks, p->tasks[p->path[i]].id);
	json_put_int(b, path, "minutes", p->path_min);
	schedule = json_put_object(b, root, "schedule");
	json_put_int(b, schedule, "workMinutes", p->work_min);
	json_put_int(b, schedule, "workers", (int64_t)p->workers);
	json_put_int(b, schedule, "makespanMinutes", p->makespan_min);
	ratio_put(b, schedule, "speedup", p->speedup);
	ratio_put(b, schedule, "speedupCeiling", p->ceiling);
	if (p->lesson.tasks > 0)
		lesson_put(b, schedule, &p->lesson);
	if (p->timeline.source != PLAN_RANGE_NONE)
		timeline_put(b, schedule, &p->timeline);
}

static void advice_put(struct json_build *b, cJSON *root, const struct plan *p)
{
	cJSON *list = json_put_array(b, root, "advice");

	for (size_t i = 0; i < p->n_advice; i++) {
		const struct plan_advice *x = &p->advice[i];
		cJSON *o = json_add_object(b, list);

		json_put_text(b, o, "kind", x->kind);
		json_put_text(b, o, "message", x->message);
		texts_put(b, o, "edge", &x->edge);
		json_put_int(b, o, "makespanMinutes", x->makespan_min);
		ratio_put(b, o, "speedup", x->speedup);
	}
}

static void findings_put(struct json_build *b, cJSON *root, const struct plan *p)
{
	cJSON *list = json_put_array(b, root, "findings");

	for (size_t i = 0; i < p->n_findings; i++) {
		const struct plan_finding *f = &p->findings[i];
		cJSON *o = json_add_object(b, list);

		json_put_text(b, o, "code", f->code);
		json_put_text(b, o, "severity", plan_severity_word(f->severity));
		json_put_text(b, o, "message", f->message);
		texts_put(b, o, "tasks", &f->tasks);
		if (f->line > 0)
			json_put_int(b, o, "line", f->line);
	}
}

cJSON *plan_json(struct json_build *b, const struct plan *p)
{
	cJSON *root = json_object(b), *tasks;

	json_put_text(b, root, "title", p->title);
	json_put_flag(b, root, "sound", p->sound);
	tasks = json_put_array(b, root, "tasks");
	for (size_t i = 0; i < p->n_tasks; i++)
		json_add(b, tasks, plan_task_json(b, p, i));
	edges_put(b, root, p);
	batches_put(b, root, p);
	figures_put(b, root, p);
	advice_put(b, root, p);
	findings_put(b, root, p);
	if (p->gates.n > 0)
		texts_put(b, root, "gates", &p->gates);
	return root;
}
