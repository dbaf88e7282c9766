#include "domain/recipe/stub.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "base/text.h"

#define WORDS_MAX 100 /* bytes of a line that are shown */

struct finder {
	struct stub_source source;
	const char *path;
	struct arena *a;
	struct stubs *out;
};

enum stub_language stub_language_of(const char *path)
{
	static const struct {
		const char *end;
		enum stub_language language;
	} ends[] = {
		{ "c", STUB_C },        { "h", STUB_C },       { "cc", STUB_CPP },
		{ "cpp", STUB_CPP },    { "cxx", STUB_CPP },   { "hpp", STUB_CPP },
		{ "go", STUB_GO },      { "java", STUB_JAVA }, { "js", STUB_JS },
		{ "mjs", STUB_JS },     { "cjs", STUB_JS },    { "jsx", STUB_JS },
		{ "ts", STUB_JS },      { "tsx", STUB_JS },    { "mts", STUB_JS },
		{ "py", STUB_PYTHON },  { "rs", STUB_RUST },   { "sh", STUB_SHELL },
		{ "bash", STUB_SHELL },
	};
	const char *dot = strrchr(path, '.');
	size_t n = strlen(path);

	if (dot == NULL || strchr(dot, '/') != NULL ||
	    (n > 5 && strcmp(path + n - 5, ".d.ts") == 0))
		return STUB_NONE;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (strcmp(dot + 1, ends[i].end) == 0)
			return ends[i].language;
	return STUB_NONE;
}

const char *stub_words(enum stub_kind kind)
{
	static const char *const words[] = { "left for later", "not implemented", "empty body" };

	return words[kind];
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || ((unsigned char)c & 0x80) != 0;
}

static void found(struct finder *f, size_t at, enum stub_kind kind)
{
	const char *bytes = f->source.bytes, *line = bytes + at, *end = bytes + at;
	struct stub *items;
	long number = 1;
	size_t len;

	f->out->total++;
	if (f->out->n == STUBS_MAX)
		return;
	items = list_room(f->a, f->out->items, f->out->n, &f->out->room, sizeof *items);
	if (items == NULL)
		return;
	f->out->items = items;
	while (line > bytes && line[-1] != '\n')
		line--;
	for (const char *s = bytes; s < line; s++)
		number += *s == '\n';
	while (end < bytes + f->source.n && *end != '\n')
		end++;
	items[f->out->n] = (struct stub){ .file = f->path,
		                          .line = number,
		                          .column = (long)(bytes + at - line) + 1,
		                          .kind = kind };
	while (line < end && isspace((unsigned char)*line))
		line++;
	len = (size_t)(end - line);
	if (len > WORDS_MAX)
		len = text_utf8_cut(line, len, WORDS_MAX);
	if ((items[f->out->n].words = arena_copy(f->a, line, len)) != NULL)
		f->out->n++;
}

/* --- marks ---------------------------------------------------------------------------------- */

/* Is there nothing but the comment's own signs between the start of its line and at? */
static bool begins_note(const char *notes, size_t at)
{
	while (at > 0 && notes[at - 1] != '\n') {
		if (strchr(" \t/*#!-@", notes[at - 1]) == NULL)
			return false;
		at--;
	}
	return true;
}

static void find_marks(struct finder *f)
{
	static const char *const marks[] = { "TODO", "FIXME", "XXX", "TBD", "HACK" };
	const char *notes = f->source.notes;

	for (size_t i = 0; i < f->source.n; i++) {
		if (notes[i] < 'A' || notes[i] > 'Z' || (i > 0 && is_word(notes[i - 1])))
			continue;
		for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
			size_t n = strlen(marks[k]);

			if (i + n > f->source.n || memcmp(notes + i, marks[k], n) != 0 ||
			    is_word(notes[i + n]))
				continue;
			if (begins_note(notes, i) ||
			    ((notes[i + n] == ':' || notes[i + n] == '(') && i > 0 &&
			     strchr("`'\"", notes[i - 1]) == NULL))
				found(f, i, STUB_MARK);
		}
	}
}

/* --- what says that it is not implemented -------------------------------------------------------
 */

/* A code word alone at i. */
static bool word_at(const struct stub_source *s, size_t i, const char *word)
{
	size_t n = strlen(word);

	return i + n <= s->n && memcmp(s->code + i, word, n) == 0 &&
	       (i == 0 || !is_word(s->code[i - 1])) &&
	       (i + n == s->n || !is_word(s->code[i + n]) || !is_word(word[n - 1]));
}

