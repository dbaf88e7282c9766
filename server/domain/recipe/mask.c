/* mask.c - a source file as code without comments and texts, and as comments alone. */
#include <ctype.h>
#include <string.h>

#include "domain/recipe/stub.h"

struct masker {
	struct stub_source *s;
	size_t at;
	char before; /* the last code that was no blank: what a slash after it means */
};

static char peek(const struct masker *m, size_t ahead)
{
	if (m->at + ahead >= m->s->n)
		return '\0';
	return m->s->bytes[m->at + ahead];
}

static bool looks_at(const struct masker *m, const char *word)
{
	size_t len = strlen(word);

	return m->at + len <= m->s->n && memcmp(m->s->bytes + m->at, word, len) == 0;
}

static void take_code(struct masker *m, size_t n)
{
	for (; n > 0 && m->at < m->s->n; n--, m->at++) {
		m->s->code[m->at] = m->s->bytes[m->at];
		if (!isspace((unsigned char)m->s->bytes[m->at]))
			m->before = m->s->bytes[m->at];
	}
}

static void skip(struct masker *m, size_t n)
{
	m->at = m->at + n > m->s->n ? m->s->n : m->at + n;
}

static void take_note(struct masker *m, size_t n)
{
	for (; n > 0 && m->at < m->s->n; n--, m->at++)
		m->s->notes[m->at] = m->s->bytes[m->at];
}

static void line_comment(struct masker *m)
{
	while (m->at < m->s->n && m->s->bytes[m->at] != '\n')
		take_note(m, 1);
}

static void block_comment(struct masker *m)
{
	size_t depth = 1;

	take_note(m, 2);
	while (m->at < m->s->n && depth > 0) {
		if (looks_at(m, "*/")) {
			depth--;
			take_note(m, 1);
		} else if (m->s->language == STUB_RUST && looks_at(m, "/*")) {
			depth++;
			take_note(m, 1);
		}
		take_note(m, 1);
	}
}

/* From an opening quote to its end; the quotes stay, what is between them becomes blank. */
static void quoted(struct masker *m, const char *quote, bool escapes, bool lines)
{
	size_t len = strlen(quote);

	take_code(m, len);
	while (m->at < m->s->n && !looks_at(m, quote)) {
		if (!lines && m->s->bytes[m->at] == '\n')
			return; /* never ended: a mistake in the source, or in this reading of it */
		if (escapes && m->s->bytes[m->at] == '\\')
			skip(m, 1);
		skip(m, 1);
	}
	take_code(m, len);
}

/* r"...", r#"..."#: true when it was one. */
static bool rust_raw(struct masker *m)
{
	size_t hashes = 0;

	if (peek(m, 0) != 'r' || (m->at > 0 && isalnum((unsigned char)m->s->bytes[m->at - 1])))
		return false;
	while (peek(m, 1 + hashes) == '#')
		hashes++;
	if (peek(m, 1 + hashes) != '"')
		return false;
	take_code(m, 2 + hashes);
	for (; m->at < m->s->n; skip(m, 1)) {
		size_t k = 0;

		if (peek(m, 0) != '"')
			continue;
		while (k < hashes && peek(m, 1 + k) == '#')
			k++;
		if (k == hashes)
			break;
	}
	take_code(m, 1 + hashes);
	return true;
}

/* 'a' and '\n' are characters, 'a alone is a lifetime. */
static void rust_tick(struct masker *m)
{
	if (peek(m, 1) == '\\' || peek(m, 2) == '\'' || ((unsigned char)peek(m, 1) & 0x80) != 0)
		quoted(m, "'", true, false);
	else
		take_code(m, 1);
}

/* A slash that begins a regular expression: after an operator, not after a value. */
static bool begins_regex(const struct masker *m)
{
	return m->s->language == STUB_JS && peek(m, 0) == '/' &&
	       (m->before == '\0' || strchr("(,=:[!&|?{};+-*%~^<>", m->before) != NULL);
}

