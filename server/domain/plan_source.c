#include "domain/plan_source.h"

#include <string.h>

#include "base/text.h"
#include "store/runs.h"
#include "sys/fs.h"

enum status plan_source_id(struct project *p, const char *id, const struct plan_options *options,
                           struct arena *a, struct plan **out, struct err *err)
{
	struct db *db = NULL;
	struct plan_row row;
	cJSON *json = NULL;
	enum status st = project_read(p, NULL, &db, err);

	if (st != OK)
		return st;
	st = runs_plan(db, id, a, &row, err);
	project_done(p, db);
	if (st != OK || (st = json_read(row.document, strlen(row.document), &json, err)) != OK)
		return st;
	st = plan_from_json(json, options, a, out, err);
	cJSON_Delete(json);
	return st;
}

enum status plan_source_path(struct project *p, const char *path,
                             const struct plan_options *options, struct arena *a, struct plan **out,
                             struct err *err)
{
	const char *full = path[0] == '/' ? path : fs_join(a, p->root, path);
	char *bytes, *real;
	size_t n;
	enum status st;

	if (full == NULL)
		return err_nomem(err, "a path");
	if ((st = fs_inside(p->root, full, a, &real, err)) != OK ||
	    (st = fs_read(real, PLAN_BYTES_MAX, a, &bytes, &n, err)) != OK)
		return st;
	return plan_read(bytes, n, options, a, out, err);
}

enum status plan_source_tasks(const cJSON *tasks, const struct plan_options *options,
                              struct arena *a, struct plan **out, struct err *err)
{
	struct json_build b = { false };
	cJSON *root = json_object(&b), *plan = NULL;
	enum status st;

	json_put_text(&b, root, "title", "tasks");
	json_put(&b, root, "tasks", b.failed ? NULL : cJSON_Duplicate(tasks, true));
	if ((st = json_built(&b, root, &plan, err)) != OK)
		return st;
	st = plan_from_json(plan, options, a, out, err);
	cJSON_Delete(plan);
	return st;
}
