/* The n-th allocation fails while lines are served: never a crash, a leak or half a line. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/wire_tools.h"
#include "wire/mcp.h"
#include "wire/out.h"

#define OUT_SIZE ((size_t)1 << 20)

static enum status ground_open(void *arg, struct project **project, int *wake_fd, struct err *err)
{
	(void)arg;
	(void)err;
	*project = NULL;
	*wake_fd = -1;
	return OK;
}

static void wake_clear(void *arg)
{
	(void)arg; /* nothing wakes this server */
}

static const struct tool *const tools[] = { &tool_echo, &tool_park, &tool_steps, NULL };
static const struct mcp_offer offer = {
	.name = "t",
	.title = "t",
	.version = "1",
	.instructions = "Use it.",
	.tools = tools,
	.resources = resource_all,
	.prompts = prompt_all,
};

/* Everything that was written, and how many lines it is; each must be one JSON value. */
static int lines_of(int fd)
{
	char *all = mem_take(OUT_SIZE), *at = all, *nl;
	ssize_t n = pread(fd, all, OUT_SIZE - 1, 0);
	int lines = 0;

	assert_true(n >= 0);
	all[n] = '\0';
	while ((nl = strchr(at, '\n')) != NULL) {
		struct err err = { 0 };

		if (json_check(at, (size_t)(nl - at), &err) != OK)
			fail_msg("%s: %.200s", err.text, at);
		lines++;
		at = nl + 1;
	}
	assert_true(*at == '\0'); /* no half line */
	mem_free(all);
	return lines;
}

/* Serve all lines with allocation n failing. Number of answer lines, -1 if the server did not
 * start. */
static int serve(const char *const *lines, long n, int forever, long *requests)
{
	const struct mcp_ground ground = { NULL, ground_open, wake_clear };
	struct mcp_parts parts = { 0 };
	struct out *out = NULL;
	struct peer *peer = NULL;
	struct mcp *m = NULL;
	int fd = memfd_create("out", 0), got = -1;

	assert_true(fd >= 0);
	parts.kick = eventfd(0, EFD_NONBLOCK);
	mem_fail_after(n, forever);
	if (out_new(&out, dup(fd), parts.kick, NULL) == OK &&
	    (parts.flight = flight_new(64)) != NULL && pool_new(&parts.pool, 2, 64, NULL) == OK &&
	    mcp_new(&m, &parts, &offer, &ground, NULL) == OK &&
	    (peer = peer_new(m, out_sink(out))) != NULL) {
		for (; *lines != NULL; lines++)
			mcp_line(peer, *lines, strlen(*lines), true);
		assert_true(pool_wait_idle(parts.pool, 60000));
		*requests = mem_requests();
		mem_fail_after(-1, 0);
		mcp_stop(m, NULL);
		got = lines_of(fd);
	}
	mem_fail_after(-1, 0);
	peer_drop(peer);
	mcp_free(m);
	pool_free(parts.pool);
	flight_free(parts.flight);
	out_free(out);
	close(parts.kick);
	close(fd);
	return got;
}

#define META                                                                                       \
	"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                   \
	"\"io.modelcontextprotocol/clientCapabilities\":{}}"

static void lines_under_failing_memory(void **state)
{
	static const char *const lines[] = {
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
		"\"protocolVersion\":\"2025-03-26\"}}",
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/"
		"call\",\"params\":{\"name\":\"echo\",\"arguments\":{\"text\":\"x\"}}}",
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/"
		"call\",\"params\":{\"name\":\"steps\",\"arguments\":{\"steps\":2},"
		"\"_meta\":{\"progressToken\":1}}}",
		"[{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"},{\"jsonrpc\":\"2.0\",\"id\":6,"
		"\"method\":\"tools/call\","
		"\"params\":{\"name\":\"echo\",\"arguments\":{\"text\":\"x\"}}}]",
		"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"server/discover\",\"params\":{" META
		"}}",
		"{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"subscriptions/"
		"listen\",\"params\":{\"notifications\":{}," META "}}",
		"{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/"
		"call\",\"params\":{\"name\":\"park\",\"arguments\":{\"ms\":60000}}}",
		"{\"jsonrpc\":\"2.0\",\"id\":10,\"method\":\"tools/"
		"call\",\"params\":{\"name\":\"ecko\"}}",
		"not JSON",
		NULL,
	};
	int whole, got = 0;
	long n, requests;

	(void)state;
	whole = serve(lines, -1, 0, &requests);
	assert_true(whole >= 10);
	for (int forever = 0; forever < 2; forever++) {
		for (n = 0, requests = LONG_MAX; requests > n; n++) {
			requests = LONG_MAX; /* when not even the start came through */
			got = serve(lines, n, forever, &requests);
			assert_true(got <= whole + 1); /* the parked call may fail instead */
		}
		assert_int_equal(got, whole);
		assert_true(n > 60);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_under_failing_memory),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
