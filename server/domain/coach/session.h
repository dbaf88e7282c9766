/*
 * session.h - what happened in one session, whatever host wrote it down.
 *
 * A session is a main file and the files of its subagents; readers (claude.c, codex.c, ...)
 * turn their lines into calls of the functions below. Afterwards session_close puts what
 * happened in order of time, and measure.c and find_*.c read it. It holds no texts but
 * short ones: of a call its tool, target, normal command and, when it failed, the head of
 * its error. All of it lives in one arena; an arena that is full is noticed at the end.
 */
#ifndef DOMAIN_COACH_SESSION_H
#define DOMAIN_COACH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "domain/coach/usage.h"
#include "domain/config.h"

#define SESSION_LINE_MAX  ((size_t)32 << 20)  /* longer lines are counted and skipped */
#define SESSION_WHOLE_MAX ((size_t)128 << 20) /* of a file that is one value */
#define SESSION_ERROR     200                 /* bytes of an error's signature */
#define SESSION_SEEN      8                   /* prompts remembered by session_first */
#define SESSION_NO_TIME   INT64_MIN

/* What a tool does, by the table of names in call.c. */
enum act {
	ACT_OTHER,
	ACT_READ,   /* a file */
	ACT_SEARCH, /* Grep, Glob, LS: reads many */
	ACT_FETCH,
	ACT_EDIT,
	ACT_SHELL,
	ACT_AGENT, /* starts a subagent */
};

/* Why a call did not succeed. */
enum failure { FAIL_NONE, FAIL_ERROR, FAIL_DENIED, FAIL_INTERRUPTED };

struct session_call {
	const char *tool;    /* as the host names it */
	const char *target;  /* file or address, NULL when there is none */
	const char *command; /* normal command of a shell call, or NULL */
	const char *head;    /* of the command: `npm test`; else the tool's name */
	const char *error;   /* masked head of what a failed call said, or NULL */
	enum act act;
	enum failure failure;
	uint64_t id;    /* hash of the host's id of the call */
	uint64_t input; /* hash of tool and normal input: equal calls have equal inputs */
	uint64_t gate;  /* of a gate: hash of its command; 0: no gate */
	uint64_t old_text, new_text; /* of an edit: hashes, 0 when unknown */
	int64_t start_ms, end_ms;    /* SESSION_NO_TIME when unknown */
	size_t result_bytes;
	uint32_t file, line, end_line; /* where call and result stand */
	uint32_t agent;                /* 0: main; else a subagent */
	uint32_t message;              /* number of its assistant message, from 1 */
	bool answered, background;
	uint32_t added, removed;          /* lines, of an edit as far as its input tells */
	bool writes, moves_head, commits; /* a shell call that may change files, or the checkout */
	bool too_large, stale, missing_program;
	bool depends; /* of a reading call: its input comes from the results before it */
};

enum mark_kind {
	MARK_PROMPT,
	MARK_ASSISTANT,
	MARK_CALL,
	MARK_RESULT,
	MARK_COMPACTION,
	MARK_INTERRUPT
};

/* One happening, in order of time. */
struct session_mark {
	enum mark_kind kind;
	int64_t ms;
	uint32_t file, line, agent;
	uint32_t call;    /* index, of MARK_CALL and MARK_RESULT */
	uint32_t message; /* of MARK_ASSISTANT */
	int64_t tokens;   /* of MARK_COMPACTION: how many there were before; -1 unknown */
};

struct session_file {
	const char *path;
	uint32_t agent;  /* 0 for the main file */
	int64_t last_ms; /* of its marks: none is earlier than the one before it */
};

struct session {
	struct arena *a;                           /* not owned */
	const char *name, *host, *version, *model; /* version, model: NULL when never seen */
	const char *folder;                        /* working folder, or NULL */
	const char *const *gates;                  /* heads of configured gates, or NULL */
	const struct config_price *prices;         /* of models, or NULL */
	size_t n_prices;
	uint32_t price; /* of the model that answers now, from 1; 0: none is known */

	struct session_file *files;
	struct session_call *calls;
	struct session_mark *marks;
	size_t n_files, n_calls, n_marks;
	size_t room_files, room_calls, room_marks;
	struct usage_table usage;

	uint32_t *call_index; /* open addressing by id, value + 1 */
	size_t size_call_index;

	int64_t first_ms, last_ms;     /* of any line; SESSION_NO_TIME when none has a time */
	uint32_t n_messages, n_agents; /* n_agents: subagents */
	uint64_t seen[SESSION_SEEN];   /* for session_first */
	size_t n_seen;
	bool mixed;         /* marks of several files, not in order of time */
	bool prompted, own; /* own: its first prompt is an issue of the coach */
	size_t rate_limits; /* answers that were put off or refused for too much use */
	size_t lines, unknown_lines, bad_lines, long_lines;
	double cost_usd;           /* as the host stated it; below 0: not stated */
	struct text known, recent; /* for `depends`: what was said, what the last looks brought */
};

/* Start; session_done frees what is not in the arena. */
void session_init(struct session *s, struct arena *a, const char *name, const char *host);
void session_done(struct session *s);

/* Where the reader stands; given to all functions that note something. */
struct session_at {
	uint32_t file, line, agent;
	int64_t ms; /* SESSION_NO_TIME: the line has none */
};

/* A new file of the session; its number. */
uint32_t session_add_file(struct session *s, const char *path, uint32_t agent);

/* A line with that time was there, whatever it said. */
void session_time(struct session *s, int64_t ms);

/*
 * Is this the first time that this is seen? For prompts of hosts that write them more than once;
 * only the last few are remembered, and none after session_forget.
 */
bool session_first(struct session *s, struct json_span what);
void session_forget(struct session *s);

/* What a person said; text as JSON, may be empty. */
void session_prompt(struct session *s, const struct session_at *at, struct json_span text);
void session_interrupt(struct session *s, const struct session_at *at);
void session_compaction(struct session *s, const struct session_at *at, int64_t tokens_before);

/* A message of the assistant; key 0 when the host gives it no id. Its number. */
uint32_t session_message(struct session *s, const struct session_at *at, uint64_t key,
                         const int64_t tokens[TOKENS_N]);

/* A call of a tool, input as JSON; NULL when it is known already or the arena is full. */
struct session_call *session_call(struct session *s, const struct session_at *at,
                                  struct json_span id, struct json_span name,
                                  struct json_span input, uint32_t message);

/* A call as it was, of a session that was put by (keep.h). False when the arena is full. */
bool session_put_call(struct session *s, const struct session_call *call);

struct session_result {
	struct json_span id;
	bool failed;
	size_t bytes;
	struct json_span text; /* the first text of the result, as JSON; for its error */
};
void session_result(struct session *s, const struct session_at *at, const struct session_result *r);

/* All lines were read: put the marks in order of time. False when the arena was full. */
bool session_close(struct session *s);

/* Hash of two texts as they stand in JSON, never 0. */
uint64_t session_key(struct json_span a, struct json_span b);

/* What the tool of that name does, case aside. */
enum act session_act(const char *name);

/* Is it only looking? */
bool session_only_reads(enum act act);

/* Bytes as tokens, roughly: four bytes each. Said to be an estimate wherever it is shown. */
int64_t session_tokens_of(size_t bytes);

#endif
