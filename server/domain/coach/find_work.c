/* find_work.c - how the work went: edits, gates, files that were changed over and over. */
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/find.h"

#define CYCLES_LEAST 3 /* edits, then the same gate fails, so often in a row */
#define CYCLES_HIGH  5
#define CHURN_LEAST  6 /* edits of one file */

/* What is known of a gate while the session goes on. */
struct gate {
	uint64_t key;
	uint32_t last;       /* its last run */
	bool seen, passed;   /* how that ended */
	bool changed;        /* something was changed since */
	bool edited;         /* an edit was made since */
	struct chain cycles; /* failed runs after edits, in a row */
};

struct gates {
	struct gate *items;
	size_t n, room;
};

static struct gate *gate_of(struct finder *f, struct gates *g, uint64_t key)
{
	struct gate *items;

	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].key == key)
			return &g->items[i];
	if ((items = list_room(f->s->a, g->items, g->n, &g->room, sizeof *items)) == NULL)
		return NULL;
	g->items = items;
	items[g->n] = (struct gate){ .key = key };
	return &items[g->n++];
}

static void note_changes(struct gates *g, const struct session_call *c)
{
	for (size_t i = 0; i < g->n; i++) {
		g->items[i].changed = g->items[i].changed || find_changed(c);
		g->items[i].edited = g->items[i].edited || find_edited(c);
	}
}

static void cycles_note(struct finder *f, struct gate *gate, const uint32_t *links)
{
	const struct session_call *c = &f->s->calls[gate->cycles.first];
	size_t n = gate->cycles.n;

	if (n >= CYCLES_LEAST)
		find_place_chain(f,
		                 find_note(f, FIND_EDIT_TEST_LOOP,
		                           n >= CYCLES_HIGH ? COACH_ERROR : COACH_WARNING,
		                           c->command,
		                           "%zu times in a row an edit was followed by the same "
		                           "failing gate: %s",
		                           n, c->command),
		                 &gate->cycles, links);
	gate->cycles = (struct chain){ 0 };
}

void find_edit_test_loops(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct gates g = { 0 };
	bool edited = false; /* before the first run of a gate */

	for (size_t i = 0; links != NULL && i < f->s->n_marks; i++) {
		const struct session_mark *m = &f->s->marks[i];
		const struct session_call *c;
		struct gate *gate;

		if (m->kind != MARK_RESULT)
			continue;
		c = &f->s->calls[m->call];
		edited = edited || find_edited(c);
		note_changes(&g, c);
		if (c->gate == 0 || (gate = gate_of(f, &g, c->gate)) == NULL)
			continue;
		if (find_succeeded(c))
			cycles_note(f, gate, links);
		else if (find_failed(c) && (gate->edited || (!gate->seen && edited)))
			chain_add(&gate->cycles, links, m->call);
		gate->seen = true;
		gate->edited = false;
	}
	for (size_t i = 0; i < g.n; i++)
		cycles_note(f, &g.items[i], links);
}

static void flaky_note(struct finder *f, const struct gate *gate, const struct session_call *c)
{
	struct coach_finding *note;

	note = find_note(f, FIND_FLAKY_GATE, COACH_WARNING, c->command,
	                 "the same gate %s and then %s with nothing changed in between: %s",
	                 gate->passed ? "passed" : "failed", gate->passed ? "failed" : "passed",
	                 c->command);
	if (note == NULL)
		return;
	find_place_call(f, note, &f->s->calls[gate->last]);
	find_place_call(f, note, c);
	note->cost_ms = find_call_ms(&f->s->calls[gate->last]) + find_call_ms(c);
}

/* A gate that writes (a build does) changes nothing that its own outcome rests on. */
void find_flaky_gates(struct finder *f)
{
	struct gates g = { 0 };

	for (size_t i = 0; i < f->s->n_marks; i++) {
		const struct session_mark *m = &f->s->marks[i];
		const struct session_call *c;
		struct gate *gate;

		if (m->kind != MARK_RESULT)
			continue;
		c = &f->s->calls[m->call];
		if (c->gate == 0) {
			note_changes(&g, c);
			continue;
		}
		if ((!find_succeeded(c) && !find_failed(c)) ||
		    (gate = gate_of(f, &g, c->gate)) == NULL)
			continue;
		if (gate->seen && !gate->changed && gate->passed != find_succeeded(c))
			flaky_note(f, gate, c);
		gate->seen = true;
		gate->changed = false;
		gate->passed = find_succeeded(c);
		gate->last = m->call;
	}
}

