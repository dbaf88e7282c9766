#include "domain/recipe/build.h"

#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "domain/event.h"
#include "domain/recipe/left.h"
#include "domain/recipe/make.h"
#include "domain/run/state.h"
#include "sys/fs.h"
#include "sys/lock.h"

#define HOLD_MOST_MS 60000
#define BUILDS_MAX   1000 /* that are looked at for what was left in files */

const char *recipe_state_word(enum recipe_state state)
{
	static const char *const words[] = { "new",      "current", "changed",
		                             "building", "failed",  "unmerged" };

	return words[state];
}

bool recipe_went_well(const struct recipe_row *build)
{
	return build->task_state != NULL && strcmp(build->task_state, "succeeded") == 0 &&
	       build->gates == build->gates_succeeded;
}

/* The repository, or NULL where there is none. */
static enum status open_repo(const struct project *p, struct repo **out, struct err *err)
{
	struct err why = { 0 };
	enum status st;

	*out = NULL;
	if (p->git_dir == NULL)
		return OK;
	st = repo_open(out, p->root, &why);
	if (st == E_NOMEM)
		return err_nomem(err, "the repository");
	if (st != OK)
		*out = NULL;
	return OK;
}

/* What a look at builds needs. */
struct looking {
	struct project *p;
	struct repo *r; /* NULL: no git */
	const atomic_bool *stop;
	struct arena *a;
};

/* --- how they stand ------------------------------------------------------------------------- */

/* Is the run still at it? One whose runner died is not. */
static enum status is_going_on(const struct looking *l, const struct recipe_row *build, bool *going,
                               struct err *err)
{
	struct run_view v;
	enum status st = OK;

	*going = strcmp(build->run_state, "queued") == 0 ||
	         strcmp(build->run_state, "running") == 0 ||
	         strcmp(build->run_state, "paused") == 0;
	if (*going && (st = run_glance(l->p, build->run, l->stop, l->a, &v, err)) == OK)
		*going = v.state == RUN_QUEUED || v.state == RUN_RUNNING || v.state == RUN_PAUSED;
	return st;
}

static enum status judge(const struct looking *l, const struct recipe *recipe,
                         struct recipe_status *s, struct err *err)
{
	bool going = false, merged = true;
	enum status st;

	if (!recipe_went_well(&s->build)) {
		st = is_going_on(l, &s->build, &going, err);
		s->state = going ? RECIPE_BUILDING : RECIPE_FAILED;
		return st;
	}
	if (strcmp(s->build.hash, recipe->hash) != 0) {
		s->state = RECIPE_CHANGED;
		return OK;
	}
	st = left_merged(l->r, l->p->root, &s->build, l->a, &merged, err);
	s->state = merged ? RECIPE_CURRENT : RECIPE_UNMERGED;
	return st;
}

static enum status read_newest(struct project *p, const atomic_bool *stop, struct arena *a,
                               struct recipes_page *out, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_read(p, stop, &db, err);

	if (st == OK)
		st = recipes_newest(db, a, out, err);
	project_done(p, db);
	return st;
}

enum status recipe_look(struct project *p, const struct recipe_set *set, const atomic_bool *stop,
                        struct arena *a, struct recipe_status **out, struct err *err)
{
	struct recipe_status *all = arena_take(a, (set->n_recipes + 1) * sizeof *all);
	struct looking l = { .p = p, .stop = stop, .a = a };
	struct recipes_page page = { 0 };
	enum status st;

	if (all == NULL)
		return err_nomem(err, "the recipes");
	if ((st = read_newest(p, stop, a, &page, err)) != OK)
		return st;
	if (page.n > 0)
		st = open_repo(p, &l.r, err);
	for (size_t i = 0; i < page.n && st == OK; i++) {
		size_t at = recipe_find(set, page.at[i].recipe, NULL);

		if (at == RECIPE_NONE)
			continue; /* built once, and gone */
		all[at].build = page.at[i];
		st = judge(&l, &set->recipes[at], &all[at], err);
	}
	repo_free(l.r);
	*out = all;
	return st;
}

enum status recipe_history(struct project *p, const struct recipes_want *want,
                           const atomic_bool *stop, struct arena *a, struct recipes_page *out,
                           struct err *err)
{
	struct db *db = NULL;
	enum status st = project_read(p, stop, &db, err);

	if (st == OK)
		st = recipes_list(db, want, a, out, err);
	project_done(p, db);
	return st;
}

/* --- what a person changed ------------------------------------------------------------------ */

static bool holds(const struct recipe_texts *texts, const char *path)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->at[i], path) == 0)
			return true;
	return false;
}

/*
 * From the newest build to the oldest: the first that changed a file says what was left there.
 * A build that is not merged has left nothing yet.
 */
