#include "domain/plan/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/role.h"

#define LIST_MAX    PLAN_TASKS_MAX
#define RANGE_MAX   2000 /* tasks between the ends of a range */
#define PROSE_LEAST 0.6  /* likeness below which words in prose name no task */
#define NEAREST_MAX 50   /* unknown names for which a near one is looked for */

struct work {
	struct draft *d;
	struct names *names;
	size_t *found; /* tasks that the words mean */
	size_t n_found, room;
	const char **unknown; /* pieces that mean none */
	size_t n_unknown, unknown_room;
	size_t suggested;
	bool padded;    /* a piece was found but for its zeros */
	bool sure;      /* of the reference at hand */
	size_t subject; /* the task that says it; PLAN_NONE: none does */
	bool behind;    /* what it names waits for it */
};

static const char *const nothing[] = {
	"none",
	"no",
	"na",
	"n a",
	"nothing",
	"nil",
	"null",
	"independent",
	"no dependencies",
	"no dependency",
	"not applicable",
	"start",
	"can start immediately",
	"no deps",
	"none can start immediately",
	"no prerequisites",
	"root",
};

/* Around a name, said or left out at will. */
static const char *const before[] = { "depends on", "dependent on", "depend on", "blocked by",
	                              "requires",   "after",        "needs",     "completion of",
	                              "on",         "requires:",    "waits for", "tasks",
	                              "task",       "both",         "either",    "all of",
	                              "steps",      "the",          "issues",    "issue",
	                              "and",        "step" };
static const char *const behind[] = { "is complete", "are complete", "complete",
	                              "completed",   "completion",   "is done",
	                              "are done",    "done",         "is finished",
	                              "finished",    "finishes",     "is merged",
	                              "merged",      "task",         "tasks",
	                              "completes",   "is completed", "must be complete",
	                              "phase",       "is in place",  "works",
	                              "is ready",    "is up",        "is stable",
	                              "is there",    "exists",       "is finished and tested",
	                              "passes",      "is in",        "is live",
	                              "is released" };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **s, size_t *n)
{
	while (*n > 0 && (is_blank((*s)[0]) || strchr(".:`*\"'", (*s)[0]) != NULL)) {
		(*s)++;
		(*n)--;
	}
	while (*n > 0 && (is_blank((*s)[*n - 1]) || strchr(".:`*\"'", (*s)[*n - 1]) != NULL))
		(*n)--;
}

bool resolve_is_none(const char *s, size_t n)
{
	size_t at = 0, start, len, used = 0;
	char words[48];

	while (name_word(s, n, &at, &start, &len)) {
		if (used + len + 2 > sizeof words)
			return false;
		if (used > 0)
			words[used++] = ' ';
		memcpy(words + used, s + start, len);
		used += len;
	}
	words[used] = '\0';
	if (used == 0)
		return memchr(s, '#', n) == NULL;
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
		if (text_same(words, nothing[i]))
			return true;
	/* `None - can start immediately` */
	return strncasecmp(words, "none ", 5) == 0 ||
	       strncasecmp(words, "no dependencies ", 16) == 0;
}

static void found_add(struct work *w, size_t task)
{
	for (size_t i = w->n_found; i > 0 && w->n_found - i < 64; i--)
		if (w->found[i - 1] == task)
			return;
	if (w->n_found < w->room)
		w->found[w->n_found++] = task;
}

static void unknown_add(struct work *w, const char *s, size_t n)
{
	if (w->n_unknown == w->unknown_room) {
		size_t room = w->unknown_room == 0 ? 8 : w->unknown_room * 2;
		const char **grown = arena_take(w->d->a, room * sizeof *grown);

		if (grown == NULL)
			return;
		if (w->n_unknown > 0)
			memcpy(grown, w->unknown, w->n_unknown * sizeof *grown);
		w->unknown = grown;
		w->unknown_room = room;
	}
	w->unknown[w->n_unknown++] = draft_copy(w->d->a, s, n);
}

/* Take one of the words off that are said before a name; false when there is none. */
static bool before_off(const char **s, size_t *n)
{
	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		size_t len = strlen(before[i]);

		if (*n > len && is_blank((*s)[len]) && strncasecmp(*s, before[i], len) == 0) {
			*s += len;
			*n -= len;
			return true;
		}
	}
	return false;
}

