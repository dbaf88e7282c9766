/* remember.c - the tool that stores memories. */
#include "base/clock.h"
#include "domain/mailbox.h"
#include "domain/memory/json.h"
#include "handlers/mail.h"
#include "handlers/memory_json.h"
#include "handlers/tools.h"

struct item_in {
	const char *text, *entity, *entity_type, *kind, *scope, *session, *author;
	const char *valid_from, *valid_to, *supersedes, *origin;
	const cJSON *relations;
	double importance;
};

struct remember_in {
	struct item_in item; /* the memory itself, or what all of `memories` share */
	const cJSON *memories;
};

#define AT(member) offsetof(struct item_in, member)

/* Lengths are checked by the domain, in words; here they would only make the list longer. */
#define ITEM_ARGS                                                                                  \
	{ "entity", ARG_TEXT, 0, AT(entity), 0, 0, NULL, NULL },                                   \
	    { "entityType", ARG_TEXT, 0, AT(entity_type), 0, 0, NULL, NULL },                      \
	    { "kind", ARG_TEXT, 0, AT(kind), 0, 0, "fact, decision, procedure, ...", NULL },       \
	    { "scope", ARG_TEXT, 0, AT(scope), 0, 0, "project, team, global, agent:NAME", NULL },  \
	    { "session", ARG_TEXT, 0, AT(session), 0, 0, NULL, NULL },                             \
	    { "author", ARG_TEXT, 0, AT(author), 0, 0, NULL, NULL },                               \
	    { "relations", ARG_LIST, 0, AT(relations), 0, 0, "[{type, to}]", NULL },               \
	    { "validFrom", ARG_TEXT, 0, AT(valid_from), 0, 0, NULL, NULL },                        \
	    { "validTo", ARG_TEXT, 0, AT(valid_to), 0, 0, NULL, NULL },                            \
	    { "supersedes", ARG_TEXT, 0, AT(supersedes), 0, 0, NULL, NULL },                       \
	    { "importance", ARG_NUMBER, 0, AT(importance), 0, 1, NULL, NULL },                     \
	{                                                                                          \
		"origin", ARG_CHOICE, 0, AT(origin), 0, 0, NULL, "user|agent|tool|web"             \
	}

static const struct arg item_args[] = {
	{ "text", ARG_TEXT, 1, AT(text), 0, 0, NULL, NULL },
	ITEM_ARGS,
	{ 0 },
};

static const struct arg remember_args[] = {
	{ "memories", ARG_LIST, 0, offsetof(struct remember_in, memories), 0, 0,
	  "Several: {text, ...}", NULL },
	{ "text", ARG_TEXT, 0, AT(text), 0, 0, NULL, NULL },
	ITEM_ARGS,
	{ 0 },
};

struct relation_in {
	const char *type, *to;
};

static const struct arg relation_args[] = {
	{ "type", ARG_TEXT, 1, offsetof(struct relation_in, type), 1, MEMORY_NAME_MAX, NULL, NULL },
	{ "to", ARG_TEXT, 1, offsetof(struct relation_in, to), 1, MEMORY_NAME_MAX, NULL, NULL },
	{ 0 },
};

static enum status read_relations(struct call *call, const cJSON *list, struct memory_item *item)
{
	struct memory_relation *relations;
	const cJSON *one;
	enum status st;

	if (list == NULL || cJSON_GetArraySize(list) == 0)
		return OK;
	relations = arena_take(call->arena, (size_t)cJSON_GetArraySize(list) * sizeof *relations);
	if (relations == NULL)
		return err_nomem(&call->err, "relations");
	cJSON_ArrayForEach(one, list) {
		struct relation_in in = { 0 };

		if ((st = arg_read(relation_args, one, &in, &call->err)) != OK)
			return st;
		relations[item->n_relations++] =
		    (struct memory_relation){ .type = in.type, .to = in.to };
	}
	item->relations = relations;
	return OK;
}

/* What the memory does not say itself the call says for all. */
static const char *either(const char *own, const char *all)
{
	return own != NULL ? own : all;
}

