#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan.h"
#include "domain/plan/learn.h"
#include "domain/project.h"
#include "domain/witness.h"
#include "handlers/link.h"
#include "handlers/plan_source.h"
#include "handlers/tools.h"

#define LINK_PREFIX "gadugi://plans/"

struct decompose_in {
	const char *goal, *document, *path, *plan, *format, *tag, *cursor, *agent;
	const cJSON *save;
	long workers, depth;
};

/* Few words: every one of them is sent to every model at every start. */
static const struct arg decompose_args[] = {
	{ "document", ARG_TEXT, 0, offsetof(struct decompose_in, document), 1, PLAN_BYTES_MAX,
	  "Text of a plan.", NULL },
	{ "path", ARG_TEXT, 0, offsetof(struct decompose_in, path), 1, 4096, "Or its file.", NULL },
	{ "goal", ARG_TEXT, 0, offsetof(struct decompose_in, goal), 1, 4096,
	  "Or one line; gives a draft.", NULL },
	{ "agent", ARG_TEXT, 0, offsetof(struct decompose_in, agent), 1, 100, NULL, NULL },
	{ "plan", ARG_TEXT, 0, offsetof(struct decompose_in, plan), 1, 100, "Or a planId.", NULL },
	{ "workers", ARG_COUNT, 0, offsetof(struct decompose_in, workers), 1, PLAN_WORKERS_MAX,
	  NULL, NULL },
	{ "format", ARG_CHOICE, 0, offsetof(struct decompose_in, format), 0, 0, NULL,
	  "json|table|markdown|mermaid" },
	{ "save", ARG_SWITCH, 0, offsetof(struct decompose_in, save), 0, 0, NULL, NULL },
	{ "tag", ARG_TEXT, 0, offsetof(struct decompose_in, tag), 1, 200, NULL, NULL },
	{ "depth", ARG_COUNT, 0, offsetof(struct decompose_in, depth), 1, 2, NULL, NULL },
	{ "cursor", ARG_TEXT, 0, offsetof(struct decompose_in, cursor), 1, 20, NULL, NULL },
	{ 0 },
};

static enum status plan_from(struct call *call, const struct decompose_in *in,
                             struct plan_options *options, struct plan **out)
{
	const char *recipe = NULL;

	if (in->plan != NULL)
		return plan_load(call->project, in->plan, options, &call->stop, call->arena, out,
		                 &call->err);
	if (in->path != NULL && plan_is_recipes(call, in->path, &recipe))
		return plan_from_recipes(call, recipe, options, out);
	if (in->path != NULL)
		return plan_read_file(call->project, in->path, options, call->arena, out,
		                      &call->err);
	options->origin = in->goal != NULL ? "goal" : "text";
	if (in->goal != NULL) {
		const struct plan_wish wish = { in->goal, in->agent, options };

		return plan_by_goal(call, &wish, out);
	}
	return plan_read(in->document, strlen(in->document), options, call->arena, out, &call->err);
}

/* A cursor asks for more of what was saved the first time. */
static bool keeps(const struct decompose_in *in)
{
	return in->plan == NULL && in->cursor == NULL &&
	       (in->save == NULL || cJSON_IsTrue(in->save));
}

/* What is known beside the document: what tasks took in earlier runs, and, where `made` (NULL: not
 * yet made) names none, which files they will touch by the history. */
static enum status beside(struct call *call, const struct decompose_in *in, const struct plan *made,
                          struct plan_options *options)
{
	struct learned *learned = NULL;
	enum status st = learn_open(call->project, &call->stop, call->arena, &learned, &call->err);

	if (st == OK)
		st = learn_options(learned, call->arena, options, &call->err);
	if (st == OK && (made == NULL || plan_lacks_files(made)))
		st = witness_open(call->project, keeps(in), &call->stop, &options->witness,
		                  &call->err);
	return st;
}

static enum status sources_check(struct call *call, const struct decompose_in *in)
{
	int n =
	    (in->goal != NULL) + (in->document != NULL) + (in->path != NULL) + (in->plan != NULL);

