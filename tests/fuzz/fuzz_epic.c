/*
 * Any bytes as the files of an epic (a line `%% NAME` begins each), with requirements beside the
 * last of them as a document of its own: refused with words, or a plan that reads back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "domain/plan.h"
#include "domain/plan/read.h"

#define FILES_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void reads_back(const struct plan *p, struct arena *a)
{
	struct plan_options options = { .saved = true };
	struct json_build b = { false };
	struct plan *again = NULL;
	cJSON *json = plan_json(&b, p);

	must(!b.failed && p->n_tasks > 0);
	must(plan_from_json(json, &options, a, &again, NULL) == OK);
	must(again->n_tasks == p->n_tasks && again->n_edges == p->n_edges);
	cJSON_Delete(json);
}

static void as_files(struct arena *a, const char *text)
{
	struct read_file files[FILES_MAX];
	struct plan_options options = { 0 };
	struct plan *p = NULL;
	struct err err = { OK, "" };
	size_t n = 0;

	for (const char *at = text; n < FILES_MAX && strncmp(at, "%% ", 3) == 0; n++) {
		const char *name = at + 3, *body = name + strcspn(name, "\n");
		const char *end = strstr(body, "\n%% ");

		files[n].name = arena_copy(a, name, (size_t)(body - name));
		body += *body == '\n';
		end = end == NULL || end < body ? body + strlen(body) : end + 1;
		files[n].bytes = arena_copy(a, body, (size_t)(end - body));
		files[n].size = (size_t)(end - body);
		must(files[n].name != NULL && files[n].bytes != NULL);
		at = end;
	}
	if (plan_read_files(files, n, &options, a, &p, &err) == OK)
		reads_back(p, a);
	else
		must(err.text[0] != '\0');
	if (n < 2)
		return;
	options.beside = files[0].bytes;
	if (plan_read(files[n - 1].bytes, files[n - 1].size, &options, a, &p, &err) == OK)
		must(p->n_tasks > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)256 << 20);
	char *text;

	must(a != NULL);
	text = arena_copy(a, (const char *)data, size);
	if (text != NULL && strlen(text) == size)
		as_files(a, text);
	arena_free(a);
	return 0;
}
