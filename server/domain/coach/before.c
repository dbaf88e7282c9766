#include "domain/coach/before.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/change.h"
#include "domain/coach/facts.h"
#include "domain/config.h"
#include "domain/memory/brief.h"
#include "store/findings.h"

#define ABOUT_MAX   600 /* bytes of the question that memory is asked */
#define ABOUT_MOST  8   /* findings in it */
#define DATE_LENGTH 10

static const char *const now_words[] = {
	[BEFORE_AGAIN] = "again",
	[BEFORE_TAKEN] = "taken",
	[BEFORE_GONE] = "gone",
};

struct work {
	struct project *p;
	struct coach_report *r;
	const atomic_bool *stop;
	struct arena *a;
	struct err *err;
	struct db *db;
	struct coach_known *known;
	size_t room;
	const char **told; /* ids of lessons that the report tells itself */
	size_t n_told;
};

const char *before_now_word(enum before_now now)
{
	return now_words[now];
}

static const struct coach_finding *found_again(const struct work *w, const char *fingerprint)
{
	for (size_t i = 0; i < w->r->n_findings; i++)
		if (strcmp(w->r->findings[i].fingerprint, fingerprint) == 0)
			return &w->r->findings[i];
	return NULL;
}

/* ---- what was said ---- */

/* In how many of what is looked at now it had been found already. */
static enum status count_own(struct work *w, const char *fingerprint, int64_t *own)
{
	enum status st = OK;

	*own = 0;
	for (size_t i = 0; st == OK && i < w->r->n_subjects; i++) {
		bool saw = false;

		st = findings_saw(w->db, fingerprint, w->r->subjects[i], &saw, w->err);
		*own += saw;
	}
	return st;
}

static struct coach_before *add(struct work *w, const struct coach_before *one)
{
	struct coach_known *k = w->known;
	struct coach_before *items =
	    list_room(w->a, k->before, k->n_before, &w->room, sizeof *items);

	if (items == NULL)
		return NULL;
	k->before = items;
	items[k->n_before] = *one;
	return &items[k->n_before++];
}

static enum status add_issue(struct work *w, const struct finding_row *row)
{
	const bool again = found_again(w, row->fingerprint) != NULL;
	struct coach_before one = {
		.fingerprint = row->fingerprint,
		.code = row->code,
		.said = row->title,
		.issue = row->state,
		.link = row->link,
		.since_ms = row->made_ms,
		.clean = row->clean,
		.now = again ? BEFORE_AGAIN : BEFORE_GONE,
	};
	int64_t own = 0;
	enum status st = count_own(w, row->fingerprint, &own);

	one.times = row->seen - own;
	/* What was closed is over unless it comes again. */
	if (st != OK || one.times <= 0 || (!again && strcmp(row->state, "closed") == 0))
		return st;
	return add(w, &one) == NULL ? err_nomem(w->err, "what was said before") : OK;
}

static struct coach_before *known_issue(struct work *w, const char *fingerprint)
{
	for (size_t i = 0; i < w->known->n_before; i++)
		if (strcmp(w->known->before[i].fingerprint, fingerprint) == 0)
			return &w->known->before[i];
	return NULL;
}

/* Was the lesson told by what is looked at now? */
static bool is_own(const struct work *w, const struct memory_hit *hit)
{
	if (w->r->run != NULL)
		return hit->run != NULL && strcmp(hit->run, w->r->run->run->id) == 0;
	for (size_t i = 0; hit->session != NULL && i < w->r->n_sessions; i++)
		if (strcmp(w->r->sessions[i].name, hit->session) == 0)
			return true;
	return false;
}

/* A lesson goes with its issue; one without an issue was learned only. */
static enum status add_lesson(struct work *w, const struct lesson_row *row)
{
	struct coach_before *issue = known_issue(w, row->fingerprint);
	const bool again = found_again(w, row->fingerprint) != NULL;
	struct memory_hit hit;
	enum status st = memory_show(w->p, row->memory, w->a, &hit, w->err);

