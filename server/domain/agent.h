/*
 * agent.h - who can work: agents as Markdown files with YAML front matter.
 *
 * Found in ROOT/.gadugi/agents, ROOT/.claude/agents and the user's folders, in that order;
 * the first one wins by name. They are read at each asking, so changes are seen at once;
 * all of them become one catalogue that lives in the caller's arena and is not changed
 * afterwards. A file is what Claude Code reads (name, description, tools as a list or with
 * commas, model), and some keys of gadugi's own. Mistakes are findings with their place,
 * never a reason to hide the other agents.
 *
 * A file names the configured agent that runs it (`preset`), or, only in the user's own
 * folders, a command. A command in a project's folder is a mistake and never run: such a
 * file may have come with the repository.
 */
#ifndef DOMAIN_AGENT_H
#define DOMAIN_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

#define AGENT_BYTES_MAX  ((size_t)512 << 10) /* of a file */
#define AGENTS_MAX       1000
#define AGENT_NAME_MAX   80
#define AGENT_LISTED_MAX 200 /* items of any list in a file */
#define AGENT_RESTARTS   3   /* in a row, unless a file says otherwise */
#define AGENT_NONE       ((size_t)-1)

enum agent_severity { AGENT_INFO, AGENT_WARNING, AGENT_ERROR };
enum agent_restart { AGENT_NEVER, AGENT_ON_FAILURE, AGENT_ALWAYS };

struct agent_texts {
	const char **at; /* at[n] is NULL */
	size_t n, room;
};

struct agent {
	const char *name;           /* never NULL */
	const char *description;    /* "" when it is missing */
	const char *model;          /* or NULL */
	const char *preset;         /* the configured agent that runs it; NULL: the default one */
	struct agent_texts command; /* argv, from the user's own folders only */
	bool all_tools;             /* `tools` is not stated: it may use all */
	struct agent_texts tools;
	struct agent_texts subscribes, publishes; /* topic patterns */
	struct agent_texts approvals;             /* what it must ask before it does */
	enum agent_restart restart;               /* on-failure unless stated */
	int restarts_max;                         /* in a row */
	int64_t timeout_ms;                       /* of one start; 0: the configuration's */
	int64_t
	    heartbeat_ms; /* it says something at least so often, else it has failed; 0: need not */
	int concurrency;  /* how many at a time; 1 unless stated */
	const char *prompt; /* the text after the front matter; never NULL */
	const char *path;   /* of the file */
	const char *source; /* project, claude, user, user-claude */
	long line;          /* of its name */
};

struct agent_finding {
	const char *code; /* documented in agent/find.c's table */
	enum agent_severity severity;
	const char *message;
	const char *path;
	long line;
	const char *agent; /* its name, or NULL */
};

struct agent_set {
	struct agent *agents; /* by name */
	size_t n_agents, agents_room;
	struct agent_finding *findings; /* by file and line */
	size_t n_findings, findings_room;
	bool sound; /* no error among them */
};

/* Where to look. */
struct agent_places {
	const char *root;        /* of the project; NULL: none */
	const char *home;        /* NULL: unknown, or to be left out */
	const char *config_home; /* $XDG_CONFIG_HOME, or NULL: HOME/.config */
	const char *const
	    *more_tools; /* names of tools that gadugi offers; NULL ends; may be NULL */
};

/* Read all there are. Folders that are not there are no failure. */
enum status agent_load(const struct agent_places *places, struct arena *a, struct agent_set **out,
                       struct err *err);

/* As agent_load for one file, wherever it is. E_ABSENT when it is not there. */
enum status agent_load_file(const struct agent_places *places, const char *path, struct arena *a,
                            struct agent_set **out, struct err *err);

/* Index of the agent of that name, or AGENT_NONE with *nearest set (NULL: none is near). */
size_t agent_find(const struct agent_set *set, const char *name, const char **nearest);

/* Is there a finding about that name? One that could not be read is known by these alone. */
bool agent_has_finding(const struct agent_set *set, const char *name);

/* Has the agent of that name no mistake in its file? E_INPUT: FILE:LINE and what is wrong. */
enum status agent_sound(const struct agent_set *set, const char *name, struct err *err);

cJSON *agent_summary_json(struct json_build *b, const struct agent *agent);
cJSON *agent_json(struct json_build *b, const struct agent *agent);
cJSON *agent_finding_json(struct json_build *b, const struct agent_finding *f);

#endif
