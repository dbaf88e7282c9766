/*
 * The index that ranking reads: fed by the calls that write, or kept by another process, it is
 * as if it were read anew.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/index_build.h"
#include "domain/memory/index_file.h"
#include "domain/memory/own.h"
#include "sys/fs.h"
#include "tests/lib/folder.h"

#define FIRST_MS ((int64_t)1760000000000)

struct bench { /* a project in a folder of its own, opened twice as two processes would */
	struct folder *f;
	struct project *p, *other;
	struct arena *a;
	struct err err;
	uint32_t chance;
};

static int setup(void **state)
{
	struct bench *b = mem_zero(1, sizeof *b);
	void *f = NULL;

	if (b == NULL || folder_setup(&f) != 0)
		return -1;
	b->f = f;
	b->chance = 12345;
	if (setenv("XDG_DATA_HOME", b->f->path, 1) != 0)
		return -1;
	b->a = arena_new((size_t)512 << 20);
	if (b->a == NULL || project_open(&b->p, b->f->path, &b->err) != OK ||
	    project_open(&b->other, b->f->path, &b->err) != OK)
		return -1;
	b->p->clock.fixed_ms = b->other->clock.fixed_ms = FIRST_MS;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	void *f = b->f;
	int rc;

	project_free(b->p);
	project_free(b->other);
	arena_free(b->a);
	rc = folder_teardown(&f);
	mem_free(b);
	return rc;
}

static uint32_t draw(struct bench *b, uint32_t n)
{
	b->chance = b->chance * 1664525u + 1013904223u;
	return (b->chance >> 8) % n;
}

static enum status remember(struct project *p, struct bench *b, const struct memory_item *items,
                            size_t n)
{
	struct memory_stored stored[8];

	assert_true(n <= 8);
	return memory_remember(p, NULL, &(struct memory_batch){ items, n, stored }, b->a, &b->err);
}

/* Bring the index of a project up to date. */
static void follow(struct project *p, struct bench *b)
{
	struct db *db = NULL;

	assert_int_equal(project_read(p, NULL, &db, &b->err), OK);
	assert_int_equal(index_follow(p->memory->index, db, &b->err), OK);
	project_done(p, db);
}

static int64_t change_of(struct project *p)
{
	int64_t change = index_look(p->memory->index)->change;

	index_done(p->memory->index);
	return change;
}

static int64_t change_stored(struct bench *b)
{
	struct memories_state state;
	struct db *db = NULL;

	assert_int_equal(project_read(b->p, NULL, &db, &b->err), OK);
	assert_int_equal(memories_state(db, &state, &b->err), OK);
	project_done(b->p, db);
	return state.change;
}

static void same_text(const char *a, const char *b)
{
	assert_true((a == NULL) == (b == NULL));
	if (a != NULL)
		assert_string_equal(a, b);
}

static void same_postings(const struct postings *a, const struct postings *b)
{
	assert_int_equal(a->n_terms, b->n_terms);
	for (size_t i = 0; i < a->n_slots; i++) {
		const struct postings_list *x = &a->slots[i], *y;

		if (x->documents == 0)
			continue;
		y = postings_find(b, x->term);
		assert_non_null(y);
		assert_int_equal(x->documents, y->documents);
		assert_int_equal(x->len, y->len);
		assert_memory_equal(x->bytes, y->bytes, x->len);
	}
}

static void same_docs(const struct index_data *a, const struct index_data *b)
{
	assert_int_equal(a->n_docs, b->n_docs);
	for (size_t i = 0; i < a->n_docs; i++) {
		const struct index_doc *x = &a->docs[i], *y = &b->docs[i];

		assert_int_equal(x->id, y->id);
		assert_int_equal(x->begin_ms, y->begin_ms);
		assert_int_equal(x->end_ms, y->end_ms);
		assert_int_equal(x->before, y->before);
		assert_int_equal(x->after, y->after);
		assert_int_equal(x->entity, y->entity);
		assert_int_equal(x->entity_next, y->entity_next);
		assert_int_equal(x->scope, y->scope);
		assert_int_equal(x->flags, y->flags);
		same_text(a->name[x->kind].text, b->name[y->kind].text);
		if (x->author != 0 || y->author != 0)
			same_text(a->name[x->author].text, b->name[y->author].text);
		assert_int_equal(a->doc_session[i], b->doc_session[i]);
		assert_int_equal(a->doc_words[i], b->doc_words[i]);
		assert_int_equal(a->doc_filter[i], b->doc_filter[i]);
	}
}

