#include "domain/plan/role.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/measure.h"
#include "domain/plan/name.h"
#include "domain/plan/resolve.h"

static const struct {
	const char *words; /* lower case, one blank between */
	enum role role;
} roles[] = {
	{ "id", ROLE_ID },
	{ "no", ROLE_ID },
	{ "nr", ROLE_ID },
	{ "num", ROLE_ID },
	{ "number", ROLE_ID },
	{ "task id", ROLE_ID },
	{ "task no", ROLE_ID },
	{ "task number", ROLE_ID },
	{ "key", ROLE_ID },
	{ "ref", ROLE_ID },
	{ "step no", ROLE_ID },
	{ "task", ROLE_NAME },
	{ "tasks", ROLE_NAME },
	{ "name", ROLE_NAME },
	{ "task name", ROLE_NAME },
	{ "title", ROLE_NAME },
	{ "component", ROLE_NAME },
	{ "item", ROLE_NAME },
	{ "work item", ROLE_NAME },
	{ "work package", ROLE_NAME },
	{ "step", ROLE_NAME },
	{ "activity", ROLE_NAME },
	{ "action", ROLE_NAME },
	{ "deliverable", ROLE_NAME },
	{ "story", ROLE_NAME },
	{ "user story", ROLE_NAME },
	{ "feature", ROLE_NAME },
	{ "module", ROLE_NAME },
	{ "summary", ROLE_NAME },
	{ "system", ROLE_NAME },
	{ "work", ROLE_NAME },
	{ "job", ROLE_NAME },
	{ "issue", ROLE_ISSUE },
	{ "issues", ROLE_ISSUE },
	{ "ticket", ROLE_ISSUE },
	{ "github issue", ROLE_ISSUE },
	{ "gh issue", ROLE_ISSUE },
	{ "dependencies", ROLE_DEPENDS },
	{ "dependency", ROLE_DEPENDS },
	{ "depends on", ROLE_DEPENDS },
	{ "depends", ROLE_DEPENDS },
	{ "dependent on", ROLE_DEPENDS },
	{ "depend on", ROLE_DEPENDS },
	{ "deps", ROLE_DEPENDS },
	{ "dep", ROLE_DEPENDS },
	{ "blocked by", ROLE_DEPENDS },
	{ "blockers", ROLE_DEPENDS },
	{ "blocker", ROLE_DEPENDS },
	{ "requires", ROLE_DEPENDS },
	{ "required", ROLE_DEPENDS },
	{ "require", ROLE_DEPENDS },
	{ "prerequisite", ROLE_DEPENDS },
	{ "prerequisites", ROLE_DEPENDS },
	{ "prereq", ROLE_DEPENDS },
	{ "prereqs", ROLE_DEPENDS },
	{ "pre reqs", ROLE_DEPENDS },
	{ "predecessor", ROLE_DEPENDS },
	{ "predecessors", ROLE_DEPENDS },
	{ "after", ROLE_DEPENDS },
	{ "needs", ROLE_DEPENDS },
	{ "waits for", ROLE_DEPENDS },
	{ "waits on", ROLE_DEPENDS },
	{ "wait for", ROLE_DEPENDS },
	{ "upstream", ROLE_DEPENDS },
	{ "relies on", ROLE_DEPENDS },
	{ "dependson", ROLE_DEPENDS },
	{ "start after", ROLE_DEPENDS },
	{ "follows", ROLE_DEPENDS },
	{ "blocks", ROLE_BLOCKS },
	{ "enables", ROLE_BLOCKS },
	{ "unblocks", ROLE_BLOCKS },
	{ "successor", ROLE_BLOCKS },
	{ "successors", ROLE_BLOCKS },
	{ "required by", ROLE_BLOCKS },
	{ "needed by", ROLE_BLOCKS },
	{ "needed for", ROLE_BLOCKS },
	{ "dependents", ROLE_BLOCKS },
	{ "downstream", ROLE_BLOCKS },
	{ "before", ROLE_BLOCKS },
	{ "duration", ROLE_DURATION },
	{ "durations", ROLE_DURATION },
	{ "estimate", ROLE_DURATION },
	{ "estimates", ROLE_DURATION },
	{ "estimated", ROLE_DURATION },
	{ "est", ROLE_DURATION },
	{ "eta", ROLE_DURATION },
	{ "effort", ROLE_DURATION },
	{ "time", ROLE_DURATION },
	{ "est time", ROLE_DURATION },
	{ "estimated time", ROLE_DURATION },
	{ "time estimate", ROLE_DURATION },
	{ "estimated effort", ROLE_DURATION },
	{ "estimated duration", ROLE_DURATION },
	{ "estimated hours", ROLE_DURATION },
	{ "estimated minutes", ROLE_DURATION },
	{ "effort estimate", ROLE_DURATION },
	{ "estimate minutes", ROLE_DURATION },
	{ "hours", ROLE_DURATION },
	{ "days", ROLE_DURATION },
	{ "minutes", ROLE_DURATION },
	{ "mins", ROLE_DURATION },
	{ "weeks", ROLE_DURATION },
	{ "hrs", ROLE_DURATION },
	{ "size", ROLE_DURATION },
	{ "t shirt size", ROLE_DURATION },
	{ "realistic", ROLE_DURATION },
	{ "likely", ROLE_DURATION },
	{ "most likely", ROLE_DURATION },
	{ "optimistic", ROLE_OPTIMISTIC },
	{ "best case", ROLE_OPTIMISTIC },
	{ "min", ROLE_OPTIMISTIC },
	{ "low", ROLE_OPTIMISTIC },
	{ "pessimistic", ROLE_PESSIMISTIC },
	{ "worst case", ROLE_PESSIMISTIC },
	{ "max", ROLE_PESSIMISTIC },
	{ "high", ROLE_PESSIMISTIC },
	{ "complexity", ROLE_COMPLEXITY },
	{ "difficulty", ROLE_COMPLEXITY },
	{ "technical", ROLE_TECHNICAL },
	{ "technical complexity", ROLE_TECHNICAL },
	{ "tech", ROLE_TECHNICAL },
	{ "integration", ROLE_INTEGRATION },
	{ "integration complexity", ROLE_INTEGRATION },
	{ "testing", ROLE_TESTING },
	{ "testing complexity", ROLE_TESTING },
	{ "total", ROLE_TOTAL },
	{ "total score", ROLE_TOTAL },
	{ "score", ROLE_TOTAL },
	{ "complexity score", ROLE_TOTAL },
	{ "sum", ROLE_TOTAL },
	{ "risk", ROLE_RISK },
	{ "risk level", ROLE_RISK },
	{ "risks", ROLE_RISK },
	{ "status", ROLE_STATUS },
	{ "state", ROLE_STATUS },
	{ "done", ROLE_STATUS },
	{ "progress", ROLE_STATUS },
	{ "agent", ROLE_AGENT },
	{ "assigned agent", ROLE_AGENT },
	{ "files", ROLE_FILES },
	{ "file", ROLE_FILES },
	{ "paths", ROLE_FILES },
	{ "path", ROLE_FILES },
	{ "touches", ROLE_FILES },
	{ "files touched", ROLE_FILES },
	{ "files changed", ROLE_FILES },
	{ "files to create", ROLE_FILES },
	{ "files to modify", ROLE_FILES },
	{ "file paths", ROLE_FILES },
	{ "batch", ROLE_BATCH },
	{ "phase", ROLE_BATCH },
	{ "wave", ROLE_BATCH },
	{ "stage", ROLE_BATCH },
	{ "sprint", ROLE_BATCH },
	{ "group", ROLE_BATCH },
	{ "milestone", ROLE_BATCH },
	{ "description", ROLE_DESCRIPTION },
	{ "details", ROLE_DESCRIPTION },
	{ "notes", ROLE_DESCRIPTION },
	{ "what", ROLE_DESCRIPTION },
	{ "objective", ROLE_DESCRIPTION },
	{ "goal", ROLE_DESCRIPTION },
	{ "scope", ROLE_DESCRIPTION },
	{ "acceptance", ROLE_ACCEPTANCE },
	{ "acceptance criteria", ROLE_ACCEPTANCE },
	{ "acceptance criterion", ROLE_ACCEPTANCE },
	{ "done when", ROLE_ACCEPTANCE },
	{ "definition of done", ROLE_ACCEPTANCE },
	{ "success criteria", ROLE_ACCEPTANCE },
	{ "verify", ROLE_ACCEPTANCE },
	{ "verification", ROLE_ACCEPTANCE },
	{ "test strategy", ROLE_ACCEPTANCE },
	{ "exit criteria", ROLE_ACCEPTANCE },
	{ "command", ROLE_COMMAND },
	{ "kind", ROLE_KIND },
	{ "type", ROLE_KIND },
	{ "parallel", ROLE_PARALLEL },
	{ "parallelizable", ROLE_PARALLEL },
	{ "priority", ROLE_IGNORED },
	{ "owner", ROLE_IGNORED },
	{ "assignee", ROLE_IGNORED },
	{ "assigned to", ROLE_IGNORED },
	{ "timeline", ROLE_IGNORED },
	{ "parallelism", ROLE_IGNORED },
	{ "requirements", ROLE_IGNORED },
	{ "tags", ROLE_IGNORED },
	{ "labels", ROLE_IGNORED },
};

