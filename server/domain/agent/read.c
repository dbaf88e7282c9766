/* One agent's file: front matter by a table of keys, and the prompt after it. */
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "bus/topic.h"
#include "domain/agent/make.h"

#define FENCE       "---"
#define TIMEOUT_MAX (INT64_C(7) * 24 * 3600 * 1000)

void agent_add_text(struct agent_texts *list, const char *text, struct arena *a)
{
	/* the NULL at its end is one more item */
	size_t n = list->n == 0 ? 0 : list->n + 1;
	const char **grown = list_room(a, list->at, n, &list->room, sizeof *grown);

	if (grown == NULL)
		return;
	list->at = grown;
	grown[list->n++] = text;
	grown[list->n] = NULL;
}

static long line_of(const struct yaml *y)
{
	return (long)(y->key == NULL ? y->line : y->key->line);
}

static void wrong(struct making *m, const struct yaml *y, const char *right)
{
	agent_note(m, "bad-value", line_of(y), "'%s' must be %s", y->key->text, right);
}

static void read_text(struct making *m, const struct yaml *y, const char **out)
{
	if (y->kind == YAML_TEXT)
		*out = y->text;
	else if (y->kind != YAML_NULL)
		wrong(m, y, "a text");
}

/* Words between commas, but not between those inside ( ). */
static void split(struct making *m, const char *s, struct agent_texts *out)
{
	while (*s != '\0' && out->n < AGENT_LISTED_MAX) {
		size_t n = 0, end;
		int depth = 0;

		s += strspn(s, " \t,\n");
		for (; s[n] != '\0' && (s[n] != ',' || depth > 0); n++)
			depth += (s[n] == '(') - (s[n] == ')');
		for (end = n; end > 0 && isspace((unsigned char)s[end - 1]); end--)
			;
		if (end > 0)
			agent_add_text(out, arena_copy(m->arena, s, end), m->arena);
		s += n;
	}
}

/* A list of texts; a text stands for a list with commas when `commas`, else for one item. */
static void read_list(struct making *m, const struct yaml *y, bool commas, struct agent_texts *out)
{
	if (y->kind == YAML_TEXT && commas) {
		split(m, y->text, out);
	} else if (y->kind == YAML_TEXT) {
		agent_add_text(out, y->text, m->arena);
	} else if (y->kind == YAML_LIST) {
		for (const struct yaml *i = y->first; i != NULL; i = i->next)
			if (i->kind != YAML_TEXT)
				agent_note(m, "bad-value", (long)i->line,
				           "an item of '%s' must be a text", y->key->text);
			else if (out->n < AGENT_LISTED_MAX)
				agent_add_text(out, i->text, m->arena);
	} else if (y->kind == YAML_MAP) {
		wrong(m, y, "a list");
	}
}

static void read_topics(struct making *m, const struct yaml *y, struct agent_texts *out)
{
	struct err why;

	read_list(m, y, true, out);
	for (size_t i = 0; i < out->n; i++)
		if (topic_check(out->at[i], true, &why) != OK)
			agent_note(m, "bad-topic", line_of(y), "%s", why.text);
}

static void read_name(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_text(m, y, &agent->name);
	agent->line = line_of(y);
}

static void read_description(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_text(m, y, &agent->description);
}

static void read_model(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_text(m, y, &agent->model);
}

static void read_preset(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_text(m, y, &agent->preset);
}

static void read_command(struct making *m, const struct yaml *y, struct agent *agent)
{
	if (m->trusted)
		read_list(m, y, false, &agent->command);
	else
		agent_note(m, "command-not-allowed", line_of(y),
		           "a file of the project may not say what is run; configure an agent in "
		           ".gadugi/config and name it here with 'preset'");
}

static void read_tools(struct making *m, const struct yaml *y, struct agent *agent)
{
	const struct yaml *item = y->kind == YAML_LIST ? y->first : NULL;

	agent->all_tools = y->kind == YAML_NULL;
	read_list(m, y, true, &agent->tools);
	/* a list's items stand on lines of their own; what is no text was noted and left out */
	for (size_t i = 0; i < agent->tools.n; i++) {
		while (item != NULL && item->kind != YAML_TEXT)
			item = item->next;
		agent_check_tool(m, agent->tools.at[i],
		                 item == NULL ? line_of(y) : (long)item->line);
		item = item == NULL ? NULL : item->next;
	}
}

static void read_subscribes(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_topics(m, y, &agent->subscribes);
}

static void read_publishes(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_topics(m, y, &agent->publishes);
}

