/*
 * role.h - what a column or a field of a plan says about its task.
 *
 * One table of names serves tables (`| Depends on |`), fields (`**Depends on**: T1`), front matter
 * and the keys of other tools' JSON.
 */
#ifndef DOMAIN_PLAN_ROLE_H
#define DOMAIN_PLAN_ROLE_H

#include "domain/plan/draft.h"

enum role {
	ROLE_NONE,
	ROLE_ID,
	ROLE_NAME,
	ROLE_ISSUE,
	ROLE_DEPENDS,
	ROLE_BLOCKS,
	ROLE_DURATION,
	ROLE_OPTIMISTIC, /* the low end of a range in a column of its own */
	ROLE_PESSIMISTIC,
	ROLE_COMPLEXITY,
	ROLE_TECHNICAL,
	ROLE_INTEGRATION,
	ROLE_TESTING,
	ROLE_TOTAL,
	ROLE_RISK,
	ROLE_STATUS,
	ROLE_AGENT,
	ROLE_FILES,
	ROLE_BATCH,
	ROLE_DESCRIPTION,
	ROLE_ACCEPTANCE,
	ROLE_COMMAND,
	ROLE_KIND,
	ROLE_PARALLEL,
	ROLE_IGNORED, /* known and of no use here: priority, notes on people */
};

/* The role of a heading or key, matched as words: `Est. time (h)`, `depends_on`, `Blocked By`. */
enum role role_of(const char *words);

struct role_value {
	const char *words;
	long unit_min;           /* of a plain number in a duration; 0: none */
	enum plan_source source; /* of a dependency */
	long line;
	bool empty_is_none;
};

/* Give a task what a column or field says. False when the words mean nothing for that role. */
bool role_apply(struct draft *d, struct draft_task *t, enum role role,
                const struct role_value *value);

/*
 * Set a title from words that carry more: an id in front, `[P]` and `[US1]`, issue numbers,
 * and at the end `(4h)`, `(depends on T1)`. What is taken is applied to the task.
 */
void role_title(struct draft *d, struct draft_task *t, const char *words, enum plan_source source);

/*
 * What stands behind a title: remarks are applied as role_title does, the words that are left
 * are returned without the marks around them.
 */
const char *role_rest(struct draft *d, struct draft_task *t, const char *words,
                      enum plan_source source);

/* Bytes of an id at the start of words (`T001`, `1.2`, `TASK-7:`), without what ends it; 0: none.
 */
size_t role_lead_id(const char *words);

/* Bytes of what counts a task behind the word, `3` or `1.2` or the letter of `Task A: `; 0: none.
 */
size_t role_count(const char *words);

/* `Batch 2: Services (4 tasks)` as name and number; false when the words are no batch. */
bool role_batch(struct arena *a, const char *words, const char **name, long *number);

#endif
