/* forget.c - the tool that ends memories. */
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