bool stub_says_unwritten(const struct stub_source *source, size_t at)
{
	const char *s = source->bytes + at;
	size_t n = source->n - at;
	static const char *const says[] = { "not implemented", "not yet implemented",
		                            "unimplemented", "todo" };

	for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
		size_t len = strlen(says[i]);

		if (n > len && strncasecmp(s, says[i], len) == 0 && !is_word(s[len]))
			return true;
	}
	return false;
}

/* Does the code of the line before at give up: throw, panic, exit? */
static bool gives_up(const struct stub_source *s, size_t at)
{
	static const char *const words[] = { "throw", "raise", "panic",  "assert",
		                             "abort", "fatal", "die",    "exit",
		                             "fail",  "echo",  "reject", "err_set" };
	size_t start = at;

	while (start > 0 && s->code[start - 1] != '\n')
		start--;
	for (size_t i = start; s->language == STUB_PYTHON && i < at; i++)
		if (word_at(s, i, "NotImplementedError"))
			return false; /* stub_find_python judges these */
	for (; start < at; start++)
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (word_at(s, start, words[k]))
				return true;
	return false;
}

static void find_unwritten(struct finder *f)
{
	static const struct {
		enum stub_language language;
		const char *word;
	} calls[] = { { STUB_RUST, "todo!" },
		      { STUB_RUST, "unimplemented!" },
		      { STUB_JAVA, "NotImplementedException" } };
	const struct stub_source *s = &f->source;

	for (size_t i = 0; i < s->n; i++) {
		if ((s->code[i] == '"' || s->code[i] == '\'' || s->code[i] == '`') &&
		    i + 1 < s->n && stub_says_unwritten(s, i + 1) && gives_up(s, i))
			found(f, i, STUB_UNWRITTEN);
		for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
			if (calls[k].language == s->language && word_at(s, i, calls[k].word))
				found(f, i, STUB_UNWRITTEN);
	}
}

/* --- bodies --------------------------------------------------------------------------------- */

static bool has_note(const struct stub_source *s, size_t from, size_t to)
{
	for (; from < to; from++)
		if (isalpha((unsigned char)s->notes[from]))
			return true;
	return false;
}

/* What begins at the blank before i, going back; 0 at the start. */
static size_t back_over_blanks(const struct stub_source *s, size_t i)
{
	while (i > 0 && isspace((unsigned char)s->code[i - 1]))
		i--;
	return i;
}

/* Where the parenthesis that is closed at `close` was opened; SIZE_MAX: nowhere. */
static size_t opening(const struct stub_source *s, size_t close)
{
	size_t depth = 0;

	for (size_t i = close + 1; i-- > 0;) {
		if (s->code[i] == ')')
			depth++;
		else if (s->code[i] == '(' && --depth == 0)
			return i;
		else if (s->code[i] == ';' && depth == 0)
			return SIZE_MAX;
	}
	return SIZE_MAX;
}

static bool is_one_of(const char *s, size_t n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == n && memcmp(*words, s, n) == 0)
			return true;
	return false;
}

/* A name that says that nothing is to be done. */
static bool means_nothing(const char *s, size_t n)
{
	static const char *const parts[] = {
		"noop", "no_op", "ignore", "nothing", "dummy", "empty"
	};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
			if (n - i >= strlen(parts[k]) &&
			    strncasecmp(s + i, parts[k], strlen(parts[k])) == 0)
				return true;
	return false;
}

/* The word that ends before `end`: where it begins. */
static size_t word_before(const struct stub_source *s, size_t end)
{
	while (end > 0 && is_word(s->code[end - 1]))
		end--;
	return end;
}

/* Is there a type before the name that begins at i? Constructors and calls have none. */
static bool is_declared(const struct stub_source *s, size_t i)
{
	static const char *const modifiers[] = { "public", "private", "protected", "explicit",
		                                 "new",    "inline",  "constexpr", "return",
		                                 "else",   "await",   "virtual",   "final",
		                                 NULL };
	size_t end = back_over_blanks(s, i), start = word_before(s, end);
	char last = ';';

	if (end > 0)
		last = s->code[end - 1];
	if (s->language == STUB_JS) /* function name, or a method of a class */
		return last != '.' && last != '=' && last != ')' && last != ',' && last != '(' &&
		       !word_at(s, start, "new") && !word_at(s, start, "return");
	if (start < end)
		return !is_one_of(s->code + start, end - start, modifiers);
	return last == '*' || last == '&' || last == '>' || last == ']';
}

