/* coach.c - what the coach says, as people read it. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"

#define TOOLS_SHOWN  8
#define PLACES_SHOWN 3
#define HOUR_MS      3600000

static double number(const cJSON *o, const char *key)
{
	return json_number(o, key, 0);
}

/* `5 turns`, `1 turn`. */
static void count(struct cli *c, double n, const char *what)
{
	text_addf(&c->screen.text, "%s %s%s", show_number(c, n), what, n == 1 ? "" : "s");
}

/* 1,234,567 is read faster as 1.2 M. */
static const char *tokens(struct cli *c, const cJSON *o, const char *key)
{
	double n = number(o, key);
	const char *words =
	    n < 100000 ? show_number(c, n) : text_printf(c->arena, "%.1f M", n / 1000000);

	return words == NULL ? "" : words;
}

static void show_tools(struct cli *c, const cJSON *list)
{
	struct table *t = table_new(c, "tool|calls|failed|time");
	const cJSON *tool;
	int n = 0;

	cJSON_ArrayForEach(tool, list) {
		if (n++ == TOOLS_SHOWN)
			break;
		table_cell(t, STYLE_BOLD, json_text(tool, "tool"));
		table_cell(t, STYLE_NONE, show_number(c, number(tool, "calls")));
		table_cell(t, STYLE_NONE, show_number(c, number(tool, "errors")));
		table_cell(t, STYLE_NONE, show_ms(c, number(tool, "ms")));
	}
	table_show(t);
}

static void show_sessions(struct cli *c, const cJSON *m)
{
	struct text *t = &c->screen.text;
	const cJSON *sum = json_get(m, "tokens"), *gates = json_get(m, "gates");

	count(c, number(m, "sessions"), "session");
	text_add(t, ", ");
	count(c, number(m, "turns"), "turn");
	text_add(t, ", ");
	count(c, number(m, "toolCalls"), "call");
	text_addf(t, " (%s failed), ", show_number(c, number(m, "toolErrors")));
	count(c, number(m, "edits"), "edit");
	text_add(t, " of ");
	count(c, number(m, "filesEdited"), "file");
	text_addf(t, "\n%s: at work %s, waiting for a person %s; tools ran %s\n",
	          show_ms(c, number(m, "wallMs")), show_ms(c, number(m, "activeMs")),
	          show_ms(c, number(m, "waitingMs")), show_ms(c, number(m, "toolMs")));
	text_addf(t,
	          "tokens: %s in, %s from the cache, %s into it, at least %s out; context full %s "
	          "times\n",
	          tokens(c, sum, "input"), tokens(c, sum, "cacheRead"),
	          tokens(c, sum, "cacheWrite"), tokens(c, sum, "output"),
	          show_number(c, number(m, "compactions")));
	if (number(gates, "runs") > 0)
		text_addf(t, "gates: %s of %s runs passed; %s of %s at their first\n",
		          show_number(c, number(gates, "passed")),
		          show_number(c, number(gates, "runs")),
		          show_number(c, number(gates, "passedFirst")),
		          show_number(c, number(gates, "different")));
	if (json_get(m, "costUsd") != NULL)
		text_addf(t, "cost: %s USD, by %s\n", show_number(c, number(m, "costUsd")),
		          json_text(m, "costSource"));
	if (number(m, "costUnknown") > 0)
		text_addf(t,
		          "cost unknown of %s sessions: their hosts state none, and 'prices' in "
		          ".gadugi/config has none for their models\n",
		          show_number(c, number(m, "costUnknown")));
	if (cJSON_GetArraySize(json_get(m, "byTool")) > 0) {
		text_add_char(t, '\n');
		show_tools(c, json_get(m, "byTool"));
	}
}

/* `6 of 96`, or `104439.6 (of 3)`. */
static void show_side(struct cli *c, const cJSON *side)
{
	const cJSON *middle = json_get(side, "middle");

	if (cJSON_IsNumber(middle))
		text_addf(&c->screen.text, "%s (middle of %s)", show_number(c, middle->valuedouble),
		          show_number(c, number(side, "of")));
	else
		text_addf(&c->screen.text, "%s of %s", show_number(c, number(side, "n")),
		          show_number(c, number(side, "of")));
}

static bool is_too_little(const cJSON *o)
{
	const char *verdict = json_text(o, "verdict");

	return verdict == NULL || strcmp(verdict, "too little data") == 0;
}

