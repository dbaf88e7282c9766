#include "domain/run/flow.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/run/ending.h"
#include "domain/run/gates.h"
#include "domain/run/lane.h"
#include "domain/run/record.h"
#include "sys/fs.h"

#define NOTE_MAX    ((size_t)16 << 10)
#define VERDICT_MAX ((size_t)4 << 10)
#define WORDS_MAX   ((size_t)96 << 10)
#define NAME_MOST   60
#define VERDICT     "VERDICT:"

static void copy_oid(struct oid *to, const char *from)
{
	*to = (struct oid){ "" };
	if (from != NULL)
		memcpy(to->hex, from, strnlen(from, sizeof to->hex - 1));
}

/* --- where a task stands -------------------------------------------------------------------- */

void flow_replay(struct flow *f, const struct attempt_row *row)
{
	bool back = strcmp(row->state, "returned") == 0;
	size_t stage = row->stage == NULL ? WORKFLOW_NONE : workflow_stage(f->of, row->stage);

	if (stage == WORKFLOW_NONE || (!back && strcmp(row->state, "staged") != 0))
		return;
	if (f->base.hex[0] == '\0')
		copy_oid(&f->base, row->base_oid);
	if (row->result_oid != NULL)
		copy_oid(&f->commit, row->result_oid);
	f->notes[stage] = row->note;
	f->returned = back ? row->cause : NULL;
	if (back) {
		f->rounds[stage]++;
		f->at = f->of->stages[stage].back;
	} else {
		f->at = stage + 1;
	}
	if (f->at >= f->of->n) /* damaged rows: the last one again */
		f->at = f->of->n - 1;
}

const struct workflow *flow_of(const struct run_options *o, const cJSON *spec)
{
	const char *own = json_text(spec, "workflow");
	const char *name = own != NULL ? own : o->workflow;

	for (size_t i = 0; name != NULL && i < o->n_workflows; i++)
		if (strcmp(o->workflows[i].name, name) == 0)
			return &o->workflows[i];
	return NULL;
}

enum status flow_load(struct runner *r, struct job *job, struct err *err)
{
	const struct workflow *w = flow_of(&r->options, job->spec);
	enum status st;

	job->approval = json_flag(job->spec, "approval");
	job->waited = job->row.waits_for != NULL;
	job->row.waits_for = NULL; /* until it waits again */
	if (w == NULL)
		return OK;
	if ((st = workflow_fits(w, r->config, err)) != OK)
		return st;
	if ((job->flow = arena_take(r->arena, sizeof *job->flow)) == NULL)
		return err_nomem(err, "the run");
	*job->flow = (struct flow){ .of = w };
	return OK;
}

void flow_begin(struct runner *r, struct attempt *t)
{
	struct flow *f = t->job->flow;

	if (f == NULL || t->theirs.hex[0] != '\0') /* to resolve a conflict is no stage */
		return;
	t->stage = &f->of->stages[f->at];
	t->row.stage = t->stage->name;
	if (t->stage->agent != NULL) {
		(void)config_agent_find(r->config, t->stage->agent, &t->agent, NULL);
		t->row.agent = t->agent->name;
	}
	if (!r->in_git || f->commit.hex[0] == '\0')
		return;
	t->base = f->base;
	t->from = f->commit;
}

void flow_take_up(struct runner *r, struct attempt *t)
{
	const struct flow *f = t->job->flow;
	size_t stage =
	    f == NULL || t->row.stage == NULL ? WORKFLOW_NONE : workflow_stage(f->of, t->row.stage);

	if (stage != WORKFLOW_NONE)
		t->stage = &f->of->stages[stage];
	(void)config_agent_find(r->config, t->row.agent, &t->agent, NULL);
}

/* --- words between stages ------------------------------------------------------------------- */

/* In the folder that the attempt works in, which git does not look at. */
static const char *folder_of(const struct attempt *t)
{
	const char *part = repo_name_part(t->arena, t->job->row.id, NAME_MOST);

	return part == NULL ? NULL : text_printf(t->arena, ".gadugi/stage/%s", part);
}

enum status flow_make_folder(struct runner *r, struct attempt *t, const char **folder,
                             struct err *err)
{
	const char *name;
	enum status st;

	(void)r;
	*folder = NULL;
	if (t->stage == NULL)
		return OK;
	if ((name = folder_of(t)) == NULL || (*folder = fs_join(t->arena, t->path, name)) == NULL)
		return err_nomem(err, "an attempt");
	if (fs_kind(*folder) != FS_NOTHING && (st = fs_remove_tree(t->path, *folder, err)) != OK)
		return st;
	return fs_make_folders(*folder, 0700, err);
}

