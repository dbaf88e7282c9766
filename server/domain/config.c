#include "domain/config.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "domain/config/part.h"

#define MINUTE_MS          ((int64_t)60000)
#define GATE_TIMEOUT_MS    (30 * MINUTE_MS)
#define GATE_RERUNS        1
#define ATTEMPT_TIMEOUT_MS (60 * MINUTE_MS)
#define STALL_MS           (5 * MINUTE_MS)
#define JOBS               4
#define RETRIES            1

/* What is being made: the two files and their union. */
struct merge {
	struct part_reader user_reader, project_reader;
	struct part user, project;
	struct config *out;
	struct arena *arena;
	struct err *err;
};

static enum status read_source(struct part_reader *r, const struct config_source *source,
                               struct part *out)
{
	const struct yaml_source bytes = { .bytes = source->bytes == NULL ? "" : source->bytes,
		                           .size = source->size,
		                           .name = source->path };
	const struct yaml *tree;
	enum status st = yaml_parse(&bytes, r->arena, &tree, r->err);

	return st == OK ? part_read(r, tree, out) : st;
}

static bool starts_with(const char *text, const char *start, size_t n)
{
	return strncmp(text, start, n) == 0;
}

/* Does the pattern match? Only a `*` at its end is special. */
static bool matches(const char *pattern, const char *text)
{
	size_t n = strlen(pattern);

	if (n > 0 && pattern[n - 1] == '*')
		return starts_with(text, pattern, n - 1);
	return strcmp(pattern, text) == 0;
}

static bool path_covers(const char *folder, const char *path)
{
	size_t n = strlen(folder);

	while (n > 1 && folder[n - 1] == '/')
		n--;
	return starts_with(path, folder, n) &&
	       (path[n] == '\0' || path[n] == '/' || (n == 1 && folder[0] == '/'));
}

/* Those of `wanted` that one of `allowed` covers. */
static enum status narrow(struct merge *m, bool covers(const char *, const char *),
                          const struct config_texts *allowed, struct config_texts *wanted)
{
	const char **kept = part_texts(&m->project_reader, wanted->n);
	size_t n = 0;

	if (kept == NULL)
		return err_nomem(m->err, "the configuration");
	for (size_t i = 0; i < wanted->n; i++)
		for (size_t j = 0; j < allowed->n; j++)
			if (covers(allowed->at[j], wanted->at[i])) {
				kept[n++] = wanted->at[i];
				break;
			}
	*wanted = (struct config_texts){ kept, n };
	return OK;
}

/* The project's agent takes the place of the user's, within what that one may do. */
static enum status put_agent(struct merge *m, const struct part_agent *from)
{
	struct config *c = m->out;
	struct config_agent agent;
	enum status st = preset_apply(&m->project_reader, from, &agent);
	size_t i = 0;

	while (i < c->n_agents && strcmp(c->agents[i].name, from->name) != 0)
		i++;
	if (st == OK && i < c->n_agents) {
		if (from->writable.n == 0 && from->preset == NULL)
			agent.writable = c->agents[i].writable;
		if (from->environment.n == 0 && from->preset == NULL)
			agent.environment = c->agents[i].environment;
		if ((st = narrow(m, path_covers, &c->agents[i].writable, &agent.writable)) == OK)
			st = narrow(m, matches, &c->agents[i].environment, &agent.environment);
	}
	if (st != OK)
		return st;
	if (i == c->n_agents)
		c->n_agents++;
	c->agents[i] = agent;
	return OK;
}

static enum status put_agents(struct merge *m)
{
	struct config *c = m->out;
	size_t most = m->user.n_agents + m->project.n_agents;
	enum status st = OK;

	if ((c->agents = arena_take(m->arena, (most + 1) * sizeof *c->agents)) == NULL)
		return err_nomem(m->err, "the configuration");
	for (size_t i = 0; st == OK && i < m->user.n_agents; i++)
		st = preset_apply(&m->user_reader, &m->user.agents[i], &c->agents[c->n_agents++]);
	for (size_t i = 0; st == OK && i < m->project.n_agents; i++)
		st = put_agent(m, &m->project.agents[i]);
	return st;
}

