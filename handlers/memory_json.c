#include "handlers/memory_json.h"

#include "base/clock.h"
#include "domain/memory/json.h"

void memory_json_add(struct json_build *b, cJSON *array, const struct memory_hit *hit)
{
	json_add(b, array, memory_hit_json(b, hit));
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
