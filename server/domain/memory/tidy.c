/* tidy.c - ends what the rules of the configuration say nobody needs any more. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/config.h"
#include "domain/event.h"
#include "domain/memory/tidy_own.h"
#include "store/graph.h"

#define DAY_MS      86400000.0
#define FADED       0.05 /* what is worth less has faded */
#define A_USE       0.1  /* of worth, for a doubling of uses */
#define PINNED      1.0  /* this important: no rule is about it */
#define PART        500  /* memories of one transaction */
#define SHOWN_BYTES 160
#define PART_ARENA  ((size_t)64 << 20)
#define RUN_ARENA   ((size_t)512 << 20)

struct candidate { /* something that is to end */
	int64_t id;
	enum memory_end how;
	unsigned rule; /* number of the rule, for words */
	double days;   /* idle, or forgotten for so long */
	double worth;  /* of those that a rule keeps only so many of */
	int64_t into;
};

struct tidy {
	struct project *p;
	struct db *db;
	const struct config *config;
	const struct memory_tidy *how;
	struct arena *a;
	struct err *err;
	struct memory_tidied *out;
	const char *actor;
	int64_t now_ms;
	bool *writable;     /* scopes, by id */
	const char **scope; /* in words, by id */
	size_t n_scopes;
	struct candidate *ends; /* owned */
	size_t n_ends, ends_size;
	struct candidate *many; /* owned: those that a rule counts */
	size_t n_many, many_size;
};

const char *memory_end_word(enum memory_end how)
{
	static const char *const words[] = { "forget", "merge", "purge" };

	return words[how];
}

static bool add(struct candidate **list, size_t *n, size_t *size, struct candidate c)
{
	if (*n == *size) {
		size_t next = *size == 0 ? 256 : 2 * *size;
		struct candidate *grown = mem_grow(*list, next * sizeof *grown);

		if (grown == NULL)
			return false;
		*list = grown;
		*size = next;
	}
	(*list)[(*n)++] = c;
	return true;
}

static bool is(const char *pattern, const char *value)
{
	return pattern == NULL || config_matches(pattern, value);
}

static bool is_about(const struct tidy *t, const struct config_keep *k,
                     const struct memories_row *row)
{
	return is(k->kind, row->kind) && is(k->origin, row->origin) &&
	       is(k->scope, t->scope[row->scope]);
}

/* What the rules say together about a row: of each point the first that says it. */
struct said {
	double days, half_life_days, purge_days;
	long most;
	unsigned days_rule, half_rule, purge_rule, most_rule;
};

static struct said rules_for(const struct tidy *t, const struct memories_row *row)
{
	struct said s = { 0 };

	for (size_t i = 0; i < t->config->n_keep; i++) {
		const struct config_keep *k = &t->config->keep[i];

		if (!is_about(t, k, row))
			continue;
		if (s.days <= 0 && k->days > 0) {
			s.days = k->days;
			s.days_rule = (unsigned)i;
		}
		if (s.half_life_days <= 0 && k->half_life_days > 0) {
			s.half_life_days = k->half_life_days;
			s.half_rule = (unsigned)i;
		}
		if (s.purge_days <= 0 && k->purge_days > 0) {
			s.purge_days = k->purge_days;
			s.purge_rule = (unsigned)i;
		}
		if (s.most == 0 && k->most > 0) {
			s.most = k->most;
			s.most_rule = (unsigned)i;
		}
	}
	return s;
}

static double days_since(const struct tidy *t, int64_t at_ms)
{
	return (double)(t->now_ms - at_ms) / DAY_MS;
}

/* What a memory was worth when it was last of use. */
static double worth(const struct memories_row *row)
{
	return row->importance + A_USE * log2((double)row->seen + (double)row->hits);
}

static bool judge_ended(struct tidy *t, const struct memories_row *row, const struct said *s)
{
	int64_t ended_ms = row->expired_ms != 0 ? row->expired_ms : row->valid_to;
	double days = days_since(t, ended_ms);

	if (s->purge_days <= 0 || ended_ms == 0 || days < s->purge_days) {
		t->out->kept++;
		return true;
	}
	return add(&t->ends, &t->n_ends, &t->ends_size,
	           (struct candidate){
		       .id = row->id, .how = MEMORY_PURGE, .rule = s->purge_rule, .days = days });
}

