#include "domain/memory/json.h"

#include <string.h>

#include "base/clock.h"

static void put_time(struct json_build *b, cJSON *object, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	if (ms == 0)
		return;
	clock_text(ms, text);
	json_put_text(b, object, key, text);
}

/* Two decimals are enough for who reads it. */
static double rounded(double value)
{
	return (double)(int64_t)(value * 1000 + 0.5) / 1000;
}

cJSON *memory_hit_json(struct json_build *b, const struct memory_hit *hit)
{
	cJSON *o = json_object(b), *relations;

	json_put_text(b, o, "id", hit->id);
	json_put_text(b, o, "text", hit->text);
	if (hit->cut)
		json_put_flag(b, o, "cut", true);
	if (hit->why != NULL) {
		json_put_number(b, o, "score", rounded(hit->score));
		json_put_text(b, o, "why", hit->why);
	}
	json_put_text(b, o, "kind", hit->kind);
	json_put_text(b, o, "entity", hit->entity);
	if (strcmp(hit->scope, "project") != 0)
		json_put_text(b, o, "scope", hit->scope);
	json_put_text(b, o, "session", hit->session);
	json_put_text(b, o, "author", hit->author);
	if (strcmp(hit->origin, "agent") != 0)
		json_put_text(b, o, "origin", hit->origin);
	/* What a tool or the web said is a report, never an instruction. */
	if (strcmp(hit->origin, "tool") == 0 || strcmp(hit->origin, "web") == 0)
		json_put_flag(b, o, "untrusted", true);
	json_put_text(b, o, "run", hit->run);
	json_put_text(b, o, "task", hit->task);
	json_put_text(b, o, "commit", hit->commit);
	put_time(b, o, "createdAt", hit->made_ms);
	put_time(b, o, "validFrom", hit->valid_from);
	put_time(b, o, "validTo", hit->valid_to);
	put_time(b, o, "expiredAt", hit->expired_ms);
	json_put_text(b, o, "supersededBy", hit->superseded_by);
	if (hit->seen > 1)
		json_put_int(b, o, "told", hit->seen);
	if (hit->n_relations == 0)
		return o;
	relations = json_put_array(b, o, "relations");
	for (size_t i = 0; i < hit->n_relations; i++) {
		cJSON *r = json_add_object(b, relations);

		json_put_text(b, r, "from", hit->relations[i].from);
		json_put_text(b, r, "type", hit->relations[i].type);
		json_put_text(b, r, "to", hit->relations[i].to);
	}
	return o;
}

cJSON *memory_stored_json(struct json_build *b, const struct memory_stored *stored, size_t n)
{
	cJSON *answer = json_object(b), *ids = json_put_array(b, answer, "stored");
	cJSON *duplicates = json_put_array(b, answer, "duplicates");
	cJSON *similar = json_put_array(b, answer, "similar");
	int64_t masked = 0;

	for (size_t i = 0; i < n; i++) {
		json_add_text(b, stored[i].duplicate ? duplicates : ids, stored[i].id);
		masked += stored[i].masked;
		if (stored[i].n_similar > 0) {
			cJSON *o = json_add_object(b, similar), *to;

			json_put_text(b, o, "id", stored[i].id);
			to = json_put_array(b, o, "to");
			for (size_t k = 0; k < stored[i].n_similar; k++)
				json_add_text(b, to, stored[i].similar[k]);
		}
	}
	if (masked > 0)
		json_put_int(b, answer, "masked", masked);
	return answer;
}

cJSON *memory_found_json(struct json_build *b, const struct memory_found *found)
{
	cJSON *answer = json_object(b), *list = json_put_array(b, answer, "memories");

	for (size_t i = 0; i < found->n_hits; i++)
		json_add(b, list, memory_hit_json(b, &found->hits[i]));
	if (found->n_leads > 0) {
		list = json_put_array(b, answer, "entities");
		for (size_t i = 0; i < found->n_leads; i++) {
			cJSON *o = json_add_object(b, list);

			json_put_text(b, o, "name", found->leads[i].name);
			json_put_text(b, o, "type", found->leads[i].type);
		}
	}
	if (found->more)
		json_put_flag(b, answer, "more", true);
	return answer;
}

/* --- as an agent posts it -------------------------------------------------------------------- */

/* The texts of an item and their names; the only place of both. */
static const struct {
	const char *key;
	size_t at;
} texts[] = {
	{ "text", offsetof(struct memory_item, text) },
	{ "entity", offsetof(struct memory_item, entity) },
	{ "entityType", offsetof(struct memory_item, entity_type) },
	{ "kind", offsetof(struct memory_item, kind) },
	{ "scope", offsetof(struct memory_item, scope) },
	{ "session", offsetof(struct memory_item, session) },
	{ "author", offsetof(struct memory_item, author) },
	{ "supersedes", offsetof(struct memory_item, supersedes) },
	{ "origin", offsetof(struct memory_item, origin) },
};