static const char *const batch_words[] = { "batch",  "phase",     "wave",      "stage",
	                                   "sprint", "milestone", "iteration", "tier" };

enum role role_of(const char *words)
{
	size_t n = strlen(words), at = 0, start, len, used = 0;
	char normal[48];

	/* a unit or remark in brackets is not part of the name */
	for (size_t i = 1; i < n; i++)
		if (words[i] == '(' || words[i] == '[' || words[i] == '/')
			n = i;
	if (n == 1 && words[0] == '#')
		return ROLE_ID;
	while (name_word(words, n, &at, &start, &len)) {
		if (used + len + 2 > sizeof normal)
			return ROLE_NONE;
		if (used > 0)
			normal[used++] = ' ';
		memcpy(normal + used, words + start, len);
		used += len;
	}
	normal[used] = '\0';
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (text_same(roles[i].words, normal))
			return roles[i].role;
	return ROLE_NONE;
}

static bool number_in(const char *s, long *out)
{
	s += strcspn(s, "0123456789");
	if (*s == '\0' || strlen(s) > 9)
		return false;
	*out = strtol(s, NULL, 10);
	return true;
}

/* 1 to 10, else nothing. */
static bool point(const char *s, int *out)
{
	long value;

	if (!number_in(s, &value) || value < 1 || value > 10)
		return false;
	*out = (int)value;
	return true;
}

