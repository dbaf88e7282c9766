#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/http_stream.h"
#include "work/flight.h"

/* The library, as far as a stream knows it: it counts. */
static int suspended, resumed;

static void suspend_one(struct MHD_Connection *c)
{
	(void)c;
	suspended++;
}

static void resume_one(struct MHD_Connection *c)
{
	(void)c;
	resumed++;
}

static const struct mhd library = { .suspend_connection = suspend_one,
	                            .resume_connection = resume_one };

static struct http_link link_to(void)
{
	suspended = resumed = 0;
	return (struct http_link){ .mhd = &library, .kick = -1 };
}

/* All there is now; -1 in *end when more may come. */
static char *all(struct http_link *l, ssize_t *end)
{
	static char buf[1 << 20];
	size_t n = 0;
	ssize_t got;

	while ((got = http_link_read(l, 0, buf + n, sizeof buf - 1 - n)) > 0)
		n += (size_t)got;
	buf[n] = '\0';
	*end = got;
	return buf;
}

static void say(struct http_stream *s, const char *line, enum sink_part part)
{
	sink_put(&s->sink, line, strlen(line), part);
}

static void one_message_is_the_whole_answer(void **state)
{
	struct http_stream *s = http_stream_new(7, false);
	struct http_link l = link_to();

	(void)state;
	http_link_take(&l, s);
	assert_int_equal(http_link_ready(&l), HTTP_UNDECIDED);
	assert_int_equal(suspended, 1);
	say(s, "{\"a\":1}\n", SINK_RESULT);
	assert_int_equal(resumed, 1);
	assert_int_equal(http_link_ready(&l), HTTP_WHOLE);
	assert_string_equal(text_string(&s->bytes), "{\"a\":1}");
	say(s, "{\"a\":2}\n", SINK_FAILED); /* too late */
	assert_string_equal(text_string(&s->bytes), "{\"a\":1}");
	assert_true(http_link_done(&l));
	sink_drop(&s->sink);
}

static void more_messages_are_events_and_the_answer_is_the_last(void **state)
{
	struct http_stream *s = http_stream_new(7, false);
	struct http_link l = link_to();
	atomic_int claim = FLIGHT_FREE;
	ssize_t end;

	(void)state;
	http_link_take(&l, s);
	sink_offer(&s->sink, "{\"p\":1}\n", 8, &claim);
	assert_int_equal(http_link_ready(&l), HTTP_EVENTS);
	assert_string_equal(all(&l, &end), "event: message\ndata: {\"p\":1}\n\n");
	assert_int_equal(end, 0);
	assert_int_equal(suspended, 1);
	assert_true(sink_send(&s->sink, "{\"r\":1}\n", 8, SINK_RESULT, &claim));
	assert_false(sink_send(&s->sink, "{\"r\":2}\n", 8, SINK_RESULT, &claim));
	sink_offer(&s->sink, "{\"p\":2}\n", 8, &claim);
	assert_string_equal(all(&l, &end), "event: message\ndata: {\"r\":1}\n\n");
	assert_int_equal(end, MHD_CONTENT_READER_END_OF_STREAM);
	assert_true(http_link_done(&l));
	sink_drop(&s->sink);
}

static void a_stream_that_nobody_writes_any_more_is_over(void **state)
{
	struct http_stream *s = http_stream_hold(http_stream_new(7, false));
	struct http_link l = link_to();
	ssize_t end;

	(void)state;
	(void)sink_hold(&s->sink);
	http_link_take(&l, s);
	assert_int_equal(http_link_ready(&l), HTTP_UNDECIDED);
	sink_drop(&s->sink);
	assert_int_equal(resumed, 0);
	sink_drop(&s->sink);
	assert_int_equal(resumed, 1);
	assert_int_equal(http_link_ready(&l), HTTP_EVENTS);
	assert_string_equal(all(&l, &end), "");
	assert_int_equal(end, MHD_CONTENT_READER_END_OF_STREAM);
	(void)http_link_done(&l);
	http_stream_drop(s);
}

