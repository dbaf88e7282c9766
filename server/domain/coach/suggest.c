/*
 * suggest.c - what was found as changes to the files that assistants go by: rules in CLAUDE.md or
 * AGENTS.md, permissions of Claude Code, gates and set-up of gadugi. Written as patches, never
 * applied.
 */
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "domain/coach/change.h"
#include "domain/coach/patch.h"
#include "sys/fs.h"

#define FILE_MAX    ((size_t)1 << 20)
#define RULES_HEAD  "## What cost time before\n"
#define SETTINGS    ".claude/settings.json"
#define CONFIG      ".gadugi/config"
#define SUBJECT_MAX 200

struct work {
	struct project *p;
	const struct coach_report *r;
	struct arena *a;
	struct err *err;
	struct coach_patch *items;
	size_t n, room;
};

/* The file as it is; NULL text when it is not there. */
static enum status read_file(struct work *w, const char *name, const char **out)
{
	const char *path = text_printf(w->a, "%s/%s", w->p->root, name);
	char *bytes = NULL;
	struct err why = { 0 };
	size_t n = 0;
	enum status st = path == NULL ? E_NOMEM : fs_read(path, FILE_MAX, w->a, &bytes, &n, &why);

	*out = NULL;
	if (st == E_NOMEM)
		return err_nomem(w->err, "a file");
	if (st == E_ABSENT)
		return OK;
	if (st != OK)
		return err_set(w->err, st, "%s", why.text);
	if (strlen(bytes) != n || text_utf8_valid(bytes, n) != n)
		return err_set(w->err, E_INPUT, "'%s' is not text in UTF-8", path);
	*out = bytes;
	return OK;
}

/* Write STATE/patches/NAME.patch, or take an old one away that says nothing any more. */
static enum status put_patch(struct work *w, const char *name, const char *file, const char *before,
                             const char *after, size_t changes)
{
	const char *folder = text_printf(w->a, "%s/patches", w->p->state);
	const char *path = text_printf(w->a, "%s/patches/%s.patch", w->p->state, name);
	struct coach_patch *items = list_room(w->a, w->items, w->n, &w->room, sizeof *items);
	struct text t;
	const char *body;
	enum status st;

	if (folder == NULL || path == NULL || items == NULL)
		return err_nomem(w->err, "the patches");
	w->items = items;
	text_init(&t, TEXT_LIMIT);
	patch_add(&t, file, before, after);
	body = text_copy(&t, w->a);
	text_done(&t);
	if (body == NULL)
		return err_nomem(w->err, "the patches");
	if (body[0] == '\0')
		return OK;
	if ((st = fs_make_folders(folder, 0700, w->err)) != OK ||
	    (st = fs_write(path, body, strlen(body), 0600, w->err)) != OK)
		return st;
	items[w->n++] = (struct coach_patch){ .path = text_printf(w->a, "patches/%s.patch", name),
		                              .file = text_dup(w->a, file),
		                              .changes = changes };
	return arena_failed(w->a) ? err_nomem(w->err, "the patches") : OK;
}

/* ---- rules ---- */

/* What an assistant can heed; NULL: the finding is nothing for a rule. */
static const char *rule_of(const char *code)
{
	static const struct {
		const char *code, *rule;
	} rules[] = {
		{ "repeat-failure", "Do not repeat a call unchanged that failed; this one did" },
		{ "error-loop", "After the second equal error look for its cause first; this one "
		                "came in a row" },
		{ "edit-test-loop", "When this gate fails twice, print what is there and what is "
		                    "expected before the next edit" },
		{ "flaky-gate", "This gate gives both answers for the same tree; run it twice "
		                "before believing it" },
		{ "reread", "Keep notes instead of reading this again" },
		{ "oversize-read", "Read this in parts or search it first; it is too large" },
		{ "stale-edit", "Read the place again right before editing it" },
		{ "permission-denied", "Ask before trying this; it was denied" },
		{ "serial-parallelisable", "Ask for looks that do not depend on each other in one "
		                           "message" },
		{ "hot-file", "Most errors came from this file; test it after each change" },
		{ "hot-command", "Most errors came from this command; look up how it is called "
		                 "here" },
		{ "churn", "Settle the design before writing; this was changed over and over" },
		{ "no-verify", "Run the tests after the last edit" },
		{ "context-exhaustion", "Give searches and large reads to subagents" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rules[i].code, code) == 0)
			return rules[i].rule;
	return NULL;
}

