/* question.c - what is asked for: words, dates, and what may be seen. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "domain/config.h"
#include "domain/memory/own.h"
#include "domain/memory/words.h"

#define ALSO_WEIGHT 0.6F /* of a word that only another wording has */

static size_t find(const struct rank_query *q, uint32_t term)
{
	for (size_t i = 0; i < q->n_terms; i++)
		if (q->terms[i].term == term)
			return i;
	return q->n_terms;
}

/* A word that is not worth asking for, unless it is part of a name of code. */
static bool says_little(const char *text, const struct terms_word *w)
{
	char folded[16];

	if (w->part || w->len >= sizeof folded)
		return false;
	for (size_t i = 0; i < w->len; i++)
		folded[i] = (char)tolower((unsigned char)text[w->at + i]);
	return words_say_little(folded, w->len);
}

/* How a word stands in the text: Ann's; and Bob. */
static unsigned stands(const char *text, const struct terms_word *w)
{
	static const char *const joins[] = { "and ", "or ", "& " };
	const char *after = text + w->at + w->len;
	unsigned flags = 0;

	if (strncmp(after, "'s", 2) == 0 || strncmp(after, "\u2019s", 4) == 0)
		flags |= RANK_TERM_OWNS;
	for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
		size_t n = strlen(joins[i]);

		if (w->at >= n && strncasecmp(text + w->at - n, joins[i], n) == 0)
			flags |= RANK_TERM_JOINED;
	}
	return flags;
}

/* Add the words of a text; all: also those that say little. */
static enum status add_words(struct terms *t, const char *text, float weight, bool all,
                             struct memory_question *out, struct err *err)
{
	const struct terms_word *words;
	size_t n;
	enum status st = terms_read(t, text, strlen(text), &words, &n, err);

	for (size_t i = 0; i < n && st == OK && out->rank.n_terms < RANK_TERMS_MAX; i++) {
		size_t at = find(&out->rank, words[i].term), len;

		if (at < out->rank.n_terms || (!all && says_little(text, &words[i])))
			continue;
		out->rank.terms[out->rank.n_terms++] = (struct rank_term){
			.term = words[i].term,
			.weight = weight,
			.flags = stands(text, &words[i]),
		};
		len = text_utf8_cut(text + words[i].at, words[i].len, MEMORY_WORD_MAX - 1);
		memcpy(out->word[at], text + words[i].at, len);
		out->word[at][len] = '\0';
	}
	return st;
}

/* Does it ask for a time? */
static bool asks_when(const char *text)
{
	static const char *const begins[] = { "when",        "how long",  "what date", "what month",
		                              "what year",   "what day",  "which day", "which year",
		                              "which month", "what time", "since when" };

	text += strspn(text, " \t\r\n\"'(");
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (strncasecmp(text, begins[i], strlen(begins[i])) == 0 &&
		    !isalnum((unsigned char)text[strlen(begins[i])]))
			return true;
	return false;
}

enum status memory_question_read(struct memory *m, const struct memory_query *q,
                                 struct memory_question *out, struct err *err)
{
	struct terms *t = memory_terms_take(m);
	enum status st = OK;

	if (t == NULL)
		return err_nomem(err, "reading words");
	out->rank.weights = q->weights != NULL ? q->weights : &rank_usual;
	out->rank.hops = q->hops < 0 ? 1 : q->hops;
	if (q->text != NULL) {
		for (int all = 0; all < 2 && st == OK && out->rank.n_terms == 0; all++)
			st = add_words(t, q->text, 1, all != 0, out, err);
		out->rank.n_dates = dates_read(q->text, out->rank.dates);
		out->rank.asks_when = asks_when(q->text);
	}
	for (size_t i = 0; i < q->n_also && st == OK; i++)
		st = add_words(t, q->also[i], ALSO_WEIGHT, false, out, err);
	memory_terms_give(m, t);
	return st;
}

static enum status filter_scopes(const struct index_data *d, const struct memory_query *q,
                                 struct arena *a, struct memory_question *out, struct err *err)
{
	const struct memory_reader who = { out->config, out->actor };
	const char *colon = q->scope == NULL ? NULL : strchr(q->scope, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - q->scope);
	enum status st = memory_readable(d, &who, a, &out->readable, err);

	if (st != OK)
		return st;
	if ((out->scopes = arena_take(a, d->n_scopes + 1)) == NULL)
		return err_nomem(err, "a question");
	for (size_t i = 0; i < d->n_scopes; i++) {
		const struct index_scope *scope = &d->scopes[i];

		if (scope->kind == NULL)
			continue;
		if (colon != NULL && (strncmp(scope->kind, q->scope, n) != 0 ||
		                      scope->kind[n] != '\0' || strcmp(scope->key, colon + 1) != 0))
			continue;
		if (colon == NULL && q->scope != NULL && strcmp(scope->kind, q->scope) != 0)
			continue;
		out->scopes[i] = memory_is_readable(&out->readable, (uint32_t)i);
	}
	out->rank.scopes = out->scopes;
	out->rank.n_scopes = d->n_scopes;
	return OK;
}

enum status memory_question_filter(const struct index_data *d, const struct memory_query *q,
                                   struct arena *a, struct memory_question *out, bool *nothing,
                                   struct err *err)
{
	enum status st = filter_scopes(d, q, a, out, err);

	*nothing = false;
	if (st != OK)
		return st;
	for (size_t i = 0; i < q->n_kinds; i++) {
		uint32_t kind = index_name_of(d, q->kinds[i]);

		if (kind != 0 && out->rank.n_kinds < sizeof out->rank.kinds / sizeof(uint32_t))
			out->rank.kinds[out->rank.n_kinds++] = kind;
	}
	*nothing =
	    (q->n_kinds > 0 && out->rank.n_kinds == 0) ||
	    (q->entity != NULL && (out->rank.entity == 0 || out->rank.entity >= d->n_entities));
	return OK;
}