	if (n != 1)
		return err_set(&call->err, E_INPUT,
		               "give one of 'document', 'path', 'goal' and 'plan'; %s was given",
		               n == 0 ? "none" : "more than one");
	if (in->agent != NULL && in->goal == NULL)
		return err_set(&call->err, E_INPUT,
		               "'agent' plans a 'goal'; a document is a plan already");
	return OK;
}

static enum status plan_make(struct call *call, const struct decompose_in *in, struct plan **out)
{
	struct plan_options options = { .workers = (size_t)in->workers,
		                        .origin = in->path,
		                        .tag = in->tag,
		                        .deep = in->depth > 1 };
	enum status st = sources_check(call, in);

	/* a document is read to see what it does not say itself; a goal says nothing */
	if (st == OK && in->goal == NULL)
		st = plan_from(call, in, &options, out);
	if (st == OK)
		st = beside(call, in, in->goal == NULL ? *out : NULL, &options);
	if (st == OK && (in->goal != NULL || options.learned != NULL || options.n_factors > 0 ||
	                 options.witness != NULL))
		st = plan_from(call, in, &options, out);
	witness_free(options.witness);
	return st;
}

/* The plan in another form beside the facts; NULL for json. */
static const char *rendered(struct call *call, const struct plan *p, const char *format)
{
	if (format == NULL || strcmp(format, "json") == 0)
		return NULL;
	if (strcmp(format, "markdown") == 0)
		return plan_markdown(p, call->arena);
	if (strcmp(format, "mermaid") == 0)
		return plan_mermaid(p, call->arena);
	return plan_table(p, false, 0, call->arena);
}

/* Where to go on in the list of tasks. */
static enum status place(struct call *call, const char *cursor, size_t n_tasks, size_t *out)
{
	char *end = NULL;
	unsigned long at = 0;

	*out = 0;
	if (cursor == NULL)
		return OK;
	at = strtoul(cursor, &end, 10);
	if (*end != '\0' || cursor[0] < '0' || cursor[0] > '9' || at > n_tasks)
		return err_set(
		    &call->err, E_INPUT,
		    "'%.30s' is no cursor; give the nextCursor of the answer before, with the "
		    "planId as 'plan'",
		    cursor);
	*out = at;
	return OK;
}

static size_t printed(const cJSON *value)
{
	char *text = json_print(value);
	size_t n = text == NULL ? 0 : strlen(text);

	cJSON_free(text);
	return n;
}

/* Take elements off the end of a list until it has no more than most bytes. */
static void shorten(cJSON *list, size_t most)
{
	size_t used = 0;
	int keep = 0, n = cJSON_GetArraySize(list);
	const cJSON *v;

	cJSON_ArrayForEach(v, list) {
		used += printed(v) + 1;
		if (used > most)
			break;
		keep++;
	}
	while (n > keep)
		cJSON_DeleteItemFromArray(list, --n);
}

/* The tasks from `from` on for which there is room; returns the first that is left out. */
static size_t tasks_cut(struct json_build *b, cJSON *answer, size_t from, size_t most)
{
	cJSON *all = cJSON_DetachItemFromObjectCaseSensitive(answer, "tasks"), *shown;
	size_t used = printed(answer), at = from;

	shown = json_put_array(b, answer, "tasks");
	while (cJSON_GetArraySize(all) > (int)from) {
		cJSON *one = cJSON_DetachItemFromArray(all, (int)from);

		used += printed(one) + 1;
		if (used > most && at > from) {
			cJSON_Delete(one);
			break;
		}
		json_add(b, shown, one);
		at++;
	}
	cJSON_Delete(all);
	return at;
}

/*
 * Too long for the caller: figures, the weightiest findings, and so many tasks as there is
 * room for, with the way to the rest. Later pages hold tasks only.
 */
