#include "domain/coach/call.h"

#include <string.h>

#include "domain/coach/pull.h"
#include "domain/coach/shell.h"
#include "domain/memory.h"

#define PATH_MAX_SHOWN 512
#define HEAD_OF_RESULT 1024 /* bytes of a result that are looked at */

static const struct {
	const char *name;
	enum act act;
} acts[] = {
	/* Claude Code */
	{ "Read", ACT_READ },
	{ "Grep", ACT_SEARCH },
	{ "Glob", ACT_SEARCH },
	{ "LS", ACT_SEARCH },
	{ "WebFetch", ACT_FETCH },
	{ "Edit", ACT_EDIT },
	{ "Write", ACT_EDIT },
	{ "MultiEdit", ACT_EDIT },
	{ "NotebookEdit", ACT_EDIT },
	{ "Bash", ACT_SHELL },
	{ "Task", ACT_AGENT },
	{ "Agent", ACT_AGENT },
	/* Codex */
	{ "shell", ACT_SHELL },
	{ "exec_command", ACT_SHELL },
	{ "local_shell", ACT_SHELL },
	{ "shell_command", ACT_SHELL },
	{ "apply_patch", ACT_EDIT },
	/* Gemini CLI */
	{ "read_file", ACT_READ },
	{ "read_many_files", ACT_READ },
	{ "write_file", ACT_EDIT },
	{ "replace", ACT_EDIT },
	{ "run_shell_command", ACT_SHELL },
	{ "list_directory", ACT_SEARCH },
	{ "search_file_content", ACT_SEARCH },
	{ "web_fetch", ACT_FETCH },
	/* opencode */
	{ "list", ACT_SEARCH },
	{ "patch", ACT_EDIT },
};

enum act session_act(const char *name)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (text_same(acts[i].name, name))
			return acts[i].act;
	return ACT_OTHER;
}

bool session_only_reads(enum act act)
{
	return act == ACT_READ || act == ACT_SEARCH || act == ACT_FETCH;
}

/* Members of an input that matter, under all names the hosts have for them. */
struct input {
	struct json_span path, command, old_text, new_text, background;
};

static const struct {
	const char *name;
	size_t at;
} members[] = {
	{ "file_path", offsetof(struct input, path) },
	{ "filePath", offsetof(struct input, path) },
	{ "absolute_path", offsetof(struct input, path) },
	{ "notebook_path", offsetof(struct input, path) },
	{ "path", offsetof(struct input, path) },
	{ "url", offsetof(struct input, path) },
	{ "command", offsetof(struct input, command) },
	{ "cmd", offsetof(struct input, command) },
	{ "old_string", offsetof(struct input, old_text) },
	{ "oldString", offsetof(struct input, old_text) },
	{ "new_string", offsetof(struct input, new_text) },
	{ "newString", offsetof(struct input, new_text) },
	{ "content", offsetof(struct input, new_text) },
	{ "new_source", offsetof(struct input, new_text) },
	{ "run_in_background", offsetof(struct input, background) },
};

static struct input read_input(struct json_span json)
{
	struct input in = { 0 };
	struct pull s = pull_of(json);
	struct json_span key, value;

	if (json.len == 0 || !pull_object(&s))
		return in;
	while (pull_key(&s, &key)) {
		value = pull_value(&s);
		for (size_t i = 0; i < sizeof members / sizeof *members; i++)
			if (pull_is(key, members[i].name))
				*(struct json_span *)(void *)((char *)&in + members[i].at) = value;
	}
	return in;
}

static uint64_t hash_of(const char *tool, const char *s, size_t n)
{
	return session_key((struct json_span){ tool, strlen(tool) }, (struct json_span){ s, n });
}

/* Lines of a JSON text, by its escapes. */
static uint32_t lines_in(struct json_span text)
{
	struct json_span in = pull_inside(text);
	uint32_t n = in.len > 0;

	for (size_t i = 0; i + 1 < in.len; i++) {
		n += in.at[i] == '\\' && in.at[i + 1] == 'n' && i + 2 < in.len;
		i += in.at[i] == '\\';
	}
	return n;
}

/* Lines of a patch in a JSON text that begin with the mark. */
static uint32_t marked_lines(struct json_span text, char mark)
{
	struct json_span in = pull_inside(text);
	uint32_t n = 0;

	for (size_t i = 0; i + 2 < in.len; i++) {
		n += in.at[i] == '\\' && in.at[i + 1] == 'n' && in.at[i + 2] == mark;
		i += in.at[i] == '\\';
	}
	return n;
}

static uint64_t text_key(struct json_span text)
{
	return text.len == 0 ? 0 : session_key(text, (struct json_span){ 0 });
}

/* A command as one text, or as words of which the last behind `-c` or `-lc` is the script. */
static void command_text(struct json_span command, char *out, size_t size)
{
	struct pull s = pull_of(command);
	struct json_span word, last = { 0 };
	size_t n = 0;
	bool script = false;

	if (pull_is_text(command) || !pull_array(&s)) {
		(void)pull_text(command, out, size);
		return;
	}
	out[0] = '\0';
	while (pull_more(&s)) {
		word = pull_value(&s);
		script = pull_is(last, "-c") || pull_is(last, "-lc");
		if (script)
			n = 0;
		if (n > 0 && n + 1 < size)
			out[n++] = ' ';
		n += pull_text(word, out + n, size - n);
		last = word;
		if (script)
			return;
	}
}

