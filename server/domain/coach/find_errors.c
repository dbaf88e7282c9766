/* find_errors.c - calls that fail: again and again, in a row, for one file, for want of a program.
 */
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/find.h"

#define REPEAT_LEAST 2 /* equal failures */
#define REPEAT_HIGH  4
#define LOOP_LEAST   3 /* equal errors in a row */
#define STALE_LEAST  2
#define DENIED_LEAST 2
#define HOT_LEAST    3
#define HOT_SHARE    30 /* percent of all errors */
#define FIRST_CALLS  10 /* in which a missing program says that the set-up lacks it */

/* Calls with something in common, by a key. */
struct group {
	uint64_t key;
	struct chain chain;
};

struct groups {
	struct group *items;
	size_t n, room;
};

static struct group *group_of(struct finder *f, struct groups *g, uint64_t key)
{
	struct group *items;

	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].key == key)
			return &g->items[i];
	if ((items = list_room(f->s->a, g->items, g->n, &g->room, sizeof *items)) == NULL)
		return NULL;
	g->items = items;
	items[g->n] = (struct group){ .key = key };
	return &items[g->n++];
}

static void group_drop(struct groups *g, size_t i)
{
	g->items[i] = g->items[--g->n];
}

static const struct session_call *first_of(const struct finder *f, const struct chain *c)
{
	return &f->s->calls[c->first];
}

/* ---- the same call fails again, and nothing was changed in between ---- */

static void repeat_note(struct finder *f, const struct chain *c, const uint32_t *links)
{
	const struct session_call *call = first_of(f, c);
	struct coach_finding *note;

	if (c->n < REPEAT_LEAST)
		return;
	note = find_note(f, FIND_REPEAT_FAILURE, c->n >= REPEAT_HIGH ? COACH_ERROR : COACH_WARNING,
	                 find_subject(f, call), "the same call failed %zu times: %s: %s", c->n,
	                 call->tool, find_about(call));
	find_place_chain(f, note, c, links);
}

/* Is it about the same thing: the same file, or the same kind of command? */
static bool same_target(const struct session_call *a, const struct session_call *b)
{
	if (a->target != NULL && b->target != NULL)
		return strcmp(a->target, b->target) == 0;
	return a->target == NULL && b->target == NULL && strcmp(a->head, b->head) == 0;
}

static void repeat_success(struct finder *f, struct groups *g, const struct session_call *call,
                           const uint32_t *links)
{
	for (size_t i = g->n; i-- > 0;)
		if (find_edited(call) || same_target(call, first_of(f, &g->items[i].chain))) {
			repeat_note(f, &g->items[i].chain, links);
			group_drop(g, i);
		}
}

void find_repeat_failures(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct groups g = { 0 };

	for (size_t i = 0; links != NULL && i < f->s->n_marks; i++) {
		const struct session_mark *m = &f->s->marks[i];
		const struct session_call *c;
		struct group *group;

		if (m->kind != MARK_RESULT)
			continue;
		c = &f->s->calls[m->call];
		if (find_succeeded(c))
			repeat_success(f, &g, c, links);
		else if (find_failed(c) && (group = group_of(f, &g, c->input)) != NULL)
			chain_add(&group->chain, links, m->call);
	}
	for (size_t i = 0; i < g.n; i++)
		repeat_note(f, &g.items[i].chain, links);
}

/* ---- one error after the other, all alike ---- */

static void loop_note(struct finder *f, struct chain *c, const uint32_t *links)
{
	struct coach_finding *note;

	if (c->n >= LOOP_LEAST) {
		const struct session_call *call = first_of(f, c);

		note = find_note(f, FIND_ERROR_LOOP, COACH_WARNING, call->error,
		                 "%zu calls in a row failed with the same error: %s", c->n,
		                 call->error);
		find_place_chain(f, note, c, links);
	}
	*c = (struct chain){ 0 };
}

void find_error_loops(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct chain chain = { 0 };

	for (size_t i = 0; links != NULL && i < f->s->n_marks; i++) {
		const struct session_mark *m = &f->s->marks[i];
		const struct session_call *c;

		if (m->kind != MARK_RESULT)
			continue;
		c = &f->s->calls[m->call];
		if (!find_failed(c) || c->error == NULL || c->error[0] == '\0') {
			loop_note(f, &chain, links);
			continue;
		}
		if (chain.n > 0 && strcmp(f->s->calls[chain.last].error, c->error) != 0)
			loop_note(f, &chain, links);
		chain_add(&chain, links, m->call);
	}
	if (links != NULL)
		loop_note(f, &chain, links);
}

