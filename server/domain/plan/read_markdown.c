#include "domain/plan/read.h"

#include <string.h>

#include "base/text.h"
#include "domain/plan/letters.h"
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
	struct letters letters;
	struct paper p;
	enum status st;

	if (body == NULL || !letters_read(body, d->a, &letters))
		return err_nomem(err, "a plan");
	if (letters.at != NULL)
		n = strlen(letters.text);
	if ((st = markdown_read(letters.text, n, d->a, &m, err)) != OK)
		return st;
	if ((letters.at != NULL && !markdown_show(m, body, d->a)) || !paper_init(&p, m, d))
		return err_nomem(err, "a plan");
	p.letters = &letters;
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
