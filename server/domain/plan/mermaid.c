#include "domain/plan/mermaid.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/name.h"

#define CHAIN_MAX 256 /* nodes on one side of an arrow */
#define GROUP_MAX 16  /* subgraphs in each other */

struct slot {
	uint64_t hash;
	size_t node; /* + 1; 0: free */
};

struct reading {
	struct arena *a;
	struct mermaid *out;
	size_t nodes_room, edges_room;
	struct slot *slots; /* nodes by name; a power of two, half full at most */
	size_t n_slots;
	const char *groups[GROUP_MAX];
	size_t n_groups;
	const char *s; /* the statement */
	size_t n, at;
	long line;
};

static const char *const backward[] = { "depends on", "depends",    "requires",
	                                "needs",      "blocked by", "after",
	                                "waits for",  "uses",       "relies on" };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* What may stand in a node's id. A '-' may, but not where an arrow begins. */
static bool in_id(const struct reading *r, size_t i)
{
	char c = r->s[i];

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '_' || (unsigned char)c >= 0x80)
		return true;
	if (c == '.' || c == '/' || c == '#')
		return i + 1 < r->n && r->s[i + 1] != '-' && !is_blank(r->s[i + 1]) && c != '#';
	return c == '-' && i > r->at && i + 1 < r->n && r->s[i + 1] != '-' && r->s[i + 1] != '.' &&
	       r->s[i + 1] != '>' && !is_blank(r->s[i + 1]) && r->s[i - 1] != '-';
}

static void skip_blanks(struct reading *r)
{
	while (r->at < r->n && is_blank(r->s[r->at]))
		r->at++;
}

static bool slots_grow(struct reading *r)
{
	size_t n = r->n_slots == 0 ? 64 : r->n_slots * 2;
	struct slot *grown = arena_take(r->a, n * sizeof *grown);

	if (grown == NULL)
		return false;
	for (size_t i = 0; i < r->n_slots; i++) {
		size_t k = (size_t)r->slots[i].hash & (n - 1);

		if (r->slots[i].node == 0)
			continue;
		while (grown[k].node != 0)
			k = (k + 1) & (n - 1);
		grown[k] = r->slots[i];
	}
	r->slots = grown;
	r->n_slots = n;
	return true;
}

static size_t node_new(struct reading *r, const char *id, size_t len)
{
	struct mermaid *m = r->out;

	if (m->n_nodes == r->nodes_room) {
		size_t room = r->nodes_room == 0 ? 32 : r->nodes_room * 2;
		struct mermaid_node *grown = arena_take(r->a, room * sizeof *grown);

		if (grown == NULL)
			return 0;
		if (m->n_nodes > 0)
			memcpy(grown, m->nodes, m->n_nodes * sizeof *grown);
		m->nodes = grown;
		r->nodes_room = room;
	}
	m->nodes[m->n_nodes] =
	    (struct mermaid_node){ .id = arena_copy(r->a, id, len), .line = r->line };
	m->nodes[m->n_nodes].label = m->nodes[m->n_nodes].id;
	return m->n_nodes++;
}

static size_t node_find(struct reading *r, const char *id, size_t len)
{
	uint64_t hash = text_hash(id, len);
	size_t k;

	if (2 * r->out->n_nodes >= r->n_slots && !slots_grow(r))
		return 0;
	for (k = (size_t)hash & (r->n_slots - 1); r->slots[k].node != 0;
	     k = (k + 1) & (r->n_slots - 1)) {
		const char *there = r->out->nodes[r->slots[k].node - 1].id;

		if (r->slots[k].hash == hash && strlen(there) == len && memcmp(there, id, len) == 0)
			return r->slots[k].node - 1;
	}
	r->slots[k] = (struct slot){ hash, node_new(r, id, len) + 1 };
	return r->slots[k].node - 1;
}

/* A label without its quotes and tags; `<br/>` is a blank, `#quot;` and the like are dropped. */
static const char *label(struct arena *a, const char *s, size_t n)
{
	char *out = arena_take(a, n + 1);
	size_t used = 0;

	if (out == NULL)
		return "";
	while (n > 0 && strchr(" \t\"'`", s[n - 1]) != NULL)
		n--;
	while (n > 0 && strchr(" \t\"'`", *s) != NULL) {
		s++;
		n--;
	}
	for (size_t i = 0; i < n; i++) {
		const char *end = s[i] == '<' ? memchr(s + i, '>', n - i) : NULL;

		if (end != NULL && (s[i + 1] == '/' || (s[i + 1] >= 'a' && s[i + 1] <= 'z') ||
		                    (s[i + 1] >= 'A' && s[i + 1] <= 'Z'))) {
			out[used++] = ' ';
			i = (size_t)(end - s);
		} else if (s[i] == '\\' && i + 1 < n && s[i + 1] == 'n') {
			out[used++] = ' ';
			i++;
		} else if (s[i] != '"' && s[i] != '`') {
			out[used++] = s[i];
		}
	}
	out[used] = '\0';
	return out;
}

