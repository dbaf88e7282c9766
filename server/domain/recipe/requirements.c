/*
 * requirements.c - requirements.md to requirements.
 *
 * The format is line by line, so that every mistake has its line: a heading of level
 * three is a requirement (`### NET-1 MUST Title`), its bullets `- Criterion:` and
 * `- Test:` say what is measured and what shows it, the rest is its text. Fenced code is
 * text. A line `Include: patterns/NAME.md` stands for the lines of that fragment, in which
 * `{recipe}` is the recipe's name. Requirements in the older ways, bullets with ids or, below a
 * heading that speaks of requirements, without, are read too (older.c), with one warning.
 */
#include <ctype.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/recipe/make.h"

#define INCLUDES_MAX 8 /* inside each other */

enum item { ITEM_TEXT, ITEM_CRITERION, ITEM_TEST };

/* A text that is being read, and where in it. */
struct frame {
	const char *file; /* "requirements.md", or `patterns/NAME.md` */
	const char *next, *end;
	long line;
};

struct reader {
	struct recipe_set *set;
	struct recipe *r;
	struct arena *a;
	struct frame frames[INCLUDES_MAX + 1];
	size_t depth; /* frames[depth] is read; 0: the recipe's own file */

	/* The line being read, without the blanks around it. */
	const char *at;
	size_t len, indent;

	struct recipe_requirement *open; /* the last of r's, NULL outside a requirement */
	enum item item;                  /* what an indented line goes on with */
	struct text about, text, criterion;
	bool fenced, titled, in_about, in_old;
	long first_old; /* line of the first requirement in an older format, 0: none */
	size_t n_old;

	/* For requirements without ids: may they be here, under which heading, how many so far. */
	bool is_new, listed;
	const char *heading;
	size_t n_heading, below_heading, n_without_id;
};

static const char *const level_words[] = { "MUST", "SHOULD", "COULD" };

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool next_line(struct reader *r)
{
	struct frame *f = &r->frames[r->depth];
	const char *start = f->next, *stop;

	while (start >= f->end) {
		if (r->depth == 0)
			return false;
		f = &r->frames[--r->depth];
		start = f->next;
		r->fenced = false; /* what a fragment leaves open is closed at its end */
	}
	stop = memchr(start, '\n', (size_t)(f->end - start));
	if (stop == NULL)
		stop = f->end;
	f->next = stop < f->end ? stop + 1 : stop;
	f->line++;
	r->indent = 0;
	for (; start < stop && blank(*start); start++)
		r->indent++;
	while (stop > start && blank(stop[-1]))
		stop--;
	r->at = start;
	r->len = (size_t)(stop - start);
	return true;
}

static long line_of(const struct reader *r)
{
	return r->frames[r->depth].line;
}

static struct recipe_place here(const struct reader *r)
{
	return (struct recipe_place){ r->r->name, r->frames[r->depth].file, line_of(r),
		                      (long)r->indent + 1 };
}

static struct recipe_place place_of(const struct reader *r, const struct recipe_requirement *q)
{
	return (struct recipe_place){ r->r->name, q->file, q->line, 1 };
}

static bool starts(const char *at, size_t n, const char *word)
{
	size_t len = strlen(word);

	return n >= len && memcmp(at, word, len) == 0;
}

/* A line of a paragraph or item goes on after a blank; after nothing it begins. */
static void go_on(struct text *t, const char *at, size_t n)
{
	if (t->len > 0)
		text_add_char(t, ' ');
	text_add_n(t, at, n);
}

/* `TODO` and its kin as words, or the numbered nothing of a template. */
static bool is_placeholder(const char *s)
{
	static const char *const words[] = { "TODO", "TBD", "FIXME", "XXX" };
	static const char *const templates[] = { "Requirement ", "Functional ", "Non-functional " };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *at = strstr(s, words[i]);
		size_t n = strlen(words[i]);

		if (at != NULL && (at == s || !isalnum((unsigned char)at[-1])) &&
		    !isalnum((unsigned char)at[n]))
			return true;
	}
	for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
		size_t n = strlen(templates[i]);

		if (strncmp(s, templates[i], n) == 0 && isdigit((unsigned char)s[n]))
			return s[n + strspn(s + n, "0123456789")] == '\0';
	}
	return false;
}

