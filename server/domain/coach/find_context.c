/* find_context.c - what filled the context: reads again, reads too large, looks one by one. */
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/find.h"

#define REREAD_LEAST  3     /* equal reads */
#define REREAD_TOKENS 20000 /* or so many tokens in the repeated ones */
#define LARGE_TOKENS  25000
#define AFTER_CALLS   20 /* calls after a compaction in which reads are looked at */
#define AFTER_FILES   5  /* files read again in them */
#define SERIAL_LEAST  3
#define CACHE_CONTEXT 100000 /* tokens from which on a cache matters */
#define CACHE_SHARE   50     /* percent of the context that should come from it */

struct reads {
	uint64_t key; /* tool, file, offset and limit; in which agent's context */
	struct chain chain;
};

struct read_list {
	struct reads *items;
	size_t n, room;
};

static int64_t tokens_again(const struct finder *f, const struct chain *c, const uint32_t *links)
{
	int64_t sum = 0;
	uint32_t at = c->first;

	for (size_t i = 0; i < c->n; i++, at = links[at])
		sum += i == 0 ? 0 : session_tokens_of(f->s->calls[at].result_bytes);
	return sum;
}

static void reread_note(struct finder *f, const struct chain *c, const uint32_t *links)
{
	int64_t again = tokens_again(f, c, links);
	const struct session_call *call = &f->s->calls[c->first];
	struct coach_finding *note;
	const char *file;

	if (c->n < REREAD_LEAST && again < REREAD_TOKENS)
		return;
	file = find_path(f, call->target);
	note = find_note(f, FIND_REREAD, COACH_WARNING, file,
	                 "%s was read %zu times although nothing had changed (about %lld tokens "
	                 "again)",
	                 file, c->n, (long long)again);
	find_place_chain(f, note, c, links);
	if (note != NULL)
		note->cost_tokens = again;
}

static void forget(struct finder *f, struct read_list *r, const char *file, const uint32_t *links)
{
	for (size_t i = r->n; i-- > 0;)
		if (file == NULL ||
		    strcmp(f->s->calls[r->items[i].chain.first].target, file) == 0) {
			reread_note(f, &r->items[i].chain, links);
			r->items[i] = r->items[--r->n];
		}
}

static void reread_call(struct finder *f, struct read_list *r, uint32_t call, uint32_t *links)
{
	const struct session_call *c = &f->s->calls[call];
	uint64_t key = c->input * 31 + c->agent;
	struct reads *items;

	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].key == key) {
			chain_add(&r->items[i].chain, links, call);
			return;
		}
	if ((items = list_room(f->s->a, r->items, r->n, &r->room, sizeof *items)) == NULL)
		return;
	r->items = items;
	items[r->n] = (struct reads){ .key = key };
	chain_add(&items[r->n++].chain, links, call);
}

void find_rereads(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct read_list r = { 0 };

	for (size_t i = 0; links != NULL && i < f->s->n_marks; i++) {
		const struct session_mark *m = &f->s->marks[i];
		const struct session_call *c;

		if (m->kind == MARK_COMPACTION)
			forget(f, &r, NULL, links);
		if (m->kind != MARK_RESULT)
			continue;
		c = &f->s->calls[m->call];
		if (c->act == ACT_READ && find_succeeded(c) && c->target != NULL)
			reread_call(f, &r, m->call, links);
		else if (c->act == ACT_EDIT && c->target != NULL)
			forget(f, &r, c->target, links); /* also a failed one: it changed outside */
		else if (find_changed(c))
			forget(f, &r, NULL, links);
	}
	if (links != NULL)
		forget(f, &r, NULL, links);
}

void find_oversize_reads(struct finder *f)
{
	for (size_t i = 0; i < f->s->n_calls; i++) {
		const struct session_call *c = &f->s->calls[i];
		int64_t tokens = session_tokens_of(c->result_bytes);
		struct coach_finding *note;

		if (tokens <= LARGE_TOKENS && !c->too_large)
			continue;
		note = c->too_large
		           ? find_note(f, FIND_OVERSIZE_READ, COACH_WARNING, find_subject(f, c),
		                       "too large to be read at once: %s", find_about(c))
		           : find_note(f, FIND_OVERSIZE_READ, COACH_WARNING, find_subject(f, c),
		                       "one answer of about %lld tokens: %s: %s", (long long)tokens,
		                       c->tool, find_about(c));
		find_place_call(f, note, c);
		if (note != NULL && !c->too_large)
			note->cost_tokens = tokens;
	}
}

/* ---- compactions ---- */

/* Was the file read before mark i? */
static bool was_read(const struct finder *f, size_t i, const char *file)
{
	for (; i-- > 0;) {
		const struct session_mark *m = &f->s->marks[i];
		const struct session_call *c;

		if (m->kind != MARK_RESULT)
			continue;
		c = &f->s->calls[m->call];
		if (c->act == ACT_READ && c->target != NULL && strcmp(c->target, file) == 0)
			return true;
	}
	return false;
}