/* ---- one file, over and over ---- */

struct edits {
	const char *file;
	struct chain chain;
	uint32_t reverted; /* call that brought back what was there, + 1 */
};

static struct edits *edits_of(struct finder *f, struct edits **list, size_t *n, size_t *room,
                              const char *file)
{
	struct edits *items;

	for (size_t i = 0; i < *n; i++)
		if (strcmp((*list)[i].file, file) == 0)
			return &(*list)[i];
	if ((items = list_room(f->s->a, *list, *n, room, sizeof *items)) == NULL)
		return NULL;
	*list = items;
	items[*n] = (struct edits){ .file = file };
	return &items[(*n)++];
}

/* Does c undo an edit of the file, or write again what was written before another? */
static bool is_revert(const struct finder *f, const struct edits *e, const uint32_t *links,
                      const struct session_call *c)
{
	const struct session_call *last;
	uint32_t at = e->chain.first;

	if (e->chain.n == 0)
		return false;
	last = &f->s->calls[e->chain.last];
	for (; c->old_text != 0; at = links[at]) {
		if (f->s->calls[at].old_text == c->new_text &&
		    f->s->calls[at].new_text == c->old_text)
			return true;
		if (at == e->chain.last)
			return false;
	}
	for (size_t i = 0; i < e->chain.n; i++, at = links[at])
		if (f->s->calls[at].old_text == 0 && f->s->calls[at].new_text == c->new_text &&
		    last->new_text != c->new_text)
			return true;
	return false;
}

static void churn_note(struct finder *f, const struct edits *e, const uint32_t *links)
{
	const char *file = find_path(f, e->file);
	struct coach_finding *note;

	if (e->reverted != 0)
		note = find_note(f, FIND_CHURN, COACH_WARNING, file,
		                 "an edit of %s was taken back (%zu edits of it in all)", file,
		                 e->chain.n);
	else if (e->chain.n >= CHURN_LEAST)
		note = find_note(f, FIND_CHURN, COACH_INFO, file, "%s was edited %zu times", file,
		                 e->chain.n);
	else
		return;
	if (e->reverted != 0 && note != NULL)
		find_place_call(f, note, &f->s->calls[e->reverted - 1]);
	else
		find_place_chain(f, note, &e->chain, links);
}

void find_churn(struct finder *f)
{
	uint32_t *links = chain_links(f);
	struct edits *list = NULL, *e;
	size_t n = 0, room = 0;

	for (size_t i = 0; links != NULL && i < f->s->n_marks; i++) {
		const struct session_mark *m = &f->s->marks[i];
		const struct session_call *c;

		if (m->kind != MARK_RESULT)
			continue;
		c = &f->s->calls[m->call];
		if (!find_edited(c) || c->target == NULL ||
		    (e = edits_of(f, &list, &n, &room, c->target)) == NULL)
			continue;
		if (e->reverted == 0 && is_revert(f, e, links, c))
			e->reverted = m->call + 1;
		chain_add(&e->chain, links, m->call);
	}
	for (size_t i = 0; i < n; i++)
		churn_note(f, &list[i], links);
}

/* Documents need no test. */
static bool is_document(const char *file)
{
	static const char *const ends[] = {
		".md", ".txt", ".rst", ".adoc", "LICENSE", ".gitignore"
	};
	size_t n = strlen(file);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t len = strlen(ends[i]);

		if (n >= len && strcmp(file + n - len, ends[i]) == 0)
			return true;
	}
	return false;
}

void find_no_verify(struct finder *f)
{
	const struct session_call *last = NULL;
	struct coach_finding *note;
	size_t edits = 0;

	for (size_t i = 0; i < f->s->n_marks; i++) {
		const struct session_call *c;

		if (f->s->marks[i].kind != MARK_RESULT)
			continue;
		c = &f->s->calls[f->s->marks[i].call];
		if (find_edited(c) && (c->target == NULL || !is_document(c->target))) {
			last = c;
			edits++;
		} else if (c->gate != 0) {
			last = NULL;
		}
	}
	if (last == NULL)
		return;
	note = find_note(f, FIND_NO_VERIFY, COACH_WARNING, f->s->folder == NULL ? "" : f->s->folder,
	                 "no test, lint or build after the last of %zu edit%s", edits,
	                 edits == 1 ? "" : "s");
	find_place_call(f, note, last);
}
