#include "domain/run/draft.h"

#include <string.h>

#include "base/text.h"
#include "domain/run/pull.h"
#include "domain/run/who.h"
#include "sys/repo.h"

#define NOTES_MAX   8
#define DIRTY_TOLD  5
#define REPO_ADVICE "run 'git init' and commit, or choose mode 'shared'"

static void note(struct draft *d, const char *code, const char *message)
{
	if (message != NULL && d->n_notes < NOTES_MAX)
		d->notes[d->n_notes++] = (struct run_note){ code, message };
}

/* --- the plan ------------------------------------------------------------------------------- */

static enum status check_plan(struct draft *d, struct err *err)
{
	const struct plan *p = d->want->plan;

	if (p->n_tasks == 0)
		return err_set(err, E_INPUT, "the plan has no tasks; nothing was run");
	for (size_t i = 0; i < p->n_findings && !p->sound; i++)
		if (p->findings[i].severity == PLAN_ERROR)
			return err_set(err, E_INPUT,
			               "the plan cannot be run: %s (%s); correct it, 'decompose' "
			               "shows all that is wrong",
			               p->findings[i].message, p->findings[i].code);
	for (size_t i = 0; i < p->n_tasks; i++)
		d->n_tasks += !p->tasks[i].done;
	if (d->n_tasks == 0)
		return err_set(err, E_INPUT,
		               "all %zu tasks of the plan are done already; nothing was run",
		               p->n_tasks);
	return OK;
}

static enum status check_command(const struct plan_task *t, const struct config_agent *agent,
                                 struct err *err)
{
	if (agent->shell && t->command.n == 0)
		return err_set(err, E_INPUT,
		               "task '%s' has no command, and agent '%s' only runs commands; give "
		               "it a \"command\" or another agent",
		               t->id, agent->name);
	return OK;
}

static enum status find_agents(struct draft *d, struct err *err)
{
	const struct plan *p = d->want->plan;
	enum status st = OK;

	d->agents = arena_take(d->arena, p->n_tasks * sizeof(const struct config_agent *));
	if (d->agents == NULL)
		return err_nomem(err, "the run");
	for (size_t i = 0; st == OK && i < p->n_tasks; i++) {
		const struct plan_task *t = &p->tasks[i];
		const char *name = t->agent != NULL ? t->agent : d->want->agent;

		if (t->done)
			continue;
		st = config_agent_find(d->config, name, &d->agents[i], err);
		if (st == OK)
			st = check_command(t, d->agents[i], err);
		else if (t->agent != NULL && st == E_ABSENT) {
			struct err inner = { OK, "" };

			(void)config_agent_find(d->config, name, &d->agents[i], &inner);
			(void)err_set(err, st, "task '%s': %s", t->id, inner.text);
		}
	}
	return st;
}

/* --- the workflows -------------------------------------------------------------------------- */

static enum status add_workflow(struct draft *d, struct project *p, const char *name,
                                struct err *err)
{
	struct run_options *o = &d->options;
	enum status st;

	for (size_t i = 0; i < o->n_workflows; i++)
		if (strcmp(o->workflows[i].name, name) == 0)
			return OK;
	st = workflow_find(p, name, d->arena, &o->workflows[o->n_workflows], err);
	if (st == OK)
		st = workflow_fits(&o->workflows[o->n_workflows++], d->config, err);
	return st;
}

static enum status find_workflows(struct draft *d, struct project *p, struct err *err)
{
	const struct plan *plan = d->want->plan;
	struct run_options *o = &d->options;
	const char *usual =
	    d->want->workflow != NULL ? d->want->workflow : d->config->defaults.workflow;
	enum status st = OK;

	o->workflows = arena_take(d->arena, (plan->n_tasks + 1) * sizeof *o->workflows);
	if (o->workflows == NULL)
		return err_nomem(err, "the run");
	if (usual != NULL && strcmp(usual, "none") != 0) {
		o->workflow = usual;
		st = add_workflow(d, p, usual, err);
	}
	for (size_t i = 0; st == OK && i < plan->n_tasks; i++) {
		const char *name = plan->tasks[i].workflow;

		if (!plan->tasks[i].done && name != NULL && strcmp(name, "none") != 0)
			st = add_workflow(d, p, name, err);
	}
	return st;
}

/* --- the options ---------------------------------------------------------------------------- */

