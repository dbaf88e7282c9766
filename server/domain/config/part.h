/*
 * part.h - one configuration file, read and checked, before it is merged with the other.
 * For the files of domain/config only. All of it lives in the reader's arena.
 */
#ifndef DOMAIN_CONFIG_PART_H
#define DOMAIN_CONFIG_PART_H

#include "domain/config.h"
#include "domain/config_events.h"
#include "sys/yaml.h"

/* A memory permission; the first whose actor matches decides. `*` at the end matches any rest. */
struct config_rule {
	const char *actor;
	struct config_texts read, write; /* patterns of scopes */
};

struct part_rules {
	struct config_rule *at;
	size_t n;
	bool given; /* without rules everything is allowed; with an empty list, nothing */
};

/* Both files' rules: the user's and the project's. */
struct config_rules {
	struct part_rules user, project;
};

struct part_agent {
	const char *name, *preset;
	struct config_texts command, args, writable, environment;
	int prompt; /* enum config_prompt, -1: not said */
};

struct part_gate {
	const char *name;
	struct config_texts command;
	int when; /* enum config_when, -1: not said */
	int64_t timeout_ms;
	long reruns;  /* -1: not said */
	int baseline; /* 0, 1, -1: not said */
};

/* What a file says; -1, NULL and 0 stand for nothing said. */
struct part {
	struct part_agent *agents;
	size_t n_agents;
	struct part_gate *gates;
	size_t n_gates;
	const char *default_agent;
	long jobs, retries;
	int64_t timeout_ms, stall_ms;
	int mode; /* enum config_mode */
	struct config_budget budget;
	struct config_texts setup;
	int conflicts; /* enum config_conflicts */
	const char *workflow;
	int tags; /* 0, 1, -1 */
	struct config_texts issue_command, issue_labels;
	struct config_texts pull_push, pull_command;
	int flags[CONFIG_FLAGS_N];
	struct part_rules rules;
	struct config_keep *keep;
	size_t n_keep;
	struct config_price *prices;
	size_t n_prices;
	int merge, tidy_runs; /* 0, 1, -1: not said */
	struct config_events events;
};

struct part_reader {
	const char *name; /* for messages */
	const char *root; /* of the project; NULL when it is the user's file */
	const char *home;
	struct arena *arena;
	struct err *err;
};

/* The file's tree into *out. E_INPUT on the first mistake. */
enum status part_read(struct part_reader *r, const struct yaml *tree, struct part *out);

/*
 * A path of the file: `~/x` in the home folder, absolute, or (commands of a project) from the
 * project's root. E_INPUT at `at` when it is none of these.
 */
enum status part_path(struct part_reader *r, const struct yaml *at, const char *path,
                      const char **out);

/* n texts, with room for the NULL behind them, or NULL when the arena is full. */
const char **part_texts(struct part_reader *r, size_t n);

/* Both files' parts about events as one. */
enum status config_events_unite(const struct config_events *user,
                                const struct config_events *project, struct arena *a,
                                const struct config_events **out, struct err *err);

/* The preset's names, NULL at the end, and whether this is one. */
const char *const *preset_names(void);
bool preset_known(const char *name);

/* What an agent is in the end: its preset's command, folders and variables with its own added. */
enum status preset_apply(struct part_reader *r, const struct part_agent *from,
                         struct config_agent *out);

#endif