/* The first sign on the line of at is #: a macro. */
static bool is_macro(const struct stub_source *s, size_t at)
{
	size_t start = at;

	while (start > 0 && s->code[start - 1] != '\n')
		start--;
	while (start < at && isspace((unsigned char)s->code[start]))
		start++;
	return s->code[start] == '#';
}

/* Before Class::name stands the type; *same: it is Class::Class, a constructor. */
static size_t before_class(const struct stub_source *s, size_t name, bool *same)
{
	size_t begin, n = 0;

	*same = false;
	while (name > 2 && s->code[name - 1] == ':' && s->code[name - 2] == ':') {
		begin = word_before(s, name - 2);
		while (is_word(s->code[name + n]))
			n++;
		*same = name - 2 - begin == n && memcmp(s->code + begin, s->code + name, n) == 0;
		if (begin == name - 2)
			break;
		name = begin;
	}
	return name;
}

/* Where the parameters before a body end; SIZE_MAX when that is no body of a function. */
static size_t parameters_end(const struct stub_source *s, size_t brace)
{
	const char *signs = s->language == STUB_JS ? " \t:<>[]|&.?" : " \t:<>[]|&*.,?-!";
	size_t i = back_over_blanks(s, brace);

	if (i > 0 && s->code[i - 1] == ')')
		return i - 1;
	if (s->language == STUB_C)
		return SIZE_MAX;
	/* a type of the result, exceptions: words and signs of types on the way back */
	while (i > 0 && (is_word(s->code[i - 1]) || strchr(signs, s->code[i - 1]) != NULL))
		i--;
	if (i == 0 || s->code[i - 1] != ')')
		return SIZE_MAX;
	return s->language != STUB_JS || s->code[i] == ':' ? i - 1 : SIZE_MAX;
}

/*
 * In Go and Rust a word begins a function: `func (r *T) name()`, `fn name<T>()`. Where the name
 * of the one whose body begins at brace is; SIZE_MAX: it has none, or that is no body.
 */
static size_t named_by_keyword(const struct stub_source *s, size_t brace)
{
	const char *keyword = s->language == STUB_GO ? "func" : "fn";
	size_t i = brace;

	while (i > 0 && strchr(";{}", s->code[i - 1]) == NULL)
		i--;
	while (i < brace && !word_at(s, i, keyword))
		i++;
	if (i == brace)
		return SIZE_MAX;
	i += strlen(keyword);
	while (i < brace && isspace((unsigned char)s->code[i]))
		i++;
	if (s->code[i] == '(') { /* the receiver of a method */
		while (i < brace && s->code[i] != ')')
			i++;
		for (i++; i < brace && isspace((unsigned char)s->code[i]);)
			i++;
	}
	return i < brace && is_word(s->code[i]) ? i : SIZE_MAX;
}

/* A marker method of Go, func (T) isNode(), is empty on purpose. */
static bool is_marker(const struct stub_source *s, size_t name, size_t end)
{
	return s->language == STUB_GO && end + 1 < s->n && s->code[end] == '(' &&
	       s->code[end + 1] == ')' && s->code[name] == 'i' && s->code[name + 1] == 's' &&
	       isupper((unsigned char)s->code[name + 2]);
}

static bool is_keyword_function(const struct stub_source *s, size_t brace)
{
	size_t name = named_by_keyword(s, brace), end = name;

	if (name == SIZE_MAX)
		return false;
	while (is_word(s->code[end]))
		end++;
	return !means_nothing(s->code + name, end - name) && !is_marker(s, name, end) &&
	       !word_at(s, name, "main");
}

static bool is_function(const struct stub_source *s, size_t brace)
{
	static const char *const controls[] = { "if",          "for",    "while",    "switch",
		                                "catch",       "sizeof", "function", "return",
		                                "constructor", "with",   "extends",  NULL };
	size_t close, open, end, name;
	bool constructor = false;

	if (s->language == STUB_GO || s->language == STUB_RUST)
		return is_keyword_function(s, brace);
	if ((close = parameters_end(s, brace)) == SIZE_MAX ||
	    (open = opening(s, close)) == SIZE_MAX)
		return false;
	end = back_over_blanks(s, open);
	name = word_before(s, end);
	if (name == end || isdigit((unsigned char)s->code[name]) ||
	    is_one_of(s->code + name, end - name, controls) ||
	    means_nothing(s->code + name, end - name))
		return false;
	if (s->language == STUB_C || s->language == STUB_CPP) {
		if (name > 0 && s->code[name - 1] == '~')
			return false; /* a destructor */
		name = before_class(s, name, &constructor);
		if (constructor || is_macro(s, name))
			return false;
	}
	return is_declared(s, name);
}