/* What the agent wrote there, without blanks around it; "" when it wrote nothing readable. */
static const char *read_words(const struct attempt *t, const char *file, size_t most)
{
	const char *folder = folder_of(t);
	const char *path = folder == NULL ? NULL : text_printf(t->arena, "%s/%s", folder, file);
	struct fs_bytes found;
	size_t n;

	if (path == NULL ||
	    fs_read_under(t->path, path, (size_t)1 << 20, t->arena, &found, NULL) != OK)
		return "";
	n = text_utf8_valid(found.bytes, strnlen(found.bytes, found.size));
	n = text_utf8_cut(found.bytes, n, most);
	while (n > 0 && isspace((unsigned char)found.bytes[n - 1]))
		n--;
	while (n > 0 && isspace((unsigned char)*found.bytes)) {
		found.bytes++;
		n--;
	}
	found.bytes = arena_copy(t->arena, found.bytes, n);
	return found.bytes == NULL ? "" : found.bytes;
}

/* Does the text begin with that word, in any case? */
static bool begins(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(text, word, n) == 0 && !isalnum((unsigned char)text[n]);
}

static const char *verdict_of(const struct attempt *t)
{
	const char *words = read_words(t, "verdict", VERDICT_MAX);

	if (words[0] != '\0' || t->last_said == NULL)
		return words;
	words = strstr(t->last_said, VERDICT);
	if (words == NULL)
		return "";
	words += strlen(VERDICT);
	while (*words == ' ')
		words++;
	return words;
}

static void tell_before(const struct flow *f, struct text *t)
{
	bool any = false;

	for (size_t i = 0; i < f->of->n; i++) {
		if (f->notes[i] == NULL || f->notes[i][0] == '\0')
			continue;
		text_add(t, any ? "" : "\n### What the stages have said\n");
		any = true;
		text_addf(t, "\n%s:\n\n%s\n", f->of->stages[i].name, f->notes[i]);
	}
	if (f->returned != NULL)
		text_addf(t, "\n### Why the work came back\n\n%s\n", f->returned);
}

const char *flow_words(struct runner *r, const struct attempt *t)
{
	const struct flow *f = t->job->flow;
	const char *folder, *copy;
	struct text words;

	(void)r;
	if (t->stage == NULL || (folder = folder_of(t)) == NULL)
		return NULL;
	text_init(&words, WORDS_MAX);
	text_addf(&words,
	          "## Stage %zu of %zu: %s\n\nThe task is done in stages, each by an agent of its "
	          "own. Do this one only:\n\n%s\n",
	          f->at + 1, f->of->n, t->stage->name, t->stage->prompt);
	tell_before(f, &words);
	text_addf(&words,
	          "\n### What you leave\n\nWrite what those after you need to know into the file "
	          "%s/note.md.\n",
	          folder);
	if (strcmp(t->from.hex, t->base.hex) != 0)
		text_addf(&words, "The work before this stage: git diff %.12s %.12s\n", t->base.hex,
		          t->from.hex);
	if (t->stage->verdict)
		text_addf(&words,
		          "Write your verdict, one word, pass or fail, into the file %s/verdict, "
		          "or end with the line '" VERDICT " pass' or '" VERDICT " fail'. Without "
		          "it the stage has failed.\n",
		          folder);
	copy = text_copy(&words, t->arena);
	text_done(&words);
	return copy;
}

/* --- on with it ----------------------------------------------------------------------------- */

static bool is_last(const struct attempt *t)
{
	return t->stage == NULL || t->stage == &t->job->flow->of->stages[t->job->flow->of->n - 1];
}

static void go_on(struct runner *r, struct attempt *t)
{
	if (is_last(t))
		lane_add(r, t);
	else
		ending_hand_over(r, t, "staged", NULL);
}

static void wait_or_go_on(struct runner *r, struct attempt *t)
{
	bool wanted = (t->stage != NULL && t->stage->approval) ||
	              (is_last(t) && t->job->approval && t->theirs.hex[0] == '\0');

	if (!wanted || t->row.approved_ms != RUNS_NONE) {
		go_on(r, t);
		return;
	}
	t->phase = PHASE_WAITING;
	t->job->row.waits_for = "approval";
	schedule_expect(r->schedule, t->job->index, false);
	record_attempt(r, t, t->row.state);
	record_task(r, t->job, TASK_GATING,
	            text_printf(t->arena, "waits for approval%s%s: gadugi approve %s %s",
	                        t->stage == NULL ? "" : " of stage ",
	                        t->stage == NULL ? "" : t->stage->name, r->row.id, t->job->row.id));
}

