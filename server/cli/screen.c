#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define COLUMNS_DEFAULT 100 /* where there is no terminal */
#define ROWS_DEFAULT    24
#define ELLIPSIS        "\xe2\x80\xa6"

static const char *const styles[] = {
	[STYLE_NONE] = "",         [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",
	[STYLE_RED] = "\033[31m",  [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m",
	[STYLE_BLUE] = "\033[34m",
};

void screen_init(struct screen *s, int fd)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size = { 0 };

	*s = (struct screen){ .fd = fd, .columns = COLUMNS_DEFAULT, .rows = ROWS_DEFAULT };
	text_init(&s->text, TEXT_LIMIT);
	s->terminal = isatty(fd) == 1 && term != NULL && strcmp(term, "dumb") != 0;
	s->colour = s->terminal && (no_colour == NULL || no_colour[0] == '\0');
	if (s->terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		s->columns = size.ws_col;
		s->rows = size.ws_row > 0 ? size.ws_row : ROWS_DEFAULT;
	}
}

void screen_done(struct screen *s)
{
	text_done(&s->text);
}

/* The next character of a UTF-8 text: its bytes in *n, its code point; a bad byte counts alone. */
static wchar_t character(const char *s, size_t *n)
{
	const unsigned char *u = (const unsigned char *)s;
	wchar_t c;

	*n = text_utf8_valid(s, 1) == 1 ? 1 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
	if (strnlen(s, *n) < *n || text_utf8_valid(s, *n) != *n) {
		*n = 1;
		return 0xFFFD;
	}
	if (*n == 1)
		return (wchar_t)u[0];
	c = (wchar_t)(u[0] & (0xFF >> (*n + 1)));
	for (size_t i = 1; i < *n; i++)
		c = (wchar_t)(c << 6 | (u[i] & 0x3F));
	return c;
}

/* Would it steer a terminal, or reorder what stands around it? */
static bool steers(wchar_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static size_t columns_of(wchar_t c)
{
	int n = wcwidth(c);

	return n < 0 ? 1 : (size_t)n;
}

size_t screen_width(const char *text)
{
	size_t width = 0, n;

	for (; *text != '\0'; text += n)
		width += columns_of(character(text, &n));
	return width;
}

void screen_text(struct screen *s, const char *text)
{
	size_t n;

	for (; text != NULL && *text != '\0'; text += n) {
		wchar_t c = character(text, &n);

		if ((steers(c) && c != '\n' && c != '\t') || c == 0xFFFD)
			text_add_char(&s->text, '?');
		else
			text_add_n(&s->text, text, n);
	}
}

/* One line of at most `most` columns; returns how many it took. */
static size_t add_cut(struct screen *s, const char *text, size_t most)
{
	bool whole = most == SIZE_MAX || screen_width(text) <= most;
	size_t room = whole ? SIZE_MAX : most == 0 ? 0 : most - 1, taken = 0, n;

	for (; *text != '\0'; text += n) {
		wchar_t c = character(text, &n);
		size_t width = columns_of(c);

		if (width > room - taken)
			break;
		if (steers(c))
			text_add_char(&s->text, c == '\n' || c == '\t' ? ' ' : '?');
		else
			text_add_n(&s->text, text, n);
		taken += width;
	}
	if (whole || most == 0)
		return taken;
	text_add(&s->text, ELLIPSIS);
	return taken + 1;
}

static size_t add_styled(struct screen *s, enum screen_style style, const char *text, size_t most)
{
	const char *words = text == NULL ? "" : text;
	bool styled = s->colour && style != STYLE_NONE && words[0] != '\0';
	size_t taken;

	if (styled)
		text_add(&s->text, styles[style]);
	taken = add_cut(s, words, most);
	if (styled)
		text_add(&s->text, "\033[0m");
	return taken;
}

void screen_styled(struct screen *s, enum screen_style style, const char *text, size_t most)
{
	(void)add_styled(s, style, text, most);
}

void screen_cell(struct screen *s, enum screen_style style, const char *text, size_t width)
{
	for (size_t taken = add_styled(s, style, text, width); taken < width; taken++)
		text_add_char(&s->text, ' ');
}

void screen_flush(struct screen *s)
{
	const char *at = text_string(&s->text);
	size_t left = s->text.failed ? 0 : s->text.len;

	while (left > 0 && !s->broken) {
		ssize_t n = write(s->fd, at, left);
		struct pollfd full = { s->fd, POLLOUT, 0 };

		if (n > 0) {
			at += n;
			left -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			(void)poll(&full, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			s->broken = true;
		}
	}
	s->broken = s->broken || s->text.failed;
	text_done(&s->text);
}

void screen_redraw(struct screen *s)
{
	struct text block = s->text;
	size_t lines = 0;

	text_init(&s->text, TEXT_LIMIT);
	if (s->drawn_lines > 0)
		text_addf(&s->text, "\033[%zuA", s->drawn_lines);
	for (const char *at = text_string(&block); *at != '\0'; lines++) {
		size_t n = strcspn(at, "\n");

		text_add_n(&s->text, at, n);
		text_add(&s->text, "\033[K\n"); /* clear what a longer line left */
		at += n + (at[n] == '\n');
	}
	text_add(&s->text, "\033[J"); /* and the lines of a longer block */
	text_done(&block);
	s->drawn_lines = lines;
	screen_flush(s);
}

void screen_keep(struct screen *s)
{
	s->drawn_lines = 0;
}
