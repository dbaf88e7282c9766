/* watch.c - a run's progress: redrawn on a terminal, line by line elsewhere. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/judge.h"

#define TICK_MS        500 /* how often the clocks on the terminal move */
#define INTERRUPTED_RC 130 /* as shells have it for Ctrl-C */
#define RANKS          5   /* of `shown` */
#define ID_LEAST       4
#define ID_MOST        24
#define BAR_WIDTH      24
#define DRAW_MAX       ((size_t)64 << 20) /* words of one drawing */
#define LINES_AROUND   4                  /* of the screen that are not tasks */

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = json_text(object, key);

	return text == NULL ? "" : text;
}

static bool is(const cJSON *task, const char *state)
{
	return strcmp(text_of(task, "state"), state) == 0;
}

static bool at_work(const cJSON *task)
{
	return is(task, "running") || is(task, "gating") || is(task, "merging");
}

static bool over(const cJSON *task)
{
	return !at_work(task) && !is(task, "pending") && !is(task, "ready");
}

/* How long the task took, or has been at it; negative when it has not begun. */
static double took_ms(const cJSON *task)
{
	int64_t from, to;

	if (clock_parse(text_of(task, "startedAt"), &from) != 0)
		return -1;
	if (clock_parse(text_of(task, "endedAt"), &to) != 0)
		to = clock_wall_ms(NULL);
	return to > from ? (double)(to - from) : 0;
}

static double run_ms(const cJSON *run)
{
	double measured = json_number(run, "wallMs", 0), since = took_ms(run);

	return measured > 0 ? measured : since;
}

static const char *mark_of(const cJSON *task)
{
	if (at_work(task))
		return "\xe2\x97\x8f";
	if (is(task, "succeeded"))
		return "\xe2\x9c\x93";
	if (is(task, "ready") || is(task, "pending"))
		return "\xc2\xb7";
	return is(task, "skipped") || is(task, "cancelled") ? "-" : "\xe2\x9c\x97";
}

static void draw_bar(struct cli *c, size_t done, size_t all)
{
	size_t full = all == 0 ? 0 : done * BAR_WIDTH / all;
	struct text bar;

	text_init(&bar, (size_t)4 * BAR_WIDTH);
	for (size_t i = 0; i < BAR_WIDTH; i++)
		text_add(&bar, i < full ? "\xe2\x96\x88" : "\xe2\x96\x91");
	screen_styled(&c->screen, STYLE_GREEN, text_string(&bar), BAR_WIDTH);
	text_done(&bar);
}

static void draw_task(struct cli *c, const cJSON *task, size_t id_width)
{
	struct screen *s = &c->screen;
	const char *state = text_of(task, "state");
	enum screen_style style = show_state_style(state);
	size_t used = id_width + 34;
	double ms = took_ms(task);

	text_add(&s->text, "  ");
	screen_styled(s, style, mark_of(task), 1);
	text_add_char(&s->text, ' ');
	screen_cell(s, STYLE_NONE, text_of(task, "id"), id_width);
	text_add_char(&s->text, ' ');
	screen_cell(s, style, state, 10);
	text_add_char(&s->text, ' ');
	screen_cell(s, STYLE_DIM, ms < 0 ? "" : show_ms(c, ms), 12);
	if (s->columns > used)
		screen_styled(s, STYLE_DIM, text_of(task, "title"), s->columns - used);
	text_add_char(&s->text, '\n');
}

/* When not all tasks fit: those at work come first, then those to come, then the newest results. */
static bool shown(const cJSON *task, size_t rank)
{
	switch (rank) {
	case 0:
		return at_work(task);
	case 1:
		return over(task) && !is(task, "succeeded");
	case 2:
		return is(task, "ready");
	case 3:
		return is(task, "succeeded");
	default:
		return is(task, "pending");
	}
}

