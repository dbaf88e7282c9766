#include "domain/dispatch/launch.h"

#include "base/text.h"
#include "domain/config_events.h"
#include "domain/run/who.h"
#include "sys/fs.h"
#include "sys/warden.h"

/* A command that subscribes, in the shape that the configuration has for agents. */
static enum status resolve_command(struct launch *l)
{
	const struct config_subscriber *c = config_subscriber_find(l->config, l->name);
	struct config_agent *agent = arena_take(l->arena, sizeof *agent);

	if (c == NULL)
		return err_set(l->err, E_ABSENT, "'%s' has no subscriber '%s' any more",
		               l->config->project_path, l->name);
	if (agent == NULL)
		return err_nomem(l->err, "a command");
	*agent =
	    (struct config_agent){ .name = c->name, .command = c->command, .prompt = CONFIG_STDIN };
	l->how.agent = agent;
	l->how.prompt = l->event;
	l->timeout_ms = c->timeout_ms;
	return OK;
}

static enum status resolve_agent(struct launch *l)
{
	const struct agent *agent = l->agent;
	enum status st;

	if (agent == NULL) {
		l->how.prompt = l->event == NULL ? "" : l->event;
		return config_agent_find(l->config, l->name, &l->how.agent, l->err);
	}
	if ((st = who_described(l->config, agent, l->arena, &l->how.agent, l->err)) != OK)
		return st;
	l->ask = agent->approvals.n > 0;
	if (agent->timeout_ms > 0)
		l->timeout_ms = agent->timeout_ms;
	l->how.prompt = l->event == NULL
	                    ? agent->prompt
	                    : text_printf(l->arena, "%s\n\nThis event started you:\n\n%s",
	                                  agent->prompt, l->event);
	return l->how.prompt == NULL ? err_nomem(l->err, "a prompt") : OK;
}

enum status launch_resolve(struct launch *l)
{
	enum status st = project_config(l->dispatch->project, &l->config, l->err);

	if (st != OK)
		return st;
	if (l->event != NULL) {
		l->timeout_ms = l->dispatch->options.timeout_ms;
		if (l->timeout_ms == 0)
			l->timeout_ms = l->config->defaults.timeout_ms;
	}
	return l->command ? resolve_command(l) : resolve_agent(l);
}

/*
 * Its working folder: of an agent the only place of the project that it may write,
 * STATE/agents/NAME; of a command, which the user wrote down, the project's root.
 */
static enum status make_folder(struct launch *l)
{
	const struct project *p = l->dispatch->project;

	if (l->command) {
		l->how.folder = p->root;
		return OK;
	}
	l->how.folder = text_printf(l->arena, "%s/agents/%s", p->state, l->name);
	if (l->how.folder == NULL)
		return err_nomem(l->err, "a path");
	return fs_make_folders(l->how.folder, 0700, l->err);
}

/* Put a warden above it. */
static enum status guard(struct launch *l, struct proc_spec *spec)
{
	const char **argv;
	size_t n = 0;

	if (l->dispatch->options.warden == NULL)
		return OK;
	while (spec->argv[n] != NULL)
		n++;
	if ((argv = arena_take(l->arena, (n + 4) * sizeof *argv)) == NULL)
		return err_nomem(l->err, "an agent's command");
	argv[0] = l->dispatch->options.warden;
	argv[1] = WARDEN_WORD;
	argv[2] = text_printf(l->arena, "%d", PROC_GRACE_MS);
	for (size_t i = 0; i <= n; i++)
		argv[3 + i] = spec->argv[i];
	spec->argv = argv;
	spec->stop_grace_ms = PROC_GRACE_MS + WARDEN_EXTRA_MS;
	return argv[2] == NULL ? err_nomem(l->err, "an agent's command") : OK;
}

enum status launch_prepare(struct launch *l, const char *const *marks, struct proc_spec *spec,
                           struct sandbox **sandbox)
{
	enum status st;

	if ((st = make_folder(l)) != OK)
		return st;
	l->how.mail = l->command ? NULL : mailbox_folder(l->dispatch->mailbox, l->name, l->arena);
	l->how.confine = !l->command && l->config->flags[CONFIG_CONFINE];
	if ((st = agent_prepare(&l->how, l->arena, spec, sandbox, l->err)) != OK)
		return st;
	spec->mark = marks;
	if ((st = guard(l, spec)) == OK && arena_failed(l->arena))
		st = err_nomem(l->err, "an agent's environment");
	if (st != OK) {
		sandbox_free(*sandbox);
		*sandbox = NULL;
	}
	return st;
}
