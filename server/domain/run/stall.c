#include "domain/run/stall.h"

#include "base/clock.h"
#include "sys/folder.h"

#define LOOKS      4     /* within the time */
#define WORK_LEAST 100   /* a hundredth of the time on a processor is work; less is waiting */
#define FILES_MOST 50000 /* that are looked at */

void stall_begin(struct attempt *t, int64_t now_ms)
{
	t->heard_ms = t->quiet_ms = t->looked_ms = now_ms;
	t->cpu_us = 0;
}

int64_t stall_due(const struct runner *r, const struct attempt *t)
{
	int64_t each = r->options.stall_ms / LOOKS;

	return r->options.stall_ms <= 0 ? INT64_MAX : t->looked_ms + (each > 0 ? each : 1);
}

/* Has it used a processor since the last look? An idle program wakes up now and then, too. */
static bool worked(struct attempt *t, int64_t now_ms)
{
	int64_t before_us = t->cpu_us, spent_us;

	t->cpu_us = proc_cpu_us(t->proc);
	if (t->cpu_us < 0 || t->cpu_us < before_us)
		return true; /* not known; or a part of it has ended, which is work */
	spent_us = t->cpu_us - before_us;
	return spent_us * WORK_LEAST >= (now_ms - t->looked_ms) * 1000 && spent_us > 0;
}

static bool changed_files(const struct runner *r, const struct attempt *t, int64_t now_ms)
{
	int64_t since_ms = clock_wall_ms(&r->project->clock) - (now_ms - t->quiet_ms);

	return folder_touched(t->path, since_ms, FILES_MOST);
}

bool stall_found(struct runner *r, struct attempt *t, int64_t now_ms)
{
	bool work;

	if (now_ms < stall_due(r, t))
		return false;
	work = worked(t, now_ms);
	t->looked_ms = now_ms;
	if (t->heard_ms > t->quiet_ms)
		t->quiet_ms = t->heard_ms;
	if (work)
		t->quiet_ms = now_ms;
	if (now_ms - t->quiet_ms < r->options.stall_ms)
		return false;
	if (!changed_files(r, t, now_ms))
		return true;
	t->quiet_ms = now_ms;
	return false;
}
