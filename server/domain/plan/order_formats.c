/* The order that known formats define: spec-kit, Kiro, OpenSpec. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/name.h"
#include "domain/plan/order.h"

#define PHASES_MAX 64

struct phase {
	const char *title; /* without `Phase N:` */
	long story;        /* of `User Story N`, else 0 */
	bool told;         /* a line says what it waits for */
	bool needs[PHASES_MAX];
};

struct phases {
	struct phase at[PHASES_MAX]; /* by number */
	long n;                      /* the largest number */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Own ids of the form `1.2`: the group is the number before the dot. */
static size_t grouped(const struct draft *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_tasks; i++) {
		const char *id = d->tasks[i]->t.id;

		n +=
		    d->tasks[i]->own_id && is_digit(id[0]) && id[strspn(id, "0123456789.")] == '\0';
	}
	return n;
}

static size_t spec_ids(const struct draft *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_tasks; i++) {
		const char *id = d->tasks[i]->t.id;

		n += d->tasks[i]->own_id && id[0] == 'T' && is_digit(id[1]) &&
		     d->tasks[i]->batch_number > 0;
	}
	return n;
}

/* Dependencies told of single tasks: then those count, and not the order. */
static bool told_by_task(const struct draft *d)
{
	for (size_t i = 0; i < d->n_refs; i++)
		if (d->refs[i].sure)
			return true;
	return false;
}

/* Past what stands between two numbers: blanks, commas, `and`, `US`. */
static const char *past_link(const char *s)
{
	s += strspn(s, " #,&");
	if (strncasecmp(s, "and ", 4) == 0)
		return s + 4;
	return strncasecmp(s, "us", 2) == 0 ? s + 2 : s;
}

/* `3` or `3-7` at s, which begins with a digit; where it ends. */
static const char *range(const char *s, long *low, long *high)
{
	char *end;
	size_t dash;

	*low = *high = strtol(s, &end, 10);
	dash = *end == '-' ? 1 : strncmp(end, "\xe2\x80\x93", 3) == 0 ? 3 : 0;
	if (dash > 0 && is_digit(end[dash]))
		*high = strtol(end + dash, &end, 10);
	return end;
}

/* `3`, `3-7`, `1, 2 and 4` at s: the numbers are marked. Returns whether there was any. */
static bool numbers(const char *s, long most, bool *marks)
{
	bool any = false;

	for (;;) {
		long low, high;

		s = past_link(s);
		if (!is_digit(*s))
			return any;
		s = range(s, &low, &high);
		for (long i = low; i <= high && i <= most && i >= 0; i++)
			marks[i] = true;
		any = true;
	}
}

static void stories_mark(const struct phases *x, const bool *stories, bool all, bool *out)
{
	for (long i = 1; i <= x->n; i++)
		if (x->at[i].story > 0 &&
		    (all || (x->at[i].story < PHASES_MAX && stories[x->at[i].story])))
			out[i] = true;
}

/* By numbers: `Phase 2`, `US1`, `User Stories 1 and 2`, `all stories`. */
static void mentioned_by_number(const struct phases *x, const char *s, bool *out)
{
	size_t n = strlen(s), at = 0, start, len;

	while (name_word(s, n, &at, &start, &len)) {
		const char *word = s + start, *behind = s + start + len;
		bool stories[PHASES_MAX] = { false };

		if (len >= 5 && strncasecmp(word, "phase", 5) == 0) {
			behind += strspn(behind, " (");
			(void)numbers(behind, x->n, out);
		} else if (len >= 3 && strncasecmp(word, "us", 2) == 0 && is_digit(word[2])) {
			if (numbers(word + 2, PHASES_MAX - 1, stories))
				stories_mark(x, stories, false, out);
		} else if (len >= 5 && strncasecmp(word, "stor", 4) == 0) {
			bool some = numbers(behind, PHASES_MAX - 1, stories);

			stories_mark(x, stories, !some && len > 5, out);
		}
	}
}

