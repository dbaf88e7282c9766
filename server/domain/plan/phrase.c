/* Dependencies in prose: `after the schema is done`, `depends on T1 and T2`. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"

#define SENTENCE_MAX  ((size_t)4 << 10)  /* bytes of a line in which tasks are looked for */
#define MENTION_LEAST 0.66               /* likeness from which words stand for a title */
#define PROSE_MAX     ((size_t)64 << 10) /* bytes of one line; nobody writes longer ones */

struct phrase {
	const char *words; /* lower case */
	bool reversed;     /* what follows waits for the subject */
	enum {
		DROPS, /* denied it states nothing: `does not depend on` */
		HOLDS, /* denied it says the same: `not until` */
		TURNS, /* denied it says the opposite: `not before` */
	} denied;
};

/* Longer ones first where one contains another. */
static const struct phrase phrases[] = {
	{ "is a prerequisite for", true, DROPS },
	{ "is a prerequisite of", true, DROPS },
	{ "is required by", true, DROPS },
	{ "is required for", true, DROPS },
	{ "is needed by", true, DROPS },
	{ "must be done before", true, DROPS },
	{ "must be finished before", true, DROPS },
	{ "must be complete before", true, DROPS },
	{ "must be completed before", true, DROPS },
	{ "must finish before", true, DROPS },
	{ "must come before", true, DROPS },
	{ "has to be done before", true, DROPS },
	{ "has to finish before", true, DROPS },
	{ "depends on", false, DROPS },
	{ "depend on", false, DROPS },
	{ "dependent on", false, DROPS },
	{ "depends upon", false, DROPS },
	{ "blocked by", false, DROPS },
	{ "blocked on", false, DROPS },
	{ "waits for", false, DROPS },
	{ "wait for", false, DROPS },
	{ "waits on", false, DROPS },
	{ "waiting for", false, DROPS },
	{ "waiting on", false, DROPS },
	{ "relies on", false, DROPS },
	{ "builds on", false, DROPS },
	{ "builds upon", false, DROPS },
	{ "build on top of", false, DROPS },
	{ "follows", false, DROPS },
	{ "following", false, DROPS },
	{ "requires", false, DROPS },
	{ "needs", false, DROPS },
	{ "must come after", false, DROPS },
	{ "comes after", false, DROPS },
	{ "after", false, DROPS },
	{ "once", false, DROPS },
	{ "unblocks", true, DROPS },
	{ "blocks", true, DROPS },
	{ "block", true, DROPS },
	{ "unblock", true, DROPS },
	{ "when", false, DROPS },
	{ "prior to", true, TURNS },
	{ "before", true, TURNS },
	{ "as soon as", false, DROPS },
	{ "until", false, HOLDS },
	{ "precedes", true, DROPS },
	{ "precede", true, DROPS },
	{ "feeds into", true, DROPS },
	{ "feeds", true, DROPS },
	{ "hinges on", false, DROPS },
	{ "contingent on", false, DROPS },
	{ "conditional on", false, DROPS },
	{ "presupposes", false, DROPS },
	{ "assumes", false, DROPS },
	{ "then", true, DROPS },
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

/* `do not have to be finished before`: that it need not be so says nothing of an order. */
static bool waived(const char *before)
{
	return name_has(before, "not have to") || name_has(before, "not need to") ||
	       name_has(before, "need not") || strstr(before, "n't have to") != NULL ||
	       strstr(before, "n't need to") != NULL;
}

/*
 * Is the phrase denied: right before it, `does not depend on`, `no longer blocked by`, or, where
 * that changes what it says, anywhere before: `do not paint the wall before ...`?
 */
enum denial { SAID, DENIED, WAIVED };

static enum denial denied(const char *s, size_t at, const struct phrase *phrase)
{
	size_t window = phrase->denied == DROPS ? 24 : sizeof(char[120]) - 1;
	size_t from = at > window ? at - window : 0;
	char before[120];

	memcpy(before, s + from, at - from);
	before[at - from] = '\0';
	if (waived(before))
		return WAIVED;
	return name_has(before, "not") || name_has(before, "no") || name_has(before, "never") ||
	               name_has(before, "without") || name_has(before, "cannot") ||
	               strstr(before, "n't") != NULL
	           ? DENIED
	           : SAID;
}

/* Does a phrase said so tell of an order at all, and the other way round than its words? */
static bool tells(const struct phrase *phrase, enum denial no, bool *reversed)
{
	*reversed = phrase->reversed != (no == DENIED && phrase->denied == TURNS);
	return no == SAID || (no == DENIED && phrase->denied != DROPS);
}

/* `When the pipes are finished, ...` is a condition; `when the pump fails` is none. */
static bool completed(const char *s)
{
	static const char *const words[] = {
		"done",   "finished", "complete", "completed", "ready",
		"merged", "in place", "landed",   "delivered", "built"
	};
	size_t n = strcspn(s, ",.;\n");
	char clause[120];

	if (n >= sizeof clause)
		return false;
	memcpy(clause, s, n);
	clause[n] = '\0';
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (name_has(clause, words[i]))
			return true;
	return false;
}

/* What was once so is so no more: `used to depend on`. */
static bool past(const char *s, size_t at)
{
	return at >= 8 && strncasecmp(s + at - 8, "used to ", 8) == 0;
}

/* The phrase at s[at], as words; its length, or 0. */
static size_t phrase_at(const char *s, size_t at, const struct phrase **out)
{
	if (s[at] == '\0' || strchr("imhdbwrfncoauptIMHDBWRFNCOAUPT", s[at]) == NULL)
		return 0; /* no phrase begins so */
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
		size_t n;

		/* letters by their lower case: most phrases are ruled out by two of them */
		if ((s[at] | 0x20) != phrases[i].words[0] ||
		    (s[at + 1] | 0x20) != phrases[i].words[1])
			continue;
		n = strlen(phrases[i].words);
		if (strncasecmp(s + at, phrases[i].words, n) == 0 && !is_letter(s[at + n]) &&
		    s[at + n] != '-' && !past(s, at) &&
		    (strcmp(phrases[i].words, "when") != 0 || completed(s + at))) {
			*out = &phrases[i];
			return n;
		}
	}
	return 0;
}

