/* compat.c - the tools of server-memory: their arguments and answers, over the domain's graph. */
#include "handlers/compat.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/memory/knowledge.h"
#include "handlers/resources.h"

#define TAKE_OVER_MAX ((size_t)512 << 20) /* bytes that taking over a file may need */

/* The graph as other arguments hold it: one list, read by hand as leniently as that server does. */
struct list_in {
	const cJSON *list;
};

struct query_in {
	const char *query;
};

#define LIST(name)                                                                                 \
	{                                                                                          \
		{ name, ARG_LIST, 1, offsetof(struct list_in, list), 0, 0, NULL, NULL },           \
		    { "*", ARG_REST, 0, 0, 0, 0, NULL, NULL },                                     \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define TEXTS(name)                                                                                \
	{                                                                                          \
		{ name, ARG_TEXTS, 1, offsetof(struct list_in, list), 0, 0, NULL, NULL },          \
		    { "*", ARG_REST, 0, 0, 0, 0, NULL, NULL },                                     \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

static const struct arg entities_args[] = LIST("entities");
static const struct arg relations_args[] = LIST("relations");
static const struct arg observations_args[] = LIST("observations");
static const struct arg deletions_args[] = LIST("deletions");
static const struct arg entity_names_args[] = TEXTS("entityNames");
static const struct arg names_args[] = TEXTS("names");
static const struct arg query_args[] = {
	{ "query", ARG_TEXT, 1, offsetof(struct query_in, query), 0, 0, NULL, NULL },
	{ "*", ARG_REST, 0, 0, 0, 0, NULL, NULL },
	{ 0 },
};
static const struct arg no_args[] = {
	{ "*", ARG_REST, 0, 0, 0, 0, NULL, NULL },
	{ 0 },
};

static struct knowledge_call domain_call(struct call *call)
{
	return (struct knowledge_call){ call->project, &call->stop, call->arena, &call->err };
}

/* A text of an element; *st says what is wrong when it is none. */
static const char *need(struct call *call, const cJSON *list, const cJSON *one, const char *key,
                        enum status *st)
{
	const char *text = json_text(one, key);
	int at = 0;

	if (text != NULL || *st != OK)
		return text;
	for (const cJSON *i = list->child; i != one; i = i->next)
		at++;
	*st = err_set(&call->err, E_INPUT, "'%s[%d].%s' is missing or not a string", list->string,
	              at, key);
	return NULL;
}

static enum status texts(struct call *call, const cJSON *array, const char *key,
                         const char *const **out, size_t *n)
{
	const char **at;
	const cJSON *one;

	if (!cJSON_IsArray(array))
		return err_set(&call->err, E_INPUT, "'%s' is missing or not an array", key);
	at = arena_take(call->arena, ((size_t)cJSON_GetArraySize(array) + 1) * sizeof *at);
	if (at == NULL)
		return err_nomem(&call->err, "the arguments");
	*n = 0;
	cJSON_ArrayForEach(one, array) {
		if (!cJSON_IsString(one))
			return err_set(&call->err, E_INPUT,
			               "'%s' holds something else than strings", key);
		at[(*n)++] = one->valuestring;
	}
	*out = at;
	return OK;
}

/* How an element of a list names its parts; NULL: it has no such part. */
struct shape {
	const char *name, *type, *texts;
};

static enum status read_entities(struct call *call, const cJSON *list, const struct shape *shape,
                                 struct knowledge_entity **out, size_t *n)
{
	struct knowledge_entity *e =
	    arena_take(call->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *e);
	const cJSON *one;
	enum status st = OK;

	if (e == NULL)
		return err_nomem(&call->err, "the arguments");
	*n = 0;
	cJSON_ArrayForEach(one, list) {
		struct knowledge_entity *to = &e[(*n)++];

		to->name = need(call, list, one, shape->name, &st);
		if (shape->type != NULL)
			to->type = need(call, list, one, shape->type, &st);
		if (st == OK)
			st = texts(call, json_get(one, shape->texts), shape->texts,
			           &to->observations, &to->n);
		if (st != OK)
			return st;
	}
	*out = e;
	return OK;
}

static enum status read_relations(struct call *call, const cJSON *list,
                                  struct knowledge_relation **out, size_t *n)
{
	struct knowledge_relation *r =
	    arena_take(call->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *r);
	const cJSON *one;
	enum status st = OK;

	if (r == NULL)
		return err_nomem(&call->err, "the arguments");
	*n = 0;
	cJSON_ArrayForEach(one, list) {
		struct knowledge_relation *to = &r[(*n)++];

		to->from = need(call, list, one, "from", &st);
		to->to = need(call, list, one, "to", &st);
		to->type = need(call, list, one, "relationType", &st);
		if (st != OK)
			return st;
	}
	*out = r;
	return OK;
}

static void put_entity(struct json_build *b, cJSON *list, const struct knowledge_entity *e)
{
	cJSON *o = json_add_object(b, list), *said;

	json_put_text(b, o, "name", e->name);
	json_put_text(b, o, "entityType", e->type);
	said = json_put_array(b, o, "observations");
	for (size_t i = 0; i < e->n; i++)
		json_add_text(b, said, e->observations[i]);
}

static void put_relation(struct json_build *b, cJSON *list, const struct knowledge_relation *r)
{
	cJSON *o = json_add_object(b, list);

	json_put_text(b, o, "from", r->from);
	json_put_text(b, o, "to", r->to);
	json_put_text(b, o, "relationType", r->type);
}

/* The whole result: words for people, and the same as data. Both texts and data are taken. */
static enum status answer(struct call *call, const struct json_build *built, const char *words,
                          cJSON *data, cJSON **result)
{
	struct json_build b = *built;
	cJSON *root = json_object(&b), *block;

	block = json_add_object(&b, json_put_array(&b, root, "content"));
	json_put_text(&b, block, "type", "text");
	json_put_text(&b, block, "text", words);
	json_put(&b, root, "structuredContent", data);
	b.failed = b.failed || words == NULL;
	return json_built(&b, root, result, &call->err);
}

/* `{key: list}` as data, the list alone as words: so that server answers what it made. */
static enum status answer_list(struct call *call, struct json_build *b, const char *key,
                               cJSON *list, cJSON **result)
{
	cJSON *data = json_object(b);
	char *words = b->failed ? NULL : json_print(list);
	enum status st;

	json_put(b, data, key, list);
	st = answer(call, b, words, data, result);
	mem_free(words);
	return st;
}

static enum status answer_done(struct call *call, const char *words, cJSON **result)
{
	struct json_build b = { 0 };
	cJSON *data = json_object(&b);

	json_put_flag(&b, data, "success", true);
	json_put_text(&b, data, "message", words);
	return answer(call, &b, words, data, result);
}

static cJSON *graph_json(struct json_build *b, const struct knowledge *k)
{
	cJSON *data = json_object(b), *list = json_put_array(b, data, "entities");

	for (size_t i = 0; i < k->n_entities; i++)
		put_entity(b, list, &k->entities[i]);
	list = json_put_array(b, data, "relations");
	for (size_t i = 0; i < k->n_relations; i++)
		put_relation(b, list, &k->relations[i]);
	return data;
}

static enum status answer_graph(struct call *call, const struct knowledge_query *q, cJSON **result)
{
	const struct knowledge_call c = domain_call(call);
	struct json_build b = { 0 };
	struct knowledge k = { 0 };
	enum status st = knowledge_read(&c, q, &k);
	cJSON *data;
	char *words;

	if (st != OK)
		return st;
	data = graph_json(&b, &k);
	words = b.failed ? NULL : json_print(data);
	st = answer(call, &b, words, data, result);
	mem_free(words);
	return st;
}

static enum status create_entities(struct call *call, const void *in, cJSON **result)
{
	static const struct shape shape = { "name", "entityType", "observations" };
	const struct knowledge_call c = domain_call(call);
	const struct list_in *want = in;
	struct knowledge_entity *e = NULL;
	struct json_build b = { 0 };
	size_t n = 0;
	bool *done;
	cJSON *list;
	enum status st = read_entities(call, want->list, &shape, &e, &n);

	if (st != OK)
		return st;
	if ((done = arena_take(call->arena, n + 1)) == NULL)
		return err_nomem(&call->err, "entities");
	if ((st = knowledge_create(&c, e, n, done)) != OK)
		return st;
	list = json_array(&b);
	for (size_t i = 0; i < n; i++)
		if (done[i])
			put_entity(&b, list, &e[i]);
	return answer_list(call, &b, "entities", list, result);
}

static enum status create_relations(struct call *call, const void *in, cJSON **result)
{
	const struct knowledge_call c = domain_call(call);
	const struct list_in *want = in;
	struct knowledge_relation *r = NULL;
	struct json_build b = { 0 };
	size_t n = 0;
	bool *done;
	cJSON *list;
	enum status st = read_relations(call, want->list, &r, &n);

	if (st != OK)
		return st;
	if ((done = arena_take(call->arena, n + 1)) == NULL)
		return err_nomem(&call->err, "relations");
	if ((st = knowledge_relate(&c, r, n, done)) != OK)
		return st;
	list = json_array(&b);
	for (size_t i = 0; i < n; i++)
		if (done[i])
			put_relation(&b, list, &r[i]);
	return answer_list(call, &b, "relations", list, result);
}

static enum status add_observations(struct call *call, const void *in, cJSON **result)
{
	static const struct shape shape = { "entityName", NULL, "contents" };
	const struct knowledge_call c = domain_call(call);
	const struct list_in *want = in;
	struct knowledge_entity *e = NULL;
	struct json_build b = { 0 };
	size_t n = 0;
	cJSON *list;
	enum status st = read_entities(call, want->list, &shape, &e, &n);

	if (st != OK || (st = knowledge_observe(&c, e, n)) != OK)
		return st;
	list = json_array(&b);
	for (size_t i = 0; i < n; i++) {
		cJSON *o = json_add_object(&b, list), *added;

		json_put_text(&b, o, "entityName", e[i].name);
		added = json_put_array(&b, o, "addedObservations");
		for (size_t k = 0; k < e[i].n; k++)
			json_add_text(&b, added, e[i].observations[k]);
	}
	return answer_list(call, &b, "results", list, result);
}

static enum status delete_entities(struct call *call, const void *in, cJSON **result)
{
	const struct knowledge_call c = domain_call(call);
	const struct list_in *want = in;
	const char *const *names = NULL;
	size_t n = 0;
	enum status st = texts(call, want->list, "entityNames", &names, &n);

	if (st != OK || (st = knowledge_delete(&c, names, n)) != OK)
		return st;
	return answer_done(call, "Entities deleted successfully", result);
}

static enum status delete_observations(struct call *call, const void *in, cJSON **result)
{
	static const struct shape shape = { "entityName", NULL, "observations" };
	const struct knowledge_call c = domain_call(call);
	const struct list_in *want = in;
	struct knowledge_entity *e = NULL;
	size_t n = 0;
	enum status st = read_entities(call, want->list, &shape, &e, &n);

	if (st != OK || (st = knowledge_unsay(&c, e, n)) != OK)
		return st;
	return answer_done(call, "Observations deleted successfully", result);
}

static enum status delete_relations(struct call *call, const void *in, cJSON **result)
{
	const struct knowledge_call c = domain_call(call);
	const struct list_in *want = in;
	struct knowledge_relation *r = NULL;
	size_t n = 0;
	enum status st = read_relations(call, want->list, &r, &n);

	if (st != OK || (st = knowledge_unrelate(&c, r, n)) != OK)
		return st;
	return answer_done(call, "Relations deleted successfully", result);
}

static enum status read_graph(struct call *call, const void *in, cJSON **result)
{
	(void)in;
	return answer_graph(call, &(struct knowledge_query){ 0 }, result);
}

static enum status search_nodes(struct call *call, const void *in, cJSON **result)
{
	const struct query_in *want = in;

	return answer_graph(call, &(struct knowledge_query){ .text = want->query }, result);
}

static enum status open_nodes(struct call *call, const void *in, cJSON **result)
{
	const struct list_in *want = in;
	struct knowledge_query q = { 0 };
	enum status st = texts(call, want->list, "names", &q.names, &q.n_names);

	return st == OK ? answer_graph(call, &q, result) : st;
}

#define STRING  "{\"type\":\"string\"}"
#define STRINGS "{\"type\":\"array\",\"items\":" STRING "}"
#define OBJECT(members, required)                                                                  \
	"{\"type\":\"object\",\"properties\":{" members "},\"required\":[" required "]}"
#define LIST_OF(name, item)                                                                        \
	OBJECT("\"" name "\":{\"type\":\"array\",\"items\":" item "}", "\"" name "\"")
#define ENTITY                                                                                     \
	OBJECT("\"name\":" STRING ",\"entityType\":" STRING ",\"observations\":" STRINGS,          \
	       "\"name\",\"entityType\",\"observations\"")
#define RELATION                                                                                   \
	OBJECT("\"from\":" STRING ",\"to\":" STRING ",\"relationType\":" STRING,                   \
	       "\"from\",\"to\",\"relationType\"")
#define SAID(key)                                                                                  \
	OBJECT("\"entityName\":" STRING ",\"" key "\":" STRINGS, "\"entityName\",\"" key "\"")
#define GRAPH                                                                                      \
	OBJECT("\"entities\":{\"type\":\"array\",\"items\":" ENTITY "},"                           \
	       "\"relations\":{\"type\":\"array\",\"items\":" RELATION "}",                        \
	       "\"entities\",\"relations\"")
#define DONE                                                                                       \
	OBJECT("\"success\":{\"type\":\"boolean\"},\"message\":" STRING, "\"success\","            \
	                                                                 "\"message\"")

#define ADDS    (TOOL_WRITES | TOOL_RAW)
#define DELETES (TOOL_WRITES | TOOL_DESTROYS | TOOL_IDEMPOTENT | TOOL_RAW)
#define READS   (TOOL_READS | TOOL_IDEMPOTENT | TOOL_RAW)
#define TOOL(function, words, said, table, in, takes, gives, how)                                  \
	{                                                                                          \
		.name = #function, .title = (words), .about = (said), .args = (table),             \
		.in_size = sizeof(struct in), .schema = (takes), .result = (gives),                \
		.flags = (how), .run = (function)                                                  \
	}

static const struct tool tools[] = {
	TOOL(
	    create_entities, "Create entities",
	    "Add entities with what is known about them; those whose name is there are left alone.",
	    entities_args, list_in, LIST_OF("entities", ENTITY), LIST_OF("entities", ENTITY), ADDS),
	TOOL(create_relations, "Create relations",
	     "Relate entities, in active voice; relations that are there are left alone.",
	     relations_args, list_in, LIST_OF("relations", RELATION),
	     LIST_OF("relations", RELATION), ADDS),
	TOOL(add_observations, "Add observations",
	     "Add what was learned about entities that are there.", observations_args, list_in,
	     LIST_OF("observations", SAID("contents")),
	     LIST_OF("results", SAID("addedObservations")), ADDS),
	TOOL(delete_entities, "Delete entities", "Take entities away, with their relations.",
	     entity_names_args, list_in, OBJECT("\"entityNames\":" STRINGS, "\"entityNames\""),
	     DONE, DELETES),
	TOOL(delete_observations, "Delete observations", "Take observations about entities away.",
	     deletions_args, list_in, LIST_OF("deletions", SAID("observations")), DONE, DELETES),
	TOOL(delete_relations, "Delete relations", "Take relations away.", relations_args, list_in,
	     LIST_OF("relations", RELATION), DONE, DELETES),
	TOOL(read_graph, "Read graph", "All entities and relations.", no_args, list_in,
	     OBJECT("", ""), GRAPH, READS),
	TOOL(search_nodes, "Search nodes",
	     "Entities whose name, type or an observation holds the query, and their relations.",
	     query_args, query_in, OBJECT("\"query\":" STRING, "\"query\""), GRAPH, READS),
	TOOL(open_nodes, "Open nodes", "Entities by their names, and their relations.", names_args,
	     list_in, OBJECT("\"names\":" STRINGS, "\"names\""), GRAPH, READS),
};

static const struct tool *const tool_list[] = {
	&tools[0], &tools[1], &tools[2], &tools[3], &tools[4],
	&tools[5], &tools[6], &tools[7], &tools[8], NULL,
};

static enum status graph_body(struct call *call, const char *const *values,
                              struct resource_body *body)
{
	const struct knowledge_call c = domain_call(call);
	struct json_build b = { 0 };
	struct knowledge k = { 0 };
	enum status st = knowledge_read(&c, &(struct knowledge_query){ 0 }, &k);

	(void)values;
	return st == OK ? resource_json(call, &b, graph_json(&b, &k), body) : st;
}

static const struct resource graph = {
	.uri = "memory://knowledge-graph",
	.name = "knowledge-graph",
	.title = "Knowledge graph",
	.about = "All entities and relations.",
	.mime = "application/json",
	.read = graph_body,
};
static const struct resource *const resources[] = { &graph, NULL };
static const struct prompt *const prompts[] = { NULL };

/* The file that server was told to use is taken over, once; it is not written to. */
static enum status begin(struct project *p, struct err *err)
{
	const char *path = getenv("MEMORY_FILE_PATH");
	struct knowledge_call c = { .p = p, .err = err };
	enum status st;

	if (path == NULL || path[0] == '\0')
		return OK;
	if ((c.a = arena_new(TAKE_OVER_MAX)) == NULL)
		return err_nomem(err, "taking over a file");
	st = knowledge_take_over(&c, path);
	arena_free(c.a);
	return st;
}

static const struct compat all[] = {
	{ "server-memory",
	  "A memory that lasts: entities, what is known about them, and how they are related. "
	  "Search it "
	  "before you start, add what later sessions need.",
	  tool_list, resources, prompts, begin },
	{ 0 },
};

const struct compat *compat_find(const char *name, const char **known)
{
	*known = all[0].name;
	for (const struct compat *c = all; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
