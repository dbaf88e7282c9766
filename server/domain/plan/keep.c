/* Plans from files of the project, and plans kept in its database. */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/plan.h"
#include "domain/plan/read.h"
#include "domain/project.h"
#include "store/runs.h"
#include "sys/folder.h"
#include "sys/fs.h"

/* What a file of tasks is to meet often stands beside it: requirements.md, spec.md. */
static const char *beside(struct project *project, const char *path, struct arena *a)
{
	static const char *const names[] = { "requirements.md", "spec.md" };
	const char *slash = strrchr(path, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;

	if (!text_same(path + folder, "tasks.md"))
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *other = text_printf(a, "%.*s%s", (int)folder, path, names[i]);
		struct fs_bytes file;

		if (other != NULL &&
		    fs_read_under(project->root, other, PLAN_BYTES_MAX, a, &file, NULL) == OK &&
		    strlen(file.bytes) == file.size &&
		    text_utf8_valid(file.bytes, file.size) == file.size)
			return file.bytes;
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct read_file *x = a, *y = b;
	size_t n = strspn(x->name, "0123456789"), m = strspn(y->name, "0123456789");

	/* 2.md comes before 10.md */
	return n != m ? (n < m ? -1 : 1) : strcmp(x->name, y->name);
}

/* A folder whose files together are a plan. */
static enum status folder_read(struct project *project, const char *folder,
                               const struct plan_options *options, struct arena *a,
                               struct plan **out, struct err *err)
{
	struct folder_entry *entries = NULL;
	struct read_file *files;
	size_t n = 0, taken = 0;
	enum status st = folder_list(folder, a, &entries, &n, err);

	if (st != OK)
		return st;
	if ((files = arena_take(a, (n + 1) * sizeof *files)) == NULL)
		return err_nomem(err, "a plan");
	for (size_t i = 0; st == OK && i < n; i++) {
		const char *path = fs_join(a, folder, entries[i].name);
		struct fs_bytes bytes = { NULL, 0 };

		if (entries[i].is_folder || !read_epic_names(entries[i].name))
			continue;
		st = path == NULL
		         ? err_nomem(err, "a plan")
		         : fs_read_under(project->root, path, PLAN_BYTES_MAX, a, &bytes, err);
		files[taken++] = (struct read_file){ entries[i].name, bytes.bytes, bytes.size };
	}
	if (st == OK && taken == 0)
		return err_set(
		    err, E_INPUT,
		    "the folder '%s' is no plan: it has no epic.md and no 001.md; give the "
		    "file that holds the plan",
		    folder);
	if (st == OK && taken > 1)
		qsort(files, taken, sizeof *files, by_name);
	return st != OK ? st : plan_read_files(files, taken, options, a, out, err);
}

/* The folder that stands for a plan: itself, or the one around its epic.md. */
static enum status folder_of(struct project *project, const char *path, struct arena *a,
                             const char **folder, struct err *err)
{
	char *whole = NULL, *slash;
	enum status st = fs_inside(project->root, path, a, &whole, err);

	*folder = NULL;
	if (st != OK)
		return st == E_ABSENT ? OK : st; /* reading the file says it better */
	slash = strrchr(whole, '/');
	if (fs_kind(whole) == FS_FOLDER) {
		*folder = whole;
	} else if (slash != NULL && slash > whole && strcmp(slash, "/epic.md") == 0) {
		*slash = '\0';
		*folder = whole;
	}
	return OK;
}

enum status plan_read_file(struct project *project, const char *path,
                           const struct plan_options *options, struct arena *a, struct plan **out,
                           struct err *err)
{
	struct plan_options own = *options;
	struct fs_bytes file;
	const char *folder = NULL;
	enum status st = folder_of(project, path, a, &folder, err);

	if (own.origin == NULL)
		own.origin = text_dup(a, path);
	if (st == OK && folder != NULL)
		return folder_read(project, folder, &own, a, out, err);
	if (st == OK)
		st = fs_read_under(project->root, path, PLAN_BYTES_MAX, a, &file, err);
	if (st != OK)
		return st;
	own.beside = beside(project, path, a);
	return plan_read(file.bytes, file.size, &own, a, out, err);
}

static size_t count(const struct plan *p, enum plan_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_findings; i++)
		n += p->findings[i].severity == severity;
	return n;
}

/* The row and its event, both or neither. */
static enum status put(struct project *project, struct db *db, const struct plan *p,
                       const struct plan_row *row, struct err *err)
{
	struct event_plan event = {
		.plan = row->id,
		.title = p->title,
		.tasks = (int64_t)p->n_tasks,
		.edges = (int64_t)p->n_edges,
		.errors = (int64_t)count(p, PLAN_ERROR),
		.warnings = (int64_t)count(p, PLAN_WARNING),
	};
	enum status st = db_begin(db, err);

	if (st == OK)
		st = runs_add_plan(db, row, err);
	if (st == OK)
		st = event_put_plan(db, row->made_ms, &event, err);
	return st == OK ? project_commit(project, db, err) : st;
}

const char *plan_new_id(struct project *project, struct arena *a)
{
	char name[ID_SIZE];

	id_new(name, 'p', clock_wall_ms(&project->clock));
	return text_dup(a, name);
}

enum status plan_save(struct project *project, const atomic_bool *stop, const struct plan *p,
                      const char *id, struct err *err)
{
	struct plan_row row = { .id = id,
		                .title = p->title,
		                .origin = p->origin,
		                .made_ms = clock_wall_ms(&project->clock) };
	struct json_build b = { false };
	struct db *db = NULL;
	cJSON *json = NULL;
	char *document;
	enum status st = json_built(&b, plan_json(&b, p), &json, err);

	if (st != OK)
		return st;
	document = json_print(json);
	cJSON_Delete(json);
	if (document == NULL)
		return err_nomem(err, "a plan");
	row.document = document;
	if ((st = project_write(project, stop, &db, err)) == OK)
		st = put(project, db, p, &row, err);
	project_done(project, db);
	cJSON_free(document);
	return st;
}

/* NOLINTNEXTLINE(readability-function-size): six beside where the reason goes */
enum status plan_load(struct project *project, const char *id, const struct plan_options *options,
                      const atomic_bool *stop, struct arena *a, struct plan **out, struct err *err)
{
	struct plan_options own = *options;
	struct plan_row row = { 0 };
	struct db *db = NULL;
	cJSON *json = NULL;
	enum status st = project_read(project, stop, &db, err);

	if (st == OK)
		st = runs_plan(db, id, a, &row, err);
	project_done(project, db);
	if (st != OK)
		return st;
	own.saved = true;
	own.origin = own.origin == NULL ? row.origin : own.origin;
	if ((st = json_read(row.document, strlen(row.document), &json, err)) == OK)
		st = plan_from_json(json, &own, a, out, err);
	cJSON_Delete(json);
	return st;
}

enum status plan_list(struct project *project, size_t limit, const atomic_bool *stop,
                      struct arena *a, struct plan_briefs *out, struct err *err)
{
	struct plan_row *rows = NULL;
	struct db *db = NULL;
	size_t n = 0;
	enum status st = project_read(project, stop, &db, err);

	if (st == OK)
		st = runs_plans(db, limit, a, &rows, &n, err);
	project_done(project, db);
	if (st != OK)
		return st;
	*out = (struct plan_briefs){ arena_take(a, (n + 1) * sizeof *out->at), n };
	if (out->at == NULL)
		return err_nomem(err, "a list of plans");
	for (size_t i = 0; i < n; i++)
		out->at[i] = (struct plan_brief){ rows[i].id, rows[i].title };
	return OK;
}