static void add_plain(struct text *t, char c)
{
	if (c == '`')
		text_add_char(t, '\'');
	else if ((unsigned char)c < 0x20)
		text_add_char(t, ' ');
	else
		text_add_char(t, c);
}

/* Text from a session as one line of code: without what would end it. */
static void add_subject(struct text *t, const char *s)
{
	size_t n = s == NULL ? 0 : text_utf8_cut(s, strlen(s), SUBJECT_MAX);

	if (n == 0)
		return;
	text_add(t, ": `");
	for (size_t i = 0; i < n; i++)
		add_plain(t, s[i]);
	text_add(t, "`");
}

/* The rule that the finding asks for; false: it is nothing for a rule. */
static bool add_rule(struct text *t, const struct coach_finding *f)
{
	const char *rule = f->run == NULL ? rule_of(f->code) : NULL;

	if (rule == NULL)
		return false;
	text_addf(t, "- %s", rule);
	add_subject(t, f->about);
	text_add(t, ".\n");
	return true;
}

static bool same_rule_before(const struct work *w, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(w->r->findings[k].fingerprint, w->r->findings[i].fingerprint) == 0)
			return true;
	return false;
}

/* The rules that the file does not have yet. */
static size_t add_rules(struct work *w, struct text *t, const char *before)
{
	size_t n = 0;

	for (size_t i = 0; i < w->r->n_findings; i++) {
		const struct coach_finding *f = &w->r->findings[i];
		struct text line;

		if (f->severity < COACH_WARNING || same_rule_before(w, i))
			continue;
		text_init(&line, TEXT_LIMIT);
		if (add_rule(&line, f) &&
		    (before == NULL || strstr(before, text_string(&line)) == NULL)) {
			text_add(t, text_string(&line));
			n++;
		}
		text_done(&line);
	}
	return n;
}

static enum status suggest_rules(struct work *w)
{
	const char *name = "CLAUDE.md", *before = NULL, *after;
	struct text t;
	size_t n;
	enum status st = read_file(w, name, &before);

	if (st == OK && before == NULL) {
		const char *other = NULL;

		st = read_file(w, "AGENTS.md", &other);
		if (other != NULL || w->r->n_sessions == 0 ||
		    strcmp(w->r->sessions[0].host, "claude") != 0)
			name = "AGENTS.md";
		before = other;
	}
	if (st != OK)
		return st;
	text_init(&t, TEXT_LIMIT);
	text_add(&t, before == NULL ? "" : before);
	if (t.len > 0 && t.bytes[t.len - 1] != '\n')
		text_add_char(&t, '\n');
	if (before == NULL || strstr(before, RULES_HEAD) == NULL)
		text_addf(&t, "%s" RULES_HEAD "\n", t.len > 0 ? "\n" : "");
	n = add_rules(w, &t, before);
	after = text_copy(&t, w->a);
	text_done(&t);
	if (after == NULL)
		return err_nomem(w->err, "the rules");
	return n == 0 ? OK : put_patch(w, "rules", name, before, after, n);
}

/* ---- permissions ---- */

/* `Bash(git push)` as the rule that allows it with any arguments. */
static const char *permission_of(struct arena *a, const char *about)
{
	size_t n = strlen(about);

	if (n > 6 && strncmp(about, "Bash(", 5) == 0 && about[n - 1] == ')')
		return text_printf(a, "%.*s:*)", (int)(n - 1), about);
	return text_dup(a, about);
}

static cJSON *member_of(cJSON *object, const char *key, cJSON *make(void))
{
	cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);

	if (member != NULL)
		return member;
	member = make();
	if (member == NULL || !cJSON_AddItemToObject(object, key, member)) {
		cJSON_Delete(member);
		return NULL;
	}
	return member;
}

static bool has_text(const cJSON *list, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
			return true;
	}
	return false;
}

/* Adds what was denied and is not allowed yet; how many. */
static enum status add_permissions(struct work *w, cJSON *settings, size_t *n)
{
	cJSON *permissions = member_of(settings, "permissions", cJSON_CreateObject), *allow, *item;

