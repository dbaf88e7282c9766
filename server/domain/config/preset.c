/* preset.c - how the usual coding agents are started when nobody watches. */
#include <string.h>

#include "base/text.h"
#include "domain/config/part.h"

#define WORDS_MAX 12

struct preset {
	const char *name;
	const char *command[WORDS_MAX];
	const char *confined[WORDS_MAX]; /* instead, where we confine it */
	enum config_prompt prompt;
	const char *writable[WORDS_MAX];    /* where it keeps its own state, from the home folder */
	const char *environment[WORDS_MAX]; /* what it is signed in with */
	const char *resume[WORDS_MAX];      /* words that go on with the session {} */
};

static const struct preset presets[] = {
	{
	    .name = "claude",
	    .command = { "claude", "-p", "--output-format", "stream-json", "--verbose",
	                 "--permission-mode", "acceptEdits" },
	    .writable = { ".claude", ".claude.json", ".cache/claude", ".local/state/claude",
	                  ".local/share/claude" },
	    .environment = { "ANTHROPIC_*", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_*" },
	    .resume = { "--resume", "{}" },
	},
	{
	    .name = "codex",
	    .command = { "codex", "exec", "--json", "--sandbox", "workspace-write" },
	    /* Its own sandbox mounts, which nobody who is confined may; ours keeps its writes in.
	     */
	    .confined = { "codex", "exec", "--json", "--sandbox", "danger-full-access" },
	    .writable = { ".codex" },
	    .environment = { "OPENAI_*", "CODEX_*" },
	    .resume = { "resume", "{}", "-" },
	},
	{
	    .name = "gemini",
	    .command = { "gemini", "--approval-mode", "auto_edit", "--output-format",
	                 "stream-json" },
	    .writable = { ".gemini" },
	    .environment = { "GEMINI_*", "GOOGLE_*" },
	    .resume = { "--resume", "{}" },
	},
	{
	    .name = "opencode",
	    .command = { "opencode", "run", "--format", "json" },
	    .prompt = CONFIG_ARG,
	    .writable = { ".config/opencode", ".local/share/opencode", ".local/state/opencode",
	                  ".cache/opencode" },
	    .environment = { "OPENCODE_*", "ANTHROPIC_*", "OPENAI_*", "GEMINI_*" },
	    .resume = { "--session", "{}" },
	},
	{ .name = "shell" },
};

#define PRESETS_N (sizeof presets / sizeof *presets)

static const char *const names[PRESETS_N + 1] = { "claude",   "codex", "gemini",
	                                          "opencode", "shell", NULL };

const char *const *preset_names(void)
{
	return names;
}

static const struct preset *find(const char *name)
{
	for (size_t i = 0; name != NULL && i < PRESETS_N; i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}

bool preset_known(const char *name)
{
	return find(name) != NULL;
}

static size_t count(const char *const *words)
{
	size_t n = 0;

	while (n < WORDS_MAX && words[n] != NULL)
		n++;
	return n;
}

/* The preset's words, then the file's own. */
static bool join(struct part_reader *r, const char *const *first, size_t n_first,
                 const struct config_texts *second, struct config_texts *out)
{
	const char **all = part_texts(r, n_first + second->n);

	if (all == NULL)
		return false;
	for (size_t i = 0; i < n_first; i++)
		all[i] = first[i];
	for (size_t i = 0; i < second->n; i++)
		all[n_first + i] = second->at[i];
	*out = (struct config_texts){ all, n_first + second->n };
	return true;
}

/* The preset's folders with the home folder before them; without a home there are none. */
static bool own_folders(struct part_reader *r, const struct preset *p, const char *folders[])
{
	for (size_t i = 0; r->home != NULL && i < count(p->writable); i++)
		if ((folders[i] = text_printf(r->arena, "%s/%s", r->home, p->writable[i])) == NULL)
			return false;
	return true;
}

enum status preset_apply(struct part_reader *r, const struct part_agent *from,
                         struct config_agent *out)
{
	static const struct preset none = { .name = NULL };
	const struct preset *p = find(from->preset);
	const char *folders[WORDS_MAX] = { NULL };
	const struct config_texts *command = &from->command;
	bool done;

	if (p == NULL)
		p = &none;
	*out = (struct config_agent){ .name = from->name,
		                      .preset = p->name,
		                      .shell = p->name != NULL && p->command[0] == NULL };
	out->resume = (struct config_texts){ p->resume, count(p->resume) };
	out->prompt = from->prompt == -1 ? p->prompt : (enum config_prompt)from->prompt;
	done =
	    own_folders(r, p, folders) &&
	    join(r, folders, count(folders), &from->writable, &out->writable) &&
	    join(r, p->environment, count(p->environment), &from->environment, &out->environment);
	if (command->n > 0)
		done = done && join(r, command->at, command->n, &from->args, &out->command);
	else
		done = done && join(r, p->command, count(p->command), &from->args, &out->command);
	if (command->n == 0 && p->confined[0] != NULL)
		done =
		    done && join(r, p->confined, count(p->confined), &from->args, &out->confined);
	return done ? OK : err_nomem(r->err, "the configuration");
}
