#include "domain/run/gates.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/run/record.h"

#define GATE_LINE_MAX 300

static bool wanted(const struct runner *r, const struct config_gate *gate)
{
	for (size_t i = 0; i < r->options.n_gates; i++)
		if (strcmp(r->options.gates[i], gate->name) == 0)
			return true;
	return false;
}

size_t gates_count(const struct runner *r, enum config_when when)
{
	size_t n = 0;

	for (size_t i = 0; i < r->config->n_gates; i++)
		n += r->config->gates[i].when == when && wanted(r, &r->config->gates[i]);
	return n;
}

static bool make_room(const struct runner *r, struct step *step)
{
	if (step->gates == NULL)
		step->gates =
		    arena_take(step->arena, (r->config->n_gates + 1) * sizeof *step->gates);
	step->env = r->env;
	return step->gates != NULL;
}

void gates_fill(const struct runner *r, struct step *step, enum config_when when)
{
	if (!make_room(r, step))
		return;
	for (size_t i = 0; i < r->config->n_gates; i++)
		if (r->config->gates[i].when == when && wanted(r, &r->config->gates[i]))
			step->gates[step->n++].gate = &r->config->gates[i];
}

static bool has_gate(const struct step *step, const struct config_gate *gate)
{
	for (size_t i = 0; i < step->n; i++)
		if (step->gates[i].gate == gate)
			return true;
	return false;
}

void gates_fill_named(const struct runner *r, struct step *step, const char *const *names, size_t n)
{
	if (!make_room(r, step))
		return;
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < r->config->n_gates; i++)
			if (strcmp(r->config->gates[i].name, names[k]) == 0 &&
			    !has_gate(step, &r->config->gates[i]))
				step->gates[step->n++].gate = &r->config->gates[i];
}

void gates_in_own_tree(struct runner *r, struct step *step)
{
	struct lane *lane = &r->lane;

	step->name = text_printf(step->arena, "%sgate-%zu-%lld", r->prefix, ++lane->gate_trees,
	                         (long long)(r->row.session_ms % 1000000));
	step->message = "gadugi gates";
	step->setup = r->config->setup;
	step->keep_ignored = true;
	step->throw_away = true;
	step->old_path = text_dup(step->arena, lane->gate_tree);
	mem_free(lane->gate_tree);
	lane->gate_tree = NULL;
}

/* --- results -------------------------------------------------------------------------------- */

static struct gate_row *one_more(struct lane *lane)
{
	if (lane->n_results == lane->results_room) {
		size_t room = lane->results_room == 0 ? 16 : lane->results_room * 2;
		struct gate_row *more = mem_grow(lane->results, room * sizeof *more);

		if (more == NULL)
			return NULL;
		lane->results = more;
		lane->results_room = room;
	}
	return &lane->results[lane->n_results++];
}

static void note_flaky(struct runner *r, const struct gate_row *row)
{
	record_note(r, "flaky-gate",
	            "gate '%s' failed and passed on the same files (tree %.10s): its outcome does "
	            "not depend on them alone",
	            row->name, row->tree_oid == NULL ? "unknown" : row->tree_oid);
}

/* Had it another outcome on this tree, in this run? */
static bool differs(struct runner *r, const struct gate_row *row)
{
	bool other = false;

	for (size_t i = 0; i < r->lane.n_results; i++) {
		const struct gate_row *before = &r->lane.results[i];

		if (before != row && before->tree_oid != NULL &&
		    strcmp(before->tree_oid, row->tree_oid) == 0 &&
		    strcmp(before->name, row->name) == 0 && before->passed != row->passed)
			return true;
	}
	return attempts_gate_differs(r->db, r->row.id, row, &other, NULL) == OK && other;
}

static void keep_result(struct runner *r, const struct step *step, const struct step_gate *gate,
                        const struct attempt *t)
{
	struct gate_row *row = one_more(&r->lane);

	if (row == NULL)
		return;
	*row = (struct gate_row){
		.task = t == NULL ? NULL : t->job->row.id,
		.attempt = t == NULL ? RUNS_NONE : t->row.number,
		.name = gate->gate->name,
		.tree_oid = step->tree.hex[0] == '\0' ? NULL : text_dup(r->arena, step->tree.hex),
		.exit_code = gate->exit_code,
		.passed = gate->passed,
		.started_ms = gate->started_ms,
		.ended_ms = gate->ended_ms,
		.output = text_dup(r->arena, gate->output == NULL ? "" : gate->output),
	};
	record_mark(r);
	if (gate->first != NULL ? gate->passed : row->tree_oid != NULL && differs(r, row))
		note_flaky(r, row);
}

static void keep_tree(struct runner *r, const struct step *step)
{
	size_t n;

	if (step->name == NULL || step->made == NULL)
		return;
	n = strlen(step->made) + 1;
	if ((r->lane.gate_tree = mem_take(n)) != NULL)
		memcpy(r->lane.gate_tree, step->made, n);
}

