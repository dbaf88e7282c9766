/* commands.c - the table of all commands, in the order of the help. */
#include "cli/command.h"

static const struct option_row decompose_options[] = {
	{ "format", 'f', OPTION_TEXT, NULL, "FORMAT",
	  "table (default), markdown, mermaid or json" },
	{ "workers", 'w', OPTION_NUMBER, "workers", "N", "schedule for N workers" },
	{ "goal", 'g', OPTION_FLAG, NULL, NULL, "the words are a goal: draft a plan for it" },
	{ "agent", 'a', OPTION_TEXT, NULL, "NAME", "the words are a goal: this agent plans it" },
	{ 0 },
};

static const struct option_row orchestrate_options[] = {
	{ "agent", 'a', OPTION_TEXT, "agent", "NAME", "who does the tasks that name no agent" },
	{ "jobs", 'j', OPTION_NUMBER, "jobs", "N", "how many at once" },
	{ "dry-run", 'n', OPTION_FLAG, "dryRun", NULL,
	  "check all, say what would happen, run nothing" },
	{ "detach", 'd', OPTION_FLAG, NULL, NULL, "print the run's id and return at once" },
	{ "merge", 0, OPTION_TEXT, "merge", "HOW",
	  "into: move the clean checkout to the results; pr: open a pull request; none" },
	{ "workflow", 0, OPTION_TEXT, "workflow", "NAME",
	  "stages for tasks that name none: implement-review, eleven-phases, or your own" },
	{ "conflicts", 0, OPTION_TEXT, "conflicts", "HOW",
	  "agent: resolves what cannot be merged; person: you do; stop: the run ends" },
	{ "no-merge", 0, OPTION_FLAG, NULL, NULL,
	  "leave the results on the run's branch (the default)" },
	{ "base", 0, OPTION_TEXT, "base", "COMMIT", "begin on this commit or branch" },
	{ "mode", 0, OPTION_TEXT, "mode", "MODE", "worktree, shared or sequential" },
	{ "retries", 0, OPTION_NUMBER, "retries", "N", "attempts after the first" },
	{ "timeout", 0, OPTION_NUMBER, "timeoutSeconds", "SECONDS", "for each attempt" },
	{ "budget", 0, OPTION_TEXTS, NULL, "WHAT=N",
	  "minutes=N, usd=N or tokens=N for this run; may be repeated" },
	{ "tags", 0, OPTION_FLAG, "tags", NULL, "an annotated tag for each batch" },
	{ "red-base", 0, OPTION_FLAG, "redBase", NULL,
	  "begin even where gates do not pass on the base" },
	{ "gate", 0, OPTION_TEXTS, "gates", "NAME", "only this configured gate; may be repeated" },
	{ 0 },
};

static const struct option_row runs_options[] = {
	{ "watch", 0, OPTION_FLAG, NULL, NULL, "show progress until the run has ended" },
	{ "log", 'l', OPTION_FLAG, NULL, NULL, "what the task's agent said" },
	{ "gate", 0, OPTION_TEXT, "gate", "NAME", "with --log: what this gate said" },
	{ "limit", 0, OPTION_NUMBER, "limit", "N", "how many" },
	{ "cursor", 0, OPTION_TEXT, "cursor", "CURSOR", "go on where the last answer ended" },
	{ 0 },
};

static const struct option_row resume_options[] = {
	{ "budget", 0, OPTION_TEXTS, NULL, "WHAT=N",
	  "minutes=N, usd=N or tokens=N of the run from now on; may be repeated" },
	{ "detach", 'd', OPTION_FLAG, NULL, NULL, "return at once" },
	{ 0 },
};

static const struct option_row discard_options[] = {
	{ "confirm", 'y', OPTION_FLAG, "confirm", NULL,
	  "do it; else say what would be lost, and ask" },
	{ 0 },
};