/* Files read in the calls after mark i that had been read before it; each once. */
static size_t read_again(const struct finder *f, size_t i)
{
	const char *files[AFTER_CALLS];
	size_t n = 0, calls = 0;

	for (size_t k = i + 1; k < f->s->n_marks && calls < AFTER_CALLS; k++) {
		const struct session_call *c;
		bool counted = false;

		if (f->s->marks[k].kind != MARK_CALL)
			continue;
		c = &f->s->calls[f->s->marks[k].call];
		calls++;
		if (c->act != ACT_READ || c->target == NULL || !was_read(f, i, c->target))
			continue;
		for (size_t j = 0; j < n; j++)
			counted = counted || strcmp(files[j], c->target) == 0;
		if (!counted)
			files[n++] = c->target;
	}
	return n;
}

/* Bytes of tool results between two marks. */
static size_t result_bytes(const struct finder *f, size_t from, size_t to)
{
	size_t sum = 0;

	for (size_t i = from; i < to; i++)
		if (f->s->marks[i].kind == MARK_RESULT)
			sum += f->s->calls[f->s->marks[i].call].result_bytes;
	return sum;
}

void find_context_exhaustion(struct finder *f)
{
	struct coach_finding *note = NULL;
	size_t n = 0, most = 0, from = 0, bytes = 0;
	int64_t before = 0;

	for (size_t i = 0; i < f->s->n_marks; i++) {
		size_t again;

		if (f->s->marks[i].kind != MARK_COMPACTION)
			continue;
		n++;
		again = read_again(f, i);
		most = again > most ? again : most;
		bytes += result_bytes(f, from, i);
		before += f->s->marks[i].tokens > 0 ? f->s->marks[i].tokens : 0;
		from = i;
	}
	if (n == 0)
		return;
	note = find_note(
	    f, FIND_CONTEXT_EXHAUSTION, n >= 2 || most >= AFTER_FILES ? COACH_WARNING : COACH_INFO,
	    f->s->folder == NULL ? "" : f->s->folder,
	    "the context was full %zu time%s (%lld tokens in all, about %lld of them "
	    "results of tools); up to %zu files were read again afterwards",
	    n, n == 1 ? "" : "s", (long long)before, (long long)session_tokens_of(bytes), most);
	for (size_t i = 0; i < f->s->n_marks; i++)
		if (f->s->marks[i].kind == MARK_COMPACTION)
			find_place_line(f, note, f->s->marks[i].file, f->s->marks[i].line,
			                "compaction");
	if (note != NULL && before > 0)
		note->cost_tokens = before;
}

/* ---- looks one by one that could have been one message ---- */

static void serial_note(struct finder *f, struct chain *c, const uint32_t *links)
{
	int64_t sum = 0, longest = 0;
	uint32_t at = c->first;
	struct coach_finding *note;

	for (size_t i = 0; i < c->n; i++, at = links[at]) {
		int64_t ms = find_call_ms(&f->s->calls[at]);

		sum += ms;
		longest = ms > longest ? ms : longest;
	}
	if (c->n >= SERIAL_LEAST) {
		note =
		    find_note(f, FIND_SERIAL, COACH_INFO, f->s->folder == NULL ? "" : f->s->folder,
		              "%zu looks that did not depend on each other were made one by one "
		              "(calls: %lld ms, together %lld ms)",
		              c->n, (long long)sum, (long long)longest);
		find_place_chain(f, note, c, links);
		if (note != NULL)
			note->cost_ms = sum - longest;
	}
	*c = (struct chain){ 0 };
}

/* Is it the only call of its message? */
static bool is_alone(const struct finder *f, uint32_t call)
{
	const struct session_call *c = &f->s->calls[call];

	return (call == 0 || c[-1].message != c->message || c[-1].agent != c->agent) &&
	       (call + 1 == f->s->n_calls || c[1].message != c->message || c[1].agent != c->agent);
}

void find_serial_reads(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct chain chain = { 0 };

	for (uint32_t i = 0; links != NULL && i < f->s->n_calls; i++) {
		const struct session_call *c = &f->s->calls[i];
		bool goes_on = chain.n > 0 && f->s->calls[chain.last].agent == c->agent &&
		               f->s->calls[chain.last].message + 1 == c->message;

		if (!session_only_reads(c->act) || !is_alone(f, i) || !find_succeeded(c)) {
			serial_note(f, &chain, links);
			continue;
		}
		if (!goes_on || c->depends)
			serial_note(f, &chain, links);
		chain_add(&chain, links, i);
	}
	if (links != NULL)
		serial_note(f, &chain, links);
}

/* ---- a large context that the cache did not hold ---- */

void find_cache_misses(struct finder *f)
{
	int64_t cached = 0, given = 0;
	size_t large = 0;

	for (size_t i = 0; i < f->s->usage.n; i++) {
		const struct usage *u = &f->s->usage.items[i];

		if (usage_context(u) <= CACHE_CONTEXT)
			continue;
		large++;
		cached += u->tokens[TOKENS_CACHE_READ];
		given += usage_context(u);
	}
	if (large > 0 && cached * 100 < given * CACHE_SHARE) {
		struct coach_finding *note = find_note(
		    f, FIND_COST_OUTLIER, COACH_WARNING, "cache",
		    "only %lld %% of the tokens of %zu messages with a large context came "
		    "from the cache",
		    (long long)(cached * 100 / given), large);

		if (note != NULL)
			note->cost_tokens = given - cached;
	}
}
