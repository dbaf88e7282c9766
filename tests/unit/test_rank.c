/* Each rule of ranking by itself, on memories made up for it. */
#include "tests/unit/unit.h"

#include <string.h>

#include "domain/memory/rank.h"
#include "tests/lib/bench.h"

static const char *put(struct bench *b, const char *author, const char *text)
{
	return bench_put(b, (struct memory_item){ .text = text, .author = author, .again = true })
	    .id;
}

/* Ann and Bob, each known by several memories; of the same words, told by both. */
static void talk(struct bench *b, const char **ann, const char **bob)
{
	(void)put(b, "Ann", "the weather was fine all week");
	(void)put(b, "Bob", "the weather was awful all week");
	(void)put(b, "Ann", "yes, quite");
	(void)put(b, "Bob", "no, hardly");
	*ann = put(b, "Ann", "tomatoes, beans and a small pond");
	*bob = put(b, "Bob", "tomatoes, beans and a small shed");
}

static const struct memory_hit *hit_of(const struct memory_found *found, const char *id)
{
	for (size_t i = 0; i < found->n_hits; i++)
		if (strcmp(found->hits[i].id, id) == 0)
			return &found->hits[i];
	fail_msg("%s was not found", id);
	return NULL;
}

/* Which of the two is preferred: 'a', 'b', or '=' when neither. */
static char preferred(struct bench *b, const char *question, const char *ann, const char *bob)
{
	struct memory_found found = bench_find(b, question);
	const struct memory_hit *x = hit_of(&found, ann), *y = hit_of(&found, bob);

	if (x->score > 1.2 * y->score)
		return strstr(x->why, "said by Ann") != NULL ? 'a' : '?';
	if (y->score > 1.2 * x->score)
		return strstr(y->why, "said by Bob") != NULL ? 'b' : '?';
	return '=';
}

static void who_is_named_said_it(void **state)
{
	const char *ann, *bob;

	talk(*state, &ann, &bob);
	assert_int_equal(preferred(*state, "what beans does Ann grow?", ann, bob), 'a');
	assert_int_equal(preferred(*state, "what beans does Bob grow?", ann, bob), 'b');
	assert_int_equal(preferred(*state, "what beans are there?", ann, bob), '=');
}

static void of_two_that_are_named_the_one_that_acts_said_it(void **state)
{
	const char *ann, *bob;

	talk(*state, &ann, &bob);
	assert_int_equal(preferred(*state, "What did Ann tell Bob about beans?", ann, bob), 'a');
	assert_int_equal(preferred(*state, "What did Bob tell Ann about beans?", ann, bob), 'b');
	assert_int_equal(preferred(*state, "Why does Bob like Ann's beans?", ann, bob), 'b');
	assert_int_equal(preferred(*state, "How did Ann's beans please Bob?", ann, bob), 'b');
	assert_int_equal(preferred(*state, "Did Ann\xe2\x80\x99s beans please Bob?", ann, bob),
	                 'b');
	assert_int_equal(preferred(*state, "Are Ann's beans like Bob's?", ann, bob), 'a');
}

static void two_that_are_joined_are_both_meant(void **state)
{
	const char *ann, *bob;

	talk(*state, &ann, &bob);
	assert_int_equal(preferred(*state, "What beans do Ann and Bob grow?", ann, bob), '=');
	assert_int_equal(preferred(*state, "Who grows beans, Bob or Ann?", ann, bob), '=');
}

static void three_that_are_named_are_nobody(void **state)
{
	const char *ann, *bob;

	talk(*state, &ann, &bob);
	(void)put(*state, "Eve", "good morning");
	(void)put(*state, "Eve", "good evening");
	assert_int_equal(preferred(*state, "Did Ann tell Bob about beans of Eve?", ann, bob), '=');
}

static void what_is_long_is_the_likelier_answer(void **state)
{
	struct bench *b = *state;
	struct rank_weights weights = rank_usual;
	struct memory_query q = { .text = "where are the beans?", .weights = &weights };
	const char *brief = put(b, NULL, "beans!");
	const char *whole = put(b, NULL,
	                        "we keep beans in the cellar behind the old wooden door, beside "
	                        "apples, candles, wine and whatever nobody wanted upstairs");
	struct memory_found found;

	(void)put(b, NULL, "something else entirely");
	weights.length = 0;
	found = bench_ask(b, q);
	assert_string_equal(found.hits[0].id, brief);
	weights.length = 3;
	found = bench_ask(b, q);
	assert_string_equal(found.hits[0].id, whole);
}

static void what_follows_a_question_answers_it(void **state)
{
	struct bench *b = *state;
	struct memory_stored asked, answer;
	struct memory_found found;

	(void)bench_put(b, (struct memory_item){ .text = "good to see you", .session = "s" });
	asked = bench_put(
	    b, (struct memory_item){ .text = "which train did you take?", .session = "s" });
	answer = bench_put(b, (struct memory_item){ .text = "the one at noon", .session = "s" });
	found = bench_find(b, "which train was it?");
	assert_string_equal(found.hits[0].id, asked.id);
	assert_string_equal(found.hits[1].id, answer.id);
	assert_non_null(strstr(found.hits[1].why, "next to a hit"));
}

static void other_forms_of_a_word_are_found(void **state)
{
	struct bench *b = *state;
	const char *bought = put(b, NULL, "she bought shoes for the children");
	const char *stress = put(b, NULL, "long walks help to de-stress");

	assert_string_equal(bench_find(b, "what does she buy?").hits[0].id, bought);
	assert_string_equal(bench_find(b, "shoes of a child").hits[0].id, bought);
	assert_string_equal(bench_find(b, "how to destress").hits[0].id, stress);
	assert_non_null(strstr(bench_find(b, "what does she buy?").hits[0].why, "words: buy"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_named_said_it),
		TEST(of_two_that_are_named_the_one_that_acts_said_it),
		TEST(two_that_are_joined_are_both_meant),
		TEST(three_that_are_named_are_nobody),
		TEST(what_is_long_is_the_likelier_answer),
		TEST(what_follows_a_question_answers_it),
		TEST(other_forms_of_a_word_are_found),
	};

	return cmocka_run_group_tests_name("rank", tests, NULL, NULL);
}
