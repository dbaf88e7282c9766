#include "handlers/agents_configured.h"

#include <string.h>

#include "domain/config.h"
#include "domain/project.h"

/* Is it the one that tasks get which name none? */
static bool is_default(const struct config *c, const struct config_agent *agent)
{
	return c->defaults.agent == NULL ? c->n_agents == 1
	                                 : strcmp(c->defaults.agent, agent->name) == 0;
}

void agents_put_configured(struct call *call, struct json_build *b, cJSON *answer)
{
	const struct config *c = NULL;
	cJSON *list;

	if (project_config(call->project, &c, NULL) != OK || c->n_agents == 0)
		return;
	list = json_put_array(b, answer, "configured");
	for (size_t i = 0; i < c->n_agents; i++) {
		const struct config_agent *agent = &c->agents[i];
		cJSON *one = json_add_object(b, list), *words;

		json_put_text(b, one, "name", agent->name);
		if (agent->preset != NULL) {
			json_put_text(b, one, "preset", agent->preset);
		} else {
			words = json_put_array(b, one, "command");
			for (size_t k = 0; k < agent->command.n; k++)
				json_add_text(b, words, agent->command.at[k]);
		}
		if (is_default(c, agent))
			json_put_flag(b, one, "default", true);
	}
}