/* The open requirement is whole: copy its texts and say what it lacks. */
static void end_requirement(struct reader *r)
{
	struct recipe_requirement *q = r->open;
	struct recipe_place at;

	if (q == NULL)
		return;
	at = place_of(r, q);
	q->text = text_copy(&r->text, r->a);
	if (q->text == NULL)
		q->text = "";
	if (r->criterion.len > 0)
		q->criterion = text_copy(&r->criterion, r->a);
	r->open = NULL;
	if (is_placeholder(q->title) || is_placeholder(q->text) ||
	    (q->criterion != NULL && is_placeholder(q->criterion)))
		recipe_note(r->set, &at, RECIPE_ERROR, "placeholder",
		            "%s is a placeholder, not a requirement; say what must hold", q->id);
	if (r->in_old)
		return; /* one warning for the whole file says it */
	if (q->criterion == NULL)
		recipe_note(r->set, &at, RECIPE_WARNING, "no-criterion",
		            "%s says nothing that can be measured; add '- Criterion: ...'", q->id);
	if (q->n_tests == 0)
		recipe_note(r->set, &at, q->level == RECIPE_MUST ? RECIPE_WARNING : RECIPE_INFO,
		            "no-test", "%s names no test that shows it; add '- Test: path: name'",
		            q->id);
}

static void check_unique(struct reader *r, const char *id)
{
	for (size_t i = 0; i + 1 < r->r->n_requirements; i++) {
		struct recipe_place at = here(r);

		if (strcmp(r->r->requirements[i].id, id) != 0)
			continue;
		recipe_note(r->set, &at, RECIPE_ERROR, "duplicate-requirement",
		            "%s stands in %s on line %ld already; give this one an id of its own",
		            id, r->r->requirements[i].file, r->r->requirements[i].line);
		return;
	}
}

static struct recipe_requirement *new_requirement(struct reader *r, const char *id, size_t n)
{
	struct recipe *to = r->r;
	struct recipe_requirement *items;

	end_requirement(r);
	items = list_room(r->a, to->requirements, to->n_requirements, &to->requirements_room,
	                  sizeof *items);
	if (items == NULL)
		return NULL;
	to->requirements = items;
	r->open = &items[to->n_requirements++];
	*r->open = (struct recipe_requirement){
		.id = arena_copy(r->a, id, n),
		.file = r->frames[r->depth].file,
		.line = line_of(r),
		.title = "",
		.text = "",
	};
	if (r->open->id == NULL)
		r->open->id = "";
	r->text.len = 0;
	r->criterion.len = 0;
	r->item = ITEM_TEXT;
	check_unique(r, r->open->id);
	return r->open;
}

size_t recipe_id_length(const char *s, size_t n)
{
	size_t i = 0, digits = 0, dash;

	if (n == 0 || !isupper((unsigned char)*s))
		return 0;
	while (i < n && (isupper((unsigned char)s[i]) || isdigit((unsigned char)s[i])))
		i++;
	for (dash = i; i < n && s[i] == '-'; dash = i) {
		i++;
		while (i < n && (isupper((unsigned char)s[i]) || isdigit((unsigned char)s[i])))
			i++;
	}
	for (size_t k = i; k > 0 && isdigit((unsigned char)s[k - 1]); k--)
		digits++;
	return dash == i && digits > 0 && i > digits && s[i - digits - 1] == '-' ? i : 0;
}

