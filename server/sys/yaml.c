#include "sys/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/text.h"

/* A list or map that is being filled. */
struct level {
	struct yaml *node;
	struct yaml *last; /* its newest child */
	struct yaml *key;  /* of a map: a key that waits for its value */
};

struct reader {
	yaml_parser_t parser;
	const char *name;
	size_t first_line;
	struct arena *arena;
	struct err *err;
	struct level levels[YAML_DEPTH_MAX];
	size_t depth;
	size_t nodes;
	struct yaml *root;
};

enum status yaml_bad(struct err *err, const char *name, const struct yaml *at, const char *fmt, ...)
{
	char words[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return err_set(err, E_INPUT, "%s:%zu:%zu: %s", name, at->line, at->column, words);
}

static enum status bad_mark(struct reader *r, const yaml_mark_t *mark, const char *words)
{
	const struct yaml at = { .line = mark->line + r->first_line, .column = mark->column + 1 };

	return yaml_bad(r->err, r->name, &at, "%s", words);
}

static enum status bad_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return err_nomem(r->err, "reading YAML");
	return bad_mark(r, &p->problem_mark, p->problem == NULL ? "this is not YAML" : p->problem);
}

static bool is_null_word(const char *text)
{
	return text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
	       strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

static enum status place_key(struct reader *r, struct level *level, struct yaml *node)
{
	if (node->kind == YAML_LIST || node->kind == YAML_MAP)
		return yaml_bad(r->err, r->name, node, "a key must be a word");
	if (strcmp(node->text, "<<") == 0 && !node->quoted)
		return yaml_bad(r->err, r->name, node, "merge keys are not read here");
	if (level->node->n == YAML_KEYS_MAX)
		return yaml_bad(r->err, r->name, node, "more than %d keys", YAML_KEYS_MAX);
	if (yaml_get(level->node, node->text) != NULL)
		return yaml_bad(r->err, r->name, node, "'%s' stands here a second time",
		                node->text);
	level->key = node;
	return OK;
}

/* Hang a scalar, list or map where it belongs. */
static enum status place(struct reader *r, struct yaml *node)
{
	struct level *level;

	if (r->depth == 0) {
		r->root = node;
		return OK;
	}
	level = &r->levels[r->depth - 1];
	if (level->node->kind == YAML_MAP && level->key == NULL)
		return place_key(r, level, node);
	node->key = level->key;
	level->key = NULL;
	if (level->last == NULL)
		level->node->first = node;
	else
		level->last->next = node;
	level->last = node;
	level->node->n++;
	return OK;
}

static struct yaml *node_new(struct reader *r, enum yaml_kind kind, const yaml_event_t *e)
{
	struct yaml *node = arena_take(r->arena, sizeof *node);

	if (node == NULL)
		return NULL;
	node->kind = kind;
	node->line = e->start_mark.line + r->first_line;
	node->column = e->start_mark.column + 1;
	return node;
}

static enum status scalar(struct reader *r, const yaml_event_t *e)
{
	const char *bytes = (const char *)e->data.scalar.value;
	size_t n = e->data.scalar.length;
	struct yaml *node = node_new(r, YAML_TEXT, e);
	char *text = node == NULL ? NULL : arena_copy(r->arena, bytes, n);

	if (text == NULL)
		return err_nomem(r->err, "reading YAML");
	if (memchr(bytes, '\0', n) != NULL)
		return yaml_bad(r->err, r->name, node, "a text may not hold a NUL");
	node->text = text;
	node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (!node->quoted && is_null_word(text))
		node->kind = YAML_NULL;
	return place(r, node);
}

static enum status begin(struct reader *r, enum yaml_kind kind, const yaml_event_t *e)
{
	struct yaml *node = node_new(r, kind, e);
	enum status st;

	if (node == NULL)
		return err_nomem(r->err, "reading YAML");
	if (r->depth == YAML_DEPTH_MAX)
		return yaml_bad(r->err, r->name, node, "nested deeper than %d", YAML_DEPTH_MAX);
	if ((st = place(r, node)) != OK)
		return st;
	r->levels[r->depth++] = (struct level){ .node = node };
	return OK;
}

static bool decorated(const yaml_event_t *e)
{
	switch ((int)e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor != NULL || e->data.sequence_start.tag != NULL;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor != NULL || e->data.mapping_start.tag != NULL;
	default:
		return false;
	}
}

static enum status take(struct reader *r, const yaml_event_t *e)
{
	if (decorated(e) || e->type == YAML_ALIAS_EVENT)
		return bad_mark(r, &e->start_mark, "anchors, aliases and tags are not read here");
	if (++r->nodes > YAML_NODES_MAX)
		return bad_mark(r, &e->start_mark, "too many values");
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return begin(r, YAML_LIST, e);
	case YAML_MAPPING_START_EVENT:
		return begin(r, YAML_MAP, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return OK;
	case YAML_DOCUMENT_START_EVENT:
		if (r->root != NULL)
			return bad_mark(r, &e->start_mark, "a second document begins here");
		return OK;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_ALIAS_EVENT:
		return OK;
	}
	return OK;
}

static enum status read_all(struct reader *r)
{
	enum status st = OK;
	bool ended = false;
	yaml_event_t e;

	while (st == OK && !ended) {
		if (yaml_parser_parse(&r->parser, &e) == 0)
			return bad_syntax(r);
		ended = e.type == YAML_STREAM_END_EVENT;
		st = take(r, &e);
		yaml_event_delete(&e);
	}
	return st;
}

enum status yaml_parse(const struct yaml_source *source, struct arena *a, const struct yaml **out,
                       struct err *err)
{
	struct reader r = { .name = source->name,
		            .first_line = source->first_line == 0 ? 1 : source->first_line,
		            .arena = a,
		            .err = err };
	const char *bytes = source->bytes, *name = source->name;
	size_t n = source->size, valid = text_utf8_valid(bytes, n);
	enum status st;

	if (n > YAML_BYTES_MAX)
		return err_set(err, E_INPUT, "%s: larger than %zu bytes", name, YAML_BYTES_MAX);
	if (valid != n)
		return err_set(err, E_INPUT, "%s: not UTF-8 at byte %zu", name, valid);
	if (yaml_parser_initialize(&r.parser) == 0)
		return err_nomem(err, "reading YAML");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, n);
	st = read_all(&r);
	yaml_parser_delete(&r.parser);
	if (st != OK)
		return st;
	if (r.root == NULL) {
		if ((r.root = arena_take(a, sizeof *r.root)) == NULL)
			return err_nomem(err, "reading YAML");
		r.root->line = r.first_line;
		r.root->column = 1;
	}
	*out = r.root;
	return OK;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml *at = map->first; at != NULL; at = at->next)
		if (strcmp(at->key->text, key) == 0)
			return at;
	return NULL;
}

static bool plain(const struct yaml *value)
{
	return value != NULL && value->kind == YAML_TEXT && !value->quoted;
}

bool yaml_whole(const struct yaml *value, long *out)
{
	char *end;
	long n;

	if (!plain(value) || strspn(value->text, "+-0123456789") != strlen(value->text))
		return false;
	errno = 0;
	n = strtol(value->text, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	*out = n;
	return true;
}

bool yaml_number(const struct yaml *value, double *out)
{
	char *end;
	double n;

	if (!plain(value) || strspn(value->text, "+-.eE0123456789") != strlen(value->text))
		return false;
	n = strtod(value->text, &end);
	if (*end != '\0' || !isfinite(n))
		return false;
	*out = n;
	return true;
}

bool yaml_flag(const struct yaml *value, bool *out)
{
	static const char *const on[] = { "true", "yes", "on" };
	static const char *const off[] = { "false", "no", "off" };

	if (!plain(value))
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (text_same(value->text, on[i]) || text_same(value->text, off[i])) {
			*out = text_same(value->text, on[i]);
			return true;
		}
	}
	return false;
}