static bool behind_off(const char *s, size_t *n)
{
	for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
		size_t len = strlen(behind[i]);

		if (*n > len && is_blank(s[*n - len - 1]) &&
		    strncasecmp(s + *n - len, behind[i], len) == 0) {
			*n -= len;
			return true;
		}
	}
	return false;
}

/* A place means the nearest one: every list may have its `a`. */
static struct name_hit find(struct work *w, const char *s, size_t n, bool near)
{
	struct name_hit hit = { NAME_UNKNOWN, PLAN_NONE, 0 };

	if (w->subject != PLAN_NONE)
		hit = name_find_place(w->names, w->subject, w->behind, s, n);
	if (hit.how > NAME_NEAR)
		return hit;
	return near ? name_find(w->names, s, n) : name_find_exact(w->names, s, n);
}

/* One name, as it is or without what is said around it. */
static struct name_hit one(struct work *w, const char *s, size_t n, bool near)
{
	struct name_hit hit;

	trim(&s, &n);
	hit = find(w, s, n, near);
	while (hit.how <= NAME_NEAR && n > 0) {
		struct name_hit again;

		/* one at a time: what is left may be a name that ends in such a word */
		if (!before_off(&s, &n) && !behind_off(s, &n))
			break;
		trim(&s, &n);
		again = find(w, s, n, near);
		hit = again.how > hit.how ? again : hit;
	}
	return hit;
}

/* Where a conjunction `and`, `&`, `+`, `/` stands in s[from..n); its length in *len. */
static size_t conjunction(const char *s, size_t n, size_t from, size_t *len)
{
	static const char *const marks[] = { " and ", " & ", " + ", " / ", " plus ",
		                             " or ",  "\n",  "/",   "&" };

	for (size_t i = from; i < n; i++)
		for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
			*len = strlen(marks[k]);
			if (n - i > *len && strncasecmp(s + i, marks[k], *len) == 0)
				return i;
		}
	*len = 0;
	return n;
}

/* A whole number at s[*at..n), blanks before it; -1 when there is none. */
static long number(const char *s, size_t n, size_t *at)
{
	size_t i = *at;
	long value = 0;

	while (i < n && is_blank(s[i]))
		i++;
	*at = i;
	while (i < n && s[i] >= '0' && s[i] <= '9' && value < 100000)
		value = value * 10 + (s[i++] - '0');
	if (i == *at)
		return -1;
	*at = i;
	return value;
}