/* The level's word at the start of s, in brackets or not, a colon after it or not. */
static size_t level_at(const char *s, size_t n, enum recipe_level *level)
{
	size_t i = n > 0 && *s == '(';

	for (size_t k = 0; k < sizeof level_words / sizeof *level_words; k++) {
		size_t len = strlen(level_words[k]);

		if (!starts(s + i, n - i, level_words[k]) ||
		    (i + len < n && isalnum((unsigned char)s[i + len])))
			continue;
		*level = (enum recipe_level)k;
		i += len;
		while (i < n && (s[i] == ')' || s[i] == ':' || blank(s[i])))
			i++;
		return i;
	}
	return 0;
}

static void requirement_heading(struct reader *r, const char *s, size_t n)
{
	size_t id = recipe_id_length(s, n), skip;
	struct recipe_requirement *q;
	struct recipe_place at = here(r);

	if (id == 0) {
		end_requirement(r);
		recipe_note(r->set, &at, RECIPE_WARNING, "bad-heading",
		            "'%.*s' is no requirement; write '### NAME-1 MUST Title'",
		            (int)(n > 80 ? text_utf8_cut(s, n, 80) : n), s);
		return;
	}
	r->in_old = false;
	if ((q = new_requirement(r, s, id)) == NULL)
		return;
	s += id;
	n -= id;
	while (n > 0 && (blank(*s) || *s == ':')) {
		s++;
		n--;
	}
	if ((skip = level_at(s, n, &q->level)) == 0)
		recipe_note(r->set, &at, RECIPE_ERROR, "no-level",
		            "%s has no level; write '### %s MUST ...' (or SHOULD, COULD)", q->id,
		            q->id);
	q->title = arena_copy(r->a, s + skip, n - skip);
	if (q->title == NULL)
		q->title = "";
	if (n == skip)
		recipe_note(r->set, &at, RECIPE_ERROR, "no-title",
		            "%s has no title; say in a few words what must hold", q->id);
}

/* `path: name`, each perhaps in backquotes. */
static void add_test(struct reader *r, const char *s, size_t n)
{
	struct recipe_requirement *q = r->open;
	struct recipe_test *items;
	const char *colon;
	struct recipe_texts halves = { 0 };

	colon = memchr(s, ':', n);
	for (int half = 0; half < 2 && n > 0; half++) {
		size_t len = half == 0 && colon != NULL ? (size_t)(colon - s) : n;
		const char *from = s, *to = s + len;

		while (from < to && (blank(*from) || *from == '`' || *from == ':'))
			from++;
		while (to > from && (blank(to[-1]) || to[-1] == '`'))
			to--;
		if (to > from)
			recipe_texts_add(&halves, r->a, from, (size_t)(to - from));
		s += len;
		n -= len;
	}
	if (halves.n == 0)
		return;
	items = list_room(r->a, q->tests, q->n_tests, &q->tests_room, sizeof *items);
	if (items == NULL)
		return;
	q->tests = items;
	items[q->n_tests++] = (struct recipe_test){
		.path = halves.at[0],
		.name = halves.n > 1 ? halves.at[1] : NULL,
		.line = line_of(r),
	};
}

static void note_old(struct reader *r)
{
	r->in_old = true;
	r->n_old++;
	if (r->first_old == 0)
		r->first_old = line_of(r);
}

/* A bullet that is a requirement in an older way. True when it is one. */
static bool old_requirement(struct reader *r, const char *s, size_t n)
{
	struct recipe_requirement *q;
	struct recipe_old old;
	const char *id;

	if (r->open != NULL && !r->in_old)
		return false;
	if (!recipe_old_bullet(s, n, &old)) {
		if (r->is_new || !r->listed || r->indent > 0 || r->depth > 0 || n == 0)
			return false;
		if (r->first_old != 0 && r->n_without_id == 0)
			return false; /* where some have ids, a bullet without one is none */
		id = recipe_old_id(r->a, r->heading, r->n_heading, ++r->below_heading);
		if (id == NULL)
			return true;
		old = (struct recipe_old){ id, strlen(id), s, n, recipe_old_level(s, n) };
		r->n_without_id++;
	}
	if ((q = new_requirement(r, old.id, old.n_id)) == NULL)
		return true;
	q->title = arena_copy(r->a, old.title, old.n_title);
	if (q->title == NULL)
		q->title = "";
	q->level = old.level;
	note_old(r);
	return true;
}

