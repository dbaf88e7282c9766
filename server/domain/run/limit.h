/*
 * limit.h - words in which services refuse work for now: rate limits, used-up quotas,
 * overload; and when they say it is worth trying again.
 */
#ifndef DOMAIN_RUN_LIMIT_H
#define DOMAIN_RUN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_WAIT_MOST_MS (INT64_C(7) * 24 * 3600 * 1000) /* later than this is not believed */

/* Does the text say that a limit was met? Words are matched as words. */
bool limit_met(const char *text);

/*
 * How long to wait, as the text has it: `try again in 7.5s`, `retry after 30 seconds`,
 * `in 1h2m3s`, `resets 5:30pm` (local time), `...reached|1763830000`. 0: it does not say.
 */
int64_t limit_wait_ms(const char *text, int64_t now_ms);

/* Does the status of an HTTP answer mean `not now`? 429, 503, 529. */
bool limit_status(int64_t status);

#endif
