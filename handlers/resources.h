/* resources.h - the constant rows that handlers/all.c puts in order, and what they share. */
#ifndef HANDLERS_RESOURCES_H
#define HANDLERS_RESOURCES_H

#include "handlers/prompt.h"
#include "handlers/resource.h"

extern const struct resource resource_health;
extern const struct resource resource_plan;
extern const struct resource resource_run;
extern const struct resource resource_log;
extern const struct resource resource_memory;
extern const struct resource resource_recipe;
extern const struct resource resource_agent;

extern const struct prompt prompt_plan;
extern const struct prompt prompt_implement_recipe;
extern const struct prompt prompt_retrospective;

/* End a build: root's text becomes the body; root is deleted. */
enum status resource_json(struct call *call, const struct json_build *b, cJSON *root,
                          struct resource_body *body);

/* Add a value that begins with prefix; those past the room are only counted. */
void completion_add(struct completion *out, const char *value, const char *prefix);

/* Names of recipes, ids of runs, that begin with prefix. */
enum status complete_recipe(struct call *call, const char *prefix, struct completion *out);
enum status complete_run(struct call *call, const char *prefix, struct completion *out);

#endif