/* Where the clause that starts at s[from] ends: at a full stop, a bracket, a new phrase. */
static size_t clause_end(const char *s, size_t from)
{
	const struct phrase *next;
	size_t i = from;

	for (; s[i] != '\0'; i++) {
		if (strchr(";)\n", s[i]) != NULL)
			break;
		if (s[i] == '.' && (s[i + 1] == ' ' || s[i + 1] == '\0' || s[i + 1] == '\n'))
			break;
		if (i > from && !is_letter(s[i - 1]) && is_letter(s[i]) &&
		    phrase_at(s, i, &next) > 0)
			break;
	}
	return i;
}

size_t phrase_find(const char *title)
{
	const struct phrase *phrase = NULL;

	for (size_t i = 1; title[0] != '\0' && title[i] != '\0'; i++)
		if (!is_letter(title[i - 1]) && title[i - 1] != '-' && is_letter(title[i]) &&
		    phrase_at(title, i, &phrase) > 0 && strcmp(phrase->words, "then") != 0 &&
		    strncmp(phrase->words, "feeds", 5) != 0 && !phrase->reversed) {
			while (i > 0 && !is_letter(title[i - 1]))
				i--;
			return i;
		}
	return 0;
}

void phrase_read(struct draft *d, const struct draft_task *t, const char *words, long line)
{
	const struct phrase *phrase = NULL;

	if (t == &d->scratch || strlen(words) > PROSE_MAX)
		return;
	for (size_t i = 0; words[i] != '\0'; i++) {
		struct draft_ref ref = { .task = t->index, .source = PLAN_PHRASE, .line = line };
		size_t n, end;
		enum denial no;

		if (i > 0 && (is_letter(words[i - 1]) || words[i - 1] == '-'))
			continue;
		if ((n = phrase_at(words, i, &phrase)) == 0)
			continue;
		end = clause_end(words, i + n);
		no = denied(words, i, phrase);
		/* `then` between a task's own steps says nothing of other tasks */
		if (tells(phrase, no, &ref.reversed) && strcmp(phrase->words, "then") != 0) {
			ref.words = draft_copy(d->a, words + i + n, end - i - n);
			draft_need(d, &ref);
		}
		i = end - 1;
	}
}

#define WINDOW_WORDS 8
#define MENTIONS_MAX 32

struct mentions {
	size_t at[MENTIONS_MAX];
	size_t n;
};

static void mention_add(struct mentions *m, size_t task)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->at[i] == task)
			return;
	if (m->n < MENTIONS_MAX)
		m->at[m->n++] = task;
}

/* One word alone names a task only by its whole title or by an id that is no plain word. */
static bool fits(struct name_hit hit, const char *s, size_t n, size_t words)
{
	bool digit = false;

	if (hit.how == NAME_TITLE || hit.how == NAME_ISSUE)
		return true;
	for (size_t i = 0; i < n; i++)
		digit = digit || (s[i] >= '0' && s[i] <= '9');
	if (hit.how == NAME_ID)
		return digit || words > 1;
	return hit.how == NAME_NUMBER && words > 1; /* `task 3`, not `3` */
}

