/* beads: issues.jsonl, one object a line. Only `blocks` and parents make an order. */
#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/read.h"

/* The first line is an object with an id and a title, and the file is not one object of tasks. */
enum status read_is_beads(const char *bytes, size_t n, bool *beads)
{
	const char *end;
	size_t from = 0, len;
	enum status st;

	while (from < n && strchr(" \t\n", bytes[from]) != NULL)
		from++;
	end = memchr(bytes + from, '\n', n - from);
	len = end == NULL ? n - from : (size_t)(end - bytes) - from;
	st = json_check(bytes + from, len, NULL);
	*beads = st == OK && json_raw_member(bytes + from, len, "id").len > 0 &&
	         json_raw_member(bytes + from, len, "title").len > 0 &&
	         json_raw_member(bytes + from, len, "tasks").len == 0;
	return st == E_NOMEM ? st : OK;
}

/* Text for terminals has colours in it: escape sequences are taken out. */
static const char *plain(struct arena *a, const char *s)
{
	char *out = arena_take(a, strlen(s) + 1);
	size_t n = 0;

	if (out == NULL)
		return "";
	for (; *s != '\0'; s++) {
		if (s[0] == '\033' && s[1] == '[') {
			s += 2 + strcspn(s + 2, "ABCDEFGHJKSTfmnsu");
			if (*s == '\0')
				break;
			continue;
		}
		out[n++] = *s;
	}
	out[n] = '\0';
	return out;
}

static void needs(struct draft *d, const struct draft_task *t, const cJSON *o)
{
	const cJSON *dep;

	cJSON_ArrayForEach(dep, json_get(o, "dependencies")) {
		const char *type = json_text(dep, "type"), *on = json_text(dep, "depends_on_id");
		struct draft_ref ref = { .task = t->index,
			                 .exact = true,
			                 .sure = true,
			                 .source = PLAN_FIELD,
			                 .line = t->t.line };

		if (cJSON_IsString(dep)) {
			on = dep->valuestring;
			type = "blocks";
		}
		if (on == NULL || (type != NULL && strcmp(type, "blocks") != 0 &&
		                   strcmp(type, "parent-child") != 0))
			continue;
		ref.words = text_dup(d->a, on);
		if (ref.words != NULL && t != &d->scratch)
			draft_need(d, &ref);
	}
}

static void issue_take(struct draft *d, const cJSON *o, long line)
{
	const char *id = json_text(o, "id"), *title = json_text(o, "title"), *text;
	double minutes = json_number(o, "estimated_minutes", 0);
	struct draft_task *t = draft_task(d, "", line);

	t->t.id = id == NULL ? "" : text_dup(d->a, id);
	t->own_id = id != NULL;
	t->t.title = title == NULL ? t->t.id : plain(d->a, title);
	if ((text = json_text(o, "description")) != NULL)
		t->t.description = plain(d->a, text);
	if ((text = json_text(o, "acceptance_criteria")) != NULL && text[0] != '\0')
		draft_text(d->a, &t->t.acceptance, plain(d->a, text));
	if ((text = json_text(o, "issue_type")) != NULL)
		t->t.kind = strcmp(text, "bug") == 0     ? "fix"
		            : strcmp(text, "chore") == 0 ? "chore"
		            : strcmp(text, "epic") == 0  ? "epic"
		                                         : "";
	if (minutes >= 1 && minutes <= (double)MEASURE_MAX)
		t->t.estimate_min = (long)minutes;
	if ((text = json_text(o, "status")) != NULL) {
		t->t.done = strcmp(text, "closed") == 0 || strcmp(text, "done") == 0;
		t->dropped = strcmp(text, "tombstone") == 0 || strcmp(text, "cancelled") == 0;
	}
	needs(d, t, o);
}

enum status read_beads(const char *bytes, size_t n, struct draft *d, struct err *err)
{
	long line = 1;

	d->title = "Issues";
	d->stated = true;
	for (size_t at = 0; at < n; line++) {
		const char *end = memchr(bytes + at, '\n', n - at);
		size_t len = end == NULL ? n - at : (size_t)(end - bytes) - at;
		struct err why = { OK, "" };
		cJSON *o = NULL;

		for (size_t i = at; i < at + len; i++)
			if (strchr(" \t", bytes[i]) == NULL) {
				if (json_read(bytes + at, len, &o, &why) != OK)
					return err_set(err, why.code == E_NOMEM ? E_NOMEM : E_INPUT,
					               "line %ld: %s", line, why.text);
				break;
			}
		if (cJSON_IsObject(o))
			issue_take(d, o, line);
		cJSON_Delete(o);
		at += len + 1;
	}
	return OK;
}
