/* How long does the runner's scheduler take for a task, all included: to make, to hand out, to
 * settle? */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "domain/run/schedule.h"

#define WIDTH 50 /* tasks of a layer */
#define NEEDS 3  /* of the layer before */

static size_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(*seed >> 33);
}

/* Workers that are done at once: what is ready is handed out, then all of it settled. */
static size_t carry_out(struct schedule *s, size_t workers)
{
	size_t busy[64], n, done = 0, told;
	const size_t *readied;

	for (;;) {
		for (n = 0; n < workers && schedule_next(s, &busy[n]);)
			n++;
		if (n == 0)
			return done;
		for (size_t i = 0; i < n; i++) {
			schedule_idle(s, busy[i]);
			told = schedule_done(s, busy[i], &readied);
			done += told < SIZE_MAX;
		}
	}
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000, workers = 8;
	struct schedule_task *tasks = mem_zero(n, sizeof *tasks);
	size_t *needs = mem_zero(n * NEEDS, sizeof *needs);
	struct schedule_plan plan = { .tasks = tasks, .n = n, .workers = workers };
	struct schedule *s = NULL;
	uint64_t seed = 7;
	int64_t begin_us, made_us, end_us;

	if (tasks == NULL || needs == NULL)
		return 1;
	for (size_t i = 0; i < n; i++) {
		tasks[i].cost = (int64_t)(1 + next_random(&seed) % 100);
		tasks[i].needs = needs + i * NEEDS;
		for (size_t k = 0; i >= WIDTH && k < NEEDS; k++) /* in different parts of it */
			needs[i * NEEDS + tasks[i].n_needs++] =
			    (i / WIDTH - 1) * WIDTH + k * (WIDTH / NEEDS) +
			    next_random(&seed) % (WIDTH / NEEDS);
	}
	begin_us = clock_mono_us();
	if (schedule_new(&s, &plan, NULL) != OK)
		return 1;
	made_us = clock_mono_us();
	if (carry_out(s, workers) != n)
		return 1;
	end_us = clock_mono_us();
	printf("%.3f %.3f\n", (double)(made_us - begin_us) / (double)n,
	       (double)(end_us - made_us) / (double)n);
	schedule_free(s);
	mem_free(needs);
	mem_free(tasks);
	return 0;
}
