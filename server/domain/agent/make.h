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
	bool trusted;                   /* one of the user's own folders: may define a command */
	const char *agent;              /* name as far as it is known, or NULL */
	struct agent_texts servers;     /* of MCP, as the files that say so have them */
	bool servers_read;              /* these files were looked for */
	bool servers_known;             /* at least one of them is there */
	const char *servers_unread;     /* one that is there and cannot be read; NULL: none */
	struct agent_texts own_servers; /* that the file being read brings itself */
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

/* The names of the MCP servers that a file's keys bring, before its tools are looked at. */
void agent_own_servers(struct making *m, const struct yaml *map);

/* Look at the server of a tool, which is given without its mcp__: one that nobody has is noted. */
void agent_check_server(struct making *m, const char *tool, const char *server, long line);

#endif