static const struct option_row remember_options[] = {
	{ "kind", 'k', OPTION_TEXT, "kind", "KIND", "decision, lesson, fact, ..." },
	{ "entity", 'e', OPTION_TEXT, "entity", "NAME", "what it is about" },
	{ "scope", 's', OPTION_TEXT, "scope", "SCOPE", "who shall find it" },
	{ "author", 0, OPTION_TEXT, "author", "NAME", "who says so" },
	{ "session", 0, OPTION_TEXT, "session", "ID", "in which session" },
	{ "importance", 0, OPTION_NUMBER, "importance", "N", "how much it matters" },
	{ "from", 0, OPTION_TEXT, "validFrom", "TIME", "true since" },
	{ "to", 0, OPTION_TEXT, "validTo", "TIME", "true until" },
	{ "relation", 'r', OPTION_TEXTS, NULL, "TYPE=NAME",
	  "how the entity relates to another; may be repeated" },
	{ "origin", 0, OPTION_TEXT, "origin", "WORD", "user, agent, tool or web: who said it" },
	{ "supersedes", 0, OPTION_TEXT, "supersedes", "ID", "the memory that it replaces" },
	{ 0 },
};

static const struct option_row recall_options[] = {
	{ "limit", 'n', OPTION_NUMBER, "limit", "N", "most memories wanted" },
	{ "kind", 'k', OPTION_TEXTS, "kinds", "KIND", "only of this kind; may be repeated" },
	{ "entity", 'e', OPTION_TEXT, "entity", "NAME", "only about this" },
	{ "scope", 's', OPTION_TEXT, "scope", "SCOPE", "only of this scope" },
	{ "as-of", 0, OPTION_TEXT, "asOf", "TIME", "what was known and true then" },
	{ "also", 0, OPTION_TEXTS, "also", "QUERY", "another way to say it; may be repeated" },
	{ "max-tokens", 0, OPTION_NUMBER, "maxTokens", "N", "about how long the answer may be" },
	{ "hops", 0, OPTION_NUMBER, "hops", "N", "how far to follow relations" },
	{ 0 },
};

static const struct option_row forget_options[] = {
	{ "query", 'q', OPTION_TEXT, "query", "QUERY", "what matches, with --confirm" },
	{ "confirm", 'y', OPTION_FLAG, "confirm", NULL, "do it without asking" },
	{ "purge", 0, OPTION_FLAG, "purge", NULL,
	  "remove it for good instead of ending its validity" },
	{ 0 },
};

static const struct option_row memory_options[] = {
	{ "format", 'f', OPTION_TEXT, "format", "FORMAT",
	  "jsonl (default), markdown, server-memory; export also cypher, graphml" },
	{ "limit", 'n', OPTION_NUMBER, "limit", "N",
	  "git: so many commits (5000); tidy: show so many (50)" },
	{ "confirm", 'y', OPTION_FLAG, "confirm", NULL, "tidy: do it without asking" },
	{ "shared", 0, OPTION_FLAG, "shared", NULL,
	  "what is for all projects (scopes team and global), not this one's" },
	{ "dry-run", 0, OPTION_FLAG, "dryRun", NULL,
	  "tidy: only say what would go, which is usual" },
	{ "skip", 0, OPTION_NUMBER, "skip", "N", "git: leave out the newest" },
	{ "output", 'o', OPTION_TEXT, "path", "FILE", "export: write there" },
	{ 0 },
};

static const struct option_row coach_options[] = {
	{ "issues", 0, OPTION_TEXT, "issues", "HOW", "draft or post issues for what was found" },
	{ "since", 0, OPTION_TEXT, "since", "TIME", "only what happened since then" },
	{ "follow", 0, OPTION_FLAG, NULL, NULL,
	  "go on as sessions do, from where the last time ended; with --json one finding a line" },
	{ "learn", 0, OPTION_FLAG, "learn", NULL, "remember what was found as lessons" },
	{ "patches", 0, OPTION_FLAG, "patches", NULL,
	  "write rules, permissions and gates as patches, for you to apply" },
	{ 0 },
};

