/*
 * hosts.h - readers of session files, one for each host.
 *
 * Each takes one line, or the whole of a file that is one value, and tells the session what
 * it says. at has file, line and agent; its time is the line's own, or the last one before
 * it. What a reader does not know is counted, never an error.
 */
#ifndef DOMAIN_COACH_HOSTS_H
#define DOMAIN_COACH_HOSTS_H

#include "domain/coach/session.h"

/* Claude Code: a line of a session file, main or subagent, or of stream-json output. */
void claude_line(struct session *s, struct session_at *at, struct json_span line);

/* Codex: a line of a rollout. */
void codex_line(struct session *s, struct session_at *at, struct json_span json);

/* Gemini CLI: a chat, whole, as older versions keep it; or a line of one. */
void gemini_chat(struct session *s, struct session_at *at, struct json_span chat);
void gemini_line(struct session *s, struct session_at *at, struct json_span line);

/*
 * opencode: a message, then each of its parts. `message` is zeroed before the first and goes from
 * one call to the next.
 */
struct opencode_message {
	uint32_t number; /* of the assistant's message */
	bool asks;       /* a person's, whose words were not seen yet */
};
void opencode_message(struct session *s, struct session_at *at, struct opencode_message *message,
                      struct json_span id, struct json_span data);
void opencode_part(struct session *s, struct session_at *at, struct opencode_message *message,
                   struct json_span data);

/* What the readers share: a time as JSON text (SESSION_NO_TIME when it is none), */
int64_t host_time(struct json_span text);

/* noted in the session and in *at, */
void host_at(struct session *s, struct session_at *at, struct json_span time);

/* the model that answers from here on, */
void host_model(struct session *s, struct json_span name);

/* a text kept the first time it is seen, */
void host_once(struct session *s, const char **to, struct json_span text);

/* a number with a fraction, 0 for what is none, */
double host_number(struct json_span span);

/* and JSON that stands in a text, undone in the session's arena; empty when it is full. */
struct json_span host_inner(struct session *s, struct json_span text);

#endif