static enum status judge_current(struct tidy *t, const struct memories_row *row,
                                 const struct said *s)
{
	int64_t used_ms = row->last_hit_ms > row->made_ms ? row->last_hit_ms : row->made_ms;
	struct candidate c = { .id = row->id, .days = days_since(t, used_ms) };
	struct memory_view view = { t->p->memory, t->db, t->now_ms, NULL, NULL };
	struct tidy_other by = { 0 };
	enum status st = OK;

	if (s->days > 0 && c.days >= s->days) {
		c.rule = s->days_rule;
	} else if (s->half_life_days > 0 &&
	           worth(row) * exp2(-c.days / s->half_life_days) < FADED) {
		c.rule = s->half_rule;
	} else {
		c.worth = worth(row) * exp2(-c.days / 180);
		if (t->config->merge) {
			if ((view.a = arena_new(PART_ARENA)) == NULL)
				return err_nomem(t->err, "tidying");
			st = tidy_other_find(&view, row, &by, t->err);
			arena_free(view.a);
		}
		c.into = by.id;
		c.how = MEMORY_MERGE;
	}
	if (st != OK)
		return st;
	if (c.how == MEMORY_FORGET || c.into != 0)
		return add(&t->ends, &t->n_ends, &t->ends_size, c) ? OK
		                                                   : err_nomem(t->err, "tidying");
	if (s->most == 0) {
		t->out->kept++;
		return OK;
	}
	c.rule = s->most_rule;
	c.how = MEMORY_FORGET;
	return add(&t->many, &t->n_many, &t->many_size, c) ? OK : err_nomem(t->err, "tidying");
}

static enum status judge(void *arg, const struct memories_row *row, struct err *err)
{
	struct tidy *t = arg;
	struct said s;

	if ((size_t)row->scope >= t->n_scopes || !t->writable[row->scope] ||
	    row->importance >= PINNED) {
		t->out->kept++;
		return OK;
	}
	s = rules_for(t, row);
	if (row->expired_ms != 0 || row->superseded_by != 0)
		return judge_ended(t, row, &s) ? OK : err_nomem(err, "tidying");
	return judge_current(t, row, &s);
}

static int by_rule_and_worth(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	if (x->worth < y->worth || x->worth > y->worth)
		return x->worth < y->worth ? 1 : -1;
	return (x->id < y->id) - (x->id > y->id); /* of equal ones the newer stay */
}

/* Of those that a rule keeps only so many of, the others end. */
static bool count_out(struct tidy *t)
{
	size_t place = 0;

	if (t->n_many > 1)
		qsort(t->many, t->n_many, sizeof *t->many, by_rule_and_worth);
	for (size_t i = 0; i < t->n_many; i++) {
		const struct candidate *c = &t->many[i];

		place = i > 0 && t->many[i - 1].rule == c->rule ? place + 1 : 0;
		if (place < (size_t)t->config->keep[c->rule].most)
			t->out->kept++;
		else if (!add(&t->ends, &t->n_ends, &t->ends_size, *c))
			return false;
	}
	return true;
}

static const char *why(const struct tidy *t, const struct candidate *c, struct arena *a)
{
	const struct config_keep *k = &t->config->keep[c->rule];

	if (c->how == MEMORY_MERGE)
		return "another says all of it";
	if (c->how == MEMORY_PURGE)
		return text_printf(a, "forgotten %.0f days ago; purgeDays: %g", c->days,
		                   k->purge_days);
	if (c->worth > 0)
		return text_printf(a, "worth less than %ld others; most: %ld", k->most, k->most);
	if (k->days > 0 && c->days >= k->days)
		return text_printf(a, "not used for %.0f days; days: %g", c->days, k->days);
	return text_printf(a, "faded in %.0f days; halfLifeDays: %g", c->days, k->half_life_days);
}

/* Tell of an ending, when there is room for it. */
static enum status tell(struct tidy *t, const struct candidate *c, const struct memories_row *row)
{
	struct memories_row into;
	struct memory_ending *e;
	enum status st = OK;
	size_t n;

	t->out->counts[c->how]++;
	if (t->out->n_endings == t->how->most)
		return OK;
	n = text_utf8_cut(row->body, strlen(row->body), SHOWN_BYTES);
	e = &t->out->endings[t->out->n_endings++];
	*e = (struct memory_ending){ .id = text_dup(t->a, row->uid),
		                     .text = arena_copy(t->a, row->body, n),
		                     .why = why(t, c, t->a),
		                     .how = c->how };
	if (c->into != 0 && (st = memories_get(t->db, c->into, t->a, &into, t->err)) == OK)
		e->into = into.uid;
	return arena_failed(t->a) ? err_nomem(t->err, "an answer") : st;
}