static void read_permissions(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_list(m, y, true, &agent->approvals);
	for (size_t i = 0; i < agent->approvals.n; i++)
		if (strcmp(agent->approvals.at[i], "ask") != 0)
			wrong(m, y, "'ask' (each start needs an approval) or left out");
}

static void read_restart_policy(struct making *m, const struct yaml *y, struct agent *agent)
{
	static const char *const words[] = { [AGENT_NEVER] = "never",
		                             [AGENT_ON_FAILURE] = "on-failure",
		                             [AGENT_ALWAYS] = "always" };

	for (int i = 0; y->kind == YAML_TEXT && i < 3; i++)
		if (strcmp(words[i], y->text) == 0) {
			agent->restart = (enum agent_restart)i;
			return;
		}
	wrong(m, y, "never, on-failure or always");
}

/* `restart: on-failure`, or `restart: {policy: on-failure, max: 3}`. */
static void read_restart(struct making *m, const struct yaml *y, struct agent *agent)
{
	const struct yaml *most = yaml_get(y, "max"), *policy = yaml_get(y, "policy");
	long n = 0;

	if (y->kind != YAML_MAP) {
		read_restart_policy(m, y, agent);
		return;
	}
	if (policy != NULL)
		read_restart_policy(m, policy, agent);
	if (most == NULL)
		return;
	if (yaml_whole(most, &n) && n >= 0 && n <= 100)
		agent->restarts_max = (int)n;
	else
		wrong(m, most, "a whole number from 0 to 100");
}

/* `90`, `90s`, `15m`, `2h`: seconds unless it says otherwise. */
static void read_time(struct making *m, const struct yaml *y, int64_t *ms)
{
	const char *text = y->kind == YAML_TEXT ? y->text : "";
	char *end = NULL;
	double n = strtod(text, &end);
	double unit = *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;

	if (n > 0 && end != text && n * unit * 1000 <= (double)TIMEOUT_MAX &&
	    (*end == '\0' || (strchr("smh", *end) != NULL && end[1] == '\0')))
		*ms = (int64_t)(n * unit * 1000);
	else
		wrong(m, y, "a time like 90s, 15m or 2h");
}

static void read_timeout(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_time(m, y, &agent->timeout_ms);
}

static void read_heartbeat(struct making *m, const struct yaml *y, struct agent *agent)
{
	read_time(m, y, &agent->heartbeat_ms);
}

static void read_concurrency(struct making *m, const struct yaml *y, struct agent *agent)
{
	long n = 0;

	if (yaml_whole(y, &n) && n >= 1 && n <= 64)
		agent->concurrency = (int)n;
	else
		wrong(m, y, "a whole number from 1 to 64");
}

/* Every key that is read, and those that only other hosts read. */
static const struct {
	const char *key;
	void (*read)(struct making *m, const struct yaml *y, struct agent *agent);
} keys[] = {
	{ "name", read_name },
	{ "description", read_description },
	{ "model", read_model },
	{ "preset", read_preset },
	{ "command", read_command },
	{ "tools", read_tools },
	{ "subscribes", read_subscribes },
	{ "publishes", read_publishes },
	{ "permissions", read_permissions },
	{ "restart", read_restart },
	{ "timeout", read_timeout },
	{ "heartbeat", read_heartbeat },
	{ "concurrency", read_concurrency },
	{ "background", NULL },
	{ "color", NULL },
	{ "disallowedTools", NULL },
	{ "effort", NULL },
	{ "hooks", NULL },
	{ "imports", NULL },
	{ "initialPrompt", NULL },
	{ "isolation", NULL },
	{ "maxTurns", NULL },
	{ "mcpServers", NULL },
	{ "memory", NULL },
	{ "mode", NULL },
	{ "permissionMode", NULL },
	{ "skills", NULL },
	{ "temperature", NULL },
	{ "version", NULL },
};

#define KEYS_N (sizeof keys / sizeof *keys)

static void read_key(struct making *m, const struct yaml *y, struct agent *agent)
{
	const char *names[KEYS_N], *nearest;

	for (size_t i = 0; i < KEYS_N; i++) {
		if (strcmp(keys[i].key, y->key->text) == 0) {
			if (keys[i].read != NULL)
				keys[i].read(m, y, agent);
			return;
		}
		names[i] = keys[i].key;
	}
	nearest = text_nearest(y->key->text, names, KEYS_N);
	agent_note(m, "unknown-key", line_of(y), "there is no key '%s'%s%s%s", y->key->text,
	           nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
	           nearest == NULL ? "" : "'?");
}

