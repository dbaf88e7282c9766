#include "domain/plan/letters.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

#define DEPTH_MAX 8 /* lists within lists */
#define CLOSES    5 /* kinds of marks behind a letter */

/* A line that begins as an item of such a list does. */
struct label {
	const char *line;
	size_t from, to; /* the bytes of the line that are the label, blanks behind included */
	size_t depth;    /* blanks before it */
	int form;        /* how it is written: the same for all of a list */
	char letter;
	bool bullet;
	bool counts; /* it stands in a row of letters */
};

struct scan {
	struct label *labels;
	size_t n, room;
	size_t open[DEPTH_MAX]; /* the last label of each list that may go on */
	size_t n_open;
	char fence; /* of the code around a line; 0: none */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Past `- `, `- [ ] ` and `**`: where the words of an item begin. */
static const char *past_bullet(const char *s, struct label *l, bool *bold)
{
	*bold = false;
	if (strchr("-*+", s[0]) == NULL || s[0] == '\0' || s[1] != ' ')
		return s;
	l->bullet = true;
	s += 2;
	if (s[0] == '[' && s[1] != '\0' && s[2] == ']' && s[3] == ' ')
		s += 4;
	*bold = s[0] == '*' && s[1] == '*';
	return s + (*bold ? 2 : 0);
}

/* The mark behind a letter, as one of CLOSES kinds; 0: none that fits. *s is moved past it. */
static int past_close(const char **s, bool round, bool bold, bool bullet)
{
	int form = 0;

	if (round)
		form = **s == ')' ? 1 : 0;
	else if (**s == '.')
		form = 2;
	else if (**s == ')')
		form = 3;
	else if (**s == ':' && bullet)
		form = 4;
	if (form > 0)
		++*s;
	else if (bold && strncmp(*s, "**", 2) == 0)
		return 5;
	return form;
}

/* `a. `, `(a) `, `- [ ] A: `, `- **(a)** ` at the start of a line. */
static bool label_read(const char *line, struct label *l)
{
	const char *s = line + strspn(line, " \t"), *from;
	bool bold, round;

	*l = (struct label){ .line = line, .depth = (size_t)(s - line) };
	from = s = past_bullet(s, l, &bold);
	round = s[0] == '(';
	s += round;
	if (!is_letter(s[0]))
		return false;
	l->letter = *s++;
	if ((l->form = past_close(&s, round, bold, l->bullet)) == 0)
		return false;
	if (bold && strncmp(s, "**", 2) == 0) {
		from -= 2;
		s += 2;
		s += *s == ':' || *s == '.';
	}
	/* two blanks are a word's end, not a label's; but the row must not be words alone */
	if (s[0] != ' ' || s[1] == ' ' || s[1] == '\0' || s[1] == '\n')
		return false;
	l->form += (l->letter < 'a' ? CLOSES + 1 : 0) + (l->bullet ? 2 * (CLOSES + 1) : 0);
	l->from = (size_t)(from - line);
	l->to = (size_t)(s + 1 - line);
	return true;
}

/* Lines of code are nobody's list. */
static bool in_code(struct scan *x, const char *line)
{
	const char *s = line + strspn(line, " ");
	bool fence = strncmp(s, "```", 3) == 0 || strncmp(s, "~~~", 3) == 0;

	if (!fence || (x->fence != '\0' && x->fence != s[0]))
		return x->fence != '\0';
	x->fence = (char)(x->fence == '\0' ? s[0] : '\0');
	return true;
}

/* A label goes on with a list that is open at its depth, or opens one. */
static void label_place(struct scan *x, size_t at)
{
	struct label *l = &x->labels[at], *last;

	while (x->n_open > 0 && x->labels[x->open[x->n_open - 1]].depth > l->depth)
		x->n_open--;
	last = x->n_open == 0 ? NULL : &x->labels[x->open[x->n_open - 1]];
	if (last != NULL && last->depth == l->depth && last->form == l->form &&
	    l->letter == last->letter + 1) {
		last->counts = l->counts = true;
		x->open[x->n_open - 1] = at;
		return;
	}
	if (l->letter != 'a' && l->letter != 'A')
		return;
	if (last == NULL || last->depth < l->depth)
		x->n_open += x->n_open < DEPTH_MAX;
	x->open[x->n_open - 1] = at;
}

/* All labels of the document that stand in a row; false when the arena is full. */
static bool scan(struct scan *x, const char *bytes, struct arena *a)
{
	struct label l;

	for (const char *s = bytes; *s != '\0'; s += strcspn(s, "\n"), s += *s == '\n') {
		if (in_code(x, s))
			continue;
		if (*s == '#')
			x->n_open = 0; /* a section has lists of its own */
		if (!label_read(s, &l))
			continue;
		if (x->n == x->room) {
			size_t room = x->room == 0 ? 32 : 2 * x->room;
			struct label *grown = arena_take(a, room * sizeof *grown);

			if (grown == NULL)
				return false;
			if (x->n > 0)
				memcpy(grown, x->labels, x->n * sizeof *grown);
			x->labels = grown;
			x->room = room;
		}
		x->labels[x->n] = l;
		label_place(x, x->n++);
	}
	return true;
}

static int place_of(char letter)
{
	return letter - (letter < 'a' ? 'A' : 'a') + 1;
}

/* The document with numbers for letters. */
static const char *numbered(const struct scan *x, const char *bytes, struct arena *a)
{
	const char *done = bytes, *out;
	struct text t;

	text_init(&t, 2 * TEXT_LIMIT);
	for (size_t i = 0; i < x->n; i++) {
		const struct label *l = &x->labels[i];

		if (!l->counts)
			continue;
		text_add_n(&t, done, (size_t)(l->line + l->from - done));
		if (!l->bullet)
			text_addf(&t, "%d%s ", place_of(l->letter),
			          l->line[l->to - 2] == '.' ? "." : ")");
		done = l->line + l->to;
	}
	text_add(&t, done);
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

/*
 * Behind a bullet a letter is what the document calls the task; at the start of a line it counts,
 * as a number does. A letter that stands for two is the name of neither.
 */
static bool told_by_line(const struct scan *x, const char *bytes, struct arena *a,
                         struct letters *out)
{
	size_t n_lines = 2, line = 1, next = 0, seen['z' - 'a' + 2] = { 0 };
	char *at, *names;

	for (const char *s = bytes; *s != '\0'; s++)
		n_lines += *s == '\n';
	at = arena_take(a, n_lines);
	names = arena_take(a, n_lines);
	if (at == NULL || names == NULL)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (x->labels[i].counts)
			seen[place_of(x->labels[i].letter)]++;
	for (const char *s = bytes; *s != '\0' && next < x->n; line++) {
		const struct label *l = &x->labels[next];

		if (l->line == s) {
			at[line] = (char)(l->counts ? l->letter : '\0');
			names[line] = l->counts && l->bullet && seen[place_of(l->letter)] == 1;
			next++;
		}
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	out->at = at;
	out->names = names;
	return true;
}

bool letters_read(const char *bytes, struct arena *a, struct letters *out)
{
	struct scan x = { 0 };
	bool any = false;

	*out = (struct letters){ .text = bytes };
	if (!scan(&x, bytes, a))
		return false;
	for (size_t i = 0; i < x.n; i++)
		any = any || x.labels[i].counts;
	if (!any)
		return true;
	out->text = numbered(&x, bytes, a);
	return out->text != NULL && told_by_line(&x, bytes, a, out);
}
