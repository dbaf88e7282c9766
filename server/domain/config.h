/*
 * config.h - what the user settled: agents, defaults, gates, budget, permissions.
 *
 * Two YAML files make a configuration: the user's ($XDG_CONFIG_HOME/gadugi/config, else
 * ~/.config/gadugi/config) and the project's (ROOT/.gadugi/config). The project's settings
 * win, but never widen what the user's allow: flags that are off stay off, the smaller
 * budget counts, an agent keeps to the folders and variables that the user's file gives it,
 * and memory permissions need both files' consent.
 *
 * A project file that came with the repository (tracked by git), or belongs to another user,
 * defines no command until the user trusted exactly these bytes (`gadugi trust`): then
 * `untrusted` says why, and agents, gates and setup of that file are left out.
 *
 * A configuration is not changed after it was made and may be read by all threads.
 */
#ifndef DOMAIN_CONFIG_H
#define DOMAIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

#define CONFIG_BYTES_MAX   ((size_t)256 << 10)
#define CONFIG_JOBS_MAX    64
#define CONFIG_RETRIES_MAX 20

/* Texts; at[n] is NULL, so that a command can be given to exec as it is. */
struct config_texts {
	const char *const *at;
	size_t n;
};

enum config_prompt { CONFIG_STDIN, CONFIG_ARG }; /* how the prompt reaches the agent */
enum config_when { CONFIG_TASK, CONFIG_BATCH, CONFIG_RUN };
enum config_said { CONFIG_NO, CONFIG_YES, CONFIG_UNSAID };
enum config_conflicts { CONFIG_BY_PERSON, CONFIG_BY_AGENT, CONFIG_BY_STOP };
enum config_mode { CONFIG_WORKTREE, CONFIG_SHARED, CONFIG_SEQUENTIAL };

struct config_agent {
	const char *name;
	const char *preset; /* claude, codex, gemini, opencode, shell; NULL: its own command */
	struct config_texts command; /* argv, options included; empty for preset shell, which runs
	                                the task's own command */
	enum config_prompt prompt;
	struct config_texts confined;    /* argv instead, when we keep it to its folder; empty: the
	                                    same */
	struct config_texts resume;      /* added to go on with a session; {} stands for its id */
	const char *role;                /* words before each task, or NULL; none of the file's */
	int64_t timeout_ms;              /* of an attempt; 0: the run's */
	bool shell;                      /* preset shell */
	struct config_texts writable;    /* absolute paths it may write beside its worktree */
	struct config_texts environment; /* names of variables it gets beside the usual ones; one
	                                    that ends in `*` stands for all that begin so */
};

struct config_gate {
	const char *name;
	struct config_texts command;
	enum config_when when;
	int64_t timeout_ms;
	long reruns; /* after it failed by itself, to tell a flaky one; on the same tree */
	enum config_said
	    baseline; /* must it pass before anything starts? Unsaid: unless of the run */
};

struct config_defaults {
	const char *agent; /* NULL: none stated; the only agent there is, if it is the only one */
	long jobs, retries;
	int64_t timeout_ms, stall_ms;
	enum config_mode mode;
	bool tags;                       /* an annotated tag for each batch */
	const char *workflow;            /* of tasks that name none, or NULL */
	enum config_conflicts conflicts; /* what becomes of a result that cannot be merged */
};

struct config_budget { /* 0: no limit */
	double minutes, usd;
	int64_t tokens;
};

enum config_flag {
	CONFIG_COACH,   /* look at a run when it has ended */
	CONFIG_MEMORY,  /* give agents what is remembered, remember how runs went */
	CONFIG_CONFINE, /* keep agents to their folders (Landlock) where the system can */
	CONFIG_AHEAD,   /* make the next worktree while agents work */
	CONFIG_SHELL,   /* tasks with a command of their own (preset shell) */
	CONFIG_FLAGS_N,
};

struct config_events; /* domain/config_events.h */
struct config_rules;  /* memory permissions */

/*
 * How long memories are kept that a rule is about; 0: it does not say. What it does not say
 * the next rule that matches may. The project's rules come before the user's.
 */
