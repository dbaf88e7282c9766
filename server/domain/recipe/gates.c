#include "domain/recipe/gates.h"

#include <string.h>

const char *recipe_gate_agent(const struct config *config)
{
	if (config->untrusted != NULL || !config->flags[CONFIG_SHELL])
		return NULL;
	for (size_t i = 0; i < config->n_agents; i++)
		if (config->agents[i].shell)
			return config->agents[i].name;
	return NULL;
}

bool recipe_gate_configured(const struct config *config, const struct recipe_gate *gate)
{
	for (size_t i = 0; i < config->n_gates; i++) {
		const struct config_texts *command = &config->gates[i].command;
		size_t k = 0;

		while (k < command->n && gate->argv[k] != NULL &&
		       strcmp(command->at[k], gate->argv[k]) == 0)
			k++;
		if (k == command->n && gate->argv[k] == NULL)
			return true;
	}
	return false;
}
