/*
 * ccpm's epics: a folder with epic.md and one file a task, 001.md or the number of its issue, each
 * with YAML front matter (name, status, depends_on, parallel, conflicts_with) and sections.
 */
#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"
#include "domain/plan/read.h"
#include "domain/plan/role.h"
#include "sys/yaml.h"

#define IDS_MAX 64 /* of a list in front matter */

struct file {
	const char *id; /* the name without its ending */
	const char *body;
	size_t body_size;
	const struct yaml *front; /* never NULL; YAML_NULL when there is none */
	long first_line;          /* of the body */
	struct draft_task *task;
	const char *needs[IDS_MAX], *against[IDS_MAX];
	size_t n_needs, n_against;
	long needs_line; /* where they are stated */
};

static const struct yaml no_front;

bool read_epic_names(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return strcmp(name, "epic.md") == 0 || (digits > 0 && strcmp(name + digits, ".md") == 0);
}

/* YAML between lines of `---`. E_INPUT with file and line when it is no YAML. */
static enum status front_read(struct draft *d, const struct read_file *from, struct file *f,
                              struct err *err)
{
	struct yaml_source source = { .name = from->name, .first_line = 2 };
	const char *end;

	f->front = &no_front;
	f->body = from->bytes;
	f->body_size = from->size;
	f->first_line = 1;
	if (from->size < 4 || memcmp(from->bytes, "---\n", 4) != 0 ||
	    (end = memmem(from->bytes + 3, from->size - 3, "\n---", 4)) == NULL)
		return OK;
	source.bytes = from->bytes + 4;
	source.size = end < source.bytes ? 0 : (size_t)(end - source.bytes);
	f->body = end + 4 + strcspn(end + 4, "\n");
	f->body_size = from->size - (size_t)(f->body - from->bytes);
	for (const char *s = from->bytes; s < f->body; s++)
		f->first_line += *s == '\n';
	return yaml_parse(&source, d->a, &f->front, err);
}

static const char *text_of(const struct file *f, const char *key)
{
	const struct yaml *v = yaml_get(f->front, key);

	return v != NULL && v->kind == YAML_TEXT ? v->text : "";
}

static long line_of(const struct file *f, const char *key)
{
	const struct yaml *v = yaml_get(f->front, key);

	return v == NULL || v->line == 0 ? 1 : (long)v->line;
}

/* `[001, 2]`, `- 001`, `"001, 002"`: ids as they are written. */
static size_t ids_read(struct draft *d, const struct file *f, const char *key,
                       const char *ids[IDS_MAX])
{
	const struct yaml *v = yaml_get(f->front, key);
	size_t n = 0;

	if (v != NULL && v->kind == YAML_LIST) {
		for (v = v->first; v != NULL && n < IDS_MAX; v = v->next)
			if (v->kind == YAML_TEXT && v->text[0] != '\0')
				ids[n++] = v->text;
		return n;
	}
	for (const char *s = v != NULL && v->kind == YAML_TEXT ? v->text : ""; n < IDS_MAX;) {
		size_t len;

		s += strspn(s, " ,;[]\"'");
		if ((len = strcspn(s, " ,;[]\"'")) == 0)
			break;
		ids[n++] = draft_copy(d->a, s, len);
		s += len;
	}
	return n;
}

/* Two ids of one number: `1`, `001`, `001.md`, `#1`. */
static bool same_id(const char *a, const char *b)
{
	size_t n, m;

	a += strspn(a, "#0");
	b += strspn(b, "#0");
	n = strcspn(a, ".");
	m = strcspn(b, ".");
	return n == m && strncmp(a, b, n) == 0;
}

static size_t file_of(const struct file *files, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (same_id(files[i].id, id))
			return i;
	return n;
}

/* What stands in a section of a task's file. */
static void section_take(struct draft *d, struct file *f, const char *heading,
                         const struct markdown_block *b)
{
	struct role_value value = { .words = b->text,
		                    .source = PLAN_FIELD,
		                    .line = f->first_line + b->line - 1 };
	struct draft_task *t = f->task;
	struct measure_span span;
	size_t name = 0, at = 0, end = 0;

	if (name_has(heading, "acceptance") || name_has(heading, "definition of done")) {
		if (b->kind == MARKDOWN_ITEM && b->text[0] != '\0')
			draft_text(d->a, &t->t.acceptance,
			           draft_copy(d->a, b->text, strcspn(b->text, "\n")));
	} else if (name_has(heading, "effort") || name_has(heading, "estimate")) {
		if (!paper_field(b->text, &name, &at, &end) || t->t.estimate_min > 0)
			return;
		value.words = draft_copy(d->a, b->text + at, end - at);
		value.unit_min = measure_unit(draft_copy(d->a, b->text, name));
		if (measure_duration(value.words, strlen(value.words), value.unit_min, &span))
			(void)role_apply(d, t, ROLE_DURATION, &value);
	} else if ((name_has(heading, "description") || name_has(heading, "overview")) &&
	           b->kind == MARKDOWN_PARAGRAPH && t->t.description[0] == '\0') {
		t->t.description = draft_copy(d->a, b->text, strlen(b->text));
	}
}

