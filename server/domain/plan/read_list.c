/* Check boxes, numbered items and bullets as tasks. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/letters.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"
#include "domain/plan/role.h"

enum taste { BOXES, NUMBERS, BULLETS };

/* The item around an item, or MARKDOWN_NONE. */
static size_t outer_item(const struct paper *p, size_t item)
{
	size_t list = p->m->blocks[item].parent;

	if (list == MARKDOWN_NONE)
		return MARKDOWN_NONE;
	list = p->m->blocks[list].parent;
	return list != MARKDOWN_NONE && p->m->blocks[list].kind == MARKDOWN_ITEM ? list
	                                                                         : MARKDOWN_NONE;
}

static bool is_field(const char *s)
{
	size_t name = 0, value, end;
	char words[48];

	if (!paper_field(s, &name, &value, &end))
		return false;
	memcpy(words, s, name);
	words[name] = '\0';
	return role_of(words) > ROLE_NAME;
}

static bool fits(const struct paper *p, size_t i, enum taste taste, enum paper_section section)
{
	const struct markdown_block *b = &p->m->blocks[i];
	size_t outer;

	if (b->kind != MARKDOWN_ITEM || p->used[i] || b->text[0] == '\0')
		return false;
	/* a box that begins with `T012` is a task wherever it stands */
	if (taste == BOXES && section == PAPER_TASKS && b->box != MARKDOWN_NO_BOX &&
	    b->text[0] == 'T' && role_lead_id(b->text) > 0)
		section = paper_section(p, i);
	if (paper_section(p, i) != section)
		return false;
	outer = outer_item(p, i);
	if (taste == BOXES)
		return b->box != MARKDOWN_NO_BOX &&
		       (outer == MARKDOWN_NONE || p->m->blocks[outer].box == MARKDOWN_NO_BOX ||
		        p->d->options->deep);
	if (outer != MARKDOWN_NONE && !p->d->options->deep)
		return false;
	return b->ordered == (taste == NUMBERS) && !is_field(b->text);
}

/* Is the bold start of an item its title, with more behind it? An id alone is none. */
static bool bold_title(const struct markdown_block *b)
{
	size_t lead = role_lead_id(b->text);

	return b->strong > 0 && b->text[b->strong] != '\0' && b->text[b->strong] != '\n' &&
	       lead + 1 < b->strong && strncmp(b->text + b->strong, " and ", 5) != 0;
}

/* The title, and what the item says behind it: remarks, and a description. */
static void item_words(struct paper *p, struct draft_task *t, const struct markdown_block *b)
{
	const char *rest = b->text + b->strong;

	if (!bold_title(b)) {
		role_title(p->d, t, b->text, PLAN_PHRASE);
		phrase_read(p->d, t, t->t.title, b->line);
		return;
	}
	role_title(p->d, t, draft_copy(p->d->a, b->text, b->strong), PLAN_PHRASE);
	rest = role_rest(p->d, t, rest, PLAN_PHRASE);
	if (t->t.description[0] == '\0')
		t->t.description = rest;
	phrase_read(p->d, t, rest, b->line);
}

/* The letter that a line begins with is a place in its list, or a name. */
static bool letter_apply(const struct paper *p, struct draft_task *t, long line)
{
	const struct letters *l = p->letters;

	if (l->at == NULL || l->at[line] == '\0')
		return false;
	t->alias = draft_copy(p->d->a, l->at + line, 1);
	if (l->names[line] && !t->own_id) {
		t->t.id = t->alias;
		t->own_id = true;
	}
	return true;
}

static struct draft_task *item_task(struct paper *p, size_t i, enum taste taste)
{
	const struct markdown_block *b = &p->m->blocks[i];
	struct draft_task *t = draft_task(p->d, "", b->line);

	item_words(p, t, b);
	if (!letter_apply(p, t, b->line) && taste == NUMBERS && t->alias == NULL)
		t->alias = text_printf(p->d->a, "%ld", b->number);
	t->t.done = b->box == MARKDOWN_DONE;
	t->dropped = b->box == MARKDOWN_DROPPED;
	t->seen |= DRAFT_IN_LIST;
	(void)paper_batch(p, i, &t->t.batch, &t->batch_number);
	p->task[i] = t->index;
	p->used[i] = true;
	paper_read_body(p, t, i + 1, b->end);
	return t;
}

/* `3. In parallel:` with a list below: those are the tasks, and they share a place. */
static bool side_by_side(const struct paper *p, size_t i)
{
	const struct markdown_block *b = &p->m->blocks[i];
	size_t n = strcspn(b->text, "\n");

	if (n == 0 || b->text[n - 1] != ':' || n > 60)
		return false;
	if (!name_has(b->text, "parallel") && !name_has(b->text, "simultaneously") &&
	    !name_has(b->text, "concurrently") && !name_has(b->text, "at the same time"))
		return false;
	for (size_t k = i + 1; k < b->end; k++)
		if (p->m->blocks[k].kind == MARKDOWN_ITEM)
			return true;
	return false;
}

/* The number or letter of an item in its list; 0: none. */
static long counted(const struct paper *p, size_t i)
{
	const struct markdown_block *b = &p->m->blocks[i];
	char letter = (char)(p->letters->at == NULL ? '\0' : p->letters->at[b->line]);

	return letter != '\0' ? letter : b->ordered ? b->number : 0;
}