static void bullet(struct reader *r, const char *s, size_t n)
{
	while (n > 0 && blank(*s)) {
		s++;
		n--;
	}
	if (old_requirement(r, s, n) || r->open == NULL)
		return;
	r->item = ITEM_TEXT;
	if (starts(s, n, "Criterion:")) {
		r->item = ITEM_CRITERION;
		for (s += 10, n -= 10; n > 0 && blank(*s); n--)
			s++;
		go_on(&r->criterion, s, n);
	} else if (starts(s, n, "Test:")) {
		r->item = ITEM_TEST;
		add_test(r, s + 5, n - 5);
	} else {
		go_on(&r->text, s, n);
	}
}

static void heading(struct reader *r)
{
	size_t depth = 0, skip;

	while (depth < r->len && r->at[depth] == '#')
		depth++;
	for (skip = depth; skip < r->len && blank(r->at[skip]);)
		skip++;
	r->in_about = false;
	if (depth == 2)
		r->listed = recipe_old_heading(r->at + skip, r->len - skip);
	if (depth >= 2 && depth <= 4) {
		r->heading = r->at + skip;
		r->n_heading = r->len - skip;
		r->below_heading = 0;
	}
	if (depth == 1 && !r->titled && r->depth == 0) {
		const char *title = arena_copy(r->a, r->at + skip, r->len - skip);

		if (title != NULL)
			r->r->title = title;
		r->titled = r->in_about = true;
	} else if (depth == 3 && (recipe_id_length(r->at + skip, r->len - skip) > 0 || r->is_new ||
	                          (!r->listed && r->first_old == 0))) {
		requirement_heading(r, r->at + skip, r->len - skip);
	} else {
		end_requirement(r);
	}
}

static bool is_marker(const struct reader *r)
{
	return r->indent == 0 &&
	       (starts(r->at, r->len, "<<<<<<< ") || starts(r->at, r->len, ">>>>>>> "));
}

/* A line that goes on with the open item; one that is not indented goes back to the text. */
static void item_line(struct reader *r)
{
	if (r->indent == 0)
		r->item = ITEM_TEXT;
	if (r->item == ITEM_TEST)
		add_test(r, r->at, r->len);
	else
		go_on(r->item == ITEM_CRITERION ? &r->criterion : &r->text, r->at, r->len);
}

/* A fragment's bytes with the recipe's name in them. */
static const char *named_copy(const struct reader *r, const struct recipe_pattern *p, size_t *n)
{
	static const char mark[] = "{recipe}";
	const char *s = p->bytes, *end = s + p->size, *copy;
	struct text t;

	text_init(&t, RECIPE_BYTES_MAX);
	while (s < end) {
		const char *at = memchr(s, '{', (size_t)(end - s));

		at = at == NULL ? end : at;
		text_add_n(&t, s, (size_t)(at - s));
		s = at;
		if (starts(s, (size_t)(end - s), mark)) {
			text_add(&t, r->r->name);
			s += sizeof mark - 1;
		} else if (s < end) {
			text_add_char(&t, *s++);
		}
	}
	copy = text_copy(&t, r->a);
	*n = t.len;
	text_done(&t);
	return copy;
}

