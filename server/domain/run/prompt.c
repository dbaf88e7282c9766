#include "domain/run/prompt.h"

#include "base/text.h"

#define DESCRIPTION_MAX ((size_t)80 << 10)
#define DID_MAX         2000
#define ROLE_MAX        ((size_t)16 << 10)

static void add_list(struct text *t, const cJSON *task, const char *key, const char *heading)
{
	const cJSON *list = json_get(task, key), *item;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0)
		return;
	text_addf(t, "\n## %s\n\n", heading);
	cJSON_ArrayForEach(item, list) {
		if (cJSON_IsString(item))
			text_addf(t, "- %s\n", item->valuestring);
	}
}

static void add_cut(struct text *t, const char *s, size_t most)
{
	size_t n = 0;

	while (s[n] != '\0' && n <= most)
		n++;
	if (n <= most) {
		text_add_n(t, s, n);
		return;
	}
	text_add_n(t, s, text_utf8_cut(s, n, most));
	text_add(t, "\n[cut here: it is longer]");
}

static void add_before(struct text *t, const struct prompt *p)
{
	if (p->n_before == 0)
		return;
	text_add(t, "\n## What the tasks before this one did\n\n");
	for (size_t i = 0; i < p->n_before; i++) {
		const struct prompt_before *b = &p->before[i];

		text_addf(t, "- %s: %s - ", b->id, b->title);
		add_cut(t, b->did == NULL ? "changed no files" : b->did, DID_MAX);
		text_add_char(t, '\n');
	}
}

const char *prompt_write(const struct prompt *p, struct arena *a)
{
	const char *id = json_text(p->task, "id"), *title = json_text(p->task, "title");
	const char *description = json_text(p->task, "description");
	struct text t;
	const char *copy;

	text_init(&t, 2 * PROMPT_MAX);
	if (p->role != NULL) {
		add_cut(&t, p->role, ROLE_MAX);
		text_add(&t, "\n\n");
	}
	text_addf(&t, "# %s\n\nTask %s of the plan \"%s\".\n", title == NULL ? "" : title,
	          id == NULL ? "" : id, p->plan);
	if (description != NULL && description[0] != '\0') {
		text_add_char(&t, '\n');
		add_cut(&t, description, DESCRIPTION_MAX);
		text_add_char(&t, '\n');
	}
	add_list(&t, p->task, "steps", "Steps");
	add_list(&t, p->task, "files", "Files");
	add_list(&t, p->task, "acceptance", "Acceptance");
	add_before(&t, p);
	if (p->remembered != NULL && p->remembered[0] != '\0')
		text_addf(&t, "\n## What is remembered\n\n%s\n", p->remembered);
	if (p->special != NULL)
		text_addf(&t, "\n%s\n", p->special);
	if (p->last_time != NULL)
		text_addf(&t, "\n## The attempt before this one failed\n\n%s\n%s", p->last_time,
		          p->goes_on
		              ? "What you did until then is in the folder. Go on from there.\n"
		              : "");
	text_add(&t, "\n## How you work here\n\n");
	text_add(&t, p->worktree ? "The current folder is a git worktree of your own. Change only "
	                           "files in it. What you leave there is committed "
	                           "and merged when you end with exit code 0.\n"
	                         : "The current folder is the project itself, which other tasks "
	                           "may be using too. Change only what this task needs.\n");
	if (t.len > PROMPT_MAX && !t.failed)
		copy = arena_copy(a, t.bytes, text_utf8_cut(t.bytes, t.len, PROMPT_MAX));
	else
		copy = text_copy(&t, a);
	text_done(&t);
	return copy;
}
