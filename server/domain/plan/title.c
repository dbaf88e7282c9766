#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"
#include "domain/plan/role.h"

#define SURE_WORDS 8
#define TITLE_MAX  400 /* bytes; what is longer is no title, and is cut */

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool ends_id(char c)
{
	return c == '\0' || c == ' ' || c == ':' || c == '\n' || c == ')' || c == ']' || c == '\t';
}

/* `1.2`, `1.2.3`, `4.` before words; a plain number is no id. */
static size_t dotted(const char *s)
{
	size_t n = 0, dots = 0;

	while (is_digit(s[n]) || (s[n] == '.' && n > 0)) {
		dots += s[n] == '.';
		n++;
	}
	if (dots == 0 || n > 20 || (s[n] != ' ' && s[n] != ':'))
		return 0;
	while (n > 0 && s[n - 1] == '.')
		n--;
	return n;
}

/* Past what may stand behind the digits of an id: T031a, T005-TEST. */
static size_t past_suffix(const char *s, size_t n, size_t digits)
{
	size_t end;

	if (s[n] >= 'a' && s[n] <= 'z')
		n++;
	if (digits < 2 || s[n] != '-' || !is_upper(s[n + 1]))
		return n;
	for (end = n + 1; is_upper(s[end]); end++)
		;
	return s[end] == ' ' ? end : n;
}

size_t role_lead_id(const char *s)
{
	size_t letters = 0, hyphens = 0, digits = 0, n;

	if (is_digit(s[0]))
		return dotted(s);
	while (is_upper(s[letters]))
		letters++;
	if (letters == 0 && strncasecmp(s, "task-", 5) == 0)
		letters = 4;
	if (letters == 0 || letters > 10)
		return 0;
	n = letters;
	while (s[n] == '-' || s[n] == '_') {
		hyphens++;
		n++;
	}
	while (is_digit(s[n]) || (s[n] == '.' && digits > 0 && is_digit(s[n + 1]))) {
		digits++;
		n++;
	}
	if (digits > 0)
		n = past_suffix(s, n, digits);
	if (digits == 0 || digits > 8 || hyphens > 1 || !ends_id(s[n]))
		return 0;
	if (digits > 1 || hyphens > 0 || s[n] == ':' || s[n] == ')' || s[n] == ']')
		return n;
	/* `S3 bucket` and `EC2 image` are words: one digit needs a mark, or a usual letter */
	return letters == 1 && (s[0] == 'T' || s[0] == 'F') ? n : 0;
}

static void label_add(struct draft *d, struct draft_task *t, const char *s, size_t n)
{
	for (size_t i = 0; i < t->t.labels.n; i++)
		if (strlen(t->t.labels.at[i]) == n && memcmp(t->t.labels.at[i], s, n) == 0)
			return;
	draft_text(d->a, &t->t.labels, draft_copy(d->a, s, n));
}

/* `[P]`, `[US1]`, `(P)` before the words; a longer bracket is words. Returns bytes taken. */
static size_t tag(struct draft *d, struct draft_task *t, const char *s)
{
	const char *close = s[0] == '[' ? "]" : ")";
	size_t n = strcspn(s, close);

	if ((s[0] != '[' && s[0] != '(') || s[n] == '\0' || n < 2 || n > 12 ||
	    memchr(s, ' ', n) != NULL)
		return 0;
	if (s[0] == '(' && !(n == 2 && s[1] == 'P'))
		return 0;
	if (n == 2 && s[1] == 'P')
		t->marked_parallel = true;
	else
		label_add(d, t, s + 1, n - 1);
	return n + 1;
}

/* Do all pieces of a list look like ids: `T1, T2`, `#4`, `T3-T5`? Plain numbers do not. */
static bool looks_like_ids(const char *s)
{
	size_t n = strlen(s), at = 0, start, len;
	bool any = strchr(s, '#') != NULL;

	while (name_word(s, n, &at, &start, &len)) {
		bool digit = false, letter = false;

		for (size_t i = start; i < start + len; i++) {
			digit = digit || is_digit(s[i]);
			letter = letter || !is_digit(s[i]);
		}
		if (!digit && !(len == 3 && strncasecmp(s + start, "and", 3) == 0))
			return false;
		any = any || (digit && letter);
	}
	return any;
}

static bool begins(const char *s, size_t n, const char *word)
{
	size_t len = strlen(word);

	return n >= len && strncasecmp(s, word, len) == 0 &&
	       (n == len || s[len] == ' ' || s[len] == ':' || s[len] == '#');
}