static void include(struct reader *r, const struct recipe_pattern *p)
{
	struct recipe_place at = here(r);
	struct frame *f;
	struct text path;
	bool again = false;
	size_t n = 0;

	text_init(&path, TEXT_LIMIT);
	text_add(&path, "requirements.md");
	for (size_t i = 1; i <= r->depth; i++) {
		text_addf(&path, " includes %s", r->frames[i].file);
		again = again || strcmp(r->frames[i].file + 9, p->name) == 0;
	}
	text_addf(&path, " includes patterns/%s", p->name);
	if (path.failed)
		recipe_no_memory(r->a);
	if (again || r->depth == INCLUDES_MAX) {
		recipe_note(r->set, &at, RECIPE_ERROR, "include-cycle", "%s: %s",
		            again ? "a cycle" : "too deep", text_string(&path));
	} else {
		f = &r->frames[r->depth + 1];
		*f = (struct frame){ .file = text_printf(r->a, "patterns/%s", p->name),
			             .next = named_copy(r, p, &n) };
		if (f->file != NULL && f->next != NULL) {
			f->end = f->next + n;
			r->depth++;
		}
	}
	text_done(&path);
}

static void one_line(struct reader *r)
{
	struct recipe_place place = here(r);
	const struct recipe_pattern *pattern =
	    r->fenced || r->indent > 0 ? NULL : recipe_include(r->set, r->r, &place, r->at, r->len);

	if (pattern != NULL) {
		end_requirement(r);
		include(r, pattern);
		return;
	}
	if (starts(r->at, r->len, "```") || starts(r->at, r->len, "~~~"))
		r->fenced = !r->fenced;
	if (is_marker(r)) {
		recipe_note(r->set, &place, RECIPE_ERROR, "conflict-marker",
		            "a merge was left unfinished here; choose one side");
	} else if (!r->fenced && r->indent == 0 && starts(r->at, r->len, "#")) {
		heading(r);
	} else if (!r->fenced && r->len > 1 && strchr("-*+", *r->at) != NULL && blank(r->at[1])) {
		bullet(r, r->at + 1, r->len - 1);
	} else if (r->len > 0 && r->in_about) {
		go_on(&r->about, r->at, r->len);
	} else if (r->len == 0 && r->about.len > 0) {
		r->in_about = false;
	} else if (r->len > 0 && r->open != NULL) {
		item_line(r);
	}
}

static void tell_old(struct reader *r)
{
	struct recipe_place at = { r->r->name, "requirements.md", r->first_old, 1 };
	const struct recipe_requirement *first = r->r->requirements;

	if (r->first_old == 0)
		return;
	recipe_note(
	    r->set, &at, RECIPE_WARNING, "old-format",
	    "%zu requirement%s in an older format%s; write each as '### %s %s %.60s%s' with "
	    "'- Criterion:' and '- Test:' below it",
	    r->n_old, r->n_old == 1 ? " is" : "s are",
	    r->n_without_id == 0 ? "" : ", without ids (these are made from headings)",
	    r->n_without_id == 0 ? "NAME-1" : first->id, recipe_level_word(first->level),
	    r->n_without_id == 0 ? "Title" : first->title,
	    r->n_without_id != 0 && strlen(first->title) > 60 ? "..." : "");
}

void recipe_read_requirements(struct recipe_set *set, struct recipe *to, const char *bytes,
                              size_t n, struct arena *a)
{
	struct reader r = { .set = set,
		            .r = to,
		            .a = a,
		            .frames = { { "requirements.md", bytes, bytes + n, 0 } },
		            .is_new = recipe_is_new(bytes, n) };
	struct recipe_place whole = { to->name, "requirements.md", 1, 1 };
	const char *about;

	text_init(&r.about, TEXT_LIMIT);
	text_init(&r.text, TEXT_LIMIT);
	text_init(&r.criterion, TEXT_LIMIT);
	while (next_line(&r))
		one_line(&r);
	end_requirement(&r);
	if (r.about.failed || r.text.failed || r.criterion.failed)
		recipe_no_memory(a);
	if ((about = text_copy(&r.about, a)) != NULL)
		to->about = about;
	if (to->n_requirements > 0)
		tell_old(&r);
	else
		recipe_note(set, &whole, RECIPE_ERROR, "no-requirements",
		            "no requirement found; each is a heading '### NAME-1 MUST Title'");
	text_done(&r.about);
	text_done(&r.text);
	text_done(&r.criterion);
}

const char *recipe_level_word(enum recipe_level level)
{
	return level_words[level];
}
