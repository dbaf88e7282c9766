/*
 * Which MCP servers there are, as far as it can be known: those of the project's .mcp.json, those
 * that Claude Code keeps for its user (~/.claude.json, for all projects and for this one), and
 * those that an agent's file brings itself. Servers of plugins, of an account and of an editor are
 * made known to a host at run time and stand in no file.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "domain/agent/make.h"
#include "sys/fs.h"

#define PROJECT_MAX ((size_t)1 << 20)
#define USERS_MAX   ((size_t)32 << 20) /* it keeps what was said in projects, too */

/* The name as it stands in a tool's: what is no letter, digit, - or _ becomes _. */
static const char *plain(const char *name, struct arena *a)
{
	char *copy = text_dup(a, name);

	for (char *c = copy; c != NULL && *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			*c = '_';
	return copy;
}

static void add_members(struct making *m, const cJSON *servers)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, servers)
		if (one->string != NULL)
			agent_add_text(&m->servers, plain(one->string, m->arena), m->arena);
}

/* A file of JSON; NULL when it is not there, or is none, which is its host's to complain of. */
static cJSON *read_file(struct making *m, const char *path, size_t most)
{
	cJSON *root = NULL;
	char *bytes = NULL;
	size_t n = 0;
	enum status st;

	if (path == NULL || (st = fs_read(path, most, m->arena, &bytes, &n, NULL)) == E_ABSENT)
		return NULL;
	if (st != OK || json_read(bytes, n, &root, NULL) != OK) {
		m->servers_unread = path;
		return NULL;
	}
	return root;
}

static void read_servers(struct making *m)
{
	const struct agent_places *p = m->places;
	const char *project = p->root == NULL ? NULL : fs_join(m->arena, p->root, ".mcp.json");
	const char *users = p->home == NULL ? NULL : fs_join(m->arena, p->home, ".claude.json");
	cJSON *root;

	m->servers_read = true;
	if ((root = read_file(m, project, PROJECT_MAX)) != NULL) {
		m->servers_known = true;
		add_members(m, json_get(root, "mcpServers"));
		cJSON_Delete(root);
	}
	if ((root = read_file(m, users, USERS_MAX)) != NULL) {
		m->servers_known = true;
		add_members(m, json_get(root, "mcpServers"));
		if (p->root != NULL)
			add_members(m, json_get(json_get(json_get(root, "projects"), p->root),
			                        "mcpServers"));
		cJSON_Delete(root);
	}
}

void agent_own_servers(struct making *m, const struct yaml *map)
{
	const struct yaml *y = yaml_get(map, "mcpServers");

	m->own_servers = (struct agent_texts){ NULL, 0, 0 };
	for (const struct yaml *i = y == NULL ? NULL : y->first; i != NULL; i = i->next) {
		const struct yaml *name = y->kind == YAML_MAP ? i->key
		                          : i->kind == YAML_MAP
		                              ? i->first == NULL ? NULL : i->first->key
		                              : i;

		if (name != NULL && name->kind == YAML_TEXT)
			agent_add_text(&m->own_servers, plain(name->text, m->arena), m->arena);
	}
}

/* Does a tool (without mcp__) begin with one of the names? */
static bool begins(const char *const *names, size_t n_names, const char *tool)
{
	for (size_t i = 0; i < n_names; i++) {
		size_t n = names[i] == NULL ? 0 : strlen(names[i]);

		if (n > 0 && strncmp(names[i], tool, n) == 0 &&
		    (tool[n] == '\0' || strncmp(tool + n, "__", 2) == 0))
			return true;
	}
	return false;
}

/* Servers that a host makes known itself. */
static bool is_hosts(const char *tool)
{
	static const char *const names[] = { "ide", "claude-in-chrome", "computer-use" };
	static const char *const beginnings[] = { "plugin_", "claude_ai_" };

	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (strncmp(tool, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return begins(names, sizeof names / sizeof *names, tool);
}

void agent_check_server(struct making *m, const char *tool, const char *server, long line)
{
	const char *nearest;

	if (strcmp(server, "gadugi") == 0 || is_hosts(tool) ||
	    begins(m->own_servers.at, m->own_servers.n, tool))
		return;
	if (!m->servers_read)
		read_servers(m);
	if (begins(m->servers.at, m->servers.n, tool))
		return;
	if (m->servers_unread != NULL) {
		agent_note(m, "unchecked-server", line,
		           "whether there is a server '%s' cannot be known: '%s' cannot be read",
		           server, m->servers_unread);
		return;
	}
	if (!m->servers_known) {
		agent_note(
		    m, "unchecked-server", line,
		    "whether there is a server '%s' cannot be known: there is neither a "
		    "'.mcp.json' in the project nor a '.claude.json' of yours; the host that "
		    "runs the agent must know it",
		    server);
		return;
	}
	nearest = text_nearest(server, m->servers.at, m->servers.n);
	agent_note(m, "unknown-server", line, "there is no server '%s'%s%s%s", server,
	           nearest == NULL ? "; add it to '.mcp.json', to 'mcpServers' of this file or to "
	                             "those of your own"
	                           : "; did you mean '",
	           nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}
