/* Headings as tasks, and what stands under a task: fields, steps, description. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"
#include "domain/plan/role.h"

/* The role of a line `**Depends on**: T1`; *value and *end as in paper_field. */
static enum role field_role(const char *s, size_t *value, size_t *end, long *unit)
{
	size_t name = 0;
	char words[48];
	enum role role;

	if (!paper_field(s, &name, value, end))
		return ROLE_NONE;
	memcpy(words, s, name);
	words[name] = '\0';
	role = role_of(words + strspn(words, " *-"));
	*unit = measure_unit(words);
	return role == ROLE_NAME || role == ROLE_ID ? ROLE_NONE : role;
}

/* Where the section of a heading ends: at the next heading of its level or above. */
static size_t section_end(const struct paper *p, size_t heading)
{
	size_t i = heading + 1;

	while (i < p->m->n && !(p->m->blocks[i].kind == MARKDOWN_HEADING &&
	                        p->m->blocks[i].level <= p->m->blocks[heading].level))
		i++;
	return i;
}

/* Where its own text ends: at the next heading of any level. */
static size_t own_end(const struct paper *p, size_t heading)
{
	size_t i = heading + 1;

	while (i < p->m->n && p->m->blocks[i].kind != MARKDOWN_HEADING)
		i++;
	return i;
}

/* How many blocks stand around a block. */
static size_t depth_of(const struct paper *p, size_t i)
{
	size_t depth = 0;

	for (; p->m->blocks[i].parent != MARKDOWN_NONE; i = p->m->blocks[i].parent)
		depth++;
	return depth;
}

/* Does the heading's own text have a field that only tasks have? */
static bool has_fields(const struct paper *p, size_t heading)
{
	size_t to = own_end(p, heading);

	for (size_t i = heading + 1; i < to; i++) {
		const struct markdown_block *b = &p->m->blocks[i];
		const char *s = b->text;

		/* fields of an item are the item's */
		if ((b->kind != MARKDOWN_PARAGRAPH && b->kind != MARKDOWN_ITEM) ||
		    depth_of(p, i) > 2)
			continue;
		while (*s != '\0') {
			size_t value, end, skip;
			long unit;
			enum role role = field_role(s, &value, &end, &unit);

			if (role == ROLE_DEPENDS || role == ROLE_BLOCKS || role == ROLE_DURATION)
				return true;
			skip = strcspn(s, "\n");
			s += skip + (s[skip] == '\n');
		}
	}
	return false;
}

/* 2: says it is a task; 1: has a task's fields; 0: none. */
static char weight(const struct paper *p, size_t i)
{
	static const char *const words[] = { "task", "step", "story", "ticket", "issue", "item" };
	const char *s = p->m->blocks[i].text;
	size_t at = 0, start, len;

	if (p->m->blocks[i].kind != MARKDOWN_HEADING || p->m->blocks[i].parent != MARKDOWN_NONE ||
	    p->m->blocks[i].level == 1)
		return 0;
	s += s[0] == '[';
	if (role_lead_id(s) > 0 && s[0] >= 'A')
		return 2;
	if (name_word(s, strlen(s), &at, &start, &len) && start == 0)
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (len == strlen(words[k]) && strncasecmp(s, words[k], len) == 0 &&
			    strspn(s + len, " #") > 0 &&
			    role_count(s + len + strspn(s + len, " #")) > 0)
				return 2;
	if (p->batch[i] != NULL || p->section[i] == PAPER_ASIDE)
		return 0;
	return has_fields(p, i) ? 1 : 0;
}

/* Bytes of what counts a heading, `3. `, `2.1 `, `B) `, blanks included; 0: nothing does. */
static size_t counter(const char *s)
{
	size_t n = strspn(s, "0123456789.");

	if (n == 0 && ((s[0] >= 'A' && s[0] <= 'Z') || (s[0] >= 'a' && s[0] <= 'z')))
		n = s[1] == '.' ? 2 : 1;
	if (s[n] == ')')
		n++;
	/* `2024 in short` is counted by nothing */
	return n > 1 && s[n] == ' ' && strcspn(s, ".)") < n ? n + 1 : 0;
}