static enum status one_build(const struct looking *l, const struct recipe_row *build,
                             struct recipe_texts *seen, struct recipe_status *s, struct err *err)
{
	struct left_files files = { 0 };
	bool merged = false;
	enum status st = left_merged(l->r, l->p->root, build, l->a, &merged, err);

	if (st == OK && merged)
		st = left_look(l->r, l->p->root, build, l->a, &files, err);
	for (size_t i = 0; i < files.n; i++) {
		const struct left_file *f = &files.at[i];

		if (holds(seen, f->path))
			continue;
		recipe_texts_add(seen, l->a, f->path, strlen(f->path));
		if (s != NULL && !f->there)
			recipe_texts_add(&s->by_hand, l->a, f->path, strlen(f->path));
	}
	return st;
}

enum status recipe_look_by_hand(struct project *p, const struct recipe_set *set, const bool *marked,
                                const atomic_bool *stop, struct recipe_status *statuses,
                                struct err *err)
{
	const struct recipes_want want = { .limit = BUILDS_MAX };
	struct looking l = { .p = p, .stop = stop, .a = set->a };
	struct recipe_texts seen = { 0 };
	struct recipes_page page = { 0 };
	enum status st = recipe_history(p, &want, stop, set->a, &page, err);

	if (st == OK && page.n > 0)
		st = open_repo(p, &l.r, err);
	for (size_t i = 0; l.r != NULL && i < page.n && st == OK; i++) {
		size_t at = recipe_find(set, page.at[i].recipe, NULL);
		bool wanted = at != RECIPE_NONE && marked[at];

		if (page.at[i].undone_ms == RUNS_NONE && recipe_went_well(&page.at[i]))
			st = one_build(&l, &page.at[i], &seen, wanted ? &statuses[at] : NULL, err);
	}
	repo_free(l.r);
	return st;
}

/* --- building ------------------------------------------------------------------------------- */

enum status recipe_choose(const struct recipe_set *set, const struct recipe_status *statuses,
                          const bool *wanted, bool force, bool *build, struct err *err)
{
	for (size_t i = 0; i < set->n_recipes; i++) {
		const struct recipe_status *s = &statuses[i];

		build[i] = wanted[i] &&
		           (force || (s->state != RECIPE_CURRENT && s->state != RECIPE_UNMERGED));
		if (wanted[i] && s->state == RECIPE_BUILDING)
			return err_set(err, E_BUSY,
			               "run '%s' is building '%s'; wait for it, or cancel it",
			               s->build.run, set->recipes[i].name);
	}
	for (size_t i = 0; i < set->n_recipes; i++)
		for (size_t k = 0; build[i] && k < set->recipes[i].n_needs; k++) {
			size_t need = set->recipes[i].needs[k].recipe;

			if (need == RECIPE_NONE || build[need] ||
			    statuses[need].state != RECIPE_UNMERGED)
				continue;
			return err_set(
			    err, E_INPUT,
			    "'%s' needs '%s', which run '%s' built on branch '%s'; merge "
			    "that branch first, or build it again with force",
			    set->recipes[i].name, set->recipes[need].name, statuses[need].build.run,
			    statuses[need].build.branch);
		}
	return OK;
}

enum status recipe_hold(struct project *p, const atomic_bool *stop, struct arena *a,
                        struct lock **out, struct err *err)
{
	const char *path = text_printf(a, "%s/recipes.lock", p->state);
	struct db *db = NULL;
	enum status st =
	    path == NULL ? err_nomem(err, "the recipes") : project_write(p, stop, &db, err);

	project_done(p, db); /* the state folder is there now, and hidden from git */
	return st == OK ? lock_take(out, path, HOLD_MOST_MS, stop, err) : st;
}

void recipe_let_go(struct lock *lock)
{
	lock_free(lock);
}

static enum status put_builds(struct project *p, struct db *db, const struct recipe_set *set,
                              const bool *build, const char *run, struct err *err)
{
	int64_t now = clock_wall_ms(&p->clock);
	enum status st = OK;

	for (size_t i = 0; st == OK && i < set->n_recipes; i++) {
		const struct recipe *r = &set->recipes[i];

		if (!build[i])
			continue;
		st = recipes_add(
		    db,
		    &(struct recipe_row){
			.recipe = r->name, .hash = r->hash, .run = run, .made_ms = now },
		    err);
		if (st == OK)
			st = event_put_recipe(
			    db, now,
			    &(struct event_recipe){ .recipe = r->name,
			                            .action = "implemented",
			                            .run = run,
			                            .requirements = (int64_t)r->n_requirements },
			    err);
	}
	return st;
}

enum status recipe_keep(struct project *p, const struct recipe_set *set, const bool *build,
                        const char *run, const atomic_bool *stop, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_write(p, stop, &db, err);

	if (st == OK && (st = db_begin(db, err)) == OK &&
	    (st = put_builds(p, db, set, build, run, err)) == OK)
		st = project_commit(p, db, err);
	project_done(p, db);
	return st;
}

