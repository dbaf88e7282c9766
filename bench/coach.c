/*
 * How fast sessions and runs are looked at, and recipes checked. Prints one line a figure:
 * NAME VALUE UNIT (the middle of RUNS), for bench/run.sh.
 *
 * The sessions are made here: two lines of three are progress, as in real ones, and
 * results are of a few kilobytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/coach.h"
#include "domain/recipe.h"
#include "store/attempts.h"
#include "store/runs.h"

#define RUNS     11
#define SMALL    ((size_t)3500000)
#define MANY     64 /* sessions of 4 times SMALL: 0.9 GB, when BENCH_LARGE is set */
#define ROWS     10000
#define RECIPES  200
#define LONG_REQ 250 /* requirements of four lines: 1,000 lines */

static void die(const char *what)
{
	(void)fprintf(stderr, "bench/coach: %s\n", what);
	exit(1);
}

static void stamp(char iso[CLOCK_TEXT_SIZE], int64_t *ms)
{
	clock_text(*ms, iso);
	*ms += 700;
}

/* One message with its call and result, and the progress lines around them. */
static void one_turn(FILE *f, int n, int64_t *ms, const char *filler)
{
	static const char *const tools[] = { "Read", "Bash", "Grep", "Edit" };
	const char *tool = tools[n % 4];
	char iso[CLOCK_TEXT_SIZE];

	stamp(iso, ms);
	(void)fprintf(f,
	              "{\"parentUuid\":\"u%d\",\"isSidechain\":false,\"cwd\":\"/home/u/p\","
	              "\"sessionId\":\"s\",\"version\":\"2.1.0\",\"message\":{\"model\":\"m\","
	              "\"id\":\"m%d\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c%d\",\"name\":"
	              "\"%s\",\"input\":{\"file_path\":\"/home/u/p/f%d.c\",\"command\":\"ls %d\","
	              "\"pattern\":\"x%d\",\"old_string\":\"a%d\",\"new_string\":\"b%d\"}}],"
	              "\"usage\":{\"input_tokens\":4,\"cache_read_input_tokens\":9000,"
	              "\"cache_creation_input_tokens\":300,\"output_tokens\":%d}},"
	              "\"requestId\":\"q%d\",\"type\":\"assistant\",\"timestamp\":\"%s\"}\n",
	              n, n, n, tool, n % 50, n, n, n, n, n % 90, n, iso);
	for (int i = 0; i < 4; i++) {
		stamp(iso, ms);
		(void)fprintf(
		    f,
		    "{\"parentUuid\":\"u%d\",\"cwd\":\"/home/u/p\",\"sessionId\":\"s\","
		    "\"type\":\"progress\",\"data\":{\"type\":\"hook_progress\",\"output\":"
		    "\"%.600s\"},\"timestamp\":\"%s\"}\n",
		    n, filler, iso);
	}
	stamp(iso, ms);
	(void)fprintf(f,
	              "{\"parentUuid\":\"u%d\",\"cwd\":\"/home/u/p\",\"sessionId\":\"s\",\"type\":"
	              "\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"tool_use_id\":"
	              "\"c%d\",\"type\":\"tool_result\",\"is_error\":%s,\"content\":\"%s\"}]},"
	              "\"toolUseResult\":{\"stdout\":\"%s\"},\"timestamp\":\"%s\"}\n",
	              n, n, n % 13 == 0 ? "true" : "false", filler, filler, iso);
}

