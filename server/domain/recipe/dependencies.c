/*
 * dependencies.c - dependencies.json to needs, checked member by member.
 *
 * What may stand in the file is the table `members`; recipes/dependencies.schema.json
 * says the same for editors, and a test holds the two together.
 */
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/recipe/make.h"

#define MINUTES_MAX 1000000.0
#define SCORE_MAX   10.0

enum member_kind { TEXT, TEXTS, NAMES, GATES, MINUTES, SCORES };

struct member {
	const char *name;
	enum member_kind kind;
	bool required;
	size_t at; /* offset in struct recipe of what it fills */
	const char *want;
};

static const struct member members[] = {
	{ "name", TEXT, true, offsetof(struct recipe, name), "the folder's name" },
	{ "title", TEXT, false, offsetof(struct recipe, title), "a text" },
	{ "dependencies", NAMES, true, 0, "a list of names of recipes" },
	{ "provides", TEXTS, false, offsetof(struct recipe, provides), "a list of texts" },
	{ "files", TEXTS, false, offsetof(struct recipe, files), "a list of paths" },
	{ "gates", GATES, false, 0, "a list of commands, each a list of words" },
	{ "estimateMinutes", MINUTES, false, 0, "a whole number of minutes above 0" },
	{ "complexity", SCORES, false, 0, "{technical, integration, testing}, 1 to 10 each" },
};

enum { MEMBERS = sizeof members / sizeof *members };

/* Line and column of a byte of the file. */
static struct recipe_place place(const struct recipe_json *r, const char *at)
{
	struct recipe_place p = { r->r->name, r->file, 1, 1 };

	if (at == NULL)
		return p;
	for (const char *s = r->bytes; s < at; s++) {
		p.column++;
		if (*s == '\n') {
			p.line++;
			p.column = 1;
		}
	}
	return p;
}

struct recipe_place recipe_json_place(const struct recipe_json *j, const char *member,
                                      const char *word)
{
	struct json_span in = json_raw_member(j->bytes, j->n, member);
	size_t len = word == NULL ? 0 : strlen(word);

	for (const char *s = in.at; word != NULL && s != NULL && s + len + 2 <= in.at + in.len; s++)
		if (*s == '"' && memcmp(s + 1, word, len) == 0 && s[len + 1] == '"')
			return place(j, s);
	return place(j, in.at);
}

static bool all_texts(const cJSON *list)
{
	const cJSON *v;

	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(v, list) {
		if (!cJSON_IsString(v) || v->valuestring[0] == '\0')
			return false;
	}
	return true;
}

static void add_needs(const struct recipe_json *r, const cJSON *list)
{
	struct recipe *to = r->r;
	const cJSON *v;

	cJSON_ArrayForEach(v, list) {
		struct recipe_place at = recipe_json_place(r, "dependencies", v->valuestring);
		struct recipe_need *items;
		bool there = false;

		for (size_t i = 0; i < to->n_needs; i++)
			there = there || strcmp(to->needs[i].name, v->valuestring) == 0;
		if (there) {
			recipe_note(r->set, &at, RECIPE_WARNING, "duplicate-dependency",
			            "'%s' is listed twice; once is enough", v->valuestring);
			continue;
		}
		items = list_room(r->a, to->needs, to->n_needs, &to->needs_room, sizeof *items);
		if (items == NULL)
			return;
		to->needs = items;
		items[to->n_needs] = (struct recipe_need){ .name = text_dup(r->a, v->valuestring),
			                                   .recipe = RECIPE_NONE,
			                                   .line = at.line,
			                                   .column = at.column };
		if (items[to->n_needs].name == NULL)
			return;
		to->n_needs++;
	}
}

/* A command's words, as they are and as one line. */
static bool add_gate(const struct recipe_json *r, const cJSON *gate)
{
	struct recipe *to = r->r;
	struct recipe_gate *items;
	const char **argv;
	const cJSON *word;
	struct text line;
	size_t n = 0;

	if (!all_texts(gate) || gate->child == NULL)
		return false;
	items = list_room(r->a, to->gates, to->n_gates, &to->gates_room, sizeof *items);
	argv = arena_take(r->a, ((size_t)cJSON_GetArraySize(gate) + 1) * sizeof *argv);
	if (items == NULL || argv == NULL)
		return true; /* the arena has failed, which is looked at in the end */
	to->gates = items;
	text_init(&line, TEXT_LIMIT);
	cJSON_ArrayForEach(word, gate) {
		text_addf(&line, "%s%s", n == 0 ? "" : " ", word->valuestring);
		argv[n++] = text_dup(r->a, word->valuestring);
	}
	items[to->n_gates] = (struct recipe_gate){ text_copy(&line, r->a), argv };
	if (items[to->n_gates].line != NULL)
		to->n_gates++;
	else
		recipe_no_memory(r->a);
	text_done(&line);
	return true;
}

static bool add_gates(const struct recipe_json *r, const cJSON *list)
{
	const cJSON *gate;

	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(gate, list) {
		if (!add_gate(r, gate))
			return false;
	}
	return true;
}