/* ---- groups over the whole session ---- */

static uint64_t key_of(const char *a, const char *b)
{
	return text_hash(a, strlen(a)) * 31 + text_hash(b, strlen(b));
}

void find_stale_edits(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct groups g = { 0 };

	for (uint32_t i = 0; links != NULL && i < f->s->n_calls; i++) {
		const struct session_call *c = &f->s->calls[i];
		struct group *group;

		if (c->stale && c->target != NULL &&
		    (group = group_of(f, &g, key_of(c->target, ""))) != NULL)
			chain_add(&group->chain, links, i);
	}
	for (size_t i = 0; i < g.n; i++) {
		const char *file = find_path(f, first_of(f, &g.items[i].chain)->target);

		if (g.items[i].chain.n >= STALE_LEAST)
			find_place_chain(f,
			                 find_note(f, FIND_STALE_EDIT, COACH_WARNING, file,
			                           "%zu edits of %s did not fit what the file "
			                           "says now",
			                           g.items[i].chain.n, file),
			                 &g.items[i].chain, links);
	}
}

void find_denials(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct groups g = { 0 };

	for (uint32_t i = 0; links != NULL && i < f->s->n_calls; i++) {
		const struct session_call *c = &f->s->calls[i];
		struct group *group;

		if (c->failure == FAIL_DENIED &&
		    (group = group_of(f, &g, key_of(c->tool, c->head))) != NULL)
			chain_add(&group->chain, links, i);
	}
	for (size_t i = 0; i < g.n; i++) {
		const struct session_call *c = first_of(f, &g.items[i].chain);
		const char *what =
		    c->command == NULL ? c->tool : text_printf(f->s->a, "%s(%s)", c->tool, c->head);

		if (g.items[i].chain.n >= DENIED_LEAST && what != NULL)
			find_place_chain(f,
			                 find_note(f, FIND_PERMISSION_DENIED, COACH_WARNING, what,
			                           "%s was denied %zu times", what,
			                           g.items[i].chain.n),
			                 &g.items[i].chain, links);
	}
}

/* Files or commands on which at least HOT_SHARE percent of all errors fall. */
static void hot(struct finder *f, enum finding_code code, size_t errors)
{
	uint32_t *links = chain_links(f);
	struct groups g = { 0 };

	for (uint32_t i = 0; links != NULL && i < f->s->n_calls; i++) {
		const struct session_call *c = &f->s->calls[i];
		const char *what = code == FIND_HOT_SPOT_FILE ? c->target
		                   : c->command != NULL       ? c->head
		                                              : NULL;
		struct group *group;

		if (find_failed(c) && what != NULL &&
		    (group = group_of(f, &g, key_of(what, ""))) != NULL)
			chain_add(&group->chain, links, i);
	}
	for (size_t i = 0; i < g.n; i++) {
		const struct chain *chain = &g.items[i].chain;
		const struct session_call *c = first_of(f, chain);
		const char *what = code == FIND_HOT_SPOT_FILE ? find_path(f, c->target) : c->head;

		if (chain->n >= HOT_LEAST && chain->n * 100 >= errors * HOT_SHARE)
			find_place_chain(f,
			                 find_note(f, code, COACH_WARNING, what,
			                           "%zu of %zu errors (%zu %%) come from %s",
			                           chain->n, errors, chain->n * 100 / errors, what),
			                 chain, links);
	}
}

void find_hot_spots(struct finder *f)
{
	size_t errors = 0;

	for (size_t i = 0; i < f->s->n_calls; i++)
		errors += find_failed(&f->s->calls[i]);
	if (errors < HOT_LEAST)
		return;
	hot(f, FIND_HOT_SPOT_FILE, errors);
	hot(f, FIND_HOT_SPOT_COMMAND, errors);
}

void find_missing_env(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct chain chain = { 0 };
	uint32_t agent = 0;
	size_t calls = 0;

	for (uint32_t i = 0; links != NULL && i < f->s->n_calls; i++) {
		const struct session_call *c = &f->s->calls[i];

		if (c->agent != agent)
			calls = 0;
		agent = c->agent;
		if (++calls <= FIRST_CALLS && c->missing_program)
			chain_add(&chain, links, i);
	}
	if (chain.n > 0)
		find_place_chain(f,
		                 find_note(f, FIND_MISSING_ENV, COACH_WARNING,
		                           find_subject(f, first_of(f, &chain)),
		                           "%zu of the first calls lacked a program or module: %s",
		                           chain.n, find_about(first_of(f, &chain))),
		                 &chain, links);
}
