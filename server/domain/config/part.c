#include "domain/config/part.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "domain/config/value.h"

#define MINUTES_MOST (60.0 * 24 * 30)
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
#define RERUNS_MOST  5
#define PRICE_MOST   1e6 /* USD a million tokens */
#define PRICES_MOST  1000
#define DAYS_MOST    36500.0

const char **part_texts(struct part_reader *r, size_t n)
{
	return arena_take(r->arena, (n + 1) * sizeof(const char *));
}

enum status part_path(struct part_reader *r, const struct yaml *at, const char *path,
                      const char **out)
{
	bool home = strncmp(path, "~/", 2) == 0 || strcmp(path, "~") == 0;

	if (home && r->home == NULL)
		return yaml_bad(r->err, r->name, at, "'%s': HOME is not set", path);
	if (!home && path[0] != '/' && r->root == NULL)
		return yaml_bad(
		    r->err, r->name, at,
		    "'%s' must be absolute or begin with ~/ in the user's configuration", path);
	if (home)
		*out = text_printf(r->arena, "%s%s", r->home, path + 1);
	else
		*out = path[0] == '/' ? path
		                      : text_printf(r->arena, "%s/%s", r->root,
		                                    path + (strncmp(path, "./", 2) == 0 ? 2 : 0));
	return *out == NULL ? value_no_memory(r) : OK;
}

/* A command as words; its first one is looked up on PATH, or is a path. */
static enum status take_command(struct part_reader *r, const struct key *key,
                                const struct yaml *value, void *into)
{
	struct config_texts *out = into;
	enum status st;

	if (value->kind == YAML_TEXT)
		return value_bad_kind(r, value,
		                      "a list of words, as in [make, test]; no shell reads it");
	if ((st = value_texts(r, key, value, into)) != OK)
		return st;
	if (out->n == 0 || out->at[0][0] == '\0')
		return value_bad_kind(r, value, "a list of words, the program first");
	return OK;
}

/* An agent's program must not be one that the worktree it starts in can replace. */
enum status part_program(struct part_reader *r, const struct key *key, const struct yaml *value,
                         void *into)
{
	struct config_texts *out = into;
	enum status st = take_command(r, key, value, into);
	const char **words, *program = NULL;

	if (st != OK || (strchr(out->at[0], '/') == NULL && out->at[0][0] != '~'))
		return st;
	if ((st = part_path(r, value->first, out->at[0], &program)) != OK)
		return st;
	if ((words = part_texts(r, out->n)) == NULL)
		return value_no_memory(r);
	memcpy(words, out->at, out->n * sizeof *words);
	words[0] = program;
	out->at = words;
	return OK;
}

static enum status take_preset(struct part_reader *r, const struct key *key,
                               const struct yaml *value, void *into)
{
	struct key choice = { .name = key->name, .words = preset_names() };
	int n = 0;
	enum status st = value_choice(r, &choice, value, &n);

	if (st == OK)
		*(const char **)into = preset_names()[n];
	return st;
}

static const char *const prompt_words[] = { "stdin", "arg", NULL };
static const char *const when_words[] = { "task", "batch", "run", NULL };
static const char *const mode_words[] = { "worktree", "shared", "sequential", NULL };
static const char *const conflict_words[] = { "person", "agent", "stop", NULL };
static const char *const flag_words[CONFIG_FLAGS_N] = {
	[CONFIG_COACH] = "coach", [CONFIG_MEMORY] = "memory", [CONFIG_CONFINE] = "confine",
	[CONFIG_AHEAD] = "ahead", [CONFIG_SHELL] = "shell",
};

const char *config_when_word(enum config_when when)
{
	return when_words[when];
}

const char *config_mode_word(enum config_mode mode)
{
	return mode_words[mode];
}

const char *config_flag_word(enum config_flag flag)
{
	assert(flag < CONFIG_FLAGS_N);
	return flag_words[flag];
}

const char *config_conflicts_word(enum config_conflicts conflicts)
{
	return conflict_words[conflicts];
}

/* The word's place in the list, -1 when it is not there. */
static int place(const char *const *words, const char *word)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

bool config_mode_read(const char *word, enum config_mode *out)
{
	int i = place(mode_words, word);

	if (i >= 0)
		*out = (enum config_mode)i;
	return i >= 0;
}

bool config_conflicts_read(const char *word, enum config_conflicts *out)
{
	int i = place(conflict_words, word);

	if (i >= 0)
		*out = (enum config_conflicts)i;
	return i >= 0;
}

