/*
 * githist.c - which files should one look at for a task? Answered from the history alone.
 *
 *   GADUGI_GIT_DIR=/path/to/repo/.git githist [QUESTIONS [COMMITS]]
 *
 * The newest commits with one to ten files are the questions: the subject is the task, the
 * files are what should be found. Memory holds only what is older. Compared with the same
 * search over the names of files, without memory of commits.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/memory/whole.h"
#include "store/db.h"
#include "sys/proc.h"

#define FILES_MAX 10
#define LOG_MAX   ((size_t)256 << 20)
#define ASKED     10

struct question {
	const char *subject;
	const char *files[FILES_MAX];
	size_t n;
};

struct sums {
	double r5, r10, mrr, ms;
	size_t n;
};

static void die(const char *what, const struct err *err)
{
	(void)fprintf(stderr, "%s: %s\n", what, err == NULL ? "" : err->text);
	exit(1);
}

static char *git_log(const char *git_dir, size_t n, struct arena *a)
{
	static const char *const keep[] = { "PATH", "HOME", NULL };
	const char *argv[] = { "git",
		               text_printf(a, "--git-dir=%s", git_dir),
		               "log",
		               "HEAD",
		               "--no-merges",
		               "--name-only",
		               text_printf(a, "-n%zu", n),
		               "--format=%x01%s%x03",
		               NULL };
	struct proc_spec spec = { .argv = argv,
		                  .env = proc_env(a, keep, NULL),
		                  .out = PROC_TO_PIPE };
	const struct proc_bounds bounds = { .max = LOG_MAX };
	struct proc_output out;
	struct err err = { 0 };

	if (proc_run(&spec, &bounds, a, &out, &err) != OK)
		die("git log", &err);
	return out.out;
}

/* One commit of the log, newest first; false when it is no question (files: none or too many). */
static bool read_question(char *at, struct question *q)
{
	char *end = strchr(at, 3);

	q->n = 0;
	q->subject = at;
	if (end == NULL)
		return false;
	*end = '\0';
	for (char *line = strtok_r(end + 1, "\n", &at); line != NULL;
	     line = strtok_r(NULL, "\n", &at)) {
		if (q->n == FILES_MAX)
			return false;
		q->files[q->n++] = line;
	}
	return q->n > 0;
}

static void remove_folder(const char *path)
{
	DIR *d = opendir(path);
	char name[4096];

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.' && (e->d_name[1] == '\0' || e->d_name[1] == '.'))
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (unlink(name) != 0)
			remove_folder(name);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(path);
}

static bool is_known(struct project *p, const char *file, struct arena *a)
{
	struct memory_query q = { .text = file, .entity = file, .limit = 1 };
	struct memory_found found;

	if (memory_recall(p, NULL, &q, a, &found, NULL) != OK)
		return false;
	for (size_t i = 0; i < found.n_leads; i++)
		if (strcmp(found.leads[i].name, file) == 0)
			return true;
	return false;
}

static void score(struct sums *s, const struct memory_found *found, const struct question *q,
                  const bool *known)
{
	size_t in5 = 0, in10 = 0, gold = 0, place = 0;
	double first = 0;

	for (size_t k = 0; k < q->n; k++)
		gold += known[k];
	for (size_t i = 0; i < found->n_leads; i++) {
		bool right = false;

		if (found->leads[i].type == NULL || strcmp(found->leads[i].type, "file") != 0)
			continue;
		for (size_t k = 0; k < q->n; k++)
			right =
			    right || (known[k] && strcmp(q->files[k], found->leads[i].name) == 0);
		if (right && first <= 0)
			first = 1 / (double)(place + 1);
		in5 += right && place < 5;
		in10 += right && place < 10;
		place++;
	}
	s->r5 += (double)in5 / (double)gold;
	s->r10 += (double)in10 / (double)gold;
	s->mrr += first;
	s->n++;
}

