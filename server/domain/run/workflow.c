#include "domain/run/workflow.h"

#include <string.h>

#include "base/text.h"
#include "sys/folder.h"
#include "sys/fs.h"
#include "sys/yaml.h"

#define ENDING       ".yaml"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
#define ROUNDS_MOST  20
#define LIST_MAX     64

struct reader {
	const char *path;
	struct arena *arena;
	struct err *err;
};

size_t workflow_stage(const struct workflow *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->stages[i].name, name) == 0)
			return i;
	return WORKFLOW_NONE;
}

/* --- reading -------------------------------------------------------------------------------- */

static enum status read_word(struct reader *r, const struct yaml *value, const char **out)
{
	if (value->kind != YAML_TEXT || value->text[0] == '\0')
		return yaml_bad(r->err, r->path, value, "'%s' must be a text", value->key->text);
	*out = value->text;
	return OK;
}

static enum status read_flag(struct reader *r, const struct yaml *value, bool *out)
{
	if (yaml_flag(value, out))
		return OK;
	return yaml_bad(r->err, r->path, value, "'%s' must be true or false", value->key->text);
}

static enum status read_gates(struct reader *r, const struct yaml *value, struct stage *s)
{
	if (value->kind == YAML_TEXT && strcmp(value->text, "task") == 0) {
		s->task_gates = true;
		return OK;
	}
	if (value->kind != YAML_LIST)
		return yaml_bad(r->err, r->path, value,
		                "'gates' must be 'task' or a list of names, as in [tests, lint]");
	if ((s->gates = arena_take(r->arena, (value->n + 1) * sizeof(const char *))) == NULL)
		return err_nomem(r->err, "a workflow");
	for (const struct yaml *item = value->first; item != NULL; item = item->next) {
		if (item->kind != YAML_TEXT)
			return yaml_bad(r->err, r->path, item, "each gate must be a name");
		s->gates[s->n_gates++] = item->text;
	}
	return OK;
}

static enum status read_back(struct reader *r, const struct yaml *value, const struct workflow *w,
                             struct stage *s)
{
	const char *name = "";
	enum status st = read_word(r, value, &name);

	if (st != OK)
		return st;
	if ((s->back = workflow_stage(w, name)) == WORKFLOW_NONE)
		return yaml_bad(r->err, r->path, value, "there is no stage '%s' before this one",
		                name);
	return OK;
}

static enum status read_rounds(struct reader *r, const struct yaml *value, struct stage *s)
{
	if (yaml_whole(value, &s->rounds) && s->rounds >= 0 && s->rounds <= ROUNDS_MOST)
		return OK;
	return yaml_bad(r->err, r->path, value, "'rounds' must be a whole number from 0 to %d",
	                ROUNDS_MOST);
}

static enum status read_entry(struct reader *r, const struct yaml *entry, const struct workflow *w,
                              struct stage *s)
{
	static const char *const keys[] = { "name",    "agent",    "prompt", "gates",
		                            "verdict", "approval", "back",   "rounds" };
	const char *key = entry->key->text, *near;

	if (strcmp(key, "name") == 0)
		return read_word(r, entry, &s->name);
	if (strcmp(key, "agent") == 0)
		return read_word(r, entry, &s->agent);
	if (strcmp(key, "prompt") == 0)
		return read_word(r, entry, &s->prompt);
	if (strcmp(key, "gates") == 0)
		return read_gates(r, entry, s);
	if (strcmp(key, "verdict") == 0)
		return read_flag(r, entry, &s->verdict);
	if (strcmp(key, "approval") == 0)
		return read_flag(r, entry, &s->approval);
	if (strcmp(key, "back") == 0)
		return read_back(r, entry, w, s);
	if (strcmp(key, "rounds") == 0)
		return read_rounds(r, entry, s);
	near = text_nearest(key, keys, sizeof keys / sizeof *keys);
	return yaml_bad(r->err, r->path, entry->key, "a stage has no '%s'%s%s%s", key,
	                near == NULL ? "" : "; is it '", near == NULL ? "" : near,
	                near == NULL ? "" : "'?");
}

static enum status read_stage(struct reader *r, const struct yaml *item, struct workflow *w)
{
	struct stage *s = &w->stages[w->n];
	enum status st = OK;

