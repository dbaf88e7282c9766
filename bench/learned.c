/*
 * learned.c - how good are estimates learned from finished tasks? A history is replayed: each task
 * is guessed from those that ended before it, and so it is by saying always the middle.
 *
 *   learned ISSUES.jsonl...     issues with created_at and closed_at, one JSON object a line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "domain/plan/learned.h"
#include "sys/fs.h"

#define FILE_MOST ((size_t)64 << 20)
#define MINUTE_MS 60000.0

struct ended {
	struct learned_task task;
	int64_t at_ms;
};

static int newest_first(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;

	return x->at_ms > y->at_ms ? -1 : x->at_ms < y->at_ms;
}

/* One line; false when it did not end or has no sensible times. */
static bool take(const char *line, size_t n, struct arena *a, struct ended *out)
{
	const char *made, *closed, *title, *kind;
	int64_t from = 0;
	cJSON *json = NULL;
	bool good = false;

	if (json_read(line, n, &json, NULL) != OK)
		return false;
	made = json_text(json, "created_at");
	closed = json_text(json, "closed_at");
	title = json_text(json, "title");
	kind = json_text(json, "issue_type");
	if (made != NULL && closed != NULL && title != NULL && clock_parse(made, &from) == 0 &&
	    clock_parse(closed, &out->at_ms) == 0 && out->at_ms > from) {
		double minutes = (double)(out->at_ms - from) / MINUTE_MS;

		out->task =
		    (struct learned_task){ arena_copy(a, title, strlen(title)),
			                   kind == NULL ? NULL : arena_copy(a, kind, strlen(kind)),
			                   minutes < 1 ? 1 : minutes, 0 };
		good = true;
	}
	cJSON_Delete(json);
	return good;
}

static int replay(const char *path)
{
	struct arena *a = arena_new((size_t)512 << 20);
	struct learned_task *tasks;
	struct learned_replay r;
	struct ended *ended;
	struct learned *l;
	struct err err;
	char *bytes = NULL;
	size_t size = 0, lines = 1, n = 0;

	if (a == NULL || fs_read(path, FILE_MOST, a, &bytes, &size, &err) != OK) {
		(void)fprintf(stderr, "%s: %s\n", path, a == NULL ? "no memory" : err.text);
		arena_free(a);
		return 1;
	}
	for (size_t i = 0; i < size; i++)
		lines += bytes[i] == '\n';
	ended = arena_take(a, lines * sizeof *ended);
	tasks = arena_take(a, lines * sizeof *tasks);
	for (char *at = bytes, *end; ended != NULL && at < bytes + size; at = end + 1) {
		end = memchr(at, '\n', (size_t)(bytes + size - at));
		end = end == NULL ? bytes + size : end;
		n += take(at, (size_t)(end - at), a, &ended[n]);
	}
	if (n > 0 && ended != NULL)
		qsort(ended, n, sizeof *ended, newest_first);
	for (size_t i = 0; tasks != NULL && i < n; i++)
		tasks[i] = ended[i].task;
	if (tasks == NULL || (l = learned_new(a, tasks, n)) == NULL)
		return 1;
	r = learned_replay(l);
	printf("%s: %zu replayed: always the middle is off by %.2f, learned by %.2f\n", path, r.n,
	       r.before, r.after);
	arena_free(a);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	json_use_mem();
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	return failed;
}
