#include "sys/markdown.h"

#include <pthread.h>
#include <string.h>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include "base/text.h"

#define GUESS_MOST ((size_t)1 << 16) /* blocks that room is made for before they are seen */

struct reading {
	struct arena *a;
	struct markdown_block *blocks;
	size_t n, room;
	size_t guess; /* how many there will be, at least 1: to grow copies them all */
	size_t open[MARKDOWN_DEPTH_MAX + 1]; /* blocks around the next one */
	size_t depth;
	size_t target; /* whose text is being gathered, or MARKDOWN_NONE */
	struct text text;
	size_t strong_from;
	bool too_deep;
};

static void register_extensions(void)
{
	cmark_gfm_core_extensions_ensure_registered();
}

/* Is this line a fence, and of how many of which character? 0: no. At most 3 blanks before it. */
static size_t fence(const char *s, size_t n, char *mark)
{
	size_t at = 0, len = 0;

	while (at < n && at < 4 && s[at] == ' ')
		at++;
	if (at > 3 || at == n || (s[at] != '`' && s[at] != '~'))
		return 0;
	*mark = s[at];
	while (at + len < n && s[at + len] == *mark)
		len++;
	if (len < 3 || (*mark == '`' && memchr(s + at + len, '`', n - at - len) != NULL))
		return 0;
	return len;
}

/* Does a new paragraph, item, row or heading begin here, so that pairs cannot cross it? */
static bool starts_block(const char *s, size_t n)
{
	size_t at = 0;

	while (at < n && (s[at] == ' ' || s[at] == '\t'))
		at++;
	if (at == n)
		return true;
	return strchr("-*+#|0123456789", s[at]) != NULL;
}

/* Nested marks at the start of a line: `> > - 1. ...`. */
static size_t nesting(const char *s, size_t n)
{
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '>' || ((s[i] == '-' || s[i] == '*' || s[i] == '+') && i + 1 < n &&
		                    (s[i + 1] == ' ' || s[i + 1] == '\t')))
			depth++;
		else if (s[i] != ' ' && s[i] != '\t' && s[i] != '.' && s[i] != ')' &&
		         (s[i] < '0' || s[i] > '9'))
			break;
	}
	return depth;
}

/* Blank the marks that cost cmark quadratic time once a paragraph has grown over the limit. */
static void calm(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != '\0' && strchr("[]!_*`<&~\\", s[i]) != NULL)
			s[i] = ' ';
}

/* What the guard knows of the lines above. */
struct guard {
	size_t open; /* length of the fence the line is within; 0: none */
	char mark;   /* its character */
	size_t run;  /* bytes of the paragraph so far */
};

/* Look at one line, and calm what stands past the limit. False: nested too deep. */
static bool line_guard(struct guard *g, char *s, size_t len)
{
	char mark = 0;
	size_t f, before;

	while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == '\r'))
		len--;
	f = fence(s, len, &mark);
	if (g->open > 0) {
		g->open = f >= g->open && mark == g->mark ? 0 : g->open;
		return true;
	}
	if (f > 0) {
		g->open = f;
		g->mark = mark;
		return true;
	}
	if (nesting(s, len) > MARKDOWN_DEPTH_MAX / 2)
		return false;
	before = starts_block(s, len) ? 0 : g->run;
	g->run = before + len;
	if (g->run > MARKDOWN_MARKS_MAX) {
		size_t keep = before < MARKDOWN_MARKS_MAX ? MARKDOWN_MARKS_MAX - before : 0;

		calm(s + keep, len - keep);
	}
	return true;
}

/* Copy the document with its worst cases taken out. */
static enum status guard(struct markdown *m, struct arena *a, size_t n, char **out, struct err *err)
{
	char *copy = arena_copy(a, m->bytes, n);
	struct guard g = { 0 };

	if (copy == NULL)
		return err_nomem(err, "a document");
	for (size_t i = 0; i < m->n_lines; i++)
		if (!line_guard(&g, copy + m->line_at[i], m->line_at[i + 1] - m->line_at[i]))
			return err_set(err, E_INPUT, "line %zu is nested more than %d deep", i + 1,
			               MARKDOWN_DEPTH_MAX / 2);
	*out = copy;
	return OK;
}

