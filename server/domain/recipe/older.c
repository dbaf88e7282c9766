/*
 * older.c - what recipes looked like once: requirements as bullets, with ids or without, and
 * dependencies that were objects. All of it is read; what to write instead is said.
 */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/recipe/make.h"

#define ID_WORDS 3 /* of a heading, in an id made of it */

static bool is_id_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* A word in letters of either case, alone at s[i]. */
static bool is_word_at(const char *s, size_t n, size_t i, const char *word)
{
	size_t len = strlen(word);

	if (i + len > n || (i > 0 && is_id_char(s[i - 1])) ||
	    (i + len < n && is_id_char(s[i + len])))
		return false;
	for (size_t k = 0; k < len; k++)
		if (tolower((unsigned char)s[i + k]) != word[k])
			return false;
	return true;
}

enum recipe_level recipe_old_level(const char *s, size_t n)
{
	static const struct {
		const char *word;
		enum recipe_level level;
	} words[] = { { "must", RECIPE_MUST },     { "shall", RECIPE_MUST },
		      { "should", RECIPE_SHOULD }, { "could", RECIPE_COULD },
		      { "may", RECIPE_COULD },     { "(optional)", RECIPE_COULD } };

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (is_word_at(s, n, i, words[k].word))
				return words[k].level;
	return RECIPE_MUST;
}

/* Length of an id of any case that ends in `-` or `_` and a number: parser-fr-1, req_2. */
static size_t loose_id(const char *s, size_t n)
{
	size_t len = 0, digits = 0;

	while (len < n && is_id_char(s[len]))
		len++;
	while (digits < len && isdigit((unsigned char)s[len - 1 - digits]))
		digits++;
	if (digits == 0 || digits == len || !isalpha((unsigned char)s[0]))
		return 0;
	return s[len - 1 - digits] == '-' || s[len - 1 - digits] == '_' ? len : 0;
}

static bool passed_over(char c)
{
	return c == ' ' || c == '\t' || c == ':' || c == '*';
}

/* `(MUST)` after the id; how long it is, 0 when there is none. */
static size_t level_in_brackets(const char *s, size_t n, enum recipe_level *level)
{
	const char *close = n > 0 && *s == '(' ? memchr(s, ')', n) : NULL;
	size_t len = close == NULL ? 0 : (size_t)(close - s) + 1;

	if (len < 5 || len > 10)
		return 0;
	*level = recipe_old_level(s + 1, len - 2);
	return len;
}

bool recipe_old_bullet(const char *s, size_t n, struct recipe_old *out)
{
	bool bold = n > 2 && s[0] == '*' && s[1] == '*', told = false;
	size_t skip;

	for (; n > 0 && *s == '*'; n--)
		s++;
	out->id = s;
	out->n_id = bold ? loose_id(s, n) : recipe_id_length(s, n);
	if (out->n_id == 0)
		return false;
	for (s += out->n_id, n -= out->n_id; n > 0 && passed_over(*s); n--)
		s++;
	if ((skip = level_in_brackets(s, n, &out->level)) > 0) {
		told = true;
		for (s += skip, n -= skip; n > 0 && passed_over(*s); n--)
			s++;
	}
	out->title = s;
	out->n_title = n;
	if (!told)
		out->level = recipe_old_level(s, n);
	return true;
}

bool recipe_old_heading(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_word_at(s, n, i, "requirements") || is_word_at(s, n, i, "requirement"))
			return true;
	return false;
}

bool recipe_is_new(const char *bytes, size_t n)
{
	const char *end = bytes + n;

	for (const char *s = bytes; s < end;) {
		size_t left = (size_t)(end - s);
		const char *stop = memchr(s, '\n', left);

		if (left > 4 && memcmp(s, "### ", 4) == 0 && recipe_id_length(s + 4, left - 4) > 0)
			return true;
		s = stop == NULL ? end : stop + 1;
	}
	return false;
}