struct config_keep {
	const char *kind, *scope, *origin; /* NULL: any; `*` at the end matches any rest */
	double days;                       /* neither told nor recalled for so long: forgotten */
	double half_life_days;             /* what it is worth halves in so long without use */
	double purge_days;                 /* forgotten so long ago: deleted for good */
	long most;                         /* so many, those worth most */
};

/* What tokens cost, in USD a million, where the host does not say; none but the user's own. */
struct config_price {
	const char *model;                             /* `*` at the end matches any rest */
	double input, output, cache_read, cache_write; /* cache below 0: as input */
};

struct config {
	struct config_agent *agents; /* the user's first, then the project's own */
	size_t n_agents;
	struct config_gate *gates;
	size_t n_gates;
	struct config_defaults defaults;
	struct config_budget budget;
	struct config_texts setup;         /* argv, run once in a new worktree; empty: none */
	struct config_texts issue_command; /* posts an issue of the coach; empty: none does */
	struct config_texts issue_labels;
	struct config_texts pull_push, pull_command; /* open a pull request; empty: none does */
	bool flags[CONFIG_FLAGS_N];                  /* true unless switched off */
	const struct config_events *events;          /* never NULL */
	const struct config_rules *rules;
	const struct config_keep *keep; /* rules of retention */
	size_t n_keep;
	const struct config_price *prices; /* the first that matches counts */
	size_t n_prices;
	bool merge;     /* a memory that another says in full gives way to it */
	bool tidy_runs; /* the rules are applied after runs */
	const char *user_path, *project_path; /* where the two files are or would be */
	const char *untrusted; /* why the project's commands were left out; NULL: they were not */
};

/* One of the two files, as it was read. */
struct config_source {
	const char *path;  /* for messages; never NULL */
	const char *bytes; /* NULL: there is no such file, which is as good as an empty one */
	size_t size;
};

struct config_files {
	struct config_source user, project;
	const char *root;     /* relative commands of the project's file are taken from there */
	const char *home;     /* what ~ stands for; NULL: unknown */
	const char *distrust; /* why the project's file may define no commands ("is tracked by
	                         git"); NULL: it may */
};

/*
 * Make a configuration, in the arena, of both files. E_INPUT with FILE:LINE:COLUMN on the
 * first mistake. Nothing of the sources is kept.
 */
enum status config_read(const struct config_files *files, struct arena *a,
                        const struct config **out, struct err *err);

/*
 * The agent of that name; NULL asks for the default one. E_ABSENT lists the agents there are
 * and says how to add one; E_DENIED when it, or all, were left out for want of trust.
 */
enum status config_agent_find(const struct config *c, const char *name,
                              const struct config_agent **out, struct err *err);

/* E_DENIED, saying what to do, when commands were left out; runs must not go on without gates. */
enum status config_trusted(const struct config *c, struct err *err);

/*
 * May the actor (`user`, `agent:NAME`, `host:NAME`, ...) read or write memories of the scope
 * (`project`, `session:ID`, ...)? Without rules everyone may do everything.
 */
bool config_may_read(const struct config *c, const char *actor, const char *scope);
bool config_may_write(const struct config *c, const char *actor, const char *scope);

/* What both allow: of each limit the smaller one that is set. */
struct config_budget config_budget_both(const struct config_budget *a,
                                        const struct config_budget *b);

/* Does a pattern, which may end in `*`, match? */
bool config_matches(const char *pattern, const char *name);

/* Everything that the configuration may run, a text each, as the member `commands`. */
void config_put_commands(struct json_build *b, cJSON *object, const struct config *c);

/* Words of the enums, as the file has them. */
const char *config_mode_word(enum config_mode mode);
const char *config_when_word(enum config_when when);
const char *config_flag_word(enum config_flag flag);

const char *config_conflicts_word(enum config_conflicts conflicts);
bool config_conflicts_read(const char *word, enum config_conflicts *out);

/* The word's mode; false when there is none. */
bool config_mode_read(const char *word, enum config_mode *out);

#endif
