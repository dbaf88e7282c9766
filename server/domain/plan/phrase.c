/* Dependencies in prose: `after the schema is done`, `depends on T1 and T2`. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"

#define PROSE_MAX ((size_t)64 << 10) /* bytes of one line; nobody writes longer ones */

struct phrase {
	const char *words; /* lower case */
	bool reversed;     /* what follows waits for the subject */
	bool sure;         /* nothing else is meant by it: an unknown name is an error */
};

/* Longer ones first where one contains another. */
static const struct phrase phrases[] = {
	{ "is a prerequisite for", true, false },
	{ "is a prerequisite of", true, false },
	{ "is required by", true, false },
	{ "is required for", true, false },
	{ "is needed by", true, false },
	{ "must be done before", true, false },
	{ "must be finished before", true, false },
	{ "must be complete before", true, false },
	{ "must be completed before", true, false },
	{ "must finish before", true, false },
	{ "must come before", true, false },
	{ "has to be done before", true, false },
	{ "has to finish before", true, false },
	{ "depends on", false, false },
	{ "depend on", false, false },
	{ "dependent on", false, false },
	{ "depends upon", false, false },
	{ "blocked by", false, false },
	{ "blocked on", false, false },
	{ "waits for", false, false },
	{ "wait for", false, false },
	{ "waits on", false, false },
	{ "waiting for", false, false },
	{ "waiting on", false, false },
	{ "relies on", false, false },
	{ "builds on", false, false },
	{ "build on top of", false, false },
	{ "follows", false, false },
	{ "following", false, false },
	{ "requires", false, false },
	{ "needs", false, false },
	{ "must come after", false, false },
	{ "comes after", false, false },
	{ "after", false, false },
	{ "once", false, false },
	{ "unblocks", true, false },
	{ "blocks", true, false },
	{ "before", true, false },
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

/* Is the phrase denied right before it: `does not depend on`, `no longer blocked by`? */
static bool denied(const char *s, size_t at)
{
	size_t from = at > 24 ? at - 24 : 0;
	char before[32];

	memcpy(before, s + from, at - from);
	before[at - from] = '\0';
	return name_has(before, "not") || name_has(before, "no") || name_has(before, "never") ||
	       name_has(before, "without") || strstr(before, "n't") != NULL;
}

/* The phrase at s[at], as words; its length, or 0. */
static size_t phrase_at(const char *s, size_t at, const struct phrase **out)
{
	if (strchr("imhdbwrfncoauIMHDBWRFNCOAU", s[at]) == NULL)
		return 0; /* no phrase begins so */
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
		size_t n = strlen(phrases[i].words);

		if (strncasecmp(s + at, phrases[i].words, n) == 0 && !is_letter(s[at + n]) &&
		    s[at + n] != '-') {
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

void phrase_read(struct draft *d, const struct draft_task *t, const char *words, long line)
{
	const struct phrase *phrase = NULL;

	if (t == &d->scratch || strlen(words) > PROSE_MAX)
		return;
	for (size_t i = 0; words[i] != '\0'; i++) {
		struct draft_ref ref = { .task = t->index, .source = PLAN_PHRASE, .line = line };
		size_t n, end;

		if (i > 0 && (is_letter(words[i - 1]) || words[i - 1] == '-'))
			continue;
		if ((n = phrase_at(words, i, &phrase)) == 0)
			continue;
		end = clause_end(words, i + n);
		if (!denied(words, i)) {
			ref.reversed = phrase->reversed;
			ref.words = draft_copy(d->a, words + i + n, end - i - n);
			draft_need(d, &ref);
		}
		i = end == i + n ? end - 1 : end - 1;
	}
}
