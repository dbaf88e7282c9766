/*
 * gates.h - the commands that a recipe wants to succeed, and who may run them.
 *
 * dependencies.json comes with the repository, so that its commands are no one's to run by
 * themselves. They are run when the user allowed tasks to be commands (an agent with preset
 * shell, in a configuration that is trusted), and when one is a gate of that configuration, word
 * for word.
 */
#ifndef DOMAIN_RECIPE_GATES_H
#define DOMAIN_RECIPE_GATES_H

#include "domain/config.h"
#include "domain/recipe.h"

#define RECIPE_GATES_NOTE                                                                          \
	"these gates come with the repository and are not run: allow commands with agents: "       \
	"{shell: {preset: shell}} in .gadugi/config, or make them gates there"

/* The agent that may run them as tasks; NULL: none. */
const char *recipe_gate_agent(const struct config *config);

/* Is it, word for word, a configured gate? */
bool recipe_gate_configured(const struct config *config, const struct recipe_gate *gate);

#endif
