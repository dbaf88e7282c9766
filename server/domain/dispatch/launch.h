/* launch.h - how an agent, or a command, of a dispatcher is started; for its files only. */
#ifndef DOMAIN_DISPATCH_LAUNCH_H
#define DOMAIN_DISPATCH_LAUNCH_H

#include "domain/config.h"
#include "domain/dispatch/own.h"
#include "domain/run/agent.h"
#include "sys/proc.h"

struct launch {
	struct dispatch *dispatch;
	const char *name;          /* of the agent, or of the command */
	bool command;              /* it is a command of the configuration */
	const struct agent *agent; /* its definition, or NULL */
	const char *event; /* the event that starts it as JSON, or NULL: it runs by itself */
	struct arena *arena;
	struct err *err;
	/* by launch_resolve */
	const struct config *config;
	struct agent_start how;
	int64_t timeout_ms; /* 0: none */
	bool ask;           /* each start needs an approval */
};

/* What is to be run, with which words, for how long at most. */
enum status launch_resolve(struct launch *l);

/*
 * All that proc_start and proc_run need: its folder is made, it is confined, a warden watches over
 * it (sys/warden.h). The marks are the caller's, NULL-terminated. The sandbox is the caller's to
 * free.
 */
enum status launch_prepare(struct launch *l, const char *const *marks, struct proc_spec *spec,
                           struct sandbox **sandbox);

#endif