static bool duration(struct draft_task *t, const struct role_value *v)
{
	struct measure_span span = { 0 };
	size_t n = strlen(v->words);
	long size;

	if (!measure_duration(v->words, n, v->unit_min, &span) || span.minutes <= 0) {
		if ((size = measure_size(v->words, n)) == 0)
			return false;
		span.minutes = size;
	}
	t->t.estimate_min = span.minutes;
	t->t.estimate_source = PLAN_STATED;
	if (span.high > span.low) {
		t->t.low_min = span.low;
		t->t.high_min = span.high;
	}
	return true;
}

/* The low or high end of a range; the middle is the estimate when none was stated. */
static bool range_end(struct draft_task *t, const struct role_value *v, bool high)
{
	struct measure_span span = { 0 };

	if (!measure_duration(v->words, strlen(v->words), v->unit_min, &span) || span.minutes <= 0)
		return false;
	*(high ? &t->t.high_min : &t->t.low_min) = span.minutes;
	if (t->t.estimate_min == 0 && t->t.low_min > 0 && t->t.high_min >= t->t.low_min) {
		t->t.estimate_min = (t->t.low_min + t->t.high_min + 1) / 2;
		t->t.estimate_source = PLAN_STATED;
	}
	return true;
}

static bool status(struct draft_task *t, const char *s)
{
	static const char *const done[] = { "done",    "complete", "completed",
		                            "closed",  "merged",   "finished",
		                            "shipped", "yes",      "resolved" };
	static const char *const dropped[] = { "cancelled", "canceled", "dropped",   "wontfix",
		                               "won t fix", "skipped",  "abandoned", "obsolete",
		                               "deferred",  "tombstone" };

	if (strstr(s, "\xe2\x9c\x85") != NULL || strstr(s, "\xe2\x9c\x93") != NULL ||
	    strstr(s, "\xe2\x9c\x94") != NULL || strstr(s, "[x]") != NULL)
		t->t.done = true;
	for (size_t i = 0; i < sizeof done / sizeof *done; i++)
		t->t.done = t->t.done || (name_has(s, done[i]) && !name_has(s, "not"));
	for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
		if (name_has(s, dropped[i]))
			t->dropped = true;
	return true;
}