static void same_graph(const struct index_data *a, const struct index_data *b)
{
	assert_int_equal(a->n_entities, b->n_entities);
	for (size_t i = 0; i < a->n_entities; i++) {
		same_text(a->entities[i].name, b->entities[i].name);
		assert_int_equal(a->entities[i].docs, b->entities[i].docs);
		assert_int_equal(a->entities[i].degree, b->entities[i].degree);
		assert_int_equal(a->entities[i].out, b->entities[i].out);
		assert_int_equal(a->entities[i].in, b->entities[i].in);
	}
	assert_int_equal(a->n_relations, b->n_relations);
	for (size_t i = 0; i < a->n_relations; i++) {
		assert_int_equal(a->relations[i].id, b->relations[i].id);
		assert_int_equal(a->relations[i].memory, b->relations[i].memory);
		assert_int_equal(a->relations[i].begin_ms, b->relations[i].begin_ms);
		assert_int_equal(a->relations[i].end_ms, b->relations[i].end_ms);
		assert_int_equal(a->relations[i].scope, b->relations[i].scope);
		same_text(a->name[a->relations[i].type].text, b->name[b->relations[i].type].text);
	}
}

/* Is what the project has in memory what another reads anew from the same rows? */
static void same_as_anew(struct bench *b)
{
	const struct index_data *x, *y;
	struct index *anew = NULL;
	struct db *db = NULL;

	follow(b->p, b);
	assert_int_equal(index_new(&anew, &b->err), OK);
	assert_int_equal(project_read(b->p, NULL, &db, &b->err), OK);
	assert_int_equal(index_follow(anew, db, &b->err), OK);
	project_done(b->p, db);
	x = index_look(b->p->memory->index);
	y = index_look(anew);
	assert_int_equal(x->change, y->change);
	assert_int_equal(x->total_words, y->total_words);
	assert_int_equal(x->session_words, y->session_words);
	assert_int_equal(x->n_sessions, y->n_sessions);
	assert_int_equal(x->n_scopes, y->n_scopes);
	assert_int_equal(x->last_entity, y->last_entity);
	assert_int_equal(x->last_session, y->last_session);
	assert_int_equal(x->last_scope, y->last_scope);
	same_docs(x, y);
	same_graph(x, y);
	same_postings(&x->words, &y->words);
	same_postings(&x->names, &y->names);
	index_done(b->p->memory->index);
	index_done(anew);
	index_free(anew);
}

static struct memory_item about(struct bench *b, const char *entity)
{
	return (struct memory_item){
		.text = text_printf(b->a, "part %u needs valve %u and about %u litres of oil",
		                    draw(b, 900), draw(b, 40), draw(b, 5000)),
		.entity = entity,
		.entity_type = draw(b, 2) == 0 ? NULL : "part",
		.session = draw(b, 3) == 0 ? NULL : text_printf(b->a, "session %u", draw(b, 9)),
		.scope = draw(b, 4) == 0 ? text_printf(b->a, "agent:a%u", draw(b, 3)) : NULL,
		.author = draw(b, 2) == 0 ? NULL : text_printf(b->a, "author %u", draw(b, 4)),
	};
}

static void an_index_in_use_is_told_what_is_stored(void **state)
{
	struct bench *b = *state;
	struct memory_item one = about(b, "pump");

	assert_int_equal(remember(b->p, b, &one, 1), OK);
	follow(b->p, b);
	for (int i = 0; i < 5; i++) {
		struct memory_relation fits = { "fits", text_printf(b->a, "engine %d", i), NULL };

		one = about(b, text_printf(b->a, "wheel %d", i));
		one.relations = &fits;
		one.n_relations = 1;
		assert_int_equal(remember(b->p, b, &one, 1), OK);
		assert_int_equal(change_of(b->p), change_stored(b)); /* nothing was read */
	}
	same_as_anew(b);
}