static void regex(struct masker *m)
{
	bool in_class = false;

	take_code(m, 1);
	while (m->at < m->s->n && peek(m, 0) != '\n' && (in_class || peek(m, 0) != '/')) {
		if (peek(m, 0) == '\\')
			skip(m, 1);
		else if (peek(m, 0) == '[')
			in_class = true;
		else if (peek(m, 0) == ']')
			in_class = false;
		skip(m, 1);
	}
	take_code(m, 1);
}

static void one_braced(struct masker *m)
{
	enum stub_language l = m->s->language;
	char c = peek(m, 0);

	if (looks_at(m, "//"))
		line_comment(m);
	else if (looks_at(m, "/*"))
		block_comment(m);
	else if (l == STUB_JAVA && looks_at(m, "\"\"\""))
		quoted(m, "\"\"\"", true, true);
	else if (c == '"')
		quoted(m, "\"", true, l == STUB_RUST);
	else if (c == '`' && (l == STUB_GO || l == STUB_JS))
		quoted(m, "`", l == STUB_JS, true);
	else if (c == '\'' && l == STUB_RUST)
		rust_tick(m);
	else if (c == '\'' && !(l == STUB_CPP && isdigit((unsigned char)m->before)))
		quoted(m, "'", true, false);
	else if (l == STUB_RUST && rust_raw(m))
		return;
	else if (begins_regex(m))
		regex(m);
	else
		take_code(m, 1);
}

static void one_python(struct masker *m)
{
	char c = peek(m, 0);

	if (c == '#')
		line_comment(m);
	else if (looks_at(m, "\"\"\""))
		quoted(m, "\"\"\"", true, true);
	else if (looks_at(m, "'''"))
		quoted(m, "'''", true, true);
	else if (c == '"')
		quoted(m, "\"", true, false);
	else if (c == '\'')
		quoted(m, "'", true, false);
	else
		take_code(m, 1);
}

/* After `<<WORD` the lines up to WORD alone are a text. */
static void here_document(struct masker *m)
{
	char word[64];
	size_t n = 0, k = 2;

	if (peek(m, 2) == '<') {
		take_code(m, 3);
		return;
	}
	while (peek(m, k) != '\0' && strchr("-~\\'\" ", peek(m, k)) != NULL)
		k++;
	while (isalnum((unsigned char)peek(m, k)) || peek(m, k) == '_') {
		if (n + 1 < sizeof word)
			word[n++] = peek(m, k);
		k++;
	}
	word[n] = '\0';
	take_code(m, k);
	if (n == 0)
		return;
	while (m->at < m->s->n && peek(m, 0) != '\n')
		take_code(m, 1);
	while (m->at < m->s->n) {
		skip(m, 1); /* the end of a line */
		while (peek(m, 0) == '\t')
			skip(m, 1);
		if (looks_at(m, word) && (peek(m, n) == '\n' || peek(m, n) == '\0')) {
			take_code(m, n);
			return;
		}
		while (m->at < m->s->n && peek(m, 0) != '\n')
			skip(m, 1);
	}
}

static void one_shell(struct masker *m)
{
	char c = peek(m, 0), last = '\n';

	if (m->at > 0)
		last = m->s->bytes[m->at - 1];
	if (c == '#' && (isspace((unsigned char)last) || strchr(";(&|", last) != NULL))
		line_comment(m);
	else if (c == '\\')
		take_code(m, 2);
	else if (c == '"')
		quoted(m, "\"", true, true);
	else if (c == '\'')
		quoted(m, "'", false, true);
	else if (looks_at(m, "<<"))
		here_document(m);
	else
		take_code(m, 1);
}

bool stub_mask(struct stub_source *s, struct arena *a)
{
	struct masker m = { .s = s };

	s->code = arena_take(a, s->n + 1);
	s->notes = arena_take(a, s->n + 1);
	if (s->code == NULL || s->notes == NULL)
		return false;
	for (size_t i = 0; i < s->n; i++)
		s->code[i] = s->notes[i] = s->bytes[i] == '\n' ? '\n' : ' ';
	while (m.at < s->n) {
		if (s->language == STUB_PYTHON)
			one_python(&m);
		else if (s->language == STUB_SHELL)
			one_shell(&m);
		else
			one_braced(&m);
	}
	return true;
}