static enum status end_one(struct tidy *t, const struct candidate *c,
                           const struct memories_row *row, int64_t change)
{
	const char *const actions[] = { "expired", "superseded", "purged" };
	const struct event_memory e = { .id = row->uid,
		                        .action = actions[c->how],
		                        .kind = row->kind,
		                        .scope = t->scope[row->scope] };
	bool done;
	enum status st = OK;

	if (c->how != MEMORY_MERGE)
		st = graph_forget_said(t->db, c->id, t->now_ms, change, c->how == MEMORY_PURGE,
		                       t->err);
	if (st != OK)
		return st;
	switch (c->how) {
	case MEMORY_FORGET:
		st = memories_expire(t->db, c->id, t->now_ms, change, &done, t->err);
		break;
	case MEMORY_MERGE:
		st = memories_supersede(t->db, c->id, c->into, t->now_ms, change, t->err);
		if (st == OK)
			st = memories_absorb(t->db, c->into, row, change, t->err);
		break;
	case MEMORY_PURGE:
		st = memories_purge(t->db, c->id, t->err);
		break;
	case MEMORY_ENDS_N:
		break;
	}
	return st == OK ? event_put_memory(t->db, t->now_ms, &e, t->err) : st;
}

/* Is the row still as it was judged? Others may have changed or used it meanwhile. */
static bool still(const struct tidy *t, const struct candidate *c, const struct memories_row *row)
{
	bool ended = row->expired_ms != 0 || row->superseded_by != 0;
	int64_t used_ms = row->last_hit_ms > row->made_ms ? row->last_hit_ms : row->made_ms;

	if (c->how == MEMORY_PURGE)
		return ended;
	return !ended && days_since(t, used_ms) >= c->days - 1e-9;
}

static enum status audit(struct tidy *t, const size_t counts[MEMORY_ENDS_N])
{
	static const char *const actions[] = { "tidied: expired", "tidied: merged",
		                               "tidied: purged" };
	enum status st = OK;

	for (int i = 0; i < MEMORY_ENDS_N && st == OK; i++) {
		const struct memories_audit row = { .at_ms = t->now_ms,
			                            .actor = t->actor,
			                            .action = actions[i],
			                            .scope = "*",
			                            .count = (int64_t)counts[i] };

		if (counts[i] > 0)
			st = memories_audit(t->db, &row, t->err);
	}
	return st;
}

static enum status end_each(struct tidy *t, const struct candidate *c, size_t n, int64_t change,
                            struct arena *part)
{
	size_t before[MEMORY_ENDS_N];
	enum status st = OK;

	memcpy(before, t->out->counts, sizeof before);
	for (size_t i = 0; i < n && st == OK; i++) {
		struct memories_row row;

		if ((st = memories_get(t->db, c[i].id, part, &row, t->err)) == E_ABSENT) {
			st = OK;
			continue;
		}
		if (st != OK || !still(t, &c[i], &row))
			continue;
		if (t->how->confirm)
			st = end_one(t, &c[i], &row, change);
		if (st == OK)
			st = tell(t, &c[i], &row);
	}
	for (int i = 0; i < MEMORY_ENDS_N; i++)
		before[i] = t->out->counts[i] - before[i];
	if (st != OK || !t->how->confirm)
		return st;
	if (before[MEMORY_PURGE] > 0)
		st = memories_purged(t->db, t->err);
	return st == OK ? audit(t, before) : st;
}

static enum status end_part(struct tidy *t, const struct candidate *c, size_t n)
{
	struct arena *part = arena_new(PART_ARENA + PART * MEMORY_TEXT_MAX);
	int64_t change = 0;
	enum status st = OK;

	if (part == NULL)
		return err_nomem(t->err, "tidying");
	if (t->how->confirm && (st = db_begin(t->db, t->err)) == OK)
		st = memories_change(t->db, &change, t->err);
	if (st == OK)
		st = end_each(t, c, n, change, part);
	if (t->how->confirm && st == OK)
		st = project_commit(t->p, t->db, t->err);
	else
		db_rollback(t->db);
	arena_free(part);
	return st;
}