/* Of the headings of one level in one section, as far as they are counted. */
struct row {
	size_t n, tasks;
};

/* Headings from..to of that level are a row: when half of them are tasks, all are. */
static void row_close(struct paper *p, size_t from, size_t to, int level, struct row *row)
{
	for (size_t i = from; row->tasks > 0 && 2 * row->tasks >= row->n && i < to; i++)
		if (p->m->blocks[i].kind == MARKDOWN_HEADING && p->m->blocks[i].level == level &&
		    p->m->blocks[i].parent == MARKDOWN_NONE && p->batch[i] == NULL &&
		    p->section[i] != PAPER_ASIDE && counter(p->m->blocks[i].text) > 0 &&
		    p->weight[i] == 0)
			p->weight[i] = 1;
	*row = (struct row){ 0 };
}

static void rows_weigh(struct paper *p, int level)
{
	struct row row = { 0 };
	size_t from = 0;

	for (size_t i = 0; i < p->m->n; i++) {
		const struct markdown_block *b = &p->m->blocks[i];

		if (b->kind != MARKDOWN_HEADING || b->parent != MARKDOWN_NONE)
			continue;
		if (b->level < level) {
			row_close(p, from, i, level, &row);
			from = i;
		} else if (b->level == level && p->batch[i] == NULL &&
		           p->section[i] != PAPER_ASIDE && counter(b->text) > 0) {
			row.n++;
			row.tasks += p->weight[i] > 0;
		}
	}
	row_close(p, from, p->m->n, level, &row);
}

static void heading_task(struct paper *p, size_t i)
{
	const struct markdown_block *b = &p->m->blocks[i];
	struct draft_task *t = draft_task(p->d, "", b->line);
	const char *s = b->text;
	size_t count = counter(s), end = section_end(p, i), own = own_end(p, i);

	/* `3. Title`, `B) Title`; `2.1 Title` is an id */
	if (count > 0 && strcspn(s, ".) ") + 2 == count) {
		t->alias = draft_copy(p->d->a, s, count - 2);
		s += count;
	}
	role_title(p->d, t, s, PLAN_PHRASE);
	t->seen |= DRAFT_IN_FIELDS;
	(void)paper_batch(p, i, &t->t.batch, &t->batch_number);
	p->task[i] = t->index;
	p->used[i] = true;
	/* tasks of their own may stand in a deeper section */
	for (size_t k = own; k < end; k++)
		if (p->weight[k] > 0)
			end = own;
	paper_read_body(p, t, i + 1, end);
}

void paper_read_headings(struct paper *p)
{
	size_t sure = 0, likely = 0;

	if (p->d->n_tasks > 0)
		return;
	for (size_t i = 0; i < p->m->n; i++)
		p->weight[i] = weight(p, i);
	for (int level = 2; level <= 6; level++)
		rows_weigh(p, level);
	for (size_t i = 0; i < p->m->n; i++) {
		sure += p->weight[i] == 2;
		likely += p->weight[i] == 1;
	}
	if (sure + likely < 2 && likely == 0)
		return;
	for (size_t i = 0; i < p->m->n; i++)
		if (p->weight[i] > 0)
			heading_task(p, i);
}

/* Phases that are all there is: each is a task. */
void paper_read_phases(struct paper *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->m->n; i++)
		n += p->m->blocks[i].kind == MARKDOWN_HEADING && p->batch[i] != NULL;
	if (p->d->n_tasks > 0 || n < 2)
		return;
	for (size_t i = 0; i < p->m->n; i++)
		if (p->m->blocks[i].kind == MARKDOWN_HEADING && p->batch[i] != NULL) {
			long number = p->batch_number[i];

			heading_task(p, i);
			p->d->tasks[p->d->n_tasks - 1]->alias = text_printf(p->d->a, "%ld", number);
			p->d->tasks[p->d->n_tasks - 1]->batch_number = number;
		}
	p->d->numbered = true;
}

