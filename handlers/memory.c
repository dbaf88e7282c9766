/* memory.c - import, export and numbers; for the command line alone. */
#include <string.h>

#include "domain/memory/whole.h"
#include "handlers/tools.h"

#define EXPORT_MAX  ((size_t)64 << 20) /* bytes of an answer; more goes to a file */
#define GIT_COMMITS 5000
#define TIDY_SHOWN  50 /* endings told singly */

struct memory_in {
	const char *action, *format, *path, *text;
	long limit, skip;
	bool confirm, dry_run, shared;
};

static const struct arg memory_args[] = {
	{ "action", ARG_CHOICE, 1, offsetof(struct memory_in, action), 0, 0, NULL,
	  "import|export|stats|git|tidy" },
	{ "format", ARG_TEXT, 0, offsetof(struct memory_in, format), 0, 0,
	  "jsonl, markdown, server-memory; export also cypher, graphml", NULL },
	{ "path", ARG_TEXT, 0, offsetof(struct memory_in, path), 0, 0, "File to read or write",
	  NULL },
	{ "text", ARG_TEXT, 0, offsetof(struct memory_in, text), 0, 0, "What to import", NULL },
	{ "limit", ARG_COUNT, 0, offsetof(struct memory_in, limit), 1, 1000000,
	  "git: so many commits", NULL },
	{ "skip", ARG_COUNT, 0, offsetof(struct memory_in, skip), 0, 100000000,
	  "git: leave the newest out", NULL },
	{ "confirm", ARG_FLAG, 0, offsetof(struct memory_in, confirm), 0, 0,
	  "tidy: do it; without, only what would go is told", NULL },
	{ "dryRun", ARG_FLAG, 0, offsetof(struct memory_in, dry_run), 0, 0,
	  "tidy: only tell, which is usual", NULL },
	{ "shared", ARG_FLAG, 0, offsetof(struct memory_in, shared), 0, 0,
	  "What is for all projects (scopes team and global), not this one's", NULL },
	{ 0 },
};

static enum status show_imported(struct call *call, const struct memory_imported *done,
                                 cJSON **result)
{
	struct json_build b = { 0 };
	cJSON *answer = json_object(&b);

	json_put_int(&b, answer, "stored", (int64_t)done->stored);
	json_put_int(&b, answer, "duplicates", (int64_t)done->duplicates);
	json_put_int(&b, answer, "relations", (int64_t)done->relations);
	json_put_int(&b, answer, "skipped", (int64_t)done->skipped);
	json_put_text(&b, answer, "problem", done->problem);
	return json_built(&b, answer, result, &call->err);
}

static enum status import_run(struct call *call, const struct memory_in *want,
                              enum memory_format format, cJSON **result)
{
	const struct memory_source source = { .bytes = want->text,
		                              .n = want->text == NULL ? 0 : strlen(want->text),
		                              .path = want->path,
		                              .format = format };
	struct memory_imported done = { 0 };
	enum status st;

	if ((want->path == NULL) == (want->text == NULL))
		return err_set(&call->err, E_INPUT, "give either 'path' or 'text' to import");
	st = memory_import(call->project, &call->stop, &source, call->arena, &done, &call->err);
	return st == OK ? show_imported(call, &done, result) : st;
}

static enum status git_run(struct call *call, const struct memory_in *want, cJSON **result)
{
	struct memory_imported done = { 0 };
	const struct memory_commits which = { want->limit == 0 ? GIT_COMMITS : (size_t)want->limit,
		                              (size_t)want->skip, &call->bell };
	enum status st =
	    memory_import_git(call->project, &call->stop, &which, call->arena, &done, &call->err);

	return st == OK ? show_imported(call, &done, result) : st;
}

static enum status export_run(struct call *call, const struct memory_in *want,
                              enum memory_format format, cJSON **result)
{
	struct json_build b = { 0 };
	cJSON *answer;
	struct text out;
	size_t size_bytes = 0;
	enum status st;

	text_init(&out, EXPORT_MAX);
	if (want->path != NULL)
		st = memory_export_file(call->project, &call->stop, want->path, format, &size_bytes,
		                        &call->err);
	else
		st = memory_export(call->project, &call->stop, format, &out, &call->err);
	if (st == OK) {
		answer = json_object(&b);
		json_put_text(&b, answer, "path", want->path);
		json_put_int(&b, answer, "bytes", (int64_t)(size_bytes + out.len));
		if (want->path == NULL)
			json_put_text(&b, answer, "text", text_string(&out));
		st = json_built(&b, answer, result, &call->err);
	}
	text_done(&out);
	return st;
}