static bool says_batch(const char *s, size_t n, size_t *end)
{
	static const char *const words[] = { "batch",     "phase", "wave",  "stage", "sprint",
		                             "milestone", "group", "layer", "tier" };
	size_t at = 0, start, len;

	if (!name_word(s, n, &at, &start, &len))
		return false;
	*end = at;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (len >= strlen(words[i]) && len <= strlen(words[i]) + 2 &&
		    strncasecmp(s + start, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* `Batch 2`, `Phase 1: Setup`, `Batches 1-3`: every task of those batches. */
static bool batch(struct work *w, const char *s, size_t n)
{
	size_t at = 0, len, found_before = w->n_found, dash;
	long low, high;

	if (!says_batch(s, n, &at) || conjunction(s, n, 0, &len) < n || memchr(s, ',', n) != NULL ||
	    (low = number(s, n, &at)) < 0)
		return false;
	high = low;
	dash = at;
	while (dash < n && (is_blank(s[dash]) || s[dash] == '-' || (unsigned char)s[dash] >= 0x80))
		dash++;
	if (dash > at && (high = number(s, n, &dash)) < low)
		high = low;
	for (size_t i = 0; i < w->d->n_tasks; i++)
		if (w->d->tasks[i]->batch_number >= low && w->d->tasks[i]->batch_number <= high)
			found_add(w, i);
	return w->n_found > found_before;
}

/* `T011-T013`, `1 to 3`, `#4..#6`: both ends and all between, in the order of the document. */
static bool range(struct work *w, const char *s, size_t n)
{
	static const char *const marks[] = { "-",    "\xe2\x80\x93", "\xe2\x80\x94", "..",
		                             " to ", " through ",    "\xe2\x80\xa6" };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		const char *at = memmem(s, n, marks[i], strlen(marks[i]));
		size_t left, right;
		struct name_hit low, high;

		if (at == NULL || at == s)
			continue;
		left = (size_t)(at - s);
		right = left + strlen(marks[i]);
		while (right < n && s[right] == marks[i][0] && marks[i][0] == '.')
			right++;
		low = one(w, s, left, false);
		high = one(w, s + right, n - right, false);
		if (low.how < NAME_PADDED || high.how < NAME_PADDED || low.task >= high.task ||
		    high.task - low.task > RANGE_MAX || low.how == NAME_TITLE ||
		    high.how == NAME_TITLE)
			continue;
		for (size_t k = low.task; k <= high.task; k++)
			found_add(w, k);
		return true;
	}
	return false;
}

/* A piece that is not split further. Returns whether it was understood. */
static bool piece(struct work *w, const char *s, size_t n, bool near)
{
	struct name_hit hit;

	trim(&s, &n);
	if (resolve_is_none(s, n))
		return true;
	hit = one(w, s, n, near);
	if (hit.how == NAME_NEAR && !w->sure && hit.score < PROSE_LEAST)
		near = false;
	if (hit.how > NAME_NEAR || (hit.how == NAME_NEAR && near)) {
		w->padded = w->padded || hit.how == NAME_PADDED;
		found_add(w, hit.task);
		if (hit.how == NAME_PADDED)
			unknown_add(w, s, n);
		return true;
	}
	return range(w, s, n) || batch(w, s, n);
}

/* Without what stands in brackets at its end: `Event System (types only)`. */
static size_t without_brackets(const char *s, size_t n)
{
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	if (n == 0 || (s[n - 1] != ')' && s[n - 1] != ']'))
		return n;
	for (size_t i = n; i-- > 1;)
		if (s[i] == '(' || s[i] == '[')
			return i;
	return n;
}

/* `(a) and (b)`: what is in the bracket is a name of its own. */
static bool joined(const char *s, size_t n, size_t bracket)
{
	size_t len, at = 0;

	do {
		at = conjunction(s, n, at, &len) + len;
	} while (len > 0 && at < bracket);
	return len > 0 && at == bracket;
}

/* A piece between commas: one name, else names joined by words. */
static void clause(struct work *w, const char *s, size_t n)
{
	size_t at = 0, len, shorter;

	for (;;) {
		trim(&s, &n);
		if (n == 0 || piece(w, s, n, conjunction(s, n, 0, &len) == n))
			return;
		if ((shorter = without_brackets(s, n)) == n || joined(s, n, shorter))
			break;
		n = shorter;
	}
	if (conjunction(s, n, 0, &len) == n) {
		unknown_add(w, s, n);
		return;
	}
	while (at < n) {
		size_t end = conjunction(s, n, at, &len);

		if (!piece(w, s + at, end - at, true))
			unknown_add(w, s + at, end - at);
		at = end + (len == 0 ? 1 : len);
	}
}

/* All of the words: one name if there is one so called, else a list. */
static void whole(struct work *w, const char *s)
{
	size_t n = strlen(s), at = 0, depth = 0;
	const char *from = s;

	trim(&from, &n);
	w->n_found = w->n_unknown = 0;
	w->padded = false;
	if (resolve_is_none(from, n) || piece(w, from, n, false))
		return;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && (from[i] == '(' || from[i] == '['))
			depth++;
		else if (i < n && (from[i] == ')' || from[i] == ']') && depth > 0)
			depth--;
		if (i < n && (strchr(",;\n", from[i]) == NULL || depth > 0))
			continue;
		clause(w, from + at, i - at);
		at = i + 1;
	}
}

/* The words are one id or title as it is. */
static void exactly(struct work *w, const char *s)
{
	struct name_hit hit = name_find(w->names, s, strlen(s));

	w->n_found = w->n_unknown = 0;
	w->padded = false;
	if (hit.how >= NAME_NUMBER)
		found_add(w, hit.task);
	else
		unknown_add(w, s, strlen(s));
}

