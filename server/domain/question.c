#include "domain/question.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "domain/event.h"
#include "store/questions.h"

static const char *const approval_options[] = { "approve", "deny", NULL };

static enum status check(const struct question *q, struct err *err)
{
	size_t n = q->text == NULL ? 0 : strlen(q->text);

	if (n == 0)
		return err_set(err, E_INPUT, "there is no question; say in 'text' what is asked");
	if (n > QUESTION_TEXT_MAX)
		return err_set(err, E_INPUT, "the question has %zu bytes; at most %d are allowed",
		               n, QUESTION_TEXT_MAX);
	n = 0;
	while (q->options != NULL && q->options[n] != NULL)
		n++;
	if (n > QUESTION_OPTIONS_MAX)
		return err_set(err, E_INPUT, "the question has %zu options; at most %d are allowed",
		               n, QUESTION_OPTIONS_MAX);
	return OK;
}

/* The options as a JSON array in the arena; NULL when it is full. */
static const char *options_text(const char *const *options, struct arena *a)
{
	struct json_build b = { 0 };
	cJSON *list = json_array(&b);
	const char *copy = NULL;
	char *text;

	for (; options != NULL && *options != NULL; options++)
		json_add_text(&b, list, *options);
	if (!b.failed && (text = json_print(list)) != NULL) {
		copy = text_dup(a, text);
		cJSON_free(text);
	}
	cJSON_Delete(list);
	return copy;
}

static enum status options_read(const char *text, struct arena *a, const char *const **out,
                                struct err *err)
{
	cJSON *list = NULL;
	const cJSON *one;
	const char **options;
	size_t n = 0;
	enum status st = json_read(text, strlen(text), &list, err);

	if (st != OK)
		return st;
	options = arena_take(a, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *options);
	cJSON_ArrayForEach(one, list)
		if (options != NULL && cJSON_IsString(one))
			options[n++] = text_dup(a, one->valuestring);
	cJSON_Delete(list);
	*out = options;
	return arena_failed(a) ? err_nomem(err, "a question") : OK;
}

static enum status from_row(const struct question_row *row, int64_t now_ms, struct arena *a,
                            struct question *out, struct err *err)
{
	bool late =
	    strcmp(row->state, "open") == 0 && row->until_ms != 0 && now_ms >= row->until_ms;

	*out = (struct question){
		.id = row->id,
		.approval = strcmp(row->kind, "approval") == 0,
		.agent = row->agent,
		.run = row->run,
		.task = row->task,
		.text = row->text,
		.timeout_ms = row->until_ms == 0 ? 0 : row->until_ms - row->made_ms,
		.state = late ? "timed_out" : row->state,
		.answer = row->answer,
		.responder = row->responder,
		.made_ms = row->made_ms,
		.until_ms = row->until_ms,
		.ended_ms = late ? row->until_ms : row->ended_ms,
	};
	return options_read(row->options, a, &out->options, err);
}

enum status question_ask(struct db *db, int64_t now_ms, const struct question *q, struct arena *a,
                         struct question *out, struct err *err)
{
	const char *const *options = q->approval ? approval_options : q->options;
	struct question_row row = { .id = q->id,
		                    .kind = q->approval ? "approval" : "question",
		                    .agent = q->agent,
		                    .run = q->run,
		                    .task = q->task,
		                    .text = q->text,
		                    .state = "open",
		                    .made_ms = now_ms };
	struct event_question e = { .agent = q->agent,
		                    .text = q->text,
		                    .run = q->run,
		                    .task = q->task,
		                    .options = options,
		                    .timeout_ms = q->timeout_ms,
		                    .approval = q->approval };
	enum status st = check(q, err);
	char id[ID_SIZE];

	if (st != OK)
		return st;
	id_new(id, 'q', now_ms);
	if (row.id == NULL)
		row.id = text_dup(a, id);
	row.options = options_text(options, a);
	row.until_ms = q->timeout_ms == 0 ? 0 : now_ms + q->timeout_ms;
	if (row.id == NULL || row.options == NULL)
		return err_nomem(err, "a question");
	e.id = row.id;
	if ((st = question_add(db, &row, err)) != OK ||
	    (st = event_put_question(db, now_ms, &e, err)) != OK)
		return st;
	return from_row(&row, now_ms, a, out, err);
}

/* End it with the state, answer and responder of q; *ended is false when it was not open. */
static enum status end(struct db *db, int64_t now_ms, const struct question *q, bool *ended,
                       struct err *err)
{
	const struct question_row row = { .id = q->id,
		                          .state = q->state,
		                          .answer = q->answer,
		                          .responder = q->responder,
		                          .ended_ms = now_ms };
	const struct event_response e = { .agent = q->agent,
		                          .id = q->id,
		                          .outcome = q->state,
		                          .answer = q->answer,
		                          .responder = q->responder,
		                          .run = q->run };
	enum status st = question_end(db, &row, ended, err);

