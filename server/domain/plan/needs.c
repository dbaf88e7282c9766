#include "domain/plan/needs.h"

#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/plan/name.h"

#define NEEDS_MAX   2000
#define LOOKS_MAX   ((size_t)1000000) /* requirements times lines: beyond it nothing is said */
#define TEXT_MOST   90                /* bytes of a requirement that are shown */
#define FAMILY_MOST 12

struct scan {
	struct draft *d;
	bool beside;   /* the lines are those of the other document */
	bool fenced;   /* inside a code block */
	int level;     /* of the heading that speaks of requirements; 0: none above */
	bool criteria; /* below `Acceptance Criteria` of requirement `number` */
	long number;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Bytes of an id such as `FR-001` or `NFR-2.1` at s; 0: none. */
static size_t id_at(const char *s)
{
	size_t n = 0;

	while (n < FAMILY_MOST && (is_upper(s[n]) || (n > 0 && is_digit(s[n]))))
		n++;
	if (n == 0 || s[n] != '-' || !is_digit(s[n + 1]))
		return 0;
	for (n++; is_digit(s[n]) || (s[n] == '.' && is_digit(s[n + 1]));)
		n++;
	/* `FR-001a`, and not `UTF-8bit` */
	if (s[n] >= 'a' && s[n] <= 'z')
		n++;
	return (s[n] >= 'a' && s[n] <= 'z') || is_upper(s[n]) || is_digit(s[n]) || s[n] == '-' ? 0
	                                                                                       : n;
}

static struct need *need_new(struct scan *x, const char *id, size_t n_id, const char *text,
                             long line)
{
	struct draft *d = x->d;
	struct need *list, *need;
	size_t n;

	if (d->n_needs == NEEDS_MAX ||
	    (list = list_room(d->a, d->needs, d->n_needs, &d->needs_room, sizeof *list)) == NULL)
		return NULL;
	d->needs = list;
	need = &list[d->n_needs];
	need->id = draft_copy(d->a, id, n_id);
	need->family = draft_copy(d->a, id, strcspn(need->id, "-0123456789"));
	text += strspn(text, "*:. \t-");
	n = strcspn(text, "\n");
	need->text = draft_copy(d->a, text, text_utf8_cut(text, n, n < TEXT_MOST ? n : TEXT_MOST));
	need->line = x->beside ? 0 : line;
	for (size_t i = 0; n_id > 0 && i < d->n_needs; i++)
		if (strcmp(list[i].id, need->id) == 0)
			return &list[i]; /* told of before: that one counts */
	d->n_needs++;
	return need;
}

static void numbered(struct scan *x, const char *kind, long number, const char *text, long line)
{
	const char *id = text_printf(x->d->a, "%s%ld", kind, number);

	if (id != NULL)
		(void)need_new(x, id, strlen(id), text, line);
}

/* `word 3` at s: where the number ends, or 0. */
static size_t word_number(const char *s, const char *word, long *number)
{
	size_t n = strlen(word);

	if (strncasecmp(s, word, n) != 0 || s[n] != ' ' || !is_digit(s[n + 1]))
		return 0;
	*number = 0;
	for (n++; is_digit(s[n]) && *number < 100000; n++)
		*number = *number * 10 + (s[n] - '0');
	return n;
}

static void heading(struct scan *x, const char *s, int level, long line)
{
	size_t end;
	long number = 0;

	if ((end = word_number(s, "Requirement", &number)) > 0) {
		x->number = number;
		x->level = x->level == 0 || level < x->level ? level : x->level;
		numbered(x, "", number, s + end, line);
	} else if ((end = word_number(s, "User Story", &number)) > 0) {
		numbered(x, "US", number, s + end, line);
		x->level = 0;
	} else if (name_has(s, "requirement") || name_has(s, "requirements")) {
		x->level = level;
	} else if (level <= x->level) {
		x->level = 0;
	}
	x->criteria = x->number > 0 && name_has(s, "acceptance criteria");
	if (x->level > 0 && (end = id_at(s)) > 0)
		(void)need_new(x, s, end, s + end, line);
}

/* An item of a list, its mark taken off. */
static void item(struct scan *x, const char *s, long number, long line)
{
	size_t skip = strspn(s, "*_`["), n = strcspn(s, "\n"), end = id_at(s + skip);
	const char *words;

	if (x->criteria && number > 0) {
		const char *id = text_printf(x->d->a, "%ld.%ld", x->number, number);

		if (id != NULL)
			(void)need_new(x, id, strlen(id), s, line);
		return;
	}
	if (end > 0) {
		(void)need_new(x, s + skip, end, s + skip + end, line);
		return;
	}
	words = draft_copy(x->d->a, s, n);
	if (!x->beside && (name_has(words, "must") || name_has(words, "shall")))
		(void)need_new(x, s, 0, s, line);
}

/* The mark of a list item at s: its bytes, and the number of a numbered one. */
static size_t mark(const char *s, long *number)
{
	size_t n = 0;

	*number = 0;
	if (strchr("-*+", s[0]) != NULL && s[0] != '\0' && s[1] == ' ')
		return 2;
	for (; is_digit(s[n]) && n < 6; n++)
		*number = *number * 10 + (s[n] - '0');
	return n > 0 && (s[n] == '.' || s[n] == ')') && s[n + 1] == ' ' ? n + 2 : 0;
}

static void line_read(struct scan *x, const char *s, long line)
{
	size_t blank = strspn(s, " \t"), n;
	long number = 0;

	s += blank;
	if (strncmp(s, "```", 3) == 0 || strncmp(s, "~~~", 3) == 0) {
		x->fenced = !x->fenced;
		return;
	}
	if (x->fenced)
		return;
	n = strspn(s, "#");
	if (blank < 4 && n > 0 && n <= 6 && s[n] == ' ')
		heading(x, draft_copy(x->d->a, s + n, strcspn(s + n, "\n")), (int)n, line);
	else if (x->level > 0 && (n = mark(s, &number)) > 0 && s[n] != '[')
		item(x, s + n, number, line);
}

static void all_lines(struct scan *x, const char *document)
{
	long line = 1;

	for (const char *s = document; *s != '\0'; line++) {
		line_read(x, s, line);
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
}

static bool in_word(char c)
{
	return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}

/* Does s[0..n) speak of the id, as a word? `1` speaks of 1.1 too, and 1.1 of 1. */
static bool speaks(const char *s, size_t n, const char *id)
{
	size_t len = strlen(id), whole = strcspn(id, ".");

	for (size_t i = 0; i + whole <= n; i++) {
		if (i > 0 && (in_word(s[i - 1]) || s[i - 1] == '.'))
			continue;
		if (i + len <= n && strncmp(s + i, id, len) == 0 && !in_word(s[i + len]) &&
		    (s[i + len] != '-' || !is_digit(s[i + len + 1])))
			return true;
		if (is_digit(id[0]) && strncmp(s + i, id, whole) == 0 && !is_digit(s[i + whole]) &&
		    (s[i + whole] != '.' || !is_digit(s[i + whole + 1])))
			return true;
	}
	return false;
}

/* Lines that define requirements do not count, and numbers only where they are called so. */
static void mentions(struct draft *d, const char *document)
{
	long line = 1;

	for (const char *s = document; *s != '\0'; line++) {
		size_t n = strcspn(s, "\n");
		bool defines = false, calls;

		for (size_t i = 0; i < d->n_needs; i++)
			defines = defines || d->needs[i].line == line;
		calls = !defines && memmem(s, n, "equirement", strlen("equirement")) != NULL;
		for (size_t i = 0; !defines && i < d->n_needs; i++) {
			struct need *need = &d->needs[i];

			if (need->id[0] != '\0' && !need->mentioned &&
			    (calls || !is_digit(need->id[0])))
				need->mentioned = speaks(s, n, need->id);
		}
		s += n + (s[n] == '\n');
	}
}

static size_t lines_of(const char *s)
{
	size_t n = 1;

	for (; (s = strchr(s, '\n')) != NULL; s++)
		n++;
	return n;
}

void needs_read(struct draft *d, const char *document, const char *beside)
{
	struct scan x = { .d = d };

	/* most plans have none: one look saves the rest */
	if (beside == NULL && strcasestr(document, "requirement") == NULL &&
	    strcasestr(document, "user story") == NULL)
		return;
	all_lines(&x, document);
	if (beside != NULL) {
		x = (struct scan){ .d = d, .beside = true };
		all_lines(&x, beside);
	}
	/* half of an answer would call requirements unmet that are not */
	if (d->n_needs > 0 && lines_of(document) > LOOKS_MAX / d->n_needs)
		d->n_needs = 0;
	mentions(d, document);
}
