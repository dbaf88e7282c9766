/*
 * export_notes.c - forms that put all that is known about an entity in one place: Markdown
 * for people, and the file of server-memory.
 */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "domain/memory/export.h"
#include "domain/memory/knowledge.h"

#define PART_MAX  ((size_t)1 << 30) /* bytes that the memories of one entity may take */
#define SHOWN_MAX 200               /* bytes of a text that stands in the comment */

/* Ids of the memories about an entity (0: about none), oldest first, in the arena. */
static int64_t *about(struct project *p, uint32_t entity, struct arena *a, size_t *n)
{
	const struct index_data *d = index_look(p->memory->index);
	int64_t *ids = arena_take(a, (d->n_docs + 1) * sizeof *ids);

	*n = 0;
	for (size_t i = 0; ids != NULL && entity == 0 && i < d->n_docs; i++)
		if (d->docs[i].entity == 0)
			ids[(*n)++] = d->docs[i].id;
	if (ids != NULL && entity != 0)
		for (uint32_t doc = d->entities[entity].docs; doc != INDEX_NONE;
		     doc = d->docs[doc].entity_next)
			ids[(*n)++] = d->docs[doc].id;
	index_done(p->memory->index);
	for (size_t i = 0; entity != 0 && ids != NULL && i < *n / 2; i++) {
		int64_t id = ids[i];

		ids[i] = ids[*n - 1 - i];
		ids[*n - 1 - i] = id;
	}
	return ids;
}

/* Would the text come back as it is from a list in Markdown? */
static bool is_plain(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || isspace((unsigned char)text[0]) || isspace((unsigned char)text[n - 1]) ||
	    strstr(text, "<!--") != NULL || strchr(text, '\r') != NULL)
		return false;
	for (const char *line = strchr(text, '\n'); line != NULL; line = strchr(line + 1, '\n'))
		if (!isalpha((unsigned char)line[1]) && (unsigned char)line[1] < 128)
			return false;
	return strncmp(text, "```", 3) != 0;
}

/* What else is known, in a comment; a text that is not plain stands there whole. */
static void comment(struct text *out, const struct memory_hit *hit, bool with_text)
{
	struct text json;
	const char *at;

	text_init(&json, TEXT_LIMIT);
	export_object(&json, hit, !with_text);
	text_add(out, " <!-- ");
	/* The comment must neither begin nor end again inside the text. */
	for (at = text_string(&json); *at != '\0'; at++) {
		if (strncmp(at, "<!--", 4) == 0)
			text_add(out, "\\u003c");
		else if (*at == '>' && at - text_string(&json) >= 2 && at[-1] == '-')
			text_add(out, "\\u003e");
		else
			text_add_char(out, *at);
	}
	text_add(out, " -->\n");
	out->failed = out->failed || json.failed;
	text_done(&json);
}

/* An item of a list; lines after the first are moved in, so that they belong to it. */
static void note(struct text *out, const struct memory_hit *hit)
{
	bool plain = is_plain(hit->text);
	const char *line = hit->text + strspn(hit->text, " \t\r\n");

	text_add(out, "- ");
	for (;;) {
		size_t len = strcspn(line, "\n");

		text_add_n(out, line, plain ? len : text_utf8_cut(line, len, SHOWN_MAX));
		line += len;
		if (!plain || *line == '\0')
			break;
		text_add(out, "\n  ");
		line++;
	}
	comment(out, hit, !plain);
}

/* What is known about one entity, or (0) about nothing that has a name. */
struct part {
	struct project *p;
	struct db *db;
	uint32_t entity;
	const char *name, *type; /* NULL: none that may be read */
	struct arena *a;
	struct memory_readable readable;
};

/* Fill in name and type; how many entities there are. */
static size_t name_part(struct part *part)
{
	const struct index_data *d = index_look(part->p->memory->index);
	size_t n = d->n_entities;

	part->name = part->type = NULL;
	if (part->entity < n && d->entities[part->entity].name != NULL &&
	    memory_entity_is_readable(d, &part->readable, part->entity)) {
		part->name = text_dup(part->a, d->entities[part->entity].name);
		part->type = text_dup(part->a, d->entities[part->entity].type);
	}
	index_done(part->p->memory->index);
	return n;
}