static void an_index_nobody_uses_is_told_nothing(void **state)
{
	struct bench *b = *state;
	struct index_feed feed;

	index_feed_begin(b->p->memory->index, &feed);
	assert_null(feed.arena);
	index_feed_entity(&feed, 1, "pump", NULL);
	assert_null(feed.first);
	index_feed_end(b->p->memory->index, &feed, &(struct index_fed){ 0, 1 });
	assert_int_equal(change_of(b->p), 0);
}

static void what_was_not_committed_is_not_told(void **state)
{
	struct bench *b = *state;
	struct memory_item two[2];

	two[0] = about(b, "pump");
	assert_int_equal(remember(b->p, b, two, 1), OK);
	follow(b->p, b);
	two[0] = about(b, "piston");
	two[1] = about(b, "wheel");
	two[1].supersedes = "m-not-there";
	assert_int_equal(remember(b->p, b, two, 2), E_ABSENT);
	assert_int_equal(change_of(b->p), change_stored(b));
	two[0] = about(b, "crank");
	assert_int_equal(remember(b->p, b, two, 1), OK);
	same_as_anew(b);
}

static void what_another_process_stored_is_read_first(void **state)
{
	struct bench *b = *state;
	struct memory_item one = about(b, "pump");

	assert_int_equal(remember(b->p, b, &one, 1), OK);
	follow(b->p, b);
	one = about(b, "from elsewhere");
	assert_int_equal(remember(b->other, b, &one, 1), OK);
	one = about(b, "from here");
	assert_int_equal(remember(b->p, b, &one, 1), OK);
	same_as_anew(b);
}

/* Adds, says again, supersedes, relates, forgets, from two processes, in an order of chance. */
static void any_order_of_changes_gives_the_index_that_reading_gives(void **state)
{
	struct bench *b = *state;
	const char *last = NULL;
	struct memory_forgotten gone;

	for (int i = 0; i < 400; i++) {
		struct project *p = draw(b, 5) == 0 ? b->other : b->p;
		struct memory_relation r = { draw(b, 3) == 0 ? "owner" : "feeds",
			                     text_printf(b->a, "tank %u", draw(b, 30)), NULL };
		struct memory_item items[3];
		struct memory_stored stored[3];
		size_t n = 1 + draw(b, 3);

		for (size_t k = 0; k < n; k++) {
			items[k] = about(b, text_printf(b->a, "thing %u", draw(b, 60)));
			if (draw(b, 3) == 0)
				items[k].text = "said many times, always the same";
			if (draw(b, 4) == 0) {
				items[k].relations = &r;
				items[k].n_relations = 1;
			}
		}
		if (last != NULL && draw(b, 8) == 0)
			items[0].supersedes = last;
		assert_int_equal(memory_remember(p, NULL,
		                                 &(struct memory_batch){ items, n, stored }, b->a,
		                                 &b->err),
		                 OK);
		last = stored[n - 1].duplicate ? NULL : stored[n - 1].id;
		if (last != NULL && draw(b, 10) == 0) {
			const struct memory_forget what = {
				.ids = &last, .n_ids = 1, .purge = draw(b, 3) == 0, .confirm = true
			};

			assert_int_equal(memory_forget(p, NULL, &what, b->a, &gone, &b->err), OK);
			last = NULL;
		}
		if (i % 40 == 39)
			same_as_anew(b);
	}
}

/* What a process that has just begun knows, which keeps its index however small. */
static void begin_anew(struct bench *b)
{
	project_free(b->p);
	b->p = NULL;
	assert_int_equal(project_open(&b->p, b->f->path, &b->err), OK);
	b->p->clock.fixed_ms = FIRST_MS;
	assert_int_equal(index_keep(b->p->memory->index, b->p->state, 1, &b->err), OK);
	if (b->other != NULL)
		assert_int_equal(index_keep(b->other->memory->index, b->p->state, 1, &b->err), OK);
}

