/* install.c - making gadugi known to hosts, and taking it away again. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/edit.h"
#include "cli/editors.h"

#define SETTINGS_MAX ((size_t)64 << 20)

enum form { FORM_SERVERS, FORM_OPENCODE, FORM_TOML, FORM_LUA };

struct host {
	const char *name, *title;
	const char *base;    /* a variable that stands for the folder of `user`; NULL: HOME */
	const char *own;     /* the path under that variable's folder */
	const char *user;    /* under the home folder */
	const char *project; /* under the project's root; NULL: it knows no such file */
	enum form form;
	const char *section; /* where servers stand in the file */
	const char *after;   /* what to do next */
};

static const struct host hosts[] = {
	{ "claude-code", "Claude Code", "CLAUDE_CONFIG_DIR", ".claude.json", ".claude.json",
	  ".mcp.json", FORM_SERVERS, "mcpServers", "begin a new session; /mcp shows it" },
	{ "vscode", "VS Code", NULL, NULL, ".config/Code/User/mcp.json", ".vscode/mcp.json",
	  FORM_SERVERS, "servers", "'MCP: List Servers' starts it" },
	{ "neovim", "Neovim", "XDG_DATA_HOME", "nvim/site/pack/gadugi/start/gadugi/lua/gadugi.lua",
	  ".local/share/nvim/site/pack/gadugi/start/gadugi/lua/gadugi.lua", NULL, FORM_LUA, "",
	  "':lua print(require(\"gadugi\").tools())' shows its tools" },
	{ "codex", "Codex", "CODEX_HOME", "config.toml", ".codex/config.toml", ".codex/config.toml",
	  FORM_TOML, "mcp_servers", "begin a new session; /mcp shows it" },
	{ "gemini", "Gemini CLI", NULL, NULL, ".gemini/settings.json", ".gemini/settings.json",
	  FORM_SERVERS, "mcpServers", "begin a new session; /mcp shows it" },
	{ "opencode", "opencode", "XDG_CONFIG_HOME", "opencode/opencode.json",
	  ".config/opencode/opencode.json", "opencode.json", FORM_OPENCODE, "mcp",
	  "begin a new session; 'opencode mcp list' shows it" },
};

#define HOSTS_N (sizeof hosts / sizeof *hosts)

static const struct host *find(const char *name)
{
	for (size_t i = 0; i < HOSTS_N; i++)
		if (strcmp(hosts[i].name, name) == 0)
			return &hosts[i];
	return NULL;
}

static int unknown(struct cli *c, const char *name)
{
	const char *names[HOSTS_N], *near;
	struct text all;
	int rc;

	text_init(&all, 1024);
	for (size_t i = 0; i < HOSTS_N; i++) {
		names[i] = hosts[i].name;
		text_addf(&all, "%s%s", i == 0 ? "" : ", ", names[i]);
	}
	near = name == NULL ? NULL : text_nearest(name, names, HOSTS_N);
	if (near != NULL)
		rc = cli_usage(c, "there is no host '%.60s'; is it '%s'?", name, near);
	else
		rc = cli_usage(c, "the hosts are %s", text_string(&all));
	text_done(&all);
	return rc;
}

/* The settings file, links followed; in the arena. */
static enum status find_path(struct cli *c, const struct host *h, bool project, const char **out)
{
	const char *home = getenv("HOME"), *base = h->base == NULL ? NULL : getenv(h->base), *path;
	char real[PATH_MAX];
	enum status st;

	if (project && h->project == NULL)
		return err_set(&c->err, E_INPUT,
		               "%s has no settings of a project; leave out --project", h->title);
	if (project) {
		if ((st = cli_open(c)) != OK)
			return st;
		path = text_printf(c->arena, "%s/%s", c->root, h->project);
	} else if (base != NULL && base[0] == '/') {
		path = text_printf(c->arena, "%s/%s", base, h->own);
	} else if (home != NULL && home[0] == '/') {
		path = text_printf(c->arena, "%s/%s", home, h->user);
	} else {
		return err_set(&c->err, E_INPUT, "HOME is not set; --project needs none");
	}
	if (path != NULL && realpath(path, real) != NULL)
		path = text_dup(c->arena, real);
	*out = path;
	return path == NULL ? err_nomem(&c->err, "a path") : OK;
}

/* How this program is started: by its name if PATH leads to it, else by its path. */
static const char *own_command(struct cli *c)
{
	char self[PATH_MAX], other[PATH_MAX];
	const char *path = getenv("PATH"), *candidate;

	if (realpath("/proc/self/exe", self) == NULL)
		return "gadugi";
	while (path != NULL && *path != '\0') {
		size_t n = strcspn(path, ":");

		candidate = text_printf(c->arena, "%.*s/gadugi", (int)n, path);
		if (n > 0 && candidate != NULL && realpath(candidate, other) != NULL &&
		    strcmp(self, other) == 0)
			return "gadugi";
		path += n + (path[n] == ':');
	}
	return text_dup(c->arena, self);
}

/* s as a string of JSON, which TOML reads the same. */
static const char *quoted(struct cli *c, const char *s)
{
	cJSON *value = cJSON_CreateString(s);
	char *printed = value == NULL ? NULL : json_print(value);
	const char *copy = printed == NULL ? NULL : text_dup(c->arena, printed);

	cJSON_free(printed);
	cJSON_Delete(value);
	return copy;
}