static struct markdown_block *block_new(struct reading *r, enum markdown_kind kind,
                                        cmark_node *node)
{
	struct markdown_block *b;

	if (r->n == r->room) {
		size_t room = r->room == 0 ? r->guess : r->room * 2;
		struct markdown_block *grown = arena_take(r->a, room * sizeof *grown);

		if (grown == NULL)
			return NULL;
		if (r->n > 0)
			memcpy(grown, r->blocks, r->n * sizeof *grown);
		r->blocks = grown;
		r->room = room;
	}
	b = &r->blocks[r->n++];
	*b = (struct markdown_block){
		.kind = kind,
		.parent = r->depth == 0 ? MARKDOWN_NONE : r->open[r->depth - 1],
		.end = r->n,
		.line = cmark_node_get_start_line(node),
		.last_line = cmark_node_get_end_line(node),
		.text = "",
	};
	return b;
}

static bool is_inline(cmark_node_type type)
{
	return ((unsigned)type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_INLINE;
}

/* The kind of block, or -1 for what is none (inlines, the document itself). */
static int kind_of(cmark_node *node)
{
	cmark_node_type type = cmark_node_get_type(node);
	const char *name;

	if (is_inline(type))
		return -1;
	if (type == CMARK_NODE_LIST)
		return MARKDOWN_LIST;
	if (type == CMARK_NODE_ITEM)
		return MARKDOWN_ITEM;
	if (type == CMARK_NODE_PARAGRAPH)
		return MARKDOWN_PARAGRAPH;
	if (type == CMARK_NODE_HEADING)
		return MARKDOWN_HEADING;
	if (type == CMARK_NODE_CODE_BLOCK)
		return MARKDOWN_CODE;
	if (type == CMARK_NODE_BLOCK_QUOTE)
		return MARKDOWN_QUOTE;
	if (type == CMARK_NODE_HTML_BLOCK)
		return MARKDOWN_HTML;
	name = cmark_node_get_type_string(node);
	if (strcmp(name, "table") == 0)
		return MARKDOWN_TABLE;
	if (strcmp(name, "table_header") == 0 || strcmp(name, "table_row") == 0)
		return MARKDOWN_ROW;
	return strcmp(name, "table_cell") == 0 ? MARKDOWN_CELL : -1;
}

static bool gathers(enum markdown_kind kind)
{
	return kind == MARKDOWN_HEADING || kind == MARKDOWN_PARAGRAPH || kind == MARKDOWN_CELL;
}

/* What only some kinds have. */
static void fill(struct reading *r, struct markdown_block *b, cmark_node *node)
{
	const char *info;

	if (b->kind == MARKDOWN_HEADING) {
		b->level = cmark_node_get_heading_level(node);
	} else if (b->kind == MARKDOWN_LIST) {
		b->ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
		b->number = b->ordered ? cmark_node_get_list_start(node) : 0;
	} else if (b->kind == MARKDOWN_ROW) {
		b->level = strcmp(cmark_node_get_type_string(node), "table_header") == 0;
	} else if (b->kind == MARKDOWN_ITEM && b->parent != MARKDOWN_NONE) {
		struct markdown_block *list = &r->blocks[b->parent];

		b->ordered = list->ordered;
		b->number = list->ordered ? list->number++ : 0;
	} else if (b->kind == MARKDOWN_CODE || b->kind == MARKDOWN_HTML) {
		int length = 0, offset = 0;
		char mark = 0;

		b->text = text_dup(r->a, cmark_node_get_literal(node));
		b->level = b->kind == MARKDOWN_CODE &&
		           cmark_node_get_fenced(node, &length, &offset, &mark);
		info = cmark_node_get_fence_info(node);
		b->info = info == NULL ? "" : arena_copy(r->a, info, strcspn(info, " \t{,"));
	}
}

static void block_enter(struct reading *r, enum markdown_kind kind, cmark_node *node)
{
	struct markdown_block *b;

	if (r->depth == MARKDOWN_DEPTH_MAX) {
		r->too_deep = true;
		return;
	}
	if ((b = block_new(r, kind, node)) == NULL)
		return;
	fill(r, b, node);
	r->open[r->depth++] = r->n - 1;
	if (gathers(kind)) {
		r->target = r->n - 1;
		r->text.len = 0;
	}
}

/* Take `[ ]` or `[x]` (Kiro: `[ ]*`) off the start of an item's text. */
static void box_take(struct markdown_block *item)
{
	static const struct {
		char mark;
		enum markdown_box box;
	} boxes[] = {
		{ ' ', MARKDOWN_OPEN },    { 'x', MARKDOWN_DONE }, { 'X', MARKDOWN_DONE },
		{ '-', MARKDOWN_DROPPED }, { '~', MARKDOWN_OPEN }, { '/', MARKDOWN_OPEN },
	};
	const char *s = item->text;
	size_t skip = 3;

	if (s[0] != '[' || s[1] == '\0' || s[2] != ']' || strchr(" \n*", s[3]) == NULL)
		return;
	for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
		if (boxes[i].mark == s[1])
			item->box = boxes[i].box;
	if (item->box == MARKDOWN_NO_BOX)
		return;
	while (s[skip] == ' ' || s[skip] == '\n')
		skip++;
	item->strong = item->strong > skip ? item->strong - skip : 0;
	item->text = s + skip;
}

static void block_leave(struct reading *r)
{
	size_t at = r->open[--r->depth];
	struct markdown_block *b = &r->blocks[at], *up;

	b->end = r->n;
	if (!gathers(b->kind))
		return;
	b->text = text_copy(&r->text, r->a);
	r->target = MARKDOWN_NONE;
	if (b->text == NULL || b->kind != MARKDOWN_PARAGRAPH || b->parent == MARKDOWN_NONE)
		return;
	up = &r->blocks[b->parent];
	if (up->kind != MARKDOWN_ITEM || b->parent + 1 != at)
		return;
	up->text = b->text;
	up->strong = b->strong;
	up->struck = b->struck;
	box_take(up);
	if (up->struck)
		up->box = MARKDOWN_DROPPED;
}

/* `<br>` is a new line, formatting and comments are nothing, other tags are words: `<name>`. */
static void tag_add(struct text *t, const char *tag)
{
	static const char *const marks[] = { "b",   "i",    "em",    "strong", "sub",
		                             "sup", "code", "kbd",   "a",      "span",
		                             "u",   "s",    "small", "mark",   "p" };
	const char *name = tag + 1 + (tag[1] == '/');
	size_t len = strcspn(name, " \t/>");

	if (tag[1] == '!' || tag[1] == '?')
		return;
	if (len == 2 && (name[0] == 'b' || name[0] == 'B') && (name[1] == 'r' || name[1] == 'R')) {
		text_add_char(t, '\n');
		return;
	}
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (strlen(marks[i]) == len && strncmp(marks[i], name, len) == 0)
			return;
	text_add(t, tag);
}

/* Struck out from its first word on; a check box may stand before. */
static bool at_start(const struct text *t)
{
	return t->len == 0 || (t->len == 4 && t->bytes[0] == '[');
}

static void inline_seen(struct reading *r, cmark_node *node, bool enter)
{
	cmark_node_type type = cmark_node_get_type(node);
	struct markdown_block *b;

	if (r->target == MARKDOWN_NONE)
		return;
	b = &r->blocks[r->target];
	if (type == CMARK_NODE_STRONG) {
		if (enter)
			r->strong_from = r->text.len;
		else if (r->strong_from == b->strong ||
		         (b->strong == 0 && r->strong_from == 4 && r->text.bytes[0] == '['))
			b->strong = r->text.len;
	} else if (!enter) {
		return;
	} else if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) {
		text_add(&r->text, cmark_node_get_literal(node));
	} else if (type == CMARK_NODE_HTML_INLINE) {
		tag_add(&r->text, cmark_node_get_literal(node));
	} else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK) {
		text_add_char(&r->text, '\n');
	} else if (at_start(&r->text) &&
	           strcmp(cmark_node_get_type_string(node), "strikethrough") == 0) {
		b->struck = true;
	}
}