static const char *kept_file(struct bench *b)
{
	return text_printf(b->a, "%s/memory.index", b->p->state);
}

/* Some memories, and an index of them that is kept; ids of the first three. */
static void keep_some(struct bench *b, const char **ids)
{
	struct memory_relation r = { "feeds", "tank", NULL };

	for (int i = 0; i < 30; i++) {
		struct memory_item one = about(b, text_printf(b->a, "thing %d", i % 7));
		struct memory_stored stored;

		one.relations = i % 4 == 0 ? &r : NULL;
		one.n_relations = i % 4 == 0;
		assert_int_equal(memory_remember(b->p, NULL,
		                                 &(struct memory_batch){ &one, 1, &stored }, b->a,
		                                 &b->err),
		                 OK);
		if (i < 3)
			ids[i] = stored.id;
	}
	begin_anew(b);
	follow(b->p, b);
	assert_int_equal(access(kept_file(b), R_OK), 0);
}

/* Tell the kept index something that is in no row: whoever has it has read the file. */
static void mark_kept(struct bench *b)
{
	struct index_file_mark mark;
	struct index_data *d = NULL;

	assert_int_equal(index_file_read(&d, &mark, kept_file(b), &b->err), OK);
	d->docs[0].importance = 0.125F;
	assert_int_equal(index_file_write(d, &mark, kept_file(b), &b->err), OK);
	index_data_free(d);
}

static bool has_mark(struct bench *b)
{
	bool marked = index_look(b->p->memory->index)->docs[0].importance == 0.125F;

	index_done(b->p->memory->index);
	return marked;
}

static void what_was_kept_is_used_with_what_changed_since(void **state)
{
	struct bench *b = *state;
	const char *ids[3];
	struct memory_forgotten gone;
	struct memory_item one;

	keep_some(b, ids);
	mark_kept(b);
	begin_anew(b);
	follow(b->p, b);
	assert_true(has_mark(b));
	same_as_anew(b);
	one = about(b, "told elsewhere");
	one.supersedes = ids[1];
	assert_int_equal(remember(b->other, b, &one, 1), OK);
	assert_int_equal(memory_forget(b->other, NULL,
	                               &(struct memory_forget){ .ids = &ids[2], .n_ids = 1 }, b->a,
	                               &gone, &b->err),
	                 OK);
	begin_anew(b);
	follow(b->p, b);
	assert_true(has_mark(b));
	same_as_anew(b);
}

static void what_was_kept_is_passed_over_when_rows_are_gone(void **state)
{
	struct bench *b = *state;
	const char *ids[3];
	const struct memory_forget what = {
		.ids = &ids[1], .n_ids = 1, .purge = true, .confirm = true
	};
	struct memory_forgotten gone;

	keep_some(b, ids);
	mark_kept(b);
	assert_int_equal(memory_forget(b->other, NULL, &what, b->a, &gone, &b->err), OK);
	begin_anew(b);
	follow(b->p, b);
	assert_false(has_mark(b));
	same_as_anew(b);
}

/* Byte `at` of the file is another; a negative one: it ends there, counted from its end. */
static void damage(const char *path, long at)
{
	FILE *f = fopen(path, "r+b");
	long size;
	int c;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	if (at < 0) {
		assert_int_equal(truncate(path, size + at), 0);
	} else {
		assert_int_equal(fseek(f, at % size, SEEK_SET), 0);
		c = fgetc(f);
		assert_int_equal(fseek(f, at % size, SEEK_SET), 0);
		assert_int_equal(fputc(c ^ 0x40, f), c ^ 0x40);
	}
	assert_int_equal(fclose(f), 0);
}