#define IN(type, member) offsetof(struct type, member)

static const struct key agent_keys[] = {
	{ "preset", take_preset, IN(part_agent, preset), 0, 0, NULL },
	{ "command", part_program, IN(part_agent, command), 0, 0, NULL },
	{ "args", value_texts, IN(part_agent, args), 0, 0, NULL },
	{ "prompt", value_choice, IN(part_agent, prompt), 0, 0, prompt_words },
	{ "writable", value_paths, IN(part_agent, writable), 0, 0, NULL },
	{ "environment", value_texts, IN(part_agent, environment), 0, 0, NULL },
	{ 0 },
};

static enum status check_agent(struct part_reader *r, const struct yaml *entry,
                               const struct part_agent *agent)
{
	bool shell = agent->preset != NULL && strcmp(agent->preset, "shell") == 0;

	if (strspn(agent->name, NAME_LETTERS) != strlen(agent->name) || agent->name[0] == '\0')
		return yaml_bad(r->err, r->name, entry->key,
		                "'%s': a name is made of letters, digits, '-', '_' and '.'",
		                agent->name);
	if (agent->preset == NULL && agent->command.n == 0)
		return yaml_bad(r->err, r->name, entry->key,
		                "the agent '%s' needs a preset or a command", agent->name);
	if (shell && (agent->command.n > 0 || agent->args.n > 0))
		return yaml_bad(
		    r->err, r->name, entry->key,
		    "the preset shell runs each task's own command and takes none here");
	return OK;
}

static enum status take_agents(struct part_reader *r, const struct key *key,
                               const struct yaml *value, void *into)
{
	struct part *p = into;
	enum status st;

	(void)key;
	if (value->kind != YAML_MAP)
		return value_bad_kind(r, value, "agents by name, as in {claude: {preset: claude}}");
	if ((p->agents = arena_take(r->arena, (value->n + 1) * sizeof *p->agents)) == NULL)
		return value_no_memory(r);
	for (const struct yaml *entry = value->first; entry != NULL; entry = entry->next) {
		struct part_agent *agent = &p->agents[p->n_agents++];

		*agent = (struct part_agent){ .name = entry->key->text, .prompt = -1 };
		if ((st = value_map(r, entry, agent_keys, agent)) != OK ||
		    (st = check_agent(r, entry, agent)) != OK)
			return st;
	}
	return OK;
}

static const struct key gate_keys[] = {
	{ "name", value_text, IN(part_gate, name), 0, 0, NULL },
	{ "command", take_command, IN(part_gate, command), 0, 0, NULL },
	{ "when", value_choice, IN(part_gate, when), 0, 0, when_words },
	{ "timeoutMinutes", value_minutes, IN(part_gate, timeout_ms), 0, MINUTES_MOST, NULL },
	{ "reruns", value_count, IN(part_gate, reruns), 0, RERUNS_MOST, NULL },
	{ "baseline", value_flag, IN(part_gate, baseline), 0, 0, NULL },
	{ 0 },
};

static enum status take_gates(struct part_reader *r, const struct key *key,
                              const struct yaml *value, void *into)
{
	struct part *p = into;
	enum status st;

	(void)key;
	if (value->kind != YAML_LIST)
		return value_bad_kind(
		    r, value, "a list of gates, as in [{name: tests, command: [make, test]}]");
	if ((p->gates = arena_take(r->arena, (value->n + 1) * sizeof *p->gates)) == NULL)
		return value_no_memory(r);
	for (const struct yaml *item = value->first; item != NULL; item = item->next) {
		struct part_gate *gate = &p->gates[p->n_gates++];

		*gate = (struct part_gate){ .when = -1, .reruns = -1, .baseline = -1 };
		if ((st = value_map(r, item, gate_keys, gate)) != OK)
			return st;
		if (gate->name == NULL || gate->command.n == 0)
			return yaml_bad(r->err, r->name, item, "a gate needs a name and a command");
	}
	return OK;
}

static const struct key rule_keys[] = {
	{ "actor", value_text, IN(config_rule, actor), 0, 0, NULL },
	{ "read", value_texts, IN(config_rule, read), 0, 0, NULL },
	{ "write", value_texts, IN(config_rule, write), 0, 0, NULL },
	{ 0 },
};

