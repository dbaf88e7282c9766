/*
 * markdown.h - a Markdown document as a flat list of blocks.
 *
 * cmark-gfm parses (CommonMark and tables); what it found is copied into the
 * caller's arena in document order, a block before the blocks inside it, each with its
 * lines and with its text without marks. Nothing of cmark's outlives the call.
 *
 * cmark aborts without memory and some of its rules take quadratic time, so the input is
 * bounded: MARKDOWN_BYTES_MAX bytes, MARKDOWN_DEPTH_MAX levels, and in a paragraph over
 * MARKDOWN_MARKS_MAX bytes the marks that can pair up are read as blanks. Any thread.
 */
#ifndef SYS_MARKDOWN_H
#define SYS_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define MARKDOWN_BYTES_MAX ((size_t)16 << 20)
#define MARKDOWN_DEPTH_MAX 64
#define MARKDOWN_MARKS_MAX ((size_t)16 << 10)
#define MARKDOWN_NONE      ((size_t)-1)

enum markdown_kind {
	MARKDOWN_HEADING,
	MARKDOWN_PARAGRAPH,
	MARKDOWN_LIST,
	MARKDOWN_ITEM, /* its text is that of the first paragraph in it */
	MARKDOWN_TABLE,
	MARKDOWN_ROW,
	MARKDOWN_CELL,
	MARKDOWN_CODE,
	MARKDOWN_QUOTE,
	MARKDOWN_HTML,
};

enum markdown_box { MARKDOWN_NO_BOX, MARKDOWN_OPEN, MARKDOWN_DONE, MARKDOWN_DROPPED };

struct markdown_block {
	enum markdown_kind kind;
	size_t parent;        /* the block around it, or MARKDOWN_NONE */
	size_t end;           /* index after the last block inside it */
	long line, last_line; /* 1 is the first */
	int level;    /* of a heading 1 to 6; of a row 1 for the header; of code 1 when fenced */
	bool ordered; /* list, item */
	long number;  /* item of an ordered list */
	enum markdown_box box; /* item: `[ ]`, `[x]`; `[-]` and struck out are dropped */
	bool struck;           /* the text begins struck out */
	size_t strong;         /* bytes of text that are bold at its start */
	const char *text; /* words without marks, one line of the source a line; code: as it is */
	const char *info; /* code: first word after the fence, "" for none; else NULL */
};

struct markdown {
	const struct markdown_block *blocks;
	size_t n;
	const char *bytes;     /* the document, in the arena */
	const size_t *line_at; /* where each line starts; n_lines + 1 entries */
	size_t n_lines;
};

/*
 * Read bytes[0..n), valid UTF-8 without NUL. E_INPUT when it is too big or too deep, E_NOMEM
 * when the arena is full. On OK *out lives in the arena.
 */
enum status markdown_read(const char *bytes, size_t n, struct arena *a, struct markdown **out,
                          struct err *err);

/* The source of lines first to last, as written, copied; NULL when the arena is full. */
const char *markdown_source(const struct markdown *m, long first, long last, struct arena *a);

/*
 * Have markdown_source tell another text than the one that was parsed, the same line for line: a
 * reader that helped the parser with marks shows people their own. False when the arena is full.
 */
bool markdown_show(struct markdown *m, const char *bytes, struct arena *a);

#endif
