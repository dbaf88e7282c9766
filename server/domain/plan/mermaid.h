/*
 * mermaid.h - reads a Mermaid `graph` or `flowchart`.
 *
 * Node shapes, labels, chains `A --> B --> C`, `A & B --> C`, edge labels, subgraphs, classes and
 * comments are understood as Mermaid does; an edge whose label says `depends on` or the like
 * counts the other way round. Lines are those of the document.
 */
#ifndef DOMAIN_PLAN_MERMAID_H
#define DOMAIN_PLAN_MERMAID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct mermaid_node {
	const char *id, *label; /* label: the id when none was given */
	const char *group;      /* title of the innermost subgraph, or NULL */
	long line;
	bool labelled;
	bool hidden; /* only mentioned in class, style, click */
};

struct mermaid_edge {
	size_t from, to;
	long line;
	bool arrow; /* has a head: `---` has none */
};

struct mermaid {
	struct mermaid_node *nodes;
	size_t n_nodes;
	struct mermaid_edge *edges;
	size_t n_edges;
};

/* Does the text begin as a graph or flowchart, comments and front matter aside? */
bool mermaid_is_graph(const char *s);

/* Read it; line is that of its first line. False only when the arena is full. */
bool mermaid_read(const char *s, long line, struct arena *a, struct mermaid *out);

#endif