static enum status take_rules(struct part_reader *r, const struct key *key,
                              const struct yaml *value, void *into)
{
	struct part_rules *rules = into;
	enum status st;

	(void)key;
	if (value->kind != YAML_LIST)
		return value_bad_kind(r, value,
		                      "a list, as in [{actor: 'agent:*', read: ['*'], write: []}]");
	if ((rules->at = arena_take(r->arena, (value->n + 1) * sizeof *rules->at)) == NULL)
		return value_no_memory(r);
	rules->given = true;
	for (const struct yaml *item = value->first; item != NULL; item = item->next) {
		struct config_rule *rule = &rules->at[rules->n++];

		if ((st = value_map(r, item, rule_keys, rule)) != OK)
			return st;
		if (rule->actor == NULL)
			return yaml_bad(r->err, r->name, item,
			                "a permission needs an actor, as in 'agent:*'");
	}
	return OK;
}

static const struct key keep_keys[] = {
	{ "kind", value_text, IN(config_keep, kind), 0, 0, NULL },
	{ "scope", value_text, IN(config_keep, scope), 0, 0, NULL },
	{ "origin", value_text, IN(config_keep, origin), 0, 0, NULL },
	{ "days", value_number, IN(config_keep, days), 0, DAYS_MOST, NULL },
	{ "halfLifeDays", value_number, IN(config_keep, half_life_days), 0, DAYS_MOST, NULL },
	{ "purgeDays", value_number, IN(config_keep, purge_days), 0, DAYS_MOST, NULL },
	{ "most", value_count, IN(config_keep, most), 1, 1e9, NULL },
	{ 0 },
};

static enum status take_keep(struct part_reader *r, const struct key *key, const struct yaml *value,
                             void *into)
{
	struct part *p = into;
	enum status st;

	(void)key;
	if (value->kind != YAML_LIST)
		return value_bad_kind(r, value, "a list, as in [{kind: run, days: 90}]");
	if ((p->keep = arena_take(r->arena, (value->n + 1) * sizeof *p->keep)) == NULL)
		return value_no_memory(r);
	for (const struct yaml *item = value->first; item != NULL; item = item->next) {
		struct config_keep *keep = &p->keep[p->n_keep++];

		if ((st = value_map(r, item, keep_keys, keep)) != OK)
			return st;
		if (keep->days <= 0 && keep->half_life_days <= 0 && keep->purge_days <= 0 &&
		    keep->most == 0)
			return yaml_bad(r->err, r->name, item,
			                "a rule needs days, halfLifeDays, purgeDays or most");
	}
	return OK;
}

static const struct key price_keys[] = {
	{ "model", value_text, IN(config_price, model), 0, 0, NULL },
	{ "input", value_number, IN(config_price, input), 0, PRICE_MOST, NULL },
	{ "cacheRead", value_number, IN(config_price, cache_read), 0, PRICE_MOST, NULL },
	{ "cacheWrite", value_number, IN(config_price, cache_write), 0, PRICE_MOST, NULL },
	{ "output", value_number, IN(config_price, output), 0, PRICE_MOST, NULL },
	{ 0 },
};

static enum status take_prices(struct part_reader *r, const struct key *key,
                               const struct yaml *value, void *into)
{
	struct part *p = into;
	enum status st;

	(void)key;
	if (value->kind != YAML_LIST || value->n > PRICES_MOST)
		return value_bad_kind(
		    r, value, "a list, as in [{model: 'some-model-*', input: 1, output: 2}]");
	if ((p->prices = arena_take(r->arena, (value->n + 1) * sizeof *p->prices)) == NULL)
		return value_no_memory(r);
	for (const struct yaml *item = value->first; item != NULL; item = item->next) {
		struct config_price *price = &p->prices[p->n_prices++];

		*price = (struct config_price){ NULL, -1, -1, -1, -1 };
		if ((st = value_map(r, item, price_keys, price)) != OK)
			return st;
		if (price->model == NULL || price->input < 0 || price->output < 0)
			return yaml_bad(r->err, r->name, item,
			                "a price needs model, input and output (USD a million "
			                "tokens)");
	}
	return OK;
}

static const struct key memory_keys[] = {
	{ "permissions", take_rules, IN(part, rules), 0, 0, NULL },
	{ "keep", take_keep, 0, 0, 0, NULL },
	{ "merge", value_flag, IN(part, merge), 0, 0, NULL },
	{ "tidyAfterRuns", value_flag, IN(part, tidy_runs), 0, 0, NULL },
	{ 0 },
};

