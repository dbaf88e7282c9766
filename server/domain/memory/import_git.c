/* import_git.c - the history of the project as memory: what was changed, where and when. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/memory/import.h"
#include "sys/proc.h"

#define LOG_MAX    ((size_t)512 << 20) /* bytes of git's answer */
#define FILES_MAX  40                  /* a commit that touches more says little about each */
#define BODY_MAX   800                 /* bytes of a message that are kept */
#define SHORT_OID  12
#define TIMEOUT_MS 600000

/* Between commits \1, between the parts of one \2, before its files \3. */
static const char format[] = "--format=%x01%H%x02%ct%x02%an%x02%s%x02%b%x03";

struct commit {
	const char *oid, *author, *subject, *body, *files;
	int64_t at_ms;
};

/* The next field up to \2 or \3, ended with a NUL. */
static const char *field(char **at, char end)
{
	char *from = *at, *stop = strchr(from, end);

	if (stop == NULL)
		return NULL;
	*stop = '\0';
	*at = stop + 1;
	return from;
}

static bool split(char *text, struct commit *c)
{
	const char *seconds;

	c->oid = field(&text, 2);
	seconds = c->oid == NULL ? NULL : field(&text, 2);
	c->author = seconds == NULL ? NULL : field(&text, 2);
	c->subject = c->author == NULL ? NULL : field(&text, 2);
	c->body = c->subject == NULL ? NULL : field(&text, 3);
	c->files = text;
	if (c->body == NULL || strlen(c->oid) < SHORT_OID)
		return false;
	c->at_ms = strtoll(seconds, NULL, 10) * 1000;
	return true;
}

/* The files of a commit as relations; none when there are too many. */
static enum status files(struct import *im, const char *list, struct memory_item *item)
{
	struct memory_relation *r = arena_take(im->a, FILES_MAX * sizeof *r);
	size_t n = 0;

	if (r == NULL)
		return err_nomem(im->err, "a commit");
	while (*list != '\0') {
		size_t len = strcspn(list, "\n");

		if (len > 0 && len <= MEMORY_NAME_MAX) {
			if (n == FILES_MAX)
				return OK;
			r[n++] = (struct memory_relation){ "changed", arena_copy(im->a, list, len),
				                           "file" };
		}
		list += len + (list[len] == '\n');
	}
	item->relations = r;
	item->n_relations = n;
	return arena_failed(im->a) ? err_nomem(im->err, "a commit") : OK;
}

static enum status take(struct import *im, const struct commit *c)
{
	size_t body = text_utf8_cut(c->body, strlen(c->body), BODY_MAX);
	struct memory_item item = {
		.entity = text_printf(im->a, "commit %.*s", SHORT_OID, c->oid),
		.entity_type = "commit",
		.kind = "commit",
		.author =
		    c->author[0] == '\0' || strlen(c->author) > MEMORY_NAME_MAX ? NULL : c->author,
		.origin = "import",
		.commit = c->oid,
		.valid_from = c->at_ms,
		.importance = 0.3,
	};
	enum status st;

	while (body > 0 && (c->body[body - 1] == '\n' || c->body[body - 1] == ' '))
		body--;
	item.text =
	    text_printf(im->a, "%s%s%.*s", c->subject[0] == '\0' ? "(no subject)" : c->subject,
	                body > 0 ? "\n" : "", (int)body, c->body);
	if (item.text == NULL || item.entity == NULL)
		return err_nomem(im->err, "a commit");
	if (text_utf8_valid(item.text, strlen(item.text)) != strlen(item.text) ||
	    (item.author != NULL &&
	     text_utf8_valid(item.author, strlen(item.author)) != strlen(item.author))) {
		import_skip(im, im->out->stored + im->n_items + 1, "a commit that is not UTF-8");
		return OK;
	}
	st = files(im, c->files, &item);
	return st == OK ? import_item(im, &item) : st;
}

static enum status run_log(const struct import *im, const struct memory_commits *which,
                           struct proc_output *log)
{
	static const char *const keep[] = { "PATH", "HOME", "XDG_CONFIG_HOME", NULL };
	static const char *const add[] = { "LC_ALL=C.UTF-8", "GIT_TERMINAL_PROMPT=0", NULL };
	const char *argv[] = { "git",
		               "-c",
		               "core.quotePath=false",
		               "log",
		               "HEAD",
		               "--no-merges",
		               "--reverse",
		               "--name-only",
		               text_printf(im->a, "-n%zu", which->limit),
		               text_printf(im->a, "--skip=%zu", which->skip),
		               format,
		               NULL };
	struct proc_spec spec = { .stop_grace_ms = PROC_CALL_MS,
		                  .argv = argv,
		                  .env = proc_env(im->a, keep, add),
		                  .cwd = im->p->root,
		                  .out = PROC_TO_PIPE,
		                  .err = PROC_TO_PIPE };
	const struct proc_bounds bounds = { LOG_MAX, TIMEOUT_MS, im->stop, which->bell };
	enum status st;

	if (arena_failed(im->a))
		return err_nomem(im->err, "the history");
	if ((st = proc_run(&spec, &bounds, im->a, log, im->err)) != OK)
		return st;
	if (log->result.outcome != PROC_CLEAN)
		return err_set(im->err, E_IO, "git log failed: %.200s", log->err);
	if (log->out_total > log->out_size)
		return err_set(im->err, E_INPUT,
		               "the history has over %zu MiB; import it in parts with 'limit' and "
		               "'skip'",
		               LOG_MAX >> 20);
	return OK;
}

enum status memory_import_git(struct project *p, const atomic_bool *stop,
                              const struct memory_commits *which, struct arena *a,
                              struct memory_imported *out, struct err *err)
{
	struct import *im = arena_take(a, sizeof *im);
	struct proc_output log = { 0 };
	struct commit c;
	enum status st;
	char *at, *next;

	*out = (struct memory_imported){ 0 };
	if (im == NULL)
		return err_nomem(err, "an import");
	if (p->git_dir == NULL)
		return err_set(err, E_ABSENT, "'%s' is not in a git repository", p->root);
	*im = (struct import){ .p = p, .stop = stop, .a = a, .err = err, .out = out };
	if ((st = run_log(im, which, &log)) != OK)
		return st;
	for (at = strchr(log.out, 1); at != NULL && st == OK; at = next) {
		next = strchr(at + 1, 1);
		if (next != NULL)
			*next = '\0';
		if (split(at + 1, &c))
			st = take(im, &c);
	}
	return st == OK ? import_end(im) : st;
}
