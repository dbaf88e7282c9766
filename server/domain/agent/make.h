/* make.h - how a catalogue is made; for the files of domain/agent only. */
#ifndef DOMAIN_AGENT_MAKE_H
#define DOMAIN_AGENT_MAKE_H

#include "domain/agent.h"
#include "sys/yaml.h"

/* A file being read, and the set it adds to. */
struct making {
	struct agent_set *set;
	struct arena *arena;
	const struct agent_places *places;
	const char *path, *source;
	bool trusted;               /* one of the user's own folders: may define a command */
	const char *agent;          /* name as far as it is known, or NULL */
	struct agent_texts servers; /* of the project's .mcp.json */
	bool servers_known;         /* there is such a file */
	struct err *err;
};

/* Note a mistake. Fails only for want of memory, which the arena remembers. */
__attribute__((format(printf, 4, 5))) void agent_note(struct making *m, const char *code, long line,
                                                      const char *fmt, ...);

/*
 * Read the file's text: its front matter into *out, found false when it is no agent. Mistakes
 * are noted; a status is for want of memory alone.
 */
enum status agent_read(struct making *m, const char *bytes, size_t n, struct agent *out,
                       bool *found);

/* Front matter that is no YAML, as `key: text` lines and `- item` lists, or NULL. */
const struct yaml *agent_plain_lines(const char *bytes, size_t n, size_t first_line,
                                     struct arena *a);

/* Add to a list; at[n] stays NULL. */
void agent_add_text(struct agent_texts *list, const char *text, struct arena *a);

/* Look at a tool: one that nobody has is noted. */
void agent_check_tool(struct making *m, const char *tool, long line);

/* The names of the MCP servers in ROOT/.mcp.json into m; without the file there are none. */
enum status agent_read_servers(struct making *m);

#endif