/* Codex has no tools for looking but the shell: what it prints it reads. */
static void look_by_command(struct session *s, struct session_call *c,
                            const struct shell_facts *facts)
{
	if (facts->reads[0] != '\0') {
		c->act = ACT_READ;
		c->target = text_dup(s->a, facts->reads);
	} else if (facts->searches) {
		c->act = ACT_SEARCH;
	}
}

static void read_command(struct session *s, struct session_call *c, struct json_span command)
{
	char raw[SHELL_MAX], normal[SHELL_MAX], key[SHELL_MAX];
	struct shell_facts facts;
	const char *said;
	bool masked;

	command_text(command, raw, sizeof raw);
	said = memory_mask(raw, s->a, &masked);
	(void)shell_normal(said == NULL ? "" : said, normal, sizeof normal);
	shell_facts(normal, s->gates, &facts);
	c->command = text_dup(s->a, normal);
	c->head = text_dup(s->a, facts.head[0] == '\0' ? c->tool : facts.head);
	c->writes = facts.writes;
	c->moves_head = facts.moves_head;
	c->commits = facts.commits;
	c->input = hash_of(c->tool, normal, strlen(normal));
	if (strcmp(s->host, "codex") == 0)
		look_by_command(s, c, &facts);
	if (facts.is_gate) {
		(void)shell_gate_key(normal, key, sizeof key);
		c->gate = hash_of("gate", key, strlen(key));
	}
}

/* `*** Update File: path` in a patch as JSON text: the first file it names. */
static const char *patched_file(struct session *s, struct json_span patch)
{
	static const char *const marks[] = { "*** Update File: ", "*** Add File: ",
		                             "*** Delete File: " };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t n = strlen(marks[i]), len = 0, left;
		const char *at = patch.len == 0 ? NULL : memmem(patch.at, patch.len, marks[i], n);

		if (at == NULL)
			continue;
		at += n;
		left = (size_t)(patch.at + patch.len - at);
		while (len < left && at[len] != '\\' && at[len] != '"' && at[len] != '\n')
			len++;
		return arena_copy(s->a, at, len);
	}
	return NULL;
}

bool call_read(struct session *s, struct session_call *c, struct json_span name,
               struct json_span input)
{
	struct input in = read_input(input);
	char path[PATH_MAX_SHOWN];

	(void)pull_text(name, path, sizeof path);
	c->tool = text_dup(s->a, path[0] == '\0' ? "unknown" : path);
	if (c->tool == NULL)
		return false;
	c->head = c->tool;
	c->act = session_act(c->tool);
	c->background = pull_is_true(in.background);
	c->input = hash_of(c->tool, input.at == NULL ? "" : input.at, input.len);
	if (pull_text(in.path, path, sizeof path) > 0)
		c->target = text_dup(s->a, path);
	if (c->act == ACT_SHELL) {
		read_command(s, c, in.command);
	} else if (c->act == ACT_EDIT) {
		c->old_text = text_key(in.old_text);
		c->new_text = text_key(in.new_text.len > 0 ? in.new_text : input);
		c->added = in.new_text.len > 0 ? lines_in(in.new_text) : marked_lines(input, '+');
		c->removed = in.new_text.len > 0 ? lines_in(in.old_text) : marked_lines(input, '-');
		if (c->target == NULL)
			c->target = patched_file(s, input);
	}
	return !arena_failed(s->a);
}

static bool has(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strstr(text, *words) != NULL)
			return true;
	return false;
}

/* The host's marks around an error say nothing about it. */
static const char *without_marks(const char *s)
{
	static const char *const marks[] = { "<tool_use_error>", "Error: " };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (strncmp(s, marks[i], strlen(marks[i])) == 0)
			s += strlen(marks[i]);
	return s;
}

void call_result(struct session *s, struct session_call *c, bool failed, struct json_span text)
{
	static const char *const denied[] = {
		"The user doesn't want to",   "the user doesn't want to",
		"but you haven't granted it", "has been denied",
		"tool use was rejected",      "User denied",
		"rejected permission",        "specified a rule which prevents",
		"rejected by user",           NULL
	};
	static const char *const interrupted[] = { "[Request interrupted by user",
		                                   "Tool execution aborted", NULL };
	static const char *const too_large[] = { "exceeds maximum allowed", NULL };
	static const char *const stale[] = {
		"String to replace not found",    "modified since read",
		"File has been modified since",   "has been modified since it was last read",
		"oldString not found in content", "could not find the string to replace",
		"Failed to find expected lines",  NULL
	};
	static const char *const missing[] = { "command not found", "Cannot find module",
		                               "No module named", "ModuleNotFoundError", NULL };
	char head[HEAD_OF_RESULT], mask[SESSION_ERROR + 1];
	const char *said;
	bool masked;

	if (!failed && c->act != ACT_SHELL)
		return;
	(void)pull_text(text, head, sizeof head);
	c->missing_program = has(head, missing);
	if (!failed)
		return;
	c->failure = has(head, interrupted) ? FAIL_INTERRUPTED
	             : has(head, denied)    ? FAIL_DENIED
	                                    : FAIL_ERROR;
	c->too_large = has(head, too_large);
	c->stale = has(head, stale);
	said = memory_mask(without_marks(head), s->a, &masked);
	(void)shell_mask(said == NULL ? "" : said, true, mask, sizeof mask);
	mask[text_utf8_valid(mask, strlen(mask))] = '\0';
	c->error = text_dup(s->a, mask);
}