static void walk(struct reading *r, cmark_node *root)
{
	cmark_iter *iter = cmark_iter_new(root);
	cmark_event_type event;

	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(iter);
		int kind = kind_of(node);

		if (kind < 0 && is_inline(cmark_node_get_type(node)))
			inline_seen(r, node, event == CMARK_EVENT_ENTER);
		if (kind < 0)
			continue;
		if (event == CMARK_EVENT_ENTER)
			block_enter(r, (enum markdown_kind)kind, node);
		if (r->too_deep || arena_failed(r->a))
			break;
		/* leaves are entered and never left */
		if (event == CMARK_EVENT_EXIT || kind == MARKDOWN_CODE || kind == MARKDOWN_HTML)
			block_leave(r);
	}
	cmark_iter_free(iter);
}

static cmark_node *parse(const char *bytes, size_t n)
{
	static const char *const extensions[] = { "table", "strikethrough" };
	static pthread_once_t once = PTHREAD_ONCE_INIT; /* cmark's registry is filled once */
	cmark_parser *parser;
	cmark_node *root;

	(void)pthread_once(&once, register_extensions);
	parser = cmark_parser_new(CMARK_OPT_DEFAULT);
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
		cmark_parser_attach_syntax_extension(parser,
		                                     cmark_find_syntax_extension(extensions[i]));
	cmark_parser_feed(parser, bytes, n);
	root = cmark_parser_finish(parser);
	cmark_parser_free(parser);
	return root;
}

