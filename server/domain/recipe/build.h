/*
 * build.h - which recipes have to be built, what was built of them, and the way back.
 *
 * A build is a task of a run; what it was made from is kept as the recipe's hash. A recipe whose
 * hash is that of its newest build that went well needs no other. In a git repository it is also
 * known what a build changed, and so what a person changed since. Any thread.
 */
#ifndef DOMAIN_RECIPE_BUILD_H
#define DOMAIN_RECIPE_BUILD_H

#include "domain/project.h"
#include "domain/recipe.h"
#include "domain/run.h"
#include "store/recipes.h"

enum recipe_state {
	RECIPE_NEW,      /* nothing was built of it */
	RECIPE_CURRENT,  /* built from what it is made of now */
	RECIPE_CHANGED,  /* it, a pattern or something it needs has changed since */
	RECIPE_BUILDING, /* a run is at it */
	RECIPE_FAILED,   /* its last build did not go well */
	RECIPE_UNMERGED, /* built, but the run's branch is not merged into the checkout */
};

struct recipe_status {
	enum recipe_state state;
	struct recipe_row build;     /* the newest that counts; id 0: there is none */
	struct recipe_texts by_hand; /* files of it that differ from what was left there */
};

/* How each recipe stands, by its index in the set; in the arena. */
enum status recipe_look(struct project *p, const struct recipe_set *set, const atomic_bool *stop,
                        struct arena *a, struct recipe_status **out, struct err *err);

/* Find, for those marked, what a person changed since. Nothing outside a git repository. */
enum status recipe_look_by_hand(struct project *p, const struct recipe_set *set, const bool *marked,
                                const atomic_bool *stop, struct recipe_status *statuses,
                                struct err *err);

/*
 * Mark what has to be built of the wanted ones; force: all of them. E_BUSY when a run is at one of
 * them, E_INPUT when one of those to build needs what is not merged yet.
 */
enum status recipe_choose(const struct recipe_set *set, const struct recipe_status *statuses,
                          const bool *wanted, bool force, bool *build, struct err *err);

/*
 * One at a time decides what has to be built and starts it. *out is given back by recipe_let_go;
 * E_BUSY when another takes too long.
 */
struct lock;
enum status recipe_hold(struct project *p, const atomic_bool *stop, struct arena *a,
                        struct lock **out, struct err *err);
void recipe_let_go(struct lock *lock);

/* Remember that a run builds the marked ones; with an event each. */
enum status recipe_keep(struct project *p, const struct recipe_set *set, const bool *build,
                        const char *run, const atomic_bool *stop, struct err *err);

/* Newest first. */
enum status recipe_history(struct project *p, const struct recipes_want *want,
                           const atomic_bool *stop, struct arena *a, struct recipes_page *out,
                           struct err *err);

/* Did the build go well, gates and all? */
bool recipe_went_well(const struct recipe_row *build);

/*
 * Take back the newest build that went well: the files it changed become what they were before it,
 * and it counts no more. Files that differ from what it left are by_hand: then E_DENIED, and
 * nothing is done, unless force. dry: only say what would be done. E_ABSENT when there is none.
 */
struct recipe_rollback_want {
	size_t recipe;
	bool force, dry;
};
struct recipe_rollback {
	struct recipe_row build;
	struct recipe_texts restored, removed, by_hand;
	bool state_only; /* nothing tells what the build changed: files stay as they are */
};
enum status recipe_roll_back(struct project *p, const struct recipe_set *set,
                             const struct recipe_rollback_want *want, const atomic_bool *stop,
                             struct recipe_rollback *out, struct err *err);

/* "new", "current", "changed", "building", "failed", "unmerged". */
const char *recipe_state_word(enum recipe_state state);

#endif
