#include "domain/coach/page.h"
#include "domain/coach/before.h"

#include <string.h>

#include "base/clock.h"
#include "domain/coach/before.h"
#include "domain/coach/facts.h"

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fbfbfa;--fg:#1d2126;--dim:#5d6570;--line:#dfe2e6;"
    "--card:#fff;--accent:#2563a8;--good:#2b7a4b;--warn:#9a6200;--bad:#b3261e;--grey:#8a929c;"
    "--violet:#7a4fa3;--bar:#d7e3f1}"
    "@media(prefers-color-scheme:dark){:root{--bg:#15181c;--fg:#e4e7eb;--dim:#a0a8b2;"
    "--line:#31373f;--card:#1d2126;--accent:#7db2ea;--good:#5fb984;--warn:#e0a83e;"
    "--bad:#f2857c;--grey:#77808b;--violet:#b893dd;--bar:#2b3d51}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}"
    "main{max-width:1120px;margin:0 auto;padding:24px 20px 60px}"
    "h1{font-size:24px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}"
    "h2{font-size:17px;margin:36px 0 12px}"
    "p{margin:6px 0}.dim{color:var(--dim)}code,.mono{font:13px/1.45 ui-monospace,monospace;"
    "overflow-wrap:anywhere}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px;"
    "margin-top:18px}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}"
    ".card b{display:block;font-size:20px;font-weight:600;line-height:1.3}"
    ".card span{color:var(--dim);font-size:13px;display:block}"
    ".scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;background:var(--card)}"
    "table{border-collapse:collapse;width:100%;font-size:14px}"
    "th,td{text-align:left;padding:7px 12px;border-bottom:1px solid var(--line);"
    "vertical-align:top}tr:last-child td{border-bottom:0}"
    "th{font-weight:600;color:var(--dim);font-size:13px;white-space:nowrap}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "td.w{min-width:180px;overflow-wrap:anywhere}td:first-child code{overflow-wrap:normal}"
    ".tag{display:inline-block;border:1px solid currentColor;border-radius:10px;"
    "padding:0 8px;font-size:12px;line-height:18px;white-space:nowrap}"
    ".good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}"
    ".violet{color:var(--violet)}"
    ".find{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--dim);"
    "border-radius:8px;padding:10px 14px;margin:10px 0}"
    ".find.w{border-left-color:var(--warn)}.find.e{border-left-color:var(--bad)}"
    ".find h3{font-size:15px;margin:0 0 4px;overflow-wrap:anywhere}"
    ".find h3 .tag{margin-right:8px;vertical-align:1px}"
    ".find ul{margin:6px 0 0;padding-left:18px;font-size:13px;color:var(--dim)}"
    ".find li{overflow-wrap:anywhere}"
    ".share{display:inline-block;width:70px;height:9px;border-radius:5px;background:var(--bar);"
    "overflow:hidden;margin-right:8px;vertical-align:1px}"
    ".share i{display:block;height:100%;background:var(--accent)}.share.bad "
    "i{background:var(--bad)}"
    ".stack{display:flex;height:22px;border-radius:6px;overflow:hidden;background:var(--bar);"
    "margin:4px 0 10px}.stack i{display:block;height:100%}"
    ".key{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--dim)}"
    ".key i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;"
    "vertical-align:-1px}"
    ".k0{background:var(--good)}.k1{background:var(--accent)}.k2{background:var(--warn)}"
    ".k3{background:var(--bad)}.k4{background:var(--violet)}.k5{background:var(--grey)}"
    "svg{display:block;min-width:680px;width:100%;height:auto;font:11px system-ui,sans-serif}"
    "svg text{fill:var(--dim)}svg .on{fill:#fff}svg line{stroke:var(--line)}"
    "svg .f0{fill:var(--good)}svg .f1{fill:var(--accent)}svg .f2{fill:var(--warn)}"
    "svg .f3{fill:var(--bad)}svg .f4{fill:var(--violet)}svg .f5{fill:var(--grey)}"
    "svg .after{opacity:.38}svg .chain{stroke:var(--fg);stroke-width:1.6}"
    "@media(prefers-color-scheme:dark){svg .on{fill:#10151a}}"
    "@media(max-width:600px){main{padding:16px 12px 40px}h1{font-size:20px}"
    ".cards{grid-template-columns:repeat(2,1fr)}}"
    "@media print{body{background:#fff}.find,.card{break-inside:avoid}}";

/* What stands for an ASCII character that would be a mark; NULL: it may stand as it is. */
static const char *instead(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\n':
	case '\t':
		return " ";
	default:
		return (unsigned char)c < 0x20 || c == 0x7f ? "?" : NULL;
	}
}

/* Length of the whole character at s, 0 when it is none. */
static size_t character(const char *s, size_t left)
{
	for (size_t n = 1; n < 5 && n <= left; n++)
		if (text_utf8_valid(s, n) == n)
			return n;
	return 0;
}

void page_text(struct text *t, const char *s)
{
	size_t left = s == NULL ? 0 : strlen(s);

	for (size_t n; left > 0; s += n, left -= n) {
		const char *is = instead(*s);

		n = character(s, left);
		if (is == NULL && n == 0)
			is = "?";
		n = n == 0 ? 1 : n;
		if (is != NULL)
			text_add(t, is);
		else
			text_add_n(t, s, n);
	}
}

void page_begin(struct text *t, const char *title)
{
	text_add(t, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	            "style-src 'unsafe-inline'\">\n<title>");
	page_text(t, title);
	text_add(t, "</title>\n<style>");
	text_add(t, style);
	text_add(t, "</style>\n</head>\n<body>\n<main>\n<h1>");
	page_text(t, title);
	text_add(t, "</h1>\n");
}

