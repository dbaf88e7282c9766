/*
 * config_events.h - what the user settled about events: how long they are kept, and which
 * commands are run for them. Part of a configuration (domain/config.h), with its lifetime.
 *
 *	events:
 *	  keep: {days: 30, most: 1000000, megabytes: 1024, deadDays: 7}
 *	  jobs: 4
 *	  subscribers:
 *	    - {name: tell, topic: task.*.*.failed, command: [./tell.sh], priority: high}
 *
 * The project's numbers win over the user's, and its subscribers over those of the same name;
 * without trust the project's file has none.
 */
#ifndef DOMAIN_CONFIG_EVENTS_H
#define DOMAIN_CONFIG_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "domain/config.h"

#define CONFIG_SUBSCRIBERS_MAX 100 /* of one file */

/* A command that is run for each event, with the event as one line of JSON on its stdin. */
struct config_subscriber {
	const char *name, *topic;
	const char *type, *source; /* NULL: all */
	int least;                 /* enum event_priority; 0: all */
	struct config_texts command;
	int64_t timeout_ms;
	long attempts;
};

struct config_events {
	int64_t age_ms, most, bytes; /* how long, how many and how much is kept */
	int64_t dead_ms;             /* the same of dead letters */
	long jobs;                   /* agents and commands that events start, at once */
	struct config_subscriber *subscribers;
	size_t n_subscribers;
};

/* The command that subscribes under that name, or NULL. */
const struct config_subscriber *config_subscriber_find(const struct config *c, const char *name);

#endif