/* The file's name without its folder and ending. */
static const char *stem(struct making *m)
{
	const char *slash = strrchr(m->path, '/'), *base = slash == NULL ? m->path : slash + 1;
	size_t n = strlen(base);

	return arena_copy(m->arena, base, n > 3 && strcmp(base + n - 3, ".md") == 0 ? n - 3 : n);
}

static bool good_name(const char *name)
{
	return strlen(name) <= AGENT_NAME_MAX && strchr(name, '.') == NULL &&
	       topic_check(name, false, NULL) == OK;
}

/* Read the keys, name and description first looked at. False: it cannot be an agent. */
static bool fill(struct making *m, const struct yaml *map, struct agent *agent)
{
	const struct yaml *name = yaml_get(map, "name");

	if (name != NULL && name->kind == YAML_TEXT)
		m->agent = name->text;
	agent_own_servers(m, map);
	for (const struct yaml *y = map->first; y != NULL; y = y->next)
		read_key(m, y, agent);
	if (agent->name == NULL || *agent->name == '\0') {
		agent->name = stem(m);
		agent->line = (long)map->line;
		if (agent->name == NULL)
			return false;
		m->agent = agent->name;
		agent_note(m, "missing-name", (long)map->line, "no 'name'; the file's is used");
	}
	if (!good_name(agent->name)) {
		agent_note(m, "bad-name", agent->line,
		           "'%s' cannot name an agent; use up to %d letters, digits, '-' and '_'",
		           agent->name, AGENT_NAME_MAX);
		return false;
	}
	if (*agent->description == '\0')
		agent_note(m, "missing-description", agent->line,
		           "no 'description'; it tells when to choose this agent");
	return true;
}

/* The front matter as a map; NULL when it is none, which is noted. */
static const struct yaml *front_matter(struct making *m, const char *bytes, size_t n)
{
	const struct yaml *map = NULL;
	struct err why = { 0 };
	const struct yaml_source source = { bytes, n, "front matter", 2 };
	enum status st = yaml_parse(&source, m->arena, &map, &why);
	long line = 2;
	const char *at;

	if (arena_failed(m->arena))
		return NULL;
	if (st == OK && map->kind == YAML_MAP)
		return map;
	/* the place stands at the beginning of the words: NAME:LINE:COLUMN */
	if (st != OK && (at = strchr(why.text, ':')) != NULL && strtol(at + 1, NULL, 10) > 0)
		line = strtol(at + 1, NULL, 10);
	if ((map = agent_plain_lines(bytes, n, 2, m->arena)) != NULL)
		agent_note(m, "plain-front-matter", line,
		           "read line by line, for it is no YAML: %s; quote the text to be sure",
		           st == OK ? "it has no keys" : why.text);
	else if (!arena_failed(m->arena))
		agent_note(m, "bad-front-matter", line, "%s",
		           st == OK ? "there are no keys between the two '---'" : why.text);
	return map;
}

/* Where the line after this one begins. */
static const char *after_line(const char *s)
{
	s += strcspn(s, "\n");
	return *s == '\0' ? s : s + 1;
}

static bool is_fence(const char *s)
{
	size_t n = strlen(FENCE);

	if (strncmp(s, FENCE, n) != 0)
		return false;
	while (s[n] == ' ' || s[n] == '\r')
		n++;
	return s[n] == '\n' || s[n] == '\0';
}

enum status agent_read(struct making *m, const char *bytes, size_t n, struct agent *out,
                       bool *found)
{
	const char *text = strncmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? bytes + 3 : bytes;
	const char *front, *end;
	const struct yaml *map;

	(void)n;
	*found = false;
	*out = (struct agent){ .description = "",
		               .all_tools = true,
		               .restart = AGENT_ON_FAILURE,
		               .restarts_max = AGENT_RESTARTS,
		               .concurrency = 1,
		               .path = m->path,
		               .source = m->source };
	if (!is_fence(text)) {
		agent_note(m, "no-front-matter", 1,
		           "no agent: it does not begin with '---' and keys like 'name'");
		return OK;
	}
	front = end = after_line(text);
	while (*end != '\0' && !is_fence(end))
		end = after_line(end);
	if (*end == '\0') {
		agent_note(m, "open-front-matter", 1, "no second '---' ends the front matter");
		return OK;
	}
	if ((map = front_matter(m, front, (size_t)(end - front))) != NULL)
		*found = fill(m, map, out);
	out->prompt = after_line(end);
	out->prompt += strspn(out->prompt, "\r\n");
	if (*found && *out->prompt == '\0')
		agent_note(m, "empty-prompt", out->line, "no text after the front matter");
	return arena_failed(m->arena) ? err_nomem(m->err, "an agent") : OK;
}
