/* export_graph.c - for graph databases and tools: Cypher and GraphML. */
#include <string.h>

#include "base/clock.h"
#include "domain/memory/export.h"

/* A text between single quotes, as Cypher reads it. */
static void quoted(struct text *out, const char *s)
{
	text_add_char(out, '\'');
	for (; s != NULL && *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			text_add_char(out, '\\');
		if (*s == '\n')
			text_add(out, "\\n");
		else if (*s == '\r')
			text_add(out, "\\r");
		else
			text_add_char(out, *s);
	}
	text_add_char(out, '\'');
}

static void cypher_set(struct text *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	text_addf(out, ", %s: ", key);
	quoted(out, value);
}

static void cypher_time(struct text *out, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	if (ms == 0)
		return;
	clock_text(ms, text);
	text_addf(out, ", %s: datetime('%s')", key, text);
}

static void cypher_begin(struct text *out)
{
	text_add(out,
	         "CREATE CONSTRAINT gadugi_entity IF NOT EXISTS FOR (e:Entity) REQUIRE e.name IS "
	         "UNIQUE;\nCREATE CONSTRAINT gadugi_memory IF NOT EXISTS FOR (m:Memory) REQUIRE "
	         "m.id IS UNIQUE;\n");
}

static void cypher_entity(struct text *out, const char *name, const char *type)
{
	text_add(out, "MERGE (e:Entity {name: ");
	quoted(out, name);
	text_add(out, "})");
	if (type != NULL) {
		text_add(out, " SET e.type = ");
		quoted(out, type);
	}
	text_add(out, ";\n");
}

static void cypher_memory(struct text *out, const struct memory_hit *hit)
{
	text_add(out, "MERGE (m:Memory {id: ");
	quoted(out, hit->id);
	text_add(out, "}) SET m += {text: ");
	quoted(out, hit->text);
	cypher_set(out, "kind", hit->kind);
	cypher_set(out, "scope", hit->scope);
	cypher_set(out, "session", hit->session);
	cypher_set(out, "author", hit->author);
	cypher_set(out, "origin", hit->origin);
	text_addf(out, ", importance: %g", hit->importance);
	cypher_time(out, "createdAt", hit->made_ms);
	cypher_time(out, "validFrom", hit->valid_from);
	cypher_time(out, "validTo", hit->valid_to);
	cypher_time(out, "expiredAt", hit->expired_ms);
	cypher_set(out, "supersededBy", hit->superseded_by);
	text_add(out, "}");
	if (hit->entity != NULL) {
		text_add(out, " MERGE (e:Entity {name: ");
		quoted(out, hit->entity);
		text_add(out, "}) MERGE (m)-[:ABOUT]->(e)");
	}
	text_add(out, ";\n");
}

static void cypher_relation(struct text *out, const struct export_relation *r)
{
	text_add(out, "MATCH (a:Entity {name: ");
	quoted(out, r->from);
	text_add(out, "}), (b:Entity {name: ");
	quoted(out, r->to);
	text_add(out, "}) MERGE (a)-[:RELATES {type: ");
	quoted(out, r->type);
	cypher_set(out, "memory", r->memory);
	cypher_set(out, "scope", r->scope);
	cypher_time(out, "createdAt", r->made_ms);
	cypher_time(out, "validFrom", r->valid_from);
	cypher_time(out, "validTo", r->valid_to);
	cypher_time(out, "expiredAt", r->expired_ms);
	text_add(out, "}]->(b);\n");
}

const struct export_writer export_cypher = {
	.begin = cypher_begin,
	.entity = cypher_entity,
	.memory = cypher_memory,
	.relation = cypher_relation,
};

/* Text in XML; control characters that XML forbids are left out. */
static void escaped(struct text *out, const char *s)
{
	for (; s != NULL && *s != '\0'; s++) {
		switch (*s) {
		case '&':
			text_add(out, "&amp;");
			break;
		case '<':
			text_add(out, "&lt;");
			break;
		case '>':
			text_add(out, "&gt;");
			break;
		case '"':
			text_add(out, "&quot;");
			break;
		default:
			if ((unsigned char)*s >= ' ' || strchr("\t\n\r", *s) != NULL)
				text_add_char(out, *s);
			break;
		}
	}
}

static void datum(struct text *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	text_addf(out, "<data key=\"%s\">", key);
	escaped(out, value);
	text_add(out, "</data>");
}

static void datum_time(struct text *out, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	if (ms == 0)
		return;
	clock_text(ms, text);
	datum(out, key, text);
}

static void graphml_begin(struct text *out)
{
	static const char *const keys[] = { "label",     "text",    "kind",      "scope",
		                            "session",   "author",  "memory",    "createdAt",
		                            "validFrom", "validTo", "expiredAt", "supersededBy" };

	text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	              "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		text_addf(out,
		          "<key id=\"%s\" for=\"all\" attr.name=\"%s\" attr.type=\"string\"/>\n",
		          keys[i], keys[i]);
	text_add(out, "<graph id=\"memory\" edgedefault=\"directed\">\n");
}

static void graphml_entity(struct text *out, const char *name, const char *type)
{
	text_add(out, "<node id=\"e:");
	escaped(out, name);
	text_add(out, "\">");
	datum(out, "label", name);
	datum(out, "kind", type);
	text_add(out, "</node>\n");
}

static void graphml_memory(struct text *out, const struct memory_hit *hit)
{
	text_addf(out, "<node id=\"%s\">", hit->id);
	datum(out, "text", hit->text);
	datum(out, "kind", hit->kind);
	datum(out, "scope", hit->scope);
	datum(out, "session", hit->session);
	datum(out, "author", hit->author);
	datum_time(out, "createdAt", hit->made_ms);
	datum_time(out, "validFrom", hit->valid_from);
	datum_time(out, "validTo", hit->valid_to);
	datum_time(out, "expiredAt", hit->expired_ms);
	datum(out, "supersededBy", hit->superseded_by);
	text_add(out, "</node>\n");
	if (hit->entity == NULL)
		return;
	text_addf(out, "<edge source=\"%s\" target=\"e:", hit->id);
	escaped(out, hit->entity);
	text_add(out, "\">");
	datum(out, "label", "about");
	text_add(out, "</edge>\n");
}

static void graphml_relation(struct text *out, const struct export_relation *r)
{
	text_add(out, "<edge source=\"e:");
	escaped(out, r->from);
	text_add(out, "\" target=\"e:");
	escaped(out, r->to);
	text_add(out, "\">");
	datum(out, "label", r->type);
	datum(out, "scope", r->scope);
	datum(out, "memory", r->memory);
	datum_time(out, "createdAt", r->made_ms);
	datum_time(out, "validFrom", r->valid_from);
	datum_time(out, "validTo", r->valid_to);
	datum_time(out, "expiredAt", r->expired_ms);
	text_add(out, "</edge>\n");
}

static void graphml_end(struct text *out)
{
	text_add(out, "</graph>\n</graphml>\n");
}

const struct export_writer export_graphml = {
	.begin = graphml_begin,
	.entity = graphml_entity,
	.memory = graphml_memory,
	.relation = graphml_relation,
	.end = graphml_end,
};
