/* recall.c - finds memories, and says why. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/own.h"
#include "store/graph.h"

#define LIMIT_USUAL    10
#define LEADS_MAX      20
#define BYTES_A_TOKEN  4  /* of English text, about */
#define TOKENS_A_HIT   60 /* for what stands around the text */
#define TOKENS_AN_EDGE 20

struct recall {
	struct project *p;
	struct db *db;
	const struct memory_query *q;
	struct memory_question question;
	struct arena *a;
	struct err *err;
	struct rank_hit *hits;
	size_t n_hits;
	struct memory_found *out;
};

/* Rank, with the index borrowed; what is kept of it is copied. */
static enum status look(struct recall *r, const struct index_data *d)
{
	struct rank_entity_hit entities[LEADS_MAX];
	struct rank_answer answer = {
		.hits = r->hits,
		.entities = entities,
		.most_entities = LEADS_MAX,
	};
	struct index_scratch *s = index_scratch_take(r->p->memory->index, d);

	if (s == NULL || !rank(d, s, &r->question.rank, &answer)) {
		index_scratch_give(r->p->memory->index, s);
		return err_nomem(r->err, "ranking");
	}
	index_scratch_give(r->p->memory->index, s);
	r->n_hits = answer.n_hits;
	r->out->n_matched = answer.n_found;
	r->out->leads = arena_take(r->a, LEADS_MAX * sizeof *r->out->leads);
	for (size_t i = 0; i < answer.n_entities && r->out->leads != NULL; i++) {
		const struct index_entity *e = &d->entities[entities[i].entity];

		r->out->leads[r->out->n_leads++] = (struct memory_lead){
			text_dup(r->a, e->name),
			text_dup(r->a, e->type),
			(double)entities[i].score,
			entities[i].named,
		};
	}
	return arena_failed(r->a) ? err_nomem(r->err, "an answer") : OK;
}

/* Without a question: what a session should know. */
static enum status look_around(struct recall *r, const struct index_data *d)
{
	int64_t *ids = arena_take(r->a, r->question.rank.limit * sizeof *ids);

	if (ids == NULL)
		return err_nomem(r->err, "an answer");
	r->n_hits = memory_context(d, &r->question.rank, ids, r->question.rank.limit);
	for (size_t i = 0; i < r->n_hits; i++)
		r->hits[i] = (struct rank_hit){ ids[i], 0, 0 };
	return OK;
}

static enum status find(struct recall *r)
{
	const struct index_data *d = index_look(r->p->memory->index);
	bool nothing = false;
	enum status st = memory_question_filter(d, r->q, r->a, &r->question, &nothing, r->err);

	if (st == OK && !nothing)
		st = r->q->text == NULL ? look_around(r, d) : look(r, d);
	index_done(r->p->memory->index);
	return st;
}

/* The words of the question that the row holds. */
static void add_words(struct text *why, const struct recall *r, const struct terms_packed *terms)
{
	bool first = true;
	unsigned times;

	for (size_t i = 0; i < r->question.rank.n_terms; i++) {
		bool in = false;

		for (uint32_t k = 0; k < terms->n && !in; k++)
			in = terms_at(terms, k, &times) == r->question.rank.terms[i].term;
		if (!in)
			continue;
		text_addf(why, "%s%s", first ? "words: " : ", ", r->question.word[i]);
		first = false;
	}
}

static void add_part(struct text *why, const char *words)
{
	text_addf(why, "%s%s", why->len > 0 ? "; " : "", words);
}

static const char *why_of(const struct recall *r, const struct rank_hit *hit,
                          const struct memories_row *row, const struct memory_hit *shown)
{
	struct terms_packed terms;
	struct text why;
	const char *copy;

	text_init(&why, TEXT_LIMIT);
	if (r->q->text == NULL)
		text_addf(&why, "%s, importance %.2g", row->kind, row->importance);
	else if (terms_open(&terms, row->terms, row->terms_size))
		add_words(&why, r, &terms);
	if ((hit->why & RANK_ENTITY) != 0)
		text_addf(&why, "%sabout %s", why.len > 0 ? "; " : "",
		          shown->entity == NULL ? "what was asked" : shown->entity);
	if ((hit->why & RANK_AUTHOR) != 0)
		text_addf(&why, "%ssaid by %s", why.len > 0 ? "; " : "", shown->author);
	if ((hit->why & RANK_DATE) != 0)
		add_part(&why, "its time fits");
	if ((hit->why & RANK_NEIGHBOUR) != 0)
		add_part(&why, "next to a hit in the session");
	if ((hit->why & RANK_RELATED) != 0)
		add_part(&why, "related to a hit");
	if (why.len == 0)
		text_add(&why, "same session");
	copy = text_copy(&why, r->a);
	text_done(&why);
	return copy;
}

/* Where the first word of the question stands in a text; 0 when it does not. */
static size_t first_word(struct recall *r, const char *text)
{
	struct terms *t = memory_terms_take(r->p->memory);
	const struct terms_word *words;
	size_t n = 0, at = 0;
	bool found = false;

	if (t == NULL)
		return 0;
	if (terms_read(t, text, strlen(text), &words, &n, NULL) != OK)
		n = 0;
	for (size_t i = 0; i < n && !found; i++)
		for (size_t k = 0; k < r->question.rank.n_terms && !found; k++)
			if ((found = words[i].term == r->question.rank.terms[k].term))
				at = words[i].at;
	memory_terms_give(r->p->memory, t);
	return at;
}

