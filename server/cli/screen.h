/*
 * screen.h - what commands show: collected, then written to stdout or stderr in one go.
 *
 * Knows whether a terminal is there, how wide it is, and whether colour is welcome
 * (NO_COLOR, TERM=dumb). Texts from outside go through screen_text, so that nothing that is
 * stored or logged can steer the terminal; no text (NULL) is an empty one. Main thread only.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum screen_style {
	STYLE_NONE,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_RED,
	STYLE_GREEN,
	STYLE_YELLOW,
	STYLE_BLUE
};

struct screen {
	int fd;
	bool terminal; /* fd leads to one: progress may be redrawn */
	bool colour;
	size_t columns, rows;
	struct text text;   /* not yet written; our own words are added here directly */
	size_t drawn_lines; /* of the block that screen_redraw last left on the terminal */
	bool broken;        /* the reader is gone, or something could not be shown */
};

void screen_init(struct screen *s, int fd);
void screen_done(struct screen *s);

/* A text of unknown origin, or NULL: control characters but line breaks and tabs become `?`. */
void screen_text(struct screen *s, const char *text);

/* The same in a style, cut to at most `most` columns with an ellipsis (SIZE_MAX: whole). */
void screen_styled(struct screen *s, enum screen_style style, const char *text, size_t most);

/* As screen_styled, then blanks up to width columns; line breaks become blanks. */
void screen_cell(struct screen *s, enum screen_style style, const char *text, size_t width);

/* Columns that the text takes. */
size_t screen_width(const char *text);

/* Write what was collected. */
void screen_flush(struct screen *s);

/* Write it over the block that was drawn last time; on a terminal only. */
void screen_redraw(struct screen *s);

/* Leave the block standing; what follows comes below it. */
void screen_keep(struct screen *s);

#endif
