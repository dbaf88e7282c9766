/* Where agents are found, and the findings about them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/agent/make.h"
#include "sys/folder.h"

/* Every code of a finding, what it means for use, and the only place of both. */
static const struct {
	const char *code;
	enum agent_severity severity;
} codes[] = {
	{ "no-front-matter", AGENT_WARNING }, /* the file does not begin with --- */
	{ "open-front-matter", AGENT_ERROR }, /* no second --- */
	{ "bad-front-matter", AGENT_ERROR },  /* no YAML, and no plain lines either */
	{ "plain-front-matter", AGENT_INFO }, /* no YAML; read line by line, as Claude Code does */
	{ "missing-name", AGENT_WARNING },    /* the file's name is used */
	{ "missing-description", AGENT_ERROR }, /* nobody could choose it */
	{ "bad-name", AGENT_ERROR },
	{ "bad-value", AGENT_ERROR },     /* a key with a value of the wrong kind */
	{ "unknown-key", AGENT_WARNING }, /* often a slip of the pen */
	{ "unknown-tool", AGENT_ERROR },
	{ "unknown-server", AGENT_ERROR },  /* in none of the files that say which there are */
	{ "unchecked-server", AGENT_INFO }, /* there are no such files, or one cannot be read */
	{ "bad-topic", AGENT_ERROR },
	{ "command-not-allowed", AGENT_ERROR }, /* a command in a project's folder */
	{ "empty-prompt", AGENT_WARNING },
	{ "shadowed", AGENT_INFO }, /* another file of the same name came first */
	{ "unreadable", AGENT_ERROR },
};

static enum agent_severity severity_of(const char *code)
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(codes[i].code, code) == 0)
			return codes[i].severity;
	return AGENT_ERROR;
}

