#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define PRINTED_USUAL 2048 /* bytes of an answer, as the first guess */

void json_use_mem(void)
{
	cJSON_Hooks hooks = { .malloc_fn = mem_take, .free_fn = mem_free };

	cJSON_InitHooks(&hooks);
}

enum status json_read(const char *text, size_t n, cJSON **out, struct err *err)
{
	enum status st = json_check(text, n, err);
	cJSON *value;

	if (st != OK)
		return st;
	if ((value = cJSON_ParseWithLength(text, n)) == NULL)
		return err_nomem(err, "a JSON value");
	if ((st = json_keep_digits(value, text, n, err)) != OK) {
		cJSON_Delete(value);
		return st;
	}
	*out = value;
	return OK;
}

char *json_print(const cJSON *value)
{
	return cJSON_PrintBuffered(value, PRINTED_USUAL, 0);
}

char *json_print_pretty(const cJSON *value)
{
	return cJSON_Print(value);
}

/* The first of that name. Most members are told from it by their first letter. */
const cJSON *json_get(const cJSON *object, const char *key)
{
	const cJSON *m = cJSON_IsObject(object) ? object->child : NULL;

	while (m != NULL &&
	       (m->string == NULL || m->string[0] != key[0] || strcmp(m->string, key) != 0))
		m = m->next;
	return m;
}

const char *json_text(const cJSON *object, const char *key)
{
	const cJSON *v = json_get(object, key);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

bool json_is_whole(const cJSON *value)
{
	return cJSON_IsNumber(value) && fabs(value->valuedouble) <= 9007199254740992.0 &&
	       value->valuedouble == floor(value->valuedouble);
}

int64_t json_int(const cJSON *object, const char *key, int64_t fallback)
{
	const cJSON *v = json_get(object, key);

	return json_is_whole(v) ? (int64_t)v->valuedouble : fallback;
}

double json_number(const cJSON *object, const char *key, double fallback)
{
	const cJSON *v = json_get(object, key);

	return cJSON_IsNumber(v) ? v->valuedouble : fallback;
}

bool json_flag(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(json_get(object, key)) != 0;
}

static cJSON *made(struct json_build *b, cJSON *value)
{
	if (value == NULL)
		b->failed = true;
	return value;
}

cJSON *json_object(struct json_build *b)
{
	return b->failed ? NULL : made(b, cJSON_CreateObject());
}

cJSON *json_array(struct json_build *b)
{
	return b->failed ? NULL : made(b, cJSON_CreateArray());
}

void json_put(struct json_build *b, cJSON *object, const char *key, cJSON *value)
{
	if (!b->failed && object != NULL && value != NULL &&
	    cJSON_AddItemToObject(object, key, value))
		return;
	b->failed = true;
	cJSON_Delete(value);
}

void json_put_text(struct json_build *b, cJSON *object, const char *key, const char *value)
{
	if (value != NULL && !b->failed)
		json_put(b, object, key, cJSON_CreateString(value));
}

void json_put_int(struct json_build *b, cJSON *object, const char *key, int64_t value)
{
	json_put_number(b, object, key, (double)value);
}

void json_put_number(struct json_build *b, cJSON *object, const char *key, double value)
{
	if (!b->failed)
		json_put(b, object, key, cJSON_CreateNumber(value));
}

void json_put_flag(struct json_build *b, cJSON *object, const char *key, bool value)
{
	if (!b->failed)
		json_put(b, object, key, cJSON_CreateBool(value));
}

void json_put_null(struct json_build *b, cJSON *object, const char *key)
{
	if (!b->failed)
		json_put(b, object, key, cJSON_CreateNull());
}

cJSON *json_put_object(struct json_build *b, cJSON *object, const char *key)
{
	cJSON *value = json_object(b);

	json_put(b, object, key, value);
	return b->failed ? NULL : value;
}

cJSON *json_put_array(struct json_build *b, cJSON *object, const char *key)
{
	cJSON *value = json_array(b);

	json_put(b, object, key, value);
	return b->failed ? NULL : value;
}

void json_add(struct json_build *b, cJSON *array, cJSON *value)
{
	if (!b->failed && array != NULL && value != NULL && cJSON_AddItemToArray(array, value))
		return;
	b->failed = true;
	cJSON_Delete(value);
}

void json_add_text(struct json_build *b, cJSON *array, const char *value)
{
	if (value != NULL && !b->failed)
		json_add(b, array, cJSON_CreateString(value));
}

void json_add_int(struct json_build *b, cJSON *array, int64_t value)
{
	if (!b->failed)
		json_add(b, array, cJSON_CreateNumber((double)value));
}

cJSON *json_add_object(struct json_build *b, cJSON *array)
{
	cJSON *value = json_object(b);

	json_add(b, array, value);
	return b->failed ? NULL : value;
}

cJSON *json_add_array(struct json_build *b, cJSON *array)
{
	cJSON *value = json_array(b);

	json_add(b, array, value);
	return b->failed ? NULL : value;
}

enum status json_built(const struct json_build *b, cJSON *root, cJSON **out, struct err *err)
{
	if (b->failed || root == NULL) {
		cJSON_Delete(root);
		return err_nomem(err, "an answer");
	}
	*out = root;
	return OK;
}
