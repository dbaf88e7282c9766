#include "domain/plan/name.h"

#include <string.h>

#include "base/text.h"
#include "domain/plan/near.h"

#define SLUG_MAX  48
#define LISTS_MAX 64 /* in which a place is looked for */

struct key {
	uint64_t hash;
	size_t task;
	enum name_how how;
};

struct names {
	const struct draft *d;
	struct key *slots; /* open addressing; how NAME_UNKNOWN: free */
	size_t n_slots;    /* a power of two, at least twice the keys */
	struct near *near; /* by the words of titles; NULL until one is looked for so */
};

static const char *const empty_words[] = { "the", "a",  "an", "of",   "for",  "and", "with",
	                                   "to",  "in", "on", "from", "into", "via", "all",
	                                   "by",  "is", "be", "as",   "its",  "or" };

/* Words that only say that a number is a task's. */
static const char *const counters[] = { "task",   "step",  "item", "issue", "ticket",  "no",
	                                "number", "story", "todo", "bead",  "subtask", "t" };

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Dashes and arrows are no words though they are not ASCII. */
static size_t mark_at(const char *s, size_t n)
{
	if (n >= 3 && (unsigned char)s[0] == 0xE2 &&
	    ((unsigned char)s[1] >= 0x80 && (unsigned char)s[1] <= 0xAD))
		return 3;
	return 0;
}

bool name_word(const char *s, size_t n, size_t *at, size_t *start, size_t *len)
{
	size_t i = *at, skip;

	while (i < n && (!is_word(s[i]) || mark_at(s + i, n - i) > 0))
		i += (skip = mark_at(s + i, n - i)) > 0 ? skip : 1;
	*start = i;
	while (i < n && is_word(s[i]) && mark_at(s + i, n - i) == 0)
		i++;
	*len = i - *start;
	*at = i;
	return *len > 0;
}

bool name_has(const char *s, const char *words)
{
	size_t n = strlen(s), m = strlen(words), at = 0, start, len;

	while (name_word(s, n, &at, &start, &len)) {
		size_t i = 0;

		while (i < m && start + i < n &&
		       (lower(s[start + i]) == words[i] ||
		        (words[i] == ' ' && (s[start + i] == '-' || s[start + i] == '\n'))))
			i++;
		if (i == m && (start + i == n || !is_word(s[start + i]) ||
		               mark_at(s + start + i, n - start - i) > 0))
			return true;
	}
	return false;
}

/* Asked of every word there is: most are told by their first letter. */
static bool is_empty(const char *word, size_t len)
{
	char first = (char)(len == 0 ? '\0' : lower(word[0]));

	for (size_t i = 0; i < sizeof empty_words / sizeof *empty_words; i++)
		if (empty_words[i][0] == first && strncasecmp(empty_words[i], word, len) == 0 &&
		    empty_words[i][len] == '\0')
			return true;
	return false;
}

uint32_t name_hash(const char *word, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	if (is_empty(word, len))
		return 0;
	if (len > 3 && lower(word[len - 1]) == 's' && lower(word[len - 2]) != 's')
		len--;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)lower(word[i])) * 0x100000001b3u;
	h ^= h >> 32;
	return (uint32_t)h == 0 ? 1 : (uint32_t)h;
}

const char *name_normal(const char *s, size_t n, struct arena *a)
{
	char *out = arena_take(a, n + 2);
	size_t at = 0, start, len, used = 0;

	if (out == NULL)
		return "";
	while (name_word(s, n, &at, &start, &len)) {
		if (used > 0)
			out[used++] = ' ';
		for (size_t i = 0; i < len; i++)
			out[used++] = lower(s[start + i]);
	}
	out[used] = '\0';
	return out;
}