static void head_make(struct call *call, struct json_build *b, cJSON *answer, const struct plan *p,
                      const char *id, size_t from)
{
	static const struct {
		const char *key;
		size_t tenths; /* of the answer */
	} shares[] = { { "findings", 2 }, { "advice", 1 }, { "gates", 1 } };
	const size_t most = call->answer_max;
	cJSON *path = cJSON_GetObjectItemCaseSensitive(answer, "criticalPath"), *counts;
	size_t next;

	cJSON_DeleteItemFromObjectCaseSensitive(answer, "edges");
	cJSON_DeleteItemFromObjectCaseSensitive(answer, "batches");
	shorten(cJSON_GetObjectItemCaseSensitive(path, "tasks"), from > 0 ? 0 : most / 10);
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		shorten(cJSON_GetObjectItemCaseSensitive(answer, shares[i].key),
		        from > 0 ? 0 : most * shares[i].tenths / 10);
	counts = json_put_object(b, answer, "counts");
	json_put_int(b, counts, "tasks", (int64_t)p->n_tasks);
	json_put_int(b, counts, "edges", (int64_t)p->n_edges);
	json_put_int(b, counts, "findings", (int64_t)p->n_findings);
	if (id != NULL)
		link_put(b, answer, text_printf(call->arena, LINK_PREFIX "%s", id),
		         "the whole plan", "application/json");
	next = tasks_cut(b, answer, from, most - (most < 400 ? 0 : 200));
	if (next < p->n_tasks)
		json_put_text(b, answer, "nextCursor", text_printf(call->arena, "%zu", next));
}

/* The answer, whole where the caller can take it. */
static enum status pack(struct call *call, const struct decompose_in *in, const struct plan *p,
                        const char *id, cJSON **result)
{
	struct json_build b = { false };
	cJSON *answer = json_object(&b), *whole = plan_json(&b, p);
	const char *text = rendered(call, p, in->format);
	size_t from = 0;
	enum status st = place(call, in->cursor, p->n_tasks, &from);

	json_put_text(&b, answer, "planId", id); /* first: it is what the next call needs */
	while (whole != NULL && whole->child != NULL) {
		cJSON *one = cJSON_DetachItemViaPointer(whole, whole->child);

		json_put(&b, answer, one->string, one);
	}
	cJSON_Delete(whole);
	if (st != OK) {
		cJSON_Delete(answer);
		return st;
	}
	if (!b.failed &&
	    (from > 0 || printed(answer) + (text == NULL ? 0 : strlen(text)) > call->answer_max)) {
		/* the other form is what was asked for: it stays if it fits */
		if (text != NULL && strlen(text) > call->answer_max / 2)
			text = text_printf(
			    call->arena, "%.*s",
			    (int)text_utf8_cut(text, strlen(text), call->answer_max / 2), text);
		head_make(call, &b, answer, p, id, from);
	}
	json_put_text(&b, answer, "text", text);
	return json_built(&b, answer, result, &call->err);
}

static enum status decompose_run(struct call *call, const void *args, cJSON **result)
{
	const struct decompose_in *in = args;
	bool save = keeps(in);
	const char *id = in->plan;
	struct plan *p = NULL;
	cJSON *answer = NULL;
	enum status st = plan_make(call, in, &p);

	assert(st != OK || p != NULL);
	if (st == OK && save && (id = plan_new_id(call->project, call->arena)) == NULL)
		st = err_nomem(&call->err, "a plan");
	/* nothing is kept that cannot be answered for, and nothing answered that is not kept */
	if (st == OK)
		st = pack(call, in, p, id, &answer);
	if (st == OK && save)
		st = plan_save(call->project, &call->stop, p, id, &call->err);
	if (st == OK)
		*result = answer;
	else
		cJSON_Delete(answer);
	return st;
}

const struct tool tool_decompose = {
	.name = "decompose",
	.title = "Decompose a plan",
	.about = "Turn a plan or a goal into tasks, edges, critical path and speedup ceiling, and "
		 "say what is wrong with it.",
	.args = decompose_args,
	.in_size = sizeof(struct decompose_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES | TOOL_SPAWNS,
	.run = decompose_run,
};
