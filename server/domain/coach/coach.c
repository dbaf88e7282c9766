/* coach.c - sessions to a report: read one, measure it, look for findings, forget it. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach.h"
#include "domain/coach/find.h"
#include "domain/coach/measure.h"
#include "domain/coach/read.h"
#include "domain/coach/report.h"
#include "domain/coach/sources.h"

void report_session(struct coach_report *r, const struct session *s, const char *path)
{
	struct finder f = { .report = r, .s = s };
	struct coach_metrics before = r->metrics;

	report_subject(r, "session", s->name);
	measure_session(r, s);
	measure_one(r, s, path, &before);
	find_all(&f);
}

static enum status one_session(struct coach_report *r, const struct coach_wish *wish,
                               const struct source *source, struct err *err)
{
	struct arena *a = arena_new(SESSION_MEMORY);
	struct session s;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "a session");
	session_init(&s, a, source->name, source->host);
	s.gates = wish->gates;
	s.prices = wish->prices;
	s.n_prices = wish->n_prices;
	st = read_source(&s, source, wish->stop, err);
	if (st == OK && !session_close(&s))
		st = err_nomem(err, "a session");
	if (st == OK && s.own)
		r->metrics.own_sessions++;
	else if (st == OK && (s.last_ms == SESSION_NO_TIME || s.last_ms >= wish->since_ms))
		report_session(r, &s, source->paths[0]);
	session_done(&s);
	arena_free(a);
	return st == OK && arena_failed(r->a) ? err_nomem(err, "a report") : st;
}

static int by_weight(const void *a, const void *b)
{
	const struct coach_finding *x = a, *y = b;
	int order = (int)y->severity - (int)x->severity;

	if (order == 0)
		order = strcmp(x->code, y->code);
	if (order == 0 && x->session != NULL && y->session != NULL)
		order = strcmp(x->session, y->session);
	if (order == 0)
		order = strcmp(x->message, y->message);
	return order != 0 ? order : strcmp(x->fingerprint, y->fingerprint);
}

struct coach_report *report_new(struct arena *a)
{
	struct coach_report *r = arena_take(a, sizeof *r);

	if (r == NULL)
		return NULL;
	r->a = r->usage.a = a;
	r->metrics.cost_usd = -1;
	return r;
}

void report_subject(struct coach_report *r, const char *kind, const char *name)
{
	const char **items =
	    list_room(r->a, r->subjects, r->n_subjects, &r->subjects_room, sizeof *items);

	if (items == NULL)
		return;
	r->subjects = items;
	if ((items[r->n_subjects] = text_printf(r->a, "%s:%s", kind, name)) != NULL)
		r->n_subjects++;
}

enum status report_end(struct coach_report *r, struct coach_report **out, struct err *err)
{
	if (r->n_findings > 0)
		qsort(r->findings, r->n_findings, sizeof *r->findings, by_weight);
	if (arena_failed(r->a))
		return err_nomem(err, "a report");
	*out = r;
	return OK;
}

enum status report_sources(const struct coach_wish *wish, struct arena *a, struct sources *out,
                           struct err *err)
{
	if (wish->path == NULL)
		return sources_of_project(wish->root, wish->since_ms, a, out, err);
	return sources_find(
	    &(struct sources_wish){ .path = wish->path, .since_ms = wish->since_ms }, a, out, err);
}

enum status report_sessions_end(struct coach_report *r, struct coach_report **out, struct err *err)
{
	measure_end(r);
	find_outliers(r);
	return report_end(r, out, err);
}

enum status coach_sessions(const struct coach_wish *wish, struct arena *a,
                           struct coach_report **out, struct err *err)
{
	struct coach_report *r = report_new(a);
	struct sources sources;
	enum status st;

	if (r == NULL)
		return err_nomem(err, "a report");
	st = report_sources(wish, a, &sources, err);
	for (size_t i = 0; st == OK && i < sources.n; i++)
		st = one_session(r, wish, &sources.items[i], err);
	if (st != OK)
		return st;
	if (r->metrics.sessions == 0 && r->metrics.own_sessions == 0)
		return err_set(err, E_ABSENT, "there is no session %s '%s'%s",
		               wish->path == NULL ? "of" : "in",
		               wish->path == NULL ? wish->root : wish->path,
		               wish->since_ms == 0 ? "" : " that went on since then");
	return report_sessions_end(r, out, err);
}