/* Words that begin a remark on order even without brackets around it: how long they are, or 0. */
static size_t begins_remark(const char *s, size_t n)
{
	static const char *const words[] = { "depends on",   "depends",      "blocked by",
		                             "after",        "requires",     "needs",
		                             "deps",         "dependencies", "waits for",
		                             "prerequisite", "prerequisites" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (begins(s, n, words[i]))
			return strlen(words[i]);
	return 0;
}

/* What stands in brackets at the end: a duration, a dependency, an issue. */
static bool remark(struct draft *d, struct draft_task *t, const char *s, size_t n,
                   enum plan_source source)
{
	/* the first SURE_WORDS are about tasks and nothing else */
	static const char *const words[] = { "depends on",   "depends",      "blocked by",
		                             "deps",         "dependencies", "dependency",
		                             "depend on",    "waits for",    "after",
		                             "requires",     "needs",        "following",
		                             "prerequisite", "prerequisites" };
	struct role_value v = { .source = source, .line = t->t.line };
	struct measure_span span;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (begins(s, n, words[i])) {
			struct draft_ref ref = { .task = t->index,
				                 .source = PLAN_FIELD,
				                 .line = t->t.line };
			size_t skip = strlen(words[i]);

			skip += s[skip] == ':';
			ref.words = draft_copy(d->a, s + skip, n - skip);
			/* `(prerequisites: Git 2.30)` may be about other things */
			ref.sure = i < SURE_WORDS || looks_like_ids(ref.words);
			if (t != &d->scratch)
				draft_need(d, &ref);
			d->stated = d->stated || ref.sure;
			return true;
		}
	v.words = draft_copy(d->a, s, n);
	if (begins(s, n, "before")) {
		struct draft_ref ref = { .task = t->index,
			                 .reversed = true,
			                 .source = PLAN_PHRASE,
			                 .line = t->t.line,
			                 .words = draft_copy(d->a, s + 6, n - 6) };

		if (t != &d->scratch)
			draft_need(d, &ref);
		return true;
	}
	if (begins(s, n, "blocks") || begins(s, n, "enables")) {
		v.words = draft_copy(d->a, s + strcspn(s, " :") + 1, n - strcspn(s, " :") - 1);
		return role_apply(d, t, ROLE_BLOCKS, &v);
	}
	if (measure_duration(s, n, 0, &span) && n - (span.end - span.at) <= 12)
		return role_apply(d, t, ROLE_DURATION, &v);
	if (s[0] == '#' || begins(s, n, "part of") || memmem(s, n, "partial", 7) != NULL)
		return role_apply(d, t, ROLE_ISSUE, &v);
	if (begins(s, n, "parallel") || (n == 1 && s[0] == 'P'))
		return t->marked_parallel = true;
	return false;
}

/* Nothing but a duration: `2h`, ` ~ 30 min`. */
static bool only_duration(const char *s, size_t n)
{
	struct measure_span span;

	while (n > 0 && (*s == ' ' || *s == '~')) {
		s++;
		n--;
	}
	return n > 0 && measure_duration(s, n, 0, &span) && span.at == 0 && n <= span.end + 1;
}

/* As remark, also for two in one bracket: `(2h, depends on T1)`, `(after T1; 30 min)`. */
static bool remarks(struct draft *d, struct draft_task *t, const char *s, size_t n,
                    enum plan_source source)
{
	for (size_t i = 1; i + 1 < n; i++) {
		const char *right = s + i + 1;
		size_t left = n - i - 1;

		if (s[i] != ',' && s[i] != ';')
			continue;
		for (; left > 0 && *right == ' '; left--)
			right++;
		if ((only_duration(s, i) && begins_remark(right, left) > 0) ||
		    (begins_remark(s, i) > 0 && only_duration(right, left)))
			return remark(d, t, s, i, source) && remark(d, t, right, left, source);
	}
	return remark(d, t, s, n, source);
}

/* Where a bracket that ends the words opens, or n. */
static size_t last_bracket(const char *s, size_t n)
{
	size_t depth = 0;

	if (n == 0 || (s[n - 1] != ')' && s[n - 1] != ']'))
		return n;
	for (size_t i = n; i-- > 0;) {
		if (s[i] == ')' || s[i] == ']')
			depth++;
		else if ((s[i] == '(' || s[i] == '[') && --depth == 0)
			return i;
	}
	return n;
}

/* `... #242` at the end of a title. */
static size_t issue_at_end(struct draft *d, struct draft_task *t, const char *s, size_t n)
{
	size_t i = n;

	while (i > 0 && is_digit(s[i - 1]))
		i--;
	if (i == n || i < 2 || s[i - 1] != '#' || s[i - 2] != ' ')
		return n;
	label_add(d, t, s + i - 1, n - i + 1);
	return i - 2;
}

/* `..., estimate` at the end, of which the duration was taken. */
static size_t without_label(const char *s, size_t n)
{
	static const char *const words[] = { "estimate", "estimated", "est.",
		                             "est",      "effort",    "duration" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t len = strlen(words[i]);

		if (n > len + 1 && strncasecmp(s + n - len, words[i], len) == 0 &&
		    strchr(" ,;-", s[n - len - 1]) != NULL)
			return n - len - 1;
	}
	return n;
}

/* ` - 4h`, ` ~2 days`, ` | 30 min` at the end, after a mark. */
static size_t duration_at_end(struct draft *d, struct draft_task *t, const char *s, size_t n,
                              enum plan_source source)
{
	static const char *const marks[] = {
		" - ", " \xe2\x80\x93 ", " \xe2\x80\x94 ", " ~", " | ", ": ", ", "
	};

	size_t tail = n < 24 ? 0 : n - 24;
	bool digit = false;

	for (size_t i = tail; i < n; i++)
		digit = digit || is_digit(s[i]);
	for (size_t i = tail; digit && i < n; i++) {
		if (s[i] != ' ' && s[i] != ':' && s[i] != ',')
			continue; /* all marks begin so */
		for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
			size_t len = strlen(marks[k]);
			struct measure_span span;
			struct role_value v = { .source = source, .line = t->t.line };

			if (i == 0 || n - i <= len || memcmp(s + i, marks[k], len) != 0 ||
			    !measure_duration(s + i + len, n - i - len, 0, &span) || span.at > 5 ||
			    i + len + span.end + 1 < n)
				continue;
			v.words = draft_copy(d->a, s + i + len, n - i - len);
			return role_apply(d, t, ROLE_DURATION, &v) ? without_label(s, i) : n;
		}
	}
	return n;
}