static enum status read_item(struct call *call, const struct item_in *own,
                             const struct item_in *all, struct memory_item *item)
{
	enum status st;

	*item = (struct memory_item){
		.text = either(own->text, all->text),
		.entity = either(own->entity, all->entity),
		.entity_type = either(own->entity_type, all->entity_type),
		.kind = either(own->kind, all->kind),
		.scope = either(own->scope, all->scope),
		.session = either(own->session, all->session),
		.author = either(own->author, all->author),
		.supersedes = either(own->supersedes, all->supersedes),
		.origin = either(own->origin, all->origin),
		.importance = own->importance > 0 ? own->importance : all->importance,
	};
	st = memory_json_time("validFrom", either(own->valid_from, all->valid_from),
	                      &item->valid_from, &call->err);
	if (st == OK)
		st = memory_json_time("validTo", either(own->valid_to, all->valid_to),
		                      &item->valid_to, &call->err);
	return st == OK ? read_relations(
			      call, own->relations != NULL ? own->relations : all->relations, item)
	                : st;
}

static enum status read_items(struct call *call, const struct remember_in *want,
                              struct memory_item **items, size_t *n)
{
	const cJSON *one;
	enum status st;
	size_t most = want->memories == NULL ? 1 : (size_t)cJSON_GetArraySize(want->memories);

	if ((want->memories == NULL) == (want->item.text == NULL))
		return err_set(&call->err, E_INPUT,
		               "give either 'text' for one memory or 'memories' for several");
	if ((*items = arena_take(call->arena, most * sizeof **items)) == NULL)
		return err_nomem(&call->err, "what to remember");
	*n = 0;
	if (want->memories == NULL)
		return read_item(call, &want->item, &want->item, &(*items)[(*n)++]);
	cJSON_ArrayForEach(one, want->memories) {
		struct item_in in = { 0 };

		if ((st = arg_read(item_args, one, &in, &call->err)) != OK ||
		    (st = read_item(call, &in, &want->item, &(*items)[*n])) != OK)
			return st;
		++*n;
	}
	return OK;
}

/* Inside an agent that may not write: whoever started it remembers. */
static enum status post(struct call *call, const char *mail, const struct memory_item *items,
                        size_t n, cJSON **result)
{
	struct json_build b = { 0 };
	cJSON *what = json_object(&b), *list = json_put_array(&b, what, "memories"), *said = NULL;
	enum status st;

	mail_put_author(&b, what, NULL);
	for (size_t i = 0; i < n; i++)
		json_add(&b, list, memory_item_json(&b, &items[i]));
	if ((st = mail_send(call, mail, "remember", &b, what, &said)) != OK)
		return st;
	*result = cJSON_DetachItemFromObjectCaseSensitive(said, "result");
	cJSON_Delete(said);
	return *result == NULL ? err_set(&call->err, E_IO, "the answer is not whole") : OK;
}

static enum status remember_run(struct call *call, const void *in, cJSON **result)
{
	struct memory_item *items = NULL;
	const char *mail = mailbox_needed(call->project, call->arena);
	struct memory_stored *stored;
	struct json_build b = { 0 };
	size_t n = 0;
	enum status st = read_items(call, in, &items, &n);

	if (st != OK)
		return st;
	if (mail != NULL)
		return post(call, mail, items, n, result);
	if ((stored = arena_take(call->arena, n * sizeof *stored)) == NULL)
		return err_nomem(&call->err, "what to remember");
	st = memory_remember(call->project, &call->stop, &(struct memory_batch){ items, n, stored },
	                     call->arena, &call->err);
	return st == OK ? json_built(&b, memory_stored_json(&b, stored, n), result, &call->err)
	                : st;
}

const struct tool tool_remember = {
	.name = "remember",
	.title = "Remember",
	.about = "Keep facts, decisions and lessons for later sessions and other agents. similar: "
		 "ids that say nearly the same.",
	.args = remember_args,
	.in_size = sizeof(struct remember_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES,
	.run = remember_run,
};