/* Does s have the first word of a title, when it is one that tells: five letters or more? */
static bool has_first_word(const char *s, const char *title)
{
	size_t at = 0, from, size;
	char first[32];

	if (!name_word(title, strlen(title), &at, &from, &size) || size < 5 || size >= sizeof first)
		return false;
	for (size_t k = 0; k < size; k++) {
		char c = title[from + k];

		first[k] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	first[size] = '\0';
	return name_has(s, first);
}

/* The phases that a piece of text names. */
static void mentioned(const struct phases *x, const char *s, bool *out)
{
	mentioned_by_number(x, s, out);
	for (long i = 1; i <= x->n; i++)
		if (x->at[i].title != NULL && x->at[i].story == 0)
			out[i] = out[i] || has_first_word(s, x->at[i].title);
}

/* One line: `Foundational (Phase 2): Depends on Setup completion - blocks all stories`. */
static void line_read(struct phases *x, struct draft *d, const char *line)
{
	static const char *const words[] = { "depends on",   "depend on", "start after",
		                             "starts after", "after",     "no dependencies" };
	bool subject[PHASES_MAX] = { false }, object[PHASES_MAX] = { false };
	const char *at = NULL, *end;
	size_t len = 0;

	for (size_t i = 0; at == NULL && i < sizeof words / sizeof *words; i++) {
		at = strcasestr(line, words[i]);
		len = strlen(words[i]);
	}
	if (at == NULL)
		return;
	mentioned(x, draft_copy(d->a, line, (size_t)(at - line)), subject);
	end = strstr(at, " - ");
	mentioned(x,
	          draft_copy(d->a, at + len,
	                     end == NULL                ? strlen(at + len)
	                     : (size_t)(end - at) > len ? (size_t)(end - at) - len
	                                                : 0),
	          object);
	for (long i = 1; i <= x->n; i++) {
		if (!subject[i])
			continue;
		x->at[i].told = true;
		for (long k = 1; k <= x->n; k++)
			x->at[i].needs[k] = x->at[i].needs[k] || (object[k] && k != i);
	}
}

static void statements_read(struct paper *p, struct phases *x)
{
	for (size_t i = 0; i < p->m->n; i++) {
		const struct markdown_block *b = &p->m->blocks[i];
		const char *s = b->text;

		if ((b->kind != MARKDOWN_ITEM && b->kind != MARKDOWN_PARAGRAPH) ||
		    b->box != MARKDOWN_NO_BOX ||
		    (!paper_under(p, i, "dependencies") && !paper_under(p, i, "execution order")))
			continue;
		/* an item's first paragraph is the item's text again */
		if (b->kind == MARKDOWN_PARAGRAPH && b->parent != MARKDOWN_NONE)
			continue;
		while (*s != '\0') {
			size_t n = strcspn(s, "\n");

			line_read(x, p->d, draft_copy(p->d->a, s, n));
			s += n + (s[n] == '\n');
		}
	}
}

static void phases_find(const struct draft *d, struct phases *x)
{
	for (size_t i = 0; i < d->n_tasks; i++) {
		const struct draft_task *t = d->tasks[i];
		const char *colon;
		struct phase *phase;

		if (t->batch_number <= 0 || t->batch_number >= PHASES_MAX || t->t.batch == NULL)
			continue;
		phase = &x->at[t->batch_number];
		x->n = t->batch_number > x->n ? t->batch_number : x->n;
		colon = strchr(t->t.batch, ':');
		phase->title = colon == NULL ? t->t.batch : colon + 1 + strspn(colon + 1, " ");
		if (strncasecmp(phase->title, "user story ", 11) == 0)
			phase->story = strtol(phase->title + 11, NULL, 10);
	}
}

/* The phase waits for the nearest one before `below`. */
static void needs_nearest(struct phases *x, struct phase *phase, long below)
{
	for (long k = below - 1; k >= 1; k--)
		if (x->at[k].title != NULL) {
			phase->needs[k] = true;
			return;
		}
}

/* What nobody said: up to the stories in a row, the stories side by side, the rest after them. */
static void phases_default(struct phases *x)
{
	long first = 0, last = 0;

	for (long i = 1; i <= x->n; i++)
		if (x->at[i].story > 0) {
			first = first == 0 ? i : first;
			last = i;
		}
	for (long i = 2; i <= x->n; i++) {
		struct phase *phase = &x->at[i];

		if (phase->told || phase->title == NULL)
			continue;
		if (first == 0 || (phase->story == 0 && i < last))
			needs_nearest(x, phase, i);
		else if (phase->story > 0)
			needs_nearest(x, phase, first);
		for (long k = first; first > 0 && i > last && k < i; k++)
			phase->needs[k] = x->at[k].title != NULL;
	}
}

/*
 * Within a phase: a task without `[P]` waits for all since the one before it without `[P]`,
 * and for that; one with `[P]` only for the last without.
 */
static void marks_order(struct draft *d)
{
	size_t serial = PLAN_NONE, from = 0;
	long phase = 0;

	for (size_t i = 0; i < d->n_tasks; i++) {
		struct draft_task *t = d->tasks[i];

		if (t->batch_number != phase) {
			phase = t->batch_number;
			serial = PLAN_NONE;
			from = i;
		}
		if (t->marked_parallel) {
			if (serial != PLAN_NONE)
				draft_edge(d, serial, i, PLAN_ORDER, t->t.line);
			continue;
		}
		for (size_t k = from; k < i; k++)
			if (d->tasks[k]->batch_number == phase)
				draft_edge(d, k, i, PLAN_ORDER, t->t.line);
		serial = i;
		from = i;
	}
}

static void spec_kit(struct paper *p)
{
	struct phases *x = arena_take(p->d->a, sizeof *x);
	struct draft *d = p->d;
	size_t before = d->n_edges;

	if (x == NULL)
		return;
	phases_find(d, x);
	statements_read(p, x);
	d->ordered = true;
	if (told_by_task(d)) {
		draft_find(
		    d, "order-assumed", PLAN_INFO, 0,
		    "dependencies are stated for single tasks; the order of phases and the [P] "
		    "marks add none");
		return;
	}
	phases_default(x);
	marks_order(d);
	for (long i = 1; i <= x->n; i++)
		for (long k = 1; k <= x->n; k++)
			if (x->at[i].needs[k])
				order_batches(d, k, i, x->at[i].told ? PLAN_PHRASE : PLAN_ORDER);
	draft_find(
	    d, "order-assumed", PLAN_INFO, 0,
	    "no dependencies are stated for single tasks; phases and [P] marks give %zu edges",
	    d->n_edges - before);
}

void order_formats(struct paper *p)
{
	struct draft *d = p->d;

	if (d->n_tasks >= 3 && spec_ids(d) * 10 >= d->n_tasks * 8) {
		spec_kit(p);
	} else if (d->n_tasks >= 2 && grouped(d) * 10 >= d->n_tasks * 8) {
		d->grouped = true;
		d->numbered = false;
		for (size_t i = 0; i < d->n_tasks; i++)
			if (d->tasks[i]->own_id)
				d->tasks[i]->batch_number = strtol(d->tasks[i]->t.id, NULL, 10);
	}
}