	return st != OK || !*ended ? st : event_put_response(db, now_ms, &e, err);
}

enum status question_look(struct db *db, int64_t now_ms, const char *id, struct arena *a,
                          struct question *out, struct err *err)
{
	struct question_row row;
	enum status st = question_find(db, id, a, &row, err);

	return st != OK ? st : from_row(&row, now_ms, a, out, err);
}

enum status question_time_out(struct db *db, int64_t now_ms, const char *id, struct arena *a,
                              struct question *out, struct err *err)
{
	bool ended = false;
	enum status st = question_look(db, now_ms, id, a, out, err);

	/* said to be timed out already, but the row may not know yet */
	if (st == OK && strcmp(out->state, "timed_out") == 0)
		st = end(db, now_ms, out, &ended, err);
	return st;
}

static enum status check_answer(const struct question *q, const char *answer, struct err *err)
{
	struct text all;
	enum status st = OK;

	if (*answer == '\0' || strlen(answer) > QUESTION_TEXT_MAX)
		return err_set(err, E_INPUT, "an answer has 1 to %d bytes", QUESTION_TEXT_MAX);
	if (q->options[0] == NULL)
		return OK;
	text_init(&all, (size_t)QUESTION_OPTIONS_MAX * QUESTION_TEXT_MAX);
	for (size_t i = 0; q->options[i] != NULL; i++) {
		if (strcmp(q->options[i], answer) == 0) {
			text_done(&all);
			return OK;
		}
		text_addf(&all, "%s'%.80s'", i == 0 ? "" : ", ", q->options[i]);
	}
	st = err_set(err, E_INPUT, "'%.80s' is none of the answers that were asked for: %s", answer,
	             text_string(&all));
	text_done(&all);
	return st;
}

enum status question_answer(struct db *db, int64_t now_ms, const struct question_reply *reply,
                            struct arena *a, struct question *out, struct err *err)
{
	const char *id = reply->id, *answer = reply->answer;
	bool ended = false;
	enum status st = question_look(db, now_ms, id, a, out, err);

	if (st != OK)
		return st;
	if (strcmp(out->state, "open") != 0)
		return err_set(err, E_DENIED, "the question '%s' is not open any more: %s", id,
		               out->state);
	if ((st = check_answer(out, answer, err)) != OK)
		return st;
	out->state = !out->approval                   ? "answered"
	             : strcmp(answer, "approve") == 0 ? "approved"
	                                              : "denied";
	out->answer = text_dup(a, answer);
	out->responder = text_dup(a, reply->responder);
	out->ended_ms = now_ms;
	if (arena_failed(a))
		return err_nomem(err, "an answer");
	if ((st = end(db, now_ms, out, &ended, err)) == OK && !ended)
		st = err_set(err, E_DENIED, "somebody else just answered the question '%s'", id);
	return st;
}

enum status question_open(struct db *db, int64_t now_ms, struct arena *a, struct question **out,
                          size_t *n, struct err *err)
{
	struct question_row *rows = NULL;
	size_t n_rows = 0;
	enum status st = question_list(db, false, a, &rows, &n_rows, err);

	if (st != OK)
		return st;
	if ((*out = arena_take(a, (n_rows + 1) * sizeof **out)) == NULL)
		return err_nomem(err, "the questions");
	*n = 0;
	for (size_t i = 0; st == OK && i < n_rows; i++) {
		st = from_row(&rows[i], now_ms, a, &(*out)[*n], err);
		*n += strcmp((*out)[*n].state, "open") == 0;
	}
	return st;
}

static void put_time(struct json_build *b, cJSON *o, const char *key, int64_t ms)
{
	char time[CLOCK_TEXT_SIZE];

	if (ms == 0)
		return;
	clock_text(ms, time);
	json_put_text(b, o, key, time);
}

cJSON *question_json(struct json_build *b, const struct question *q)
{
	cJSON *o = json_object(b), *list;

	json_put_text(b, o, "questionId", q->id);
	json_put_text(b, o, "state", q->state);
	json_put_text(b, o, "answer", q->answer);
	json_put_text(b, o, "responder", q->responder);
	json_put_text(b, o, "agent", q->agent);
	json_put_text(b, o, "runId", q->run);
	json_put_text(b, o, "taskId", q->task);
	json_put_text(b, o, "question", q->text);
	if (q->options != NULL && q->options[0] != NULL) {
		list = json_put_array(b, o, "options");
		for (size_t i = 0; q->options[i] != NULL; i++)
			json_add_text(b, list, q->options[i]);
	}
	put_time(b, o, "askedAt", q->made_ms);
	put_time(b, o, "until", q->until_ms);
	put_time(b, o, "endedAt", q->ended_ms);
	return o;
}
