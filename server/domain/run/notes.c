#include "domain/run/notes.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

const char *notes_write(const struct run_note *notes, size_t n, struct arena *a)
{
	struct json_build b = { false };
	cJSON *list = json_array(&b), *built = NULL;
	const char *copy = NULL;
	char *text;

	for (size_t i = 0; i < n; i++) {
		cJSON *note = json_add_object(&b, list);

		json_put_text(&b, note, "code", notes[i].code);
		json_put_text(&b, note, "message", notes[i].message);
	}
	if (json_built(&b, list, &built, NULL) != OK)
		return NULL;
	text = json_print(built);
	if (text != NULL)
		copy = text_dup(a, text);
	mem_free(text);
	cJSON_Delete(built);
	return copy;
}

void notes_put(struct json_build *b, cJSON *object, const char *text)
{
	cJSON *list = NULL;

	if (text == NULL || json_read(text, strlen(text), &list, NULL) != OK)
		list = json_array(b);
	json_put(b, object, "findings", list);
}

enum status notes_read(const char *text, struct arena *a, struct run_note **out, size_t *n)
{
	cJSON *list = NULL;
	const cJSON *note;
	enum status st = OK;

	*out = NULL;
	*n = 0;
	if (text == NULL || json_read(text, strlen(text), &list, NULL) != OK)
		return OK;
	*out = arena_take(a, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof **out);
	cJSON_ArrayForEach(note, list) {
		const char *code = json_text(note, "code"), *message = json_text(note, "message");

		if (*out == NULL || code == NULL || message == NULL)
			continue;
		(*out)[(*n)++] = (struct run_note){ text_dup(a, code), text_dup(a, message) };
	}
	if (arena_failed(a))
		st = E_NOMEM;
	cJSON_Delete(list);
	return st;
}

const char *notes_find(const cJSON *list, const char *code)
{
	const cJSON *note;
	const char *found = NULL;

	cJSON_ArrayForEach(note, list) {
		const char *word = json_text(note, "code");

		if (word != NULL && strcmp(word, code) == 0)
			found = json_text(note, "message");
	}
	return found;
}