const char *recipe_old_id(struct arena *a, const char *heading, size_t n, size_t k)
{
	struct text t;
	const char *id;
	size_t words = 0;

	text_init(&t, 200);
	for (size_t i = 0; i < n && words < ID_WORDS; i++) {
		bool begins =
		    isalpha((unsigned char)heading[i]) && (i == 0 || !is_id_char(heading[i - 1]));

		if (!begins)
			continue;
		if (words++ > 0)
			text_add_char(&t, '-');
		for (; i < n && isalpha((unsigned char)heading[i]); i++)
			text_add_char(&t, (char)toupper((unsigned char)heading[i]));
	}
	if (t.failed)
		recipe_no_memory(a);
	id = text_printf(a, "%s-%zu", t.len == 0 ? "REQ" : text_string(&t), k);
	text_done(&t);
	return id;
}

/* --- dependencies.json ---------------------------------------------------------------------- */

/* Members that said what the design or a package manager says. */
static const char *const gone[] = { "version",    "description", "type",   "language", "metadata",
	                            "interfaces", "quality",     "python", "system",   "protobuf",
	                            "external",   "components",  "node",   "go",       "rust" };

/*
 * Put a list of texts in place of a member, or add it. By adding, since the library's own replacing
 * leaves a member without a name when memory is out.
 */
static bool replace(cJSON *json, const char *name, cJSON *list)
{
	cJSON_DeleteItemFromObjectCaseSensitive(json, name);
	if (list != NULL && cJSON_AddItemToObject(json, name, list))
		return true;
	cJSON_Delete(list);
	return false;
}

static bool add_text(cJSON *list, const char *text)
{
	cJSON *item = list == NULL ? NULL : cJSON_CreateString(text);

	return item != NULL && cJSON_AddItemToArray(list, item);
}

/* A list as one writes it: ["a", "b"]. */
static void write_list(struct text *t, const cJSON *list)
{
	const cJSON *item;

	text_add_char(t, '[');
	cJSON_ArrayForEach(item, list)
		text_addf(t, "%s\"%s\"", item == list->child ? "" : ", ", item->valuestring);
	text_add_char(t, ']');
}

static const char *first_text(const cJSON *object, const char *const *keys)
{
	const char *text = NULL;

	if (cJSON_IsString(object))
		return object->valuestring;
	for (; *keys != NULL && text == NULL; keys++)
		text = json_text(object, *keys);
	return text;
}

/* The names of what is required, into list, and of what is not, as words. */
static bool sort_needs(const cJSON *internal, cJSON *list, struct text *left_out)
{
	static const char *const keys[] = { "component", "name", "recipe", NULL };
	const cJSON *item;

	cJSON_ArrayForEach(item, internal) {
		const char *name = first_text(item, keys);

		if (name == NULL || name[0] == '\0')
			continue;
		if (cJSON_IsFalse(json_get(item, "required")))
			text_addf(left_out, "%s'%s'", left_out->len == 0 ? "" : ", ", name);
		else if (!add_text(list, name))
			return false;
	}
	return !left_out->failed;
}

/* {internal: [{component, required}], external: [...]}: what is required stays. */
static bool old_dependencies(const struct recipe_json *j, cJSON *json)
{
	const cJSON *internal = json_get(json_get(json, "dependencies"), "internal");
	struct recipe_place at = recipe_json_place(j, "dependencies", NULL);
	cJSON *list = cJSON_CreateArray();
	struct text write, left_out;
	bool good;

	text_init(&write, TEXT_LIMIT);
	text_init(&left_out, TEXT_LIMIT);
	good = list != NULL && sort_needs(internal, list, &left_out);
	if (good)
		write_list(&write, list);
	good = good && !write.failed;
	if (good)
		recipe_note(j->set, &at, RECIPE_WARNING, "old-dependencies",
		            "dependencies are in an older format; write \"dependencies\": %s%s%s%s",
		            text_string(&write),
		            left_out.len == 0 ? "" : " (left out as optional: ",
		            text_string(&left_out), left_out.len == 0 ? "" : ")");
	text_done(&write);
	text_done(&left_out);
	if (!good) {
		cJSON_Delete(list);
		return false;
	}
	return replace(json, "dependencies", list);
}

