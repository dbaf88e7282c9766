#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/out.h"
#include "work/flight.h"

struct rig {
	struct out *out;
	int kick, read_end;
};

static void rig_up(struct rig *r, int socket)
{
	int fd[2];

	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, fd) : pipe(fd), 0);
	if (!socket)
		assert_true(fcntl(fd[1], F_SETPIPE_SZ, 4096) >= 4096);
	r->kick = eventfd(0, EFD_NONBLOCK);
	r->read_end = fd[0];
	assert_int_equal(out_new(&r->out, fd[1], r->kick, NULL), OK);
}

static void rig_down(struct rig *r)
{
	out_free(r->out);
	close(r->kick);
	if (r->read_end >= 0)
		close(r->read_end);
}

static void fill(char *line, size_t n)
{
	memset(line, 'x', n);
	line[n - 1] = '\n';
}

static void what_the_pipe_does_not_take_is_kept_in_order(void **state)
{
	static char line[10000], got[3 * 10000 + 3];
	struct rig r;
	uint64_t kicked;

	(void)state;
	for (int socket = 0; socket < 2; socket++) {
		size_t n = 0, want = 3 * sizeof line;

		rig_up(&r, socket);
		fill(line, sizeof line);
		out_put(r.out, line, sizeof line);
		out_put(r.out, line, sizeof line);
		out_put(r.out, line, sizeof line);
		if (!socket) {
			assert_true(out_pending(r.out));
			assert_int_equal(read(r.kick, &kicked, sizeof kicked), sizeof kicked);
			assert_int_equal(kicked, 1); /* it is told once, not with each line */
		}
		while (n < want) {
			ssize_t k = read(r.read_end, got + n, sizeof got - n);

			assert_true(k > 0);
			n += (size_t)k;
			out_flush(r.out);
		}
		assert_false(out_pending(r.out));
		assert_int_equal(n, want);
		for (size_t i = 0; i < want; i++)
			assert_true((got[i] == '\n') == (i % sizeof line == sizeof line - 1));
		rig_down(&r);
	}
}

static void a_line_is_sent_only_with_its_claim(void **state)
{
	atomic_int claim = FLIGHT_FREE;
	char got[16];
	struct rig r;

	(void)state;
	rig_up(&r, 0);
	out_offer(r.out, "p\n", 2, &claim);
	assert_true(out_send(r.out, "a\n", 2, &claim));
	assert_int_equal(atomic_load(&claim), FLIGHT_ANSWERED);
	assert_false(out_send(r.out, "b\n", 2, &claim));
	out_offer(r.out, "q\n", 2, &claim);
	atomic_store(&claim, FLIGHT_CANCELLED);
	assert_false(out_send(r.out, "c\n", 2, &claim));
	assert_int_equal(read(r.read_end, got, sizeof got), 4);
	assert_memory_equal(got, "p\na\n", 4);
	rig_down(&r);
}

static void progress_is_not_kept_for_a_client_that_does_not_read(void **state)
{
	static char line[10000];
	atomic_int claim = FLIGHT_FREE;
	char got[20000];
	struct rig r;
	size_t n = 0;

	(void)state;
	rig_up(&r, 0);
	fill(line, sizeof line);
	out_put(r.out, line, sizeof line);
	out_offer(r.out, "p\n", 2, &claim);
	while (n < sizeof line) {
		ssize_t k = read(r.read_end, got + n, sizeof got - n);

		assert_true(k > 0);
		n += (size_t)k;
		out_flush(r.out);
	}
	assert_int_equal(n, sizeof line);
	rig_down(&r);
}

static void *sender(void *arg)
{
	struct rig *r = arg;
	atomic_int claim = FLIGHT_FREE;

	return out_send(r->out, "x\n", 2, &claim) ? arg : NULL;
}

static void a_worker_waits_for_room_and_is_let_go_by_the_end(void **state)
{
	char *line = mem_take(OUT_KEEP + 8192);
	pthread_t thread;
	void *sent;
	struct rig r;

	(void)state;
	assert_non_null(line);
	rig_up(&r, 0);
	fill(line, OUT_KEEP + 8192);
	assert_false(out_full(r.out));
	out_put(r.out, line, OUT_KEEP + 8192);
	assert_true(out_full(r.out));
	assert_int_equal(pthread_create(&thread, NULL, sender, &r), 0);
	out_close(r.out);
	assert_int_equal(pthread_join(thread, &sent), 0);
	assert_null(sent);
	rig_down(&r);
	mem_free(line);
}

static void a_worker_that_waits_goes_on_when_the_client_reads(void **state)
{
	char *line = mem_take(OUT_KEEP + 8192);
	size_t n = 0, want = OUT_KEEP + 8192 + 2;
	pthread_t thread;
	void *sent;
	struct rig r;

	(void)state;
	assert_non_null(line);
	rig_up(&r, 0);
	fill(line, OUT_KEEP + 8192);
	out_put(r.out, line, OUT_KEEP + 8192);
	assert_int_equal(pthread_create(&thread, NULL, sender, &r), 0);
	while (n < want) {
		ssize_t k = read(r.read_end, line, OUT_KEEP);

		assert_true(k > 0);
		n += (size_t)k;
		out_flush(r.out);
	}
	assert_int_equal(pthread_join(thread, &sent), 0);
	assert_ptr_equal(sent, &r);
	assert_int_equal(n, want);
	rig_down(&r);
	mem_free(line);
}

static void a_client_that_is_gone_is_noticed(void **state)
{
	atomic_int claim = FLIGHT_FREE;
	uint64_t kicked;
	struct rig r;

	(void)state;
	rig_up(&r, 0);
	close(r.read_end);
	r.read_end = -1;
	assert_false(out_broken(r.out));
	out_put(r.out, "x\n", 2);
	assert_true(out_broken(r.out));
	assert_int_equal(read(r.kick, &kicked, sizeof kicked), sizeof kicked);
	assert_false(out_send(r.out, "y\n", 2, &claim));
	assert_false(out_pending(r.out));
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_pipe_does_not_take_is_kept_in_order),
		cmocka_unit_test(a_line_is_sent_only_with_its_claim),
		cmocka_unit_test(progress_is_not_kept_for_a_client_that_does_not_read),
		cmocka_unit_test(a_worker_waits_for_room_and_is_let_go_by_the_end),
		cmocka_unit_test(a_worker_that_waits_goes_on_when_the_client_reads),
		cmocka_unit_test(a_client_that_is_gone_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
