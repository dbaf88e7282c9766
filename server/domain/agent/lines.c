/*
 * Front matter that is no YAML. Many agent files in use have a description with ": " or
 * other marks in it, without quotes; the hosts they were written for read them line by
 * line, and so do we when YAML cannot.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "domain/agent/make.h"

struct cursor {
	const char *at, *end;
	long line;
};

/* The next line without its end; false at the end. */
static bool next_line(struct cursor *c, const char **line, size_t *n)
{
	const char *end;

	if (c->at == c->end)
		return false;
	end = memchr(c->at, '\n', (size_t)(c->end - c->at));
	*line = c->at;
	*n = end == NULL ? (size_t)(c->end - c->at) : (size_t)(end - c->at);
	c->at = end == NULL ? c->end : end + 1;
	c->line++;
	return true;
}

/* Without blanks around and without one pair of quotes. */
static const char *trimmed(const char *s, size_t n, struct arena *a)
{
	while (n > 0 && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	if (n > 1 && (*s == '"' || *s == '\'') && s[n - 1] == *s) {
		s++;
		n -= 2;
	}
	return arena_copy(a, s, n);
}

static size_t key_len(const char *line, size_t n)
{
	size_t k = 0;

	while (k < n && (isalnum((unsigned char)line[k]) || line[k] == '-' || line[k] == '_'))
		k++;
	return k > 0 && k < n && line[k] == ':' ? k : 0;
}

static struct yaml *node(enum yaml_kind kind, long line, const char *text, struct arena *a)
{
	struct yaml *y = arena_take(a, sizeof *y);

	if (y != NULL)
		*y = (struct yaml){ .kind = kind, .line = (size_t)line, .column = 1, .text = text };
	return y;
}

/* The map that is being made: its entries, the last one, and the last one's last item. */
struct plain {
	struct yaml *map, *last, *item;
};

static void append(struct yaml *to, struct yaml *before, struct yaml *child)
{
	if (before == NULL)
		to->first = child;
	else
		before->next = child;
	to->n++;
}

static struct yaml *entry(const char *line, size_t n, size_t k, long number, struct arena *a)
{
	const char *text = trimmed(line + k + 1, n - k - 1, a);
	struct yaml *value, *key = node(YAML_TEXT, number, arena_copy(a, line, k), a);

	if (text == NULL || key == NULL)
		return NULL;
	value = node(*text == '\0' ? YAML_NULL : YAML_TEXT, number, text, a);
	if (value != NULL)
		value->key = key;
	return value;
}

/* `- item` below a key without a value makes that key's value a list. */
static bool add_item(struct plain *p, const char *line, size_t n, long number, struct arena *a)
{
	size_t dash = 0;
	struct yaml *one;

	while (dash < n && isspace((unsigned char)line[dash]))
		dash++;
	if (p->last == NULL || p->last->kind == YAML_TEXT || dash == n || line[dash] != '-')
		return false;
	one = node(YAML_TEXT, number, trimmed(line + dash + 1, n - dash - 1, a), a);
	if (one == NULL || one->text == NULL)
		return false;
	p->last->kind = YAML_LIST;
	append(p->last, p->item, one);
	p->item = one;
	return true;
}

static bool add_entry(struct plain *p, struct yaml *one)
{
	if (one == NULL || yaml_get(p->map, one->key->text) != NULL)
		return false;
	append(p->map, p->last, one);
	p->last = one;
	p->item = NULL;
	return true;
}

const struct yaml *agent_plain_lines(const char *bytes, size_t n, size_t first_line,
                                     struct arena *a)
{
	struct cursor c = { bytes, bytes + n, (long)first_line - 1 };
	struct plain p = { .map = node(YAML_MAP, (long)first_line, NULL, a) };
	const char *line = NULL;
	size_t len = 0, k;

	while (p.map != NULL && next_line(&c, &line, &len)) {
		if ((k = key_len(line, len)) > 0) {
			if (!add_entry(&p, entry(line, len, k, c.line, a)))
				return NULL;
		} else if (len > 0 && !add_item(&p, line, len, c.line, a) &&
		           !isspace((unsigned char)*line)) {
			return NULL; /* neither a key nor what may follow one */
		}
	}
	return p.map == NULL || p.map->n == 0 ? NULL : p.map;
}
