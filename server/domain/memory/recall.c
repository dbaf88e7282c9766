/* recall.c - finds memories, and says why. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/own.h"
#include "store/graph.h"

#define LIMIT_USUAL    10
#define LEADS_MAX      20
#define BYTES_A_TOKEN  4  /* of English text, about */
#define TOKENS_A_HIT   60 /* for what stands around the text */
#define TOKENS_AN_EDGE 20

struct recall {                /* from one store */
	struct project *p;     /* who asks: configuration, clock */
	struct project *store; /* p, or the one that is for all projects */
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
	struct index_scratch *s = index_scratch_take(r->store->memory->index, d);

	if (s == NULL || !rank(d, s, &r->question.rank, &answer)) {
		index_scratch_give(r->store->memory->index, s);
		return err_nomem(r->err, "ranking");
	}
	index_scratch_give(r->store->memory->index, s);
	r->n_hits = answer.n_hits;
	r->out->n_matched = answer.n_found;
	r->out->leads = arena_take(r->a, LEADS_MAX * sizeof *r->out->leads);
	for (size_t i = 0; i < answer.n_entities && r->out->leads != NULL; i++) {
		const struct index_entity *e = &d->entities[entities[i].entity];

		if (!memory_entity_is_readable(d, &r->question.readable, entities[i].entity))
			continue;
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
	r->n_hits = memory_context(d, &r->question.rank, r->hits, r->question.rank.limit);
	return OK;
}

static enum status find(struct recall *r)
{
	const struct index_data *d = index_look(r->store->memory->index);
	bool nothing = false;
	enum status st = memory_question_filter(d, r->q, r->a, &r->question, &nothing, r->err);

	if (st == OK && !nothing)
		st = r->q->text == NULL ? look_around(r, d) : look(r, d);
	index_done(r->store->memory->index);
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
	const struct memory_view view = { r->store->memory, r->db, r->question.rank.at_ms, r->a,
		                          &r->question.readable };
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
		hit->shared = r->store != r->p;
		r->out->n_hits++;
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

/* Everything before ranking. All of a store is read in one view: it is consistent, and cheaper. */
static enum status prepare(struct recall *r)
{
	struct rank_query *rank = &r->question.rank;
	enum status st;

	if ((st = db_read_begin(r->db, r->err)) != OK ||
	    (st = index_follow_in_view(r->store->memory->index, r->db, r->err)) != OK ||
	    (st = memory_question_read(r->p->memory, r->q, &r->question, r->err)) != OK ||
	    (st = entity_of(r)) != OK ||
	    (st = project_config(r->p, &r->question.config, r->err)) != OK)
		return st;
	r->question.actor = r->q->actor != NULL ? r->q->actor : memory_actor(NULL, r->a);
	if (r->question.actor == NULL)
		return err_nomem(r->err, "a question");
	rank->now_ms = clock_wall_ms(&r->p->clock);
	rank->as_of = r->q->as_of_ms != 0;
	rank->at_ms = rank->as_of ? r->q->as_of_ms : rank->now_ms;
	rank->limit = r->q->limit == 0 ? LIMIT_USUAL : r->q->limit;
	r->hits = arena_take(r->a, (rank->limit + 1) * sizeof *r->hits);
	if (r->hits == NULL)
		return err_nomem(r->err, "an answer");
	return OK;
}

/* How often the words of a question are in the other store. */
static void count_elsewhere(struct recall *r, const struct recall *other)
{
	const struct index_data *d = index_look(other->store->memory->index);
	struct rank_query *rank = &r->question.rank;

	rank->elsewhere = d->n_docs;
	for (size_t i = 0; i < rank->n_terms; i++) {
		const struct postings_list *list = postings_find(&d->words, rank->terms[i].term);

		rank->terms[i].elsewhere = list == NULL ? 0 : list->documents;
	}
	index_done(other->store->memory->index);
}

static enum status answer(struct recall *r)
{
	enum status st = find(r);

	return st == OK ? fetch(r) : st;
}

static int by_score(const void *a, const void *b)
{
	const struct memory_hit *x = a, *y = b;

	if (x->score < y->score || x->score > y->score)
		return x->score < y->score ? 1 : -1;
	return (x->made_ms < y->made_ms) - (x->made_ms > y->made_ms);
}

/* The best of both, within the limit and the budget of one. */
static enum status unite(struct recall *r, const struct recall *other)
{
	struct memory_found *out = r->out, *more = other->out;
	size_t n = out->n_hits + more->n_hits, tokens = 0;
	struct memory_hit *hits = arena_take(r->a, (n + 1) * sizeof *hits);
	struct memory_lead *leads =
	    arena_take(r->a, (out->n_leads + more->n_leads + 1) * sizeof *leads);

