#include "domain/run/options.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum status run_options_write(const struct run_options *o, struct arena *a, const char **out,
                              struct err *err)
{
	struct json_build b = { false };
	cJSON *root = json_object(&b), *built = NULL, *gates, *flows, *budget;
	enum status st;
	char *text;

	json_put_text(&b, root, "agent", o->agent);
	json_put_int(&b, root, "jobs", o->jobs);
	json_put_int(&b, root, "retries", o->retries);
	json_put_int(&b, root, "timeoutMs", o->timeout_ms);
	json_put_int(&b, root, "stallMs", o->stall_ms);
	json_put_text(&b, root, "merge", o->into ? "into" : o->pull ? "pr" : "none");
	json_put_text(&b, root, "onto", o->onto);
	json_put_text(&b, root, "conflicts", config_conflicts_word(o->conflicts));
	json_put_flag(&b, root, "redBase", o->red_base);
	json_put_flag(&b, root, "tags", o->tags);
	json_put_text(&b, root, "workflow", o->workflow);
	budget = json_put_object(&b, root, "budget");
	json_put_number(&b, budget, "minutes", o->budget.minutes);
	json_put_number(&b, budget, "usd", o->budget.usd);
	json_put_number(&b, budget, "tokens", (double)o->budget.tokens);
	flows = json_put_array(&b, root, "workflows");
	for (size_t i = 0; i < o->n_workflows; i++)
		workflow_put(&b, json_add_object(&b, flows), &o->workflows[i]);
	gates = json_put_array(&b, root, "gates");
	for (size_t i = 0; i < o->n_gates; i++)
		json_add_text(&b, gates, o->gates[i]);
	if ((st = json_built(&b, root, &built, err)) != OK)
		return st;
	text = json_print(built);
	*out = text == NULL ? NULL : text_dup(a, text);
	mem_free(text);
	cJSON_Delete(built);
	return *out == NULL ? err_nomem(err, "the run's options") : OK;
}

static enum status read_workflows(const cJSON *list, struct arena *a, struct run_options *out)
{
	const cJSON *item;
	enum status st = OK;

	out->workflows =
	    arena_take(a, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *out->workflows);
	if (out->workflows == NULL)
		return E_NOMEM;
	cJSON_ArrayForEach(item, list) {
		if (st == OK)
			st = workflow_take(item, a, &out->workflows[out->n_workflows++], NULL);
	}
	return st;
}

static enum status read_all(const cJSON *json, struct arena *a, struct run_options *out)
{
	const cJSON *gates = json_get(json, "gates"), *gate;
	const cJSON *budget = json_get(json, "budget");
	const char *merge = json_text(json, "merge"), *conflicts = json_text(json, "conflicts");

	*out = (struct run_options){
		.agent = text_dup(a, json_text(json, "agent")),
		.jobs = (long)json_int(json, "jobs", 1),
		.retries = (long)json_int(json, "retries", 0),
		.timeout_ms = json_int(json, "timeoutMs", 0),
		.stall_ms = json_int(json, "stallMs", 0),
		.into = merge != NULL && strcmp(merge, "into") == 0,
		.pull = merge != NULL && strcmp(merge, "pr") == 0,
		.onto = text_dup(a, json_text(json, "onto")),
		.red_base = json_flag(json, "redBase"),
		.tags = json_flag(json, "tags"),
		.workflow = text_dup(a, json_text(json, "workflow")),
		.budget = { .minutes = json_number(budget, "minutes", 0),
		            .usd = json_number(budget, "usd", 0),
		            .tokens = (int64_t)json_number(budget, "tokens", 0) },
	};
	if (conflicts != NULL)
		(void)config_conflicts_read(conflicts, &out->conflicts);
	out->gates = arena_take(a, ((size_t)cJSON_GetArraySize(gates) + 1) * sizeof *out->gates);
	if (out->gates == NULL)
		return E_NOMEM;
	cJSON_ArrayForEach(gate, gates) {
		if (cJSON_IsString(gate))
			out->gates[out->n_gates++] = text_dup(a, gate->valuestring);
	}
	if (arena_failed(a))
		return E_NOMEM;
	return read_workflows(json_get(json, "workflows"), a, out);
}

enum status run_options_read(const char *json, struct arena *a, struct run_options *out,
                             struct err *err)
{
	cJSON *root = NULL;
	enum status st = json_read(json, strlen(json), &root, err);

	if (st == E_NOMEM)
		return st;
	if (st != OK)
		return err_set(err, E_BUG, "the run's stored options are damaged");
	if ((st = read_all(root, a, out)) != OK)
		st = err_nomem(err, "the run's options");
	cJSON_Delete(root);
	return st;
}