static enum status markdown_part(const struct part *part, struct text *out, struct err *err)
{
	size_t n;
	int64_t *ids = about(part->p, part->entity, part->a, &n);
	bool first = true;

	if (ids == NULL)
		return err_nomem(err, "an export");
	for (size_t i = 0; i < n; i++) {
		struct memory_hit hit;
		enum status st = export_get(part->p, part->db, ids[i], part->a, &hit, err);

		if (st == E_ABSENT)
			continue;
		if (st != OK)
			return st;
		if (first && part->name != NULL)
			text_addf(out, "\n## %s\n\n", part->name);
		first = false;
		note(out, &hit);
	}
	return OK;
}

/* Texts that hold now, into an array. */
static enum status observations(const struct part *part, struct json_build *b, cJSON *list,
                                struct err *err)
{
	size_t n;
	int64_t *ids = about(part->p, part->entity, part->a, &n);
	enum status st = ids == NULL ? err_nomem(err, "an export") : OK;

	for (size_t i = 0; i < n && st == OK; i++) {
		struct memory_hit hit;

		st = export_get(part->p, part->db, ids[i], part->a, &hit, err);
		if (st == OK && hit.expired_ms == 0 && hit.superseded_by == NULL &&
		    strcmp(hit.kind, KNOWLEDGE_KIND) != 0)
			json_add_text(b, list, hit.text);
		else if (st == E_ABSENT)
			st = OK;
	}
	return st;
}

/* An entity with its observations, as server-memory keeps it. */
static enum status server_part(const struct part *part, struct text *out, struct err *err)
{
	struct json_build b = { 0 };
	cJSON *o = json_object(&b), *list;
	enum status st;
	char *line;

	json_put_text(&b, o, "type", "entity");
	json_put_text(&b, o, "name", part->name == NULL ? "notes" : part->name);
	json_put_text(&b, o, "entityType", part->type == NULL ? "thing" : part->type);
	list = json_put_array(&b, o, "observations");
	st = observations(part, &b, list, err);
	line = b.failed ? NULL : json_print(o);
	if (line == NULL)
		out->failed = true;
	else if (part->name != NULL || cJSON_GetArraySize(list) > 0)
		text_addf(out, "%s\n", line);
	mem_free(line);
	cJSON_Delete(o);
	return st;
}

/* What holds, without what that server does not know. */
static void server_relation(struct text *out, const struct export_relation *r)
{
	const struct export_relation shown = { .from = r->from, .to = r->to, .type = r->type };

	if (r->valid_to == 0 && r->expired_ms == 0)
		export_jsonl.relation(out, &shown);
}

static enum status write_parts(struct part *part, enum memory_format format, struct text *out,
                               struct err *err)
{
	size_t n_entities = 1;
	enum status st = OK;

	for (; st == OK && part->entity < n_entities && !out->failed; part->entity++) {
		if ((part->a = arena_new(PART_MAX)) == NULL)
			return err_nomem(err, "an export");
		n_entities = name_part(part);
		if (part->name == NULL && part->entity > 0)
			st = arena_failed(part->a) ? err_nomem(err, "an export") : OK;
		else if (format == MEMORY_MARKDOWN)
			st = markdown_part(part, out, err);
		else
			st = server_part(part, out, err);
		arena_free(part->a);
	}
	return st;
}

enum status export_by_entity(struct project *p, struct db *db, enum memory_format format,
                             struct text *out, struct err *err)
{
	struct part part = { .p = p, .db = db };
	struct arena *scopes = arena_new(PART_MAX);
	enum status st;

	if (scopes == NULL)
		return err_nomem(err, "an export");
	if (format == MEMORY_MARKDOWN)
		text_add(out, "# Memory\n\n");
	if ((st = export_readable(p, scopes, &part.readable, err)) == OK)
		st = write_parts(&part, format, out, err);
	if (st == OK && format == MEMORY_SERVER_MEMORY)
		st = export_relations(p, db, server_relation, out, err);
	arena_free(scopes);
	return st;
}