static enum status find_gates(struct draft *d, struct err *err)
{
	const struct run_request *want = d->want;
	const struct config *c = d->config;

	d->options.gates =
	    arena_take(d->arena, (c->n_gates + want->n_gates + 1) * sizeof(const char *));
	if (d->options.gates == NULL)
		return err_nomem(err, "the run");
	for (size_t i = 0; !want->gates_given && i < c->n_gates; i++)
		d->options.gates[d->options.n_gates++] = c->gates[i].name;
	for (size_t i = 0; want->gates_given && i < want->n_gates; i++) {
		size_t k = 0;

		while (k < c->n_gates && strcmp(c->gates[k].name, want->gates[i]) != 0)
			k++;
		if (k == c->n_gates)
			return err_set(err, E_ABSENT,
			               "there is no gate '%s'; gates are defined under 'gates' in "
			               "'%s'",
			               want->gates[i], c->project_path);
		d->options.gates[d->options.n_gates++] = c->gates[k].name;
	}
	return OK;
}

/* A budget for one run narrows the configured one; who asked for more is told. */
static void budget_told(struct draft *d)
{
	const struct config_budget *want = &d->want->budget, *had = &d->config->budget;

	if ((had->minutes > 0 && want->minutes > had->minutes) ||
	    (had->usd > 0 && want->usd > had->usd) ||
	    (had->tokens > 0 && want->tokens > had->tokens))
		note(d, "budget-narrower",
		     "the configured budget is smaller than the one asked for, and counts; "
		     "raise it in the configuration");
}

static enum status read_options(struct draft *d, struct err *err)
{
	const struct run_request *want = d->want;
	const struct config_defaults *defaults = &d->config->defaults;
	struct run_options *o = &d->options;
	enum status st;

	o->agent = want->agent;
	o->jobs = want->jobs != RUN_NOT_GIVEN ? want->jobs : defaults->jobs;
	o->retries = want->retries != RUN_NOT_GIVEN ? want->retries : defaults->retries;
	o->timeout_ms = want->timeout_s != RUN_NOT_GIVEN ? (int64_t)want->timeout_s * 1000
	                                                 : defaults->timeout_ms;
	o->stall_ms = defaults->stall_ms;
	o->red_base = want->red_base;
	o->tags = want->tags || defaults->tags;
	o->budget = want->budget;
	budget_told(d);
	o->into = want->merge != NULL && strcmp(want->merge, "into") == 0;
	o->pull = want->merge != NULL && strcmp(want->merge, "pr") == 0;
	if (want->merge != NULL && !o->into && !o->pull && strcmp(want->merge, "none") != 0)
		return err_set(err, E_INPUT, "'merge' is '%s'; it is \"none\", \"into\" or \"pr\"",
		               want->merge);
	if (o->pull && (st = pull_possible(d->config, err)) != OK)
		return st;
	o->conflicts = defaults->conflicts;
	if (want->conflicts != NULL && !config_conflicts_read(want->conflicts, &o->conflicts))
		return err_set(err, E_INPUT,
		               "'conflicts' is '%s'; it is \"agent\", \"person\" or \"stop\"",
		               want->conflicts);
	d->mode = defaults->mode;
	if (want->mode != NULL && !config_mode_read(want->mode, &d->mode))
		return err_set(err, E_INPUT,
		               "'mode' is '%s'; it is \"worktree\", \"shared\" or \"sequential\"",
		               want->mode);
	if (d->mode == CONFIG_SEQUENTIAL)
		o->jobs = 1;
	if (o->jobs < 1 || o->jobs > RUN_JOBS_MAX)
		return err_set(err, E_INPUT, "'jobs' is %ld; it is 1 to %d", o->jobs, RUN_JOBS_MAX);
	return find_gates(d, err);
}

/* --- the repository ------------------------------------------------------------------------- */

static enum status outside_git(struct draft *d, const struct project *p, struct err *err)
{
	const struct run_request *want = d->want;

	if (want->mode != NULL && d->mode == CONFIG_WORKTREE)
		return err_set(err, E_INPUT,
		               "'%s' is not a git repository, so mode 'worktree' "
		               "cannot be used; " REPO_ADVICE,
		               p->root);
	if (d->options.into || d->options.pull || want->base != NULL)
		return err_set(
		    err, E_INPUT,
		    "'%s' is not a git repository, so there is nothing to %s; " REPO_ADVICE,
		    p->root, d->options.into || d->options.pull ? "merge into" : "begin on");
	if (d->mode == CONFIG_WORKTREE) {
		d->mode = CONFIG_SHARED;
		note(d, "not-a-repository",
		     text_printf(d->arena,
		                 "'%s' is not a git repository: all tasks work in it together "
		                 "(mode 'shared'), nothing is merged and nothing can be undone",
		                 p->root));
	}
	return OK;
}

