/* find_time.c - time that a person spent: interruptions, and waiting for one. */
#include <string.h>

#include "domain/coach/find.h"
#include "domain/coach/measure.h"

#define HOUR_MS     3600000
#define INTERRUPTS  3      /* in an hour */
#define IDLE_GAP_MS 300000 /* a pause longer than this is waiting for a person */
#define IDLE_SHARE  50     /* percent of the wall time */

/* The last call before mark i. */
static const struct session_call *call_before(const struct session *s, size_t i)
{
	while (i-- > 0)
		if (s->marks[i].kind == MARK_CALL)
			return &s->calls[s->marks[i].call];
	return NULL;
}

/* Most interruptions within an hour, from each of them on. */
static size_t most_in_an_hour(const struct session *s)
{
	size_t most = 0;

	for (size_t i = 0; i < s->n_marks; i++) {
		size_t n = 0;

		if (s->marks[i].kind != MARK_INTERRUPT || s->marks[i].ms == SESSION_NO_TIME)
			continue;
		for (size_t k = i; k < s->n_marks && s->marks[k].ms - s->marks[i].ms < HOUR_MS; k++)
			n += s->marks[k].kind == MARK_INTERRUPT;
		most = n > most ? n : most;
	}
	return most;
}

void find_interrupts(struct finder *f)
{
	size_t most = most_in_an_hour(f->s);
	struct coach_finding *note;

	if (most < INTERRUPTS)
		return;
	note = find_note(f, FIND_INTERRUPT, COACH_WARNING, f->s->folder == NULL ? "" : f->s->folder,
	                 "%zu interruptions within an hour", most);
	for (size_t i = 0; i < f->s->n_marks; i++) {
		const struct session_mark *m = &f->s->marks[i];
		const struct session_call *c = call_before(f->s, i);

		if (m->kind == MARK_INTERRUPT)
			find_place_line(f, note, m->file, m->line,
			                c == NULL ? "interrupted" : find_about(c));
	}
}

void find_idle(struct finder *f)
{
	const struct session *s = f->s;
	int64_t wall = s->first_ms == SESSION_NO_TIME ? 0 : s->last_ms - s->first_ms;
	int64_t waiting = measure_waiting(s, IDLE_GAP_MS), tools;
	struct coach_finding *note;

	if (wall == 0 || waiting * 100 <= wall * IDLE_SHARE)
		return;
	tools = measure_tool_time(s);
	note = find_note(f, FIND_IDLE, COACH_INFO, s->folder == NULL ? "" : s->folder,
	                 "%lld %% of %lld min went by waiting for a person (calls were running for "
	                 "%lld %%)",
	                 (long long)(waiting * 100 / wall), (long long)(wall / 60000),
	                 (long long)(tools * 100 / wall));
	if (note != NULL)
		note->cost_ms = waiting;
}