/* --- the way back --------------------------------------------------------------------------- */

static enum status find_build(struct project *p, const char *recipe, const atomic_bool *stop,
                              struct arena *a, struct recipe_row *out, struct err *err)
{
	const struct recipes_want want = { .recipe = recipe, .limit = BUILDS_MAX };
	struct recipes_page page;
	enum status st = recipe_history(p, &want, stop, a, &page, err);

	if (st != OK)
		return st;
	for (size_t i = 0; i < page.n; i++)
		if (page.at[i].undone_ms == RUNS_NONE && recipe_went_well(&page.at[i])) {
			*out = page.at[i];
			return OK;
		}
	return err_set(err, E_ABSENT,
	               "nothing was built of '%s' that could be taken back; "
	               "'history' shows what was built",
	               recipe);
}

/* As the file has it that stands there now. */
static mode_t mode_of(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 && S_ISREG(found.st_mode) ? found.st_mode & 0777 : 0644;
}

/* The folder of a file, made when it is missing; it must not lead out of the project. */
static enum status make_folder(const struct project *p, const char *path, struct arena *a,
                               struct err *err)
{
	char *folder = arena_copy(a, path, (size_t)(strrchr(path, '/') - path)), *resolved;
	enum status st;

	if (folder == NULL)
		return err_nomem(err, "a path");
	if ((st = fs_make_folders(folder, 0777, err)) != OK)
		return st;
	return strcmp(folder, p->root) == 0 ? OK : fs_inside(p->root, folder, a, &resolved, err);
}

static enum status put_back(const struct project *p, const struct left_file *f, struct arena *a,
                            struct err *err)
{
	const char *path = text_printf(a, "%s/%s", p->root, f->path);
	enum status st;

	if (path == NULL)
		return err_nomem(err, "a path");
	if (f->before == NULL)
		return fs_remove_tree(p->root, path, err);
	if ((st = make_folder(p, path, a, err)) != OK)
		return st;
	return fs_write(path, f->before, f->before_size, mode_of(path), err);
}

static enum status undo(struct project *p, const struct recipe_row *build, const atomic_bool *stop,
                        struct err *err)
{
	int64_t now = clock_wall_ms(&p->clock);
	struct db *db = NULL;
	enum status st = project_write(p, stop, &db, err);

	if (st == OK && (st = db_begin(db, err)) == OK &&
	    (st = recipes_undo(db, build->id, now, err)) == OK &&
	    (st = event_put_recipe(db, now,
	                           &(struct event_recipe){ .recipe = build->recipe,
	                                                   .action = "rolled-back",
	                                                   .run = build->run },
	                           err)) == OK)
		st = project_commit(p, db, err);
	project_done(p, db);
	return st;
}

/* Sort the files into what becomes of them. */
static void sort_files(const struct left_files *files, bool force, struct arena *a,
                       struct recipe_rollback *out)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct left_file *f = &files->at[i];
		size_t n = strlen(f->path);

		if (f->back)
			continue;
		if (!f->there)
			recipe_texts_add(&out->by_hand, a, f->path, n);
		if (f->there || force)
			recipe_texts_add(f->before == NULL ? &out->removed : &out->restored, a,
			                 f->path, n);
	}
}

enum status recipe_roll_back(struct project *p, const struct recipe_set *set,
                             const struct recipe_rollback_want *want, const atomic_bool *stop,
                             struct recipe_rollback *out, struct err *err)
{
	const char *name = set->recipes[want->recipe].name;
	struct arena *a = set->a;
	struct left_files files = { 0 };
	struct repo *r = NULL;
	enum status st;

	*out = (struct recipe_rollback){ 0 };
	if ((st = find_build(p, name, stop, a, &out->build, err)) != OK ||
	    (st = open_repo(p, &r, err)) != OK)
		return st;
	if ((st = left_look(r, p->root, &out->build, a, &files, err)) != OK)
		goto out;
	out->state_only = !files.known;
	sort_files(&files, want->force, a, out);
	if (arena_failed(a))
		st = err_nomem(err, "the files");
	else if (out->by_hand.n > 0 && !want->force && !want->dry)
		st = err_set(err, E_DENIED,
		             "'%s'%s changed since run '%s' built '%s'; nothing was taken back. "
		             "Commit what is to stay, then give force to overwrite it",
		             out->by_hand.at[0], out->by_hand.n == 1 ? " was" : " and others were",
		             out->build.run, name);
	if (st != OK || want->dry)
		goto out;
	for (size_t i = 0; i < files.n && st == OK; i++)
		if (!files.at[i].back && (files.at[i].there || want->force))
			st = put_back(p, &files.at[i], a, err);
	if (st == OK)
		st = undo(p, &out->build, stop, err);
out:
	repo_free(r);
	return st;
}