/* As many tasks as fit, the telling ones first. Returns how many were left out. */
static size_t draw_some(struct cli *c, const cJSON *tasks, size_t width, size_t room)
{
	const cJSON *task;
	size_t left = 0;

	for (size_t rank = 0; rank < RANKS; rank++) {
		cJSON_ArrayForEach(task, tasks) {
			if (!shown(task, rank))
				continue;
			if (room == 0) {
				left++;
				continue;
			}
			draw_task(c, task, width);
			room--;
		}
	}
	return left;
}

static void draw(struct cli *c, const cJSON *run)
{
	const cJSON *tasks = json_get(run, "tasks"), *task;
	size_t all = (size_t)cJSON_GetArraySize(tasks), done = 0, working = 0, width = ID_LEAST,
	       left = 0;
	size_t room = c->screen.rows > LINES_AROUND ? c->screen.rows - LINES_AROUND : 1;
	struct screen *s = &c->screen;

	cJSON_ArrayForEach(task, tasks) {
		size_t id = screen_width(text_of(task, "id"));

		done += over(task);
		working += at_work(task);
		width = id > width ? id : width;
	}
	width = width > ID_MOST ? ID_MOST : width;
	draw_bar(c, done, all);
	text_addf(&s->text, " %zu/%zu  %zu at work  %s  ", done, all, working,
	          show_ms(c, run_ms(run) < 0 ? 0 : run_ms(run)));
	screen_styled(s, show_state_style(text_of(run, "state")), text_of(run, "state"), SIZE_MAX);
	text_add_char(&s->text, '\n');
	if (all > room)
		left = draw_some(c, tasks, width, room);
	else
		cJSON_ArrayForEach(task, tasks)
			draw_task(c, task, width);
	if (left > 0)
		text_addf(&s->text, "  and %zu more\n", left);
	screen_redraw(s);
}

static const cJSON *task_before(const cJSON *run, const char *id)
{
	const cJSON *task;

	cJSON_ArrayForEach(task, json_get(run, "tasks")) {
		if (strcmp(text_of(task, "id"), id) == 0)
			return task;
	}
	return NULL;
}

/* A line for each task whose state has changed since `before` (NULL: all that have begun). */
static void tell_changes(struct cli *c, const cJSON *before, const cJSON *run)
{
	struct screen *s = &c->screen;
	const cJSON *task;

	cJSON_ArrayForEach(task, json_get(run, "tasks")) {
		const cJSON *then =
		    before == NULL ? NULL : task_before(before, text_of(task, "id"));
		double ms = took_ms(task);

		if (is(task, then == NULL ? "pending" : text_of(then, "state")) ||
		    is(task, "ready"))
			continue;
		text_addf(&s->text, "%8s  ", show_ms(c, run_ms(run) < 0 ? 0 : run_ms(run)));
		screen_text(s, text_of(task, "id"));
		text_addf(&s->text, ": %s", text_of(task, "state"));
		if (over(task) && ms >= 0)
			text_addf(&s->text, " after %s", show_ms(c, ms));
		if (over(task) && !is(task, "succeeded") && json_text(task, "cause") != NULL) {
			text_add(&s->text, ": ");
			screen_text(s, text_of(task, "cause"));
		}
		text_add_char(&s->text, '\n');
	}
	screen_flush(s);
}

static void tell_failures(struct cli *c, const cJSON *run)
{
	struct screen *s = &c->screen;
	const char *id = text_of(run, "runId");
	const cJSON *task;

	cJSON_ArrayForEach(task, json_get(run, "tasks")) {
		if (!over(task) || is(task, "succeeded"))
			continue;
		text_add(&s->text, "  ");
		screen_styled(s, show_state_style(text_of(task, "state")), text_of(task, "state"),
		              SIZE_MAX);
		text_add(&s->text, "  ");
		screen_text(s, text_of(task, "id"));
		if (json_text(task, "cause") != NULL) {
			text_add(&s->text, ": ");
			screen_text(s, text_of(task, "cause"));
		}
		text_add_char(&s->text, '\n');
	}
	text_addf(&s->text, "look:  gadugi runs %s TASK_ID --log\nagain: gadugi resume %s\n", id,
	          id);
}