static bool take(struct paper *p, enum taste taste, enum paper_section section)
{
	size_t before = p->d->n_tasks, list = 1;
	long place = 0, last = 0;

	for (size_t i = 0; i < p->m->n; i++) {
		struct draft_task *t;

		if (!fits(p, i, taste, section))
			continue;
		place++;
		if (!side_by_side(p, i)) {
			t = item_task(p, i, taste);
			t->place = place;
			/* who counts from the start again begins another list */
			list += counted(p, i) <= last;
			last = counted(p, i);
			t->list = last == 0 ? 0 : list;
			continue;
		}
		p->used[i] = true;
		for (size_t k = i + 1; k < p->m->blocks[i].end; k++)
			if (p->m->blocks[k].kind == MARKDOWN_ITEM && outer_item(p, k) == i)
				item_task(p, k, BULLETS)->place = place;
	}
	p->d->numbered = p->d->numbered || (taste == NUMBERS && p->d->n_tasks > before);
	return p->d->n_tasks > before;
}

/* `Step 1: Install` as lines of a paragraph, two at least. */
static bool line_is_task(const char *s)
{
	size_t lead = role_lead_id(s), from;

	if (lead > 0 && s[lead] == ':')
		return true;
	if (strncasecmp(s, "step ", 5) != 0 && strncasecmp(s, "task ", 5) != 0)
		return false;
	from = 5 + role_count(s + 5);
	return from > 5 && (s[from] == ':' || s[from] == '.' || s[from] == ')' || s[from] == ' ');
}

static void take_lines(struct paper *p, bool count_only, size_t *n)
{
	for (size_t i = 0; i < p->m->n; i++) {
		const char *s = p->m->blocks[i].text;
		long line = p->m->blocks[i].line;

		if (p->m->blocks[i].kind != MARKDOWN_PARAGRAPH || p->used[i])
			continue;
		for (; *s != '\0'; line++) {
			size_t len = strcspn(s, "\n");

			if (line_is_task(s)) {
				++*n;
				p->used[i] = !count_only;
			}
			if (!count_only && line_is_task(s)) {
				struct draft_task *t = draft_task(p->d, "", line);

				role_title(p->d, t, draft_copy(p->d->a, s, len), PLAN_PHRASE);
				phrase_read(p->d, t, t->t.title, line);
				t->place = (long)*n;
				(void)paper_batch(p, i, &t->t.batch, &t->batch_number);
			}
			s += len + (s[len] == '\n');
		}
	}
}

static void lines_read(struct paper *p)
{
	size_t n = 0, taken = 0;

	take_lines(p, true, &n);
	if (n < 2)
		return;
	take_lines(p, false, &taken);
	p->d->numbered = true;
}

/* The tasks are known from elsewhere: boxes may tell which are done. */
static void boxes_tick(struct paper *p)
{
	struct names *names = NULL;
	size_t others = 0;
	long line = 0;

	for (size_t i = 0; i < p->m->n; i++) {
		const struct markdown_block *b = &p->m->blocks[i];
		struct name_hit hit;

		if (b->kind != MARKDOWN_ITEM || b->box == MARKDOWN_NO_BOX || p->used[i])
			continue;
		if (names == NULL && (names = names_build(p->d)) == NULL)
			return;
		p->d->scratch =
		    (struct draft_task){ .t = { .id = "", .title = "", .description = "" } };
		role_title(p->d, &p->d->scratch, b->text, PLAN_PHRASE);
		hit = name_find(names, p->d->scratch.t.title, strlen(p->d->scratch.t.title));
		if (hit.how < NAME_TITLE && p->d->scratch.own_id)
			hit = name_find(names, p->d->scratch.t.id, strlen(p->d->scratch.t.id));
		if (hit.how >= NAME_NUMBER) {
			p->d->tasks[hit.task]->t.done |= b->box == MARKDOWN_DONE;
			p->used[i] = true;
		} else if (paper_section(p, i) != PAPER_ASIDE) {
			others++;
			line = line == 0 ? b->line : line;
		}
	}
	if (others > 0)
		draft_find(p->d, "not-read", PLAN_INFO, line,
		           "%zu check boxes were not read as tasks, because the plan's tasks stand "
		           "elsewhere",
		           others);
}

void paper_read_lists(struct paper *p)
{
	static const struct {
		enum taste taste;
		enum paper_section section;
	} tries[] = {
		{ BOXES, PAPER_TASKS },   { BOXES, PAPER_PLAIN },   { NUMBERS, PAPER_TASKS },
		{ NUMBERS, PAPER_PLAIN }, { BULLETS, PAPER_TASKS }, { BULLETS, PAPER_PLAIN },
		{ BOXES, PAPER_ASIDE },   { NUMBERS, PAPER_ASIDE },
	};

	if (p->d->n_tasks > 0) {
		boxes_tick(p);
		return;
	}
	p->lists = true;
	for (size_t i = 0; i < sizeof tries / sizeof *tries && p->d->n_tasks == 0; i++) {
		(void)take(p, tries[i].taste, tries[i].section);
		/* boxes stand in sections of both kinds */
		if (i == 0 && p->d->n_tasks > 0)
			(void)take(p, BOXES, PAPER_PLAIN);
	}
	if (p->d->n_tasks == 0)
		lines_read(p);
}
