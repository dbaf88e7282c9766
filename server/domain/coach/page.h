/*
 * page.h - pieces of the HTML report. Used by the page_*.c files only.
 *
 * The page is one file: no script, nothing from the network, colours for light and dark. What
 * comes from outside goes through page_text, which lets no mark through; our own words are added
 * to the text directly. The same report makes the same page.
 */
#ifndef DOMAIN_COACH_PAGE_H
#define DOMAIN_COACH_PAGE_H

#include "base/text.h"
#include "domain/coach.h"

/* A text of unknown origin, NULL is an empty one: marks escaped, control characters as `?`. */
void page_text(struct text *t, const char *s);

/* Head of the page up to its first section, and its end. */
void page_begin(struct text *t, const char *title);
void page_end(struct text *t);

/* Milliseconds for people: `320 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`. */
void page_ms(struct text *t, int64_t ms);

/* A time of day with its date, in UTC. */
void page_time(struct text *t, int64_t wall_ms);

/* 1234567 as `1,234,567`. */
void page_count(struct text *t, int64_t n);

/* A number with its name; add the number, page_below, add words, page_card_end. */
void page_card(struct text *t, const char *name);
void page_below(struct text *t);
void page_card_end(struct text *t);

/* A bar of share 0 to 1, with its number in percent. */
void page_share(struct text *t, double share, bool bad);

/* The findings, the most serious first. */
void page_findings(struct text *t, const struct coach_report *r);

/* A run: numbers, timeline, tasks. Sessions: numbers, tools, tokens, each of them. */
void page_run(struct text *t, const struct coach_report *r);
void page_timeline(struct text *t, const struct facts *f);
void page_sessions(struct text *t, const struct coach_report *r);

/* What got better or worse, and who does like work how well, when there is something to tell. */
void page_trends(struct text *t, const struct coach_report *r);

#endif
