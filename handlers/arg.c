#include "handlers/arg.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define KNOWN_MAX 64   /* names of one table; more would be no tool */
#define SHOWN_MAX 60   /* bytes of a wrong value that are shown again */
#define LARGE     1000 /* a bound from here on is left out of the schema */

/* What is right for an argument, in words. */
static void should_be(const struct arg *a, struct text *t)
{
	switch (a->kind) {
	case ARG_TEXT:
		text_add(t, "a text");
		if (a->most > 0)
			text_addf(t, " of %ld to %ld bytes", a->least, a->most);
		break;
	case ARG_CHOICE:
		text_add(t, "one of ");
		for (const char *c = a->choices; *c != '\0'; c++)
			if (*c == '|')
				text_add(t, ", ");
			else
				text_add_char(t, *c);
		break;
	case ARG_COUNT:
	case ARG_WHOLE:
		text_addf(t, "a whole number from %ld to %ld", a->least, a->most);
		break;
	case ARG_NUMBER:
		text_add(t, "a number");
		if (a->least != a->most)
			text_addf(t, " from %ld to %ld", a->least, a->most);
		break;
	case ARG_FLAG:
	case ARG_SWITCH:
		text_add(t, "true or false");
		break;
	case ARG_REST:
		text_add(t, "anything");
		break;
	case ARG_TEXTS:
	case ARG_LIST:
		text_addf(t, "an array of %s", a->kind == ARG_TEXTS ? "texts" : "objects");
		if (a->most > 0)
			text_addf(t, ", %ld to %ld of them", a->least, a->most);
		break;
	case ARG_OBJECT:
		text_add(t, "an object");
		break;
	case ARG_ANY:
		text_add(t, "a text, an object or an array of objects");
		break;
	}
}

/* The value as a person would write it, cut short. */
static void what_came(const cJSON *v, struct text *t)
{
	if (cJSON_IsString(v)) {
		size_t n = strlen(v->valuestring);
		size_t shown = text_utf8_cut(v->valuestring, n, SHOWN_MAX);

		text_add_char(t, '"');
		text_add_n(t, v->valuestring, shown);
		text_add(t, shown < n ? "...\"" : "\"");
		if (shown < n)
			text_addf(t, " (%zu bytes)", n);
	} else if (cJSON_IsNumber(v)) {
		text_addf(t, "%.15g", v->valuedouble);
	} else if (cJSON_IsBool(v)) {
		text_add(t, cJSON_IsTrue(v) ? "true" : "false");
	} else if (cJSON_IsArray(v)) {
		text_addf(t, "an array of %d", cJSON_GetArraySize(v));
	} else {
		text_add(t, "an object");
	}
}

static enum status wrong(const struct arg *a, const cJSON *v, struct err *err)
{
	enum status st = E_INPUT;
	struct text t;

	text_init(&t, (size_t)16 * ERR_TEXT_MAX);
	text_addf(&t, "'%s' must be ", a->name);
	should_be(a, &t);
	text_add(&t, ", not ");
	what_came(v, &t);
	if (t.failed)
		st = err_nomem(err, "the words for a wrong argument");
	else
		(void)err_set(err, st, "%s", text_string(&t));
	text_done(&t);
	return st;
}

static bool in_choices(const char *choices, const char *word)
{
	size_t n = strlen(word);

	for (const char *c = choices; n > 0; c++) {
		size_t len = strcspn(c, "|");

		if (len == n && memcmp(c, word, n) == 0)
			return true;
		c += len;
		if (*c == '\0')
			break;
	}
	return false;
}

static bool count_fits(const struct arg *a, long n)
{
	return a->most == 0 || (n >= a->least && n <= a->most);
}

static bool all_are(const cJSON *list, cJSON_bool (*is)(const cJSON *))
{
	const cJSON *v;

	cJSON_ArrayForEach(v, list)
		if (!is(v))
			return false;
	return true;
}

