/* Mermaid diagrams of a document: their nodes are its tasks, or become them. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/mermaid.h"
#include "domain/plan/name.h"
#include "domain/plan/paper.h"
#include "domain/plan/role.h"

struct match {
	size_t *task; /* of each node, or PLAN_NONE */
	double *score;
	size_t n; /* nodes that have one */
};

/* The better of two nodes keeps a task. */
static void claim(struct match *m, const struct mermaid *g, size_t node, size_t task, double score)
{
	for (size_t i = 0; i < g->n_nodes; i++) {
		if (m->task[i] != task)
			continue;
		if (m->score[i] >= score)
			return;
		m->task[i] = PLAN_NONE;
		m->n--;
	}
	m->task[node] = task;
	m->score[node] = score;
	m->n++;
}

/* A number at the end of a label, `QA Framework #242`, is an issue; names the rest. */
static struct name_hit label_find(struct draft *d, struct names *names,
                                  const struct mermaid_node *node)
{
	struct draft_task *t = &d->scratch;
	struct name_hit hit, other;

	*t = (struct draft_task){ .t = { .id = "", .title = "", .description = "", .kind = "" } };
	t->index = PLAN_NONE;
	role_title(d, t, node->label, PLAN_DIAGRAM);
	hit = name_find(names, t->t.title, strlen(t->t.title));
	if (hit.how < NAME_TITLE && t->own_id) {
		other = name_find(names, t->t.id, strlen(t->t.id));
		hit = other.how > hit.how ? other : hit;
	}
	if (hit.how < NAME_TITLE && node->labelled) {
		other = name_find(names, node->id, strlen(node->id));
		hit = other.how == NAME_ID ? other : hit;
	}
	for (size_t i = 0; i < t->t.labels.n && hit.how < NAME_NEAR; i++) {
		other = name_find(names, t->t.labels.at[i], strlen(t->t.labels.at[i]));
		hit = other.how == NAME_ISSUE ? other : hit;
	}
	return hit;
}

static bool match_nodes(struct paper *p, const struct mermaid *g, struct match *m)
{
	struct names *names = p->d->n_tasks == 0 ? NULL : names_build(p->d);

	m->n = 0;
	m->task = arena_take(p->d->a, (g->n_nodes + 1) * sizeof *m->task);
	m->score = arena_take(p->d->a, (g->n_nodes + 1) * sizeof *m->score);
	if (m->task == NULL || m->score == NULL)
		return false;
	for (size_t i = 0; i < g->n_nodes; i++)
		m->task[i] = PLAN_NONE;
	for (size_t i = 0; names != NULL && i < g->n_nodes; i++) {
		struct name_hit hit = label_find(p->d, names, &g->nodes[i]);

		if (hit.how >= NAME_NEAR)
			claim(m, g, i, hit.task, hit.how > NAME_NEAR ? 2 : hit.score);
	}
	return !arena_failed(p->d->a);
}

static void node_task(struct paper *p, struct mermaid_node *node, size_t *task)
{
	struct draft_task *t = draft_task(p->d, "", node->line);

	role_title(p->d, t, node->label, PLAN_DIAGRAM);
	if (!t->own_id) {
		t->t.id = node->id;
		t->own_id = true;
	}
	if (node->group != NULL && !role_batch(p->d->a, node->group, &t->t.batch, &t->batch_number))
		t->t.batch = node->group;
	*task = t->index;
}

static void diagram(struct paper *p, const struct markdown_block *b)
{
	struct mermaid g;
	struct match m;

	if (!mermaid_read(b->text, b->line + b->level, p->d->a, &g) || !match_nodes(p, &g, &m))
		return;
	if (p->d->n_tasks > 0 && 2 * m.n < g.n_nodes) {
		draft_find(
		    p->d, "not-read", PLAN_INFO, b->line,
		    "the diagram has %zu nodes of which %zu are tasks; it was not read as the "
		    "plan's graph",
		    g.n_nodes, m.n);
		return;
	}
	p->d->diagram = true;
	for (size_t i = 0; i < g.n_nodes; i++) {
		if (m.task[i] == PLAN_NONE)
			node_task(p, &g.nodes[i], &m.task[i]);
		if (m.task[i] >= p->d->n_tasks)
			return;
		p->d->tasks[m.task[i]]->node = g.nodes[i].id;
		p->d->tasks[m.task[i]]->seen |= DRAFT_IN_DIAGRAM;
	}
	for (size_t i = 0; i < g.n_edges; i++) {
		if (!g.edges[i].arrow)
			continue;
		draft_edge(p->d, m.task[g.edges[i].from], m.task[g.edges[i].to], PLAN_DIAGRAM,
		           g.edges[i].line);
		p->d->stated = true;
	}
}

void paper_read_diagrams(struct paper *p)
{
	for (size_t i = 0; i < p->m->n; i++) {
		const struct markdown_block *b = &p->m->blocks[i];

		if (b->kind == MARKDOWN_CODE && text_same(b->info, "mermaid") &&
		    mermaid_is_graph(b->text)) {
			p->used[i] = true;
			diagram(p, b);
		}
	}
}