static void put_gate(struct config *c, const struct part_gate *from)
{
	size_t i = 0;

	while (i < c->n_gates && strcmp(c->gates[i].name, from->name) != 0)
		i++;
	if (i == c->n_gates)
		c->n_gates++;
	c->gates[i] = (struct config_gate){
		.name = from->name,
		.command = from->command,
		.when = from->when == -1 ? CONFIG_TASK : (enum config_when)from->when,
		.timeout_ms = from->timeout_ms == 0 ? GATE_TIMEOUT_MS : from->timeout_ms,
		.reruns = from->reruns == -1 ? GATE_RERUNS : from->reruns,
		.baseline = from->baseline == -1  ? CONFIG_UNSAID
		            : from->baseline != 0 ? CONFIG_YES
		                                  : CONFIG_NO,
	};
}

static enum status put_gates(struct merge *m)
{
	struct config *c = m->out;
	size_t most = m->user.n_gates + m->project.n_gates;

	if ((c->gates = arena_take(m->arena, (most + 1) * sizeof *c->gates)) == NULL)
		return err_nomem(m->err, "the configuration");
	for (size_t i = 0; i < m->user.n_gates; i++)
		put_gate(c, &m->user.gates[i]);
	for (size_t i = 0; i < m->project.n_gates; i++)
		put_gate(c, &m->project.gates[i]);
	return OK;
}

/* The first that was said, in this order: project, user, ours. */
static int64_t said(int64_t project, int64_t user, int64_t unsaid, int64_t ours)
{
	if (project != unsaid)
		return project;
	return user != unsaid ? user : ours;
}

static double smaller(double a, double b)
{
	if (a <= 0 || b <= 0)
		return a > b ? a : b;
	return a < b ? a : b;
}

struct config_budget config_budget_both(const struct config_budget *a,
                                        const struct config_budget *b)
{
	return (struct config_budget){
		.minutes = smaller(a->minutes, b->minutes),
		.usd = smaller(a->usd, b->usd),
		.tokens = (int64_t)smaller((double)a->tokens, (double)b->tokens),
	};
}

static void put_numbers(struct merge *m)
{
	const struct part *u = &m->user, *p = &m->project;
	struct config_defaults *d = &m->out->defaults;

	d->agent = p->default_agent != NULL ? p->default_agent : u->default_agent;
	d->jobs = (long)said(p->jobs, u->jobs, -1, JOBS);
	d->retries = (long)said(p->retries, u->retries, -1, RETRIES);
	d->timeout_ms = said(p->timeout_ms, u->timeout_ms, 0, ATTEMPT_TIMEOUT_MS);
	d->stall_ms = said(p->stall_ms, u->stall_ms, 0, STALL_MS);
	d->mode = (enum config_mode)said(p->mode, u->mode, -1, CONFIG_WORKTREE);
	m->out->budget = config_budget_both(&p->budget, &u->budget);
	d->tags = said(p->tags, u->tags, -1, 0) != 0;
	d->workflow = p->workflow != NULL ? p->workflow : u->workflow;
	d->conflicts =
	    (enum config_conflicts)said(p->conflicts, u->conflicts, -1, CONFIG_BY_PERSON);
	m->out->pull_push = p->pull_push.n > 0 ? p->pull_push : u->pull_push;
	m->out->pull_command = p->pull_command.n > 0 ? p->pull_command : u->pull_command;
	m->out->setup = p->setup.n > 0 ? p->setup : u->setup;
	m->out->issue_command = p->issue_command.n > 0 ? p->issue_command : u->issue_command;
	m->out->issue_labels = p->issue_labels.n > 0 ? p->issue_labels : u->issue_labels;
	for (size_t i = 0; i < CONFIG_FLAGS_N; i++)
		m->out->flags[i] = p->flags[i] != 0 && u->flags[i] != 0;
}

static enum status put_keep(struct merge *m)
{
	size_t n = m->user.n_keep + m->project.n_keep;
	struct config_keep *keep = arena_take(m->arena, (n + 1) * sizeof *keep);
	struct config *c = m->out;