/* `... (1h) depends on T1`: behind a bracket a remark needs no mark, if it names ids. */
static bool is_behind_bracket(const struct draft *d, const char *s, size_t i, size_t n)
{
	size_t from = i + 1, word;

	if (i == 0 || s[i] != ' ' || (s[i - 1] != ')' && s[i - 1] != ']'))
		return false;
	word = begins_remark(s + from, n - from);
	return word > 0 && looks_like_ids(draft_copy(d->a, s + from + word, n - from - word));
}

/* `... - depends on 1`, `..., after the API`: a remark without brackets, behind a mark. */
static size_t clause_at_end(struct draft *d, struct draft_task *t, const char *s, size_t n,
                            enum plan_source source)
{
	static const char *const marks[] = {
		" - ", " \xe2\x80\x93 ", " \xe2\x80\x94 ", " \xe2\x86\x92 ", ", ", "; ", " | "
	};

	for (size_t i = n; i-- > 0;) {
		if (s[i] != ' ' && s[i] != ',' && s[i] != ';')
			continue;
		if (is_behind_bracket(d, s, i, n) && remark(d, t, s + i + 1, n - i - 1, source))
			return i;
		for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
			size_t len = strlen(marks[k]);

			if (n - i > len && memcmp(s + i, marks[k], len) == 0 &&
			    begins_remark(s + i + len, n - i - len) > 0 &&
			    remark(d, t, s + i + len, n - i - len, source))
				return i;
		}
	}
	return n;
}

static size_t without_end(struct draft *d, struct draft_task *t, const char *s, size_t n,
                          enum plan_source source)
{
	for (;;) {
		size_t open, was = n;

		while (n > 0 && strchr(" \t\n,;", s[n - 1]) != NULL)
			n--;
		open = last_bracket(s, n);
		if (open < n && remarks(d, t, s + open + 1, n - open - 2, source))
			n = open;
		n = issue_at_end(d, t, s, n);
		n = duration_at_end(d, t, s, n, source);
		n = clause_at_end(d, t, s, n, source);
		if (n == was)
			return n;
	}
}