/* What closes a shape: `]` for `[`, counting brackets inside, quotes skipped. Returns its end. */
static size_t shape_end(const struct reading *r)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = r->at; i < r->n; i++) {
		char c = r->s[i];

		if (c == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (strchr("[({", c) != NULL || (c == '>' && i == r->at))
			depth++;
		else if (strchr("])}", c) != NULL && --depth == 0)
			return i + 1;
	}
	return r->n;
}

/* The shape and label after an id, `:::class` and `@{...}` too. */
static void shape(struct reading *r, size_t node)
{
	struct mermaid_node *m;

	if (r->out->n_nodes == 0)
		return;
	m = &r->out->nodes[node];
	if (r->at + 1 < r->n && r->s[r->at] == '@' && r->s[r->at + 1] == '{') {
		const char *end = memchr(r->s + r->at, '}', r->n - r->at), *from;

		from = memmem(r->s + r->at, r->n - r->at, "label:", 6);
		if (end != NULL && from != NULL && from < end) {
			size_t len = strcspn(from + 6, "},");

			m->label = label(r->a, from + 6, len);
			m->labelled = true;
		}
		r->at = end == NULL ? r->n : (size_t)(end - r->s) + 1;
	} else if (r->at < r->n && strchr("[({>", r->s[r->at]) != NULL) {
		size_t end = shape_end(r), from = r->at, to = end;

		while (from < to && strchr("[({>/\\|", r->s[from]) != NULL)
			from++;
		while (to > from && strchr("])}/\\|", r->s[to - 1]) != NULL &&
		       !(r->s[to - 1] == ')' && memchr(r->s + from, '(', to - from) != NULL))
			to--;
		m->label = label(r->a, r->s + from, to - from);
		m->labelled = true;
		r->at = end;
	}
	if (r->at + 3 <= r->n && memcmp(r->s + r->at, ":::", 3) == 0)
		while (r->at < r->n && !is_blank(r->s[r->at]) && r->s[r->at] != '&')
			r->at++;
}

/* One node. False when none stands here. */
static bool node(struct reading *r, size_t *out)
{
	size_t from, i;

	skip_blanks(r);
	from = i = r->at;
	while (i < r->n && in_id(r, i))
		i++;
	if (i == from)
		return false;
	*out = node_find(r, r->s + from, i - from);
	r->at = i;
	if (r->n_groups > 0 && r->out->n_nodes > 0 && r->out->nodes[*out].group == NULL)
		r->out->nodes[*out].group = r->groups[r->n_groups - 1];
	shape(r, *out);
	return true;
}

/* `A & B & C`. */
static size_t nodes(struct reading *r, size_t *out)
{
	size_t n = 0;

	while (n < CHAIN_MAX && node(r, &out[n])) {
		n++;
		skip_blanks(r);
		if (r->at >= r->n || r->s[r->at] != '&')
			break;
		r->at++;
	}
	return n;
}

struct arrow {
	bool head, tail;
	bool reversed; /* its label says so */
};

static void arrow_label(struct reading *r, struct arrow *arrow, const char *s, size_t n)
{
	const char *words = label(r->a, s, n);

	for (size_t i = 0; i < sizeof backward / sizeof *backward; i++)
		arrow->reversed = arrow->reversed || name_has(words, backward[i]);
}

/* A run of link characters; true when it is long enough to be one. */
static bool link_run(struct reading *r, struct arrow *arrow)
{
	size_t from = r->at;

	while (r->at < r->n && strchr("-=.~", r->s[r->at]) != NULL)
		r->at++;
	if (r->at - from < 2)
		return false;
	if (r->at < r->n &&
	    (r->s[r->at] == '>' || ((r->s[r->at] == 'o' || r->s[r->at] == 'x') &&
	                            r->at + 1 < r->n && is_blank(r->s[r->at + 1])))) {
		arrow->head = true;
		r->at++;
	}
	return true;
}

/* `-->`, `-.->`, `==>`, `-->|label|`, `-- label -->`, `<-->`. False when none stands here. */
static bool arrow_read(struct reading *r, struct arrow *arrow)
{
	size_t mark, from;

	*arrow = (struct arrow){ 0 };
	skip_blanks(r);
	if (r->at < r->n && r->s[r->at] == '<') {
		arrow->tail = true;
		r->at++;
	}
	from = r->at;
	if (!link_run(r, arrow))
		return false;
	mark = r->at;
	skip_blanks(r);
	if (r->at < r->n && r->s[r->at] == '|') {
		const char *end = memchr(r->s + r->at + 1, '|', r->n - r->at - 1);
		size_t to = end == NULL ? r->n : (size_t)(end - r->s);

		arrow_label(r, arrow, r->s + r->at + 1, to - r->at - 1);
		r->at = to < r->n ? to + 1 : to;
		return true;
	}
	if (arrow->head || mark - from > 2)
		return true; /* `---` is whole, `--` has words and the rest to come */
	/* words in the middle of the arrow: the rest of it follows them */
	mark = r->at;
	for (size_t i = mark; i + 1 < r->n; i++) {
		struct arrow rest = { 0 };

		if (strchr("-=.", r->s[i]) == NULL || strchr("-=.>", r->s[i + 1]) == NULL)
			continue;
		r->at = i;
		if (link_run(r, &rest) && rest.head) {
			arrow->head = true;
			arrow_label(r, arrow, r->s + mark, i - mark);
			return true;
		}
	}
	r->at = mark;
	return true;
}

