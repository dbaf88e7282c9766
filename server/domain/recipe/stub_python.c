/* stub_python.c - functions of Python that do nothing: by their indentation. */
#include <ctype.h>
#include <string.h>

#include "domain/recipe/stub.h"

struct line {
	size_t start, end; /* of what is no blank */
	size_t indent;
};

/* The next line with code or a comment; false at the end. */
static bool next_line(const struct stub_source *s, size_t *at, struct line *out)
{
	while (*at < s->n) {
		const char *stop = memchr(s->bytes + *at, '\n', s->n - *at);
		size_t first = *at, end = stop == NULL ? s->n : (size_t)(stop - s->bytes);

		*at = end + 1;
		out->start = first;
		while (out->start < end && isspace((unsigned char)s->bytes[out->start]))
			out->start++;
		out->end = end;
		out->indent = out->start - first;
		if (out->start < end && (s->code[out->start] != ' ' || s->notes[out->start] != ' '))
			return true;
	}
	return false;
}

static bool starts(const struct stub_source *s, const struct line *l, const char *word)
{
	size_t n = strlen(word);

	return l->end - l->start >= n && memcmp(s->code + l->start, word, n) == 0;
}

static bool holds(const struct stub_source *s, size_t from, size_t to, const char *word)
{
	size_t n = strlen(word);

	for (; from + n <= to; from++)
		if (memcmp(s->code + from, word, n) == 0)
			return true;
	return false;
}

static bool is_def(const struct stub_source *s, const struct line *l)
{
	return starts(s, l, "def ") || starts(s, l, "async def ");
}

/* The colon that ends the head of a def which begins at l: after its parameters. */
static size_t head_end(const struct stub_source *s, const struct line *l)
{
	size_t depth = 0;

	for (size_t i = l->start; i < s->n; i++) {
		char c = s->code[i];

		if (strchr("([{", c) != NULL)
			depth++;
		else if (strchr(")]}", c) != NULL && depth > 0)
			depth--;
		else if (c == ':' && depth == 0)
			return i;
	}
	return s->n;
}

/* Does the code from `from` to `to` do nothing: pass, ... or a text alone? */
static bool does_nothing(const struct stub_source *s, size_t from, size_t to)
{
	while (from < to && isspace((unsigned char)s->code[from]))
		from++;
	while (to > from && isspace((unsigned char)s->code[to - 1]))
		to--;
	if (from == to)
		return true;
	if (to - from == 4 && memcmp(s->code + from, "pass", 4) == 0)
		return true;
	if (to - from == 3 && memcmp(s->code + from, "...", 3) == 0)
		return true;
	if (s->code[from] == '"' || s->code[from] == '\'' ||
	    (to - from > 1 && strchr("rRuU", s->code[from]) != NULL &&
	     strchr("\"'", s->code[from + 1]) != NULL)) {
		for (; from < to; from++)
			if (strchr("rRuU\"' \t\n", s->code[from]) == NULL)
				return false;
		return true;
	}
	return false;
}

/* A body on lines of its own: pass or `...`, perhaps after a docstring, without a comment. */
static bool is_bare(const struct stub_source *s, size_t from, size_t indent)
{
	size_t at = from;
	bool nothing = false;
	struct line l;

	while (next_line(s, &at, &l)) {
		if (l.indent <= indent && s->code[l.start] != ' ')
			break;
		if (s->notes[l.start] != ' ')
			return false; /* a comment says why */
		for (size_t i = l.start; i < l.end; i++)
			if (s->notes[i] != ' ')
				return false;
		if (!does_nothing(s, l.start, l.end))
			return false;
		nothing = nothing || strchr("p.", s->code[l.start]) != NULL;
	}
	return nothing; /* a docstring alone tells of a body that is empty on purpose */
}

struct scope {
	size_t indent;
	bool abstract; /* a class whose bodies are meant to be empty */
};

struct python {
	const struct stub_source *s;
	struct scope scopes[32]; /* classes around */
	size_t n_scopes;
	bool decorated; /* by what makes an empty body right */
};

static bool is_abstract(const struct stub_source *s, size_t from, size_t to)
{
	static const char *const bases[] = { "Protocol", "ABC", "Interface", "TypedDict" };
	const char *open = memchr(s->code + from, '(', to - from);
	size_t name_end = open == NULL ? to : (size_t)(open - s->code);

	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
		if (holds(s, from, to, bases[i]))
			return true;
	return holds(s, from, name_end, "Abstract") || holds(s, from, name_end, "Base");
}

/* Without a word about a case that is not supported. */
static bool raises_unwritten(const struct stub_source *s, const struct line *l)
{
	static const char word[] = "raise NotImplementedError";
	size_t i = l->start + sizeof word - 1;

	if (!starts(s, l, word))
		return false;
	while (i < l->end && strchr("( ", s->code[i]) != NULL && s->bytes[i] == s->code[i])
		i++;
	if (i >= l->end || s->code[i] == ')')
		return true;
	return strchr("\"'", s->code[i]) != NULL && stub_says_unwritten(s, i + 1);
}

static void enter_class(struct python *p, const struct line *l)
{
	if (p->n_scopes < sizeof p->scopes / sizeof *p->scopes)
		p->scopes[p->n_scopes++] =
		    (struct scope){ l->indent, is_abstract(p->s, l->start, head_end(p->s, l)) };
}

static bool in_abstract(const struct python *p)
{
	for (size_t i = 0; i < p->n_scopes; i++)
		if (p->scopes[i].abstract)
			return true;
	return false;
}

static bool is_empty_def(const struct stub_source *s, const struct line *l)
{
	size_t head = head_end(s, l), end = head;

	if (head == s->n)
		return false;
	while (end < s->n && s->code[end] != '\n')
		end++;
	for (size_t i = head; i < end; i++)
		if (s->notes[i] != ' ')
			return false;
	for (size_t i = head + 1; i < end; i++)
		if (!isspace((unsigned char)s->code[i]))
			return does_nothing(s, head + 1, end);
	return is_bare(s, end, l->indent);
}

void stub_find_python(const struct stub_source *s,
                      void (*tell)(void *arg, size_t at, enum stub_kind kind), void *arg)
{
	struct python p = { .s = s };
	bool abstract_def = false;
	struct line l;
	size_t at = 0;

	while (next_line(s, &at, &l)) {
		if (s->code[l.start] == ' ')
			continue; /* a comment */
		while (p.n_scopes > 0 && l.indent <= p.scopes[p.n_scopes - 1].indent)
			p.n_scopes--;
		if (starts(s, &l, "@")) {
			p.decorated = p.decorated || holds(s, l.start, l.end, "abstract") ||
			              holds(s, l.start, l.end, "overload");
			continue;
		}
		if (starts(s, &l, "class ")) {
			enter_class(&p, &l);
		} else if (is_def(s, &l)) {
			abstract_def = p.decorated || in_abstract(&p);
			if (!abstract_def && is_empty_def(s, &l))
				tell(arg, l.start, STUB_EMPTY);
		} else if (raises_unwritten(s, &l) && !abstract_def) {
			tell(arg, l.start, STUB_UNWRITTEN);
		}
		p.decorated = false;
	}
}