void gates_keep(struct runner *r, const struct step *step, const struct attempt *t)
{
	for (size_t i = 0; i < step->n; i++) {
		const struct step_gate *gate = &step->gates[i];

		if (gate->first != NULL)
			keep_result(r, step, gate->first, t);
		if (gate->ended_ms != 0)
			keep_result(r, step, gate, t);
	}
	keep_tree(r, step);
}

const char *gates_words(const struct step *step, struct arena *a)
{
	for (size_t i = 0; i < step->n; i++) {
		const struct step_gate *g = &step->gates[i];
		const char *said = g->output == NULL ? "" : g->output;
		size_t n = strlen(said);

		if (g->passed || g->ended_ms == 0)
			continue;
		if (n > GATE_LINE_MAX) {
			said += n - GATE_LINE_MAX;
			n = GATE_LINE_MAX;
		}
		while (n > 0 && (*said & 0xc0) == 0x80) {
			said++; /* the cut may have split a character */
			n--;
		}
		n = text_utf8_valid(said, n);
		return text_printf(a, "gate '%s' did not pass (exit code %d%s): %.*s",
		                   g->gate->name, g->exit_code, g->first == NULL ? "" : ", twice",
		                   (int)n, said);
	}
	return step->err.text;
}

enum status gates_put(struct runner *r, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < r->lane.n_results; i++)
		st = attempts_add_gate(r->db, r->row.id, &r->lane.results[i], err);
	return st;
}

/* --- of the base, of a batch, of the run ---------------------------------------------------- */

/* Where they look at: the branch as it is, or the project's folder. */
static void on_head(struct runner *r, struct step *step)
{
	if (r->in_git) {
		step->base = r->head;
		gates_in_own_tree(r, step);
	} else {
		step->path = r->project->root;
	}
}

/* Must it hold before anything was done? */
static bool holds_always(const struct config_gate *gate)
{
	return gate->baseline == CONFIG_UNSAID ? gate->when != CONFIG_RUN
	                                       : gate->baseline == CONFIG_YES;
}

static size_t fill_baseline(const struct runner *r, struct step *step)
{
	size_t n = 0;

	for (size_t i = 0; i < r->config->n_gates; i++) {
		const struct config_gate *gate = &r->config->gates[i];

		if (!wanted(r, gate) || !holds_always(gate))
			continue;
		n++;
		if (step != NULL)
			step->gates[step->n++].gate = gate;
	}
	return n;
}

bool gates_want_baseline(const struct runner *r)
{
	return !r->options.red_base && !r->tree_made && fill_baseline(r, NULL) > 0;
}

struct step *gates_baseline(struct runner *r)
{
	struct step *step = step_new(STEP_GATE, NULL);

	if (step == NULL || !make_room(r, step)) {
		step_free(step);
		return NULL;
	}
	(void)fill_baseline(r, step);
	on_head(r, step);
	return step;
}

bool gates_baseline_done(struct runner *r, struct step *step)
{
	gates_keep(r, step, NULL);
	if (step->st == OK && step->passed)
		return true;
	record_note(r, "red-base",
	            "nothing was started, because what the run begins on does not pass: %s",
	            gates_words(step, step->arena));
	return false;
}

/* How many batches, from the first on, are settled. */
static size_t whole_batches(const struct runner *r)
{
	size_t n = 0;

	while (r->open_in != NULL && n < r->n_levels && r->open_in[n] == 0)
		n++;
	return n;
}

bool gates_want_batch(const struct runner *r)
{
	size_t whole;

	if (gates_count(r, CONFIG_BATCH) == 0 || r->cancelled)
		return false;
	whole = whole_batches(r);
	return whole > r->lane.batches;
}

struct step *gates_batch(struct runner *r)
{
	struct step *step = step_new(STEP_GATE, NULL);

	if (step == NULL)
		return NULL;
	r->lane.batch = whole_batches(r);
	gates_fill(r, step, CONFIG_BATCH);
	on_head(r, step);
	return step;
}

bool gates_batch_done(struct runner *r, struct step *step)
{
	gates_keep(r, step, NULL);
	if (step->st == OK && step->passed) {
		r->lane.batches = r->lane.batch;
		r->lane.batch_head = r->head;
		record_mark(r);
		return true;
	}
	record_note(r, "gate-failed", "batch %zu: %s", r->lane.batch,
	            gates_words(step, step->arena));
	return false;
}

struct step *gates_of_run(struct runner *r)
{
	struct step *step;

	if (gates_count(r, CONFIG_RUN) == 0)
		return NULL;
	if ((step = step_new(STEP_GATE, NULL)) == NULL) {
		record_note(r, "gate-failed", "no memory for the gates of the run");
		return NULL;
	}
	gates_fill(r, step, CONFIG_RUN);
	on_head(r, step);
	return step;
}

bool gates_of_run_done(struct runner *r, struct step *step)
{
	gates_keep(r, step, NULL);
	if (step->st == OK && step->passed)
		return true;
	record_note(r, "gate-failed", "%s", gates_words(step, step->arena));
	return false;
}
