/*
 * claude.h - readers of session files, one for each host. Each takes one line (or, for
 * hosts that keep one value a file, the whole) and tells the session what it says. What it
 * does not know is counted, never an error.
 */
#ifndef DOMAIN_COACH_CLAUDE_H
#define DOMAIN_COACH_CLAUDE_H

#include "domain/coach/session.h"

/*
 * One line of a Claude Code session file (main, subagent or stream-json output). at has
 * file, line and agent; its time is the line's own, or the last one before it.
 */
void claude_line(struct session *s, struct session_at *at, struct json_span line);

#endif
