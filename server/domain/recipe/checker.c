/* checker.c - the process that runs the gates of a check. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/text.h"
#include "domain/recipe/check.h"
#include "domain/recipe/gates.h"
#include "sys/fs.h"
#include "sys/gone.h"
#include "sys/lock.h"
#include "sys/proc.h"

#define ARENA_MAX  ((size_t)1 << 30)
#define OUTPUT_MAX ((size_t)64 << 20) /* of one gate */

struct checker {
	struct project *project;
	const char *id;
	struct arena *arena;
	struct db *db;
	const struct config *config;
	struct recipe_set *set;
	int out;           /* the file of what gates say */
	int signals;       /* signalfd */
	struct gone *gone; /* the project's state folder */
	atomic_bool stop;
	struct bell bell; /* rung with it */
};

/* TERM and its like, and USR1, our own word for the end. */
static sigset_t end_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGUSR1);
	return set;
}

/*
 * TERM and its like become the flag that ends proc_run, and so does a project that is deleted
 * or moved away. For the life of the process.
 */
static void *wait_for_end(void *arg)
{
	struct checker *c = arg;
	struct pollfd fds[] = { { .fd = c->signals, .events = POLLIN },
		                { .fd = gone_fd(c->gone), .events = POLLIN } };
	struct signalfd_siginfo info = { 0 };

	do
		(void)poll(fds, 2, -1);
	while (read(c->signals, &info, sizeof info) != (ssize_t)sizeof info && !gone_look(c->gone));
	if (info.ssi_signo != SIGUSR1) {
		atomic_store(&c->stop, true);
		bell_ring(&c->bell);
	}
	return NULL;
}

static enum status watch_for_end(struct checker *c, pthread_t *thread, struct err *err)
{
	sigset_t set = end_signals();
	int rc = pthread_sigmask(SIG_BLOCK, &set, NULL);
	enum status st;