cJSON *memory_item_json(struct json_build *b, const struct memory_item *item)
{
	cJSON *o = json_object(b), *list, *one;
	const char *text;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		memcpy(&text, (const char *)item + texts[i].at, sizeof text);
		json_put_text(b, o, texts[i].key, text);
	}
	json_put_number(b, o, "importance", item->importance);
	json_put_int(b, o, "validFromMs", item->valid_from);
	json_put_int(b, o, "validToMs", item->valid_to);
	list = json_put_array(b, o, "relations");
	for (size_t i = 0; i < item->n_relations; i++) {
		one = json_add_object(b, list);
		json_put_text(b, one, "type", item->relations[i].type);
		json_put_text(b, one, "to", item->relations[i].to);
	}
	return o;
}

enum status memory_item_read(const cJSON *o, struct arena *a, struct memory_item *item,
                             struct err *err)
{
	const cJSON *list = json_get(o, "relations"), *one;
	size_t most = list == NULL ? 0 : (size_t)cJSON_GetArraySize(list);
	struct memory_relation *relations = arena_take(a, (most + 1) * sizeof *relations);

	if (relations == NULL)
		return err_nomem(err, "what to remember");
	*item = (struct memory_item){ .importance = json_number(o, "importance", 0),
		                      .valid_from = json_int(o, "validFromMs", 0),
		                      .valid_to = json_int(o, "validToMs", 0),
		                      .relations = relations };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *text = json_text(o, texts[i].key);

		memcpy((char *)item + texts[i].at, &text, sizeof text);
	}
	cJSON_ArrayForEach(one, list) {
		relations[item->n_relations].type = json_text(one, "type");
		relations[item->n_relations].to = json_text(one, "to");
		relations[item->n_relations].to_type = NULL;
		if (relations[item->n_relations].type == NULL ||
		    relations[item->n_relations].to == NULL)
			return err_set(err, E_INPUT, "a relation needs 'type' and 'to'");
		item->n_relations++;
	}
	return OK;
}

static void put_list(struct json_build *b, cJSON *o, const char *key, const char *const *at,
                     size_t n)
{
	cJSON *list = json_put_array(b, o, key);

	for (size_t i = 0; i < n; i++)
		json_add_text(b, list, at[i]);
}

cJSON *memory_query_json(struct json_build *b, const struct memory_query *q)
{
	cJSON *o = json_object(b);

	json_put_text(b, o, "query", q->text);
	json_put_text(b, o, "scope", q->scope);
	json_put_text(b, o, "entity", q->entity);
	put_list(b, o, "also", q->also, q->n_also);
	put_list(b, o, "kinds", q->kinds, q->n_kinds);
	json_put_int(b, o, "asOfMs", q->as_of_ms);
	json_put_int(b, o, "limit", (int64_t)q->limit);
	json_put_int(b, o, "maxTokens", (int64_t)q->max_tokens);
	json_put_int(b, o, "hops", q->hops);
	return o;
}

static const char *const *read_list(const cJSON *list, struct arena *a, size_t most, size_t *n)
{
	const char **out = arena_take(a, (most + 1) * sizeof *out);
	const cJSON *one;

	*n = 0;
	cJSON_ArrayForEach(one, list)
		if (out != NULL && *n < most && cJSON_IsString(one))
			out[(*n)++] = one->valuestring;
	return out;
}

static int64_t bounded(const cJSON *o, const char *key, int64_t least, int64_t most)
{
	int64_t n = json_int(o, key, 0);

	return n < least ? least : n > most ? most : n;
}

enum status memory_query_read(const cJSON *o, struct arena *a, struct memory_query *q,
                              struct err *err)
{
	*q = (struct memory_query){ .text = json_text(o, "query"),
		                    .scope = json_text(o, "scope"),
		                    .entity = json_text(o, "entity"),
		                    .as_of_ms = bounded(o, "asOfMs", 0, INT64_MAX),
		                    .limit = (size_t)bounded(o, "limit", 0, MEMORY_LIMIT_MAX),
		                    .max_tokens = (size_t)bounded(o, "maxTokens", 0, 1000000),
		                    .hops = (int)bounded(o, "hops", 1, 2),
		                    .count = true };
	q->also = read_list(json_get(o, "also"), a, MEMORY_ALSO_MAX, &q->n_also);
	q->kinds = read_list(json_get(o, "kinds"), a, MEMORY_ALSO_MAX, &q->n_kinds);
	return arena_failed(a) ? err_nomem(err, "a question") : OK;
}