	if (again || issue != NULL)
		w->told[w->n_told++] = row->memory;
	if (issue != NULL)
		issue->memory = row->memory;
	if (st == E_ABSENT || st == E_DENIED)
		return OK; /* somebody purged it, or it is not ours to read */
	if (st != OK || issue != NULL || hit.expired_ms != 0 || hit.superseded_by != NULL ||
	    is_own(w, &hit))
		return st;
	issue = add(w, &(struct coach_before){
			   .fingerprint = row->fingerprint,
			   .code = hit.entity == NULL ? "lesson" : hit.entity,
			   .said = hit.text,
			   .memory = row->memory,
			   .since_ms = hit.made_ms,
			   .times = hit.seen,
			   .clean = row->clean,
			   .now = again ? BEFORE_AGAIN : BEFORE_GONE,
		       });
	if (issue == NULL)
		return err_nomem(w->err, "what was said before");
	w->told[w->n_told++] = row->memory;
	return OK;
}

static enum status read_before(struct work *w)
{
	const char *source = w->r->run != NULL ? "run" : "session";
	struct finding_row *issues = NULL;
	struct lesson_row *lessons = NULL;
	size_t n_issues = 0, n_lessons = 0;
	enum status st = findings_list(w->db, source, w->a, &issues, &n_issues, w->err);

	if (st == OK)
		st = findings_lessons(w->db, source, w->a, &lessons, &n_lessons, w->err);
	if (st != OK)
		return st;
	if ((w->told = arena_take(w->a, (2 * n_lessons + 1) * sizeof *w->told)) == NULL)
		return err_nomem(w->err, "what was said before");
	for (size_t i = 0; st == OK && i < n_issues; i++)
		st = add_issue(w, &issues[i]);
	for (size_t i = 0; st == OK && i < n_lessons; i++)
		st = add_lesson(w, &lessons[i]);
	return st;
}

/* ---- what became of it ---- */

static const char *day(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	clock_text(ms, text);
	text[DATE_LENGTH] = '\0';
	return text;
}

static const char *words_of(const struct work *w, const struct coach_before *one)
{
	const char *what = w->r->run != NULL ? "run" : "session";
	char since[CLOCK_TEXT_SIZE];
	const char *head =
	    text_printf(w->a, "said since %s, in %lld other %s%s", day(one->since_ms, since),
	                (long long)one->times, what, one->times == 1 ? "" : "s");

	if (head == NULL)
		return NULL;
	switch (one->now) {
	case BEFORE_AGAIN:
		return text_printf(w->a, "%s; it came again", head);
	case BEFORE_TAKEN:
		return text_printf(w->a,
		                   "%s; it stands in %s and came again: words alone do not help, "
		                   "make it a gate or a script",
		                   head, one->file);
	case BEFORE_GONE:
		if (one->clean > 1)
			return text_printf(w->a, "%s; not found in the last %lld", head,
			                   (long long)one->clean);
		return text_printf(w->a, "%s; not found now", head);
	}
	return head;
}

static int by_news(const void *a, const void *b)
{
	const struct coach_before *x = a, *y = b;
	int order = (x->now == BEFORE_GONE) - (y->now == BEFORE_GONE);

	if (order == 0)
		order = (y->times > x->times) - (y->times < x->times);
	if (order == 0)
		order = (y->since_ms > x->since_ms) - (y->since_ms < x->since_ms);
	return order != 0 ? order : strcmp(x->fingerprint, y->fingerprint);
}

static enum status judge(struct work *w)
{
	struct coach_known *k = w->known;
	enum status st = OK;

	for (size_t i = 0; st == OK && i < k->n_before; i++) {
		struct coach_before *one = &k->before[i];
		const struct coach_finding *f = found_again(w, one->fingerprint);

		if (f != NULL)
			st = coach_taken(w->p, f, w->a, &one->file, w->err);
		if (one->file != NULL)
			one->now = BEFORE_TAKEN;
		if (st == OK && (one->words = words_of(w, one)) == NULL)
			st = err_nomem(w->err, "what was said before");
	}
	if (k->n_before > 1)
		qsort(k->before, k->n_before, sizeof *k->before, by_news);
	return st;
}

/* ---- what is remembered ---- */

