/*
 * clock.h - time. Two clocks: the wall's, for what is stored and shown, and a
 * monotonic one, for waiting and measuring. The wall clock is passed to what
 * uses it, so that a test can hold it still.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
	int64_t fixed_ms; /* 0: the real time; else the time it is, as set by a test */
};

#define CLOCK_TEXT_SIZE 25 /* 2026-11-22T13:43:07.123Z and a NUL */

/* Milliseconds since 1970, UTC. A NULL clock is the real one. */
int64_t clock_wall_ms(const struct clock *clock);

/* Milliseconds and microseconds that only go forward. Counts through no suspend. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* Write ISO 8601 in UTC with milliseconds into out, which holds CLOCK_TEXT_SIZE bytes. */
void clock_text(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);

/*
 * Read `2026-11-22`, `2026-11-22T13:43Z`, `...:07Z`, `...:07.123Z` or one with an
 * offset `+02:00` (a space may stand for the T; no zone means UTC). Returns 0 and
 * fills *wall_ms, or -1 when text is none of these.
 */
int clock_parse(const char *text, int64_t *wall_ms);

#endif