size_t role_count(const char *s)
{
	size_t n = strspn(s, "0123456789.");

	while (n > 0 && s[n - 1] == '.')
		n--;
	if (n > 0 || !(is_upper(s[0]) || (s[0] >= 'a' && s[0] <= 'z')))
		return n;
	if (s[1] == ':' || s[1] == '.' || s[1] == ')')
		return 1;
	/* `Task A - ...`; `task a - ...` is words */
	return is_upper(s[0]) && (s[1] == '\0' || s[1] == '\n' || strncmp(s + 1, " - ", 3) == 0 ||
	                          strncmp(s + 1, " \xe2\x80", 3) == 0);
}

/* Words before a task's own: `Task 3: Title`, `Step 2 - Title`. Returns bytes up to the title. */
static size_t counted(struct draft *d, struct draft_task *t, const char *s)
{
	static const char *const words[] = { "task", "step", "story", "item", "ticket", "issue" };
	size_t at = 0, start, len, n = strcspn(s, "\n");

	if (!name_word(s, n, &at, &start, &len) || start != 0)
		return 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t digits, from;

		if (len != strlen(words[i]) || strncasecmp(s, words[i], len) != 0)
			continue;
		from = len + strspn(s + len, " #");
		digits = role_count(s + from);
		if (digits == 0 || from == len)
			return 0;
		t->t.id = text_printf(d->a, "%s-%.*s", words[i], (int)digits, s + from);
		t->alias = draft_copy(d->a, s + from, digits);
		t->own_id = true;
		return from + digits;
	}
	return 0;
}

const char *role_rest(struct draft *d, struct draft_task *t, const char *words,
                      enum plan_source source)
{
	size_t n = strlen(words), skip;

	if (n <= TITLE_MAX)
		n = without_end(d, t, words, n, source);
	for (;;) {
		skip = strspn(words, " \t.:-*");
		if (strncmp(words + skip, "\xe2\x80\x93", 3) == 0 ||
		    strncmp(words + skip, "\xe2\x80\x94", 3) == 0)
			skip += 3;
		if (skip == 0 || skip >= n)
			break;
		words += skip;
		n -= skip;
	}
	return skip >= n ? "" : draft_copy(d->a, words, n);
}

/* Past what names the task at the start: an id, a count, an issue's number. */
static const char *past_names(struct draft *d, struct draft_task *t, const char *s)
{
	size_t lead;

	/* a bracket around an id: `[T001] title` */
	lead = s[0] == '[' ? role_lead_id(s + 1) : 0;
	if (lead > 0 && s[lead + 1] == ']' && !t->own_id) {
		t->t.id = draft_copy(d->a, s + 1, lead);
		t->own_id = true;
		s += lead + 2;
	} else if ((lead = role_lead_id(s)) > 0 && s[lead] != '\0') {
		if (!t->own_id) {
			t->t.id = draft_copy(d->a, s, lead);
			t->own_id = true;
		}
		s += lead;
	} else if (!t->own_id && (lead = counted(d, t, s)) > 0) {
		s += lead;
	} else if (s[0] == '#' && is_digit(s[1])) {
		lead = 1 + strspn(s + 1, "0123456789");
		label_add(d, t, s, lead);
		s += lead;
	}
	return s;
}

/* Past marks, dashes and tags. */
static const char *past_marks(struct draft *d, struct draft_task *t, const char *s)
{
	for (;;) {
		size_t skip = strspn(s, " \t.:)-*"), lead;

		if (strncmp(s + skip, "\xe2\x80\x93", 3) == 0 ||
		    strncmp(s + skip, "\xe2\x80\x94", 3) == 0)
			skip += 3;
		s += skip;
		lead = tag(d, t, s);
		if (skip == 0 && lead == 0)
			return s;
		s += lead;
	}
}

void role_title(struct draft *d, struct draft_task *t, const char *words, enum plan_source source)
{
	const char *s = past_marks(d, t, past_names(d, t, words + strspn(words, " \t\n*")));
	size_t n = strcspn(s, "\n");

	if (n > TITLE_MAX)
		n = text_utf8_cut(s, n, TITLE_MAX);
	else
		n = without_end(d, t, s, n, source);
	t->t.title = draft_copy(d->a, s, n);
	t->head = phrase_find(t->t.title);
	if (t->t.title[0] == '\0')
		t->t.title = t->own_id ? t->t.id : draft_copy(d->a, words, strcspn(words, "\n"));
}
