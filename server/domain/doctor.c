#include "domain/doctor.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "domain/config.h"
#include "domain/figures.h"
#include "sys/sandbox.h"

#define ARENA_MAX   ((size_t)4 << 20)
#define FEW_BYTES   ((uint64_t)1 << 30) /* less than this free is worth a note */
#define WORDS_MAX   4096
#define AGENTS_LOOK 64

struct look {
	struct project *project;
	struct arena *arena;
	struct json_build b;
	cJSON *answer, *checks;
	bool bad;
};

enum verdict { FINE, NOTE, BAD };

static void put(struct look *l, const char *name, enum verdict verdict, const char *words)
{
	static const char *const states[] = { "ok", "note", "bad" };
	cJSON *check = json_add_object(&l->b, l->checks);

	json_put_text(&l->b, check, "name", name);
	json_put_text(&l->b, check, "state", states[verdict]);
	json_put_text(&l->b, check, "words", words == NULL ? "no memory for the words" : words);
	l->bad = l->bad || verdict == BAD;
}

static bool runs(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Where the program is, looked up on PATH if need be; NULL when it is nowhere. */
static const char *find_program(struct look *l, const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/') != NULL)
		return runs(name) ? name : NULL;
	while (path != NULL && *path != '\0') {
		size_t n = strcspn(path, ":");
		const char *candidate = text_printf(l->arena, "%.*s/%s", (int)n, path, name);

		if (n > 0 && candidate != NULL && runs(candidate))
			return candidate;
		path += n + (path[n] == ':');
	}
	return NULL;
}

static void look_at_git(struct look *l)
{
	const char *git = find_program(l, "git");

	if (l->project->git_dir == NULL)
		put(l, "git", NOTE,
		    text_printf(
			l->arena,
			"'%s' is not in a git repository: tasks share the folder and nothing is "
			"merged; 'git init' changes that",
			l->project->root));
	else if (git == NULL)
		put(l, "git", NOTE,
		    "the program is not on PATH; worktrees are checked out without it, slower");
	else
		put(l, "git", FINE,
		    text_printf(l->arena, "%s, repository at '%s'", git, l->project->root));
}

static void look_at_space(struct look *l, const char *folder)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (statvfs(folder, &fs) != 0)
		return;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	put(l, "disk", free_bytes < FEW_BYTES ? NOTE : FINE,
	    text_printf(l->arena, "%llu MiB free at '%s'", (unsigned long long)(free_bytes >> 20),
	                folder));
}

static void look_at_store(struct look *l)
{
	struct err err = { 0 };
	struct db *db = NULL;
	bool sound = false;

	if (project_read(l->project, NULL, &db, &err) != OK) {
		put(l, "database", BAD, text_dup(l->arena, err.text));
		return;
	}
	if (db_is_empty_stand_in(db))
		put(l, "database", FINE, "nothing is stored yet");
	else if (db_check(db, &sound, &err) != OK)
		put(l, "database", BAD, text_dup(l->arena, err.text));
	else
		put(l, "database", sound ? FINE : BAD,
		    text_printf(l->arena,
		                sound ? "whole, schema %d, in '%s'"
		                      : "damaged (schema %d): keep a copy of '%s' and begin anew",
		                db_schema_version(), l->project->state));
	project_done(l->project, db);
}

/* The log of events: who is served, and what was given up. */
static void look_at_events(struct look *l)
{
	struct event_figures f;
	struct db *db = NULL;
	struct err err = { 0 };
	enum status st = project_read(l->project, NULL, &db, &err);

	if (st == OK)
		st = figures_read(db, l->arena, &f, &err);
	project_done(l->project, db);
	if (st == OK)
		json_put(&l->b, l->answer, "events", figures_json(&l->b, &f));
	if (st != OK)
		put(l, "events", BAD, text_dup(l->arena, err.text));
	else if (f.dead_letters > 0)
		put(l, "events", NOTE,
		    text_printf(l->arena,
		                "%lld dead letters wait; see 'gadugi call events "
		                "{\"action\":\"deadletters\"}', and try them again with replay",
		                (long long)f.dead_letters));
	else
		put(l, "events", FINE,
		    text_printf(l->arena,
		                "%lld kept, %lld subscribers, %lld wait, %lld delivered, %lld "
		                "attempts again",
		                (long long)(f.last == 0 ? 0 : f.last - f.first + 1),
		                (long long)f.subscribers, (long long)f.depth,
		                (long long)f.delivered, (long long)f.retried));
}

static void look_at_state(struct look *l)
{
	const char *folder =
	    access(l->project->state, F_OK) == 0 ? l->project->state : l->project->root;

	look_at_space(l, folder);
	if (access(folder, W_OK) != 0)
		put(l, "state", BAD, text_printf(l->arena, "'%s' cannot be written", folder));
	look_at_store(l);
}

static void look_at_agent(struct look *l, const struct config_agent *agent)
{
	const char *name = text_printf(l->arena, "agent %s", agent->name), *found;

	if (name == NULL)
		return;
	if (agent->shell) {
		put(l, name, NOTE, "runs commands that stand in plans");
		return;
	}
	found = find_program(l, agent->command.at[0]);
	put(l, name, found == NULL ? BAD : FINE,
	    found == NULL
	        ? text_printf(l->arena, "'%s' is not there or not on PATH", agent->command.at[0])
	        : text_dup(l->arena, found));
}

static void look_at_config(struct look *l)
{
	const struct config *c = NULL;
	struct err err = { 0 };

	if (project_config(l->project, &c, &err) != OK) {
		put(l, "configuration", BAD, text_dup(l->arena, err.text));
		return;
	}
	if (c->untrusted != NULL)
		put(l, "configuration", NOTE, c->untrusted);
	else if (c->n_agents == 0)
		put(l, "configuration", NOTE,
		    text_printf(
			l->arena,
			"no agent yet; write 'agents: {claude: {preset: claude}}' into '%s'",
			c->project_path));
	else
		put(l, "configuration", FINE,
		    text_printf(l->arena, "%zu agents, %zu gates", c->n_agents, c->n_gates));
	for (size_t i = 0; i < c->n_agents && i < AGENTS_LOOK; i++)
		look_at_agent(l, &c->agents[i]);
}

enum status doctor_look(struct project *p, cJSON **out, struct err *err)
{
	struct look l = { .project = p, .arena = arena_new(ARENA_MAX) };
	cJSON *answer = l.answer = json_object(&l.b);
	int version = sqlite3_libversion_number();

	if (l.arena == NULL) {
		cJSON_Delete(answer);
		return err_nomem(err, "the doctor");
	}
	l.checks = json_put_array(&l.b, answer, "checks");
	put(&l, "gadugi", FINE, GADUGI_VERSION);
	put(&l, "sqlite", FINE,
	    text_printf(l.arena, "%s%s", sqlite3_libversion(),
	                version < 3051003 ? "; writers and checkpoints take turns by a lock file"
	                                  : ""));
	put(&l, "confinement", sandbox_abi() > 0 ? FINE : NOTE, sandbox_words());
	look_at_git(&l);
	look_at_state(&l);
	look_at_events(&l);
	look_at_config(&l);
	json_put_flag(&l.b, answer, "ok", !l.bad);
	arena_free(l.arena);
	return json_built(&l.b, answer, out, err);
}
