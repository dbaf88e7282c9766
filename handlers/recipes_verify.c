/* recipes_verify.c - which requirements hold, and what is not written yet. */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "domain/project.h"
#include "domain/recipe/check.h"
#include "domain/recipe/verdict.h"
#include "handlers/recipes.h"

#define STUBS_SHOWN 20
#define WAIT_S      50 /* less than hosts wait for an answer */
#define WAIT_LONG_S (7 * 86400)
#define LOOK_MS     1000 /* between looks when nothing is heard: a checker may die silently */
#define LOOK_ARENA  ((size_t)16 << 20)

static void put_verdict(struct recipes_work *w, cJSON *list, const struct recipe_verdict *v)
{
	const struct recipe *r = &w->set->recipes[v->recipe];
	const struct recipe_requirement *q = &r->requirements[v->requirement];
	cJSON *to = json_add_object(&w->b, list), *tests;

	json_put_text(&w->b, to, "recipe", r->name);
	json_put_text(&w->b, to, "id", q->id);
	json_put_text(&w->b, to, "level", recipe_level_word(q->level));
	json_put_flag(&w->b, to, "met", v->met);
	if (v->met && w->call->answer_max != SIZE_MAX)
		return; /* the whole matrix is long */
	json_put_text(&w->b, to, "title", q->title);
	tests = json_put_array(&w->b, to, "tests");
	for (size_t i = 0; i < q->n_tests; i++)
		json_add_text(&w->b, tests,
		              text_printf(w->call->arena, "%s%s%s: %s", q->tests[i].path,
		                          q->tests[i].name == NULL ? "" : ": ",
		                          q->tests[i].name == NULL ? "" : q->tests[i].name,
		                          recipe_shown_word(v->tests[i])));
}

/* The first of them; all are counted. */
static void put_stubs(struct recipes_work *w, const struct stubs *stubs)
{
	cJSON *list = json_put_array(&w->b, w->answer, "stubs");

	for (size_t i = 0; i < stubs->n && (i < STUBS_SHOWN || w->call->answer_max == SIZE_MAX);
	     i++) {
		cJSON *to = json_add_object(&w->b, list);

		json_put_text(&w->b, to, "file", stubs->items[i].file);
		json_put_int(&w->b, to, "line", stubs->items[i].line);
		json_put_int(&w->b, to, "column", stubs->items[i].column);
		json_put_text(&w->b, to, "kind", stub_words(stubs->items[i].kind));
		json_put_text(&w->b, to, "text", stubs->items[i].words);
	}
	json_put_int(&w->b, w->answer, "stubsFound", (int64_t)stubs->total);
	json_put_int(&w->b, w->answer, "filesScanned", (int64_t)stubs->files);
}

/* --- the check ------------------------------------------------------------------------------ */

struct waiting { /* a call's memo */
	const char *check, *lock;
	int64_t until_ms;
	int pid;   /* of the check's process; 0: not known yet, or it has ended */
	bool ours; /* this call has started it, and takes it away when it is cancelled */
	size_t told;
};

static void cancel(struct call *call)
{
	const struct waiting *x = call->memo;

	if (x != NULL && x->ours)
		check_cancel(x->lock, x->pid);
}

/* Is it the id of a check rather than a path? */
static bool is_check(const char *word)
{
	return word[0] == 'v' && strlen(word) == ID_SIZE - 1 &&
	       strspn(word, "0123456789abcdefghjkmnpqrstvwxyz") == ID_SIZE - 1;
}

static enum status begin(struct recipes_work *w)
{
	struct call *call = w->call;
	struct waiting *x = arena_take(call->arena, sizeof *x);
	struct check_begun begun = { w->want->results, true };
	long wait_s = w->want->wait_s != NULL        ? (long)w->want->wait_s->valuedouble
	              : call->answer_max == SIZE_MAX ? WAIT_LONG_S
	                                             : WAIT_S;
	enum status st = OK;

	if (x == NULL)
		return err_nomem(&call->err, "a check");
	if (begun.id == NULL)
		st = check_start(call->project, w->set, w->chosen, &call->stop, &begun, &call->err);
	if (st != OK)
		return st;
	x->check = begun.id;
	x->ours = !begun.joined;
	x->lock = check_lock(call->project, x->check, call->arena);
	x->until_ms = clock_mono_ms() + (int64_t)wait_s * 1000;
	x->told = SIZE_MAX;
	if (x->lock == NULL)
		return err_nomem(&call->err, "a check");
	call->memo = x;
	call->dropped = cancel;
	return OK;
}

static void put_gates(struct recipes_work *w, const struct check_view *v)
{
	cJSON *list = json_put_array(&w->b, w->answer, "gates");

	for (size_t i = 0; i < v->n_gates; i++) {
		const struct check_gate_row *g = &v->gates[i];
		cJSON *to = json_add_object(&w->b, list);

		json_put_text(&w->b, to, "name", g->name);
		json_put_text(&w->b, to, "recipe", g->recipe);
		if (g->outcome == NULL)
			continue;
		json_put_text(&w->b, to, "outcome", g->outcome);
		if (g->exit_code != RUNS_NONE)
			json_put_int(&w->b, to, "exitCode", g->exit_code);
		if (g->wall_ms != RUNS_NONE)
			json_put_int(&w->b, to, "wallMs", g->wall_ms);
	}
}

