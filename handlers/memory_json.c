#include "handlers/memory_json.h"

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

void memory_json_add(struct json_build *b, cJSON *array, const struct memory_hit *hit)
{
	cJSON *o = json_add_object(b, array), *relations;

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
	json_put_text(b, o, "commit", hit->commit);
	put_time(b, o, "createdAt", hit->made_ms);
	put_time(b, o, "validFrom", hit->valid_from);
	put_time(b, o, "validTo", hit->valid_to);
	put_time(b, o, "expiredAt", hit->expired_ms);
	json_put_text(b, o, "supersededBy", hit->superseded_by);
	if (hit->seen > 1)
		json_put_int(b, o, "told", hit->seen);
	if (hit->n_relations == 0)
		return;
	relations = json_put_array(b, o, "relations");
	for (size_t i = 0; i < hit->n_relations; i++) {
		cJSON *r = json_add_object(b, relations);

		json_put_text(b, r, "from", hit->relations[i].from);
		json_put_text(b, r, "type", hit->relations[i].type);
		json_put_text(b, r, "to", hit->relations[i].to);
	}
}

enum status memory_json_time(const char *name, const char *text, int64_t *ms, struct err *err)
{
	if (text == NULL || clock_parse(text, ms) == 0)
		return OK;
	return err_set(err, E_INPUT,
	               "'%s' is '%.60s', but a time looks like 2026-11-22 or 2026-11-22T13:43:07Z",
	               name, text);
}

enum status memory_json_texts(struct call *call, const cJSON *array, const char *const **out,
                              size_t *n)
{
	const cJSON *item;
	const char **texts;
	size_t at = 0;

	*out = NULL;
	*n = 0;
	if (array == NULL || cJSON_GetArraySize(array) == 0)
		return OK;
	texts = arena_take(call->arena, (size_t)cJSON_GetArraySize(array) * sizeof *texts);
	if (texts == NULL)
		return err_nomem(&call->err, "the arguments");
	cJSON_ArrayForEach(item, array)
		texts[at++] = item->valuestring;
	*out = texts;
	*n = at;
	return OK;
}