/* The names of scopes, and which of them the actor may write. */
static enum status read_scopes(struct tidy *t)
{
	const struct index_data *d = index_look(t->p->memory->index);

	t->n_scopes = d->n_scopes;
	t->writable = arena_take(t->a, d->n_scopes + 1);
	t->scope = arena_take(t->a, (d->n_scopes + 1) * sizeof *t->scope);
	for (size_t i = 0; i < d->n_scopes && t->writable != NULL && t->scope != NULL; i++) {
		if (d->scopes[i].kind == NULL)
			continue;
		t->scope[i] = memory_scope_words(d, i, t->a);
		t->writable[i] =
		    t->scope[i] != NULL && config_may_write(t->config, t->actor, t->scope[i]);
	}
	index_done(t->p->memory->index);
	return arena_failed(t->a) ? err_nomem(t->err, "tidying") : OK;
}

static enum status run(struct tidy *t)
{
	enum status st = index_follow(t->p->memory->index, t->db, t->err);

	if (st == OK && (st = read_scopes(t)) == OK)
		st = memories_each(t->db, 0, judge, t, t->err);
	if (st == OK && !count_out(t))
		st = err_nomem(t->err, "tidying");
	for (size_t at = 0; at < t->n_ends && st == OK; at += PART)
		st = end_part(t, t->ends + at, t->n_ends - at < PART ? t->n_ends - at : PART);
	t->out->done = st == OK && t->how->confirm;
	return st;
}

/* A reader's connection when nothing was stored or nothing is to be changed. */
static enum status borrow(struct tidy *t, const atomic_bool *stop)
{
	enum status st = project_read(t->p, stop, &t->db, t->err);

	if (st != OK || !t->how->confirm || db_is_empty_stand_in(t->db))
		return st;
	project_done(t->p, t->db);
	t->db = NULL;
	return project_write(t->p, stop, &t->db, t->err);
}

enum status memory_tidy(struct project *p, const atomic_bool *stop, const struct memory_tidy *how,
                        struct arena *a, struct memory_tidied *out, struct err *err)
{
	struct tidy t = { .p = p,
		          .how = how,
		          .a = a,
		          .err = err,
		          .out = out,
		          .actor = memory_actor(NULL, a),
		          .now_ms = clock_wall_ms(&p->clock) };
	enum status st = project_config(p, &t.config, err);

	*out = (struct memory_tidied){ 0 };
	if (st != OK)
		return st;
	if (t.config->n_keep == 0 && !t.config->merge)
		return err_set(err, E_INPUT,
		               "no rule says what memories may go; write one into '%s', for "
		               "instance 'memory: {merge: true, keep: [{kind: run, days: 90}]}'",
		               t.config->project_path);
	out->endings = arena_take(a, (how->most + 1) * sizeof *out->endings);
	if (out->endings == NULL || t.actor == NULL)
		return err_nomem(err, "tidying");
	memory_settle(p); /* what was recalled counts as used */
	if ((st = borrow(&t, stop)) == OK)
		st = run(&t);
	project_done(p, t.db);
	mem_free(t.ends);
	mem_free(t.many);
	return st;
}

/* Was it done less than a day ago? What cannot be found out is as good as yes. */
static bool done_today(struct project *p)
{
	int64_t at_ms = 0, last_ms = 0;
	struct db *db = NULL;
	bool today = true;

	if (project_read(p, NULL, &db, NULL) != OK)
		return true;
	if (memories_last_audit(db, "tidied: expired", &at_ms, NULL) == OK &&
	    memories_last_audit(db, "tidied: merged", &last_ms, NULL) == OK) {
		last_ms = at_ms > last_ms ? at_ms : last_ms;
		today = last_ms != 0 && (double)(clock_wall_ms(&p->clock) - last_ms) < DAY_MS;
	}
	project_done(p, db);
	return today;
}

void memory_tidy_after_run(struct project *p)
{
	const struct memory_tidy how = { .confirm = true };
	const struct config *config;
	struct memory_tidied done;
	struct err err = { OK, "" };
	struct arena *a;

	if (project_config(p, &config, NULL) != OK || !config->tidy_runs ||
	    (config->n_keep == 0 && !config->merge) || done_today(p))
		return;
	if ((a = arena_new(RUN_ARENA)) == NULL)
		return;
	if (memory_tidy(p, NULL, &how, a, &done, &err) != OK)
		log_line(LOG_WARN, "memory was not tidied: %s", err.text);
	arena_free(a);
}