/* Does v fit what a asks for? */
static bool fits(const struct arg *a, const cJSON *v)
{
	double d = cJSON_IsNumber(v) ? v->valuedouble : 0;

	switch (a->kind) {
	case ARG_TEXT:
		return cJSON_IsString(v) &&
		       (a->most == 0 || count_fits(a, (long)strlen(v->valuestring)));
	case ARG_CHOICE:
		return cJSON_IsString(v) && in_choices(a->choices, v->valuestring);
	case ARG_COUNT:
	case ARG_WHOLE:
		return json_is_whole(v) && d >= (double)a->least && d <= (double)a->most;
	case ARG_NUMBER:
		return cJSON_IsNumber(v) &&
		       (a->least == a->most || (d >= (double)a->least && d <= (double)a->most));
	case ARG_FLAG:
	case ARG_SWITCH:
		return cJSON_IsBool(v);
	case ARG_TEXTS:
		return cJSON_IsArray(v) && count_fits(a, cJSON_GetArraySize(v)) &&
		       all_are(v, cJSON_IsString);
	case ARG_OBJECT:
		return cJSON_IsObject(v);
	case ARG_LIST:
		return cJSON_IsArray(v) && count_fits(a, cJSON_GetArraySize(v)) &&
		       all_are(v, cJSON_IsObject);
	case ARG_ANY:
		return cJSON_IsString(v) || cJSON_IsObject(v) ||
		       (cJSON_IsArray(v) && all_are(v, cJSON_IsObject));
	case ARG_REST:
		return true;
	}
	return false;
}

/* The member is reached by memcpy: the struct is the tool's own, known here by offset alone. */
static void put(const struct arg *a, const cJSON *v, void *in)
{
	char *to = (char *)in + a->at;
	const char *text = v->valuestring;
	long count = (long)v->valuedouble;
	bool flag = cJSON_IsTrue(v) != 0;

	switch (a->kind) {
	case ARG_TEXT:
	case ARG_CHOICE:
		memcpy(to, &text, sizeof text);
		break;
	case ARG_COUNT:
		memcpy(to, &count, sizeof count);
		break;
	case ARG_NUMBER:
		memcpy(to, &v->valuedouble, sizeof v->valuedouble);
		break;
	case ARG_FLAG:
		memcpy(to, &flag, sizeof flag);
		break;
	case ARG_WHOLE:
	case ARG_SWITCH:
	case ARG_TEXTS:
	case ARG_OBJECT:
	case ARG_LIST:
	case ARG_ANY:
		memcpy(to, &v,
		       sizeof v); /* NOLINT(bugprone-sizeof-expression): the pointer is kept */
		break;
	case ARG_REST:
		break;
	}
}

static const struct arg *find(const struct arg *a, const char *name)
{
	while (a->name != NULL && a->kind != ARG_REST && strcmp(a->name, name) != 0)
		a++;
	return a->name == NULL ? NULL : a;
}

static enum status unknown(const struct arg *table, const char *name, struct err *err)
{
	const char *names[KNOWN_MAX], *near;
	enum status st = E_INPUT;
	struct text all;
	size_t n = 0;

	text_init(&all, (size_t)16 * ERR_TEXT_MAX);
	for (; n < KNOWN_MAX && table[n].name != NULL; n++) {
		names[n] = table[n].name;
		text_addf(&all, "%s%s", n == 0 ? "" : ", ", names[n]);
	}
	if ((near = text_nearest(name, names, n)) != NULL)
		(void)err_set(err, st, "there is no argument '%.60s': did you mean '%s'?", name,
		              near);
	else if (n == 0)
		(void)err_set(err, st, "there is no argument '%.60s': this takes none", name);
	else
		(void)err_set(err, st, "there is no argument '%.60s': this takes %s", name,
		              text_string(&all));
	text_done(&all);
	return st;
}

/* The first argument that must be there and is not. */
static const struct arg *missing(const struct arg *table, const cJSON *json)
{
	for (const struct arg *a = table; a->name != NULL; a++) {
		const cJSON *v = json_get(json, a->name);

		if (a->required == 1 && (v == NULL || cJSON_IsNull(v)))
			return a;
	}
	return NULL;
}

