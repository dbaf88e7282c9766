/* Arguments of a tool with every kind: read or refused with words, never more. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "handlers/arg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct in {
	const char *text, *mode;
	long limit;
	double weight;
	bool dry;
	const cJSON *tags, *extra, *tasks, *any;
};

static const struct arg table[] = {
	{ "text", ARG_TEXT, 1, offsetof(struct in, text), 1, 20, "What to say.", NULL },
	{ "mode", ARG_CHOICE, 0, offsetof(struct in, mode), 0, 0, NULL, "list|show|wait" },
	{ "limit", ARG_COUNT, 0, offsetof(struct in, limit), 1, 100, NULL, NULL },
	{ "weight", ARG_NUMBER, 0, offsetof(struct in, weight), 0, 1, NULL, NULL },
	{ "dry", ARG_FLAG, 0, offsetof(struct in, dry), 0, 0, NULL, NULL },
	{ "tags", ARG_TEXTS, 0, offsetof(struct in, tags), 0, 3, NULL, NULL },
	{ "extra", ARG_OBJECT, 0, offsetof(struct in, extra), 0, 0, NULL, NULL },
	{ "tasks", ARG_LIST, 0, offsetof(struct in, tasks), 1, 2, NULL, NULL },
	{ "any", ARG_ANY, 0, offsetof(struct in, any), 0, 0, NULL, NULL },
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct in in = { 0 };
	cJSON *json = NULL;
	enum status st;

	if (json_read((const char *)data, size, &json, NULL) != OK)
		return 0;
	st = arg_read(table, json, &in, &err);
	if (st == OK ? in.text == NULL || in.limit < 0 || in.limit > 100 : err.text[0] == '\0')
		abort();
	cJSON_Delete(json);
	return 0;
}