	*s = (struct stage){ .back = WORKFLOW_NONE, .rounds = WORKFLOW_ROUNDS };
	if (item->kind != YAML_MAP)
		return yaml_bad(r->err, r->path, item, "a stage must be keys and values");
	for (const struct yaml *e = item->first; st == OK && e != NULL; e = e->next)
		st = read_entry(r, e, w, s);
	if (st != OK)
		return st;
	if (s->name == NULL || strspn(s->name, NAME_LETTERS) != strlen(s->name))
		return yaml_bad(r->err, r->path, item,
		                "a stage needs a name of letters, digits, '-' and '_'");
	if (s->prompt == NULL)
		return yaml_bad(r->err, r->path, item, "stage '%s' needs a prompt", s->name);
	if (workflow_stage(w, s->name) != WORKFLOW_NONE)
		return yaml_bad(r->err, r->path, item, "there are two stages '%s'", s->name);
	w->n++;
	return OK;
}

static enum status read_stages(struct reader *r, const struct yaml *list, struct workflow *w)
{
	enum status st = OK;

	if (list->kind != YAML_LIST || list->n == 0 || list->n > WORKFLOW_STAGES_MAX)
		return yaml_bad(r->err, r->path, list, "'stages' must be a list of 1 to %d stages",
		                WORKFLOW_STAGES_MAX);
	if ((w->stages = arena_take(r->arena, list->n * sizeof *w->stages)) == NULL)
		return err_nomem(r->err, "a workflow");
	for (const struct yaml *item = list->first; st == OK && item != NULL; item = item->next)
		st = read_stage(r, item, w);
	return st;
}

enum status workflow_read(const char *name, const char *path, const char *bytes, struct arena *a,
                          struct workflow *out, struct err *err)
{
	const struct yaml_source source = { .bytes = bytes, .size = strlen(bytes), .name = path };
	struct reader r = { path, a, err };
	const struct yaml *tree;
	enum status st = yaml_parse(&source, a, &tree, err);

	*out = (struct workflow){ .name = text_dup(a, name) };
	if (st != OK)
		return st;
	if (out->name == NULL)
		return err_nomem(err, "a workflow");
	if (tree->kind != YAML_MAP)
		return yaml_bad(err, path, tree, "a workflow has 'about' and 'stages'");
	for (const struct yaml *e = tree->first; st == OK && e != NULL; e = e->next) {
		if (strcmp(e->key->text, "about") == 0)
			st = read_word(&r, e, &out->about);
		else if (strcmp(e->key->text, "stages") == 0)
			st = read_stages(&r, e, out);
		else
			st = yaml_bad(err, path, e->key,
			              "there is no '%s' here; a workflow has 'about' and 'stages'",
			              e->key->text);
	}
	if (st == OK && out->n == 0)
		st = yaml_bad(err, path, tree, "a workflow needs 'stages'");
	return st;
}

/* --- finding -------------------------------------------------------------------------------- */

static size_t list_names(struct project *p, struct arena *a, const char **names, size_t most)
{
	const char *folder = fs_join(a, p->state, "workflows");
	struct folder_entry *files = NULL;
	size_t n = 0, n_files = 0;

	if (folder != NULL && folder_list(folder, a, &files, &n_files, NULL) != OK)
		n_files = 0;
	for (size_t i = 0; i < n_files && n < most; i++) {
		size_t len = strlen(files[i].name), end = strlen(ENDING);

		if (len > end && strcmp(files[i].name + len - end, ENDING) == 0)
			names[n++] = text_printf(a, "%.*s", (int)(len - end), files[i].name);
	}
	for (size_t i = 0; workflow_texts[i].name != NULL && n < most; i++)
		names[n++] = workflow_texts[i].name;
	return n;
}

static enum status not_there(struct project *p, const char *name, struct arena *a, struct err *err)
{
	const char *names[LIST_MAX];
	struct text all;
	size_t n = list_names(p, a, names, LIST_MAX);

	text_init(&all, ERR_TEXT_MAX / 2);
	for (size_t i = 0; i < n; i++)
		text_addf(&all, "%s%s", i == 0 ? "" : ", ", names[i]);
	(void)err_set(err, E_ABSENT,
	              "there is no workflow '%.64s'; there are %s, and those you write into "
	              "'%s/workflows/NAME.yaml'",
	              name, text_string(&all), p->state);
	text_done(&all);
	return E_ABSENT;
}

enum status workflow_find(struct project *p, const char *name, struct arena *a,
                          struct workflow *out, struct err *err)
{
	const char *path = text_printf(a, "%s/workflows/%s" ENDING, p->state, name);
	char *bytes = NULL;
	size_t size;
	enum status st;