const char *name_slug(const char *title, struct arena *a)
{
	char *out = arena_take(a, SLUG_MAX + 2);
	size_t n = strlen(title), at = 0, start, len, used = 0;

	if (out == NULL)
		return "";
	while (name_word(title, n, &at, &start, &len)) {
		if (used + len + 1 > SLUG_MAX && used > 0)
			break;
		len = text_utf8_cut(title + start, len, SLUG_MAX);
		if (used > 0)
			out[used++] = '-';
		for (size_t i = 0; i < len; i++)
			out[used++] = lower(title[start + i]);
	}
	out[used] = '\0';
	return used == 0 ? "task" : out;
}

static uint64_t hash_lower(const char *s, size_t n, uint64_t seed)
{
	uint64_t h = 0xcbf29ce484222325u ^ seed;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)lower(s[i])) * 0x100000001b3u;
	return h;
}

/* As name_normal, hashed, without the memory. */
static uint64_t hash_normal(const char *s, size_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15u;
	size_t at = 0, start, len;

	while (name_word(s, n, &at, &start, &len))
		h = hash_lower(s + start, len, h * 31);
	return h;
}

/*
 * Split an id into a prefix and a number: `T030`, `task-3`, `#12`, `3`. False for anything
 * else, such as `1.2` or `a-1-b`.
 */
static bool split(const char *s, size_t n, size_t *prefix, long *number, size_t *digits)
{
	size_t i = n;

	*number = 0;
	while (i > 0 && s[i - 1] >= '0' && s[i - 1] <= '9' && n - i < 9)
		i--;
	*digits = n - i;
	if (*digits == 0 || (i > 0 && (s[i - 1] == '.' || (s[i - 1] >= '0' && s[i - 1] <= '9'))))
		return false;
	for (size_t k = i; k < n; k++)
		*number = *number * 10 + (s[k] - '0');
	while (i > 0 && !is_word(s[i - 1]))
		i--;
	*prefix = i;
	for (size_t k = 0; k < i; k++)
		if (!is_word(s[k]) || (s[k] >= '0' && s[k] <= '9'))
			return false;
	return true;
}

static bool is_counter(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
		size_t len;

		if (n == 0 || counters[i][0] != lower(s[0]))
			continue;
		len = strlen(counters[i]);
		if ((n == len || (n == len + 1 && lower(s[len]) == 's')) &&
		    strncasecmp(s, counters[i], len) == 0)
			return true;
	}
	return n == 0;
}

/* Above the bytes that are hashed, so that no letter makes one of another. */
#define SEED_ID     0x100u
#define SEED_NUMBER 0x200u
#define SEED_PADDED 0x300u
#define SEED_LETTER 0x400u

static uint64_t number_key(const char *prefix, size_t len, long number, uint64_t seed)
{
	return hash_lower(prefix, len, seed) ^ ((uint64_t)number * 0x9e3779b97f4a7c15u);
}

/* A third task of the same name and way adds nothing: two are ambiguous, the first is the first. */
static void key_add(struct names *x, uint64_t hash, size_t task, enum name_how how)
{
	size_t i = (size_t)hash & (x->n_slots - 1), same = 0;

	for (; x->slots[i].how != NAME_UNKNOWN; i = (i + 1) & (x->n_slots - 1))
		if (x->slots[i].hash == hash && x->slots[i].how == how && ++same == 2)
			return;
	x->slots[i] = (struct key){ hash, task, how };
}

/* A name that stands for the task as it is, and its number if it has one. */
static void keys_of(struct names *x, const char *id, size_t task)
{
	size_t n = strlen(id), prefix, digits;
	long number;

	if (n == 0)
		return;
	key_add(x, hash_lower(id, n, SEED_ID), task, NAME_ID);
	if (!split(id, n, &prefix, &number, &digits))
		return;
	key_add(x, number_key(id, prefix, number, SEED_PADDED), task, NAME_PADDED);
	if (is_counter(id, prefix))
		key_add(x, number_key("", 0, number, SEED_NUMBER), task, NAME_NUMBER);
}

/* Apart from all others: the names that count in one list only. */
static uint64_t in_list(uint64_t hash, size_t list)
{
	return hash ^ ((uint64_t)list * 0x9e3779b97f4a7c15u);
}

