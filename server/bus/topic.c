#include "bus/topic.h"

#include <string.h>

#define WORD_MAX 80 /* bytes of a name that go into a topic; four such words fit */

static bool word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* Length of the word at s, up to the next dot or the end. */
static size_t word_len(const char *s)
{
	return strcspn(s, ".");
}

static bool wild(const char *word, size_t n)
{
	return n == 1 && (*word == '*' || *word == '#');
}

enum status topic_check(const char *topic, bool pattern, struct err *err)
{
	const char *what = pattern ? "topic pattern" : "topic";
	const char *s = topic;
	size_t n;

	if (strlen(topic) > TOPIC_MAX)
		return err_set(err, E_INPUT, "the %s is longer than %d bytes", what, TOPIC_MAX);
	for (;; s += n + 1) {
		n = word_len(s);
		if (n == 0)
			return err_set(err, E_INPUT,
			               "the %s '%s' has an empty word; write words between "
			               "single dots, like 'task.run.done'",
			               what, topic);
		for (size_t i = 0; i < n && !(pattern && wild(s, n)); i++)
			if (!word_byte(s[i]))
				return err_set(err, E_INPUT,
				               "the %s '%s' has '%.*s' in it; words are letters, "
				               "digits, '-' and '_'%s",
				               what, topic, (int)n, s,
				               pattern ? ", or '*' or '#' alone" : "");
		if (s[n] == '\0')
			return OK;
	}
}

/* The word after the one of length n at s, or NULL. */
static const char *next(const char *s, size_t n)
{
	return s[n] == '.' ? s + n + 1 : NULL;
}

/*
 * Only the last `#` that was passed needs to be remembered: what an earlier one could
 * still take, the later one can take as well.
 */
bool topic_matches(const char *pattern, const char *topic)
{
	const char *p = pattern, *t = topic, *after_hash = NULL, *retry = NULL;

	while (t != NULL) {
		size_t np = p == NULL ? 0 : word_len(p), nt = word_len(t);

		if (p != NULL && np == 1 && *p == '#') {
			if ((after_hash = next(p, np)) == NULL)
				return true;
			p = after_hash;
			retry = t;
		} else if (p != NULL &&
		           ((np == 1 && *p == '*') || (np == nt && memcmp(p, t, np) == 0))) {
			p = next(p, np);
			t = next(t, nt);
		} else if (after_hash != NULL) {
			p = after_hash;
			t = retry = next(retry, word_len(retry));
		} else {
			return false;
		}
	}
	while (p != NULL && p[0] == '#' && word_len(p) == 1)
		p = next(p, 1);
	return p == NULL;
}

void topic_add_word(struct text *t, const char *name)
{
	if (t->len > 0)
		text_add_char(t, '.');
	if (name == NULL || *name == '\0')
		text_add_char(t, '_');
	for (size_t i = 0; name != NULL && name[i] != '\0' && i < WORD_MAX; i++)
		text_add_n(t, word_byte(name[i]) ? &name[i] : "_", 1);
}