/* Is the word a task's number or letter? */
static bool is_place(struct name_hit hit, size_t len)
{
	return hit.how == NAME_NUMBER || (hit.how == NAME_ID && len == 1);
}

/* `(b)`: the letter of a list; `b` alone may be anything. */
static bool in_brackets(const char *s, size_t from, size_t end)
{
	return end - from == 1 && (s[from] < '0' || s[from] > '9') && from > 0 &&
	       s[from - 1] == '(' && s[end] == ')';
}

/* The longest name that begins with the word at s[from], which ends at `end`; 0: none. */
static size_t longest(const struct names *names, const char *s, size_t n, size_t from, size_t end,
                      size_t *task)
{
	size_t best = 0, start, len, next;

	for (size_t words = 1; words <= WINDOW_WORDS; words++) {
		struct name_hit hit = name_find_exact(names, s + from, end - from);

		if (fits(hit, s + from, end - from, words) ||
		    (is_place(hit, end - from) && in_brackets(s, from, end))) {
			best = end;
			*task = hit.task;
		}
		next = end;
		if (!name_word(s, n, &next, &start, &len))
			break;
		end = next;
	}
	return best;
}

/* `tasks a and b`, `steps 1, 2 and 4`: the places that follow one. Returns where they end. */
static size_t places(const struct names *names, const char *s, size_t n, size_t end,
                     struct mentions *out)
{
	size_t at = end, start, len;

	while (name_word(s, n, &at, &start, &len)) {
		struct name_hit hit;

		if (len == 3 && strncasecmp(s + start, "and", 3) == 0)
			continue;
		hit = name_find_exact(names, s + start, len);
		if (!is_place(hit, len) || strspn(s + end, " ,&+()and") < start - end)
			break;
		/* a number of days is no place */
		if (s[at] == ' ' && is_letter(s[at + 1]) &&
		    strncasecmp(s + at + 1, "and ", 4) != 0 && s[start] >= '0' && s[start] <= '9')
			break;
		mention_add(out, hit.task);
		end = at;
	}
	return end;
}

/*
 * Titles, ids and issues in a stretch of text: at every word the longest that fits. When there
 * is none, all of it as words of one title.
 */
static void mentions_find(struct names *names, const char *s, size_t n, struct mentions *out)
{
	size_t at = 0, start, len, task = PLAN_NONE, end;

	out->n = 0;
	while (name_word(s, n, &at, &start, &len)) {
		start -= start > 0 && s[start - 1] == '#';
		if ((end = longest(names, s, n, start, at, &task)) > 0) {
			mention_add(out, task);
			at = places(names, s, n, end, out);
		}
	}
	if (out->n == 0) {
		struct name_hit hit = name_find(names, s, n);

		if (hit.how == NAME_NEAR && hit.score >= MENTION_LEAST)
			mention_add(out, hit.task);
	}
}

static void edges_add(struct draft *d, const struct mentions *subject,
                      const struct mentions *object, bool reversed, long line)
{
	for (size_t i = 0; i < subject->n; i++)
		for (size_t k = 0; k < object->n; k++) {
			size_t to = reversed ? object->at[k] : subject->at[i];
			size_t from = reversed ? subject->at[i] : object->at[k];

			if (from == to)
				continue;
			draft_edge(d, from, to, PLAN_PHRASE, line);
			d->stated = true;
		}
}