	if ((st = gone_watch(&c->gone, c->project->state, err)) != OK)
		return st;
	if (rc == 0 && (c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		rc = errno;
	if (rc == 0)
		rc = pthread_create(thread, NULL, wait_for_end, c);
	return rc == 0 ? OK : err_sys(err, rc, "cannot wait for signals");
}

/* The words and time of a gate: one of the configuration by its name, or a recipe's. */
static const char *const *find_command(const struct checker *c, const struct check_gate_row *gate,
                                       int64_t *timeout_ms)
{
	size_t at = gate->recipe == NULL ? RECIPE_NONE : recipe_find(c->set, gate->recipe, NULL);

	*timeout_ms = c->config->defaults.timeout_ms;
	for (size_t i = 0; gate->recipe == NULL && i < c->config->n_gates; i++)
		if (strcmp(c->config->gates[i].name, gate->name) == 0) {
			*timeout_ms = c->config->gates[i].timeout_ms;
			return c->config->gates[i].command.at;
		}
	if (at == RECIPE_NONE || recipe_gate_agent(c->config) == NULL)
		return NULL;
	for (size_t i = 0; i < c->set->recipes[at].n_gates; i++)
		if (strcmp(c->set->recipes[at].gates[i].line, gate->name) == 0)
			return c->set->recipes[at].gates[i].argv;
	return NULL;
}

static enum status write_output(const struct checker *c, const char *bytes, size_t n,
                                struct err *err)
{
	while (n > 0) {
		ssize_t done = write(c->out, bytes, n);

		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_sys(err, errno, "cannot keep what a gate said");
		bytes += done;
		n -= (size_t)done;
	}
	return OK;
}

/* Run it; one that cannot be started has an outcome as well. */
static enum status run_gate(struct checker *c, struct check_gate_row *gate, struct err *err)
{
	static const char *const names[] = { "PATH",   "HOME",  "USER", "LANG", "LC_*",
		                             "TMPDIR", "XDG_*", "CC",   "CXX",  NULL };
	const char *mark[] = { text_printf(c->arena, "GADUGI_CHECK_ID=%s", c->id), NULL };
	struct arena *a = arena_new(ARENA_MAX);
	struct proc_spec spec = {
		.cwd = c->project->root, .mark = mark, .out = PROC_TO_PIPE, .err = PROC_TO_OUT
	};
	struct proc_bounds bounds = { .max = OUTPUT_MAX, .stop = &c->stop, .bell = &c->bell };
	struct proc_output output = { 0 };
	struct err why = { 0 };
	enum status st;

	spec.argv = find_command(c, gate, &bounds.timeout_ms);
	spec.env = a == NULL ? NULL : proc_env(a, names, NULL);
	if (spec.env == NULL || mark[0] == NULL) {
		arena_free(a);
		return err_nomem(err, "a gate");
	}
	st = spec.argv == NULL ? err_set(&why, E_ABSENT, "it is not configured any more")
	                       : proc_run(&spec, &bounds, a, &output, &why);
	if (st != OK && st != E_NOMEM) {
		gate->outcome = text_printf(c->arena, "not started: %s", why.text);
		st = OK;
	} else if (st == OK) {
		gate->outcome = proc_outcome_words(output.result.outcome);
		gate->exit_code = output.result.exit_code;
		gate->wall_ms = output.result.wall_us / 1000;
		st = write_output(c, output.out, output.out_size, err);
		if (st == OK)
			st = write_output(c, "\n", 1, err);
	}
	arena_free(a);
	return gate->outcome == NULL ? err_nomem(err, "a gate") : st;
}

static enum status keep_gate(struct checker *c, const struct check_gate_row *gate, struct err *err)
{
	enum status st = db_begin(c->db, err);

	if (st == OK)
		st = checks_put_gate(c->db, c->id, gate, err);
	if (st == OK)
		st = project_commit(c->project, c->db, err);
	db_rollback(c->db);
	return st;
}

static enum status keep_end(struct checker *c, const char *state, const char *cause,
                            struct err *err)
{
	const struct check_row row = { .id = c->id,
		                       .state = state,
		                       .cause = cause,
		                       .ended_ms = clock_wall_ms(&c->project->clock) };
	enum status st = db_begin(c->db, err);

	if (st == OK)
		st = checks_put(c->db, &row, err);
	if (st == OK)
		st = project_commit(c->project, c->db, err);
	db_rollback(c->db);
	return st;
}

static enum status run_all(struct checker *c, struct err *err)
{
	struct check_gate_row *gates = NULL;
	size_t n = 0;
	enum status st = checks_gates(c->db, c->id, c->arena, &gates, &n, err);

	for (size_t i = 0; st == OK && i < n && !atomic_load(&c->stop); i++) {
		st = run_gate(c, &gates[i], err);
		if (st == OK)
			st = keep_gate(c, &gates[i], err);
	}
	if (st != OK)
		(void)keep_end(c, "failed", err->text, NULL);
	else if (atomic_load(&c->stop))
		st = keep_end(c, "cancelled", "it was cancelled", err);
	else
		st = keep_end(c, "ended", NULL, err);
	return st;
}

static enum status open_all(struct checker *c, struct lock **lock, struct err *err)
{
	struct project *p = c->project;
	const char *path = check_lock(p, c->id, c->arena);
	const char *output = check_output(p, c->id, c->arena);
	enum status st;

	if (path == NULL || output == NULL)
		return err_nomem(err, "a check");
	if ((st = lock_take(lock, path, 0, NULL, err)) != OK ||
	    (st = fs_open(p->root, output, O_WRONLY | O_CREAT | O_TRUNC, 0600, &c->out, err)) !=
	        OK ||
	    (st = project_config(p, &c->config, err)) != OK ||
	    (st = recipe_load(p->root, c->arena, &c->set, err)) != OK)
		return st;
	return project_write(p, NULL, &c->db, err);
}

enum status check_run(struct project *p, const char *id, void (*ready)(void *arg), void *arg,
                      struct err *err)
{
	struct checker c = {
		.project = p, .id = id, .arena = arena_new(ARENA_MAX), .out = -1, .signals = -1
	};
	struct lock *lock = NULL;
	pthread_t thread;
	bool threaded = false;
	enum status st;

	atomic_init(&c.stop, false);
	if (c.arena == NULL)
		return err_nomem(err, "a check");
	if ((st = open_all(&c, &lock, err)) != OK || (st = watch_for_end(&c, &thread, err)) != OK)
		goto out;
	threaded = true;
	if (ready != NULL)
		ready(arg);
	st = run_all(&c, err);
out:
	if (threaded) {
		(void)pthread_kill(thread, SIGUSR1);
		(void)pthread_join(thread, NULL);
	}
	gone_free(c.gone);
	bell_done(&c.bell);
	if (c.signals >= 0)
		(void)close(c.signals);
	if (c.out >= 0)
		(void)close(c.out);
	project_done(p, c.db);
	lock_free(lock);
	arena_free(c.arena);
	return st;
}