static const struct key default_keys[] = {
	{ "agent", value_text, IN(part, default_agent), 0, 0, NULL },
	{ "jobs", value_count, IN(part, jobs), 1, CONFIG_JOBS_MAX, NULL },
	{ "retries", value_count, IN(part, retries), 0, CONFIG_RETRIES_MAX, NULL },
	{ "timeoutMinutes", value_minutes, IN(part, timeout_ms), 0, MINUTES_MOST, NULL },
	{ "stallMinutes", value_minutes, IN(part, stall_ms), 0, MINUTES_MOST, NULL },
	{ "mode", value_choice, IN(part, mode), 0, 0, mode_words },
	{ "tags", value_flag, IN(part, tags), 0, 0, NULL },
	{ "workflow", value_text, IN(part, workflow), 0, 0, NULL },
	{ "conflicts", value_choice, IN(part, conflicts), 0, 0, conflict_words },
	{ 0 },
};

static const struct key budget_keys[] = {
	{ "minutes", value_number, IN(part, budget.minutes), 0, 1e9, NULL },
	{ "usd", value_number, IN(part, budget.usd), 0, 1e9, NULL },
	{ "tokens", value_tokens, IN(part, budget.tokens), 1, 1e15, NULL },
	{ 0 },
};

static enum status take_memory(struct part_reader *r, const struct key *key,
                               const struct yaml *value, void *into)
{
	(void)key;
	return value_map(r, value, memory_keys, into);
}

static enum status take_defaults(struct part_reader *r, const struct key *key,
                                 const struct yaml *value, void *into)
{
	(void)key;
	return value_map(r, value, default_keys, into);
}

static enum status take_budget(struct part_reader *r, const struct key *key,
                               const struct yaml *value, void *into)
{
	(void)key;
	return value_map(r, value, budget_keys, into);
}

static const struct key issue_keys[] = {
	{ "command", take_command, IN(part, issue_command), 0, 0, NULL },
	{ "labels", value_texts, IN(part, issue_labels), 0, 0, NULL },
	{ 0 },
};

static enum status take_issues(struct part_reader *r, const struct key *key,
                               const struct yaml *value, void *into)
{
	(void)key;
	return value_map(r, value, issue_keys, into);
}

static const struct key pull_keys[] = {
	{ "push", take_command, IN(part, pull_push), 0, 0, NULL },
	{ "command", take_command, IN(part, pull_command), 0, 0, NULL },
	{ 0 },
};

static enum status take_pull(struct part_reader *r, const struct key *key, const struct yaml *value,
                             void *into)
{
	(void)key;
	return value_map(r, value, pull_keys, into);
}

static enum status take_flags(struct part_reader *r, const struct key *key,
                              const struct yaml *value, void *into)
{
	struct key keys[CONFIG_FLAGS_N + 1] = { { 0 } };

	(void)key;
	for (size_t i = 0; i < CONFIG_FLAGS_N; i++)
		keys[i] = (struct key){ .name = flag_words[i],
			                .take = value_flag,
			                .at = IN(part, flags) + i * sizeof(int) };
	return value_map(r, value, keys, into);
}

static const struct key top_keys[] = {
	{ "agents", take_agents, 0, 0, 0, NULL },
	{ "defaults", take_defaults, 0, 0, 0, NULL },
	{ "gates", take_gates, 0, 0, 0, NULL },
	{ "budget", take_budget, 0, 0, 0, NULL },
	{ "setup", take_command, IN(part, setup), 0, 0, NULL },
	{ "flags", take_flags, 0, 0, 0, NULL },
	{ "issues", take_issues, 0, 0, 0, NULL },
	{ "memory", take_memory, 0, 0, 0, NULL },
	{ "events", part_events, IN(part, events), 0, 0, NULL },
	{ "pullRequest", take_pull, 0, 0, 0, NULL },
	{ "prices", take_prices, 0, 0, 0, NULL },
	{ 0 },
};

enum status part_read(struct part_reader *r, const struct yaml *tree, struct part *out)
{
	*out = (struct part){ .jobs = -1,
		              .retries = -1,
		              .mode = -1,
		              .tags = -1,
		              .conflicts = -1,
		              .merge = -1,
		              .tidy_runs = -1 };
	for (size_t i = 0; i < CONFIG_FLAGS_N; i++)
		out->flags[i] = -1;
	return value_map(r, tree, top_keys, out);
}
