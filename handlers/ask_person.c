#include "handlers/ask_person.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/project.h"

#define KEY        "answer"
#define LOOK_BYTES ((size_t)64 << 20)
#define RESPONDER  "person" /* who answered, as the question's row has it */

enum status person_questions(struct call *call, const char *run, struct arena *a,
                             struct question **out, size_t *n)
{
	int64_t now = clock_wall_ms(&call->project->clock);
	struct question *all = NULL, at;
	struct db *db = NULL;
	size_t open = 0;
	enum status st = project_read(call->project, &call->stop, &db, &call->err);

	*n = 0;
	if (st != OK)
		return st;
	st = question_open(db, now, a, &all, &open, &call->err);
	project_done(call->project, db);
	if (st != OK)
		return st;
	for (size_t i = 0; i < open; i++)
		if (all[i].run != NULL && strcmp(all[i].run, run) == 0)
			all[(*n)++] = all[i];
	for (size_t i = 0, j = *n; i + 1 < j; i++) { /* they come newest first */
		at = all[i];
		all[i] = all[--j];
		all[j] = at;
	}
	*out = all;
	return OK;
}

static void put_choices(struct json_build *b, cJSON *field, const struct question *q)
{
	cJSON *choices;

	if (!q->approval && (q->options == NULL || q->options[0] == NULL))
		return;
	choices = json_put_array(b, field, "enum");
	if (q->approval) {
		json_add_text(b, choices, "approve");
		json_add_text(b, choices, "deny");
	}
	for (const char *const *o = q->options; !q->approval && *o != NULL; o++)
		json_add_text(b, choices, *o);
}

cJSON *person_form(struct json_build *b, const struct question *q)
{
	cJSON *ask = json_object(b), *params, *schema, *field;
	struct text words;

	text_init(&words, (size_t)2 * QUESTION_TEXT_MAX);
	text_addf(&words, "%s%s%s %s: %s", q->agent, q->task == NULL ? "" : ", task ",
	          q->task == NULL ? "" : q->task, q->approval ? "wants approval" : "asks", q->text);
	b->failed = b->failed || words.failed;
	json_put_text(b, ask, "method", "elicitation/create");
	params = json_put_object(b, ask, "params");
	json_put_text(b, params, "message", words.failed ? "" : text_string(&words));
	text_done(&words);
	schema = json_put_object(b, params, "requestedSchema");
	json_put_text(b, schema, "type", "object");
	field = json_put_object(b, json_put_object(b, schema, "properties"), KEY);
	json_put_text(b, field, "type", "string");
	json_put_text(b, field, "title", q->approval ? "Decision" : "Answer");
	put_choices(b, field, q);
	json_add_text(b, json_put_array(b, schema, "required"), KEY);
	return ask;
}

/* The answer that is meant, or NULL for none. */
static const char *meant(const struct question *q, const cJSON *said)
{
	const char *action = json_text(said, "action");

	if (action != NULL && strcmp(action, "accept") == 0)
		return json_text(json_get(said, "content"), KEY);
	return action != NULL && strcmp(action, "decline") == 0 && q->approval ? "deny" : NULL;
}

static enum status keep(struct call *call, struct db *db, const char *id, const cJSON *said)
{
	int64_t now = clock_wall_ms(&call->project->clock);
	struct question_reply reply = { .id = id, .responder = RESPONDER };
	struct question q;
	enum status st;

	if ((st = db_begin(db, &call->err)) != OK ||
	    (st = question_look(db, now, id, call->arena, &q, &call->err)) != OK)
		return st == E_ABSENT ? OK : st;
	reply.answer = meant(&q, said);
	if (reply.answer == NULL || strcmp(q.state, "open") != 0)
		return OK;
	st = question_answer(db, now, &reply, call->arena, &q, &call->err);
	return st == OK ? project_commit(call->project, db, &call->err) : st;
}

enum status person_said(struct call *call, const char *id, const cJSON *said)
{
	struct db *db = NULL;
	enum status st = project_write(call->project, &call->stop, &db, &call->err);

	if (st != OK)
		return st;
	st = keep(call, db, id, said);
	project_done(call->project, db);
	return st;
}

/* The next question to show; NULL in *out when there is none. */
static enum status next(struct call *call, const struct person_want *want, struct arena *a,
                        struct question **out)
{
	struct question *one;
	struct db *db = NULL;
	size_t n = 0;
	enum status st;

	*out = NULL;
	if (want->run != NULL) {
		st = person_questions(call, want->run, a, &one, &n);
		*out = n > 0 ? one : NULL;
		return st;
	}
	if ((one = arena_take(a, sizeof *one)) == NULL)
		return err_nomem(&call->err, "a question");
	if ((st = project_read(call->project, &call->stop, &db, &call->err)) != OK)
		return st;
	st =
	    question_look(db, clock_wall_ms(&call->project->clock), want->only, a, one, &call->err);
	project_done(call->project, db);
	if (st == OK && strcmp(one->state, "open") == 0)
		*out = one;
	return st;
}

static enum status show(struct call *call, const struct person_want *want, const struct question *q,
                        struct person_asked *asked)
{
	struct json_build b = { 0 };
	cJSON *root = json_object(&b), *asks = NULL;
	enum status st;

	json_put(&b, root, q->id, person_form(&b, q));
	if ((st = json_built(&b, root, &asks, &call->err)) != OK)
		return st;
	asked->id = text_dup(call->arena, q->id);
	call->state =
	    want->state == NULL ? asked->id : text_printf(call->arena, "%s %s", want->state, q->id);
	if (asked->id == NULL || call->state == NULL) {
		cJSON_Delete(asks);
		return err_nomem(&call->err, "a question");
	}
	call->asks = asks;
	call->asks_aside = true;
	return E_WAIT;
}

enum status person_look(struct call *call, const struct person_want *want,
                        struct person_asked *asked)
{
	const cJSON *said = asked->id == NULL ? NULL : json_get(call->answers, asked->id);
	const char *action = json_text(said, "action");
	struct question *q = NULL;
	enum status st = OK;
	struct arena *a;

	if (said != NULL) {
		st = person_said(call, asked->id, said);
		asked->id = NULL;
		asked->turned_away = action == NULL || strcmp(action, "accept") != 0;
	}
	if (st != OK || asked->id != NULL || asked->turned_away ||
	    (call->can_ask & CALL_ASK_FORM) == 0)
		return st;
	if ((a = arena_new(LOOK_BYTES)) == NULL) /* looks are many, and the call may be long */
		return err_nomem(&call->err, "the questions");
	if ((st = next(call, want, a, &q)) == OK && q != NULL)
		st = show(call, want, q, asked);
	arena_free(a);
	return st;
}