static void tell_progress(struct call *call, struct waiting *x, const struct check_view *v)
{
	if (call->progress == NULL || v->n_ended == x->told)
		return;
	x->told = v->n_ended;
	call->progress(call, (double)v->n_ended, (double)v->n_gates, "gates have ended");
}

static enum status still_running(struct recipes_work *w, struct waiting *x,
                                 const struct check_view *v, bool *answered)
{
	struct call *call = w->call;
	int64_t now = clock_mono_ms();

	x->pid = v->pid;
	tell_progress(call, x, v);
	if (atomic_load(&call->stop)) {
		cancel(call);
		call->dropped = NULL;
		return err_set(&call->err, E_STOP, "stopped");
	}
	if (now < x->until_ms) {
		call->wait_until_ms = now + LOOK_MS < x->until_ms ? now + LOOK_MS : x->until_ms;
		return E_WAIT;
	}
	call->dropped = NULL; /* it goes on, to be asked for again */
	json_put_text(&w->b, w->answer, "state", "running");
	json_put_text(&w->b, w->answer, "check", x->check);
	put_gates(w, v);
	json_put_text(&w->b, w->answer, "next",
	              text_printf(call->arena,
	                          "the gates are still running; 'verify' with results %s waits for "
	                          "them and judges",
	                          x->check));
	*answered = true;
	return OK;
}

static enum status look(struct recipes_work *w, struct arena *a, bool *answered)
{
	struct call *call = w->call;
	struct waiting *x = call->memo;
	struct check_view v;
	enum status st = check_look(call->project, x->check, &call->stop, a, &v, &call->err);

	if (st != OK)
		return st;
	if (v.goes_on)
		return still_running(w, x, &v, answered);
	call->dropped = NULL;
	if (strcmp(v.row.state, "ended") != 0)
		return err_set(&call->err, strcmp(v.row.state, "cancelled") == 0 ? E_STOP : E_IO,
		               "the check '%s' came to no end: %s; 'verify' begins another",
		               x->check, v.row.cause != NULL ? v.row.cause : "its process is gone");
	put_gates(w, &v);
	return OK;
}

enum status recipes_verify_wait(struct recipes_work *w, bool *answered)
{
	struct arena *a = arena_new(LOOK_ARENA);
	enum status st = a == NULL ? err_nomem(&w->call->err, "a check") : look(w, a, answered);

	arena_free(a);
	return st;
}

static bool gates_passed(const cJSON *answer)
{
	const cJSON *gate;

	cJSON_ArrayForEach(gate, json_get(answer, "gates")) {
		const char *outcome = json_text(gate, "outcome");

		if (outcome == NULL || strcmp(outcome, "clean") != 0)
			return false;
	}
	return true;
}

static enum status judge(struct recipes_work *w, const char *results, bool tell)
{
	struct call *call = w->call;
	struct recipe_verdicts verdicts;
	struct recipe_output output = { 0 };
	struct stubs stubs = { 0 };
	int64_t met = 0, n = 0, must = 0;
	enum status st = recipe_results(call->project, results, call->arena, &output, &call->err);
	cJSON *list;

	if (st == OK)
		st = recipe_verify(w->set, call->project->root, &output, &verdicts, &call->err);
	if (st == OK)
		st = recipe_stubs(w->set, w->chosen, call->project->root, call->arena, &stubs,
		                  &call->err);
	if (st == OK && tell)
		st = recipe_tell_verdicts(call->project, w->set, w->chosen, &verdicts, &call->stop,
		                          &call->err);
	if (st != OK)
		return st;
	list = json_put_array(&w->b, w->answer, "requirements");
	for (size_t i = 0; i < verdicts.n; i++) {
		const struct recipe_verdict *v = &verdicts.items[i];
		const struct recipe *r = &w->set->recipes[v->recipe];

		if (!recipes_is_wanted(w, r->name))
			continue;
		n++;
		met += v->met;
		must += !v->met && r->requirements[v->requirement].level == RECIPE_MUST;
		put_verdict(w, list, v);
	}
	json_put_int(&w->b, w->answer, "met", met);
	json_put_int(&w->b, w->answer, "of", n);
	json_put_int(&w->b, w->answer, "testResults", (int64_t)verdicts.outcomes);
	put_stubs(w, &stubs);
	json_put_flag(&w->b, w->answer, "sound",
	              must == 0 && stubs.total == 0 && gates_passed(w->answer));
	return OK;
}

enum status recipes_verify(struct recipes_work *w)
{
	const char *results = w->want->results;
	struct waiting *x = w->call->memo;
	bool answered = false;
	enum status st = recipes_need_some(w);

	if (st != OK)
		return st;
	if (x == NULL && results != NULL && !is_check(results))
		return judge(w, results, false);
	if (x == NULL) {
		if ((st = begin(w)) != OK || (st = recipes_verify_wait(w, &answered)) != OK ||
		    answered)
			return st;
		x = w->call->memo;
	}
	results = check_output(w->call->project, x->check, w->call->arena);
	return results == NULL ? err_nomem(&w->call->err, "a path") : judge(w, results, x->ours);
}