/* An item and its paragraph for each line, a cell for each bar: few documents have more. */
static size_t blocks_guess(const struct markdown *m, size_t n)
{
	size_t guess = 2 * m->n_lines + 16;

	for (const char *at = m->bytes, *end = at + n;
	     (at = memchr(at, '|', (size_t)(end - at))) != NULL; at++)
		guess++;
	return guess < GUESS_MOST ? guess : GUESS_MOST;
}

/* Where the lines start; a last line without an end counts. */
static bool lines_find(struct markdown *m, size_t n, struct arena *a)
{
	size_t lines = 0, at = 0, *starts;

	for (size_t i = 0; i < n; i++)
		lines += m->bytes[i] == '\n';
	lines += n > 0 && m->bytes[n - 1] != '\n';
	if ((starts = arena_take(a, (lines + 1) * sizeof *starts)) == NULL)
		return false;
	for (size_t i = 0; i < lines; i++) {
		const char *end = memchr(m->bytes + at, '\n', n - at);

		starts[i] = at;
		at = end == NULL ? n : (size_t)(end - m->bytes) + 1;
	}
	starts[lines] = n;
	m->line_at = starts;
	m->n_lines = lines;
	return true;
}

enum status markdown_read(const char *bytes, size_t n, struct arena *a, struct markdown **out,
                          struct err *err)
{
	struct reading r = { .a = a, .target = MARKDOWN_NONE };
	struct markdown *m = arena_take(a, sizeof *m);
	char *calmed = NULL;
	cmark_node *root;
	enum status st;

	if (n > MARKDOWN_BYTES_MAX)
		return err_set(err, E_INPUT, "the document has %zu bytes; at most %zu are read", n,
		               MARKDOWN_BYTES_MAX);
	if (m == NULL || (m->bytes = arena_copy(a, bytes, n)) == NULL || !lines_find(m, n, a))
		return err_nomem(err, "a document");
	if ((st = guard(m, a, n, &calmed, err)) != OK)
		return st;
	r.guess = blocks_guess(m, n);
	text_init(&r.text, MARKDOWN_BYTES_MAX);
	root = parse(calmed, n);
	walk(&r, root);
	cmark_node_free(root);
	st = r.text.failed || arena_failed(a) ? err_nomem(err, "a document") : OK;
	text_done(&r.text);
	if (st != OK)
		return st;
	if (r.too_deep)
		return err_set(err, E_INPUT, "the document is nested more than %d deep",
		               MARKDOWN_DEPTH_MAX);
	m->blocks = r.blocks;
	m->n = r.n;
	*out = m;
	return OK;
}

bool markdown_show(struct markdown *m, const char *bytes, struct arena *a)
{
	size_t n = strlen(bytes);

	return (m->bytes = arena_copy(a, bytes, n)) != NULL && lines_find(m, n, a);
}

const char *markdown_source(const struct markdown *m, long first, long last, struct arena *a)
{
	size_t from, to;

	if (first < 1 || first > last || (size_t)first > m->n_lines)
		return "";
	from = m->line_at[first - 1];
	to = m->line_at[(size_t)last > m->n_lines ? m->n_lines : (size_t)last];
	while (to > from && (m->bytes[to - 1] == '\n' || m->bytes[to - 1] == '\r'))
		to--;
	return arena_copy(a, m->bytes + from, to - from);
}
