/* show.c - durations, states and tables, as people read them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "cli/command.h"

#define TABLE_COLUMNS 8
#define GAP           2
#define SHRUNK_LEAST  12

const char *show_minutes(struct cli *c, double minutes)
{
	struct text t;
	long all = lround(minutes), days = all / 1440, hours = all / 60 % 24, rest = all % 60;
	const char *copy;

	text_init(&t, 64);
	if (days > 0)
		text_addf(&t, "%ld d ", days);
	if (hours > 0)
		text_addf(&t, "%ld h ", hours);
	if (rest > 0 || all == 0)
		text_addf(&t, "%ld min ", rest);
	copy = t.len == 0 ? "" : arena_copy(c->arena, t.bytes, t.len - 1);
	text_done(&t);
	return copy == NULL ? "" : copy;
}

const char *show_ms(struct cli *c, double ms)
{
	const char *words;

	if (ms < 1000)
		words = text_printf(c->arena, "%.0f ms", ms);
	else if (ms < 60000)
		words = text_printf(c->arena, "%.1f s", ms / 1000);
	else if (ms < 3600000)
		words = text_printf(c->arena, "%.0f min %02.0f s", floor(ms / 60000),
		                    floor(fmod(ms, 60000) / 1000));
	else
		words = show_minutes(c, ms / 60000);
	return words == NULL ? "" : words;
}

const char *show_number(struct cli *c, double n)
{
	const char *words =
	    text_printf(c->arena, n == floor(n) && fabs(n) < 1e15 ? "%.0f" : "%.2f", n);

	return words == NULL ? "" : words;
}

enum screen_style show_state_style(const char *state)
{
	static const struct {
		const char *state;
		enum screen_style style;
	} rows[] = {
		{ "succeeded", STYLE_GREEN }, { "running", STYLE_BLUE },
		{ "gating", STYLE_BLUE },     { "merging", STYLE_BLUE },
		{ "ready", STYLE_NONE },      { "failed", STYLE_RED },
		{ "timed_out", STYLE_RED },   { "conflicted", STYLE_RED },
		{ "interrupted", STYLE_RED }, { "cancelled", STYLE_YELLOW },
		{ "skipped", STYLE_YELLOW },  { "paused", STYLE_YELLOW },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].state, state) == 0)
			return rows[i].style;
	return STYLE_DIM;
}

struct cell {
	const char *text;
	enum screen_style style;
};

struct table {
	struct cli *cli;
	struct cell *cells; /* heads first, row by row; in the arena */
	size_t n, room;
	size_t columns;
};

static void add_cell(struct table *t, struct cell cell)
{
	struct cell *grown = list_room(t->cli->arena, t->cells, t->n, &t->room, sizeof *grown);

	if (grown == NULL)
		return;
	t->cells = grown;
	t->cells[t->n++] = cell;
}

struct table *table_new(struct cli *c, const char *heads)
{
	struct table *t = arena_take(c->arena, sizeof *t);

	if (t == NULL)
		return NULL;
	t->cli = c;
	for (const char *at = heads; *at != '\0' && t->columns < TABLE_COLUMNS; t->columns++) {
		size_t n = strcspn(at, "|");
		char *head = arena_copy(c->arena, at, n);

		add_cell(t, (struct cell){ head == NULL ? "" : head, STYLE_BOLD });
		at += n + (at[n] == '|');
	}
	return t;
}

void table_cell(struct table *t, enum screen_style style, const char *text)
{
	if (t != NULL)
		add_cell(t, (struct cell){ text == NULL ? "" : text, style });
}

/* Widths that fit the screen: the widest column gives way until all do. */
static void find_widths(const struct table *t, size_t widths[TABLE_COLUMNS])
{
	size_t all = 0, widest;

	for (size_t i = 0; i < t->n; i++) {
		size_t width = screen_width(t->cells[i].text);

		if (width > widths[i % t->columns])
			widths[i % t->columns] = width;
	}
	for (size_t i = 0; i < t->columns; i++)
		all += widths[i] + GAP;
	while (t->cli->screen.terminal && all > t->cli->screen.columns + GAP) {
		widest = 0;
		for (size_t i = 1; i < t->columns; i++)
			if (widths[i] > widths[widest])
				widest = i;
		if (widths[widest] <= SHRUNK_LEAST)
			break;
		widths[widest]--;
		all--;
	}
}

void table_show(struct table *t)
{
	size_t widths[TABLE_COLUMNS] = { 0 };
	struct screen *s;

	if (t == NULL || t->columns == 0)
		return;
	s = &t->cli->screen;
	find_widths(t, widths);
	for (size_t i = 0; i < t->n; i++) {
		size_t column = i % t->columns;

		if (column + 1 < t->columns) {
			screen_cell(s, t->cells[i].style, t->cells[i].text, widths[column]);
			text_add_n(&s->text, "  ", GAP);
		} else {
			screen_styled(s, t->cells[i].style, t->cells[i].text,
			              s->terminal ? widths[column] : SIZE_MAX);
			text_add_char(&s->text, '\n');
		}
	}
}
