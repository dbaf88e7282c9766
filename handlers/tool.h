/*
 * tool.h - what a tool is.
 *
 * One file per tool; each exports one constant struct tool. The list of all
 * tools is handlers/all.c and nothing else knows their names. The same row serves
 * MCP's tools/list and tools/call, `gadugi call`, the commands and their help.
 */
#ifndef HANDLERS_TOOL_H
#define HANDLERS_TOOL_H

#include "base/call.h"
#include "base/json.h"
#include "handlers/arg.h"

#define TOOL_READS  0x01u /* changes nothing that lasts (readOnlyHint) */
#define TOOL_WRITES 0x02u /* changes the store */
#define TOOL_SPAWNS                                                                                \
	0x04u /* starts child processes and waits for them: at most half the workers               \
	       */
#define TOOL_DESTROYS   0x08u /* may end or delete something (destructiveHint) */
#define TOOL_IDEMPOTENT 0x10u /* twice is as once (idempotentHint) */
#define TOOL_OPEN_WORLD 0x20u /* reaches beyond this machine (openWorldHint) */
#define TOOL_IS_TASK    0x80u /* can only be a task (task.h): a client that knows none is refused */
#define TOOL_RAW        0x40u /* the answer is a whole MCP result, content and all (tests) */

struct tool {
	const char *name;  /* [a-z0-9_]+ */
	const char *title; /* two or three words for a menu */
	const char *about; /* what it does and when to use it, shown to the model */
	const struct arg *args;
	size_t in_size; /* sizeof the struct that args fills */
	const char *
	    schema; /* of the arguments, as text, instead of what args says; NULL (but for tests) */
	const char *result; /* JSON Schema of the answer, as text; root type object */
	unsigned flags;

	/*
	 * Do the work. in has been filled from the request by args (zeroed before), lives as
	 * long as the call, and its texts point into the request. On OK *result is a new
	 * object the caller owns; E_WAIT parks the call (base/call.h); on any other status
	 * the reason is in call->err, and *result is left alone.
	 */
	enum status (*run)(struct call *call, const void *in, cJSON **result);
};

/*
 * Every tool, NULL at the end. Those for the command line alone come first; a host is
 * offered the rest, from tool_offered on: each tool costs every conversation some words.
 */
extern const struct tool *const tool_all[];
extern const struct tool *const *const tool_offered;

/* Which tool when, for the model of a host: what a server says of itself. Under 2 KB. */
extern const char tool_instructions[];

#endif