void flow_approve(struct runner *r, struct job *job)
{
	struct attempt *t = job->now;

	bool waits = t != NULL && t->phase == PHASE_WAITING;

	/* What waited when its runner died is approved before it waits again. */
	if (!waits && (t == NULL || !job->waited || t->phase != PHASE_COLLECTING))
		return;
	job->row.waits_for = NULL;
	t->row.approved_ms = clock_wall_ms(&r->project->clock);
	record_attempt(r, t, t->row.state);
	if (!waits)
		return;
	record_row(r, job);
	go_on(r, t);
}

/* The stage's work does not hold: back to an earlier stage, or this one again. */
static void send_back(struct runner *r, struct attempt *t, const char *cause)
{
	const struct stage *s = t->stage;
	struct flow *f = t->job->flow;

	if (s->back == WORKFLOW_NONE) {
		ending_fail(r, t, TASK_FAILED, true, cause);
		return;
	}
	if (f->rounds[s - f->of->stages] < s->rounds) {
		ending_hand_over(r, t, "returned", cause);
		return;
	}
	ending_fail(r, t, TASK_FAILED, false,
	            text_printf(t->arena, "stage '%s' sent the work back %ld times: %s", s->name,
	                        s->rounds, cause));
}

/* False: the verdict, or that there is none, has settled it. */
static bool passes(struct runner *r, struct attempt *t)
{
	const char *verdict;

	if (!t->stage->verdict)
		return true;
	verdict = verdict_of(t);
	if (begins(verdict, "pass"))
		return true;
	if (begins(verdict, "fail"))
		send_back(r, t,
		          text_printf(t->arena, "stage '%s' did not pass the work%s%s",
		                      t->stage->name, t->row.note == NULL ? "" : ":\n",
		                      t->row.note == NULL ? "" : t->row.note));
	else
		ending_fail(
		    r, t, TASK_FAILED, true,
		    text_printf(t->arena, "stage '%s' ended without a verdict", t->stage->name));
	return false;
}

/* The gates of the stage on what it left. NULL: it has none. */
static struct step *stage_gates(struct runner *r, struct attempt *t)
{
	struct step *step = step_new(STEP_GATE, t);

	if (step == NULL)
		return NULL;
	if (t->stage->task_gates)
		gates_fill(r, step, CONFIG_TASK);
	gates_fill_named(r, step, t->stage->gates, t->stage->n_gates);
	if (r->in_git)
		step->base = t->result;
	step->path = text_dup(step->arena, t->path);
	return step;
}

void flow_collected(struct runner *r, struct attempt *t)
{
	struct step *step;
	const char *note;

	if (t->stage == NULL) {
		wait_or_go_on(r, t);
		return;
	}
	note = read_words(t, "note.md", NOTE_MAX);
	t->row.note = note[0] == '\0' ? NULL : text_dup(r->arena, note);
	record_attempt(r, t, t->row.state);
	if (!passes(r, t))
		return;
	if ((step = stage_gates(r, t)) != NULL && step->n == 0 && !arena_failed(step->arena)) {
		step_free(step);
		wait_or_go_on(r, t);
		return;
	}
	t->phase = PHASE_COLLECTING;
	(void)ending_give(r, t, step);
}

void flow_gated(struct runner *r, struct attempt *t, struct step *step)
{
	gates_keep(r, step, t);
	if (t->verdict != TASK_STATES)
		ending_fail(r, t, t->verdict, t->again, t->cause);
	else if (step->st != OK)
		ending_fail(r, t, TASK_FAILED, true, step->err.text);
	else if (step->passed)
		wait_or_go_on(r, t);
	else
		send_back(r, t,
		          text_printf(t->arena, "stage '%s': %s", t->stage->name,
		                      gates_words(step, t->arena)));
}

void flow_over(struct runner *r, struct attempt *t)
{
	struct job *job = t->job;
	struct attempt_row row = t->row;

	row.base_oid = t->base.hex[0] == '\0' ? NULL : t->base.hex;
	row.result_oid = t->result.hex[0] == '\0' ? NULL : t->result.hex;
	row.cause = text_dup(r->arena, t->row.cause);
	flow_replay(job->flow, &row);
	job->tries = 0;
	record_retry(r, job, clock_mono_ms());
	record_task(r, job, TASK_READY, row.cause);
	job->now = NULL;
}

void flow_forgive(struct job *job)
{
	if (job->flow != NULL)
		memset(job->flow->rounds, 0, sizeof job->flow->rounds);
}
