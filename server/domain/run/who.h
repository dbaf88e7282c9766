/*
 * who.h - who can do the tasks of a run: the agents of the configuration, and those described in
 * Markdown files (domain/agent.h), which are run by one of the former.
 *
 * A described agent has its own words (its role) before each task, its model and, where the program
 * knows how, only its tools; its file names the configured agent that runs it, else the default one
 * does. A configured agent wins by name. A file in the project can thus never bring a command.
 */
#ifndef DOMAIN_RUN_WHO_H
#define DOMAIN_RUN_WHO_H

#include "domain/agent.h"
#include "domain/config.h"
#include "domain/project.h"

/* The same configuration with the described agents among its agents, in the arena. */
enum status who_join(const struct project *p, const struct config *c, struct arena *a,
                     const struct config **out, struct err *err);

/*
 * Who runs a described agent: the configured one that its file names, else the default one, with
 * what the file says. In the arena. E_ABSENT and E_DENIED as config_agent_find.
 */
enum status who_described(const struct config *c, const struct agent *md, struct arena *a,
                          const struct config_agent **out, struct err *err);

#endif