/* Is the body between its braces empty but for `(void)x;`? */
static bool is_bare(const struct stub_source *s, size_t from, size_t to)
{
	while (from < to) {
		if (isspace((unsigned char)s->code[from])) {
			from++;
			continue;
		}
		if (s->language != STUB_C || to - from < 7 ||
		    memcmp(s->code + from, "(void)", 6) != 0)
			return false;
		for (from += 6; from < to && (is_word(s->code[from]) || s->code[from] == ' ');)
			from++;
		if (from == to || s->code[from++] != ';')
			return false;
	}
	return true;
}

/* Does the block that `brace` lies in begin with the word: a trait's bodies are defaults. */
static bool lies_in(const struct stub_source *s, size_t brace, const char *word)
{
	size_t depth = 1, start;

	while (brace > 0 && depth > 0) {
		brace--;
		depth += s->code[brace] == '}';
		depth -= s->code[brace] == '{';
	}
	for (start = brace; start > 0 && strchr("{};", s->code[start - 1]) == NULL;)
		start--;
	for (; depth == 0 && start < brace; start++)
		if (word_at(s, start, word))
			return true;
	return false;
}

static void find_braced(struct finder *f)
{
	const struct stub_source *s = &f->source;
	size_t depth = 0;

	for (size_t i = 0; i < s->n; i++) {
		const char *close;
		size_t to;

		depth -= s->code[i] == '}' && depth > 0;
		if (s->code[i] != '{')
			continue;
		depth++;
		close = memchr(s->code + i, '}', s->n - i);
		if (close == NULL || (s->language == STUB_C && depth > 1))
			continue;
		to = (size_t)(close - s->code);
		if (!is_bare(s, i + 1, to) || has_note(s, i, to) || !is_function(s, i))
			continue;
		if ((s->language == STUB_RUST && lies_in(s, i, "trait")) ||
		    (s->language == STUB_JAVA && lies_in(s, i, "interface")))
			continue;
		found(f, i, STUB_EMPTY);
	}
}

/* From the brace at `from` to its end only `:`, `true` and blanks; false with anything else. */
static bool does_nothing(const struct stub_source *s, size_t from, size_t to)
{
	for (from++; from < to; from++) {
		if (word_at(s, from, "true"))
			from += 3;
		else if (!isspace((unsigned char)s->code[from]) &&
		         strchr(":;", s->code[from]) == NULL)
			return false;
	}
	return true;
}

/* name() { :; } */
static void find_shell(struct finder *f)
{
	const struct stub_source *s = &f->source;

	for (size_t i = 0; i + 1 < s->n; i++) {
		size_t name = word_before(s, i), brace = i + 2, to;
		const char *close;

		if (s->code[i] != '(' || s->code[i + 1] != ')' || name == i ||
		    means_nothing(s->code + name, i - name))
			continue;
		while (brace < s->n && isspace((unsigned char)s->code[brace]))
			brace++;
		if (brace == s->n || s->code[brace] != '{' ||
		    (close = memchr(s->code + brace, '}', s->n - brace)) == NULL)
			continue;
		to = (size_t)(close - s->code);
		if (!has_note(s, brace, to) && does_nothing(s, brace, to))
			found(f, name, STUB_EMPTY);
	}
}

static void tell(void *arg, size_t at, enum stub_kind kind)
{
	found(arg, at, kind);
}

bool stub_scan(const char *path, const char *bytes, size_t n, struct arena *a, struct stubs *out)
{
	struct finder f = {
		.source = { .language = stub_language_of(path), .bytes = bytes, .n = n },
		.path = path,
		.a = a,
		.out = out
	};

	if (f.source.language == STUB_NONE || memchr(bytes, '\0', n) != NULL)
		return true;
	if (!stub_mask(&f.source, a))
		return false;
	out->files++;
	find_marks(&f);
	find_unwritten(&f);
	if (f.source.language == STUB_PYTHON)
		stub_find_python(&f.source, tell, &f);
	else if (f.source.language == STUB_SHELL)
		find_shell(&f);
	else
		find_braced(&f);
	return !arena_failed(a);
}