/* A size such as `M` where no hours are stated. */
static void size_take(struct draft *d, struct file *f, const struct markdown *m)
{
	for (size_t i = 0; i < m->n && f->task->t.estimate_min == 0; i++) {
		const struct markdown_block *b = &m->blocks[i];

		if (b->kind == MARKDOWN_ITEM && strncasecmp(b->text, "size:", 5) == 0) {
			const char *words =
			    draft_copy(d->a, b->text + 5, strcspn(b->text + 5, "\n"));

			f->task->t.estimate_min = measure_size(words, strlen(words));
		}
	}
}

static enum status body_take(struct draft *d, struct file *f, struct err *err)
{
	struct markdown *m = NULL;
	const char *heading = "";
	enum status st = markdown_read(f->body, f->body_size, d->a, &m, err);

	if (st != OK)
		return st;
	for (size_t i = 0; i < m->n; i++) {
		const struct markdown_block *b = &m->blocks[i];

		/* a smaller heading below is still of its section */
		if (b->kind == MARKDOWN_HEADING && b->level <= 2)
			heading = b->text;
		else if (b->kind == MARKDOWN_ITEM || b->kind == MARKDOWN_PARAGRAPH)
			section_take(d, f, heading, b);
		if (b->kind == MARKDOWN_HEADING && b->level == 1 && f->task->t.title[0] == '\0')
			f->task->t.title = b->text;
	}
	size_take(d, f, m);
	return OK;
}

static enum status task_take(struct draft *d, struct file *f, struct err *err)
{
	const char *status = text_of(f, "status"), *name = text_of(f, "name");
	const struct role_value value = { .words = status };
	struct draft_task *t = draft_task(d, name, line_of(f, "name"));
	bool parallel = false;

	f->task = t;
	t->t.id = f->id;
	t->own_id = true;
	t->seen |= DRAFT_IN_FIELDS;
	(void)role_apply(d, t, ROLE_STATUS, &value);
	if (yaml_get(f->front, "parallel") != NULL)
		(void)yaml_flag(yaml_get(f->front, "parallel"), &parallel);
	t->marked_parallel = parallel;
	for (size_t i = 0; i < f->n_needs; i++) {
		const struct draft_ref ref = { .task = t->index,
			                       .words = f->needs[i],
			                       .exact = true,
			                       .sure = true,
			                       .source = PLAN_FIELD,
			                       .line = f->needs_line };

		if (t != &d->scratch)
			draft_need(d, &ref);
	}
	return body_take(d, f, err);
}

/* Does one wait for the other, over however many? seen: room for all. */
static bool waits(const struct file *files, size_t n, size_t from, size_t to, bool *seen,
                  size_t *todo)
{
	size_t left = 0;

	memset(seen, 0, n);
	todo[left++] = from;
	seen[from] = true;
	while (left > 0) {
		const struct file *f = &files[todo[--left]];

		for (size_t i = 0; i < f->n_needs; i++) {
			size_t next = file_of(files, n, f->needs[i]);

			if (next == to)
				return true;
			if (next < n && !seen[next]) {
				seen[next] = true;
				todo[left++] = next;
			}
		}
	}
	return false;
}

/* Those that must not run at once run in the order of their numbers. */
static bool conflicts_order(struct draft *d, struct file *files, size_t n)
{
	bool *seen = arena_take(d->a, n + 1);
	size_t *todo = arena_take(d->a, (n + 1) * sizeof *todo);

	if (seen == NULL || todo == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < files[i].n_against; k++) {
			size_t other = file_of(files, n, files[i].against[k]);
			size_t first = other < i ? other : i, later = other < i ? i : other;
			struct plan_finding *f;

			if (other == n || other == i || waits(files, n, first, later, seen, todo) ||
			    waits(files, n, later, first, seen, todo) ||
			    files[later].n_needs == IDS_MAX)
				continue;
			draft_edge(d, files[first].task->index, files[later].task->index,
			           PLAN_INFERRED, line_of(&files[i], "conflicts_with"));
			files[later].needs[files[later].n_needs++] = files[first].id;
			f = draft_find(d, "order-assumed", PLAN_INFO, 1,
			               "'%s' and '%s' conflict: they are done in this order",
			               files[first].id, files[later].id);
			draft_text(d->a, &f->tasks, files[first].id);
			draft_text(d->a, &f->tasks, files[later].id);
		}
	return true;
}

enum status read_epic(const struct read_file *from, size_t n, struct draft *d, struct err *err)
{
	struct file *files = arena_take(d->a, (n + 1) * sizeof *files);
	size_t n_tasks = 0;
	enum status st = OK;

	if (files == NULL)
		return err_nomem(err, "a plan");
	d->stated = true;
	for (size_t i = 0; st == OK && i < n; i++) {
		struct file *f = &files[n_tasks];

		*f = (struct file){ .id = draft_copy(d->a, from[i].name,
			                             strcspn(from[i].name, ".")) };
		if ((st = front_read(d, &from[i], f, err)) != OK)
			break;
		if (strcmp(f->id, "epic") == 0) {
			d->title = text_of(f, "name");
			continue;
		}
		f->n_needs = ids_read(d, f, "depends_on", f->needs);
		f->needs_line = line_of(f, "depends_on");
		f->n_against = ids_read(d, f, "conflicts_with", f->against);
		n_tasks++;
		st = task_take(d, f, err);
	}
	if (st == OK && !conflicts_order(d, files, n_tasks))
		st = err_nomem(err, "a plan");
	return st;
}