void page_end(struct text *t)
{
	text_add(t, "</main>\n</body>\n</html>\n");
}

void page_ms(struct text *t, int64_t ms)
{
	if (ms < 1000)
		text_addf(t, "%lld ms", (long long)ms);
	else if (ms < 60000)
		text_addf(t, "%.1f s", (double)ms / 1000);
	else if (ms < 3600000)
		text_addf(t, "%lld min %lld s", (long long)(ms / 60000),
		          (long long)(ms % 60000 / 1000));
	else
		text_addf(t, "%lld h %lld min", (long long)(ms / 3600000),
		          (long long)(ms % 3600000 / 60000));
}

void page_time(struct text *t, int64_t wall_ms)
{
	char iso[CLOCK_TEXT_SIZE];

	clock_text(wall_ms, iso);
	text_addf(t, "%.10s %.8s UTC", iso, iso + 11);
}

void page_count(struct text *t, int64_t n)
{
	int64_t unit = 1;

	if (n < 0)
		text_add_char(t, '-');
	n = n < 0 ? -n : n;
	while (n / unit >= 1000)
		unit *= 1000;
	text_addf(t, "%lld", (long long)(n / unit));
	for (unit /= 1000; unit > 0; unit /= 1000)
		text_addf(t, ",%03lld", (long long)(n / unit % 1000));
}

void page_card(struct text *t, const char *name)
{
	text_addf(t, "<div class=\"card\"><span>%s</span><b>", name);
}

void page_below(struct text *t)
{
	text_add(t, "</b><span>");
}

void page_card_end(struct text *t)
{
	text_add(t, "</span></div>\n");
}

void page_share(struct text *t, double share, bool bad)
{
	double shown = share < 0 ? 0 : share > 1 ? 1 : share;

	text_addf(t, "<span class=\"share%s\"><i style=\"width:%.0f%%\"></i></span>%.0f&#8239;%%",
	          bad ? " bad" : "", shown * 100, share * 100);
}

/* ---- findings ---- */

static void place(struct text *t, const struct coach_place *p)
{
	text_add(t, "<li>");
	if (p->file != NULL) {
		text_add(t, "<code>");
		page_text(t, p->file);
		text_addf(t, ":%ld</code>", p->line);
	} else {
		text_add(t, "task <code>");
		page_text(t, p->task);
		text_add(t, "</code>");
	}
	if (p->event != 0)
		text_addf(t, " (event %lld)", (long long)p->event);
	if (p->words != NULL) {
		text_add(t, " ");
		page_text(t, p->words);
	}
	text_add(t, "</li>\n");
}

static void finding(struct text *t, const struct coach_finding *f)
{
	static const char *const classes[] = { "", " w", " e" };
	static const char *const colours[] = { "dim", "warn", "bad" };

	text_addf(t, "<div class=\"find%s\"><h3><span class=\"tag %s\">%s</span>%s</h3>\n<p>",
	          classes[f->severity], colours[f->severity], coach_severity_word(f->severity),
	          f->code);
	page_text(t, f->message);
	text_add(t, "</p>\n<p class=\"dim\">");
	page_text(t, f->advice);
	if (f->cost_ms > 0) {
		text_add(t, " It cost ");
		page_ms(t, f->cost_ms);
		text_add(t, ".");
	}
	if (f->cost_tokens > 0) {
		text_add(t, " It cost about ");
		page_count(t, f->cost_tokens);
		text_add(t, " tokens.");
	}
	text_add(t, "</p>\n");
	if (f->n_places > 0)
		text_add(t, "<ul>\n");
	for (size_t i = 0; i < f->n_places; i++)
		place(t, &f->places[i]);
	if (f->count > f->n_places)
		text_addf(t, "<li>and %zu more</li>\n", f->count - f->n_places);
	if (f->n_places > 0)
		text_add(t, "</ul>\n");
	text_add(t, "</div>\n");
}

void page_findings(struct text *t, const struct coach_report *r)
{
	text_addf(t, "<h2>Findings (%zu)</h2>\n", r->n_findings);
	if (r->n_findings == 0)
		text_add(t, "<p>Nothing stands out.</p>\n");
	for (size_t i = 0; i < r->n_findings; i++)
		finding(t, &r->findings[i]);
}

/* What memory holds stays with the project: a page is made to be shown to others. */
static void before(struct text *t, const struct coach_known *k)
{
	if (k == NULL || k->n_before == 0)
		return;
	text_add(t, "<h2>Said before</h2>\n<ul>\n");
	for (size_t i = 0; i < k->n_before && i < BEFORE_SHOWN; i++) {
		text_add(t, "<li><b>");
		page_text(t, k->before[i].code);
		text_add(t, "</b> ");
		page_text(t, k->before[i].words);
		text_add(t, "</li>\n");
	}
	text_add(t, "</ul>\n");
}

/* ---- the whole ---- */

static const char *title_of(const struct coach_report *r)
{
	if (r->run != NULL)
		return r->run->run->title;
	return r->n_sessions == 1 ? text_printf(r->a, "Session %s", r->sessions[0].name)
	                          : text_printf(r->a, "%zu sessions", r->n_sessions);
}

enum status coach_page(const struct coach_report *r, struct arena *a, const char **out,
                       struct err *err)
{
	struct text t;

	text_init(&t, TEXT_LIMIT);
	page_begin(&t, title_of(r));
	if (r->run != NULL)
		page_run(&t, r);
	else
		page_sessions(&t, r);
	before(&t, r->known);
	page_end(&t);
	*out = text_copy(&t, a);
	text_done(&t);
	return *out == NULL ? err_nomem(err, "the report") : OK;
}
