#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/agent.h"
#include "domain/project.h"
#include "handlers/tools.h"

#define LIST_LIMIT 30 /* agents of an answer when nothing else was asked for */
#define TOOLS_MAX  32

struct agents_in {
	const char *action, *name, *path, *cursor;
	long limit;
};

static const struct arg agents_args[] = {
	{ "action", ARG_CHOICE, 1, offsetof(struct agents_in, action), 0, 0, NULL,
	  "list|show|validate" },
	{ "name", ARG_TEXT, 0, offsetof(struct agents_in, name), 1, 200, "Only this agent.", NULL },
	{ "path", ARG_TEXT, 0, offsetof(struct agents_in, path), 1, 4000, "validate: this file.",
	  NULL },
	{ "limit", ARG_COUNT, 0, offsetof(struct agents_in, limit), 1, AGENTS_MAX, NULL, NULL },
	{ "cursor", ARG_TEXT, 0, offsetof(struct agents_in, cursor), 1, 200, NULL, NULL },
	{ 0 },
};

/* What an action works on. */
struct work {
	struct call *call;
	const struct agents_in *want;
	const struct agent_set *set;
	const struct agent *chosen; /* the named one, or NULL */
	struct json_build b;
	cJSON *answer;
};

static void put_findings(struct work *w)
{
	cJSON *list = json_put_array(&w->b, w->answer, "findings");

	for (size_t i = 0; i < w->set->n_findings; i++) {
		const struct agent_finding *f = &w->set->findings[i];

		if (w->want->name == NULL ||
		    (f->agent != NULL && strcmp(f->agent, w->want->name) == 0))
			json_add(&w->b, list, agent_finding_json(&w->b, f));
	}
}

static enum status list(struct work *w)
{
	cJSON *to = json_put_array(&w->b, w->answer, "agents");
	long limit = w->want->limit == 0 ? LIST_LIMIT : w->want->limit, shown = 0;

	for (size_t i = 0; i < w->set->n_agents; i++) {
		const struct agent *agent = &w->set->agents[i];

		if ((w->chosen != NULL && agent != w->chosen) ||
		    (w->want->cursor != NULL && strcmp(agent->name, w->want->cursor) <= 0))
			continue;
		if (shown++ == limit) {
			json_put_text(&w->b, w->answer, "nextCursor", w->set->agents[i - 1].name);
			break;
		}
		json_add(&w->b, to, agent_summary_json(&w->b, agent));
	}
	return OK;
}

static enum status show(struct work *w)
{
	if (w->chosen == NULL)
		return err_set(&w->call->err, E_INPUT,
		               "'show' needs the 'name' of an agent; 'list' has them all");
	json_put(&w->b, w->answer, "agent", agent_json(&w->b, w->chosen));
	put_findings(w);
	return OK;
}

static enum status validate(struct work *w)
{
	bool sound = true;

	if (w->set->n_agents == 0 && w->set->n_findings == 0)
		return err_set(&w->call->err, E_ABSENT,
		               "there are no agents; one is a file NAME.md in '.gadugi/agents' or "
		               "'.claude/agents' of '%s'",
		               w->call->project->root);
	for (size_t i = 0; i < w->set->n_findings; i++) {
		const struct agent_finding *f = &w->set->findings[i];

		if (w->want->name == NULL ||
		    (f->agent != NULL && strcmp(f->agent, w->want->name) == 0))
			sound = sound && f->severity != AGENT_ERROR;
	}
	json_put_flag(&w->b, w->answer, "sound", sound);
	json_put_int(&w->b, w->answer, "checked",
	             w->chosen != NULL ? 1 : (int64_t)w->set->n_agents);
	put_findings(w);
	return OK;
}

static const struct {
	const char *word;
	enum status (*run)(struct work *w);
} actions[] = {
	{ "list", list },
	{ "show", show },
	{ "validate", validate },
};

/* An agent that could not be read is found among the findings. */
static bool has_finding(const struct agent_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_findings; i++)
		if (set->findings[i].agent != NULL && strcmp(set->findings[i].agent, name) == 0)
			return true;
	return false;
}

static enum status choose(struct work *w)
{
	const char *nearest = NULL;
	size_t at;

	if (w->want->name == NULL)
		return OK;
	at = agent_find(w->set, w->want->name, &nearest);
	if (at != AGENT_NONE)
		w->chosen = &w->set->agents[at];
	if (at != AGENT_NONE || has_finding(w->set, w->want->name))
		return OK;
	return err_set(&w->call->err, E_ABSENT, "no agent is called '%s'%s%s%s", w->want->name,
	               nearest == NULL ? "; 'list' has them all" : "; did you mean '",
	               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

static enum status load(struct work *w)
{
	const char *tools[TOOLS_MAX] = { NULL };
	const struct agent_places places = { .root = w->call->project->root,
		                             .home = getenv("HOME"),
		                             .config_home = getenv("XDG_CONFIG_HOME"),
		                             .more_tools = tools };
	struct agent_set *set = NULL;
	const char *path = w->want->path;
	enum status st;

	for (size_t i = 0; tool_all[i] != NULL && i < TOOLS_MAX - 1; i++)
		tools[i] = tool_all[i]->name;
	if (path != NULL && *path != '/')
		path = text_printf(w->call->arena, "%s/%s", w->call->project->root, path);
	if (w->want->path != NULL && path == NULL)
		return err_nomem(&w->call->err, "a path");
	if (path != NULL)
		st = agent_load_file(&places, path, w->call->arena, &set, &w->call->err);
	else
		st = agent_load(&places, w->call->arena, &set, &w->call->err);
	w->set = set;
	return st;
}

static enum status agents_run(struct call *call, const void *in, cJSON **result)
{
	struct work w = { .call = call, .want = in };
	enum status st = load(&w);

	if (st != OK || (st = choose(&w)) != OK)
		return st;
	w.answer = json_object(&w.b);
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i].word, w.want->action) == 0)
			st = actions[i].run(&w);
	if (st != OK) {
		cJSON_Delete(w.answer);
		return st;
	}
	return json_built(&w.b, w.answer, result, &call->err);
}

const struct tool tool_agents = {
	.name = "agents",
	.title = "Agents",
	.about = "Who can work here: list, show and check agents defined in Markdown.",
	.args = agents_args,
	.in_size = sizeof(struct agents_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_READS | TOOL_IDEMPOTENT,
	.run = agents_run,
};
