#include <string.h>

#include "base/text.h"
#include "domain/coach/before.h"
#include "domain/coach/change.h"
#include "domain/project.h"
#include "handlers/tools.h"

#define SHORT_ISSUES 10 /* in an answer that may not be long */

struct coach_in {
	const char *run, *path, *since, *issues, *format;
	bool learn, patches, fresh;
};

static const struct arg coach_args[] = {
	{ "runId", ARG_TEXT, 0, offsetof(struct coach_in, run), 1, 1000, "A run; else the last.",
	  NULL },
	{ "path", ARG_TEXT, 0, offsetof(struct coach_in, path), 1, 4000,
	  "Or a session file or folder.", NULL },
	{ "since", ARG_TEXT, 0, offsetof(struct coach_in, since), 1, 1000,
	  "Or sessions after this time.", NULL },
	{ "issues", ARG_CHOICE, 0, offsetof(struct coach_in, issues), 0, 0, NULL,
	  "none|draft|post" },
	{ "learn", ARG_FLAG, ARG_UNLISTED, offsetof(struct coach_in, learn), 0, 0,
	  "Remember what was found as lessons.", NULL },
	{ "patches", ARG_FLAG, ARG_UNLISTED, offsetof(struct coach_in, patches), 0, 0,
	  "Write rules, permissions and gates as patches.", NULL },
	{ "fresh", ARG_FLAG, ARG_UNLISTED, offsetof(struct coach_in, fresh), 0, 0,
	  "Of sessions only what is new since the last such look.", NULL },
	{ "format", ARG_CHOICE, ARG_UNLISTED, offsetof(struct coach_in, format), 0, 0,
	  "The report as a text, too.", "json|markdown|html" },
	{ 0 },
};

/* The arguments that go together, as what to look at. */
static enum status read_wish(struct call *call, const struct coach_in *want,
                             struct coach_wish *wish)
{
	if (want->run != NULL && (want->path != NULL || want->since != NULL || want->fresh))
		return err_set(
		    &call->err, E_INPUT,
		    "give 'runId' for a run, or 'path' and 'since' for sessions, not both");
	if (want->since != NULL && clock_parse(want->since, &wish->since_ms) != 0)
		return err_set(&call->err, E_INPUT,
		               "'since' is '%s', which is no time; write 2026-11-22 or "
		               "2026-11-22T13:43Z",
		               want->since);
	wish->run = want->run;
	wish->path = want->path;
	wish->fresh = want->fresh;
	return OK;
}

static enum coach_issue_mode issue_mode(const char *word)
{
	if (word == NULL || strcmp(word, "none") == 0)
		return COACH_NO_ISSUES;
	return strcmp(word, "post") == 0 ? COACH_POST : COACH_DRAFT;
}

/* The report as a text beside the numbers: `report`. */
static enum status put_text(struct call *call, struct json_build *b, cJSON *answer,
                            const struct coach_report *report, const char *format)
{
	const char *text = NULL;
	enum status st = OK;

	if (format == NULL || strcmp(format, "json") == 0)
		return OK;
	st = strcmp(format, "html") == 0 ? coach_page(report, call->arena, &text, &call->err)
	                                 : coach_markdown(report, call->arena, &text, &call->err);
	json_put_text(b, answer, "report", text);
	return st;
}

/* What is changed on the way: issues, memory, patches; as members of the answer. */
static enum status change(struct call *call, const struct coach_in *want,
                          const struct coach_report *report, struct json_build *b, cJSON *answer)
{
	struct coach_issues issues = { 0 };
	struct coach_patches patches = { 0 };
	struct coach_taught taught = { 0 };
	const struct coach_posting how = { issue_mode(want->issues), &call->stop, &call->bell };
	enum status st = coach_issues(call->project, report, &how, &issues, &call->err);
	cJSON *lessons;

	if (st == OK)
		coach_put_issues(b, answer, &issues,
		                 call->answer_max == SIZE_MAX ? SIZE_MAX : SHORT_ISSUES);
	if (st == OK && want->learn &&
	    (st = coach_lessons(call->project, report, &call->stop, &taught, &call->err)) == OK) {
		lessons = json_put_object(b, answer, "lessons");
		json_put_int(b, lessons, "stored", (int64_t)taught.stored);
		json_put_int(b, lessons, "superseded", (int64_t)taught.superseded);
		json_put_int(b, lessons, "ended", (int64_t)taught.ended);
	}
	if (st == OK && want->patches &&
	    (st = coach_suggest(call->project, report, &patches, &call->err)) == OK)
		coach_put_patches(b, answer, &patches);
	return st;
}

/* Where what is next will show, for who waits for it. */
static void put_folders(struct json_build *b, cJSON *answer, const struct coach_report *report)
{
	cJSON *list = json_put_array(b, answer, "folders");

	for (size_t i = 0; i < report->n_folders; i++)
		json_add_text(b, list, report->folders[i]);
}

static enum status coach_run(struct call *call, const void *in, cJSON **result)
{
	struct coach_wish wish = { .stop = &call->stop };
	size_t most = call->answer_max == SIZE_MAX ? SIZE_MAX : call->answer_max * 3 / 4;
	const struct coach_in *want = in;
	struct coach_report *report = NULL;
	struct json_build b = { 0 };
	enum status st = read_wish(call, want, &wish);
	cJSON *answer;

	if (st == OK)
		st = coach_look(call->project, &wish, call->arena, &report, &call->err);
	if (st == OK && !want->fresh) /* who follows was told of before with the first look */
		st = coach_recall(call->project, report, &call->stop, &call->err);
	if (st != OK)
		return st;
	answer = json_object(&b);
	coach_put(&b, answer, report, most);
	if (want->fresh)
		put_folders(&b, answer, report);
	if ((st = change(call, want, report, &b, answer)) == OK)
		st = put_text(call, &b, answer, report, want->format);
	if (st != OK) {
		cJSON_Delete(answer);
		return st;
	}
	return json_built(&b, answer, result, &call->err);
}

const struct tool tool_coach = {
	.name = "coach",
	.title = "Team coach",
	.about = "What cost time in a finished run or in session files: numbers, findings, what to "
		 "change.",
	.args = coach_args,
	.in_size = sizeof(struct coach_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES | TOOL_SPAWNS | TOOL_OPEN_WORLD,
	.run = coach_run,
};
