#include "domain/plan/paper.h"

#include <string.h>

#include "domain/plan/name.h"
#include "domain/plan/role.h"

static const char *const aside[] = {
	"risk",          "risks",        "mitigation",   "contingency",
	"success",       "metrics",      "criteria",     "rollback",
	"notes",         "goals",        "non goals",    "overview",
	"background",    "references",   "optimization", "opportunities",
	"acceptance",    "assumptions",  "resources",    "questions",
	"decisions",     "requirements", "benchmarks",   "dependencies",
	"strategy",      "timeline",     "format",       "conventions",
	"prerequisites", "validation",   "out of scope", "definition of done",
	"glossary",      "changelog",    "gates",        "appendix",
	"critical path", "open issues",  "context",      "motivation",
	"alternatives",
};

static const char *const tasks[] = {
	"task",           "tasks",     "step",       "steps", "todo",  "to do",     "work",
	"implementation", "milestone", "milestones", "batch", "phase", "breakdown", "backlog",
	"action items",   "checklist", "plan",       "wave",  "stage", "sprint",    "subtasks",
};

static enum paper_section section_of(const char *heading)
{
	for (size_t i = 0; i < sizeof aside / sizeof *aside; i++)
		if (name_has(heading, aside[i]))
			return PAPER_ASIDE;
	for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
		if (name_has(heading, tasks[i]))
			return PAPER_TASKS;
	return PAPER_PLAIN;
}

/* `2.1 Batch 1: Foundation`: numbers before the words do not count. */
static const char *without_number(const char *s)
{
	size_t n = strspn(s, "0123456789.)");

	return n > 0 && s[n] == ' ' ? s + n + 1 : s;
}

static void heading_fill(struct paper *p, size_t i)
{
	const struct markdown_block *b = &p->m->blocks[i];
	const char *words = without_number(b->text);

	p->section[i] = section_of(words);
	if (role_batch(p->d->a, words, &p->batch[i], &p->batch_number[i])) {
		/* `Batch 1 Quality Gate` is about the batch, and is not it */
		if (p->section[i] == PAPER_ASIDE && strchr(words, ':') == NULL &&
		    strchr(words, '(') == NULL && strstr(words, " - ") == NULL)
			p->batch[i] = NULL;
		else
			p->section[i] = PAPER_TASKS;
	} else {
		p->batch[i] = NULL;
	}
	if (p->heading[i] == MARKDOWN_NONE || p->section[i] != PAPER_PLAIN)
		return;
	/* the title of the whole says nothing about its parts */
	if (p->m->blocks[p->heading[i]].level > 1)
		p->section[i] = p->section[p->heading[i]];
}

bool paper_init(struct paper *p, const struct markdown *m, struct draft *d)
{
	size_t n = m->n + 1, above[7], depth = 0;

	*p = (struct paper){
		.m = m,
		.d = d,
		.heading = arena_take(d->a, n * sizeof *p->heading),
		.batch = arena_take(d->a, n * sizeof *p->batch),
		.batch_number = arena_take(d->a, n * sizeof *p->batch_number),
		.section = arena_take(d->a, n * sizeof *p->section),
		.task = arena_take(d->a, n * sizeof *p->task),
		.weight = arena_take(d->a, n),
		.used = arena_take(d->a, n),
	};
	if (arena_failed(d->a))
		return false;
	for (size_t i = 0; i < m->n; i++) {
		const struct markdown_block *b = &m->blocks[i];
		bool heading = b->kind == MARKDOWN_HEADING && b->parent == MARKDOWN_NONE;

		while (heading && depth > 0 && m->blocks[above[depth - 1]].level >= b->level)
			depth--;
		p->task[i] = PLAN_NONE;
		p->heading[i] = depth == 0 ? MARKDOWN_NONE : above[depth - 1];
		if (heading) {
			heading_fill(p, i);
			above[depth++] = i; /* levels ascend: at most six */
		}
	}
	return !arena_failed(d->a);
}

bool paper_batch(const struct paper *p, size_t block, const char **name, long *number)
{
	for (size_t h = p->heading[block]; h != MARKDOWN_NONE; h = p->heading[h])
		if (p->batch[h] != NULL) {
			*name = p->batch[h];
			*number = p->batch_number[h];
			return true;
		}
	return false;
}

enum paper_section paper_section(const struct paper *p, size_t block)
{
	return p->heading[block] == MARKDOWN_NONE ? PAPER_PLAIN : p->section[p->heading[block]];
}

bool paper_under(const struct paper *p, size_t block, const char *words)
{
	for (size_t h = p->heading[block]; h != MARKDOWN_NONE; h = p->heading[h])
		if (name_has(p->m->blocks[h].text, words))
			return true;
	return false;
}

bool paper_field(const char *s, size_t *name_len, size_t *value, size_t *end)
{
	size_t n = strcspn(s, ":\n"), words = 0;

	if (s[n] != ':' || n == 0 || n > 40 || s[n + 1] == '/' || s[n + 1] == ':')
		return false;
	for (size_t i = 0; i < n; i++)
		words += s[i] == ' ';
	if (words > 4)
		return false;
	*name_len = n;
	*value = n + 1;
	while (s[*value] == ' ' || s[*value] == '*' || s[*value] == '\t')
		++*value;
	*end = *value + strcspn(s + *value, "\n");
	return true;
}