static bool add_scores(struct recipe *to, const cJSON *scores)
{
	static const char *const names[] = { "technical", "integration", "testing" };
	int *const places[] = { &to->technical, &to->integration, &to->testing };

	if (!cJSON_IsObject(scores) || cJSON_GetArraySize(scores) != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		double v = json_number(scores, names[i], 0);

		if (!json_is_whole(json_get(scores, names[i])) || v < 1 || v > SCORE_MAX)
			return false;
		*places[i] = (int)v;
	}
	return true;
}

static bool fill(const struct recipe_json *r, const struct member *m, const cJSON *v)
{
	char *base = (char *)r->r;
	const cJSON *item;

	switch (m->kind) {
	case TEXT:
		if (!cJSON_IsString(v) || v->valuestring[0] == '\0')
			return false;
		if (strcmp(m->name, "title") == 0)
			r->r->title = text_dup(r->a, v->valuestring);
		return true;
	case TEXTS:
		if (!all_texts(v))
			return false;
		cJSON_ArrayForEach(item, v) {
			recipe_texts_add((struct recipe_texts *)(void *)(base + m->at), r->a,
			                 item->valuestring, strlen(item->valuestring));
		}
		return true;
	case NAMES:
		if (!all_texts(v))
			return false;
		add_needs(r, v);
		return true;
	case GATES:
		return add_gates(r, v);
	case MINUTES:
		if (!json_is_whole(v) || v->valuedouble < 1 || v->valuedouble > MINUTES_MAX)
			return false;
		r->r->estimate_min = (long)v->valuedouble;
		return true;
	case SCORES:
		return add_scores(r->r, v);
	}
	return false;
}

static void unknown(const struct recipe_json *r, const char *name)
{
	const char *known[MEMBERS], *nearest;
	struct recipe_place at = recipe_json_place(r, name, NULL);

	for (size_t i = 0; i < MEMBERS; i++)
		known[i] = members[i].name;
	nearest = text_nearest(name, known, MEMBERS);
	recipe_note(r->set, &at, RECIPE_WARNING, "unknown-member", "'%s' means nothing here%s%s%s",
	            name, nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
	            nearest == NULL ? "" : "'?");
}

static void read_members(const struct recipe_json *r, const cJSON *json)
{
	struct recipe_place whole = place(r, NULL);
	const char *name = json_text(json, "name");
	const cJSON *v;

	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *m = &members[i];
		struct recipe_place at = recipe_json_place(r, m->name, NULL);

		if ((v = json_get(json, m->name)) == NULL) {
			if (m->required)
				recipe_note(r->set, &whole, RECIPE_ERROR, "missing-member",
				            "'%s' is missing; it is %s", m->name, m->want);
		} else if (!fill(r, m, v)) {
			recipe_note(r->set, &at, RECIPE_ERROR, "bad-member",
			            "'%s' is not what it should be: %s", m->name, m->want);
		}
	}
	if (name != NULL && strcmp(name, r->r->name) != 0) {
		struct recipe_place at = recipe_json_place(r, "name", NULL);

		recipe_note(r->set, &at, RECIPE_ERROR, "name-differs",
		            "the name is '%s' but the folder is '%s'; make them the same", name,
		            r->r->name);
	}
	cJSON_ArrayForEach(v, json) {
		bool known = strcmp(v->string, "$schema") == 0;

		for (size_t i = 0; i < MEMBERS; i++)
			known = known || strcmp(members[i].name, v->string) == 0;
		if (!known)
			unknown(r, v->string);
	}
}

/* An unfinished merge is told as such, not as bad JSON. */
static bool has_markers(const struct recipe_json *r)
{
	size_t before = r->set->n_findings;

	recipe_find_markers(r->set, r->r, r->file, r->bytes, r->n);
	return r->set->n_findings > before;
}

void recipe_read_dependencies(struct recipe_set *set, struct recipe *to, const char *file,
                              const char *bytes, size_t n)
{
	struct recipe_json r = { set, to, set->a, file, bytes, n };
	struct recipe_place at;
	struct err why = { 0 };
	cJSON *json = NULL;
	size_t wrong = 0;
	enum status st = json_check_at(bytes, n, &wrong, &why);

	if (st != E_NOMEM && has_markers(&r))
		return;
	if (st == OK)
		st = json_read(bytes, n, &json, &why);
	at = place(&r, bytes + (st == OK ? 0 : wrong));
	if (st == OK && cJSON_IsObject(json) && !recipe_old_members(&r, json))
		st = E_NOMEM;
	if (st == E_NOMEM)
		recipe_no_memory(r.a);
	else if (st != OK)
		recipe_note(set, &at, RECIPE_ERROR, "bad-json", "%s", why.text);
	else if (!cJSON_IsObject(json))
		recipe_note(set, &at, RECIPE_ERROR, "bad-json",
		            "the file is not an object; begin with {\"name\": \"%s\", ...}",
		            to->name);
	else
		read_members(&r, json);
	cJSON_Delete(json);
}
