#include "domain/plan/name.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define WORDS_MAX  64 /* of a title or a reference that are looked at */
#define SLUG_MAX   48
#define NEAR_LEAST 0.72 /* F1 from which other words may differ */
#define NEAR_LEAD  0.08 /* by which the best must be ahead */

struct key {
	uint64_t hash;
	size_t task;
	enum name_how how;
};

struct word {
	uint32_t hash;
	uint32_t task;
};

struct names {
	const struct draft *d;
	struct key *slots;  /* open addressing; how NAME_UNKNOWN: free */
	size_t n_slots;     /* a power of two, at least twice the keys */
	struct word *words; /* sorted by hash, task; NULL until one is looked for by its words */
	size_t n_words;
	double *weight; /* of each task's title: the sum of its words' */
	double *shared; /* between searches all zero */
	size_t *touched;
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
	char first = len == 0 ? '\0' : lower(word[0]);

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

/* The hashes of the words, each once, in order; at most WORDS_MAX. */
static size_t hashes(const char *s, size_t n, uint32_t out[WORDS_MAX])
{
	size_t at = 0, start, len, count = 0;

	while (count < WORDS_MAX && name_word(s, n, &at, &start, &len)) {
		uint32_t h = name_hash(s + start, len);
		bool there = h == 0;

		for (size_t i = 0; i < count && !there; i++)
			there = out[i] == h;
		if (!there)
			out[count++] = h;
	}
	return count;
}

double name_alike(const char *a, const char *b)
{
	uint32_t x[WORDS_MAX], y[WORDS_MAX];
	size_t n = hashes(a, strlen(a), x), m = hashes(b, strlen(b), y), both = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++)
			both += x[i] == y[k];
	return n + m == 0 ? 0 : 2.0 * (double)both / (double)(n + m);
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

#define SEED_ID     1u
#define SEED_NUMBER 2u
#define SEED_PADDED 3u

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

static int word_order(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->task < y->task ? -1 : x->task > y->task;
}

/* Where hash begins among the words. */
static size_t word_first(const struct names *x, uint32_t hash)
{
	size_t low = 0, high = x->n_words;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (x->words[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A word that few titles have tells more. */
static double weight_of(const struct names *x, size_t first, uint32_t hash)
{
	size_t n = 0;

	while (first + n < x->n_words && x->words[first + n].hash == hash)
		n++;
	return log(1.0 + (double)(x->d->n_tasks + 1) / (double)(n + 1));
}

static void keys_fill(struct names *x)
{
	for (size_t i = 0; i < x->d->n_tasks; i++) {
		const struct draft_task *t = x->d->tasks[i];

		keys_of(x, t->t.id, i);
		if (t->node != NULL)
			keys_of(x, t->node, i);
		if (t->alias != NULL)
			keys_of(x, t->alias, i);
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

static size_t head_of(const struct draft_task *t)
{
	return t->head > 0 ? t->head : strlen(t->t.title);
}

/* The titles by their words: only looked at when no name fits as it is. */
static bool words_fill(struct names *x)
{
	struct arena *a = x->d->a;
	size_t n_tasks = x->d->n_tasks, room = 1;
	uint32_t hash[WORDS_MAX];

	for (size_t i = 0; i < n_tasks; i++)
		room += hashes(x->d->tasks[i]->t.title, head_of(x->d->tasks[i]), hash);
	x->weight = arena_take(a, (n_tasks + 1) * sizeof *x->weight);
	x->shared = arena_take(a, (n_tasks + 1) * sizeof *x->shared);
	x->touched = arena_take(a, (n_tasks + 1) * sizeof *x->touched);
	x->words = arena_take(a, room * sizeof *x->words);
	if (arena_failed(a))
		return false;
	for (size_t i = 0; i < n_tasks; i++) {
		size_t n = hashes(x->d->tasks[i]->t.title, head_of(x->d->tasks[i]), hash);

		for (size_t k = 0; k < n; k++)
			x->words[x->n_words++] = (struct word){ hash[k], (uint32_t)i };
	}
	qsort(x->words, x->n_words, sizeof *x->words, word_order);
	for (size_t i = 0; i < x->n_words;) {
		uint32_t h = x->words[i].hash;
		double w = weight_of(x, i, h);

		for (; i < x->n_words && x->words[i].hash == h; i++)
			x->weight[x->words[i].task] += w;
	}
	return true;
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

		/* an id, a node or an alias gives up to three keys, a title one, a label one */
		n_keys += 5 + t->t.labels.n;
		n_keys += t->node != NULL ? 3 : 0;
		n_keys += t->alias != NULL ? 3 : 0;
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

struct score {
	double best, second;
	size_t task;
	double covered; /* share of the reference's weight that the best has */
};

/* Weigh each title that shares a word; few lists are long, and those weigh little. */
static struct score scores(struct names *x, const uint32_t *hash, size_t n)
{
	struct score s = { 0, 0, PLAN_NONE, 0 };
	size_t n_touched = 0;
	double total = 0;

	for (size_t k = 0; k < n; k++) {
		size_t first = word_first(x, hash[k]);
		double w = weight_of(x, first, hash[k]);

		total += w;
		for (size_t i = first; i < x->n_words && x->words[i].hash == hash[k]; i++) {
			if (x->shared[x->words[i].task] <= 0)
				x->touched[n_touched++] = x->words[i].task;
			x->shared[x->words[i].task] += w;
		}
	}
	for (size_t k = 0; k < n_touched; k++) {
		size_t i = x->touched[k];
		double f1 = 2 * x->shared[i] / (total + x->weight[i]);

		if (f1 > s.best || (f1 >= s.best && i < s.task)) {
			s.second = s.best;
			s.best = f1;
			s.task = i;
			s.covered = x->shared[i] / total;
		} else if (f1 > s.second) {
			s.second = f1;
		}
		x->shared[i] = 0;
	}
	return s;
}

static struct name_hit near_find(struct names *x, const char *s, size_t n)
{
	struct name_hit hit = { NAME_UNKNOWN, PLAN_NONE, 0 };
	uint32_t hash[WORDS_MAX];
	size_t count = hashes(s, n, hash);
	struct score found;

	if (count == 0 || (x->words == NULL && !words_fill(x)))
		return hit;
	found = scores(x, hash, count);
	if (found.task == PLAN_NONE)
		return hit;
	/* all its words are in one title, or nearly all words are in both */
	if (found.covered < 0.999 && found.best < NEAR_LEAST)
		return hit;
	hit.task = found.task;
	hit.score = found.best;
	hit.how = found.best - found.second < NEAR_LEAD ? NAME_AMBIGUOUS : NAME_NEAR;
	return hit;
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
	return hit;
}

struct name_hit name_find(struct names *x, const char *s, size_t n)
{
	struct name_hit hit = name_find_exact(x, s, n);

	trim(&s, &n);
	return hit.how == NAME_UNKNOWN && n > 0 ? near_find(x, s, n) : hit;
}
