#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/memory/terms.h"
#include "domain/memory/words.h"

#define TEXT_MAX 400
#define ROUNDS   3000

static int setup(void **state)
{
	struct terms *t = NULL;

	if (terms_new(&t, NULL) != OK)
		return -1;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	terms_free(*state);
	return 0;
}

static size_t read(struct terms *t, const char *text, size_t n, uint32_t *out, size_t most)
{
	const struct terms_word *words;
	size_t found;

	assert_int_equal(terms_read(t, text, n, &words, &found, NULL), OK);
	for (size_t i = 0; i < found; i++) {
		assert_true(words[i].len > 0);
		assert_true((size_t)words[i].at + words[i].len <= n);
		if (i < most)
			out[i] = words[i].term;
	}
	return found;
}

/* The number of a text that is one word. */
static uint32_t number(struct terms *t, const char *word)
{
	uint32_t term = 0;

	if (read(t, word, strlen(word), &term, 1) != 1)
		fail_msg("'%s' is not one word", word);
	return term;
}

static bool holds(struct terms *t, const char *text, const char *word)
{
	uint32_t terms[TEXT_MAX], wanted = number(t, word);
	size_t n = read(t, text, strlen(text), terms, TEXT_MAX);

	for (size_t i = 0; i < n && i < TEXT_MAX; i++)
		if (terms[i] == wanted)
			return true;
	return false;
}

static void an_irregular_form_is_found_by_its_base(void **state)
{
	static const char *const pairs[][2] = {
		{ "bought", "buy" },          { "buying", "bought" },  { "Children", "child" },
		{ "indices", "index" },       { "written", "writes" }, { "analyses", "analysis" },
		{ "overwrote", "overwrite" }, { "went", "going" },     { "people", "persons" },
		{ "wrote", "written" },       { "ran", "running" },    { "became", "become" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (number(*state, pairs[i][0]) != number(*state, pairs[i][1]))
			fail_msg("'%s' is not '%s'", pairs[i][0], pairs[i][1]);
	assert_int_not_equal(number(*state, "bought"), number(*state, "sold"));
	assert_int_not_equal(number(*state, "bit"), number(*state, "bite"));
}

static void only_a_whole_word_is_an_irregular_form(void **state)
{
	(void)state;
	assert_null(words_base("buy", 3));
	assert_null(words_base("boughtx", 7));
	assert_null(words_base("bough", 5));
	assert_null(words_base("", 0));
	assert_null(words_base("a very long word that is none", 29));
	assert_string_equal(words_base("boughtx", 6), "buy");
	assert_string_equal(words_base("analyses", 8), "analysis");
	assert_string_equal(words_base("wrote", 5), "write");
}

static void words_joined_by_hyphens_are_found_as_one_word_and_by_their_parts(void **state)
{
	assert_true(holds(*state, "running helps me de-stress", "destress"));
	assert_true(holds(*state, "running helps me de-stress", "stress"));
	assert_true(holds(*state, "send an E-Mail", "email"));
	assert_true(holds(*state, "a road-trip", "roadtrip"));
	assert_true(holds(*state, "the co-workers", "coworker"));
	assert_true(holds(*state, "die Bücher-Kiste", "bücherkiste"));
	assert_false(holds(*state, "a road trip", "roadtrip"));
}

static void what_is_no_word_with_hyphens_is_not_joined(void **state)
{
	assert_false(holds(*state, "on 2023-05-08", "20230508"));
	assert_false(holds(*state, "a jack-in-the-box", "jackinthebox"));
	assert_false(holds(*state, "src/read-write.c", "readwrite"));
	assert_false(holds(*state, "let-them're", "letthemre"));
	assert_false(holds(*state, "one - two", "onetwo"));
	assert_false(holds(*state, "one--two", "onetwo"));
}

static void identifiers_are_whole_and_in_parts_as_before(void **state)
{
	assert_true(holds(*state, "call getUserName here", "getusername"));
	assert_true(holds(*state, "call getUserName here", "user"));
	assert_true(holds(*state, "in server/store/db.c it is", "store"));
	assert_true(holds(*state, "set user_name", "user"));
}

/* Numbers from a fixed beginning on. */
static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Pieces of words, links, other scripts, and bytes that are no text. */
static size_t make(uint32_t *state, char *text)
{
	static const char *const pieces[] = {
		"a",
		"de",
		"stress",
		"-",
		"--",
		"'",
		"\xe2\x80\x99s",
		" ",
		"bought",
		"Get",
		"User",
		"_",
		"/",
		".",
		"2023",
		"\xc3\xbc",
		"\xc3\x9f",
		"\xe4\xb8\xad",
		"\xe3\x81\x82",
		"\xff",
		"\xc3",
		"\xed\xa0\x80",
		"\xf0\x9f\x98\x80",
		"?",
		"children",
		"\x01",
		"e\xcc\x81",
		"\xef\xac\x81",
		"\t",
		"X",
	};
	size_t n = 0, count = next(state) % 60;

	for (size_t i = 0; i < count; i++) {
		const char *piece = pieces[next(state) % (sizeof pieces / sizeof *pieces)];
		size_t len = strlen(piece);

		if (n + len > TEXT_MAX)
			break;
		memcpy(text + n, piece, len);
		n += len;
	}
	return n;
}

static void any_bytes_give_words_within_them_the_same_each_time_and_packed(void **state)
{
	uint32_t seed = 20220131u, first[2 * TEXT_MAX], again[2 * TEXT_MAX];

	for (int round = 0; round < ROUNDS; round++) {
		char made[TEXT_MAX], *text;
		size_t n = make(&seed, made), found, sum = 0, size;
		struct terms_packed packed;
		const void *bytes;
		unsigned times;

		/* Of its own size, so that a look beyond its end is seen by a sanitizer. */
		assert_non_null(text = malloc(n + 1));
		memcpy(text, made, n);
		text[n] = '-';
		found = read(*state, text, n, first, 2 * TEXT_MAX);
		assert_true(found <= 2 * TEXT_MAX);
		assert_int_equal(read(*state, text, n, again, 2 * TEXT_MAX), found);
		assert_memory_equal(first, again, found * sizeof *first);
		assert_int_equal(terms_pack(*state, text, n, &bytes, &size, NULL), OK);
		assert_true(terms_open(&packed, bytes, size));
		assert_int_equal(packed.words, found);
		for (uint32_t i = 0; i < packed.n; i++) {
			(void)terms_at(&packed, i, &times);
			sum += times;
		}
		assert_int_equal(sum, found);
		free(text);
	}
}

static void case_does_not_change_a_word(void **state)
{
	static const char *const words[] = { "Bought", "DE-STRESS", "ÜBER-MUT", "CHILDREN" };
	static const char *const small[] = { "bought", "de-stress", "über-mut", "children" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		uint32_t a[8] = { 0 }, b[8] = { 0 };
		size_t n = read(*state, words[i], strlen(words[i]), a, 8);

		assert_int_equal(read(*state, small[i], strlen(small[i]), b, 8), n);
		assert_memory_equal(a, b, sizeof a);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_irregular_form_is_found_by_its_base),
		TEST(only_a_whole_word_is_an_irregular_form),
		TEST(words_joined_by_hyphens_are_found_as_one_word_and_by_their_parts),
		TEST(what_is_no_word_with_hyphens_is_not_joined),
		TEST(identifiers_are_whole_and_in_parts_as_before),
		TEST(any_bytes_give_words_within_them_the_same_each_time_and_packed),
		TEST(case_does_not_change_a_word),
	};

	return cmocka_run_group_tests_name("terms", tests, NULL, NULL);
}
