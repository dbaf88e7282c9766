/* resource_rest.c - health, memories, recipes and agents, by address. */
#include <stdlib.h>

#include "domain/agent.h"
#include "domain/doctor.h"
#include "domain/memory.h"
#include "domain/project.h"
#include "domain/recipe.h"
#include "handlers/memory_json.h"
#include "handlers/resources.h"

static enum status health_body(struct call *call, const char *const *values,
                               struct resource_body *body)
{
	const struct json_build b = { 0 };
	cJSON *root = NULL;
	enum status st = doctor_look(call->project, &root, &call->err);

	(void)values;
	return st == OK ? resource_json(call, &b, root, body) : st;
}

const struct resource resource_health = {
	.uri = "gadugi://health",
	.name = "health",
	.title = "Health",
	.about = "What is missing or wrong on this machine and in this project.",
	.mime = "application/json",
	.read = health_body,
};

static enum status memory_body(struct call *call, const char *const *values,
                               struct resource_body *body)
{
	struct json_build b = { 0 };
	struct memory_hit hit = { 0 };
	enum status st = memory_show(call->project, values[0], call->arena, &hit, &call->err);
	cJSON *list, *one;

	if (st != OK)
		return st;
	list = json_array(&b);
	memory_json_add(&b, list, &hit);
	one = cJSON_DetachItemFromArray(list, 0);
	cJSON_Delete(list);
	return resource_json(call, &b, one, body);
}

const struct resource resource_memory = {
	.uri = "gadugi://memory/{id}",
	.name = "memory",
	.title = "Memory",
	.about = "One memory with its relations and its time of validity.",
	.mime = "application/json",
	.read = memory_body,
};

static enum status recipes(struct call *call, struct recipe_set **set)
{
	return recipe_load(call->project->root, call->arena, set, &call->err);
}

static enum status recipe_body(struct call *call, const char *const *values,
                               struct resource_body *body)
{
	struct recipe_set *set = NULL;
	struct json_build b = { 0 };
	const char *nearest = NULL;
	enum status st = recipes(call, &set);
	size_t at;

	if (st != OK)
		return st;
	if ((at = recipe_find(set, values[0], &nearest)) == RECIPE_NONE)
		return err_set(&call->err, E_ABSENT, "there is no recipe '%.60s'", values[0]);
	return resource_json(call, &b, recipe_json(&b, set, at), body);
}

static enum status recipe_items(struct call *call, const char *after, struct resource_page *page)
{
	struct recipe_set *set = NULL;
	enum status st = recipes(call, &set);

	(void)after;
	for (size_t i = 0; st == OK && i < set->n_recipes && page->n < RESOURCE_PAGE; i++)
		page->items[page->n++] = (struct resource_item){
			.values = { set->recipes[i].name },
			.title = set->recipes[i].title,
		};
	return st;
}

enum status complete_recipe(struct call *call, const char *prefix, struct completion *out)
{
	struct recipe_set *set = NULL;
	enum status st = recipes(call, &set);

	for (size_t i = 0; st == OK && i < set->n_recipes; i++)
		completion_add(out, set->recipes[i].name, prefix);
	return st;
}

static enum status recipe_complete(struct call *call, size_t which, const char *prefix,
                                   struct completion *out)
{
	(void)which;
	return complete_recipe(call, prefix, out);
}

const struct resource resource_recipe = {
	.uri = "gadugi://recipes/{name}",
	.name = "recipe",
	.title = "Recipe",
	.about = "What a component must do, how, and what it needs.",
	.mime = "application/json",
	.read = recipe_body,
	.list = recipe_items,
	.complete = recipe_complete,
};

static enum status agents(struct call *call, struct agent_set **set)
{
	const struct agent_places places = { .root = call->project->root,
		                             .home = getenv("HOME"),
		                             .config_home = getenv("XDG_CONFIG_HOME") };

	return agent_load(&places, call->arena, set, &call->err);
}

static enum status agent_body(struct call *call, const char *const *values,
                              struct resource_body *body)
{
	struct json_build b = { 0 };
	struct agent_set *set = NULL;
	const char *nearest = NULL;
	enum status st = agents(call, &set);
	size_t at;

	if (st != OK)
		return st;
	if ((at = agent_find(set, values[0], &nearest)) == AGENT_NONE)
		return err_set(&call->err, E_ABSENT, "there is no agent '%.60s'", values[0]);
	return resource_json(call, &b, agent_json(&b, &set->agents[at]), body);
}

static enum status agent_items(struct call *call, const char *after, struct resource_page *page)
{
	struct agent_set *set = NULL;
	enum status st = agents(call, &set);

	(void)after;
	for (size_t i = 0; st == OK && i < set->n_agents && page->n < RESOURCE_PAGE; i++)
		page->items[page->n++].values[0] = set->agents[i].name;
	return st;
}

static enum status agent_complete(struct call *call, size_t which, const char *prefix,
                                  struct completion *out)
{
	struct agent_set *set = NULL;
	enum status st = agents(call, &set);

	(void)which;
	for (size_t i = 0; st == OK && i < set->n_agents; i++)
		completion_add(out, set->agents[i].name, prefix);
	return st;
}

const struct resource resource_agent = {
	.uri = "gadugi://agents/{name}",
	.name = "agent",
	.title = "Agent",
	.about = "An agent that is defined here: what it is for and how it is started.",
	.mime = "application/json",
	.read = agent_body,
	.list = agent_items,
	.complete = agent_complete,
};