static void edge(struct reading *r, size_t from, size_t to, const struct arrow *arrow)
{
	struct mermaid *m = r->out;
	bool back = arrow->reversed != (arrow->tail && !arrow->head);

	if (m->n_edges == r->edges_room) {
		size_t room = r->edges_room == 0 ? 32 : r->edges_room * 2;
		struct mermaid_edge *grown = arena_take(r->a, room * sizeof *grown);

		if (grown == NULL)
			return;
		if (m->n_edges > 0)
			memcpy(grown, m->edges, m->n_edges * sizeof *grown);
		m->edges = grown;
		r->edges_room = room;
	}
	m->edges[m->n_edges++] = (struct mermaid_edge){
		.from = back ? to : from,
		.to = back ? from : to,
		.line = r->line,
		.arrow = arrow->head != arrow->tail,
	};
}

static bool keyword(const struct reading *r, const char *word)
{
	size_t len = strlen(word);

	return r->n >= len && memcmp(r->s, word, len) == 0 &&
	       (r->n == len || is_blank(r->s[len]) || r->s[len] == '{');
}

/* `subgraph id [title]` or `subgraph title`. */
static void group_open(struct reading *r)
{
	const char *from, *title;
	size_t len;

	r->at = strlen("subgraph");
	skip_blanks(r);
	from = r->s + r->at;
	len = r->n - r->at;
	if (memchr(from, '[', len) != NULL && len > 0 && from[len - 1] == ']') {
		const char *open = memchr(from, '[', len);

		len -= (size_t)(open - from) + 2;
		from = open + 1;
	}
	title = label(r->a, from, len);
	if (r->n_groups < GROUP_MAX)
		r->groups[r->n_groups++] = title;
}

static void statement(struct reading *r)
{
	static const char *const ignored[] = { "classDef",  "class",         "style",
		                               "linkStyle", "click",         "direction",
		                               "graph",     "flowchart-elk", "flowchart",
		                               "accTitle",  "accDescr",      "title" };
	size_t left[CHAIN_MAX], right[CHAIN_MAX], n_left, n_right;
	struct arrow arrow;

	if (keyword(r, "subgraph")) {
		group_open(r);
		return;
	}
	if (keyword(r, "end")) {
		r->n_groups -= r->n_groups > 0;
		return;
	}
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		if (keyword(r, ignored[i]))
			return;
	n_left = nodes(r, left);
	while (n_left > 0 && arrow_read(r, &arrow)) {
		n_right = nodes(r, right);
		for (size_t i = 0; i < n_left; i++)
			for (size_t k = 0; k < n_right; k++)
				edge(r, left[i], right[k], &arrow);
		memcpy(left, right, n_right * sizeof *left);
		n_left = n_right;
	}
}

/* End of the statement that starts at s: a line end or `;`, not inside quotes or brackets. */
static size_t statement_end(const char *s)
{
	bool quoted = false;
	size_t i = 0, depth = 0;

	for (; s[i] != '\0' && s[i] != '\n'; i++) {
		if (s[i] == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (strchr("[({", s[i]) != NULL)
			depth++;
		else if (strchr("])}", s[i]) != NULL && depth > 0)
			depth--;
		if (s[i] == ';' && depth == 0)
			break;
	}
	return i;
}

bool mermaid_is_graph(const char *s)
{
	for (;;) {
		s += strspn(s, " \t\r\n");
		if (strncmp(s, "%%", 2) == 0) {
			s += strcspn(s, "\n");
		} else if (strncmp(s, "---", 3) == 0) {
			const char *end = strstr(s + 3, "\n---");

			if (end == NULL)
				return false;
			s = end + 4;
		} else {
			break;
		}
	}
	return (strncmp(s, "graph", 5) == 0 && strchr(" \t\r\n;", s[5]) != NULL) ||
	       (strncmp(s, "flowchart", 9) == 0 && strchr(" \t\r\n;-", s[9]) != NULL);
}

bool mermaid_read(const char *s, long line, struct arena *a, struct mermaid *out)
{
	struct reading *r = arena_take(a, sizeof *r);

	if (r == NULL)
		return false;
	*out = (struct mermaid){ 0 };
	r->a = a;
	r->out = out;
	r->line = line;
	while (*s != '\0') {
		size_t n = statement_end(s), skip = strspn(s, " \t\r");

		if (skip < n && strncmp(s + skip, "%%", 2) != 0) {
			r->s = s + skip;
			r->n = n - skip;
			r->at = 0;
			while (r->n > 0 && is_blank(r->s[r->n - 1]))
				r->n--;
			statement(r);
		} else if (skip < n) {
			n = strcspn(s, "\n"); /* a comment goes to the end of its line */
		}
		s += n;
		if (*s == '\n')
			r->line++;
		if (*s != '\0')
			s++;
	}
	return !arena_failed(a);
}