/* A place, `3` or `b`: in the list it counts in, and anywhere if no other task is called so. */
static void keys_of_place(struct names *x, const struct draft_task *t, size_t task)
{
	size_t n = strlen(t->alias), prefix, digits;
	uint64_t whole = hash_lower(t->alias, n, SEED_ID), counted;
	long number;

	if (split(t->alias, n, &prefix, &number, &digits))
		counted = number_key("", 0, number, SEED_NUMBER);
	else
		counted = hash_lower(t->alias, n, SEED_LETTER);
	key_add(x, whole, task, NAME_NUMBER);
	key_add(x, counted, task, NAME_NUMBER);
	if (t->list == 0)
		return;
	key_add(x, in_list(whole, t->list), task, NAME_NUMBER);
	key_add(x, in_list(counted, t->list), task, NAME_NUMBER);
}

static void keys_fill(struct names *x)
{
	for (size_t i = 0; i < x->d->n_tasks; i++) {
		const struct draft_task *t = x->d->tasks[i];

		keys_of(x, t->t.id, i);
		if (t->node != NULL)
			keys_of(x, t->node, i);
		if (t->alias != NULL)
			keys_of_place(x, t, i);
		key_add(x, hash_normal(t->t.title, strlen(t->t.title)), i, NAME_TITLE);
		if (t->head > 0)
			key_add(x, hash_normal(t->t.title, t->head), i, NAME_TITLE);
		for (size_t k = 0; k < t->t.labels.n; k++)
			if (t->t.labels.at[k][0] == '#')
				key_add(x,
				        hash_lower(t->t.labels.at[k], strlen(t->t.labels.at[k]),
				                   SEED_ID),
				        i, NAME_ISSUE);
	}
}

struct names *names_build(const struct draft *d)
{
	struct names *x = arena_take(d->a, sizeof *x);
	size_t n_keys = 1;

	if (x == NULL)
		return NULL;
	x->d = d;
	for (size_t i = 0; i < d->n_tasks; i++) {
		const struct draft_task *t = d->tasks[i];

		/* an id or a node gives up to three keys, an alias four, a title two, a label one
		 */
		n_keys += 5 + t->t.labels.n;
		n_keys += t->node != NULL ? 3 : 0;
		n_keys += t->alias != NULL ? 4 : 0;
	}
	for (x->n_slots = 16; x->n_slots < 2 * n_keys; x->n_slots *= 2)
		;
	if ((x->slots = arena_take(d->a, x->n_slots * sizeof *x->slots)) == NULL)
		return NULL;
	keys_fill(x);
	return x;
}

/* What is known best by that hash. */
static struct name_hit key_find(const struct names *x, uint64_t hash)
{
	struct name_hit hit = { NAME_UNKNOWN, PLAN_NONE, 0 };
	bool several = false;

	for (size_t i = (size_t)hash & (x->n_slots - 1); x->slots[i].how != NAME_UNKNOWN;
	     i = (i + 1) & (x->n_slots - 1)) {
		const struct key *key = &x->slots[i];

		if (key->hash != hash || key->how < hit.how)
			continue;
		if (key->how > hit.how) {
			hit = (struct name_hit){ key->how, key->task, 1 };
			several = false;
		} else if (key->task != hit.task) {
			several = true;
			hit.task = key->task < hit.task ? key->task : hit.task;
		}
	}
	/* ids may be given twice (a finding of its own), but other names must be one task's */
	if (several && hit.how != NAME_ID)
		hit.how = NAME_AMBIGUOUS;
	return hit;
}

static struct name_hit number_find(const struct names *x, const char *s, size_t n)
{
	struct name_hit hit = { NAME_UNKNOWN, PLAN_NONE, 0 };
	size_t prefix, digits;
	long number;

