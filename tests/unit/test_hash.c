#include "tests/unit/unit.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

static void published_examples_hash_as_published(void **state)
{
	static const struct {
		const char *text, *hash;
	} examples[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	char out[HASH_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		hash_text(examples[i].text, strlen(examples[i].text), out);
		assert_string_equal(out, examples[i].hash);
	}
}

static void a_million_letters_hash_as_published(void **state)
{
	char *many = mem_take(1000000), out[HASH_TEXT_SIZE];

	(void)state;
	assert_non_null(many);
	memset(many, 'a', 1000000);
	hash_text(many, 1000000, out);
	mem_free(many);
	assert_string_equal(out,
	                    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Where the padding falls: 0 to 130 letters, their hashes in a row hashed again. */
static void every_length_around_a_block_is_padded_right(void **state)
{
	char letters[130], all[131 * 64 + 1], out[HASH_TEXT_SIZE];

	(void)state;
	memset(letters, 'a', sizeof letters);
	for (size_t n = 0; n <= 130; n++)
		hash_text(letters, n, all + n * 64);
	hash_text(all, 131 * 64, out);
	assert_string_equal(out,
	                    "5eee4c50e1b5ec4f1a47f34c25ca988850b49da7904f5ab1b3abc5cc0ae66ef9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_examples_hash_as_published),
		cmocka_unit_test(a_million_letters_hash_as_published),
		cmocka_unit_test(every_length_around_a_block_is_padded_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
