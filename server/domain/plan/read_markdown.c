#include "domain/plan/read.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/mermaid.h"
#include "domain/plan/needs.h"
#include "domain/plan/order.h"
#include "domain/plan/paper.h"

static void title_read(struct paper *p)
{
	for (size_t i = 0; i < p->m->n && p->d->title[0] == '\0'; i++)
		if (p->m->blocks[i].kind == MARKDOWN_HEADING && p->m->blocks[i].level <= 2)
			p->d->title = p->m->blocks[i].text;
}

/* YAML between lines of `---` at the start is no Markdown: blanked, so that lines keep numbers. */
static const char *front_blank(const char *bytes, size_t n, struct arena *a)
{
	const char *end;
	char *copy;

	if (n < 4 || memcmp(bytes, "---\n", 4) != 0 ||
	    (end = memmem(bytes + 3, n - 3, "\n---", 4)) == NULL)
		return bytes;
	if ((copy = arena_copy(a, bytes, n)) == NULL)
		return NULL;
	for (char *s = copy; s < copy + (end - bytes) + 4; s++)
		if (*s != '\n')
			*s = ' ';
	return copy;
}

/* The letter with which a line of a list begins, `a.` or `b)`; 0: none. *blank: before it. */
static char letter_at(const char *line, size_t *blank)
{
	*blank = strspn(line, " \t");
	line += *blank;
	return line[0] >= 'a' && line[0] <= 'i' && (line[1] == '.' || line[1] == ')') &&
	               line[2] == ' ' && line[3] != ' '
	           ? line[0]
	           : '\0';
}

/*
 * Markdown knows no lists by letters; the parser gets `1.` for `a.`, at the same place. Only where
 * an `a` is followed, at the same depth, by a `b`: a letter alone is a word.
 */
static const char *letters_number(const char *bytes, struct arena *a)
{
	char *copy = NULL;
	const char *open = NULL; /* a line that begins with `a` */
	size_t depth = 0, blank;

	for (const char *s = bytes; *s != '\0'; s += strcspn(s, "\n"), s += *s == '\n') {
		char letter = letter_at(s, &blank);

		if (letter == 'a') {
			open = s;
			depth = blank;
		}
		if (letter < 'b' || open == NULL || blank != depth)
			continue;
		if (copy == NULL && (copy = text_dup(a, bytes)) == NULL)
			return NULL;
		copy[open - bytes + (ptrdiff_t)depth] = '1';
		copy[s - bytes + (ptrdiff_t)blank] = (char)('1' + letter - 'a');
	}
	return copy == NULL ? bytes : copy;
}

static bool has_graph(const struct paper *p)
{
	for (size_t i = 0; i < p->m->n; i++)
		if (p->m->blocks[i].kind == MARKDOWN_CODE &&
		    text_same(p->m->blocks[i].info, "mermaid") &&
		    mermaid_is_graph(p->m->blocks[i].text))
			return true;
	return false;
}

/* Lists that are not what the diagram shows were no tasks after all. */
static void lists_undo(struct paper *p)
{
	struct draft *d = p->d;

	d->n_tasks = d->n_refs = d->n_edges = d->n_findings = 0;
	d->numbered = d->stated = false;
	memset(p->used, 0, p->m->n);
}

/* Tables first, then headings, lists and diagrams, each only if those before gave no tasks. */
static void tasks_read(struct paper *p)
{
	paper_read_tables(p);
	paper_read_headings(p);
	paper_read_lists(p);
	if (!has_graph(p))
		return;
	paper_read_diagrams(p);
	if (!p->d->diagram && p->lists) {
		lists_undo(p);
		paper_read_diagrams(p);
	}
}

enum status read_markdown(const char *bytes, size_t n, struct draft *d, struct err *err)
{
	const char *body = front_blank(bytes, n, d->a);
	struct markdown *m = NULL;
	struct paper p;
	enum status st;

	if (body == NULL || (body = letters_number(body, d->a)) == NULL)
		return err_nomem(err, "a plan");
	if ((st = markdown_read(body, n, d->a, &m, err)) != OK)
		return st;
	if (!paper_init(&p, m, d))
		return err_nomem(err, "a plan");
	title_read(&p);
	tasks_read(&p);
	paper_read_phases(&p);
	paper_read_attributes(&p);
	paper_read_code(&p);
	paper_read_claims(&p);
	order_formats(&p);
	needs_read(d, body, d->options->beside);
	if (!d->ordered && !d->grouped)
		paper_read_phrases(&p);
	return OK;
}
