/* page_trend.c - what got better or worse, as a section of the report. */
#include "domain/coach/page.h"
#include "domain/coach/trend.h"

static void side(struct text *t, const cJSON *s)
{
	const cJSON *middle = json_get(s, "middle");

	text_add(t, "<td class=\"n\">");
	if (cJSON_IsNumber(middle))
		text_addf(t, "%.4g <span class=\"dim\">middle of %lld</span>", middle->valuedouble,
		          (long long)json_int(s, "of", 0));
	else
		text_addf(t, "%lld <span class=\"dim\">of %lld</span>",
		          (long long)json_int(s, "n", 0), (long long)json_int(s, "of", 0));
	text_add(t, "</td>");
}

static const char *colour_of(const char *verdict)
{
	if (verdict != NULL && verdict[0] == 'b')
		return "good";
	return verdict != NULL && verdict[0] == 'w' ? "bad" : "dim";
}

static void measures(struct text *t, const cJSON *trends)
{
	const cJSON *m;

	text_addf(t, "<h2>Trends</h2>\n<p class=\"dim\">windows of %lld day%s; ",
	          (long long)json_int(trends, "windowDays", 0),
	          json_int(trends, "windowDays", 0) == 1 ? "" : "s");
	page_text(t, json_text(trends, "rule"));
	text_add(t, "</p>\n<div class=\"scroll\"><table>\n<tr><th>measure</th>"
	            "<th class=\"n\">before</th><th class=\"n\">last window</th><th>verdict</th>"
	            "</tr>\n");
	cJSON_ArrayForEach(m, json_get(trends, "measures")) {
		const char *verdict = json_text(m, "verdict");

		text_add(t, "<tr><td>");
		page_text(t, json_text(m, "measure"));
		text_add(t, "</td>");
		side(t, json_get(m, "before"));
		side(t, json_get(m, "last"));
		text_addf(t, "<td class=\"%s\">", colour_of(verdict));
		page_text(t, verdict);
		text_add(t, "</td></tr>\n");
	}
	text_add(t, "</table></div>\n");
}

static void row(struct text *t, const cJSON *kind, const cJSON *by)
{
	const cJSON *good = json_get(by, "good");
	int64_t of = json_int(good, "of", 0);

	text_add(t, "<tr><td>");
	page_text(t, json_text(kind, "kind"));
	text_add(t, "</td><td>");
	page_text(t, json_text(by, "who"));
	text_addf(t, "</td><td class=\"n\">%lld</td><td>", (long long)json_int(by, "n", 0));
	if (of > 0)
		page_share(t, (double)json_int(good, "n", 0) / (double)of, false);
	text_add(t, "</td><td class=\"n\">");
	if (json_get(by, "middleMs") != NULL)
		page_ms(t, (int64_t)json_number(by, "middleMs", 0));
	text_add(t, "</td><td class=\"n\">");
	if (json_get(by, "middleTokens") != NULL)
		page_count(t, (int64_t)json_number(by, "middleTokens", 0));
	text_add(t, "</td><td>");
	if (by == json_get(kind, "by")->child)
		page_text(t, json_text(kind, "best") != NULL ? json_text(kind, "best")
		                                             : json_text(kind, "verdict"));
	text_add(t, "</td></tr>\n");
}

static void compare(struct text *t, const cJSON *compare)
{
	const cJSON *kind, *by;

	text_add(t, "<h2>Who does like work how well</h2>\n<p class=\"dim\">good: ");
	page_text(t, json_text(compare, "good"));
	text_add(t, "</p>\n<div class=\"scroll\"><table>\n<tr><th>kind</th><th>by</th>"
	            "<th class=\"n\">n</th><th>good</th><th class=\"n\">middle time</th>"
	            "<th class=\"n\">middle tokens</th><th>best</th></tr>\n");
	cJSON_ArrayForEach(kind, json_get(compare, "kinds")) {
		cJSON_ArrayForEach(by, json_get(kind, "by")) {
			row(t, kind, by);
		}
	}
	text_add(t, "</table></div>\n");
}

void page_trends(struct text *t, const struct coach_report *r)
{
	struct json_build b = { 0 };
	cJSON *all = json_object(&b);

	if (r->run != NULL)
		compare_put_tasks(&b, all, r);
	else
		compare_put_sessions(&b, all, r);
	trend_put(&b, all, r);
	if (b.failed)
		t->failed = true;
	else if (json_get(all, "trends") != NULL)
		measures(t, json_get(all, "trends"));
	if (!b.failed && json_get(all, "compare") != NULL)
		compare(t, json_get(all, "compare"));
	cJSON_Delete(all);
}