	if (hits == NULL || leads == NULL)
		return err_nomem(r->err, "an answer");
	for (size_t i = 0; i < n; i++)
		hits[i] = i < out->n_hits ? out->hits[i] : more->hits[i - out->n_hits];
	for (size_t i = 0; i < out->n_leads + more->n_leads; i++)
		leads[i] = i < out->n_leads ? out->leads[i] : more->leads[i - out->n_leads];
	qsort(hits, n, sizeof *hits, by_score);
	out->more = out->more || more->more;
	for (out->n_hits = 0; out->n_hits < n && out->n_hits < r->question.rank.limit;) {
		tokens += hits[out->n_hits].tokens;
		if (r->q->max_tokens > 0 && tokens > r->q->max_tokens && out->n_hits > 0) {
			out->more = true;
			break;
		}
		out->n_hits++;
	}
	out->hits = hits;
	out->leads = leads;
	out->n_leads += more->n_leads;
	out->n_matched += more->n_matched;
	return OK;
}

/* Ask the project's own store and the one that is for all projects as if they were one. */
static enum status ask_both(struct recall *own, struct recall *shared)
{
	enum status st;

	if ((st = prepare(own)) != OK || (st = prepare(shared)) != OK)
		return st;
	count_elsewhere(own, shared);
	count_elsewhere(shared, own);
	if ((st = answer(own)) != OK || (st = answer(shared)) != OK)
		return st;
	return unite(own, shared);
}

static void count_use(struct project *p, struct project *shared, const struct memory_found *out)
{
	for (size_t i = 0; i < out->n_hits; i++) {
		assert(!out->hits[i].shared || shared != NULL);
		memory_use(out->hits[i].shared ? shared->memory : p->memory, &out->hits[i].row, 1,
		           clock_wall_ms(&p->clock));
	}
}

/*
 * A connection to the store for all projects, when there is one and the question may be about
 * it. One that cannot be read must not keep a project from its own memory.
 */
static enum status other_store(struct project *p, const atomic_bool *stop,
                               const struct memory_query *q, struct project **out, struct db **db)
{
	struct err why = { OK, "" };
	enum status st;

	*out = NULL;
	if (q->scope != NULL && !memory_scope_is_shared(q->scope))
		return OK;
	st = memory_shared(p, false, out, &why);
	if (st == OK && *out != NULL)
		st = project_read(*out, stop, db, &why);
	if (st == OK || st == E_NOMEM || st == E_STOP)
		return st;
	log_line(LOG_WARN, "what is for all projects is left out: %s", why.text);
	*out = NULL;
	return OK;
}

enum status memory_recall(struct project *p, const atomic_bool *stop, const struct memory_query *q,
                          struct arena *a, struct memory_found *out, struct err *err)
{
	struct recall *r = arena_take(a, 2 * sizeof *r);
	struct memory_found more = { 0 };
	struct project *shared = NULL;
	struct db *db = NULL;
	enum status st;

	if (r == NULL)
		return err_nomem(err, "a question");
	*out = (struct memory_found){ 0 };
	if ((st = check(q, err)) != OK || (st = project_read(p, stop, &r[0].db, err)) != OK)
		return st;
	if ((st = other_store(p, stop, q, &shared, &db)) != OK) {
		project_done(p, r[0].db);
		return err_set(err, st, "%s",
		               st == E_STOP ? "stopped" : "out of memory for a question");
	}
	r[0] = (struct recall){
		.p = p, .store = p, .db = r[0].db, .q = q, .a = a, .err = err, .out = out
	};
	if (shared == NULL) {
		if ((st = prepare(r)) == OK)
			st = answer(r);
	} else {
		r[1] = r[0];
		r[1].store = shared;
		r[1].db = db;
		r[1].out = &more;
		st = ask_both(&r[0], &r[1]);
	}
	project_done(p, r[0].db);
	if (shared != NULL)
		project_done(shared, db);
	if (st == OK && q->count)
		count_use(p, shared, out);
	return st;
}