/* The texts of the items under a field without a value of its own, a line each. */
static const char *below(const struct paper *p, size_t from, size_t to)
{
	struct text t;
	const char *out;

	text_init(&t, MARKDOWN_BYTES_MAX);
	for (size_t i = from; i < to; i++) {
		if (p->m->blocks[i].kind != MARKDOWN_ITEM)
			continue;
		if (t.len > 0)
			text_add_char(&t, '\n');
		text_add_n(&t, p->m->blocks[i].text, strcspn(p->m->blocks[i].text, "\n"));
		p->used[i] = true;
	}
	out = text_copy(&t, p->d->a);
	text_done(&t);
	return out == NULL ? "" : out;
}

/* The list right after a block, for `**Files**:` with bullets below; to when there is none. */
static size_t list_after(const struct paper *p, size_t block, size_t to)
{
	size_t next = p->m->blocks[block].end;

	if (p->m->blocks[block].kind == MARKDOWN_ITEM)
		for (size_t i = block + 1; i < next; i++)
			if (p->m->blocks[i].kind == MARKDOWN_LIST)
				return i;
	if (p->m->blocks[block].kind == MARKDOWN_PARAGRAPH && next < to &&
	    p->m->blocks[next].kind == MARKDOWN_LIST)
		return next;
	return to;
}

/* One line of a task's text: a field, or words. Returns whether it was a field. */
static bool line_read(struct paper *p, struct draft_task *t, size_t block, const char *s, long line,
                      size_t to)
{
	struct role_value v = { .source = PLAN_FIELD, .line = line };
	size_t value = 0, end = 0;
	enum role role = field_role(s, &value, &end, &v.unit_min);

	if (role == ROLE_NONE) {
		phrase_read(p->d, t, draft_copy(p->d->a, s, strcspn(s, "\n")), line);
		return false;
	}
	v.words = draft_copy(p->d->a, s + value, end - value);
	if (v.words[0] == '\0') {
		size_t list = list_after(p, block, to);

		if (list == to)
			return true;
		v.words = below(p, list, p->m->blocks[list].end);
	}
	(void)role_apply(p->d, t, role, &v);
	return true;
}

/* An item under a task is a field or a step. */
static void item_read(struct paper *p, struct draft_task *t, size_t i, size_t to)
{
	const struct markdown_block *b = &p->m->blocks[i];
	const char *s = b->text;
	long line = b->line;
	bool field = false;

	if (p->used[i])
		return;
	p->used[i] = true;
	for (; *s != '\0'; line++) {
		size_t n = strcspn(s, "\n");

		field = line_read(p, t, i, s, line, to) || field;
		s += n + (s[n] == '\n');
	}
	if (!field && b->text[0] != '\0')
		draft_text(p->d->a, &t->t.steps,
		           draft_copy(p->d->a, b->text, strcspn(b->text, "\n")));
}

/* The block's own words become the description. */
static void describe(const struct paper *p, struct draft_task *t, size_t from, size_t to)
{
	const struct markdown_block *b = p->m->blocks;
	long first = b[from].line, last = 0;

	for (size_t i = from; i < to; i++)
		last = b[i].last_line > last ? b[i].last_line : last;
	/* one line that is the title itself describes nothing */
	if (last > first || b[from].parent == MARKDOWN_NONE)
		t->t.description = markdown_source(p->m, first, last, p->d->a);
	if (t->t.description == NULL)
		t->t.description = "";
}

void paper_read_body(struct paper *p, struct draft_task *t, size_t from, size_t to)
{
	const struct markdown_block *b = p->m->blocks;

	for (size_t i = from; i < to; i++) {
		const char *s = b[i].text;
		long line = b[i].line;

		if (b[i].kind == MARKDOWN_ITEM && !p->d->options->deep)
			item_read(p, t, i, to);
		/* the first paragraph of an item was read with the item */
		if (b[i].kind != MARKDOWN_PARAGRAPH ||
		    (b[i].parent != MARKDOWN_NONE && b[b[i].parent].kind == MARKDOWN_ITEM &&
		     b[i].parent + 1 == i))
			continue;
		for (; *s != '\0'; line++) {
			size_t n = strcspn(s, "\n");

			(void)line_read(p, t, i, s, line, to);
			s += n + (s[n] == '\n');
		}
		p->used[i] = true;
	}
	if (to > from && t->t.description[0] == '\0')
		describe(p, t, from, to);
}