static const char *write_session(const char *path, size_t bytes)
{
	char filler[2049];
	FILE *f = fopen(path, "w");
	int64_t ms = 1767225600000;

	if (f == NULL)
		die("cannot write a session");
	for (size_t i = 0; i < sizeof filler - 1; i++)
		filler[i] = "int main(void) { return 0; } "[i % 29];
	filler[sizeof filler - 1] = '\0';
	for (int n = 0; (size_t)ftell(f) < bytes; n++)
		one_turn(f, n, &ms, filler);
	if (fclose(f) != 0)
		die("cannot write a session");
	return path;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t time_sessions(const char *path)
{
	struct coach_wish wish = { .path = path };
	struct arena *a = arena_new((size_t)1 << 30);
	int64_t start = clock_mono_us();
	struct coach_report *r = NULL;
	struct err err;

	if (a == NULL || coach_sessions(&wish, a, &r, &err) != OK)
		die("sessions could not be read");
	start = clock_mono_us() - start;
	arena_free(a);
	return start;
}

static void session_figures(const char *folder)
{
	char path[512];
	int64_t us[RUNS];

	(void)snprintf(path, sizeof path, "%s/one.jsonl", folder);
	(void)write_session(path, SMALL);
	for (int i = 0; i < RUNS; i++)
		us[i] = time_sessions(path);
	qsort(us, RUNS, sizeof *us, by_value);
	printf("coach_session_3.5MB %.2f ms\n", (double)us[RUNS / 2] / 1000);
	(void)remove(path);
}

static void large_figures(const char *folder)
{
	struct rusage use;
	char path[512];
	int64_t us;

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(path, sizeof path, "%s/many-%d.jsonl", folder, i);
		(void)write_session(path, 4 * SMALL);
	}
	us = time_sessions(folder);
	(void)getrusage(RUSAGE_SELF, &use);
	printf("coach_sessions_0.9GB %.2f s\ncoach_sessions_0.9GB_memory %.1f MiB\n",
	       (double)us / 1e6, (double)use.ru_maxrss / 1024);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(path, sizeof path, "%s/many-%d.jsonl", folder, i);
		(void)remove(path);
	}
}

/* A run of ROWS tasks, each with one attempt, in rows of 100 that wait for the row before. */
static void fill_run(struct db *db)
{
	struct run_row run = { .id = "r",
		               .title = "t",
		               .state = "succeeded",
		               .options = "{}",
		               .mode = "worktree",
		               .jobs = 50,
		               .branch = "b",
		               .runner_pid = RUNS_NONE,
		               .runner_start = RUNS_NONE,
		               .made_ms = 1,
		               .started_ms = 0,
		               .ended_ms = ROWS / 50 * 1000 };
	struct task_row t = { .title = "t",
		              .spec = "{}",
		              .estimate_min = 10,
		              .kind = "fix",
		              .state = "succeeded",
		              .commit_oid = "c" };
	struct attempt_row x = { .number = 1,
		                 .state = "merged",
		                 .agent = "a",
		                 .pid = RUNS_NONE,
		                 .pid_start = RUNS_NONE,
		                 .tokens_in = RUNS_NONE,
		                 .tokens_out = RUNS_NONE,
		                 .cost_usd = -1 };
	char id[32], before[32];

	if (db_begin(db, NULL) != OK || runs_add(db, &run, NULL) != OK ||
	    runs_put(db, &run, NULL) != OK)
		die("no run");
	for (int i = 0; i < ROWS; i++) {
		(void)snprintf(id, sizeof id, "task-%05d", i);
		(void)snprintf(before, sizeof before, "task-%05d", i - 100);
		t.id = x.task = id;
		t.position = i;
		x.slot = i % 50;
		t.ready_ms = i / 100 * 2000;
		x.intent_ms = x.started_ms = i / 50 * 1000;
		x.ended_ms = x.done_ms = x.intent_ms + 1000;
		if (runs_add_task(db, "r", &t, NULL) != OK ||
		    runs_put_task(db, "r", &t, NULL) != OK ||
		    attempts_put(db, "r", &x, NULL) != OK ||
		    (i >= 100 &&
		     runs_add_edge(db, "r", &(struct edge_row){ before, id }, NULL) != OK))
			die("no row");
	}
	if (db_commit(db, NULL) != OK)
		die("no commit");
}