static const struct option_row report_options[] = {
	{ "output", 'o', OPTION_TEXT, NULL, "FILE", "write it there: .html, .md or .json" },
	{ "format", 'f', OPTION_TEXT, NULL, "FORMAT", "html, markdown or json" },
	{ "since", 0, OPTION_TEXT, "since", "TIME", "only sessions that went on since then" },
	{ 0 },
};

static const struct option_row events_options[] = {
	{ "follow", 'f', OPTION_FLAG, NULL, NULL, "go on as events come" },
	{ "topic", 't', OPTION_TEXT, "topic", "GLOB",
	  "only topics like this: task.*.*.failed, run.#" },
	{ "after", 0, OPTION_NUMBER, NULL, "SEQ",
	  "begin after this number (0: from the first on)" },
	{ "limit", 'n', OPTION_NUMBER, "limit", "N", "at most so many" },
	{ 0 },
};

static const struct option_row ask_options[] = {
	{ "option", 'o', OPTION_TEXTS, "options", "TEXT",
	  "an answer to choose from; may be repeated" },
	{ "approval", 0, OPTION_FLAG, "approval", NULL, "to be approved or denied" },
	{ "timeout", 0, OPTION_NUMBER, "timeoutSeconds", "SECONDS",
	  "after that nobody answered, which is no answer" },
	{ "wait", 0, OPTION_NUMBER, NULL, "SECONDS",
	  "wait no longer than that; the question stays" },
	{ "name", 0, OPTION_TEXT, "name", "NAME", "who asks" },
	{ 0 },
};

static const struct option_row recipes_options[] = {
	{ "results", 0, OPTION_TEXT, "results", "FILE",
	  "verify: what the tests said; without it the gates are run" },
	{ "matrix", 0, OPTION_FLAG, NULL, NULL,
	  "verify: each requirement with its tests and their results, as a table" },
	{ "wait", 0, OPTION_NUMBER, "waitSeconds", "SECONDS",
	  "verify: how long to wait for the gates; to their end when nothing is said" },
	{ "dry-run", 'n', OPTION_FLAG, "dryRun", NULL,
	  "implement, rollback: only say what would be done" },
	{ "force", 'f', OPTION_FLAG, "force", NULL,
	  "implement: also what has not changed; rollback: also files changed by hand" },
	{ "agent", 'a', OPTION_TEXT, "agent", "NAME", "implement: who does it" },
	{ "jobs", 'j', OPTION_NUMBER, "jobs", "N", "implement: how many at once" },
	{ "detach", 'd', OPTION_FLAG, NULL, NULL, "implement: do not wait for the end" },
	{ "merge", 0, OPTION_TEXT, "merge", "none|into|pr",
	  "implement: what becomes of the run's branch" },
	{ "needs", 0, OPTION_TEXTS, "needs", "NAME", "new: a recipe that must be there first" },
	{ "limit", 0, OPTION_NUMBER, "limit", "N", "list, history: at most so many" },
	{ "cursor", 0, OPTION_TEXT, "cursor", "CURSOR", "go on where a list ended" },
	{ 0 },
};

static const struct option_row install_options[] = {
	{ "dry-run", 'n', OPTION_FLAG, NULL, NULL, "only say what would be written" },
	{ "project", 0, OPTION_FLAG, NULL, NULL, "in a file of this project instead of yours" },
	{ 0 },
};

