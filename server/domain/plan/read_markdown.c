#include "domain/plan/read.h"

#include <string.h>

#include "domain/plan/paper.h"

static void title_read(struct paper *p)
{
	for (size_t i = 0; i < p->m->n && p->d->title[0] == '\0'; i++)
		if (p->m->blocks[i].kind == MARKDOWN_HEADING && p->m->blocks[i].level <= 2)
			p->d->title = p->m->blocks[i].text;
}

enum status read_markdown(const char *bytes, size_t n, struct draft *d, struct err *err)
{
	struct markdown *m = NULL;
	struct paper p;
	enum status st;

	if ((st = markdown_read(bytes, n, d->a, &m, err)) != OK)
		return st;
	if (!paper_init(&p, m, d))
		return err_nomem(err, "a plan");
	title_read(&p);
	paper_read_tables(&p);
	paper_read_headings(&p);
	if (d->n_tasks > 0) /* a diagram beside tasks is about them; alone it is the plan */
		paper_read_diagrams(&p);
	if (d->n_tasks == 0 || !d->diagram)
		paper_read_lists(&p);
	if (!d->diagram)
		paper_read_diagrams(&p);
	paper_read_phases(&p);
	paper_read_attributes(&p);
	paper_read_code(&p);
	paper_read_claims(&p);
	return OK;
}