static enum status stats_run(struct call *call, cJSON **result)
{
	struct memory_counts c;
	struct json_build b = { 0 };
	cJSON *answer;
	enum status st = memory_count(call->project, &c, &call->err);

	if (st != OK)
		return st;
	answer = json_object(&b);
	json_put_int(&b, answer, "memories", c.memories);
	json_put_int(&b, answer, "current", c.current);
	json_put_int(&b, answer, "superseded", c.superseded);
	json_put_int(&b, answer, "expired", c.expired);
	json_put_int(&b, answer, "entities", c.entities);
	json_put_int(&b, answer, "relations", c.relations);
	json_put_int(&b, answer, "sessions", c.sessions);
	json_put_int(&b, answer, "scopes", c.scopes);
	json_put_int(&b, answer, "repeats", c.told);
	json_put_int(&b, answer, "recalls", c.recalled);
	json_put_int(&b, answer, "bytes", c.bytes);
	return json_built(&b, answer, result, &call->err);
}

static enum status tidy_run(struct call *call, const struct memory_in *want, cJSON **result)
{
	const struct memory_tidy how = { want->confirm,
		                         want->limit == 0 ? TIDY_SHOWN : (size_t)want->limit };
	struct memory_tidied done;
	struct json_build b = { 0 };
	cJSON *answer, *list;
	enum status st;

	if (want->confirm && want->dry_run)
		return err_set(&call->err, E_INPUT, "'confirm' and 'dryRun' cannot be both");
	st = memory_tidy(call->project, &call->stop, &how, call->arena, &done, &call->err);
	if (st != OK)
		return st;
	answer = json_object(&b);
	json_put_flag(&b, answer, "done", done.done);
	for (int i = 0; i < MEMORY_ENDS_N; i++)
		json_put_int(&b, answer, memory_end_word((enum memory_end)i),
		             (int64_t)done.counts[i]);
	json_put_int(&b, answer, "keep", (int64_t)done.kept);
	list = json_put_array(&b, answer, "endings");
	for (size_t i = 0; i < done.n_endings; i++) {
		const struct memory_ending *e = &done.endings[i];
		cJSON *o = json_add_object(&b, list);

		json_put_text(&b, o, "how", memory_end_word(e->how));
		json_put_text(&b, o, "id", e->id);
		json_put_text(&b, o, "into", e->into);
		json_put_text(&b, o, "why", e->why);
		json_put_text(&b, o, "text", e->text);
	}
	if (!done.done)
		json_put_text(&b, answer, "next",
		              "nothing was changed; call again with confirm: true");
	return json_built(&b, answer, result, &call->err);
}

/* From here on the call is about the store for all projects. */
static enum status choose_shared(struct call *call)
{
	struct project *shared = NULL;
	enum status st = memory_shared(call->project, false, &shared, &call->err);

	if (st == OK && shared == NULL)
		return err_set(&call->err, E_ABSENT,
		               "nothing is remembered for all projects yet: 'gadugi remember TEXT "
		               "--scope global' does");
	if (st == OK)
		call->project = shared;
	return st;
}

static enum status memory_run(struct call *call, const void *in, cJSON **result)
{
	const struct memory_in *want = in;
	enum memory_format format =
	    want->format == NULL ? MEMORY_ANY : memory_format_of(want->format);
	enum status st;

	if (format == MEMORY_FORMATS_N)
		return err_set(&call->err, E_INPUT,
		               "'%.40s' is no format: use jsonl, markdown, server-memory, cypher "
		               "or graphml",
		               want->format);
	if (want->shared && (st = choose_shared(call)) != OK)
		return st;
	if (strcmp(want->action, "import") == 0)
		return import_run(call, want, format, result);
	if (strcmp(want->action, "export") == 0)
		return export_run(call, want, format, result);
	if (strcmp(want->action, "git") == 0)
		return git_run(call, want, result);
	if (strcmp(want->action, "tidy") == 0)
		return tidy_run(call, want, result);
	return stats_run(call, result);
}

const struct tool tool_memory = {
	.name = "memory",
	.title = "Memory as a whole",
	.about = "Import, export, numbers and retention of all that is remembered.",
	.args = memory_args,
	.in_size = sizeof(struct memory_in),
	.result = "{\"type\":\"object\"}",
	.flags = TOOL_WRITES | TOOL_DESTROYS,
	.run = memory_run,
};