static void ask(struct project *p, const struct question *q, int hops, struct sums *s,
                const bool *known)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct memory_query query = { .text = q->subject, .limit = ASKED, .hops = hops };
	struct memory_found found;
	struct err err = { 0 };
	int64_t at_us = clock_mono_us();

	if (memory_recall(p, NULL, &query, a, &found, &err) != OK)
		die("recall", &err);
	s->ms += (double)(clock_mono_us() - at_us) / 1000;
	score(s, &found, q, known);
	arena_free(a);
}

static void measure(struct project *p, const struct question *questions, size_t n)
{
	static const char *const names[] = { "names of files only", "and commits, 1 step",
		                             "and commits, 2 steps" };
	struct sums sums[3] = { { 0 } };

	for (size_t i = 0; i < n; i++) {
		struct arena *a = arena_new((size_t)64 << 20);
		bool known[FILES_MAX] = { false }, any = false;

		for (size_t k = 0; k < questions[i].n; k++) {
			known[k] = is_known(p, questions[i].files[k], a);
			any = any || known[k];
		}
		arena_free(a);
		for (int hops = 0; hops < 3 && any; hops++)
			ask(p, &questions[i], hops, &sums[hops], known);
	}
	for (int i = 0; i < 3; i++)
		(void)printf("%-22s R@5 %5.1f  R@10 %5.1f  MRR %5.1f  %.2f ms (%zu questions)\n",
		             names[i], 100 * sums[i].r5 / (double)sums[i].n,
		             100 * sums[i].r10 / (double)sums[i].n,
		             100 * sums[i].mrr / (double)sums[i].n, sums[i].ms / (double)sums[i].n,
		             sums[i].n);
}

static struct project *open_beside(const char *folder, const char *git_dir)
{
	char path[4200];
	struct project *p = NULL;
	struct err err = { 0 };
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/.git", folder);
	if ((f = fopen(path, "w")) == NULL || fprintf(f, "gitdir: %s\n", git_dir) < 0 ||
	    fclose(f) != 0)
		die(path, NULL);
	if (project_open(&p, folder, &err) != OK)
		die(folder, &err);
	p->git_dir = git_dir;
	return p;
}

int main(int argc, char **argv)
{
	const char *git_dir = getenv("GADUGI_GIT_DIR"), *tmp = getenv("TMPDIR");
	size_t most = argc > 1 ? strtoul(argv[1], NULL, 10) : 500, n = 0, skip = 0;
	size_t commits = argc > 2 ? strtoul(argv[2], NULL, 10) : 8000;
	struct arena *a = arena_new((size_t)4 << 30);
	struct question *questions = arena_take(a, most * sizeof *questions);
	struct memory_imported done;
	struct err err = { 0 };
	struct project *p;
	char folder[4096], *log;

	json_use_mem();
	if (db_use_mem() != OK || questions == NULL)
		return 1;
	if (git_dir == NULL) {
		(void)puts("skip githist: GADUGI_GIT_DIR names no repository");
		arena_free(a);
		return 0;
	}
	(void)snprintf(folder, sizeof folder, "%s/githist.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(folder) == NULL)
		die(folder, NULL);
	p = open_beside(folder, git_dir);
	log = git_log(git_dir, 4 * most, a);
	for (char *at = strchr(log, 1), *next; at != NULL && n < most; at = next) {
		next = strchr(at + 1, 1);
		if (next != NULL)
			*next = '\0';
		skip++;
		n += read_question(at + 1, &questions[n]);
	}
	if (memory_import_git(p, NULL, &(struct memory_commits){ .limit = commits, .skip = skip },
	                      a, &done, &err) != OK)
		die("import", &err);
	(void)printf("%s: %zu commits in memory\n", git_dir, done.stored);
	measure(p, questions, n);
	p->git_dir = NULL;
	project_free(p);
	remove_folder(folder);
	arena_free(a);
	return 0;
}