/* Fetch the texts of the best until the budget is used up. */
static enum status fetch(struct recall *r)
{
	const struct memory_view view = { r->p->memory, r->db, r->question.rank.at_ms, r->a };
	size_t tokens = 0;
	enum status st = OK;

	r->out->hits = arena_take(r->a, (r->n_hits + 1) * sizeof *r->out->hits);
	if (r->out->hits == NULL)
		return err_nomem(r->err, "an answer");
	for (size_t i = 0; i < r->n_hits; i++) {
		struct memory_hit *hit = &r->out->hits[r->out->n_hits];
		struct memories_row row;

		st = memories_get(r->db, r->hits[i].id, r->a, &row, r->err);
		if (st == E_ABSENT)
			continue; /* purged meanwhile */
		if (st == OK)
			st = memory_hit_fill(&view, &row, hit, r->err);
		if (st != OK)
			return st;
		hit->score = (double)r->hits[i].score;
		hit->why = why_of(r, &r->hits[i], &row, hit);
		memory_hit_cut(hit, row.size > 1000 ? first_word(r, row.body) : 0, r->a);
		if (hit->why == NULL || arena_failed(r->a))
			return err_nomem(r->err, "an answer");
		hit->tokens = (strlen(hit->text) + strlen(hit->why)) / BYTES_A_TOKEN +
		              TOKENS_A_HIT + TOKENS_AN_EDGE * hit->n_relations;
		if (r->q->max_tokens > 0 && tokens + hit->tokens > r->q->max_tokens &&
		    r->out->n_hits > 0) {
			r->out->more = true;
			break;
		}
		tokens += hit->tokens;
		r->hits[r->out->n_hits++].id = r->hits[i].id;
	}
	return OK;
}

static enum status check(const struct memory_query *q, struct err *err)
{
	static const char *const kinds[] = { "project", "team", "global", "agent", "session" };
	size_t n = q->scope == NULL ? 0 : strcspn(q->scope, ":");
	bool known = q->scope == NULL;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !known; i++)
		known = strlen(kinds[i]) == n && memcmp(kinds[i], q->scope, n) == 0;
	if (!known)
		return err_set(err, E_INPUT,
		               "'%.80s' is no scope: use project, team, global, agent, session, "
		               "agent:NAME or session:NAME",
		               q->scope);
	if (q->n_also > MEMORY_ALSO_MAX)
		return err_set(err, E_INPUT, "'also' has %zu wordings; at most %d", q->n_also,
		               MEMORY_ALSO_MAX);
	if (q->limit > MEMORY_LIMIT_MAX)
		return err_set(err, E_INPUT, "limit %zu is over %d", q->limit, MEMORY_LIMIT_MAX);
	return OK;
}

/* The id of the entity asked for, 0 when there is none. */
static enum status entity_of(struct recall *r)
{
	int64_t id = 0;
	char *folded;
	enum status st;

	if (r->q->entity == NULL)
		return OK;
	if ((folded = terms_fold(r->q->entity, strlen(r->q->entity))) == NULL)
		return err_nomem(r->err, "a question");
	st = graph_entity_find(r->db, folded, &id, r->err);
	mem_free(folded);
	r->question.rank.entity = (uint32_t)id;
	return st;
}

static enum status run(struct recall *r)
{
	struct rank_query *rank = &r->question.rank;
	enum status st;

	if ((st = index_follow(r->p->memory->index, r->db, r->err)) != OK ||
	    (st = memory_question_read(r->p->memory, r->q, &r->question, r->err)) != OK ||
	    (st = entity_of(r)) != OK ||
	    (st = project_config(r->p, &r->question.config, r->err)) != OK)
		return st;
	if ((r->question.actor = memory_actor(NULL, r->a)) == NULL)
		return err_nomem(r->err, "a question");
	rank->now_ms = clock_wall_ms(&r->p->clock);
	rank->as_of = r->q->as_of_ms != 0;
	rank->at_ms = rank->as_of ? r->q->as_of_ms : rank->now_ms;
	rank->limit = r->q->limit == 0 ? LIMIT_USUAL : r->q->limit;
	r->hits = arena_take(r->a, (rank->limit + 1) * sizeof *r->hits);
	if (r->hits == NULL)
		return err_nomem(r->err, "an answer");
	if ((st = find(r)) != OK)
		return st;
	return fetch(r);
}

enum status memory_recall(struct project *p, const atomic_bool *stop, const struct memory_query *q,
                          struct arena *a, struct memory_found *out, struct err *err)
{
	struct recall *r = arena_take(a, sizeof *r);
	enum status st;

	if (r == NULL)
		return err_nomem(err, "a question");
	*r = (struct recall){ .p = p, .q = q, .a = a, .err = err, .out = out };
	*out = (struct memory_found){ 0 };
	if ((st = check(q, err)) != OK || (st = project_read(p, stop, &r->db, err)) != OK)
		return st;
	st = run(r);
	project_done(p, r->db);
	if (st == OK && q->count && out->n_hits > 0) {
		int64_t *ids = arena_take(a, out->n_hits * sizeof *ids);

		for (size_t i = 0; i < out->n_hits && ids != NULL; i++)
			ids[i] = r->hits[i].id;
		if (ids != NULL)
			memory_use(p->memory, ids, out->n_hits, clock_wall_ms(&p->clock));
	}
	return st;
}