const struct command cli_commands[] = {
	{ "decompose", "FILE|FOLDER|-|GOAL...",
	  "turn a plan into tasks, order, critical path and findings", "decompose",
	  decompose_options, 1, -1, command_decompose },
	{ "estimates", "[reset]", "what finished runs taught about estimates", "estimates", NULL, 0,
	  1, command_estimates },
	{ "orchestrate", "FILE|PLAN_ID", "run a plan with agents, in parallel", "orchestrate",
	  orchestrate_options, 1, 1, command_orchestrate },
	{ "runs", "[RUN_ID [TASK_ID]]", "list runs; show one, or a task of it", "runs",
	  runs_options, 0, 2, command_runs },
	{ "cancel", "RUN_ID [TASK_ID]", "end a run or a task", "runs", NULL, 1, 2,
	  command_control },
	{ "pause", "RUN_ID", "start nothing new in a run", "runs", NULL, 1, 1, command_control },
	{ "resume", "RUN_ID", "go on with a run that was paused, interrupted or failed", "runs",
	  resume_options, 1, 1, command_resume },
	{ "retry", "RUN_ID TASK_ID", "try a task again", "runs", NULL, 1, 2, command_control },
	{ "approve", "RUN_ID [TASK_ID]", "let a task, or all, that wait for approval go on", "runs",
	  NULL, 1, 2, command_control },
	{ "skip", "RUN_ID TASK_ID", "leave a task out; what needs it goes on", "runs", NULL, 2, 2,
	  command_control },
	{ "rollback", "RUN_ID BATCH", "move a run's branch back to the checkpoint of a batch",
	  "runs", NULL, 2, 2, command_rollback },
	{ "discard", "RUN_ID TASK_ID | WORKTREE", "throw away what a task has left", "runs",
	  discard_options, 1, 2, command_discard },
	{ "remember", "TEXT...", "keep a decision, a fact, a lesson", "remember", remember_options,
	  1, -1, command_remember },
	{ "recall", "[QUERY...]", "find what was remembered", "recall", recall_options, 0, -1,
	  command_recall },
	{ "forget", "[ID...]", "take back what is wrong or outdated", "forget", forget_options, 0,
	  -1, command_forget },
	{ "memory", "import FILE|- | export | stats | git | tidy",
	  "all that is remembered, as a whole", "memory", memory_options, 0, 2, command_memory },
	{ "coach", "[RUN_ID|FILE|DIR]", "what cost time, and what to change", "coach",
	  coach_options, 0, 1, command_coach },
	{ "report", "[RUN_ID|FILE|DIR]", "the same as a page to keep: timeline, findings, cost",
	  "coach", report_options, 0, 1, command_report },
	{ "events", "[publish TOPIC [JSON] | subscribers | deadletters | replay]",
	  "what happened, in order", "events", events_options, 0, 3, command_events },
	{ "agents", "[list|show|validate|start|stop|log NAME | questions | answer ID TEXT]",
	  "who can do tasks here, and how they fare", "agents", NULL, 0, 3, command_agents },
	{ "recipes",
	  "[list|show NAME|new NAME|validate|graph|plan|implement|verify|history|rollback NAME]",
	  "requirements and designs of components", "recipes", recipes_options, 0, 3,
	  command_recipes },
	{ "ask", "TEXT...", "ask a person, from inside a task too, and wait for the answer",
	  "agents", ask_options, 1, -1, command_ask },
	{ "call", "TOOL [JSON|@FILE|-]", "call any tool with JSON arguments", NULL, NULL, 1, 2,
	  command_call },
	{ "trust", "", "let this project's configuration define commands", NULL, NULL, 0, 0,
	  command_trust },
	{ "install", "HOST", "make gadugi known to a host", NULL, install_options, 0, 1,
	  command_install },
	{ "uninstall", "HOST", "take it away again", NULL, install_options, 0, 1, command_install },
	{ "doctor", "", "look for what is missing or wrong", NULL, NULL, 0, 0, command_doctor },
	{ "version", "", "show the version", NULL, NULL, 0, 0, command_version },
	{ "help", "[COMMAND|TOOL]", "show this, or more about a command", NULL, NULL, 0, 1,
	  command_help },
	{ 0 },
};