static void show_trends(struct cli *c, const cJSON *trends)
{
	struct text *t = &c->screen.text;
	const cJSON *m;
	int lacking = 0;

	if (trends == NULL)
		return;
	text_addf(t, "\nthe last %s day%s against all before:\n",
	          show_number(c, number(trends, "windowDays")),
	          number(trends, "windowDays") > 1 ? "s" : "");
	cJSON_ArrayForEach(m, json_get(trends, "measures")) {
		if (is_too_little(m)) {
			lacking++;
			continue;
		}
		text_addf(t, "  %s: ", json_text(m, "measure"));
		show_side(c, json_get(m, "before"));
		text_add(t, " > ");
		show_side(c, json_get(m, "last"));
		text_addf(t, ": %s\n", json_text(m, "verdict"));
	}
	if (lacking > 0)
		text_addf(t, "  too little data for %d others\n", lacking);
}

/* Only kinds of which something can be told. */
static void show_compare(struct cli *c, const cJSON *compare)
{
	const cJSON *kind;

	cJSON_ArrayForEach(kind, json_get(compare, "kinds")) {
		if (json_text(kind, "best") == NULL)
			continue;
		text_add(&c->screen.text, "best at '");
		screen_text(&c->screen, json_text(kind, "kind"));
		text_add(&c->screen.text, "': ");
		screen_text(&c->screen, json_text(kind, "best"));
		text_addf(&c->screen.text, ", by %s\n", json_text(kind, "because"));
	}
}

static void show_chain(struct cli *c, const cJSON *chain)
{
	const cJSON *link;

	if (cJSON_GetArraySize(chain) == 0)
		return;
	text_add(&c->screen.text, "what it waited for: ");
	cJSON_ArrayForEach(link, chain) {
		const char *after = json_text(link, "after");
		bool worker = after != NULL && strcmp(after, "worker") == 0;

		text_add(&c->screen.text, link == chain->child ? ""
		                          : worker             ? " > (worker) "
		                                               : " > ");
		screen_text(&c->screen, json_text(link, "task"));
		text_addf(&c->screen.text, " %s", show_ms(c, number(link, "ms")));
	}
	text_add_char(&c->screen.text, '\n');
}

static void show_run(struct cli *c, const cJSON *m)
{
	struct text *t = &c->screen.text;
	const cJSON *idle = json_get(m, "idleWorkerMs"), *lacking;
	const cJSON *factor = json_get(json_get(m, "estimates"), "factor");

	text_addf(t, "run %s %s: %s of ", json_text(m, "runId"), json_text(m, "state"),
	          show_number(c, number(m, "succeeded")));
	count(c, number(m, "tasks"), "task");
	text_add(t, " in ");
	count(c, number(m, "attempts"), "attempt");
	text_add_char(t, '\n');
	if (json_get(m, "speedup") != NULL)
		text_addf(t,
		          "%s of work in %s: %.2fx; %.0f %% of what %s workers could do at best\n",
		          show_ms(c, number(m, "workMs")), show_ms(c, number(m, "wallMs")),
		          number(m, "speedup"), 100 * number(m, "efficiency"),
		          show_number(c, number(m, "workers")));
	if (idle != NULL)
		text_addf(t,
		          "workers were at work %.0f %% of the time; idle %s with tasks ready, %s "
		          "with none\n",
		          100 * number(m, "utilisation"), show_ms(c, number(idle, "whileReady")),
		          show_ms(c, number(idle, "noneReady")));
	show_chain(c, json_get(m, "criticalChain"));
	if (cJSON_IsNumber(factor))
		text_addf(t, "an estimated hour took %s (the middle of %s tasks)\n",
		          show_ms(c, factor->valuedouble * HOUR_MS),
		          show_number(c, number(json_get(m, "estimates"), "n")));
	cJSON_ArrayForEach(lacking, json_get(m, "notEnoughData")) {
		text_addf(t, "not enough data: %s\n", lacking->valuestring);
	}
}

static void show_places(struct cli *c, const cJSON *list)
{
	const cJSON *place;
	int n = 0;

	cJSON_ArrayForEach(place, list) {
		const char *file = json_text(place, "file"), *slash;

		if (file == NULL || n++ >= PLACES_SHOWN)
			continue;
		slash = strrchr(file, '/');
		text_add(&c->screen.text, "         ");
		screen_text(&c->screen, slash == NULL ? file : slash + 1);
		text_addf(&c->screen.text, ":%s", show_number(c, number(place, "line")));
		if (json_text(place, "text") != NULL) {
			text_add(&c->screen.text, " ");
			screen_styled(&c->screen, STYLE_NONE, json_text(place, "text"), 70);
		}
		text_add_char(&c->screen.text, '\n');
	}
}