/* What is asked, allowed or supposed states nothing. */
static bool idle(const char *s)
{
	static const char *const words[] = { "if",    "whether", "might",
		                             "maybe", "unless",  "should we" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (name_has(s, words[i]))
			return true;
	return strchr(s, '?') != NULL;
}

/* `Only after X is done do we begin Y`: where the second half begins, or end. */
static size_t inversion(const char *s, size_t from, size_t end)
{
	static const char *const words[] = { " do we ",  " can we ", " can the ", " may the ",
		                             " do you ", " does ",   " will " };

	for (size_t i = from; i < end; i++)
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (strncasecmp(s + i, words[k], strlen(words[k])) == 0)
				return i;
	return end;
}

/* A phrase in a sentence: where it is, how long, and where its subject starts. */
struct spot {
	size_t at, n, from;
	size_t met; /* where the phrase before it ends; 0: it is the first */
};

/* Where the last `, and ...` in s[from..to) begins that is a clause of its own, or `none`. */
static size_t clause_last(const char *s, size_t from, size_t to, size_t none)
{
	static const char *const words[] = { ", and ", ", but ", ", while ", ", whereas ",
		                             ", so " };
	size_t last = none;

	for (size_t i = from; i < to; i++)
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (strncmp(s + i, words[k], strlen(words[k])) == 0)
				last = i;
	return last;
}

/* `A needs B, and C needs D`: the subject of a second phrase begins after the `and`. */
static size_t clause_own(const char *s, size_t met, size_t at, size_t from)
{
	return met == 0 ? from : clause_last(s, met, at, from);
}

/* The same from the other end: what a phrase speaks of ends where the next one's subject begins. */
static size_t object_end(const char *s, size_t from)
{
	static const char *const verbs[] = { "need",  "depend", "require", "wait", "rel",
		                             "build", "hinge",  "assume",  "block" };
	size_t end = clause_end(s, from);

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strncasecmp(s + end, verbs[i], strlen(verbs[i])) == 0)
			return clause_last(s, from, end, end);
	return end;
}

/* What stands on both sides of a phrase. */
static void sides(struct names *names, const char *s, struct spot *spot, struct mentions *subject,
                  struct mentions *object)
{
	const size_t at = spot->at, n = spot->n, *from = &spot->from;

	size_t end = object_end(s, at + n), comma = at + n + strcspn(s + at + n, ","), half;

	if (at == *from && s[comma] == ',') {
		/* the condition comes first */
		mentions_find(names, s + at + n, comma - at - n, object);
		mentions_find(names, s + comma, strlen(s + comma), subject);
		spot->from = comma;
		return;
	}
	mentions_find(names, s + *from, at - *from, subject);
	half = subject->n == 0 ? inversion(s, at + n, end) : end;
	mentions_find(names, s + at + n, half - at - n, object);
	if (half < end)
		mentions_find(names, s + half, end - half, subject);
}

/* `The queue depends on the messages`, `Once the messages are done, start the queue`. */
static void sentence_read(struct draft *d, struct names *names, const char *s, long line)
{
	const struct phrase *phrase = NULL;
	struct mentions subject, object;
	struct spot spot = { 0, 0, 0, 0 };

	if (idle(s))
		return;
	for (size_t i = 0; s[i] != '\0'; i++) {
		bool reversed, then;
		size_t n;

		if ((i > 0 && (is_letter(s[i - 1]) || s[i - 1] == '-')) ||
		    (n = phrase_at(s, i, &phrase)) == 0)
			continue;
		then = strcmp(phrase->words, "then") == 0;
		spot.from = clause_own(s, spot.met, i, spot.from);
		if (tells(phrase, denied(s, i, phrase), &reversed)) {
			spot.at = i;
			spot.n = n;
			sides(names, s, &spot, &subject, &object);
			edges_add(d, &subject, &object, reversed, line);
		}
		spot.met = i + n;
		if (then)
			spot.from = i + n; /* what came after the one comes before the next */
		i = clause_end(s, i + n) - 1;
	}
}

/* A line of prose, sentence by sentence. */
static void prose_read(struct draft *d, struct names *names, const char *s, size_t n, long line)
{
	size_t from = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && s[i] != ';' && !(s[i] == '.' && (i + 1 == n || s[i + 1] == ' ')) &&
		    s[i] != '!')
			continue;
		/* a question mark belongs to its sentence */
		if (i > from)
			sentence_read(d, names, draft_copy(d->a, s + from, i - from), line);
		from = i + 1;
	}
}

void paper_read_phrases(struct paper *p)
{
	struct names *names = NULL;

	for (size_t i = 0; i < p->m->n && p->d->n_tasks > 1; i++) {
		const struct markdown_block *b = &p->m->blocks[i];
		const char *s = b->text;
		long line = b->line;

		if ((b->kind != MARKDOWN_PARAGRAPH && b->kind != MARKDOWN_ITEM) || p->used[i])
			continue;
		/* an item's first paragraph is the item's text again */
		if (b->kind == MARKDOWN_PARAGRAPH && b->parent != MARKDOWN_NONE &&
		    (b->parent + 1 == i || p->used[b->parent]))
			continue;
		if (names == NULL && (names = names_build(p->d)) == NULL)
			return;
		for (; *s != '\0'; line++) {
			size_t n = strcspn(s, "\n");

			if (n <= SENTENCE_MAX)
				prose_read(p->d, names, s, n, line);
			s += n + (s[n] == '\n');
		}
	}
}
