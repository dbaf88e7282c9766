/* forget.c - the tool that ends memories. */
#include <string.h>

#include "base/text.h"
#include "handlers/ask.h"
#include "handlers/memory_json.h"
#include "handlers/tools.h"

struct forget_in {
	const cJSON *ids;
	const char *query;
	bool purge, confirm;
};

static const struct arg forget_args[] = {
	{ "ids", ARG_TEXTS, 0, offsetof(struct forget_in, ids), 0, 0, NULL, NULL },
	{ "query", ARG_TEXT, 0, offsetof(struct forget_in, query), 0, 0, NULL, NULL },
	{ "confirm", ARG_FLAG, 0, offsetof(struct forget_in, confirm), 0, 0, "For query and purge",
	  NULL },
	{ "purge", ARG_FLAG, 0, offsetof(struct forget_in, purge), 0, 0, NULL, NULL },
	{ 0 },
};

#define SHOWN     5   /* texts of a question */
#define TEXT_PART 120 /* bytes of each */

/* The ids of a question that is answered by a call of its own: state has them, one after another.
 */
static enum status ids_back(struct call *call, struct memory_forget *what)
{
	char *state = text_dup(call->arena, call->state), *rest = NULL;
	size_t n = 1;
	const char **ids;

	for (const char *at = call->state; *at != '\0'; at++)
		n += *at == ' ';
	ids = arena_take(call->arena, n * sizeof *ids);
	if (state == NULL || ids == NULL)
		return err_nomem(&call->err, "the question");
	what->n_ids = 0;
	what->text = NULL;
	for (char *id = strtok_r(state, " ", &rest); id != NULL; id = strtok_r(NULL, " ", &rest))
		ids[what->n_ids++] = id;
	what->ids = ids;
	return OK;
}

static void put_part(struct text *t, const char *memory)
{
	size_t n = strlen(memory), part = text_utf8_cut(memory, n, TEXT_PART);

	text_addf(t, "\n- %.*s%s", (int)part, memory, part < n ? "..." : "");
}

/* What is deleted when the person agrees is what was shown, whatever came meanwhile. */
static enum status ask_purge(struct call *call, const struct memory_forgotten *gone)
{
	struct text words, ids;
	const char *question;
	enum status st;

	text_init(&words, (size_t)16 << 10);
	text_init(&ids, (size_t)1 << 20);
	text_addf(&words, "Delete %zu memor%s for good? History will not have %s either.", gone->n,
	          gone->n == 1 ? "y" : "ies", gone->n == 1 ? "it" : "them");
	for (size_t i = 0; i < gone->n; i++) {
		text_addf(&ids, "%s%s", i == 0 ? "" : " ", gone->hits[i].id);
		if (i < SHOWN)
			put_part(&words, gone->hits[i].text);
	}
	if (gone->n > SHOWN)
		text_addf(&words, "\n- and %zu more", gone->n - SHOWN);
	question = text_copy(&words, call->arena);
	call->state = text_copy(&ids, call->arena);
	st = question == NULL || call->state == NULL ? err_nomem(&call->err, "the question")
	                                             : ask_yes(call, question);
	text_done(&words);
	text_done(&ids);
	return st;
}

/* Ask the person before a purge, if there is one to ask. */
static enum status agreed(struct call *call, struct memory_forget *what)
{
	struct memory_forgotten gone;
	enum status st = OK;

	if (!what->purge || what->confirm || (call->can_ask & CALL_ASK_FORM) == 0)
		return OK;
	if (call->state != NULL)
		st = ids_back(call, what);
	if (st == OK)
		st =
		    memory_forget(call->project, &call->stop, what, call->arena, &gone, &call->err);
	if (st != OK || gone.n == 0)
		return st;
	st = ask_purge(call, &gone);
	what->confirm = st == OK;
	return st;
}

static enum status forget_run(struct call *call, const void *in, cJSON **result)
{
	const struct forget_in *want = in;
	struct memory_forget what = { .text = want->query,
		                      .purge = want->purge,
		                      .confirm = want->confirm };
	struct memory_forgotten gone;
	struct json_build b = { 0 };
	cJSON *answer, *list;
	const char *key;
	enum status st;

	if ((st = memory_json_texts(call, want->ids, &what.ids, &what.n_ids)) != OK)
		return st;
	if ((what.n_ids > 0) == (what.text != NULL))
		return err_set(&call->err, E_INPUT, "give either 'ids' or 'query'");
	if ((st = agreed(call, &what)) != OK)
		return st;
	st = memory_forget(call->project, &call->stop, &what, call->arena, &gone, &call->err);
	if (st != OK)
		return st;
	key = !gone.done ? "wouldForget" : what.purge ? "purged" : "expired";
	answer = json_object(&b);
	list = json_put_array(&b, answer, key);
	for (size_t i = 0; i < gone.n; i++) {
		cJSON *o = json_add_object(&b, list);

		json_put_text(&b, o, "id", gone.hits[i].id);
		json_put_text(&b, o, "text", gone.hits[i].text);
	}
	if (!gone.done)
		json_put_text(&b, answer, "next",
		              "nothing was forgotten; call again with confirm: true");
	return json_built(&b, answer, result, &call->err);
}

const struct tool tool_forget = {
	.name = "forget",
	.title = "Forget",
	.about = "Hide memories that are wrong or outdated (history keeps them), or delete them.",
	.args = forget_args,
	.in_size = sizeof(struct forget_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES | TOOL_DESTROYS,
	.run = forget_run,
};