/* The id or title nearest to what was written, or NULL. */
static const char *nearest(struct work *w, const char *word)
{
	const char **names;
	size_t n = w->d->n_tasks;

	if (w->suggested++ >= NEAREST_MAX || strlen(word) > 60)
		return NULL;
	if ((names = arena_take(w->d->a, (2 * n + 1) * sizeof *names)) == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		names[i] = w->d->tasks[i]->t.id;
		names[n + i] = w->d->tasks[i]->t.title;
	}
	return text_nearest(word, names, 2 * n);
}

/* An id by its form: `T030`, `#12`, `4`. */
static bool looks_like_id(const char *s)
{
	size_t lead = role_lead_id(s), hash = s[0] == '#', digits = strspn(s + hash, "0123456789");

	return (lead > 0 && s[lead] == '\0') || (digits > 0 && s[hash + digits] == '\0');
}

static void report(struct work *w, const struct draft_ref *ref)
{
	const char *id = w->d->tasks[ref->task]->t.id;

	for (size_t i = 0; i < w->n_unknown; i++) {
		const char *word = w->unknown[i], *near;
		struct name_hit hit = name_find(w->names, word, strlen(word));
		struct plan_finding *f;

		if (hit.how == NAME_PADDED && !ref->exact) {
			f = draft_find(w->d, "unknown-dependency", PLAN_WARNING, ref->line,
			               "'%s' depends on '%s', which is not there; taken as '%s'",
			               id, word, w->d->tasks[hit.task]->t.id);
		} else if (!ref->sure &&
		           !(ref->source == PLAN_PHRASE && w->n_found > 0 && looks_like_id(word))) {
			continue; /* prose speaks of other things too */
		} else if (hit.how == NAME_AMBIGUOUS) {
			f = draft_find(w->d, "unknown-dependency", PLAN_ERROR, ref->line,
			               "'%s' depends on '%s', which may be any of several tasks; "
			               "write the id, for example '%s'",
			               id, word, w->d->tasks[hit.task]->t.id);
		} else {
			near = nearest(w, word);
			f = draft_find(w->d, "unknown-dependency", PLAN_ERROR, ref->line,
			               "'%s' depends on '%s', which is no task of this plan%s%s%s",
			               id, word, near == NULL ? "" : "; did you mean '",
			               near == NULL ? "" : near, near == NULL ? "" : "'?");
		}
		draft_text(w->d->a, &f->tasks, id);
	}
}

static bool work_init(struct work *w, struct draft *d, struct names *names, size_t room)
{
	*w = (struct work){
		.d = d, .names = names, .room = room, .sure = true, .subject = PLAN_NONE
	};
	w->found = arena_take(d->a, (room + 1) * sizeof *w->found);
	return w->found != NULL;
}

/* The tasks that were found become edges. */
static void edges_make(struct work *w, const struct draft_ref *ref)
{
	const unsigned sources = ref->bits != 0 ? ref->bits : (unsigned)ref->source;

	for (size_t k = 0; k < w->n_found; k++) {
		size_t other = w->found[k];

		/* a whole batch does not mean the task in it that says so */
		if (other == ref->task && (w->n_found > 1 || !ref->sure))
			continue;
		if (ref->reversed)
			draft_edge(w->d, ref->task, other, sources, ref->line);
		else
			draft_edge(w->d, other, ref->task, sources, ref->line);
		w->d->stated = true;
	}
}

void resolve_refs(struct draft *d, struct names *names)
{
	struct work w;

	if (!work_init(&w, d, names, LIST_MAX))
		return;
	for (size_t i = 0; i < d->n_refs; i++) {
		const struct draft_ref *ref = &d->refs[i];

		if (ref->task >= d->n_tasks)
			continue;
		w.sure = ref->sure;
		w.subject = ref->task;
		w.behind = ref->reversed;
		if (ref->exact)
			exactly(&w, ref->words);
		else
			whole(&w, ref->words);
		edges_make(&w, ref);
		report(&w, ref);
	}
}

size_t resolve_list(struct draft *d, struct names *names, const char *words, size_t *out,
                    size_t most, size_t *unknown)
{
	struct work w;

	if (!work_init(&w, d, names, most))
		return 0;
	whole(&w, words);
	for (size_t i = 0; i < w.n_found; i++)
		out[i] = w.found[i];
	if (unknown != NULL)
		*unknown = w.n_unknown;
	return w.n_found;
}
