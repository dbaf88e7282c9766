/* Searching for any piece of a text: the index says no less than looking at everything does. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/knowledge_own.h"
#include "tests/lib/folder.h"

#define FIRST_MS ((int64_t)1760000000000)
#define THINGS   40

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
	b->chance = 4711;
	if (setenv("XDG_DATA_HOME", b->f->path, 1) != 0)
		return -1;
	b->a = arena_new((size_t)1 << 30);
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

static struct knowledge_call call(struct bench *b, struct project *p)
{
	return (struct knowledge_call){ .p = p, .a = b->a, .err = &b->err };
}

static struct knowledge read_for(struct bench *b, const char *text)
{
	const struct knowledge_call c = call(b, b->p);
	struct knowledge out;

	if (knowledge_read(&c, &(struct knowledge_query){ .text = text }, &out) != OK)
		fail_msg("%s", b->err.text);
	return out;
}

static bool holds(const char *text, const char *piece)
{
	struct text low, low_piece;
	bool in;

	text_init(&low, TEXT_LIMIT);
	text_init(&low_piece, TEXT_LIMIT);
	in = strstr(grams_lower(&low, text), grams_lower(&low_piece, piece)) != NULL;
	text_done(&low);
	text_done(&low_piece);
	return in;
}

static bool found_in(const struct knowledge_entity *e, const char *piece)
{
	bool in = holds(e->name, piece) || holds(e->type, piece);

	for (size_t i = 0; i < e->n && !in; i++)
		in = holds(e->observations[i], piece);
	return in;
}

static bool named(const struct knowledge *k, const char *name)
{
	for (size_t i = 0; i < k->n_entities; i++)
		if (strcmp(k->entities[i].name, name) == 0)
			return true;
	return false;
}

/* Is what a search finds what is found by looking at all there is? How many entities. */
static size_t same_as_looking(struct bench *b, const char *piece)
{
	const struct knowledge all = read_for(b, NULL), got = read_for(b, piece);
	size_t n = 0, links = 0;

	for (size_t i = 0; i < all.n_entities; i++) {
		if (!found_in(&all.entities[i], piece))
			continue;
		if (n >= got.n_entities)
			fail_msg("'%s' is in '%s', which was not found", piece,
			         all.entities[i].name);
		assert_string_equal(got.entities[n].name, all.entities[i].name);
		assert_string_equal(got.entities[n].type, all.entities[i].type);
		assert_int_equal(got.entities[n].n, all.entities[i].n);
		n++;
	}
	assert_int_equal(got.n_entities, n);
	for (size_t i = 0; i < all.n_relations; i++) {
		const struct knowledge_relation *r = &all.relations[i];

		if (!named(&got, r->from) && !named(&got, r->to))
			continue;
		assert_true(links < got.n_relations);
		assert_string_equal(got.relations[links].from, r->from);
		assert_string_equal(got.relations[links].to, r->to);
		assert_string_equal(got.relations[links++].type, r->type);
	}
	assert_int_equal(got.n_relations, links);
	return n;
}

static const char *thing(struct bench *b)
{
	return text_printf(b->a, "Thing_%u", draw(b, THINGS));
}

static void create(struct bench *b, struct project *p, const char *name, const char *type)
{
	const struct knowledge_call c = call(b, p);
	const char *said[] = {
		text_printf(b->a, "Needs valve %u, and Über-Druck of %u bar", draw(b, 90),
		            draw(b, 5000)),
		text_printf(b->a, "stands in hall %u", draw(b, 20)),
	};
	const struct knowledge_entity e = { name, type, said, 2 };
	bool done;

	assert_int_equal(knowledge_create(&c, &e, 1, &done), OK);
}

static void relate(struct bench *b, struct project *p)
{
	const struct knowledge_call c = call(b, p);
	const struct knowledge_relation r = { thing(b), "feeds", thing(b) };
	bool done;

	assert_int_equal(knowledge_relate(&c, &r, 1, &done), OK);
}

/* Makes, relates, deletes and purges, from two processes, in an order of chance. */
static void any_piece_is_found_as_if_everything_were_looked_at(void **state)
{
	static const char *const types[] = { "pump", "Engine", "thing" };
	static const char *const pieces[] = { "valve 7", "thing", "ing_1", "ÜBER-d",
		                              "hall 1",  "ump",   "f",     "NG",
		                              "no such", "bar",   "",      "\n" };
	struct bench *b = *state;
	size_t found = 0;

	for (int i = 0; i < 300; i++) {
		struct project *p = draw(b, 3) == 0 ? b->other : b->p;
		const struct knowledge_call c = call(b, p);
		const char *name = thing(b);

		if (draw(b, 6) == 0)
			assert_int_equal(knowledge_delete(&c, &name, 1), OK);
		else if (draw(b, 3) == 0)
			relate(b, p); /* perhaps of one that nobody gave a type yet */
		else
			create(b, p, name, types[draw(b, 3)]);
		if (i % 3 == 0)
			found +=
			    same_as_looking(b, pieces[draw(b, sizeof pieces / sizeof *pieces)]);
		if (i % 60 == 59) {
			const struct memory_forget what = { .text = "valve",
				                            .purge = true,
				                            .confirm = true };
			struct memory_forgotten gone;

			if (memory_forget(p, NULL, &what, b->a, &gone, &b->err) != OK)
				fail_msg("%s", b->err.text);
			assert_true(gone.n > 0);
		}
	}
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		found += same_as_looking(b, pieces[i]);
	assert_true(found > 100);
}

static void a_rare_piece_is_looked_for_at_few_rows_and_a_common_one_at_all(void **state)
{
	struct bench *b = *state;
	struct grams_found may;
	struct db *db = NULL;

	for (int i = 0; i < 200; i++)
		create(b, b->p, text_printf(b->a, "Machine %d", i), "machine");
	assert_int_equal(project_read(b->p, NULL, &db, &b->err), OK);
	assert_int_equal(db_read_begin(db, &b->err), OK);
	assert_int_equal(grams_follow(b->p->memory->grams, db, &b->err), OK);
	project_done(b->p, db);
#define FIND(which, piece)                                                                         \
	assert_int_equal(grams_find(b->p->memory->grams, which, piece, b->a, &may, &b->err), OK)
	FIND(GRAMS_NAMES, "machine 17");
	assert_false(may.all);
	assert_in_range(may.n, 1, 12); /* 17, 170 to 179, and little else */
	FIND(GRAMS_NAMES, "machine");
	assert_true(may.all);
	FIND(GRAMS_TEXTS, "ma");
	assert_true(may.all);
	FIND(GRAMS_TEXTS, "nothing like it");
	assert_false(may.all);
	assert_int_equal(may.n, 0);
#undef FIND
}

static void a_type_that_another_process_gave_is_found(void **state)
{
	struct bench *b = *state;

	relate(b, b->p);
	create(b, b->p, "Boiler", "machine");
	assert_int_equal(same_as_looking(b, "turbine"), 0);
	for (int i = 0; i < THINGS; i++)
		create(b, b->other, text_printf(b->a, "Thing_%d", i), "turbine");
	assert_int_equal(same_as_looking(b, "turbine"), THINGS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_piece_is_found_as_if_everything_were_looked_at,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_rare_piece_is_looked_for_at_few_rows_and_a_common_one_at_all, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(a_type_that_another_process_gave_is_found, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
