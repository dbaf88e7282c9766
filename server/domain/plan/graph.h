/*
 * graph.h - what follows from edges and weights alone.
 *
 * Pure: no plan, no text, nothing but numbers in the caller's arena. Nodes are 0 to n-1;
 * an edge goes from the prerequisite. All but graph_cycle and graph_drop_cycles want a graph
 * without cycles. Functions return false only when the arena is full.
 */
#ifndef DOMAIN_PLAN_GRAPH_H
#define DOMAIN_PLAN_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define GRAPH_NONE ((size_t)-1)

struct graph_edge {
	size_t from, to;
};

struct graph {
	size_t n, m;
	const struct graph_edge *edges; /* as given */
	const size_t *out_at, *out;     /* successors of i: out[out_at[i]] to out[out_at[i + 1]] */
	const size_t *in_at, *in;       /* predecessors, likewise */
	const size_t *out_edge, *in_edge; /* the index of each in edges */
};

struct graph_times {
	size_t *order; /* every prerequisite before what needs it; ties by index */
	size_t *level; /* edges on the longest way from a source */
	size_t n_levels;
	long *earliest; /* longest way from a source, its own weight not counted */
	long *rank;     /* longest way to a sink, its own weight counted */
	long length;    /* of the longest path */
	size_t *path;   /* the longest path; of several the one with the smallest indices first */
	size_t n_path;
};

/* The edges are kept by reference. */
bool graph_build(struct graph *g, size_t n, const struct graph_edge *edges, size_t m,
                 struct arena *a);

/*
 * A shortest cycle (a self edge has length 1): *cycle has *len nodes, each the prerequisite
 * of the next and the last of the first; *len 0: none. In graphs so large that looking for the
 * shortest would take over a second it is the shortest found.
 */
bool graph_cycle(const struct graph *g, struct arena *a, size_t **cycle, size_t *len);

/* Mark in dropped[m] a set of edges without which there is no cycle; few, but not the fewest. */
bool graph_drop_cycles(const struct graph *g, bool *dropped, struct arena *a);

/* Levels, times and the longest path. Weights are not negative. */
bool graph_measure(const struct graph *g, const long *weights, struct arena *a,
                   struct graph_times *out);

/*
 * Mark in redundant[m] every edge whose ends are joined by a longer way. In graphs that
 * would need more than some ten million steps the rest stays unmarked.
 */
bool graph_redundant(const struct graph *g, const struct graph_times *times, bool *redundant,
                     struct arena *a);

/* Is there a way from one node to another? marks: n zero bytes, used and left dirty. */
bool graph_reaches(const struct graph *g, size_t from, size_t to, struct arena *a, bool *reaches);

#endif
