#include "domain/run/who.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define WORDS_MORE 4 /* that a described agent adds to a command */

static bool is_preset(const struct config_agent *agent, const char *name)
{
	return agent->preset != NULL && strcmp(agent->preset, name) == 0;
}

/* Files that Claude Code reads name its models; other programs are told only what was meant for us.
 */
static const char *model_of(const struct agent *md, const struct config_agent *by)
{
	bool ours = strcmp(md->source, "project") == 0 || strcmp(md->source, "user") == 0;

	if (md->model == NULL || strcmp(md->model, "inherit") == 0)
		return NULL;
	return ours || is_preset(by, "claude") ? md->model : NULL;
}

/* Its tools with commas, for --tools; NULL: all. Those of servers are not in that list. */
static const char *tools_of(const struct agent *md, struct arena *a)
{
	struct text t;
	const char *copy;

	if (md->all_tools)
		return NULL;
	text_init(&t, 64 << 10);
	for (size_t i = 0; i < md->tools.n; i++)
		if (strncmp(md->tools.at[i], "mcp__", 5) != 0)
			text_addf(&t, "%s%s", t.len == 0 ? "" : ",", md->tools.at[i]);
	copy = text_copy(&t, a);
	text_done(&t);
	return copy;
}

static enum status add_words(struct config_texts *to, const char *const *more, size_t n,
                             struct arena *a)
{
	const char **all;

	if (to->n == 0 || n == 0)
		return OK;
	if ((all = arena_take(a, (to->n + n + 1) * sizeof(const char *))) == NULL)
		return E_NOMEM;
	for (size_t i = 0; i < to->n; i++)
		all[i] = to->at[i];
	for (size_t i = 0; i < n; i++)
		all[to->n + i] = more[i];
	all[to->n + n] = NULL;
	*to = (struct config_texts){ all, to->n + n };
	return OK;
}

/* As the agent that runs it, with what its file says. */
static enum status describe(const struct agent *md, const struct config_agent *by, struct arena *a,
                            struct config_agent *out)
{
	const char *words[WORDS_MORE], *tools;
	size_t n = 0;

	*out = *by;
	out->name = md->name;
	out->role = md->prompt[0] == '\0' ? NULL : md->prompt;
	out->timeout_ms = md->timeout_ms;
	if (md->command.n > 0) { /* the user's own: nothing else reads such a file's command */
		out->command = (struct config_texts){ md->command.at, md->command.n };
		out->confined = out->resume = (struct config_texts){ NULL, 0 };
		out->preset = NULL;
		out->prompt = CONFIG_STDIN;
		out->shell = false;
		return OK;
	}
	if (by->preset == NULL || by->shell)
		return OK;
	if (model_of(md, by) != NULL) {
		words[n++] = "--model";
		words[n++] = model_of(md, by);
	}
	if (is_preset(by, "claude") && !md->all_tools) {
		if ((tools = tools_of(md, a)) == NULL)
			return E_NOMEM;
		words[n++] = "--tools";
		words[n++] = tools;
	}
	return add_words(&out->command, words, n, a) == OK ? add_words(&out->confined, words, n, a)
	                                                   : E_NOMEM;
}

enum status who_described(const struct config *c, const struct agent *md, struct arena *a,
                          const struct config_agent **out, struct err *err)
{
	static const struct config_agent nobody = { .name = NULL };
	const struct config_agent *by = &nobody;
	struct config_agent *made = arena_take(a, sizeof *made);
	enum status st = OK;

	if (md->command.n == 0)
		st = config_agent_find(c, md->preset, &by, err);
	else if (config_agent_find(c, md->preset, &by, NULL) != OK)
		by = &nobody;
	if (st != OK)
		return st;
	if (made == NULL || describe(md, by, a, made) != OK)
		return err_nomem(err, "an agent");
	*out = made;
	return OK;
}

static bool configured(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_agents; i++)
		if (strcmp(c->agents[i].name, name) == 0)
			return true;
	return false;
}

static enum status join(const struct config *c, const struct agent_set *set, struct arena *a,
                        struct config *out)
{
	struct config_agent *all = arena_take(a, (c->n_agents + set->n_agents + 1) * sizeof *all);
	enum status st = OK;

	if (all == NULL)
		return E_NOMEM;
	if (c->n_agents > 0)
		memcpy(all, c->agents, c->n_agents * sizeof *all);
	out->agents = all;
	for (size_t i = 0; st == OK && i < set->n_agents; i++) {
		const struct agent *md = &set->agents[i];
		const struct config_agent *one = NULL;

		if (configured(c, md->name))
			continue;
		st = who_described(c, md, a, &one, NULL);
		if (st == OK)
			all[out->n_agents++] = *one;
		else if (st != E_NOMEM)
			st = OK; /* nobody can run it; asked for, it is not there */
	}
	/* The only configured one stays the default, whoever is described beside it. */
	if (c->defaults.agent == NULL && c->n_agents == 1)
		out->defaults.agent = c->agents[0].name;
	return st;
}

enum status who_join(const struct project *p, const struct config *c, struct arena *a,
                     const struct config **out, struct err *err)
{
	const struct agent_places places = { .root = p->root,
		                             .home = getenv("HOME"),
		                             .config_home = getenv("XDG_CONFIG_HOME") };
	struct agent_set *set = NULL;
	struct config *copy;
	enum status st = agent_load(&places, a, &set, err);

	if (st != OK)
		return st;
	if ((copy = arena_take(a, sizeof *copy)) == NULL)
		return err_nomem(err, "the agents");
	*copy = *c;
	if (set->n_agents > 0 && join(c, set, a, copy) != OK)
		return err_nomem(err, "the agents");
	*out = copy;
	return OK;
}