/* Each piece of a list `a.c, b.c` or of lines; marks of code and bullets taken off. */
static bool each(struct draft *d, struct plan_texts *list, const char *s, const char *separators)
{
	bool any = false;

	while (*s != '\0') {
		size_t n = strcspn(s, separators), skip = strspn(s, " \t`-*\n\"");
		const char *text;

		if (skip < n) {
			size_t len = n - skip;

			while (len > 0 && strchr(" \t`\r\"", s[skip + len - 1]) != NULL)
				len--;
			text = draft_copy(d->a, s + skip, len);
			if (text[0] != '\0') {
				draft_text(d->a, list, text);
				any = true;
			}
		}
		s += n;
		s += *s != '\0';
	}
	return any;
}

/* `path/to/file.c`, `Makefile (new)`: what is not a path has a blank in it. */
static bool files(struct draft *d, struct draft_task *t, const char *s)
{
	struct plan_texts list = { NULL, 0 };

	each(d, &list, s, ",;\n");
	for (size_t i = 0; i < list.n; i++) {
		size_t n = strcspn(list.at[i], " \t`(");

		if (n > 0 && !resolve_is_none(list.at[i], strlen(list.at[i])))
			draft_text(d->a, &t->t.files, draft_copy(d->a, list.at[i], n));
	}
	return list.n > 0;
}

/* `#242` is the task's issue; `part of #237` is shared. */
static bool issue(struct draft *d, struct draft_task *t, const char *s)
{
	const char *at = strchr(s, '#');
	size_t n = at == NULL ? 0 : strspn(at + 1, "0123456789");

	if (n == 0)
		return false;
	if (name_has(s, "part") || name_has(s, "partial") || name_has(s, "partly"))
		draft_text(d->a, &t->t.labels, text_printf(d->a, "part of %.*s", (int)n + 1, at));
	else
		draft_text(d->a, &t->t.labels, draft_copy(d->a, at, n + 1));
	return true;
}

/* argv from a line: words between blanks, quotes keep blanks; nothing else is special. */
static bool command(struct draft *d, struct draft_task *t, const char *s)
{
	s += strspn(s, " `$");
	while (*s != '\0' && *s != '`') {
		char quote = ' ';
		const char *from = s;
		size_t n = 0;

		if (*s == '"' || *s == '\'') {
			quote = *s;
			from = s + 1;
		}
		while (from[n] != '\0' && from[n] != quote && (quote != ' ' || from[n] != '`'))
			n++;
		draft_text(d->a, &t->t.command, arena_copy(d->a, from, n));
		s = from + n + (from[n] == quote);
		s += strspn(s, " ");
	}
	return t->t.command.n > 0;
}

static bool complexity(struct draft_task *t, const char *s)
{
	long value;
	int level = measure_level(s, strlen(s));

	if (level > 0) {
		t->label_complexity = level;
		return true;
	}
	if (!number_in(s, &value) || value < 1 || value > 30)
		return false;
	t->label_complexity = (int)(value <= 10 ? value * 3 : value);
	return true;
}

static void need(struct draft *d, struct draft_task *t, bool reversed, const struct role_value *v)
{
	struct draft_ref ref = { .task = t->index,
		                 .words = text_dup(d->a, v->words),
		                 .reversed = reversed,
		                 .sure = true,
		                 .source = v->source,
		                 .line = v->line };

	d->stated = true;
	if (ref.words != NULL && t != &d->scratch)
		draft_need(d, &ref);
}