	if (permissions == NULL ||
	    (allow = member_of(permissions, "allow", cJSON_CreateArray)) == NULL)
		return err_nomem(w->err, "the permissions");
	for (size_t i = 0; i < w->r->n_findings; i++) {
		const struct coach_finding *f = &w->r->findings[i];
		const char *rule;

		if (strcmp(f->code, "permission-denied") != 0 || f->about == NULL ||
		    f->host == NULL || strcmp(f->host, "claude") != 0)
			continue;
		if ((rule = permission_of(w->a, f->about)) == NULL)
			return err_nomem(w->err, "the permissions");
		if (has_text(allow, rule))
			continue;
		item = cJSON_CreateString(rule);
		if (item == NULL || !cJSON_AddItemToArray(allow, item)) {
			cJSON_Delete(item);
			return err_nomem(w->err, "the permissions");
		}
		(*n)++;
	}
	return OK;
}

static enum status suggest_permissions(struct work *w)
{
	const char *before = NULL, *after;
	struct err why = { 0 };
	cJSON *settings = NULL;
	char *printed = NULL;
	size_t n = 0;
	enum status st = read_file(w, SETTINGS, &before);

	if (st != OK)
		return st;
	if (before == NULL)
		settings = cJSON_CreateObject();
	else if (json_read(before, strlen(before), &settings, &why) != OK ||
	         !cJSON_IsObject(settings))
		goto out; /* not ours to mend */
	if (settings == NULL)
		st = err_nomem(w->err, "the permissions");
	if (st == OK && (st = add_permissions(w, settings, &n)) == OK && n > 0) {
		printed = json_print_pretty(settings);
		after = printed == NULL ? NULL : text_printf(w->a, "%s\n", printed);
		st = after == NULL ? err_nomem(w->err, "the permissions")
		                   : put_patch(w, "permissions", SETTINGS, before, after, n);
	}
out:
	cJSON_free(printed);
	cJSON_Delete(settings);
	return st;
}

/* ---- gates and set-up ---- */

static bool was_found(const struct work *w, const char *code)
{
	for (size_t i = 0; i < w->r->n_findings; i++)
		if (strcmp(w->r->findings[i].code, code) == 0)
			return true;
	return false;
}

/* What a project of this kind is tested and set up with, by a file at its top. */
static const struct {
	const char *file, *gate, *setup;
} kinds[] = {
	{ "package-lock.json", "[npm, test]", "[npm, ci]" },
	{ "pnpm-lock.yaml", "[pnpm, test]", "[pnpm, install, --frozen-lockfile]" },
	{ "yarn.lock", "[yarn, test]", "[yarn, install, --frozen-lockfile]" },
	{ "package.json", "[npm, test]", "[npm, install]" },
	{ "Cargo.toml", "[cargo, test]", "[cargo, fetch]" },
	{ "go.mod", "[go, test, ./...]", "[go, mod, download]" },
	{ "uv.lock", "[uv, run, pytest]", "[uv, sync]" },
	{ "poetry.lock", "[poetry, run, pytest]", "[poetry, install]" },
	{ "requirements.txt", "[python3, -m, pytest]",
	  "[python3, -m, pip, install, -r, requirements.txt]" },
	{ "pyproject.toml", "[python3, -m, pytest]", "[python3, -m, pip, install, -e, .]" },
	{ "Gemfile.lock", "[bundle, exec, rake, test]", "[bundle, install]" },
	{ "Makefile", "[make, test]", NULL },
};

/* By the first file that is at the project's top; NULL where none tells. */
static enum status kind_of(struct work *w, const char **gate, const char **setup)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *path = text_printf(w->a, "%s/%s", w->p->root, kinds[i].file);

		if (path == NULL)
			return err_nomem(w->err, "a path");
		if (fs_kind(path) != FS_FILE)
			continue;
		*gate = kinds[i].gate;
		*setup = kinds[i].setup;
		break;
	}
	return OK;
}

/* Does the file say anything about that key? */
static bool says(const char *file, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = file; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == ':')
			return true;
	}
	return false;
}

static enum status suggest_config(struct work *w)
{
	bool loose = was_found(w, "no-verify") || was_found(w, "edit-test-loop");
	const char *before = NULL, *after, *gate = NULL, *setup = NULL;
	struct text t;
	enum status st = read_file(w, CONFIG, &before);