	if (n > 64 || !split(s, n, &prefix, &number, &digits))
		return hit;
	if (is_counter(s, prefix) && s[0] != '#')
		hit = key_find(x, number_key("", 0, number, SEED_NUMBER));
	/* `T3` is no task of `S3`, but T30 is T030 */
	if (prefix > 0 && hit.how == NAME_NUMBER && lower(s[0]) == 't' && prefix == 1)
		hit = (struct name_hit){ NAME_UNKNOWN, PLAN_NONE, 0 };
	if (hit.how == NAME_UNKNOWN && prefix > 0)
		hit = key_find(x, number_key(s, prefix, number, SEED_PADDED));
	return hit;
}

/* `task b`, `step (b)`: the letter of a list, said to be one. */
static const char *letter_of(const char *s, size_t n)
{
	size_t word = 0;

	while (word < n && is_word(s[word]))
		word++;
	if (word == 0 || !is_counter(s, word))
		return NULL;
	s += word;
	for (n -= word; n > 0 && strchr(" #(", *s) != NULL; n--)
		s++;
	return n == 1 && is_word(*s) ? s : NULL;
}

/* Without what may stand around a name: blanks, marks of code, brackets, a full stop. */
static void trim(const char **s, size_t *n)
{
	while (*n > 0 && strchr(" \t\n\r`\"'*.:()[]", **s) != NULL) {
		(*s)++;
		(*n)--;
	}
	while (*n > 0 && strchr(" \t\n\r`\"'*.:()[]", (*s)[*n - 1]) != NULL)
		(*n)--;
}

struct name_hit name_find_exact(const struct names *x, const char *s, size_t n)
{
	struct name_hit hit = key_find(x, hash_lower(s, n, SEED_ID));
	const char *letter;

	if (hit.how == NAME_ID)
		return hit; /* an id may hold any mark */
	hit = (struct name_hit){ NAME_UNKNOWN, PLAN_NONE, 0 };
	trim(&s, &n);
	if (n > 0)
		hit = key_find(x, hash_lower(s, n, SEED_ID));
	if (n > 0 && hit.how == NAME_UNKNOWN)
		hit = key_find(x, hash_normal(s, n));
	if (n > 0 && hit.how == NAME_UNKNOWN)
		hit = number_find(x, s, n);
	if (n > 0 && hit.how == NAME_UNKNOWN && (letter = letter_of(s, n)) != NULL)
		hit = key_find(x, hash_lower(letter, 1, SEED_LETTER));
	return hit;
}

/* The task with that place in one list. */
static struct name_hit place_find(const struct names *x, size_t list, const char *s, size_t n)
{
	struct name_hit hit = key_find(x, in_list(hash_lower(s, n, SEED_ID), list));
	const char *letter = letter_of(s, n);
	size_t prefix, digits;
	long number;

	if (hit.how != NAME_UNKNOWN)
		return hit;
	if (split(s, n, &prefix, &number, &digits) && is_counter(s, prefix) && s[0] != '#')
		return key_find(x, in_list(number_key("", 0, number, SEED_NUMBER), list));
	if (letter != NULL)
		hit = key_find(x, in_list(hash_lower(letter, 1, SEED_LETTER), list));
	return hit;
}

struct name_hit name_find_place(const struct names *x, size_t task, bool behind, const char *s,
                                size_t n)
{
	const size_t own = x->d->tasks[task]->list;
	struct name_hit hit;

	trim(&s, &n);
	if (own == 0 || n == 0 || n > 64)
		return (struct name_hit){ NAME_UNKNOWN, PLAN_NONE, 0 };
	for (size_t k = 0; k < LISTS_MAX && (behind || k < own); k++) {
		hit = place_find(x, behind ? own + k : own - k, s, n);
		if (hit.how != NAME_UNKNOWN && (behind ? hit.task > task : hit.task < task))
			return hit;
	}
	return place_find(x, own, s, n);
}

struct name_hit name_find(struct names *x, const char *s, size_t n)
{
	struct name_hit hit = name_find_exact(x, s, n);

	trim(&s, &n);
	if (hit.how != NAME_UNKNOWN || n == 0)
		return hit;
	if (x->near == NULL)
		x->near = near_build(x->d);
	return x->near == NULL ? hit : near_find(x->near, s, n);
}
