/* plan_goal.c - a goal becomes a plan: by an agent, by the host's model, else by a template. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/ground.h"
#include "domain/plan/planner.h"
#include "domain/project.h"
#include "handlers/plan_source.h"

#define KEY        "plan"
#define TOKENS_MAX 16000
#define NONE       "none"

/* Ask the host's model; the number of the round is what must survive. */
static enum status ask(struct call *call, const char *words, int round)
{
	struct json_build b = { 0 };
	cJSON *root = json_object(&b), *one, *params, *message, *content, *asks = NULL;
	enum status st;

	one = json_put_object(&b, root, KEY);
	json_put_text(&b, one, "method", "sampling/createMessage");
	params = json_put_object(&b, one, "params");
	message = json_add_object(&b, json_put_array(&b, params, "messages"));
	json_put_text(&b, message, "role", "user");
	content = json_put_object(&b, message, "content");
	json_put_text(&b, content, "type", "text");
	json_put_text(&b, content, "text", words);
	json_put_int(&b, params, "maxTokens", TOKENS_MAX);
	if (words == NULL) {
		cJSON_Delete(root);
		return err_nomem(&call->err, "a question");
	}
	if ((st = json_built(&b, root, &asks, &call->err)) != OK)
		return st;
	call->asks = asks;
	call->state = text_printf(call->arena, "round %d", round);
	return call->state == NULL ? err_nomem(&call->err, "a question") : E_WAIT;
}

/* What the model said; NULL when the host or its person turned away. */
static const char *said(const cJSON *answer)
{
	const cJSON *content = json_get(answer, "content"), *block;

	if (cJSON_IsArray(content))
		cJSON_ArrayForEach(block, content) {
			if (json_text(block, "text") != NULL)
				return json_text(block, "text");
		}
	return json_text(content, "text");
}

static int round_of(const struct call *call)
{
	if (call->state == NULL || strncmp(call->state, "round ", 6) != 0)
		return 0;
	return (int)strtol(call->state + 6, NULL, 10);
}

/* E_ABSENT: it turned away, or its last answer still had errors; *why says which. */
static enum status by_host(struct call *call, const char *goal, const struct plan_options *options,
                           struct plan **out, const char **why)
{
	const char *answer, *wrong = NULL;
	int round = round_of(call);
	struct err err = { OK, "" };
	enum status st;

	if (call->answers == NULL || json_get(call->answers, KEY) == NULL)
		return ask(call, planner_ask(call->arena, goal), 0);
	if ((answer = said(json_get(call->answers, KEY))) == NULL) {
		*why = "the host's model did not answer";
		return E_ABSENT;
	}
	st = planner_read(answer, options, call->arena, out, &wrong, &err);
	if (st == E_INPUT && round < PLANNER_REPAIRS)
		return ask(call, planner_ask_again(call->arena, goal, answer, wrong), round + 1);
	if (st == E_INPUT) {
		*why = text_printf(call->arena, "the plan of the host's model has errors: %.300s",
		                   wrong);
		return *why == NULL ? err_nomem(&call->err, "a plan") : E_ABSENT;
	}
	if (st != OK)
		call->err = err;
	return st;
}

enum status plan_by_goal(struct call *call, const struct plan_wish *wish, struct plan **out)
{
	struct plan_options options = *wish->options;
	struct plan_ground ground;
	enum status st;

	if (wish->agent != NULL && strcmp(wish->agent, NONE) != 0) {
		const struct planner_want want = { wish->agent, wish->goal, &options, &call->stop,
			                           &call->bell };

		return planner_run(call->project, &want, call->arena, out, &call->err);
	}
	if (wish->agent == NULL && (call->can_ask & CALL_ASK_SAMPLE) != 0) {
		st = by_host(call, wish->goal, &options, out, &options.instead);
		if (st != E_ABSENT)
			return st;
	}
	if ((st = ground_look(call->project, call->arena, &ground, &call->err)) != OK)
		return st;
	options.ground = &ground;
	return plan_from_goal(wish->goal, &options, call->arena, out, &call->err);
}