	if (st == OK)
		st = kind_of(w, &gate, &setup);
	if (st != OK)
		return st;
	if (!loose || says(before, "gates"))
		gate = NULL;
	if (!was_found(w, "missing-env") || says(before, "setup"))
		setup = NULL;
	if (gate == NULL && setup == NULL)
		return OK;
	text_init(&t, TEXT_LIMIT);
	text_add(&t, before == NULL ? "" : before);
	if (t.len > 0 && t.bytes[t.len - 1] != '\n')
		text_add_char(&t, '\n');
	if (gate != NULL)
		text_addf(&t, "gates:\n  - {name: tests, command: %s, when: task}\n", gate);
	if (setup != NULL)
		text_addf(&t, "setup: %s\n", setup);
	after = text_copy(&t, w->a);
	text_done(&t);
	if (after == NULL)
		return err_nomem(w->err, "the configuration");
	return put_patch(w, "config", CONFIG, before, after,
	                 (size_t)(gate != NULL) + (size_t)(setup != NULL));
}

/* ---- what stands there already ---- */

static enum status rule_stands(struct work *w, const struct coach_finding *f, const char *name,
                               bool *stands)
{
	const char *file = NULL;
	struct text line;
	enum status st = read_file(w, name, &file);

	*stands = false;
	text_init(&line, TEXT_LIMIT);
	if (st == OK && file != NULL && add_rule(&line, f))
		*stands = strstr(file, text_string(&line)) != NULL;
	text_done(&line);
	return st;
}

static enum status permission_stands(struct work *w, const struct coach_finding *f,
                                     const char *name, bool *stands)
{
	const char *file = NULL, *rule = f->about == NULL ? NULL : permission_of(w->a, f->about);
	cJSON *settings = NULL;
	enum status st = read_file(w, name, &file);

	*stands = false;
	if (st != OK || file == NULL || rule == NULL || strcmp(f->code, "permission-denied") != 0)
		return st;
	if (json_read(file, strlen(file), &settings, NULL) == OK)
		*stands = has_text(json_get(json_get(settings, "permissions"), "allow"), rule);
	cJSON_Delete(settings);
	return OK;
}

static enum status setting_stands(struct work *w, const struct coach_finding *f, const char *name,
                                  bool *stands)
{
	bool gate = strcmp(f->code, "no-verify") == 0 || strcmp(f->code, "edit-test-loop") == 0;
	bool setup = strcmp(f->code, "missing-env") == 0;
	const char *file = NULL;
	enum status st = read_file(w, name, &file);

	*stands = (gate && says(file, "gates")) || (setup && says(file, "setup"));
	return st;
}

enum status coach_taken(struct project *p, const struct coach_finding *f, struct arena *a,
                        const char **out, struct err *err)
{
	static const struct {
		const char *name;
		enum status (*stands)(struct work *w, const struct coach_finding *f,
		                      const char *name, bool *stands);
	} files[] = {
		{ SETTINGS, permission_stands },
		{ CONFIG, setting_stands },
		{ "CLAUDE.md", rule_stands },
		{ "AGENTS.md", rule_stands },
	};
	struct work w = { .p = p, .a = a, .err = err };

	*out = NULL;
	for (size_t i = 0; i < sizeof files / sizeof *files && *out == NULL; i++) {
		bool stands = false;
		enum status st = files[i].stands(&w, f, files[i].name, &stands);

		/* A file that cannot be read says nothing. */
		if (st == E_NOMEM || arena_failed(a))
			return err_nomem(err, "a file");
		if (st == OK && stands)
			*out = files[i].name;
	}
	return OK;
}

enum status coach_suggest(struct project *p, const struct coach_report *r,
                          struct coach_patches *out, struct err *err)
{
	struct work w = { .p = p, .r = r, .a = r->a, .err = err };
	struct db *db = NULL;
	enum status st =
	    project_write(p, NULL, &db, err); /* makes the state folder, hidden from git */

	project_done(p, db);
	if (st == OK)
		st = suggest_rules(&w);
	if (st == OK)
		st = suggest_permissions(&w);
	if (st == OK)
		st = suggest_config(&w);
	*out = (struct coach_patches){ w.items, w.n };
	return st;
}

void coach_put_patches(struct json_build *b, cJSON *answer, const struct coach_patches *patches)
{
	cJSON *list = json_put_array(b, answer, "patches");

	for (size_t i = 0; i < patches->n; i++) {
		cJSON *patch = json_add_object(b, list);

		json_put_text(b, patch, "path", patches->items[i].path);
		json_put_text(b, patch, "file", patches->items[i].file);
		json_put_int(b, patch, "changes", (int64_t)patches->items[i].changes);
	}
}