void agent_note(struct making *m, const char *code, long line, const char *fmt, ...)
{
	struct agent_set *set = m->set;
	struct agent_finding *grown;
	char words[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	words[text_utf8_valid(words, strlen(words))] = '\0'; /* may have been cut in a character */
	grown =
	    list_room(m->arena, set->findings, set->n_findings, &set->findings_room, sizeof *grown);
	if (grown == NULL)
		return;
	set->findings = grown;
	grown[set->n_findings++] = (struct agent_finding){
		.code = code,
		.severity = severity_of(code),
		.message = text_dup(m->arena, words),
		.path = m->path,
		.line = line,
		.agent = m->agent,
	};
	set->sound = set->sound && severity_of(code) != AGENT_ERROR;
}

/* The whole of a file. A mistake of the file's is noted, and *bytes stays NULL. */
static enum status slurp(struct making *m, const char **bytes, size_t *n)
{
	struct text all;
	struct lines *l = NULL;
	const char *line = NULL;
	bool too_long = false;
	size_t len = 0;
	struct err why = { 0 };
	enum status st = lines_open(&l, m->path, &why);

	text_init(&all, AGENT_BYTES_MAX);
	while (st == OK &&
	       (st = lines_next(l, AGENT_BYTES_MAX, &line, &len, &too_long, &why)) == OK &&
	       line != NULL && !too_long && all.len + len < AGENT_BYTES_MAX) {
		text_add_n(&all, line, len);
		text_add_char(&all, '\n');
	}
	lines_free(l);
	*bytes = NULL;
	if (st == E_NOMEM || (st == OK && all.failed)) {
		text_done(&all);
		return err_nomem(m->err, "an agent's file");
	}
	if (st != OK)
		agent_note(m, "unreadable", 0, "%s", why.text);
	else if (line != NULL)
		agent_note(m, "unreadable", 0, "the file is larger than %zu bytes",
		           AGENT_BYTES_MAX);
	else if (text_utf8_valid(text_string(&all), all.len) != all.len ||
	         memchr(text_string(&all), '\0', all.len) != NULL)
		agent_note(m, "unreadable", 0, "the file is not UTF-8 text");
	else
		*bytes = text_copy(&all, m->arena);
	*n = all.len;
	text_done(&all);
	return arena_failed(m->arena) ? err_nomem(m->err, "an agent's file") : OK;
}

/* Index where name is or belongs, by name. */
static size_t place_of(const struct agent_set *set, const char *name)
{
	size_t low = 0, high = set->n_agents;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(set->agents[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum status add(struct making *m, const struct agent *agent)
{
	struct agent_set *set = m->set;
	size_t at = place_of(set, agent->name);
	struct agent *grown;

	if (at < set->n_agents && strcmp(set->agents[at].name, agent->name) == 0) {
		agent_note(m, "shadowed", agent->line, "'%s' comes from '%s', which is first",
		           agent->name, set->agents[at].path);
		return OK;
	}
	grown = list_room(m->arena, set->agents, set->n_agents, &set->agents_room, sizeof *grown);
	if (grown == NULL)
		return err_nomem(m->err, "the agents");
	set->agents = grown;
	memmove(&grown[at + 1], &grown[at], (set->n_agents - at) * sizeof *grown);
	grown[at] = *agent;
	set->n_agents++;
	return OK;
}

static enum status load_one(struct making *m)
{
	const char *bytes = NULL;
	struct agent agent;
	bool found = false;
	size_t n = 0;
	enum status st;

	m->agent = NULL;
	if ((st = slurp(m, &bytes, &n)) != OK || bytes == NULL)
		return st;
	if ((st = agent_read(m, bytes, n, &agent, &found)) != OK || !found)
		return st;
	return add(m, &agent);
}

static bool is_agent_file(const struct folder_entry *e)
{
	size_t n = strlen(e->name);

	return !e->is_folder && n > 3 && strcmp(e->name + n - 3, ".md") == 0 && e->name[0] != '.';
}

/* All files of a folder; one that is not there has none. */
static enum status load_folder(struct making *m, const char *folder)
{
	struct folder_entry *entries = NULL;
	size_t n = 0;
	struct err why = { 0 };
	enum status st;

	if (folder == NULL)
		return err_nomem(m->err, "a path");
	st = folder_list(folder, m->arena, &entries, &n, &why);
	if (st == E_ABSENT)
		return OK;
	if (st == E_NOMEM)
		return err_nomem(m->err, "the agents");
	if (st != OK) {
		m->path = folder;
		agent_note(m, "unreadable", 0, "%s", why.text);
		return OK;
	}
	for (size_t i = 0; st == OK && i < n; i++) {
		if (!is_agent_file(&entries[i]))
			continue;
		if (m->set->n_agents >= AGENTS_MAX)
			return err_set(m->err, E_INPUT,
			               "there are more than %d agents; '%s' has "
			               "one too many",
			               AGENTS_MAX, folder);
		m->path = text_printf(m->arena, "%s/%s", folder, entries[i].name);
		st = m->path == NULL ? err_nomem(m->err, "a path") : load_one(m);
	}
	return st;
}

static enum status begin(struct making *m, const struct agent_places *places, struct arena *a,
                         struct err *err)
{
	*m = (struct making){
		.set = arena_take(a, sizeof *m->set), .arena = a, .places = places, .err = err
	};
	if (m->set == NULL)
		return err_nomem(err, "the agents");
	m->set->sound = true;
	return OK;
}

enum status agent_load(const struct agent_places *places, struct arena *a, struct agent_set **out,
                       struct err *err)
{
	const struct {
		const char *source, *base, *below;
		bool trusted;
	} folders[] = {
		{ "project", places->root, ".gadugi/agents", false },
		{ "claude", places->root, ".claude/agents", false },
		{ "user", places->config_home, "gadugi/agents", true },
		{ "user", places->config_home == NULL ? places->home : NULL,
		  ".config/gadugi/agents", true },
		{ "user-claude", places->home, ".claude/agents", true },
	};
	struct making m;
	enum status st = begin(&m, places, a, err);

	for (size_t i = 0; st == OK && i < sizeof folders / sizeof *folders; i++) {
		if (folders[i].base == NULL)
			continue;
		m.source = folders[i].source;
		m.trusted = folders[i].trusted;
		st = load_folder(&m, text_printf(a, "%s/%s", folders[i].base, folders[i].below));
	}
	if (st != OK)
		return st;
	if (arena_failed(a))
		return err_nomem(err, "the agents");
	*out = m.set;
	return OK;
}

enum status agent_load_file(const struct agent_places *places, const char *path, struct arena *a,
                            struct agent_set **out, struct err *err)
{
	struct lines *l = NULL;
	struct making m;
	enum status st = lines_open(&l, path, err);

	lines_free(l);
	if (st != OK || (st = begin(&m, places, a, err)) != OK)
		return st;
	m.source = "file";
	m.path = text_dup(a, path);
	st = m.path == NULL ? err_nomem(err, "a path") : load_one(&m);
	if (st != OK)
		return st;
	if (arena_failed(a))
		return err_nomem(err, "the agents");
	*out = m.set;
	return OK;
}

size_t agent_find(const struct agent_set *set, const char *name, const char **nearest)
{
	size_t at = place_of(set, name), best = strlen(name) / 3 + 1;

	*nearest = NULL;
	if (at < set->n_agents && strcmp(set->agents[at].name, name) == 0)
		return at;
	for (size_t i = 0; i < set->n_agents; i++) {
		size_t d = text_distance(name, set->agents[i].name, best);

		if (d < best || (d == best && *nearest == NULL)) {
			best = d;
			*nearest = set->agents[i].name;
		}
	}
	return AGENT_NONE;
}

bool agent_has_finding(const struct agent_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_findings; i++)
		if (set->findings[i].agent != NULL && strcmp(set->findings[i].agent, name) == 0)
			return true;
	return false;
}

enum status agent_sound(const struct agent_set *set, const char *name, struct err *err)
{
	for (size_t i = 0; i < set->n_findings; i++) {
		const struct agent_finding *f = &set->findings[i];

		if (f->severity == AGENT_ERROR && f->agent != NULL && strcmp(f->agent, name) == 0)
			return err_set(err, E_INPUT, "%s:%ld: %s", f->path, f->line, f->message);
	}
	return OK;
}