static void what_is_damaged_is_passed_over_and_made_again(void **state)
{
	struct bench *b = *state;
	const char *ids[3];

	keep_some(b, ids);
	for (long at = -40; at < 9000; at += at < 300 ? 13 : 611) {
		mark_kept(b);
		damage(kept_file(b), at);
		begin_anew(b);
		follow(b->p, b);
		assert_false(has_mark(b));
		same_as_anew(b);
	}
	assert_int_equal(truncate(kept_file(b), 0), 0);
	begin_anew(b);
	follow(b->p, b);
	same_as_anew(b);
}

static void copy_file(struct bench *b, const char *from, const char *to)
{
	char *bytes = NULL;
	size_t n = 0;

	assert_int_equal(fs_read(from, (size_t)64 << 20, b->a, &bytes, &n, &b->err), OK);
	assert_int_equal(fs_write(to, bytes, n, 0600, &b->err), OK);
}

static void what_was_kept_of_another_past_is_passed_over(void **state)
{
	struct bench *b = *state;
	const char *ids[3], *file = text_printf(b->a, "%s/gadugi.db", b->p->state);
	const char *aside = text_printf(b->a, "%s/aside.db", b->f->path);
	struct memory_item one;

	keep_some(b, ids);
	project_free(b->other);
	b->other = NULL;
	project_free(b->p); /* the last connection puts the log into the file */
	b->p = NULL;
	copy_file(b, file, aside);
	assert_int_equal(project_open(&b->p, b->f->path, &b->err), OK);
	for (int i = 0; i < 9; i++) {
		one = about(b, "of the first past");
		assert_int_equal(remember(b->p, b, &one, 1), OK);
	}
	begin_anew(b);
	follow(b->p, b);
	mark_kept(b);
	project_free(b->p);
	b->p = NULL;
	copy_file(b, aside, file); /* somebody puts his backup in place */
	assert_int_equal(project_open(&b->p, b->f->path, &b->err), OK);
	b->p->clock.fixed_ms = FIRST_MS + 60000;
	for (int i = 0; i < 12; i++) {
		one = about(b, "of the second past");
		assert_int_equal(remember(b->p, b, &one, 1), OK);
	}
	begin_anew(b);
	follow(b->p, b);
	assert_false(has_mark(b));
	same_as_anew(b);
	assert_int_equal(project_open(&b->other, b->f->path, &b->err), OK);
}

static void how_often_a_memory_was_of_use_is_known_beside_what_was_kept(void **state)
{
	struct bench *b = *state;
	const struct memory_query q = { .text = "valve", .limit = 30, .count = true };
	const char *ids[3];
	struct memory_found found;
	const struct index_data *d;
	unsigned hits = 0;

	keep_some(b, ids);
	mark_kept(b);
	assert_int_equal(memory_recall(b->other, NULL, &q, b->a, &found, &b->err), OK);
	assert_true(found.n_hits > 0);
	memory_settle(b->other);
	begin_anew(b);
	follow(b->p, b);
	assert_true(has_mark(b));
	d = index_look(b->p->memory->index);
	for (size_t i = 0; i < d->n_docs; i++)
		hits += d->docs[i].hits;
	index_done(b->p->memory->index);
	assert_int_equal(hits, found.n_hits);
}

static void few_memories_are_not_kept(void **state)
{
	struct bench *b = *state;
	const char *ids[3];

	keep_some(b, ids);
	project_free(b->p);
	b->p = NULL;
	assert_int_equal(project_open(&b->p, b->f->path, &b->err), OK);
	assert_int_equal(unlink(kept_file(b)), 0);
	follow(b->p, b);
	assert_int_equal(access(kept_file(b), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_kept_is_used_with_what_changed_since,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_kept_is_passed_over_when_rows_are_gone,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_damaged_is_passed_over_and_made_again,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_kept_of_another_past_is_passed_over, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(
		    how_often_a_memory_was_of_use_is_known_beside_what_was_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(few_memories_are_not_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(an_index_in_use_is_told_what_is_stored, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(an_index_nobody_uses_is_told_nothing, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(what_was_not_committed_is_not_told, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(what_another_process_stored_is_read_first, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(
		    any_order_of_changes_gives_the_index_that_reading_gives, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