void show_outcome(struct cli *c, const cJSON *run)
{
	struct screen *s = &c->screen;
	const char *state = text_of(run, "state"), *branch = json_text(run, "branch");
	double work = json_number(run, "workMs", 0), bound = json_number(run, "lowerBoundMs", 0);
	double speedup = json_number(run, "speedup", 0);
	int64_t done = json_int(json_get(run, "counts"), "succeeded", 0);

	text_addf(&s->text, "run %s ", text_of(run, "runId"));
	screen_styled(s, show_state_style(state), state, SIZE_MAX);
	text_addf(&s->text, ": %lld of %d tasks", (long long)done,
	          cJSON_GetArraySize(json_get(run, "tasks")));
	if (run_ms(run) >= 0)
		text_addf(&s->text, " in %s", show_ms(c, run_ms(run)));
	if (speedup > 0)
		text_addf(&s->text, ", %s of work: %.2fx", show_ms(c, work), speedup);
	if (speedup > 0 && bound > 0)
		text_addf(&s->text, " of at most %.2fx", work / bound);
	text_add_char(&s->text, '\n');
	if (branch != NULL) {
		text_add(&s->text, "the results are on the branch ");
		screen_text(s, branch);
		text_add_char(&s->text, '\n');
	}
	if (judge_ended(state) && strcmp(state, "succeeded") != 0)
		tell_failures(c, run);
}

static enum status look(struct cli *c, const char *run, cJSON **out)
{
	cJSON *args = cJSON_CreateObject();

	if (args == NULL || cJSON_AddStringToObject(args, "action", "show") == NULL ||
	    cJSON_AddStringToObject(args, "runId", run) == NULL) {
		cJSON_Delete(args);
		return err_nomem(&c->err, "looking at the run");
	}
	return cli_call_with(c, "runs", args, out);
}

static int stopped(struct cli *c, const char *run)
{
	screen_keep(&c->screen);
	text_addf(
	    &c->screen.text,
	    "\nthe run goes on; 'gadugi runs %s --watch' looks at it again, 'gadugi cancel %s' "
	    "ends it\n",
	    run, run);
	screen_flush(&c->screen);
	return INTERRUPTED_RC;
}

/* One look at the run; *before is what was seen last time and becomes what is seen now. */
static enum status look_once(struct cli *c, const char *run, cJSON **before)
{
	cJSON *now = NULL;
	enum status st = look(c, run, &now);

	if (st != OK)
		return st;
	if (c->screen.terminal)
		draw(c, now);
	else
		tell_changes(c, *before, now);
	cJSON_Delete(*before);
	*before = now;
	return OK;
}

int watch_run(struct cli *c, const char *run)
{
	struct arena *kept = c->arena;
	cJSON *seen = NULL;
	enum status st = OK;
	bool ended = false;
	int rc = CLI_DONE;

	cli_catch_signals(c);
	while (st == OK && !ended && !c->screen.broken) {
		if ((c->arena = arena_new(DRAW_MAX)) == NULL)
			st = err_nomem(&c->err, "showing the run");
		else
			st = look_once(c, run, &seen);
		arena_free(c->arena); /* the words of this drawing */
		c->arena = kept;
		ended = st == OK && judge_ended(json_text(seen, "state"));
		if (st == OK && !ended)
			st = cli_sleep(c, c->screen.terminal ? TICK_MS : INT32_MAX);
	}
	if (st == E_STOP) {
		rc = stopped(c, run);
	} else if (st != OK) {
		rc = cli_failed(c);
	} else if (ended) {
		screen_keep(&c->screen);
		show_outcome(c, seen);
		screen_flush(&c->screen);
		rc = judge("orchestrate", seen);
	}
	cJSON_Delete(seen);
	return rc;
}
