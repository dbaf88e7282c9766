#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "wire/seal.h"

/* The first and last vectors of the reference implementation: key 00..0f, input 00 01 02 ... */
static void the_hash_is_that_of_its_authors(void **state)
{
	static const unsigned char of_nothing[16] = { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25,
		                                      0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14,
		                                      0xc7, 0x55, 0x02, 0x93 };
	static const unsigned char of_one[16] = { 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44,
		                                  0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45 };
	unsigned char key[16], in[1] = { 0 }, out[16];

	(void)state;
	for (unsigned char i = 0; i < 16; i++)
		key[i] = i;
	seal_hash(key, in, 0, out);
	assert_memory_equal(out, of_nothing, 16);
	seal_hash(key, in, 1, out);
	assert_memory_equal(out, of_one, 16);
}

static enum status open_it(struct seal *s, const char *sealed, const char *bound, int64_t now_ms,
                           char *out)
{
	struct arena *a = arena_new(1 << 20);
	const char *content = "";
	enum status st;

	s->clock.fixed_ms = now_ms;
	st = seal_read(s, sealed, bound, a, &content, NULL);

	if (st == OK)
		memcpy(out, content, strlen(content) + 1);
	arena_free(a);
	return st;
}

static void what_was_sealed_is_read_again_until_its_time_is_over(void **state)
{
	char got[100] = "";
	struct seal s;
	struct text t;

	(void)state;
	assert_int_equal(seal_init(&s, NULL), OK);
	s.clock.fixed_ms = 1;
	text_init(&t, 4096);
	seal_write(&s, "round 1, \xc3\xa4", "tools/call x {}", 999, &t);
	assert_false(t.failed);
	assert_int_equal(open_it(&s, text_string(&t), "tools/call x {}", 1000, got), OK);
	assert_string_equal(got, "round 1, \xc3\xa4");
	assert_int_equal(open_it(&s, text_string(&t), "tools/call x {}", 1001, got), E_INPUT);
	text_done(&t);
}

static void any_change_of_a_byte_the_request_or_the_key_is_refused(void **state)
{
	char got[100] = "";
	struct seal s, other;
	struct text t;

	(void)state;
	assert_int_equal(seal_init(&s, NULL), OK);
	assert_int_equal(seal_init(&other, NULL), OK);
	s.clock.fixed_ms = 1;
	text_init(&t, 4096);
	seal_write(&s, "state", "a", 999, &t);
	for (size_t i = 0; i < t.len; i++) {
		char was = t.bytes[i];

		t.bytes[i] = was == '0' ? '1' : '0';
		assert_int_equal(open_it(&s, text_string(&t), "a", 1, got), E_INPUT);
		t.bytes[i] = 'z';
		assert_int_equal(open_it(&s, text_string(&t), "a", 1, got), E_INPUT);
		t.bytes[i] = was;
	}
	assert_int_equal(open_it(&s, text_string(&t), "b", 1, got), E_INPUT);
	assert_int_equal(open_it(&other, text_string(&t), "a", 1, got), E_INPUT);
	assert_int_equal(open_it(&s, "", "a", 1, got), E_INPUT);
	assert_int_equal(open_it(&s, "00", "a", 1, got), E_INPUT);
	text_add(&t, "-TAMPERED");
	assert_int_equal(open_it(&s, text_string(&t), "a", 1, got), E_INPUT);
	assert_string_equal(got, "");
	text_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_that_of_its_authors),
		cmocka_unit_test(what_was_sealed_is_read_again_until_its_time_is_over),
		cmocka_unit_test(any_change_of_a_byte_the_request_or_the_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