/* What the entry says. */
static const char *entry_of(struct cli *c, const struct host *h)
{
	const char *self = own_command(c), *command = self == NULL ? NULL : quoted(c, self);

	if (command == NULL)
		return NULL;
	switch (h->form) {
	case FORM_SERVERS:
		return text_printf(
		    c->arena,
		    strcmp(h->name, "gemini") == 0
			? "{ \"command\": %s, \"args\": [\"serve\"] }"
			: "{ \"type\": \"stdio\", \"command\": %s, \"args\": [\"serve\"] }",
		    command);
	case FORM_OPENCODE:
		return text_printf(c->arena,
		                   "{ \"type\": \"local\", \"command\": [%s, \"serve\"], "
		                   "\"enabled\": true }",
		                   command);
	case FORM_TOML:
		return text_printf(c->arena, "command = %s\nargs = [\"serve\"]\n", command);
	case FORM_LUA:
		return editors_neovim;
	}
	return NULL;
}

static enum status edit(struct cli *c, const struct host *h, bool install, const char *before,
                        struct text *after, bool *changed)
{
	const char *entry = entry_of(c, h);
	const struct edit_entry e = { h->section, "gadugi", entry };

	if (entry == NULL)
		return err_nomem(&c->err, "the entry");
	if (h->form == FORM_LUA) {
		text_add(after, install ? entry : "");
		*changed = strcmp(before, text_string(after)) != 0;
		return after->failed ? err_nomem(&c->err, "the module") : OK;
	}
	if (h->form == FORM_TOML && install)
		return edit_toml_put(before, &e, after, changed, &c->err);
	if (h->form == FORM_TOML)
		return edit_toml_drop(before, &e, after, changed, &c->err);
	if (install)
		return edit_json_put(before, &e, after, changed, &c->err);
	return edit_json_drop(before, &e, after, changed, &c->err);
}

static enum status make_folders(struct cli *c, const char *path)
{
	char *part = text_dup(c->arena, path);

	if (part == NULL)
		return err_nomem(&c->err, "a path");
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return err_sys(&c->err, errno, "cannot make the folder '%s'", part);
		*slash = '/';
	}
	return OK;
}

/* The whole new file beside the old one, then in its place; its mode is kept. */
static enum status write_file(struct cli *c, const char *path, const struct text *bytes)
{
	const char *beside = text_printf(c->arena, "%s.gadugi-new", path), *at = text_string(bytes);
	struct stat old;
	mode_t mode = stat(path, &old) == 0 ? old.st_mode & 0777 : 0644;
	size_t left = bytes->len;
	enum status st = make_folders(c, path);
	int fd;

	if (st != OK || beside == NULL)
		return st != OK ? st : err_nomem(&c->err, "a path");
	(void)unlink(beside);
	if ((fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) == -1)
		return err_sys(&c->err, errno, "cannot make '%s'", beside);
	(void)fchmod(fd, mode);
	while (left > 0) {
		ssize_t n = write(fd, at, left);

		if (n <= 0 && errno != EINTR)
			break;
		at += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
	if (left > 0 || fsync(fd) != 0 || rename(beside, path) != 0) {
		st = err_sys(&c->err, errno, "cannot write '%s'", path);
		(void)unlink(beside);
	}
	(void)close(fd);
	return st;
}

static enum status apply(struct cli *c, const char *path, const struct text *after)
{
	if (after->len > 0)
		return write_file(c, path, after);
	if (unlink(path) != 0 && errno != ENOENT)
		return err_sys(&c->err, errno, "cannot remove '%s'", path);
	return OK;
}

static void tell(struct cli *c, const struct host *h, const char *path, bool install, bool changed)
{
	struct screen *s = &c->screen;

	if (!changed)
		text_addf(&s->text, install ? "%s has gadugi already, in " : "%s has no gadugi in ",
		          h->title);
	else
		text_add(&s->text, install ? "wrote " : "took gadugi out of ");
	screen_text(s, path);
	text_add_char(&s->text, '\n');
	if (install && changed)
		text_addf(&s->text, "%s: %s\n", h->title, h->after);
}

int command_install(struct cli *c)
{
	bool install = strcmp(c->command->name, "install") == 0, changed = false;
	const struct host *h = c->n_words == 0 ? NULL : find(c->words[0]);
	const char *path = NULL, *before = "";
	struct text after;
	enum status st;
	size_t n = 0;

	if (h == NULL)
		return unknown(c, c->n_words == 0 ? NULL : c->words[0]);
	if (find_path(c, h, cli_has(c, "project"), &path) != OK)
		return cli_failed(c);
	assert(path != NULL);
	if (access(path, F_OK) == 0 && cli_read(c, path, &before, &n) != OK)
		return cli_failed(c);
	text_init(&after, SETTINGS_MAX);
	st = edit(c, h, install, before, &after, &changed);
	if (st != OK) {
		const char *why = text_dup(c->arena, c->err.text);

		(void)err_set(&c->err, st, "'%s': %s", path, why == NULL ? "" : why);
	} else if (cli_has(c, "dry-run")) {
		text_add(&c->screen.text, text_string(&after));
	} else if (!changed || (st = apply(c, path, &after)) == OK) {
		tell(c, h, path, install, changed);
	}
	text_done(&after);
	if (st != OK)
		return cli_failed(c);
	screen_flush(&c->screen);
	return CLI_DONE;
}