/* What memory is asked: the plan's title and the most serious findings; NULL: nothing special. */
static const char *about_of(const struct work *w)
{
	const char *copy = NULL;
	struct text t;

	text_init(&t, TEXT_LIMIT);
	if (w->r->run != NULL)
		text_addf(&t, "%s ", w->r->run->run->title);
	for (size_t i = 0; i < w->r->n_findings && i < ABOUT_MOST && t.len < ABOUT_MAX; i++) {
		const struct coach_finding *f = &w->r->findings[i];

		text_addf(&t, "%s %s ", f->about == NULL ? "" : f->about, f->message);
	}
	if (t.len > 0 && !t.failed)
		copy =
		    text_printf(w->a, "%.*s", (int)text_utf8_cut(text_string(&t), t.len, ABOUT_MAX),
		                text_string(&t));
	text_done(&t);
	return copy;
}

static enum status remember(struct work *w)
{
	const struct memory_about about = {
		.text = about_of(w),
		.max_tokens = MEMORY_BRIEF_TOKENS,
		.without = w->told,
		.n_without = w->n_told,
		.without_run = w->r->run == NULL ? NULL : w->r->run->run->id,
	};
	enum status st = arena_failed(w->a) ? E_NOMEM : OK;

	if (st == OK)
		st = memory_brief(w->p, w->stop, &about, w->a, &w->known->lines);
	if (st == E_NOMEM)
		return err_nomem(w->err, "what is remembered");
	if (st == E_STOP)
		return err_set(w->err, st, "stopped");
	return OK; /* a memory that cannot be read takes nothing from the report */
}

enum status coach_recall(struct project *p, struct coach_report *r, const atomic_bool *stop,
                         struct err *err)
{
	struct work w = { .p = p, .r = r, .stop = stop, .a = r->a, .err = err };
	const struct config *config;
	enum status st = project_config(p, &config, err);

	if (st != OK || !config->flags[CONFIG_MEMORY])
		return st;
	if ((w.known = arena_take(w.a, sizeof *w.known)) == NULL)
		return err_nomem(err, "what is known");
	if ((st = project_read(p, stop, &w.db, err)) == OK)
		st = read_before(&w);
	project_done(p, w.db);
	if (st == OK && (st = judge(&w)) == OK && (st = remember(&w)) == OK)
		r->known = w.known;
	return st;
}

const struct coach_before *before_of(const struct coach_report *r, const char *code)
{
	for (size_t i = 0; r->known != NULL && i < r->known->n_before; i++) {
		const struct coach_before *one = &r->known->before[i];

		if (one->now != BEFORE_GONE && strcmp(one->code, code) == 0)
			return one;
	}
	return NULL;
}

/* ---- as JSON ---- */

static void put_lines(struct json_build *b, cJSON *to, const char *lines, struct arena *a)
{
	cJSON *list = json_put_array(b, to, "known");

	while (lines != NULL && *lines != '\0') {
		size_t n = strcspn(lines, "\n"), mark = n > 2 ? 2 : n; /* `- ` */

		json_add_text(b, list, text_printf(a, "%.*s", (int)(n - mark), lines + mark));
		lines += n + (lines[n] == '\n');
	}
}

static void put_one(struct json_build *b, cJSON *list, const struct coach_before *one)
{
	cJSON *to = json_add_object(b, list);
	char since[CLOCK_TEXT_SIZE];

	clock_text(one->since_ms, since);
	json_put_text(b, to, "code", one->code);
	json_put_text(b, to, "now", now_words[one->now]);
	json_put_text(b, to, "message", one->words);
	json_put_text(b, to, "said", one->said);
	json_put_text(b, to, "since", since);
	json_put_int(b, to, "times", one->times);
	json_put_text(b, to, "file", one->file);
	json_put_text(b, to, "issue", one->issue);
	json_put_text(b, to, "link", one->link);
	json_put_text(b, to, "memory", one->memory);
	json_put_text(b, to, "fingerprint", one->fingerprint);
}

void before_put(struct json_build *b, cJSON *answer, const struct coach_report *r)
{
	const struct coach_known *k = r->known;
	cJSON *context, *list;

	if (k == NULL || (k->lines == NULL && k->n_before == 0))
		return;
	context = json_put_object(b, answer, "context");
	put_lines(b, context, k->lines, r->a);
	list = json_put_array(b, context, "before");
	for (size_t i = 0; i < k->n_before && i < BEFORE_SHOWN; i++)
		put_one(b, list, &k->before[i]);
	if (k->n_before > BEFORE_SHOWN)
		json_put_int(b, context, "beforeTotal", (int64_t)k->n_before);
}