static void show_findings(struct cli *c, const cJSON *list)
{
	struct screen *s = &c->screen;
	const cJSON *f;

	if (cJSON_GetArraySize(list) == 0)
		text_add(&s->text, "nothing stands out\n");
	cJSON_ArrayForEach(f, list) {
		const char *severity = json_text(f, "severity");
		bool high = severity != NULL && strcmp(severity, "error") == 0;

		screen_cell(s, high ? STYLE_RED : STYLE_YELLOW, severity == NULL ? "" : severity,
		            8);
		text_add_char(&s->text, ' ');
		screen_styled(s, STYLE_BOLD, json_text(f, "code"), SIZE_MAX);
		text_add(&s->text, ": ");
		screen_text(s, json_text(f, "message"));
		text_add_char(&s->text, '\n');
		show_places(c, json_get(f, "evidence"));
	}
}

static void show_issues(struct cli *c, const cJSON *list)
{
	const cJSON *issue;

	cJSON_ArrayForEach(issue, list) {
		const char *link = json_text(issue, "link"), *wrong = json_text(issue, "wrong");

		text_addf(&c->screen.text, "issue %s: ", json_text(issue, "state"));
		screen_text(&c->screen, link != NULL ? link : json_text(issue, "path"));
		if (wrong != NULL) {
			text_add(&c->screen.text, " (");
			screen_text(&c->screen, wrong);
			text_add_char(&c->screen.text, ')');
		}
		text_add_char(&c->screen.text, '\n');
	}
}

static void show_changes(struct cli *c, const cJSON *result)
{
	const cJSON *lessons = json_get(result, "lessons"), *patch;

	if (lessons != NULL)
		text_addf(&c->screen.text,
		          "lessons: %s stored, %s of them for older ones, %s ended\n",
		          show_number(c, number(lessons, "stored")),
		          show_number(c, number(lessons, "superseded")),
		          show_number(c, number(lessons, "ended")));
	cJSON_ArrayForEach(patch, json_get(result, "patches")) {
		text_add(&c->screen.text, "to apply: git apply .gadugi/");
		screen_text(&c->screen, json_text(patch, "path"));
		text_add(&c->screen.text, "   (");
		count(c, number(patch, "changes"), "change");
		text_add(&c->screen.text, " of ");
		screen_text(&c->screen, json_text(patch, "file"));
		text_add(&c->screen.text, ")\n");
	}
}

/* What the project remembers of it, and what came of what was said before. */
static void show_context(struct cli *c, const cJSON *context)
{
	struct screen *s = &c->screen;
	const cJSON *one;

	if (cJSON_GetArraySize(json_get(context, "known")) > 0)
		text_add(&s->text, "\nwhat is remembered of it:\n");
	cJSON_ArrayForEach(one, json_get(context, "known")) {
		text_add(&s->text, "- ");
		screen_text(s, one->valuestring);
		text_add_char(&s->text, '\n');
	}
	if (cJSON_GetArraySize(json_get(context, "before")) > 0)
		text_add(&s->text, "\nsaid before:\n");
	cJSON_ArrayForEach(one, json_get(context, "before")) {
		text_add(&s->text, "- ");
		screen_styled(s, STYLE_BOLD, json_text(one, "code"), SIZE_MAX);
		text_add(&s->text, " ");
		screen_text(s, json_text(one, "message"));
		text_add_char(&s->text, '\n');
	}
}

static void show(struct cli *c, const cJSON *result)
{
	const cJSON *m = json_get(result, "metrics"), *item;
	const cJSON *change = json_get(result, "recommendations");

	if (json_text(m, "runId") != NULL)
		show_run(c, m);
	else
		show_sessions(c, m);
	show_compare(c, json_get(m, "compare"));
	show_trends(c, json_get(m, "trends"));
	text_add_char(&c->screen.text, '\n');
	show_findings(c, json_get(result, "findings"));
	if (cJSON_GetArraySize(change) > 0)
		text_add(&c->screen.text, "\nwhat to change:\n");
	cJSON_ArrayForEach(item, change) {
		text_add(&c->screen.text, "- ");
		screen_text(&c->screen, json_text(item, "message"));
		if (json_text(item, "before") != NULL)
			text_addf(&c->screen.text, " (%s)", json_text(item, "before"));
		text_add_char(&c->screen.text, '\n');
	}
	show_context(c, json_get(result, "context"));
	show_issues(c, json_get(result, "issues"));
	show_changes(c, result);
}

void coach_argument(struct cli *c)
{
	char real[PATH_MAX];
	struct stat st;

	if (c->n_words == 1 && stat(c->words[0], &st) == 0 && realpath(c->words[0], real) != NULL)
		cli_put_text(c, "path", real);
	else if (c->n_words == 1)
		cli_put_text(c, strchr(c->words[0], '/') == NULL ? "runId" : "path", c->words[0]);
}

int command_coach(struct cli *c)
{
	coach_argument(c);
	if (cli_has(c, "follow"))
		return command_follow(c);
	return cli_simple(c, show);
}