enum status arg_read(const struct arg *table, const cJSON *json, void *in, struct err *err)
{
	const struct arg *a;
	const cJSON *v;

	if (json != NULL && !cJSON_IsObject(json))
		return err_set(err, E_INPUT, "arguments must be an object");
	cJSON_ArrayForEach(v, json) {
		if ((a = find(table, v->string)) == NULL)
			return unknown(table, v->string, err);
		if (cJSON_IsNull(v))
			continue;
		if (!fits(a, v))
			return wrong(a, v, err);
		put(a, v, in);
	}
	if ((a = missing(table, json)) != NULL)
		return err_set(err, E_INPUT, "the argument '%s' is missing%s%s", a->name,
		               a->help == NULL ? "" : ": ", a->help == NULL ? "" : a->help);
	return OK;
}

/* Bounds that teach something; those that no sensible call meets cost every session bytes. */
static void bounds(struct json_build *b, cJSON *one, const struct arg *a)
{
	if (a->least == a->most)
		return;
	if (a->least > 1)
		json_put_int(b, one, "minimum", a->least);
	if (a->most < LARGE)
		json_put_int(b, one, "maximum", a->most);
}

static void choices(struct json_build *b, cJSON *one, const char *words)
{
	cJSON *list = json_put_array(b, one, "enum");
	struct text word;

	for (const char *c = words; *c != '\0'; c += *c == '|') {
		size_t n = strcspn(c, "|");

		text_init(&word, n + 1);
		text_add_n(&word, c, n);
		b->failed = b->failed || word.failed;
		json_add_text(b, list, text_string(&word));
		text_done(&word);
		c += n;
	}
}

static void items(struct json_build *b, cJSON *one, const char *type)
{
	json_put_text(b, json_put_object(b, one, "items"), "type", type);
}

/* The schema of one argument. */
static cJSON *schema(struct json_build *b, const struct arg *a)
{
	static const char *const types[] = {
		[ARG_TEXT] = "string",   [ARG_CHOICE] = "string",  [ARG_COUNT] = "integer",
		[ARG_WHOLE] = "integer", [ARG_NUMBER] = "number",  [ARG_FLAG] = "boolean",
		[ARG_TEXTS] = "array",   [ARG_OBJECT] = "object",  [ARG_LIST] = "array",
		[ARG_ANY] = NULL,        [ARG_SWITCH] = "boolean", [ARG_REST] = NULL,
	};
	cJSON *one = json_object(b);

	json_put_text(b, one, "type", types[a->kind]);
	switch (a->kind) {
	case ARG_CHOICE:
		choices(b, one, a->choices);
		break;
	case ARG_COUNT:
	case ARG_WHOLE:
	case ARG_NUMBER:
		bounds(b, one, a);
		break;
	case ARG_TEXTS:
	case ARG_LIST:
		items(b, one, a->kind == ARG_TEXTS ? "string" : "object");
		break;
	case ARG_ANY: {
		cJSON *any = json_put_array(b, one, "type");

		json_add_text(b, any, "string");
		json_add_text(b, any, "object");
		json_add_text(b, any, "array");
		items(b, one, "object");
		break;
	}
	case ARG_TEXT:
	case ARG_FLAG:
	case ARG_SWITCH:
	case ARG_OBJECT:
	case ARG_REST:
		break;
	}
	json_put_text(b, one, "description", a->help);
	return one;
}

cJSON *arg_schema(const struct arg *table)
{
	struct json_build b = { 0 };
	cJSON *root = json_object(&b), *props, *need = NULL, *out = NULL;

	json_put_text(&b, root, "type", "object");
	props = json_put_object(&b, root, "properties");
	for (const struct arg *a = table; a->name != NULL; a++) {
		if (a->required == ARG_UNLISTED || a->kind == ARG_REST)
			continue;
		json_put(&b, props, a->name, schema(&b, a));
		if (!a->required)
			continue;
		if (need == NULL)
			need = json_put_array(&b, root, "required");
		json_add_text(&b, need, a->name);
	}
	return json_built(&b, root, &out, NULL) == OK ? out : NULL;
}