static void a_kept_stream_goes_on_where_its_client_was(void **state)
{
	struct http_stream *s = http_stream_new(12, true);
	struct http_link first = link_to(), second = link_to();
	ssize_t end;

	(void)state;
	s->primes = true;
	http_link_take(&first, s);
	say(s, "{\"q\":1}\n{\"q\":2}\n", SINK_MORE);
	assert_string_equal(all(&first, &end), "id: 12-0\ndata: \n\n"
	                                       "id: 12-1\nevent: message\ndata: {\"q\":1}\n\n"
	                                       "id: 12-2\nevent: message\ndata: {\"q\":2}\n\n");
	assert_false(http_link_done(&first));
	say(s, "{\"r\":1}\n", SINK_RESULT);
	assert_false(http_stream_back_to(s, 4));
	assert_false(http_stream_back_to(s, 11));
	assert_true(http_stream_back_to(s, 1));
	http_link_take(&first, s);
	http_link_take(&second, s); /* and now here: the first one ends */
	assert_int_equal(http_link_read(&first, 0, (char[8]){ 0 }, 8),
	                 MHD_CONTENT_READER_END_OF_STREAM);
	assert_true(http_link_done(&first));
	assert_string_equal(all(&second, &end), "id: 12-2\nevent: message\ndata: {\"q\":2}\n\n"
	                                        "id: 12-3\nevent: message\ndata: {\"r\":1}\n\n");
	assert_true(http_link_done(&second));
	sink_drop(&s->sink);
}

static void who_does_not_read_is_full_and_who_is_away_costs_a_bounded_amount(void **state)
{
	struct http_stream *s = http_stream_new(1, true);
	struct http_link l = link_to();
	atomic_int claim = FLIGHT_FREE;
	char line[1024];
	ssize_t end;

	(void)state;
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	http_link_take(&l, s);
	for (int i = 0; i < 1000; i++)
		sink_offer(&s->sink, line, sizeof line, &claim);
	assert_true(sink_full(&s->sink));
	assert_true(s->bytes.len < HTTP_UNSENT_MAX + 2048);
	for (int i = 0; i < 2000; i++) { /* what was sent is forgotten from a certain size on */
		(void)all(&l, &end);
		sink_put(&s->sink, line, sizeof line, SINK_MORE);
		assert_true(s->bytes.len < HTTP_KEPT_MAX + 4096);
	}
	assert_false(http_stream_back_to(s, 5));
	assert_true(http_stream_back_to(s, s->events - 1));
	assert_false(http_link_done(&l));
	for (int i = 0; i < 3000; i++)
		sink_put(&s->sink, line, sizeof line, SINK_MORE);
	assert_true(s->ended && s->bytes.len <= HTTP_AWAY_MAX + 4096);
	sink_drop(&s->sink);
}

static void without_memory_a_stream_ends(void **state)
{
	struct http_link l = link_to();
	long n;

	(void)state;
	for (n = 0;; n++) {
		struct http_stream *s;
		ssize_t end = 0;
		bool whole;

		mem_fail_after(n, 1);
		s = http_stream_new(3, true);
		if (s != NULL) {
			http_link_take(&l, s);
			say(s, "{\"p\":1}\n", SINK_MORE);
			say(s, "{\"r\":1}\n", SINK_RESULT);
		}
		mem_fail_after(-1, 0);
		if (s == NULL)
			continue;
		assert_true(s->ended);
		whole = !s->cut;
		if (whole)
			assert_non_null(strstr(all(&l, &end), "{\"r\":1}"));
		(void)http_link_done(&l);
		sink_drop(&s->sink);
		if (whole)
			break;
	}
	assert_true(n > 1); /* the hook was really in the way */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message_is_the_whole_answer),
		cmocka_unit_test(more_messages_are_events_and_the_answer_is_the_last),
		cmocka_unit_test(a_stream_that_nobody_writes_any_more_is_over),
		cmocka_unit_test(a_kept_stream_goes_on_where_its_client_was),
		cmocka_unit_test(who_does_not_read_is_full_and_who_is_away_costs_a_bounded_amount),
		cmocka_unit_test(without_memory_a_stream_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
