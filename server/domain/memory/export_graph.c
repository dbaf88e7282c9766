/* export_graph.c - for graph databases and tools: Cypher and GraphML. */
#include <stdio.h>
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

/* `, key: value` of each; a time as one, which is what the database can compare. */
static void cypher_members(struct text *out, const struct export_member *m, size_t n)
{
	char time[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		text_addf(out, ", %s: ", m[i].key);
		if (m[i].text != NULL) {
			quoted(out, m[i].text);
		} else if (m[i].ms != 0) {
			clock_text(m[i].ms, time);
			text_addf(out, "datetime('%s')", time);
		} else {
			text_addf(out, "%g", m[i].number);
		}
	}
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
	struct export_member members[EXPORT_MEMBERS];

	text_add(out, "MERGE (m:Memory {id: ");
	quoted(out, hit->id);
	text_add(out, "}) SET m += {text: ");
	quoted(out, hit->text);
	cypher_members(out, members, export_memory_members(hit, members));
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
	struct export_member members[EXPORT_MEMBERS];

	text_add(out, "MATCH (a:Entity {name: ");
	quoted(out, r->from);
	text_add(out, "}), (b:Entity {name: ");
	quoted(out, r->to);
	text_add(out, "}) MERGE (a)-[:RELATES {type: ");
	quoted(out, r->type);
	cypher_members(out, members, export_relation_members(r, members));
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
		case '\r': /* else a reader makes a newline of it */
			text_add(out, "&#13;");
			break;
		default:
			if ((unsigned char)*s >= ' ' || strchr("\t\n", *s) != NULL)
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

static void data(struct text *out, const struct export_member *m, size_t n)
{
	char value[64];

	for (size_t i = 0; i < n; i++) {
		if (m[i].text == NULL && m[i].ms != 0)
			clock_text(m[i].ms, value);
		else if (m[i].text == NULL)
			(void)snprintf(value, sizeof value, "%g", m[i].number);
		datum(out, m[i].key, m[i].text == NULL ? value : m[i].text);
	}
}

static void declare(struct text *out, const char *key)
{
	text_addf(out, "<key id=\"%s\" for=\"all\" attr.name=\"%s\" attr.type=\"string\"/>\n", key,
	          key);
}

static void graphml_begin(struct text *out)
{
	text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	              "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n");
	declare(out, "label");
	declare(out, "text");
	for (const char *const *key = export_keys; *key != NULL; key++)
		declare(out, *key);
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
	struct export_member members[EXPORT_MEMBERS];

	text_addf(out, "<node id=\"%s\">", hit->id);
	datum(out, "text", hit->text);
	data(out, members, export_memory_members(hit, members));
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
	struct export_member members[EXPORT_MEMBERS];

	text_add(out, "<edge source=\"e:");
	escaped(out, r->from);
	text_add(out, "\" target=\"e:");
	escaped(out, r->to);
	text_add(out, "\">");
	datum(out, "label", r->type);
	data(out, members, export_relation_members(r, members));
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