	if (keep == NULL)
		return err_nomem(m->err, "the configuration");
	for (size_t i = 0; i < m->project.n_keep; i++)
		keep[c->n_keep++] = m->project.keep[i];
	for (size_t i = 0; i < m->user.n_keep; i++)
		keep[c->n_keep++] = m->user.keep[i];
	c->keep = keep;
	c->merge = said(m->project.merge, m->user.merge, -1, 0) != 0;
	c->tidy_runs = said(m->project.tidy_runs, m->user.tidy_runs, -1, 0) != 0;
	return OK;
}

static enum status put_prices(struct merge *m)
{
	size_t n = m->user.n_prices + m->project.n_prices;
	struct config_price *prices = arena_take(m->arena, (n + 1) * sizeof *prices);
	struct config *c = m->out;

	if (prices == NULL)
		return err_nomem(m->err, "the configuration");
	for (size_t i = 0; i < m->project.n_prices; i++)
		prices[c->n_prices++] = m->project.prices[i];
	for (size_t i = 0; i < m->user.n_prices; i++)
		prices[c->n_prices++] = m->user.prices[i];
	c->prices = prices;
	return OK;
}

/* Without trust the project's file keeps its numbers and loses what would be run. */
static enum status leave_out_commands(struct merge *m, const struct config_files *files)
{
	struct part *p = &m->project;

	if (files->distrust == NULL ||
	    (p->n_agents == 0 && p->n_gates == 0 && p->setup.n == 0 && p->issue_command.n == 0 &&
	     p->pull_push.n == 0 && p->pull_command.n == 0 && p->events.n_subscribers == 0))
		return OK;
	p->n_agents = 0;
	p->n_gates = 0;
	p->events.n_subscribers = 0;
	p->setup = p->issue_command = (struct config_texts){ 0 };
	p->pull_push = p->pull_command = (struct config_texts){ 0 };
	m->out->untrusted = text_printf(
	    m->arena,
	    "'%s' %s: its commands are left out until you have read it and said 'gadugi trust'",
	    files->project.path, files->distrust);
	return m->out->untrusted == NULL ? err_nomem(m->err, "the configuration") : OK;
}

enum status config_read(const struct config_files *files, struct arena *a,
                        const struct config **out, struct err *err)
{
	struct merge m = {
		.user_reader = { files->user.path, NULL, files->home, a, err },
		.project_reader = { files->project.path, files->root, files->home, a, err },
		.out = arena_take(a, sizeof *m.out),
		.arena = a,
		.err = err,
	};
	struct config_rules *rules = arena_take(a, sizeof *rules);
	enum status st;

	if (m.out == NULL || rules == NULL)
		return err_nomem(err, "the configuration");
	if ((st = read_source(&m.user_reader, &files->user, &m.user)) != OK ||
	    (st = read_source(&m.project_reader, &files->project, &m.project)) != OK ||
	    (st = leave_out_commands(&m, files)) != OK || (st = put_agents(&m)) != OK ||
	    (st = put_gates(&m)) != OK || (st = put_keep(&m)) != OK ||
	    (st = put_prices(&m)) != OK ||
	    (st = config_events_unite(&m.user.events, &m.project.events, a, &m.out->events, err)) !=
	        OK)
		return st;
	put_numbers(&m);
	*rules = (struct config_rules){ m.user.rules, m.project.rules };
	m.out->rules = rules;
	m.out->user_path = text_dup(a, files->user.path);
	m.out->project_path = text_dup(a, files->project.path);
	if (arena_failed(a))
		return err_nomem(err, "the configuration");
	*out = m.out;
	return OK;
}

enum status config_trusted(const struct config *c, struct err *err)
{
	return c->untrusted == NULL ? OK : err_set(err, E_DENIED, "%s", c->untrusted);
}

static enum status no_agent(const struct config *c, const char *name, struct err *err)
{
	struct text all;