static void run_figures(const char *folder)
{
	char path[512];
	struct db *db = NULL;
	int64_t us[RUNS];

	(void)snprintf(path, sizeof path, "%s/bench.db", folder);
	if (db_open(&db, path, NULL) != OK)
		die("no database");
	fill_run(db);
	for (int i = 0; i < RUNS; i++) {
		struct arena *a = arena_new((size_t)1 << 28);
		struct coach_report *r = NULL;
		struct err err = { 0 };
		int64_t start = clock_mono_us();

		if (a == NULL || coach_of_run(db, "r", a, &r, &err) != OK)
			die(err.text);
		us[i] = clock_mono_us() - start;
		arena_free(a);
	}
	qsort(us, RUNS, sizeof *us, by_value);
	printf("coach_run_10000_tasks %.2f ms\n", (double)us[RUNS / 2] / 1000);
	db_free(db);
	(void)remove(path);
}

/* Each recipe needs the two before it. */
static void fill_recipes(struct recipe_source *s, const char *requirements, struct arena *a)
{
	for (int i = 0; i < RECIPES; i++) {
		s[i].name = text_printf(a, "recipe-%03d", i);
		s[i].requirements = requirements;
		s[i].design = "# How\n\nBy a table, one row for each thing that is to be known.\n";
		s[i].dependencies =
		    i < 2
			? text_printf(a, "{\"name\":\"recipe-%03d\",\"dependencies\":[]}", i)
			: text_printf(a,
		                      "{\"name\":\"recipe-%03d\",\"dependencies\":[\"recipe-%03d\","
		                      "\"recipe-%03d\"]}",
		                      i, i - 1, i - 2);
		if (s[i].name == NULL || s[i].dependencies == NULL)
			die("no memory");
		s[i].requirements_size = strlen(s[i].requirements);
		s[i].design_size = strlen(s[i].design);
		s[i].dependencies_size = strlen(s[i].dependencies);
	}
}

static double time_recipes(const struct recipe_source *s, size_t n)
{
	int64_t us[RUNS];

	for (int i = 0; i < RUNS; i++) {
		struct arena *a = arena_new((size_t)1 << 28);
		struct recipe_set *set = NULL;
		int64_t start = clock_mono_us();

		if (a == NULL || recipe_make(s, n, a, &set, NULL) != OK || !set->sound)
			die("recipes are not sound");
		us[i] = clock_mono_us() - start;
		arena_free(a);
	}
	qsort(us, RUNS, sizeof *us, by_value);
	return (double)us[RUNS / 2] / 1000;
}

static void recipe_figures(void)
{
	struct arena *a = arena_new((size_t)1 << 28);
	struct recipe_source *s = a == NULL ? NULL : arena_take(a, RECIPES * sizeof *s);
	struct text long_one;

	if (s == NULL)
		die("no memory");
	fill_recipes(s, "### A-1 MUST Hold\n- Criterion: 1\n- Test: t.c: holds\n", a);
	printf("recipes_200_in_a_graph %.2f ms\n", time_recipes(s, RECIPES));
	text_init(&long_one, TEXT_LIMIT);
	for (int i = 0; i < LONG_REQ; i++)
		text_addf(&long_one, "### A-%d MUST Hold\n- Criterion: 1\n- Test: t.c: holds\n\n",
		          i);
	s[0].requirements = text_string(&long_one);
	s[0].requirements_size = long_one.len;
	printf("recipe_1000_lines %.2f ms\n", time_recipes(s, 1));
	text_done(&long_one);
	arena_free(a);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	char folder[256];

	(void)snprintf(folder, sizeof folder, "%s/bench-coach.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (db_use_mem() != OK || mkdtemp(folder) == NULL)
		die("no folder to work in");
	json_use_mem();
	session_figures(folder);
	run_figures(folder);
	recipe_figures();
	if (getenv("BENCH_LARGE") != NULL)
		large_figures(folder);
	(void)rmdir(folder);
	return 0;
}