/* [{interface, version}]: its names. */
static bool old_provides(const struct recipe_json *j, cJSON *json)
{
	static const char *const keys[] = { "interface", "name", NULL };
	struct recipe_place at = recipe_json_place(j, "provides", NULL);
	cJSON *list = cJSON_CreateArray();
	const cJSON *item;
	struct text write;
	bool good = list != NULL;

	text_init(&write, TEXT_LIMIT);
	cJSON_ArrayForEach(item, json_get(json, "provides")) {
		const char *name = first_text(item, keys);

		if (name != NULL && name[0] != '\0')
			good = good && add_text(list, name);
	}
	if (good)
		write_list(&write, list);
	good = good && !write.failed;
	if (good)
		recipe_note(j->set, &at, RECIPE_WARNING, "old-member",
		            "'provides' is in an older format; write \"provides\": %s",
		            text_string(&write));
	text_done(&write);
	if (!good) {
		cJSON_Delete(list);
		return false;
	}
	return replace(json, "provides", list);
}

/* Put the list in place of a member that is not there; an empty one and others are dropped. */
static bool put_if_new(cJSON *json, const char *name, cJSON *list)
{
	if (json_get(json, name) == NULL && cJSON_GetArraySize(list) > 0)
		return replace(json, name, list);
	cJSON_Delete(list);
	return true;
}

/* components: [{path, exports}] said which files there are and what others may use. */
static bool old_components(cJSON *json)
{
	const cJSON *component, *export;
	cJSON *files = cJSON_CreateArray(), *provides = cJSON_CreateArray();
	bool good = files != NULL && provides != NULL;

	cJSON_ArrayForEach(component, json_get(json, "components")) {
		const char *path = json_text(component, "path");

		if (path != NULL && path[0] != '\0')
			good = good && add_text(files, path);
		cJSON_ArrayForEach(export, json_get(component, "exports")) {
			if (cJSON_IsString(export) && export->valuestring[0] != '\0')
				good = good && add_text(provides, export->valuestring);
		}
	}
	if (!good) {
		cJSON_Delete(files);
		cJSON_Delete(provides);
		return false;
	}
	good = put_if_new(json, "files", files);
	return put_if_new(json, "provides", provides) && good;
}

static bool drop_gone(const struct recipe_json *j, cJSON *json)
{
	struct recipe_place at = { 0 };
	struct text names;
	bool good;

	text_init(&names, TEXT_LIMIT);
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
		if (json_get(json, gone[i]) == NULL)
			continue;
		if (names.len == 0)
			at = recipe_json_place(j, gone[i], NULL);
		text_addf(&names, "%s'%s'", names.len == 0 ? "" : ", ", gone[i]);
		cJSON_DeleteItemFromObjectCaseSensitive(json, gone[i]);
	}
	if (names.len > 0)
		recipe_note(j->set, &at, RECIPE_WARNING, "old-member",
		            "of an older format, and not used any more: %s; leave out what "
		            "design.md does not need to say",
		            text_string(&names));
	good = !names.failed;
	text_done(&names);
	return good;
}

static bool is_list_of_objects(const cJSON *v)
{
	return cJSON_IsArray(v) && cJSON_IsObject(v->child);
}

bool recipe_old_members(const struct recipe_json *j, cJSON *json)
{
	bool packages = json_get(json, "python") != NULL || json_get(json, "system") != NULL ||
	                json_get(json, "protobuf") != NULL;
	struct recipe_place whole = { j->r->name, j->file, 1, 1 };

	if (json_get(json, "name") == NULL) {
		recipe_note(j->set, &whole, RECIPE_WARNING, "missing-member",
		            "'name' is missing; write \"name\": \"%s\"", j->r->name);
		if (!replace(json, "name", cJSON_CreateString(j->r->name)))
			return false;
	}
	if (packages && json_get(json, "dependencies") == NULL) {
		recipe_note(j->set, &whole, RECIPE_WARNING, "old-dependencies",
		            "only packages are listed; write \"dependencies\": [], or the names of "
		            "the recipes that must be there first");
		if (!replace(json, "dependencies", cJSON_CreateArray()))
			return false;
	}
	if (cJSON_IsObject(json_get(json, "dependencies")) && !old_dependencies(j, json))
		return false;
	if (is_list_of_objects(json_get(json, "provides")) && !old_provides(j, json))
		return false;
	if (is_list_of_objects(json_get(json, "components")) && !old_components(json))
		return false;
	return drop_gone(j, json);
}
