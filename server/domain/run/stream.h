/*
 * stream.h - what an agent says about itself while it works: the JSON lines that Claude Code,
 * Codex, Gemini CLI and opencode write when nobody watches.
 *
 * Lines come in pieces, mixed with others that are no JSON; what is not understood, is too
 * long or cannot be kept for want of memory is passed over: an agent never fails for what
 * it says here alone. Runs on one thread.
 */
#ifndef DOMAIN_RUN_STREAM_H
#define DOMAIN_RUN_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_LINE_MAX ((size_t)4 << 20) /* a longer line is passed over */

struct stream_facts {
	const char *session; /* by which it can be continued; NULL: not told */
	bool counted;        /* tokens were told */
	int64_t tokens_in;   /* read by the model, those out of its cache included */
	int64_t tokens_cached, tokens_out;
	bool priced;
	double usd;
	bool tokens_add_up, usd_adds_up; /* of the whole session, what came before included */
	size_t denials;                  /* uses of tools that were not permitted */
	const char *denied;              /* which tools, with commas, each once; "" */
	bool failed;                     /* it says that it failed, whatever its exit code */
	const char *error;               /* why, in its words; NULL: not told */
	bool limited;                    /* ... because of a rate limit or an overload */
	int64_t until_ms;                /* wall clock: not before; 0: not told */
};

struct stream;

/* A reader for the preset; NULL in *out: its agents say nothing that is understood. */
bool stream_known(const char *preset);
struct stream *stream_new(const char *preset); /* NULL: no memory, or not known */
void stream_free(struct stream *s);

/* More of what it says, at this time. */
void stream_add(struct stream *s, const char *bytes, size_t n, int64_t now_ms);

/* What was learned so far; good until the next stream_add. s may be NULL: nothing. */
const struct stream_facts *stream_facts(const struct stream *s);

#endif
