/*
 * import_jsonl.c - one JSON object a line: what export writes, and the file of
 * server-memory, whose lines are entities with observations, and relations.
 */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/memory/import.h"
#include "domain/memory/knowledge.h"

static int64_t time_of(const cJSON *object, const char *key)
{
	const char *text = json_text(object, key);
	int64_t ms = 0;

	if (text != NULL && clock_parse(text, &ms) != 0)
		ms = 0;
	return ms;
}

/* The parsed line goes when it was read: texts that stay are copied. */
static const char *keep(struct import *im, const cJSON *object, const char *key)
{
	return text_dup(im->a, json_text(object, key));
}

static enum status note_superseded(struct import *im, const cJSON *object, const char *id,
                                   int64_t at_ms)
{
	struct import_pair *pair;

	if (id == NULL || json_text(object, "supersededBy") == NULL)
		return OK;
	if ((pair = arena_take(im->a, sizeof *pair)) == NULL)
		return err_nomem(im->err, "an import");
	*pair = (struct import_pair){ .old = id,
		                      .by = keep(im, object, "supersededBy"),
		                      .at_ms = at_ms != 0 ? at_ms : clock_wall_ms(&im->p->clock),
		                      .next = im->superseded };
	im->superseded = pair;
	return OK;
}

static const char *origin_of(const cJSON *object)
{
	static const char *const known[] = { "user", "agent", "run", "tool", "web" };
	const char *origin = json_text(object, "origin");

	for (size_t i = 0; origin != NULL && i < sizeof known / sizeof *known; i++)
		if (strcmp(origin, known[i]) == 0)
			return known[i];
	return "import";
}

enum status import_object(struct import *im, const cJSON *object, const char *text,
                          const char *entity)
{
	double importance = json_number(object, "importance", 0);
	struct memory_item item = {
		.id = keep(im, object, "id"),
		.text = text,
		.entity = entity,
		.entity_type = keep(im, object, "entityType"),
		.kind = keep(im, object, "kind"),
		.scope = keep(im, object, "scope"),
		.session = keep(im, object, "session"),
		.author = keep(im, object, "author"),
		.origin = origin_of(object),
		.run = keep(im, object, "run"),
		.task = keep(im, object, "task"),
		.commit = keep(im, object, "commit"),
		.made_ms = time_of(object, "createdAt"),
		.valid_from = time_of(object, "validFrom"),
		.valid_to = time_of(object, "validTo"),
		.expired_ms = time_of(object, "expiredAt"),
		.importance = importance >= 0 && importance <= 1 ? importance : 0,
	};
	enum status st;

	if (arena_failed(im->a))
		return err_nomem(im->err, "an import");
	if (item.valid_to != 0 && item.valid_to <= item.valid_from)
		item.valid_to = 0;
	st = note_superseded(im, object, item.id, item.valid_to);
	return st == OK ? import_item(im, &item) : st;
}

/* That the entity is there, though nothing may be known about it. */
static enum status mark(struct import *im, const char *name, const char *type)
{
	const struct memory_item item = {
		.text = knowledge_mark(name, type == NULL ? "thing" : type, im->a),
		.kind = KNOWLEDGE_KIND,
		.entity = name,
		.entity_type = type,
		.origin = "import",
	};

	return item.text == NULL ? err_nomem(im->err, "an import") : import_item(im, &item);
}

static enum status entity_line(struct import *im, const cJSON *object, size_t line)
{
	const char *name = keep(im, object, "name");
	const cJSON *observation;
	enum status st;

	if (name == NULL || name[0] == '\0' || strlen(name) > MEMORY_NAME_MAX) {
		import_skip(im, line, "an entity without a usable 'name'");
		return OK;
	}
	if ((st = mark(im, name, keep(im, object, "entityType"))) != OK)
		return st;
	cJSON_ArrayForEach(observation, json_get(object, "observations")) {
		struct memory_item item = { .entity = name,
			                    .entity_type = keep(im, object, "entityType"),
			                    .origin = "import" };

		if (!cJSON_IsString(observation) ||
		    observation->valuestring[strspn(observation->valuestring, " \t\r\n")] == '\0') {
			import_skip(im, line, "an observation that is no text");
			continue;
		}
		item.text = text_dup(im->a, observation->valuestring);
		if (item.text == NULL)
			return err_nomem(im->err, "an import");
		if ((st = import_item(im, &item)) != OK)
			return st;
	}
	return st;
}

static enum status relation_line(struct import *im, const cJSON *object, size_t line)
{
	struct memory_triple t = {
		.from = keep(im, object, "from"),
		.type = keep(im, object, "relationType"),
		.to = keep(im, object, "to"),
		.from_type = keep(im, object, "fromType"),
		.to_type = keep(im, object, "toType"),
		.valid_from = time_of(object, "validFrom"),
		.valid_to = time_of(object, "validTo"),
		.memory = keep(im, object, "memory"),
		.scope = keep(im, object, "scope"),
		.made_ms = time_of(object, "createdAt"),
		.expired_ms = time_of(object, "expiredAt"),
	};

	if (t.from == NULL || t.type == NULL || t.to == NULL || t.from[0] == '\0' ||
	    t.to[0] == '\0' || strlen(t.from) > MEMORY_NAME_MAX || strlen(t.to) > MEMORY_NAME_MAX) {
		import_skip(im, line, "a relation needs 'from', 'relationType' and 'to'");
		return OK;
	}
	return import_triple(im, &t);
}

static enum status read_line(struct import *im, const cJSON *object, size_t line)
{
	const char *type = json_text(object, "type");
	const char *text = keep(im, object, "text");

	if (type != NULL && strcmp(type, "entity") == 0)
		return entity_line(im, object, line);
	if (type != NULL && strcmp(type, "relation") == 0)
		return relation_line(im, object, line);
	if (text == NULL || text[strspn(text, " \t\r\n")] == '\0') {
		import_skip(im, line, "neither an entity, a relation nor a memory with a 'text'");
		return OK;
	}
	return import_object(im, object, text, keep(im, object, "entity"));
}

enum status import_jsonl(struct import *im, const char *bytes, size_t n)
{
	const char *end = bytes + n;
	enum status st = OK;

	for (size_t line = 1; bytes < end && st == OK; line++) {
		const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t len = (size_t)((stop == NULL ? end : stop) - bytes);
		struct err why = { 0 };
		cJSON *object = NULL;

		im->line = line;
		if (strspn(bytes, " \t\r") < len) {
			st = json_read(bytes, len, &object, &why);
			if (st == OK)
				st = read_line(im, object, line);
			else if (st == E_INPUT)
				import_skip(im, line, why.text), st = OK;
			else
				*im->err = why;
			cJSON_Delete(object);
		}
		bytes += len + 1;
	}
	return st;
}
