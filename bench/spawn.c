/*
 * spawn.c - what a child costs in processor time: posix_spawn and waitpid of /bin/true, against the
 *same through sys/proc with all it adds (own session, death signal, descriptors closed, exec
 *errors, mark, adopted orphans), one at a time and eight at a time.
 *
 *	spawn [COUNT]
 */
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/proc.h"

#define ROUNDS 5
#define WIDTH  8

static const char *const argv[] = { "/bin/true", NULL };
static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
static const char *const mark[] = { "GADUGI_RUN_ID=bench", "GADUGI_TASK_ID=t", "GADUGI_ATTEMPT=1",
	                            NULL };

/* Processor time of this process and its children so far: what else the machine does is not in it.
 */
static int64_t cpu_us(void)
{
	struct rusage all[2];
	int64_t us = 0;

	(void)getrusage(RUSAGE_SELF, &all[0]);
	(void)getrusage(RUSAGE_CHILDREN, &all[1]);
	for (int i = 0; i < 2; i++)
		us += ((int64_t)all[i].ru_utime.tv_sec + all[i].ru_stime.tv_sec) * 1000000 +
		      all[i].ru_utime.tv_usec + all[i].ru_stime.tv_usec;
	return us;
}

static int floor_one(pid_t *pid)
{
	static char name[] = "/bin/true", path[] = "PATH=/usr/bin:/bin";
	char *list[] = { name, NULL }, *vars[] = { path, NULL };

	return posix_spawn(pid, "/bin/true", NULL, NULL, list, vars);
}

static int64_t run_floor(int count, int width)
{
	int64_t begin = cpu_us();
	int started = 0, ended = 0;
	pid_t pid;

	while (ended < count) {
		while (started < count && started - ended < width)
			started += floor_one(&pid) == 0;
		ended += waitpid(-1, NULL, 0) > 0;
	}
	return cpu_us() - begin;
}

static int64_t run_proc(struct proc_keeper *keeper, int count, int width, bool piped)
{
	const struct proc_spec spec = { .argv = argv,
		                        .env = env,
		                        .mark = mark,
		                        .out = piped ? PROC_TO_PIPE : PROC_TO_NOWHERE,
		                        .err = piped ? PROC_TO_OUT : PROC_TO_NOWHERE };
	struct proc *running[WIDTH] = { NULL };
	struct pollfd fds[WIDTH];
	int64_t begin = cpu_us(), again;
	int started = 0, ended = 0;
	struct err err;

	while (ended < count) {
		for (int i = 0; i < width; i++) {
			if (running[i] == NULL && started < count &&
			    proc_start(&running[i], keeper, &spec, &err) == OK)
				started++;
			fds[i] =
			    (struct pollfd){ .fd = running[i] != NULL ? running[i]->wait_fd : -1,
				             .events = POLLIN };
		}
		(void)poll(fds, (nfds_t)width, 1000);
		for (int i = 0; i < width; i++) {
			if (fds[i].revents == 0 || !proc_ended(running[i], &again))
				continue;
			proc_free(running[i]);
			running[i] = NULL;
			ended++;
		}
	}
	return cpu_us() - begin;
}

static void report(const char *what, int64_t us, int64_t floor, int count)
{
	printf("figure|%s|%.0f us CPU (posix_spawn: %.0f us)|1.2x posix_spawn|1.0x posix_spawn\n",
	       what, (double)us / count, (double)floor / count);
}

int main(int argc, char **args)
{
	int count = argc > 1 ? atoi(args[1]) : 1000; /* NOLINT(cert-err34-c): a bench's argument */
	int64_t best[5] = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX };
	struct proc_keeper *keeper = NULL;
	struct err err;

	if (proc_keeper_new(&keeper, &err) != OK)
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		const int64_t now[5] = {
			run_floor(count, 1),
			run_proc(keeper, count, 1, false),
			run_floor(count, WIDTH),
			run_proc(keeper, count, WIDTH, false),
			run_proc(keeper, count, WIDTH, true),
		};

		for (int k = 0; k < 5; k++)
			best[k] = now[k] < best[k] ? now[k] : best[k];
	}
	proc_keeper_free(keeper);
	report("a trivial child, started and ended, one at a time", best[1], best[0], count);
	report("the same, 8 at a time", best[3], best[2], count);
	report("the same, 8 at a time, output through a pipe", best[4], best[2], count);
	return 0;
}
