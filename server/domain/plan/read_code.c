/* Fenced blocks: commands under quality gates, and lists of what to do that describe tasks. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/near.h"
#include "domain/plan/paper.h"
#include "domain/plan/role.h"

static bool is_shell(const struct markdown_block *b)
{
	static const char *const names[] = { "", "bash", "sh", "shell", "console", "text" };

	for (size_t i = 0; b->kind == MARKDOWN_CODE && i < sizeof names / sizeof *names; i++)
		if (text_same(b->info, names[i]))
			return true;
	return false;
}

static void gates_read(struct paper *p, const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "\n"), skip = strspn(s, " \t$");

		if (skip < n && s[skip] != '#')
			draft_text(p->d->a, &p->d->gates, draft_copy(p->d->a, s + skip, n - skip));
		s += n + (s[n] == '\n');
	}
}

/* Bytes before the words of `- words` and `1. words`, or 0 when the line is no item. */
static size_t item_mark(const char *s, size_t n)
{
	size_t digits = strspn(s, "0123456789");

	if (digits > 0 && digits + 2 < n && s[digits] == '.' && s[digits + 1] == ' ')
		return digits + 2;
	return n > 2 && (s[0] == '-' || s[0] == '*') && s[1] == ' ' ? 2 : 0;
}

/* The task an item speaks of: by its issue, else by the words it shares with one title. */
static struct draft_task *about(struct paper *p, struct names *names, const char *words)
{
	struct draft_task *t = &p->d->scratch, *best = NULL;
	double most = 0;
	struct name_hit hit;

	*t = (struct draft_task){ .t = { .id = "", .title = "", .description = "", .kind = "" } };
	t->index = PLAN_NONE;
	role_title(p->d, t, words, PLAN_PHRASE);
	for (size_t i = 0; i < t->t.labels.n; i++) {
		hit = name_find(names, t->t.labels.at[i], strlen(t->t.labels.at[i]));
		if (hit.how == NAME_ISSUE)
			return p->d->tasks[hit.task];
	}
	hit = name_find(names, t->t.title, strlen(t->t.title));
	if (hit.how >= NAME_NEAR)
		return p->d->tasks[hit.task];
	for (size_t i = 0; i < p->d->n_tasks && p->d->n_tasks <= 200; i++) {
		double alike = near_alike(t->t.title, p->d->tasks[i]->t.title);

		if (alike > most) {
			most = alike;
			best = p->d->tasks[i];
		} else if (alike >= most) {
			best = NULL;
		}
	}
	return most >= 0.5 ? best : NULL;
}

/* Items in a block that instructs agents: each describes a task, those below it are steps. */
static void instructions_read(struct paper *p, struct names *names, const char *s)
{
	struct draft_task *t = NULL;

	while (*s != '\0') {
		size_t n = strcspn(s, "\n"), indent = strspn(s, " \t"), mark;
		const char *words;

		mark = indent < n ? item_mark(s + indent, n - indent) : 0;
		words = mark == 0 ? "" : draft_copy(p->d->a, s + indent + mark, n - indent - mark);
		if (mark > 0 && indent < 2) {
			t = about(p, names, words);
			if (t != NULL && t->t.description[0] == '\0')
				t->t.description = words;
		} else if (mark > 0 && t != NULL) {
			draft_text(p->d->a, &t->t.steps, words);
		}
		s += n + (s[n] == '\n');
	}
}

void paper_read_code(struct paper *p)
{
	struct names *names = NULL;

	for (size_t i = 0; i < p->m->n; i++) {
		const struct markdown_block *b = &p->m->blocks[i];

		if (p->used[i] || !is_shell(b))
			continue;
		if (paper_under(p, i, "gate") || paper_under(p, i, "gates")) {
			gates_read(p, b->text);
		} else if (p->d->n_tasks > 0) {
			names = names == NULL ? names_build(p->d) : names;
			if (names == NULL)
				return;
			instructions_read(p, names, b->text);
		}
	}
}