static enum status note_dirty(struct draft *d, struct repo *r, struct err *err)
{
	const char *const *paths;
	struct text list;
	size_t n = 0;
	enum status st = repo_dirty(r, d->arena, DIRTY_TOLD, &paths, &n, err);

	if (st != OK || n == 0)
		return st;
	text_init(&list, 64 << 10);
	for (size_t i = 0; i < n && i < DIRTY_TOLD; i++)
		if (strncmp(paths[i], ".gadugi/", 8) != 0)
			text_addf(&list, "%s%s", list.len == 0 ? "" : ", ", paths[i]);
	if (list.len == 0) {
		text_done(&list); /* only what is ours, and not yet hidden from git */
		return OK;
	}
	if (n > DIRTY_TOLD)
		text_addf(&list, " and %zu more", n - DIRTY_TOLD);
	if (d->options.into)
		st = err_set(err, E_INPUT,
		             "the checkout has uncommitted changes (%s), so nothing can be merged "
		             "into it; commit or stash them, or leave out merge 'into'",
		             text_string(&list));
	else
		note(d, "dirty-checkout",
		     text_printf(d->arena,
		                 "uncommitted changes (%s) stay where they are and are not part of "
		                 "the run, which begins at commit %.10s",
		                 text_string(&list), d->base));
	text_done(&list);
	return st;
}

static enum status look_at_git(struct draft *d, const struct project *p, struct err *err)
{
	struct repo_head head;
	struct oid base = { "" };
	struct repo *r = NULL;
	enum status st = repo_open(&r, p->root, err);

	if (st != OK)
		return st;
	if ((st = repo_head(r, d->arena, &head, err)) != OK)
		goto out;
	base = head.oid;
	if (d->want->base != NULL && (st = repo_commit_of(r, d->want->base, &base, err)) != OK)
		goto out;
	if (base.hex[0] == '\0') {
		st = err_set(err, E_INPUT,
		             "the repository '%s' has no commit yet, so there is nothing to begin "
		             "on; commit something first, or choose mode 'shared'",
		             p->root);
		goto out;
	}
	if (head.branch != NULL && strncmp(head.branch, "refs/heads/", 11) == 0)
		d->options.onto = head.branch + 11;
	d->in_git = true;
	if ((d->base = text_dup(d->arena, base.hex)) == NULL)
		st = err_nomem(err, "the run");
	else if (repo_place(r)->main != NULL || repo_place(r)->top != NULL)
		st = note_dirty(d, r, err);
out:
	repo_free(r);
	return st;
}

static enum status find_ground(struct draft *d, const struct project *p, struct err *err)
{
	if (p->git_dir == NULL)
		return outside_git(d, p, err);
	if (d->mode != CONFIG_SHARED)
		return look_at_git(d, p, err);
	if (d->options.into || d->options.pull || d->want->base != NULL)
		return err_set(err, E_INPUT,
		               "in mode 'shared' nothing is merged and there is no base; leave out "
		               "'%s'",
		               d->options.into || d->options.pull ? "merge" : "base");
	return OK;
}

enum status draft_make(struct project *p, const struct run_request *want, struct arena *a,
                       struct draft *out, struct err *err)
{
	const struct config *configured;
	enum status st;

	*out = (struct draft){ .want = want, .arena = a };
	if ((out->notes = arena_take(a, NOTES_MAX * sizeof *out->notes)) == NULL)
		return err_nomem(err, "the run");
	if ((st = check_plan(out, err)) != OK || (st = project_config(p, &configured, err)) != OK ||
	    (st = config_trusted(configured, err)) != OK ||
	    (st = who_join(p, configured, a, &out->config, err)) != OK ||
	    (st = read_options(out, err)) != OK || (st = find_agents(out, err)) != OK)
		return st;
	if ((st = find_workflows(out, p, err)) != OK)
		return st;
	if ((st = find_ground(out, p, err)) == OK && arena_failed(a))
		st = err_nomem(err, "the run");
	return st;
}