	if (path == NULL)
		return err_nomem(err, "a workflow");
	if (name[0] == '\0' || strspn(name, NAME_LETTERS) != strlen(name))
		return not_there(p, name, a, err);
	if (fs_kind(path) != FS_NOTHING) {
		if ((st = fs_read(path, WORKFLOW_BYTES_MAX, a, &bytes, &size, err)) != OK)
			return st;
		return workflow_read(name, path, bytes, a, out, err);
	}
	for (size_t i = 0; workflow_texts[i].name != NULL; i++)
		if (strcmp(workflow_texts[i].name, name) == 0)
			return workflow_read(name, name, workflow_texts[i].text, a, out, err);
	return not_there(p, name, a, err);
}

static bool has_gate(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_gates; i++)
		if (strcmp(c->gates[i].name, name) == 0)
			return true;
	return false;
}

enum status workflow_fits(const struct workflow *w, const struct config *c, struct err *err)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct stage *s = &w->stages[i];
		const struct config_agent *agent;
		struct err inner = { OK, "" };
		enum status st;

		if (s->agent != NULL && (st = config_agent_find(c, s->agent, &agent, &inner)) != OK)
			return err_set(err, st, "stage '%s' of workflow '%s': %s", s->name, w->name,
			               inner.text);
		for (size_t k = 0; k < s->n_gates; k++)
			if (!has_gate(c, s->gates[k]))
				return err_set(err, E_ABSENT,
				               "stage '%s' of workflow '%s' names gate '%s', which "
				               "'%s' does not define",
				               s->name, w->name, s->gates[k], c->project_path);
	}
	return OK;
}

/* --- JSON ----------------------------------------------------------------------------------- */

void workflow_put(struct json_build *b, cJSON *object, const struct workflow *w)
{
	cJSON *list;

	json_put_text(b, object, "name", w->name);
	list = json_put_array(b, object, "stages");
	for (size_t i = 0; i < w->n; i++) {
		const struct stage *s = &w->stages[i];
		cJSON *stage = json_add_object(b, list), *gates;

		json_put_text(b, stage, "name", s->name);
		json_put_text(b, stage, "agent", s->agent);
		json_put_text(b, stage, "prompt", s->prompt);
		gates = json_put_array(b, stage, "gates");
		for (size_t k = 0; k < s->n_gates; k++)
			json_add_text(b, gates, s->gates[k]);
		json_put_flag(b, stage, "taskGates", s->task_gates);
		json_put_flag(b, stage, "verdict", s->verdict);
		json_put_flag(b, stage, "approval", s->approval);
		json_put_int(b, stage, "back", s->back == WORKFLOW_NONE ? -1 : (int64_t)s->back);
		json_put_int(b, stage, "rounds", s->rounds);
	}
}

static enum status take_stage(const cJSON *json, struct arena *a, struct stage *s)
{
	const cJSON *gates = json_get(json, "gates"), *gate;
	int64_t back = json_int(json, "back", -1);

	*s = (struct stage){ .name = text_dup(a, json_text(json, "name")),
		             .agent = text_dup(a, json_text(json, "agent")),
		             .prompt = text_dup(a, json_text(json, "prompt")),
		             .task_gates = json_flag(json, "taskGates"),
		             .verdict = json_flag(json, "verdict"),
		             .approval = json_flag(json, "approval"),
		             .back = back < 0 ? WORKFLOW_NONE : (size_t)back,
		             .rounds = (long)json_int(json, "rounds", WORKFLOW_ROUNDS) };
	s->gates = arena_take(a, ((size_t)cJSON_GetArraySize(gates) + 1) * sizeof(const char *));
	if (s->gates == NULL)
		return E_NOMEM;
	cJSON_ArrayForEach(gate, gates) {
		if (cJSON_IsString(gate))
			s->gates[s->n_gates++] = text_dup(a, gate->valuestring);
	}
	return s->name == NULL || s->prompt == NULL ? E_BUG : OK;
}

enum status workflow_take(const cJSON *json, struct arena *a, struct workflow *out, struct err *err)
{
	const cJSON *list = json_get(json, "stages"), *item;
	enum status st = OK;

	*out = (struct workflow){ .name = text_dup(a, json_text(json, "name")) };
	out->stages = arena_take(a, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *out->stages);
	if (out->stages == NULL)
		return err_nomem(err, "a workflow");
	cJSON_ArrayForEach(item, list) {
		if (st == OK)
			st = take_stage(item, a, &out->stages[out->n++]);
	}
	for (size_t i = 0; st == OK && i < out->n; i++)
		if (out->stages[i].back != WORKFLOW_NONE && out->stages[i].back >= i)
			st = E_BUG;
	if (st == OK && (out->name == NULL || out->n == 0))
		st = E_BUG;
	if (arena_failed(a))
		return err_nomem(err, "a workflow");
	return st == OK ? OK : err_set(err, E_BUG, "a stored workflow is damaged");
}