	if (c->untrusted != NULL)
		return err_set(err, E_DENIED, "%s", c->untrusted);
	if (c->n_agents == 0)
		return err_set(err, E_ABSENT,
		               "no agent is configured; write one into '%s', for instance "
		               "'agents: {claude: {preset: claude}}'",
		               c->project_path);
	assert(c->agents != NULL);
	text_init(&all, ERR_TEXT_MAX / 2);
	for (size_t i = 0; i < c->n_agents; i++)
		text_addf(&all, "%s%s", i == 0 ? "" : ", ", c->agents[i].name);
	if (name == NULL)
		(void)err_set(
		    err, E_ABSENT,
		    "which agent? there are %s; name one, or write 'defaults: {agent: %s}' "
		    "into '%s'",
		    text_string(&all), c->agents[0].name, c->project_path);
	else
		(void)err_set(err, E_ABSENT,
		              "there is no agent '%.64s'; there are %s ('%s' has them)", name,
		              text_string(&all), c->project_path);
	text_done(&all);
	return E_ABSENT;
}

enum status config_agent_find(const struct config *c, const char *name,
                              const struct config_agent **out, struct err *err)
{
	const char *wanted = name != NULL ? name : c->defaults.agent;
	const struct config_agent *found = NULL;

	for (size_t i = 0; wanted != NULL && i < c->n_agents; i++)
		if (strcmp(c->agents[i].name, wanted) == 0)
			found = &c->agents[i];
	if (wanted == NULL && c->n_agents == 1)
		found = &c->agents[0];
	if (found == NULL)
		return no_agent(c, wanted, err);
	if (found->shell && !c->flags[CONFIG_SHELL])
		return err_set(
		    err, E_DENIED,
		    "the agent '%s' runs tasks' own commands, and these are switched off "
		    "('flags: {shell: false}')",
		    found->name);
	*out = found;
	return OK;
}

static bool any_matches(const struct config_texts *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (matches(patterns->at[i], text))
			return true;
	return false;
}

static bool permits(const struct part_rules *rules, const char *actor, const char *scope,
                    bool write)
{
	for (size_t i = 0; i < rules->n; i++)
		if (matches(rules->at[i].actor, actor))
			return any_matches(write ? &rules->at[i].write : &rules->at[i].read, scope);
	return !rules->given;
}

bool config_matches(const char *pattern, const char *name)
{
	return matches(pattern, name);
}

bool config_may_read(const struct config *c, const char *actor, const char *scope)
{
	return permits(&c->rules->user, actor, scope, false) &&
	       permits(&c->rules->project, actor, scope, false);
}

bool config_may_write(const struct config *c, const char *actor, const char *scope)
{
	return permits(&c->rules->user, actor, scope, true) &&
	       permits(&c->rules->project, actor, scope, true);
}

static void add_command(struct json_build *b, cJSON *list, const char *what, const char *name,
                        const struct config_texts *command)
{
	struct text words;

	text_init(&words, CONFIG_BYTES_MAX);
	text_addf(&words, "%s%s%s:", what, name[0] == '\0' ? "" : " ", name);
	for (size_t i = 0; i < command->n; i++)
		text_addf(&words, " %s", command->at[i]);
	if (words.failed)
		b->failed = true;
	json_add_text(b, list, text_string(&words));
	text_done(&words);
}

void config_put_commands(struct json_build *b, cJSON *object, const struct config *c)
{
	static const char *const own[] = { "the command of each task" };
	static const struct config_texts shell = { own, 1 };
	cJSON *list = json_put_array(b, object, "commands");

	for (size_t i = 0; i < c->n_agents; i++)
		add_command(b, list, "agent", c->agents[i].name,
		            c->agents[i].shell ? &shell : &c->agents[i].command);
	for (size_t i = 0; i < c->n_agents; i++)
		if (c->agents[i].confined.n > 0)
			add_command(b, list, "agent, confined", c->agents[i].name,
			            &c->agents[i].confined);
	for (size_t i = 0; i < c->n_gates; i++)
		add_command(b, list, "gate", c->gates[i].name, &c->gates[i].command);
	for (size_t i = 0; i < c->events->n_subscribers; i++)
		add_command(b, list, "subscriber", c->events->subscribers[i].name,
		            &c->events->subscribers[i].command);
	if (c->setup.n > 0)
		add_command(b, list, "setup", "", &c->setup);
	if (c->issue_command.n > 0)
		add_command(b, list, "issues", "", &c->issue_command);
	if (c->pull_push.n > 0)
		add_command(b, list, "push", "", &c->pull_push);
	if (c->pull_command.n > 0)
		add_command(b, list, "pull request", "", &c->pull_command);
}