static bool risk(struct draft_task *t, const char *s)
{
	t->risk_stated = measure_risk(s, strlen(s), &t->t.risk) || t->risk_stated;
	return t->risk_stated;
}

static bool total(struct draft_task *t, const char *s)
{
	long value;

	if (!number_in(s, &value) || value < 1 || value > 100)
		return false;
	t->t.complexity = (int)value;
	return true;
}

/* NOLINTNEXTLINE(readability-function-size): a flat switch, one case a role */
bool role_apply(struct draft *d, struct draft_task *t, enum role role, const struct role_value *v)
{
	const char *s = v->words + strspn(v->words, " \t\n");

	switch (role) {
	case ROLE_ID:
		t->t.id = draft_copy(d->a, s, strcspn(s, "\n"));
		t->own_id = t->t.id[0] != '\0';
		return t->own_id;
	case ROLE_NAME:
		role_title(d, t, s, v->source);
		return true;
	case ROLE_ISSUE:
		return issue(d, t, s);
	case ROLE_DEPENDS:
	case ROLE_BLOCKS:
		need(d, t, role == ROLE_BLOCKS, v);
		return true;
	case ROLE_DURATION:
		return duration(t, v);
	case ROLE_OPTIMISTIC:
	case ROLE_PESSIMISTIC:
		return range_end(t, v, role == ROLE_PESSIMISTIC);
	case ROLE_COMPLEXITY:
		return complexity(t, s);
	case ROLE_TECHNICAL:
		return point(s, &t->t.technical);
	case ROLE_INTEGRATION:
		return point(s, &t->t.integration);
	case ROLE_TESTING:
		return point(s, &t->t.testing);
	case ROLE_TOTAL:
		return total(t, s);
	case ROLE_RISK:
		return risk(t, s);
	case ROLE_STATUS:
		return status(t, s);
	case ROLE_AGENT:
		t->t.agent = draft_copy(d->a, s, strcspn(s, "\n"));
		return true;
	case ROLE_FILES:
		return files(d, t, s);
	case ROLE_BATCH:
		if (!role_batch(d->a, s, &t->t.batch, &t->batch_number) && s[0] != '\0') {
			t->t.batch = draft_copy(d->a, s, strlen(s));
			t->batch_number = strtol(s, NULL, 10) > 0 ? strtol(s, NULL, 10) : 0;
		}
		return true;
	case ROLE_DESCRIPTION:
		if (t->t.description[0] == '\0')
			t->t.description = draft_copy(d->a, s, strlen(s));
		return true;
	case ROLE_ACCEPTANCE:
		return each(d, &t->t.acceptance, s, ";\n");
	case ROLE_COMMAND:
		return command(d, t, s);
	case ROLE_KIND:
		t->t.kind = name_normal(s, strlen(s), d->a);
		return true;
	case ROLE_PARALLEL:
		t->marked_parallel = name_has(s, "true") || name_has(s, "yes");
		return true;
	case ROLE_NONE:
	case ROLE_IGNORED:
		break;
	}
	return role == ROLE_IGNORED;
}

bool role_batch(struct arena *a, const char *words, const char **name, long *number)
{
	size_t n = strcspn(words, "\n"), at = 0, start, len;
	bool batch = false;

	if (!name_word(words, n, &at, &start, &len))
		return false;
	for (size_t i = 0; i < sizeof batch_words / sizeof *batch_words; i++)
		batch = batch || (len == strlen(batch_words[i]) &&
		                  strncasecmp(words + start, batch_words[i], len) == 0);
	if (!batch || !name_word(words, n, &at, &start, &len) || len > 4)
		return false;
	*number = 0;
	for (size_t i = 0; i < len; i++) {
		char c = words[start + i];

		if (c >= '0' && c <= '9')
			*number = *number * 10 + (c - '0');
		else if (i > 0 || len > 1)
			return false;
		else
			*number = (c & 0x5F) - 'A' + 1; /* Phase A, B, ... */
	}
	/* `(4 parallel tasks)` says how many, not what */
	for (size_t i = at; i < n; i++)
		if (words[i] == '(')
			n = i;
	*name = draft_copy(a, words, n);
	return true;
}
