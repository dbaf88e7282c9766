/* Retention: what is too old or too much goes, but nothing that somebody still has to get. */
#include "domain/subscription.h"
#include "store/journal.h"
#include "store/subscribers.h"

#define TIDY_AT_ONCE INT64_C(5000) /* events of one transaction: others want to write, too */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Up to which seq the log may go. */
static enum status cut(struct db *db, int64_t now_ms, const struct event_keep *keep,
                       struct arena *a, int64_t *seq, struct err *err)
{
	int64_t age_ms = keep->age_ms == 0 ? EVENT_KEEP_MS : keep->age_ms;
	int64_t most = keep->most == 0 ? EVENT_KEEP_MOST : keep->most, last = 0, old = 0, big = 0;
	struct subscription *all = NULL;
	size_t n = 0;
	enum status st;

	if ((st = journal_last(db, &last, err)) != OK ||
	    (st = journal_before(db, now_ms - age_ms, &old, err)) != OK ||
	    (st = journal_beyond(db, keep->bytes == 0 ? EVENT_KEEP_BYTES : keep->bytes, &big,
	                         err)) != OK ||
	    (st = subscription_all(db, a, &all, &n, err)) != OK)
		return st;
	*seq = old > last - most ? old : last - most;
	*seq = *seq > big ? *seq : big;
	*seq = least(*seq, last - 1);
	for (size_t i = 0; i < n; i++)
		if (subscription_is_served(&all[i]))
			*seq = least(*seq, all[i].after);
	return OK;
}

enum status subscription_untidy(struct db *db, int64_t now_ms, const struct event_keep *keep,
                                struct arena *a, bool *untidy, struct err *err)
{
	int64_t dead_ms = keep->dead_ms == 0 ? SUBSCRIPTION_DEAD_MS : keep->dead_ms;
	const struct dead_want want = { .limit = 1 };
	struct dead_row *dead = NULL;
	int64_t first = 0, last = 0, seq = 0;
	size_t n = 0;
	enum status st;

	if ((st = cut(db, now_ms, keep, a, &seq, err)) != OK ||
	    (st = journal_bounds(db, &first, &last, err)) != OK ||
	    (st = dead_list(db, &want, a, &dead, &n, err)) != OK)
		return st;
	*untidy = (first > 0 && seq >= first) || (n > 0 && dead[0].at_ms < now_ms - dead_ms);
	return OK;
}

enum status subscription_tidy(struct db *db, int64_t now_ms, const struct event_keep *keep,
                              struct arena *a, int64_t *n, struct err *err)
{
	int64_t dead_ms = keep->dead_ms == 0 ? SUBSCRIPTION_DEAD_MS : keep->dead_ms;
	int64_t first = 0, last = 0, seq = 0, gone = 0;
	enum status st;

	*n = 0;
	if ((st = db_begin(db, err)) != OK)
		return st;
	if ((st = dead_expire(db, now_ms - dead_ms, err)) != OK) {
		db_rollback(db);
		return st;
	}
	if ((st = db_commit(db, err)) != OK || (st = cut(db, now_ms, keep, a, &seq, err)) != OK ||
	    (st = journal_bounds(db, &first, &last, err)) != OK)
		return st;
	for (; first > 0 && first <= seq; first += TIDY_AT_ONCE) {
		if ((st = db_begin(db, err)) != OK)
			return st;
		if ((st = journal_forget(db, least(seq, first + TIDY_AT_ONCE - 1), &gone, err)) !=
		    OK) {
			db_rollback(db);
			return st;
		}
		if ((st = db_commit(db, err)) != OK)
			return st;
		*n += gone;
	}
	return OK;
}
